"""Tables with a row for each stage of a trial: the two rows of a trial put together as one."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...settings import SettingsError
from .cells import combine_codes
from .reading import Table
from .report import where
from .roles import Roles
from .stages import number_stages

Codes = NDArray[np.int64]
MATCHED = (
    0.5  # share of second stages that have the trial number of a first one, from which it is the trial's
)


@dataclass(frozen=True, eq=False)
class Pairs:
    """A table with a row for each trial, made of one with a row for each stage.

    Attributes:
        table: a row for each first stage; what is of the second has columns of its own.
        roles: of its columns.
        rows: `(n_trials, 2)` the rows of the first and the second stage of each trial in the table that it
            was made of; -1 where there is no second one.
        trial_of: `(n_rows,)` the trial of each of those rows; -1 of a row of no stage.
    """

    table: Table
    roles: Roles
    rows: Codes
    trial_of: Codes


def pair_stages(table: Table, roles: Roles) -> Pairs:
    """Put the rows of the stages of each trial together.

    Those of one person, session and number of the trial are, where these numbers are of trials; else a second
    stage is of the first stage above it.

    Raises:
        SettingsError: where a row is of a third stage, or a second stage has no first one.
    """
    assert roles.stage is not None
    column = table.column(roles.stage)
    stage = number_stages(column)
    _refuse_rows(
        table, ~column.empty & ((stage < 0) | (stage > 1)), f"{roles.stage} must say which of two stages"
    )
    keys = [table.column(name).codes for name in (roles.participant, *roles.sessions) if name is not None]
    key = combine_codes(*keys) if keys else np.zeros(len(table), dtype=np.int64)
    first, second = np.flatnonzero(stage == 0), np.flatnonzero(stage == 1)
    if not (len(first) and len(second)):
        raise SettingsError(
            [f"{roles.stage} must say which of two stages a row is; got only one. Name another."]
        )
    place = _by_number(table, roles, key, first, second)
    if place is None:
        place = np.searchsorted(first, second) - 1
        place[(place < 0) | (key[first[place]] != key[second])] = -1
    place = np.where(pd.Series(place).duplicated(), -1, place)
    orphan = np.zeros(len(table), dtype=bool)
    orphan[second[place < 0]] = True
    _refuse_rows(table, orphan, "A second stage must follow the first stage of its trial")
    rows = np.stack([first, np.full(len(first), -1)], axis=1)
    rows[place, 1] = second
    trial_of = np.full(len(table), -1, dtype=np.int64)
    trial_of[first], trial_of[second] = np.arange(len(first)), place
    made, own = _one_row_each(table, roles, rows)
    return Pairs(made, own, rows, trial_of)


def _refuse_rows(table: Table, wrong: NDArray[np.bool_], words: str) -> None:
    if wrong.any():
        rows = where(wrong, table.numbers, table.files).words
        raise SettingsError([f"{words}; {rows} do not. Correct them, or leave them out of the table."])


def _by_number(table: Table, roles: Roles, key: Codes, first: Codes, second: Codes) -> Codes | None:
    """(n_seconds,) the first stage of the same number, by its place; None where none counts trials."""
    if roles.trial is None or not len(first):
        return None
    both = combine_codes(key, table.column(roles.trial).codes)
    known = pd.Series(np.arange(len(first)), index=both[first])
    if not known.index.is_unique or pd.Series(both[second]).duplicated().any():
        return None
    place = known.reindex(both[second]).fillna(-1).to_numpy(dtype=np.int64)
    return place if (place >= 0).sum() > MATCHED * len(second) else None


def _one_row_each(table: Table, roles: Roles, rows: Codes) -> tuple[Table, Roles]:
    """Return a row for each trial, and the roles of its columns."""
    frame = table.frame.iloc[rows[:, 0]].reset_index(drop=True)
    for name in frame.select_dtypes("category"):  # else the options of the second stage are some of the first
        frame[name] = frame[name].cat.remove_unused_categories()
    later = table.frame.iloc[rows[:, 1]].reset_index(drop=True)
    own = {"second_choice": roles.second_choice or roles.choice}
    for role in ("state", "common", "reward", "loss"):
        if (name := getattr(roles, role)) is not None:
            own[role] = name
    columns: dict[str, pd.Series] = {}
    named: dict[str, Any] = {}
    for role, name in own.items():
        named[role] = f"{name} of the second stage"
        cells = later[name].astype(object).where(rows[:, 1] >= 0, "")
        told = (rows[:, 1] >= 0) & ~table.column(name).empty[rows[:, 1]]
        if role in ("state", "common") and not told.any():
            cells = frame[name].astype(object)
        columns[named[role]] = cells
    made = replace(
        table,
        frame=frame.assign(**columns),
        numbers=table.numbers[rows[:, 0]],
        surplus=table.surplus[rows[:, 0]],
        files=None if table.files is None else table.files[rows[:, 0]],
        _columns={},
    )
    return made, replace(roles, stage=None, **named)
