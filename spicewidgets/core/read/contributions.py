"""Equations trial by trial: what each term adds to the new value of each arm, the prediction error, and the
choice that follows.

Plays given choices and rewards through a `BuiltModel` whose learned modules are equations, true or
discovered, with numpy alone: the same as replaying `AgentSpice`, without torch, and with all parts of each
sum. Knows nothing of how equations are found.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..equations import SpiceModel, Term, term_text
from ..simulate.agents import softmax
from ..train.built import (
    ACTION,
    CHOSEN,
    HIGHEST,
    NOT_CHOSEN,
    PREDICTION_ERROR,
    REWARD,
    REWARD_CHOSEN,
    SCALED,
    UNUSED,
    BuiltModel,
    BuiltModule,
)

Floats = NDArray[np.float64]
LIMITED = "kept within -10 to 10"  # what the bound of a state adds


@dataclass(frozen=True)
class Update:
    """What one module does in each trial; all arrays are `(n_sessions, n_trials, n_actions)`.

    Attributes:
        module, state: its name, and that of the state that it moves.
        moved: the arms that it moves.
        before, after: the value of its state, and what it makes of it. Only where `moved`.
        parts: what each term adds to `after`, by its text; they sum to it.
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


@dataclass(frozen=True)
class Unfolded:
    """Sessions through equations. As a `Replay`, row t is what is expected before trial t, and the last row
    follows the last trial.

    Attributes:
        probabilities, q: P and logit of each arm, `(n_sessions, n_trials + 1, n_actions)`.
        states: each memory state, the same shape.
        betas: what multiplies a state in the logit, `(n_sessions, 1, 1)`.
        updates: the modules in the order in which they are called.
    """

    probabilities: Floats
    q: Floats
    states: Mapping[str, Floats]
    betas: Mapping[str, Floats]
    updates: tuple[Update, ...]


def unfold(
    built: BuiltModel,
    spice: SpiceModel,
    choices: ArrayLike,
    rewards: ArrayLike,
    people: Sequence[Any] | None = None,
) -> Unfolded:
    """Play sessions through the equations of a model.

    Args:
        built: which module moves which state on which arms.
        spice: the equations of its learned modules, and its betas.
        choices: the arm chosen, `(n_sessions, n_trials)`; below 0 where none was, and nothing is learned.
        rewards: of each arm, `(n_sessions, n_trials, n_actions)`; -1 or NaN where it was not seen.
        people: the participant of each session, by label; the first who has equations when None.
    """
    chosen, paid = np.asarray(choices), np.nan_to_num(np.asarray(rewards, dtype=float), nan=-1.0)
    n, n_trials, n_actions = paid.shape
    codes = [spice.index(who) for who in people] if people is not None else [spice.index()] * n
    tables = {m.name: _Table.of(m, spice, codes) for m in built.in_order}
    betas = {
        s.name: np.array([spice.betas[s.name][code] for code in codes])[:, None, None]
        for s in built.states
        if s.choice == SCALED and s.name in spice.betas
    }
    now = {state.name: np.full((n, n_actions), state.initial) for state in built.states}
    states: dict[str, list[Floats]] = {name: [value] for name, value in now.items()}
    steps: dict[str, list[tuple[Any, ...]]] = {name: [] for name in tables}
    for t in range(n_trials):
        action = (chosen[:, t, None] == np.arange(n_actions)).astype(float)
        signals = {ACTION: action, REWARD: paid[:, t]}
        signals[REWARD_CHOSEN] = np.broadcast_to((action * paid[:, t]).sum(-1, keepdims=True), action.shape)
        real = chosen[:, t, None] >= 0
        for state in built.states:
            moved = {m.name: _mask(m, action) & real for m in built.modules_of(state.name)}
            rest = now[state.name] if state.keeps else np.zeros((n, n_actions))
            after = np.where(real, rest, now[state.name])
            for name, mask in moved.items():
                made = tables[name].step(now[state.name], {**signals, **now})
                steps[name].append((mask, now[state.name], *made))
                after = np.where(mask, made[0], after)
            now = {**now, state.name: after}
            states[state.name].append(after)
    seen = {name: np.stack(values, 1) for name, values in states.items()}
    acting = [s.name for s in built.states if s.choice != UNUSED]
    q = np.sum([seen[name] * betas.get(name, 1.0) for name in acting], 0)
    updates = tuple(_update(tables[m.name], steps[m.name], paid.shape) for m in built.in_order)
    return Unfolded(softmax(q), q, seen, betas, updates)


def _mask(module: BuiltModule, action: Floats) -> NDArray[np.bool_]:
    if module.arms in (CHOSEN, NOT_CHOSEN):
        moved: NDArray[np.bool_] = action == (module.arms == CHOSEN)
        return moved
    return np.ones(action.shape, dtype=bool)


def _update(table: "_Table", steps: list[tuple[Any, ...]], shape: tuple[int, ...]) -> Update:
    columns = [np.stack(column) for column in zip(*steps, strict=True)]
    if not columns:
        columns = [np.zeros(shape).swapaxes(0, 1)] * (4 + len(table.inputs))
    moved, before, after, parts, *seen = columns
    error = table.error(before, dict(zip(table.inputs, seen, strict=True)))
    moved, before, after, parts, error = (a.swapaxes(0, 1) for a in (moved, before, after, parts, error))
    told = {text: parts[..., i] for i, text in enumerate(table.texts)} if steps else {}
    if LIMITED in told and not told[LIMITED].any():
        del told[LIMITED]
    return Update(table.module.name, table.module.state, moved.astype(bool), before, after, told, error)


@dataclass(frozen=True)
class _Table:
    """The equations of one module for all sessions: a coefficient `(n_sessions, 1)` for each term."""

    module: BuiltModule
    terms: tuple[Term, ...]
    coefficients: tuple[Floats, ...]
    texts: tuple[str, ...]

    @classmethod
    def of(cls, module: BuiltModule, spice: SpiceModel, codes: list[int]) -> "_Table":
        if module.kind == PREDICTION_ERROR:
            return cls(module, (), (), (term_text((module.name,)), f"{module.inputs[1]} × error", LIMITED))
        rows = [spice.equation(module.name, spice.participants[code]) for code in codes]
        terms = tuple({tuple(sorted(term)): term for row in rows for term, _ in row.active}.values())
        found = tuple(np.array([row.coefficient(*term) for row in rows])[:, None] for term in terms)
        return cls(module, terms, found, (*map(term_text, terms), LIMITED))

    @property
    def inputs(self) -> tuple[str, ...]:
        """What it sees beside the value."""
        if self.module.kind == PREDICTION_ERROR:
            return self.module.inputs
        return tuple(dict.fromkeys(name for term in self.terms for name in term if name != self.module.name))

    def step(self, value: Floats, signals: Mapping[str, Floats]) -> tuple[Floats, ...]:
        """The next value, its parts on a last axis, and the inputs."""
        if self.module.kind == PREDICTION_ERROR:
            signal, rate = (signals[name] for name in self.module.inputs)
            parts = [value, rate * (signal - value)]
        else:
            parts = [
                coefficient * _product(term, self.module.name, value, signals, value.shape)
                for term, coefficient in zip(self.terms, self.coefficients, strict=True)
            ]
        total = np.sum(parts, 0) if parts else np.zeros(value.shape)
        after = np.clip(total, -HIGHEST, HIGHEST)
        return after, np.stack([*parts, after - total], -1), *(signals[name] for name in self.inputs)

    def error(self, value: Floats, signals: Mapping[str, Floats]) -> Floats:
        """How far the value is from where it would come to rest under this reward, in units of the reward.

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
        """The value that the equation leaves as it is: constant / (1 - slope)."""
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


def mean_nll(unfolded: Any, choices: ArrayLike) -> Floats:
    """-ln P of the choices in nats, the mean of each session, `(n_sessions,)`. The first choice of a session,
    before which nothing was learned, is left out.
    """
    chosen = np.asarray(choices)[:, 1:]
    p = np.asarray(unfolded.probabilities)[:, 1 : 1 + chosen.shape[1]]
    picked = np.take_along_axis(p, np.maximum(chosen, 0)[..., None], -1)[..., 0]
    nats = np.where(chosen >= 0, -np.log(np.maximum(picked, 1e-300)), np.nan)
    mean: Floats = np.nanmean(nats, 1)
    return mean
