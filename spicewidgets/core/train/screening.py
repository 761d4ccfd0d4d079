"""Which of several random starts is worth finishing: all are trained for a moment, side by side, as one
model.

A start is a set of initial weights. Running S of them side by side costs hardly more than running one,
because a trial's arrays are so small: the sessions are repeated S times, and each module holds the weights of
all starts.
"""

import math
from collections.abc import Callable, Generator, Iterator, Sequence
from copy import deepcopy
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..settings import SettingsError
from .descents import lbfgs_losses, run_lbfgs
from .modules import Constant, GRUModule
from .objective import Array, EagerLoss, Loss, Sessions, get_flat_parameters, set_flat_parameters
from .optimisers import Adam, Patience
from .rnn import BaseRNN
from .run import Epoch, Run

TRIALS = 40  # the first trials of some sessions tell a start that is stuck from one that learns ...
CHOICES = 1000  # ... where these are enough: from fewer, a start learns what holds nowhere else
SESSIONS = 200
EPOCHS = 150
LEARNING_RATE = 0.03
PATIENCE = 20  # epochs in which the best start must gain GAIN nats, or the screening ends
GAIN = 1e-3
RANKING_EPOCHS = 12  # of L-BFGS, for each of the best few starts
STARTS = 8  # at least ...
STARTS_PER_MODULE = 4  # ... and so many for each module, since each can settle on the wrong thing

Finish = Callable[[Run], Iterator[Epoch]]


def starts_for(model: BaseRNN) -> int:
    """Return the number of random starts to screen when none is given."""
    return max(STARTS, STARTS_PER_MODULE * len(model.submodules_rnn))


def random_starts(run: Run, n_starts: int) -> Array:
    """Return the model's weights, and newly drawn ones, `(n_starts, n_weights)`."""
    rows, start = [get_flat_parameters(run.model)], deepcopy(run.model)
    for _ in range(n_starts - 1):
        with run.stream():
            start.apply(_reset)
        rows.append(get_flat_parameters(start))
    return np.concatenate(rows)


def run_screened(run: Run, starts: Array, finish: Finish) -> Iterator[Epoch]:
    """Train several starts for a few epochs of Adam; then finish the best one, and the next one if that is
    stuck.

    Args:
        run: the training.
        starts: weights, `(n_starts, n_weights)`.
        finish: trains the model from its weights to the end.
    """
    sessions = _first_trials(run)
    starts = yield from _screen(run, starts, sessions, min(EPOCHS, max(1, run.settings.epochs // 4)))
    reached = run.losses_at(starts, sessions)
    starts = starts[np.argsort(np.nan_to_num(reached, nan=np.inf), kind="stable")]
    if finish is run_lbfgs:
        starts = yield from _rank_starts(run, starts)
    for row in starts:
        set_flat_parameters(row, run.model)
        last = None
        for last in finish(run):
            yield last
        if last is None or run.best_loss < run.chance or run.epochs_left <= 0:
            return


def _first_trials(run: Run) -> Sessions:
    """Return the first trials of all sessions, or of so many drawn at random; of few sessions, more of
    them.
    """
    n = run.sessions.n_sessions
    some = run.rng.permutation(n)[:SESSIONS] if n > SESSIONS else np.arange(n)
    n_trials = max(TRIALS, math.ceil(CHOICES / len(some)))
    return run.sessions.take(torch.from_numpy(np.sort(some))).first(n_trials)


def _rank_starts(run: Run, starts: Array) -> Generator[Epoch, None, Array]:
    """Sort the starts: the best few, as many as the model has modules, learn from everything for some
    iterations. What looked best on the first trials may have learned one mechanism and missed another.
    """
    n = min(len(run.model.submodules_rnn), len(starts), run.epochs_left // (2 * RANKING_EPOCHS))
    if n < 2:
        return starts
    results = []
    lowest = math.inf
    for row in starts[:n]:
        set_flat_parameters(row, run.model)
        loss = math.inf
        for loss, at_rest in islice(lbfgs_losses(run), RANKING_EPOCHS):
            if loss < lowest:
                lowest, run.best_weights = loss, get_flat_parameters(run.model)
            yield run.record("screen", lowest)
            if at_rest:
                break
        results.append((np.nan_to_num(loss, nan=np.inf), get_flat_parameters(run.model)))
    results.sort(key=lambda result: result[0])
    return np.concatenate([*(weights for _, weights in results), starts[n:]])


def _screen(run: Run, starts: Array, sessions: Sessions, n_epochs: int) -> Generator[Epoch, None, Array]:
    """Train all starts on some sessions; their weights at the end."""
    if not run.losses.eager:
        return (yield from _side_by_side(run, starts, run.losses(), sessions, n_epochs, lambda theta: theta))
    models = [_with_weights(run.model, row) for row in starts]
    stacked = stack(models)
    if stacked is None or not _same(stacked, models, sessions):
        return (yield from _in_turn(run, models, sessions, n_epochs))
    n, loss = len(models), EagerLoss(stacked, n_starts=len(models))

    def rows_of(theta: Array) -> Array:
        set_flat_parameters(theta, stacked)
        return np.concatenate([get_flat_parameters(unstack(stacked, run.model, start)) for start in range(n)])

    return (
        yield from _side_by_side(
            run, get_flat_parameters(stacked), loss, sessions.repeat(n), n_epochs, rows_of
        )
    )


def _side_by_side(
    run: Run,
    theta: Array,
    loss: Loss,
    sessions: Sessions,
    n_epochs: int,
    rows_of: Callable[[Array], Array],
) -> Generator[Epoch, None, Array]:
    """Adam for the weights of all starts at once, until the best one gains little.

    Args:
        run: the training.
        theta: weights as the loss takes them.
        loss: of all starts.
        sessions: what they learn from.
        n_epochs: at most.
        rows_of: makes a row of weights for each start of `theta`.
    """
    optimizer, patience = Adam(LEARNING_RATE), Patience(PATIENCE, GAIN)
    losses = np.full(1, np.inf)
    try:
        for _ in range(n_epochs):
            with run.stream():
                values, gradient = loss(theta, sessions)
            losses = np.nan_to_num(values, nan=np.inf)
            if len(theta) > 1:  # the best one so far can be looked at while the others go on
                set_flat_parameters(theta[[int(losses.argmin())]], run.model)
            theta = optimizer.step(theta, gradient)
            best = float(losses.min())
            yield run.record("screen", best, LEARNING_RATE)
            if patience.over(best):
                break
    finally:
        starts = rows_of(theta)
        if np.isfinite(losses).any():
            run.best_weights = starts[[int(losses.argmin())]]
    return starts


def _in_turn(
    run: Run, models: Sequence[BaseRNN], sessions: Sessions, n_epochs: int
) -> Generator[Epoch, None, Array]:
    """Return the same, one start after the other, for models that cannot run side by side."""
    lowest = math.inf
    for model in models[:n_epochs]:
        optimizer, loss, theta = Adam(LEARNING_RATE), EagerLoss(model), get_flat_parameters(model)
        for _ in range(-(-n_epochs // len(models))):
            with run.stream():
                (value,), gradient = loss(theta, sessions)
            theta = optimizer.step(theta, gradient)
            set_flat_parameters(theta, model)
            if value < lowest:
                lowest, run.best_weights = float(value), theta
            yield run.record("screen", lowest, LEARNING_RATE)
    return np.concatenate([get_flat_parameters(model) for model in models])


def _with_weights(model: BaseRNN, row: Array) -> BaseRNN:
    copy = deepcopy(model)
    set_flat_parameters(row, copy)
    return copy


def _reset(module: nn.Module) -> None:
    if callable(reset := getattr(module, "reset_parameters", None)):
        reset()


def _same(stacked: BaseRNN, models: Sequence[BaseRNN], sessions: Sessions) -> bool:
    """Compare the stacked model with its starts, on two trials of a few sessions."""
    few = sessions.first(2).take(torch.arange(min(3, sessions.n_sessions)))
    training = stacked.training
    stacked.eval()
    try:
        with torch.no_grad():
            together = stacked(few.repeat(len(models)).inputs)[0].chunk(len(models), 1)
            alone = [deepcopy(model).eval()(few.inputs)[0] for model in models]
        return all(torch.allclose(a, b, atol=1e-5) for a, b in zip(together, alone, strict=True))
    except (RuntimeError, SettingsError):
        return False
    finally:
        stacked.train(training)


class SideBySide(nn.Module):
    """Any module, once for each start: its first dimension is cut into as many parts, one for each."""

    def __init__(self, modules: Sequence[nn.Module]) -> None:
        super().__init__()
        self.starts = nn.ModuleList(modules)

    def forward(self, *inputs: Tensor) -> Tensor:
        """Run each start on its part, one after the other."""
        parts = zip(*(x.chunk(len(self.starts)) for x in inputs), strict=True)
        return torch.cat([start(*part) for start, part in zip(self.starts, parts, strict=True)])


def stack(models: Sequence[BaseRNN]) -> BaseRNN | None:
    """One model that runs all starts: its sessions are those of the first start, then those of the second,
    and so on.

    Returns None where the model has parameters of its own outside its modules, since nothing is known of how
    they are used.
    """
    if any(parameter is not None for module in models[0].modules() for parameter in _own_parameters(module)):
        return None
    stacked = deepcopy(models[0])
    _replace(stacked, models)
    return stacked


def unstack(stacked: BaseRNN, like: BaseRNN, start: int) -> BaseRNN:
    """Return a copy of `like` with the weights of one start of the stacked model."""
    model = deepcopy(like)
    _copy(stacked, model, start)
    return model


def _own_parameters(module: nn.Module) -> list[Any]:
    """Parameters that a container (a module with children, such as the model itself) holds directly."""
    is_container = isinstance(module, BaseRNN) or any(True for _ in module.children())
    return list(module._parameters.values()) if is_container else []


def _replace(stacked: nn.Module, models: Sequence[nn.Module]) -> None:
    for name, child in stacked.named_children():
        originals = [getattr(model, name) for model in models]
        if isinstance(child, GRUModule | Constant):
            for key, parameter in child._parameters.items():
                if parameter is not None:
                    parts = [getattr(original, key).detach() for original in originals]
                    setattr(child, key, nn.Parameter(torch.cat(parts)))
        elif any(True for _ in child.children()):
            _replace(child, originals)
        elif any(True for _ in child.parameters()):
            setattr(stacked, name, SideBySide([deepcopy(original) for original in originals]))


def _copy(stacked: nn.Module, model: nn.Module, start: int) -> None:
    for name, child in model.named_children():
        source = getattr(stacked, name)
        if isinstance(source, SideBySide):
            child.load_state_dict(source.starts[start].state_dict())
        elif isinstance(child, GRUModule | Constant):
            for key, parameter in child._parameters.items():
                if parameter is not None:
                    parameter.data = getattr(source, key).detach()[start : start + 1].clone()
        else:
            _copy(source, child, start)
