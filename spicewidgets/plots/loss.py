"""`plot_loss`: the loss curve on paper."""

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..style import INK
from .figure import NORMAL, new_figure, save_figure
from .loss_records import MARKS, PHASE, LossRecords, Row, span
from .printed import draw_legend, draw_subplot
from .series import Series, Subplot, ticks

if TYPE_CHECKING:
    from ..core.train.training import Epoch

HIGHEST = 1.5  # times chance: a loss above is not shown


def plot_loss(
    history: "Sequence[Epoch | Row]", save: str | os.PathLike[str] | None = None
) -> tuple[Figure, Axes]:
    """Draw loss against epoch: of the training, and of the validation and test sessions where there are some.

    Args:
        history: the records of a training, such as `estimator.history_`.
        save: a file to write, such as "loss.png" or "loss.pdf".

    Returns:
        The figure and its axes. The lowest loss that can be hoped for is that of the true agent, where it is
        known; a loss above chance, that of guesses among the options on offer, is worse.

    Raises:
        ValueError: There are no records.
    """
    records = LossRecords(list(history))
    if not records.n:
        raise ValueError("plot_loss needs one or more epochs; got none. Call fit(data, targets) first.")
    figure = new_figure(3.8)
    ax = figure.subplots()
    low, high = span(records, most=HIGHEST)
    right = max(records.n, 2) + 0.5
    subplot = Subplot("loss", "", low=low, high=high)
    series = list(_series(records))
    draw_subplot(ax, subplot, series, (0.5, right), ticks(0.5, right, whole=True))
    ax.set_xlabel("Epoch", fontsize=NORMAL, color=INK)
    ax.set_ylabel("Loss (nats per choice)", fontsize=NORMAL, color=INK)
    draw_legend(figure, series)
    save_figure(figure, save)
    return figure, ax


def _series(records: LossRecords) -> Iterator[Series]:
    """All marks, named with their numbers."""
    at, names = records.phase_names(restarts=True)
    xs = np.array(at)
    yield Series("phases", "loss", "rules", PHASE, False, xs, np.zeros(len(xs)), tuple(names), listed=False)
    named = {}
    if records.chance is not None:
        n = math.exp(records.chance)  # options on offer, where there are always as many
        whole = f", ln {n:.0f} =" if math.isclose(n, round(n), rel_tol=1e-6) else ""
        named["chance"] = f"chance{whole} {records.chance:.3f}"
    if records.floor is not None:
        named["floor"] = f"true agent, {records.floor:.3f}"
    if records.best is not None:
        named["best"] = f"kept, epoch {records.best + 1}: {records.judged[records.best]:.3f}"
    for key, (x, y) in records.marks().items():
        kind, style = MARKS[key]
        named_style = replace(style, name=named.get(key, style.name))
        yield Series(key, "loss", kind, named_style, x=x, y=y)
