"""Runs the core for an experiment: in a worker thread, or in the foreground where threads do not show.

The only file with threads. A run gets a frozen snapshot of the settings; what happens is put into the
experiment's `RunState`, at most ten times a second. Importing this loads neither torch nor pysindy: they come
with the first run, or with `preload()`. Knows nothing of widgets.
"""

import copy
import ctypes
import logging
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING, Any

from ..core.settings import SettingsError
from ..loading import load
from ..state.experiment import DATA_OF, TRAINED_ON, Experiment, ExperimentSnapshot
from .job import Fit, Kept
from .result import (
    Result,
    discover_again,
    estimator_of,
    found_again,
    glimpse,
    parameters_of,
    result_of,
    truth_of,
    values_of,
)
from .simulation import Simulated, preview, simulate

if TYPE_CHECKING:
    from ..core.discover.resampled import Resampled
    from ..core.equations import SpiceModel
    from ..core.estimator import SpiceEstimator

PERIOD = 0.1  # seconds between two updates of the run's state, ...
SHARE = 0.03  # ... and more where they would take more than this of the time, ...
SLOWEST = 0.18  # ... up to this
# After a stop, seconds until a long epoch is interrupted, and seconds more until the equations are.
PATIENCE = ((0.25, ("epoch",)), (0.2, ("epoch", "equations")))
GLIMPSE_PERIOD = 0.5  # seconds between two looks at the equations, ...
GLIMPSE_SHARE = 0.01  # ... and the most that they may take of the time
MOST_GLIMPSES = 1000  # that are remembered of a run
PACKAGE = __package__.partition(".")[0]
HEAVY = (
    f"{PACKAGE}.core.estimator",
    f"{PACKAGE}.core.train.precoded",
    f"{PACKAGE}.core.read.translation",
    f"{PACKAGE}.core.simulate.run",
    "pysindy",
)
LOG = logging.getLogger(__name__)

__all__ = ["Result", "Runner", "preview", "simulate"]


class Runner:
    """Trains, stops, goes on and discovers for one experiment; one run at a time.

    Args:
        experiment: whose settings are run, and whose `run` tells how it goes.
        foreground: whether runs are made in the calling thread, which then waits; an interrupt stops them.

    Attributes:
        result: what the last run found; None before.
        given: sessions of a participant of whom nothing is known, which are run in place of simulated ones.
        resampled: the equations of resampled sessions of that result, as many as there are; None without.
        lock: held while the run's state is set; whoever sets it from elsewhere takes it too.
    """

    def __init__(self, experiment: Experiment, foreground: bool = False) -> None:
        self.experiment, self.foreground = experiment, foreground
        self.result: Result | None = None
        self.given: Simulated | None = None
        self.resampled: Resampled | None = None
        self.lock = threading.RLock()
        self._gate = threading.Lock()  # held while it is decided who runs
        self._stop = threading.Event()
        self._idle = threading.Event()
        self._idle.set()
        self._busy = False
        self._inside: tuple[int, str] | None = None  # thread and stage that may be interrupted
        self._paused: Fit | None = None
        experiment.lock = self.lock

    # What a panel calls. None of these raises for what a learner may do; each returns whether it began.

    def train(self) -> bool:
        """Simulate, train, find the equations, compare: from the beginning."""
        return self._begin(lambda show: self._run(self._fresh(show), show))

    def continue_(self) -> bool:
        """Go on: with the run that `step` has left, or from the weights of the last result."""
        return self._begin(lambda show: self._run(self._stepping() or self._warm(show), show))

    def step(self) -> bool:
        """One epoch more, then wait: of the run that is under way, or of a new one."""
        return self._begin(self._one_step)

    def refit(self) -> bool:
        """Find the equations again with the present settings of the discovery, without training."""
        return self._begin(self._refit)

    def resample(self) -> bool:
        """Find the equations again in resampled sessions, as `experiment.uncertainty` says."""
        return self._begin(self._resample)

    def stop(self) -> bool:
        """End the run soon; what was learned is kept and has its equations."""
        with self._gate:
            if not self._busy or self._stop.is_set():
                return False
            self._stop.set()
            hurry = threading.Thread(
                target=self._hurry, args=(self._stop,), name="spicewidgets-stop", daemon=True
            )
        hurry.start()
        with self.lock:
            if self.experiment.run.status == "running":
                self.experiment.run.put(status="stopping", message="Stopping; what was learned is kept.")
        return True

    def reset(self) -> bool:
        """Forget the result, the curves and the run that `step` has left. The settings stay."""
        with self.lock:
            with self._gate:
                if self._busy:
                    return False
            self._drop()
            self.result = self.resampled = None
            run = self.experiment.run
            run.put(
                **dict.fromkeys(("phase", "message", "details"), ""),
                **dict.fromkeys(("history", "earlier", "notes", "glimpses"), ()),
                **dict.fromkeys(("rate", "seconds_left"), None),
                **{"status": "idle", "epoch": 0, "epochs": 0, "result_revision": run.result_revision + 1},
                resampled_revision=run.resampled_revision + 1,
            )
            self.experiment.trained = self.experiment.discovered = self.experiment.resampled = None
        return True

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end of the run; whether it has ended within so many seconds."""
        return self._idle.wait(timeout)

    def preload(self, then: Callable[[], None] | None = None) -> None:
        """Load torch and all that a run needs, in the background; `then` is called at the end, from there."""

        def load() -> None:
            with _logged(
                "Loading in the background has failed."
            ):  # the first run meets it again, and tells it
                self._load()
                if then is not None:
                    then()

        if self.foreground:
            load()
        else:
            threading.Thread(target=load, name="spicewidgets-load", daemon=True).start()

    @property
    def loaded(self) -> bool:
        """Whether a run can begin without loading anything."""
        return all(name in sys.modules for name in HEAVY)

    def truth(self) -> "SpiceModel | None":
        """The true equations of the present settings, in the coordinates of the chosen model; None where
        nothing is known of its modules, or where a setting is wrong. Loads no torch.
        """
        if self.experiment.problems or self.given is not None:
            return None
        return truth_of(self.experiment.peek())

    def show_recorded(self) -> bool:
        """Show a run of the present settings that was recorded earlier, if there is one, so that there is
        something to see before torch is loaded.
        """
        from .recorded import recorded

        unknown = self.experiment.problems or self.given is not None
        found = None if unknown else recorded(self.experiment.peek())
        with self.lock, self._gate:
            if found is None or self._busy:
                return False
        self._drop()
        with self.lock:
            n = len(found.history)
            self.experiment.run.put(
                status="done", phase="", epoch=n, epochs=n, message=f"A run recorded earlier, of {n} epochs."
            )
            self._hold(found)
        return True

    # The run itself.

    def _begin(self, job: "Callable[[_Publisher], tuple[str, str]]") -> bool:
        with self._gate:
            if self._busy:
                return False
            self._busy = True
            self._idle.clear()
            self._stop = threading.Event()
        if self.foreground:
            self._work(job)
        else:
            worker = threading.Thread(target=self._work, args=(job,), name="spicewidgets-run", daemon=True)
            worker.start()
        return True

    def _work(self, job: "Callable[[_Publisher], tuple[str, str]]") -> None:
        """Do a job. However it ends, the run's state says so, and the next one can begin."""
        show = _Publisher(self.experiment, self.lock)
        told: dict[str, Any] = {"status": "failed", "message": "The run ended without a word."}
        try:
            show.now(status="running", phase="load", message="Loading.", details="", notes=(), live=None)
            with self._one_torch_thread():
                status, message = job(show)
            told = {"status": status, "message": message}
        except SettingsError as error:
            self._drop()
            told = {"status": "failed", "message": " ".join(error.problems)}
        except KeyboardInterrupt:
            self._drop()
            told = {"status": "cancelled", "message": "Stopped before anything was learned."}
        except BaseException as error:
            self._drop()
            told = {"status": "failed", "message": _sentence(error), "details": traceback.format_exc()}
        finally:
            self._end(show, told)

    def _end(self, show: "_Publisher", told: Mapping[str, Any]) -> None:
        """Tell how it ended. Who watches may begin the next run at once: it waits for the lock to tell of
        itself.
        """
        with self.lock:
            with self._gate:
                self._busy = False
            if self._paused is None:
                told = {"glimpses": (), **told}
            show.now(**{"phase": "", "seconds_left": None, "live": None, "resamples": 0, **told})
        with self._gate:
            if not self._busy:
                self._idle.set()

    @contextmanager
    def _interruptible(self, stage: str) -> Iterator[None]:
        """A stage of the run that a stop may cut short, as Ctrl-C would: with a KeyboardInterrupt."""
        with self._gate:
            self._inside = (threading.get_ident(), stage)
        try:
            yield
        finally:
            with self._gate:
                self._inside = None

    def _hurry(self, stop: threading.Event) -> None:
        """Interrupt what takes long after a stop."""
        for patience, stages in PATIENCE:
            if self._idle.wait(patience):
                return
            while not self._interrupted(stop, stages):
                if self._idle.wait(0.02):
                    return

    def _interrupted(self, stop: threading.Event, stages: tuple[str, ...]) -> bool:
        """Interrupt one of these stages; False while the thread is loading something, which a half-done
        import would spoil for every later run.
        """
        with self._gate:
            if self._stop is not stop or self._inside is None or self._inside[1] not in stages:
                return True
            thread = self._inside[0]
            if _importing(thread):
                return False
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(thread), ctypes.py_object(KeyboardInterrupt)
            )
            return True

    @contextmanager
    def _one_torch_thread(self) -> Iterator[None]:
        """One thread for torch, which is the fastest for models so small. It must be set in the
        thread that computes: OpenMP keeps it for each thread.
        """
        import torch

        before = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            yield
        finally:
            if self.foreground:
                torch.set_num_threads(before)

    def _load(self) -> None:
        for name in HEAVY:
            load(name)

    def _fresh(self, show: "_Publisher") -> Fit:
        """A new fit of the present settings."""
        snapshot = self.experiment.snapshot()
        self._drop()
        self._load()
        with self.lock:
            self.experiment.run.shelve()
        show.now(
            phase="simulate",
            message="Simulating the sessions.",
            epoch=0,
            epochs=snapshot.training.epochs,
            glimpses=(),
        )
        with self._interruptible("epoch"):
            data = self.given or simulate(snapshot)
        return Fit(snapshot, data, estimator_of(snapshot))

    def _warm(self, show: "_Publisher") -> Fit:
        """A fit that goes on from the weights of the last result."""
        snapshot, last = self.experiment.snapshot(), self.result
        if last is None or snapshot.differs(last.snapshot, DATA_OF):
            raise SettingsError(
                ["There is no training of these data and this model to go on with. Train first."]
            )
        trained, kept = self._trained(last, show)
        estimator = copy.copy(trained)
        estimator.set_params(**parameters_of(snapshot), warm_start=True)
        n = len(last.history) + snapshot.training.epochs
        show.now(phase="load", message="Going on.", epochs=n, glimpses=())
        return Fit(snapshot, last.data, estimator, last.history, kept)

    def _stepping(self) -> Fit | None:
        """The run that `step` has left, if it is one of the present settings."""
        paused = self._paused
        if paused is None or self.experiment.snapshot().differs(paused.snapshot, TRAINED_ON):
            return None
        return paused

    def _one_step(self, show: "_Publisher") -> tuple[str, str]:
        fit = self._stepping() or self._fresh(show)
        self._pause(fit)
        show.now(phase="train", message="One epoch.")
        if fit.next() is None:
            return self._finish(fit, show)
        show.now(**fit.facts())
        show.glimpse(fit, due=True)
        return "idle", f"Epoch {len(fit.history)}. Step again, or continue to the end."

    def _run(self, fit: Fit, show: "_Publisher") -> tuple[str, str]:
        """Ask for epochs until there are no more, or until it is stopped."""
        self._pause(None)
        try:
            while not self._stop.is_set():
                with self._interruptible("epoch"):
                    record = fit.go_on()
                if record is None:
                    break
                show.glimpse(fit)
                show.epoch(fit)
        except KeyboardInterrupt:
            self._stop.set()
        return self._finish(fit, show)

    def _finish(self, fit: Fit, show: "_Publisher") -> tuple[str, str]:
        """Equations and comparison of what was learned."""
        self._pause(None)
        if not fit.begun:
            fit.close()
            return "cancelled", "Stopped before anything was learned."
        show.now(**fit.facts() | {"phase": "equations", "message": "Finding the equations."})
        try:
            with self._interruptible("equations"):
                stopped = fit.end()
        except KeyboardInterrupt:
            stopped = fit.settle()
        show.now(phase="compare", message="Comparing truth, RNN and equations.")
        self._hold(result_of(fit.snapshot, fit.data, fit.estimator, fit.history, fit.notes, kept=fit.kept))
        if stopped:
            return "cancelled", f"Stopped at epoch {len(fit.history)}; what was learned was kept."
        return "done", " ".join([f"Trained for {len(fit.history)} epochs.", *fit.notes])

    def _refit(self, show: "_Publisher") -> tuple[str, str]:
        """Find the equations and show them, for the newest settings only; then compare."""
        last = self.result
        snapshot = self._library(last)
        assert last is not None
        self._load()
        show.now(phase="equations", message="Finding the equations.")
        trained, kept = self._trained(last, show)
        while True:
            estimator = copy.copy(trained)
            estimator._rng = copy.deepcopy(trained._rng)
            discover_again(estimator, snapshot)
            show.now(live=estimator.spice_model_)
            if not self._outdated(snapshot):
                break
            snapshot = self._library(last)
        show.now(phase="compare", message="Comparing truth, RNN and equations.")
        self._hold(found_again(last, snapshot, estimator, kept))
        return "done", "Found the equations again, for the same RNN."

    def _library(self, last: Result | None) -> ExperimentSnapshot:
        """The present settings of the discovery, for the RNN of a result. Raises `SettingsError` where it is
        one of other data or another model.
        """
        snapshot = self.experiment.snapshot()
        if last is None or snapshot.differs(last.snapshot, DATA_OF):
            raise SettingsError(
                ["There is no trained RNN of these settings to find equations for. Train first."]
            )
        return replace(snapshot, training=last.snapshot.training)

    def _outdated(self, snapshot: ExperimentSnapshot) -> bool:
        """Whether the library has moved on meanwhile, and its equations are wanted at once."""
        experiment, now = self.experiment, self.experiment.peek()
        wanted = experiment.follow_library and not self._stop.is_set() and not experiment.find_problems()
        return wanted and now.discovery != snapshot.discovery and not now.differs(snapshot, DATA_OF)

    def _resample(self, show: "_Publisher") -> tuple[str, str]:
        """Resample after resample, until there are as many as were asked for, or until it is stopped."""
        if why := self.experiment.unsampled():
            raise SettingsError([why])
        snapshot, last = self.experiment.peek(), self.result
        assert last is not None
        self._load()
        from ..core.discover.resampled import resamples

        n = snapshot.uncertainty.n_resamples
        found: list[SpiceModel] = []
        drawn = resamples(self._trained(last, show)[0], n, random_state=snapshot.uncertainty.seed)
        show.now(phase="resample", message="Resampling.", resample=0, resamples=n, rate=None)
        begun = perf_counter()
        try:
            while len(found) < n and not self._stop.is_set():
                with self._interruptible("epoch"):
                    found.append(next(drawn))
                show.resample(len(found), n, begun, lambda: self._hold_resampled(last, found))
        except KeyboardInterrupt:
            self._stop.set()
        finally:
            drawn.close()  # type: ignore[attr-defined]
            self._hold_resampled(last, found, snapshot)
        if len(found) == n:
            return "done", f"Found the equations of {n} resamples."
        if len(found) < 2:
            return "cancelled", "Stopped before there were two resamples to compare."
        return "cancelled", f"Stopped after {len(found)} of {n} resamples; these were kept."

    def _hold_resampled(
        self, result: Result, found: "Sequence[SpiceModel]", snapshot: ExperimentSnapshot | None = None
    ) -> None:
        """Make the resamples that there are the present ones, the last ones with their snapshot; one alone
        tells nothing of a spread.
        """
        if len(found) < 2:
            return
        from ..core.discover.resampled import Resampled

        assert result.spice is not None
        with self.lock:
            self.resampled = Resampled(result.spice, tuple(found), values_of(result.snapshot))
            run = self.experiment.run
            if snapshot is not None:
                done = replace(snapshot.uncertainty, n_resamples=len(found))
                with _logged("What watches the experiment has failed."):
                    self.experiment.resampled = replace(snapshot, uncertainty=done)
            with _logged("What watches the run has failed."):
                run.put(resampled_revision=run.resampled_revision + 1)

    def _trained(self, result: Result, show: "_Publisher") -> "tuple[SpiceEstimator, tuple[Kept, ...]]":
        """The estimator of a result, and the weights that were kept. That of a run recorded earlier is made
        again: the same settings and seed give the same network.
        """
        if result.estimator is not None:
            return result.estimator, result.kept
        self._load()
        show.now(phase="load", message="Training the recorded run again, to go on from it.")
        fit = Fit(result.snapshot, result.data, estimator_of(result.snapshot))
        with self._interruptible("epoch"):
            while fit.next() is not None:
                pass
        return fit.estimator, fit.kept

    def _hold(self, result: Result) -> None:
        """Make a result the present one."""
        self.result, self.resampled = result, None
        with self.lock:
            run, experiment = self.experiment.run, self.experiment
            with _logged("What watches the experiment has failed."):
                experiment.resampled = None
            with _logged("What watches the experiment has failed."):
                experiment.trained = result.snapshot
            with _logged("What watches the experiment has failed."):
                experiment.discovered = None if result.spice is None else result.snapshot
            with _logged("What watches the run has failed."):
                run.put(
                    notes=result.notes,
                    history=result.history,
                    live=None,
                    glimpses=(),
                    result_revision=run.result_revision + 1,
                    resampled_revision=run.resampled_revision + 1,
                )

    def _drop(self) -> None:
        """Give up the run that `step` has left."""
        if self._paused is not None:
            self._paused.close()
            self._pause(None)

    def _pause(self, fit: Fit | None) -> None:
        """Keep a run that goes step by step, or none."""
        self._paused = fit
        with self.lock, _logged("What watches the experiment has failed."):
            self.experiment.paused = None if fit is None else fit.snapshot


class _Publisher:
    """Puts what happens into the run's state, at most ten times a second; `now` does so at once."""

    def __init__(self, experiment: Experiment, lock: threading.RLock) -> None:
        self.run, self.lock = experiment.run, lock
        self.next = -PERIOD
        self.next_glimpse = perf_counter() + GLIMPSE_PERIOD

    def epoch(self, fit: Fit) -> None:
        """Tell of the epochs of a fit, if it is time."""
        if perf_counter() >= self.next:
            self.now(**fit.facts())

    def glimpse(self, fit: Fit, due: bool = False) -> None:
        """Show the equations of the present weights, if it is time or due; there are none while starts are
        screened.
        """
        begun = perf_counter()
        if (not due and begun < max(self.next, self.next_glimpse)) or fit.last["phase"] == "screen":
            return
        found = glimpse(fit.estimator, fit.snapshot)
        new = () if found is None else ((fit.last["epoch"], found),)
        self.now(**fit.facts(), live=found, glimpses=(*self.run.glimpses, *new)[-MOST_GLIMPSES:])
        ended = perf_counter()
        self.next_glimpse = ended + max(GLIMPSE_PERIOD, (ended - begun) / GLIMPSE_SHARE)

    def resample(self, done: int, n: int, begun: float, hold: Callable[[], None]) -> None:
        """Tell of the resamples done since a time, and hold them, if it is time."""
        now = perf_counter()
        if now >= self.next_glimpse:
            hold()
            ended = perf_counter()
            self.next_glimpse = ended + max(GLIMPSE_PERIOD, (ended - now) / SHARE)
        if now >= self.next:
            left = (now - begun) / done * (n - done)
            self.now(resample=done, seconds_left=left, message=f"Resample {done} of {n}.")

    def now(self, **values: Any) -> None:
        """Set these attributes. An error of who watches is logged, and does not end the run."""
        begun = perf_counter()
        with self.lock:
            if self.run.status == "stopping" and values.get("status", "stopping") == "stopping":
                values.pop("message", None)
            with _logged("What watches the run has failed."):
                self.run.put(**values)
        ended = perf_counter()
        self.next = ended + min(max(PERIOD, (ended - begun) / SHARE), SLOWEST)


@contextmanager
def _logged(what: str) -> Iterator[None]:
    """Errors in here are logged, and end nothing."""
    try:
        yield
    except Exception:
        LOG.exception(what)


def _importing(thread: int) -> bool:
    """Whether a thread is inside an import."""
    frame = sys._current_frames().get(thread)
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def _sentence(error: BaseException) -> str:
    """An error in one sentence for a panel."""
    told = str(error).strip().splitlines()
    what = told[0] if told else "no more is known"
    return f"The run ended with an error ({type(error).__name__}): {what}. The settings are kept; try again."
