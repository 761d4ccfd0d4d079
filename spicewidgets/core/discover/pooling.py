"""Many people: the numbers of each under a prior that is their group's.

Numbers that are fitted to each person alone follow the noise of few choices. Here a person's numbers are
taken to be normal around the group's, `N(mean, spread^2)` for each number on its own, and mean and spread are
found from all people together (empirical Bayes; for models of choices e.g. Huys et al. 2011, PLOS
Computational Biology 7(4): e1002028). Two steps take turns until nothing is gained: the most likely numbers
of every person under the group's prior, with their curvature (Laplace); and `mean = average of the numbers`,
`spread^2 = average of (number - mean)^2 + posterior variance`.

The weight of a value's own last value is pooled as `artanh w`, so that it stays within -1..1, where values do
not grow without end. A learned beta is 1, by convention: stretching a state's values and dividing its beta by
the same factor makes the same choices. Where a given update ties values to rewards, as that by a prediction
error does, nothing can be stretched, and the beta is a number of each person as all others.

Which terms the group has is decided by evidence. Without term j every person's number is 0; by how much that
lowers ln p(choices) is the density of 0 under the posterior against the density of 0 under the prior, summed
over people (Savage and Dickey; Dickey 1971, Annals of Mathematical Statistics 42: 204). A term stays if it is
worth more than its price: ½ ln n each for the group's mean and spread, over n choices of all people (Schwarz
1978), and 1 nat for every number that people really have of their own, which is what a number must gain to
predict a person's new choices (Akaike 1973). A number that is drawn half of the way to the mean counts as
half a number (effective degrees of freedom; Vaida & Blanchard 2005, Biometrika 92: 351).
"""

from collections.abc import Generator, Iterator, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .canonical import ModuleRole, constant_to_drop, levels
from .likelihood import Likelihood
from .maximum import Limits, Prior, curvature_of
from .posterior import Posterior, laplace

PRICE = 1.0  # nats for each number of its own that a person really has
MOST_ROUNDS = 40
STEPS = Limits(3, 3)  # of each person's climb in a round
ENOUGH = 0.01  # nats for each person: a round that gains less is the last one
WIDTHS = (2.0, 0.5)  # spreads to begin with: the best of what they lead to is taken
BETA = 3.0  # mean of a beta that is no convention, to begin with
OWN = 0.3  # mean and spread of the weight of an own value to begin with: values that fade soon
LEAST = 1e-3  # of a spread
SURE = 1e-3  # share of a person's precision that keeps a group's mean where no choice tells it
DOUBTED = 3.0  # times its price: a term that seems to be worth less is left out to see
SLACK = 0.2  # nats for each person by which a group may be worse than expected without a term

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


class GroupState(NamedTuple):
    """A group with its people, in the coordinates in which they are pooled; columns count numbers.

    Attributes:
        values: `(n_participants, n_numbers)`.
        covariance: of their posterior, `(n_participants, n_numbers, n_numbers)`.
        mean: of the group, `(n_numbers,)`, or of each person's, `(n_participants, n_numbers)`.
        spread: of a group, `(n_numbers,)`.
        active: which numbers there are, `(n_numbers,)`, or of each person; the others are 0.
        log_evidence: ln p(choices), Laplace's approximation.
    """

    values: Floats
    covariance: Floats
    mean: Floats
    spread: Floats
    active: Mask
    log_evidence: float

    @property
    def variance(self) -> Floats:
        """Posterior variance of each number, `(n_participants, n_numbers)`."""
        variance: Floats = np.einsum("...ii->...i", self.covariance)
        return variance

    @property
    def shrinkage(self) -> Floats:
        """Share of the way from a person's own estimate to the mean, `(n_participants, n_numbers)`."""
        shrinkage: Floats = np.where(self.active, np.clip(self.variance / self.spread**2, 0.0, 1.0), 1.0)
        return shrinkage

    def without(self, number: int) -> "GroupState":
        """Return the group without a term, the others moved as their covariance with it says."""
        active = self.active.copy()
        active[number] = False
        along = self.covariance[:, number] / np.maximum(self.variance[:, number, None], LEAST**4)
        values = np.where(active, self.values - along * self.values[:, number, None], 0.0)
        return self._replace(active=active, values=values, mean=values.mean(0))

    def likeliest_mean(self, averaged: Mask) -> Floats:
        """Return the mean under which the choices are likeliest, people's own numbers integrated out, as far
        as their curvature tells: generalised least squares, `(n_numbers,)`.

        The average of the numbers goes the same way in steps that are the shorter the less a person's choices
        tell, and would stop before it is there where terms stand in for one another.

        Args:
            averaged: numbers whose mean is the average all the same: no step is too long where choices no
                more tell large ones apart, and 0 is then no more told from them.
        """
        precision = np.where(self.active, 1 / self.spread**2, 0.0)
        total = (
            np.diag(precision) * len(self.values) - precision[:, None] * self.covariance.sum(0) * precision
        )
        pull = precision * (self.values - self.mean).sum(0)
        total += np.diag(np.where(self.active, SURE * precision, 1.0))
        step = np.where(averaged & self.active, self.values.mean(0) - self.mean, 0.0)
        free = self.active & ~averaged
        step[free] = np.linalg.solve(total[np.ix_(free, free)], (pull - total @ step)[free])
        step[free] *= min(1.0, 1.0 / np.abs(step / self.spread)[free].max(initial=1e-9))
        mean: Floats = np.where(self.active, self.mean + step, 0.0)
        return mean

    def costs(self) -> Floats:
        """Compute the cost of dropping each coefficient to each person, in nats, `(n_participants,
        n_numbers)`; negative where it would gain.
        """
        variance = np.maximum(self.variance, LEAST**4)
        posterior = -(self.values**2) / variance - np.log(variance)
        prior = -((self.mean / self.spread) ** 2) - 2 * np.log(self.spread)
        costs: Floats = np.where(self.active, (prior - posterior) / 2, 0.0)
        return costs


class GroupPrior:
    """Numbers of many people under a prior that is their group's, found from all of them.

    Args:
        look: likelihood and bounds of `(n_tables, n_participants, n_numbers)`.

    Attributes:
        reached: the best group so far, with the terms that were come to last.
        averaged: numbers whose mean goes on by averages alone; see `GroupState.likeliest_mean`.
    """

    reached: GroupState | None = None
    averaged: Mask = np.zeros(1, bool)

    def __init__(self, look: Posterior) -> None:
        self.look = look

    def fit(self, values: Floats, prior: Prior) -> GroupState:
        """Return the best group that rounds lead to.

        Args:
            values: everybody's coefficients to begin with, `(n_participants, n_numbers)`.
            prior: to begin with.
        """
        n_people, n = values.shape
        nothing, all_of_them = np.zeros((n_people, n, n)), np.ones(n, bool)
        best = at = GroupState(values, nothing, prior.mean, prior.sd, all_of_them, -np.inf)
        for group in self.rounds(at):
            best = _better(best, group)
        return best

    def iterate_to_rest(self, at: GroupState) -> Generator[GroupState, None, GroupState]:
        """Return rounds until they gain no more; returns the best of them."""
        best = at._replace(log_evidence=-np.inf)
        for group in self.rounds(at):
            best = _better(best, group)
            if self.reached is None or (best.active == self.reached.active).all():
                self.reached = _better(self.reached or best, best)
            yield group
        return best

    def rounds(self, at: GroupState) -> Iterator[GroupState]:
        """Better and better groups, with the terms as they are."""
        values, mean, spread, best = at.values, at.mean, at.spread, None
        for _ in range(MOST_ROUNDS):
            group = self.people(values, mean, spread, at.active)
            yield group
            gain = np.inf if best is None else group.log_evidence - best.log_evidence
            if abs(gain) <= ENOUGH * len(values):
                return
            best = group if best is None or gain > 0 else best
            values = best.values
            average = values.mean(0)
            mean = best.likeliest_mean(self.averaged) if gain > 0 else average
            spread = np.sqrt(((values - average) ** 2 + best.variance).mean(0))
            spread = np.where(at.active, np.maximum(spread, LEAST), at.spread)

    def people(self, values: Floats, mean: Floats, spread: Floats, active: Mask) -> GroupState:
        """Every person's most likely numbers under a group's prior."""
        prior = Prior(mean, spread)
        values = np.where(active, values, 0.0)
        best = self.look.maximise(values[None], prior, active, STEPS)
        curvature = curvature_of(best.look.information[0], active, prior)
        covariance: Floats = np.asarray(np.linalg.inv(curvature), float) * (
            active[..., :, None] & active[..., None, :]
        )
        evidence = laplace(best.objective[0], curvature, prior, active).sum()
        return GroupState(best.values[0], covariance, mean, spread, active, float(evidence))


class _Coordinates(Posterior):
    """Coefficients as they are, weights of own values as their artanh, and betas of 1."""

    def __init__(self, likelihood: Likelihood, is_own: Mask, is_beta: Mask) -> None:
        super().__init__(likelihood)
        self.is_own, self.is_beta = is_own, is_beta

    def natural(self, values: Floats) -> Floats:
        """Coefficients and betas."""
        return np.where(self.is_beta, 1.0, np.where(self.is_own, np.tanh(values), values))

    def slopes(self, values: Floats, natural: Floats) -> Floats:
        """Compute their derivatives."""
        return np.where(self.is_own, 1 - natural**2, 1.0)


class Pool(GroupPrior):
    """Pools the numbers of all participants of a likelihood.

    Args:
        likelihood: of all participants' choices.
        parts: what each module does in the model.

    Attributes:
        is_beta: the betas that are 1 by convention.
    """

    def __init__(self, likelihood: Likelihood, parts: Mapping[str, ModuleRole]) -> None:
        self.likelihood, self.parts = likelihood, parts
        self.numbers = tuple(likelihood.numbers)
        stretched = {part.state for part in parts.values() if part.chosen is not False}
        held = [number.module in stretched for number in self.numbers]
        self.is_own, self.is_beta = likelihood.is_own, likelihood.is_beta & np.array(held, bool)
        self.is_free_beta = likelihood.is_beta & ~self.is_beta
        self.n_people = len(likelihood.participants)
        super().__init__(_Coordinates(likelihood, self.is_own, self.is_beta))
        self.averaged = self.is_own

    def start(self, width: float = WIDTHS[0]) -> GroupState:
        """All terms, before any choice was seen, with a spread to begin with."""
        n = len(self.numbers)
        mean, spread = np.where(self.is_own, OWN, 0.0), np.where(self.is_own, OWN, width)
        mean = np.where(self.is_free_beta, BETA, mean)
        values = np.tile(mean, (self.n_people, 1))
        return GroupState(values, np.zeros((self.n_people, n, n)), mean, spread, ~self.is_beta, -np.inf)

    def coefficients(self, values: Floats) -> Floats:
        """Coefficients and betas, from the coordinates of the pool."""
        return self.look.natural(values)

    def select(self, price: float | None = None) -> Generator[GroupState, None, GroupState]:
        """Pool the whole library, then without the term that is least worth its price, until all are.

        The worth of a term given the group's means is too high where another could take its part, and too low
        where Laplace's approximation is: a term goes if the evidence without it, the group found anew, is
        lower by less than its price.

        Args:
            price: of a number that a person really has, in nats; `PRICE` when None.

        Yields:
            Every round, so that whoever asks can tell how far it is and stop.

        Returns:
            The last round.
        """
        at = yield from self.fit_with_restarts(~self.is_beta)
        if (level := levels(self.numbers, self.parts)).any():
            other = yield from self.fit_with_restarts(~self.is_beta & ~level)
            at = _better(at, other)
        stays = self.is_free_beta.copy()
        while True:
            self.reached = at
            costs, prices = at.costs().sum(0), self.prices(at, price)
            excess = np.where(at.active & ~stays, costs - prices, np.inf)
            worst = int(excess.argmin())
            if not costs[worst] < DOUBTED * prices[worst] or stays[worst] or not at.active[worst]:
                return at
            may_go = np.flatnonzero(excess < 0).tolist()
            worst = constant_to_drop(self.numbers, self.parts, worst, may_go)
            expected = at.log_evidence - costs[worst]
            other = yield from self.iterate_to_rest(at.without(worst))
            if other.log_evidence < expected - SLACK * self.n_people and worst in may_go:  # a dead end
                again = yield from self.fit_with_restarts(other.active)
                other = _better(other, again)
            if at.log_evidence - other.log_evidence < prices[worst]:
                at = other
            else:
                stays[worst] = True

    def prices(self, at: GroupState, price: float | None = None) -> Floats:
        """Return the penalty of each term, in nats for the whole group, `(n_numbers,)`."""
        group = np.log(
            max(self.likelihood.n_choices.sum(), 1)
        )  # half of it for the mean, half for the spread
        prices: Floats = group + (PRICE if price is None else price) * (1 - at.shrinkage).sum(0)
        return prices

    def fit_with_restarts(self, active: Mask) -> Generator[GroupState, None, GroupState]:
        """Return the best that several beginnings lead to, with some terms."""
        best = self.start()._replace(active=active)
        for width in WIDTHS:
            other = yield from self.iterate_to_rest(self.start(width)._replace(active=active))
            best = _better(best, other)
        return best

    def prune_individuals(self, at: GroupState) -> GroupState:
        """Return the group with every person's own terms: without those of which a person's choices, given
        the group, would rather have none.
        """
        at = at._replace(active=np.broadcast_to(at.active, at.values.shape).copy())
        while True:
            costs = np.where(at.active, at.costs(), np.inf)
            worst = costs.argmin(1)
            less = np.flatnonzero(costs[np.arange(len(costs)), worst] < 0)
            if not len(less):
                return at
            active = at.active.copy()
            active[less, worst[less]] = False
            at = self.people(at.values, at.mean, at.spread, active)


def _better(one: GroupState, other: GroupState) -> GroupState:
    return other if other.log_evidence > one.log_evidence else one
