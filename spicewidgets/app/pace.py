"""How fast a training is played back, and what is on show at each moment."""

from collections.abc import Callable, Mapping
from math import ceil
from typing import TYPE_CHECKING

from ..core.equations import SpiceModel
from ..core.read.emergence import Emergence
from ..state.experiment import Experiment
from ..views.looking import emerging

if TYPE_CHECKING:
    from ..experiment.result import Result
    from .store import Store

SECONDS = 3.0  # that a training takes on show
BEAT = 0.08  # seconds between two pictures
LONG = 1.5  # seconds after which a run that goes on is long enough to be seen as it is, ...
CATCH_UP = 0.15  # ... once the pictures have caught up with it: by most of what is left in so many seconds
NEAR = 0.1  # share of the epochs that is left when they have


class Pace:
    """Moves on through the epochs that there are: in each second by as large a share of them that all would
    take `SECONDS`. A run that is over soon is played back; one that is not is caught up with, and then shown
    as it goes on.

    Args:
        experiment: whose run is played.
        store: where its result will be.
        is_running: tells whether the run goes on. One that has been asked for does, though its state may not
            say so yet.
        seen: how many of its epochs have been seen before.
    """

    def __init__(
        self, experiment: Experiment, store: "Store", is_running: Callable[[], bool], seen: int = 0
    ) -> None:
        self.run, self.playback, self.store = experiment.run, experiment.playback, store
        self.is_running = is_running
        self._seen, self._place, self._spent = seen, float(seen), 0.0
        self._before, self._earlier = store.result, self.run.history  # until the run has some of its own
        if not is_running():
            self._before, self._earlier = None, ()
        self.playback.put(epochs=seen, epoch=seen, equations=None)
        self._looks: Mapping[str, Emergence] = {}
        self._looked: object = ()

    def move(self, seconds: float) -> bool:
        """Move on by so much time; whether there is more to come."""
        n = self._seen if self.run.history is self._earlier else len(self.run.history)
        self._spent += seconds * (n > self._seen)  # loading and simulating do not count
        is_over = self._is_over()
        is_long = not is_over and self._spent > LONG
        step = (n - self._place) / CATCH_UP if is_long else (n - self._seen) / SECONDS
        self._place = min(n, self._place + step * seconds)
        is_near = n - self._place <= NEAR * (n - self._seen)
        has_failed = self.run.status == "failed" and not self.is_running()
        if has_failed or (self._place >= n and is_over) or (is_long and is_near):
            self.playback.skip()
            return False
        shown = ceil(self._place)
        self.playback.put(epochs=n, epoch=shown, equations=self._equations(shown))
        return True

    def look(self) -> None:
        """Look at the equations of the epochs; takes a moment after the run. Call it without a lock."""
        result = self._result()
        source = self.run.glimpses if result is None else result
        if source is not self._looked:
            self._looks = emerging(self.run.glimpses) if result is None else result.emergence
            self._looked = source

    def _result(self) -> "Result | None":
        """Return the result of the run that is played; None while it goes on."""
        return self.store.result if self._is_over() else None

    def _is_over(self) -> bool:
        """Tell whether the epochs have come to an end; the coach may go on for a while."""
        return not self.is_running() or self.store.result is not self._before

    def _equations(self, epoch: int) -> SpiceModel | None:
        """Return the equations at the last look before or at an epoch."""
        places = {name: one.place(epoch) for name, one in self._looks.items()}
        if not places or min(places.values()) < 0:
            return None
        return SpiceModel((0,), {name: (self._looks[name].equation(at),) for name, at in places.items()})
