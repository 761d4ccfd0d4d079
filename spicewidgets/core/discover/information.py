"""Standard errors and intervals from an information matrix: what is told, how closely, and what is not.

Errors of what is read off coefficients follow by the delta method (e.g. van der Vaart 1998, Asymptotic
Statistics, chapter 3). Nothing here loads torch.
"""

from collections.abc import Callable, Mapping
from math import exp, inf, isfinite, nan, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from ..settings import LEVEL

STEP = 1e-6  # of the slopes of the parameters
FLAT = 1e-10  # share of the largest information, below which a direction is not told
FAR = 500.0  # from which on an end is at its bound
TOUCHED = 1e-6  # share of a slope along such a direction, from which on its error is infinite

Floats = NDArray[np.float64]


def half_width(error: float, level: float = LEVEL) -> float:
    """Half the width of the interval that covers the truth with this probability.

    >>> round(half_width(0.1, 0.9), 4)
    0.1645
    """
    return error * NormalDist().inv_cdf((1 + level) / 2)


def bounded_interval(
    value: float, error: float, level: float = LEVEL, bounds: tuple[float, float] = (-inf, inf)
) -> tuple[float, float]:
    """Compute the interval of a number that has bounds, by the delta method on a scale that has none: the
    log-odds between two bounds, the logarithm above one.

    Args:
        value: the estimate; at a bound, or beyond, the interval is cut off there.
        error: its standard error; infinite where the choices do not tell it, NaN where none is known.
        level: probability with which the interval covers the truth, 0 to 1.
        bounds: lowest and highest possible value.

    Returns:
        Its ends: the bounds for an infinite error, NaN for none.

    >>> [round(end, 2) for end in bounded_interval(0.1, 0.08, 0.95, (0, 1))]
    [0.02, 0.39]
    """
    low, high = bounds
    half = half_width(error, level)
    if not isfinite(half):
        return bounds if half == inf else (nan, nan)
    if not isfinite(low) or not low < value < high:
        return min(max(value - half, low), high), max(min(value + half, high), low)
    if not isfinite(high):
        factor = exp(min(half / (value - low), FAR))
        return low + (value - low) / factor, low + (value - low) * factor
    width = high - low
    odds = (value - low) / (high - value)
    factor = exp(min(half * width / ((value - low) * (high - value)), FAR))
    return low + width * (odds / factor) / (1 + odds / factor), high - width / (1 + odds * factor)


def slopes(read: Callable[[Floats], Mapping[str, float]], at: Floats) -> dict[str, Floats]:
    """Slope of each of several named functions of a vector, by central differences."""
    pairs = [(read(at + step), read(at - step)) for step in STEP * np.eye(len(at))]
    names = read(at)
    return {n: np.array([(up[n] - down[n]) / (2 * STEP) for up, down in pairs]) for n in names}


class InformationMatrix:
    """Standard errors of linear combinations of coefficients, and unidentified directions, from an
    information matrix.

    Each number is measured in units of its own error with all others known, so that units do not decide on
    what counts as flat.

    Args:
        information: `(n_numbers, n_numbers)`.
    """

    def __init__(self, information: Floats) -> None:
        self.unit = 1 / np.sqrt(np.maximum(np.diag(information), 1e-300))
        scaled = information * np.outer(self.unit, self.unit)
        self.values: Floats
        self.ways: Floats
        self.values, self.ways = np.linalg.eigh(scaled)
        self.sharp = self.values > FLAT * max(self.values.max(initial=0.0), 1e-300)

    @property
    def errors(self) -> Floats:
        """Standard error of each coefficient, infinite where the choices do not tell it."""
        return np.array([self.error(slope) for slope in np.eye(len(self.unit))])

    def error(self, slope: Floats) -> float:
        """Return standard error of what changes with the numbers as `slope` says (delta method); NaN where
        that is not known.
        """
        if not np.isfinite(slope).all():
            return float("nan")
        along = (slope * self.unit) @ self.ways
        if (along[~self.sharp] ** 2).sum() > TOUCHED * (along**2).sum():
            return inf
        return sqrt(float((along[self.sharp] ** 2 / self.values[self.sharp]).sum()))

    @property
    def flat(self) -> list[Floats]:
        """The directions that are not told, their largest number 1."""
        ways = (self.ways[:, ~self.sharp] * self.unit[:, None]).T
        return [way / way[np.abs(way).argmax()] for way in ways]
