"""How a Rescorla-Wagner learner moves a value, and how a value becomes a choice: two small charts."""

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..markup import Html
from ..style import REWARDED, TRUTH, UNREWARDED, Style
from .small import INK, Axis, Line, chart, key

Floats = NDArray[np.float64]

SHOWN = 0.5  # by how much one option is better in the picture
HALVES = {0.0: "0", 0.5: "0.5", 1.0: "1"}
NO_CHANGE = replace(INK, name="no change", dash="dashed", width=1.0)


def learner_pictures(alpha: float, alpha_penalty: float, beta: float) -> Html:
    """Both charts, beside each other where there is room.

    Args:
        alpha: learning rate after a reward, 0 to 1.
        alpha_penalty: after no reward.
        beta: inverse temperature.
    """
    better = float(_logistic(np.array(beta * SHOWN)))
    moved = (f"rewarded: {100 * alpha:.0f} % of the way to 1", f"not: {100 * alpha_penalty:.0f} % to 0")
    looks = [
        replace(style, name=words, width=2.2)
        for style, words in zip((REWARDED, UNREWARDED), moved, strict=True)
    ]
    first = chart(
        "How a value moves",
        Axis(0, 1, HALVES),
        Axis(0, 1, HALVES),
        [_line([0, 1], [0, 1], NO_CHANGE), *_moves(looks, alpha, alpha_penalty)],
        note="next against now",
        x_title="value now",
        words=". ".join(moved),
    )
    x = np.linspace(-1, 1, 41)
    second = chart(
        "How it becomes a choice",
        Axis(-1, 1, {-1.0: "−1", 0.0: "0", SHOWN: f"{SHOWN}", 1.0: "1"}),
        Axis(0, 1, HALVES),
        [_line(x, _logistic(beta * x), replace(TRUTH, width=2.2)), Line([SHOWN], [better], TRUTH)],
        note=f"P of option 1; better by {SHOWN}: {100 * better:.0f} %",
        x_title="value of option 1 less that of option 2",
        words=f"An option that is better by {SHOWN} is chosen in {100 * better:.0f} %.",
    )
    keys = key([*((look, "line") for look in looks), (NO_CHANGE, "line")])
    return Html(f'{keys}<div class="sw-charts sw-two">{first}{second}</div>')


def _moves(looks: list[Style], alpha: float, alpha_penalty: float) -> list[Line]:
    ends = ([alpha, 1.0], [0.0, 1 - alpha_penalty])
    return [_line([0, 1], end, look) for look, end in zip(looks, ends, strict=True)]


def _line(x: ArrayLike, y: ArrayLike, style: Style) -> Line:
    return Line(x, y, style, marked=False)


def _logistic(logits: Floats) -> Floats:
    p: Floats = 1 / (1 + np.exp(-np.clip(logits, -50, 50)))
    return p
