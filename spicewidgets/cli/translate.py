"""`spicewidgets translate`: the numbers of a published equation as learning rate, inverse temperature and
first value, and back. Needs neither data nor torch.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import Any

import click

from ..core.settings import Participant, SettingsError
from .options import Command, Knob, Number

THERE, BACK = "From the equation", "From the parameters"
THE_EQUATION, THE_PARAMETERS = ("constant", "value", "reward"), ("alpha", "beta", "q0")
HELP = {
    THERE: {
        "constant": "k, the constant of the equation.",
        "value": "w, what the value is multiplied with.",
        "reward": "g, what the reward is multiplied with.",
        "value_reward": "c, what value times reward is multiplied with, where the equation has it.",
    },
    BACK: {
        "alpha": "Learning rate.",
        "alpha_penalty": "Learning rate after no reward, where it is another one.",
        "beta": "Inverse noise temperature.",
        "q0": "Value of every arm before the first trial, in units of the reward.",
    },
}
MOST = 1e100  # numbers beyond cannot be reckoned with
SETTINGS = {
    "alpha": "alpha_reward",
    "alpha_penalty": "alpha_penalty",
    "beta": "beta_reward",
    "q0": "q0",
}  # the options as `Participant` names them


def _knobs() -> Iterator[Knob]:
    for heading, told in HELP.items():
        for name, words in told.items():
            yield Knob(name, heading, words, type=Number(), metavar="NUMBER")
    words = "Value at which the equation starts, before the first trial. [default 0.5]"
    yield Knob("start", "Both ways", words, type=Number(), default=0.5, metavar="NUMBER")


@click.command(cls=Command, params=list(_knobs()))
@click.pass_context
def translate(ctx: click.Context, /, **values: Any) -> None:
    """Translate the equation of the chosen arm, x[k+1] = k + w x[k] + g r, into a Q-learner's parameters.

    Give --constant, --value and --reward to read an equation, or --alpha, --beta and --q0 to write one.
    """
    given = {name: value for name, value in values.items() if value is not None}
    try:
        lines = list(_read(given) if _wanted(given) is THERE else _write(given))
    except SettingsError as error:
        for problem in error.problems:
            click.echo(f"Error: {problem}", err=True)
        ctx.exit(2)
    click.echo("\n".join(lines))


def _wanted(given: Mapping[str, Any]) -> str:
    """Which way to go. Raises `SettingsError` with a sentence for everything that is wrong."""
    found = [_no_number(name, value) for name, value in given.items()]
    asked = {heading: [name for name in told if name in given] for heading, told in HELP.items()}
    if asked[THERE] and asked[BACK]:
        got = _flags([*asked[THERE], *asked[BACK]])
        found.append(
            f"translate goes one way at a time; got {got}. Give {_flags(THE_EQUATION)} to read an equation, "
            f"or {_flags(THE_PARAMETERS)} to write one."
        )
    elif not asked[THERE] and not asked[BACK]:
        found.append(
            f"translate needs {_flags(THE_EQUATION)}, or {_flags(THE_PARAMETERS)}; got neither. "
            "Give for example --constant -0.411 --value 0.682 --reward 0.887."
        )
    else:
        needed = THE_EQUATION if asked[THERE] else THE_PARAMETERS
        if missing := [name for name in needed if name not in given]:
            got = _flags([*asked[THERE], *asked[BACK]])
            found.append(f"translate needs {_flags(needed)}; got {got} only. Add {_flags(missing)}.")
    if problems := [sentence for sentence in found if sentence]:
        raise SettingsError(problems)
    return THERE if asked[THERE] else BACK


def _no_number(name: str, value: Any) -> str:
    if isinstance(value, int | float) and abs(value) < MOST:
        return ""
    return f"{_flags([name])} must be a number; got {value}. Give for example 0.5."


def _flags(names: Sequence[str]) -> str:
    flags = [f"--{name.replace('_', '-')}" for name in names]
    return " and ".join([", ".join(flags[:-1]), flags[-1]]) if len(flags) > 1 else flags[0]


def _read(given: Mapping[str, float]) -> Iterator[str]:
    """The three steps, and the parameters."""
    from ..core.equations import Equation, SpiceModel
    from ..core.read.steps import steps
    from ..core.read.translation import REWARD, VALUE

    chosen = f"{VALUE}_chosen"
    names = {"constant": (), "value": (chosen,), "reward": (REWARD,), "value_reward": (chosen, REWARD)}
    terms = {term: float(given.get(name, 0.0)) for name, term in names.items()}
    spice = SpiceModel.of(Equation(chosen, tuple(terms), tuple(terms.values())))
    found = steps(spice, _starting_at(given["start"]))
    yield _equation(spice.equation(chosen), given["start"])
    yield ""
    width = max(len(step.rule) for step in found) + 3
    yield from (f"  {step.rule:<{width}}{step.text()}" for step in found)
    yield ""
    yield "  ".join(f"{step.symbol} {step.value:.3g}" for step in found)
    if open_ := [step.symbol for step in found if not isfinite(step.value)]:
        yield f"This equation does not tell {' and '.join(open_)}: that would be a division by 0."
    for step in found:
        if step.symbol.startswith("alpha") and not 0 <= step.value <= 1:
            yield f"{step.symbol} is not between 0 and 1: this is not the equation of a Q-learner."


def _write(given: Mapping[str, float]) -> Iterator[str]:
    """The equation that the parameters make."""
    from ..core.config import SpiceConfig
    from ..core.read.translation import REWARD, VALUE, true_model
    from ..core.simulate.agents import AgentQ

    person: dict[str, Any] = {SETTINGS[name]: value for name, value in given.items() if name in SETTINGS}
    if wrong := Participant(**person).problems():
        raise SettingsError([_as_option(sentence) for sentence in wrong])
    chosen = f"{VALUE}_chosen"
    config = SpiceConfig({chosen: [REWARD]}, {}, [REWARD], [chosen])
    truth = true_model(AgentQ(**person), _starting_at(given["start"]), config)
    yield _equation(truth.equation(chosen), given["start"])


def _as_option(sentence: str) -> str:
    """A sentence about a setting, about the option instead."""
    named = {setting: name for name, setting in SETTINGS.items()}
    setting, rest = sentence.split(" ", 1)
    return f"{_flags([named[setting]])} {rest}"


def _starting_at(value: float) -> Any:
    """What the translation needs to know of a model."""
    from ..core.read.translation import VALUE

    return type("Starting", (), {"init_values": {VALUE: value}})


def _equation(equation: Any, start: float) -> str:
    """The equation on a line, with x for the value and r for the reward."""
    names = {equation.module: "x[k]", "c_reward": "r"}
    parts = [
        f"{'-' if value < 0 else '+'} {' '.join([f'{abs(value):.3f}', *(names[part] for part in term)])}"
        for term, value in equation.active
    ]
    right = " ".join(parts).removeprefix("+ ") or "0"
    right = f"-{right[2:]}" if right.startswith("- ") else right
    return f"x[k+1] = {right}, starting at x = {start:g}"
