"""The training as it is shown: the loss while it comes down, and the equation over the epochs."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..core.wording import format_number
from ..style import OTHERS, RNN, Style
from .live import LiveFigure
from .loss_records import LEVELS, MARKS, PHASE, TRAINING, LossRecords, Row, span, summary
from .series import NOTHING, Floats, Line, Subplot, grown

if TYPE_CHECKING:
    from ..core.read.emergence import Emergence
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


NOW = Style("", "#7a7f85", "solid", "circle", 1.0)
LOSS = replace(RNN, name="loss")


class EmergenceFigure(LiveFigure):
    """The coefficients of an equation over the epochs, beside their truth, and the loss. The line of a term
    has a gap where the term is not in the equation.
    """

    name = "equation_over_training"
    x_title = "Epoch"

    def __init__(self, kind: str | None = None) -> None:
        super().__init__(kind)
        self.add_subplot(Subplot("coefficient", "Coefficient of each term", height=210))
        self.add_subplot(Subplot("loss", "Loss of the RNN (nats per choice)", height=80))
        self.add("loss", "loss", "line", LOSS, listed=False)
        for subplot in self.subplots:
            self.add(f"now {subplot}", subplot, "rules", NOW, listed=False)
        self._emergence: Emergence | None = None
        self._terms: Sequence[str] = ()

    def draw(
        self,
        emergence: "Emergence",
        terms: Sequence[str],
        truth: Sequence[float | None],
        loss: Mapping[int, float],
    ) -> None:
        """Draw an equation over the epochs.

        Args:
            emergence: epochs and coefficients.
            terms: what its terms are called.
            truth: true coefficients; None where nothing is known of them.
            loss: by epoch.
        """
        x, rows = np.asarray(emergence.epochs, dtype=float), _present(emergence)
        self._emergence, self._terms = emergence, terms
        levels: dict[str, float | None] = {key: None for key in self.series if key.startswith("true ")}
        lines: dict[str, Line] = {"loss": (list(loss), list(loss.values()))}
        lines |= {key: ([], []) for key in self.series if key.startswith(("term ", "at "))}
        with self.batch():
            for order, (term, true) in enumerate(zip(terms, truth, strict=True)):
                self._make(term)
                levels[f"true {term}"] = true
                lines[f"term {term}"] = (x, rows[:, order])
            self.set_lines(lines)
            self.set_levels(levels)
            self.set_x(0.0, float(grown(int(max([*x, *loss, 1])))))
            self.set_span("loss", *_ends(list(loss.values())))
            self.summary = _state_in_words(x, rows, terms)

    def _make(self, term: str) -> None:
        """Make the marks of a term, in a colour that no other one has before all are used."""
        n_terms = sum(key.startswith("term ") for key in self.series)
        if f"term {term}" not in self.series:
            look = replace(OTHERS[n_terms % len(OTHERS)], name=term, width=2.2, dash="solid")
            true = replace(look, name=f"{term}, truth", dash="dashed", width=1.4)
            self.add(f"term {term}", "coefficient", "line", look)
            self.add(f"true {term}", "coefficient", "level", true)
            self.add(f"at {term}", "coefficient", "points", look, listed=False)

    def mark(self, at: int) -> None:
        """Mark one of the epochs, by its place."""
        assert self._emergence is not None
        epoch, row = float(self._emergence.epochs[at]), _present(self._emergence)[at]
        with self.batch():
            for subplot in self.subplots:
                self.set_rules(f"now {subplot}", [epoch])
            self.set_marks({f"at {term}": ([epoch], [row[order]]) for order, term in enumerate(self._terms)})


def _present(emergence: "Emergence") -> Floats:
    """Coefficients, NaN where a term is not in the equation."""
    rows = np.asarray(emergence.coefficients, dtype=float)
    return np.where(rows != 0, rows, np.nan)


def _ends(losses: Sequence[float]) -> tuple[float, float]:
    known = np.array(losses)[np.isfinite(losses)]
    return (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)


def _state_in_words(x: Floats, rows: Floats, terms: Sequence[str]) -> str:
    """Since when each term is in the equation, and with which number it ends."""
    sentences = []
    for order, term in enumerate(terms):
        gone = np.flatnonzero(np.isnan(rows[:, order]))
        if len(gone) and gone[-1] == len(x) - 1:
            sentences.append(f"{term} is not in it at the end")
        else:
            since = x[gone[-1] + 1 if len(gone) else 0]
            sentences.append(
                f"{term} is in it since epoch {since:.0f} and ends at {format_number(rows[-1, order], 2)}"
            )
    return f"The equation at {len(x)} epochs from {x[0]:.0f} to {x[-1]:.0f}: {'; '.join(sentences)}."
