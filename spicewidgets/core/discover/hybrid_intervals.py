"""Intervals of the parameters of the two-step task's hybrid, of people whose coefficients were pooled.

Given the group, a person's coefficients are normal around the most likely ones, in the coordinates of the
pool. The group's mean is not known for sure: with spread S and a person's covariance C given the group, it
has the information `sum of S^-2 (S^2 - C) S^-2` over people, and it moves a person's coefficients by `C S^-2`
of its own error. What is read off coefficients is a quotient of them, and skewed, so that draws are read, and
their quantiles are the ends.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import qmc

from ..equations import SpiceModel
from ..read.hybrid import HYBRID, hybrid_of
from ..settings import LEVEL
from .group import Group
from .identified import AT_BOUND
from .likelihood import ParameterId

Floats = NDArray[np.float64]
Ends = Mapping[str | ParameterId, tuple[float, float]]

DRAWS = 1024  # of each person


def hybrid_intervals(group: Group, spice: SpiceModel, level: float) -> dict[Any, tuple[Ends, Ends]]:
    """Find the intervals of everyone's parameters, by label: at a level, and at 95 %.

    Args:
        group: of pooled equations of the two-step task.
        spice: the equations, which have the labels.
        level: probability with which an interval covers the truth, 0 to 1.
    """
    group = group.hybrid or group
    free = group.active & (group.errors > AT_BOUND)
    covariance = _with_group(group, free)
    uniform = qmc.Sobol(len(group.numbers), scramble=True, seed=np.random.default_rng(0)).random(DRAWS)
    normal = ndtri(uniform)
    tails = np.array([(1 - level) / 2, (1 + level) / 2, (1 - LEVEL) / 2, (1 + LEVEL) / 2])
    found: dict[Any, tuple[Ends, Ends]] = {}
    for row, code in enumerate(group.participants):
        at = np.flatnonzero(free[row])
        values, axes = np.linalg.eigh(covariance[row][np.ix_(at, at)])
        moved = np.tile(_to_pool(group, group.values[row]), (DRAWS, 1))
        moved[:, at] += (normal[:, at] * np.sqrt(np.maximum(values, 0.0))) @ axes.T
        natural = np.where(_is_own(group) & free[row], np.tanh(moved), moved)
        own = _quantiles(group, np.where(free[row], natural, group.values[row]), tails)
        asked: Ends = {name: (ends[0], ends[1]) for name, ends in own.items()}
        sure: Ends = {name: (ends[2], ends[3]) for name, ends in own.items()}
        found[spice.participants[code]] = asked, sure
    return found


def _quantiles(group: Group, draws: Floats, tails: Floats) -> dict[str, Floats]:
    """Read the draws of one person, within the bounds that a hybrid has."""
    columns = {number: draws[:, place] for place, number in enumerate(group.numbers)}
    nothing = np.zeros(len(draws))
    read = hybrid_of(lambda module, *term: columns.get(ParameterId(module, term), nothing))
    return {
        name: np.clip(np.quantile(values, tails), *HYBRID[name])
        for name, values in read.items()
        if np.isfinite(values).all() and np.ptp(values) > 0
    }


def _with_group(group: Group, free: NDArray[np.bool_]) -> Floats:
    """Return the covariance of everyone's coefficients, the error of the group's mean with it, in the
    coordinates of the pool.
    """
    slope = np.where(_is_own(group) & free, 1 - group.values**2, 1.0)
    covariance: Floats = group.covariance / (slope[:, :, None] * slope[:, None, :])
    spread = np.where(group.spread > 0, group.spread, 1.0)
    pull = covariance / spread**2  # of the mean's error on each person's coefficients
    told = (free[:, :, None] * np.eye(len(spread)) - pull) / (spread**2)[:, None]
    mean = np.linalg.pinv(told.sum(0), hermitian=True)
    whole: Floats = covariance + pull @ mean @ pull.swapaxes(1, 2)
    return whole


def _is_own(group: Group) -> NDArray[np.bool_]:
    return np.array([number.term == (number.module,) for number in group.numbers])


def _to_pool(group: Group, values: Floats) -> Floats:
    own = _is_own(group) & (np.abs(values) < 1)
    return np.where(own, np.arctanh(np.where(own, values, 0.0)), values)
