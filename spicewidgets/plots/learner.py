"""How a Rescorla-Wagner learner moves a value, and how a value becomes a choice: two pictures as SVG."""

from collections.abc import Iterable
from math import exp

from ..markup import Html, escaped
from ..style import REWARDED, TRUTH, UNREWARDED

WIDE, HIGH = 360, 176  # pixels of a picture
LEFT, RIGHT, TOP, BOTTOM = 34, 348, 12, 136  # of its axes
SHOWN = 0.5  # by how much one option is better in the picture


def learner_pictures(alpha: float, alpha_penalty: float, beta: float) -> Html:
    """Both pictures, beside each other where there is room.

    Args:
        alpha: learning rate after a reward, 0 to 1.
        alpha_penalty: after no reward.
        beta: inverse temperature.
    """
    better = _logistic(beta * SHOWN)
    first = _picture(
        "How a value moves",
        Html(
            f"{_key(REWARDED.colour)} rewarded: {100 * alpha:.0f} % of the way to 1"
            f" {_key(UNREWARDED.colour)} not: {100 * alpha_penalty:.0f} % of the way to 0"
        ),
        ("0", "value now", "1"),
        ("0", "0.5", "1"),
        _line([(0, 0), (1, 1)], "sw-axis-dash")
        + _line([(0, alpha), (1, 1)], "", REWARDED.colour)
        + _line([(0, 0), (1, 1 - alpha_penalty)], "", UNREWARDED.colour),
        f"After a reward a value moves {100 * alpha:.0f} % of the way to 1, after none"
        f" {100 * alpha_penalty:.0f} % of the way to 0.",
    )
    points = [(step / 40, _logistic(beta * (step / 20 - 1))) for step in range(41)]
    at = (SHOWN + 1) / 2
    second = _picture(
        "How it becomes a choice",
        "How likely option 1 is.",
        ("−1", "value of option 1 less that of option 2", "1"),
        ("0", "0.5", "1"),
        _line([(0, better), (at, better), (at, 0)], "sw-axis-thin")
        + _line(points, "", TRUTH.colour)
        + _dot(at, better, TRUTH.colour)
        + _words(at - 0.02, min(better + 0.06, 0.93), f"{SHOWN} better: {100 * better:.0f} %", "end"),
        f"An option that is better by {SHOWN} is chosen in {100 * better:.0f} %.",
    )
    return Html(f'<div class="sw-pictures">{first}{second}</div>')


def _key(colour: str) -> str:
    """A line in the colour of what it names."""
    return (
        '<svg class="sw-swatch" width="18" height="8" aria-hidden="true">'
        f'<path d="M0 4h18" stroke="{colour}" stroke-width="2.4"/></svg>'
    )


def _logistic(value: float) -> float:
    return 1 / (1 + exp(-min(max(value, -50.0), 50.0)))


def _picture(
    title: str,
    about: str,
    below: tuple[str, str, str],
    beside: tuple[str, str, str],
    drawn: str,
    summary: str,
) -> str:
    grid = "".join(_line([(0, y), (1, y)], "sw-axis-grid") for y in (0, 0.5, 1))
    ticks = "".join(
        f'<text x="{LEFT - 8}" y="{_y(y) + 4:.1f}" text-anchor="end">{words}</text>'
        for y, words in zip((0, 0.5, 1), beside, strict=True)
    )
    ends = "".join(
        f'<text x="{_x(x):.1f}" y="{BOTTOM + 18}" text-anchor="{anchor}">{words}</text>'
        for x, anchor, words in zip((0, 0.5, 1), ("start", "middle", "end"), below, strict=True)
    )
    return (
        f"<figure><figcaption><b>{escaped(title)}</b> <span>{escaped(about)}</span></figcaption>"
        f'<svg viewBox="0 0 {WIDE} {HIGH - 14}" role="img" aria-label="{escaped(summary)}">'
        f"{grid}{ticks}{ends}{drawn}</svg></figure>"
    )


def _line(points: Iterable[tuple[float, float]], look: str, colour: str = "") -> str:
    path = "L".join(f"{_x(x):.1f} {_y(y):.1f}" for x, y in points)
    drawn = f' stroke="{colour}" stroke-width="2.4"' if colour else f' class="{look}"'
    return f'<path d="M{path}" fill="none"{drawn}/>'


def _dot(x: float, y: float, colour: str) -> str:
    return f'<circle cx="{_x(x):.1f}" cy="{_y(y):.1f}" r="4.5" fill="{colour}"/>'


def _words(x: float, y: float, words: str, anchor: str = "start") -> str:
    where = f'x="{_x(x):.1f}" y="{_y(y):.1f}" text-anchor="{anchor}"'
    return f'<text {where} class="sw-said">{escaped(words)}</text>'


def _x(value: float) -> float:
    return LEFT + value * (RIGHT - LEFT)


def _y(value: float) -> float:
    return BOTTOM - value * (BOTTOM - TOP)
