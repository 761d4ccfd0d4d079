"""The table whose choices are used in place of simulated ones: which one, how it is read, what is in it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from traitlets import Enum, Float, Int, Unicode

from ..core.settings import Settings, setting
from .base import ControlSpec, State

READING = ("idle", "reading", "done", "failed")
MOST = 300  # characters of a name
MOST_PAIRS = 50  # roles, remedies
SHORT = 12  # digits of a hash that are said
SIMULATED = "simulated choices"
NOT_OPEN = ", which is not open:"


@dataclass(frozen=True, eq=False)
class Contents:
    """The contents of an open table.

    Attributes:
        options: what the options are called, in the order of their codes.
        participants: label of each participant, in the order of their codes.
        codes: code of the participant of each session.
        n_trials: trials of the longest session.
        choices: the table as it was read, a `core.data.choices.Choices`.
    """

    options: tuple[str, ...]
    participants: tuple[Any, ...]
    codes: tuple[int, ...]
    n_trials: int
    choices: Any

    @property
    def people(self) -> list[Any]:
        """The label of the participant of each session."""
        return [self.participants[code] for code in self.codes]


@dataclass(frozen=True)
class Table(Settings):
    """The table. Two are the same when file, roles and remedies are.

    roles, remedies: pairs of a name and what it stands for.
    contents: what is in it; None while it is not open.
    """

    name: str = setting("", "File whose choices are used; simulated choices are while it is empty.")
    sha256: str = setting("", "SHA-256 hash of the file.")
    roles: tuple[Any, ...] = setting((), "Which column holds what, where that was chosen.")
    remedies: tuple[Any, ...] = setting((), "What was done about the problems of the table.")
    contents: Contents | None = field(default=None, compare=False)

    @property
    def words(self) -> str:
        """Which choices these are."""
        return self.name or SIMULATED

    @property
    def identity(self) -> str:
        """Name and hash, as they are said."""
        digits = f"{self.sha256[:SHORT]}…" if self.sha256 else "not known"
        return f"{self.name} (SHA-256 {digits})"

    def problems(self) -> list[str]:
        """Return a sentence for what is no name, hash, role or remedy, and for a table that is not open."""
        problems = []
        if not isinstance(self.name, str) or len(self.name) > MOST:
            problems.append(
                f"name must be the name of a file, up to {MOST} characters; got {self.name!r:.80}. Choose the"
                " file in the panel Data."
            )
        if not isinstance(self.sha256, str) or not re.fullmatch(r"([0-9a-f]{64})?", self.sha256):
            problems.append(
                f"sha256 must be 64 hexadecimal digits or empty; got {self.sha256!r:.80}. Leave it out."
            )
        problems += [
            f"{what} must be a dictionary of up to {MOST_PAIRS} names; got {pairs!r:.80}. Leave it out."
            for what, pairs in (("roles", self.roles), ("remedies", self.remedies))
            if not _are_pairs(pairs)
        ]
        if not problems and self.name and self.contents is None:
            problems.append(
                f"name is {self.identity}{NOT_OPEN} choose this file in the panel Data, or go back"
                " to simulated choices there."
            )
        return problems


class TableState(State[Table]):
    """The table, and how its reading goes.

    Attributes:
        status: "idle", "reading", "done" or "failed".
        progress: how much of it is read, 0 to 1.
        message: how the reading stands, or why it failed, in a sentence.
        revision: counts what has been read.
    """

    settings = Table
    looks: ClassVar = {
        "name": ControlSpec("Table"),
        "sha256": ControlSpec("Hash of the table"),
        "roles": ControlSpec("Roles of columns"),
        "remedies": ControlSpec("Remedies"),
    }
    status = Enum(READING, "idle", help="How the reading stands.")
    progress = Float(0.0, help="How much is read, 0 to 1.")
    message = Unicode("", help="How the reading stands, in a sentence.")
    revision = Int(0, help="Counts what has been read.")

    def __init__(self, **values: object) -> None:
        self._open: Table | None = None
        super().__init__(**values)

    def take(self, table: Table) -> None:
        """Use the choices of an open table."""
        self._open = table
        self.put({name: getattr(table, name) for name in self.names()})
        self.recheck()

    def tell(self, **values: Any) -> None:
        """Say how the reading stands: status, progress, message, revision; who watches is told once."""
        with self.hold_trait_notifications():
            for name, value in values.items():
                setattr(self, name, value)

    def leave(self) -> None:
        """Go back to simulated choices."""
        self.reset()

    def peek(self) -> Table:
        """Return the settings as they stand; with the contents where that very table is open."""
        opened, values = self._open, {name: getattr(self, name) for name in self.names()}
        same = ("sha256", "roles", "remedies")
        is_open = opened is not None and all(getattr(opened, name) == values[name] for name in same)
        return self._keep(Table, values | {"contents": opened.contents if opened and is_open else None})

    def to_dict(self) -> dict[str, Any]:
        """As in every state; roles and remedies by name."""
        settings = super().to_dict()
        for what in ("roles", "remedies"):
            if not _are_pairs(getattr(self, what)):
                settings[what] = [settings[what]]  # so that it is refused, whatever it is
            else:
                settings[what] = {
                    name: list(value) if isinstance(value, tuple) else value
                    for name, value in getattr(self, what)
                }
        return settings

    def read(self, data: object) -> tuple[dict[str, Any], list[str]]:
        """As in every state. A table that is not open is no error of the settings that name it."""
        if isinstance(data, Mapping):
            data = {
                name: _pairs(value) if name in ("roles", "remedies") else value
                for name, value in data.items()
            }
        values, problems = super().read(data)
        return values, [sentence for sentence in problems if NOT_OPEN not in sentence]

    def prepare(self, trial: Self) -> None:
        """Give a trial state the same open table."""
        trial._open = self._open


def _pairs(value: object) -> object:
    """Return a dictionary as pairs; anything else as it is."""
    if not isinstance(value, Mapping):
        return value
    return tuple(
        (name, tuple(part) if isinstance(part, list | tuple) else part) for name, part in value.items()
    )


def _are_pairs(value: object) -> bool:
    """Tell whether these are names with a text, or several texts, each."""
    if not isinstance(value, tuple) or len(value) > MOST_PAIRS:
        return False
    return all(
        isinstance(pair, tuple)
        and len(pair) == 2
        and isinstance(pair[0], str)
        and all(isinstance(part, str) for part in (pair[1] if isinstance(pair[1], tuple) else pair[1:]))
        for pair in value
    )
