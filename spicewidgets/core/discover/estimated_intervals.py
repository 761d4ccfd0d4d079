"""Intervals of all numbers of an estimator's people, by the way that holds for each.

Those of coefficients reckon in that the terms were chosen from the same choices: each set of terms that the
search has visited gives a coefficient a normal distribution, or 0 where it lacks the term. They are averaged
with the weight `exp(-cost)`, where the cost is what the search makes small: -ln L, the prior's penalty, and
the penalty of the terms (Bayesian model averaging; Hoeting et al. 1999, Statistical Science 14: 382).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..data.dataset import DatasetRNN
from ..equations import SpiceModel
from ..models import VALUE
from ..polynomial import FADING
from ..read.hybrid import is_two_step
from ..train.compiled.symbolic import TraceError
from ..train.objective import Sessions
from .evidence import SearchStep, TermSearch
from .group_intervals import average_of_looks, averaged_of_group
from .hybrid_intervals import HybridKind, HybridLikelihood, hybrid_kinds, terms_of_hybrids
from .intervals import Averaged, average_over_kinds, mix_distributions
from .learners import DIFFERENCE, Kind, kinds_of, terms_of
from .likelihood import Likelihood, ParameterId

if TYPE_CHECKING:
    from ..estimator import SpiceEstimator
    from .search import FoundEquations

Floats = NDArray[np.float64]

BEATEN = 10.0  # nats by which equations must be better than any Q-learner before its intervals are not theirs
WINDOW = 7.0  # nats beyond the best set, from which on a set counts no more
ROOTS = np.array([-3.0, 0.0, 3.0])
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
    estimator: "SpiceEstimator",
    sessions: DatasetRNN | Sessions,
    level: float,
    nll: Mapping[Any, float],
) -> dict[Any, EstimatedIntervals]:
    """Find the intervals of people's parameters and coefficients, by label.

    Args:
        estimator: with equations.
        sessions: the choices; participants are indices.
        level: of the intervals, 0 to 1.
        nll: -ln L of everyone's choices under their equations in nats, by label.

    Returns:
        The delta method is for what is lacking: all where a model's forward cannot be compiled, and the
        parameters of whoever is no Q-learner.
    """
    found: dict[Any, EstimatedIntervals] = {}
    equations: FoundEquations | None = getattr(estimator, "_found", None)
    if equations is not None and equations.selections is not None:
        for code, selection in equations.selections.of.items():
            ends = averaged_coefficients(*selection.at(equations.price), level, equations.price)
            found[equations.spice.participants[code]] = EstimatedIntervals(ends, {})
    try:
        for label, own in _of_learners(estimator, sessions, level, nll).items():
            before = found[label].ends if label in found else {}
            found[label] = EstimatedIntervals({**before, **own.ends}, own.sure)
    except (TraceError, ImportError):  # or there is no compiler
        pass
    return found


def _of_learners(
    estimator: "SpiceEstimator",
    sessions: DatasetRNN | Sessions,
    level: float,
    nll: Mapping[Any, float],
) -> dict[Any, EstimatedIntervals]:
    """Return the intervals of those whose choices a Q-learner explains nearly as well as their equations."""
    spice = estimator.spice_model_
    modules = {
        module: tuple(dict.fromkeys(term for row in rows if row is not None for term in row.terms))
        for module, rows in spice.equations.items()
    }
    is_hybrid = is_two_step(spice) and hasattr(estimator, "group_")
    kinds = hybrid_kinds(spice) if is_hybrid else kinds_of(modules)
    if not kinds:
        return {}
    result = _average(estimator, sessions, tuple(modules), kinds, level)
    has_two = any("alpha_penalty" in kind.names for kind in kinds)
    found: dict[Any, EstimatedIntervals] = {}
    for row, code in enumerate(result.participants):
        label = spice.participants[code]
        if result.objective[row] - nll[label] - spice.n_parameters(label) < BEATEN:
            both = (_name_intervals(ends, row, spice, has_two) for ends in (result.ends, result.sure))
            found[label] = EstimatedIntervals(*both)
    return found


def _average(
    estimator: "SpiceEstimator",
    sessions: DatasetRNN | Sessions,
    modules: tuple[str, ...],
    kinds: tuple[Kind, ...],
    level: float,
) -> Averaged:
    """Average intervals over kinds of Q-learners. They are the same for all equations of a network and its
    choices: an estimator, and its copies, keep those of its fit.
    """
    spice, model, pools = estimator.spice_model_, estimator.rnn_model_, hasattr(estimator, "group_")
    key = modules, kinds, level, pools, tuple(map(spice.has_equations, range(len(spice.participants))))
    is_own = sessions is getattr(estimator, "_sessions", None)
    kept = estimator._search.averaged if is_own else {}
    if key not in kept:
        is_hybrid = isinstance(kinds[0], HybridKind)
        learners = Likelihood(model, sessions, terms_of_hybrids(kinds) if is_hybrid else terms_of(modules))
        places = [i for i, code in enumerate(learners.participants) if spice.has_equations(int(code))]
        people = learners.of_participants(places)
        if is_hybrid:
            kept[key] = average_of_looks([HybridLikelihood(people, kind) for kind in kinds], level)
        else:
            kept[key] = (averaged_of_group if pools else average_over_kinds)(people, model, kinds, level)
    return kept[key]


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


def averaged_coefficients(
    search: TermSearch, chosen: SearchStep, level: float, price: float | None = None
) -> dict[str | ParameterId, tuple[float, float]]:
    """Average a person's coefficients over the sets of terms that the search has visited.

    Args:
        search: that has run.
        chosen: the set whose equations are shown; what is held in it has no interval.
        level: of the intervals, 0 to 1.
        price: as in `Search.total`.
    """
    sets: dict[bytes, SearchStep] = {chosen.active.tobytes(): chosen}
    for step in (*search.path, *search.near_by):
        sets.setdefault(step.active.tobytes(), step)
    costs = {key: search.total(step, price) for key, step in sets.items()}
    least = min(costs.values())
    near = [key for key, cost in costs.items() if cost - least < WINDOW]
    weights = np.exp([least - costs[key] for key in near])
    errors = [np.sqrt(np.maximum(np.diag(search.covariance(sets[key])), 0.0)) for key in near]
    found: dict[str | ParameterId, tuple[float, float]] = {}
    for i, number in enumerate(search.numbers):
        if number.term is None or (chosen.active[i] and not np.diag(search.covariance(chosen))[i] > 0):
            continue
        parts = [
            (sets[key].values[i] + ROOTS * error[i], ROOTS) if error[i] > 0 else float(sets[key].values[i])
            for key, error in zip(near, errors, strict=True)
        ]
        found[number] = mix_distributions(parts, weights, level)
    return found
