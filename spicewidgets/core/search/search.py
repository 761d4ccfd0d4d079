"""The search: from a plain learner, term by term, to an equation to which nothing is worth adding.

Each step scores all terms (`score.py`), fits the few best, and keeps the one by which the evidence gains
most, if that is more than its penalty: ln n for the group's mean and spread of each number over n choices
(Schwarz 1978), and ln 3m for the choice among the m terms that are as long (with no, one or two signals of
the session); and if choices that neither score nor fit ever saw are expected better with it. A plain value
may also be exchanged for one that fades, has two rates, or learns by surprise or ever slower. Then the rates
of what was added are freed, where people are worth rates of their own, and terms that have become superfluous
go. At the end the equation is fitted to all choices.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

import numpy as np

from ..checks import raise_if_any
from ..data.dataset import DatasetRNN
from ..discover.pooling import GroupState
from ..progress import Progress
from ..random import generator
from ..tasks import TASKS
from .equation import EquationLikelihood, FittedEquation, fit_equation
from .score import Scores, score_terms
from .table import ChoiceTable, Floats, Mask
from .terms import GIVEN, Reading, Term

START = Term(Reading("value", (0.4,)), free=True)  # the learner of Rescorla & Wagner
MOST_NUMBERS = 13  # of each person
SHARE = 0.25  # of the choices, that judge
BLOCK = 20  # choices in a row that judge together, of people with few sessions
FIRST = 3  # terms that are fitted in a step, one of each length
MORE = 4  # that are fitted one after the other, where none of them is worth it
SLACK = 1.0  # nats by which an equation may be worse than one that it contains, before it is fitted again
# What a plain value may be exchanged for, and the rates to begin with.
EXCHANGED: Mapping[str, tuple[float, ...]] = {
    "fading_value": (0.4, 0.1),
    "value_of_two_rates": (0.4, 0.4),
    "surprised_value": (0.7, 0.3),
    "settling_value": (0.6, 0.02),
}
ADDED, EXCHANGE, FREED, DROPPED, VAIN = "added", "exchanged", "own rates", "dropped", "in vain"

Fitting = Generator[str, None, FittedEquation]


@dataclass(frozen=True)
class PathStep:
    """A step of a search, or one that was tried in vain.

    Attributes:
        action: "added", "exchanged", "own rates", "dropped" or "in vain".
        term: what was.
        nats: gain in ln p(choices) by it.
        penalty: what it had to be worth.
        apart: gain in ln P of the choices that judge, in nats.
        likelihood: geometric mean of P of the choices that judge, with the step taken.
        n_scored: terms that were scored for it.
        seconds: since the search began.
    """

    action: str
    term: Term
    nats: float
    penalty: float
    apart: float
    likelihood: float
    n_scored: int
    seconds: float


class Search:
    """A search for an equation, which can be stopped and go on.

    Args:
        dataset: the choices; participants are indices.
        seed: of the choice of those that judge.
        most_numbers: of each person.
        given: logits of an equation that is there already, `(n_sessions, n_trials, n_options)` as the choices
            have trials: what it misses is looked for. None begins with the learner of Rescorla & Wagner.

    Raises:
        SettingsError: for a task of several stages, or rewards that are not between 0 and 1.

    Attributes:
        path: what was done, and tried in vain, in order.
        at: the equation that was come to.
        whole: this, fitted to all choices; None before the search is over.
        first: likelihood of the choices that judge, before the first step.
    """

    at: FittedEquation
    whole: FittedEquation | None = None
    first: float = np.nan

    def __init__(
        self,
        dataset: DatasetRNN,
        seed: int = 0,
        most_numbers: int = MOST_NUMBERS,
        given: Floats | None = None,
    ) -> None:
        raise_if_any(_problems(dataset))
        self.table, self.most_numbers, self.given = ChoiceTable(dataset, given), most_numbers, given
        self.apart = choices_that_judge(self.table, seed)
        self.learned = self.table.known & ~self.apart
        self.size = float(np.log(max(int(self.learned.sum()), 2)))
        self.start = START if given is None else Term(Reading(GIVEN))
        self.path: list[PathStep] = []
        self.seconds = 0.0

    def steps(self) -> Generator[Progress, None, None]:
        """Search on, until it is over; yields several times a second."""
        before, began = self.seconds, monotonic()
        searching = self._search()
        for words in searching:
            self.seconds = before + monotonic() - began
            done = self.at.n_numbers if hasattr(self, "at") else 0
            yield Progress(done, self.most_numbers + 1, words, self.seconds)

    def _search(self) -> Generator[str, None, None]:
        if not hasattr(self, "at"):
            self.at = yield from self._fit((self.start,))
            self.first = self._likelihood(self.at)
        while self.whole is None:
            if self.at.n_numbers < self.most_numbers and (yield from self._step()):
                yield from self._free_rates()
                yield from self._drop()
                continue
            self.whole = yield from self._fit(self.at.terms, self.at, counted=self.table.known)

    def _step(self) -> Generator[str, None, bool]:
        """Add a term, or exchange one; returns whether anything was worth it."""
        scores = yield from self._score()
        tried: list[tuple[PathStep, FittedEquation]] = []
        n = len(scores.terms)
        for number, place in enumerate(scores.in_order(MORE)):
            if number >= FIRST and self._best_of(tried) is not None:
                break
            term = scores.terms[place]
            penalty = self.size + scores.choice_of(term)
            if scores.gain[place] < penalty / 2:
                continue
            group = float(scores.mean[place]), float(scores.spread[place])
            fit = yield from self._fit((*self.at.terms, term), self.at, group)
            tried.append((self._describe(ADDED, term, fit, penalty, n), fit))
        most = max((step.nats for step, _ in tried), default=0.0)
        for old, new in exchanges(self.at.terms):
            penalty = self.size * (len(new.carrier.rates) - len(old.carrier.rates))
            penalty += float(np.log(3 * len(EXCHANGED)))
            if scores.gain_of(new.carrier.signal) < max(penalty, most) / 2:
                continue
            terms = tuple(new if term == old else term for term in self.at.terms)
            fit = yield from self._fit(terms, self.at, instead=(old, new))
            tried.append((self._describe(EXCHANGE, new, fit, penalty, n), fit))
        good = self._best_of(tried)
        self.path += [replace(step, action=VAIN) for place, (step, _) in enumerate(tried) if place != good]
        if good is None:
            return False
        self._take(*tried[good])
        return True

    def _best_of(self, tried: Sequence[tuple[PathStep, FittedEquation]]) -> int | None:
        """Return the place of the step that is worth most beyond its penalty; None where none is."""
        good = [
            place
            for place, (step, fit) in enumerate(tried)
            if step.nats > step.penalty and step.apart > 0 and fit.n_numbers <= self.most_numbers
        ]
        return max(good, key=lambda place: tried[place][0].nats - tried[place][0].penalty, default=None)

    def _free_rates(self) -> Generator[str, None, None]:
        """Give people rates of their own in the last term, where that is worth it."""
        last = self.at.terms[-1]
        n = len(last.carrier.rates)
        if not n or last.free or self.at.n_numbers + n > self.most_numbers:
            return
        own = replace(last, free=True)
        fit = yield from self._fit((*self.at.terms[:-1], own), self.at)
        step = self._describe(FREED, own, fit, self.size * n, 0)
        if step.nats > step.penalty and step.apart > 0:
            self._take(step, fit)

    def _drop(self) -> Generator[str, None, None]:
        """Drop terms that are not worth their numbers any more."""
        while len(terms := self.at.terms) > 1:
            columns = self.at.likelihood.columns
            prices = self.size * (1 + np.array([len(columns.rates_of(place)) for place in range(len(terms))]))
            excess = self.at.group.costs().sum(0)[: len(terms)] - prices
            worst = int(excess.argmin())
            if excess[worst] > self.size:
                return
            rest = tuple(term for place, term in enumerate(terms) if place != worst)
            fit = yield from self._fit(rest, self.at)
            step = self._describe(DROPPED, terms[worst], fit, -float(prices[worst]), 0)
            if step.nats < step.penalty:
                return
            self._take(step, fit)

    def _take(self, step: PathStep, fit: FittedEquation) -> None:
        self.path.append(step)
        self.at = fit

    def _score(self) -> Generator[str, None, Scores]:
        scoring = score_terms(self.at)
        while True:
            try:
                next(scoring)
            except StopIteration as end:
                scores: Scores = end.value
                return scores
            yield "Scoring all signals"

    def _fit(
        self,
        terms: Sequence[Term],
        start: FittedEquation | None = None,
        group: tuple[float, float] | None = None,
        counted: Mask | None = None,
        instead: tuple[Term, Term] | None = None,
    ) -> Fitting:
        """Fit an equation; once more from a weight of 0, where it is worse than the one that it contains."""
        learned = self.learned if counted is None else counted
        words = f"Fitting {terms[-1].words}"
        best: FittedEquation | None = None
        for first in (group, (0.0, 0.0)):
            for fit in fit_equation(self.table, terms, learned, start, first, instead):
                yield words
                best = fit if best is None or fit.evidence > best.evidence else best
            assert best is not None
            if group is None or start is None or best.evidence > start.evidence - SLACK:
                break
        assert best is not None
        return best

    def _describe(
        self, action: str, term: Term, fit: FittedEquation, penalty: float, n_scored: int
    ) -> PathStep:
        apart = float((self.at.nll(self.apart) - fit.nll(self.apart)).sum())
        nats = fit.evidence - self.at.evidence
        return PathStep(action, term, nats, penalty, apart, self._likelihood(fit), n_scored, self.seconds)

    def _likelihood(self, fit: FittedEquation) -> float:
        return float(np.exp(-fit.nll(self.apart).sum() / max(int(self.apart.sum()), 1)))

    def to_dict(self) -> dict[str, Any]:
        """Return where the search is, as plain values; empty before its first equation."""
        if not hasattr(self, "at"):
            return {}
        group = self.at.group
        return {
            "path": [{**vars(step), "term": step.term.to_dict()} for step in self.path],
            "terms": [term.to_dict() for term in self.at.terms],
            "group": {
                name: value.tolist() if isinstance(value, np.ndarray) else value
                for name, value in group._asdict().items()
            },
            "first": self.first,
            "seconds": self.seconds,
        }

    def take_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from where another search of the same choices, with the same settings, was."""
        if not state:
            return
        self.path = [PathStep(**{**step, "term": Term.from_dict(step["term"])}) for step in state["path"]]
        terms = [Term.from_dict(term) for term in state["terms"]]
        group: dict[str, Any] = {
            name: np.asarray(value) if isinstance(value, list) else value
            for name, value in state["group"].items()
        }
        likelihood = EquationLikelihood(self.table, terms, self.learned)
        self.at = FittedEquation(likelihood, GroupState(**group))
        self.first, self.seconds = float(state["first"]), float(state["seconds"])


def _problems(dataset: DatasetRNN) -> Iterator[str]:
    """Yield a sentence for everything that keeps signals from being computed."""
    if TASKS[dataset.task].stages:
        yield (
            f"A search needs a task of one stage; got the task {dataset.task!r}. Compare the rivals of this"
            " task instead."
        )
        return
    rewards = dataset.rewards_chosen[dataset.mask]
    if not bool(((rewards >= 0) & (rewards <= 1)).all()):
        yield (
            "A search needs rewards between 0 and 1 in every trial; got others, or none in some trials. Scale"
            " them, as tables that are read are scaled."
        )


def choices_that_judge(table: ChoiceTable, seed: int) -> Mask:
    """Choose the choices that neither score nor fit sees: whole sessions of people who have four or more,
    else blocks of choices in a row.

    Returns: `(n_people, n_rows)`.
    """
    rng = generator(seed)
    apart = np.zeros_like(table.known)
    for person in range(table.n_people):
        known = table.known[person]
        parts = table.session[person]
        if len(np.unique(parts[known])) * SHARE < 1:
            n = int(known.sum())
            parts = np.arange(len(known)) // min(BLOCK, max(n // 8, 1))
        names = rng.permutation(np.unique(parts[known]))
        apart[person] = np.isin(parts, names[: int(len(names) * SHARE)])
    judging: Mask = apart & table.known
    return judging


def exchanges(terms: Sequence[Term]) -> Iterator[tuple[Term, Term]]:
    """Yield plain values of an equation, and what each may be exchanged for."""
    for old in terms:
        if old.carrier.signal == "value":
            for name, rates in EXCHANGED.items():
                yield old, Term(Reading(name, rates), old.factors, True)
