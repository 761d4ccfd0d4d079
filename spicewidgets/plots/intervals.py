"""The figure of intervals: a strip for each number, with its intervals and the truth, all in the same unit.

It takes records of any kind with the right names, wherever these come from.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import ceil, isfinite, nan
from typing import Any, Protocol

from ..core.wording import format_number
from ..style import OTHERS, SPICE, TRUTH, Style
from .live import LiveFigure
from .series import Subplot, ticks
from .table import Cell

LIKELIHOOD = Style("by the likelihood", "#7a7f85", "solid", "diamond", 4.0)
RESAMPLES = replace(OTHERS[0], name="over resamples", dash="solid", width=4.0)
FOUND = replace(SPICE, name="found")
ZERO = Style("", "#7a7f85", "dotted", "circle", 1.0)
LEAST, MOST = 3.0, 12.0  # standard errors on either side
STRIP = 30  # pixels
HEIGHTS = {"likelihood": 0.72, "resamples": 0.28}


class Row(Protocol):
    """A number with its intervals: an `intervals.Number` is one."""

    @property
    def is_term(self) -> bool:
        """Tell whether it is the coefficient of a term, which may be left out."""

    @property
    def true(self) -> float:
        """NaN where no truth is known."""

    @property
    def found(self) -> float:
        """As it was found."""

    @property
    def likelihood(self) -> float:
        """Standard error by the likelihood; NaN or infinite where there is none."""

    @property
    def unit(self) -> float:
        """The unit of distances."""

    @property
    def by_likelihood(self) -> tuple[float, float]:
        """An interval; NaN without."""

    @property
    def over_resamples(self) -> tuple[float, float]:
        """An interval; NaN without."""

    @property
    def spread(self) -> Any:
        """With `error` and `kept`, or None."""


class Intervals(LiveFigure):
    """Distances from what was found, in standard errors, so that all numbers share an axis."""

    name = "intervals"
    x_title = "Distance from what was found, in standard errors"

    def __init__(self, kind: str | None = None) -> None:
        super().__init__(kind)
        self._rows: list[tuple[str, Row]] = []

    def draw(self, rows: Sequence[tuple[str, Row]], summary: str) -> None:
        """Draw a strip for each coefficient that was found, or kept in a resample; each with its name."""
        self._rows = list(rows)
        drawn = [(name, row) for name, row in rows if isfinite(row.unit)]
        reach = max([LEAST, *(abs(x) for _, row in drawn for x in _distances(row) if isfinite(x))])
        limit = float(min(ceil(reach), MOST))
        with self.batch():
            for at, (name, row) in enumerate(drawn):
                self._make(at)
                self._strip(at, row, limit)
                self.subplots[f"strip {at}"].code = _kept_in_words(row)
                self.title(f"strip {at}", f"{name}: {_in_words(row)}")
            self.set_x(-limit, limit)
            self.summary = summary
        self.show_subplots({key: int(key.split()[1]) < len(drawn) for key in self.subplots})

    def x_ticks(self) -> dict[float, str]:
        """Round numbers along the x axis."""
        return ticks(*self.x_limits, n=6, whole=True)

    def _columns(self) -> tuple[list[str], Sequence[Sequence[Cell]]]:
        names = ["Coefficient", "True", "Found", "Error by the likelihood", "Error over resamples"]
        rows: list[list[Cell]] = [
            [name, row.true, row.found, row.likelihood, *_of(row, "error", "low", "high", "kept")]
            for name, row in self._rows
        ]
        return [*names, "Lowest", "Highest", "Kept"], rows

    def _make(self, at: int) -> None:
        subplot = f"strip {at}"
        if subplot in self.subplots:
            return
        self.add_subplot(Subplot(subplot, "", height=STRIP, limits=(0.0, 1.0), ticks={0.0: ""}, worded=True))
        self.add(f"zero {at}", subplot, "rules", ZERO, listed=False)
        self.add(f"likelihood {at}", subplot, "line", LIKELIHOOD)
        self.add(f"resamples {at}", subplot, "line", RESAMPLES)
        self.add(f"truth {at}", subplot, "points", TRUTH)
        self.add(f"found {at}", subplot, "points", FOUND)

    def _strip(self, at: int, row: Row, limit: float) -> None:
        """Draw a strip; ends beyond the axis are drawn at its end."""
        intervals = {"likelihood": row.by_likelihood, "resamples": row.over_resamples}
        data: dict[str, tuple[list[float], list[float]]] = {}
        for kind, ends in intervals.items():
            x = [min(max((end - row.found) / row.unit, -limit), limit) for end in ends if isfinite(end)]
            data[f"{kind} {at}"] = (x, [HEIGHTS[kind]] * len(x))
        truth = [(row.true - row.found) / row.unit] if isfinite(row.true) else []
        data[f"truth {at}"] = ([min(max(x, -limit), limit) for x in truth], [0.5] * len(truth))
        data[f"found {at}"] = ([0.0], [0.5])
        zero = -row.found / row.unit
        self.set_lines(data)
        self.set_rules(
            f"zero {at}", [zero] if abs(zero) <= limit else [], ["0"] if abs(zero) <= limit else []
        )


def _distances(row: Row) -> list[float]:
    ends = [row.true, *row.by_likelihood, *row.over_resamples]
    return [(end - row.found) / row.unit for end in ends]


def _of(row: Row, *names: str) -> list[float]:
    return [nan if row.spread is None else float(getattr(row.spread, name)) for name in names]


def _in_words(row: Row) -> str:
    ends = row.over_resamples if row.spread is not None else row.by_likelihood
    between = f" ({format_number(ends[0])} to {format_number(ends[1])})" if isfinite(ends[0]) else ""
    return f"{format_number(row.found)}{between}"


def _kept_in_words(row: Row) -> str:
    return "" if row.spread is None or not row.is_term else f"kept {100 * row.spread.kept:.0f} %"
