"""The search: from a plain learner, term by term, to an equation to which nothing is worth adding.

Each step scores all terms (`score.py`), fits the few best, and keeps the one by which the evidence gains most,
if that is more than its penalty: ln n for the group's mean and spread of each number over n choices (Schwarz
1978), and ln 3m for the choice among the m terms that are as long (with no, one or two signals of the
session); and if choices that neither score nor fit ever saw are expected better with it. A plain value may
also be exchanged for one that fades, has two rates, or learns by surprise or ever slower. Then the rates of what
was added are freed, where people are worth rates of their own, and terms that have become superfluous go. At
the end the equation is fitted to all choices.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from time import monotonic

import numpy as np

from ..data.dataset import DatasetRNN
from ..random import generator
from .equation import FittedEquation, fit_equation
from .score import score_terms
from .table import ChoiceTable, Mask
from .terms import Reading, Term

START = (Term(Reading("value", (0.4,)), (), True),)  # Rescorla & Wagner
SHARE = 0.25  # of the choices, that judge
BLOCK = 20  # choices in a row that judge together, of people with one session
TRIED = 3  # terms that are fitted in a step
MOST = 13  # numbers of each person

# What a plain value may be exchanged for, and the rates to begin with; a rate of 0.4 has no need to differ.
EXCHANGED: Mapping[str, tuple[float, ...]] = {
    "fading_value": (0.4, 0.1),
    "value_of_two_rates": (0.4, 0.4),
    "surprised_value": (0.7, 0.3),
    "settling_value": (0.6, 0.02),
}
ADDED, EXCHANGE, FREED, DROPPED, VAIN = "added", "exchanged", "own rates", "dropped", "in vain"


@dataclass(frozen=True)
class PathStep:
    """A step of a search.

    Attributes:
        action: "added", "exchanged", "own rates", "dropped" or "in vain".
        term: what was.
        nats: gain in ln p(choices) by it.
        penalty: what it had to be worth.
        apart: gain in ln P of the choices that judge, in nats.
        n_scored: terms that were scored for it.
        likelihood: geometric mean of P of the choices that judge, with the step taken.
        seconds: since the search began.
    """

    action: str
    term: Term
    nats: float
    penalty: float
    apart: float
    n_scored: int
    likelihood: float
    seconds: float


@dataclass(frozen=True, eq=False)
class Found:
    """The end of a search.

    Attributes:
        fit: the equation, fitted to all choices.
        path: how it was found.
    """

    fit: FittedEquation
    path: tuple[PathStep, ...]


def choices_that_judge(table: ChoiceTable, seed: int) -> Mask:
    """Choose the choices that neither score nor fit sees: whole sessions of people who have four or more, else
    blocks of choices in a row.

    Returns: `(n_people, n_rows)`.
    """
    rng = generator(seed)
    apart = np.zeros_like(table.known)
    for person in range(table.n_people):
        sessions = np.unique(table.session[person][table.known[person]])
        if len(sessions) * SHARE >= 1:
            drawn = rng.permutation(sessions)[: int(len(sessions) * SHARE)]
            apart[person] = np.isin(table.session[person], drawn)
            continue
        n = int(table.known[person].sum())
        size = min(BLOCK, max(n // 8, 1))
        blocks = np.arange(n) // size
        drawn = rng.permutation(int(blocks.max(initial=-1)) + 1)
        apart[person, :n] = np.isin(blocks, drawn[: int(len(drawn) * SHARE)])
    return apart & table.known


def search_steps(dataset: DatasetRNN, seed: int = 0, most_numbers: int = MOST) -> Generator[str, None, Found]:
    """Search; yields what is being done, several times a second.

    Args:
        dataset: the choices; participants are indices.
        seed: of the choice of those that judge.
        most_numbers: numbers of each person at most.
    """
    table, began = ChoiceTable(dataset), monotonic()
    apart = choices_that_judge(table, seed)
    learned = table.known & ~apart
    size = np.log(max(learned.sum(), 1))
    n_apart = max(int(apart.sum()), 1)
    path: list[PathStep] = []

    def fitted(terms: Sequence[Term], start=None, first=None) -> Generator[str, None, FittedEquation]:
        fit = None
        for fit in fit_equation(table, terms, learned, start, first):
            yield terms[-1].words
        assert fit is not None
        return fit

    def step(action: str, term: Term, one: FittedEquation, other: FittedEquation, penalty: float, n: int) -> PathStep:
        before, after = at.nll(apart).sum(), one.nll(apart).sum()
        return PathStep(
            action, term, one.evidence - other.evidence, penalty, before - after, n, float(np.exp(-after / n_apart)),
            monotonic() - began,
        )

    at = yield from fitted(START)
    while at.n_numbers < most_numbers:
        yield "scores"
        scoring = score_terms(at)
        while True:
            try:
                next(scoring)
            except StopIteration as end:
                scores = end.value
                break
            yield "scores"
        n, tried = len(scores.terms), []
        for place in scores.best(TRIED):
            term = scores.terms[place]
            penalty = size + scores.choice_of(term)
            if scores.gain[place] < penalty / 2:
                continue
            one = yield from fitted((*at.terms, term), at, (scores.mean[place], scores.spread[place]))
            tried.append((step(ADDED, term, one, at, penalty, n), one))
        most = max((one.nats for one, _ in tried), default=0.0)
        for old, new in exchanges(at.terms):
            penalty = size * (len(new.carrier.rates) - len(old.carrier.rates)) + np.log(3 * len(EXCHANGED))
            if scores.gain_of(new.carrier.signal) < max(penalty, most) / 2:
                continue
            one = yield from fitted(tuple(new if term == old else term for term in at.terms), at)
            tried.append((step(EXCHANGE, new, one, at, penalty, n), one))
        tried.sort(key=lambda pair: pair[0].penalty - pair[0].nats)
        good = next((pair for pair in tried if pair[0].nats > pair[0].penalty and pair[0].apart > 0), None)
        path += [replace(one, action=VAIN) for one, fit in tried if good is None or fit is not good[1]]
        if good is None:
            break
        path.append(good[0])
        at = good[1]
        at, steps = yield from _tidy(at, fitted, step, size)
        path += steps
    fit = None
    for fit in fit_equation(table, at.terms, table.known, at):
        yield "all choices"
    assert fit is not None
    return Found(fit, tuple(path))


def exchanges(terms: Sequence[Term]) -> Iterator[tuple[Term, Term]]:
    """Yield plain values of an equation, and what each may be exchanged for."""
    for old in terms:
        if old.carrier.signal == "value":
            for name, rates in EXCHANGED.items():
                yield old, Term(Reading(name, rates), old.factors, True)


def _tidy(at, fitted, step, size):
    """Free the rates of the last term where that is worth it, and drop what is superfluous."""
    steps = []
    last = at.terms[-1]
    if last.carrier.rates and not last.free:
        own = replace(last, free=True)
        one = yield from fitted((*at.terms[:-1], own), at)
        penalty = size * len(last.carrier.rates)
        tried = step(FREED, own, one, at, penalty, 0)
        if tried.nats > penalty and tried.apart > 0:
            steps.append(tried)
            at = one
    while len(at.terms) > 1:
        costs = at.group.costs().sum(0)[: len(at.terms)]
        worst = int(costs.argmin())
        if costs[worst] > 2 * size:
            break
        rest = tuple(term for place, term in enumerate(at.terms) if place != worst)
        one = yield from fitted(rest, at)
        freed = len(at.columns_of(worst)) if hasattr(at, "columns_of") else at.n_numbers - one.n_numbers
        tried = step(DROPPED, at.terms[worst], one, at, -size * freed, 0)
        if tried.nats < -size * freed:
            break
        steps.append(tried)
        at = one
    return at, steps
