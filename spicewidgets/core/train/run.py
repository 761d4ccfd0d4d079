"""The state of one training run: its data and losses, what it has reached, and its best weights so far."""

import math
from dataclasses import dataclass
from functools import cached_property
from time import perf_counter

import numpy as np

from ..settings import Training
from .losses import Losses
from .objective import Array, Sessions, get_flat_parameters, set_flat_parameters
from .rnn import BaseRNN
from .torch_stream import TorchStream


@dataclass(frozen=True)
class Epoch:
    """The record of one epoch.

    Attributes:
        epoch: number, from 1.
        phase: "screen" (several starts side by side), "lbfgs" or "adam".
        train_loss: nats per choice, over the training sessions (of the best start, on its first trials, while
            screening).
        validation_loss: the same over the validation sessions; None without them.
        best_epoch: epoch of the best loss so far (validation loss where there is one); its weights are the
            ones kept.
        chance: loss of guesses among the options on offer.
        floor: loss of the true agent on the same choices, where it is known.
        learning_rate: step size of Adam; None for L-BFGS.
        seconds: since the training began.
        note: a sentence, when something went wrong; else empty.
        eager: why the training runs operation by operation; empty where it runs compiled.
        test_loss: as `validation_loss`, over test sessions, which steer nothing; None without them.
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
    test_loss: float | None = None


class Run:
    """The shared state of the phases of a training. Weights are flat vectors, `(1, n_weights)`.

    Args:
        model: it has the weights that the last record is of, and the best ones after `restore_best`.
        sessions: training data.
        settings: of the training.
        rng: of batches, starts and dropout.
        compiled: see `train`.
        validation: sessions by which weights are judged in place of the training sessions.
        floor: loss of the agent that made the choices, in nats per choice.
        test: sessions whose loss is recorded and changes nothing.

    Attributes:
        epoch: number of epochs so far.
        best_loss, best_epoch, best_weights: what is kept.
    """

    def __init__(
        self,
        model: BaseRNN,
        sessions: Sessions,
        settings: Training,
        rng: np.random.Generator,
        compiled: bool | str = "auto",
        validation: Sessions | None = None,
        floor: float | None = None,
        test: Sessions | None = None,
    ) -> None:
        self.model, self.sessions, self.settings, self.rng = model, sessions, settings, rng
        self.stream, self.compiled = TorchStream(rng), compiled
        self.validation, self.floor, self.test = validation, floor, test
        self.chance = sessions.chance(model._n_actions)
        self.epoch = 0
        self.best_loss, self.best_epoch, self.best_weights = math.inf, 0, get_flat_parameters(model)
        self._best_score = math.inf  # the validation loss, or the training loss with its penalty
        self._lowest = math.inf  # training loss
        self._last_step_unrated = False  # whether no loss of the present weights has been computed yet
        self._began = perf_counter()

    @property
    def epochs_left(self) -> int:
        """Epochs that may still be run."""
        return self.settings.epochs - self.epoch

    @cached_property
    def losses(self) -> Losses:
        """Loss and gradient, by the fastest way there is for this model."""
        settings = self.settings
        return Losses(self.model, self.sessions, settings.n_steps_per_call, self.compiled, settings.epochs)

    @cached_property
    def exact(self) -> Sessions:
        """The training sessions in float64."""
        return self.sessions.double()

    def evaluate(self, rows: Array, sessions: Sessions) -> tuple[Array, Array]:
        """Return the loss of each row of weights, `(n_rows,)`, and its gradient."""
        loss = self.losses()
        parts = rows[:, None] if self.losses.eager else [rows]  # a compiled loss takes all rows at once
        with self.stream():
            losses, gradients = zip(*(loss(part, sessions) for part in parts), strict=True)
        return np.concatenate(losses), np.concatenate(gradients)

    def losses_at(self, rows: Array, sessions: Sessions) -> Array:
        """Loss of each row of weights, without dropout, `(n_rows,)`."""
        loss = self.losses(judging=True)
        parts = rows[:, None] if self.losses.eager else [rows]
        return np.concatenate([loss(part, sessions, back=False)[0] for part in parts])

    def loss_at(self, weights: Array, sessions: Sessions) -> float:
        """Loss of weights, `(1, n_weights)`, without dropout."""
        return float(self.losses_at(weights, sessions)[0])

    def record(
        self,
        phase: str,
        loss: float,
        learning_rate: float | None = None,
        note: str = "",
        weights: Array | None = None,
        score: float | None = None,
    ) -> Epoch:
        """Record the epoch that has just ended. Its weights are kept if they are the best so far.

        Args:
            phase: see `Epoch`.
            loss: of the epoch, in nats per choice.
            learning_rate: of the epoch.
            note: what went wrong, if the phase knows.
            weights: those of the loss; the model's when None.
            score: by which weights are kept where there is no validation; the loss with its penalty when
                None.
        """
        self.epoch += 1
        note = note or self._problem(loss)
        self._last_step_unrated = weights is not None
        validation_loss = None if phase == "screen" else self._rate(loss, weights, score)
        tested = self.test is not None and phase != "screen"
        return Epoch(
            self.epoch,
            phase,
            loss,
            validation_loss,
            self.best_epoch,
            self.chance,
            self.floor,
            learning_rate,
            perf_counter() - self._began,
            note,
            self.losses.eager,
            self.loss_at(get_flat_parameters(self.model), self.test)
            if tested and self.test is not None
            else None,
        )

    def _rate(self, loss: float, weights: Array | None, score: float | None) -> float | None:
        """Keep the weights of a loss if they are the best so far; the validation loss, where there is one."""
        self._lowest = min(self._lowest, loss) if math.isfinite(loss) else self._lowest
        if self.validation is None:
            weights = get_flat_parameters(self.model) if weights is None else weights
            self._keep(loss, loss + self.penalty(weights) if score is None else score, weights)
            return None
        weights = get_flat_parameters(self.model)
        validation_loss = self.loss_at(weights, self.validation)
        self._keep(validation_loss, validation_loss, weights)
        return validation_loss

    def _keep(self, loss: float, score: float, weights: Array) -> None:
        if score < self._best_score:
            self._best_score, self.best_loss = score, loss
            self.best_epoch, self.best_weights = self.epoch, weights

    def penalty(self, weights: Array) -> float:
        """Compute the share of weight decay in the loss that is brought down."""
        decay = self.settings.l2_weight_decay
        return 0.5 * decay * float(np.square(weights, dtype=float).sum()) if decay else 0.0

    def restore_best(self) -> None:
        """Give the model its best weights, after rating those of the last step."""
        if self._last_step_unrated and self.validation is None:
            weights = get_flat_parameters(self.model)
            loss = self.loss_at(weights, self.sessions)
            self._keep(loss, loss + self.penalty(weights), weights)
        set_flat_parameters(self.best_weights, self.model)

    def _problem(self, loss: float) -> str:
        """Describe a certain problem of a loss."""
        if math.isfinite(loss):
            return ""
        if math.isinf(self._lowest):
            return (
                "The loss is not a number from the beginning: a value in the data, or an initial weight, is"
                " none. Check the additional inputs and the rewards."
            )
        return (
            "The loss is no longer a number: the training has diverged. The best weights were kept; lower the"
            " learning rate."
        )

    def problem_at_end(self, loss: float) -> str:
        """Describe a certain problem of a run that ended at this loss."""
        if loss > self.chance > self._lowest:
            return (
                f"The loss rose to {loss:.4f}, above guessing ({self.chance:.4f}), after it had been"
                f" {self._lowest:.4f}: the training is unstable. The best weights were kept; lower the"
                " learning rate."
            )
        if loss > self.chance:
            return (
                f"The loss {loss:.4f} is above guessing ({self.chance:.4f}): the training is stuck. "
                "Train again with another random_state or more starts (n_starts); with more epochs, if it was"
                " still falling."
            )
        return ""
