"""A data set as a table and back, exactly: one row per trial, also by way of a CSV file.

Columns: session (from 0), participant (its label; participant_code too where labels were given), block and
experiment where the data set has them, trial (from 0), choice, reward, the additional inputs, next_choice
(the target), next_offered_0 ... where not all options were on offer, and kind_of_task where it is no bandit.
A missing trial has an empty choice and reward. There is one reward column where that says everything; where
outcomes of other arms were seen, or the last arm was never chosen, there is one per arm (reward_0, reward_1
...). A participant's label that a spreadsheet would take for a formula has an apostrophe before it.
"""

from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from ..settings import SettingsError
from ..tasks import BANDIT_NAME
from .layout import TABLE_COLUMNS, Arrays, choices_of, id_columns, rewards_of
from .tables.cells import plain_text, safe_text

Floats = NDArray[np.float64]


def to_frame(arrays: Arrays) -> pd.DataFrame:
    """Return the table of a data set, every trial of every session, padding included."""
    (n_sessions, n_trials, features), n = arrays.xs.shape, arrays.ys.shape[-1]
    xs = arrays.xs.cpu().numpy().reshape(-1, features).astype(float)
    codes = xs[:, -1].round().astype(int)
    columns: dict[str, Any] = {"session": np.repeat(np.arange(n_sessions), n_trials)}
    if arrays.participants is not None:
        labels = [safe_text(label) for label in arrays.participants]
        columns["participant"] = pd.Series([labels[code] for code in codes])
        columns["participant_code"] = codes
    else:
        columns["participant"] = codes
    if "block" in id_columns(features, n):
        columns |= {"block": xs[:, -3], "experiment": xs[:, -2]}
    columns["trial"] = np.tile(np.arange(n_trials), n_sessions)
    choices = choices_of(arrays.xs, n).cpu().numpy().reshape(-1)
    targets = choices_of(arrays.ys, n).cpu().numpy().reshape(-1)
    columns["choice"] = _integers(choices)
    columns |= _rewards(rewards_of(arrays.xs, n).cpu().numpy().reshape(-1, n).astype(float), choices, targets)
    columns |= {name: xs[:, 2 * n + place] for place, name in enumerate(arrays.additional_inputs)}
    columns["next_choice"] = _integers(targets)
    if arrays.offered is not None:
        offered = arrays.offered.cpu().numpy().reshape(-1, n).astype(int)
        columns |= {f"next_offered_{arm}": offered[:, arm] for arm in range(n)}
    if arrays.task != BANDIT_NAME:
        columns["kind_of_task"] = arrays.task
    return pd.DataFrame(columns)


def from_frame(frame: pd.DataFrame) -> Arrays:
    """Return the parts of the data set of a table that `to_frame` wrote; NaN in trials that the table does
    not have.

    Raises:
        SettingsError: with a sentence for every column that is missing.
    """
    if lacking := _lacking(frame):
        names, advice = ", ".join(map(str, frame.columns)), "Use convert_dataset for a table of your own."
        raise SettingsError(
            [f"The table must have the column {name}; got {names}. {advice}" for name in lacking]
        )
    frame = frame.sort_values(["session", "trial"], kind="stable")
    rewards = _per_arm("reward", frame) or ["reward"]
    offered = _per_arm("next_offered", frame)
    choices, targets = (
        frame[name].astype(float).fillna(-1).to_numpy(int) for name in ("choice", "next_choice")
    )
    task = (
        str(frame["kind_of_task"].iloc[0]) if "kind_of_task" in frame.columns and len(frame) else BANDIT_NAME
    )
    n = len(rewards) if len(rewards) > 1 else int(max(choices.max(initial=1), targets.max(initial=1))) + 1
    inputs = [name for name in frame.columns if name not in TABLE_COLUMNS and name not in rewards + offered]
    codes, labels = _codes(frame)
    ids = frame[["block", "experiment"] if "block" in frame.columns else []].to_numpy(dtype=float)
    parts = [_onehot(choices, n), _outcomes(frame[rewards].to_numpy(dtype=float), choices, n)]
    xs = np.concatenate([*parts, frame[inputs].to_numpy(dtype=float), ids, codes[:, None]], axis=1)
    return Arrays(
        torch.tensor(_wide(frame, xs, np.nan), dtype=torch.float32),
        torch.tensor(_wide(frame, _onehot(targets, n), np.nan), dtype=torch.float32),
        labels,
        tuple(inputs),
        torch.tensor(_wide(frame, frame[offered].to_numpy(dtype=bool), True)) if offered else None,
        task,
    )


def _lacking(frame: pd.DataFrame) -> list[str]:
    rewards = _per_arm("reward", frame) or ["reward"]
    needed = ["session", "participant", "trial", "choice", *rewards, "next_choice"]
    return [name for name in needed if name not in frame.columns]


def _per_arm(name: str, frame: pd.DataFrame) -> list[str]:
    """Return the columns name_0, name_1 ... as far as they go."""
    names: list[str] = []
    while f"{name}_{len(names)}" in frame.columns:
        names.append(f"{name}_{len(names)}")
    return names


def _wide(frame: pd.DataFrame, rows: NDArray[Any], fill: Any) -> NDArray[Any]:
    """(n_rows, n) -> (n_sessions, n_trials, n), sessions in order of appearance."""
    session = pd.factorize(frame["session"])[0]
    trial = frame.groupby("session", sort=False).cumcount().to_numpy()
    wide = np.full((session.max(initial=-1) + 1, trial.max(initial=-1) + 1, rows.shape[-1]), fill)
    wide[session, trial] = rows
    return wide


def _codes(frame: pd.DataFrame) -> tuple[NDArray[Any], tuple[Any, ...] | None]:
    """Participant codes, and their labels where the table has both or the labels are no codes."""
    if "participant_code" in frame.columns:
        codes = frame["participant_code"].to_numpy(dtype=int)
        labels = (plain_text(label) for label in frame["participant"].tolist())
        label_of = dict(zip(codes.tolist(), labels, strict=True))
        return codes, tuple(label_of.get(code, code) for code in range(codes.max(initial=-1) + 1))
    if pd.api.types.is_integer_dtype(frame["participant"]):
        return frame["participant"].to_numpy(), None
    codes, labels = pd.factorize(frame["participant"])
    return codes, tuple(labels.tolist())


def _rewards(rewards: Floats, choices: NDArray[Any], targets: NDArray[Any]) -> dict[str, Any]:
    """One reward column where that says everything, else one per arm."""
    n = rewards.shape[-1]
    others_seen = np.isfinite(rewards).sum(axis=1).max(initial=0) > 1
    last_unchosen = max(choices.max(initial=0), targets.max(initial=0)) < n - 1
    if others_seen or last_unchosen:
        return {f"reward_{arm}": rewards[:, arm] for arm in range(n)}
    return {"reward": np.take_along_axis(rewards, np.maximum(choices, 0)[:, None], axis=1)[:, 0]}


def _outcomes(rewards: Floats, choices: NDArray[Any], n: int) -> Floats:
    """(n_rows, n_actions), -1 where an outcome was not seen."""
    if rewards.shape[1] == 1:
        rewards = np.where(choices[:, None] == np.arange(n), rewards, np.nan)
    return np.nan_to_num(rewards, nan=-1.0)


def _onehot(arms: NDArray[Any], n: int) -> Floats:
    return np.where(arms[:, None] >= 0, arms[:, None] == np.arange(n), -1).astype(float)


def _integers(arms: NDArray[Any]) -> "pd.api.extensions.ExtensionArray":
    return pd.array(np.where(arms < 0, np.nan, arms), dtype="Int64")
