"""What the live and the printed loss curve draw: columns, marks, limits and a sentence."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from numbers import Real
from typing import TYPE_CHECKING, Union

import numpy as np

from ..style import RNN, TRUTH, Style
from .series import NOTHING, Floats, Kind, smooth
from .words import PHASES

if TYPE_CHECKING:
    from ..core.train.training import Epoch

Row = Mapping[str, object]
Record = Union["Epoch", Row]

VALIDATION = Style("validation", "#788494", "dash_dotted", "diamond")
TEST = Style("test", "#788494", "dotted", "square")
TRAINING = replace(RNN, name="training", dash="solid")
PHASE = Style("phase", "#9aa0a6", "solid", "circle", 1.0)
# From back to front: the kind of each mark and its look.
MARKS: dict[str, tuple[Kind, Style]] = {
    "chance": ("level", Style("chance", "#7a7f85", "dashed", "circle", 1.4)),
    "floor": ("level", Style("true agent", TRUTH.colour, "dashed", "circle", 1.4)),
    "screening": ("line", replace(RNN, name="screening, first trials", dash="dotted", width=1.4)),
    "validation": ("line", VALIDATION),
    "test": ("line", TEST),
    "training": ("line", TRAINING),
    "best": ("points", replace(RNN, name="best so far")),
}
LEVELS = ("chance", "floor")


class LossRecords:
    """Columns of the records of a training.

    Args:
        history: the records.
        before: columns of the beginning of the same training, whose records are not read again.

    Attributes:
        train, validation, test, judged: losses in nats per choice, `(n_epochs,)`; NaN where there are none.
        screened: which epochs were spent on screening starts, `(n_epochs,)`.
        phases: place and name of each phase that begins, also anew by a warm start.
        best: place of the record whose weights are used; None without.
        chance, floor: loss of guessing and of the true agent; None where they are not known.
    """

    def __init__(self, history: Sequence[Record], before: "LossRecords | None" = None) -> None:
        n_before = 0 if before is None else before.n
        rows = [_as_row(record) for record in history[n_before:]]
        self.n: int = n_before + len(rows)
        self.ends: tuple[Record, ...] = (history[0], history[-1]) if history else ()
        phases = [str(row.get("phase", "")) for row in rows]
        self.train = np.array([_finite(row.get("train_loss")) for row in rows])
        self.validation = np.array([_finite(row.get("validation_loss")) for row in rows])
        self.test = np.array([_finite(row.get("test_loss")) for row in rows])
        self.screened = np.array([phase == "screen" for phase in phases], dtype=bool)
        self.phases: list[tuple[int, str]] = []
        self._begin = 0  # of the last warm start
        if before is not None:
            self.phases, self._begin = list(before.phases), before._begin
            self.train = np.concatenate([before.train, self.train])
            self.validation = np.concatenate([before.validation, self.validation])
            self.test = np.concatenate([before.test, self.test])
            self.screened = np.concatenate([before.screened, self.screened])
        first, last = (_as_row(end) for end in self.ends or ({}, {}))
        for place, (row, phase) in enumerate(zip(rows, phases, strict=True), n_before):
            restarted = row.get("epoch") == first.get("epoch")  # a warm start counts its epochs anew
            if not self.phases or phase != self.phases[-1][1] or (restarted and place):
                self.phases.append((place, phase))
            if restarted:
                self._begin = place
        self.chance, self.floor = _or_none(last.get("chance")), _or_none(last.get("floor"))
        self.judged = np.where(np.isnan(self.validation), self.train, self.validation)
        self.best = self._best(history, last)

    def continues_in(self, history: Sequence[Record]) -> bool:
        """Tell whether a history begins with these very records."""
        if not 0 < self.n <= len(history):
            return False
        return history[0] is self.ends[0] and history[self.n - 1] is self.ends[-1]

    def marks(self, smoothing: float = 0.0) -> dict[str, tuple[Floats, Floats]]:
        """X and y of each of the `MARKS`, with a moving average of this weight."""
        epochs, at = np.arange(1.0, self.n + 1), self.best
        return {
            "chance": _level(self.chance),
            "floor": _level(self.floor),
            "screening": (epochs, np.where(self.screened, self.train, np.nan)),
            "validation": (epochs, smooth(self.validation, smoothing)),
            "test": (epochs, smooth(self.test, smoothing)),
            "training": (epochs, smooth(self.finishing, smoothing)),
            "best": (NOTHING, NOTHING) if at is None else (epochs[[at]], self.judged[[at]]),
        }

    @property
    def finishing(self) -> Floats:
        """The training loss after the screening of starts, `(n_epochs,)`; NaN before."""
        return np.where(self.screened, np.nan, self.train)

    def phase_names(self, restarts: bool) -> tuple[list[float], list[str]]:
        """Where each phase begins on the axis, with `restarts` also where it begins anew; and its name."""
        before = [None, *(phase for _, phase in self.phases)]
        begun = [
            (at, phase)
            for (at, phase), last in zip(self.phases, before, strict=False)
            if restarts or phase != last
        ]
        return [at + 0.5 for at, _ in begun], [PHASES.get(phase, phase) for _, phase in begun]

    def _best(self, history: Sequence[Record], last: Row) -> int | None:
        epoch = _or_none(last.get("best_epoch"))
        if not epoch:
            return None
        first = _or_none(_as_row(history[self._begin]).get("epoch", 1)) or 1
        place = self._begin + int(epoch) - int(first)
        return place if 0 <= place < self.n else None


def span(
    records: LossRecords, earlier: Sequence[LossRecords] = (), most: float = math.inf
) -> tuple[float, float]:
    """Limits of the axis: from below the lowest loss to above chance.

    The fall to chance in the first epochs is cut off, since all that is to be seen lies below; but never the
    present loss, unless it is above `most` times chance.
    """
    runs = [run for run in (records, *earlier) if run.n]
    if not runs:
        return 0.5, 0.75
    losses = np.concatenate([np.r_[run.train, run.validation, run.test, run.floor or np.nan] for run in runs])
    losses = losses[np.isfinite(losses)]
    chance = runs[0].chance or 0.0
    if not len(losses):
        return chance - 0.1, chance + 0.1
    low = min(float(losses.min()), chance or math.inf)
    last = [loss for run in runs for loss in (run.train[-1], run.validation[-1]) if math.isfinite(loss)]
    high = max([chance + 0.3 * (chance - low), low, *(loss for loss in last if loss <= most * chance)])
    margin = 0.05 * max(high - low, 0.01)
    return low - margin, high + margin


def summary(records: LossRecords) -> str:
    """Describe the curve, in a sentence or two."""
    if not records.n:
        return "No epoch yet."
    last, known = records.train[-1], bool(np.isfinite(records.train[-1]))
    words = f"Epoch {records.n}: " + (f"training loss {last:.3f}" if known else "the loss is no number")
    if np.isfinite(records.validation[-1]):
        words += f", validation loss {records.validation[-1]:.3f}"
    if np.isfinite(records.test[-1]):
        words += f", test loss {records.test[-1]:.3f}"
    words += " nats per choice" if known else ""
    words += "" if records.chance is None else f"; guessing has {records.chance:.3f}"
    words += "" if records.floor is None else f", the true agent {records.floor:.3f}"
    if records.best is None:
        return f"{words}."
    return f"{words}. The best is epoch {records.best + 1} with {records.judged[records.best]:.3f}."


def _as_row(record: Record) -> Row:
    return record if isinstance(record, Mapping) else vars(record)


def _or_none(value: object) -> float | None:
    return float(value) if isinstance(value, Real) else None


def _finite(value: object) -> float:
    number = _or_none(value)
    return number if number is not None and math.isfinite(number) else math.nan


def _level(y: float | None) -> tuple[Floats, Floats]:
    return (NOTHING, NOTHING) if y is None else (np.zeros(1), np.array([y]))
