"""From a table whose columns are named, one row per trial, to a data set.

Nothing is guessed in silence: a table that cannot be read gives every problem as a sentence. What is changed
is written here.

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

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from typing import IO, Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from .. import checks
from ..settings import SpiceWarning
from ..simulate.session import BanditSession
from ..wording import join_words
from . import columns as column
from .coded import dataset_of
from .dataset import DatasetRNN
from .layout import name_problems
from .tables.roles import missing_column
from .tables.rows import Rows, size_problem

Floats = NDArray[np.float64]
Dynamics = tuple[Floats, Floats, Floats, Floats]
ADVICE = "Name yours in the call: df_choice, df_reward, df_participant_id, df_session."
DYNAMICS = ("choice_prob", "action_value", "reward_value", "choice_value")
MOST = 1e30  # an additional input; float32 ends at 3.4e38


@dataclass(frozen=True)
class _Columns:
    """Which columns of the table hold what; None where the table need not and does not have one."""

    choice: str
    rewards: list[str]
    numbered: range  # the arms that the reward columns are numbered with; empty where they are not
    participant: str
    block: str | None
    experiment: str | None
    session: str | None
    inputs: list[str]


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
    frame = column.table_of(file)
    declared = [additional_inputs] if isinstance(additional_inputs, str) else list(additional_inputs or ())
    inputs = [name for name in declared if name in frame]
    _warn_of_missing([name for name in declared if name not in frame], frame)
    columns = _Columns(
        df_choice,
        *_reward_columns(frame, df_reward, df_choice),
        df_participant_id,
        df_block if df_block != "block" or df_block in frame else None,
        df_experiment_id if df_experiment_id != "experiment" or df_experiment_id in frame else None,
        df_session,
        inputs,
    )
    rows = _rows(frame, columns)
    dataset = dataset_of(rows, inputs, device, sequence_length)
    added = {name: 0 for name in (df_block, df_experiment_id) if name and name not in frame}
    return dataset, rows.sessions(), frame.assign(**{df_choice: rows.arms}, **added), _dynamics(frame, rows)


def _warn_of_missing(names: list[str], frame: pd.DataFrame) -> None:
    """Say which declared inputs the table lacks; it can be read without them."""
    for name in names:
        columns = ", ".join(map(str, frame.columns[:20]))
        warnings.warn(
            f"The additional input {name!r} is no column of the table, which has {columns:.400}. It is left"
            " out, so that no model can use it; correct its name if it should be there.",
            SpiceWarning,
            stacklevel=3,
        )


def _reward_columns(frame: pd.DataFrame, reward: str, choice: str) -> tuple[list[str], range]:
    """Return the reward columns, one per arm where the table has them, and their numbers."""
    for first in (0, 1):
        last = first
        while f"{reward}_{last}" in frame:
            last += 1
        if last - first > 1:
            return [f"{reward}_{arm}" for arm in range(first, last)], range(first, last)
    names = [f"{reward}_{arm}" for arm in _names(frame, choice)] if reward not in frame else []
    return (names, range(0)) if len(names) > 1 and set(names) <= set(frame) else ([reward], range(0))


def _names(frame: pd.DataFrame, choice: str) -> list[str]:
    if choice not in frame or pd.api.types.is_numeric_dtype(frame[choice]):
        return []
    named = frame[choice][~column.empty(frame[choice])]
    return sorted({str(value).strip() for value in named.tolist()})


def _rows(frame: pd.DataFrame, columns: _Columns) -> Rows:
    """Return the checked rows, or a `SettingsError` with every problem at once."""
    groups = (columns.participant, columns.block, columns.experiment, columns.session)
    needed = [*groups, columns.choice, *columns.rewards, *columns.inputs]
    missing = [name for name in dict.fromkeys(needed) if name is not None and name not in frame]
    checks.raise_if_any(
        [missing_column(name, frame.columns, ADVICE) for name in missing] + name_problems(columns.inputs)
    )
    problems: list[str] = []
    arms, arm_labels = column.arms(frame[columns.choice], columns.numbered, problems)
    n_actions = _n_actions(arms, arm_labels, columns, problems)
    rewards, reward_range = _rewards(frame, columns, arms, n_actions, problems)
    ids, participants, session = _ids(frame, columns, problems)
    problems += _find_mixed_sessions(frame, columns, session)
    trial = pd.Series(session).groupby(session).cumcount().to_numpy()
    known = (arms >= 0) & np.isfinite(rewards).any(axis=1)
    inputs = [_input(frame[name], known, problems) for name in columns.inputs]
    checks.raise_if_any([*problems, size_problem(session, trial)])
    wide = np.stack(inputs, axis=1) if inputs else np.empty((len(frame), 0))
    return Rows(arms, rewards, wide, ids, session, trial, n_actions, arm_labels, participants, reward_range)


def _find_mixed_sessions(frame: pd.DataFrame, columns: _Columns, session: NDArray[Any]) -> list[str]:
    """Sessions that are two people's, and trials that are out of order: both would be read as one history."""
    problems = []
    if columns.participant == "session" and "participant" in frame:
        people = frame["participant"].astype(str).groupby(frame["session"].astype(str)).nunique()
        if (people > 1).any():
            problems.append(
                f"Session {people.idxmax()!r} is that of {people.max()} participants, by the column"
                " 'participant'; a session belongs to one. Say df_participant_id='participant',"
                " df_session='session'."
            )
    if "trial" in frame and pd.api.types.is_numeric_dtype(frame["trial"]):
        backwards = frame["trial"].groupby(session).diff() < 0
        if backwards.any():
            row = int(np.flatnonzero(backwards.to_numpy())[0]) + 1
            problems.append(
                f"The rows of a session must be in the order of its trials; by the column 'trial', row {row}"
                " is before the one above it. Sort the table by session and trial."
            )
    return problems


def _n_actions(
    arms: NDArray[np.int64], labels: tuple[Any, ...], columns: _Columns, problems: list[str]
) -> int:
    n_chosen, n_columns = int(arms.max(initial=-1)) + 1, len(columns.rewards)
    missing = "An empty cell or -1 is a missing choice"
    if not problems and n_chosen == 0:
        problems.append(f"{columns.choice} must hold the choices; got none. {missing}; fill the others in.")
    elif not problems and max(n_chosen, n_columns) < 2:
        got = f"got only {labels[0]!r}"
        problems.append(
            f"{columns.choice} must hold 2 or more arms; {got}. {missing}; number the arms from 0."
        )
    return max(n_chosen, n_columns, 2)


def _rewards(
    frame: pd.DataFrame, columns: _Columns, arms: NDArray[np.int64], n_actions: int, problems: list[str]
) -> tuple[Floats, tuple[float, float]]:
    """(n_rows, n_actions) from 0 to 1, NaN where not seen, and the lowest and highest as they were."""
    advice = "Use for example 1 for a reward and 0 for none, and leave unseen outcomes empty."
    outcomes = np.stack([column.numbers(frame[name], advice, problems) for name in columns.rewards], axis=1)
    chosen = arms[:, None] == np.arange(n_actions)
    if outcomes.shape[1] == 1:
        rewards = np.where(chosen, outcomes, np.nan)
    else:
        rewards = np.full((len(frame), n_actions), np.nan)
        rewards[:, : outcomes.shape[1]] = outcomes[:, :n_actions]
        losses = bool((rewards[chosen] < 0).any())
        rewards[(arms < 0)[:, None] | (rewards == -1) & ~chosen & (not losses)] = np.nan
    if np.isnan(rewards[chosen]).all():
        if not problems:
            names = join_words(columns.rewards)
            problems.append(f"{names} must hold the outcome of each choice; got none. Fill the column(s) in.")
        return rewards, (np.nan, np.nan)
    low, high = float(np.nanmin(rewards)), float(np.nanmax(rewards))
    if low >= 0 and high <= 1:
        return rewards, (low, high)
    # Halves cannot overflow.
    scaled = (rewards / 2 - low / 2) / (high / 2 - low / 2) if high > low else rewards
    return np.clip(scaled, 0, 1), (low, high)


def _ids(
    frame: pd.DataFrame, columns: _Columns, problems: list[str]
) -> tuple[Floats, list[Any], NDArray[np.int64]]:
    """(n_rows, 3) block, experiment, participant; the labels of participants; each row's session."""
    none = np.zeros(len(frame), dtype=np.int64)
    participant, labels = column.codes(frame[columns.participant], problems)
    experiment = none if columns.experiment is None else column.codes(frame[columns.experiment], problems)[0]
    part = none if columns.session is None else column.codes(frame[columns.session], problems)[0]
    block = none.astype(float) if columns.block is None else _block(frame[columns.block], problems)
    keys = pd.DataFrame({"participant": participant, "experiment": experiment, "block": block, "part": part})
    session = keys.groupby(list(keys), sort=True).ngroup().to_numpy()
    return np.stack([block, experiment, participant], axis=1), labels, session


def _block(series: "pd.Series[Any]", problems: list[str]) -> Floats:
    """Blocks, which are numbers or else are numbered in order of appearance, scaled to 0..1."""
    codes, _ = column.codes(series, problems)
    numbers = not column.has_text(series)
    values = column.numbers(series, "Number the blocks.", problems) if numbers else codes.astype(float)
    if np.isnan(values).any():
        return np.zeros(len(series))
    low, high = values.min() / 2, values.max() / 2  # halves cannot overflow
    return np.asarray((values / 2 - low) / (high - low) if high > low else np.zeros(len(series)))


def _input(series: "pd.Series[Any]", known: NDArray[np.bool_], problems: list[str]) -> Floats:
    """Return an additional input of every row; -1 where it is empty in a missing trial."""
    blank = column.empty(series)
    values = column.numbers(series, "", [])
    if column.has_text(series):
        values[~blank] = column.codes(series[~blank], problems)[0]
    wrong = ~blank & (np.isnan(values) | (np.abs(values) > MOST))
    if wrong.any():
        problems.append(f"{series.name} must hold numbers within 10^30; got others. Use another unit.")
    empty = blank & known
    if empty.any():
        problems.append(
            f"{series.name} must be given for every trial with a choice; it is empty in {int(empty.sum())} "
            f"of them, first in row {int(empty.argmax()) + 1}. Fill it in, or leave these trials out."
        )
    return np.where(blank | wrong, -1.0, values)


def _dynamics(frame: pd.DataFrame, rows: Rows) -> Dynamics:
    """Return the agent's dynamics that the table records, -1 where it does not."""
    unknown = pd.Series(np.full(len(frame), np.nan))
    dynamics = []
    for name in DYNAMICS:
        columns = [frame.get(f"{name}_{arm}", unknown).rename(name) for arm in range(rows.n_actions)]
        values = np.stack([column.numbers(series, "", []) for series in columns], axis=1)
        dynamics.append(rows.wide(np.where(np.isnan(values), -1, values)))
    return dynamics[0], dynamics[1], dynamics[2], dynamics[3]
