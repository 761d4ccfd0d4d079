"""Puts what happens in a run into the run's state, at most ten times a second."""

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from math import isfinite
from time import perf_counter
from typing import TYPE_CHECKING, Any

from ..state.run import RunState

if TYPE_CHECKING:
    from ..core.progress import Progress
    from ..experiment.fit import Fit

PERIOD = 0.1  # seconds between two updates of the run's state, ...
SHARE = 0.02  # ... and more where they would take more than this of the time, ...
SLOWEST = 0.2  # ... up to this
GLIMPSE_PERIOD = 0.5  # seconds between two looks at the equations, ...
GLIMPSE_SHARE = 0.01  # ... and the most that they may take of the time
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
        """Show the equations of a fit's present weights, if it is time or due."""
        begun = perf_counter()
        if (not due and begun < max(self._next, self._next_glimpse)) or fit.last["phase"] == "screen":
            return
        equations = fit.glimpse()
        new = () if equations is None else ((fit.last["epoch"], equations),)
        glimpses = (*self.run.glimpses, *new)[-MOST_GLIMPSES:]
        self.now(**fit.progress(), live=equations, glimpses=glimpses)
        ended = perf_counter()
        self._next_glimpse = ended + max(GLIMPSE_PERIOD, (ended - begun) / GLIMPSE_SHARE)

    def study(self, progress: "Progress", hold: Callable[[], None]) -> None:
        """Tell how far a study is, and hold what it has found, if it is time."""
        began = perf_counter()
        if began >= self._next_glimpse and progress.done > progress.before:
            hold()
            ended = perf_counter()
            self._next_glimpse = ended + max(GLIMPSE_PERIOD, (ended - began) / SHARE)
        if began >= self._next:
            left = progress.left if isfinite(progress.left) else None
            words = f"{progress.words}."
            self.now(part=progress.done, parts=progress.total, seconds_left=left, message=words)


@contextmanager
def log_errors(message: str) -> Iterator[None]:
    """Errors in here are logged with this message, and end nothing."""
    try:
        yield
    except Exception:
        LOG.exception(message)
