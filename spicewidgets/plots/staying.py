"""How often a first choice is made again, by what it led to: four bars."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ..markup import Html
from ..style import REWARDED, TRUTH, UNREWARDED, Style
from .series import Kind
from .small import INK, Axis, Line, chart, key

GROUPS = ("common transition", "rare transition")
WIDE = 0.34  # half the width of a bar
PLACES = (0.6, 1.4, 2.6, 3.4)  # of the bars: common and rewarded, common and not, rare and rewarded, and not
TICKS = {at / 4: f"{at / 4:g}" for at in range(5)}
BARS = tuple(replace(style, width=2.0) for style in (REWARDED, UNREWARDED))


class StayMarks(NamedTuple):
    """P of staying of a model in each cell, `(4,)`.

    Attributes:
        style: how it looks.
        values: in the order of the bars.
        low, high: ends of intervals; None without.
    """

    style: Style
    values: ArrayLike
    low: ArrayLike | None = None
    high: ArrayLike | None = None


def staying_bars(
    mean: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    *,
    title: str = "Makes the first choice again",
    note: str = "",
    expected: ArrayLike | None = None,
    models: Sequence[StayMarks] = (),
) -> Html:
    """Draw P of staying after common and rare transitions, with and without a reward.

    Args:
        mean: the bars, `(4,)`: common and rewarded, common and not, rare and rewarded, rare and not; NaN
            leaves one out.
        low: lower ends of their intervals.
        high: upper ends.
        title: above the picture.
        note: behind the title, in small letters.
        expected: the truth, drawn as a line across each bar; None without.
        models: marks beside the bars' middle.
    """
    mean, low, high = (np.asarray(one, dtype=float) for one in (mean, low, high))
    lines = []
    for cell, place in enumerate(PLACES):
        style, sides = BARS[cell % 2], [place - WIDE, place + WIDE]
        zeros, top = np.zeros(2), np.full(2, mean[cell])
        lines.append(Line(sides, top, style, zeros, top, marked=False, banded=True))
        lines.append(Line([place], [mean[cell]], INK, [low[cell]], [high[cell]], joined=False, marked=False))
        if expected is not None:
            own = np.full(2, np.asarray(expected, dtype=float)[cell])
            lines.append(Line([sides[0] - 0.06, sides[1] + 0.06], own, TRUTH, marked=False))
    step = 0.2
    for number, one in enumerate(models):
        x = np.array(PLACES) + step * (number - (len(models) - 1) / 2)
        lines.append(Line(x, one.values, one.style, one.low, one.high, joined=False))
    styles: list[tuple[Style, Kind]] = [(style, "line") for style in BARS]
    styles += [(TRUTH, "line")] if expected is not None else []
    styles += [(one.style, "points") for one in models]
    parts = [f"{100 * value:.0f} %" for value in mean]
    words = (
        f"After a common transition {parts[0]} with a reward and {parts[1]} without; after a rare one"
        f" {parts[2]} with and {parts[3]} without."
    )
    picture = chart(
        title,
        Axis(0, 4, {1.0: GROUPS[0], 3.0: GROUPS[1]}),
        Axis(0, 1, TICKS),
        lines,
        note=note,
        words=words,
    )
    return Html(f'{key(styles)}<div class="sw-stay">{picture}</div>')
