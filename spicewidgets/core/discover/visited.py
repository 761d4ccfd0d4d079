"""Intervals of coefficients that reckon in that the terms were chosen from the same choices.

Each set of terms that the search has visited gives a coefficient a normal distribution, or 0 where it lacks
the term. They are averaged with the weight `exp(-cost)`, where the cost is what the search makes small: -ln
L, the prior's penalty, and the penalty of the terms (Bayesian model averaging; Hoeting et al. 1999,
Statistical Science 14: 382).
"""

import numpy as np
from numpy.typing import NDArray

from .evidence import SearchStep, TermSearch
from .intervals import mix_distributions
from .likelihood import ParameterId

Floats = NDArray[np.float64]

WINDOW = 7.0  # nats beyond the best set, from which on a set counts no more
ROOTS = np.array([-3.0, 0.0, 3.0])


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
