"""Runs the core for an experiment: in a worker thread, or in the foreground where threads do not show.

The only file with threads. What a run does stands in `job.py`, which is loaded with the first run, or by
`preload()`, together with torch and pysindy.
"""

import asyncio
import ctypes
import logging
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from time import perf_counter, sleep
from typing import TYPE_CHECKING, Any

from ..core.equations import SpiceModel
from ..core.settings import SettingsError
from ..experiment.result import Result
from ..experiment.settle import truth_of
from ..experiment.simulation import Simulated
from ..loading import is_loaded, later, load
from ..state.experiment import Experiment
from ..state.graph import ExperimentSnapshot
from .courtesy import UiThrottle
from .pace import BEAT, Pace
from .recorded import load_recorded
from .recorded.studies import load_studies
from .report import PERIOD, Reporter, log_errors
from .store import Store
from .studies import PageStudy
from .table import Upload, reading_table

if TYPE_CHECKING:
    from ..core.data.choices import Choices
    from ..core.diagnose.findings import Finding
    from . import job
    from .job import Job, RunOutcome
else:
    job = later(".job", __package__)

HEAVY = (f"{__package__}.job", "pysindy")
# After a stop, seconds until a long epoch is interrupted, and seconds more until the equations are.
PATIENCE = ((0.25, ("epoch",)), (0.2, ("epoch", "equations")))
TRUTH = ("task", "participant", "data", "model")  # the settings that the true equations depend on
MOST_AT_ONCE = 100_000  # choices of a run that is made without being asked for: some 2 s
LOADING = 0.02  # seconds between two looks at whether a thread is still importing something


class Runner:
    """Trains, stops, goes on and discovers for one experiment; one run at a time.

    Args:
        experiment: whose settings are run, and whose `run` tells how it goes.
        foreground: whether runs are made in the calling thread, which then waits; an interrupt stops them.

    Attributes:
        store: what runs have left behind.
        lock: held while the run's state is set; whoever sets it from elsewhere takes it too.
    """

    def __init__(self, experiment: Experiment, foreground: bool = False) -> None:
        self.experiment, self.foreground = experiment, foreground
        self.lock = threading.RLock()
        self.store = Store(experiment, self.lock)
        self._courtesy = UiThrottle(experiment)
        self._gate = threading.Lock()  # held while it is decided who runs
        self._idle = threading.Event()
        self._idle.set()
        self._stop: Stop | None = None  # of the run that is under way
        self._pace: Pace | None = None  # of the training that is played back
        self._recalled: Result | None = None  # the recorded run that was made anew last
        self._is_recalling = False  # whether that is what runs
        self._next: Callable[[], bool] | None = None  # what begins once it has been made
        self._true: tuple[ExperimentSnapshot, SpiceModel | None] | None = None  # settings, and their truth
        self._reading = 0  # counts the tables that were to be read
        experiment.lock = self.lock

    @property
    def result(self) -> Result | None:
        """The result of the last run; None before."""
        return self.store.result

    @property
    def advice(self) -> "tuple[Finding, ...] | None":
        """The coach's findings on the result, each remedy tried; None where it has not looked."""
        return self.store.advice

    @property
    def given(self) -> Simulated | None:
        """Sessions of an unknown participant, which are run in place of simulated ones; None without."""
        return self.store.given

    @given.setter
    def given(self, sessions: Simulated | None) -> None:
        self.store.given = sessions

    # What a panel calls. None of these raises for what a learner may do; each returns whether it began.

    def train(self, shown: bool = True) -> bool:
        """Simulate, train, find the equations, compare: from the beginning.

        Args:
            shown: whether the training is played back, where somebody watches and the settings want it.
        """
        return self._begin(lambda run: run.train(), shown)

    def train_anew(self) -> None:
        """Forget what was found in other choices, and train on the present ones; what runs ends before it."""
        with self._gate:
            if self._stop is not None:
                self._next = self._restart
                self._stop.request()
                return
        self._restart()

    def _restart(self) -> bool:
        return self.reset() and self.train(shown=False)

    def continue_(self) -> bool:
        """Train on: the run that `step` has left, or from the weights of the last result."""
        return self._begin(lambda run: run.continue_(), True, len(self.experiment.run.history))

    def show_again(self) -> bool:
        """Play the last training back, without training again."""
        if self.foreground or not self.experiment.run.history or self.experiment.run.busy:
            return False
        self._play()
        return True

    def step(self) -> bool:
        """One epoch more, then wait: of the run that is under way, or of a new one."""
        return self._begin(lambda run: run.step())

    def refit(self) -> bool:
        """Find the equations again with the present settings of the discovery, without training."""
        return self._begin(lambda run: run.refit())

    def study(self, name: str) -> bool:
        """Do a study, one of `STUDIES`, or go on with it where it was stopped."""
        return self._begin(lambda run: run.study(name))

    @property
    def studies(self) -> Mapping[str, PageStudy]:
        """The studies that were begun, by name."""
        return self.store.studies

    @property
    def choices(self) -> "Choices | None":
        """The table that was read last, used or not; None without."""
        return self.store.choices

    @property
    def chosen_roles(self) -> Mapping[str, Any] | None:
        """The roles that were chosen for its columns; None where all were guessed."""
        return self.store.roles

    def read(
        self,
        source: "Upload | Choices",
        roles: Mapping[str, Any] | None = None,
        remedies: Mapping[str, str] | None = None,
    ) -> None:
        """Read a table in the background; `experiment.table` tells how it goes. What is asked for later takes
        the place of what is still being read.
        """
        with self._gate:
            self._reading += 1
            arguments = self._reading, source, roles, remedies
        if self.foreground:
            self._read(*arguments)
        else:
            threading.Thread(target=self._read, args=arguments, name="spicewidgets-read", daemon=True).start()

    def stop(self) -> bool:
        """End the run soon; what was learned is kept and has its equations."""
        with self._gate:
            if self._stop is None or not self._stop.request():
                return False
        with self.lock:
            self._end_playback()
            if self.experiment.run.status == "running":
                self.experiment.run.put(status="stopping", message="Stopping; what was learned is kept.")
        return True

    def reset(self) -> bool:
        """Forget the result, the curves and the run that `step` has left. The settings stay."""
        with self.lock:
            with self._gate:
                if self._stop is not None:
                    return False
            self.store.forget()
        return True

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end of the run; whether it has ended within so many seconds."""
        return self._idle.wait(timeout)

    def preload(self, then: Callable[[], object] | None = None) -> None:
        """Load torch and all that a run needs, in the background; `then` is called at the end, from there."""

        def load_job() -> None:
            with log_errors("Loading in the background has failed."):  # the first run says so again
                _load()
                self._show_studies()
                if then is not None:
                    then()

        if self.foreground:
            load_job()
        else:
            threading.Thread(target=load_job, name="spicewidgets-load", daemon=True).start()

    @property
    def loaded(self) -> bool:
        """Tell whether a run can begin without loading anything."""
        return all(map(is_loaded, HEAVY))

    def truth(self) -> SpiceModel | None:
        """Return the true equations of the present settings, in the coordinates of the chosen model; None
        where nothing is known of its modules, or where a setting that they depend on is wrong. Loads no
        torch.
        """
        is_known = self.experiment.sound(*TRUTH) and self.given is None and not self.experiment.table.name
        if not is_known:
            return None
        present = self.experiment.peek()
        if self._true is None or self._true[0] is not present:
            self._true = present, truth_of(present)
        return self._true[1]

    def show_recorded(self) -> bool:
        """Show a run of the present settings that was recorded earlier, if there is one, so that there is
        something to see before torch is loaded.
        """
        result = load_recorded(self.experiment.peek()) if self._is_simulated() else None
        with self.lock, self._gate:
            if result is None or self._stop is not None:
                return False
        self.store.drop_paused()
        with self.lock:
            n = len(result.history)
            self.experiment.run.put(
                status="done", phase="", epoch=n, epochs=n, message=f"A run recorded earlier, of {n} epochs."
            )
            self.store.hold(result)
        if self.loaded:
            self._show_studies()
        return True

    def _show_studies(self) -> None:
        """Show the studies of the recorded run on show, which take torch to be read."""
        if self.result is not None and self.result.recorded is not None:
            self.store.show_studies(load_studies(self.result))

    def recall(self) -> bool:
        """Make the recorded run on show anew, once, as soon as torch is there: what only a trained network
        can answer is asked of it. In the background; in the foreground it is there when this returns.
        """
        result = self.result
        if result is None or result.recorded is None:
            return False
        if not self.loaded and not self.foreground:
            self.preload(self.recall)
            return False
        if self._recalled is result or "equation" in self.experiment.stale_because:
            return False
        self._recalled = result
        return self._begin(lambda run: run.recall(), recalls=True)

    def show_run(self) -> bool:
        """Show a run of the present settings, which were taken over as a whole: the recorded one if there is
        one, else a new one where it is short. A recorded run of other settings is forgotten; one that was
        made here stays until there is another, and is out of date.
        """
        present, last = self.experiment.peek(), self.result
        if last is not None and not present.differs(last.snapshot, "network"):
            return False  # another library alone is the follower's
        if self.show_recorded():
            return True
        if last is not None and last.recorded is not None:
            self.reset()
        is_short = present.is_simulated and present.n_sessions * present.data.n_trials <= MOST_AT_ONCE
        return not self.experiment.blocked["train"] and is_short and self.train(shown=False)

    def _is_simulated(self) -> bool:
        return not self.experiment.problems and self.given is None and not self.experiment.table.name

    def _read(
        self,
        number: int,
        source: "Upload | Choices",
        roles: Mapping[str, Any] | None,
        remedies: Mapping[str, str] | None,
    ) -> None:
        """Read a table. However it ends, `experiment.table` says so; what was there before stays."""
        table, status, message = self.experiment.table, "failed", "The reading ended without a word."
        try:
            steps, told = reading_table(source, roles, remedies), -PERIOD
            while number == self._reading:
                progress = next(steps)
                if perf_counter() - told >= PERIOD:
                    self._tell_of_reading(
                        number, status="reading", progress=progress.share, message=progress.words
                    )
                    told = perf_counter()
        except StopIteration as end:
            with self.lock:
                if number == self._reading:
                    self.store.choices, self.store.roles = end.value, roles
            status, message = "done", f"Read {end.value.report.used:,} trials of {end.value.report.name}."
        except SettingsError as error:
            message = " ".join(error.problems)
        except Exception as error:
            message = (
                f"The table could not be read ({type(error).__name__}: {str(error)[:200]}). Save it as CSV."
            )
            logging.getLogger(__name__).exception("A table could not be read.")
        self._tell_of_reading(
            number, status=status, progress=1.0, message=message, revision=table.revision + 1
        )

    def _tell_of_reading(self, number: int, **values: Any) -> None:
        with self.lock, log_errors("What watches the table has failed."):
            if number == self._reading:
                self.experiment.table.tell(**values)

    # The run itself.

    def _begin(
        self, kind: "Callable[[Job], RunOutcome]", shown: bool = False, seen: int = 0, recalls: bool = False
    ) -> bool:
        """Begin a run.

        Args:
            kind: what is run.
            shown: whether it is played back, if that is wanted.
            seen: epochs of it that were there before.
            recalls: whether it makes a recorded run anew; others then wait for it and are not refused.
        """
        stop = Stop()
        with self._gate:
            if self._stop is not None:
                if self._is_recalling:  # nobody has asked for that: what is asked for comes after it
                    self._next = partial(self._begin, kind, shown, seen)
                return self._is_recalling
            self._stop, self._is_recalling = stop, recalls
            self._idle.clear()
        if shown and self._is_played():
            self._play(seen)
        else:
            self._end_playback()
        if self.foreground:
            self._work(kind, stop)
        else:
            threading.Thread(
                target=self._work, args=(kind, stop), name="spicewidgets-run", daemon=True
            ).start()
        return True

    def _is_played(self) -> bool:
        """Tell whether a training is played back: somebody watches, and wants it."""
        playback, wanted = self.experiment.playback, self.experiment.training.shown is True
        return wanted and playback.watched and not playback.still and not self.foreground

    def _play(self, seen: int = 0) -> None:
        """Play a training back beside the run, or after it; one that is still being played gives way."""
        with self.lock:
            self._pace = pace = Pace(self.experiment, self.store, lambda: self._stop is not None, seen)
        threading.Thread(
            target=self._keep_pace, args=(pace,), name="spicewidgets-playback", daemon=True
        ).start()

    def _keep_pace(self, pace: Pace) -> None:
        """Move a playback on until it has ended, is skipped, or gives way. A failure ends it."""
        before, more = perf_counter(), True
        while more:
            sleep(BEAT)
            more = False
            with log_errors("The training could not be played back."):
                pace.look()
                with self.lock:
                    now = perf_counter()
                    if self._pace is not pace or not self.experiment.playback.playing:
                        return
                    # A beat that came late is no reason to leap.
                    before, more = now, pace.move(min(now - before, 2 * BEAT))
        with self.lock:
            if self._pace is pace:
                self._end_playback()

    def _end_playback(self) -> None:
        with self.lock:
            self._pace = None
            if self.experiment.playback.playing:
                self.experiment.playback.skip()

    def _work(self, kind: "Callable[[Job], RunOutcome]", stop: "Stop") -> None:
        """Do a job. However it ends, the run's state says so, and the next one can begin."""
        report = Reporter(self.experiment.run, self.lock)
        status, message, details = "failed", "The run ended without a word.", ""
        try:
            report.now(status="running", phase="load", message="Loading.", details="", notes=(), live=None)
            _load()
            with job.one_torch_thread(restore=self.foreground):
                status, message = kind(job.Job(self.experiment, self.store, report, stop, self._courtesy))
        except SettingsError as error:
            self.store.drop_paused()
            message = " ".join(error.problems)
        except KeyboardInterrupt:
            self.store.drop_paused()
            status, message = "cancelled", "Stopped before anything was learned."
        except BaseException as error:
            self.store.drop_paused()
            message, details = _sentence(error), traceback.format_exc()
        finally:
            self._end(report, stop, status=status, message=message, details=details)

    def _end(self, report: Reporter, stop: "Stop", **outcome: str) -> None:
        """Tell how it ended. Who watches may begin the next run at once: it waits for the lock to tell of
        itself.
        """
        with self.lock:
            with self._gate:
                self._stop = None
                waiting, self._next, self._is_recalling = self._next, None, False
            stop.end()
            run = self.experiment.run
            ended = {"study": "", "failed_study": run.study if outcome["status"] == "failed" else ""}
            glimpses = () if self.store.paused is None else run.glimpses
            report.now(phase="", seconds_left=None, live=None, glimpses=glimpses, **outcome, **ended)
        if waiting is not None:
            waiting()
        with self._gate:
            if self._stop is None:
                self._idle.set()


class Stop:
    """The request to stop one run: it is asked, and what takes long is interrupted as Ctrl-C would."""

    def __init__(self) -> None:
        self._gate = threading.Lock()  # held while it is decided whether the run is interrupted
        self._requested = threading.Event()
        self._ended = threading.Event()
        self._inside: tuple[int, str] | None = None  # thread and stage that may be interrupted

    def request(self) -> bool:
        """End the run soon; whether this is the first request."""
        if self._requested.is_set():
            return False
        self._requested.set()
        threading.Thread(target=self._hurry, name="spicewidgets-stop", daemon=True).start()
        return True

    def is_stopped(self) -> bool:
        """Tell whether the run shall end."""
        return self._requested.is_set()

    def note_stop(self) -> None:
        """Note that the run was interrupted by something else: by Ctrl-C in the foreground."""
        self._requested.set()

    def end(self) -> None:
        """Note that the run has ended, and nothing is left to be interrupted."""
        self._ended.set()

    @contextmanager
    def interruptible(self, stage: str) -> Iterator[None]:
        """Return the context of a stage, "epoch" or "equations", that a stop may cut short with a
        `KeyboardInterrupt`.
        """
        with self._gate:
            self._inside = (threading.get_ident(), stage)
        try:
            yield
        finally:
            with self._gate:
                self._inside = None

    def _hurry(self) -> None:
        """Interrupt what takes long after a stop."""
        for patience, stages in PATIENCE:
            if self._ended.wait(patience):
                return
            while not self._interrupt(stages):
                if self._ended.wait(LOADING):
                    return

    def _interrupt(self, stages: tuple[str, ...]) -> bool:
        """Interrupt one of these stages; False while the thread is loading something, which a half-done
        import would spoil for every later run.
        """
        with self._gate:
            if self._inside is None or self._inside[1] not in stages:
                return True
            thread = self._inside[0]
            if _is_importing(thread):
                return False
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(thread), ctypes.py_object(KeyboardInterrupt)
            )
            return True


def call_after(function: Callable[[], None]) -> None:
    """Call a function once the message of the page that is being handled has been; at once where none is."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        function()
    else:
        loop.call_soon(function)


def _load() -> None:
    """Load all that a run needs."""
    for name in HEAVY:
        load(name)


def _is_importing(thread: int) -> bool:
    """Tell whether a thread is inside an import."""
    frame = sys._current_frames().get(thread)
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def _sentence(error: BaseException) -> str:
    """Return an error in one sentence for a panel."""
    lines = str(error).strip().splitlines()
    reason = lines[0] if lines else "no more is known"
    return (
        f"The run ended with an error ({type(error).__name__}): {reason}. The settings are kept; try again."
    )
