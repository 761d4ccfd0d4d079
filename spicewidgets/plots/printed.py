"""A live figure on paper: the same subplots and series drawn with matplotlib, as PNG, SVG or PDF.

Always dark ink on white. Makes figures of its own: pyplot is neither loaded nor told of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import Normal, Stroke
from numpy.typing import NDArray

from ..style import BAND, INK, MUTED, PALE
from .figure import MARKERS, NORMAL, SMALL, caption, legend, line, new_figure, tidy
from .series import TOP, TRACES, Kind, Series, Subplot
from .table import in_order

PIXELS = 72.0  # of a subplot's height, in an inch of paper


def print_figure(
    subplots: Sequence[Subplot],
    series: Sequence[Series],
    x_limits: tuple[float, float],
    x_ticks: Mapping[float, str],
    x_title: str,
    words: str = "",
) -> Figure:
    """Draw the figure, with a legend above and a line of explanation below it."""
    heights = [subplot.height / PIXELS for subplot in subplots]
    figure = new_figure(1.2 + sum(heights) + 0.25 * len(subplots), shared=False)
    axs: NDArray[Any] = figure.subplots(len(subplots), 1, sharex=True, squeeze=False, height_ratios=heights)[
        :, 0
    ]
    for ax, subplot in zip(axs, subplots, strict=True):
        draw_subplot(ax, subplot, [one for one in series if one.subplot == subplot.key], x_limits, x_ticks)
        pad = 4 + (subplot.above - TOP)
        ax.set_title(subplot.title, loc="left", fontsize=NORMAL, color=INK, pad=pad)
        if subplot.code:
            ax.set_title(subplot.code, loc="right", fontsize=SMALL, color=MUTED, pad=pad, family="monospace")
        for y, word in subplot.spread_ends().items():
            where = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points"}
            ax.annotate(word, (1, y), (4, 0), **where, va="center", fontsize=SMALL, color=INK)
    axs[-1].set_xlabel(x_title, fontsize=NORMAL, color=INK)
    draw_legend(figure, series)
    if words:
        caption(figure, wrap(words))
    return figure


def wrap(words: str, width: int = 125) -> str:
    """Words in lines that fit the page."""
    lines = [""]
    for word in words.split():
        if len(lines[-1]) + len(word) > width:
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
    return "\n".join(lines)


def draw_subplot(
    ax: Axes,
    subplot: Subplot,
    series: Iterable[Series],
    x_limits: tuple[float, float],
    x_ticks: Mapping[float, str],
    words: bool = True,
) -> None:
    """One subplot's axes with all that is visible in it, with or without the words beside rules."""
    tidy(ax)
    ax.set_xlim(*x_limits)
    ax.set_ylim(subplot.low, subplot.high)
    for one in series:
        if one.visible and not one.empty:
            _draw(ax, subplot, one, words)
    ticks = subplot.y_ticks()
    ax.set_yticks(list(ticks), labels=list(ticks.values()))
    ax.set_xticks(list(x_ticks), labels=list(x_ticks.values()))


def _draw(ax: Axes, subplot: Subplot, one: Series, words: bool) -> None:
    y = subplot.transform(one.y)
    label = one.style.name if one.listed else "_"  # as matplotlib marks what no legend lists
    look = line(one.style, label=label) | ({"linewidth": 1.0, "alpha": 0.35} if one.faint else {})
    if one.kind in TRACES:
        ax.plot(one.x, y, **look | kind_look(one.kind, len(one.x)))
    elif one.kind == "level":
        ax.axhline(float(y[0]), **look)
    elif one.kind == "points":
        ax.plot(one.x, y, **_markers(one), label=label)
    else:
        for at, word in zip(one.x, one.words if words and one.words else [""] * len(one.x), strict=True):
            ax.axvline(at, **look)
            _annotate(ax, at, word)


def kind_look(kind: Kind, n: int) -> dict[str, Any]:
    """Return the arguments that make a line of `n` points a band, or dots.

    A band is pale between thin edges, so that it is seen under what coincides with it.
    """
    if kind == "band":
        effects = [Normal(), Stroke(linewidth=BAND, foreground=PALE)]
        return {"linewidth": BAND + 2, "path_effects": effects}
    if kind != "dots":
        return {}
    size = float(np.clip(300 / max(n, 1), 1.6, 3.2))
    return {"linestyle": "none", "marker": "o", "markersize": size, "markeredgewidth": 0.0}


def _annotate(ax: Axes, at: float, word: str) -> None:
    """Write a word above a vertical line, where no curve is."""
    ax.annotate(
        word,
        (at, 1),
        (0, 2),
        xycoords=ax.get_xaxis_transform(),
        textcoords="offset points",
        va="bottom",
        fontsize=SMALL,
        color=MUTED,
        annotation_clip=True,
    )


def _markers(series: Series) -> dict[str, Any]:
    """Return the arguments of a line that is markers only; the more there are, the smaller they are."""
    look = line(series.style, linestyle="none", marker=MARKERS[series.style.marker], zorder=3)
    size = float(np.clip(400 / max(len(series.x), 1), 2.0, 4.2))
    stroke = 1.0 if series.style.marker in ("cross", "plus") else 0.0
    return look | {"markersize": size, "markeredgewidth": stroke}


def draw_legend(figure: Figure, series: Iterable[Series]) -> None:
    """One entry for each name that is drawn, lines before markers; no legend where there is none."""
    handles: dict[str, Line2D] = {}
    for one in in_order(series):
        if one.listed and one.visible and not one.empty and one.style.name not in handles:
            look = line(one.style) | kind_look(one.kind, 1)
            look = _markers(one) | {"markersize": 5} if one.kind == "points" else look
            handles[one.style.name] = Line2D([], [], label=one.style.name, **look)
    if handles:
        legend(figure, list(handles.values()))


def to_bytes(figure: Figure, format: str) -> bytes:
    """Return the figure as the bytes of a file."""
    file = BytesIO()
    figure.savefig(file, format=format, dpi=200, facecolor=figure.get_facecolor())
    return file.getvalue()
