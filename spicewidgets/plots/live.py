"""A figure that changes in place: subplots below each other, what each line means, and what the picture says.

It holds the data and knows what is shown; a screen (bqplot or matplotlib) draws them. Marks are made once;
afterwards only their data, their visibility and the limits of the axes change.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from html import escape
from typing import Any, Protocol

import ipywidgets as widgets
import numpy as np

from ..compat import plots_kind
from ..markup import Html
from ..style import Style
from . import table
from .look import LOOK
from .series import Floats, Kind, Line, Series, Subplot, decimate, pair, settle, ticks, window
from .table import Cell

FORMATS = {
    "png": "image/png",
    "svg": "image/svg+xml",
    "pdf": "application/pdf",
    "csv": "text/csv",
}


class Screen(Protocol):
    """The interface of what draws: the classes `Screen` of `screen_bqplot` and of `screen_matplotlib`."""

    widgets: dict[str, widgets.Widget]

    def add_subplot(self, subplot: Subplot) -> None:
        """Make the widget of a subplot."""

    def lowest(self, subplot: Subplot, lowest: bool) -> None:
        """Show or hide the x axis below this subplot."""

    def add(self, series: Series) -> None:
        """Make the mark of a series."""

    def update(self, series: Series, x: Floats, y: Floats) -> None:
        """Draw new data, or another visibility."""

    def scale(self, subplot: Subplot) -> None:
        """Another y range, and its ticks."""

    def ends(self, subplot: Subplot) -> None:
        """Other words at the right end."""

    def scale_x(self, low: float, high: float, ticks: Mapping[float, str]) -> None:
        """Another x range, and its ticks, in all subplots."""

    def flush(self, summary: str) -> None:
        """Show what changed, if that has not been done."""


class LiveFigure:
    """A figure on the screen.

    Args:
        kind: "bqplot" or "matplotlib"; None takes what the environment can show (`compat.plots_kind`).

    Attributes:
        widget: what to put into a box.
        name: of its files.
        x_title: below the x axis.
        right: pixels to the right of the axes: more where lines have words there.
        kind: what draws it.
    """

    name = "figure"
    x_title = "Trial t"
    right = 14

    def __init__(self, kind: str | None = None) -> None:
        self.kind = kind or plots_kind()
        self.subplots: dict[str, Subplot] = {}
        self.series: dict[str, Series] = {}
        self.x_limits: tuple[float, float] = (0.0, 1.0)
        self._screen = _screen(self.kind, self.right)
        self._titles: dict[str, widgets.Widget] = {}
        self._summary = ""
        self._held = 0
        self._dirty: set[str] = set()
        self._labelled: set[str] = set()  # subplots whose words at the right end are other ones
        self._legend, self._x_label, self._text = _html(), _html(), _html()
        self._x_label.value = f'{LOOK}<div class="sw-x">{escape(self.x_title)}</div>'
        self._body = widgets.VBox(layout=widgets.Layout(width="100%", overflow="hidden"))
        self.widget = widgets.VBox(
            [self._legend, self._body, self._x_label, self._text],
            layout=widgets.Layout(width="100%", overflow="hidden"),
        )
        self.widget.add_class("sw-fig")
        self._show_legend()
        self.summary = ""

    # What there is to see

    def add_subplot(self, subplot: Subplot) -> None:
        """Make a subplot, below the others."""
        self.subplots[subplot.key] = subplot
        if subplot.limits is not None:
            subplot.low, subplot.high = subplot.limits
        self._screen.add_subplot(subplot)
        self._screen.scale(subplot)
        self._titles[subplot.key] = _html()
        self.title(subplot.key, subplot.title)
        self._body.children = (
            *self._body.children,
            self._titles[subplot.key],
            self._screen.widgets[subplot.key],
        )
        self._place_axis()

    def add(self, key: str, subplot: str, kind: Kind, style: Style, **more: Any) -> None:
        """Make a mark, once; nothing happens when it is there."""
        if key not in self.series:
            self.series[key] = Series(key, subplot, kind, style, **more)
            self._screen.add(self.series[key])

    def title(self, subplot: str, words: str) -> None:
        """Other words above a subplot."""
        one = self.subplots[subplot]
        one.title = words
        code = f"<code>{escape(one.code)}</code>" if one.code else ""
        _set_if_changed(self._titles[subplot], f'<div class="sw-title"><b>{escape(words)}</b>{code}</div>')

    def resize(self, subplot: str, height: int) -> None:
        """Another height of a subplot, in pixels."""
        self.subplots[subplot].height = height
        self._place_axis()

    def set_limits(self, subplot: str, low: float, high: float, ticks: dict[float, str]) -> None:
        """Fix the lowest and highest y of a subplot, and its ticks."""
        one = self.subplots[subplot]
        if (one.limits, one.ticks) != ((low, high), ticks):
            one.limits, one.ticks = (low, high), ticks
            one.low, one.high = low, high
            self._screen.scale(one)

    # What changes

    def set_lines(self, data: Mapping[str, Line]) -> None:
        """Set new data of lines and points: `{key: (x, y)}`; x None counts trials from 0."""
        with self.batch():
            for key, (x, y) in data.items():
                one = self.series[key]
                xs, ys = pair(x, y)
                if not (np.array_equal(one.x, xs) and np.array_equal(one.y, ys, equal_nan=True)):
                    one.x, one.y = xs, ys
                    self._dirty.add(key)

    set_marks = set_lines

    def set_levels(self, data: Mapping[str, float | None]) -> None:
        """Heights of horizontal lines: `{key: y}`; None takes the line away."""
        self.set_lines({key: ([], []) if y is None else ([0.0], [y]) for key, y in data.items()})

    def set_rules(self, key: str, at: Iterable[float], words: Iterable[str] = ()) -> None:
        """Vertical lines at given x, each with a word beside it."""
        xs, labels = list(at), tuple(words)
        with self.batch():
            if self.series[key].words != labels:
                self.series[key].words = labels
                self._dirty.add(key)
            self.set_lines({key: (xs, np.zeros(len(xs)))})

    def show(self, visible: Mapping[str, bool]) -> None:
        """Which series are drawn: `{key: True or False}`; the others stay as they are."""
        with self.batch():
            for key, on in visible.items():
                if self.series[key].visible != on:
                    self.series[key].visible = on
                    self._dirty.add(key)

    def set_ends(self, subplot: str, words: dict[float, str]) -> None:
        """Words at the right end of a subplot, by their y: what each line is."""
        if self.subplots[subplot].ends != words:
            self.subplots[subplot].ends = words
            self._labelled.add(subplot)
            self._flush()

    def show_subplots(self, visible: Mapping[str, bool]) -> None:
        """Which subplots are there."""
        for key, on in visible.items():
            if self.subplots[key].visible != on:
                self.subplots[key].visible = on
                for part in (self._titles[key], self._screen.widgets[key]):
                    part.layout.display = None if on else "none"
        self._place_axis()
        self._flush()

    def set_x(self, low: float, high: float) -> None:
        """Set the part of the x axis that is shown, in all subplots."""
        if (low, high) == self.x_limits or not low < high:
            return
        self.x_limits = (low, high)
        with self.batch():
            self._screen.scale_x(low, high, self.x_ticks())
            self._dirty |= {key for key, one in self.series.items() if len(one.x) > 1}

    def set_span(self, subplot: str, low: float, high: float) -> None:
        """Set the y that must be in sight: what lies beyond is cut off."""
        self.subplots[subplot].span = (low, high)

    def set_log(self, subplot: str, log: bool) -> None:
        """Show y of a subplot as a logarithm, or not."""
        if self.subplots[subplot].log != log:
            self.subplots[subplot].log = log
            with self.batch():
                self._dirty |= {key for key, one in self.series.items() if one.subplot == subplot}

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Several changes, shown together at the end."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
            self._flush()

    # What it says

    @property
    def summary(self) -> str:
        """The picture in a sentence."""
        return self._summary

    @summary.setter
    def summary(self, words: str) -> None:
        self._summary = words
        _set_if_changed(self._text, f'<div class="sw-summary">{escape(words)}</div>')

    def table(self, rows: int = table.ROWS) -> Html:
        """Return the curves as an HTML table of at most so many rows."""
        return table.html_table(self.summary, *self._columns(), limit=rows)

    def download(self, format: str = "png") -> bytes:
        """Return the picture as a file: "png", "svg" or "pdf" (on white paper), or the numbers as "csv"."""
        if format not in FORMATS:
            raise ValueError(
                f"format must be one of {', '.join(FORMATS)}; got {format!r}. Choose one of these."
            )
        if format == "csv":
            return table.csv_bytes(*self._columns())
        from .printed import print_figure, to_bytes

        subplots = [subplot for subplot in self.subplots.values() if subplot.visible]
        series = [one for one in self.series.values() if self.subplots[one.subplot].visible]
        figure = print_figure(subplots, series, self.x_limits, self.x_ticks(), self.x_title, self.summary)
        return to_bytes(figure, format)

    def x_ticks(self) -> dict[float, str]:
        """Whole numbers along the x axis."""
        return ticks(*self.x_limits, n=6, whole=True)

    def _columns(self) -> tuple[list[str], Sequence[Sequence[Cell]]]:
        return table.columns(self.x_title, list(self.subplots.values()), self.series.values())

    # How it gets to the screen

    def _flush(self) -> None:
        if self._held:
            return
        dirty, self._dirty = self._dirty, set()
        for key in {self.series[key].subplot for key in dirty}:
            self._rescale(self.subplots[key])
        labelled, self._labelled = self._labelled, set()
        for key in labelled:
            self._screen.ends(self.subplots[key])
        for key, one in self.series.items():
            if key in dirty:
                self._screen.update(one, *self._points_of(one))
        if dirty:
            self._show_legend()
        self._screen.flush(self._summary)

    def _points_of(self, one: Series) -> tuple[Floats, Floats]:
        y = self.subplots[one.subplot].transform(one.y)
        if one.kind in ("level", "rules"):
            return one.x, y
        return decimate(*window(one.x, y, *self.x_limits)) if len(one.x) else (one.x, y)

    def _rescale(self, subplot: Subplot) -> None:
        """Limits for all data of a subplot, drawn or not: nothing jumps when a line is switched off."""
        before = subplot.low, subplot.high, subplot.log
        if subplot.limits is None:
            parts = [
                subplot.transform(one.y)
                for one in self.series.values()
                if one.subplot == subplot.key and one.kind != "rules"
            ]
            if subplot.span is not None:
                parts = [subplot.transform(np.array(subplot.span))]
            values = np.concatenate([part[np.isfinite(part)] for part in parts]) if parts else np.empty(0)
            if len(values):
                limits = (subplot.low, subplot.high)
                subplot.low, subplot.high = settle(limits, float(values.min()), float(values.max()))
        if before != (subplot.low, subplot.high, subplot.log) or subplot.log:
            self._screen.scale(subplot)
            if subplot.ends:
                self._labelled.add(subplot.key)

    def _show_legend(self) -> None:
        _set_if_changed(self._legend, table.legend(self.series.values()))

    def _place_axis(self) -> None:
        visible = [subplot for subplot in self.subplots.values() if subplot.visible]
        for subplot in self.subplots.values():
            self._screen.lowest(subplot, bool(visible) and subplot is visible[-1])


def _screen(kind: str, right: int) -> Screen:
    if kind == "bqplot":
        from .screen_bqplot import Screen as Bqplot

        return Bqplot(right)
    if kind == "matplotlib":
        from .screen_matplotlib import Screen as Matplotlib

        return Matplotlib(right)
    raise ValueError(f'kind must be "bqplot" or "matplotlib"; got {kind!r}. Leave it out to have it chosen.')


def _html() -> widgets.HTML:
    return widgets.HTML(layout=widgets.Layout(width="100%", margin="0"))


def _set_if_changed(widget: widgets.HTML, value: str) -> None:
    if widget.value != value:
        widget.value = value
