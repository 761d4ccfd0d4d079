"""A dataset as a table and back, exactly: one row per trial, also by way of a CSV file.

Columns: session (from 0), participant (its label; participant_code too where labels were given), block and
experiment where the dataset has them, trial (from 0), choice, reward, the additional inputs, and next_choice,
the target. A missing trial has an empty choice and reward. There is one reward column where that says
everything; where outcomes of other arms were seen, or the last arm was never chosen, there is one per arm
(reward_0, reward_1 ...).
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..settings import SettingsError

if TYPE_CHECKING:
    from .dataset import DatasetRNN

KNOWN = {
    "session",
    "participant",
    "participant_code",
    "block",
    "experiment",
    "trial",
    "choice",
    "reward",
    "next_choice",
}
TAKEN = re.compile(r"(choice|reward)_\d+")


def name_problems(names: Sequence[str]) -> list[str]:
    """What keeps additional inputs from standing beside the other columns under these names."""
    wrong = sorted(
        {name for name in names if name in KNOWN or TAKEN.fullmatch(name) or names.count(name) > 1}
    )
    if not wrong:
        return []
    return [
        "additional_inputs must have names of their own, not twice and not those of other columns; "
        f"got {', '.join(wrong)}. Rename the column(s), for example to {wrong[0]}_input."
    ]


def to_frame(dataset: "DatasetRNN") -> pd.DataFrame:
    """The table of a dataset, every trial of every session, padding included."""
    n_sessions, n_trials, n = dataset.n_sessions, dataset.n_trials, dataset.n_actions
    xs = dataset.xs.cpu().numpy().reshape(-1, dataset.xs.shape[-1]).astype(float)
    codes = xs[:, -1].round().astype(int)
    columns: dict[str, Any] = {"session": np.repeat(np.arange(n_sessions), n_trials)}
    if dataset.labelled:
        columns["participant"] = pd.Series([dataset.participants[code] for code in codes])
        columns["participant_code"] = codes
    else:
        columns["participant"] = codes
    if "block" in dataset.columns[-3:]:
        columns |= {"block": xs[:, -3], "experiment": xs[:, -2]}
    columns["trial"] = np.tile(np.arange(n_trials), n_sessions)
    choices = dataset.choices.cpu().numpy().reshape(-1)
    targets = _arms(dataset.ys.cpu().numpy().reshape(-1, n))
    columns["choice"] = _integers(choices)
    columns |= _rewards(dataset.rewards.cpu().numpy().reshape(-1, n).astype(float), choices, targets)
    columns |= {name: xs[:, 2 * n + at] for at, name in enumerate(dataset.additional_inputs)}
    return pd.DataFrame(columns | {"next_choice": _integers(targets)})


def from_frame(cls: "type[DatasetRNN]", frame: pd.DataFrame) -> "DatasetRNN":
    """The dataset of a table that `to_frame` wrote."""
    rewards = _reward_names(frame)
    asked = ["session", "participant", "trial", "choice", *rewards, "next_choice"]
    lost = [name for name in asked if name not in frame.columns]
    if lost:
        told, advice = ", ".join(map(str, frame.columns)), "Use convert_dataset for a table of your own."
        raise SettingsError([f"The table must have the column {name}; got {told}. {advice}" for name in lost])
    frame = frame.sort_values(["session", "trial"], kind="stable")
    choices, targets = (
        frame[name].astype(float).fillna(-1).to_numpy(int) for name in ("choice", "next_choice")
    )
    n = len(rewards) if len(rewards) > 1 else int(max(choices.max(initial=1), targets.max(initial=1))) + 1
    inputs = [name for name in frame.columns if name not in KNOWN and name not in rewards]
    codes, labels = _codes(frame)
    ids = frame[["block", "experiment"] if "block" in frame.columns else []].to_numpy(dtype=float)
    parts = [_hot(choices, n), _outcomes(frame[rewards].to_numpy(dtype=float), choices, n)]
    xs = np.concatenate([*parts, frame[inputs].to_numpy(dtype=float), ids, codes[:, None]], axis=1)
    return _built(cls, frame, xs, _hot(targets, n), labels, inputs)


def _reward_names(frame: pd.DataFrame) -> list[str]:
    names: list[str] = []
    while f"reward_{len(names)}" in frame.columns:
        names.append(f"reward_{len(names)}")
    return names or ["reward"]


def _built(cls: Any, frame: pd.DataFrame, xs: Any, ys: Any, labels: Any, inputs: list[str]) -> "DatasetRNN":
    session = pd.factorize(frame["session"])[0]
    trial = frame.groupby("session", sort=False).cumcount().to_numpy()
    n_sessions, n_trials = session.max(initial=-1) + 1, trial.max(initial=-1) + 1
    wide = np.full((n_sessions, n_trials, xs.shape[-1]), -1.0)
    target = np.full((n_sessions, n_trials, ys.shape[-1]), -1.0)
    first = np.flatnonzero(trial == 0)
    n_ids = 3 if "block" in frame.columns else 1
    wide[session[first], :, -n_ids:] = xs[first, None, -n_ids:]
    wide[session, trial], target[session, trial] = xs, ys
    built: DatasetRNN = cls(wide, target, participants=labels, additional_inputs=inputs)
    return built


def _codes(frame: pd.DataFrame) -> tuple[NDArray[Any], list[Any] | None]:
    """Participant codes, and their labels where the table has both or the labels are no codes."""
    if "participant_code" in frame.columns:
        codes = frame["participant_code"].to_numpy(dtype=int)
        told = dict(zip(codes.tolist(), frame["participant"].tolist(), strict=True))
        return codes, [told.get(code, code) for code in range(codes.max(initial=-1) + 1)]
    if pd.api.types.is_integer_dtype(frame["participant"]):
        return frame["participant"].to_numpy(), None
    codes, labels = pd.factorize(frame["participant"])
    return codes, labels.tolist()


def _rewards(rewards: NDArray[Any], choices: NDArray[Any], targets: NDArray[Any]) -> dict[str, Any]:
    n = rewards.shape[-1]
    if (
        np.isfinite(rewards).sum(axis=1).max(initial=0) > 1
        or max(choices.max(initial=0), targets.max(initial=0)) < n - 1
    ):
        return {f"reward_{arm}": rewards[:, arm] for arm in range(n)}
    return {"reward": np.take_along_axis(rewards, np.maximum(choices, 0)[:, None], axis=1)[:, 0]}


def _outcomes(told: NDArray[Any], choices: NDArray[Any], n: int) -> NDArray[Any]:
    if told.shape[1] == 1:
        told = np.where(choices[:, None] == np.arange(n), told, np.nan)
    outcomes: NDArray[Any] = np.nan_to_num(told, nan=-1.0)
    return outcomes


def _hot(arms: NDArray[Any], n: int) -> NDArray[Any]:
    hot: NDArray[Any] = np.where(arms[:, None] >= 0, arms[:, None] == np.arange(n), -1).astype(float)
    return hot


def _arms(hot: NDArray[Any]) -> NDArray[Any]:
    onehot = ((hot == 0) | (hot == 1)).all(axis=-1) & (hot.sum(axis=-1) == 1)
    arms: NDArray[Any] = np.where(onehot, hot.argmax(axis=-1), -1)
    return arms


def _integers(arms: NDArray[Any]) -> Any:
    return pd.array(np.where(arms < 0, np.nan, arms), dtype="Int64")
