"""A matplotlib figure in the house's look: how it is made, tidied and saved.

Everything is said to the artists themselves, so that no rcParams are changed and the user's own do not make a
figure unreadable: it is always dark ink on white paper. pyplot is never imported. But where the user has
imported it, the figure is made through it, so that `plt.show()` shows it.
"""

import os
import sys
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ..style import GRID, INK, MUTED, PAPER, Style

WIDTH = 8.0  # inches
SMALL, NORMAL = 8.5, 10.0  # points
CHARACTERS = 112  # of a legend that fit beside each other

# Lengths of stroke and gap, in line widths.
DASHES: dict[str, Any] = {
    "solid": "solid",
    "dashed": (0, (4, 2.4)),
    "dotted": (0, (1.2, 2)),
    "dash_dotted": (0, (5, 1.8, 1.2, 1.8)),
}
MARKERS = {"circle": "o", "square": "s", "triangle": "^", "diamond": "D", "cross": "x", "plus": "P"}


def new_figure(height: float, shared: bool = True) -> Figure:
    """Return an empty figure as wide as a page.

    Args:
        height: in inches.
        shared: whether pyplot, where the user has loaded it, knows the figure, so that `plt.show()` shows it.
    """
    pyplot = sys.modules.get("matplotlib.pyplot") if shared else None
    figure: Figure = own_figure(WIDTH, height) if pyplot is None else pyplot.figure(figsize=(WIDTH, height))
    figure.set_facecolor(PAPER)
    figure.set_layout_engine("constrained", rect=(0.01, 0.01, 0.975, 0.98), h_pad=0.06)
    return figure


def own_figure(width: float, height: float) -> Figure:
    """Return an empty white figure, in inches, that pyplot does not know."""
    figure = Figure(figsize=(width, height), facecolor=PAPER)
    FigureCanvasAgg(figure)
    return figure


def forget_figure(figure: Figure) -> None:
    """Let a figure go that nobody will show: pyplot, if loaded, keeps every one of its own."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close(figure)


def tidy(ax: Axes) -> None:
    """Light axes: no box, faint horizontal lines, ink for what is read."""
    ax.set_facecolor(PAPER)
    for side, spine in ax.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(MUTED)
        spine.set_linewidth(0.8)
    ax.grid(visible=False, axis="both", which="both")
    ax.grid(visible=True, axis="y", color=GRID, linewidth=0.8, linestyle="solid")
    ax.set_axisbelow(True)
    ax.tick_params(
        axis="both",
        color=MUTED,
        labelcolor=INK,
        labelsize=SMALL,
        length=3,
        width=0.8,
        direction="out",
        top=False,
        right=False,
    )
    ax.margins(x=0.01)


def line(style: Style, **changes: Any) -> dict[str, Any]:
    """Return the arguments of a line in a style."""
    return {
        "color": style.colour,
        "linestyle": DASHES[style.dash],
        "linewidth": style.width,
        "marker": "",
        "dash_capstyle": "butt",
        "solid_capstyle": "round",
        "alpha": 1.0,
    } | changes


def legend(figure: Figure, handles: Sequence[Any]) -> None:
    """One legend above all subplots, inside the figure, in as few rows as it needs."""
    lengths = [len(str(handle.get_label())) + 7 for handle in handles]
    columns = len(handles)
    if sum(lengths) > CHARACTERS:
        columns = max(CHARACTERS // max(lengths), 1)
    figure.legend(
        handles=list(handles),
        loc="outside upper left",
        ncols=columns,
        frameon=False,
        fontsize=SMALL,
        labelcolor=INK,
        handlelength=2.6,
        columnspacing=1.6,
        borderaxespad=0.2,
    )


def caption(figure: Figure, words: str) -> None:
    """Write a line of explanation below all subplots."""
    figure.supxlabel(words, fontsize=SMALL, color=MUTED, x=0.01, ha="left")


def save_figure(figure: Figure, path: str | os.PathLike[str] | None) -> None:
    """Write the figure to a file whose ending says the format; nothing when there is no path."""
    if path is not None:
        figure.savefig(path, dpi=200, facecolor=PAPER)
