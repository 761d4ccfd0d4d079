"""The loss that training brings down: cross entropy of the next choice, in nats per choice, over
the trials whose next choice is known.

`EagerLoss` computes it with its gradient by autograd; `compiled/` has a faster one with the same interface
(`Loss`), and `losses.py` chooses between them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from ..data.dataset import DatasetRNN
from ..data.layout import chance
from ..settings import SettingsError
from .rnn import BaseRNN

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Sessions:
    """A data set as training wants it: trials first, missing trials taken out, padding at the end and without
    weight.

    Attributes:
        inputs: `(n_trials, n_sessions, n_features)`; the padding repeats a session's last trial, so that a
            forward computes nothing there that it does not also compute of a real trial.
        targets: index of the next choice, `(n_trials, n_sessions)`; 0 where it is not known.
        weights: 1 where the next choice is known, else 0, `(n_trials, n_sessions)`.
        floor: loss of the agent that made the choices, in nats per choice; None where it is not known. A part
            of the sessions has none.
        offered: whether an option was on offer for the next choice, `(n_trials, n_sessions, n_actions)`; None
            where all were.
        observed: trials that are not padding, `(n_trials, n_sessions)`; None where there is no padding.
    """

    inputs: Tensor
    targets: Tensor
    weights: Tensor
    floor: float | None = None
    offered: Tensor | None = None
    observed: Tensor | None = None

    @classmethod
    def of(cls, data: "DatasetRNN | Sessions") -> "Sessions":
        """Return the sessions of a data set; those that are laid out already are returned as they are.

        Raises:
            SettingsError: no next choice is known.
        """
        if isinstance(data, Sessions):
            return data
        compact, _ = data.compact()
        known = torch.as_tensor(compact.target_mask)
        if not known.any():
            raise SettingsError(
                [
                    "No trial has a next choice to learn from: every trial or target is missing. Check the"
                    " choices of the data set."
                ]
            )
        observed = torch.as_tensor(compact.mask)
        last = (observed.sum(1) - 1).clamp(min=0)
        trials = torch.arange(compact.n_trials).minimum(last[:, None]).unsqueeze(-1)
        inputs = compact.xs.take_along_dim(trials, 1)
        inputs[~observed.any(1), :, : 2 * compact.n_actions] = 0  # nothing is known of these sessions
        targets = torch.where(known.unsqueeze(-1), compact.ys, torch.zeros_like(compact.ys)).argmax(-1)
        laid_out = (inputs.permute(1, 0, 2).contiguous(), targets.T.contiguous(), known.T.to(inputs))
        offered = None if compact.offered is None else compact.offered.permute(1, 0, 2)
        return cls(*laid_out, floor_of(compact), offered, None if bool(observed.all()) else observed.T)

    @property
    def n_sessions(self) -> int:
        """Number of sessions."""
        return self.inputs.shape[1]

    def chance(self, n_actions: int) -> float:
        """Compute the loss of guesses among the options on offer, in nats per choice."""
        return chance(self.weights > 0, self.offered, n_actions)

    @property
    def participants(self) -> Array:
        """The index of each session's participant, `(n_sessions,)`."""
        codes: Array = self.inputs[0, :, -1].long().numpy()
        return codes

    def mask(self, logits: Tensor, trials: slice = slice(None)) -> Tensor:
        """Logits of some trials; minus infinity for an option that was not on offer: its P is 0.

        Args:
            logits: `(..., n_trials, n_sessions, n_actions)`.
            trials: which trials they are.
        """
        return logits if self.offered is None else logits.masked_fill(~self.offered[trials], -torch.inf)

    def first(self, n_trials: int) -> "Sessions":
        """Return the first trials of every session."""
        return self._each(lambda part: part[:n_trials])

    def take(self, index: Tensor) -> "Sessions":
        """Return some sessions, by index."""
        return self._each(lambda part: part[:, index])

    def windows(self, length: int) -> "Sessions":
        """Every window of so many trials, each beginning one trial after the one before, without those in
        which no next choice is known.
        """
        n_trials = min(length, len(self.inputs))
        windows = self._each(lambda part: part.unfold(0, n_trials, 1).movedim(-1, 0).flatten(1, 2))
        return windows.take(windows.weights.any(0))

    def double(self) -> "Sessions":
        """Return the same in float64."""
        return replace(self, inputs=self.inputs.double(), weights=self.weights.double(), floor=None)

    def repeat(self, times: int) -> "Sessions":
        """All sessions, several times over, as several starts see them."""
        return self._each(lambda part: part.repeat(1, times, *[1] * (part.ndim - 2)))

    def _each(self, change: Callable[[Tensor], Tensor]) -> "Sessions":
        """Return the sessions with each of their tensors changed."""
        tensors = change(self.inputs), change(self.targets), change(self.weights)
        masks = (None if mask is None else change(mask) for mask in (self.offered, self.observed))
        return Sessions(*tensors, None, *masks)


def trainable(model: nn.Module) -> list[nn.Parameter]:
    """Return the parameters that are learned, in the order in which a flat vector has them."""
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


def losses(
    model: BaseRNN, sessions: Sessions, n_starts: int = 1, n_steps: int | None = None
) -> Iterator[Tensor]:
    """Loss of each start, `(n_starts,)`, in parts of `n_steps` trials that add up to it; the state is carried
    over without gradient.
    """
    n_trials = len(sessions.inputs)
    n_steps = min(n_steps or n_trials, n_trials)
    total = sessions.weights.reshape(n_trials, n_starts, -1).sum((0, 2)).clamp(min=1)  # a batch may know none
    state = None
    for begin in range(0, n_trials, n_steps):
        part = slice(begin, begin + n_steps)
        logits, state = model(sessions.inputs[part], state)
        state = {key: value.detach() for key, value in state.items()}
        logits = sessions.mask(logits, part)
        nll = nn.functional.cross_entropy(
            logits.flatten(0, 1), sessions.targets[part].flatten(), reduction="none"
        )
        weighted = nll.view_as(sessions.weights[part]).where(sessions.weights[part] > 0, 0.0)
        yield weighted.reshape(len(weighted), n_starts, -1).sum((0, 2)) / total


def loss_and_gradient(
    model: BaseRNN, sessions: Sessions, n_starts: int = 1, n_steps: int | None = None
) -> np.ndarray:
    """Loss of each start, `(n_starts,)` nats per choice; its gradient is left in the parameters' `.grad`."""
    for parameter in model.parameters():
        parameter.grad = None
    total = np.zeros(n_starts)
    for part in losses(model, sessions, n_starts, n_steps):
        part.sum().backward()
        total += part.detach().cpu().numpy()
    return total


def loss_of(model: BaseRNN, sessions: Sessions) -> float:
    """Loss in nats per choice, without gradient and without dropout."""
    training = model.training
    model.eval()
    with torch.no_grad():
        (loss,) = losses(model, sessions)
    model.train(training)
    return float(loss)


def get_flat_parameters(model: nn.Module) -> Array:
    """Return a copy of the learned weights as one vector, `(1, n_weights)`."""
    parts = [parameter.detach().numpy().ravel() for parameter in trainable(model)]
    return np.concatenate(parts)[None] if parts else np.zeros((1, 0), np.float32)


def set_flat_parameters(theta: Array, model: nn.Module) -> None:
    """Give a model the weights of a flat vector."""
    whole, begin = torch.from_numpy(theta).flatten(), 0
    with torch.no_grad():
        for parameter in trainable(model):
            parameter.copy_(whole[begin : begin + parameter.numel()].view_as(parameter))
            begin += parameter.numel()


def embedding_places(model: nn.Module) -> Array:
    """Tell which places of a flat vector are embeddings of several participants, `(n_weights,)`."""
    tables = [one.weight for one in model.modules() if isinstance(one, nn.Embedding)]
    several = {id(weight) for weight in tables if len(weight) > 1}
    parts = [np.full(parameter.numel(), id(parameter) in several) for parameter in trainable(model)]
    return np.concatenate([np.zeros(0, bool), *parts])


class Loss(Protocol):
    """Loss of a model in nats per choice and its gradient, as a function of its weights."""

    def __call__(
        self, theta: Array, sessions: Sessions, *, counts: Array | None = None, back: bool = True
    ) -> tuple[Array, Array]:
        """Loss and gradient at some weights.

        Args:
            theta: weights, `(n_starts, n_weights)`.
            sessions: the data.
            counts: how often each session counts for each start, `(n_starts, n_sessions)`; once when None.
                For compiled losses only.
            back: whether the gradient is wanted.

        Returns:
            Loss `(n_starts,)`; gradient, of the shape of the weights.
        """


class EagerLoss:
    """By autograd, one operation after the other.

    Args:
        model: whose weights are set at each call; its mode says whether there is dropout.
        n_steps: trials of each gradient; None for all.
        n_starts: of a model that runs several starts side by side. Its weights are one row.
    """

    def __init__(self, model: BaseRNN, n_steps: int | None = None, n_starts: int = 1) -> None:
        self.model, self.n_steps, self.n_starts = model, n_steps, n_starts

    def __call__(
        self, theta: Array, sessions: Sessions, *, counts: Array | None = None, back: bool = True
    ) -> tuple[Array, Array]:
        """See `Loss`."""
        set_flat_parameters(theta, self.model)
        if not back:
            return np.array([loss_of(self.model, sessions)]), theta
        loss = loss_and_gradient(self.model, sessions, self.n_starts, self.n_steps)
        none = np.zeros(0, theta.dtype)
        parts = [
            np.zeros(p.numel(), theta.dtype) if p.grad is None else p.grad.numpy().ravel()
            for p in trainable(self.model)
        ]
        return loss, np.concatenate([none, *parts])[None]


def floor_of(dataset: DatasetRNN) -> float | None:
    """Loss of the agent that made the choices, in nats per choice, where the data set knows its
    probabilities.
    """
    if dataset.truth_probs is None:
        return None
    known = np.asarray(dataset.target_mask)
    p = np.asarray(dataset.truth_probs)[known]
    chosen = dataset.ys.cpu().numpy()[known].argmax(-1)
    return float(-np.log(p[np.arange(len(p)), chosen]).mean())
