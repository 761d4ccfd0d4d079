"""Intervals of people who are a group: each person's posterior under the group's prior.

On the scales of `learners.py` people are normal around the group's mean. Mean and spread are those under
which all choices are most likely (empirical Bayes). A person's posterior is skewed where choices are few,
and Laplace's approximation, which takes its top for its mean, misses the group's mean by half a spread; so
the integrals are found by importance sampling, with draws from a t distribution around everyone's top (e.g.
Robert & Casella 2004, Monte Carlo Statistical Methods, chapter 3). The draws are those of a Sobol sequence
with a fixed seed.

Mean and spread are not known for sure: weights are averaged over those that are possible, by a normal
approximation around the likeliest. A weak prior of the spread keeps it from 0, where few people would all be
drawn to one value (Chung et al. 2013, Psychometrika 78: 685). Kinds of learner are averaged by ln
p(choices).
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, logsumexp, ndtri
from scipy.stats import chi2, qmc

from ..read.translation import HasInitValues
from ..settings import LEVEL
from .intervals import Averaged, top_of
from .learners import DIFFERENCE, Kind, LearnerLikelihood, OnScales
from .likelihood import Likelihood
from .maximum import Limits, Prior, curvature_of
from .pooling import GroupPrior, GroupState
from .posterior import LONGEST

Floats = NDArray[np.float64]

DRAWS = 512  # of each person
DEGREES = 5.0  # of freedom of the t distribution that they are of
WIDER = 1.6  # spreads of the prior under which they are made, in those of the group
PASSES = 4
LEAST_DRAWS = DRAWS / 4  # that count, of each person; below it new ones are drawn
SAME = 0.1  # standard deviations by which a prior may move before draws are made anew
NARROW = 0.05  # least spread
SPREAD = float(np.log(0.5)), 1.0  # mean and standard deviation of the weak prior of ln spread
NEWTON = 8  # steps
MOVED = 0.1  # spreads: step of differences
N_PRIORS = 32
ROUNDS = 60
ENOUGH = 1e-4
PRICE = 1.0
HOPELESS = 40.0  # nats by which a group may be less likely as one kind, by Laplace's approximation


class Drawn(NamedTuple):
    """Draws of everyone's parameters.

    Attributes:
        look: the likelihood in the coordinates of the kind of learner.
        values: on the scales, `(n_draws, n_people, n_parameters)`.
        log_ratio: ln of likelihood over the density of the draws, `(n_draws, n_people)`.
        prior: of the group.
        nll: least -ln L of all draws, `(n_people,)`.
    """

    look: OnScales
    values: Floats
    log_ratio: Floats
    prior: Prior
    nll: Floats

    def log_weights(self) -> Floats:
        """Compute ln of the posterior over the density of the draws, not normalised."""
        z = (self.values - self.prior.mean) / self.prior.sd
        density = -(z**2).sum(-1) / 2 - np.log(self.prior.sd * np.sqrt(2 * np.pi)).sum()
        result: Floats = self.log_ratio + density
        return result

    @property
    def log_evidence(self) -> float:
        """Estimate ln p(choices) under the group's prior."""
        n_draws = len(self.values)
        return float((logsumexp(self.log_weights(), axis=0) - np.log(n_draws)).sum())


def approximate_group(look: OnScales) -> GroupState:
    """Find the group's prior and everyone's most likely values by Laplace's approximation."""
    return GroupPrior(look).fit(top_of(look).values, look.prior)


def draw_group(look: OnScales, start: GroupState) -> Drawn:
    """Find the prior of the group of all people, and draws of everyone's parameters.

    Laplace's approximation, which takes the tops of skewed distributions for their means, is only where it
    begins: the draws give the integrals themselves (importance sampling), and are made anew where the prior
    has moved away from them.
    """
    prior, values = Prior(start.mean, start.spread), start.values
    for _ in range(PASSES):
        values, found = _draws(look, values, prior)
        found = found._replace(prior=_likeliest(found))
        moved = np.abs(found.prior.mean - prior.mean) / prior.sd + np.abs(np.log(found.prior.sd / prior.sd))
        prior = found.prior
        if moved.max() < SAME:
            break
    return found


def _draws(look: OnScales, start: Floats, prior: Prior) -> tuple[Floats, Drawn]:
    """Draw around everyone's most likely values under a prior."""
    n = len(look.kind.names)
    wider = Prior(prior.mean, prior.sd * WIDER)
    best = look.maximise(start[None], wider, limits=Limits(15, longest=LONGEST))
    top = best.values[0]
    curvature = curvature_of(best.look.information[0], np.asarray(True), wider)
    axes = np.linalg.inv(np.linalg.cholesky(curvature)).swapaxes(-1, -2)
    uniform = qmc.Sobol(n + 1, scramble=True, seed=np.random.default_rng(0)).random(DRAWS)
    normal = ndtri(uniform[:, :n])
    away = normal * np.sqrt(DEGREES / chi2.ppf(uniform[:, n:], DEGREES))
    values = np.clip(top + np.einsum("pij,dj->dpi", axes, away), look.low - 3, look.high + 3)
    density = -(DEGREES + n) / 2 * np.log1p((away**2).sum(-1) / DEGREES)
    density += gammaln((DEGREES + n) / 2) - gammaln(DEGREES / 2) - n / 2 * np.log(DEGREES * np.pi)
    size = np.linalg.slogdet(axes)[1]
    nll = look(values).nll
    return top, Drawn(look, values, -nll - (density[:, None] - size), prior, nll.min(0))


def _likeliest(at: Drawn) -> Prior:
    """Return the prior under which the choices of all are most likely, by expectation maximisation."""
    prior, last = at.prior, -np.inf
    for _ in range(ROUNDS):
        at = at._replace(prior=prior)
        weights = at.log_weights()
        evidence = float(logsumexp(weights, axis=0).sum())
        if evidence - last < ENOUGH * weights.shape[1]:
            break
        last = evidence
        weights = np.exp(weights - logsumexp(weights, axis=0))[..., None]
        if 1 / (weights**2).sum(0).mean() < LEAST_DRAWS:
            break  # draws anew
        mean = (weights * at.values).sum(0).mean(0)
        variance = (weights * (at.values - mean) ** 2).sum(0).mean(0)
        prior = Prior(mean, np.exp(_log_spread(variance, weights.shape[1])))
    return prior


def _log_spread(variance: Floats, n_people: int) -> Floats:
    """Find ln of the likeliest spreads at some mean squared distances from the mean, under `SPREAD`."""
    at = np.log(np.maximum(np.sqrt(variance), 1e-3))
    for _ in range(NEWTON):
        share = n_people * variance * np.exp(-2 * at)
        at += np.clip(
            (share - n_people - (at - SPREAD[0]) / SPREAD[1] ** 2) / (2 * share + SPREAD[1] ** -2), -1, 1
        )
    return at


def _hyper(at: Drawn) -> list[Prior]:
    """Priors that the choices of all leave possible: means and ln of spreads, normal around the likeliest."""
    n = len(at.prior.mean)
    top = np.concatenate([at.prior.mean, np.log(at.prior.sd)])
    unit = np.tile(at.prior.sd, 2)
    unit[n:] = 1.0

    def objective(moved: Floats) -> float:
        spread = moved[n:]
        one = at._replace(prior=Prior(moved[:n], np.exp(spread)))
        return one.log_evidence - float(((spread - SPREAD[0]) ** 2).sum()) / (2 * SPREAD[1] ** 2)

    step = MOVED * unit * np.eye(2 * n)
    here = objective(top)
    ups, downs = (np.array([objective(top + side * row) for row in step]) for side in (1, -1))
    curvature = np.diag(2 * here - ups - downs)
    for i in range(2 * n):
        for j in range(i):
            both = objective(top + step[i] + step[j]) - ups[i] - ups[j] + here
            back = objective(top - step[i] - step[j]) - downs[i] - downs[j] + here
            curvature[i, j] = curvature[j, i] = -(both + back) / 2
    values, axes = np.linalg.eigh(curvature / MOVED**2)
    values = np.maximum(values, 1.0)
    normal = ndtri(qmc.Sobol(2 * n, scramble=True, seed=np.random.default_rng(1)).random(N_PRIORS))
    away = (normal / np.sqrt(values)) @ axes.T * unit
    return [Prior(row[:n], np.exp(np.maximum(row[n:], np.log(NARROW)))) for row in top + away]


def _shares(at: Drawn) -> Floats:
    """Posterior weights of everyone's draws, averaged over the priors that are possible."""
    total = np.zeros(at.log_ratio.shape)
    for prior in _hyper(at):
        weights = at._replace(prior=prior).log_weights()
        total += np.exp(weights - logsumexp(weights, axis=0))
    return total / N_PRIORS


def averaged_of_group(
    likelihood: Likelihood, model: HasInitValues, kinds: Sequence[Kind], level: float
) -> Averaged:
    """Find everyone's intervals under the group's prior, averaged over kinds of Q-learners."""
    return average_of_looks([LearnerLikelihood(likelihood, model, kind) for kind in kinds], level)


def average_of_looks(looks: Sequence[OnScales], level: float) -> Averaged:
    """Find everyone's intervals under the group's prior, averaged over kinds of learners."""
    starts = [approximate_group(look) for look in looks]
    best = max(start.log_evidence for start in starts)
    found = [
        draw_group(look, start)
        for look, start in zip(looks, starts, strict=True)
        if best - start.log_evidence < HOPELESS
    ]
    evidence = np.array([one.log_evidence - 2 * PRICE * len(one.look.kind.names) for one in found])
    weights = np.exp(evidence - evidence.max())
    ends: dict[str, Floats] = {}
    sure: dict[str, Floats] = {}
    columns = [_columns(one) for one in found]
    shares = [weight * _shares(one) for one, weight in zip(found, weights, strict=True)]
    tails = np.array([(1 - level) / 2, (1 + level) / 2, (1 - LEVEL) / 2, (1 + LEVEL) / 2])
    for name in dict.fromkeys(name for own in columns for name, values in own.items() if np.ndim(values)):
        having = [(at[name], share) for at, share in zip(columns, shares, strict=True) if name in at]
        values = np.concatenate([np.broadcast_to(own, share.shape) for own, share in having])
        share = np.concatenate([share for _, share in having])
        quantiles = np.array([_quantiles(values[:, i], share[:, i], tails) for i in range(values.shape[1])])
        ends[name], sure[name] = quantiles[:, :2], quantiles[:, 2:]
    people = found[0].look.likelihood.participants
    return Averaged(ends, sure, np.min([one.nll for one in found], axis=0), people)


def _columns(one: Drawn) -> Mapping[str, Floats]:
    """Return the parameters of the draws; of one value where they do not differ."""
    p = one.look.parameters(one.values)
    if "alpha_penalty" in p:
        p[DIFFERENCE] = p["alpha_reward"] - p["alpha_penalty"]
    return {name: p[name] for name in p if name != "alpha"}


def _quantiles(values: Floats, weights: Floats, shares: Floats) -> Floats:
    order = np.argsort(values, kind="stable")
    values, weights = values[order], weights[order]
    middle = (np.cumsum(weights) - weights / 2) / weights.sum()
    return np.interp(shares, middle, values)
