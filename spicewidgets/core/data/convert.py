"""From a table whose columns are named, one row per trial, to a data set.

It is examined by the steps of `tables/examine.py`, as `read_choices` does, but nothing is guessed and nobody
chooses remedies: what needs one is refused with a sentence. What is changed is written here.

- A session is what has the same participant, experiment and block (and `df_session`, if given); its trials
  are in the table's order.
- Arms count from 0. Names of arms are put in alphabetical order; numbers count from the lowest that occurs.
- A trial without a choice (an empty cell or -1) or without its reward is missing: it stays in its place, and
  changes no fit. A choice without a reward still is the target of the trial before it.
- Rewards from 0 to 1 stay as they are. Others are scaled so that the lowest is 0 and the highest 1;
  `dataset.reward_range` keeps both.
- With the columns reward_0, reward_1 ... (or reward_NAME for named arms) the outcomes of the other arms are
  used too. An empty cell is an outcome that was not seen; so is -1, unless some arm chosen paid less than 0.
- Blocks are scaled to 0..1; experiments and participants become codes from 0 in order of appearance,
  participants keep their labels.
- Text in additional inputs becomes codes from 0 in order of appearance.
"""

import re
import warnings
from collections.abc import Sequence
from dataclasses import replace
from os import PathLike
from typing import IO, Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from ..checks import raise_if_any
from ..settings import SettingsError, SpiceWarning
from ..simulate.session import BanditSession
from .coded import dataset_of
from .dataset import DatasetRNN
from .layout import name_problems
from .tables.cells import Column
from .tables.examine import code_inputs, in_order
from .tables.options import code_choices
from .tables.reading import Table, read_table
from .tables.recognise import Recognised
from .tables.report import where
from .tables.rewards import arm_of_outcome, code_rewards
from .tables.roles import Roles, missing_column
from .tables.rows import Rows
from .tables.sessions import tell_sessions_apart
from .tables.work import ExaminationContext

Floats = NDArray[np.float64]
Dynamics = tuple[Floats, Floats, Floats, Floats]
ADVICE = "Name yours in the call: df_choice, df_reward, df_participant_id, df_session."
DYNAMICS = ("choice_prob", "action_value", "reward_value", "choice_value")
# What is done without a word, where `read_choices` reports it; all else is refused.
TAKEN = {
    **{"sessions": "start_anew", "spelling": "keep", "missing_code": "option", "missed_trials": "keep"},
    **{"gaps": "all_numbers", "rare_options": "keep", "other_outcomes": "all", "outlier_rewards": "keep"},
    "missing_rewards": "missing",
}


class _Strict(ExaminationContext):
    """An examination in which nobody chooses remedies."""

    def __init__(self, table: Table, roles: Roles) -> None:
        super().__init__(table, Recognised(None, roles, ()), None)
        self.refused: list[str] = []

    def decide(self, key: str, mask: Any, words: str, default: str, only: Sequence[str] = ()) -> str:
        """Return the remedy that is taken always, and refuse what has none; see `TAKEN`."""
        if not mask.any():
            return ""
        if key == "scale":
            known = self.rewards[self.arms >= 0]
            return "keep" if np.nanmin(known) >= 0 and np.nanmax(known) <= 1 else "range"
        taken = TAKEN.get(key, "")
        if not taken or (only and taken not in only):
            rows = where(mask, self.table.numbers, self.table.files).words
            self.refused.append(f"{words}: {rows}. Correct the table, or read it with read_choices.")
        return taken or default


def convert_dataset(
    file: str | PathLike[str] | IO[Any] | pd.DataFrame,
    device: torch.device | str | None = None,
    sequence_length: int | None = None,
    df_participant_id: str = "session",
    df_block: str | None = "block",
    df_experiment_id: str | None = "experiment",
    df_choice: str = "choice",
    df_reward: str = "reward",
    additional_inputs: Sequence[str] | None = None,
    *,
    df_session: str | None = None,
) -> tuple[DatasetRNN, list[BanditSession], pd.DataFrame, Dynamics]:
    """Return the data set of a table whose columns are known. `read_choices` recognises them, and reports.

    Args:
        file: a file as `read_choices` takes it, or a DataFrame.
        device: where the tensors are.
        sequence_length: trials of a window; None keeps whole sessions.
        df_participant_id: column of the participant.
        df_block: column of the block, used where it is there: each block is a session, in which learning
            starts anew. With None a person's blocks are one session, in which it carries on.
        df_experiment_id: column of the experiment, used where it is there.
        df_choice: column of the choice.
        df_reward: column of the reward, or the name before reward_0, reward_1 ...
        additional_inputs: columns that the model may use as well; those that the table lacks are left out,
            with a warning.
        df_session: column that tells a participant's sessions apart, where blocks and experiments do not.

    Returns:
        The data set, whose `xs` has the columns choice, reward, additional inputs, block, experiment,
        participant; its sessions; the table with arms counted from 0; and the dynamics of the agent that made
        the table, if it tells: P(choice), action, reward and choice values, four arrays `(n_sessions,
        n_trials, n_actions)` from the columns choice_prob_0 and so on, else -1.

    Raises:
        SettingsError: with every problem of the table.

    >>> rows = pd.DataFrame({"session": ["ann"] * 3, "choice": ["A", "B", "B"], "reward": [1, 0, 1]})
    >>> dataset, sessions, coded, dynamics = convert_dataset(rows)
    >>> dataset.participants, dataset.arm_labels, coded["choice"].tolist()
    (('ann',), ('A', 'B'), [0, 1, 1])
    """
    table = _table_of(file)
    declared = [additional_inputs] if isinstance(additional_inputs, str) else list(additional_inputs or ())
    _warn_of_missing([name for name in declared if name not in table.names], table.names)
    rewards, numbered = _reward_columns(table, df_reward, df_choice)
    many = len(rewards) > 1
    sessions = (
        df_block if df_block != "block" or df_block in table.names else None,
        df_experiment_id if df_experiment_id != "experiment" or df_experiment_id in table.names else None,
        df_session,
    )
    roles = Roles(
        df_choice,
        None if many else rewards[0],
        df_participant_id,
        tuple(name for name in sessions if name is not None),
        outcomes=tuple(rewards) if many else (),
        inputs=tuple(name for name in declared if name in table.names),
    )
    work = _examine(table, roles, numbered)
    rows, places = in_order(work)
    columns = [None if name is None else table.column(name) for name in sessions]
    rows = _with_ids(rows, columns, places)
    frame = file.set_axis(list(table.names), axis=1) if isinstance(file, pd.DataFrame) else table.typed()
    coded = np.empty(len(frame), dtype=np.int64)
    coded[places] = rows.arms
    added = {name: 0 for name in (df_block, df_experiment_id) if name and name not in frame}
    frame = frame.reset_index(drop=True).assign(**{df_choice: coded}, **added)
    dataset = dataset_of(rows, roles.inputs, device, sequence_length)
    return dataset, rows.sessions(), frame, _dynamics(table, rows, places)


def _table_of(file: Any) -> Table:
    """Return the table in any file that `read_table` can open, or a DataFrame."""
    table = read_table(file)
    if table.surplus.any():
        rows = where(table.surplus, table.numbers).words
        problem = (
            f"More fields than the header names are in {rows}. Name every column, or correct these rows."
        )
        raise SettingsError([problem])
    return table


def _warn_of_missing(names: list[str], known: tuple[str, ...]) -> None:
    """Say which declared inputs the table lacks; it can be read without them."""
    for name in names:
        columns = ", ".join(known[:20])
        warnings.warn(
            f"The additional input {name!r} is no column of the table, which has {columns:.400}. It is left"
            " out, so that no model can use it; correct its name if it should be there.",
            SpiceWarning,
            stacklevel=3,
        )


def _reward_columns(table: Table, reward: str, choice: str) -> tuple[list[str], range]:
    """Return the reward columns, one per arm where the table has them, and their numbers."""
    for first in (0, 1):
        last = first
        while f"{reward}_{last}" in table.names:
            last += 1
        if last - first > 1:
            return [f"{reward}_{arm}" for arm in range(first, last)], range(first, last)
    labels = table.column(choice).labels if choice in table.names and reward not in table.names else ()
    names = [f"{reward}_{label}" for label in sorted(map(str, labels))]
    return (names, range(0)) if len(names) > 1 and set(names) <= set(table.names) else ([reward], range(0))


def _examine(table: Table, roles: Roles, numbered: range) -> _Strict:
    """Code choices, rewards and inputs, or raise a `SettingsError`."""
    needed = (roles.participant, *roles.sessions, roles.choice, roles.reward, *roles.outcomes, *roles.inputs)
    missing = [name for name in dict.fromkeys(needed) if name is not None and name not in table.names]
    raise_if_any(
        [missing_column(name, table.names, ADVICE) for name in missing] + name_problems(roles.inputs)
    )
    work = _Strict(_without_missing_choices(table, roles.choice), roles)
    try:
        tell_sessions_apart(work)
        code_choices(work)
        _number_arms(work, numbered)
        _hide_unseen(work)
        code_rewards(work)
        code_inputs(work)
    except SettingsError as error:
        raise SettingsError(
            [re.sub(r'roles={"(\w+)": "..."}', r'df_\1="..."', it) for it in error.problems]
        ) from None
    raise_if_any([*_empty_cells(work), *work.refused, *_mixed_sessions(work)])
    return work


def _without_missing_choices(table: Table, choice: str) -> Table:
    """Return the table in which a choice of -1 is an empty cell."""
    column = table.column(choice)
    gone = column.per_row(np.array([str(label) == "-1" for label in column.labels], dtype=bool), False)
    return _blank(table, {choice: gone}) if gone.any() else table


def _blank(table: Table, cells: dict[str, NDArray[np.bool_]]) -> Table:
    """Return the table with some cells of some columns empty."""
    blanked = {name: table.frame[name].astype(object).mask(gone) for name, gone in cells.items()}
    return replace(table, frame=table.frame.assign(**blanked), _columns={})


def _number_arms(work: _Strict, numbered: range) -> None:
    """Let arms that have numbers count as the reward columns do, if there is one for each arm."""
    low, high = work.options[0], work.options[-1]
    if not (numbered and isinstance(low, int) and isinstance(high, int)):
        return
    starts = [start for start in (numbered.start, 1, low) if start <= low and high < start + len(numbered)]
    if starts and (high - low + 1 == len(numbered) or starts[0] in (numbered.start, 1)):
        work.options = list(range(starts[0], starts[0] + len(numbered)))
        work.arms = np.where(work.arms < 0, -1, work.arms + low - starts[0])
    else:
        work.refused.append(
            f"{work.choice.name} must be numbered like the reward columns, {numbered[0]} to {numbered[-1]};"
            f" got choices from {low} to {high}. Number both from 0."
        )


def _hide_unseen(work: _Strict) -> None:
    """Take -1 of an arm not chosen for one that was not seen, unless some arm chosen paid less than 0."""
    columns = [work.table.column(name) for name in work.roles.outcomes]
    chosen = [work.arms == arm_of_outcome(work, place) for place in range(len(columns))]
    if any((one.numbers[own] < 0).any() for one, own in zip(columns, chosen, strict=True)):
        return
    unseen = {one.name: (one.numbers == -1) & ~own for one, own in zip(columns, chosen, strict=True)}
    work.table = _blank(work.table, unseen)


def _empty_cells(work: _Strict) -> list[str]:
    """Say which columns lack cells that they must have."""
    names = (str(work.roles.participant), *work.roles.sessions)
    wanted = dict.fromkeys(names, work.used) | dict.fromkeys(work.roles.inputs, work.arms >= 0)
    return [
        f"{name} must be given for every trial{'' if name in names else ' with a choice'}; it is empty in"
        f" {where(lacks, work.table.numbers).words}. Fill it in, or leave these trials out."
        for name, rows in wanted.items()
        if (lacks := work.table.column(name).empty & rows).any()
    ]


def _mixed_sessions(work: _Strict) -> list[str]:
    """Find sessions that are two people's, and trials out of order: both would be read as one history."""
    problems, table = [], work.table
    if work.roles.participant == "session" and "participant" in table.names:
        own, other = table.column("session"), table.column("participant")
        people = pd.Series(other.codes).groupby(own.codes).nunique()
        if (people > 1).any():
            problems.append(
                f"Session {own.labels[int(people.idxmax())]!r} is that of {people.max()} participants, by the"
                " column 'participant'; a session belongs to one. Say df_participant_id='participant',"
                " df_session='session'."
            )
    if "trial" in table.names and table.column("trial").numeric:
        backwards = pd.Series(table.column("trial").numbers).groupby(work.session).diff().to_numpy() < 0
        if backwards.any():
            problems.append(
                "The rows of a session must be in the order of its trials; by the column 'trial',"
                f" {where(backwards, table.numbers).words} before the one above. Sort the table by session"
                " and trial."
            )
    return problems


def _with_ids(rows: Rows, columns: list[Column | None], places: NDArray[np.int64]) -> Rows:
    """Return the rows with block (0 to 1), experiment and participant, and sessions in the order of these.

    Args:
        rows: of the table.
        columns: of the block, the experiment and the session.
        places: `(n_rows,)` the row of the table of each row.
    """
    block, experiment, session = columns
    none = np.zeros(len(places))
    codes = [none if one is None else one.codes[places].astype(float) for one in (experiment, session)]
    blocks = none if block is None else _scale_blocks(block)[places]
    ids = np.stack([blocks, codes[0], rows.ids[:, -1]], axis=1)
    first = np.unique(rows.session, return_index=True)[1]
    rank = np.argsort(np.lexsort((codes[1][first], *ids[first].T)))
    return replace(rows, ids=ids, session=rank[rows.session])


def _scale_blocks(block: Column) -> Floats:
    """Blocks, which are numbers or else are numbered in order of appearance, scaled to 0..1."""
    values = block.numbers if np.isfinite(block.values).all() else block.codes.astype(float)
    low, high = values.min() / 2, values.max() / 2  # halves cannot overflow
    return np.asarray((values / 2 - low) / (high - low) if high > low else np.zeros(len(values)))


def _dynamics(table: Table, rows: Rows, places: NDArray[np.int64]) -> Dynamics:
    """Return the agent's dynamics that the table records, -1 where it does not."""
    unknown = np.full(len(table), np.nan)
    dynamics = []
    for name in DYNAMICS:
        names = [f"{name}_{arm}" for arm in range(rows.n_actions)]
        columns = [table.column(one).numbers if one in table.names else unknown for one in names]
        values = np.stack(columns, axis=1)[places]
        dynamics.append(rows.wide(np.where(np.isfinite(values), values, -1)))
    return dynamics[0], dynamics[1], dynamics[2], dynamics[3]
