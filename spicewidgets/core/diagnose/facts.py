"""What verdict and findings are read from: one fit, as plain numbers, from an estimator or from a page.

Importing this loads neither torch nor pysindy.
"""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import isfinite, log
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..equations import SpiceModel, Term
from ..mechanism import Mechanism
from ..mechanisms import PARAMETERS
from ..read.words import part_of_sentence
from ..settings import Discovery, Training
from ..simulate.record import Record
from ..wording import format_number
from .mechanisms import Modules, lacking, modules_of

if TYPE_CHECKING:
    import pandas as pd

    from ..discover.held_apart import TuningGain
    from ..discover.uncertainty import Uncertainty

Floats = NDArray[np.float64]
WIDE = {"alpha_reward": 0.1, "beta_reward": 0.25}  # errors; that of beta as a share of it
STRONG = 5.0  # nats of evidence that count as very strong (Kass & Raftery 1995)
MANY_PARTICIPANTS = 200  # beyond these, errors are not computed: they would take over two seconds


@dataclass(frozen=True)
class LeftOut:
    """A candidate term that was left out of the library.

    Attributes:
        module, term: which.
        changes: the settings that bring it back, by group and name.
    """

    module: str
    term: Term
    changes: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, eq=False)
class Facts:
    """One fit.

    Attributes:
        history: a mapping for each epoch, with the names of `Epoch`; empty where it is not known.
        training, discovery: the settings it was made with.
        n_actions: number of arms.
        choices: the arm chosen, -1 where it is missing, `(n_sessions, n_trials)`.
        people: the participant's label of each session.
        spice: the equations; None without.
        truth: the participants' true equations, in the same coordinates; None where they are not known.
        played: "truth", "rnn" and "spice" on all sessions, as far as they are known.
        scores: as `core.judge.replay.scores` has them, by the same names; None without.
        find_errors: gives standard errors by participant; empty where numbers were not tuned.
        parameters: the classical parameters of a participant.
        chance: loss of guesses among the options on offer, in nats per choice.
        model: name of the ready model; empty for any other.
        knows_people: whether the network can tell participants apart.
        are_own: whether these are the choices that it was fitted to.
        simulated: whether other data of the same participant can be made.
        find_differences: gives terms of a participant's truth that were not found, and found ones that are
            not true, in one way of writing; None where only the two ways of writing can be compared.
        gains: what tuning has gained on choices held out, by participant.
        group_evidence: ln p(choices) of people pooled under a group's prior, in nats; None without.
        made_by: parameters of the simulated participant, by the names of `Participant`; empty without one.
        rivals: ln p(choices) of classical models in nats, by name, with numbers of each person's own and by
            the Bayesian information criterion; empty where none was fitted.
        left_out: terms that the model comes with, and that were left out of the library.
        missing: names the parameters of a participant that the choices do not identify, as `people` has them.
    """

    history: Sequence[Mapping[str, Any]]
    training: Training
    discovery: Discovery
    n_actions: int
    choices: NDArray[np.int64]
    people: Sequence[Hashable]
    spice: SpiceModel | None
    truth: SpiceModel | None
    played: Mapping[str, Record]
    scores: "pd.DataFrame | None"
    find_errors: "Callable[[], Mapping[Any, Uncertainty]]"
    parameters: Callable[[Hashable], Mapping[str, float]]
    chance: float
    model: str = ""
    knows_people: bool = True
    are_own: bool = True
    simulated: bool = False
    find_differences: Callable[[Hashable], tuple[list[str], list[str]]] | None = None
    gains: "Mapping[Any, TuningGain]" = field(default_factory=dict)
    group_evidence: float | None = None
    made_by: Mapping[str, Any] = field(default_factory=dict)
    rivals: Mapping[str, float] = field(default_factory=dict)
    left_out: Sequence[LeftOut] = ()
    missing: Callable[[Hashable], Collection[str]] = lambda _: ()

    @property
    def n_choices(self) -> int:
        """Choices that a state before them can predict."""
        return int((self.choices[:, 1:] >= 0).sum())

    @property
    def n_sessions(self) -> int:
        """Sessions."""
        return len(self.choices)

    @property
    def n_trials(self) -> int:
        """Trials of the longest session."""
        return int(self.choices.shape[1])

    @cached_property
    def labels(self) -> tuple[Hashable, ...]:
        """The participants who have sessions."""
        return tuple(dict.fromkeys(self.people))

    def score(self, agent: str, name: str = "nll") -> float | None:
        """Return a score of "truth", "rnn" or "spice", on all choices; None where there is none."""
        known = self.scores is not None and agent in self.scores.index
        return float(self.scores.loc[agent, name]) if self.scores is not None and known else None

    @cached_property
    def errors(self) -> "Mapping[Any, Uncertainty]":
        """Standard errors by participant; empty where there are none, or too many to wait for."""
        few = self.spice is not None and len(self.spice.participants) <= MANY_PARTICIPANTS
        return self.find_errors() if few else {}

    @cached_property
    def n_numbers(self) -> int:
        """Terms and betas of all equations."""
        return 0 if self.spice is None else sum(map(self._numbers_of, self.labels))

    def _numbers_of(self, label: Hashable) -> int:
        spice = self.spice
        fitted = spice is not None and label in spice.participants
        return spice.n_parameters(label) if spice is not None and fitted else 0

    @cached_property
    def modules(self) -> Modules:
        """The control signals that each module of the equations may use; empty without equations."""
        return {} if self.spice is None else modules_of(self.spice)

    @cached_property
    def lacking(self) -> tuple[Mechanism, ...]:
        """Mechanisms of the simulated participant that the model has no part for."""
        return lacking(self.made_by, self.modules) if self.modules else ()

    @property  # rivals may be added
    def leading_rival(self) -> tuple[str, float] | None:
        """The rival that expects the choices better than equations and network, beyond what its numbers cost,
        and by how many nats; None where none does by 5 or more.
        """
        network, equations = self.score("rnn"), self.log_evidence
        if not self.rivals or network is None or equations is None:
            return None
        best = max(self.rivals, key=lambda name: self.rivals[name])
        ahead = self.rivals[best] - max(equations, -network * self.n_choices)
        return (best, ahead) if ahead > STRONG else None

    @cached_property
    def log_evidence(self) -> float | None:
        """Ln p(choices) of the equations in nats: Laplace's approximation for people who are pooled, else
        that of the Bayesian information criterion, ln L - ½ k ln n of each participant (Schwarz 1978).
        """
        nll = self.score("spice")
        if nll is None or self.spice is None or not isfinite(nll):
            return None
        if self.group_evidence is not None:
            terms = {
                (m, t) for m, rows in self.spice.equations.items() for e in rows if e for t, _ in e.active
            }
            return self.group_evidence - len(terms) * log(max(self.n_choices, 2))
        total = -nll * float(self.scores.loc["spice", "n_choices"]) if self.scores is not None else 0.0
        known = (self.choices[:, 1:] >= 0).sum(1)
        for label in self.labels:
            n = sum(int(one) for one, who in zip(known, self.people, strict=True) if who == label)
            total -= 0.5 * self._numbers_of(label) * log(max(n, 2))
        return total

    @cached_property
    def divergence(self) -> float | None:
        """Kullback-Leibler divergence of the equations' P from the true P, in nats over all choices; None
        where the truth is not known.
        """
        if not {"truth", "spice"} <= self.played.keys():
            return None
        n, t = self.choices.shape
        p, q = (np.clip(self.played[name].probabilities[:n, :t], 1e-300, None) for name in ("truth", "spice"))
        known = (self.choices >= 0) & (np.arange(t) > 0)
        return float(np.where(known, (p * np.log(p / q)).sum(-1), 0.0).sum())

    @cached_property
    def differences(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Terms that are true and were not found, and terms that were found and are not true, in words, of
        all participants.
        """
        missing: dict[str, None] = {}
        extra: dict[str, None] = {}
        if self.spice is not None and self.truth is not None:
            for label in self.spice.participants:
                lacks, has = self._differences_of(label)
                if (lacks or has) and self.find_differences is not None:
                    lacks, has = self.find_differences(label)
                missing |= dict.fromkeys(lacks)
                extra |= dict.fromkeys(has)
        return tuple(missing), tuple(extra)

    def _differences_of(self, label: Hashable) -> tuple[list[str], list[str]]:
        assert self.spice is not None
        assert self.truth is not None
        missing: list[str] = []
        extra: list[str] = []
        found, true = self.spice.of_participant(label), self.truth.of_participant(label)
        for module in found.keys() & true.keys():
            has, needs = ({tuple(sorted(term)) for term, _ in one[module].active} for one in (found, true))
            missing += [part_of_sentence(term, module) for term in sorted(needs - has)]
            extra += [part_of_sentence(term, module) for term in sorted(has - needs)]
        return missing, extra

    @cached_property
    def widths(self) -> tuple[tuple[float, str, str], ...]:
        """The width of the error of each parameter that is identified, in units of the widest that is
        acceptable; the parameter's name, and the parameter with its error (delta method) in words.
        """
        widths = []
        for label, errors in self.errors.items():
            parameters = self.parameters(label)
            known = WIDE.keys() & errors.parameters.keys() & parameters.keys()
            for name in known - set(self.missing(label)) if known else ():
                error, value = errors.parameters[name], parameters[name]
                limit = WIDE[name] * (abs(value) if name == "beta_reward" else 1)
                told = isfinite(error) and (name != "beta_reward" or error < abs(value))
                if told and limit > 0:
                    number = f"{format_number(value, 2)} ± {error:.2f} (delta method)"
                    words = f"{self.whose(label)} {PARAMETERS[name].words} {number}"
                    widths.append((error / limit, name, words))
        return tuple(sorted(widths))

    def whose(self, label: Hashable) -> str:
        """Say whose equations a number is read off."""
        return "the equations'" if len(self.labels) < 2 else f"of the equations of participant {label} the"
