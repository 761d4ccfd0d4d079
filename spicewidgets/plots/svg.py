"""Small pictures as SVG, to stand in a line of text or in a table."""

from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from typing import NamedTuple

from ..markup import Html, escape_text
from ..style import PALE, RNN, SPICE, TRUTH
from .series import ticks

LOSS_SIZE = (120, 32)  # pixels
BAR = 64  # width of a bar, in pixels


def small_loss(history: Sequence[Mapping[str, float]]) -> Html:
    """Return the loss so far, from guessing (top) to the true participant's loss (dashed).

    Args:
        history: a dictionary for each epoch, with `train_loss`, `chance` and `floor`.
    """
    width, height = LOSS_SIZE
    head = f'<svg width="{width}" height="{height}" viewBox="0 0 {width} {height}" aria-hidden="true">'
    thinned = [*history[:: max(1, len(history) // 60)], *history[-1:]]
    losses = [row["train_loss"] for row in thinned if isfinite(row["train_loss"])]
    if len(losses) < 2:
        return Html(head + "</svg>")
    high, floor = history[-1].get("chance") or max(losses), history[-1].get("floor")
    low = min(losses) if floor is None else min(*losses, floor)
    scale = (height - 6) / max(high - low, 1e-9)

    def y(loss: float) -> float:
        return round(height - 3 - (min(max(loss, low), high) - low) * scale, 1)

    step = (width - 4) / (len(losses) - 1)
    points = " ".join(f"{at * step + 2:.1f},{y(loss)}" for at, loss in enumerate(losses))
    dashed = ""
    if floor is not None:
        ends = f'x1="0" x2="{width}" y1="{y(floor)}" y2="{y(floor)}"'
        dashed = f'<line {ends} stroke="{TRUTH.colour}" stroke-dasharray="4 3"/>'
    line = f'<polyline points="{points}" fill="none" stroke="{RNN.colour}" stroke-width="1.6"/>'
    return Html(f"{head}{dashed}{line}</svg>")


def bar(value: float, reach: float, colour: str) -> Html:
    """Return a bar from the middle, to the right where the value is above 0; `reach` fills one side."""
    half = BAR / 2
    length = half * min(abs(value) / reach, 1.0)
    left = half if value >= 0 else half - length
    return Html(
        f'<svg width="{BAR}" height="10" aria-hidden="true"><rect x="{left:.1f}" y="1" width="{length:.1f}"'
        f' height="8" fill="{colour}"/><line x1="{half}" x2="{half}" y1="0" y2="10" stroke="#7a7f85"/></svg>'
    )


class Interval(NamedTuple):
    """A number on a line: found, between two ends, and true; NaN for what is not known."""

    found: float
    low: float
    high: float
    true: float


def number_line(
    numbers: Sequence[Interval], low: float, high: float, width: int = 200, words: bool = True
) -> Html:
    """Numbers on one line: a pale box at the truth, a triangle at what was found, and its interval.

    Args:
        numbers: what stands on it.
        low: left end.
        high: right end.
        width: in pixels.
        words: whether ticks are named below it; else a rule at 0 is drawn.
    """
    height, middle = (52, 18) if words else (30, 15)
    span = max(high - low, 1e-12)

    def x(value: float) -> float:
        return round(10 + (width - 20) * (min(max(value, low), high) - low) / span, 1)

    drawn = "".join(_interval(one, x, middle) for one in numbers)
    line = f'<path d="M4 {middle}H{width - 4}" stroke="#7a7f85" stroke-opacity=".35"/>'
    if words:
        line = f'<path d="M4 36H{width - 4}" stroke="#7a7f85"/>'
        marks = ticks(low, high, 4)
        line += "".join(
            f'<path d="M{x(at)} 36v4" stroke="#7a7f85"/><text x="{x(at)}" y="50" text-anchor="middle"'
            f' fill="currentColor" font-size="12">{word}</text>'
            for at, word in marks.items()
        )
    elif low < 0 < high:
        line += f'<path d="M{x(0)} 3V{height - 3}" stroke="#7a7f85" stroke-width="1.5"/>'
    head = f'<svg width="{width}" height="{height}" viewBox="0 0 {width} {height}" aria-hidden="true">'
    return Html(f"{head}{line}{drawn}</svg>")


def _interval(one: Interval, x: Callable[[float], float], middle: int) -> str:
    parts = []
    if isfinite(one.true):
        parts.append(
            f'<rect x="{x(one.true) - 5}" y="{middle - 10}" width="10" height="20" rx="1.5"'
            f' class="sw-pale-box" fill="{PALE}" stroke="{TRUTH.colour}"/>'
        )
    if isfinite(one.low) and isfinite(one.high):
        ends = (
            f"M{x(one.low)} {middle}H{x(one.high)}M{x(one.low)} {middle - 5}v10M{x(one.high)} {middle - 5}v10"
        )
        parts.append(f'<path d="{ends}" stroke="{SPICE.colour}" stroke-width="2"/>')
    if isfinite(one.found):
        at = x(one.found)
        corner = f"M{at} {middle - 5.5}l5 9.5h-10z"
        parts.append(f'<path d="{corner}" fill="{SPICE.colour}"/>')
    return "".join(parts)


def cost_bars(costs: Sequence[tuple[str, float]], chosen: int | None) -> Html:
    """Draw the cost of dropping each term: a bar each, from 0 to the largest, with its number; one marked."""
    reach, rows = max((cost for _, cost in costs), default=1.0) or 1.0, []
    for at, (name, cost) in enumerate(costs):
        share = 100 * min(max(cost, 0.0) / reach, 1.0)
        look = ' class="sw-on"' if at == chosen else ""
        rows.append(
            f'<tr{look}><th scope="row">{escape_text(name)}</th>'
            f'<td><i style="width:{max(share, 0.6):.1f}%"></i>'
            f"</td><td>{cost:.1f}</td></tr>"
        )
    return Html(f'<table class="sw-costs"><tbody>{"".join(rows)}</tbody></table>')
