"""The choices of whoever sits before the page, as the page tells of them: read, and written as a table.

Importing this loads no torch.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from ..core.settings import SettingsError

MOST_CHOICES, MOST_TERMS = 3000, 50
LEVEL = 0.9  # of its intervals
ROUND = 30  # choices
FIRST_BET = 10  # choices before the network's bets are shown
SIDES = ("left", "right")
TABLE = "your choices.csv"


@dataclass(frozen=True)
class Played:
    """The choices of a player, and at the end of a round what was found in them.

    Attributes:
        choices: the option chosen in each trial, 0 or 1.
        rewards: what it paid, 0 or 1.
        bets: P of the first option before each choice, by the network; the first ten are not shown.
        expected: the same by the equation; empty before there is one.
        terms: the equation's coefficients by its terms, the factors of each joined by spaces; empty likewise.
        rate: the learning rate and the ends of its 90 % interval; empty likewise.
        more: how many more choices would halve that interval; or the most that are tried.
    """

    choices: tuple[int, ...]
    rewards: tuple[int, ...]
    bets: tuple[float, ...]
    expected: tuple[float, ...] = ()
    terms: Mapping[str, float] = field(default_factory=dict)
    rate: tuple[float, ...] = ()
    more: int = 0

    def table(self) -> str:
        """Write the choices as a table, one row each."""
        rows = [
            f"you,{trial},{SIDES[choice]},{paid}"
            for trial, (choice, paid) in enumerate(zip(self.choices, self.rewards, strict=True), 1)
        ]
        return "\n".join(["participant,trial,choice,reward", *rows, ""])


def played_in(text: str) -> Played:
    """Read what the page tells of a game.

    Raises:
        SettingsError: Where that is no game.
    """
    try:
        said = json.loads(text)
        choices, rewards = (tuple(map(int, _shares(said[name]))) for name in ("choices", "rewards"))
        bets, expected, rate = (_shares(said.get(name) or []) for name in ("bets", "expected", "rate"))
        terms = {str(term): float(value) for term, value in _first_module(said).items()}
        whole = list(choices) == said["choices"] and list(rewards) == said["rewards"]
        sound = whole and 0 < len(choices) == len(rewards) == len(bets) <= MOST_CHOICES
        more = int(said.get("more") or 0)
        sound = (
            sound
            and 0 <= more <= MOST_CHOICES
            and len(terms) <= MOST_TERMS
            and all(map(isfinite, terms.values()))
        )
    except (AttributeError, KeyError, OverflowError, RecursionError, TypeError, ValueError):
        sound = False
    if not sound:
        raise SettingsError([f"The choices must be as the page tells them; got {text:.60}. Reload it."])
    is_over = len(expected) == len(choices) and len(rate) == 3
    return Played(choices, rewards, bets, *((expected, terms, rate, more) if is_over else ()))


def _shares(values: list[Any]) -> tuple[float, ...]:
    """Return numbers from 0 to 1."""
    if len(values) > MOST_CHOICES or not all(0 <= value <= 1 for value in values):
        raise ValueError
    return tuple(map(float, values))


def _first_module(said: Mapping[str, Any]) -> Mapping[str, Any]:
    return next(iter((said.get("terms") or {"": {}}).values()), {})
