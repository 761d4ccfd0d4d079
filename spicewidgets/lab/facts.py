"""A result as `core.diagnose` reads it."""

from collections.abc import Hashable
from functools import lru_cache

from ..core.diagnose.facts import Facts
from ..core.read.translation import classical_parameters
from .looking import differences_of
from .result import Result
from .settle import values_of
from .simulation import people_of


@lru_cache(maxsize=2)
def facts_of(result: Result) -> Facts:
    """Gather the facts that verdict and findings on a result are made from."""
    snapshot, model, estimator = result.snapshot, values_of(result.snapshot), result.estimator
    one = snapshot.is_simulated and snapshot.n_participants == 1
    group = getattr(estimator, "group_", None)

    def parameters(label: Hashable) -> dict[str, float]:
        assert result.spice is not None
        return classical_parameters(result.spice, model, label)

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
    )


def _knows_people(result: Result) -> bool:
    if result.estimator is not None:
        return hasattr(result.estimator.rnn_model_, "participant_embedding")
    return result.description.participants
