"""Tell whether discovered equations have the structure of the participant, whichever way either is written.

The truth is put into canonical form by the same search as the discovered equations, on the choices that the
participant is expected to make instead of those that were made: what no choice could tell is then written the
same way in both. Of two forms with equally many terms, the truth takes that of the discovered equations if it
can be written so for less than the price of a term.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..config import SpiceConfig
from ..data.dataset import DatasetRNN
from ..equations import Equation, SpiceModel
from ..judge.network_agents import AgentSpice
from ..judge.replay import replay
from ..read.words import part_of_sentence, state_in_words
from ..train.objective import Sessions
from ..train.rnn import BaseRNN
from .canonical import ModuleRole, parts_of
from .dropping import one_participant
from .likelihood import ParameterId
from .selection import selections


@dataclass(frozen=True)
class Comparison:
    """The discovered structure beside the participant's.

    Attributes:
        truth: the participant's equations, written as the discovered ones where that can be.
        missing: terms of the truth that were not discovered.
        superfluous: discovered terms that the truth does not have.
        cost: by how many nats the choices are expected to be less likely under the truth as it is written
            here.
        divergence: twice the Kullback-Leibler divergence of the discovered from the true P, in nats.
    """

    truth: SpiceModel
    missing: tuple[ParameterId, ...]
    superfluous: tuple[ParameterId, ...]
    cost: float
    divergence: float

    @property
    def same(self) -> bool:
        """Tell whether the structure is the participant's."""
        return not self.missing and not self.superfluous


def compare(
    found: SpiceModel, truth: SpiceModel, model: BaseRNN, dataset: DatasetRNN, config: SpiceConfig
) -> Comparison:
    """Compare the equations of one participant with the truth.

    Args:
        found: discovered equations of one participant, with all candidate terms.
        truth: of the same participant, as `true_model` writes it.
        model: the model in whose forward both are run.
        dataset: the participant's choices, as participant 0.
        config: which modules move which arms.

    Raises:
        TraceError: where the model's forward cannot be compiled.
    """
    agent = AgentSpice(model, truth, dataset.n_actions)
    expected = replay(agent, dataset).probabilities[:, 1:]
    candidates = _with_numbers_of(found, truth)
    ((_, selection),) = selections(candidates, model, dataset, config, expected)
    likelihood = selection.likelihood
    entropy = float(likelihood(selection.start[None]).nll[0])
    search, written = selection.at()
    values = likelihood.values_of(found)[0]
    active = (values != 0) | ~search.is_term
    if (written.active != active).any() and written.active.sum() == active.sum():
        as_found = search.refit_bounded(active, written.values)
        if as_found.nll - entropy < search.full_price:
            written = as_found
    own = likelihood.values_of(truth)[0] != 0
    if (active == (own | ~search.is_term)).all():  # the participant's own way of writing
        written = search.refit_bounded(active, selection.start)
    equations, betas = likelihood.equations_of(written.values)
    return Comparison(
        SpiceModel.of(*equations.values(), betas=betas),
        _terms(likelihood.numbers, written.active & ~active),
        _terms(likelihood.numbers, active & ~written.active),
        written.nll - entropy,
        2 * (float(likelihood(values[None]).nll[0]) - entropy),
    )


def compare_participant(
    found: SpiceModel,
    truth: SpiceModel,
    model: BaseRNN,
    dataset: DatasetRNN,
    config: SpiceConfig,
    participant: Any,
) -> Comparison:
    """As `compare`, for one of several participants.

    Args:
        found: discovered equations of all participants.
        truth: of the same participants.
        model: as in `compare`.
        dataset: all choices; participants are indices in the last column.
        config: as in `compare`.
        participant: label.
    """
    alone, own = one_participant(found, dataset, found.index(participant))
    true, _ = one_participant(truth, dataset, truth.index(participant))
    return compare(alone, true, model, own, config)


def differences(
    found: SpiceModel,
    truth: SpiceModel | None,
    model: BaseRNN,
    dataset: DatasetRNN,
    config: SpiceConfig,
    participant: Any,
) -> tuple[list[str], list[str]]:
    """Terms of a participant's truth that were not found, and found ones that are not true, in words, once
    both are written in the same way; none without a truth. Arguments as in `compare_participant`.

    Few choices may not need a term of the truth, which is no other way of writing it: only a constant can be
    written otherwise, where the values of the other arms have one too, or where there is a beta. A term that
    the participant has is true, though these choices would be expected as well without it.
    """
    if truth is None:
        return [], []
    own, true = (one.of_participant(participant) for one in (found, truth))
    apart = compare_participant(found, truth, model, dataset, config, participant)
    missing, extra = (
        [
            f"β of the {state_in_words(n.module)}" if n.term is None else part_of_sentence(n.term, n.module)
            for n in numbers
        ]
        for numbers in (apart.missing, [one for one in apart.superfluous if not _is_of(one, true)])
    )
    parts = parts_of(model, config, Sessions.of(dataset).inputs)
    free = {module for module, part in parts.items() if _is_free(part, parts, found)}
    for module in own.keys() & true.keys():
        has, needs = ({tuple(sorted(term)) for term, _ in one[module].active} for one in (own, true))
        lacks = [term for term in sorted(needs - has) if term or module not in free]
        missing += [words for term in lacks if (words := part_of_sentence(term, module)) not in missing]
    return missing, extra


def _is_of(number: ParameterId, true: Mapping[str, Equation]) -> bool:
    """Tell whether the participant's own equations have a term, which is no constant."""
    equation = true.get(number.module)
    return bool(number.term and equation is not None and equation.coefficient(*number.term))


def _is_free(part: ModuleRole, parts: Mapping[str, ModuleRole], found: SpiceModel) -> bool:
    """Tell whether the constant of a module is a matter of convention."""
    arms = {other.chosen for other in parts.values() if other.state == part.state}
    return arms == {True, False} or part.state in found.betas


def _terms(numbers: Collection[ParameterId], there: np.ndarray) -> tuple[ParameterId, ...]:
    return tuple(number for number, one in zip(numbers, there, strict=True) if one)


def _with_numbers_of(found: SpiceModel, truth: SpiceModel) -> SpiceModel:
    """All candidate terms, with the truth's numbers."""
    equations = {}
    for module, (equation,) in found.equations.items():
        assert equation is not None
        true = truth.equation(module)
        values = tuple(true.coefficient(*term) for term in equation.terms)
        equations[module] = (replace(equation, values=values),)
    return SpiceModel((0,), equations, truth.betas)
