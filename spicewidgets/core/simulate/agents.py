"""Simulated participants: they choose an arm from their values and learn from the reward.

An agent runs one session trial by trial, or many sessions side by side (`new_sess(n_sessions=...)`); session
s of many gives the same numbers as that session run alone. Of the task it sees a choice and a reward.

Shapes: `(n_actions,)` for one session, `(n_sessions, n_actions)` for several. Inside, arrays always are
`(n_sessions, n_actions)`.
"""

from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import checks
from ..mechanism import ParameterSpec, Trial, Values, update
from ..mechanisms import MECHANISMS, PARAMETERS, STATES
from ..random import RandomState, Streams, children, generator
from ..settings import Participant, SettingsError, shorten

Floats = NDArray[np.float64]
RATE = "x_learning_rate_reward"  # state of the rates at which each arm has learned
PROTOCOL = {"new_sess", "get_choice", "get_choice_probs", "update", "q"}


class Agent:
    """Base of all agents: a subclass says how a session begins (`_begin`) and how it learns (`update`).

    The logit of an arm is the sum of its states, each times its beta: `q = sum(beta[state] * state)`. The
    probability of choosing it is `P = softmax(q)`.

    Args:
        n_actions: number of arms, 2 to 50.
        deterministic: True always takes the arm with the highest P (the first of equals), False draws from P.
        random_state: where all choices come from; None takes NumPy's global stream anew for each `new_sess`.
    """

    vectorised: ClassVar[bool] = True
    offered: NDArray[np.bool_] | None = (
        None  # in the coming choice, of the shape of `q`; None for all options
    )

    def __init__(
        self, n_actions: int = 2, deterministic: bool = False, *, random_state: RandomState = None
    ) -> None:
        self._n_actions = n_actions
        self._deterministic = deterministic
        self._own_rng = None if random_state is None else generator(random_state)
        self._betas: dict[str, Any] = {}
        self._state: dict[str, Any] = {}
        self._n_sessions = 1
        self._start_stream(None)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "vectorised" not in vars(cls) and PROTOCOL & set(vars(cls)):
            cls.vectorised = False  # an agent written for one session is run session by session

    @property
    def n_actions(self) -> int:
        """Number of arms."""
        return self._n_actions

    @property
    def q(self) -> Floats:
        """The logit of each arm."""
        logits: Floats = np.zeros(())
        for state, beta in self._betas.items():
            logits = logits + self._state[state] * beta
        return self._public(logits)

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters in force, by name; arrays `(n_sessions,)` where several sessions drew their own."""
        return {}

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
        self._n_sessions, self.offered = n_sessions, None
        self._start_stream(random_state)
        self._state = self._begin()

    def get_choice_probs(self) -> Floats:
        """P of choosing each arm: softmax(q) of those on offer."""
        return self.probabilities_of(self.q)

    def probabilities_of(self, q: ArrayLike) -> Floats:
        """Return P of each arm at some logits."""
        logits = np.asarray(q, dtype=float)
        return softmax(logits if self.offered is None else np.where(self.offered, logits, -np.inf))

    def get_choice(self) -> Any:
        """Return the arm chosen: an int, or an array `(n_sessions,)`."""
        probabilities = np.reshape(self.get_choice_probs(), (self._n_sessions, self._n_actions))
        if self._deterministic:
            arms = probabilities.argmax(axis=-1)
        else:
            passed = probabilities.cumsum(axis=-1) <= self._draw()
            arms = np.minimum(passed.sum(axis=-1), self._n_actions - 1)
        return int(arms[0]) if self._n_sessions == 1 else arms

    def update(self, choice: int | ArrayLike, reward: ArrayLike, **kwargs: Any) -> None:
        """Learn from one trial: the arm chosen, and the reward of each arm, -1 or NaN if it was not seen."""
        raise NotImplementedError(f"{type(self).__name__} must say how it learns (update).")

    def get_state_value(self, state: str, multiply_with_beta: bool = True) -> Floats:
        """Return a state by name, in units of the logit (times its beta, where it has one) or as it is."""
        beta = self._betas.get(state, 1.0) if multiply_with_beta else 1.0
        return self._public(np.asarray(self._state[state] * beta, dtype=float))

    def _begin(self) -> dict[str, Any]:
        return {}

    def _public(self, values: Floats) -> Floats:
        values = np.reshape(values, (self._n_sessions, self._n_actions))
        return values[0] if self._n_sessions == 1 else values

    def _start_stream(self, random_state: RandomState) -> None:
        self._session_rng = self._own_rng if random_state is None else random_state
        self._generators: list[np.random.Generator] | None = None
        self._uniforms: Streams | None = None

    def _session_generators(self) -> list[np.random.Generator]:
        """One generator per session, made when first needed: replaying a session uses up no randomness."""
        if self._generators is None:
            self._generators = children(self._session_rng, self._n_sessions)
        return self._generators

    def _draw(self) -> Floats:
        if self._uniforms is None:
            self._uniforms = Streams(self._session_generators(), n_uniform=1)
        return self._uniforms()

    def _trial(self, choice: int | ArrayLike, reward: ArrayLike) -> tuple[NDArray[np.bool_], Floats]:
        """Which arm was chosen and the rewards, as floats; both `(n_sessions, n_actions)`."""
        shape = (self._n_sessions, self._n_actions)
        chosen: NDArray[np.bool_] = np.reshape(choice, (-1, 1)) == np.arange(self._n_actions)
        rewards = np.array(reward, dtype=float)
        if (
            rewards.size == self._n_sessions * self._n_actions
            and chosen.shape == shape
            and chosen.any(-1).all()
        ):
            return chosen, rewards.reshape(shape)
        raise SettingsError(
            [
                f"update needs an arm from 0 to {self._n_actions - 1}, and {self._n_actions} rewards for "
                f"each of {self._n_sessions} session(s); got {shorten(choice)} and {shorten(reward)}. "
                "Give one reward per arm, -1 for unseen."
            ]
        )


def _drawn_parameters(function: Callable[..., Any]) -> tuple[str, ...]:
    """List the parameters that a function takes, betas before rates, and then those that it does not name."""
    starts = {state.start for state in STATES}
    named = [name for name in signature(function).parameters if name in PARAMETERS]
    order = sorted(named, key=lambda name: PARAMETERS[name].scale == "share") + list(PARAMETERS)
    return tuple(name for name in dict.fromkeys(order) if PARAMETERS[name] not in starts)


class AgentQ(Agent):
    """A Q-learner with the usual mechanisms; by default only that of Rescorla & Wagner (1972) and a softmax.

    After reward r of the chosen arm c:  `Q_c += alpha * (r - Q_c)`
    Every other arm u:                   `Q_u += forget_rate * (q0 - Q_u) + alpha_u * (t - Q_u)`
    Choice kernel of all arms:           `C += alpha_choice * (onehot(c) - C)`
    Logits:                              `q = beta_reward * Q + beta_choice * C`

    Q starts at q0, C at 0. `alpha` is alpha_reward if r > 0.5, else alpha_penalty. Where the outcome r_u of
    another arm was seen, t = r_u, and `alpha_u` is alpha_counterfactual_reward if r_u > 0.5, else
    alpha_counterfactual_penalty. Where it was not (-1 or NaN), the agent takes the opposite for granted:
    t = 1 - r, and r decides on `alpha_u`. Where the outcome of the choice itself is NaN, nothing is learned
    from rewards.

    Args:
        n_actions: number of arms, 2 to 50.
        beta_reward: inverse noise temperature of the values, 0 or more.
        alpha_reward: learning rate after a reward, 0 to 1.
        alpha_penalty: after no reward; None (or -1) makes it the same as alpha_reward, drawn values included.
        beta_counterfactual: must be 0; accepted for compatibility with autospice.
        alpha_counterfactual_reward: learning rate of the other arms after a reward, 0 to 1.
        alpha_counterfactual_penalty: and after no reward.
        beta_choice: weight of the choice kernel; below 0 avoids repeating.
        alpha_choice: learning rate of the choice kernel, 0 to 1.
        forget_rate: how fast the value of an arm not chosen returns to q0, 0 to 1 per trial.
        parameter_variance: standard deviation of the parameters that `new_sess(sample_parameters=True)`
            draws, one for all or by name; -1 stands for half the mean. Draws are clipped: rates to [0, 1],
            betas to between 0 and twice their mean.
        deterministic: True always takes the best arm.
        q0: value of every arm before the first trial, in units of the reward.
        random_state: where all choices come from; None takes NumPy's global stream anew for each `new_sess`.
        further: parameters of mechanisms that `core/mechanisms.py` declares beyond these, by name.

    Raises:
        SettingsError: with a sentence for every parameter that cannot be used.

    >>> agent = AgentQ(alpha_reward=0.3)
    >>> agent.update(choice=0, reward=[1, -1])
    >>> agent.get_state_value("x_value_reward", multiply_with_beta=False).round(3)
    array([0.65, 0.5 ])
    >>> agent.get_choice_probs().round(3)
    array([0.611, 0.389])
    """

    vectorised = True

    def __init__(
        self,
        n_actions: int = 2,
        beta_reward: float = 3.0,
        alpha_reward: float = 0.2,
        alpha_penalty: float | None = None,
        beta_counterfactual: float = 0.0,
        alpha_counterfactual_reward: float = 0.0,
        alpha_counterfactual_penalty: float = 0.0,
        beta_choice: float = 0.0,
        alpha_choice: float = 1.0,
        forget_rate: float = 0.0,
        parameter_variance: float | Mapping[str, float] = 0.0,
        deterministic: bool = False,
        *,
        q0: float = 0.5,
        random_state: RandomState = None,
        **further: float,
    ) -> None:
        one_rate = alpha_penalty is None or alpha_penalty == -1
        means: dict[str, Any] = {name: value for name, value in locals().items() if name in PARAMETERS}
        means["alpha_penalty"] = alpha_reward if one_rate else alpha_penalty
        means |= {
            name: further.pop(name, one.default) for name, one in PARAMETERS.items() if name not in means
        }
        if further:
            raise TypeError(f"AgentQ() got an unexpected keyword argument {next(iter(further))!r}")
        problems = self._problems(n_actions, means, beta_counterfactual)
        checks.raise_if_any(problems + self._variance_problems(parameter_variance))
        super().__init__(n_actions, deterministic, random_state=random_state)
        self._means = {name: float(value) for name, value in means.items()}
        named = isinstance(parameter_variance, Mapping) and "alpha_penalty" in parameter_variance
        self._one_rate = one_rate and not named
        self._sds = self._deviations(parameter_variance)
        self.new_sess()

    # What is drawn, in the order in which it always was; where values start is not.
    DRAWN = _drawn_parameters(__init__)
    RATES = tuple(name for name in DRAWN if PARAMETERS[name].scale == "share")
    BETAS = tuple(name for name in DRAWN if PARAMETERS[name].scale != "share")

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters in force, by name; `AgentQ(**parameters)` is the same participant."""
        if not self._sampled:
            return dict(self._means)
        drawn = {name: np.ravel(value) for name, value in self._parameters.items()}
        if self._n_sessions == 1:
            return {name: float(value[0]) for name, value in drawn.items()}
        return {name: np.broadcast_to(value, self._n_sessions).copy() for name, value in drawn.items()}

    def new_sess(
        self,
        sample_parameters: bool = False,
        participant_id: int | ArrayLike = 0,
        *,
        n_sessions: int = 1,
        random_state: RandomState = None,
        **kwargs: Any,
    ) -> None:
        """Start one fresh session, or several; `sample_parameters` draws parameters anew for each of them."""
        super().new_sess(n_sessions=n_sessions, random_state=random_state)
        self._sampled = sample_parameters
        self._use(self._sample() if sample_parameters else dict(self._means))

    def _use(self, parameters: dict[str, Any]) -> None:
        """Take parameters into force, and leave out the mechanisms that do nothing with them."""
        self._parameters = parameters
        self._betas = {state.model: parameters[state.weight.name] for state in STATES if state.weight}
        starts = {name: mean for name, mean in self._means.items() if name not in self.DRAWN}
        self._values = Values(**parameters | starts)
        self._active = tuple(
            one
            for one in MECHANISMS
            if not one.within and any(np.any(parameters[each.name]) for each in one.parameters)
        )

    def update(self, choice: int | ArrayLike, reward: ArrayLike, **kwargs: Any) -> None:
        """Learn from one trial: the arm chosen, and the reward of each arm, -1 or NaN if it was not seen."""
        trial = self._see(*self._trial(choice, reward))
        before = {state.name: self._state[state.model] for state in STATES}
        after = update(self._active, self._values, before, trial)
        rates = sum(one.rate(self._values, trial) for one in self._active)
        self._state = {state.model: after[state.name] for state in STATES}
        self._state[RATE] = np.zeros_like(trial.chosen) + rates

    @staticmethod
    def _see(chosen: NDArray[np.bool_], rewards: Floats) -> Trial:
        """Return the trial as mechanisms take it, with numbers in place of what is not known."""
        lacks = np.isnan(rewards)
        seen = chosen | (rewards != -1.0) & ~lacks
        if not lacks.any():
            own = (chosen * rewards).sum(axis=-1, keepdims=True)
            return Trial(chosen * 1.0, own, rewards, seen * 1.0)
        own = np.where(chosen, rewards, 0.0).sum(axis=-1, keepdims=True)
        known = 1.0 - np.where(seen, lacks, np.isnan(own))
        return Trial(chosen * 1.0, np.nan_to_num(own), np.where(lacks, -1.0, rewards), seen * 1.0, known)

    def _begin(self) -> dict[str, Any]:
        shape = (self._n_sessions, self._n_actions)
        starts = {
            state.model: self._means[state.start.name]
            if isinstance(state.start, ParameterSpec)
            else state.start
            for state in STATES
        }
        return {name: np.full(shape, start) for name, start in (starts | {RATE: 0.0}).items()}

    def _sample(self) -> dict[str, Any]:
        noise = np.stack([rng.standard_normal(len(self.DRAWN)) for rng in self._session_generators()])
        drawn: dict[str, Any] = {name: mean for name, mean in self._means.items() if name not in self.DRAWN}
        for column, name in enumerate(self.DRAWN):
            mean = self._means[name]
            low, high = (0.0, 1.0) if name in self.RATES else (min(0.0, 2 * mean), max(0.0, 2 * mean))
            value = np.clip(mean + self._sds[name] * noise[:, column : column + 1], low, high)
            drawn[name] = float(value[0, 0]) if self._n_sessions == 1 else value
        if self._one_rate:
            drawn["alpha_penalty"] = drawn["alpha_reward"]
        return {name: drawn[name] for name in self._means}

    def _deviations(self, variance: float | Mapping[str, float]) -> dict[str, float]:
        names = self.DRAWN
        by_name = variance if isinstance(variance, Mapping) else dict.fromkeys(names, variance)
        sds = {name: float(by_name.get(name, 0.0)) for name in names}
        return {name: abs(self._means[name]) / 2 if sd == -1 else sd for name, sd in sds.items()}

    def _problems(
        self, n_actions: Any, means: Mapping[str, Any], beta_counterfactual: Any
    ) -> list[str | None]:
        one_rate = means["alpha_penalty"] is means["alpha_reward"]
        rates = [name for name in self.RATES if not (one_rate and name == "alpha_penalty")]
        problems = [checks.arms(n_actions), *(checks.rate(name, means[name]) for name in rates)]
        scales = {name: PARAMETERS[name].scale for name in means}
        problems += [checks.finite(name, means[name]) for name, scale in scales.items() if scale == "real"]
        problems += [
            f"{name} must be 0 or more; got {shorten(means[name])}. 0 has no effect,"
            f" {PARAMETERS[name].default:g} is usual."
            for name, scale in scales.items()
            if scale == "positive" and not 0 <= checks.number(means[name]) < np.inf
        ]
        if beta_counterfactual != 0:
            problems.append(
                f"beta_counterfactual must be 0; got {shorten(beta_counterfactual)}. It has no effect: "
                "use alpha_counterfactual_reward and alpha_counterfactual_penalty."
            )
        return problems

    def _variance_problems(self, variance: Any) -> list[str | None]:
        known = self.DRAWN
        by_name = dict(variance) if isinstance(variance, Mapping) else {known[0]: variance}
        problems: list[str | None] = [
            f"parameter_variance may name {', '.join(known)}; got {shorten(name)}. Correct the name."
            for name in by_name
            if name not in known
        ]
        for name, sd in by_name.items():
            if not (checks.number(sd) == -1 or 0 <= checks.number(sd) < np.inf):
                of = f" of {name}" if isinstance(variance, Mapping) else ""
                problems.append(
                    f"parameter_variance{of} must be a standard deviation of 0 or more; got {shorten(sd)}. "
                    "Use -1 for half the mean."
                )
        return problems


def make_agent(participant: Participant, n_actions: int = 2, random_state: RandomState = None) -> AgentQ:
    """Make the Q-learner that the settings describe: each of its parameters is an argument of `AgentQ`."""
    participant.checked()
    parameters = {name: getattr(participant, name) for name in PARAMETERS}
    return AgentQ(n_actions, **parameters, random_state=random_state)


def each_session(parameters: Mapping[str, Any], n_sessions: int) -> list[dict[str, float]]:
    """Return the parameters of each session, by name, from one value for all or one for each,
    `(n_sessions,)`.
    """
    columns = {name: np.broadcast_to(value, n_sessions) for name, value in parameters.items()}
    return [{name: float(column[s]) for name, column in columns.items()} for s in range(n_sessions)]


def softmax(logits: Floats) -> Floats:
    """P of each arm from the logits `(..., n_actions)`, safe for large ones."""
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    result: Floats = weights / weights.sum(axis=-1, keepdims=True)
    return result
