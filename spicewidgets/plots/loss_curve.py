"""The loss while it comes down: training and validation, between guessing and what the true agent itself
leaves unexplained. Takes the records of a training, whatever they were made by.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..style import RNN, TRUTH, Style
from .live import LiveFigure
from .series import NOTHING, Floats, Panel, grown, smooth
from .words import PHASES, VALIDATION

TRAINING = replace(RNN, name="training", dash="solid")
SCREENING = replace(RNN, name="screening, first trials", dash="dotted", width=1.4)
CHANCE = Style("chance", "#7a7f85", "dashed", "circle", 1.4)
FLOOR = Style("true agent", TRUTH.colour, "dashed", "circle", 1.4)
EARLIER = Style("earlier run", "#7a7f85", "solid", "circle", 1.0)
PHASE = Style("phase", "#9aa0a6", "solid", "circle", 1.0)
RUNS = 8  # earlier runs that are kept in sight


class LossCurve(LiveFigure):
    """How the loss comes down, between guessing and what the true agent itself leaves unexplained."""

    name = "loss"
    x_title = "Epoch"

    def __init__(self, kind: str | None = None) -> None:
        super().__init__(kind)
        self.add_panel(Panel("loss", "Loss (nats per choice)", height=220))
        self.add("phases", "loss", "rules", PHASE, listed=False)
        self.add("chance", "loss", "level", CHANCE)
        self.add("floor", "loss", "level", FLOOR)
        for run in range(RUNS):
            self.add(f"earlier {run}", "loss", "line", EARLIER, faint=True)
        self.add("raw", "loss", "line", replace(TRAINING, name="training, raw"), faint=True, listed=False)
        self.add("screening", "loss", "line", SCREENING)
        self.add("validation", "loss", "line", VALIDATION)
        self.add("training", "loss", "line", TRAINING)
        self.add("best", "loss", "points", replace(RNN, name="best so far"))
        self.set_x(0.0, 20.0)
        self._known: list[_Records] = []

    def draw(
        self,
        history: Sequence[Any],
        *,
        earlier: Sequence[Sequence[Any]] = (),
        log: bool = False,
        smoothing: float = 0.0,
    ) -> None:
        """The records of a training so far.

        Args:
            history: `Epoch` records, or dictionaries with the same names.
            earlier: the histories of earlier runs; the last ones are drawn pale.
            log: logarithmic loss.
            smoothing: weight of the past in a moving average, from 0 to below 1; the raw curve stays pale.
        """
        runs = [self._records(one) for one in earlier[-RUNS:]]
        records = self._records(history)
        self._known = [*runs, records]
        with self.batch():
            self.set_log("loss", log)
            self.set_span("loss", *_span(records, runs))
            self._levels(records, runs)
            self._curves(records, smoothing)
            for run in range(RUNS):
                y = runs[run].train if run < len(runs) else np.empty(0)
                self.set_lines({f"earlier {run}": (np.arange(1.0, len(y) + 1), y)})
            longest = max([len(records.train), *(len(run.train) for run in runs)])
            self.set_x(0.0, float(grown(longest)))
            self.summary = _loss_in_words(records)

    def _records(self, history: Sequence[Any]) -> "_Records":
        """The columns of a history; of one that goes on, only what is new is read."""
        for known in self._known:
            if known.goes_on_as(history):
                return _Records(history, known)
        return _Records(history)

    def _levels(self, records: "_Records", runs: "Sequence[_Records]") -> None:
        told = records if records.chance is not None or not runs else runs[-1]
        self.set_levels({"chance": told.chance, "floor": told.floor})
        names = [PHASES.get(phase, phase) for _, phase in records.phases]
        self.set_rules("phases", [at + 0.5 for at, _ in records.phases], names)

    def _curves(self, records: "_Records", smoothing: float) -> None:
        epochs = np.arange(1.0, len(records.train) + 1)
        screened = records.screened
        kept = np.where(screened, np.nan, records.train)
        at = records.best
        best = (NOTHING, NOTHING) if at is None else (np.array([at + 1.0]), records.judged[at : at + 1])
        self.set_lines(
            {
                "screening": (epochs, np.where(screened, records.train, np.nan)),
                "training": (epochs, smooth(kept, smoothing)),
                "raw": (epochs, kept if smoothing else np.full(len(kept), np.nan)),
                "validation": (epochs, smooth(records.validation, smoothing)),
                "best": best,
            }
        )


class _Records:
    """Columns of the records of a training.

    Args:
        history: the records.
        before: those of its beginning, which are not read again.

    Attributes:
        train, validation, judged: losses; NaN where there are none.
        screened: which epochs were spent on screening starts.
        phases: place and name of each phase that begins.
        best: place of the record whose weights are kept.
    """

    def __init__(self, history: Sequence[Any], before: "_Records | None" = None) -> None:
        n = 0 if before is None else before.n
        rows = [_row(one) for one in history[n:]]

        def column(name: str) -> Floats:
            return np.array([_number(row.get(name)) for row in rows], dtype=float)

        phases = [str(row.get("phase", "")) for row in rows]
        self.n: int = n + len(rows)
        self.ends: tuple[Any, ...] = (history[0], history[-1]) if history else ()
        self.train, self.validation = column("train_loss"), column("validation_loss")
        self.screened = np.array([phase == "screen" for phase in phases], dtype=bool)
        self.phases: list[tuple[int, str]] = [] if before is None else list(before.phases)
        self._begun: int = 0
        if before is not None:
            self._begun = before._begun
            for name in ("train", "validation", "screened"):
                setattr(self, name, np.concatenate([getattr(before, name), getattr(self, name)]))
        first, last = (_row(self.ends[0]), _row(self.ends[1])) if self.ends else ({}, {})
        for at, (row, phase) in enumerate(zip(rows, phases, strict=True), n):
            if not self.phases or phase != self.phases[-1][1]:
                self.phases.append((at, phase))
            if row.get("epoch") == first.get("epoch"):  # a warm start counts its epochs anew
                self._begun = at
        self.chance, self.floor = last.get("chance"), last.get("floor")
        self.judged = np.where(np.isnan(self.validation), self.train, self.validation)
        self.best = self._best(last, int(_row(history[self._begun]).get("epoch", 1)) if self.n else 1)

    def goes_on_as(self, history: Sequence[Any]) -> bool:
        """Whether a history begins with these very records."""
        if not 0 < self.n <= len(history):
            return False
        return history[0] is self.ends[0] and history[self.n - 1] is self.ends[1]

    def _best(self, last: Mapping[str, Any], first_epoch: int) -> int | None:
        if not last.get("best_epoch"):
            return None
        at = self._begun + int(last["best_epoch"]) - first_epoch
        return at if 0 <= at < self.n else None


def _row(record: Any) -> Mapping[str, Any]:
    return record if isinstance(record, Mapping) else vars(record)


def _number(value: Any) -> float:
    number = math.nan if value is None else float(value)
    return number if math.isfinite(number) else math.nan


def _span(records: _Records, runs: Sequence[_Records]) -> tuple[float, float]:
    """From below the lowest loss to above chance. The fall to chance in the first epochs is cut off, since
    all that is to be seen lies below; but never the present loss.
    """
    known = [one for one in (records, *runs) if len(one.train)]
    if not known:
        return 0.5, 0.75
    losses = np.concatenate([np.r_[one.train, one.validation, one.floor or np.nan] for one in known])
    losses = losses[np.isfinite(losses)]
    chance = known[0].chance or 0.0
    if not len(losses):
        return chance - 0.1, chance + 0.1
    low = min(float(losses.min()), chance or math.inf)
    last = [value for one in known for value in (one.train[-1], one.validation[-1]) if math.isfinite(value)]
    high = max([chance + 0.3 * (chance - low), *last, low])
    room = 0.05 * max(high - low, 0.01)
    return low - room, high + room


def _loss_in_words(records: _Records) -> str:
    n = len(records.train)
    if not n:
        return "No epoch yet."
    last = records.train[-1]
    words = (
        f"Epoch {n}: training loss {last:.3f}" if np.isfinite(last) else f"Epoch {n}: the loss is no number"
    )
    if np.isfinite(records.validation[-1]):
        words += f", validation loss {records.validation[-1]:.3f}"
    words += " nats per choice" if np.isfinite(last) else ""
    if records.chance is not None:
        words += f"; guessing has {records.chance:.3f}"
    if records.floor is not None:
        words += f", the true agent {records.floor:.3f}"
    words += "."
    if records.best is not None:
        words += f" The best is epoch {records.best + 1} with {records.judged[records.best]:.3f}."
    return words
