"""Resampled fits: how far a model's weights move when its sessions are drawn anew, with replacement (Efron
1979).

All resamples are fitted side by side: each is a weight for every session, so that one call of a compiled loss
serves them all. Knows nothing of equations.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch

from .dataset import DatasetRNN
from .objective import Array, EagerLoss, Loss, Losses, Sessions, flat, put
from .optimisers import Patience, lbfgs, together
from .random import RandomState, generator
from .rnn import BaseRNN
from .settings import Training
from .training import LBFGS_PATIENCE, LBFGS_TOLERANCE, uses_lbfgs

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
        """A copy of the model for each resample, with its weights."""
        for row in self.weights:
            model = deepcopy(self.model).eval()
            put(row.astype(np.float32), model)
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
        n_resamples: number of resamples.
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
    uses_lbfgs(model, Training(optimizer="lbfgs"))  # refuses dropout
    sessions = Sessions.of(dataset)
    n = sessions.n_sessions
    drawn = generator(random_state).integers(n, size=(n_resamples, n))
    counts = np.stack([np.bincount(row, minlength=n) for row in drawn])
    losses = Losses(model, sessions, None, compiled, MOST_ITERATIONS * n_resamples)
    loss, exact = losses(double=True), sessions.double()

    def penalised(fits: list[int], theta: Array) -> tuple[Array, Array]:
        found, gradient = _of_resamples(loss, theta, exact, counts[fits])
        return found + 0.5 * weight_decay * np.square(theta).sum(1), gradient + weight_decay * theta

    descents = [lbfgs(flat(model)[0].astype(float)) for _ in range(n_resamples)]
    points = together(descents, penalised, lambda: Patience(LBFGS_PATIENCE, LBFGS_TOLERANCE, MOST_ITERATIONS))
    weights = np.stack([point.x for point in points])
    penalty = 0.5 * weight_decay * np.square(weights).sum(1)
    return Bootstrap(
        model, counts, weights, np.array([point.loss for point in points]) - penalty, losses.eager
    )


def _of_resamples(loss: Loss, theta: Array, sessions: Sessions, counts: Array) -> tuple[Array, Array]:
    """Loss and gradient of each row on its own resample: in one call of a compiled loss, else one by one."""
    if not isinstance(loss, EagerLoss):
        return loss(theta, sessions, counts=counts)
    drawn = [np.repeat(np.arange(counts.shape[1]), row) for row in counts]
    parts = [loss(row[None], sessions.take(torch.from_numpy(i))) for row, i in zip(theta, drawn, strict=True)]
    return np.concatenate([found for found, _ in parts]), np.concatenate([slope for _, slope in parts])
