"""The score of every term that an equation might have, in one pass.

At the top of a fitted equation the weight of a further term has a score `g = sum x (y - P)` and an
information `sum x^2 P (1 - P)`, less what numbers within the equation can do instead (a Schur complement;
Rao 1948, Mathematical Proceedings of the Cambridge Philosophical Society 44: 50). Person by person these
describe a normal likelihood of the weight, of which the best group, `N(mean, spread^2)`, follows; so the gain
in ln p(choices) is known to second order without a fit. Products of two signals of the session are not even
made: sums over them are products of matrices.
"""

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np

from ..discover.maximum import Prior, curvature_of
from .equation import RARE, FittedEquation, best_groups
from .table import Floats, moments
from .terms import ALWAYS, CARRIERS, FACTORS, STAY, Reading, Term, sides

SPREADS = np.array([0.0, 0.1, 0.2, 0.4, 0.7, 1.2, 2.0])  # of a weight, in errors of a person
LEAST = 0.02  # of its information, that a term must have beyond what is there
ROUND_ABOUT = 0.1  # nats by which a form of a signal must be better than the signal as it is
LENGTHS = 3  # of terms: with no, one or two factors


@dataclass(frozen=True, eq=False)
class Scores:
    """Terms that are not there, and what each would bring; arrays are `(n_terms,)`.

    Attributes:
        terms: which.
        gain: in ln p(choices), in nats.
        mean, spread: of the group's weights, over the scale of the term.
    """

    terms: list[Term]
    gain: Floats
    mean: Floats
    spread: Floats

    def choice_of(self, term: Term) -> float:
        """Return the penalty for the choice of a term, in nats: among those as long, and of a length."""
        alike = sum(len(one.factors) == len(term.factors) for one in self.terms)
        return float(np.log(LENGTHS * alike))

    def gain_of(self, signal: str) -> float:
        """Return the gain by the best term that is one signal alone, in nats; -inf where there is none."""
        own = [
            gain
            for gain, term in zip(self.gain, self.terms, strict=True)
            if term.carrier.signal == signal and not term.factors
        ]
        return float(max(own, default=-np.inf))

    def in_order(self, n: int) -> list[int]:
        """Return the places of the terms to fit, each of other signals: the best of each length, then the n
        best others.
        """
        lengths = np.array([len(term.factors) for term in self.terms])
        choice = np.log(np.bincount(lengths, minlength=LENGTHS))[lengths]
        choice = choice + ROUND_ABOUT * np.array([term.n_forms for term in self.terms])
        order = np.argsort(choice - self.gain, kind="stable")
        places: dict[frozenset[str], int] = {}
        gains: list[float] = []
        first = [next((at for at in order if lengths[at] == length), None) for length in range(LENGTHS)]
        known = sorted((at for at in first if at is not None), key=order.tolist().index)
        for place in (*known, *order):
            if len(places) == len(known) + n:
                break
            signals, gain = self.terms[place].signals, float(self.gain[place])
            if signals not in places and not np.isclose(gain, gains, rtol=1e-9).any():
                places[signals] = int(place)
                gains.append(gain)
        return list(places.values())


def score_terms(fit: FittedEquation) -> Generator[None, None, Scores]:
    """Score all terms; yields after each person."""
    likelihood, table = fit.likelihood, fit.likelihood.table
    values, group = fit.group.values, fit.group
    design = likelihood.design(values)
    p = likelihood.probabilities(values, design)
    counted = likelihood.counted
    information = likelihood(values[None]).information[0]
    inverse = np.linalg.inv(curvature_of(information, group.active, Prior(group.mean, group.spread)))
    there = {(term.carrier, term.factors) for term in fit.terms}

    multiplied: list[tuple[Reading, Floats]] = [(one, table.reading(one)) for one in ALWAYS]
    known = {one for one, _ in multiplied}
    for place, values_of in enumerate(likelihood.terms_at(values)):
        term = fit.terms[place]
        if not term.factors and term.carrier not in known:
            multiplied.append((term.carrier, values_of))
            known.add(term.carrier)
    alone = [*sides(table.n_options), *CARRIERS]
    upper = np.triu_indices(len(FACTORS))
    n_terms = len(alone) + len(multiplied) * len(FACTORS) + len(upper[0])
    score = np.zeros((table.n_people, n_terms))
    own = np.zeros_like(score)
    left = np.zeros_like(score)
    carriers = [table.reading(one) for one in alone]
    for person in range(table.n_people):
        rows = counted[person]
        if rows.any():
            parts = _score_person(
                table.factors[person, rows],
                [one[person, rows] for one in carriers],
                [one[person, rows] for _, one in multiplied],
                design[person, rows],
                p[person, rows],
                (table.chosen - p)[person, rows],
                inverse[person],
                upper,
            )
            score[person], own[person], left[person] = parts
        yield
    terms = [Term(one) for one in alone]
    terms += [Term(one, (factor,)) for one, _ in multiplied for factor in FACTORS]
    terms += [Term(Reading(STAY), (FACTORS[i], FACTORS[j])) for i, j in zip(*upper, strict=True)]
    useful = left.sum(0) > np.maximum(LEAST * own.sum(0), RARE)
    useful &= np.array([(term.carrier, term.factors) not in there for term in terms])
    places = np.flatnonzero(useful)
    size = 3 * np.sqrt(table.n_people / np.maximum(own.sum(0), RARE))  # thrice the error of one person
    spreads = SPREADS[:, None] * size[places]
    gain, mean, spread = best_groups(score[:, places], left[:, places], spreads)
    return Scores([terms[place] for place in places], gain, mean, spread)


def _score_person(
    factors: Floats,
    alone: list[Floats],
    multiplied: list[Floats],
    design: Floats,
    p: Floats,
    rest: Floats,
    inverse: Floats,
    upper: tuple[np.ndarray, np.ndarray],
) -> tuple[Floats, Floats, Floats]:
    """Return score, information, and information that is left, of all terms, for one person."""

    def of(carrier: Floats) -> tuple[Floats, Floats, Floats]:
        return ((carrier * rest).sum(-1), *moments(carrier, design, p))

    squares = factors**2
    scores, owns, crosses = [], [], []
    for carrier in alone:
        e, v, c = of(carrier)
        scores.append(e.sum()[None])
        owns.append(v.sum()[None])
        crosses.append(c.sum(0)[None])
    for place, carrier in enumerate(multiplied):
        e, v, c = of(carrier)
        scores.append(factors.T @ e)
        owns.append(squares.T @ v)
        crosses.append(factors.T @ c)
        if not place:
            stay = e, v, c
    e, v, c = stay
    scores.append((factors.T @ (factors * e[:, None]))[upper])
    owns.append((squares.T @ (squares * v[:, None]))[upper])
    pairs = [(factors.T @ (factors * c[:, i : i + 1]))[upper] for i in range(c.shape[1])]
    crosses.append(np.stack(pairs, -1))
    cross = np.concatenate(crosses)
    own = np.concatenate(owns)
    left = own - ((cross @ inverse) * cross).sum(-1)
    return np.concatenate(scores), own, np.maximum(left, 0.0)
