"""Puts what happens in a run into the run's state, at most ten times a second."""

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, Any

from ..core.progress import Progress
from ..state.run import RunState

if TYPE_CHECKING:
    from ..experiment.fit import Fit

PERIOD = 0.1  # seconds between two updates of the run's state, ...
SHARE = 0.02  # ... and more where they would take more than this of the time, ...
SLOWEST = 0.2  # ... up to this
GLIMPSE_PERIOD = 0.5  # seconds between two looks at the equations, ...
GLIMPSE_SHARE = 0.01  # ... and the most that they may take of the time
TAKEN, TAKEN_SHARE = 1.0, 0.05  # seconds or share of a study after which the time that is left is told
MOST_GLIMPSES = 1000  # that are remembered of a run
LOG = logging.getLogger(__name__)


class Reporter:
    """Tells one run's state what happens; what comes too often is left out.

    Args:
        run: the state.
        lock: held while it is set.
    """

    def __init__(self, run: RunState, lock: AbstractContextManager[Any]) -> None:
        self.run, self.lock = run, lock
        self._next = -PERIOD
        self._next_glimpse = perf_counter() + GLIMPSE_PERIOD
        self._since: Progress | None = None  # how far a study was when its time began to be taken

    def now(self, **values: Any) -> None:
        """Set these traits of the run at once. An error of who watches is logged and does not end the run."""
        begun = perf_counter()
        with self.lock:
            if self.run.status == "stopping" and values.get("status", "stopping") == "stopping":
                values.pop("message", None)
            with log_errors("What watches the run has failed."):
                self.run.put(**values)
        ended = perf_counter()
        self._next = ended + min(max(PERIOD, (ended - begun) / SHARE), SLOWEST)

    def epoch(self, fit: "Fit") -> None:
        """Tell of a fit's epochs, if it is time."""
        if perf_counter() >= self._next:
            self.now(**fit.progress())

    def glimpse(self, fit: "Fit", due: bool = False) -> None:
        """Show the equations and modules of a fit's present weights, if it is time or due."""
        begun = perf_counter()
        if (not due and begun < max(self._next, self._next_glimpse)) or fit.last["phase"] == "screen":
            return
        look = fit.glimpse()
        new = () if look is None else ((fit.last["epoch"], look),)
        glimpses = (*self.run.glimpses, *new)[-MOST_GLIMPSES:]
        self.now(**fit.progress(), live=look and look.equations, glimpses=glimpses)
        ended = perf_counter()
        self._next_glimpse = ended + max(GLIMPSE_PERIOD, (ended - begun) / GLIMPSE_SHARE)

    def study(self, progress: Progress, hold: Callable[[], None]) -> None:
        """Tell how far a study is, and hold what it has found, if it is time."""
        began = perf_counter()
        if began >= self._next_glimpse and progress.done > progress.before:
            hold()
            ended = perf_counter()
            self._next_glimpse = ended + max(GLIMPSE_PERIOD, (ended - began) / SHARE)
        if began >= self._next:
            words, left = f"{progress.words}.", self._left(progress)
            self.now(part=progress.done, parts=progress.total, seconds_left=left, message=words)

    def _left(self, progress: Progress) -> float | None:
        """Return the seconds that a study still takes, once that is known to about a third: the first part
        starts processes and compiles, and says nothing of the others; a few others may be quick by chance.
        """
        since = self._since
        if since is None or progress.total != since.total or progress.done < since.done:
            self._since = since = progress if progress.done > progress.before else None
        if since is None or progress.done == since.done:
            return None
        done, seconds = progress.done - since.done, progress.seconds - since.seconds
        if seconds < TAKEN and done < TAKEN_SHARE * progress.total:
            return None
        return seconds / done * (progress.total - progress.done)


@contextmanager
def log_errors(message: str) -> Iterator[None]:
    """Errors in here are logged with this message, and end nothing."""
    try:
        yield
    except Exception:
        LOG.exception(message)
