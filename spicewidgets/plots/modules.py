"""The figures of a module: its next value against its value, and its terms against the threshold."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import log10
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core.wording import format_number, join_words
from ..style import OTHERS, REWARDED, RNN, SPICE, TRUTH, UNREWARDED, Style, styles
from .live import LiveFigure
from .series import Floats, Line, Series, Subplot, log_ticks, ticks

if TYPE_CHECKING:
    from ..core.discover.sparsity import SparsityPath
    from ..core.equations import Equation
    from ..core.read.emergence import Emergence
    from ..core.read.update_function import Curves

DIAGONAL = Style("no change", "#7a7f85", "dash_dotted", "diamond", 1.0)
VISITS = Style("visits", "#788494", "solid", "circle", 1.6)
EDGE = Style("", "#7a7f85", "solid", "circle", 1.0)
EDGES = ("1 %", "99 %")
REWARD = "c_reward"
AFTER = "Next value, V[k+1] (logit)"
LARGE = 1.6  # times as wide are lines that are to be seen from afar
NO_LOOK = "The network is looked at now and then while it is trained."
NO_CURVE = "This module does not build on its own last value, or is called in a way of its own: no curve."
PALE_LOOKS = 3  # before the one on show
MARKS = 5  # on a curve, to tell which outcome it is for


class UpdateFigure(LiveFigure):
    """Next value against value, a curve for each outcome and agent, over where the data go. Beyond the data
    the curves are pale.
    """

    name = "update_function"
    x_title = "Value before the trial, V[k] (logit)"

    def __init__(self, kind: str | None = None) -> None:
        super().__init__(kind)
        self._cells: tuple[list[str], list[list[float]]] = ([], [])
        self.add_subplot(Subplot("after", AFTER, height=300, worded=True))
        self.add_subplot(Subplot("density", "Where the data go: share of visits", height=70))
        self.add("diagonal", "after", "line", DIAGONAL)
        self.add("visits", "density", "line", VISITS, listed=False)
        for subplot in ("after", "density"):
            self.add(f"edge {subplot}", subplot, "rules", EDGE, listed=False)

    def draw(self, curves: "Curves") -> None:
        """Draw the curves of one module, by agent: "truth", "rnn" and "spice" look as everywhere."""
        looks = self._looks(curves)
        with self.batch():
            self._draw_curves(curves, looks, {"visits": (curves.value, curves.density)})
            self.set_rules("edge after", (curves.low, curves.high), EDGES)
            self.set_rules("edge density", (curves.low, curves.high))
            self.summary = _in_words(curves, looks)
            names, rows = _numbers(curves, looks)
            shares = zip(rows, curves.density, strict=True)
            self._cells = [*names, "Share of visits"], [[*row, float(share)] for row, share in shares]

    def _looks(self, curves: "Curves") -> dict[str, Style]:
        return dict(zip(curves.after, styles(curves.after), strict=True))

    def _draw_curves(self, curves: "Curves", looks: Mapping[str, Style], more: Mapping[str, Line]) -> None:
        """Draw the curves and these lines, and nothing else."""
        x = np.asarray(curves.value, dtype=float)
        within = (x >= curves.low) & (x <= curves.high)
        data: dict[str, Line] = {"diagonal": (x, x), **more}
        for layer, rows in curves.after.items():
            for at, row in enumerate(np.asarray(rows, dtype=float)):
                data |= self._curve(f"{layer} {at}", looks[layer], x, row, within)
            data |= self._rest(layer, looks[layer], curves)
        data |= self._outcomes(curves, x, within)
        self.set_lines(data | _list_emptied(self.series, data))
        self.set_x(float(x[0]), float(x[-1]))

    def x_ticks(self) -> dict[float, str]:
        """Round numbers along the x axis."""
        return ticks(*self.x_limits, n=6)

    def _curve(
        self, key: str, look: Style, x: Floats, row: Floats, within: NDArray[np.bool_]
    ) -> dict[str, Line]:
        """One curve, and the same beyond the data, pale."""
        self.add(key, "after", "line", look)
        self.add(f"{key} beyond", "after", "line", look, faint=True, listed=False)
        return {key: (x, np.where(within, row, np.nan)), f"{key} beyond": (x, row)}

    def _rest(self, layer: str, look: Style, curves: "Curves") -> dict[str, Line]:
        """Where the curves of an agent meet the diagonal."""
        self.add(f"rest {layer}", "after", "points", replace(look, name=f"rests, {look.name}"))
        rests = np.array([root for roots in curves.rests[layer] for root in roots])
        drawn = rests[(rests >= curves.value[0]) & (rests <= curves.value[-1])]
        return {f"rest {layer}": (drawn, drawn)}

    def _outcomes(self, curves: "Curves", x: Floats, within: NDArray[np.bool_]) -> dict[str, Line]:
        """Return marks that tell which outcome a curve is for."""
        data: dict[str, Line] = {}
        first = next(iter(curves.after.values()), None)
        if first is None or not any(curves.levels):
            return data
        inside = np.flatnonzero(within)
        at = inside[np.linspace(0, len(inside) - 1, MARKS + 2).astype(int)[1:-1]]
        for order, level in enumerate(curves.levels):
            key = f"outcome {outcome(level)}"
            self.add(key, "after", "points", _look(level, order))
            data[key] = (x[at], np.asarray(first)[order][at])
        return data

    def _columns(self) -> tuple[list[str], list[list[float]]]:
        return self._cells


def _list_emptied(series: Mapping[str, Series], data: Mapping[str, Line]) -> dict[str, Line]:
    """Lines and points of an earlier drawing, which are empty now."""
    keys = {key for key, one in series.items() if one.kind != "rules"}
    return {key: ([], []) for key in keys - set(data)}


def outcome(level: Mapping[str, float]) -> str:
    """Return the inputs of a curve in words."""
    words = {(REWARD, 1.0): REWARDED.name, (REWARD, 0.0): UNREWARDED.name}
    return ", ".join(words.get(pair, f"{pair[0]} {pair[1]:.2g}") for pair in level.items())


def _look(level: Mapping[str, float], order: int) -> Style:
    for style in (REWARDED, UNREWARDED):
        if outcome(level) == style.name:
            return style
    return replace(OTHERS[order % len(OTHERS)], name=outcome(level))


def _in_words(curves: "Curves", looks: Mapping[str, Style]) -> str:
    """Where the value rests, how far the curves are apart, and where the data end."""
    sentences = []
    for at, level in enumerate(curves.levels):
        parts = [
            f"{look.name} {join_words(format_number(root, 2) for root in rests[at]) or 'nowhere'}"
            for look, rests in ((look, curves.rests[layer]) for layer, look in looks.items())
        ]
        sentences.append(f"{outcome(level) or 'always'}: {', '.join(parts)}")
    words = f"Values come to rest at, {'; '.join(sentences)}." if looks else ""
    ends = f"{format_number(curves.low, 2)} and {format_number(curves.high, 2)}"
    words += _distances(curves, looks)
    return f"{words} 98 of 100 visits lie between {ends}; pale lines beyond are extrapolated."


def _distances(curves: "Curves", looks: Mapping[str, Style]) -> str:
    """Return how far the curves are from those of the first agent, where the data go."""
    words, (first, *others) = "", looks
    within = (curves.value >= curves.low) & (curves.value <= curves.high)
    for layer in others:
        apart = np.nanmax(np.abs(curves.after[layer] - curves.after[first])[:, within], initial=0.0)
        words += f" {looks[layer].name} is off {looks[first].name} by {apart:.2f} at most."
    return words


def _numbers(curves: "Curves", looks: Mapping[str, Style]) -> tuple[list[str], list[list[float]]]:
    """All curves as a table."""
    names, columns = [UpdateFigure.x_title], [curves.value]
    for layer, rows in curves.after.items():
        for level, row in zip(curves.levels, rows, strict=True):
            names.append(
                ", ".join(part for part in ("Next value", looks[layer].name, outcome(level)) if part)
            )
            columns.append(row)
    return names, [list(map(float, row)) for row in zip(*columns, strict=True)]


class NetworkFigure(UpdateFigure):
    """A module of the network in training, large: its curve bends from look to look, with the equation's line
    on it; the truth is a band, and the looks before are pale.
    """

    name = "network_in_training"

    def __init__(self, kind: str | None = None) -> None:
        super().__init__(kind)
        self.subplots["after"].code = AFTER
        self.show_subplots({"density": False})
        self.resize("after", 340)
        self.widget.add_class("sw-large")

    def clear(self, words: str) -> None:
        """Draw nothing, and say why."""
        with self.batch():
            self.title("after", "No epoch yet" if words == NO_LOOK else "No curve")
            self.set_lines(_list_emptied(self.series, {}))
            self.summary, self._cells = words, ([], [])
        self.show_subplots({"after": words == NO_LOOK})

    def draw_look(self, emergence: "Emergence", truth: "Equation | None", until: int | None) -> None:
        """Draw the last look until an epoch, on axes that are the same at all epochs.

        Args:
            emergence: of a module and its equation.
            truth: the true equation, where it is known.
            until: the epoch; the last one when None.
        """
        tables, epochs = emergence.tables, emergence.epochs
        if not tables:
            self.clear(NO_CURVE)
            return
        at = emergence.place(until)
        curves = emergence.curves(at, truth)
        looks = {
            layer: replace(look, width=LARGE * look.width) for layer, look in self._looks(curves).items()
        }
        pale = {}
        for back in range(1, PALE_LOOKS + 1):
            for order, row in enumerate(tables[at - back].after if at >= back else ()):
                key = f"before {back} {order}"
                self.add(key, "after", "line", RNN, faint=True, listed=False)
                pale[key] = (tables[at - back].value, row)
        heights = [table.after for table in tables] + ([curves.after["truth"]] if truth else [])
        with self.batch():
            last = "" if at == len(epochs) - 1 else f" of {epochs[-1]}"
            self.title("after", f"Epoch {epochs[at] if at >= 0 else 0}{last}")
            self.set_span("after", min(map(np.min, heights)), max(map(np.max, heights)))
            self._draw_curves(curves, looks, pale)
            self.summary = _distances(curves, looks).strip() if at >= 0 else NO_LOOK
            self._cells = _numbers(curves, looks)
        self.show_subplots({"after": True})

    def _curve(
        self, key: str, look: Style, x: Floats, row: Floats, within: NDArray[np.bool_]
    ) -> dict[str, Line]:
        self.add(key, "after", "band" if look.name == TRUTH.name else "line", look)
        return {key: (x, row)}

    def _rest(self, layer: str, look: Style, curves: "Curves") -> dict[str, Line]:
        """Mark the equation's lines, which may lie on the network's curves."""
        if layer != "spice":
            return {}
        self.add("marks", "after", "points", replace(look, name="SPICE"), listed=False)
        at = np.linspace(0, len(curves.value) - 1, 2 * MARKS + 3).astype(int)[1:-1:2]
        rows = np.asarray(curves.after[layer])
        return {"marks": (np.tile(curves.value[at], len(rows)), rows[:, at].ravel())}


class PathFigure(LiveFigure):
    """The coefficients of an equation, their number and its error against the threshold."""

    name = "sparsity_path"
    x_title = "Threshold"

    def __init__(self, kind: str | None = None) -> None:
        super().__init__(kind)
        self.add_subplot(Subplot("coefficient", "Coefficient of each term", height=150, worded=True))
        self.add_subplot(Subplot("count", "Number of terms", height=60))
        self.add_subplot(Subplot("error", "Error of the next value (root mean square)", height=70, log=True))
        self.add("count", "count", "line", VISITS, listed=False)
        self.add("error", "error", "line", VISITS, listed=False)
        for subplot in self.subplots:
            self.add(f"now {subplot}", subplot, "rules", EDGE, listed=False)

    def draw(self, path: "SparsityPath", terms: Sequence[str], threshold: float) -> None:
        """Draw a path, the names of its terms, and the threshold that is set."""
        x = np.log10(np.asarray(path.thresholds, dtype=float))
        rows = np.asarray(path.coefficients, dtype=float)
        counts = np.count_nonzero(rows, axis=1)
        data: dict[str, Line] = {"count": (x, counts), "error": (x, path.errors)}
        with self.batch():
            for order, term in enumerate(terms):
                look = replace(OTHERS[order % len(OTHERS)], name=term, width=2.0)
                self.add(f"term {term}", "coefficient", "line", look)
                data[f"term {term}"] = (x, rows[:, order])
            self.set_lines(data | _list_emptied(self.series, data))
            self.set_x(float(x[0]), float(x[-1]))
            self.set_span("count", -0.3, float(counts.max()) + 0.3)
            at = min(max(log10(threshold), x[0]), x[-1]) if threshold > 0 else x[0]
            for subplot in self.subplots:
                self.set_rules(
                    f"now {subplot}", [at], [f"now {threshold:g}"] if subplot == "coefficient" else []
                )
            self.summary = _path_in_words(path, counts, threshold)

    def x_ticks(self) -> dict[float, str]:
        """Round thresholds."""
        return log_ticks(*self.x_limits)

    def _columns(self) -> tuple[list[str], list[list[float]]]:
        names, rows = super()._columns()
        more = {"Number of terms": self.series["count"].y, "Error": self.series["error"].y}
        joined = zip(rows, *more.values(), strict=True)
        return [*names, *more], [
            [float(f"{10 ** float(row[0]):.4g}"), *row[1:], *map(float, rest)] for row, *rest in joined
        ]


class TradeFigure(LiveFigure):
    """The error of an equation against its number of terms, and where the present one stands."""

    name = "error_and_terms"
    x_title = "Number of terms"

    def __init__(self, kind: str | None = None) -> None:
        super().__init__(kind)
        self.add_subplot(Subplot("error", "Error of the next value (root mean square)", height=110, log=True))
        self.add("error", "error", "line", VISITS, listed=False)
        self.add("each", "error", "points", replace(VISITS, name="with so many terms"))
        self.add("now", "error", "points", replace(SPICE, name="the present equation"))

    def draw(self, counts: ArrayLike, errors: ArrayLike, present: int) -> None:
        """Draw the least error with so many terms, and the number of terms in the present equation."""
        x, y = np.asarray(counts, dtype=float), np.asarray(errors, dtype=float)
        here = x == present
        with self.batch():
            marks = {"each": (x[~here], y[~here]), "now": (x[here], y[here])}
            self.set_lines({"error": (x, y), **marks})
            self.set_x(float(x[0]) - 0.3, float(x[-1]) + 0.3)
            each = ", ".join(f"{n:.0f} terms {error:.2g}" for n, error in zip(x, y, strict=True))
            self.summary = f"The present equation has {present} terms. Error with {each}."


def _path_in_words(path: "SparsityPath", counts: NDArray[np.int64], threshold: float) -> str:
    at = int(np.clip(np.searchsorted(path.thresholds, threshold, side="right") - 1, 0, len(counts) - 1))
    steps = [
        f"{counts[i]} from {path.thresholds[i]:.2g}"
        for i in range(1, len(counts))
        if counts[i] != counts[i - 1]
    ]
    fewer = f"; it falls to {', '.join(steps)}" if steps else ""
    present = f"At the threshold {threshold:g} the equation has {counts[at]} terms"
    return (
        f"{present} and misses the next value by {path.errors[at]:.2g}. The lowest keeps {counts[0]}{fewer}."
    )
