"""The loss while it comes down: training and validation, between guessing and what the true agent itself
leaves unexplained.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..style import Style
from .live import LiveFigure
from .loss_records import LEVELS, MARKS, PHASE, TRAINING, LossRecords, Row, span, summary
from .series import NOTHING, Subplot, grown

if TYPE_CHECKING:
    from ..core.train.training import Epoch

EARLIER = Style("earlier run", "#7a7f85", "solid", "circle", 1.0)
ENDS = {"chance": "guessing", "floor": "the participant"}
RUNS = 8  # earlier runs that stay in sight


class LossCurve(LiveFigure):
    """The loss over epochs, between guessing and what the true agent itself leaves unexplained."""

    name = "loss"
    x_title = "Epoch"
    right = 122

    def __init__(self, kind: str | None = None) -> None:
        super().__init__(kind)
        self.add_subplot(Subplot("loss", "Loss (nats per choice)", height=220, worded=True))
        self.add("phases", "loss", "rules", PHASE, listed=False)
        for key in LEVELS:
            self.add(key, "loss", *MARKS[key], listed=False)  # their words stand at their ends
        for run in range(RUNS):
            self.add(f"earlier {run}", "loss", "line", EARLIER, faint=True)
        self.add("raw", "loss", "line", replace(TRAINING, name="training, raw"), faint=True, listed=False)
        for key in MARKS:
            self.add(key, "loss", *MARKS[key])  # nothing for those that are there
        self.set_x(0.0, 20.0)
        self._read: list[LossRecords] = []

    def draw(
        self,
        history: "Sequence[Epoch | Row]",
        *,
        earlier: "Sequence[Sequence[Epoch | Row]]" = (),
        log: bool = False,
        smoothing: float = 0.0,
        whole: "Sequence[Epoch | Row]" = (),
    ) -> None:
        """Draw the records of a training so far.

        Args:
            history: `Epoch` records, or dictionaries with the same names.
            earlier: the histories of earlier runs; the last ones are drawn pale.
            log: whether the loss is shown as a logarithm.
            smoothing: weight of the past in a moving average, from 0 to below 1; the raw curve stays pale.
            whole: all records, of a training that is played back, so that its axes stay as they will be.
        """
        runs = [self._columns_of(one) for one in earlier[-RUNS:]]
        records = self._columns_of(history)
        ahead = self._columns_of(whole) if whole else records
        self._read = [*runs, records, ahead]
        marks = records.marks(smoothing)
        if records.chance is None and runs:  # before its first epoch
            marks |= {key: runs[-1].marks()[key] for key in LEVELS}
        raw = records.finishing if smoothing else np.full(records.n, np.nan)
        marks["raw"] = marks["training"][0], raw
        for run in range(RUNS):
            losses = runs[run].train if run < len(runs) else NOTHING
            marks[f"earlier {run}"] = np.arange(1.0, len(losses) + 1), losses
        with self.batch():
            self.set_log("loss", log)
            self.set_span("loss", *span(ahead, runs))
            self.set_rules("phases", *records.phase_names(restarts=False))
            self.set_lines(marks)
            levels = {key: marks[key][1] for key in LEVELS}
            self.set_ends("loss", {float(y[0]): ENDS[key] for key, y in levels.items() if len(y)})
            self.set_x(0.0, float(grown(max(run.n for run in self._read))))
            self.summary = summary(records)

    def _columns_of(self, history: "Sequence[Epoch | Row]") -> LossRecords:
        """Return the columns of a history; of one that goes on, only new records are read."""
        before = next((columns for columns in self._read if columns.continues_in(history)), None)
        return LossRecords(history, before)
