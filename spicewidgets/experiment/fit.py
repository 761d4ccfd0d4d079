"""One fit under way, epoch by epoch, and the result that it ends in.

Asks the estimator for one epoch at a time; whoever holds the fit decides when.
"""

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from time import perf_counter
from typing import Any, cast

import numpy as np

from ..core.estimator import SpiceEstimator
from ..core.judge.replay import replay, scores
from ..core.read.emergence import Look
from ..core.read.translation import term_by_term
from ..core.rivals.fit import FittedRival, fit_rival
from ..core.simulate.record import Record
from ..core.tasks import TASKS
from ..core.train.objective import get_flat_parameters
from ..core.train.training import Epoch
from ..state.graph import ExperimentSnapshot
from .estimators import glimpse
from .result import Checkpoint, Result
from .settle import truth_of
from .simulation import Simulated

MOST_CHECKPOINTS = 40
EARLY = 1.0  # seconds of training before its speed tells how much time is left
SLICE = 0.02  # seconds of epochs at a time: many where an epoch costs less than a look at the run


class Fit:
    """One fit under way: its epochs so far, and how to go on or to end it.

    Args:
        snapshot: the settings.
        data: what is fitted.
        estimator: an estimator of the settings; with `warm_start` it goes on from its weights.
        before: the epochs that went before, of an earlier fit.
        checkpoints: those of the earlier fit.

    Attributes:
        begun: whether an epoch has been run.
        notes: what should be known of the fit, in sentences.
        checkpoints: epoch and weights of some epochs, evenly spread, of what went before too.
    """

    def __init__(
        self,
        snapshot: ExperimentSnapshot,
        data: Simulated,
        estimator: SpiceEstimator,
        before: tuple[dict[str, Any], ...] = (),
        checkpoints: tuple[Checkpoint, ...] = (),
    ) -> None:
        self.snapshot, self.data, self.estimator = snapshot, data, estimator
        self.notes: tuple[str, ...] = ()
        self.begun, self.checkpoints = False, checkpoints
        self._every = 1
        self._history = list(before)
        self._before = before[-1] if before else {"epoch": 0, "seconds": 0.0}
        self._epochs = cast("Generator[Epoch, None, None]", estimator.fit_records(data.dataset))
        self._complete = False
        self._spent = 0.0

    @property
    def history(self) -> tuple[dict[str, Any], ...]:
        """A dictionary for each epoch, of what went before too."""
        return tuple(self._history)

    @property
    def last(self) -> dict[str, Any]:
        """The last epoch."""
        return self._history[-1]

    def next(self) -> Epoch | None:
        """Run one epoch; None when the fit is complete, equations and all."""
        begun = perf_counter()
        epoch = next(self._epochs, None)
        self._complete = epoch is None
        if epoch is not None:
            self.begun = True
            self._spent += perf_counter() - begun
            self._add(epoch)
        return epoch

    def run_slice(self, is_over: Callable[[], bool] = lambda: False) -> Epoch | None:
        """Run epochs, one or more, for `SLICE` seconds; the last one, or None as `next`.

        Args:
            is_over: asked after each epoch whether that is enough.
        """
        until = perf_counter() + SLICE
        while (epoch := self.next()) is not None and perf_counter() < until and not is_over():
            pass
        return epoch

    def run(self) -> None:
        """Run to the end."""
        while self.next() is not None:
            pass

    def _add(self, epoch: Epoch) -> None:
        row = dict(vars(epoch))
        for name in ("epoch", "best_epoch"):
            row[name] += self._before["epoch"]
        row["seconds"] += self._before["seconds"]
        self._history.append(row)
        if (row["epoch"] - 1) % self._every == 0:
            self._add_checkpoint(row["epoch"])
        if epoch.note:
            self.notes = (epoch.note,)

    def _add_checkpoint(self, epoch: int) -> None:
        """Copy the present weights; of too many, those of every second epoch stay, and so on."""
        weights = get_flat_parameters(self.estimator.rnn_model_)
        if self.checkpoints and np.array_equal(weights, self.checkpoints[-1][1]):
            return  # starts are screened elsewhere than in the model
        self.checkpoints = (*self.checkpoints, (epoch, weights))
        while len(self.checkpoints) > MOST_CHECKPOINTS:
            self._every *= 2
            self.checkpoints = tuple(one for one in self.checkpoints if (one[0] - 1) % self._every == 0)

    def end(self) -> bool:
        """Find the equations, if they are not found yet; whether the training was cut short."""
        if self._complete:
            return self.estimator.stopped_  # it may have been interrupted inside the last epoch
        with suppress(StopIteration):
            self._epochs.throw(KeyboardInterrupt())  # as if the learner had pressed Ctrl-C: keeps the best
        return True

    def end_unrefined(self) -> bool:
        """As `end`, where there is no time left to refine the equations."""
        self.close()
        if not hasattr(self.estimator, "spice_agent"):
            refine = self.estimator.spice_refine
            self.estimator.discover(spice_refine=False)
            self.estimator.set_params(spice_refine=refine)
        return True

    def close(self) -> None:
        """Give it up."""
        self._epochs.close()

    def progress(self) -> dict[str, Any]:
        """Return the run's state after the epochs so far, by the names of its traits."""
        n_new = self.last["epoch"] - self._before["epoch"]
        rate = n_new / self._spent if self._spent > 0 else None
        left = max(0, self.snapshot.training.epochs - n_new)
        early = self._spent < EARLY
        return {
            "phase": self.last["phase"],
            "epoch": self.last["epoch"],
            "history": self.history,
            "rate": rate,
            "seconds_left": None if rate is None or early else left / rate,
            "message": f"Epoch {self.last['epoch']}: loss {self.last['train_loss']:.4f}.",
        }

    def glimpse(self) -> Look | None:
        """Look quickly at the equations of the present weights; None where they cannot be found."""
        return glimpse(self.estimator, self.snapshot)

    def result(self) -> Result:
        """Return the fit, compared with the truth."""
        return result_of(
            self.snapshot, self.data, self.estimator, self.history, self.notes, checkpoints=self.checkpoints
        )


def result_of(
    snapshot: ExperimentSnapshot,
    data: Simulated,
    estimator: SpiceEstimator,
    history: Iterable[dict[str, Any]],
    notes: Iterable[str],
    *,
    played: Mapping[str, Record] | None = None,
    checkpoints: tuple[Checkpoint, ...] = (),
    rival: FittedRival | None = None,
) -> Result:
    """All that is shown of a fitted estimator.

    Args:
        snapshot: the settings it was fitted for.
        data: what it was fitted to.
        estimator: with a trained RNN, and with equations where they were found.
        history: a dictionary for each epoch.
        notes: what should be known of the fit, in sentences.
        played: layers ("truth", "rnn", "spice") that have been replayed already.
        checkpoints: weights at some epochs.
        rival: the simplest rival, where it has been fitted already.
    """
    spice = getattr(estimator, "spice_model_", None)
    truth = None if data.agent is None else truth_of(snapshot, spice)
    agents: dict[str, Any] = {} if data.agent is None else {"truth": data.agent}
    agents["rnn"] = estimator.rnn_agent
    if spice is not None:
        agents["spice"] = estimator.spice_agent
    if not snapshot.is_simulated:
        rival = rival or fit_rival(TASKS[data.dataset.task].rival, data.dataset)  # in place of the truth
        agents["classical"] = rival.agent
    terms = {}
    if spice is not None and truth is not None:
        terms = {participant: term_by_term(spice, truth, participant) for participant in spice.participants}
    layers = dict(played or {})
    layers |= {name: replay(agent, data.dataset) for name, agent in agents.items() if name not in layers}
    if "classical" in layers:  # its values are on a scale of their own
        layers["classical"] = replace(layers["classical"], states={})
    pooled, each = (scores(agents, data.dataset, per_session=apart, played=layers) for apart in (False, True))
    choices = np.stack([session.choices for session in data.sessions])
    outcomes = np.stack([session.rewards for session in data.sessions])
    return Result(
        snapshot=snapshot,
        estimator=estimator,
        spice=spice,
        truth=truth,
        choices=choices,
        rewards=np.take_along_axis(outcomes, choices[..., None], -1)[..., 0],
        outcomes=outcomes,
        played=layers,
        comparison=pooled,
        per_session=each,
        terms=terms,
        history=tuple(history),
        notes=tuple(notes),
        checkpoints=checkpoints,
        simulated=data,
        rival=rival,
    )


def with_new_equations(
    last: Result,
    snapshot: ExperimentSnapshot,
    estimator: SpiceEstimator,
    checkpoints: tuple[Checkpoint, ...],
) -> Result:
    """Return the result of other equations for the RNN of a result; what is the same is not replayed
    again.
    """
    played: dict[str, Record] = {}
    if last.estimator is not None:
        if estimator.spice_model_ == last.spice:
            return replace(last, snapshot=snapshot, estimator=estimator, simulated=last.data)
        played = {name: each for name, each in last.played.items() if name != "spice"}
    return result_of(
        snapshot,
        last.data,
        estimator,
        last.history,
        last.notes,
        played=played,
        checkpoints=checkpoints,
        rival=last.rival,
    )
