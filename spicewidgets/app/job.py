"""What a run does, from the settings to its result: train, step, train on, find again, do a study.

This imports torch, and all that a run needs of pysindy: whoever has loaded this file can run without loading
more. A job runs in the thread that calls it.
"""

import copy
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial
from math import inf
from time import perf_counter
from typing import NamedTuple, Protocol

import torch

from ..core.estimator import SpiceEstimator
from ..core.settings import SettingsError, SpiceWarning
from ..core.wording import count_people
from ..experiment.estimators import discover_again, estimator_of, parameters_of
from ..experiment.fit import Fit, with_new_equations
from ..experiment.result import Checkpoint, Result
from ..experiment.simulation import Simulated, simulate
from ..state.experiment import Experiment
from ..state.graph import ExperimentSnapshot
from ..views.coach import Finding, advice, findings, quick, rivals_of
from .courtesy import UiThrottle
from .report import Reporter, log_errors
from .store import Store
from .studies import PageStudy

PATIENCE = 20.0  # seconds after which the coach begins no further trial


class RunOutcome(NamedTuple):
    """The end of a run: the status and the message of the run's state."""

    status: str
    message: str


class RunControl(Protocol):
    """The runner, as a run sees it."""

    def is_stopped(self) -> bool:
        """Tell whether the run shall end."""

    def note_stop(self) -> None:
        """Note that the run was interrupted, as by a stop."""

    def interruptible(self, stage: str) -> AbstractContextManager[None]:
        """Return the context of a stage, "epoch" or "equations", that a stop may cut short with a
        `KeyboardInterrupt`.
        """


class Job:
    """One run of an experiment. Each public method is a kind of run, and says how it ended.

    Raises:
        SettingsError: Where the settings do not allow the run.
    """

    def __init__(
        self,
        experiment: Experiment,
        store: Store,
        report: Reporter,
        control: RunControl,
        courtesy: UiThrottle,
    ) -> None:
        self.experiment, self.store, self.report, self.control = experiment, store, report, control
        self.courtesy = courtesy
        self._patient_until = inf  # when the coach begins no further trial

    def train(self) -> RunOutcome:
        """Simulate, train, find the equations, compare: from the beginning."""
        return self._run(self._fresh())

    def continue_(self) -> RunOutcome:
        """Train on: the fit that goes step by step, or from the weights of the last result."""
        return self._run(self._stepping() or self._warm())

    def step(self) -> RunOutcome:
        """One epoch of the fit that goes step by step, or of a new one."""
        fit = self._stepping() or self._fresh()
        self.store.pause(fit)
        self.report.now(phase="train", message="One epoch.")
        if fit.next() is None:
            return self._finish(fit)
        self.report.now(**fit.progress())
        self.report.glimpse(fit, due=True)
        return RunOutcome("idle", f"Epoch {len(fit.history)}. Step again, or continue to the end.")

    def refit(self) -> RunOutcome:
        """Find the equations and show them, for the newest settings only; then compare."""
        last, snapshot = self._library()
        self.report.now(phase="equations", message="Finding the equations.")
        trained, checkpoints = self._rebuild_estimator(last)
        while True:
            estimator = copy.copy(trained)
            estimator._rng = copy.deepcopy(trained._rng)
            discover_again(estimator, snapshot)
            self.report.now(live=estimator.spice_model_)
            if not self._library_moved_on(snapshot):
                break
            last, snapshot = self._library()
        self.report.now(phase="compare", message="Comparing what is known.")
        result, before = with_new_equations(last, snapshot, estimator, checkpoints), self.store.advice or ()
        self._hold(result)
        self._advise(result, before)
        return RunOutcome("done", "Found the equations again, for the same RNN.")

    def recall(self) -> RunOutcome:
        """Make the recorded run anew: the same settings and seed give the same network and equations."""
        last = self.store.result
        assert last is not None
        self.report.now(phase="recall")
        result = self._again(last).result()
        self.store.hold(result, is_new=False)
        return RunOutcome("done", f"A run recorded earlier, of {len(result.history)} epochs.")

    def study(self, name: str) -> RunOutcome:
        """Do a study part by part, until it is done or stopped; one of the same settings goes on."""
        self.report.now(phase="study", study=name, message="Beginning.", part=0, parts=0)
        if why := self.experiment.study_blocker(name):
            raise SettingsError([why])
        snapshot = self.experiment.snapshot()
        study = PageStudy(name, snapshot, partial(self._simulate, snapshot), self._trained_estimator)
        if (before := self.store.studies.get(name)) is not None:
            study.take(before)
        steps, ended = study.steps(), False
        try:
            while not ended and not self.control.is_stopped():
                self.courtesy.wait()
                with self.control.interruptible("epoch"):
                    progress = next(steps, None)
                ended = progress is None
                if progress is not None:
                    self.report.study(progress, lambda: self.store.hold_study(study))
        except KeyboardInterrupt:
            self.control.note_stop()
        finally:
            steps.close()
        if not ended:
            study.cut()
        self.store.hold_study(study)
        return RunOutcome("done", study.outcome) if ended else RunOutcome("cancelled", study.end_state)

    def _simulate(self, snapshot: ExperimentSnapshot) -> Simulated:
        """Return the sessions of the settings; those of the last result where they are the same."""
        last = self.store.result
        if last is not None and not snapshot.differs(last.snapshot, "sessions"):
            return last.data
        return simulate(snapshot)

    def _trained_estimator(self) -> SpiceEstimator:
        """Return the estimator of the last result."""
        assert self.store.result is not None
        return self._rebuild_estimator(self.store.result)[0]

    def _fresh(self) -> Fit:
        """Return a new fit of the present settings."""
        snapshot = self.experiment.snapshot()
        self.store.drop_paused()
        with self.store.lock:
            self.experiment.run.shelve()
        self.report.now(
            phase="simulate",
            message="Simulating the sessions." if snapshot.is_simulated else "Laying out the choices.",
            epoch=0,
            epochs=snapshot.training.epochs,
            glimpses=(),
        )
        with self.control.interruptible("epoch"):
            data = self.store.given or simulate(snapshot)
        return Fit(snapshot, data, estimator_of(snapshot))

    def _warm(self) -> Fit:
        """Return a fit that goes on from the weights of the last result."""
        snapshot, last = self.experiment.snapshot(), self.store.result
        if last is None or snapshot.differs(last.snapshot, "untrained"):
            raise SettingsError(
                ["There is no training of these data and this model to go on with. Train first."]
            )
        trained, checkpoints = self._rebuild_estimator(last)
        estimator = copy.copy(trained)
        estimator.set_params(**parameters_of(snapshot), warm_start=True)
        n = len(last.history) + snapshot.training.epochs
        self.report.now(phase="load", message="Going on.", epochs=n, glimpses=())
        return Fit(snapshot, last.data, estimator, last.history, checkpoints)

    def _stepping(self) -> Fit | None:
        """Return the fit that goes step by step, if it is one of the present settings."""
        paused = self.store.paused
        if paused is None or self.experiment.snapshot().differs(paused.snapshot, "network"):
            return None
        return paused

    def _run(self, fit: Fit) -> RunOutcome:
        """Run slices of epochs until there are no more, or until it is stopped."""
        self.store.pause(None)
        try:
            while not self.control.is_stopped():
                with self.control.interruptible("epoch"):
                    epoch = fit.run_slice(self.courtesy.is_due)
                if epoch is None:
                    break
                self.courtesy.wait()
                self.report.glimpse(fit)
                self.report.epoch(fit)
        except KeyboardInterrupt:
            self.control.note_stop()
        return self._finish(fit)

    def _finish(self, fit: Fit) -> RunOutcome:
        """Equations and comparison of what was learned."""
        self.store.pause(None)
        if not fit.begun:
            fit.close()
            return RunOutcome("cancelled", "Stopped before anything was learned.")
        self.report.now(**fit.progress() | {"phase": "equations", "message": "Finding the equations."})
        try:
            with self.control.interruptible("equations"):
                stopped = fit.end()
        except KeyboardInterrupt:
            stopped = fit.end_unrefined()
        self.report.now(phase="compare", message="Comparing what is known.")
        result = fit.result()
        self._hold(result)
        if stopped:
            return RunOutcome("cancelled", f"Stopped at epoch {len(fit.history)}; what was learned was kept.")
        self._advise(result)
        return RunOutcome("done", " ".join([f"Trained for {len(fit.history)} epochs.", *fit.notes]))

    def _hold(self, result: Result) -> None:
        """Make a result the present one. For the people of a table all errors are computed here, where nobody
        waits for a slider meanwhile.
        """
        if not result.snapshot.is_simulated and result.spice is not None and not self.control.is_stopped():
            n = result.snapshot.n_participants
            self.report.now(
                phase="compare", message=f"How sure the choices of {count_people(n)} are of each parameter."
            )
            try:
                with self.control.interruptible("equations"):
                    _ = result.people, result.uncertainty
            except KeyboardInterrupt:
                self.control.note_stop()
        self.store.hold(result)

    def _advise(self, result: Result, before: tuple[Finding, ...] | None = None) -> None:
        """Look for what would do better. A remedy is tried here, after the result is there; the trials end
        when the run is stopped, when the settings are no longer the result's, and after a while.

        Args:
            result: the result.
            before: what was said of the last equations of the same RNN. After a move in the library only what
                is as quick as that is tried; the rest is as it was.
        """
        with log_errors("The coach has failed."):
            self._ask_rivals(result)
            noticed = findings(result)
            if before is not None:
                noticed = tuple(quick(noticed, before))
            self._patient_until = perf_counter() + PATIENCE
            if any(one.remedy and not one.tried for one in noticed):
                self.report.now(phase="advise", message="The coach tries what may do better.")
            self.store.advise(result, advice(result, noticed, partial(self._trial, result)))

    def _ask_rivals(self, result: Result) -> None:
        """Let the rivals of a table expect its choices, before the coach says what the network lacks."""
        try:
            rivals = rivals_of(result, lambda: self._still_wanted(result))
            while True:
                with self.control.interruptible("equations"):
                    if next(rivals, None) is None:
                        break
        except KeyboardInterrupt:
            self.control.note_stop()

    def _trial(self, last: Result, snapshot: ExperimentSnapshot, action: str) -> Result | None:
        """Fit with other settings; None where that is no longer wanted, or cannot be."""
        if not self._still_wanted(last) or perf_counter() > self._patient_until:
            return None
        try:
            trained, checkpoints = self._rebuild_estimator(last)
            estimator = copy.copy(trained)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SpiceWarning)
                if action == "refit":
                    estimator._rng = copy.deepcopy(trained._rng)
                    with self.control.interruptible("equations"):
                        discover_again(estimator, snapshot)
                    return with_new_equations(last, snapshot, estimator, checkpoints)
                same = not snapshot.differs(last.snapshot, "sessions")
                data = last.data if same else simulate(snapshot)
                if action == "continue":
                    estimator.set_params(**parameters_of(snapshot), warm_start=True)
                    return self._try_settings(last, Fit(snapshot, data, estimator, last.history, checkpoints))
                return self._try_settings(last, Fit(snapshot, data, estimator_of(snapshot)))
        except KeyboardInterrupt:
            self.control.note_stop()
        except SettingsError:
            pass  # what cannot be done is not proposed
        return None

    def _try_settings(self, last: Result, fit: Fit) -> Result | None:
        """Return the result of a trial's fit; None where it is given up."""
        while self._still_wanted(last):
            self.courtesy.wait()
            with self.control.interruptible("epoch"):
                epoch = fit.run_slice(self.courtesy.is_due)
            if epoch is None:
                return fit.result()
        fit.close()
        return None

    def _still_wanted(self, result: Result) -> bool:
        return not self.control.is_stopped() and not self.experiment.peek().differs(
            result.snapshot, "equations"
        )

    def _library(self) -> tuple[Result, ExperimentSnapshot]:
        """Return the last result, and the present settings of the discovery for its RNN.

        Raises:
            SettingsError: Where it is one of other data or another model.
        """
        snapshot, last = self.experiment.snapshot(), self.store.result
        if last is None or snapshot.differs(last.snapshot, "untrained"):
            raise SettingsError(
                ["There is no trained RNN of these settings to find equations for. Train first."]
            )
        return last, replace(snapshot, training=last.snapshot.training)

    def _library_moved_on(self, snapshot: ExperimentSnapshot) -> bool:
        """Tell whether the library has changed meanwhile, and its equations are wanted at once."""
        experiment, present = self.experiment, self.experiment.peek()
        if not experiment.follow_library or self.control.is_stopped() or experiment.find_problems():
            return False
        return present.discovery != snapshot.discovery and not present.differs(snapshot, "untrained")

    def _rebuild_estimator(self, result: Result) -> tuple[SpiceEstimator, tuple[Checkpoint, ...]]:
        """Return the estimator of a result, and its checkpoints. Those of a run recorded earlier are made
        again: the same settings and seed give the same network.
        """
        if result.estimator is not None:
            return result.estimator, result.checkpoints
        fit = self._again(result)
        return fit.estimator, fit.checkpoints

    def _again(self, result: Result) -> Fit:
        """Train a recorded run again."""
        self.report.now(message="Training the recorded run again.")
        fit = Fit(result.snapshot, result.data, estimator_of(result.snapshot))
        with self.control.interruptible("epoch"):
            fit.run()
        return fit


@contextmanager
def one_torch_thread(restore: bool) -> Iterator[None]:
    """One thread for torch, which is the fastest for models so small. It must be set in the thread that
    computes: OpenMP keeps it for each thread.

    Args:
        restore: whether the thread goes on after the run, and has its number of threads back then.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        if restore:
            torch.set_num_threads(before)
