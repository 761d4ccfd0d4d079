"""Maximum-likelihood fits of the models that generated the data: yardsticks for what any method can recover.

Also a simulator of the tutorial's participant, independent of the package, so that no benchmark is judged
by the code it measures. Everything is vectorised over sessions. Knows nothing of torch or of the package.

Shapes: `choices` (n_sessions, n_trials + 1), arms from 0; `rewards` (n_sessions, n_trials) of the chosen arm.
The likelihood is that of choices 1 .. n_trials given all before; choice 0 carries no information.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Array = NDArray[np.float64]
Choices = NDArray[np.int64]
STARTS_LINEAR = ((0.0, 0.5, 1.0), (-0.3, 0.7, 0.9), (0.0, 0.9, 0.3), (0.0, 0.2, 2.0))
STARTS_Q = ((0.5, 1.0), (0.3, 3.0), (0.1, 5.0), (0.8, 2.0))


@dataclass(frozen=True)
class Fit:
    """What a maximum-likelihood fit found; `nll` is the mean negative log-likelihood of a choice."""

    names: tuple[str, ...]
    estimates: Array
    covariance: Array
    nll: float

    @property
    def errors(self) -> Array:
        """Standard errors, from the observed information."""
        return np.sqrt(np.diag(self.covariance))

    def __getitem__(self, name: str) -> float:
        return float(self.estimates[self.names.index(name)])


def gauge(alpha: float, beta: float, q0: float = 0.5, v0: float = 0.5) -> Array:
    """(constant, value, reward) of the update of V = beta (Q - q0) + v0 that Q += alpha (r - Q) implies.

    The RNN's values are logits that start at v0; the same number added to every logit changes no choice.
    """
    return np.array([alpha * (v0 - beta * q0), 1 - alpha, alpha * beta])


def from_tensors(xs: Array, ys: Array) -> tuple[Choices, Array]:
    """`choices` and `rewards` of `xs` (n_sessions, n_trials, 2 n_actions + 1) and `ys` (.., n_actions)."""
    n_actions = np.shape(ys)[-1]
    actions, feedback = np.asarray(xs)[..., :n_actions], np.asarray(xs)[..., n_actions : 2 * n_actions]
    choices = np.concatenate([actions.argmax(-1), np.asarray(ys)[:, -1:].argmax(-1)], axis=1)
    return choices, np.asarray((actions * feedback).sum(-1), dtype=float)


def to_tensors(choices: Choices, rewards: Array, participants: Choices | None = None) -> tuple[Array, Array]:
    """`xs` with the tutorial's columns and `ys`; participant 0 unless ids (n_sessions,) are given."""
    onehot = np.eye(choices.max() + 1)[choices]
    feedback = np.where(onehot[:, :-1] == 1, rewards[..., None], -1.0)
    ids = np.zeros(len(choices)) if participants is None else participants
    column = np.broadcast_to(ids[:, None, None], (*rewards.shape, 1))
    return np.concatenate([onehot[:, :-1], feedback, column], axis=-1), onehot[:, 1:]


def simulate(
    seed: int,
    n_sessions: int = 100,
    n_trials: int = 100,
    *,
    alpha: float = 0.3,
    beta: float = 3.0,
    beta_choice: float = 0.0,
    alpha_choice: float = 1.0,
    sigma: float = 0.2,
    n_actions: int = 2,
) -> tuple[Choices, Array]:
    """Choices and rewards of Rescorla-Wagner participants on drifting arms, with a choice kernel if asked.

    Reward probabilities start uniform on [0, 1], walk by N(0, sigma) a trial and are clipped to [0, 1].
    """
    rng = np.random.default_rng(seed)
    rows = np.arange(n_sessions)
    probs = rng.random((n_sessions, n_actions))
    values, kernel = np.full((n_sessions, n_actions), 0.5), np.zeros((n_sessions, n_actions))
    choices = np.zeros((n_sessions, n_trials + 1), dtype=np.int64)
    rewards = np.zeros((n_sessions, n_trials))
    for t in range(n_trials + 1):
        noise = rng.gumbel(size=values.shape)
        chosen = choices[:, t] = (beta * values + beta_choice * kernel + noise).argmax(1)
        if t == n_trials:
            break
        rewards[:, t] = rng.random(n_sessions) < probs[rows, chosen]
        values[rows, chosen] += alpha * (rewards[:, t] - values[rows, chosen])
        kernel += alpha_choice * (np.eye(n_actions)[chosen] - kernel)
        probs = np.clip(probs + rng.normal(0, sigma, probs.shape), 0, 1)
    return choices, rewards


def linear_nll(theta: Array, choices: Choices, rewards: Array, v0: float = 0.5) -> tuple[float, Array]:
    """Mean negative log-likelihood of V' = c + a V + b r for the chosen arm, and its gradient by (c, a, b).

    The values V are the logits and start at v0. Their derivatives run forward beside them:
    dV'/dtheta = (1, V, r) + a dV/dtheta.
    """
    constant, keep, gain = theta
    n_sessions, n_trials = rewards.shape
    rows = np.arange(n_sessions)
    value = np.full((n_sessions, int(choices.max()) + 1), float(v0))
    slope = np.zeros((*value.shape, 3))
    values, slopes = np.empty((n_trials, *value.shape)), np.empty((n_trials, *slope.shape))
    for t in range(n_trials):
        at = rows, choices[:, t]
        old, reward = value[at], rewards[:, t]
        slope[at] = np.stack([np.ones_like(old), old, reward], axis=-1) + keep * slope[at]
        value[at] = constant + keep * old + gain * reward
        values[t], slopes[t] = value, slope
    return _cross_entropy(values, slopes, choices[:, 1 : n_trials + 1].T)


def _cross_entropy(values: Array, slopes: Array, following: Choices) -> tuple[float, Array]:
    logits = values - values.max(-1, keepdims=True)
    logs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    hit = np.eye(values.shape[-1])[following]
    error = (np.exp(logs) - hit) / following.size
    return float(-(logs * hit).sum() / following.size), np.einsum("tsa,tsak->k", error, slopes)


def q_nll(theta: Array, choices: Choices, rewards: Array, q0: float = 0.5) -> tuple[float, Array]:
    """Mean negative log-likelihood of Q += alpha (r - Q), choices softmax(beta Q), and its gradient."""
    alpha, beta = theta
    nll, by_linear = linear_nll(gauge(alpha, beta, q0, v0=q0), choices, rewards, v0=q0)
    jacobian = np.array([[q0 * (1 - beta), -1.0, beta], [-alpha * q0, 0.0, alpha]])
    return nll, jacobian @ by_linear


def fit_linear(choices: Choices, rewards: Array, v0: float = 0.5) -> Fit:
    """Maximum likelihood of V' = constant + value V + reward r for the chosen arm (logits V, start v0)."""
    bounds = [(-10.0, 10.0), (-1.0, 1.2), (-10.0, 10.0)]
    names = ("constant", "value", "reward")
    return _fit(names, lambda x: linear_nll(x, choices, rewards, v0), STARTS_LINEAR, bounds, rewards.size)


def fit_q(choices: Choices, rewards: Array, q0: float = 0.5) -> Fit:
    """Maximum likelihood of a Rescorla-Wagner participant's learning rate and inverse temperature."""
    bounds = [(0.0, 1.0), (0.0, 50.0)]
    return _fit(("alpha", "beta"), lambda x: q_nll(x, choices, rewards, q0), STARTS_Q, bounds, rewards.size)


def _fit(
    names: tuple[str, ...],
    loss: Callable[[Array], tuple[float, Array]],
    starts: tuple[tuple[float, ...], ...],
    bounds: list[tuple[float, float]],
    n_observed: int,
) -> Fit:
    options = {"ftol": 1e-15, "gtol": 1e-9, "maxiter": 500}
    settings = {"jac": True, "method": "L-BFGS-B", "bounds": bounds, "options": options}
    runs = [minimize(loss, start, **settings) for start in starts]
    best = min(runs, key=lambda run: run.fun)
    information = n_observed * _hessian(loss, best.x)
    return Fit(names, best.x, np.linalg.inv(information), float(best.fun))


def _hessian(loss: Callable[[Array], tuple[float, Array]], at: Array, step: float = 1e-5) -> Array:
    """By central differences of the gradient: the observed information of one observation."""
    rows = [(loss(at + move)[1] - loss(at - move)[1]) / (2 * step) for move in step * np.eye(len(at))]
    return (np.array(rows) + np.array(rows).T) / 2
