"""How likely each participant's choices are under equations: ln L, its gradient and its curvature, as
functions of all numbers of all participants at once.

`NumbersLikelihood` is the same of any model whose forward pass has a few numbers for each participant.

The numbers are the coefficients of every candidate term and the learned betas. They are run in the model's
own forward pass, by forward sensitivities (`train/compiled/sensitivities.py`). What selects terms, tunes
numbers, or pools participants maximises this, each with a prior of its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..built import BuiltModel
from ..data.dataset import DatasetRNN
from ..equations import Equation, SpiceModel, Term, term_in_words
from ..train.compiled.sensitivities import Sensitivities
from ..train.compiled.symbolic import TraceError
from ..train.differences import Differences
from ..train.modules import Constant
from ..train.objective import Sessions
from ..train.rnn import BaseRNN

Floats = NDArray[np.float64]


class ParameterId(NamedTuple):
    """A coefficient of a module's equation; or the beta of a state, where the term is None."""

    module: str
    term: Term | None

    @property
    def name(self) -> str:
        """Its column in tables of people."""
        if self.term is None:
            return f"beta: {self.module}"
        return f"{self.module}: {term_in_words(self.term, self.module)}"


class Derivatives(NamedTuple):
    """Negative log likelihood, gradient and information at some coefficients; the first axis counts
    participants.

    Attributes:
        nll: -ln L in nats, `(n_participants,)`.
        gradient: of ln L, `(n_participants, n_numbers)`.
        information: expected Fisher information, `(n_participants, n_numbers, n_numbers)`.
    """

    nll: Floats
    gradient: Floats
    information: Floats


AT_ONCE = 100_000  # choices in one run of the kernel, which nothing can interrupt


class NumbersLikelihood:
    """ln L of the participants' choices under a model with numbers for each participant.

    Args:
        model: in float64, in evaluation mode; what it learns is the numbers, in their order.
        data: the choices; participants are indices in the last column.
        targets: P of each next choice in place of the choices themselves, `(n_sessions, n_trials,
            n_actions)`: what is expected of choices by an agent.
        compiled: whether the model's forward is compiled, or else run as it is (`train/differences.py`).

    Attributes:
        participants: index of the participant of each row.
        n_choices: of each participant.
        chance: -ln L of guessing among the options on offer in nats, `(n_participants,)`; of all trials.
        inputs: the sessions as the model takes them, `(n_trials, n_sessions, n_features)`.

    Raises:
        TraceError: where the model's forward cannot be compiled.
    """

    def __init__(
        self,
        model: BaseRNN,
        data: DatasetRNN | Sessions,
        targets: Floats | None = None,
        *,
        compiled: bool = True,
    ) -> None:
        sessions = Sessions.of(data).double()
        self.inputs = sessions.inputs
        built: BuiltModel | None = getattr(model, "built", None)
        self._n_stages = 1 if built is None else max(len(built.kind_of_task.stages), 1)
        p = nn.functional.one_hot(sessions.targets, model._n_actions).double()
        if targets is not None:
            p = torch.from_numpy(targets).permute(1, 0, 2)
        p = p * sessions.weights[..., None]
        codes = sessions.inputs[0, :, -1].long().numpy()
        order = np.argsort(codes, kind="stable")
        self.participants, self._begin, counts = np.unique(
            codes[order], return_index=True, return_counts=True
        )
        self._ends = self._begin + counts
        self._row = np.repeat(np.arange(len(counts)), counts)
        known = sessions.weights.sum(0).numpy()[order]
        self.n_choices: Floats = np.add.reduceat(known, self._begin)
        inputs = sessions.inputs[:, order].contiguous()
        offered = None if sessions.offered is None else sessions.offered.numpy()[:, order]
        n_options = np.full(sessions.weights.shape, model._n_actions)
        if sessions.offered is not None:
            n_options = np.maximum(sessions.offered.sum(-1).numpy(), 1)
        guessed = (sessions.weights.numpy() * np.log(n_options)).sum(0)[order]
        self.chance: Floats = np.add.reduceat(guessed, self._begin)
        kind = Sensitivities if compiled else Differences
        self._sessions = kind(model, inputs, p.numpy()[:, order], offered)

    def __call__(self, values: Floats) -> Derivatives:
        """Evaluate the likelihood, its gradient and its information at some coefficients.

        Args:
            values: `(n_participants, n_numbers)`; or several such tables, `(n_tables, n_participants,
                n_numbers)`, in which case all results have this axis first.
        """
        tables = values if values.ndim == 3 else values[None]
        per = max(1, AT_ONCE // max(int(self.n_choices.sum()), 1))
        runs = [
            self._sessions(np.ascontiguousarray(tables[at : at + per, self._row]))
            for at in range(0, max(len(tables), 1), per)
        ]
        parts = runs[0] if len(runs) == 1 else [np.concatenate(part) for part in zip(*runs, strict=True)]
        nll, gradient, information = (np.add.reduceat(part, self._begin, axis=1) for part in parts)
        nll = np.where(np.isfinite(nll), nll, np.inf)
        look = Derivatives(nll, gradient, information)
        return look if values.ndim == 3 else Derivatives(*(part[0] for part in look))

    def of_participant(self, place: int) -> Self:
        """Return the likelihood of one participant's choices alone, by its place in `participants`."""
        return self.of_participants([place])

    def of_participants(self, places: Sequence[int] | NDArray[np.int64]) -> Self:
        """Return the likelihood of some participants' choices, by their places in `participants`."""
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        own = [np.arange(self._begin[place], self._ends[place]) for place in places]
        copy._sessions = self._sessions.of_sessions(np.concatenate(own))
        for name in ("participants", "n_choices", "chance"):
            setattr(copy, name, getattr(self, name)[list(places)])
        counts = np.array([len(part) for part in own])
        copy._ends = counts.cumsum()
        copy._begin = copy._ends - counts
        copy._row = np.repeat(np.arange(len(counts)), counts)
        return copy

    def halve(self) -> tuple[Self, Self]:
        """Return the likelihood of the choices after even trials, and after odd ones; of a task of stages a
        trial has a row for each.
        """
        is_odd = np.arange(len(self.inputs)) // self._n_stages % 2 == 1
        return self.of_trials(~is_odd), self.of_trials(is_odd)

    def of_trials(self, part: slice | NDArray[np.bool_]) -> Self:
        """Return the likelihood of the choices after some trials only, of all participants; all trials are
        run, so that the history of each choice is whole.
        """
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        copy._sessions = self._sessions.of_trials(part)
        return copy


class Likelihood(NumbersLikelihood):
    """ln L of the participants' choices under equations with given candidate terms.

    Args:
        model: the model whose forward pass ties the equations together; its betas become numbers, its other
            weights stay as they are.
        data, targets, compiled: as in `NumbersLikelihood`, whose attributes it has as well.
        terms: candidate terms of each module that becomes an equation.

    Attributes:
        numbers: what each column of a table of numbers means.
        is_beta, is_own: which of them are betas, and which weights of a module's own value.

    Raises:
        TraceError: where the model's forward cannot be compiled.
    """

    def __init__(
        self,
        model: BaseRNN,
        data: DatasetRNN | Sessions,
        terms: Mapping[str, Sequence[Term]],
        targets: Floats | None = None,
        *,
        compiled: bool = True,
    ) -> None:
        self.terms = {module: tuple(row) for module, row in terms.items()}
        self.numbers = [ParameterId(module, term) for module, row in self.terms.items() for term in row]
        self.numbers += [ParameterId(state, None) for state in model.betas]
        self.is_beta = np.array([number.term is None for number in self.numbers], dtype=bool)
        self.is_own = np.array([number.term == (number.module,) for number in self.numbers], dtype=bool)
        super().__init__(_with_numbers(model, self.terms), data, targets, compiled=compiled)

    def values_of(self, spice: SpiceModel) -> Floats:
        """Return the numbers of equations as a table; 0 for a term that they do not have."""
        return np.array(
            [[self._value(spice, number, code) for number in self.numbers] for code in self.participants]
        )

    @staticmethod
    def _value(spice: SpiceModel, number: ParameterId, code: int) -> float:
        if number.term is None:
            return spice.betas[number.module][code]
        equation = spice.equations[number.module][code]
        return 0.0 if equation is None else equation.coefficient(*number.term)

    def equations_of(self, row: Floats) -> tuple[dict[str, Equation], dict[str, float]]:
        """Return the equations and betas of one participant's numbers."""
        values = dict(zip(self.numbers, row.tolist(), strict=True))
        equations = {
            module: Equation(module, terms, tuple(values[ParameterId(module, term)] for term in terms))
            for module, terms in self.terms.items()
        }
        return equations, {n.module: value for n, value in values.items() if n.term is None}


def spice_of(modules: Iterable[str], values: Mapping[ParameterId, float]) -> SpiceModel:
    """Return one participant's equations of some modules from coefficients and betas."""
    terms: dict[str, dict[Term, float]] = {module: {} for module in modules}
    betas = {number.module: value for number, value in values.items() if number.term is None}
    for (module, term), value in values.items():
        if term is not None:
            terms[module][term] = value
    equations = (Equation(module, tuple(row), tuple(row.values())) for module, row in terms.items())
    return SpiceModel.of(*equations, betas=betas)


def terms_in(spice: SpiceModel) -> dict[str, tuple[Term, ...]]:
    """List the terms of each module that somebody's equation has."""
    return {
        module: tuple(dict.fromkeys(term for row in rows if row is not None for term, _ in row.active))
        for module, rows in spice.equations.items()
    }


def likelihood_of(spice: SpiceModel, model: BaseRNN, data: DatasetRNN | Sessions) -> Likelihood:
    """Return the likelihood of those who have equations and choices, under the terms that somebody has:
    compiled, where the model's forward can be.
    """
    terms = terms_in(spice)
    try:
        found = Likelihood(model, data, terms)
    except (TraceError, ImportError):  # or there is no compiler
        found = Likelihood(model, data, terms, compiled=False)
    having = set(filter(spice.has_equations, range(len(spice.participants))))
    fitted = [place for place, code in enumerate(found.participants.tolist()) if code in having]
    return found if len(fitted) == len(found.participants) else found.of_participants(fitted)


def write_equations(
    proposal: SpiceModel, found: Iterable[tuple[int, Mapping[str, Equation], Mapping[str, float]]]
) -> SpiceModel:
    """Return equations with those of some participants, and their betas, in place of their own.

    Args:
        proposal: the equations; their candidate terms stay, those that were not tuned as 0.
        found: index of a participant, equations by module, and betas by state.
    """
    equations = {module: list(rows) for module, rows in proposal.equations.items()}
    betas = {state: list(values) for state, values in proposal.betas.items()}
    for code, own, scales in found:
        for module, equation in own.items():
            before = equations[module][code] or equation
            values = tuple(equation.coefficient(*term) for term in before.terms)
            equations[module][code] = replace(before, values=values, notes=equation.notes)
        for state, beta in scales.items():
            betas[state][code] = beta
    return replace(
        proposal,
        equations={module: tuple(rows) for module, rows in equations.items()},
        betas={state: tuple(values) for state, values in betas.items()},
    )


class _Polynomials:
    """All modules' candidate terms, with the model's parameter `numbers` as coefficients."""

    def __init__(self, module: str, terms: Sequence[Term], numbers: Tensor, first: int) -> None:
        self.module, self.terms, self.numbers, self.first = module, terms, numbers, first

    def evaluate(self, value: Tensor, signals: Mapping[str, Tensor], participants: Tensor) -> Tensor:
        """Next values, as `ModuleEquations.evaluate` gives them."""
        total = torch.zeros_like(value)
        for place, term in enumerate(self.terms, self.first):
            product = self.numbers[place]
            for factor in term:
                product = product * (value if factor == self.module else signals[factor])
            total = total + product
        return total


def _with_numbers(model: BaseRNN, terms: Mapping[str, Sequence[Term]]) -> BaseRNN:
    """Return a copy of the model whose only learned parameters are the coefficients of terms, then betas."""
    copy = deepcopy(model).double().eval()
    for parameter in copy.parameters():
        parameter.requires_grad_(False)
    coefficients = nn.Parameter(torch.zeros(sum(map(len, terms.values())), dtype=torch.float64))
    copy.register_parameter("numbers", coefficients)
    modules: dict[str, _Polynomials] = {}
    first = 0
    for module, own in terms.items():
        modules[module] = _Polynomials(module, own, coefficients, first)
        first += len(own)
    for state in model.betas:
        copy.betas[state] = Constant().double()
    copy.integrate_sindy(modules)
    return copy
