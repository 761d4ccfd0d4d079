"""The command line.

`spicewidgets discover` goes from a simulated participant, or a table, to the equation; `translate` from an
equation to the parameters of a Q-learner; `data` lists and fetches data sets; `rivals` compares models by
choices they did not learn from, `falsify` judges them by what they do, `search` looks for the mechanism that
is missing, `recovery` says what a design can tell, `report` writes all of it up, and `page` writes a lesson
that runs in a browser alone.

The options are read from the settings (`options.py`), so that they have the same words, units and bounds as
everything else. Heavy modules are loaded only when they are needed, so that `--help` is quick. The output
depends on the options and the seed alone; it contains no times.
"""

import sys
import textwrap
from typing import Any

import click

from .. import __version__
from ..core.settings import SettingsError
from ..core.studies.ready import STUDIES
from ..loading import load
from .data import data
from .options import WIDTH, Command, Request, as_options, options, request_from, typed_options
from .page import page
from .paper import report
from .progress import ProgressBar
from .recovery import recovery
from .reproduce import reproduce
from .search import search
from .serve import app
from .study import declared_command
from .translate import translate


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="spicewidgets")
def main() -> None:
    """Watch a neural network learn how a participant learns, and read what it found as an equation."""


main.add_command(app)
main.add_command(data)
main.add_command(page)
main.add_command(recovery)
main.add_command(report)
main.add_command(reproduce)
main.add_command(search)
main.add_command(translate)
for each in STUDIES.values():
    if each.has_command:
        main.add_command(declared_command(each))


@main.command(cls=Command, params=list(options()))
@click.pass_context
def discover(ctx: click.Context, /, **values: Any) -> None:
    """Simulate a participant (or read a table), train the RNN, discover its equation, compare the three.

    With --out, the figures, equations, tables and models are written to a folder. Ctrl-C ends the training,
    keeps what was learned, and goes on to the equation.
    """
    try:
        _run(request_from(values, typed_options(ctx, values)))
    except SettingsError as error:
        for problem in str(error).split("\n"):
            click.echo(f"Error: {as_options(problem)}", err=True)
        ctx.exit(2)


def _run(request: Request) -> None:
    with ProgressBar(request.training.epochs, hidden=request.quiet or not sys.stderr.isatty()) as progress:
        outcome = load(f"{__name__}.discovery").discover(request, progress)
    if request.quiet:
        several = len(outcome.spice.participants) > 1
        click.echo(f"Participant {outcome.label}\n" * several + outcome.spice.text(outcome.label))
    else:
        click.echo("\n\n".join(load(f"{__name__}.report").report(request, outcome)))
    if request.out is not None:
        names = load(f"{__name__}.write").write(request, outcome, request.out)
        if not request.quiet:
            click.echo("\n" + textwrap.fill(f"Written to {request.out}: {', '.join(names)}.", WIDTH))
