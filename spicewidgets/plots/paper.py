"""Pictures of a report: made once, for print, of plain numbers.

Dark ink on white, as everywhere on paper; what is compared is told apart by place and marker, too.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from io import BytesIO
from itertools import cycle
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike, NDArray

from ..style import INK, MUTED, OTHERS, SPICE, Style
from .figure import MARKERS, SMALL, WIDTH, line, own_figure, tidy

Floats = NDArray[np.float64]

ROW = 0.26  # inches of a row of words
PEOPLE = Style("people", INK, "solid", "circle", 1.6)
FOUR = ("o", "s", "^", "D", "P", "X")


class Range(NamedTuple):
    """A number with its interval; NaN where there is none."""

    value: float
    low: float
    high: float


class PaperPanel(NamedTuple):
    """One pair of axes in which models stand beside people.

    Attributes:
        title: what is measured.
        x_title: what the points are.
        points: where, in a word or a number each.
        people: of people, `(n_points,)` each: mean, low, high.
        models: the same of each model, by name.
    """

    title: str
    x_title: str
    points: Sequence[str]
    people: tuple[ArrayLike, ArrayLike, ArrayLike]
    models: Mapping[str, tuple[ArrayLike, ArrayLike, ArrayLike]]


def ranges(
    names: Sequence[str],
    rows: Mapping[str, Sequence[Range]],
    title: str,
    *,
    marked: Sequence[str] = (),
    rule: float | None = None,
) -> Figure:
    """Numbers with intervals, a row for each name, one marker for each of several groups.

    Args:
        names: of the rows, the first on top.
        rows: the numbers of each group, in the order of the names; one group needs no name.
        title: of the axis.
        marked: names of rows that have SPICE's colour.
        rule: where a vertical line stands, such as chance.
    """
    figure = _figure(0.75 + ROW * len(names) * max(len(rows) * 0.62, 1.0))
    ax = _axes(figure)
    step = 0.72 / max(len(rows), 1)
    for place, (values, marker) in enumerate(zip(rows.values(), cycle(FOUR), strict=False)):
        for at, (name, one) in enumerate(zip(names, values, strict=True)):
            y = at + (place - (len(rows) - 1) / 2) * step
            colour = SPICE.colour if name in marked else INK
            ax.plot([one.low, one.high], [y, y], color=colour, linewidth=1.2, solid_capstyle="round")
            ax.plot([one.value], [y], marker, color=colour, markersize=4.5)
    if rule is not None:
        ax.axvline(rule, color=MUTED, linewidth=0.8, linestyle=(0, (4, 2.4)), zorder=0)
    ax.set_yticks(range(len(names)), labels=list(map(_words, names)))
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.grid(visible=True, axis="x", color="#e8eaed")
    ax.margins(x=0.03)
    ax.set_xlabel(title, fontsize=SMALL, color=INK)
    if len(rows) > 1:
        handles = [
            Line2D([], [], color=INK, marker=marker, linestyle="none", markersize=4.5, label=_words(name))
            for name, marker in zip(rows, cycle(FOUR), strict=False)
        ]
        _legend(figure, handles)
    return figure


def matrix(names: Sequence[str], table: ArrayLike, rows: str, columns: str) -> Figure:
    """Return a table of shares from 0 to 1, as shades with their numbers.

    Args:
        names: of rows and columns.
        table: `(n, n)`; NaN where there is nothing.
        rows: what they are.
        columns: what they are.
    """
    values = np.asarray(table, float)
    n = len(names)
    figure = _figure(1.3 + 0.31 * n, min(1.9 + 0.5 * n, WIDTH))
    ax = _axes(figure)
    ax.grid(visible=False)
    ax.imshow(np.nan_to_num(values), cmap="Greys", vmin=0, vmax=1.25, aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value) and value >= 0.005:
            ink = "white" if value > 0.75 else INK
            ax.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=7, color=ink)
    ax.set_xticks(range(n), labels=list(map(_words, names)), rotation=40, ha="right")
    ax.set_yticks(range(n), labels=list(map(_words, names)))
    ax.tick_params(length=0)
    ax.set_xlabel(columns, fontsize=SMALL, color=INK)
    ax.set_ylabel(rows, fontsize=SMALL, color=INK)
    return figure


def scatters(
    panels: Sequence[tuple[str, ArrayLike, ArrayLike]], x_title: str, y_title: str, across: int = 4
) -> Figure:
    """Found against true values, a small pair of axes for each number, with the line where both are equal.

    Args:
        panels: title, x and y of each.
        x_title: of all.
        y_title: of all.
        across: panels in a row.
    """
    down = -(-len(panels) // across)
    figure = _figure(0.5 + 1.75 * down, WIDTH * min(len(panels), across) / across + 0.3)
    grid = figure.subplots(down, min(len(panels), across), squeeze=False)
    for ax in grid.flat[len(panels) :]:
        ax.set_visible(False)
    for ax, (title, x, y) in zip(grid.flat, panels, strict=False):
        tidy(ax)
        across_x, up = np.asarray(x, float), np.asarray(y, float)
        known = np.isfinite(across_x) & np.isfinite(up)
        many = int(known.sum()) > 400
        ax.plot(across_x[known], up[known], ".", color=SPICE.colour, markersize=3, alpha=0.5, rasterized=many)
        if known.any():
            middle = float(np.median(across_x[known]))
            ax.axline((middle, middle), slope=1, color=MUTED, linewidth=0.8, zorder=0)
        ax.set_title(_words(title), loc="left", fontsize=7.5, color=INK)
        ax.tick_params(labelsize=7)
        ax.margins(0.05)
    figure.supxlabel(x_title, fontsize=SMALL, color=INK)
    figure.supylabel(y_title, fontsize=SMALL, color=INK)
    return figure


def sorted_people(rows: Mapping[str, ArrayLike], title: str) -> Figure:
    """Return a number of each person, sorted, with a line at zero.

    Args:
        rows: the numbers, by what they are.
        title: of the axis.
    """
    figure = _figure(2.6)
    ax = _axes(figure)
    looks = _looks(list(rows), {})
    for name, values in rows.items():
        y = np.sort(np.asarray(values, float))
        ax.plot(np.arange(1, len(y) + 1), y, markersize=3.5, **_style_of(looks[name], joined=False))
    ax.axhline(0.0, color=MUTED, linewidth=0.8)
    ax.set_xlabel("people, sorted for each", fontsize=SMALL, color=INK)
    ax.set_ylabel(title, fontsize=SMALL, color=INK)
    _legend(
        figure,
        [
            Line2D(
                [], [], label=f"ahead of {_words(style.name)}", markersize=4, **_style_of(style, joined=False)
            )
            for style in looks.values()
        ],
    )
    return figure


def beside_people(
    panels: Sequence[PaperPanel], known: Mapping[str, Style] | None = None, across: int = 2
) -> Figure:
    """Draw people's behaviour, with a band over people, and the models' in its place.

    Args:
        panels: one for each measure; all have the same models.
        known: models that have a look of their own.
        across: panels in a row.
    """
    down = -(-len(panels) // across)
    figure = _figure(0.6 + 2.3 * down)
    grid = figure.subplots(down, across, squeeze=False)
    for ax in grid.flat[len(panels) :]:
        ax.set_visible(False)
    looks = _looks([name for panel in panels for name in panel.models], known or {})
    for ax, panel in zip(grid.flat, panels, strict=False):
        _beside(ax, panel, looks)
    handles = [
        Line2D([], [], label=_words(style.name), markersize=5, **_style_of(style))
        for style in (PEOPLE, *looks.values())
    ]
    _legend(figure, handles)
    return figure


def _beside(ax: Axes, panel: PaperPanel, looks: Mapping[str, Style]) -> None:
    tidy(ax)
    x = np.arange(len(panel.points), dtype=float)
    joined = len(panel.points) > 2
    shift = 0.1 if not joined else 0.05
    mean, low, high = (np.asarray(part, float) for part in panel.people)
    if joined:
        ax.fill_between(x, low, high, color=INK, alpha=0.15, linewidth=0)
    else:
        ax.vlines(x, low, high, color=INK, linewidth=5, alpha=0.2)
    ax.plot(x, mean, markersize=5, **_style_of(PEOPLE, joined))
    for place, (name, parts) in enumerate(panel.models.items()):
        mean, low, high = (np.asarray(part, float) for part in parts)
        at = x + shift * (place + 1)
        ax.vlines(at, low, high, color=looks[name].colour, linewidth=1.2)
        ax.plot(at, mean, markersize=4, **_style_of(looks[name], joined))
    ax.set_title(_words(panel.title), loc="left", fontsize=SMALL, color=INK)
    ax.set_xticks(x, labels=list(map(_words, panel.points)))
    ax.set_xlabel(panel.x_title, fontsize=7.5, color=MUTED)
    ax.tick_params(labelsize=7)
    ax.margins(x=0.1 if joined else 0.4, y=0.08)


def _looks(names: Sequence[str], known: Mapping[str, Style]) -> dict[str, Style]:
    others = cycle(OTHERS)
    return {name: replace(known.get(name) or next(others), name=name) for name in dict.fromkeys(names)}


def _style_of(style: Style, joined: bool = True) -> dict[str, Any]:
    look = line(style, marker=MARKERS[style.marker])
    return look if joined else look | {"linestyle": "none"}


def _words(text: str) -> str:
    """Text in which a dollar is a dollar, and begins no formula."""
    return text.replace("$", r"\$")


def _figure(height: float, width: float = WIDTH) -> Figure:
    figure = own_figure(width, height)
    figure.set_layout_engine("constrained")
    return figure


def _axes(figure: Figure) -> Axes:
    ax: Axes = figure.subplots()
    tidy(ax)
    return ax


def _legend(figure: Figure, handles: Sequence[Line2D]) -> None:
    figure.legend(
        handles=list(handles),
        loc="outside upper left",
        ncols=min(len(handles), 4),
        frameon=False,
        fontsize=SMALL,
        labelcolor=INK,
    )


def svg_of(figure: Figure, name: str) -> str:
    """Return a figure as SVG that stands within a page: the same bytes for the same figure, ids of its own.

    Args:
        figure: what is drawn.
        name: of the figure, unique in the page; ids begin with it.
    """
    file = BytesIO()
    figure.savefig(file, format="svg", facecolor=figure.get_facecolor(), metadata={"Date": None})
    text = file.getvalue().decode()
    text = text[text.index("<svg") :]
    ids = dict.fromkeys(re.findall(r'\bid="([^"]+)"', text))  # some of them are drawn by lot
    new = {old: f"{name}-{number}" for number, old in enumerate(ids)}
    return re.sub(
        r'(\bid="|url\(#|href="#)([^")]+)',
        lambda match: match[1] + new.get(match[2], match[2]),
        text,
    )


def pdf_of(figure: Figure) -> bytes:
    """Return a figure as PDF, the same bytes for the same figure."""
    file = BytesIO()
    dates = {"CreationDate": None, "ModDate": None}
    figure.savefig(file, format="pdf", facecolor=figure.get_facecolor(), metadata=dates)
    return file.getvalue()
