"""The ways to bring the loss down from the model's weights: L-BFGS, Adam, and Adam with embeddings that are
weighed by evidence. Each is an epoch for each record.
"""

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from .objective import Array, Sessions, embedding_places, get_flat_parameters, set_flat_parameters
from .optimisers import Adam, Patience, cosine_rate, lbfgs, points
from .run import Epoch, Run

LBFGS_PATIENCE = 5  # iterations
# nats gained in so many iterations; with less the training ends, for what is left to gain is noise of the
# data
LBFGS_TOLERANCE = 1e-5
# From so few choices a network can learn a cliff: 30 choices at .03 nats in float64, at .35 once its weights
# were rounded to the model's float32. By so many nats a choice they may do worse as the model has them.
FEW_CHOICES, CLIFF = 1000, 1e-3
# Of the evidence's bound: with half as many passes the networks of 101 people expect other runs by 0.004 nats
# less, with twice as many by 0.0005 more.
STEPS, PASSES = 600, 300  # at least
STEP_SESSIONS = 100  # of a step, at least
RATE, WARM = 0.03, 20  # it grows for so many steps, a tenth of all at most, and falls as a cosine
FIRST_LOG_SPREAD = -1.2  # a spread of 0.3
SMOOTHED = 10  # epochs of the running mean of the bound by which weights are kept


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
        The loss after each iteration, whose weights the model has, and whether little is left to gain; or
        whether the next ones would be on a cliff.
    """
    loss, decay = run.losses(double=True), run.settings.l2_weight_decay

    def penalise(x: Array) -> tuple[float, Array]:
        (value,), gradient = loss(x[None], run.exact)
        return float(value) + 0.5 * decay * float(x @ x), gradient[0] + decay * x

    patience, reached = Patience(LBFGS_PATIENCE, LBFGS_TOLERANCE), math.inf
    few = bool(run.sessions.weights.sum() < FEW_CHOICES)
    for point in points(lbfgs(get_flat_parameters(run.model)[0].astype(float)), penalise):
        weights = point.x.astype(np.float32)
        value = point.loss - 0.5 * decay * float(point.x @ point.x)
        if few and math.isfinite(reached):
            (held,), _ = loss(weights[None].astype(float), run.exact, back=False)
            if held > value + CLIFF:
                yield reached, True
                return
        reached = value
        set_flat_parameters(weights, run.model)
        yield value, patience.over(point.loss)


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


def run_variational(run: Run) -> Iterator[Epoch]:
    """Adam on a lower bound of ln p(choices), for a model that knows people by an embedding.

    What embeddings tell is weighed against what they cost: each number of each person is drawn from a normal
    posterior, with the weight as its mean and a spread of its own, and pays its divergence from a standard
    normal prior (Kingma & Welling 2014). A person whose choices tell little is drawn to the others, and of an
    embedding that is too large what no choice asks for falls silent.
    """
    theta, own = get_flat_parameters(run.model), embedding_places(run.model)
    x = np.append(theta, np.full(int(own.sum()), FIRST_LOG_SPREAD, theta.dtype))
    parts, n_choices = _sessions_of_each(run.sessions), float(run.sessions.weights.sum())
    n_epochs = min(run.epochs_left, max(PASSES, -(-STEPS // len(parts))))
    n_steps, step, smoothed = n_epochs * len(parts), 0, math.inf
    optimizer, warm = Adam(RATE), min(WARM, n_steps / 10)
    for epoch in range(1, n_epochs + 1):
        total = 0.0
        for part in run.rng.permutation(len(parts)):
            loss, slope = _bound_slope(run, x, own, parts[part], n_choices)
            step += 1
            optimizer.rate = RATE * min(1.0, step / warm) * 0.5 * (1 + math.cos(math.pi * step / n_steps))
            x = optimizer.step(x, slope / max(1.0, float(np.linalg.norm(slope))))
            total += loss * float(parts[part].weights.sum())
        weights, loss = x[: theta.size], total / n_choices
        set_flat_parameters(weights, run.model)
        log_spread = x[theta.size :].astype(float)
        cost = (np.square(weights[own]) + np.exp(2 * log_spread) - 1).sum() / 2 - log_spread.sum()
        bound = loss + float(cost) / n_choices + run.penalty(weights)
        smoothed = bound if epoch == 1 else smoothed + (bound - smoothed) / SMOOTHED
        last = epoch == n_epochs or not math.isfinite(loss)
        note = run.problem_at_end(loss) if last else ""
        yield run.record("adam", loss, optimizer.rate, note, score=smoothed)
        if last:
            return


def _bound_slope(run: Run, x: Array, own: Array, sessions: Sessions, n_choices: float) -> tuple[float, Array]:
    """Return the loss of sessions, and the slope of the bound per choice.

    Args:
        run: the training.
        x: weights, then ln of the spread of each embedding's number.
        own: which weights are embeddings.
        sessions: of which the loss is taken, at a draw and its mirror image: slopes at the mean add no noise.
        n_choices: of all sessions.
    """
    theta, spread = x[: len(own)], np.exp(x[len(own) :])
    away = spread * run.rng.standard_normal(len(spread)).astype(x.dtype)
    rows = np.stack([theta, theta])
    rows[:, own] += np.stack([away, -away])
    losses, slopes = run.evaluate(rows, sessions)
    by_mean = slopes.mean(0) + run.settings.l2_weight_decay * theta
    by_mean[own] += theta[own] / n_choices
    by_spread = (slopes[0] - slopes[1])[own] / 2 * away + (spread**2 - 1) / n_choices
    return float(losses.mean()), np.append(by_mean, by_spread)


def _sessions_of_each(sessions: Sessions) -> list[Sessions]:
    """Return parts of the sessions, in each of which every participant has as many, or one more or less."""
    people = sessions.participants
    n_of = np.bincount(people)[people]
    order = np.argsort(people, kind="stable")
    place = np.argsort(order) - np.searchsorted(people[order], people)  # among its participant's sessions
    n = min(int(n_of.min()), len(people) // STEP_SESSIONS)
    if n < 2:
        return [sessions]
    return [sessions.take(torch.from_numpy(np.flatnonzero(place % n == part))) for part in range(n)]


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
