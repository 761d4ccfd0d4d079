"""Which column of a table holds what, guessed from names and contents, and how sure the guess is."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from difflib import get_close_matches
from typing import Any, Self

from ...checks import raise_if_any
from ...wording import join_words

SEVERAL = ("sessions", "outcomes", "offered", "groups", "covariates", "inputs", "positions")


@dataclass(frozen=True)
class Roles:
    """Which column holds what; None or empty where no column does.

    Attributes:
        choice: the option chosen.
        reward: what it paid.
        participant: who chose; without it, all rows are one person's.
        sessions: columns that tell a person's sessions (runs, blocks, games) apart.
        trial: number of the trial.
        loss: what is taken off the reward, with whatever sign.
        outcomes: what each option paid, a column for each.
        unchosen: what the other option paid, where there are two to choose from.
        offered: the options on offer in a trial, a column for each; without them, all are.
        positions: labels of `choice` that stand for the first, second ... column of `offered`; without them
            `choice` holds the options themselves.
        events: kind of the row, where not all rows are choices.
        practice: where a row is practice.
        time: response time.
        groups: what a person is (a diagnosis, a group), the same in all of a person's rows.
        covariates: numbers of a person (an age, a score), the same in all of a person's rows.
        inputs: columns that a model may use as well.
        second_choice: the option chosen in the second stage of a trial, where `choice` is that of the first.
        stage: which of two stages a row is, where a trial has a row for each.
        state: the state in which the second choice was made; of a task of one stage, the cue or context in
            which `choice` was made, whose options are then its own.
        common: whether the first choice led where it mostly leads.
    """

    choice: str
    reward: str | None = None
    participant: str | None = None
    sessions: tuple[str, ...] = ()
    trial: str | None = None
    loss: str | None = None
    outcomes: tuple[str, ...] = ()
    unchosen: str | None = None
    offered: tuple[str, ...] = ()
    positions: tuple[str, ...] = ()
    events: str | None = None
    practice: str | None = None
    time: str | None = None
    groups: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    second_choice: str | None = None
    stage: str | None = None
    state: str | None = None
    common: str | None = None

    @property
    def are_of_stages(self) -> bool:
        """Tell whether a trial has two stages."""
        return self.second_choice is not None or self.stage is not None

    def columns(self) -> tuple[str, ...]:
        """Every column that has a role, once."""
        values = (getattr(self, item.name) for item in fields(self) if item.name != "positions")
        flat = [name for value in values for name in ([value] if isinstance(value, str) else value or ())]
        return tuple(dict.fromkeys(flat))

    def to_dict(self) -> dict[str, Any]:
        """Roles that are filled, as JSON can hold them."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
            if value
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the roles that `to_dict` wrote.

        Raises:
            SettingsError: for a role that there is not.
        """
        known = [item.name for item in fields(cls)]
        raise_if_any(
            f"There is no role {name!r}. The roles are {', '.join(known)}."
            for name in set(values).difference(known)
        )
        several = {name: as_tuple(value) for name, value in values.items() if name in SEVERAL}
        return cls(**{**values, **several})


@dataclass(frozen=True)
class Guess:
    """One guess.

    Attributes:
        role: as in `Roles`.
        columns: those that have it.
        confidence: from 0 to 1.
        reason: what it rests on, in words.
    """

    role: str
    columns: tuple[str, ...]
    confidence: float
    reason: str


def missing_column(name: str, names: Iterable[str], advice: str = "Name one of these.") -> str:
    """Return the sentence for a column that is not there."""
    names = [str(column) for column in names]
    close = get_close_matches(str(name).lower(), [column.lower() for column in names], n=1)
    meant = [column for column in names if close and column.lower() == close[0]]
    guess = f"Did you mean {meant[0]!r}? " if meant else ""
    return f"There is no column {name!r}. {guess}The table has the columns {join_names(names)}. {advice}"


def named_by_user(roles: Mapping[str, Any]) -> tuple[Guess, ...]:
    """Roles that are no guess."""
    return tuple(Guess(role, as_tuple(value), 1.0, "named by you") for role, value in roles.items() if value)


def as_tuple(value: Any) -> tuple[Any, ...]:
    """One name, several, or none, as a tuple."""
    return () if value is None else tuple(value) if isinstance(value, list | tuple) else (value,)


def join_names(names: Iterable[Any], most: int = 30) -> str:
    """Names in a sentence, the first of them where there are many, and the beginnings of long ones."""
    return join_words((f"{name!s:.40}" for name in names), most)
