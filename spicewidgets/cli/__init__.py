"""The command line. `spicewidgets discover` goes from a simulated participant, or a table, to the equation;
`translate` from an equation to the parameters of a Q-learner.

The options are read off the settings (`options.py`), so that they say the same words, units and bounds as
everything else. What is heavy is imported only when it is needed: `--help` is quick. What is printed and
written depends on the options and the seed alone; it holds no time.
"""

import sys
import textwrap
from typing import Any

import click

from .. import __version__
from ..core.settings import SettingsError
from .options import WIDTH, Command, Plan, as_options, knobs, plan_of
from .progress import Progress
from .serve import app
from .translate import translate


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="spicewidgets")
def main() -> None:
    """Watch a neural network learn how a participant learns, and read what it found as an equation."""


main.add_command(app)
main.add_command(translate)


@main.command(cls=Command, params=list(knobs()))
@click.pass_context
def discover(ctx: click.Context, /, **values: Any) -> None:
    """Simulate a participant (or read a table), train the RNN, discover its equation, compare the three.

    With --out, the figures, equations, tables and models are written to a folder. Ctrl-C ends the training,
    keeps what was learned, and goes on to the equation.
    """
    typed = click.core.ParameterSource.COMMANDLINE
    given = [name for name in values if ctx.get_parameter_source(name) is typed]
    try:
        _run(plan_of(values, given))
    except ValueError as error:
        from ..core.storage import StorageError

        if not isinstance(error, SettingsError | StorageError):
            raise
        for problem in str(error).split("\n"):
            click.echo(f"Error: {as_options(problem)}", err=True)
        ctx.exit(2)


def _run(plan: Plan) -> None:
    with Progress(plan.training.epochs, hidden=plan.quiet or not sys.stderr.isatty()) as progress:
        from .work import discovered

        found = discovered(plan, progress)
    if plan.quiet:
        click.echo(found.spice.text(found.label))
    else:
        from .report import report

        click.echo("\n\n".join(report(plan, found)))
    if plan.out is not None:
        from .files import write

        names = write(plan, found, plan.out)
        if not plan.quiet:
            click.echo("\n" + textwrap.fill(f"Written to {plan.out}: {', '.join(names)}.", WIDTH))
