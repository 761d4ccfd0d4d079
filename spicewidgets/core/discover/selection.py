"""Equations by evidence: from what SINDy proposes to the terms that each participant's choices would miss.

`select` searches; what it returns answers at once for another price, and for terms that must or must not be
there. `evidence.py` has the search, `canonical.py` the conventions.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..config import SpiceConfig
from ..data.dataset import DatasetRNN
from ..equations import Equation, SpiceModel, Term, term_text
from ..train.objective import Sessions
from ..train.rnn import BaseRNN
from .canonical import ModuleRole, levels, parts_of
from .evidence import ALIKE, SearchStep, TermSearch
from .likelihood import Likelihood, ParameterId, write_equations

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

UNTOLD = 0.7  # share of the prior's standard deviation that is left of a number that the choices hardly tell


@dataclass(frozen=True)
class TermEvidence:
    """The evidence for one candidate term.

    Attributes:
        module, term: which; a term of None is the beta of the state named as the module.
        value: its coefficient; 0 where it is not in the equation.
        error: standard error, under the weak prior; 0 for a number that is held.
        cost: what dropping it would cost in nats, after the others have moved; for a term that is not there,
            what it would gain; infinite for a beta, which is not dropped.
        price: what it must be worth to stay, in nats.
        active: whether it is in the equation.
        told: whether the choices say more of it than was known before.
    """

    module: str
    term: Term | None
    value: float
    error: float
    cost: float
    price: float
    active: bool
    told: bool


@dataclass(frozen=True)
class Evidence:
    """Why one participant's equations are as they are.

    Attributes:
        terms: all candidate terms and betas.
        nll: -ln L in nats.
        n_choices: over which it is summed.
        conventions: a sentence for each number that no choice could tell and that was fixed by convention.
        notes: a sentence for each number that is held at a bound, beyond it, or not told by the choices.
    """

    terms: tuple[TermEvidence, ...]
    nll: float
    n_choices: int
    conventions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def of(self, module: str, *factors: str) -> TermEvidence:
        """Return the evidence of one term. Raises `KeyError` where it is no candidate."""
        for item in self.terms:
            if item.module == module and item.term is not None and sorted(item.term) == sorted(factors):
                return item
        raise KeyError(f"{term_text(factors)} is no candidate term of {module!r}")

    def equations(self) -> dict[str, Equation]:
        """Return the equations, by module, with all candidate terms."""
        rows: dict[str, dict[Term, float]] = {}
        for item in self.terms:
            if item.term is not None:
                rows.setdefault(item.module, {})[item.term] = item.value
        return {name: Equation(name, tuple(own), tuple(own.values())) for name, own in rows.items()}


@dataclass
class Selection:
    """The search of one participant's terms, with all that it has passed.

    Attributes:
        likelihood: of this participant's choices.
        parts: what each module does in the model.
        start: where the numbers begin.
    """

    likelihood: Likelihood
    parts: Mapping[str, ModuleRole]
    start: Floats
    _search: TermSearch | None = None

    def at(self, price: float | None = None) -> tuple[TermSearch, SearchStep]:
        """Return the terms that are worth a price.

        Args:
            price: of a term, in nats; that of `price_of` when None.
        """
        search = self.run()
        return search, search.climb_to_top(search.best(price))

    def run(self) -> TermSearch:
        """Search, unless that has been done."""
        if self._search is None:
            level = levels(self.likelihood.numbers, self.parts)
            # With both constants of a state the sets that are passed depend on the start. So that search
            # begins where the one with one constant has ended, which is then done again from its result and
            # stays unless another is better by more than a nat, as by the convention of `canonical.py`.
            ways = (~level, np.ones_like(level), ~level) if level.any() else (~level,)
            searches: list[TermSearch] = []
            for candidates in ways:
                last = searches[-1] if searches else None
                start = self.start if last is None else last.climb_to_top(last.best()).values
                searches.append(self._make_search(start, candidates))
            self._search = min(
                searches, key=lambda one: one.total(one.best()) - ALIKE * (one is searches[-1])
            )
        return self._search

    def _make_search(self, start: Floats, candidates: Mask) -> TermSearch:
        likelihood = self.likelihood
        search = TermSearch(likelihood, likelihood.numbers, float(likelihood.n_choices[0]), self.parts)
        search.run(start, candidates)
        return search

    def demanding(
        self, keep: Collection[ParameterId], drop: Collection[ParameterId], price: float | None = None
    ) -> tuple[TermSearch, SearchStep]:
        """Return the terms that are worth a price, with those that must be there and without those that must
        not: a few moves from the terms without demands.
        """
        search, step = self.at(price)
        wanted, unwanted = (np.array([n in terms for n in search.numbers]) for terms in (keep, drop))
        if keep or drop:
            step = search.climb_to_top(search.near(step, wanted, unwanted, price))
        return search, step

    def number(self, module: str, term: Term) -> ParameterId | None:
        """Return a candidate term, whatever the order of its factors; None where it is no candidate."""
        for number in self.likelihood.numbers:
            if number.module == module and number.term is not None and sorted(number.term) == sorted(term):
                return number
        return None

    def evidence(self, search: TermSearch, step: SearchStep, price: float | None = None) -> Evidence:
        """Compute the evidence for each candidate term at a set of terms, beside its penalty."""
        costs, gains = search.costs(step), search.gains(step)
        deviations = np.sqrt(np.maximum(np.diag(search.covariance(step)), 0.0))
        asked = (search.full_price if price is None else price) + search.rarity
        prices = np.where(step.active, search.prices_at(step, price), asked)  # an absent own value tells none
        terms = []
        for i, number in enumerate(self.likelihood.numbers):
            active = bool(step.active[i])
            cost = costs.get(i, np.inf) if active else gains[i]
            told = bool(step.held[i] or not active or deviations[i] < UNTOLD * search.prior.sd[i])
            terms.append(
                TermEvidence(
                    number.module,
                    number.term,
                    float(step.values[i]),
                    float(deviations[i]),
                    float(cost),
                    float(prices[i]),
                    active,
                    told,
                )
            )
        found = Evidence(tuple(terms), step.nll, int(search.n_choices))
        return replace(
            found,
            conventions=tuple(self._conventions(search, step)),
            notes=tuple(_notes(found, step, search)),
        )

    def _conventions(self, search: TermSearch, step: SearchStep) -> Iterator[str]:
        numbers = self.likelihood.numbers
        for tie in search.ties:
            if step.active[tie.drive]:
                state, drive = numbers[tie.beta].module, numbers[tie.drive]
                what = "a choice" if drive.term == () else f"{' '.join(drive.term or ())} = 1"
                moves = f"{what} moves the chosen arm's value by 1 - w (w is the weight of its own value)"
                if step.active[list(tie.others[1:])].any():
                    moves = f"the coefficients of all terms of own value and {what} add up to 1"
                yield (
                    f"The scale of {state} is a convention: {moves}, and beta is given in that scale."
                    " Stretching the values and dividing beta by the same factor would make the same choices."
                )
        for beta in search.fixed:
            yield (
                f"The beta of {numbers[beta].module} is as the network has it: stretching the values and"
                " dividing beta by the same factor would make the same choices."
            )
        for module, part in self.parts.items():
            pair = [m for m, own in self.parts.items() if own.state == part.state and own.chosen is False]
            there = [step.active[_place(numbers, m)] for m in (module, *pair)]
            if part.chosen is True and there == [True, False]:
                yield (
                    f"The constant of {pair[0]} is 0 by convention: a number added to the values of all"
                    f" arms makes the same choices, and moves this constant and that of {module}."
                )


def _place(numbers: list[ParameterId], module: str) -> int:
    """Place of a module's constant; the last number's, a beta or another, where it is no candidate."""
    key = ParameterId(module, ())
    return numbers.index(key) if key in numbers else -1


def _notes(evidence: Evidence, step: SearchStep, search: TermSearch) -> Iterator[str]:
    for item, held, own in zip(evidence.terms, step.held, search.is_own, strict=True):
        if own and held:
            yield (
                f"The weight of the own value in {item.module} is held at {item.value:g}, beyond which values"
                " grow without end; these choices do not ask for more."
            )
        elif own and item.active and abs(item.value) > 1:
            yield (
                f"The weight of the own value in {item.module} is {item.value:.3f}: beyond 1 values grow"
                " without end, but these choices insist on it."
            )
        elif item.active and not item.told:
            name = "beta" if item.term is None else term_text(item.term)
            yield (
                f"{evidence.n_choices:,} choices do not tell the"
                f" {'beta' if item.term is None else 'coefficient'} of"
                f" {item.module if item.term is None else f'{name} in {item.module}'}: it is where it was"
                " expected before any choice was seen."
            )


def selections(
    spice: SpiceModel,
    model: BaseRNN,
    data: DatasetRNN | Sessions,
    config: SpiceConfig,
    targets: Floats | None = None,
) -> Iterator[tuple[int, Selection]]:
    """Yield a search for each participant who has equations and choices, with the participant's index.

    Args:
        spice: all candidate terms, with numbers to begin with: SINDy's, without a threshold. Terms that the
            samples cannot tell apart from others are left out.
        model: the model whose forward pass ties the equations together.
        data: the choices; participants are indices in the last column.
        config: which modules move which arms.
        targets: as in `Likelihood`.

    Raises:
        TraceError: where the model's forward cannot be compiled.
    """
    fitted = [
        c for c in range(len(spice.participants)) if all(r[c] is not None for r in spice.equations.values())
    ]
    terms = {}
    for module, rows in spice.equations.items():
        equation = next(row for row in rows if row is not None)
        terms[module] = tuple(term for term in equation.terms if term not in equation.dropped)
    likelihood = Likelihood(model, data, terms, targets)
    parts = parts_of(model, config, likelihood.inputs)
    for place, code in enumerate(likelihood.participants):
        if code in fitted:
            own = likelihood.of_participant(place)
            yield int(code), Selection(own, parts, own.values_of(spice)[0])


class Selections:
    """The searches of all participants, which answer for any price.

    Args:
        proposal, model, data, config: as in `selections`.
    """

    def __init__(
        self, proposal: SpiceModel, model: BaseRNN, data: DatasetRNN | Sessions, config: SpiceConfig
    ) -> None:
        self.proposal = proposal
        self.of = dict(selections(proposal, model, data, config))

    def search(self) -> Iterator[int]:
        """Search for the terms of one participant after the other, so that whoever asks can tell how far it
        is, and stop; what has been searched is kept.

        Yields:
            How many have been searched.
        """
        for done, selection in enumerate(self.of.values(), 1):
            selection.run()
            yield done

    def at(self, price: float | None = None) -> tuple[SpiceModel, dict[Any, Evidence]]:
        """Return the equations that the choices ask for, and why, by participant's label.

        Args:
            price: of a term, in nats; that of `price_of` when None.
        """
        evidence, chosen = {}, []
        for code, selection in self.of.items():
            search, step = selection.at(price)
            own = selection.evidence(search, step, price)
            evidence[self.proposal.participants[code]] = own
            found, betas = selection.likelihood.equations_of(step.values)
            for module, equation in found.items():
                notes = tuple(note for note in own.notes if module in note)
                found[module] = replace(equation, notes=notes)
            chosen.append((code, found, betas))
        return write_equations(self.proposal, chosen), evidence


def select(
    proposal: SpiceModel,
    model: BaseRNN,
    data: DatasetRNN | Sessions,
    config: SpiceConfig,
    price: float | None = None,
) -> tuple[SpiceModel, dict[Any, Evidence]]:
    """Return the equations that the choices ask for, and why, for each participant; see `Selections`."""
    return Selections(proposal, model, data, config).at(price)
