"""The classical way: a Q-learner's parameters by maximum likelihood, and how sure the choices are of them.

`discover/refine.py` does the same for equations, whose numbers are free: a constant, a weight of the value
and one of the reward. A Rescorla-Wagner learner has two, bounded, from which all three follow. Standard
errors are those of the expected information, given the choices and rewards that each trial follows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import product

import numpy as np
import torch

from ..data.dataset import DatasetRNN
from ..settings import Participant, SettingsError
from ..simulate.agents import make_agent
from ..simulate.cohort import Cohort
from ..simulate.parameters import settings_of, value_of, with_values
from .fisher import Floats, Quadratic, fisher_scoring, standard_errors
from .replay import replay

RESCORLA_WAGNER = ("alpha_reward", "beta_reward")
STARTS = {"alpha_reward": (0.05, 0.2, 0.5, 0.8), "beta_reward": (0.5, 2.0, 5.0, 12.0)}
OTHER_STARTS = (0.1, 0.5)
STEP = 1e-5  # of the slopes
DAMPING = 1e-6  # share of the mean information, added in every direction
MOST_STEPS = 50
ENOUGH = 1e-9  # nats in all: a step that gains less is the last one


@dataclass(frozen=True)
class ClassicalFit:
    """The most likely parameters.

    Attributes:
        participant: the Q-learner that has them.
        values: of the parameters that were free, by name.
        errors: their standard errors; NaN for a value at its bound, where the likelihood has no even top.
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


def fit(
    dataset: DatasetRNN, names: Sequence[str] = RESCORLA_WAGNER, participant: Participant | None = None
) -> ClassicalFit:
    """Return the parameters under which the choices of a data set are most likely, within their bounds.

    Args:
        dataset: the choices of one participant.
        names: the parameters that are free.
        participant: has the others; the default participant when None.

    Raises:
        SettingsError: for a data set without a choice that follows another.
    """
    likelihood = ClassicalLikelihood(dataset, names, participant)
    if not likelihood.n_choices:
        raise SettingsError(
            ["A fit needs a choice that follows another; the data have none. Take longer sessions."]
        )
    starts = [np.array(start) for start in product(*(STARTS.get(name, OTHER_STARTS) for name in names))]
    best, look = fisher_scoring(
        likelihood.look,
        likelihood.nll,
        starts[int(likelihood.nll(starts).argmin())],
        low=likelihood.low,
        high=likelihood.high,
        damping=DAMPING,
        enough=ENOUGH,
        most_steps=MOST_STEPS,
    )
    inside = (best > likelihood.low) & (best < likelihood.high)
    errors = np.full(len(best), np.nan)
    errors[inside] = standard_errors(look.information[np.ix_(inside, inside)])
    values = dict(zip(names, best.tolist(), strict=True))
    errors_by_name = dict(zip(names, errors.tolist(), strict=True))
    fitted = with_values(likelihood.participant, values)
    return ClassicalFit(fitted, values, errors_by_name, look.nll, likelihood.n_choices)


def errors_at(dataset: DatasetRNN, participant: Participant, names: Sequence[str]) -> dict[str, float]:
    """Compute the least standard errors of some parameters of this participant, given so many choices (the
    bound of Cramér and Rao).
    """
    look = ClassicalLikelihood(dataset, names, participant).look(
        np.array([value_of(participant, name) for name in names])
    )
    return dict(zip(names, standard_errors(look.information).tolist(), strict=True))


class ClassicalLikelihood:
    """The likelihood of the choices under many vectors of parameters.

    Block j of one replay holds all sessions under the j-th vector.
    """

    def __init__(
        self, dataset: DatasetRNN, names: Sequence[str], participant: Participant | None = None
    ) -> None:
        self.dataset, self.names = dataset, tuple(names)
        self.participant = participant or Participant()
        settings = {item.name: item.metadata for item in fields(Participant)}
        bounds = [settings[settings_of(name)[0]] for name in self.names]
        self.low = np.array([bound["low"] for bound in bounds], dtype=float)
        self.high = np.array([bound["high"] for bound in bounds], dtype=float)
        self.n_choices = int(dataset.target_mask.sum())
        self._known = np.asarray(dataset.target_mask)[..., None]
        self._chosen = np.where(self._known, dataset.ys.numpy(), 0.0)

    def probabilities(self, vectors: Sequence[Floats]) -> Floats:
        """P of each next choice, `(n_vectors, n_sessions, n_trials, n_actions)`."""
        n_actions, n_sessions = self.dataset.n_actions, self.dataset.n_sessions
        people = [
            with_values(self.participant, dict(zip(self.names, vector, strict=True))) for vector in vectors
        ]
        members = [make_agent(person, n_actions).parameters for person in people]
        sessions = torch.arange(n_sessions).repeat(len(members))
        trials = torch.arange(self.dataset.n_trials).expand(len(sessions), -1)
        cohort = Cohort([member for member in members for _ in range(n_sessions)], n_actions)
        record = replay(cohort, self.dataset.take(sessions, trials))
        return record.probabilities[:, 1:].reshape(len(members), n_sessions, -1, n_actions)

    def nll(self, vectors: Sequence[Floats]) -> Floats:
        """-ln L of all choices under each vector, in nats."""
        return self._nll(self.probabilities(vectors))

    def look(self, vector: Floats) -> Quadratic:
        """Evaluate the likelihood, its gradient and its information at a vector."""
        n, steps = len(vector), STEP * np.eye(len(vector))
        above, below = (np.clip(vector + step, self.low, self.high) for step in (steps, -steps))
        p = self.probabilities([vector, *above, *below])
        widths = np.diag(above - below)
        slopes = (p[1 : n + 1] - p[n + 1 :]) / widths[:, None, None, None]
        weights = np.where(self._known, 1 / np.maximum(p[0], 1e-300), 0.0)
        gradient: Floats = np.einsum("ista,sta,sta->i", slopes, weights, self._chosen)
        information: Floats = np.einsum("ista,jsta,sta->ij", slopes, slopes, weights)
        return Quadratic(float(self._nll(p[:1])[0]), gradient, information)

    def _nll(self, p: Floats) -> Floats:
        nll: Floats = -(np.log(np.maximum(p, 1e-300)) * self._chosen).sum(axis=(1, 2, 3))
        return nll
