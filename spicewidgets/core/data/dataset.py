"""Sessions as tensors for the RNN, with a name for every column and a mask for what was not observed.

A row of `xs` holds the choice one-hot, the rewards (-1 where an outcome was not seen), then either the
participant alone or [additional inputs ...,] block, experiment, participant. A row of `ys` is the next
choice, one-hot. Where a trial is missing, or a session is over (padding), choice, rewards and target are -1
while the ids stay.

A `DatasetRNN` is checked when it is made; columns that no model can read are refused by who needs them
(`column_problems`). Code inside the package takes one and checks no more; what comes
from outside goes through `entry.as_dataset` first.
"""

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any, Self

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike
from torch import Tensor
from torch.utils.data import Dataset

from ..checks import raise_if_any
from ..tasks import BANDIT_NAME, TASKS
from . import frames, layout
from .layout import Arrays

Device = torch.device | str | None


class DatasetRNN(Dataset[tuple[Tensor, Tensor]]):
    """Inputs `xs` and targets `ys`, float32, with names for what they hold.

    Both may be changed in place (`dataset.xs[..., -1] = 0`); everything else is derived from them when it is
    asked for.

    Args:
        xs: `(n_sessions, n_trials, n_features)`, or one session alone.
        ys: `(n_sessions, n_trials, n_actions)`.
        normalize_features: columns to scale to 0..1 over their observed trials.
        sequence_length: cut sessions into windows of so many trials; no trial is lost: the last window is
            padded. None (or -1) keeps whole sessions.
        stride: trials from the start of one window to the start of the next.
        device: where the tensors are.
        participants: the participants' labels, in the order of the codes in the last column.
        additional_inputs: names of the columns between the rewards and the block.
        truth_probs: `(n_sessions, n_trials, n_actions)`, the P of the next choice under the true agent, where
            it is known.
        offered: `(n_sessions, n_trials, n_actions)` bool, the options among which the next choice was made,
            where not all of them were on offer in every trial. Where the task has states and this is left
            out, those of the state in which the next choice was made.
        task: the name of the kind of task, one of `core.tasks.TASKS`.

    Attributes:
        arm_labels: what a table called the arms; None where it did not.
        reward_range: lowest and highest reward of a table before they were scaled to 0..1; None without one.
        reward_zero: the reward that is 0 in the table; None without one.
        groups: by column of a table, the group of each person, by the person's label as text, which is
            empty for whom it names none; empty without.

    Raises:
        SettingsError: with a sentence for everything that keeps the arrays from being a data set.
    """

    def __init__(
        self,
        xs: ArrayLike | Tensor,
        ys: ArrayLike | Tensor,
        normalize_features: int | Sequence[int] | None = None,
        sequence_length: int | None = None,
        stride: int = 1,
        device: Device = None,
        *,
        participants: Sequence[Any] | None = None,
        additional_inputs: Sequence[str] = (),
        truth_probs: ArrayLike | Tensor | None = None,
        offered: ArrayLike | Tensor | None = None,
        task: str = BANDIT_NAME,
    ) -> None:
        self.xs, self.ys = layout.as_sessions("xs", xs), layout.as_sessions("ys", ys)
        self.truth_probs = None if truth_probs is None else layout.as_sessions("truth_probs", truth_probs)
        self.offered = None if offered is None else layout.as_sessions("offered", offered).bool()
        self.task = task
        self.stride = stride
        self._labels = None if participants is None else tuple(participants)
        self._additional_inputs = tuple(additional_inputs)
        self.arm_labels: tuple[Any, ...] | None = None
        self.reward_range: tuple[float, float] | None = None
        self.reward_zero: float | None = None
        self.groups: Mapping[str, Mapping[str, str]] = {}
        features = int(self.xs.shape[-1]) if self.xs.ndim else 0
        raise_if_any(
            layout.layout_problems(self.xs, self.ys, self.truth_probs, self._additional_inputs)
            + layout.window_problems(sequence_length, stride, normalize_features, features)
            + layout.task_problems(task, int(self.ys.shape[-1]))
        )
        self._move(torch.device(device or "cpu"))
        if not self.column_problems():
            self.xs, self.ys = layout.normalise_missing(self.xs, self.ys, len(self._id_columns))
        if self.offered is None:
            self.offered = layout.offered_in(task, self.ys)
        raise_if_any(self.value_problems() + layout.offered_problems(self.offered, self.ys, task))
        if TASKS[task].shows_offers and f"{layout.ON_OFFER}_0" not in self.additional_inputs:
            names = self.additional_inputs
            self.xs, own = layout.with_offers(self.xs, self.ys, self.offered)
            self._additional_inputs = (*own, *names)
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
        if self.column_problems():
            return tuple(f"column_{place}" for place in range(int(self.xs.shape[-1])))
        return (
            *(f"choice_{arm}" for arm in arms),
            *(f"reward_{arm}" for arm in arms),
            *self.additional_inputs,
            *self._id_columns,
        )

    @property
    def additional_inputs(self) -> tuple[str, ...]:
        """Names of the additional input columns; input_0, input_1 ... where they have none."""
        n = int(self.xs.shape[-1]) - 2 * self.n_actions - len(self._id_columns)
        return self._additional_inputs or tuple(f"input_{number}" for number in range(n))

    @property
    def mask(self) -> Tensor:
        """(n_sessions, n_trials) bool: the trial was observed, that is, its choice is exactly one-hot."""
        return layout.onehot(self.xs[..., : self.n_actions])

    @property
    def target_mask(self) -> Tensor:
        """(n_sessions, n_trials) bool: the trial and the next choice were observed."""
        return self.mask & layout.onehot(self.ys)

    @property
    def chance(self) -> float:
        """Loss of guesses among the options on offer, in nats per known next choice."""
        return layout.chance(self.target_mask, self.offered, self.n_actions)

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
        return layout.choices_of(self.xs, self.n_actions)

    @property
    def rewards(self) -> Tensor:
        """(n_sessions, n_trials, n_actions) the reward of each arm; NaN where it was not seen."""
        return layout.rewards_of(self.xs, self.n_actions)

    @property
    def rewards_chosen(self) -> Tensor:
        """(n_sessions, n_trials) the reward of the arm chosen; NaN for a missing trial."""
        return self.rewards.gather(-1, self.choices.clamp(min=0)[..., None])[..., 0]

    @property
    def participant_ids(self) -> Tensor:
        """(n_sessions,) the code of each session's participant."""
        return layout.participant_codes(self.xs, self.n_actions)

    @property
    def participants(self) -> tuple[Any, ...]:
        """The label of each participant code; the codes themselves unless every code has a label."""
        n = int(self.participant_ids.max()) + 1 if len(self) else 0
        return self._labels if self._labels is not None and n <= len(self._labels) else tuple(range(n))

    @property
    def labelled(self) -> bool:
        """Tell whether the participants have labels of their own."""
        return self._labels is not None and self.participants is self._labels

    @property
    def n_participants(self) -> int:
        """Number of participants."""
        return len(self.participants)

    def column_problems(self) -> list[str]:
        """Return a sentence if no model can read choices and rewards in these columns."""
        return layout.column_problems(self.xs, self.ys)

    def value_problems(self) -> list[str]:
        """Return a sentence if an observed trial holds a value that no model can use."""
        return layout.value_problems(self.xs, self.mask, self.columns)

    # Other forms of the same data

    def compact(self) -> tuple[Self, Tensor]:
        """Return the observed trials moved to the front of each session, and where to find them.

        Returns:
            The compacted data set, whose targets moved with their trials, and an index `(n_sessions,
            n_trials)`: for each trial the place of the last observed trial at or before it in the compacted
            session, or -1 if there is none. What is computed there holds at that trial, since a missing trial
            changes nothing.
        """
        mask = self.mask
        index = mask.long().cumsum(dim=1) - 1
        if bool(mask.all()):
            return copy(self), index
        n = int(mask.sum(dim=1).max()) if mask.numel() else 0
        order = torch.sort((~mask).int(), dim=1, stable=True).indices[:, :n]
        trials = torch.where(mask.gather(1, order), order, -1)
        return self.take(torch.arange(len(self)), trials), index

    def take(self, sessions: Tensor, trials: Tensor, device: Device = None) -> Self:
        """Return a data set whose session i is made of `trials[i]` of session `sessions[i]`; trial -1 is
        missing.

        Args:
            sessions: `(n,)` whole numbers.
            trials: `(n, n_trials)` whole numbers.
            device: where the tensors are; that of this data set when None.
        """
        part = copy(self)
        part._take(sessions, trials)
        part.sequence_length, part.stride = part.n_trials, 1
        part._move(self.device if device is None else torch.device(device))
        return part

    def first(self, n_sessions: int) -> Self:
        """Return the first so many sessions."""
        n = min(n_sessions, self.n_sessions)
        return self.take(torch.arange(n), torch.arange(self.n_trials).expand(n, -1))

    def recoded(self, codes: Sequence[int], participants: Sequence[Any] | None) -> Self:
        """Return the same sessions with other participants.

        Args:
            codes: the code of each session's participant, `(n_sessions,)`.
            participants: the label of each code; None where they have none.
        """
        part = copy(self)
        part.xs = self.xs.clone()
        part.xs[..., -1] = torch.tensor(codes, dtype=torch.float32, device=self.device)[:, None]
        part._labels = None if participants is None else tuple(participants)
        return part

    def to_frame(self) -> pd.DataFrame:
        """One row per trial; `DatasetRNN.from_frame` gives the same data set back."""
        labels = self.participants if self.labelled else None
        return frames.to_frame(
            Arrays(self.xs, self.ys, labels, self.additional_inputs, self.offered, self.task)
        )

    @classmethod
    def from_frame(cls, frame: pd.DataFrame) -> Self:
        """Return the data set that `to_frame` wrote, also by way of a CSV file."""
        arrays = frames.from_frame(frame)
        return cls(
            arrays.xs,
            arrays.ys,
            participants=arrays.participants,
            additional_inputs=arrays.additional_inputs,
            offered=arrays.offered,
            task=arrays.task,
        )

    # Inside

    @property
    def _id_columns(self) -> tuple[str, ...]:
        return layout.id_columns(int(self.xs.shape[-1]), self.n_actions)

    def _take(self, sessions: Tensor, trials: Tensor) -> None:
        """Become the given trials; missing trials get the ids of their session."""
        sessions, trials = sessions.to(self.xs.device), trials.to(self.xs.device)
        xs, n = layout.taken(self.xs, sessions, trials), len(self._id_columns)
        if self.n_trials:
            first = self.mask.int().argmax(dim=1)[sessions]
            ids = torch.where(trials[..., None] < 0, self.xs[sessions, first, -n:][:, None, :], xs[..., -n:])
            xs = torch.cat([xs[..., :-n], ids], dim=-1)
        self.xs, self.ys = xs, layout.taken(self.ys, sessions, trials)
        if self.truth_probs is not None:
            self.truth_probs = layout.taken(self.truth_probs, sessions, trials)
        if self.offered is not None:  # -1 of a missing trial reads as "all on offer"
            self.offered = layout.taken(self.offered.float(), sessions, trials).bool()

    def _normalize(self, features: list[int]) -> None:
        self.xs = self.xs.clone()
        n = self.n_actions
        for feature in features:
            column = self.xs[..., feature]
            place = feature % self.xs.shape[-1]
            observed = self.mask
            if n <= place < 2 * n and not self.column_problems():
                observed = ~torch.isnan(self.rewards[..., place - n])
            values = column[observed]
            if place >= n and values.numel():
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
        self._take(sessions[kept], trials[kept])

    def _move(self, device: torch.device) -> None:
        self.device = device
        self.xs, self.ys = self.xs.to(device), self.ys.to(device)
        self.truth_probs = None if self.truth_probs is None else self.truth_probs.to(device)
        self.offered = None if self.offered is None else self.offered.to(device)
