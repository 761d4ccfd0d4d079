"""The two ways to bring the loss down from the model's weights: L-BFGS and Adam, an epoch for each record."""

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from .objective import Array, get_flat_parameters, set_flat_parameters
from .optimisers import Adam, Patience, cosine_rate, lbfgs, points
from .run import Epoch, Run

LBFGS_PATIENCE = 5  # iterations
# nats gained in so many iterations; with less the training ends, for what is left to gain is noise of the
# data
LBFGS_TOLERANCE = 1e-5


def run_lbfgs(run: Run) -> Iterator[Epoch]:
    """L-BFGS on all sessions, an iteration for each epoch, until little is left to gain."""
    for loss, at_rest in lbfgs_losses(run) if run.epochs_left > 0 else ():
        last = at_rest or run.epochs_left == 1
        yield run.record("lbfgs", loss, note=run.problem_at_end(loss) if last else "")
        if last:
            return


def lbfgs_losses(run: Run) -> Iterator[tuple[float, bool]]:
    """L-BFGS from the model's weights, in float64, because the line search compares losses that differ by
    less than float32 resolves.

    Yields:
        The loss after each iteration, whose weights the model has, and whether little is left to gain.
    """
    loss, decay = run.losses(double=True), run.settings.l2_weight_decay

    def penalise(x: Array) -> tuple[float, Array]:
        (value,), gradient = loss(x[None], run.exact)
        return float(value) + 0.5 * decay * float(x @ x), gradient[0] + decay * x

    patience = Patience(LBFGS_PATIENCE, LBFGS_TOLERANCE)
    for point in points(lbfgs(get_flat_parameters(run.model)[0].astype(float)), penalise):
        set_flat_parameters(point.x.astype(np.float32), run.model)
        yield point.loss - 0.5 * decay * float(point.x @ point.x), patience.over(point.loss)


def run_adam(run: Run) -> Iterator[Epoch]:
    """Adam (Kingma & Ba 2015), a pass over all sessions for each epoch, in batches where asked for."""
    settings = run.settings
    optimizer = Adam(settings.learning_rate, settings.l2_weight_decay)
    whole = settings.batch_size is None and not settings.bagging
    theta = get_flat_parameters(run.model)
    before, smoothed, epoch = math.inf, math.inf, 0
    while run.epochs_left > 0:
        if settings.scheduler:
            optimizer.rate = cosine_rate(settings.learning_rate, epoch)
        weights = theta if whole else None  # a whole batch's loss is that before its step
        loss, theta = _adam_epoch(run, optimizer, theta)
        set_flat_parameters(theta, run.model)
        smoothed = _smooth(smoothed, before - loss)
        converged = smoothed < settings.convergence_threshold
        before, epoch = loss, epoch + 1
        last = run.epochs_left == 1 or converged
        yield run.record("adam", loss, optimizer.rate, run.problem_at_end(loss) if last else "", weights)
        if converged or not math.isfinite(loss):
            return


def _adam_epoch(run: Run, optimizer: Adam, theta: Array) -> tuple[float, Array]:
    """One pass over the sessions; the mean loss of its batches, and the weights after it."""
    total, count = 0.0, 0.0
    for index in _batches(run):
        batch = run.sessions if index is None else run.sessions.take(index)
        with run.stream():
            (loss,), gradient = run.losses(n_steps=run.settings.n_steps_per_call)(theta, batch)
        theta = optimizer.step(theta, gradient)
        weight = float(batch.weights.sum())
        total, count = total + float(loss) * weight, count + weight
    return total / count, theta


def _batches(run: Run) -> Iterator[Tensor | None]:
    """Yield indices of the sessions of each batch of an epoch; None for all of them."""
    n, bagging = run.sessions.n_sessions, run.settings.bagging
    size = run.settings.batch_size or n
    if size >= n and not bagging:
        yield None
        return
    order = run.rng.integers(n, size=n) if bagging else run.rng.permutation(n)
    for begin in range(0, n, size):
        yield torch.from_numpy(order[begin : begin + size])


def _smooth(gain: float, latest: float) -> float:
    """Return the gain per epoch, smoothed over some 20 epochs; infinite before there is one."""
    if not math.isfinite(latest):
        return gain
    return 0.95 * gain + 0.05 * abs(latest) if math.isfinite(gain) else abs(latest)
