"""One number across people: dots with intervals, group by group; and two numbers against each other.

They take records with the right names, wherever these come from. Groups differ by marker and place, not by
colour: a colour says what made a number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape
from math import inf
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..core.wording import format_number
from ..style import SPICE, Style
from .live import LiveFigure
from .look import LOOK
from .series import Floats, Series, Subplot, ticks
from .table import Cell

MARKERS = ("circle", "cross", "square", "triangle", "diamond", "plus")
PEOPLE = tuple(replace(SPICE, name=f"group {at + 1}", marker=marker) for at, marker in enumerate(MARKERS))
INTERVAL = Style("interval", SPICE.colour, "solid", "circle", 1.0)
ALONE = Style("alone, before it was drawn to the group", "#7a7f85", "solid", "diamond", 1.0)
MOVED = Style("", "#7a7f85", "solid", "diamond", 1.0)
MEAN = Style("mean of the group", "#7a7f85", "solid", "circle", 2.2)
SPREAD = Style("its spread (± 1 SD)", "#7a7f85", "dashed", "circle", 1.2)
CHOSEN = Style("chosen", "#7a7f85", "dotted", "circle", 1.0)
GAP = 3.0  # places between groups
TALL, SMALL = 240, 220  # pixels
MANY = 150  # people, from which on their intervals are pale
MOST_TICKS = 8  # groups that are named below the axis


class Number(Protocol):
    """A number of every person: a `people.Number` is one. All are `(n_people,)`, NaN where there is none."""

    @property
    def values(self) -> Floats:
        """As they were found."""

    @property
    def low(self) -> Floats:
        """Lower ends of the intervals."""

    @property
    def high(self) -> Floats:
        """Upper ends of the intervals."""

    @property
    def alone(self) -> Floats:
        """Before they were drawn towards the group."""


class AcrossPeople(LiveFigure):
    """One number: a dot with its interval for each person, sorted within each group."""

    name = "people"
    x_title = "People, sorted within each group"

    def __init__(self, kind: str | None = None) -> None:
        super().__init__(kind)
        self._ticks: dict[float, str] = {}
        self._rows: list[list[Cell]] = []
        self._places: dict[int, float] = {}
        self.add_subplot(Subplot("number", "", height=TALL, worded=True))
        self.add("interval", "number", "line", INTERVAL)
        self.add("many intervals", "number", "line", INTERVAL, faint=True)
        self.add("moved", "number", "line", MOVED, listed=False)
        self.add("spread", "number", "line", SPREAD)
        self.add("mean", "number", "line", MEAN)
        self.add("alone", "number", "points", ALONE)
        for at, style in enumerate(PEOPLE):
            self.add(f"people {at}", "number", "points", style)
        self.add("chosen", "number", "rules", CHOSEN, listed=False)

    def draw(self, name: str, one: Number, labels: Sequence[str], groups: Sequence[str]) -> None:
        """Draw a number.

        Args:
            name: of the number.
            one: its values.
            labels: of the people.
            groups: of the people.
        """
        drawn = np.isfinite(one.values)
        names = sorted({group for group, there in zip(groups, drawn, strict=True) if there})
        self._ticks, self._places, self._rows = {}, {}, []
        level: dict[str, list[float]] = {"x": [], "mean": [], "low": [], "high": []}
        points: dict[str, tuple[list[float], list[float]]] = {
            f"people {at}": ([], []) for at in range(len(PEOPLE))
        }
        begin = 0.0
        for at, group in enumerate(names):
            rows = np.array([i for i, own in enumerate(groups) if own == group and drawn[i]])
            rows = rows[np.argsort(one.values[rows], kind="stable")]
            x, y = begin + np.arange(len(rows)), one.values[rows]
            self._places |= dict(zip(rows.tolist(), x.tolist(), strict=True))
            own_points = points[f"people {at % len(PEOPLE)}"]
            own_points[0].extend(x.tolist())
            own_points[1].extend(y.tolist())
            mean, spread = float(y.mean()), float(y.std(ddof=1)) if len(y) > 1 else 0.0
            level["x"] += [x[0] - 0.6, x[-1] + 0.6, np.nan]
            level["mean"] += [mean, mean, np.nan]
            level["low"] += [mean - spread, mean - spread, np.nan]
            level["high"] += [mean + spread, mean + spread, np.nan]
            if at < MOST_TICKS:
                self._ticks[float(x.mean())] = f"{group} {format_number(mean, 2)}".strip()
            begin = float(x[-1]) + GAP
        with self.batch():
            self._fill(one, level, points)
            for at, group in enumerate(names[: len(PEOPLE)]):
                self.series[f"people {at}"].style = replace(PEOPLE[at], name=group or "people")
            self.title("number", name)
            self.x_limits = (0.0, 0.0)  # so that other ticks are set where the range is the same
            self.set_x(-1.5, max(begin - GAP, 0.0) + 1.5)
            self.summary = _in_words(name, one, groups, names)
        self._rows = [
            [labels[i], groups[i], *(float(v[i]) for v in (one.values, one.low, one.high, one.alone))]
            for i in self._places
        ]

    def _fill(
        self,
        one: Number,
        level: Mapping[str, list[float]],
        points: Mapping[str, tuple[list[float], list[float]]],
    ) -> None:
        rows = np.array(list(self._places), dtype=int)
        x = np.array(list(self._places.values()))
        known = np.isfinite(one.low[rows])
        before = np.isfinite(one.alone[rows])
        alone, values = one.alone[rows][before], one.values[rows][before]
        band = np.concatenate([level["low"], level["high"]])
        inside = [one.values[rows], one.low[rows][known], one.high[rows][known], alone, band]
        span = np.concatenate(inside)
        if len(rows):
            low, high = float(one.values[rows].min()), float(one.values[rows].max())
            far = 1.5 * (high - low) or inf  # an interval may go on beyond the picture
            low, high = max(float(np.nanmin(span)), low - far), min(float(np.nanmax(span)), high + far)
            room = 0.04 * (high - low)
            self.set_span("number", low - room, high + room)
        interval = _thrice(x[known]), _join_stretches(one.low[rows][known], one.high[rows][known])
        nothing: tuple[list[float], list[float]] = ([], [])
        self.set_lines(
            {
                "interval": interval if len(rows) < MANY else nothing,
                "many intervals": interval if len(rows) >= MANY else nothing,
                "alone": (x[before] - 0.25, alone),
                "moved": (_pairs(x[before] - 0.25, x[before]), _join_stretches(alone, values)),
                "mean": (level["x"], level["mean"]),
                "spread": (level["x"] * 2, band),
                **points,
            }
        )

    def choose(self, row: int | None, label: str = "") -> None:
        """Mark a person, or nobody."""
        place = None if row is None else self._places.get(row)
        self.set_rules("chosen", [] if place is None else [place], [] if place is None else [label])

    def x_ticks(self) -> dict[float, str]:
        """Return the groups, each with its mean."""
        return self._ticks

    def _points_of(self, one: Series) -> tuple[Floats, Floats]:
        """All of it: each interval is a stretch of its own."""
        return one.x, self.subplots[one.subplot].transform(one.y)

    def _columns(self) -> tuple[list[str], Sequence[Sequence[Cell]]]:
        return ["person", "group", self.subplots["number"].title, "low", "high", "alone"], self._rows


class TwoNumbers(LiveFigure):
    """Two numbers of every person against each other."""

    name = "two_numbers"

    def __init__(self, kind: str | None = None) -> None:
        super().__init__(kind)
        self._rows: list[list[Cell]] = []
        self._names = ("", "")
        self._x: Floats = np.empty(0)
        self.add_subplot(Subplot("number", "", height=SMALL, worded=True))
        for at, style in enumerate(PEOPLE):
            self.add(f"people {at}", "number", "points", style)
        self.add("chosen", "number", "rules", CHOSEN, listed=False)

    def draw(
        self, names: tuple[str, str], x: Floats, y: Floats, labels: Sequence[str], groups: Sequence[str]
    ) -> None:
        """Draw two numbers, the first one along x."""
        drawn = np.isfinite(x) & np.isfinite(y)
        present = sorted({group for group, there in zip(groups, drawn, strict=True) if there})
        place = {group: at for at, group in enumerate(present)}
        which = np.array([place.get(group, 0) % len(PEOPLE) for group in groups])
        self._names, self._x = names, x
        with self.batch():
            for at, style in enumerate(PEOPLE):
                own = drawn & (which == at)
                self.set_lines({f"people {at}": (x[own], y[own])})
                if at < len(present):
                    self.series[f"people {at}"].style = replace(style, name=present[at] or "people")
            self.title("number", names[1])
            self._x_label.value = f'{LOOK}<div class="sw-x">{escape(names[0])}</div>'
            if drawn.any():
                low, high = float(x[drawn].min()), float(x[drawn].max())
                room = 0.06 * (high - low) or 0.1
                self.set_x(low - room, high + room)
            self.summary = _together(names, x[drawn], y[drawn])
        self._rows = [
            [labels[i], groups[i], float(x[i]), float(y[i])] for i in np.flatnonzero(drawn).tolist()
        ]

    def choose(self, row: int | None, label: str = "") -> None:
        """Mark a person by a line, or nobody."""
        there = row is not None and bool(np.isfinite(self._x[row]))
        self.set_rules("chosen", [float(self._x[row])] if there else [], [label] if there else [])

    def x_ticks(self) -> dict[float, str]:
        """Round numbers."""
        return ticks(*self.x_limits, n=5)

    def _points_of(self, one: Series) -> tuple[Floats, Floats]:
        return one.x, self.subplots[one.subplot].transform(one.y)

    def _columns(self) -> tuple[list[str], Sequence[Sequence[Cell]]]:
        return ["person", "group", *self._names], self._rows


def _thrice(x: Floats) -> Floats:
    """Each place for two ends and a gap."""
    return np.repeat(x, 3)


def _pairs(first: Floats, second: Floats) -> Floats:
    return np.stack([first, second, second], axis=1).ravel()


def _join_stretches(low: Floats, high: Floats) -> Floats:
    """Stretches from low to high with a gap behind each."""
    return np.stack([low, high, np.full(len(low), np.nan)], axis=1).ravel()


def _in_words(name: str, one: Number, groups: Sequence[str], names: Sequence[str]) -> str:
    values, label = one.values, np.array(groups, dtype=object)
    n = int(np.isfinite(values).sum())
    if not n:
        return f"Nobody has a value of {name}: no choices identify it. Show a coefficient instead."
    parts = []
    for group in names:
        own: NDArray[np.float64] = values[(label == group) & np.isfinite(values)]
        spread = f", SD {format_number(float(own.std(ddof=1)), 2)}" if len(own) > 1 else ""
        who = f"{group} ({len(own)} of {int((label == group).sum())})" if group else f"{len(own)} people"
        parts.append(f"{who}: mean {format_number(float(own.mean()), 2)}{spread}")
    beyond = " The choices of the others do not identify it." if n < len(values) else ""
    return f"{name} of {n} of {len(values)} people. {'; '.join(parts)}.{beyond}"


def _together(names: tuple[str, str], x: Floats, y: Floats) -> str:
    if len(x) < 3 or not x.std() or not y.std():
        return f"{names[1]} against {names[0]} of {len(x)} people."
    r = float(np.corrcoef(x, y)[0, 1])
    return f"{names[1]} against {names[0]} of {len(x)} people: correlation r = {format_number(r, 2)}."
