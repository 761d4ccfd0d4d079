"""Which terms an equation has: those that the choices would miss.

A threshold on a coefficient's size asks the wrong question: a constant of 0.04 can be certain, and one of
0.10 noise. Here a term stays if, without it and with all other numbers moved to make up for it, the choices
would be less likely by more than its price in nats. All numbers are tuned by penalised likelihood in the
model's own forward pass. The search begins with every candidate term and removes one after the other; the
sets that it passes are kept, so that another price needs no new search.

**The price** of a term is ½ ln(n / 20) nats of n choices, unless set. That is the Bayesian information
criterion (Schwarz 1978) under a prior that knows as much as 20 choices tell, where the criterion's own knows
as much as one (Kass & Wasserman 1995): one choice leaves nearly any coefficient open, and a few hundred
choices could then hardly ask for a term. It is never less than 1 nat, which is what a number must gain to
predict new choices (Akaike 1973). For the weight of a module's own value even that prior is too wide, since
values that neither grow nor swing have weights between 0 and 1. Its prior has mean and variance of the
uniform distribution there, and its price is Laplace's approximation of the evidence (MacKay 1992) under that
prior, `½ ln(1 + information / 12)`, where that is less, and where the module has no power of its own value. A
product costs more, and is believed only with the terms that it is made of: `hierarchy.py`.

**Stability.** A weight beyond ±1 is held there, unless the choices insist on it by more than 10 nats (odds of
20,000 to 1): a few hundred choices often seem to ask for a little more than 1, and pay dearly for it later.

**Scale.** Where a state can be stretched and its beta divided by the same factor without any choice becoming
more or less likely, the scale is that of `canonical.py` in all sets of terms: a tie between two numbers.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .canonical import ModuleRole, Tie, constant_to_drop, in_scale, rescale, ties_of
from .hierarchy import bends, degrees_of, parents_of, rarity_of
from .likelihood import Derivatives, ParameterId
from .maximum import LIMITS, Limits, Maximum, Prior, curvature_of, maximise, newton_step

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

UNIT = 20  # choices that tell as much as is known of a coefficient beforehand
LEAST = 1.0  # nats: price of a term, however few choices there are
WIDE = 5.0  # standard deviation of the prior of coefficients and betas: hardly any
KEEPS = 0.5, 12**-0.5  # prior of own-value weights: mean and standard deviation of the uniform one on 0..1
FADES = 0.02  # least 1 - w for which a state has a scale of its own
SMALL = 0.1, 0.125  # factors by which a state is stretched to see whether that is a freedom
SAME = 1e-7  # nats per choice: a stretching that changes more is no freedom
BEYOND = 20.0  # prices: a term that costs more than so many is not tried again soon
NEAR = 20.0  # nats: a line to 0 is followed for no term that is expected to cost more
INSISTENT = 10.0  # nats by which choices ask for a weight beyond ±1 before it is believed
MOVES = 6  # from a set of terms to one with demands
ALIKE = 1.0  # nats: of two constants that go at costs so close, the convention says which
FLOOR = 1e-12
EXACT = 1e-9  # nats: a step that gains less is the last one of the chosen terms' climb


def price_of(n_choices: float) -> float:
    """Return the penalty of a term of at most one factor at so many choices, in nats, unless set:
    ½ ln(n / 20), or 1 where that is less.
    """
    return max(LEAST, 0.5 * float(np.log(max(n_choices, UNIT) / UNIT)))


class SearchStep(NamedTuple):
    """A set of terms on the search's way, and the numbers that fit it best.

    Attributes:
        active: which numbers are in the equations, `(n_numbers,)`; betas always are.
        held: which of them are held, at a bound or where they were.
        values: of all numbers, 0 for a term that is not there.
        objective: -ln L plus the prior's penalty, in nats.
        nll: -ln L, in nats.
        gradient: of ln L by all numbers.
        information: of the choices about all numbers.
        prices: of each number, in nats.
    """

    active: Mask
    held: Mask
    values: Floats
    objective: float
    nll: float
    gradient: Floats
    information: Floats
    prices: Floats


@dataclass
class TermSearch:
    """The search for one participant's terms.

    Args:
        look: the participant's likelihood, of tables `(n_tables, 1, n_numbers)`.
        numbers: what each number means.
        n_choices: how many choices there are.
        parts: what each module does.
    """

    look: Callable[[Floats], Derivatives]
    numbers: Sequence[ParameterId]
    n_choices: float
    parts: Mapping[str, ModuleRole]
    path: list[SearchStep] = field(default_factory=list)
    near_by: list[SearchStep] = field(default_factory=list)  # sets that were passed by, one term less

    def __post_init__(self) -> None:
        self.is_term = np.array([number.term is not None for number in self.numbers])
        self.is_own = np.array([number.term == (number.module,) for number in self.numbers])
        self.prior = Prior(np.where(self.is_own, KEEPS[0], 0.0), np.where(self.is_own, KEEPS[1], WIDE))
        self.degrees, self.rarity = np.maximum(degrees_of(self.numbers), 1), rarity_of(self.numbers)
        self.parents, self.bends = parents_of(self.numbers), bends(self.numbers)
        self.ties: list[Tie] = []
        self.fixed: list[int] = []  # betas that stay as they are

    @property
    def full_price(self) -> float:
        """Of a term of at most one factor about whose size hardly anything is known beforehand, in nats,
        unless set.
        """
        return price_of(self.n_choices)

    def run(self, start: Floats, candidates: Mask) -> None:
        """Pass all sets of terms on the way from all candidates to few.

        Args:
            start: where the numbers begin, `(n_numbers,)`.
            candidates: which terms may be there at all.
        """
        start = np.where(self.is_own, start.clip(-1, 1), start)
        step = self._fit_in_canonical_scale(candidates | ~self.is_term, start)
        self.path = [step]
        while (smaller := self._smaller(step)) is not None:
            step = smaller
            self.path.append(step)

    def best(self, price: float | None = None) -> SearchStep:
        """Return the set on the way whose likelihood is worth the price of its terms, `price_of` when
        None.
        """
        return min(self.path, key=lambda step: self.total(step, price))

    def total(self, step: SearchStep, price: float | None = None) -> float:
        """Return the objective that the search minimises, in nats: -ln L, the prior's penalty, and the
        penalties of terms.
        """
        return step.objective + float(self.prices_at(step, price)[step.active & self.is_term].sum())

    def climb_to_top(self, step: SearchStep) -> SearchStep:
        """Return a set of terms with its best numbers, so well that it no more matters where they began: the
        climbs of a search end as soon as they can tell sets of terms apart.
        """
        (top,) = self._fit(step.values[None], step.active[None], step.held[None], enough=EXACT)
        return self._bound_weights(top)

    def near(self, step: SearchStep, keep: Mask, drop: Mask, price: float | None = None) -> SearchStep:
        """Return a set of terms with some that must be in it and some that must not, a few moves from another
        one: each adds the term that gains most beyond its price, or removes the one that is least worth it. A
        product that is added brings the terms of which it is made, but for those that must not be there.

        Args:
            step: where it begins.
            keep: which terms must be there, `(n_numbers,)`.
            drop: which must not, `(n_numbers,)`.
            price: as in `prices_at`.
        """
        parents = self.parents & ~drop
        while (more := parents[keep].any(0) & ~keep).any():
            keep = keep | more
        step = self.refit_bounded((step.active | keep) & ~drop, step.values)
        for _ in range(MOVES):
            prices = self.prices_at(step, price)
            closed = step.active | drop | (parents & ~step.active).any(1)
            gains = np.where(closed, -np.inf, self.gains(step) - prices)
            if gains.max() > 0:
                more = step.active.copy()
                more[gains.argmax()] = True
                step = self.refit_bounded(more, step.values)
                continue
            rests = self._without(step, self._loose(step) & ~keep, step.objective + BEYOND * self.full_price)
            excess = {i: rest.objective - step.objective - prices[i] for i, rest in rests.items()}
            worst = min(excess, key=lambda i: excess[i], default=-1)
            if worst < 0 or excess[worst] >= 0:
                break
            step = self._bound_weights(rests[worst])
        return step

    def prices_at(self, step: SearchStep, price: float | None = None) -> Floats:
        """Price of each number in a set of terms, in nats, given that of a term of at most one factor."""
        if price is None:
            return step.prices
        return np.where(self.is_own, np.minimum(step.prices, price), price + self.rarity)

    def costs(self, step: SearchStep) -> dict[int, float]:
        """Compute the cost of dropping each term, in nats, after a refit of the others."""
        rests = self._without(step, step.active & self.is_term)
        return {i: rest.objective - step.objective for i, rest in rests.items()}

    def gains(self, step: SearchStep) -> Floats:
        """Compute the gain of adding each absent term, in nats, with the others refitted; to second order.

        To come nearer to the prior's mean is no gain: an absent term has no prior. A loss is 0.
        """
        gains = np.zeros(len(self.numbers))
        look = Derivatives(np.array(0.0), step.gradient, step.information)
        for i in np.flatnonzero(~step.active):
            active = step.active.copy()
            active[i] = True
            free, basis = self._moves(active[None], step.held[None])
            gain = newton_step(step.values, look, free[0], self.prior, basis[0])[1]
            beforehand = self.prior.penalty(step.values, np.arange(len(step.active)) == i)
            gains[i] = np.maximum(gain - beforehand, 0.0)
        return gains

    def covariance(self, step: SearchStep) -> Floats:
        """Posterior covariance of the numbers (Laplace); 0 for those that are held or not there."""
        return self._covariance(step.information, step.active, step.held)

    # Numbers of given terms.

    def _covariance(self, information: Floats, active: Mask, held: Mask) -> Floats:
        free, basis = self._moves(active[None], held[None])
        inverse = np.linalg.inv(curvature_of(information, free[0], self.prior, basis[0]))
        covariance: Floats = basis[0] @ (inverse * np.outer(free[0], free[0])) @ basis[0].T
        return covariance

    def _moves(self, active: Mask, held: Mask) -> tuple[Mask, Floats]:
        """Which numbers move by themselves in several sets of terms, and the ties of the others to them."""
        free = active & ~held
        free[:, self.fixed] = False
        basis = np.repeat(np.eye(len(self.numbers))[None], len(active), 0)
        for tie in self.ties:
            there = active[:, tie.drive]
            free[~there, tie.beta] = False
            free[there, tie.drive] = False
            basis[there, tie.drive, tie.drive] = 0
            for other in tie.others:
                basis[there & free[:, other], tie.drive, other] = -1
        return free, basis

    def _fit(
        self,
        starts: Floats,
        active: Mask,
        held: Mask,
        hopeless: float = np.inf,
        enough: float = LIMITS.enough,
    ) -> list[SearchStep]:
        """Return the best numbers of several sets of terms; one row for each."""
        starts = np.where(active, starts, 0.0)
        for tie in self.ties:
            starts[:, tie.drive] = np.where(active[:, tie.drive], tie.drive_of(starts), 0.0)
        held = held & active
        free, basis = self._moves(active, held)
        rows = starts[:, None], free[:, None]
        best = maximise(self.look, *rows, self.prior, basis[:, None], hopeless, Limits(enough=enough))
        return [self._step(best, row, active[row], held[row]) for row in range(len(active))]

    def _fit_in_canonical_scale(self, active: Mask, start: Floats) -> SearchStep:
        """All terms with their best numbers, in the canonical scale."""
        self.fixed = [tie.beta for tie in ties_of(self.numbers, self.parts)]
        step = self.refit_bounded(active, start)
        freedoms = [beta for beta in self.fixed if self._may_stretch(beta, step.values)]
        if freedoms != self.fixed:
            self.fixed = freedoms
            step = self.refit_bounded(active, step.values)
        values = step.values
        for tie in ties_of(self.numbers, self.parts):
            if tie.beta not in self.fixed:
                continue
            stretched = in_scale(self.numbers, values, self.parts, tie, FADES)
            if stretched is not None:
                values = stretched
                self.ties.append(tie)
                self.fixed.remove(tie.beta)
        return self.refit_bounded(active, values) if self.ties else step

    def _may_stretch(self, beta: int, values: Floats) -> bool:
        """Tell whether a state's scale is a freedom: no choice is more or less likely after a stretch. Tried
        with small values, since a model keeps large ones within bounds.
        """
        state = self.numbers[beta].module
        tables = [rescale(self.numbers, values, self.parts, state, factor) for factor in SMALL]
        if any(table is None for table in tables):
            return False
        nll = self.look(np.stack([table[None] for table in tables if table is not None])).nll[:, 0]
        return bool(np.isfinite(nll).all() and abs(nll[1] - nll[0]) <= SAME * self.n_choices)

    def refit_bounded(self, active: Mask, start: Floats) -> SearchStep:
        """Return a set of terms with its best numbers, weights within ±1 unless the choices insist."""
        return self._bound_weights(self._fit(start[None], active[None], np.zeros_like(active)[None])[0])

    def _bound_weights(self, step: SearchStep) -> SearchStep:
        while (beyond := self._beyond(step)).any():
            worst = int(np.where(beyond, np.abs(step.values), 0).argmax())
            held, values = step.held.copy(), step.values.copy()
            held[worst], values[worst] = True, np.sign(values[worst])
            (bounded,) = self._fit(values[None], step.active[None], held[None])
            if bounded.objective - step.objective > INSISTENT:
                break  # the choices insist
            step = bounded
        return step

    def _beyond(self, step: SearchStep) -> Mask:
        return self.is_own & step.active & ~step.held & (np.abs(step.values) > 1)

    def _step(self, best: Maximum, row: int, active: Mask, held: Mask) -> SearchStep:
        look = Derivatives(*(part[row, 0] for part in best.look))
        objective, nll = float(best.objective[row, 0]), float(look.nll)
        prices = self._prices(look.information, active, held)
        return SearchStep(
            active, held, best.values[row, 0], objective, nll, look.gradient, look.information, prices
        )

    def _prices(self, information: Floats, active: Mask, held: Mask) -> Floats:
        posterior = np.diag(self._covariance(information, active, held))
        laplace = 0.5 * np.log(np.maximum(self.prior.sd**2 / np.maximum(posterior, FLOOR), 1.0))
        laplace = np.where(posterior > 0, laplace, 0.0)
        fades = self.is_own & ~self.bends[:, active].any(1)
        prices: Floats = np.where(fades, np.minimum(laplace, self.full_price), self.full_price)
        return prices + self.rarity

    # One term less.

    def _loose(self, step: SearchStep) -> Mask:
        """Mark the terms that can go: those of which no product that is there is made."""
        loose: Mask = step.active & self.is_term & ~self.parents[step.active].any(0)
        return loose

    def _without(self, step: SearchStep, may: Mask, hopeless: float = np.inf) -> dict[int, SearchStep]:
        """Fit the equations without each of some of their terms."""
        terms = np.flatnonzero(may)
        if not len(terms):
            return {}
        covariance = self.covariance(step)
        active, held = (np.repeat(mask[None], len(terms), 0) for mask in (step.active, step.held))
        starts = np.repeat(step.values[None], len(terms), 0)
        rows = np.arange(len(terms))
        active[rows, terms] = held[rows, terms] = False
        variance = np.diag(covariance)[terms]
        near = step.values[terms] ** 2 < 2 * NEAR * variance
        along = covariance[terms] / np.where(near, variance, 1.0)[:, None]
        starts -= np.where(near[:, None], along * step.values[terms, None], 0.0)
        starts = np.where(self.is_own, starts.clip(-1, 1), starts)
        rests = self._fit(starts, active, held, hopeless)
        gone_wrong = [
            row
            for row, rest in enumerate(rests)
            if rest.objective - step.objective
            > 5 + 2 * step.values[terms[row]] ** 2 / max(variance[row], FLOOR)
        ]
        if gone_wrong:
            plain = np.repeat(step.values[None], len(gone_wrong), 0)
            again = self._fit(plain, active[gone_wrong], held[gone_wrong], hopeless)
            for row, rest in zip(gone_wrong, again, strict=True):
                rests[row] = min(rest, rests[row], key=lambda s: s.objective)
        return dict(zip(terms.tolist(), rests, strict=True))

    def _smaller(self, step: SearchStep) -> SearchStep | None:
        """Return the next set on the way: without the term that is least worth its price; of those that are
        not worth it, one of the highest degree.
        """
        rests = self._without(step, self._loose(step), step.objective + BEYOND * self.full_price)
        if not rests:
            return None
        self.near_by += rests.values()
        excess = {i: rest.objective - step.objective - step.prices[i] for i, rest in rests.items()}
        highest = max((self.degrees[i] for i in excess if excess[i] < 0), default=1)
        excess = {i: worth for i, worth in excess.items() if worth >= 0 or self.degrees[i] == highest}
        best = min(excess, key=lambda i: excess[i])
        alike = [i for i in excess if excess[i] < min(0.0, excess[best] + ALIKE)]
        chosen = constant_to_drop(self.numbers, self.parts, best, alike)
        rest = rests[chosen]
        if rest.objective - step.objective > BEYOND * self.full_price:
            return None
        return self._bound_weights(rest)
