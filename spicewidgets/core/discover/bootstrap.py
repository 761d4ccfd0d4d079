"""Resampled fits: how far a model's weights move when its sessions are drawn anew, with replacement (Efron
1979).

Each participant's sessions are drawn among their own, as many as there are. Resamples are fitted side by
side: each is a weight for every session, so that one call of a compiled loss serves them all.
"""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from ..data.dataset import DatasetRNN
from ..random import RandomState, children
from ..settings import SettingsError
from ..train.descents import LBFGS_PATIENCE, LBFGS_TOLERANCE
from ..train.losses import Losses
from ..train.objective import Array, EagerLoss, Loss, Sessions, get_flat_parameters, set_flat_parameters
from ..train.optimisers import Patience, lbfgs, together
from ..train.rnn import BaseRNN

MOST_ITERATIONS = 200


@dataclass(frozen=True)
class Bootstrap:
    """Fits of one model to resamples of its sessions.

    Attributes:
        model: the model that they began from; it is left as it was.
        counts: how often each session was drawn, `(n_resamples, n_sessions)`.
        weights: learned weights of each fit, `(n_resamples, n_weights)`, float64.
        losses: nats per choice of each fit on its own resample, `(n_resamples,)`.
        eager: why the fits were not compiled; empty where they were.
    """

    model: BaseRNN
    counts: Array
    weights: Array
    losses: Array
    eager: str

    def models(self) -> Iterator[BaseRNN]:
        """Yield a copy of the model for each resample, with its weights."""
        for row in self.weights:
            model = deepcopy(self.model).eval()
            set_flat_parameters(row.astype(np.float32), model)
            yield model


def bootstrap(
    model: BaseRNN,
    dataset: DatasetRNN,
    n_resamples: int = 200,
    *,
    weight_decay: float = 0.0,
    random_state: RandomState = None,
    compiled: bool | str = "auto",
) -> Bootstrap:
    """Fit a trained model to resamples of its sessions, by L-BFGS from its present weights.

    Args:
        model: a trained model, without dropout.
        dataset: the sessions it was trained on; participants are indices 0, 1, ... in the last column.
        n_resamples: number of resamples. The first ones are the same, however many there are.
        weight_decay: as in the training.
        random_state: for the resamples.
        compiled: see `train`.

    Example:
        >>> import spicewidgets as sw
        >>> dataset, _, _ = sw.create_dataset(sw.AgentQ(), sw.BanditsDrift(), 30, 10, random_state=1)
        >>> model = sw.RescorlaWagnerRNN(2)
        >>> fits = sw.bootstrap(model, dataset, 5, random_state=1)
        >>> fits.counts.sum(1)
        array([10, 10, 10, 10, 10])
    """
    sessions = Sessions.of(dataset)
    counts = draw(sessions, children(random_state, n_resamples))
    refits = Refits(model, sessions, n_resamples, weight_decay=weight_decay, compiled=compiled)
    weights, losses = refits(counts)
    return Bootstrap(model, counts, weights, losses, refits.eager)


def draw(data: DatasetRNN | Sessions, streams: Sequence[np.random.Generator]) -> Array:
    """Draw sessions with replacement: the number of times that each is drawn, `(n_streams, n_sessions)`, a
    resample for each stream.
    """
    codes = Sessions.of(data).participants
    own = [np.flatnonzero(codes == code) for code in np.unique(codes)]
    counts = np.zeros((len(streams), len(codes)), int)
    for row, rng in zip(counts, streams, strict=True):
        for sessions in own:
            np.add.at(row, sessions[rng.integers(len(sessions), size=len(sessions))], 1)
    return counts


class Refits:
    """Fits a trained model to resamples of its sessions, some at a time.

    Args:
        model, weight_decay, compiled: as in `bootstrap`.
        data: the sessions the model was trained on.
        n_resamples: how many there will be in all, by which it is decided whether to compile.

    Attributes:
        eager: why the fits are not compiled; empty where they are.
    """

    def __init__(
        self,
        model: BaseRNN,
        data: DatasetRNN | Sessions,
        n_resamples: int,
        *,
        weight_decay: float = 0.0,
        compiled: bool | str = "auto",
    ) -> None:
        _refuse_dropout(model)
        self.weight_decay, self._begin = weight_decay, get_flat_parameters(model)[0].astype(float)
        sessions = Sessions.of(data)
        losses = Losses(model, sessions, None, compiled, MOST_ITERATIONS * n_resamples)
        self.eager = losses.eager
        self._loss, self._sessions = losses(double=True), sessions.double()

    def __call__(self, counts: Array) -> tuple[Array, Array]:
        """Weights `(n_resamples, n_weights)` and losses `(n_resamples,)` of some resamples."""

        def penalise(fits: list[int], theta: Array) -> tuple[Array, Array]:
            losses, gradient = _of_resamples(self._loss, theta, self._sessions, counts[fits])
            return losses + self._penalty(theta), gradient + self.weight_decay * theta

        descents = [lbfgs(self._begin) for _ in counts]
        points = together(
            descents, penalise, lambda: Patience(LBFGS_PATIENCE, LBFGS_TOLERANCE, MOST_ITERATIONS)
        )
        weights = np.stack([point.x for point in points])
        return weights, np.array([point.loss for point in points]) - self._penalty(weights)

    def _penalty(self, theta: Array) -> Array:
        penalty: Array = 0.5 * self.weight_decay * np.square(theta).sum(1)
        return penalty


def _refuse_dropout(model: BaseRNN) -> None:
    layers = [module.p for module in model.modules() if isinstance(module, nn.Dropout)]
    if model.dropout > 0 or any(share > 0 for share in layers):
        raise SettingsError(
            [
                "Resamples are fitted without dropout, and this model has some: its weights would not be"
                " those of the same training. Train it with dropout=0."
            ]
        )


def _of_resamples(loss: Loss, theta: Array, sessions: Sessions, counts: Array) -> tuple[Array, Array]:
    """Loss and gradient of each row on its own resample: in one call of a compiled loss, else one by one."""
    if not isinstance(loss, EagerLoss):
        return loss(theta, sessions, counts=counts)
    drawn = [np.repeat(np.arange(counts.shape[1]), row) for row in counts]
    parts = [loss(row[None], sessions.take(torch.from_numpy(i))) for row, i in zip(theta, drawn, strict=True)]
    return np.concatenate([losses for losses, _ in parts]), np.concatenate([slopes for _, slopes in parts])
