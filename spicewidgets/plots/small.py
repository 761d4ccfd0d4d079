"""Small charts as HTML: lines, marks and bands with axes whose text keeps its size, at any width.

Places are shares of the chart, so that it is as wide as there is room; lines are drawn in one SVG that is
stretched, and keep their width. What a chart shows is said in words by whoever draws it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..markup import Html, escape_text
from ..style import Style
from .series import Kind
from .table import DASHES, swatch

Floats = NDArray[np.float64]
INK = Style("", "currentColor", "solid", "circle", 1.8)
# Marks around 0, so that any place can be their middle.
MARKS = {
    "circle": '<circle r="3.2"/>',
    "square": '<rect x="-3.2" y="-3.2" width="6.4" height="6.4"/>',
    "triangle": '<path d="M0-4.2L4.2 3.2L-4.2 3.2Z"/>',
    "diamond": '<path d="M0-4.4L4.4 0L0 4.4L-4.4 0Z"/>',
    "cross": '<path d="M-3.2-3.2L3.2 3.2M3.2-3.2L-3.2 3.2" fill="none" stroke-width="1.8"/>',
    "plus": '<path d="M0-4L0 4M-4 0L4 0" fill="none" stroke-width="1.8"/>',
    "ring": '<circle r="3.1" style="fill:var(--jp-layout-color1,#fff)" stroke-width="1.5"/>',
}


@dataclass(frozen=True, eq=False)
class Line:
    """Points, joined or not; all arrays are `(n,)`, NaN leaves a gap.

    Attributes:
        x, y: where they are.
        style: how they look; `INK` is the text's own colour.
        low, high: ends of a band or of bars; None without.
        joined: whether a line goes through them.
        marked: whether each has a mark.
        banded: whether `low` and `high` are a band, and not bars.
    """

    x: ArrayLike
    y: ArrayLike
    style: Style
    low: ArrayLike | None = None
    high: ArrayLike | None = None
    joined: bool = True
    marked: bool = True
    banded: bool = False


@dataclass(frozen=True, eq=False)
class Axis:
    """A range, and what stands at some places of it.

    Attributes:
        low, high: the ends.
        ticks: words by place.
        log: whether places are logarithmic.
    """

    low: float
    high: float
    ticks: Mapping[float, str] = field(default_factory=dict)
    log: bool = False

    def share(self, values: ArrayLike) -> Floats:
        """Where values are, from 0 to 1; NaN beyond the ends."""
        scale = np.log if self.log else np.asarray
        low, high = float(scale(self.low)), float(scale(self.high))
        with np.errstate(divide="ignore", invalid="ignore"):
            shares = (np.asarray(scale(np.asarray(values, float))) - low) / ((high - low) or 1.0)
        return np.where((shares >= -0.001) & (shares <= 1.001), shares, np.nan)

    def clip(self, values: ArrayLike) -> Floats:
        """As `share`; what is beyond an end is at the end."""
        return self.share(np.clip(np.asarray(values, float), self.low, self.high))


def chart(
    title: str,
    x: Axis,
    y: Axis,
    lines: Sequence[Line],
    *,
    note: str = "",
    x_title: str = "",
    rules: Mapping[float, str] | None = None,
    level: float | None = None,
    words: str = "",
) -> Html:
    """Return a chart.

    Args:
        title: above it.
        x: the axis along the bottom.
        y: the upright one.
        lines: what is drawn, the first one lowest.
        note: behind the title, in small letters.
        x_title: below the x axis.
        rules: vertical lines, each with a word beside it.
        level: where a dashed horizontal line is.
        words: what it shows, for who does not see it.
    """
    grid = "".join(f'<i class="sw-h" style="top:{_top(y, at)}"></i>' for at in y.ticks)
    left = "".join(
        f'<span class="sw-yt" style="top:{_top(y, at)}">{escape_text(it)}</span>'
        for at, it in y.ticks.items()
    )
    below = "".join(
        f'<span class="sw-xt" style="left:{_percent(x.share(at))}">{escape_text(it)}</span>'
        for at, it in x.ticks.items()
    )
    upright = "".join(
        f'<i class="sw-v" style="left:{_percent(x.share(at))}"></i>'
        f'<span class="sw-vt{" sw-left" if x.share(at) > 0.6 else ""}" style="left:{_percent(x.share(at))}">'
        f"{escape_text(word)}</span>"
        for at, word in (rules or {}).items()
        if np.isfinite(x.share(at))
    )
    dashed = "" if level is None else f'<i class="sw-h sw-dash" style="top:{_top(y, level)}"></i>'
    strokes = "".join(_strokes(one, x, y) for one in lines)
    marks = "".join(_marks(one, x, y) for one in lines if one.marked)
    small = f' <span class="sw-help">{escape_text(note)}</span>' if note else ""
    foot = f'<div class="sw-xn">{escape_text(x_title)}</div>' if x_title else ""
    return Html(
        f'<figure class="sw-chart" role="img" aria-label="{escape_text(f"{title}. {words}")}">'
        f"<figcaption><b>{escape_text(title)}</b>{small}</figcaption>"
        f'<div class="sw-plot">{grid}{dashed}{upright}'
        f'<svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">{strokes}</svg>'
        f"{marks}{left}{below}</div>{foot}</figure>"
    )


def key(styles: Sequence[tuple[Style, Kind]]) -> Html:
    """Draw a key of lines and marks: the style, and how it is drawn."""
    entries = "".join(
        f'<span class="sw-key">{swatch(style, kind)}{escape_text(style.name)}</span>'
        for style, kind in styles
    )
    return Html(f'<div class="sw-keys">{entries}</div>')


def _strokes(one: Line, x: Axis, y: Axis) -> str:
    """Line, band or bars, as parts of an SVG from 0 to 100."""
    along, up = 100 * x.share(one.x), 100 * (1 - y.clip(one.y))
    colour, drawn = one.style.colour, ""
    if one.low is not None and one.high is not None:
        low, high = (100 * (1 - y.clip(end)) for end in (one.low, one.high))
        known = np.isfinite(along) & np.isfinite(low) & np.isfinite(high)
        if one.banded:
            there = [*zip(along[known], high[known], strict=True)]
            back = [*zip(along[known], low[known], strict=True)][::-1]
            points = " ".join(f"{a:.2f},{b:.2f}" for a, b in there + back)
            drawn += f'<polygon points="{points}" fill="{colour}" opacity=".13"/>' if points else ""
        else:
            known &= np.isfinite(up)
            bars = "".join(
                f"M{a:.2f} {b:.2f}V{c:.2f}"
                for a, b, c in zip(along[known], low[known], high[known], strict=True)
            )
            drawn += _path(bars, colour, 1.2, "") if bars else ""
    if one.joined:
        path, begun = "", False
        for a, b in zip(along, up, strict=True):
            is_there = bool(np.isfinite(a) and np.isfinite(b))
            path += f"{'L' if begun else 'M'}{a:.2f} {b:.2f}" if is_there else ""
            begun = is_there
        drawn += _path(path, colour, one.style.width, DASHES[one.style.dash])
    return drawn


def _path(path: str, colour: str, width: float, dash: str) -> str:
    return (
        f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width}" stroke-dasharray="{dash}"'
        ' vector-effect="non-scaling-stroke"/>'
    )


def _marks(one: Line, x: Axis, y: Axis) -> str:
    along, up = x.share(one.x), y.clip(one.y)
    return "".join(
        mark(one.style, _percent(a), _percent(1 - b))
        for a, b in zip(along, up, strict=True)
        if np.isfinite(a) and np.isfinite(b)
    )


def mark(style: Style, left: str, top: str = "50%") -> str:
    """Return a mark whose middle is at a place of what it stands in."""
    return (
        f'<svg class="sw-mark" style="left:{left};top:{top}" viewBox="-6 -6 12 12" aria-hidden="true">'
        f'<g fill="{style.colour}" stroke="{style.colour}">{MARKS[style.marker]}</g></svg>'
    )


def _top(y: Axis, at: float) -> str:
    return _percent(1 - y.share(at))


def _percent(share: float | Floats) -> str:
    return f"{100 * float(share):.2f}%"
