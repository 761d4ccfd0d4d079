"""A module as a curve: the next value against the value, for each reward, where the data go and beyond.

The same for a true equation, a discovered one and a trained network: each is a function of a value and the
module's other inputs. Where a curve meets the diagonal the value rests.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..built import ACTION, CHOSEN, HIGHEST, NOT_CHOSEN, REWARD, REWARD_CHOSEN, BuiltModel, BuiltModule
from ..equations import Equation
from ..settings import SettingsError

Floats = NDArray[np.float64]
Level = Mapping[str, float]  # the inputs of one curve, beside the value
Function = Callable[[Floats, Level], Any]

POINTS = 121  # of a curve
MARGIN = 0.25  # of the visited range, on each side, that is drawn beyond it
FEW = 4  # an input with more different values than this is held at its median
MOST = 8  # curves of a module
COMMON = (1, 99)  # percentiles between which a curve is backed by data


@dataclass(frozen=True)
class VisitedInputs:
    """Where a module was called: values before the trial, and its inputs there, each `(n,)`."""

    value: Floats
    inputs: Mapping[str, Floats]

    def levels(self) -> tuple[dict[str, float], ...]:
        """Return inputs for which a curve is drawn, all combinations: the values of an input that has few,
        such as a reward of 0 or 1, else its median.
        """
        each = []
        for values in self.inputs.values():
            known = np.unique(values)
            each.append(known if 0 < len(known) <= FEW else [np.median(values) if len(values) else 0.0])
        levels = [dict(zip(self.inputs, map(float, row), strict=True)) for row in product(*each)]
        return tuple(levels[:MOST])

    def reach(self, points: int = POINTS) -> Floats:
        """Return so many values over those that were visited, and a margin beyond.

        Raises:
            SettingsError: The module was never called.
        """
        if not len(self.value):
            raise SettingsError(["The module was never called in these sessions. Look at more sessions."])
        first, last = float(self.value.min()), float(self.value.max())
        room = MARGIN * (last - first) or 0.5
        return np.linspace(max(first - room, -HIGHEST), min(last + room, HIGHEST), points)


def visits(
    module: BuiltModule, states: Mapping[str, ArrayLike], choices: ArrayLike, rewards: ArrayLike
) -> VisitedInputs:
    """Where a module was called in sessions.

    Args:
        module: which state it moves, on which arms, and what it sees.
        states: of an agent in these sessions, before each trial and after the last, `(n_sessions, n_trials +
            1, n_actions)`. Another state that the module sees counts as it was before the trial.
        choices: `(n_sessions, n_trials)`; below 0 where nothing was chosen.
        rewards: of each arm, `(n_sessions, n_trials, n_actions)`.
    """
    chosen, paid = np.asarray(choices), np.asarray(rewards, dtype=float)
    action = chosen[..., None] == np.arange(paid.shape[-1])
    arms = {CHOSEN: action, NOT_CHOSEN: ~action}.get(module.arms, np.ones_like(action))
    arms = arms & (chosen[..., None] >= 0)
    own = np.where(action, paid, 0.0).sum(-1, keepdims=True)
    signals = {ACTION: action.astype(float), REWARD: paid, REWARD_CHOSEN: np.broadcast_to(own, paid.shape)}
    seen = {name: np.asarray(values, dtype=float)[:, :-1] for name, values in states.items()} | signals
    if unknown := [name for name in module.inputs if name not in seen]:
        raise SettingsError(
            [
                f"{module.name} sees {', '.join(unknown)}, of which nothing is known here; known are"
                f" {', '.join(seen)}. Look at another module."
            ]
        )
    return VisitedInputs(seen[module.state][arms], {name: seen[name][arms] for name in module.inputs})


@dataclass(frozen=True)
class Curves:
    """The next value against the value.

    Attributes:
        levels: the inputs of each curve.
        value: where it is known, `(n_points,)`.
        after: the next values by name of the function, `(n_levels, n_points)`.
        rests: the values that each curve leaves as they are, by name and level.
        density: share of the visits around each value, `(n_points,)`; they sum to 1.
        low, high: 1st and 99th percentile of the visits: beyond them a curve is extrapolated.
    """

    levels: tuple[dict[str, float], ...]
    value: Floats
    after: Mapping[str, Floats]
    rests: Mapping[str, tuple[tuple[float, ...], ...]] = field(default_factory=dict)
    density: Floats = field(default_factory=lambda: np.empty(0))
    low: float = -np.inf
    high: float = np.inf


def curves(visited: VisitedInputs, functions: Mapping[str, Function]) -> Curves:
    """Curves of some functions over the values that were visited, and a margin beyond.

    Args:
        visited: where the module was called, once or more.
        functions: by name: an `Equation`, a `ModuleFunction`, or any function of values and a level.
    """
    value, levels = visited.reach(), visited.levels()
    width = value[1] - value[0]
    edges = np.concatenate([[value[0] - width / 2], value + width / 2])
    counts = np.histogram(visited.value, edges)[0]
    low, high = np.percentile(visited.value, COMMON)
    return Curves(
        levels,
        value,
        tabulate_all(functions, levels, value),
        {
            name: tuple(rests(function, level, value) for level in levels)
            for name, function in functions.items()
        },
        counts / counts.sum(),
        float(low),
        float(high),
    )


def tabulate_all(
    functions: Mapping[str, Function], levels: Sequence[Level], value: Floats
) -> dict[str, Floats]:
    """Return the next values at these values, `(n_levels, n_points)`, by name of the function."""
    return {
        name: np.stack([np.broadcast_to(function(value, level), value.shape) for level in levels])
        for name, function in functions.items()
    }


def rests(function: Function, level: Level, value: Floats) -> tuple[float, ...]:
    """Return the values that a function leaves as they are: all of an equation within -10..10, exact; of
    another function those between the first and the last of some values, to rounding.
    """
    if isinstance(function, Equation):
        return _roots(function, level)
    gap = np.asarray(function(value, level)) - value
    at = np.flatnonzero((gap[:-1] > 0) != (gap[1:] > 0))
    if not len(at):
        return ()
    low, high, rising = value[at], value[at + 1], gap[at] > 0
    for _ in range(60):
        middle = (low + high) / 2
        above = (np.asarray(function(middle, level)) - middle > 0) == rising
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return tuple(((low + high) / 2).tolist())


def _roots(equation: Equation, level: Level) -> tuple[float, ...]:
    """Roots of a polynomial minus its variable."""
    sums: dict[int, float] = {1: -1.0}
    for term, coefficient in equation.active:
        rest = [level[factor] for factor in term if factor != equation.module]
        power = term.count(equation.module)
        sums[power] = sums.get(power, 0.0) + coefficient * float(np.prod(rest))
    if max(sums) == 1:
        roots = [-sums.get(0, 0.0) / sums[1]] if sums[1] else []
    else:
        every = np.roots([sums.get(power, 0.0) for power in range(max(sums), -1, -1)])
        roots = sorted(every[np.abs(every.imag) < 1e-9].real.tolist())
    return tuple(root for root in roots if abs(root) <= HIGHEST)


@dataclass(frozen=True)
class Tabulated:
    """A function that is known at some values, and straight in between: `after` is `(n_levels, n_points)`."""

    levels: tuple[Level, ...]
    value: Floats
    after: Floats

    def __call__(self, value: Floats, level: Level) -> Floats:
        """Return the next values; NaN beyond the values that are known, and for another level."""
        if level not in self.levels:
            return np.full(np.shape(value), np.nan)
        row = self.after[self.levels.index(level)]
        after: Floats = np.interp(value, self.value, row, left=np.nan, right=np.nan)
        return after


def module_of(built: BuiltModel, name: str) -> BuiltModule:
    """Return a module of a model by name. Raises `SettingsError` for another name."""
    for module in built.modules:
        if module.name == name:
            return module
    known = ", ".join(module.name for module in built.modules)
    raise SettingsError([f"The module must be one of {known}; got {name!r:.60}. Choose one of these."])
