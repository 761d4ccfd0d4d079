"""One fit under way: its epochs so far, and how to go on or to end it.

Asks the estimator for one epoch at a time; whoever holds it decides when. Knows nothing of threads or states.
"""

from contextlib import suppress
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..state.experiment import ExperimentSnapshot
from .simulation import Simulated

if TYPE_CHECKING:
    from ..core.estimator import SpiceEstimator

Kept = tuple[int, NDArray[np.float32]]  # an epoch and its weights, as `core.objective.flat` has them
MOST = 40  # epochs whose weights are kept
EARLY = 1.0  # seconds of training before which its speed tells nothing of the time that is left
SLICE = 0.02  # seconds of epochs at a time: many where an epoch costs less than a look at the run


class Fit:
    """One fit under way: its records so far, and how to go on or end it.

    Attributes:
        begun: whether an epoch has been run.
        kept: epoch and weights of some epochs, evenly spread, of what went before too.
    """

    def __init__(
        self,
        snapshot: ExperimentSnapshot,
        data: Simulated,
        estimator: "SpiceEstimator",
        before: tuple[dict[str, Any], ...] = (),
        kept: tuple[Kept, ...] = (),
    ) -> None:
        self.snapshot, self.data, self.estimator = snapshot, data, estimator
        self.notes: tuple[str, ...] = ()
        self.begun, self.kept = False, kept
        self._every = 1
        self._told = list(before)
        self._before = before[-1] if before else {"epoch": 0, "seconds": 0.0}
        self._records: Any = estimator.fit_records(data.dataset)
        self._complete = False
        self._spent = 0.0

    @property
    def history(self) -> tuple[dict[str, Any], ...]:
        """A dictionary for each epoch, of what went before too."""
        return tuple(self._told)

    @property
    def last(self) -> dict[str, Any]:
        """The last epoch."""
        return self._told[-1]

    def next(self) -> Any:
        """The next epoch's record; None when the fit is complete, equations and all."""
        began = perf_counter()
        record = next(self._records, None)
        self._complete = record is None
        if record is not None:
            self.begun = True
            self._spent += perf_counter() - began
            self._add(record)
        return record

    def go_on(self) -> Any:
        """The next epochs, one or more, for a moment; the last one's record, or None as `next`."""
        until = perf_counter() + SLICE
        while (record := self.next()) is not None and perf_counter() < until:
            pass
        return record

    def _add(self, record: Any) -> None:
        told = dict(vars(record))
        for name in ("epoch", "best_epoch"):
            told[name] += self._before["epoch"]
        told["seconds"] += self._before["seconds"]
        self._told.append(told)
        if (told["epoch"] - 1) % self._every == 0:
            self._keep(told["epoch"])
        if record.note:
            self.notes = (record.note,)

    def _keep(self, epoch: int) -> None:
        """Keep the present weights; of too many, those of every second epoch, and so on."""
        from ..core.train.objective import flat

        weights = flat(self.estimator.rnn_model_)
        if self.kept and np.array_equal(weights, self.kept[-1][1]):
            return  # starts are screened elsewhere than in the model
        self.kept = (*self.kept, (epoch, weights))
        while len(self.kept) > MOST:
            self._every *= 2
            self.kept = tuple(one for one in self.kept if (one[0] - 1) % self._every == 0)

    def end(self) -> bool:
        """Find the equations, if they are not found yet; whether the training was cut short."""
        if self._complete:
            return self.estimator.stopped_  # it may have been interrupted inside the last epoch
        with suppress(StopIteration):
            self._records.throw(KeyboardInterrupt())  # as if the learner had pressed Ctrl-C: keeps the best
        return True

    def settle(self) -> bool:
        """As `end`, where there is no time left to refine the equations."""
        self._records.close()
        if not hasattr(self.estimator, "spice_agent"):
            refine = self.estimator.spice_refine
            self.estimator.discover(spice_refine=False)
            self.estimator.set_params(spice_refine=refine)
        return True

    def close(self) -> None:
        """Give it up."""
        self._records.close()

    def facts(self) -> dict[str, Any]:
        """What the run's state says of it."""
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
