"""Equations trial by trial: what each term adds to the new value of each arm, the prediction error, and the
choice that follows.

Given choices and rewards go through a `BuiltModel` whose learned modules are equations, true or discovered,
with numpy alone: the same as replaying `AgentSpice`, without torch, and with all parts of each sum.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..built import (
    ACTION,
    CHOSEN,
    HIGHEST,
    KALMAN_GAIN,
    NOT_CHOSEN,
    PREDICTION_ERROR,
    REWARD,
    REWARD_CHOSEN,
    SCALED,
    UNUSED,
    BuiltModel,
    BuiltModule,
    BuiltState,
)
from ..equations import SpiceModel, Term, term_in_words
from ..simulate.agents import softmax
from ..simulate.record import Floats, Record


class RowStates(Protocol):
    """Sessions of a task of rows, as `train.row_arrays.RowArrays` goes through them."""

    def see(
        self, action: Floats, reward: Floats, further: Floats
    ) -> tuple[dict[str, Floats], Mapping[str, Floats]]:
        """Go on to the next row; return its signals, and which options each module moves."""

    def made_of_values(self, module: BuiltModule, values: Mapping[str, Floats]) -> dict[str, Floats]:
        """Return the signals of a module that are made of values."""

    def mark_moved(self, state: BuiltState, moves: Mapping[str, Floats]) -> Floats:
        """Return 1 for the options of a state that the row moves."""


LIMITED = "kept within -10 to 10"  # what the bound of a state adds


@dataclass(frozen=True)
class Update:
    """The updates by one module in each trial; all arrays are `(n_sessions, n_trials, n_actions)`.

    Attributes:
        module, state: its name, and that of the state that it moves.
        moved: the arms that it moves.
        before, after: the value of its state, and what it makes of it. Only where `moved`.
        parts: what each term adds to `after`, by the term in words; they sum to it.
        error: the prediction error, reward minus expected reward, in units of the reward; NaN where the
            module sees no reward or is not linear in its value.
    """

    module: str
    state: str
    moved: NDArray[np.bool_]
    before: Floats
    after: Floats
    parts: Mapping[str, Floats]
    error: Floats


class Contributions(NamedTuple):
    """Sessions through equations.

    Attributes:
        record: what the equations expect.
        updates: what each module does, in the order in which they are called.
    """

    record: Record
    updates: tuple[Update, ...]


def compute_contributions(
    built: BuiltModel,
    spice: SpiceModel,
    choices: ArrayLike,
    rewards: ArrayLike,
    participants: Sequence[Any] | None = None,
    *,
    rows: RowStates | None = None,
    further: ArrayLike | None = None,
    offered: ArrayLike | None = None,
) -> Contributions:
    """Let the equations of a model go through sessions.

    Args:
        built: which module moves which state on which arms.
        spice: the equations of its learned modules, and its betas.
        choices: the arm chosen, `(n_sessions, n_trials)`; below 0 where none was, and nothing is learned.
        rewards: of each arm, `(n_sessions, n_trials, n_actions)`; -1 or NaN where it was not seen.
        participants: the participant of each session, by label; the first who has equations when None.
        rows: tells what modules move and see, where the model's task has more than choice and reward.
        further: additional inputs of each row, `(n_sessions, n_trials, n_inputs)`; none when None.
        offered: which options were on offer before each trial and after the last, `(n_sessions, n_trials +
            1, n_actions)`; all when None.
    """
    chosen, outcomes = np.asarray(choices), np.nan_to_num(np.asarray(rewards, dtype=float), nan=-1.0)
    n, n_trials, n_actions = outcomes.shape
    labels = [None] * n if participants is None else participants
    codes = [spice.index(label) for label in labels]
    tables = {m.name: _Table.of(m, spice, codes) for m in built.in_order}
    values = {state.name: np.full((n, n_actions), state.initial) for state in built.states}
    history: dict[str, list[Floats]] = {name: [value] for name, value in values.items()}
    steps: dict[str, list[tuple[Any, ...]]] = {name: [] for name in tables}
    more = np.zeros((n, n_trials, 0)) if further is None else np.asarray(further, dtype=float)
    for t in range(n_trials):
        action = (chosen[:, t, None] == np.arange(n_actions)).astype(float)
        signals = {ACTION: action, REWARD: outcomes[:, t]}
        own = (action * outcomes[:, t]).sum(-1, keepdims=True)
        signals[REWARD_CHOSEN] = np.broadcast_to(own, action.shape)
        observed = chosen[:, t, None] >= 0
        moves: Mapping[str, Floats] = {}
        if rows is not None:
            known, moves = rows.see(action, outcomes[:, t], more[:, t])
            signals |= known
        for state in built.states:
            before = values[state.name]
            unmoved = before if state.keeps else np.zeros((n, n_actions))
            if rows is not None:
                unmoved = np.where(rows.mark_moved(state, moves) > 0, 0.0, before)
            after = np.where(observed, unmoved, before)
            for module in built.modules_of(state.name):
                arms = _moved_arms(module, action) if rows is None else moves[module.name] > 0
                moved = arms & observed
                if rows is not None:
                    signals |= rows.made_of_values(module, values)
                step = tables[module.name].step(before, {**signals, **values})
                steps[module.name].append((moved, before, *step))
                after = np.where(moved, step[0], after)
            values = {**values, state.name: after}
            history[state.name].append(after)
    states = {name: np.stack(rows, 1) for name, rows in history.items()}
    betas = {
        s.name: np.array([spice.betas[s.name][code] for code in codes])[:, None, None]
        for s in built.states
        if s.choice == SCALED and s.name in spice.betas
    }
    q = np.sum([states[s.name] * betas.get(s.name, 1.0) for s in built.states if s.choice != UNUSED], 0)
    updates = tuple(_update(tables[m.name], steps[m.name], outcomes.shape) for m in built.in_order)
    p = softmax(q if offered is None else np.where(offered, q, -np.inf))
    return Contributions(Record(chosen, outcomes, p, q, states, betas), updates)


def _moved_arms(module: BuiltModule, action: Floats) -> NDArray[np.bool_]:
    if module.arms in (CHOSEN, NOT_CHOSEN):
        arms: NDArray[np.bool_] = action == (module.arms == CHOSEN)
        return arms
    return np.ones(action.shape, dtype=bool)


def _update(table: "_Table", steps: list[tuple[Any, ...]], shape: tuple[int, ...]) -> Update:
    columns = [np.stack(column) for column in zip(*steps, strict=True)]
    if not columns:
        columns = [np.zeros(shape).swapaxes(0, 1)] * (4 + len(table.inputs))
    moved, before, after, parts, *inputs = columns
    error = table.error(before, dict(zip(table.inputs, inputs, strict=True)))
    moved, before, after, parts, error = (a.swapaxes(0, 1) for a in (moved, before, after, parts, error))
    by_words = {words: parts[..., i] for i, words in enumerate(table.words)} if steps else {}
    if LIMITED in by_words and not by_words[LIMITED].any():
        del by_words[LIMITED]
    return Update(table.module.name, table.module.state, moved.astype(bool), before, after, by_words, error)


@dataclass(frozen=True)
class _Table:
    """The equations of one module for all sessions: a coefficient `(n_sessions, 1)` for each term."""

    module: BuiltModule
    terms: tuple[Term, ...]
    coefficients: tuple[Floats, ...]
    words: tuple[str, ...]

    @classmethod
    def of(cls, module: BuiltModule, spice: SpiceModel, codes: list[int]) -> "_Table":
        if module.kind == PREDICTION_ERROR:
            own, error = term_in_words((module.name,), module.name), f"{module.inputs[1]} × error"
            return cls(module, (), (), (own, error, LIMITED))
        if module.kind == KALMAN_GAIN:
            own = term_in_words((module.name,), module.name)
            return cls(module, (), (), (own, "what is known already", LIMITED))
        rows = [spice.equation(module.name, spice.participants[code]) for code in codes]
        terms = tuple({tuple(sorted(term)): term for row in rows for term, _ in row.active}.values())
        columns = tuple(np.array([row.coefficient(*term) for row in rows])[:, None] for term in terms)
        return cls(module, terms, columns, (*(term_in_words(term, module.name) for term in terms), LIMITED))

    @property
    def inputs(self) -> tuple[str, ...]:
        """Its inputs beside the value."""
        if self.module.kind == PREDICTION_ERROR:
            return self.module.inputs
        return tuple(dict.fromkeys(name for term in self.terms for name in term if name != self.module.name))

    def step(self, value: Floats, signals: Mapping[str, Floats]) -> tuple[Floats, ...]:
        """Return the next value, its parts on a last axis, and the inputs."""
        if self.module.kind == PREDICTION_ERROR:
            signal, rate = (signals[name] for name in self.module.inputs)
            parts = [value, rate * (signal - value)]
        elif self.module.kind == KALMAN_GAIN:
            parts = [value, value / (1 + value) - value]
        else:
            parts = [
                coefficient * _product(term, self.module.name, value, signals, value.shape)
                for term, coefficient in zip(self.terms, self.coefficients, strict=True)
            ]
        total = np.sum(parts, 0) if parts else np.zeros(value.shape)
        after = np.clip(total, -HIGHEST, HIGHEST)
        return after, np.stack([*parts, after - total], -1), *(signals[name] for name in self.inputs)

    def error(self, value: Floats, signals: Mapping[str, Floats]) -> Floats:
        """Compute the distance of the value from its resting point under this reward, in units of the reward.

        In the chosen arm of a Q-learner, `V' = V + alpha (V* - V)` with `V* = stretch * reward + shift`; the
        stretch is the distance between the V* of reward 1 and of reward 0.
        """
        if self.module.kind == PREDICTION_ERROR:
            return signals[self.module.inputs[0]] - value
        name = self.module.name
        linear = all(term.count(name) < 2 for term in self.terms)
        if not linear or not any(REWARD in term for term in self.terms):
            return np.full(value.shape, np.nan)
        one, none = np.ones(value.shape), np.zeros(value.shape)
        at, high, low = (self._rest({**signals, REWARD: r}) for r in (signals[REWARD], one, none))
        with np.errstate(divide="ignore", invalid="ignore"):
            error: Floats = (at - value) / (high - low)
        return np.where(np.isfinite(error), error, np.nan)

    def _rest(self, signals: Mapping[str, Floats]) -> Floats:
        """Return the value that the equation leaves as it is: constant / (1 - slope)."""
        name, sums = self.module.name, [np.zeros(signals[REWARD].shape) for _ in range(2)]
        for term, coefficient in zip(self.terms, self.coefficients, strict=True):
            others = tuple(factor for factor in term if factor != name)
            power = term.count(name)
            shape = sums[power].shape
            sums[power] = sums[power] + coefficient * _product(others, name, sums[power], signals, shape)
        with np.errstate(divide="ignore", invalid="ignore"):
            rest: Floats = sums[0] / (1 - sums[1])
        return rest


def _product(
    term: Term, own: str, value: Floats, signals: Mapping[str, Floats], shape: tuple[int, ...]
) -> Floats:
    product = np.ones(shape)
    for factor in term:
        product = product * (value if factor == own else signals[factor])
    return product
