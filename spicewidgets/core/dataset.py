"""Sessions as tensors for the RNN, with a name for every column and a mask for what was not observed.

A row of `xs` holds the choice one-hot, the rewards (-1 where an outcome was not seen), then either the participant alone or
[additional inputs ...,] block, experiment, participant. A row of `ys` is the next choice, one-hot. Where a trial is missing, or a
session is over (padding), choice, rewards and target are -1 while the ids stay. Knows nothing of models or of where data come from.
"""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.utils.data import Dataset

from .frames import from_frame, to_frame
from .session import BanditSession
from .settings import SettingsError
from .splits import concat, split_data_along_sessiondim, split_data_along_timedim

__all__ = ["BanditSession", "DatasetRNN", "concat", "split_data_along_sessiondim", "split_data_along_timedim"]

MISSING = -1.0


class DatasetRNN(Dataset[tuple[Tensor, Tensor]]):
    """Inputs `xs` (n_sessions, n_trials, n_features) and targets `ys` (n_sessions, n_trials, n_actions), both float32.

    xs, ys may be changed in place (`dataset.xs[..., -1] = 0`); everything else is derived from them when asked for.
    normalize_features: columns to scale to 0..1 over their observed trials.
    sequence_length, stride: cut sessions into windows of so many trials, each `stride` after the one before; the last window ends
    with the session, so that no trial is lost. None (or -1) keeps whole sessions.
    participants: the participants' labels, in the order of the codes in the last column.
    additional_inputs: names of the columns between the rewards and the block.
    truth_probs: (n_sessions, n_trials, n_actions), the P of the next choice under the true agent, where it is known.
    """

    def __init__(
        self,
        xs: Any,
        ys: Any,
        normalize_features: int | Sequence[int] | None = None,
        sequence_length: int | None = None,
        stride: int = 1,
        device: torch.device | str | None = None,
        *,
        participants: Sequence[Any] | None = None,
        additional_inputs: Sequence[str] = (),
        truth_probs: Any = None,
    ) -> None:
        self.xs, self.ys = _sessions(xs), _sessions(ys)
        self.truth_probs = None if truth_probs is None else _sessions(truth_probs)
        self.device = torch.device(device or "cpu")
        self.stride = stride
        self._labels = None if participants is None else tuple(participants)
        self._additional_inputs = tuple(additional_inputs)
        problems = self._problems(sequence_length, normalize_features)
        if problems:
            raise SettingsError(problems)
        self._tidy()
        if normalize_features is not None:
            self._normalize(np.atleast_1d(normalize_features).tolist())
        whole = sequence_length is None or sequence_length == -1
        self.sequence_length = self.n_trials if whole else min(int(sequence_length or 0), self.n_trials)
        if self.sequence_length < self.n_trials:
            self._cut()
        self._move()

    def __len__(self) -> int:
        return int(self.xs.shape[0])

    def __getitem__(self, index: Any) -> tuple[Tensor, Tensor]:
        return self.xs[index], self.ys[index]

    def __repr__(self) -> str:
        return f"DatasetRNN({self.n_sessions} sessions, {self.n_trials} trials, {self.n_actions} arms, {self.n_participants} participants)"

    # What the columns hold

    @property
    def n_sessions(self) -> int:
        """Number of sessions (or windows)."""
        return int(self.xs.shape[0])

    @property
    def n_trials(self) -> int:
        """Number of trials of the longest session, padding included."""
        return int(self.xs.shape[1])

    @property
    def n_actions(self) -> int:
        """Number of arms."""
        return int(self.ys.shape[-1])

    @property
    def columns(self) -> tuple[str, ...]:
        """The name of every column of `xs`."""
        arms = range(self.n_actions)
        return (
            *(f"choice_{arm}" for arm in arms),
            *(f"reward_{arm}" for arm in arms),
            *self.additional_inputs,
            *self._id_columns,
        )

    @property
    def additional_inputs(self) -> tuple[str, ...]:
        """Names of the additional input columns; input_0, input_1 ... where none were given."""
        n = int(self.xs.shape[-1]) - 2 * self.n_actions - len(self._id_columns)
        return self._additional_inputs or tuple(f"input_{number}" for number in range(n))

    @property
    def mask(self) -> Tensor:
        """(n_sessions, n_trials) bool: the trial was observed, that is, its choice is exactly one-hot."""
        return _onehot(self.xs[..., : self.n_actions])

    @property
    def target_mask(self) -> Tensor:
        """(n_sessions, n_trials) bool: the trial and the next choice were observed."""
        return self.mask & _onehot(self.ys)

    @property
    def lengths(self) -> Tensor:
        """(n_sessions,) number of trials up to the last observed one; what follows is padding."""
        trials = torch.arange(1, self.n_trials + 1, device=self.xs.device)
        return (
            (self.mask * trials).amax(dim=1) if self.n_trials else torch.zeros(len(self), dtype=torch.int64)
        )

    @property
    def choices(self) -> Tensor:
        """(n_sessions, n_trials) the arm chosen, from 0; -1 for a missing trial."""
        return torch.where(self.mask, self.xs[..., : self.n_actions].argmax(dim=-1), -1)

    @property
    def rewards(self) -> Tensor:
        """(n_sessions, n_trials, n_actions) the reward of each arm; NaN where it was not seen."""
        rewards = self.xs[..., self.n_actions : 2 * self.n_actions]
        seen = (rewards != MISSING) | (self.xs[..., : self.n_actions] == 1)
        return torch.where(seen & self.mask[..., None], rewards, torch.nan)

    @property
    def rewards_chosen(self) -> Tensor:
        """(n_sessions, n_trials) the reward of the arm chosen; NaN for a missing trial."""
        rewards: Tensor = self.rewards.gather(-1, self.choices.clamp(min=0)[..., None])[..., 0]
        return rewards

    @property
    def participant_ids(self) -> Tensor:
        """(n_sessions,) the code of each session's participant."""
        if not self.n_trials:
            return torch.zeros(len(self), dtype=torch.int64)
        first = self.mask.int().argmax(dim=1)
        return self.xs[torch.arange(len(self)), first, -1].round().long()

    @property
    def participants(self) -> tuple[Any, ...]:
        """The label of each participant code; the codes themselves where no labels were given or some code has none."""
        n = int(self.participant_ids.max()) + 1 if len(self) else 0
        return self._labels if self._labels is not None and n <= len(self._labels) else tuple(range(n))

    @property
    def labelled(self) -> bool:
        """Whether the participants have labels of their own."""
        return self._labels is not None and self.participants is self._labels

    @property
    def n_participants(self) -> int:
        """Number of participants."""
        return len(self.participants)

    # Other forms of the same data

    def compact(self) -> tuple[Self, Tensor]:
        """The observed trials moved to the front of each session, and where to find them.

        The index (n_sessions, n_trials) gives for each trial the place of the last observed trial at or before it in the compacted
        session, or -1 if there is none: what is computed there holds at that trial, since a missing trial changes nothing. Targets
        move with their trials.
        """
        mask = self.mask
        index = mask.long().cumsum(dim=1) - 1
        if bool(mask.all()):
            return self._like(self.xs, self.ys, self.truth_probs, self._labels), index
        n = int(mask.sum(dim=1).max()) if mask.numel() else 0
        order = torch.sort((~mask).int(), dim=1, stable=True).indices[:, :n]
        at = torch.where(mask.gather(1, order), order, -1)
        return self.take(torch.arange(len(self)), at), index

    def take(self, sessions: Tensor, trials: Tensor, device: torch.device | str | None = None) -> Self:
        """A dataset whose session i holds the given trials (n, m) of session `sessions[i]`; trial -1 makes a missing one."""
        parts = [_take(part, sessions, trials) for part in (self.xs, self.ys)]
        n_ids = len(self._id_columns)
        if self.n_trials:
            parts[0][..., -n_ids:] = self._ids()[sessions][:, None, :]
        truth = None if self.truth_probs is None else _take(self.truth_probs, sessions, trials)
        return self._like(parts[0], parts[1], truth, self._labels, device)

    def to_frame(self) -> pd.DataFrame:
        """One row per trial, exact: `DatasetRNN.from_frame` gives the same dataset back (see core/frames.py)."""
        return to_frame(self)

    @classmethod
    def from_frame(cls, frame: pd.DataFrame) -> "DatasetRNN":
        """The dataset that `to_frame` wrote, also by way of a CSV file."""
        return from_frame(cls, frame)

    # Inside

    @property
    def _id_columns(self) -> tuple[str, ...]:
        return (
            ("participant",)
            if self.xs.shape[-1] == 2 * self.n_actions + 1
            else ("block", "experiment", "participant")
        )

    def _like(
        self,
        xs: Tensor,
        ys: Tensor,
        truth_probs: Tensor | None,
        labels: Sequence[Any] | None,
        device: torch.device | str | None = None,
    ) -> Self:
        return type(self)(
            xs,
            ys,
            device=device or self.device,
            participants=labels,
            additional_inputs=self._additional_inputs,
            truth_probs=truth_probs,
        )

    def _ids(self) -> Tensor:
        """(n_sessions, n_ids) the ids of each session, from its first observed trial."""
        first = self.mask.int().argmax(dim=1)
        return self.xs[torch.arange(len(self)), first, -len(self._id_columns) :]

    def _tidy(self) -> None:
        """Write NaN as missing, in the one way that the layout has for it."""
        n = self.n_actions
        data = self.xs[..., : 2 * n]
        if bool(torch.isnan(data).any()):
            lost = torch.isnan(self.rewards_chosen)[..., None]
            self.xs = torch.cat(
                [torch.where(lost, MISSING, data.nan_to_num(nan=MISSING)), self.xs[..., 2 * n :]], dim=-1
            )
        if bool(torch.isnan(self.ys).any()):
            self.ys = torch.where(torch.isnan(self.ys).any(dim=-1, keepdim=True), MISSING, self.ys)

    def _normalize(self, features: list[int]) -> None:
        self.xs = self.xs.clone()
        n = self.n_actions
        for feature in features:
            column = self.xs[..., feature]
            at = feature % self.xs.shape[-1]
            observed = ~torch.isnan(self.rewards[..., at - n]) if n <= at < 2 * n else self.mask
            values = column[observed]
            if at >= n and values.numel():
                spread = values.max() - values.min()
                column[observed] = (values - values.min()) / (spread if spread > 0 else 1.0)

    def _cut(self) -> None:
        length, last = self.sequence_length, self.n_trials - self.sequence_length
        starts = list(range(0, last + 1, self.stride))
        starts += [last] if starts[-1] != last else []
        mask = torch.cat([self.mask[:, start : start + length].any(dim=1) for start in starts])
        for name in ("xs", "ys", "truth_probs"):
            whole = getattr(self, name)
            if whole is not None:
                windows = torch.cat([whole[:, start : start + length] for start in starts])
                setattr(self, name, windows[mask] if bool(mask.any()) else windows)

    def _move(self) -> None:
        self.xs, self.ys = self.xs.to(self.device), self.ys.to(self.device)
        self.truth_probs = None if self.truth_probs is None else self.truth_probs.to(self.device)

    def _problems(self, sequence_length: Any, normalize_features: Any) -> list[str]:
        found = []
        if self.xs.ndim != 3 or self.ys.ndim != 3 or self.xs.shape[:2] != self.ys.shape[:2]:
            return [
                "xs and ys must have the shapes (n_sessions, n_trials, n_features) and (n_sessions, n_trials, n_actions); "
                f"got {tuple(self.xs.shape)} and {tuple(self.ys.shape)}. Give both the same sessions and trials."
            ]
        features, arms = int(self.xs.shape[-1]), self.n_actions
        if arms < 2 or features < 2 * arms + 1 or features == 2 * arms + 2:
            found.append(
                f"xs must have {2 * arms + 1} columns for {arms} arms (choice, reward, participant), or {2 * arms + 3} or more "
                f"([inputs,] block, experiment, participant); got {features}. ys must have one column per arm, 2 or more."
            )
        elif self._additional_inputs and len(self._additional_inputs) != features - 2 * arms - len(
            self._id_columns
        ):
            found.append(
                f"additional_inputs must name the {features - 2 * arms - len(self._id_columns)} column(s) between rewards and block; "
                f"got {', '.join(self._additional_inputs)}. Name each of them once."
            )
        if self.truth_probs is not None and self.truth_probs.shape != self.ys.shape:
            found.append(
                f"truth_probs must have the shape of ys, {tuple(self.ys.shape)}; got {tuple(self.truth_probs.shape)}. Give P per arm."
            )
        for name, value in (("sequence_length", sequence_length), ("stride", self.stride)):
            if (
                value is not None
                and not (value == -1 and name == "sequence_length")
                and not (isinstance(value, int) and value > 0)
            ):
                found.append(
                    f"{name} must be a whole number of 1 or more trials; got {value!r}. Leave it out for whole sessions."
                )
        for feature in np.atleast_1d([] if normalize_features is None else normalize_features).tolist():
            if not isinstance(feature, int) or not -features <= feature < features:
                found.append(
                    f"normalize_features must be columns from 0 to {features - 1}; got {feature!r}. See `dataset.columns`."
                )
        return found


def _sessions(values: Any) -> Tensor:
    """Values as float32 `(n_sessions, n_trials, n)`; one session alone becomes the first of one."""
    tensor = values if isinstance(values, Tensor) else torch.tensor(np.asarray(values, dtype=np.float32))
    tensor = tensor.to(torch.float32)
    return tensor[None] if tensor.ndim == 2 else tensor


def _onehot(values: Tensor) -> Tensor:
    """(..., n_actions) -> (...) bool: exactly one 1, else 0."""
    return (((values == 0) | (values == 1)).all(dim=-1)) & (values.sum(dim=-1) == 1)


def _take(part: Tensor, sessions: Tensor, trials: Tensor) -> Tensor:
    rows = (
        part[sessions[:, None], trials.clamp(min=0)]
        if part.shape[1]
        else part.new_empty(*trials.shape, part.shape[2])
    )
    return torch.where(trials[..., None] >= 0, rows, MISSING)
