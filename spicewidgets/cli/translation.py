"""What `spicewidgets translate` computes: from an equation to parameters, and back."""

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

from ..core.config import SpiceConfig
from ..core.equations import Equation, SpiceModel
from ..core.mechanisms import ALPHA, ALPHA_PENALTY, BETA, Q0
from ..core.models import VALUE
from ..core.read.steps import steps
from ..core.read.translation import REWARD, InitValues, true_model
from ..core.settings import Participant, SettingsError
from ..core.simulate.agents import AgentQ
from ..core.wording import join_words
from .translate import flags

# The options as `Participant` names them.
SETTINGS = {one.short_name: one.name for one in (ALPHA, ALPHA_PENALTY, BETA, Q0)}


def read(numbers: Mapping[str, float]) -> Iterator[str]:
    """Yield the lines that show an equation, the steps of its translation, and the parameters.

    Args:
        numbers: of the equation, by the names of the options.

    Yields:
        Lines of text.
    """
    chosen = f"{VALUE}_chosen"
    names = {"constant": (), "value": (chosen,), "reward": (REWARD,), "value_reward": (chosen, REWARD)}
    terms = {term: float(numbers.get(name, 0.0)) for name, term in names.items()}
    spice = SpiceModel.of(Equation(chosen, tuple(terms), tuple(terms.values())))
    steps_read = steps(spice, InitValues({VALUE: numbers["start"]}))
    yield _equation(spice.equation(chosen), numbers["start"])
    yield ""
    width = max(len(step.rule) for step in steps_read) + 3
    yield from (f"  {step.rule:<{width}}{step.text()}" for step in steps_read)
    yield ""
    yield "  ".join(f"{step.symbol} {step.value:.3g}" for step in steps_read)
    if undefined := [step.symbol for step in steps_read if not isfinite(step.value)]:
        yield f"This equation does not tell {join_words(undefined)}: that would be a division by 0."
    for step in steps_read:
        if step.symbol.startswith("alpha") and not 0 <= step.value <= 1:
            yield f"{step.symbol} is not between 0 and 1: this is not the equation of a Q-learner."


def write(numbers: Mapping[str, float]) -> Iterator[str]:
    """Yield the line of the equation that parameters make.

    Args:
        numbers: the parameters, by the names of the options.

    Yields:
        One line of text.

    Raises:
        SettingsError: if a parameter is out of its bounds.
    """
    participant: dict[str, Any] = {
        SETTINGS[name]: value for name, value in numbers.items() if name in SETTINGS
    }
    if problems := Participant(**participant).problems():
        raise SettingsError([_as_option(sentence) for sentence in problems])
    chosen = f"{VALUE}_chosen"
    config = SpiceConfig({chosen: [REWARD]}, {}, [REWARD], [chosen])
    truth = true_model(AgentQ(**participant), InitValues({VALUE: numbers["start"]}), config)
    yield _equation(truth.equation(chosen), numbers["start"])


def _as_option(sentence: str) -> str:
    """Return a sentence about a setting, with the option's name instead of the setting's."""
    options = {setting: name for name, setting in SETTINGS.items()}
    setting, rest = sentence.split(" ", 1)
    return f"{flags([options[setting]])} {rest}"


def _equation(equation: Equation, start: float) -> str:
    """Return the equation on a line, with x for the value and r for the reward."""
    names = {equation.module: "x[k]", "c_reward": "r"}
    parts = [
        f"{'-' if value < 0 else '+'} {' '.join([f'{abs(value):.3f}', *(names[part] for part in term)])}"
        for term, value in equation.active
    ]
    right = " ".join(parts).removeprefix("+ ") or "0"
    right = f"-{right[2:]}" if right.startswith("- ") else right
    return f"x[k+1] = {right}, starting at x = {start:g}"
