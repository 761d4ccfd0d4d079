"""Intervals of all numbers of an estimator's people, by the way that holds for each."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..data.dataset import DatasetRNN
from ..equations import SpiceModel
from ..models import VALUE
from ..polynomial import FADING
from ..train.compiled.symbolic import TraceError
from ..train.objective import Sessions
from .group_intervals import averaged_of_group
from .intervals import average_over_kinds
from .learners import DIFFERENCE, kinds_of, terms_of
from .likelihood import Likelihood, ParameterId, terms_in
from .visited import averaged_coefficients

if TYPE_CHECKING:
    from ..estimator import SpiceEstimator

Floats = NDArray[np.float64]

BEATEN = 10.0  # nats by which equations must be better than any Q-learner before its intervals are not theirs
CHOSEN, OTHER = f"{VALUE}_chosen", f"{VALUE}_not_chosen"

Ends = Mapping[str | ParameterId, tuple[float, float]]


class EstimatedIntervals(NamedTuple):
    """Intervals of one person, by the parameter's name or the coefficient.

    Attributes:
        ends: at the level that was asked for.
        sure: of parameters at 95 %, by which it is told whether they are identified.
    """

    ends: Ends
    sure: Ends


def intervals_of(
    estimator: "SpiceEstimator", sessions: DatasetRNN | Sessions, level: float
) -> dict[Any, EstimatedIntervals]:
    """Find the intervals of people's parameters and coefficients, by label.

    Args:
        estimator: with equations.
        sessions: the choices; participants are indices.
        level: of the intervals, 0 to 1.

    Returns:
        The delta method is for what is lacking: all where a model's forward cannot be compiled, and the
        parameters of whoever is no Q-learner.
    """
    found: dict[Any, EstimatedIntervals] = {}
    searched, price = getattr(estimator, "_searched", None), estimator.price
    if searched is not None and getattr(estimator, "evidence_", {}):
        for code, selection in searched.of.items():
            search, step = selection.at(price)
            label = estimator.spice_model_.participants[code]
            found[label] = EstimatedIntervals(averaged_coefficients(search, step, level, price), {})
    try:
        for label, own in _of_learners(estimator, sessions, level).items():
            before = found[label].ends if label in found else {}
            found[label] = EstimatedIntervals({**before, **own.ends}, own.sure)
    except (TraceError, ImportError):  # or there is no compiler
        pass
    return found


def _of_learners(
    estimator: "SpiceEstimator", sessions: DatasetRNN | Sessions, level: float
) -> dict[Any, EstimatedIntervals]:
    """Return the intervals of those whose choices a Q-learner explains nearly as well as their equations."""
    spice, model = estimator.spice_model_, estimator.rnn_model_
    modules = {
        module: tuple(dict.fromkeys(term for row in rows if row is not None for term in row.terms))
        for module, rows in spice.equations.items()
    }
    kinds = kinds_of(modules)
    if not kinds:
        return {}
    equations = Likelihood(model, sessions, terms_in(spice))
    nll = equations(equations.values_of(spice)).nll
    learners = Likelihood(model, sessions, terms_of(tuple(modules)))
    places = [i for i, code in enumerate(learners.participants) if spice.has_equations(int(code))]
    average = averaged_of_group if hasattr(estimator, "group_") else average_over_kinds
    result = average(learners.of_participants(places), model, kinds, level)
    has_two = any("alpha_penalty" in kind.names for kind in kinds)
    found: dict[Any, EstimatedIntervals] = {}
    for row, code in enumerate(result.participants):
        label = spice.participants[code]
        if result.objective[row] - nll[places[row]] - spice.n_parameters(label) < BEATEN:
            both = (_name_intervals(ends, row, spice, has_two) for ends in (result.ends, result.sure))
            found[label] = EstimatedIntervals(*both)
    return found


def _name_intervals(table: Mapping[str, Floats], row: int, spice: SpiceModel, has_two: bool) -> Ends:
    """Name one person's intervals, with those of the coefficients that are parameters in other words."""
    ends: dict[str | ParameterId, tuple[float, float]] = {
        name: (float(pair[row, 0]), float(pair[row, 1])) for name, pair in table.items()
    }
    for module, name in ((CHOSEN, "alpha_penalty"), (OTHER, FADING[OTHER].parameters[0].name)):
        if module in spice.equations and name in ends:
            low, high = ends[name]
            ends[ParameterId(module, (module,))] = (1 - high, 1 - low)
    if has_two and CHOSEN in spice.equations:
        low, high = ends.pop(DIFFERENCE)
        ends[ParameterId(CHOSEN, (CHOSEN, "c_reward"))] = (-high, -low)
    return ends
