"""A table of one's own in the page: bounded, read step by step, looked at, and taken in place of simulated
choices.

Importing this loads neither torch nor pandas.
"""

import io
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..core.settings import SettingsError
from ..core.tasks import TASKS
from ..loading import later
from ..state.data import MOST_SESSIONS
from ..state.table import Contents, Table

if TYPE_CHECKING:
    from ..core.data import choices as tables, gallery
    from ..core.data.choices import Choices
    from ..core.data.tables import roles as columns
    from ..core.data.tables.report import Report
    from ..core.data.tables.separated import RowsRead
else:
    gallery = later("..core.data.gallery", __package__)
    tables = later("..core.data.choices", __package__)
    columns = later("..core.data.tables.roles", __package__)

Floats = NDArray[np.float64]

LARGEST = 8_000_000  # bytes of a file: what a page can hand over
MOST_TRIALS = 1_000_000  # all sessions padded to the longest
MOST_OPTIONS = 6
ROWS = 6  # that a preview shows
LONGEST_CELL = 40  # characters
PASTED = "pasted.csv"
EXAMPLES = {
    "two-groups": "Does one group learn more slowly, and does it repeat itself more?",
    "reversal": "How fast do people follow a reversal, and do gains count for more than losses?",
    "pairs": "Do people learn from the option that they did not take?",
}
"""Simulated tables that come with the package, and what they can answer."""
ROLES = {
    "participant": "who chose",
    "sessions": "session",
    "trial": "number of the trial",
    "choice": "choice",
    "second_choice": "choice of the second stage",
    "state": "state of the choice",
    "common": "common transition or not",
    "stage": "stage of the row",
    "reward": "reward",
    "loss": "loss, taken off the reward",
    "outcomes": "what one option paid",
    "unchosen": "what the other option paid",
    "offered": "an option on offer",
    "groups": "group",
    "covariates": "value of a person",
    "inputs": "input of a model",
    "events": "kind of the row",
    "practice": "practice or not",
    "time": "response time",
}
"""Roles of a column, and what they are called."""
IN_ADVICE = "In a script, and by `spicewidgets discover --data`, there is room for more."


class Upload(io.BytesIO):
    """A file that came from the page.

    Attributes:
        name: of the file.
    """

    def __init__(self, content: bytes, name: str) -> None:
        super().__init__(content)
        self.name = name


@dataclass(frozen=True)
class ColumnView:
    """A column of a table, as a preview shows it.

    Attributes:
        name: in the header.
        role: what it holds, by its name in `ROLES`; empty without a role.
        sure: how sure the guess is, 0 to 1; 0 without a role.
        reason: what the guess rests on.
        cells: the first ones.
    """

    name: str
    role: str
    sure: float
    reason: str
    cells: tuple[str, ...]


def example(name: str) -> Upload:
    """One of the tables that come with the package."""
    path = gallery.path_of(gallery.data_set(name))
    return Upload(path.read_bytes(), path.name)


def too_large(n_bytes: int) -> str:
    """Return the sentence for a file that the page does not take."""
    return (
        f"The page takes files of up to {LARGEST / 1e6:g} MB; this one has {n_bytes / 1e6:.1f} MB. Pack it"
        f" with gzip, or leave out columns that no model needs. {IN_ADVICE}"
    )


def reading_table(
    source: "Upload | Choices",
    roles: Mapping[str, Any] | None = None,
    remedies: Mapping[str, str] | None = None,
) -> "Generator[RowsRead, None, Choices]":
    """Read a table from the page, with a record of how far it is now and then; the result is the generator's
    value.

    Args:
        source: the file; or choices that were read, to be examined otherwise.
        roles: which column holds what, for all columns; guessed when None.
        remedies: what to do about a problem, where that is not the default.

    Raises:
        SettingsError: With a sentence for what keeps the table from being used here.
    """
    if roles and "choice" not in roles:
        raise SettingsError(
            ["One column must hold the choices; none does. Choose the role choice for the one that does."]
        )
    all_roles = None if not roles else columns.Roles.from_dict(roles)
    if isinstance(source, Upload):
        if (n_bytes := len(source.getbuffer())) > LARGEST:
            raise SettingsError([too_large(n_bytes)])
        choices = yield from tables.reading_choices(source, all_roles, remedies)
    else:
        choices = yield from tables.examining(source.table, all_roles, remedies)
    if problems := _size_problems(choices.report):
        raise SettingsError(problems)
    return choices


def _size_problems(report: "Report") -> list[str]:
    """Sentences where a table holds more than the page can show."""
    sizes = {
        "sessions": (report.sessions, MOST_SESSIONS),
        "trials, all sessions padded to the longest,": (
            report.sessions * report.lengths[2] * max(len(TASKS[report.task].stages), 1),
            MOST_TRIALS,
        ),
        "options": (len(report.options), MOST_OPTIONS),
    }
    return [
        f"The page holds up to {most:,} {what}; this table has {n:,}. Choose other roles or remedies."
        f" {IN_ADVICE}"
        for what, (n, most) in sizes.items()
        if n > most
    ]


def columns_of(choices: "Choices") -> tuple[ColumnView, ...]:
    """Return the columns of a table with their first cells, those with a role first."""
    table, roles = choices.table, choices.report.roles.to_dict()
    roles.pop("positions", None)
    held = {name: role for role, value in roles.items() for name in columns.as_tuple(value)}
    guesses = {name: guess for guess in choices.report.guesses for name in guess.columns}
    made = []
    for name in table.names:
        role, guess = held.get(name, ""), guesses.get(name)
        sure, reason = (guess.confidence, guess.reason) if role and guess else (0.0, "")
        column, n = table.column(name), min(ROWS, len(table))
        cells = tuple(column.text(row)[:LONGEST_CELL] for row in range(n))
        made.append(ColumnView(name, role, sure, reason, cells))
    return tuple(sorted(made, key=lambda one: not one.role))


def with_role(choices: "Choices", column: str, role: str) -> dict[str, Any]:
    """All roles, with another one for a column; whoever had a role that only one can have loses it.

    Args:
        choices: the table, with the roles that it has.
        column: whose role is changed.
        role: its name in `ROLES`; empty for none.
    """
    roles = choices.report.roles.to_dict()
    for name, value in list(roles.items()):
        if isinstance(value, list) and name != "positions":
            roles[name] = [other for other in value if other != column]
        elif value == column:
            del roles[name]
    if role in columns.SEVERAL:
        names = [*roles.get(role, []), column]
        roles[role] = [name for name in choices.table.names if name in names]
    elif role:
        roles[role] = column
    return {name: value for name, value in roles.items() if value}


def table_of(choices: "Choices", roles: Mapping[str, Any] | None = None) -> Table:
    """Return the settings that name a table and say how it was read, with what is in it.

    Args:
        choices: the table.
        roles: those that were chosen for it; None where all were guessed.
    """
    report, rows = choices.report, choices.rows
    first = np.unique(rows.session, return_index=True)[1]
    contents = Contents(
        options=tuple(_name_option(option.label) for option in report.options),
        participants=tuple(rows.participants),
        codes=tuple(rows.ids[first, -1].astype(int).tolist()),
        n_trials=int(rows.trial.max()) + 1,
        choices=choices,
    )
    pairs = tuple((name, tuple(it) if isinstance(it, list) else it) for name, it in (roles or {}).items())
    return Table(report.name, report.sha256, pairs, tuple(report.remedies.items()), contents)


@lru_cache(maxsize=2)
def paid(contents: Contents) -> Floats:
    """Compute the mean reward of each option where it was chosen, `(n_actions,)`; NaN where it never was."""
    rows = contents.choices.rows
    taken = [rows.rewards[rows.arms == arm, arm] for arm in range(len(contents.options))]
    return np.array([one.mean() if len(one) else np.nan for one in taken])


@lru_cache(maxsize=2)
def repeats(contents: Contents) -> Floats:
    """In which share of the choices each participant takes the option of the trial before,
    `(n_participants,)`; NaN for one who never chooses twice in a row. Of several stages, the first counts.
    """
    rows, n = contents.choices.rows, len(contents.participants)
    first = slice(None, None, max(len(TASKS[rows.task].stages), 1))
    session, arms = rows.session[first], rows.arms[first]
    follows = (np.diff(session) == 0) & (arms[1:] >= 0) & (arms[:-1] >= 0)
    person = rows.ids[first][1:, -1].astype(int)[follows]
    same = (arms[1:] == arms[:-1])[follows]
    counts = np.bincount(person, minlength=n)
    return np.bincount(person, weights=same, minlength=n) / np.where(counts, counts, np.nan)


def _name_option(label: object) -> str:
    """Name an option: a number alone says too little."""
    return f"Option {label:g}" if isinstance(label, int | float) else str(label)[:LONGEST_CELL]
