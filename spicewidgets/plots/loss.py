"""`plot_loss`: how the loss came down, between guessing and what the true agent itself leaves unexplained.

Reads the records of a training, whatever they were made by.
"""

import math
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from ..style import INK, MUTED, PAPER, RNN, TRUTH
from .figure import DASHES, MARKERS, NORMAL, SMALL, legend, line, new_figure, save_figure, tidy
from .words import PHASES, VALIDATION

if TYPE_CHECKING:
    from ..core.train.training import Epoch

SCREENING = {"linewidth": 1.2, "linestyle": DASHES["dotted"]}


def plot_loss(history: "Sequence[Epoch]", save: str | os.PathLike[str] | None = None) -> tuple[Figure, Axes]:
    """Loss against epoch: of the training sessions, and of the validation sessions where there are some.

    Args:
        history: the records of a training, such as `estimator.history_`.
        save: a file to write, such as "loss.png" or "loss.pdf".

    Returns:
        The figure and its axes. The lowest loss that can be hoped for is that of the true agent, where it is
        known; a loss above chance, ln(n_actions), is worse than guessing.
    """
    records = list(history)
    if not records:
        raise ValueError("plot_loss needs one or more epochs; got none. Call fit(data, targets) first.")
    figure = new_figure(3.8)
    ax = figure.subplots()
    tidy(ax)
    handles = [*_losses(ax, records), *_levels(ax, records), *_best(ax, records)]
    _phases(ax, records)
    ax.set_xlim(0.5, max(len(records), 2) + 0.5)
    ax.set_ylim(*_limits(records))
    ax.set_xlabel("Epoch", fontsize=NORMAL, color=INK)
    ax.set_ylabel("Loss (nats per choice)", fontsize=NORMAL, color=INK)
    legend(figure, handles)
    save_figure(figure, save)
    return figure, ax


def _losses(ax: Axes, records: "Sequence[Epoch]") -> list[Line2D]:
    epochs = np.arange(1, len(records) + 1)
    screened = np.array([record.phase == "screen" for record in records])
    train = np.array([record.train_loss for record in records])
    held_out = np.array([record.validation_loss for record in records], dtype=float)  # NaN for None
    shown = [
        ("screening, first trials", np.where(screened, train, np.nan), line(RNN, **SCREENING)),
        ("training", np.where(screened, np.nan, train), line(RNN, linestyle="solid")),
        ("validation", held_out, line(VALIDATION)),
    ]
    return [
        ax.plot(epochs, values, label=label, **look)[0]
        for label, values, look in shown
        if not np.isnan(values).all()
    ]


def _levels(ax: Axes, records: "Sequence[Epoch]") -> list[Line2D]:
    """Levels to compare with: guessing, and the true agent."""
    last = records[-1]
    n_actions = round(math.exp(last.chance))
    chance = {"color": MUTED, "linewidth": 1.2, "linestyle": DASHES["dashed"]}
    lines = [ax.axhline(last.chance, label=f"chance, ln {n_actions} = {last.chance:.3f}", **chance)]
    if last.floor is not None:
        look = line(TRUTH, linewidth=1.2, linestyle=DASHES["dashed"], zorder=3)
        lines.append(ax.axhline(last.floor, label=f"true agent, {last.floor:.3f}", **look))
    return lines


def _best(ax: Axes, records: "Sequence[Epoch]") -> list[Line2D]:
    """A mark at the epoch whose weights were kept."""
    begun = max(at for at, record in enumerate(records) if record.epoch == records[0].epoch)  # warm start
    at = begun + records[-1].best_epoch - records[begun].epoch
    if not 0 <= at < len(records) or records[-1].best_epoch < 1:
        return []
    best = records[at]
    loss = best.train_loss if best.validation_loss is None else best.validation_loss
    return ax.plot(
        [at + 1],
        [loss],
        label=f"kept, epoch {at + 1}: {loss:.3f}",
        linestyle="none",
        color=RNN.colour,
        marker=MARKERS[RNN.marker],
        markersize=6,
        markeredgecolor=PAPER,
        zorder=4,
        clip_on=False,
    )


def _phases(ax: Axes, records: "Sequence[Epoch]") -> None:
    """The name of each phase where it begins, and a line between two."""
    for at, record in enumerate(records):
        if at and record.phase == records[at - 1].phase and record.epoch > records[at - 1].epoch:
            continue
        if at:
            ax.axvline(at + 0.5, color=MUTED, linewidth=0.8, linestyle="solid", alpha=0.6)
        ax.annotate(
            PHASES.get(record.phase, record.phase),
            (at + 0.5, 1),
            (3, -2),
            xycoords=ax.get_xaxis_transform(),
            textcoords="offset points",
            va="top",
            fontsize=SMALL,
            color=MUTED,
        )


def _limits(records: "Sequence[Epoch]") -> tuple[float, float]:
    """From below the lowest to above chance; of losses far above chance only the way down is shown."""
    chance = records[-1].chance
    values: NDArray[np.float64] = np.array(
        [
            value
            for record in records
            for value in (record.train_loss, record.validation_loss, record.floor)
            if value is not None and math.isfinite(value)
        ]
        or [chance]
    )
    low, high = min(values.min(), chance), max(min(values.max(), 1.5 * chance), chance)
    pad = max(high - low, 1e-3)
    return low - 0.06 * pad, high + 0.16 * pad
