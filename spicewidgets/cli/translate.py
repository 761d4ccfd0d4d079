"""`spicewidgets translate`: its options and their checks.

It reads the numbers of a published equation as learning rate, inverse temperature and first value, or goes
back from those to the equation. It needs neither data nor torch.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from ..core.settings import SettingsError
from ..core.wording import join_words
from ..loading import load
from .options import Command, HeadedOption, NumberOrText, report_errors

READ, WRITE = "From the equation", "From the parameters"
EQUATION_OPTIONS, PARAMETER_OPTIONS = ("constant", "value", "reward"), ("alpha", "beta", "q0")
HELP = {
    READ: {
        "constant": "k, the constant of the equation.",
        "value": "w, what the value is multiplied with.",
        "reward": "g, what the reward is multiplied with.",
        "value_reward": "c, what value times reward is multiplied with, where the equation has it.",
    },
    WRITE: {
        "alpha": "Learning rate.",
        "alpha_penalty": "Learning rate after no reward, where it is another one.",
        "beta": "Inverse noise temperature.",
        "q0": "Value of every arm before the first trial, in units of the reward.",
    },
}
LARGEST = 1e100  # with larger numbers the results overflow


def _options() -> Iterator[HeadedOption]:
    for heading, options in HELP.items():
        for name, words in options.items():
            yield HeadedOption(name, heading, words, type=NumberOrText(), metavar="NUMBER")
    words = "Value at which the equation starts, before the first trial. [default 0.5]"
    yield HeadedOption("start", "Both ways", words, type=NumberOrText(), default=0.5, metavar="NUMBER")


@click.command(cls=Command, params=list(_options()))
@click.pass_context
def translate(ctx: click.Context, /, **values: Any) -> None:
    """Translate the equation of the chosen arm, x[k+1] = k + w x[k] + g r, into a Q-learner's parameters.

    Give --constant, --value and --reward to read an equation, or --alpha, --beta and --q0 to write one.
    """
    numbers = {name: value for name, value in values.items() if value is not None}
    with report_errors(ctx):
        direction = _direction(numbers)
        translation = load("spicewidgets.cli.translation")
        lines = list(translation.read(numbers) if direction is READ else translation.write(numbers))
    click.echo("\n".join(lines))


def _direction(numbers: Mapping[str, object]) -> str:
    """READ or WRITE, by the options that were given.

    Raises:
        SettingsError: with a sentence for everything that is wrong.
    """
    problems = [_no_number(name, value) for name, value in numbers.items()]
    given = {heading: [name for name in sentences if name in numbers] for heading, sentences in HELP.items()}
    if given[READ] and given[WRITE]:
        got = flags([*given[READ], *given[WRITE]])
        problems.append(
            f"translate goes one way at a time; got {got}. Give {flags(EQUATION_OPTIONS)} to read an "
            f"equation, or {flags(PARAMETER_OPTIONS)} to write one."
        )
    elif not given[READ] and not given[WRITE]:
        problems.append(
            f"translate needs {flags(EQUATION_OPTIONS)}, or {flags(PARAMETER_OPTIONS)}; got neither. "
            "Give for example --constant -0.411 --value 0.682 --reward 0.887."
        )
    else:
        needed = EQUATION_OPTIONS if given[READ] else PARAMETER_OPTIONS
        if missing := [name for name in needed if name not in numbers]:
            got = flags([*given[READ], *given[WRITE]])
            problems.append(f"translate needs {flags(needed)}; got {got} only. Add {flags(missing)}.")
    if problems := [sentence for sentence in problems if sentence]:
        raise SettingsError(problems)
    return READ if given[READ] else WRITE


def _no_number(name: str, value: object) -> str:
    if isinstance(value, int | float) and abs(value) < LARGEST:
        return ""
    return f"{flags([name])} must be a number; got {value}. Give for example 0.5."


def flags(names: Sequence[str]) -> str:
    """Names of options as they are typed, joined with commas and "and"."""
    typed = [f"--{name.replace('_', '-')}" for name in names]
    return join_words(typed)
