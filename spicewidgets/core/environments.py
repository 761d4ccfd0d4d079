"""Bandit tasks: arms that pay a reward of 1 with a probability of their own, else 0.

A task runs one session trial by trial (`step`), or many sessions side by side (`new_sess(n_sessions=...)`); session s of many gives
the same numbers as that session run alone. Knows nothing of agents: what the task does never depends on who plays.

Shapes: reward probabilities and rewards are `(n_actions,)`, or `(n_sessions, n_actions)` with several sessions.
"""

from itertools import product
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .random import RandomState, Streams, children, generator
from .settings import SettingsError, Task

Floats = NDArray[np.float64]
UNSEEN = -1.0  # the reward of an arm whose outcome was not shown


class Bandits:
    """Base of the tasks: a subclass says how probabilities begin (`_begin`) and how they change (`_advance`).

    counterfactual: whether the rewards of the arms not chosen are shown too; where they are not, they read -1.
    random_state: where the randomness of all sessions comes from; None takes NumPy's global stream anew for each `new_sess`.
    """

    vectorised: ClassVar[bool] = True
    _n_uniform = (
        0  # the noise that `_advance` needs per trial, besides one uniform number per arm for the rewards
    )
    _n_normal = 0

    def __init__(
        self, n_actions: int = 2, counterfactual: bool = False, random_state: RandomState = None
    ) -> None:
        _refuse([_arms(n_actions)])
        self._n_actions = int(n_actions)
        self._counterfactual = bool(counterfactual)
        self._own_rng = None if random_state is None else generator(random_state)
        self.new_sess()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "vectorised" not in vars(cls) and {"step", "new_sess"} & set(vars(cls)):
            cls.vectorised = False  # a step written for one session is run session by session

    @property
    def n_actions(self) -> int:
        """Number of arms."""
        return self._n_actions

    @property
    def reward_probs(self) -> Floats:
        """The probability of a reward of each arm on the coming trial, as a copy."""
        return self._public(self._probs).copy()

    def new_sess(self, random_state: RandomState = None, n_sessions: int = 1) -> None:
        """Start one fresh session, or several side by side. `random_state` is for these sessions only."""
        self._n_sessions = n_sessions
        generators = children(self._own_rng if random_state is None else random_state, n_sessions)
        self._probs = self._begin(generators)
        self._noise = Streams(generators, self._n_actions + self._n_uniform, self._n_normal)

    def step(self, choice: int | ArrayLike) -> Floats:
        """The reward of each arm for `choice` (one arm, or one per session); then the task moves on, whatever was chosen."""
        chosen = self._chosen(choice)
        noise = self._noise()
        rewards = (noise[:, : self._n_actions] < self._probs).astype(float)
        self._advance(noise[:, self._n_actions :])
        return self._public(rewards if self._counterfactual else np.where(chosen, rewards, UNSEEN))

    def _begin(self, generators: list[np.random.Generator]) -> Floats:
        raise NotImplementedError(
            f"{type(self).__name__} must say with which probabilities a session begins (_begin)."
        )

    def _advance(self, noise: Floats) -> None:
        """Change `_probs` for the next trial; they stay when a task does not say otherwise."""

    def _public(self, values: Floats) -> Floats:
        return values[0] if self._n_sessions == 1 else values

    def _chosen(self, choice: int | ArrayLike) -> NDArray[np.bool_]:
        """`(n_sessions, n_actions)`: which arm each session chose."""
        arms = np.asarray(choice).reshape(-1, 1)
        if arms.shape[0] != self._n_sessions or not np.isin(arms, np.arange(self._n_actions)).all():
            raise SettingsError(
                [
                    f"choice must be an arm from 0 to {self._n_actions - 1}, one for each of the {self._n_sessions} session(s) "
                    f"running; got {choice!r}. Number the arms from 0."
                ]
            )
        chosen: NDArray[np.bool_] = arms == np.arange(self._n_actions)
        return chosen


class BanditsDrift(Bandits):
    """Each probability walks at random: p(t+1) = p(t) + d with d ~ Normal(0, sigma), kept within [0, 1].

    Every session begins with probabilities drawn evenly from [0, 1]. At the bounds `boundary="clip"` lets a probability stay
    there until it walks back; "reflect" turns it round (1.1 becomes 0.9).
    """

    vectorised = True

    def __init__(
        self,
        sigma: float = 0.2,
        n_actions: int = 2,
        counterfactual: bool = False,
        *,
        boundary: str = "clip",
        random_state: RandomState = None,
    ) -> None:
        _refuse([_sigma(sigma), _boundary(boundary), _arms(n_actions)])
        self._sigma, self._boundary, self._n_normal = float(sigma), boundary, n_actions
        super().__init__(n_actions, counterfactual, random_state)

    def _begin(self, generators: list[np.random.Generator]) -> Floats:
        return np.stack([rng.random(self._n_actions) for rng in generators])

    def _advance(self, noise: Floats) -> None:
        walked = self._probs + self._sigma * noise
        self._probs = np.clip(walked, 0, 1) if self._boundary == "clip" else 1 - np.abs(1 - walked % 2)


class BanditsFixed(Bandits):
    """Probabilities that never change."""

    def __init__(
        self,
        reward_probs: ArrayLike = (0.8, 0.2),
        counterfactual: bool = False,
        *,
        random_state: RandomState = None,
    ) -> None:
        self._fixed = _probabilities(reward_probs, "(n_actions,)", ndim=1)
        super().__init__(len(self._fixed), counterfactual, random_state)

    def _begin(self, generators: list[np.random.Generator]) -> Floats:
        return np.tile(self._fixed, (len(generators), 1))


class BanditsSchedule(Bandits):
    """A schedule of your own: row t of `reward_probs` `(n_trials, n_actions)` holds the probabilities of trial t."""

    vectorised = True

    def __init__(
        self, reward_probs: ArrayLike, counterfactual: bool = False, *, random_state: RandomState = None
    ) -> None:
        self._schedule = _probabilities(reward_probs, "(n_trials, n_actions)", ndim=2)
        super().__init__(self._schedule.shape[1], counterfactual, random_state)

    def _begin(self, generators: list[np.random.Generator]) -> Floats:
        self._trial = 0
        return np.tile(self._schedule[0], (len(generators), 1))

    def step(self, choice: int | ArrayLike) -> Floats:
        """As in every task; a trial after the last one of the schedule is refused."""
        if self._trial == len(self._schedule):
            raise SettingsError(
                [
                    f"The schedule holds {len(self._schedule)} trials; trial {self._trial + 1} was asked for. "
                    "Simulate fewer trials or give a longer schedule."
                ]
            )
        return super().step(choice)

    def _advance(self, noise: Floats) -> None:
        self._trial += 1
        row = self._schedule[min(self._trial, len(self._schedule) - 1)]
        self._probs = np.tile(row, (self._n_sessions, 1))


class _BanditsBlocks(Bandits):
    """A table of probabilities `(n_blocks, n_actions)`, one row in force; a new block moves evenly to one of the other rows."""

    _n_uniform = 2

    def __init__(
        self, table: Floats, flip_probability: float, counterfactual: bool, random_state: RandomState
    ) -> None:
        _refuse([_probability("flip_probability", flip_probability)])
        self._table, self._flip_probability = table, float(flip_probability)
        super().__init__(table.shape[1], counterfactual, random_state)

    def _begin(self, generators: list[np.random.Generator]) -> Floats:
        self._block = np.array([rng.integers(len(self._table)) for rng in generators])
        return self._table[self._block]

    def _advance(self, noise: Floats) -> None:
        others = 1 + (noise[:, 1] * (len(self._table) - 1)).astype(int)
        flips = noise[:, 0] < self._flip_probability
        self._block = np.where(flips, (self._block + others) % len(self._table), self._block)
        self._probs = self._table[self._block]


class BanditsReversal(_BanditsBlocks):
    """One arm pays with the high probability, the others with the low one; at a reversal the high one moves to another arm."""

    def __init__(
        self,
        flip_probability: float = 0.02,
        reward_prob_high: float = 0.8,
        reward_prob_low: float = 0.2,
        counterfactual: bool = False,
        *,
        n_actions: int = 2,
        random_state: RandomState = None,
    ) -> None:
        high = _probability("reward_prob_high", reward_prob_high)
        _refuse([_arms(n_actions), high, _probability("reward_prob_low", reward_prob_low)])
        table = np.where(np.eye(n_actions) == 1, reward_prob_high, reward_prob_low)
        super().__init__(table, flip_probability, counterfactual, random_state)


class BanditsFlip(BanditsReversal):
    """`BanditsReversal` with two arms under the name and arguments of autospice."""

    def __init__(
        self,
        block_flip_prob: float = 0.02,
        reward_prob_high: float = 0.8,
        reward_prob_low: float = 0.2,
        counterfactual: bool = False,
        *,
        random_state: RandomState = None,
    ) -> None:
        super().__init__(
            block_flip_prob, reward_prob_high, reward_prob_low, counterfactual, random_state=random_state
        )


class BanditsSwitch(_BanditsBlocks):
    """Blocks in which each arm is high, middle or low; all combinations but "all high" and "all low" (7 with two arms)."""

    def __init__(
        self,
        block_flip_prob: float = 0.02,
        reward_prob_high: float = 0.75,
        reward_prob_low: float = 0.25,
        reward_prob_middle: float = 0.5,
        counterfactual: bool = False,
        *,
        n_actions: int = 2,
        random_state: RandomState = None,
    ) -> None:
        levels = {"high": reward_prob_high, "low": reward_prob_low, "middle": reward_prob_middle}
        _refuse(
            [
                _arms(n_actions),
                *(_probability(f"reward_prob_{name}", value) for name, value in levels.items()),
            ]
        )
        if n_actions > 6:
            raise SettingsError(
                [
                    f"n_actions must be at most 6 for BanditsSwitch; got {n_actions!r}. Use BanditsReversal for more arms."
                ]
            )
        unlike = [("high",) * n_actions, ("low",) * n_actions]
        rows = [row for row in product(levels, repeat=n_actions) if row not in unlike]
        table = np.array([[levels[level] for level in row] for row in rows], dtype=float)
        super().__init__(table, block_flip_prob, counterfactual, random_state)


class Bandits_Standard(BanditsFixed):  # noqa: N801 - the name of autospice
    """`BanditsFixed` with two arms under the name and arguments of autospice."""

    def __init__(
        self,
        reward_prob_0: float = 0.8,
        reward_prob_1: float = 0.2,
        counterfactual: bool = False,
        *,
        random_state: RandomState = None,
    ) -> None:
        super().__init__((reward_prob_0, reward_prob_1), counterfactual, random_state=random_state)


def make_environment(task: Task, random_state: RandomState = None) -> Bandits:
    """The task that the settings describe. Fixed arms lie evenly between 0.8 and 0.2."""
    task.checked()
    n, shown = task.n_actions, task.counterfactual
    if task.kind == "drift":
        return BanditsDrift(task.sigma, n, shown, boundary=task.boundary, random_state=random_state)
    if task.kind == "reversal":
        return BanditsReversal(
            task.flip_probability, counterfactual=shown, n_actions=n, random_state=random_state
        )
    if task.kind == "switch":
        return BanditsSwitch(
            task.flip_probability, counterfactual=shown, n_actions=n, random_state=random_state
        )
    return BanditsFixed(np.linspace(0.8, 0.2, n), shown, random_state=random_state)


def _refuse(problems: list[str | None]) -> None:
    found = [problem for problem in problems if problem]
    if found:
        raise SettingsError(found)


def _number(value: Any) -> float:
    """The value as a number, or NaN, which no bound lets pass."""
    return (
        float(value)
        if isinstance(value, int | float | np.number) and not isinstance(value, bool)
        else float("nan")
    )


def _arms(n_actions: Any) -> str | None:
    if _number(n_actions) >= 2 and _number(n_actions) == int(n_actions):
        return None
    return f"n_actions must be a whole number of 2 or more arms; got {n_actions!r}. Use `n_actions=2` for the classic bandit."


def _sigma(sigma: Any) -> str | None:
    if 0 <= _number(sigma) < float("inf"):
        return None
    return f"Drift sigma must be 0 or more per trial; got {sigma!r}. Set `sigma=0` for fixed probabilities."


def _boundary(boundary: Any) -> str | None:
    if boundary in ("clip", "reflect"):
        return None
    return f"boundary must be clip or reflect; got {boundary!r}. Choose one of these."


def _probability(name: str, value: Any) -> str | None:
    if 0 <= _number(value) <= 1:
        return None
    return f"{name} must be a probability between 0 and 1; got {value!r}. Write 80 % as 0.8."


def _probabilities(values: ArrayLike, shape: str, ndim: int) -> Floats:
    try:
        table = np.array(values, dtype=float)
    except (TypeError, ValueError):
        table = np.empty(0)
    if table.ndim == ndim and table.size and table.shape[-1] >= 2 and ((table >= 0) & (table <= 1)).all():
        return table
    got = f"values from {table.min():g} to {table.max():g}, " if table.size else ""
    raise SettingsError(
        [
            f"reward_probs must hold probabilities between 0 and 1, of 2 or more arms, in the shape {shape}; "
            f"got {got}shape {table.shape}. Write 80 % as 0.8."
        ]
    )
