"""A result as `core.diagnose` reads it."""

from collections.abc import Hashable, Iterator
from dataclasses import replace
from functools import lru_cache

from ..core.diagnose.facts import Facts, LeftOut
from ..core.read.translation import read_parameters
from ..experiment.result import Result
from ..experiment.settle import values_of
from ..experiment.simulation import people_of
from ..state.discovery import Library
from .looking import differences_of
from .meaning import not_identified_of


@lru_cache(maxsize=2)
def facts_of(result: Result) -> Facts:
    """Gather the facts that verdict and findings on a result are made from."""
    snapshot, model, estimator = result.snapshot, values_of(result.snapshot), result.estimator
    one = snapshot.is_simulated and snapshot.n_participants == 1
    group = getattr(estimator, "group_", None)

    def parameters(label: Hashable) -> dict[str, float]:
        assert result.spice is not None
        return read_parameters(result.spice, model, label)

    return Facts(
        history=result.history,
        training=snapshot.training,
        discovery=snapshot.discovery,
        n_actions=snapshot.n_actions,
        choices=result.choices,
        people=[0] * len(result.choices) if one else people_of(snapshot)[: len(result.choices)],
        spice=result.spice,
        truth=result.truth,
        played=result.played,
        scores=result.comparison,
        find_errors=lambda: result.uncertainty,
        parameters=parameters,
        model=snapshot.model.name if snapshot.model.own is None else "",
        knows_people=_knows_people(result),
        simulated=snapshot.is_simulated and result.truth is not None,
        find_differences=None if estimator is None else lambda label: differences_of(result, label),
        gains=getattr(estimator, "tuning_gains_", {}),
        group_evidence=None if group is None else group.log_evidence,
        made_by=vars(snapshot.participant) if snapshot.is_simulated else {},
        left_out=tuple(_left_out(snapshot.discovery.libraries)),
        missing=lambda label: not_identified_of(result, label),
        rivals={} if result.simulated is None or result.truth is not None else result.simulated.rivals,
        chance=result.chance,
    )


def _left_out(libraries: tuple[tuple[str, Library], ...]) -> Iterator[LeftOut]:
    """List the terms that were left out of the libraries, with the libraries that bring each back."""
    for module, library in libraries:
        for term in library.without:
            whole = replace(library, without=tuple(other for other in library.without if other != term))
            changed = tuple((name, whole if name == module else own) for name, own in libraries)
            yield LeftOut(module, term, {"discovery": {"libraries": changed}})


def _knows_people(result: Result) -> bool:
    if result.estimator is not None:
        return hasattr(result.estimator.rnn_model_, "participant_embedding")
    return result.description.participants
