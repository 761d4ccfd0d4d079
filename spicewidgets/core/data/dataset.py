"""Sessions as tensors for the RNN, with a name for every column and a mask for what was not observed.

A row of `xs` holds the choice one-hot, the rewards (-1 where an outcome was not seen), then either the
participant alone or [additional inputs ...,] block, experiment, participant. A row of `ys` is the next
choice, one-hot. Where a trial is missing, or a session is over (padding), choice, rewards and target are -1
while the ids stay. Knows nothing of models or of where data come from.
"""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.utils.data import Dataset

from .. import checks
from ..simulate.session import BanditSession
from .frames import from_frame, to_frame
from .layout import (
    MISSING,
    as_sessions,
    layout_problems,
    n_ids,
    onehot,
    taken,
    tidied,
    value_problems,
    window_problems,
)
from .splits import concat, split_data_along_sessiondim, split_data_along_timedim

__all__ = ["BanditSession", "DatasetRNN", "concat", "split_data_along_sessiondim", "split_data_along_timedim"]


class DatasetRNN(Dataset[tuple[Tensor, Tensor]]):
    """Inputs `xs` and targets `ys`, float32, with names for what they hold.

    xs (n_sessions, n_trials, n_features), ys (n_sessions, n_trials, n_actions). Both may be changed in place
    (`dataset.xs[..., -1] = 0`); everything else is derived from them when asked for.
    normalize_features: columns to scale to 0..1 over their observed trials.
    sequence_length, stride: cut sessions into windows of so many trials, each `stride` after the one before;
    no trial is lost: the last window is padded. None (or -1) keeps whole sessions.
    participants: the participants' labels, in the order of the codes in the last column.
    additional_inputs: names of the columns between the rewards and the block.
    truth_probs: (n_sessions, n_trials, n_actions), the P of the next choice under the true agent, where it is
    known.
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
        self.xs, self.ys = as_sessions("xs", xs), as_sessions("ys", ys)
        self.truth_probs = None if truth_probs is None else as_sessions("truth_probs", truth_probs)
        self.stride = stride
        self._labels = None if participants is None else tuple(participants)
        self._additional_inputs = tuple(additional_inputs)
        # What a table called the arms, and its lowest and highest reward before they were scaled to 0..1.
        self.arm_labels: tuple[Any, ...] | None = None
        self.reward_range: tuple[float, float] | None = None
        features = int(self.xs.shape[-1]) if self.xs.ndim else 0
        problems = layout_problems(self.xs, self.ys, self.truth_probs, self._additional_inputs)
        checks.refuse(problems + window_problems(sequence_length, stride, normalize_features, features))
        self._move(torch.device(device or "cpu"))
        self.xs, self.ys = tidied(self.xs, self.ys, len(self._id_columns))
        checks.refuse(value_problems(self.xs, self.mask, self.columns))
        if normalize_features is not None:
            self._normalize(np.atleast_1d(normalize_features).tolist())
        whole = sequence_length is None or sequence_length == -1
        self.sequence_length = self.n_trials if whole else min(int(sequence_length or 0), self.n_trials)
        if self.sequence_length < self.n_trials:
            self._cut()

    def __len__(self) -> int:
        return int(self.xs.shape[0])

    def __getitem__(self, index: Any) -> tuple[Tensor, Tensor]:
        return self.xs[index], self.ys[index]

    def __repr__(self) -> str:
        size = f"{self.n_sessions} sessions, {self.n_trials} trials, {self.n_actions} arms"
        return f"DatasetRNN({size}, {self.n_participants} participant{'s' * (self.n_participants != 1)})"

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
        return onehot(self.xs[..., : self.n_actions])

    @property
    def target_mask(self) -> Tensor:
        """(n_sessions, n_trials) bool: the trial and the next choice were observed."""
        return self.mask & onehot(self.ys)

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
        """The label of each participant code; the codes themselves unless every code has a label."""
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

        The index (n_sessions, n_trials) gives for each trial the place of the last observed trial at or
        before it in the compacted session, or -1 if there is none: what is computed there holds at that
        trial, since a missing trial changes nothing. Targets move with their trials.
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
        """A dataset whose session i is made of `trials[i]` of session `sessions[i]`; trial -1 is missing.

        sessions (n,), trials (n, n_trials), both whole numbers.
        """
        return self._like(*self._taken(sessions, trials), self._labels, device)

    def first(self, n_sessions: int) -> Self:
        """The first so many sessions."""
        n = min(n_sessions, self.n_sessions)
        return self.take(torch.arange(n), torch.arange(self.n_trials).expand(n, -1))

    def to_frame(self) -> pd.DataFrame:
        """One row per trial; `DatasetRNN.from_frame` gives the same dataset back."""
        return to_frame(self)

    @classmethod
    def from_frame(cls, frame: pd.DataFrame) -> "DatasetRNN":
        """The dataset that `to_frame` wrote, also by way of a CSV file."""
        return from_frame(cls, frame)

    # Inside

    @property
    def _id_columns(self) -> tuple[str, ...]:
        return ("block", "experiment", "participant")[-n_ids(int(self.xs.shape[-1]), self.n_actions) :]

    def _taken(self, sessions: Tensor, trials: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        """`xs`, `ys` and `truth_probs` of the given trials; missing trials get the ids of their session."""
        sessions, trials = sessions.to(self.xs.device), trials.to(self.xs.device)
        xs, n = taken(self.xs, sessions, trials), len(self._id_columns)
        if self.n_trials:
            first = self.mask.int().argmax(dim=1)[sessions]
            ids = torch.where(trials[..., None] < 0, self.xs[sessions, first, -n:][:, None, :], xs[..., -n:])
            xs = torch.cat([xs[..., :-n], ids], dim=-1)
        truth = None if self.truth_probs is None else taken(self.truth_probs, sessions, trials)
        return xs, taken(self.ys, sessions, trials), truth

    def _like(
        self,
        xs: Tensor,
        ys: Tensor,
        truth_probs: Tensor | None,
        labels: Sequence[Any] | None,
        device: torch.device | str | None = None,
    ) -> Self:
        like = type(self)(
            xs,
            ys,
            device=device or self.device,
            participants=labels,
            additional_inputs=self._additional_inputs,
            truth_probs=truth_probs,
        )
        like.arm_labels, like.reward_range = self.arm_labels, self.reward_range
        return like

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
        """Windows, without those that hold no observed trial; the last one of a session is padded."""
        n, device = -(-(self.n_trials - self.sequence_length) // self.stride) + 1, self.device
        starts = self.stride * torch.arange(n, device=device)
        trials = starts[:, None] + torch.arange(self.sequence_length, device=device)
        trials = torch.where(trials < self.n_trials, trials, -1).repeat_interleave(len(self), dim=0)
        sessions = torch.arange(len(self), device=device).repeat(n)
        observed = (self.mask[sessions[:, None], trials.clamp(min=0)] & (trials >= 0)).any(dim=1)
        kept = observed | ~observed.any()
        self.xs, self.ys, self.truth_probs = self._taken(sessions[kept], trials[kept])

    def _move(self, device: torch.device) -> None:
        self.device = device
        self.xs, self.ys = self.xs.to(device), self.ys.to(device)
        self.truth_probs = None if self.truth_probs is None else self.truth_probs.to(device)
