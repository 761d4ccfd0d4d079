"""The classical way: a Q-learner's parameters by maximum likelihood, and how sure the choices are of them.

`refine.py` does the same for equations, whose numbers are free: a constant, a weight of the value and one of
the reward. A Rescorla-Wagner learner has two, bounded, from which all three follow; so this is a fit of its
own, by Fisher scoring within the bounds (e.g. McCullagh & Nelder 1989). Standard errors are those of the
expected information, given the choices and rewards that each trial follows.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..settings import Participant, SettingsError

if TYPE_CHECKING:
    from ..data.dataset import DatasetRNN

RESCORLA_WAGNER = ("alpha_reward", "beta_reward")
# A number that stands for several settings of the participant.
TIED = {"alpha_counterfactual": ("alpha_counterfactual_reward", "alpha_counterfactual_penalty")}
STARTS = {"alpha_reward": (0.05, 0.2, 0.5, 0.8), "beta_reward": (0.5, 2.0, 5.0, 12.0)}
OTHER_STARTS = (0.1, 0.5)
STEP = 1e-5  # of the slopes
DAMPING = 1e-6  # share of the mean information, added in every direction
MOST_STEPS = 50
ENOUGH = 1e-9  # nats in all: a step that gains less is the last one

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Fitted:
    """The most likely parameters.

    Attributes:
        participant: the Q-learner that has them.
        values: of the parameters that were free, by name.
        errors: their standard errors; NaN for a value at its bound, around which nothing is even.
        nll: -ln L of all choices, in nats.
        n_choices: how many were counted; the first of a session follows nothing and is not.
    """

    participant: Participant
    values: Mapping[str, float]
    errors: Mapping[str, float]
    nll: float
    n_choices: int

    @property
    def trial_likelihood(self) -> float:
        """The geometric mean of P of the choices."""
        return float(np.exp(-self.nll / self.n_choices))


def with_values(participant: Participant, values: Mapping[str, float]) -> Participant:
    """The participant with other parameters, those that are tied together included."""
    told = {setting: float(value) for name, value in values.items() for setting in TIED.get(name, (name,))}
    return replace(participant, **told)


def value_of(participant: Participant, name: str) -> float:
    """A parameter; alpha_penalty is alpha_reward where it is not given."""
    value = getattr(participant, TIED.get(name, (name,))[0])
    return float(participant.alpha_reward if value is None else value)


def fit(
    dataset: "DatasetRNN", names: Sequence[str] = RESCORLA_WAGNER, participant: Participant | None = None
) -> Fitted:
    """The parameters under which the choices of a data set are most likely, within their bounds.

    Args:
        dataset: the choices of one participant.
        names: the parameters that are free; the others stay as the participant has them.

    Raises:
        SettingsError: for a data set without a choice that follows another.
    """
    likelihood = Likelihood(dataset, names, participant)
    if not likelihood.n_choices:
        raise SettingsError(
            ["A fit needs a choice that follows another; the data have none. Take longer sessions."]
        )
    starts = list(product(*(STARTS.get(name, OTHER_STARTS) for name in names)))
    best = np.array(starts[int(likelihood.nll(starts).argmin())])
    for _ in range(MOST_STEPS):
        nll, gradient, information = likelihood.look(best)
        free = likelihood.free(best, gradient)
        step = np.zeros(len(best))
        if free.any():
            step[free] = _solved(information[np.ix_(free, free)], gradient[free])
        tries = [likelihood.within(best + step * 0.5**halving) for halving in range(12)]
        values = likelihood.nll(tries)
        if not values.min() < nll - ENOUGH:
            break
        best = tries[int(values.argmin())]
    nll, gradient, information = likelihood.look(best)
    inside = (best > likelihood.low) & (best < likelihood.high)
    errors = np.full(len(best), np.nan)
    errors[inside] = standard_errors(information[np.ix_(inside, inside)])
    told = dict(zip(names, best.tolist(), strict=True))
    person = with_values(likelihood.participant, told)
    sure = dict(zip(names, errors.tolist(), strict=True))
    return Fitted(person, told, sure, nll, likelihood.n_choices)


def errors_at(dataset: "DatasetRNN", participant: Participant, names: Sequence[str]) -> dict[str, float]:
    """How closely the choices can tell some parameters of this participant (the bound of Cramér and Rao)."""
    likelihood = Likelihood(dataset, names, participant)
    _, _, information = likelihood.look(np.array([value_of(participant, name) for name in names]))
    return dict(zip(names, standard_errors(information).tolist(), strict=True))


def standard_errors(information: Floats) -> Floats:
    """Standard errors from an information matrix; infinite in what it does not tell."""
    if not len(information):
        return np.empty(0)
    inverse = np.linalg.pinv(information, rcond=1e-12, hermitian=True)
    untold = np.abs(information @ inverse - np.eye(len(information))).max(axis=0) > 1e-6
    errors: Floats = np.where(untold, np.inf, np.sqrt(np.maximum(np.diag(inverse), 0.0)))
    return errors


class Likelihood:
    """How likely the choices are under many vectors of parameters: block j of one replay holds all sessions
    under the j-th vector.
    """

    def __init__(
        self, dataset: "DatasetRNN", names: Sequence[str], participant: Participant | None = None
    ) -> None:
        self.dataset, self.names = dataset, tuple(names)
        self.participant = participant or Participant()
        bounds = {item.name: item.metadata for item in fields(Participant)}
        told = [bounds[TIED.get(name, (name,))[0]] for name in self.names]
        self.low = np.array([each["low"] for each in told], dtype=float)
        self.high = np.array([each["high"] for each in told], dtype=float)
        self.n_choices = int(dataset.target_mask.sum())

    def within(self, vector: Floats) -> Floats:
        """The nearest vector within the bounds."""
        return np.clip(vector, self.low, self.high)

    def free(self, vector: Floats, gradient: Floats) -> NDArray[np.bool_]:
        """Which parameters can go where the likelihood rises: not out of their bounds."""
        stopped = (vector <= self.low) & (gradient < 0) | (vector >= self.high) & (gradient > 0)
        free: NDArray[np.bool_] = ~stopped
        return free

    def probabilities(self, vectors: Iterable[Any]) -> Floats:
        """P of each next choice, `(n_vectors, n_sessions, n_trials, n_actions)`."""
        import torch

        from ..simulate.agents import make_agent
        from ..simulate.cohort import Cohort
        from .replay import replay

        n_actions, n_sessions = self.dataset.n_actions, self.dataset.n_sessions
        people = [with_values(self.participant, dict(zip(self.names, each, strict=True))) for each in vectors]
        members = [make_agent(person, n_actions).parameters for person in people]
        repeated = torch.arange(n_sessions).repeat(len(members))
        trials = torch.arange(self.dataset.n_trials).expand(len(repeated), -1)
        cohort = Cohort([each for each in members for _ in range(n_sessions)], n_actions)
        played = replay(cohort, self.dataset.take(repeated, trials))
        return played.probabilities[:, 1:].reshape(len(members), n_sessions, -1, n_actions)

    def nll(self, vectors: Iterable[Any]) -> Floats:
        """-ln L of all choices under each vector, in nats."""
        return self._nll(self.probabilities(vectors))

    def look(self, at: Floats) -> tuple[float, Floats, Floats]:
        """At a vector: -ln L in nats, the slope of ln L in each parameter, and the expected information."""
        steps = STEP * np.eye(len(at))
        above, below = self.within(at + steps), self.within(at - steps)
        p = self.probabilities([at, *above, *below])
        n, width = len(at), np.diag(above - below)
        slopes = (p[1 : n + 1] - p[n + 1 :]) / width[:, None, None, None]
        known = np.asarray(self.dataset.target_mask)[..., None]
        weights = np.where(known, 1 / np.maximum(p[0], 1e-300), 0.0)
        hit = np.where(known, self.dataset.ys.numpy(), 0.0)
        gradient: Floats = np.einsum("ista,sta,sta->i", slopes, weights, hit)
        information: Floats = np.einsum("ista,jsta,sta->ij", slopes, slopes, weights)
        return float(self._nll(p[:1])[0]), gradient, information

    def _nll(self, p: Floats) -> Floats:
        known = np.asarray(self.dataset.target_mask)[..., None]
        hit = np.where(known, self.dataset.ys.numpy(), 0.0)
        nll: Floats = -(np.log(np.maximum(p, 1e-300)) * hit).sum(axis=(1, 2, 3))
        return nll


def _solved(information: Floats, gradient: Floats) -> Floats:
    scale = DAMPING * max(float(np.trace(information)) / len(gradient), 1e-12)
    step = np.linalg.solve(information + scale * np.eye(len(gradient)), gradient)
    return np.asarray(step, dtype=np.float64)
