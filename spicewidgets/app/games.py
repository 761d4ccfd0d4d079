"""Sessions of a participant of whom nothing is known: of a mystery, or of whoever sits before the page.

Between the core and the panels: data in the form in which a runner takes them, and what is said of them.
Importing this loads no torch.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite
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
from ..core.mechanisms import BETA, PARAMETERS
from ..core.rivals.ready import RescorlaWagner
from ..core.settings import LEVEL, Participant, SettingsError, Task
from ..core.simulate.agents import make_agent
from ..core.simulate.game import Game
from ..core.simulate.parameters import value_of, with_values
from ..core.simulate.record import Record
from ..experiment.simulation import Simulated
from ..loading import later

if TYPE_CHECKING:
    from ..core.data import entry
    from ..core.data.dataset import DatasetRNN
    from ..core.judge import replay as replaying
    from ..core.rivals import fit as fitting, quiz_data
    from ..core.simulate.session import BanditSession
else:
    entry = later("..core.data.entry", __package__)
    fitting = later("..core.rivals.fit", __package__)
    quiz_data = later("..core.rivals.quiz_data", __package__)
    replaying = later("..core.judge.replay", __package__)

__all__ = [
    "BOTH",
    "BY_PARAMETER",
    "LAST_SEED",
    "LEVELS",
    "Game",
    "Mystery",
    "Participant",
    "Score",
    "Task",
    "Yourself",
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
    "told_of",
    "value_of",
    "yourself",
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


@dataclass(frozen=True, eq=False)
class Yourself:
    """A player, as a Rescorla-Wagner learner.

    Attributes:
        data: the session.
        fitted: the most likely parameters, of this one participant.
        played: what a learner with these parameters expects.
    """

    data: Simulated
    fitted: "fitting.FittedRival"
    played: Record


def yourself(game: Game) -> Yourself:
    """Return the game that was played, and its most likely learner. Loads torch."""
    dataset = entry.as_dataset(game.session(), game.task.n_actions)
    rival = RescorlaWagner()
    rival.parameters = tuple(replace(one, high=min(one.high, BETA.high)) for one in rival.parameters)
    fitted = fitting.fit_rival(rival, dataset)
    names = {PARAMETERS[name].short_name: name for name in BOTH}
    own = {names[name]: value for name, value in zip(fitted.names, fitted.values[0].tolist(), strict=True)}
    agent = make_agent(with_values(Participant(), own), game.task.n_actions)
    played = replaying.replay(agent, dataset)
    return Yourself(given(dataset, [game.session()]), fitted, played)


def told_of(fitted: "fitting.FittedRival", names: dict[str, str]) -> list[str]:
    """Return a sentence on each parameter of one participant: its value, and how far off it may be."""
    low, high = fitted.intervals()[:, 0]
    told = []
    for name, words in names.items():
        at = fitted.names.index(PARAMETERS[name].short_name)
        value, known = fitted.values[0, at], isfinite(fitted.errors[0, at])
        about = f"anything from {low[at]:.2f} to {high[at]:.2f} may well be true ({100 * LEVEL:g} %)."
        rest = f": {about}" if known else ", at the end of its range: these choices do not tell it."
        told.append(f"{words} is {value:.2f}{rest}")
    return told
