"""Training: a generator of records. It tells what happened in each epoch; whoever asks for the next one
draws, prints or stops. Knows nothing of equations, files or displays.
"""

import math
from collections.abc import Callable, Generator, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from time import perf_counter

import numpy as np
import torch
from torch import Tensor, nn

from ..data.dataset import DatasetRNN
from ..data.entry import as_dataset
from ..random import RandomState, generator
from ..settings import SettingsError, Training
from .losses import Losses
from .objective import Array, EagerLoss, Loss, Sessions, flat, put
from .optimisers import Adam, Patience, cosine_rate, lbfgs, points
from .rnn import BaseRNN
from .starts import stack, unstack
from .torch_stream import TorchStream

SCREEN_TRIALS = 40  # the first trials of some sessions tell a start that is stuck from one that learns
SCREEN_SESSIONS = 200
SCREEN_EPOCHS = 150
SCREEN_LEARNING_RATE = 0.03
SCREEN_PATIENCE = 20  # epochs in which the best start must gain SCREEN_GAIN nats, or the screening ends
SCREEN_GAIN = 1e-3
HEAT_EPOCHS = 12  # of L-BFGS, for each of the best few starts
STARTS = 8  # at least ...
STARTS_PER_MODULE = 4  # ... and so many for each module, since each can settle on the wrong thing
LBFGS_PATIENCE = 5  # iterations
# nats gained in so many iterations; with less the training ends, for what is left to gain is noise of the
# data
LBFGS_TOLERANCE = 1e-5


@dataclass(frozen=True)
class Epoch:
    """What happened in one epoch.

    Attributes:
        epoch: number, from 1.
        phase: "screen" (several starts side by side), "lbfgs" or "adam".
        train_loss: nats per choice, over the training sessions (of the best start, on its first trials, while
            screening).
        validation_loss: the same over the validation sessions; None without them.
        best_epoch: epoch of the best loss so far (validation loss where there is one); its weights are the
            ones kept.
        chance: loss of guessing, `ln(n_actions)`.
        floor: loss of the true agent on the same choices, where it is known.
        learning_rate: step size of Adam; None for L-BFGS.
        seconds: since the training began.
        note: a sentence, when something went wrong; else empty.
        eager: why the training runs operation by operation; empty where it runs compiled.
    """

    epoch: int
    phase: str
    train_loss: float
    validation_loss: float | None
    best_epoch: int
    chance: float
    floor: float | None
    learning_rate: float | None
    seconds: float
    note: str = ""
    eager: str = ""


def uses_lbfgs(model: BaseRNN, settings: Training) -> bool:
    """Whether the loss is the same at each call and of the whole data set, as L-BFGS needs it, and Adam was
    not asked for.
    """
    layers = [module.p for module in model.modules() if isinstance(module, nn.Dropout)]
    shares = [model.dropout, *layers] if settings.dropout is None else [settings.dropout]
    random = settings.bagging or settings.scheduler or any(share > 0 for share in shares)
    whole = settings.batch_size is None and settings.n_steps_per_call is None
    if settings.optimizer == "lbfgs" and (random or not whole):
        raise SettingsError(
            [
                'optimizer="lbfgs" needs the same loss at every call: the whole data set, without dropout,'
                " bagging, batches, scheduler or truncated steps. Leave these out, or choose"
                ' optimizer="adam".'
            ]
        )
    return settings.optimizer != "adam" and whole and not random


def set_dropout(model: BaseRNN, share: float) -> None:
    """Set the share that a model's dropout layers (of embeddings) leave out; a model without them leaves out
    updates.
    """
    layers = [module for module in model.modules() if isinstance(module, nn.Dropout)]
    for layer in layers:
        layer.p = share
    model.dropout = 0.0 if layers else share


def starts_for(model: BaseRNN) -> int:
    """How many random starts are screened when nothing is said."""
    return max(STARTS, STARTS_PER_MODULE * len(model.submodules_rnn))


def train(
    model: BaseRNN,
    dataset: DatasetRNN | Sessions,
    settings: Training | None = None,
    validation: DatasetRNN | Sessions | None = None,
    *,
    warm_start: bool = False,
    random_state: RandomState = None,
    compiled: bool | str = "auto",
) -> Iterator[Epoch]:
    """Train a model in place, one epoch for each record that is asked for.

    To stop, ask no more (or call `.close()`): the model then has the best weights so far. They are those of
    the lowest validation loss, or of the lowest training loss without validation data.

    Args:
        model: the model; its weights are the first start.
        dataset: training sessions; participants are given as indices 0, 1, ... in the last column.
        settings: see `Training`.
        validation: sessions that are predicted but not learned from.
        warm_start: go on from the model's weights, with no other starts.
        random_state: for the other starts, batches and dropout.
        compiled: whether to compile the model's forward first; "auto" does where the training is long enough
            for it. What cannot be compiled is trained all the same, and the records say why.

    Yields: One `Epoch` after each epoch. The last one carries a `note` if the run is stuck, unstable, or has
        diverged.
    """
    settings = (settings or Training()).checked()
    rng = generator(random_state)
    sessions = _laid_out(model, dataset)
    windows = sessions if settings.sequence_length is None else sessions.windows(settings.sequence_length)
    run = _Run(model, windows, settings, rng, compiled)
    run.floor = sessions.floor
    run.validation = None if validation is None else _laid_out(model, validation)
    lbfgs = uses_lbfgs(model, settings)
    if settings.dropout is not None:
        set_dropout(model, settings.dropout)
    n_starts = (
        1 if warm_start else settings.n_starts or (1 if settings.optimizer == "adam" else starts_for(model))
    )
    model.train()
    try:
        if n_starts > 1:
            yield from run.screened(n_starts, run.lbfgs if lbfgs else run.adam)
        else:
            yield from run.lbfgs() if lbfgs else run.adam()
    finally:
        run.restore_best()
        model.eval()


def _laid_out(model: BaseRNN, data: DatasetRNN | Sessions) -> Sessions:
    """Sessions as they are; a data set, which comes from outside, is checked first."""
    return Sessions.of(as_dataset(data, model._n_actions)) if isinstance(data, DatasetRNN) else data


class _Run:
    """One training run: what its phases share. Weights are flat vectors, `(1, n_weights)`."""

    def __init__(
        self,
        model: BaseRNN,
        sessions: Sessions,
        settings: Training,
        rng: np.random.Generator,
        compiled: bool | str = "auto",
    ) -> None:
        self.model, self.sessions, self.settings, self.rng = model, sessions, settings, rng
        self.stream, self.compiled = TorchStream(rng), compiled
        self.validation: Sessions | None = None
        self.floor: float | None = None
        self.chance = math.log(model._n_actions)
        self.begun = perf_counter()
        self.epoch = 0
        self.best_loss, self.best_epoch, self.best_weights = math.inf, 0, flat(model)
        self.best_judged = math.inf
        self.lowest = math.inf  # training loss
        self.untried = False  # whether the last step's weights have not had a loss computed yet
        self.improvement = math.inf

    @property
    def left(self) -> int:
        """Epochs that may still be run."""
        return self.settings.epochs - self.epoch

    @cached_property
    def losses(self) -> Losses:
        """Loss and gradient, by the fastest way there is for this model."""
        settings = self.settings
        compiled = self.compiled if self.sessions.offered is None else False  # only the eager loss masks
        return Losses(self.model, self.sessions, settings.n_steps_per_call, compiled, settings.epochs)

    @cached_property
    def exact(self) -> Sessions:
        """The training sessions in float64."""
        return self.sessions.double()

    def judged(self, weights: Array, sessions: Sessions) -> float:
        """Loss of weights, without dropout."""
        return float(self.losses(judging=True)(weights, sessions, back=False)[0][0])

    def record(
        self,
        phase: str,
        loss: float,
        learning_rate: float | None = None,
        note: str = "",
        weights: Array | None = None,
    ) -> Epoch:
        """The record of the epoch that has just ended; keeps the weights of that loss (the model's, unless
        others are given) if they are the best so far.
        """
        self.epoch += 1
        validation_loss = None
        self.untried = weights is not None
        seconds, note = perf_counter() - self.begun, note or self.trouble(loss)
        if phase != "screen" and loss < self.lowest:
            self.lowest = loss
        if self.validation is not None and phase != "screen":
            now = flat(self.model)
            validation_loss = self.judged(now, self.validation)
            self.keep(validation_loss, validation_loss, now)
        elif phase != "screen":
            weights = flat(self.model) if weights is None else weights
            self.keep(loss, loss + self.penalty(weights), weights)
        return Epoch(
            self.epoch,
            phase,
            loss,
            validation_loss,
            self.best_epoch,
            self.chance,
            self.floor,
            learning_rate,
            seconds,
            note,
            self.losses.eager,
        )

    def trouble(self, loss: float) -> str:
        """What is certainly wrong with a loss, in words."""
        if math.isfinite(loss):
            return ""
        if math.isinf(self.lowest):
            return (
                "The loss is not a number from the beginning: a value in the data, or an initial weight, is"
                " none. Check the additional inputs and the rewards."
            )
        return (
            "The loss is no longer a number: the training has diverged. The best weights were kept; lower the"
            " learning rate."
        )

    def verdict(self, loss: float) -> str:
        """What is certainly wrong with a run that ended at this loss, in words."""
        if loss > self.chance > self.lowest:
            return (
                f"The loss rose to {loss:.4f}, above guessing ({self.chance:.4f}), after it had been"
                f" {self.lowest:.4f}: the training is unstable. The best weights were kept; lower the"
                " learning rate."
            )
        if loss > self.chance:
            return (
                f"The loss {loss:.4f} is above guessing ({self.chance:.4f}): the training is stuck. "
                "Train again with another random_state or more starts (n_starts); with more epochs, if it was"
                " still falling."
            )
        return ""

    def keep(self, loss: float, judged: float, weights: Array) -> None:
        """Keep weights and their loss if they are judged the best so far."""
        if judged < self.best_judged:
            self.best_judged, self.best_loss = judged, loss
            self.best_epoch, self.best_weights = self.epoch, weights

    def penalty(self, weights: Array) -> float:
        """What weight decay adds to the loss that is brought down."""
        decay = self.settings.l2_weight_decay
        return 0.5 * decay * float(np.square(weights, dtype=float).sum()) if decay else 0.0

    def restore_best(self) -> None:
        """Give the model its best weights, after a look at those of the last step."""
        if self.untried and self.validation is None:
            weights = flat(self.model)
            loss = self.judged(weights, self.sessions)
            self.keep(loss, loss + self.penalty(weights), weights)
        put(self.best_weights, self.model)

    def screened(self, n_starts: int, finish: Callable[[], Iterator[Epoch]]) -> Iterator[Epoch]:
        """A few epochs of Adam for several starts; then the best one is finished, and the next one if that is
        stuck.
        """
        starts = [self.model, *(self.fresh() for _ in range(n_starts - 1))]
        n_epochs = min(SCREEN_EPOCHS, max(1, self.settings.epochs // 4))
        yield from self.screen(starts, n_epochs)
        weights = [flat(start) for start in starts]
        reached = [np.nan_to_num(self.judged(row, self.glimpse), nan=np.inf) for row in weights]
        candidates = [weights[i] for i in np.argsort(reached, kind="stable")]
        if finish == self.lbfgs:
            candidates = yield from self.heats(candidates)
        for row in candidates:
            put(row, self.model)
            last = None
            for last in finish():
                yield last
            if last is None or self.best_loss < self.chance or self.left <= 0:
                return

    def heats(self, candidates: list[Array]) -> Generator[Epoch, None, list[Array]]:
        """The best few starts, as many as the model has modules, learn from everything for some iterations;
        the candidates in their new order. What looked best on the first trials may have learned one mechanism
        and missed another.
        """
        n = min(len(self.model.submodules_rnn), len(candidates), self.left // (2 * HEAT_EPOCHS))
        if n < 2:
            return candidates
        results = []
        lowest = math.inf
        for weights in candidates[:n]:
            put(weights, self.model)
            loss = math.inf
            for loss, done in islice(self.descent(), HEAT_EPOCHS):
                if loss < lowest:
                    lowest, self.best_weights = loss, flat(self.model)
                yield self.record("screen", lowest)
                if done:
                    break
            results.append((np.nan_to_num(loss, nan=np.inf), flat(self.model)))
        results.sort(key=lambda result: result[0])
        return [weights for _, weights in results] + candidates[n:]

    @cached_property
    def glimpse(self) -> Sessions:
        """The first trials of all sessions, or of so many drawn at random: what the screening looks at."""
        n = self.sessions.n_sessions
        some = self.rng.permutation(n)[:SCREEN_SESSIONS] if n > SCREEN_SESSIONS else np.arange(n)
        return self.sessions.take(torch.from_numpy(np.sort(some))).first(SCREEN_TRIALS)

    def fresh(self) -> BaseRNN:
        """A copy of the model with newly drawn weights."""
        start = deepcopy(self.model)
        with self.stream():
            start.apply(_reset)
        return start

    def screen(self, starts: Sequence[BaseRNN], n_epochs: int) -> Iterator[Epoch]:
        """Train all starts side by side on the first trials, a record for each epoch; the starts get their
        weights at the end.
        """
        if not self.losses.eager:
            rows = np.concatenate([flat(start) for start in starts])
            yield from self.side_by_side(starts, rows, self.losses(), self.glimpse, n_epochs, put_rows)
            return
        stacked = stack(starts)
        if stacked is None or not _same(stacked, starts, self.glimpse):
            yield from self.screen_in_turn(starts, self.glimpse, n_epochs)
            return
        many = self.glimpse.repeat(len(starts))
        loss = EagerLoss(stacked, n_starts=len(starts))

        def put_stacked(theta: Array, starts: Sequence[BaseRNN]) -> None:
            put(theta, stacked)
            for index, start in enumerate(starts):
                put(flat(unstack(stacked, start, index)), start)

        yield from self.side_by_side(starts, flat(stacked), loss, many, n_epochs, put_stacked)

    def side_by_side(
        self,
        starts: Sequence[BaseRNN],
        theta: Array,
        loss: Loss,
        sessions: Sessions,
        n_epochs: int,
        put_all: Callable[[Array, Sequence[BaseRNN]], None],
    ) -> Iterator[Epoch]:
        """Adam for the weights of all starts at once, until the best one gains little."""
        optimizer, rest = Adam(SCREEN_LEARNING_RATE), Patience(SCREEN_PATIENCE, SCREEN_GAIN)
        now = np.full(len(starts), np.inf)
        try:
            for _ in range(n_epochs):
                with self.stream():
                    found, gradient = loss(theta, sessions)
                now = np.nan_to_num(found, nan=np.inf)
                if len(theta) > 1:  # the best one so far can be looked at while the others go on
                    put(theta[[int(now.argmin())]], self.model)
                theta = optimizer.step(theta, gradient)
                best = float(now.min())
                yield self.record("screen", best, SCREEN_LEARNING_RATE)
                if rest.over(best):
                    break
        finally:
            put_all(theta, starts)
            if np.isfinite(now).any():
                self.best_weights = flat(starts[int(now.argmin())])

    def screen_in_turn(self, starts: Sequence[BaseRNN], sessions: Sessions, n_epochs: int) -> Iterator[Epoch]:
        """The same, one start after the other, for models that cannot run side by side."""
        lowest = math.inf
        for start in starts[:n_epochs]:
            optimizer, loss, theta = Adam(SCREEN_LEARNING_RATE), EagerLoss(start), flat(start)
            for _ in range(-(-n_epochs // len(starts))):
                with self.stream():
                    (found,), gradient = loss(theta, sessions)
                theta = optimizer.step(theta, gradient)
                put(theta, start)
                if found < lowest:
                    lowest, self.best_weights = float(found), theta
                yield self.record("screen", lowest, SCREEN_LEARNING_RATE)

    def lbfgs(self) -> Iterator[Epoch]:
        """L-BFGS on all sessions, an iteration for each epoch, until little is left to gain."""
        for loss, done in self.descent() if self.left > 0 else ():
            last = done or self.left == 1
            yield self.record("lbfgs", loss, note=self.verdict(loss) if last else "")
            if last:
                return

    def descent(self) -> Iterator[tuple[float, bool]]:
        """L-BFGS from the model's weights: the loss after each iteration, and whether it has come to rest.
        The model has the weights of that loss.

        In float64, because the line search compares losses that differ by less than float32 resolves.
        """
        loss, decay = self.losses(double=True), self.settings.l2_weight_decay

        def penalised(x: Array) -> tuple[float, Array]:
            (found,), gradient = loss(x[None], self.exact)
            return float(found) + 0.5 * decay * float(x @ x), gradient[0] + decay * x

        rest = Patience(LBFGS_PATIENCE, LBFGS_TOLERANCE)
        for point in points(lbfgs(flat(self.model)[0].astype(float)), penalised):
            put(point.x.astype(np.float32), self.model)
            yield point.loss - 0.5 * decay * float(point.x @ point.x), rest.over(point.loss)

    def adam(self) -> Iterator[Epoch]:
        """Adam (Kingma & Ba 2015), a pass over all sessions for each epoch, in batches where asked for."""
        settings = self.settings
        optimizer = Adam(settings.learning_rate, settings.l2_weight_decay)
        whole = settings.batch_size is None and not settings.bagging
        theta = flat(self.model)
        before, epoch = math.inf, 0
        while self.left > 0:
            if settings.scheduler:
                optimizer.rate = cosine_rate(settings.learning_rate, epoch)
            weights = theta if whole else None  # a whole batch's loss is that before its step
            loss, theta = self.adam_epoch(optimizer, theta)
            put(theta, self.model)
            converged = self.converged(before - loss)
            before, epoch = loss, epoch + 1
            last = self.left == 1 or converged
            yield self.record("adam", loss, optimizer.rate, self.verdict(loss) if last else "", weights)
            if converged or not math.isfinite(loss):
                return

    def adam_epoch(self, optimizer: Adam, theta: Array) -> tuple[float, Array]:
        """One pass over the sessions; the mean loss of its batches, and the weights after it."""
        n = self.sessions.n_sessions
        total, count = 0.0, 0.0
        for index in self.batches(n):
            batch = self.sessions if index is None else self.sessions.take(index)
            with self.stream():
                (loss,), gradient = self.losses(n_steps=self.settings.n_steps_per_call)(theta, batch)
            theta = optimizer.step(theta, gradient)
            weight = float(batch.weights.sum())
            total, count = total + float(loss) * weight, count + weight
        return total / count, theta

    def batches(self, n: int) -> Iterator[Tensor | None]:
        """Indices of the sessions of each batch of an epoch; None for all of them."""
        size = self.settings.batch_size or n
        if size >= n and not self.settings.bagging:
            yield None
            return
        order = self.rng.integers(n, size=n) if self.settings.bagging else self.rng.permutation(n)
        for begin in range(0, n, size):
            yield torch.from_numpy(order[begin : begin + size])

    def converged(self, gain: float) -> bool:
        """Whether the smoothed gain per epoch has fallen below the threshold."""
        if not math.isfinite(gain):
            return False
        change = abs(gain)
        self.improvement = (
            change if not math.isfinite(self.improvement) else 0.95 * self.improvement + 0.05 * change
        )
        return self.improvement < self.settings.convergence_threshold


def put_rows(theta: Array, starts: Sequence[BaseRNN]) -> None:
    """Give each start its row of weights."""
    for row, start in zip(theta, starts, strict=True):
        put(row, start)


def _reset(module: nn.Module) -> None:
    if callable(reset := getattr(module, "reset_parameters", None)):
        reset()


def _same(stacked: BaseRNN, starts: Sequence[BaseRNN], sessions: Sessions) -> bool:
    """Whether the stacked model does what its starts do, on two trials of a few sessions."""
    few = sessions.first(2).take(torch.arange(min(3, sessions.n_sessions)))
    training = stacked.training
    stacked.eval()
    try:
        with torch.no_grad():
            together = stacked(few.repeat(len(starts)).inputs)[0].chunk(len(starts), 1)
            alone = [deepcopy(start).eval()(few.inputs)[0] for start in starts]
        return all(torch.allclose(a, b, atol=1e-5) for a, b in zip(together, alone, strict=True))
    except (RuntimeError, SettingsError):
        return False
    finally:
        stacked.train(training)
