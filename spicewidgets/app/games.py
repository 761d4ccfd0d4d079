"""Sessions of a participant of whom nothing is known: of a mystery, or of whoever sits before the page.

Between the core and the panels: data in the form in which a runner takes them, and what is said of them.
Importing this loads no torch.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..core.judge.quiz import (
    BOTH,
    BY_PARAMETER,
    LAST_SEED,
    LEVELS,
    Mystery,
    Score,
    mechanisms_of,
    mystery,
    score,
)
from ..core.settings import Participant, SettingsError, Task
from ..core.simulate.parameters import value_of, with_values
from ..experiment.simulation import Simulated
from ..loading import later

if TYPE_CHECKING:
    from ..core.data.dataset import DatasetRNN
    from ..core.rivals import quiz_data
    from ..core.simulate.session import BanditSession
else:
    quiz_data = later("..core.rivals.quiz_data", __package__)

__all__ = [
    "BOTH",
    "BY_PARAMETER",
    "LAST_SEED",
    "LEVELS",
    "Mystery",
    "Participant",
    "Score",
    "Task",
    "address_of",
    "any_seed",
    "count_repeats",
    "errors_of",
    "given",
    "guess_of",
    "mechanisms_of",
    "mystery",
    "of_mystery",
    "score",
    "seed_of",
    "value_of",
]


def given(dataset: "DatasetRNN", sessions: "Sequence[BanditSession]") -> Simulated:
    """Sessions as a runner takes them, of a participant of whom nothing is known."""
    return Simulated(dataset, tuple(sessions), None)


def of_mystery(riddle: Mystery) -> Simulated:
    """Simulate the data of a mystery. Loads torch."""
    return given(*quiz_data.sessions_of(riddle))


def errors_of(riddle: Mystery, dataset: "DatasetRNN") -> dict[str, float]:
    """Compute the least standard error of each hidden parameter that the data allow. Loads torch."""
    return quiz_data.errors_of(riddle, dataset)


def any_seed() -> int:
    """Return a seed that nobody has chosen."""
    return int(np.random.default_rng().integers(LAST_SEED + 1))


def seed_of(text: str) -> tuple[int, int]:
    """Level and seed of an address.

    Raises:
        SettingsError: For anything else.
    """
    match = re.fullmatch(r"quiz-([12])-([0-9]{1,4})", text)
    if match is None:
        raise SettingsError(
            [f"The mystery in the address must read like quiz-1-42; got {text!r:.40}. Copy it again, whole."]
        )
    return int(match[1]), int(match[2])


def address_of(riddle: Mystery) -> str:
    """Level and seed, as they stand in an address. They do not tell the answer."""
    return f"quiz-{riddle.level}-{riddle.seed}"


def guess_of(values: dict[str, float]) -> Participant:
    """Return the participant of a guess: parameters by name; a mechanism whose parameter is left out is not
    guessed.

    Raises:
        SettingsError: For values that no participant can have, and for a mechanism without an effect.
    """
    guess = with_values(Participant(), values).checked()
    named = mechanisms_of(guess)
    idle = [name for name, each in BY_PARAMETER.items() if name in values and each not in named]
    if idle:
        raise SettingsError(
            [
                f"The number of {BY_PARAMETER[name].name} must make a difference; got {values[name]:g}, which"
                " is the same as without. Change the number, or take the tick away."
                for name in idle
            ]
        )
    return guess


def count_repeats(data: Simulated) -> list[tuple[str, float, int]]:
    """Count how often a choice is repeated, after a reward and after none: words, share, and number of
    trials.
    """
    choices = np.stack([session.choices for session in data.sessions])
    rewards = np.stack([session.rewards for session in data.sessions])
    paid = np.take_along_axis(rewards, choices[..., None], -1)[:, :-1, 0] > 0.5
    again = choices[:, 1:] == choices[:, :-1]
    rows = (("after a reward", paid), ("after no reward", ~paid))
    return [(words, float(again[when].mean()), int(when.sum())) for words, when in rows if when.any()]
