"""A live figure on paper: the same panels and series drawn with matplotlib, as PNG, SVG or PDF.

Always dark ink on white. Makes figures of its own: pyplot is neither loaded nor told of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from ..style import INK, MUTED, PAPER
from .figure import MARKERS, NORMAL, SMALL, WIDTH, caption, legend, line, tidy
from .series import Panel, Series
from .table import in_order

PIXELS = 72.0  # of a panel's height, in an inch of paper
FORMATS = ("png", "svg", "pdf")


def own_figure(width: float, height: float) -> Figure:
    """An empty white figure, in inches, that pyplot does not know."""
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    figure.set_facecolor(PAPER)
    return figure


def print_figure(
    panels: Sequence[Panel],
    series: Sequence[Series],
    x_limits: tuple[float, float],
    x_ticks: Mapping[float, str],
    x_title: str,
    words: str = "",
) -> Figure:
    """The figure, with a legend above and a line of explanation below it."""
    heights = [panel.height / PIXELS for panel in panels]
    figure = own_figure(WIDTH, 1.2 + sum(heights) + 0.25 * len(panels))
    figure.set_layout_engine("constrained", rect=(0.01, 0.01, 0.975, 0.98), h_pad=0.06)
    axs: NDArray[Any] = figure.subplots(len(panels), 1, sharex=True, squeeze=False, height_ratios=heights)[
        :, 0
    ]
    for ax, panel in zip(axs, panels, strict=True):
        draw_panel(ax, panel, [one for one in series if one.panel == panel.key], x_limits, x_ticks)
        ax.set_title(panel.title, loc="left", fontsize=NORMAL, color=INK, pad=4)
        if panel.code:
            ax.set_title(panel.code, loc="right", fontsize=SMALL, color=MUTED, pad=4, family="monospace")
    axs[-1].set_xlabel(x_title, fontsize=NORMAL, color=INK)
    if handles := list(_handles(series)):
        legend(figure, handles)
    if words:
        caption(figure, wrapped(words))
    return figure


def wrapped(words: str, width: int = 125) -> str:
    """Words in lines that fit the page."""
    lines = [""]
    for word in words.split():
        if len(lines[-1]) + len(word) > width:
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
    return "\n".join(lines)


def draw_panel(
    ax: Axes,
    panel: Panel,
    series: Iterable[Series],
    x_limits: tuple[float, float],
    x_ticks: Mapping[float, str],
    words: bool = True,
) -> None:
    """One panel's axes with all that is visible in it, with or without the words beside rules."""
    tidy(ax)
    ax.set_xlim(*x_limits)
    ax.set_ylim(panel.low, panel.high)
    for one in series:
        if one.visible and not one.empty:
            _draw(ax, panel, one, words)
    ticks = panel.y_ticks()
    ax.set_yticks(list(ticks), labels=list(ticks.values()))
    ax.set_xticks(list(x_ticks), labels=list(x_ticks.values()))


def _draw(ax: Axes, panel: Panel, one: Series, words: bool) -> None:
    y = panel.shown(one.y)
    look = line(one.style) | ({"linewidth": 1.0, "alpha": 0.35} if one.faint else {})
    if one.kind == "line":
        ax.plot(one.x, y, **look)
    elif one.kind == "level":
        ax.axhline(float(y[0]), **look)
    elif one.kind == "points":
        _scatter(ax, one, y)
    else:
        for at, word in zip(one.x, one.words if words and one.words else [""] * len(one.x), strict=True):
            ax.axvline(at, **look)
            ax.annotate(
                word,
                (at, 1),
                (3, -2),
                xycoords=ax.get_xaxis_transform(),
                textcoords="offset points",
                va="top",
                fontsize=SMALL,
                color=MUTED,
                annotation_clip=True,
            )


def _scatter(ax: Axes, one: Series, y: Any) -> None:
    size = float(np.clip(400 / max(len(one.x), 1), 2.0, 4.2))
    stroke = 1.0 if one.style.marker in ("cross", "plus") else 0.0
    ax.scatter(
        one.x, y, s=size**2, c=one.style.colour, marker=MARKERS[one.style.marker], linewidths=stroke, zorder=3
    )


def _handles(series: Iterable[Series]) -> Iterable[Line2D]:
    seen = set()
    for one in in_order(series):
        if not one.listed or one.empty or not one.visible or one.style.name in seen:
            continue
        seen.add(one.style.name)
        look = line(one.style)
        if one.kind == "points":
            look |= {"linestyle": "none", "marker": MARKERS[one.style.marker], "markersize": 5}
        yield Line2D([], [], label=one.style.name, **look)


def saved(figure: Figure, format: str) -> bytes:
    """The figure as the bytes of a file."""
    file = BytesIO()
    figure.savefig(file, format=format, dpi=200, facecolor=figure.get_facecolor())
    return file.getvalue()
