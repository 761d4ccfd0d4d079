"""Sessions of a participant of whom nothing is known: of a mystery, or of whoever sits before the page.

Between the core and the panels: data in the form in which a runner takes them, and what is said of them.
Importing this loads no torch. Knows nothing of widgets.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from math import isfinite
from typing import TYPE_CHECKING, Any

from .core.classical import Fitted
from .core.play import Game
from .core.quiz import (
    LAST_SEED,
    LEVELS,
    MECHANISMS,
    Mystery,
    Score,
    errors_of,
    mechanisms_of,
    mystery,
    score,
    sessions_of,
)
from .core.settings import Participant, Task
from .results import Played
from .simulation import Simulated

if TYPE_CHECKING:
    from .core.dataset import DatasetRNN
    from .core.session import BanditSession

__all__ = [
    "LAST_SEED",
    "LEVELS",
    "MECHANISMS",
    "Fitted",
    "Game",
    "Mystery",
    "Participant",
    "Score",
    "Task",
    "Yourself",
    "errors_of",
    "given",
    "mechanisms_of",
    "mystery",
    "of_mystery",
    "score",
    "told_of",
    "yourself",
]

WIDE = 1.645  # standard errors, within which 90 of 100 estimates lie


def given(dataset: "DatasetRNN", sessions: "Sequence[BanditSession]") -> Simulated:
    """Sessions as a runner takes them, of a participant of whom nothing is known."""
    return Simulated(dataset, tuple(sessions), None, ())


def of_mystery(riddle: Mystery) -> Simulated:
    """What is seen of a mystery. Loads torch."""
    return given(*sessions_of(riddle))


@dataclass(frozen=True, eq=False)
class Yourself:
    """Who has played, as a Rescorla-Wagner learner.

    Attributes:
        data: the session.
        fitted: the most likely parameters.
        played: what a learner with these parameters expects.
    """

    data: Simulated
    fitted: Fitted
    played: Played


def yourself(game: Game) -> Yourself:
    """The game that was played, and its most likely learner. Loads torch."""
    from .core.agents import make_agent
    from .core.classical import fit
    from .core.replay import replay

    dataset = game.dataset()
    found = fit(dataset)
    seen = replay(make_agent(found.participant, game.task.n_actions), dataset)
    played = Played(seen.probabilities, seen.q, seen.states, seen.betas)
    return Yourself(given(dataset, [game.session()]), found, played)


def told_of(fitted: Fitted, names: dict[str, str]) -> list[str]:
    """A sentence on each parameter: its value, and how far off it may be."""
    bounds = {item.name: item.metadata for item in fields(Participant)}
    return [
        _told(words, fitted.values[name], fitted.errors[name], bounds[name]) for name, words in names.items()
    ]


def _told(words: str, value: float, error: float, bounds: Any) -> str:
    if not isfinite(error):
        return f"{words} is {value:.2f}, at the end of its range: these choices do not tell it."
    low, high = max(value - WIDE * error, bounds["low"]), min(value + WIDE * error, bounds["high"])
    return f"{words} is {value:.2f} ± {error:.2f}: anything from {low:.2f} to {high:.2f} may well be true."
