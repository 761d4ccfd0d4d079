"""A simulated participant whose trials are two functions of arrays, as rivals declare them."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..mechanism import ParameterSpec, Trial, Values
from ..random import RandomState, generator
from .agents import Agent, AgentQ

Floats = NDArray[np.float64]


class Numbers(np.ndarray[Any, np.dtype[np.float64]]):
    """Numbers of NumPy with those functions of torch's tensors that rivals are written in."""

    def log(self) -> Floats:
        """Return natural logarithms."""
        return np.log(self)

    def exp(self) -> Floats:
        """Return e to the power of each."""
        return np.exp(self)

    def sqrt(self) -> Floats:
        """Return square roots."""
        return np.sqrt(self)

    def abs(self) -> Floats:
        """Return sizes."""
        return np.abs(self)

    def sigmoid(self) -> Floats:
        """Return the logistic function of each."""
        return 1 / (1 + np.exp(-self))

    def sum(  # type: ignore[override]
        self, axis: int | None = None, keepdim: bool = False, **options: Any
    ) -> Any:
        """Sum as arrays do; `keepdim` is torch's word for `keepdims`."""
        return super().sum(axis, **{"keepdims": keepdim} | options)


class Learner(Protocol):
    """The part of a rival that plays; its functions take `Numbers`."""

    @property
    def states(self) -> Mapping[str, float]:
        """The value of each memory state before the first trial."""

    def columns(self, n_actions: int) -> Any:
        """Return the numbers of a person: a name, and the parameter that it belongs to, of each."""

    def update(self, p: Values, state: Any, trial: Trial) -> Any:
        """Return the memory states after a trial."""

    def logits(self, p: Values, state: Any) -> Any:
        """Return the logit of each option."""


class DeclaredAgent(Agent):
    """A learner with parameters that takes part in a task.

    Args:
        learner: its update and its logits.
        specs: its parameters.
        values: of each participant, `(n_participants, n_parameters)`; several play a session each, in order.
        n_actions, deterministic, random_state: as in `Agent`.
    """

    vectorised: ClassVar[bool] = True

    def __init__(
        self,
        learner: Learner,
        specs: Sequence[ParameterSpec],
        values: ArrayLike,
        n_actions: int,
        deterministic: bool = False,
        *,
        random_state: RandomState = None,
    ) -> None:
        super().__init__(n_actions, deterministic, random_state=random_state)
        self._learner, self._specs = learner, tuple(specs)
        self._values = np.atleast_2d(np.asarray(values, dtype=float))
        self.new_sess()

    @property
    def q(self) -> Floats:
        """The logit of each option."""
        return self._public(self._logits)

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters by name; arrays `(n_sessions,)` where the participants of sessions differ."""
        rows = self._values[: self._n_sessions]
        return {
            spec.name: float(column[0]) if len(rows) == 1 else column.copy()
            for spec, column in zip(self._specs, rows.T, strict=True)
        }

    def new_sess(
        self,
        sample_parameters: bool = False,
        participant_id: int | ArrayLike = 0,
        *,
        n_sessions: int = 1,
        random_state: RandomState = None,
        **kwargs: Any,
    ) -> None:
        """Start one fresh session, or several side by side. `random_state` is for these sessions only."""
        super().new_sess(n_sessions=n_sessions, random_state=random_state)
        self._p = self._parameters_of(self._values[:n_sessions])
        shape = (n_sessions, self._n_actions)
        self._memory = {
            name: np.full(shape, first).view(Numbers) for name, first in self._learner.states.items()
        }
        self._logits = self._expect()

    def _parameters_of(self, values: Floats) -> Values:
        """Return parameters as the learner's functions take them, of those that each session has."""
        own = {spec.short_name: one for spec, one in zip(self._specs, values.T, strict=True)}
        parts: dict[str, list[Floats]] = {}
        for name, parameter in self._learner.columns(self._n_actions):
            first = [np.zeros(len(values))] if parameter.per_option else []
            parts.setdefault(parameter.name, first).append(own[name])
        return Values(**{name: np.stack(each, -1).view(Numbers) for name, each in parts.items()})

    def _expect(self) -> Floats:
        """Return the logit of each option, in each session."""
        logits = np.asarray(self._learner.logits(self._p, self._memory))
        return np.broadcast_to(logits, (self._n_sessions, self._n_actions))

    def update(self, choice: int | ArrayLike, reward: ArrayLike, **kwargs: Any) -> None:
        """Learn from one trial: the option chosen, and the reward of each, -1 or NaN if it was not seen."""
        chosen, outcomes = self._trial(choice, reward)
        action = (chosen * 1.0).view(Numbers)
        outcomes = np.nan_to_num(outcomes, nan=-1.0).view(Numbers)
        own = (action * outcomes).sum(-1, keepdims=True)
        seen = np.maximum((outcomes != -1.0) * 1.0, action)
        self._memory = self._learner.update(self._p, self._memory, Trial(action, own, outcomes, seen))
        self._logits = self._expect()

    def member(self, session: int) -> "DeclaredAgent":
        """Return the participant of one session, alone."""
        row = self._values[min(session, len(self._values) - 1)]
        return DeclaredAgent(self._learner, self._specs, row, self._n_actions, self._deterministic)

    def vary(self, variation: float, n: int, random_state: RandomState) -> list[Floats]:
        """Draw the parameters of participants who differ around this one.

        Args:
            variation: standard deviation of every parameter, as a share of its mean.
            n: number of participants.
            random_state: of the draws.

        Returns:
            `(n_parameters,)` of each, within their ranges: rates 0 to 1, the others 0 to twice their mean.
        """
        means = self._values[0]
        drawn = means + variation * np.abs(means) * generator(random_state).standard_normal((n, len(means)))
        shares = np.array([spec.scale == "share" for spec in self._specs])
        low, high = np.minimum(0.0, 2 * means), np.maximum(0.0, 2 * means)
        return list(np.clip(drawn, np.where(shares, 0.0, low), np.where(shares, 1.0, high)))

    def of(self, values: ArrayLike) -> "DeclaredAgent":
        """Return the same learner with other parameters, as in `values`."""
        return DeclaredAgent(self._learner, self._specs, values, self._n_actions, self._deterministic)


Player = AgentQ | DeclaredAgent
"""A simulated participant."""
