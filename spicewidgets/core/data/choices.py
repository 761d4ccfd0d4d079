"""Any table of choices to a data set, with a report of what was read: the one path of scripts,
shell and page.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..progress import run_to_completion
from .tables.cells import Column
from .tables.examine import examine
from .tables.layouts import EXPORT
from .tables.reading import Source, Table, reading
from .tables.recognise import recognise
from .tables.report import Report
from .tables.roles import Roles
from .tables.rows import Rows
from .tables.separated import RowsRead

if TYPE_CHECKING:
    from .dataset import DatasetRNN

# Remedies under which the data set of a table of our own is exactly the one that was saved.
AS_SAVED = ("keep", "start_anew", "all")


@dataclass(frozen=True, eq=False)
class Choices:
    """A table of choices as it was read.

    Attributes:
        table: the table, as it stands in its file.
        report: what was read, what was found, what was done.
        rows: the trials, coded.
        places: `(n_trials,)` the row of the table of each trial, from 0.
    """

    table: Table
    report: Report
    rows: Rows
    places: "np.ndarray[Any, np.dtype[np.int64]]"

    @cached_property
    def dataset(self) -> "DatasetRNN":
        """The data set. Making it loads torch."""
        from .coded import dataset_of
        from .dataset import DatasetRNN

        if self.report.layout == EXPORT.name and self._is_untouched():
            dataset = DatasetRNN.from_frame(self.table.typed())
        else:
            dataset = dataset_of(self.rows, self.report.roles.inputs)
        people = [str(label) for label in self.rows.participants]
        groups = self.groups_of(people)
        dataset.groups = {name: dict(zip(people, own, strict=True)) for name, own in groups.items()}
        return dataset

    def _is_untouched(self) -> bool:
        changed = [it.key for it in self.report.problems if it.taken not in AS_SAVED]
        return not changed and self.report.used == self.report.rows

    @property
    def groups(self) -> pd.DataFrame:
        """Properties of each person in the table: a row for each, by label, and a column for each role
        `groups`.

        Empty where it says nothing; the first entry where a person has several.
        """
        return self._of_people(self.report.roles.groups, lambda column: np.array(column.labels, dtype=object))

    @property
    def covariates(self) -> pd.DataFrame:
        """Numbers of each person: a row for each, by label, and a column for each role `covariates`.

        NaN where the table has none; the first entry where a person has several.
        """
        return self._of_people(self.report.roles.covariates, lambda column: column.values).astype(float)

    def _of_people(self, names: Sequence[str], labels: Callable[[Column], NDArray[Any]]) -> pd.DataFrame:
        """Return the first entry of each person in some columns; None without any."""
        person = self.rows.ids[:, -1].astype(int)
        columns = {}
        for name in names:
            column = self.table.column(name)
            codes = pd.Series(column.codes[self.places]).replace(-1, np.nan).groupby(person).first()
            values = labels(column)
            entries = [None if np.isnan(code) else values[int(code)] for code in codes]
            columns[name] = pd.Series(entries, index=codes.index, dtype=object)
        frame = pd.DataFrame(columns, index=range(len(self.rows.participants)))
        return frame.set_axis(pd.Index(self.rows.participants, dtype=object, name="participant"))

    def groups_of(self, people: Sequence[Any]) -> dict[str, list[str]]:
        """Look up the group of each of some people, by column of `groups`.

        Args:
            people: labels.

        Returns:
            For each column a label as text for each person; empty for whom the table names no group.
        """
        groups = self.groups
        rows = {str(label): row for label, row in zip(groups.index, groups.to_numpy(object), strict=True)}
        nothing = np.full(len(groups.columns), None)
        found = [rows.get(str(label), nothing) for label in people]
        return {
            str(name): ["" if pd.isna(row[at]) else str(row[at]).strip() for row in found]
            for at, name in enumerate(groups.columns)
        }

    @property
    def frame(self) -> pd.DataFrame:
        """One row per trial, in the order of the data set.

        Columns: row (as a spreadsheet numbers it), participant, session and trial (from 0), choice (the
        option's label; empty where it is missing), option (its code), and reward as it is in the data set.
        """
        rows = self.rows
        labels = np.array([*rows.arm_labels, None], dtype=object)
        people = np.array(rows.participants, dtype=object)
        reward = np.take_along_axis(rows.rewards, np.maximum(rows.arms, 0)[:, None], axis=1)[:, 0]
        return pd.DataFrame(
            {
                "row": self.table.numbers[self.places],
                "participant": people[rows.ids[:, -1].astype(int)],
                "session": rows.session,
                "trial": rows.trial,
                "choice": labels[rows.arms],
                "option": rows.arms,
                "reward": np.where(rows.arms < 0, np.nan, reward),
            }
        )


def read_choices(
    source: Source,
    roles: Roles | Mapping[str, Any] | None = None,
    remedies: Mapping[str, str] | None = None,
) -> Choices:
    r"""Read a table of choices: the data set, and a report of what was found in the table and done about it.

    Args:
        source: a file of comma-, semicolon- or tab-separated values, of JSON records, of Excel or Parquet,
            also packed by gzip or zip; its path, its bytes, or the open file; a DataFrame; a list of paths.
        roles: which column holds what; guessed from names and contents where it is not said. Columns for some
            roles (`{"choice": "key", "sessions": ["run"]}`), or all of them as `Roles`.
        remedies: what to do about a problem, where that is not the default: `{"sessions": "carry_on"}`.
            `report.problems` tells what there is to choose from; `report.remedies` does the same again.

    Raises:
        SettingsError: with a sentence for what keeps the table from being read.

    >>> choices = read_choices(b"subjID,choice,outcome\n7,1,1\n7,2,-1\n7,2,1\n9,1,1\n9,2,-1\n")
    >>> choices.dataset
    DatasetRNN(2 sessions, 3 trials, 2 arms, 2 participants)
    >>> choices.report.rewards.words
    '-1 to 1 in the table; in the data set (reward + 1) / 2'
    """
    return run_to_completion(reading_choices(source, roles, remedies))


def reading_choices(
    source: Source,
    roles: Roles | Mapping[str, Any] | None = None,
    remedies: Mapping[str, str] | None = None,
) -> Generator[RowsRead, None, Choices]:
    """As `read_choices`, with a record of how far it is now and then; the result is the generator's value."""
    table = yield from reading(source, roles.to_dict() if isinstance(roles, Roles) else roles or {})
    return (yield from examining(table, roles, remedies))


def examining(
    table: Table,
    roles: Roles | Mapping[str, Any] | None = None,
    remedies: Mapping[str, str] | None = None,
) -> Generator[RowsRead, None, Choices]:
    """As `reading_choices`, of a table that has been read: other roles or remedies do not read it again."""
    yield RowsRead(0.6, "Recognising the columns")
    examined = yield from examine(table, recognise(table, roles), remedies)
    yield RowsRead(1.0, f"Read {examined.report.used:,} trials")
    return Choices(table, examined.report, examined.rows, examined.places)
