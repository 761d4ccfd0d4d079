"""The live drawing with bqplot: every mark is made once, and each change of it is one message.

Text around the axes is not bqplot's (its labels are orange on dark themes), but HTML of `live`.
"""

from collections.abc import Mapping
from typing import Any

import bqplot as bq
import ipywidgets as widgets
import numpy as np

from ..style import BAND, PALE
from .series import Floats, Series, Subplot

LEFT, BOTTOM, AXIS = 46, 7, 26  # pixels around the axes; AXIS where x ticks stand
MARKERS = {"triangle": "triangle-up", "plus": "cross", "cross": "cross"}
MARKER_SIZE, DOT_SIZE = 26, 11  # square pixels
TICKS = {"font-size": "12px", "fill": "var(--jp-ui-font-color1, #222222)"}


class Screen:
    """Draws subplots and series with bqplot. `widgets` holds the widget of each subplot.

    Args:
        right: pixels to the right of the axes.
    """

    def __init__(self, right: int) -> None:
        self._right = right
        self.widgets: dict[str, Any] = {}
        self._x = bq.LinearScale(min=0.0, max=1.0, allow_padding=False)
        self._across, self._up = (bq.LinearScale(min=0.0, max=1.0, allow_padding=False) for _ in range(2))
        self._y: dict[str, Any] = {}
        self._axes: dict[str, tuple[Any, Any]] = {}
        self._ends: dict[str, Any] = {}
        self._marks: dict[str, tuple[Any, ...]] = {}
        self._x_ticks: Mapping[float, str] = {}

    def add_subplot(self, subplot: Subplot) -> None:
        """Make the figure of a subplot."""
        y = bq.LinearScale(min=subplot.low, max=subplot.high, allow_padding=False)
        across = bq.Axis(scale=self._x, tick_style=TICKS, grid_lines="none")
        up = bq.Axis(scale=y, side="left", tick_style=TICKS, grid_lines="solid")
        figure = bq.Figure(
            scale_x=self._x,
            scale_y=y,
            axes=[up],
            padding_x=0.0,
            padding_y=0.0,
            animation_duration=0,
            background_style={"fill": "transparent"},
            layout=widgets.Layout(width="100%", min_width="0", margin="0"),
        )
        if figure.has_trait("display_toolbar"):
            figure.display_toolbar = False
        self._y[subplot.key], self._axes[subplot.key], self.widgets[subplot.key] = y, (across, up), figure
        _set_ticks(across, self._x_ticks)
        self.lowest(subplot, False)

    def lowest(self, subplot: Subplot, lowest: bool) -> None:
        """Show or hide the x axis below this subplot."""
        figure, (across, up) = self.widgets[subplot.key], self._axes[subplot.key]
        below = AXIS if lowest else BOTTOM
        figure.fig_margin = {"left": LEFT, "right": self._right, "top": subplot.above, "bottom": below}
        ends = [self._ends[subplot.key]] if subplot.key in self._ends else []
        figure.axes = [up, across, *ends] if lowest else [up, *ends]
        figure.layout.height = f"{subplot.height + subplot.above + below}px"
        figure.layout.min_height = figure.layout.height

    def add(self, series: Series) -> None:
        """Make the mark of a series."""
        x, y = self._x, self._y[series.subplot]
        scales = {
            "level": {"x": self._across, "y": y},
            "rules": {"x": x, "y": self._up},
        }.get(series.kind, {"x": x, "y": y})
        if series.kind in ("points", "dots"):
            marks: tuple[Any, ...] = (_points(series, scales),)
        elif series.kind == "rules":
            marks = (_line(series, scales), _words(scales))
        elif series.kind == "band":
            marks = _band(series, scales)
        else:
            marks = (_line(series, scales),)
        self._marks[series.key] = marks
        figure = self.widgets[series.subplot]
        figure.marks = [*figure.marks, *marks]

    def update(self, series: Series, x: Floats, y: Floats) -> None:
        """Draw new data, or another visibility."""
        marks = self._marks[series.key]
        if series.kind == "level":
            x, y = np.array([0.0, 1.0]), np.repeat(y[:1], 2)
        if series.kind == "rules":
            self._write(marks[1], series, x)
            marks, x, y = marks[:1], np.repeat(x, 3), np.tile([0.0, 1.0, np.nan], len(x))
        x, y = _trim(x, y)
        for mark in marks:
            with mark.hold_sync():
                if series.style.marker == "cross" and series.kind == "points":
                    mark.rotation = np.full(len(x), 45.0)
                mark.x, mark.y, mark.visible = x, y, series.visible and bool(len(x))

    def _write(self, label: Any, series: Series, x: Floats) -> None:
        """Write the words of rules, above those that are in sight."""
        if not series.words and not len(label.text):
            return
        words = zip(x, series.words, strict=False)
        there = [(at, word) for at, word in words if self._x.min <= at <= self._x.max]
        with label.hold_sync():
            label.text, label.x = [word for _, word in there], np.array([at for at, _ in there])
            label.y, label.visible = np.ones(len(there)), series.visible

    def scale(self, subplot: Subplot) -> None:
        """Another y range, and its ticks."""
        y, (_, up) = self._y[subplot.key], self._axes[subplot.key]
        with y.hold_sync():
            y.min, y.max = subplot.low, subplot.high
        _set_ticks(up, subplot.y_ticks())

    def ends(self, subplot: Subplot) -> None:
        """Other words at the right end: an axis with ticks where the lines are."""
        places = subplot.spread_ends()
        if subplot.key not in self._ends:
            if not places:
                return
            looks = {"tick_style": TICKS, "grid_lines": "none"}
            self._ends[subplot.key] = bq.Axis(scale=self._y[subplot.key], side="right", **looks)
            figure = self.widgets[subplot.key]
            figure.axes = [*figure.axes, self._ends[subplot.key]]
        _set_ticks(self._ends[subplot.key], places)

    def scale_x(self, low: float, high: float, ticks: Mapping[float, str]) -> None:
        """Another x range, and its ticks, in all subplots."""
        self._x_ticks = ticks
        with self._x.hold_sync():
            self._x.min, self._x.max = low, high
        for across, _ in self._axes.values():
            _set_ticks(across, ticks)

    def flush(self, summary: str) -> None:
        """Nothing: bqplot draws at once."""


def _trim(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Without a gap at the end, where bqplot looks for the place of a label."""
    known = np.flatnonzero(np.isfinite(y))
    stop = known[-1] + 1 if len(known) else 0
    return x[:stop], y[:stop]


def _line(series: Series, scales: Mapping[str, Any]) -> Any:
    style = series.style
    return bq.Lines(
        x=np.empty(0),
        y=np.empty(0),
        scales=scales,
        colors=[style.colour],
        stroke_width=1.0 if series.faint else style.width * (1.2 if style.dash == "dotted" else 1.0),
        opacities=[0.35 if series.faint else 1.0],
        line_style=style.dash,
        visible=False,
    )


def _band(series: Series, scales: Mapping[str, Any]) -> tuple[Any, ...]:
    """Its edges, and over them what lies between. The page's style sheet makes it pale on dark pages, too."""
    edges, between = _line(series, scales), _line(series, scales)
    edges.stroke_width, between.stroke_width, between.colors = BAND + 2, BAND, [PALE]
    return edges, between


def _points(series: Series, scales: Mapping[str, Any]) -> Any:
    style = series.style
    if style.marker == "cross" and series.kind == "points":  # bqplot's stands upright
        scales = {**scales, "rotation": bq.LinearScale(min=0.0, max=180.0)}
    return bq.Scatter(
        x=np.empty(0),
        y=np.empty(0),
        scales=scales,
        colors=[style.colour],
        marker="circle" if series.kind == "dots" else MARKERS.get(style.marker, style.marker),
        default_size=DOT_SIZE if series.kind == "dots" else MARKER_SIZE,
        stroke_width=0.0,
        visible=False,
    )


def _words(scales: Mapping[str, Any]) -> Any:
    return bq.Label(
        x=np.empty(0),
        y=np.empty(0),
        text=[],
        scales=scales,
        x_offset=0,
        y_offset=-6,
        align="start",
        apply_clip=False,
        default_size=11.0,
        font_weight="normal",
        colors=["#7a7f85"],
    )


def _set_ticks(axis: Any, ticks: Mapping[float, str]) -> None:
    """Words first, in a message of their own: bqplot writes new ticks a moment later, with the words that it
    had when they came.
    """
    axis.tick_labels = {_as_in_javascript(value): text for value, text in ticks.items()}
    axis.tick_values = np.array(list(ticks), dtype=float)


def _as_in_javascript(value: float) -> str:
    """Write a number as JavaScript spells it: the browser looks tick labels up by it."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    text = repr(float(value))
    return text.replace("e-0", "e-") if "e" in text else text
