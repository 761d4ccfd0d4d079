"""Pictures of the scenes of a story: each asks, and shows once there is an answer."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..markup import Html
from ..style import BENCHMARK, REWARDED, SPICE, TRUTH, UNREWARDED, Style, arm_style
from .series import Kind
from .small import INK, Axis, Line, chart, key

GUESS = Style("your guess", "currentColor", "dashed", "diamond", 1.8)
HABIT = replace(BENCHMARK, name="habit", dash="solid", width=2.4)
FORGETTING = replace(SPICE, name="forgetting")
AGAIN, OTHER = replace(TRUTH, name="the same again"), Style("the other", TRUTH.colour, "solid", "cross")
SHARES = {0.0: "0", 0.25: "25 %", 0.5: "50 %", 0.75: "75 %", 1.0: "100 %"}
UNIT = {0.0: "0", 0.5: "0.5", 1.0: "1"}


def choices_picture(choices: ArrayLike, paid: NDArray[np.bool_], shown: bool, names: tuple[str, str]) -> Html:
    """Draw the last choices between options of these names, the very last one only where it is shown."""
    arms, n = np.asarray(choices), len(paid)
    seen = np.arange(n) < n - (not shown)
    lines = [
        Line(np.flatnonzero(rows), 1 - arms[rows], style, joined=False)
        for style, rows in ((REWARDED, paid & seen), (UNREWARDED, ~paid & seen))
    ]
    ticks = {float(n - 1): "this one" if shown else "?"}
    y = Axis(-0.5, 1.5, {1.0: names[0], 0.0: names[1]})
    drawn = chart("The last choices", Axis(-0.5, n - 0.5, ticks), y, lines, rules={n - 1.5: ""})
    return Html(drawn + key([(REWARDED, "points"), (UNREWARDED, "points")]))


def staying_picture(after_win: float, after_loss: float, guess: float, shown: bool) -> Html:
    """Draw how often a choice is repeated, and the guess beside it."""
    lines = [Line([0.0], [guess], GUESS, joined=False)]
    if shown:
        lines += [
            Line([0.0], [after_win], REWARDED, joined=False),
            Line([1.0], [after_loss], UNREWARDED, joined=False),
        ]
    ticks = {0.0: "after a win", 1.0: "after a loss" if shown else ""}
    drawn = chart("The same option again", Axis(-0.5, 1.5, ticks), Axis(0, 1, SHARES), lines)
    return Html(drawn + key([(GUESS, "points")]))


def value_picture(values: Sequence[float], guess: float, shown: bool) -> Html:
    """Draw a value through wins and losses; its last step as it is guessed, and as it is once shown."""
    at, n = np.arange(len(values)), len(values) - 1
    paid = np.diff(values) > 0
    lines = [Line(at[n - 1 :], values[n - 1 :], TRUTH)] if shown else []
    lines += [Line(at[:n], values[:n], INK), Line(at[n - 1 :], [values[n - 1], guess], GUESS)]
    ticks = {one + 0.5: "won" if paid[one] else "lost" for one in range(n)}
    return chart("What an option is worth", Axis(0, n, ticks), Axis(0, 1, UNIT), lines, rules={n - 1: ""})


def update_picture(rate: float) -> Html:
    """Draw what a value becomes, after a win and after a loss."""
    before = np.array([0.0, 1.0])
    lines = [
        Line(before, before, replace(INK, dash="dotted", width=1.0), marked=False),
        Line(before, before * (1 - rate) + rate, REWARDED, marked=False),
        Line(before, before * (1 - rate), UNREWARDED, marked=False),
    ]
    axis = Axis(0, 1, UNIT)
    drawn = chart("The value after it", axis, axis, lines, x_title="the value before")
    return Html(drawn + key([(REWARDED, "line"), (UNREWARDED, "line")]))


def interval_picture(rate: float, low: float, high: float, shown: bool) -> Html:
    """Draw the learning rate, and its interval once it is shown."""
    lines = [Line([rate], [0.5], SPICE, joined=False)]
    if shown:
        lines.append(Line([low, rate, high], [0.5] * 3, replace(INK, width=3.0), marked=False))
    return chart("The learning rate α", Axis(0, 1, UNIT), Axis(0, 1, {}), lines[::-1])


def fooled_picture(same: dict[str, ArrayLike], again: NDArray[np.bool_], shown: bool) -> Html:
    """Draw how likely two stories hold it that the same option comes again, and what came."""
    more, n = len(again), len(np.asarray(same["habit"]))
    end = n if shown else n - more
    lines = [
        Line(np.arange(end), np.asarray(same[style.name])[:end], style, marked=False)
        for style in (HABIT, FORGETTING)
    ]
    if shown:
        at = np.arange(n - more, n)
        lines += [
            Line(at[again], np.full(again.sum(), 0.98), AGAIN, joined=False),
            Line(at[~again], np.full((~again).sum(), 0.02), OTHER, joined=False),
        ]
    x = Axis(0, n - 1, {(n - more) / 2: "as before", n - more / 2: "nothing pays" if shown else "?"})
    drawn = chart("The same option again", x, Axis(0, 1, SHARES), lines, rules={n - more - 0.5: ""})
    marks: list[tuple[Style, Kind]] = [(AGAIN, "points"), (OTHER, "points")] if shown else []
    return Html(drawn + key([(HABIT, "line"), (FORGETTING, "line"), *marks]))


def course_picture(
    values: NDArray[np.float64], choices: Sequence[int], paid: Sequence[bool], title: str
) -> Html:
    """Draw a number of each option before each trial, `(n + 1, 2)`, and what was chosen and paid."""
    arms, won, at = np.asarray(choices), np.asarray(paid, bool), np.arange(len(choices))
    options = [arm_style(arm) for arm in range(2)]
    lines = [Line(np.arange(len(values)), values[:, arm], options[arm], marked=False) for arm in range(2)]
    heights = np.where(arms == 0, 1.1, -0.1)
    lines += [
        Line(at[rows], heights[rows], style, joined=False)
        for style, rows in ((REWARDED, won), (UNREWARDED, ~won))
    ]
    y = Axis(-0.2, 1.2, {0.0: "0", 0.5: "0.5", 1.0: "1"})
    note = "marks above: option 1 was chosen; below: option 2"
    drawn = chart(title, Axis(0, len(choices)), y, lines, note=note, x_title="trial")
    return Html(
        drawn + key([(one, "line") for one in options] + [(REWARDED, "points"), (UNREWARDED, "points")])
    )
