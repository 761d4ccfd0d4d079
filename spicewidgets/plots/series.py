"""What a live figure shows, as data: subplots, and in them lines, points, levels and rules.

Also the arithmetic of axes: limits that stay while the data grow, ticks, and how a long line is thinned.
"""

import math
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..style import SPICE, TRUTH, Style

Floats = NDArray[np.float64]
Line = tuple[ArrayLike | None, ArrayLike]
"""X and y of a line or of points; x None counts trials from 0."""
Kind = Literal["line", "band", "dots", "points", "level", "rules"]
TRACES: tuple[Kind, ...] = ("line", "band", "dots")  # kinds of a curve

LIMIT = 800  # points of a line that are sent to the screen, about one for each of its pixels
TOP, WORDS = 8, 12  # pixels above the axes, and for words there
THIN = 1.5  # width of a line that lies over another one, in points
LABEL = 15  # pixels from one word at the right end to the next
TICK = 22  # pixels that a tick's words need, at least
NOTHING: Floats = np.empty(0)


@dataclass
class Series:
    """One mark: made once, then only its data and its visibility change.

    Attributes:
        key: how the figure calls it.
        subplot: key of its subplot.
        kind: "line"; "band" (a line that is wide and pale, with thin edges, so that it is seen under what
            coincides); "dots" (a small dot at each x); "points" (markers); "level" (one horizontal line at
            `y[0]`); "rules" (vertical lines at `x`).
        style: name, colour, dash and marker.
        faint: of an earlier run: thin and pale.
        x, y: the data, the same length; NaN leaves a gap.
        words: of rules, what stands beside each.
        visible: whether it is drawn now.
        listed: whether the legend and the table name it.
        tabled: whether the table has a column of it.
    """

    key: str
    subplot: str
    kind: Kind
    style: Style
    faint: bool = False
    x: Floats = field(default_factory=lambda: NOTHING)
    y: Floats = field(default_factory=lambda: NOTHING)
    words: tuple[str, ...] = ()
    visible: bool = True
    listed: bool = True
    tabled: bool = True

    @property
    def empty(self) -> bool:
        """Tell whether there is nothing to draw."""
        return not len(self.x) or not bool(np.isfinite(self.y).any())


@dataclass
class Subplot:
    """One pair of axes; subplots of a figure stand below each other on one x axis.

    Attributes:
        title: words above it, with the unit.
        code: its name in code, shown small; may be empty.
        height: of what is drawn, in pixels, without the x axis.
        limits: fixed lowest and highest y; None follows the data.
        ticks: fixed y ticks with their words; None chooses them.
        span: the y that must be in sight when `limits` is None; None takes all data.
        log: whether y is shown as log10.
        ends: words at the right end, by their y: labels stand at the lines.
        worded: whether rules have words; they stand above the axes, where no curve is.
        low, high: what is shown now (log10 if `log`).
    """

    key: str
    title: str
    code: str = ""
    height: int = 150
    limits: tuple[float, float] | None = None
    ticks: dict[float, str] | None = None
    span: tuple[float, float] | None = None
    log: bool = False
    visible: bool = True
    worded: bool = False
    ends: dict[float, str] = field(default_factory=dict)
    low: float = 0.0
    high: float = 1.0

    @property
    def above(self) -> int:
        """Pixels above the axes."""
        return TOP + (WORDS if self.worded else 0)

    def spread_ends(self) -> dict[float, str]:
        """Return the words at the right end, no two of them on each other."""
        gap = LABEL * (self.high - self.low) / self.height
        places: dict[float, str] = {}
        for y in sorted(self.ends):
            at = float(self.transform(np.array([y]))[0])
            places[max([at, *(before + gap for before in places)])] = self.ends[y]
        over = max([0.0, *(at - self.high for at in places)])
        return {at - over: words for at, words in places.items()}

    def transform(self, y: Floats) -> Floats:
        """Values as they are drawn."""
        if not self.log:
            return y
        return np.log10(np.where(y > 0, y, np.nan))

    def y_ticks(self) -> dict[float, str]:
        """Where the ticks stand, as drawn, and what they say."""
        if self.ticks is not None:
            return self.ticks
        return log_ticks(self.low, self.high, self.height // TICK) if self.log else ticks(self.low, self.high)


def pair(x: ArrayLike | None, y: ArrayLike) -> tuple[Floats, Floats]:
    """X and y as arrays; x counts from 0 when it is None."""
    ys = np.asarray(y, dtype=float)
    xs = np.arange(len(ys), dtype=float) if x is None else np.asarray(x, dtype=float)
    if xs.ndim != 1 or xs.shape != ys.shape:
        raise ValueError(
            f"x and y of a line must be two rows of numbers of one length; got {xs.shape}, {ys.shape}."
        )
    return xs, ys


def laid_over(style: Style, alone: bool = False) -> tuple[Kind, Style]:
    """Style the curve of an agent over others', so that each is seen where all coincide: the truth as a pale
    wide band, SPICE as dots, the others as thin lines.

    Args:
        style: of the agent.
        alone: whether there are no others; then it is a line like any.
    """
    if alone:
        return "line", style
    kinds: dict[Style, Kind] = {TRUTH: "band", SPICE: "dots"}
    return kinds.get(style, "line"), replace(style, width=min(style.width, THIN))


def decimate(x: Floats, y: Floats, limit: int = LIMIT) -> tuple[Floats, Floats]:
    """At most `limit` points that look the same: of each stretch the lowest and the highest value stay, so
    that no peak is lost, the first and the last point stay, and a gap (NaN) stays a gap.
    """
    n = len(x)
    if n <= limit:
        return x, y
    n_stretches = max((limit - 2) // 3, 1)
    width = -(-n // n_stretches)
    padded = np.full(n_stretches * width, np.nan)
    padded[:n] = y
    parts = padded.reshape(n_stretches, width)
    gaps = np.isnan(parts)
    known, broken = ~gaps.all(1), gaps.any(1)
    begin = np.arange(n_stretches) * width
    low, high = (
        begin + np.where(gaps, end, parts * sign).argmin(1) for end, sign in ((np.inf, 1), (np.inf, -1))
    )
    keep = np.concatenate([[0, n - 1], low[known], high[known], (begin + gaps.argmax(1))[broken]])
    at = np.unique(keep[keep < n])
    return x[at], y[at]


def window(x: Floats, y: Floats, low: float, high: float) -> tuple[Floats, Floats]:
    """Return the part of a line between two x, with one point beyond on each side."""
    start = max(int(np.searchsorted(x, low)) - 1, 0)
    stop = int(np.searchsorted(x, high, side="right")) + 1
    return x[start:stop], y[start:stop]


def step_for(span: float, n: int = 5, whole: bool = False) -> float:
    """Return a tick distance of 1, 2 or 5 times a power of ten that gives about `n` ticks."""
    raw = max(span, 1e-12) / n
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= raw * 0.999)
    return max(step, 1.0) if whole else step


def ticks(low: float, high: float, n: int = 5, whole: bool = False) -> dict[float, str]:
    """Round numbers between two limits, with as many digits as they need."""
    step = step_for(high - low, n, whole)
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return {
        round(i * step, digits + 2): f"{i * step:.{digits}f}".replace("-", "−")
        for i in range(first, last + 1)
    }


def log_ticks(low: float, high: float, most: int = 6) -> dict[float, str]:
    """Ticks at round numbers, placed at their log10; at most so many."""
    if high - low < 0.5:
        return _logs([value for value in ticks(10**low, 10**high, min(most, 5)) if value > 0], low, high)
    powers = range(math.floor(low), math.ceil(high) + 1)
    marks: dict[float, str] = {}
    for steps in ((1, 2, 5), (1, 3), (1,)):
        marks = _logs([m * 10.0**power for power in powers for m in steps], low, high)
        if len(marks) <= most:
            return marks
    every = -(-len(marks) // most)
    return dict(list(marks.items())[::every])


def _logs(values: list[float], low: float, high: float) -> dict[float, str]:
    """Return these values at their log10, where that is between two limits."""
    return {math.log10(v): f"{v:g}" for v in values if low - 1e-9 <= math.log10(v) <= high + 1e-9}


def settle(limits: tuple[float, float], low: float, high: float) -> tuple[float, float]:
    """Limits for data from `low` to `high`, at round numbers.

    The present ones stay while the data fit into them and fill a good part, so that axes do not tremble.
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        return limits
    span = high - low
    if limits[0] <= low and high <= limits[1] and span > 0.6 * (limits[1] - limits[0]):
        return limits
    if span < 1e-9 * max(abs(low), abs(high), 1e-3):
        room = max(0.1 * abs(low), 0.1)
        low, high = low - room, high + room
    step = step_for(high - low, 4) / 2
    return math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step


def grown(n: int, least: int = 20) -> int:
    """Return the next round number at or above `n`: an axis that grows in few steps."""
    if n <= least:
        return least
    power = 10 ** math.floor(math.log10(n))
    return next(int(m * power) for m in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if int(m * power) >= n)


def smooth(y: Floats, weight: float) -> Floats:
    """Exponential moving average: 0 changes nothing, 0.9 keeps nine tenths of the past at each step. Gaps
    stay, and the average starts at the first value.
    """
    out, past = np.array(y, dtype=float), math.nan
    if not weight:
        return out
    for i, value in enumerate(out):
        if not math.isnan(value):
            past = value if math.isnan(past) else weight * past + (1 - weight) * value
            out[i] = past
    return out
