"""The search for a trained network's equations: SINDy proposes terms, and the choices say which they miss.

Terms are chosen by evidence, for each participant alone (`selection.py`) or for all together (`group.py`); or
by SINDy's threshold, where that is wanted or the model's forward cannot be compiled.
"""

from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..checks import raise_if_any
from ..config import SpiceConfig
from ..equations import SpiceModel, Term, term_text
from ..settings import Discovery, SettingsError
from ..train.compiled.symbolic import TraceError
from ..train.objective import Sessions
from ..train.rnn import BaseRNN
from .discovery import propose_equations
from .group import Group, Pooling
from .held_apart import TuningGain, gain_of
from .intervals import Averaged
from .likelihood import Likelihood, likelihood_of, terms_in
from .refine import refine_by
from .sampling import ModuleSamples
from .selection import Evidence, Selections

Report = Callable[[str], None]
TUNED, KEPT = 8, 3  # refined equations, and likelihoods, that are remembered of a model


@dataclass(frozen=True, eq=False)
class FoundEquations:
    """The equations of a search, and why they are as they are.

    Attributes:
        spice: the equations.
        evidence: what the choices say of each candidate term, by participant's label; empty without.
        group: what is known of the group; None without pooling.
        stopped: whether the search was interrupted, and these are the best that there were.
        note: what should be known of them, in a sentence; empty without.
        price: of a term in nats, as it was asked for.
        selections: the searches for terms; None without, and in a copy, as they own machine code.
    """

    spice: SpiceModel
    evidence: dict[Any, Evidence] = field(default_factory=dict)
    group: Group | None = None
    stopped: bool = False
    note: str = ""
    price: float | None = None
    selections: Selections | None = None

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"selections": None}

    def gains(self) -> dict[Any, TuningGain]:
        """Compare tuned numbers with SINDy's on choices held apart, by label; without whoever has too few."""
        gains: Mapping[int, TuningGain | None] = {}
        if self.group is not None:
            gains = dict(zip(self.group.participants.tolist(), self.group.gains, strict=True))
        elif self.selections is not None:
            gains = {code: gain_of(one, self.price) for code, one in self.selections.of.items()}
        return {self.spice.participants[code]: gain for code, gain in gains.items() if gain is not None}

    def weigh(
        self,
        code: int | None,
        price: float | None,
        keep: Collection[tuple[str, Term]],
        drop: Collection[tuple[str, Term]],
    ) -> Evidence:
        """Weigh one participant's terms at a price, some of which must be there or must not.

        Args:
            code: index of the participant; the first one's when None.
            price: of a term, in nats.
            keep: module and factors of each term that must be there.
            drop: of each that must not.

        Raises:
            SettingsError: a term is no candidate.
        """
        assert self.selections is not None
        selection = self.selections.of[next(iter(self.selections.of)) if code is None else code]
        kept, dropped = ([selection.number(*one) for one in terms] for terms in (keep, drop))
        raise_if_any(
            f"{term_text(term)} is no candidate term of {module!r}. Name one of its equation's terms."
            for (module, term), number in zip((*keep, *drop), kept + dropped, strict=True)
            if number is None
        )
        wanted, unwanted = (list(filter(None, numbers)) for numbers in (kept, dropped))
        return selection.evidence(*selection.demanding(wanted, unwanted, price), price)


class EquationSearch:
    """Searches for the equations of one trained model, and keeps what later searches need again.

    Args:
        model: the model, trained.
        sessions: its choices; participants are indices.
        participants: labels, in the order of their indices.
        groups: that a table has, by name: the group of a label.

    Attributes:
        averaged: intervals of Q-learners, the same for all equations of the model (`estimated_intervals.py`).
    """

    def __init__(
        self,
        model: BaseRNN,
        sessions: Sessions,
        participants: tuple[Any, ...],
        groups: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        self.model, self.sessions, self.participants = model, sessions, participants
        self.groups = {
            name: [own.get(str(label), "") for label in participants] for name, own in (groups or {}).items()
        }
        self.averaged: dict[Hashable, Averaged] = {}
        self._tuned: list[tuple[SpiceModel, SpiceModel]] = []
        self._selections: Selections | None = None
        self._likelihoods: dict[Hashable, Likelihood] = {}

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_selections": None, "_likelihoods": {}}  # they own machine code

    def find(
        self,
        samples: Mapping[str, ModuleSamples],
        config: SpiceConfig,
        settings: Discovery,
        only: int | None = None,
        report: Report = lambda words: None,
        *,
        also: SpiceModel | None = None,
    ) -> FoundEquations:
        """Find the equations.

        Args:
            samples: what each module does, from `sample`.
            config: which modules become equations, and of what.
            settings: how they are searched for.
            only: index of the one participant to search for; all when None, and with pooling.
            report: called with a sentence on how far it is.
            also: as in `refine`.
        """
        note = ""
        if settings.by_evidence:
            only = None if settings.pools else only
            free = replace(settings, threshold=0.0)
            proposal = propose_equations(self.model, samples, config, free, self.participants, only)
            try:
                if settings.pools:
                    return self._pool(proposal, config, settings, report)
                return self._select(proposal, config, settings.price, report)
            except (TraceError, ImportError) as error:  # or there is no compiler
                note = (
                    f"The terms were chosen by SINDy's threshold and not by evidence, because the model's"
                    f" forward cannot be compiled: {error}. Nothing else is different."
                )
        spice = propose_equations(self.model, samples, config, settings, self.participants, only)
        return FoundEquations(self._refine(spice, also) if settings.refine else spice, note=note)

    def _select(
        self, proposal: SpiceModel, config: SpiceConfig, price: float | None, report: Report
    ) -> FoundEquations:
        """Choose each participant's terms by evidence; the last search answers for any price."""
        selections = self._selections
        if selections is None or selections.proposal != proposal:
            selections = self._selections = Selections(proposal, self.model, self.sessions, config)
        for done in selections.search():
            report(f"Equations: {done} of {len(selections.of)} participants")
        return FoundEquations(*selections.at(price), price=price, selections=selections)

    def _pool(
        self, proposal: SpiceModel, config: SpiceConfig, settings: Discovery, report: Report
    ) -> FoundEquations:
        """Find the equations of all people under their group's prior. A `KeyboardInterrupt` ends the search
        with the best that there is.
        """
        own_terms, stopped = settings.pooling == "own-terms", False
        source = proposal, self.model, self.sessions, config, settings.price
        pooling = Pooling(*source, own_terms=own_terms, groups=self.groups)
        try:
            for at in pooling.rounds():
                report(f"Pooling: {at.active.sum()} terms, ln p(choices) {at.log_evidence:,.1f}")
        except KeyboardInterrupt:
            if pooling.pool.reached is None:
                raise
            stopped = True
        spice, group = pooling.result()
        return FoundEquations(spice, group=group, stopped=stopped)

    def likelihood_of(self, spice: SpiceModel) -> Likelihood:
        """Return the likelihood of equations, which depends on their terms only."""
        having = tuple(map(spice.has_equations, range(len(self.participants))))
        key = tuple(terms_in(spice).items()), having
        if key not in self._likelihoods:
            last = dict([*self._likelihoods.items()][1 - KEPT :])
            self._likelihoods = last | {key: likelihood_of(spice, self.model, self.sessions)}
        return self._likelihoods[key]

    def _refine(self, spice: SpiceModel, also: SpiceModel | None) -> SpiceModel:
        """Refine equations; those that have been refined lately need not be again."""
        for before, after in self._tuned:
            if before == spice and also is None:
                return after
        after = refine_by(self.likelihood_of(spice), spice, also=also)
        self._tuned[:] = [*self._tuned, (spice, after)][-TUNED:]
        return after


def check_pooling(settings: Discovery, participants: tuple[Any, ...]) -> None:
    """Refuse to pool one participant.

    Raises:
        SettingsError: there is one.
    """
    if settings.pools and len(participants) < 2:
        raise SettingsError(
            [
                f'pooling="{settings.pooling}" needs two or more participants; the data have'
                f" {len(participants)}. Leave pooling out, or name the participants in the data."
            ]
        )
