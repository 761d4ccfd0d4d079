"""Bandit tasks: arms that pay a reward of 1 with a probability of their own, else 0.

A task runs one session trial by trial (`step`), or many sessions side by side (`new_sess(n_sessions=...)`);
session s of many gives the same numbers as that session run alone, and whoever plays.

Shapes: reward probabilities and rewards are `(n_actions,)`, or `(n_sessions, n_actions)` with several
sessions.
"""

from itertools import product
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import checks
from ..random import RandomState, Streams, children, generator
from ..settings import SettingsError, Task, shorten

Floats = NDArray[np.float64]
UNSEEN = -1.0  # the reward of an arm whose outcome was not seen


class Payoff(NamedTuple):
    """An option's payoff that stays the same in a session.

    Attributes:
        amounts: that it pays.
        shares: P of each.
        deviation: standard deviation around each amount.
    """

    amounts: tuple[float, ...]
    shares: tuple[float, ...]
    deviation: float = 0.0

    @property
    def mean(self) -> float:
        """The mean of what is paid."""
        return sum(amount * share for amount, share in zip(self.amounts, self.shares, strict=True))


class Bandits:
    """Base of the tasks: a subclass says how probabilities begin (`_begin`) and how they change (`_advance`).

    Args:
        n_actions: number of arms.
        counterfactual: whether the rewards of the arms not chosen are seen too; else they read -1.
        random_state: where the randomness of all sessions comes from; None takes NumPy's global stream anew
            for each `new_sess`.
    """

    vectorised: ClassVar[bool] = True
    _n_uniform = 0  # noise that `_advance` needs per trial, beside one uniform number per arm for the rewards
    _n_normal = 0

    def __init__(
        self, n_actions: int = 2, counterfactual: bool = False, random_state: RandomState = None
    ) -> None:
        checks.raise_if_any([checks.arms(n_actions)])
        self._n_actions = int(n_actions)
        self._counterfactual = bool(counterfactual)
        self._own_rng = None if random_state is None else generator(random_state)
        self._n_sessions = 1
        self._probs: Floats = np.empty((0, self._n_actions))
        self._noise: Streams | None = None

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
        return self._public(self._begun()).copy()

    @reward_probs.setter
    def reward_probs(self, values: ArrayLike) -> None:
        self._probs = np.broadcast_to(np.asarray(values, dtype=float), (self._n_sessions, self._n_actions))

    @property
    def payoffs(self) -> tuple[Payoff, ...]:
        """The payoff of each option in the first session; empty where that changes from trial to trial."""
        return ()

    def new_sess(self, random_state: RandomState = None, n_sessions: int = 1) -> None:
        """Start one fresh session, or several side by side. `random_state` is for these sessions only."""
        self._n_sessions = n_sessions
        generators = children(self._own_rng if random_state is None else random_state, n_sessions)
        self._probs = self._begin(generators)
        self._start_stream(generators)

    def step(self, choice: int | ArrayLike) -> Floats:
        """Return the reward of each arm for `choice` (an arm, or one per session); the task moves on in any
        case.
        """
        chosen = self._chosen(choice)
        probs, noise = self._begun(), self._draw()
        rewards = (noise[:, : self._n_actions] < probs).astype(float)
        self._probs = self._advance(probs, noise[:, self._n_actions :])
        return self._seen(rewards, chosen)

    def _begin(self, generators: list[np.random.Generator]) -> Floats:
        raise NotImplementedError(
            f"{type(self).__name__} must say with which probabilities a session begins (_begin)."
        )

    def _advance(self, probs: Floats, noise: Floats) -> Floats:
        """Return the probabilities of the next trial; the same when a task does not say otherwise."""
        return probs

    def _begun(self) -> Floats:
        """Return the probabilities in force; the first session begins when it is first needed."""
        if not len(self._probs):
            self.new_sess()
        return self._probs

    def _draw(self) -> Floats:
        if self._noise is None:  # a task of the user's own may begin its sessions in its own way
            self._start_stream(children(self._own_rng, self._n_sessions))
        assert self._noise is not None
        return self._noise()

    def _start_stream(self, generators: list[np.random.Generator]) -> None:
        self._noise = Streams(generators, self._n_actions + self._n_uniform, self._n_normal)

    def _public(self, values: Floats) -> Floats:
        return values[0] if self._n_sessions == 1 else values

    def _seen(self, rewards: Floats, chosen: NDArray[np.bool_]) -> Floats:
        return self._public(rewards if self._counterfactual else np.where(chosen, rewards, UNSEEN))

    def _chosen(self, choice: int | ArrayLike) -> NDArray[np.bool_]:
        """`(n_sessions, n_actions)`: which arm each session chose."""
        chosen: NDArray[np.bool_] = np.asarray(choice).reshape(-1, 1) == np.arange(self._n_actions)
        if len(chosen) != self._n_sessions or not chosen.any(axis=-1).all():
            raise SettingsError(
                [
                    f"choice must be an arm from 0 to {self._n_actions - 1}, one for each of the "
                    f"{self._n_sessions} session(s) running; got {shorten(choice)}. Number the arms from 0."
                ]
            )
        return chosen


class BanditsDrift(Bandits):
    """Each probability walks at random: p(t+1) = p(t) + d with d ~ Normal(0, sigma), kept within [0, 1].

    Every session begins with probabilities drawn evenly from [0, 1]. At the bounds `boundary="clip"` lets a
    probability stay there until it walks back; "reflect" turns it round (1.1 becomes 0.9).

    >>> task = BanditsDrift(sigma=0.2, random_state=1)
    >>> task.reward_probs.round(2)
    array([0.45, 0.54])
    >>> task.step(choice=0)
    array([ 1., -1.])
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
        checks.raise_if_any([_sigma(sigma), _boundary(boundary), checks.arms(n_actions)])
        self._sigma, self._boundary, self._n_normal = float(sigma), boundary, n_actions
        super().__init__(n_actions, counterfactual, random_state)

    def _begin(self, generators: list[np.random.Generator]) -> Floats:
        return np.stack([rng.random(self._n_actions) for rng in generators])

    def _advance(self, probs: Floats, noise: Floats) -> Floats:
        walked = probs + self._sigma * noise
        return np.clip(walked, 0, 1) if self._boundary == "clip" else 1 - np.abs(1 - walked % 2)


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

    @property
    def payoffs(self) -> tuple[Payoff, ...]:
        """A reward of 1 with the probability of each option, else 0."""
        return tuple(Payoff((1.0, 0.0), (float(p), 1 - float(p))) for p in self._fixed)

    def _begin(self, generators: list[np.random.Generator]) -> Floats:
        return np.tile(self._fixed, (len(generators), 1))


class BanditsSchedule(Bandits):
    """A schedule of your own: row t of `reward_probs` `(n_trials, n_actions)` is for trial t."""

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
        if len(self._probs) and self._trial == len(self._schedule):
            raise SettingsError(
                [
                    f"The schedule must have a row for every trial; got {len(self._schedule)} rows and a "
                    "trial after them. Simulate fewer trials, or give a longer schedule."
                ]
            )
        return super().step(choice)

    def _advance(self, probs: Floats, noise: Floats) -> Floats:
        self._trial += 1
        row = self._schedule[min(self._trial, len(self._schedule) - 1)]
        return np.tile(row, (self._n_sessions, 1))


class _BanditsBlocks(Bandits):
    """Blocks with the probabilities of one row of a table `(n_blocks, n_actions)`, then another."""

    _n_uniform = 2

    def __init__(
        self, table: Floats, flip_probability: float, counterfactual: bool, random_state: RandomState
    ) -> None:
        checks.raise_if_any([checks.probability("flip_probability", flip_probability)])
        self._table, self._flip_probability = table, float(flip_probability)
        super().__init__(table.shape[1], counterfactual, random_state)

    def _begin(self, generators: list[np.random.Generator]) -> Floats:
        self._block = np.array([rng.integers(len(self._table)) for rng in generators])
        probs: Floats = self._table[self._block]
        return probs

    def _advance(self, probs: Floats, noise: Floats) -> Floats:
        other = 1 + (noise[:, 1] * (len(self._table) - 1)).astype(int)
        flips = noise[:, 0] < self._flip_probability
        self._block = np.where(flips, (self._block + other) % len(self._table), self._block)
        return np.where(flips[:, None], self._table[self._block], probs)


class BanditsReversal(_BanditsBlocks):
    """One arm pays with the high probability, the others with the low; a reversal makes another arm high.

    flip_probability: of a reversal, per trial. Among more than two arms each other is as likely to follow.
    """

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
        levels = {"reward_prob_high": reward_prob_high, "reward_prob_low": reward_prob_low}
        checks.raise_if_any([checks.arms(n_actions), *map(checks.probability, levels, levels.values())])
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


class BanditsFlip_eckstein2022(Bandits):  # noqa: N801 - the name of autospice
    """The good arm changes once it has paid often enough (Eckstein et al. 2022, Dev Cogn Neurosci).

    A block ends when its rewards reach a number drawn evenly from 7 to 15; its first trial pays for sure if
    the good arm is chosen. Unlike in the other tasks, what happens depends on the choices.
    """

    vectorised = True
    _n_uniform = 1

    def __init__(
        self,
        reward_prob_high: float = 0.75,
        reward_prob_low: float = 0.0,
        counterfactual: bool = False,
        *,
        random_state: RandomState = None,
    ) -> None:
        levels = {"reward_prob_high": reward_prob_high, "reward_prob_low": reward_prob_low}
        checks.raise_if_any(map(checks.probability, levels, levels.values()))
        self._levels = (float(reward_prob_high), float(reward_prob_low))
        self._good = self._fresh = np.empty(0, dtype=bool)
        self._needed = self._paid = np.empty(0)
        super().__init__(2, counterfactual, random_state)

    def step(self, choice: int | ArrayLike) -> Floats:
        """Return the reward of each arm; the arms change places when the block has paid enough."""
        probs, chosen, noise = self._begun(), self._chosen(choice), self._draw()
        certain = self._fresh[:, None] & chosen & self._good
        rewards = np.where(certain, 1.0, noise[:, :2] < probs)
        self._paid += (rewards * chosen).sum(axis=-1)
        over = self._paid >= self._needed
        self._paid = np.where(over, 0.0, self._paid)
        self._needed = np.where(over, 7 + 8 * noise[:, 2], self._needed)
        self._good, self._fresh = self._good ^ over[:, None], over
        self._probs = np.where(over[:, None], probs[:, ::-1], probs)
        return self._seen(rewards, chosen)

    def _begin(self, generators: list[np.random.Generator]) -> Floats:
        self._good = np.array([rng.permutation([True, False]) for rng in generators])
        self._needed = np.array([rng.uniform(7, 15) for rng in generators])
        self._paid, self._fresh = np.zeros(len(generators)), np.ones(len(generators), dtype=bool)
        return np.where(self._good, *self._levels)


class BanditsSwitch(_BanditsBlocks):
    """Each arm is high, middle or low, and a new block mixes them anew, but never all high or all low.

    block_flip_prob: of a new block, per trial. With two arms there are 7 blocks, each as likely to be next.
    """

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
        levels = {
            "reward_prob_high": reward_prob_high,
            "reward_prob_low": reward_prob_low,
            "reward_prob_middle": reward_prob_middle,
        }
        checks.raise_if_any(
            [checks.arms(n_actions, most=6), *map(checks.probability, levels, levels.values())]
        )
        rows = np.array(list(product(range(3), repeat=n_actions)))  # 0 is high, 1 low, 2 middle
        rows = rows[(rows != 0).any(axis=1) & (rows != 1).any(axis=1)]
        table = np.array(list(levels.values()), dtype=float)[rows]
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


def make_bandit(task: Task, random_state: RandomState = None) -> Bandits:
    """Make the bandit that the settings describe. Fixed arms lie evenly between 0.8 and 0.2."""
    task.checked()
    n, counterfactual = task.n_actions, task.counterfactual
    if task.kind == "drift":
        return BanditsDrift(task.sigma, n, counterfactual, boundary=task.boundary, random_state=random_state)
    if task.kind == "reversal":
        return BanditsReversal(
            task.flip_probability, counterfactual=counterfactual, n_actions=n, random_state=random_state
        )
    if task.kind == "switch":
        return BanditsSwitch(
            task.flip_probability, counterfactual=counterfactual, n_actions=n, random_state=random_state
        )
    return BanditsFixed(np.linspace(0.8, 0.2, n), counterfactual, random_state=random_state)


def _sigma(sigma: Any) -> str | None:
    if 0 <= checks.number(sigma) < float("inf"):
        return None
    return (
        f"Drift sigma must be 0 or more per trial; got {shorten(sigma)}. Set `sigma=0` for fixed"
        " probabilities."
    )


def _boundary(boundary: Any) -> str | None:
    if boundary in ("clip", "reflect"):
        return None
    return f"boundary must be clip or reflect; got {shorten(boundary)}. Choose one of these."


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
