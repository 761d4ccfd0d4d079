"""A table on its way to trials: the rows that are still used, what was found, what is known of each row."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...checks import raise_if_any
from ...settings import SettingsError
from ...tasks import BANDIT, TASKS, TWO_STEP, TaskKind
from ...wording import join_words
from .cells import Column, Label
from .layouts import EXPORT, LAYOUTS, OWN
from .limits import letters_problem
from .pairs import pair_stages
from .problems import KINDS
from .reading import Table
from .recognise import Recognised
from .report import LeftOut, Problem, Rewards, Where, where

TASK_COLUMN = "kind_of_task"  # of our own tables
Bools = NDArray[np.bool_]
Codes = NDArray[np.int64]
Floats = NDArray[np.float64]


class StageChoices(NamedTuple):
    """The choices of trials of two stages.

    Attributes:
        first: `(n_rows,)` the code of the option chosen first; -1 where it is missing.
        second: `(n_rows,)` the code of the option chosen second, among those of all stages and states.
        state: `(n_rows,)` the state that was reached, 0 or 1; -1 where it is not known.
        words: which columns these are from, and which first option leads where.
    """

    first: Codes
    second: Codes
    state: Codes
    words: str


class ExaminationContext:
    """The shared state of the steps of an examination. Each step looks at the rows that are still used.

    Args:
        table: the table.
        recognised: which column holds what.
        remedies: problem and remedy, where another than the default is wanted.

    Attributes:
        left_out: `(n_rows,)` 0 for a row that is used, else 1 + its place in `reasons`.
        problems: what was found so far.
        people: labels of the codes in `person`.
        person, session: `(n_rows,)` codes of who chose, and in which session.
        time: `(n_rows,)` what the rows of a session are sorted by.
        options: labels of the options, in the order of their codes.
        arms: `(n_rows,)` the code of the option chosen; -1 where it is missing.
        offered: `(n_rows, n_options)` what could be chosen; None where all could.
        rewards: `(n_rows, n_options)` what each option paid; NaN where that was not seen.
        inputs: `(n_rows, n_inputs)` additional inputs.
        scale: how rewards are coded.
        task: the kind of task.
        stages: the choices of the stages of each trial; None of a task of one.
        source: the table as it was read, of which `table` has a row for each trial.
    """

    people: Sequence[Label]
    person: Codes
    session: Codes
    time: Floats
    options: list[Label]
    arms: Codes
    offered: Bools | None = None
    rewards: Floats
    inputs: Floats
    scale: Rewards
    stages: StageChoices | None = None

    def __init__(self, table: Table, recognised: Recognised, remedies: Mapping[str, str] | None) -> None:
        self.source, self.recognised = table, recognised
        self.pairs = None if recognised.roles.stage is None else pair_stages(table, recognised.roles)
        own = self.pairs or recognised
        table = self.table = table if self.pairs is None else self.pairs.table
        self.roles = own.roles
        self.wanted = dict(remedies or {})
        raise_if_any(_remedy_problems(self.wanted))
        self.layout = next((it for it in LAYOUTS if it.name == recognised.layout), None)
        self.is_export = recognised.layout == EXPORT.name
        self.task = TWO_STEP if self.roles.are_of_stages else _declared_task(table, self.is_export)
        self.is_own = self.layout in OWN
        self.problems: list[Problem] = []
        self.reasons: list[str] = []
        self.left_out = np.zeros(len(table), dtype=np.int64)
        self.choice = table.column(self.roles.choice)
        raise_if_any(
            letters_problem(name, table.column(name).labels)
            for name in self.roles.columns()
            if name in table.names
        )

    @property
    def used(self) -> Bools:
        """(n_rows,) rows that are still used."""
        used: Bools = self.left_out == 0
        return used

    def decide(self, key: str, mask: Bools, words: str, default: str, only: Sequence[str] = ()) -> str:
        """Note a problem where the mask holds in used rows, and say which remedy is taken; "" without one.

        Args:
            key: of the problem, in `KINDS`.
            mask: `(n_rows,)` where it is.
            words: what it is.
            default: the remedy that is taken unless another was chosen.
            only: the remedies that make sense here; all of the kind when empty.
        """
        mask = mask & self.used
        if not mask.any():
            return ""
        if self.layout is not None:
            default = self.layout.remedies.get(key, default)
        remedies = {name: it for name, it in KINDS[key].items() if not only or name in only}
        taken = self.wanted.get(key, default)
        if taken not in remedies:
            names = join_words(remedies, last="or")
            raise SettingsError([f"The remedy for {key} must be {names} here; got {taken!r}. Choose one."])
        rows = self.where(mask)
        self.problems.append(Problem(key, words, rows, remedies, default, taken))
        return taken

    def leave_out(self, mask: Bools, reason: str) -> None:
        """Use these rows no more."""
        if (mask & self.used).any():
            self.reasons.append(reason)
            self.left_out[mask & self.used] = len(self.reasons)

    def list_unused(self) -> tuple[LeftOut, ...]:
        """Return the rows that are not used, by reason."""
        found = [
            LeftOut(reason, self.where(self.left_out == place + 1))
            for place, reason in enumerate(self.reasons)
        ]
        if self.pairs is not None and (none := self.pairs.trial_of < 0).any():
            found.append(LeftOut("a row of no stage", where(none, self.source.numbers, self.source.files)))
        return tuple(found)

    def where(self, mask: Bools) -> Where:
        """Return the rows of the file where a mask of the rows of `table` holds."""
        if self.pairs is not None:
            mask = np.append(mask, False)[self.pairs.trial_of]
        return where(mask, self.source.numbers, self.source.files)

    def column(self, name: str | None) -> Column | None:
        """Return the cells of a column, if there is one."""
        return None if name is None else self.table.column(name)

    def empty(self, *names: str | None) -> Bools:
        """(n_rows,) whether all of these columns are empty in a row."""
        empty = np.ones(len(self.table), dtype=bool)
        for name in names:
            if name is not None:
                empty &= self.table.column(name).empty
        return empty

    def only_at(self, rows: Codes) -> Bools:
        """(n_rows,) a mask that holds in these rows."""
        mask = np.zeros(len(self.table), dtype=bool)
        mask[rows] = True
        return mask


def _declared_task(table: Table, is_export: bool) -> TaskKind:
    """Return the kind of task that a table of our own names; a bandit where it names none."""
    labels = table.column(TASK_COLUMN).labels if is_export and TASK_COLUMN in table.names else ()
    return TASKS.get(str(labels[0]), BANDIT) if labels else BANDIT


def _remedy_problems(wanted: Mapping[str, str]) -> list[str]:
    problems = []
    for key, name in wanted.items():
        if key not in KINDS:
            problems.append(f"There is no problem {key!r}. Remedies are for {', '.join(KINDS)}.")
        elif name not in KINDS[key]:
            problems.append(
                f"The remedy for {key} must be {join_words(KINDS[key], last='or')}; got {name!r}. Use one."
            )
    return problems
