"""The live drawing where bqplot cannot be shown: each subplot is an SVG in an HTML widget, drawn anew when
something in it changed. matplotlib itself draws the files; a slider would wait too long for it.

Words are HTML on top of it, so that they stay readable on a narrow page, and take the colours of the Jupyter
theme, so that they are read on a dark one.
"""

from collections.abc import Iterable, Mapping
from html import escape
from typing import TypeVar

import ipywidgets as widgets
import numpy as np

from ..style import BAND, TRUTH
from .series import Floats, Series, Subplot
from .table import DASHES, MARKERS

Position = TypeVar("Position", float, Floats)

WIDE = 760  # units of the width
GRID_LINE = "stroke:var(--jp-border-color2,#e8eaed);stroke-width:.8"
BETWEEN = f"color-mix(in srgb,var(--jp-layout-color1,#fff) 77%,{TRUTH.colour})"  # of a band
LEFT, BOTTOM, AXIS = 46, 7, 26
DOT = 1.8  # pixels of radius
PLACED = ("points", "dots")  # what keeps its shape on any page


class Screen:
    """Draws subplots and series as SVG. `widgets` holds the widget of each subplot.

    Args:
        right: pixels to the right of the axes.
    """

    def __init__(self, right: int) -> None:
        self._right = right
        self.widgets: dict[str, widgets.HTML] = {}
        self._subplots: dict[str, Subplot] = {}
        self._lowest: set[str] = set()
        self._series: dict[str, Series] = {}
        self._data: dict[str, tuple[Floats, Floats]] = {}
        self._x: tuple[float, float] = (0.0, 1.0)
        self._x_ticks: Mapping[float, str] = {}
        self._stale: set[str] = set()

    def add_subplot(self, subplot: Subplot) -> None:
        """Make the widget of a subplot."""
        self._subplots[subplot.key] = subplot
        self.widgets[subplot.key] = widgets.HTML(layout=widgets.Layout(width="100%", margin="0"))
        self._stale.add(subplot.key)

    def lowest(self, subplot: Subplot, lowest: bool) -> None:
        """Show or hide the x axis below this subplot."""
        (self._lowest.add if lowest else self._lowest.discard)(subplot.key)
        self._stale.add(subplot.key)

    def add(self, series: Series) -> None:
        """Take a series in."""
        self._series[series.key] = series

    def update(self, series: Series, x: Floats, y: Floats) -> None:
        """Draw new data, or another visibility."""
        self._data[series.key] = x, y
        self._stale.add(series.subplot)

    def scale(self, subplot: Subplot) -> None:
        """Another y range."""
        self._stale.add(subplot.key)

    def ends(self, subplot: Subplot) -> None:
        """Other words at the right end."""
        self._stale.add(subplot.key)

    def scale_x(self, low: float, high: float, ticks: Mapping[float, str]) -> None:
        """Another x range in all subplots."""
        self._x, self._x_ticks = (low, high), ticks
        self._stale |= set(self._subplots)

    def flush(self, summary: str) -> None:
        """Draw the subplots that changed."""
        for key in sorted(self._stale):
            subplot = self._subplots[key]
            if subplot.visible:
                self.widgets[key].value = self._svg(subplot, summary)
                self._stale.discard(key)

    def _svg(self, subplot: Subplot, summary: str) -> str:
        below = AXIS if subplot.key in self._lowest else BOTTOM
        label = escape(f"{subplot.title}. {summary}", quote=True)
        height = subplot.height + subplot.above + below
        attributes = f'class="sw-mpl" role="img" aria-label="{label}" style="height:{height}px"'
        parts = [self._drawing(subplot), self._markers(subplot), *_y_words(subplot)]
        parts += [*self._end_words(subplot), *self._x_words(subplot)]
        return f"<div {attributes}>{''.join(parts)}</div>"

    def _x_words(self, subplot: Subplot) -> list[str]:
        """List the words below the axis, and beside rules."""
        ticks = self._x_ticks.items() if subplot.key in self._lowest else ()
        top = subplot.above + subplot.height + 9
        words = [_across("sw-t", self._share(at), top, self._right, word) for at, word in ticks]
        for one in self._mine(subplot):
            if one.kind == "rules" and one.visible:
                beside = zip(one.x, one.words, strict=False)
                words += [_across("sw-w", self._share(at), 4, self._right, word) for at, word in beside]
        return words

    def _end_words(self, subplot: Subplot) -> list[str]:
        """List the words at the right ends of the lines."""
        places = {_top(subplot, y): word for y, word in subplot.spread_ends().items()}
        left = f"calc(100% - {self._right - 6}px)"
        style = "transform:translateY(-50%)"
        return [
            f'<span style="left:{left};top:{top:.1f}px;{style}">{escape(word)}</span>'
            for top, word in places.items()
        ]

    def _drawing(self, subplot: Subplot) -> str:
        """Draw the marks between the axes; they are stretched to the width of the page, lines keep theirs."""
        height = subplot.height
        drawn = [_path(f"M0 {y:.1f}H{WIDE}", GRID_LINE) for y in self._heights(subplot, subplot.y_ticks())]
        for one in self._mine(subplot):
            if one.kind not in PLACED and one.visible and not one.empty:
                drawn.append(self._line(subplot, one))
        if subplot.key in self._lowest:
            drawn.append(_path(f"M0 {height - 0.5}H{WIDE}", "stroke:var(--jp-ui-font-color2,#5f6368)"))
        style = f"{self._axes_style(subplot)};overflow:hidden"
        box = f'viewBox="0 0 {WIDE} {height}" preserveAspectRatio="none" stroke-linejoin="round"'
        return f'<svg {box} style="{style}" aria-hidden="true" fill="none">{"".join(drawn)}</svg>'

    def _line(self, subplot: Subplot, one: Series) -> str:
        """Return a line, a band, a level or rules."""
        x, y = self._data.get(one.key, (one.x, one.y))
        style = one.style
        look = f"stroke:{style.colour};stroke-width:{1.0 if one.faint else style.width}"
        if one.faint:
            look += ";stroke-opacity:.35"
        if dashes := DASHES[style.dash]:
            look += f";stroke-dasharray:{dashes}"
        if one.kind == "level":
            return _path(f"M0 {self._heights(subplot, y[:1])[0]:.1f}H{WIDE}", look)
        if one.kind == "rules":
            return _path("".join(f"M{WIDE * at:.1f} 0V{subplot.height}" for at in self._share(x)), look)
        path = _points_of(WIDE * self._share(x), self._heights(subplot, y))
        if one.kind == "line":
            return _path(path, look)
        edges = f"stroke:{style.colour};stroke-width:{BAND + 2}"
        return _path(path, edges) + _path(path, f"stroke:{BETWEEN};stroke-width:{BAND}")

    def _heights(self, subplot: Subplot, y: Iterable[float]) -> Floats:
        """Pixels from the top of the axes."""
        values = np.asarray(list(y), dtype=float)
        heights: Floats = subplot.height * (subplot.high - values) / (subplot.high - subplot.low)
        return heights

    def _markers(self, subplot: Subplot) -> str:
        """Markers keep their shape on any page: they are placed by share of the width, and not stretched."""
        drawn = [
            self._points(subplot, one) for one in self._mine(subplot) if one.kind in PLACED and one.visible
        ]
        placed = self._axes_style(subplot)
        return f'<svg style="{placed}" aria-hidden="true">{"".join(drawn)}</svg>' if drawn else ""

    def _points(self, subplot: Subplot, one: Series) -> str:
        x, y = self._data.get(one.key, (one.x, one.y))
        shares, tops = self._share(x), subplot.height * (subplot.high - y) / (subplot.high - subplot.low)
        shape = f'<g transform="scale(.75) translate(-14 -6)">{MARKERS[one.style.marker]}</g>'
        if one.kind == "dots":
            shape = f'<circle r="{DOT}"/>'
        placed = [
            f'<svg x="{100 * share:.3f}%" y="{top:.1f}" overflow="visible">{shape}</svg>'
            for share, top in zip(shares, tops, strict=True)
            if 0 <= share <= 1
        ]
        return f'<g fill="{one.style.colour}" stroke="{one.style.colour}">{"".join(placed)}</g>'

    def _axes_style(self, subplot: Subplot) -> str:
        """Where the axes are, as style."""
        return f"top:{subplot.above}px;height:{subplot.height}px;width:calc(100% - {LEFT + self._right}px)"

    def _mine(self, subplot: Subplot) -> list[Series]:
        return [one for one in self._series.values() if one.subplot == subplot.key]

    def _share(self, x: Position) -> Position:
        low, high = self._x
        return (x - low) / (high - low)


def _y_words(subplot: Subplot) -> list[str]:
    tops = {word: _top(subplot, y) for y, word in subplot.y_ticks().items() if word}
    return [f'<span class="sw-y" style="top:{top:.1f}px">{word}</span>' for word, top in tops.items()]


def _path(path: str, style: str) -> str:
    return f'<path d="{path}" style="{style}"/>'


def _points_of(x: Floats, y: Floats) -> str:
    """Return a path through these points, with a gap where one is not known."""
    steps, joined = [], False
    for at, height, known in zip(x, y, np.isfinite(y), strict=True):
        if known:
            steps.append(f"{'L' if joined else 'M'}{at:.1f} {height:.1f}")
        joined = bool(known)
    return "".join(steps)


def _top(subplot: Subplot, y: float) -> float:
    """Return the place of a y, in pixels from the top of the widget."""
    return subplot.above + subplot.height * (subplot.high - y) / (subplot.high - subplot.low)


def _across(kind: str, share: float, top: int, right: int, word: str) -> str:
    """Return a word at a share of the width between the axes; none outside of them."""
    if not 0 <= share <= 1:
        return ""
    left = f"calc({LEFT}px + (100% - {LEFT + right}px)*{share:.5f})"
    return f'<span class="{kind}" style="left:{left};top:{top}px">{escape(word)}</span>'
