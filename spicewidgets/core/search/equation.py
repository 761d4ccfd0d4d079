"""An equation of terms, fitted to people under the prior of their group.

The logit of an option is the sum of its terms, each with a weight of each person; a term may have rates of
each person, too. Both are pooled over people (`discover/pooling.py`), weights as they are and rates by their
log-odds.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from ..discover.likelihood import Derivatives
from ..discover.maximum import Prior
from ..discover.pooling import LEAST, MOST_ROUNDS, GroupPrior, GroupState
from ..discover.posterior import Posterior
from .table import ChoiceTable, Floats, Mask, above_first
from .terms import Term

FAR = 5.0  # log-odds of a rate, at most
STEP = 1e-3  # of the derivative by the log-odds of a rate
NEVER = -1e9  # logit of an option that is not on offer
LEAST_WIDE = 0.05  # of a spread to begin with
ENOUGH = 0.005  # nats for each person: a round that gains less is the last one
RARE = 1e-6  # of information
STRIDES = np.array([0.25, 0.5, 0.7, 0.85, 1.0, 1.2, 1.4, 2.0, 4.0])  # of a spread in a round
TINY = 1e-300  # of P, in logarithms
WIDE = 1.0  # spread of a number to begin with, where nothing is known of it


@dataclass(frozen=True)
class Columns:
    """Numbers of each person: the weights of all terms, then the rates of those that have their own.

    Attributes:
        terms: of the equation.
    """

    terms: tuple[Term, ...]

    @property
    def rates(self) -> tuple[tuple[int, int], ...]:
        """The place of the term of each own rate, and its place among the rates of that."""
        return tuple(
            (place, rate)
            for place, term in enumerate(self.terms)
            if term.free
            for rate in range(len(term.carrier.rates))
        )

    def __len__(self) -> int:
        return len(self.terms) + len(self.rates)

    def rates_of(self, place: int) -> list[int]:
        """Return the columns of the own rates of a term."""
        return [len(self.terms) + i for i, (term, _) in enumerate(self.rates) if term == place]


class EquationLikelihood:
    """ln L of people's choices under an equation.

    Args:
        table: the choices.
        terms: of the equation.
        counted: which choices count, `(n_people, n_rows)`.

    Attributes:
        columns: what the numbers are.
        scale: of each term: by how much it differs between options; weights are those of terms that are
            divided by it.
    """

    def __init__(self, table: ChoiceTable, terms: Sequence[Term], counted: Mask) -> None:
        self.table, self.columns, self.counted = table, Columns(tuple(terms)), counted & table.known
        self._factors = [table.factors_of(term) for term in terms]
        self._fixed = {
            place: self._product(place, table.reading(term.carrier))
            for place, term in enumerate(terms)
            if not term.free
        }
        self._carriers: dict[int, tuple[bytes, Floats]] = {}
        usual = [
            self._fixed[place] if place in self._fixed else self._product(place, table.reading(term.carrier))
            for place, term in enumerate(terms)
        ]
        self.scale = np.array([spread_of(one, table.known) for one in usual])
        self._fixed = {place: one / self.scale[place] for place, one in self._fixed.items()}

    def _product(self, place: int, carrier: Floats) -> Floats:
        return carrier * self._factors[place][..., None]

    def __call__(self, tables: Floats) -> Derivatives:
        """Evaluate it at `(n_tables, n_people, n_numbers)`."""
        parts = [self._evaluate(values) for values in tables]
        return Derivatives(*(np.stack(part) for part in zip(*parts, strict=True)))

    def _evaluate(self, values: Floats) -> tuple[Floats, Floats, Floats]:
        design = self.design(values)
        p = self.probabilities(values, design)
        rest = ((self.table.chosen - p) * self.counted[..., None]).reshape(len(p), 1, -1)
        gradient = (rest @ design.reshape(len(p), -1, design.shape[-1]))[:, 0]
        return self.nll(p, self.counted), gradient, information_of(design, p, self.counted)

    def nll(self, p: Floats, counted: Mask) -> Floats:
        """Compute -ln P of choices that count in nats, `(n_people,)`, by P of all options but the first."""
        chosen = self.table.chosen
        own = np.where(chosen[..., 0] > 0, p[..., 0], 1 - p[..., 0])
        if p.shape[-1] > 1:
            first = 1 - chosen.sum(-1)
            own = (p * chosen).sum(-1) + first * (1 - p.sum(-1))
        nats: Floats = -(np.log(np.maximum(own, TINY)) * counted).sum(-1)
        return nats

    def terms_at(self, values: Floats) -> list[Floats]:
        """Return each term before each choice, `(n_people, n_rows, n_others)`, over its scale."""
        return [self._term(place, values)[0] for place in range(len(self.columns.terms))]

    def _term(self, place: int, values: Floats) -> Floats:
        """Return a term, then its derivatives by the log-odds of its own rates."""
        if place in self._fixed:
            return self._fixed[place][None]
        columns, term = self.columns.rates_of(place), self.columns.terms[place]
        at = values[:, columns]
        if place in self._carriers and self._carriers[place][0] == at.tobytes():
            return self._carriers[place][1]
        moved = np.concatenate(
            [np.zeros((1, len(columns))), STEP * np.eye(len(columns)), -STEP * np.eye(len(columns))]
        )
        rates = expit(at[self.table.people] + moved[:, None])  # of each session
        signal = term.carrier.declaration
        run = self.table.run(signal, [rates[..., i : i + 1] for i in range(len(columns))])
        whole = self.table.of_rows(above_first(term.carrier.of(run)))
        whole = self._product(place, whole) / self.scale[place]
        n = len(columns)
        result = np.concatenate([whole[:1], (whole[1 : n + 1] - whole[n + 1 :]) / (2 * STEP)])
        self._carriers[place] = at.tobytes(), result
        return result

    def design(self, values: Floats) -> Floats:
        """Return the derivatives of the logits by all numbers, `(n_people, n_rows, n_others, n_numbers)`."""
        design = np.empty((*self.table.chosen.shape, len(self.columns)))
        for place in range(len(self.columns.terms)):
            term = self._term(place, values)
            design[..., place] = term[0]
            for column, slope in zip(self.columns.rates_of(place), term[1:], strict=True):
                design[..., column] = slope * values[:, place, None, None]
        return design

    def probabilities(self, values: Floats, design: Floats | None = None) -> Floats:
        """Compute P of each option but the first in each choice, `(n_people, n_rows, n_others)`."""
        design = self.design(values) if design is None else design
        n, people, offered = len(self.columns.terms), len(values), self.table.offered
        flat = design.reshape(people, -1, design.shape[-1])[..., :n]
        logits: Floats = np.reshape(flat @ values[:, :n, None], design.shape[:-1])
        if offered is None and logits.shape[-1] == 1:
            return np.asarray(expit(logits))
        logits = np.concatenate([np.zeros_like(logits[..., :1]), logits], -1)
        logits = logits if offered is None else np.where(offered, logits, NEVER)
        p: Floats = np.exp(logits - logits.max(-1, keepdims=True))
        others: Floats = p[..., 1:] / p.sum(-1, keepdims=True)
        return others


def spread_of(values: Floats, known: Mask) -> float:
    """Compute by how much values differ between options, as a root of the mean square; they are above the
    first option.
    """
    n = values.shape[-1] + 1
    square = (values**2).sum(-1) - values.sum(-1) ** 2 / n
    return float(np.sqrt(square[known].mean())) or 1.0


def information_of(design: Floats, p: Floats, counted: Mask) -> Floats:
    """Compute the expected information of numbers, `(n_people, n_numbers, n_numbers)`."""
    people, _, others, n = design.shape
    if others == 1:
        column = design[:, :, 0]
        weighted = column * (p * (1 - p) * counted[..., None])
        return np.asarray(np.swapaxes(column, 1, 2) @ weighted)
    weighted = design * (p * counted[..., None])[..., None]
    mean = weighted.sum(2)
    whole = np.swapaxes(design.reshape(people, -1, n), 1, 2) @ weighted.reshape(people, -1, n)
    return np.asarray(whole - np.swapaxes(mean, 1, 2) @ mean)


@dataclass(frozen=True, eq=False)
class FittedEquation:
    """An equation with everybody's numbers.

    Attributes:
        likelihood: of the choices that it was fitted to.
        group: people and their prior.
    """

    likelihood: EquationLikelihood
    group: GroupState

    @property
    def terms(self) -> tuple[Term, ...]:
        """Terms of the equation."""
        return self.likelihood.columns.terms

    @property
    def evidence(self) -> float:
        """Evidence: ln p(choices), with everybody's numbers integrated out (Laplace)."""
        return self.group.log_evidence

    @property
    def n_numbers(self) -> int:
        """Numbers of each person."""
        return len(self.likelihood.columns)

    def nll(self, counted: Mask) -> Floats:
        """Compute -ln P of some choices in nats, `(n_people,)`."""
        likelihood = self.likelihood
        return likelihood.nll(likelihood.probabilities(self.group.values), counted & likelihood.table.known)


def best_groups(score: Floats, information: Floats, spreads: Floats) -> tuple[Floats, Floats, Floats]:
    """Find the group whose people have some likelihoods of a number, each normal in it.

    Args:
        score: slope of every person's ln L at 0, `(n_people, n)`.
        information: curvature of it, of the same shape.
        spreads: that are tried, `(n_spreads, n)`.

    Returns:
        Gain in ln p(choices) over a number that is 0 for all, mean and spread of the best group, each `(n,)`.
    """
    best = np.full(score.shape[1], -np.inf)
    mean, spread = np.zeros_like(best), np.zeros_like(best)
    for one in spreads:
        shrunk = 1 + one**2 * information
        precision, weighted = (information / shrunk).sum(0), (score / shrunk).sum(0)
        middle = np.where(precision > RARE, weighted / np.maximum(precision, RARE), 0.0)
        gain = (score**2 * one**2 / shrunk - np.log(shrunk)).sum(0) / 2 + middle * weighted / 2
        better = gain > best
        best, mean = np.where(better, gain, best), np.where(better, middle, mean)
        spread = np.where(better, one, spread)
    return best, mean, spread


class _Group(GroupPrior):
    """A group whose spreads go further in a round than by expectation maximisation, to the same end."""

    def rounds(self, at: GroupState) -> Iterator[GroupState]:
        """Yield better and better groups."""
        values, mean, spread, last = at.values, at.mean, at.spread, -np.inf
        for _ in range(MOST_ROUNDS):
            group = self.people(values, mean, spread, at.active)
            yield group
            if not group.log_evidence - last > ENOUGH * len(values):
                return
            values, last = group.values, group.log_evidence
            precision = 1 / np.maximum(group.variance, RARE)
            information = np.maximum(precision - spread**-2.0, RARE)  # of the choices alone
            score = values * precision - mean * spread**-2.0
            _, mean, spread = best_groups(score, information, STRIDES[:, None] * spread)
            spread = np.maximum(spread, LEAST)


def fit_equation(
    table: ChoiceTable,
    terms: Sequence[Term],
    counted: Mask,
    start: FittedEquation | None = None,
    first: tuple[float, float] | None = None,
    instead: tuple[Term, Term] | None = None,
) -> Iterator[FittedEquation]:
    """Fit an equation to people; yields each round, the best of which is the last.

    Args:
        table: the choices.
        terms: of the equation.
        counted: the choices to fit to.
        start: a fitted equation whose numbers are begun with, for terms that it has, too.
        first: mean and spread of the weights of terms that are new; around 0, where nothing is known.
        instead: a term of the start, and the one that stands for it now, with the same weights and, of its
            rates, the same first ones.
    """
    likelihood = EquationLikelihood(table, terms, counted)
    columns = likelihood.columns
    n = len(columns)
    mean, spread = np.zeros(n), np.full(n, WIDE)
    values = np.zeros((table.n_people, n))
    if first is not None:
        mean[: len(terms)] = first[0] * likelihood.scale
        spread[: len(terms)] = np.clip(first[1] * likelihood.scale, LEAST_WIDE, WIDE)
    for i, (place, rate) in enumerate(columns.rates):
        mean[len(terms) + i] = logit(terms[place].carrier.rates[rate])
    values[:, len(terms) :] = mean[len(terms) :]
    if start is not None:
        for here, there in _match_columns(columns, start.likelihood.columns, instead):
            mean[here], spread[here] = start.group.mean[there], max(start.group.spread[there], LEAST_WIDE)
            values[:, here] = start.group.values[:, there]
    low, high = np.full(n, -np.inf), np.full(n, np.inf)
    low[len(terms) :], high[len(terms) :] = -FAR, FAR
    pool = _Group(Posterior(likelihood, Prior(mean, spread), low, high))
    nothing = np.zeros((table.n_people, n, n))
    at = GroupState(values, nothing, mean, spread, np.ones(n, bool), -np.inf)
    best: GroupState | None = None
    for group in pool.rounds(at):
        best = group if best is None or group.log_evidence > best.log_evidence else best
        yield FittedEquation(likelihood, best)


def _match_columns(
    here: Columns, there: Columns, instead: tuple[Term, Term] | None
) -> Iterator[tuple[int, int]]:
    """Yield columns of the same numbers in two equations."""
    bare = [(term.carrier, term.factors) for term in there.terms]
    for place, term in enumerate(here.terms):
        old = instead[0] if instead is not None and term == instead[1] else term
        if (old.carrier, old.factors) not in bare:
            continue
        other = bare.index((old.carrier, old.factors))
        yield place, other
        if term.free and there.terms[other].free:
            yield from zip(here.rates_of(place), there.rates_of(other), strict=False)
