"""How sure the choices are of the numbers of an equation: standard errors, and what they cannot tell at all.

The equations are the maximum of the likelihood (`refine.py`), so that for many choices their numbers are
distributed around the truth with the inverse of the Fisher information as covariance; that of the parameters
read off them follows by the delta method (e.g. van der Vaart 1998, Asymptotic Statistics, chapters 3 and 5).
The information is the expected one, given the choices and rewards that each trial follows. Where it is
singular, a combination of numbers can move without any P changing: a number that takes part in it has an
infinite error, and the combination is told.

The errors hold for the terms as they are: that SINDy chose them from the same data is not reckoned in. They
mean little for equations that were not refined.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import exp, inf, isfinite, nan, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..equations import SpiceModel, Term, term_in_words
from ..read.translation import HasInitValues
from ..settings import LEVEL
from ..wording import join_words

if TYPE_CHECKING:
    from ..data.dataset import DatasetRNN
    from ..train.rnn import BaseRNN
    from .known import Known

STEP = 1e-6  # of the slopes of the parameters
FLAT = 1e-10  # share of the largest information, below which a direction is not told
FAR = 500.0  # from which on an end is at its bound
TOUCHED = 1e-6  # share of a slope along such a direction, from which on its error is infinite

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Uncertainty:
    """Standard errors of one participant's numbers; infinite where the choices do not tell a number.

    Attributes:
        coefficients: by module and term, for the terms that are in the equation.
        betas: of the learned betas, by state.
        parameters: of those parameters that `classical_parameters` reads off the equations.
        untold: a sentence for each combination of numbers that the choices cannot tell.
        alone: of the coefficients, as they would be if all other numbers were known.
    """

    coefficients: Mapping[str, Mapping[Term, float]]
    betas: Mapping[str, float]
    parameters: Mapping[str, float]
    untold: tuple[str, ...] = ()
    alone: Mapping[str, Mapping[Term, float]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain data (JSON), from which `from_dict` makes an equal object."""
        return {
            "coefficients": _plain(self.coefficients),
            "alone": _plain(self.alone),
            "betas": dict(self.betas),
            "parameters": dict(self.parameters),
            "untold": list(self.untold),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Uncertainty":
        """Read the output of `to_dict`."""
        told, alone = (
            {m: {tuple(term): e for term, e in row} for m, row in data.get(name, {}).items()}
            for name in ("coefficients", "alone")
        )
        return cls(told, dict(data["betas"]), dict(data["parameters"]), tuple(data["untold"]), alone)


def _plain(errors: Mapping[str, Mapping[Term, float]]) -> dict[str, Any]:
    return {module: [[list(term), error] for term, error in row.items()] for module, row in errors.items()}


def uncertainty(spice: SpiceModel, model: "BaseRNN", dataset: "DatasetRNN") -> dict[Any, Uncertainty]:
    """Return standard errors of each participant's numbers, by label.

    Args:
        spice: equations at the maximum of the likelihood.
        model: the model whose forward pass ties them together; its weights play no part.
        dataset: the choices; participants are indices in the last column.
    """
    from .known import known_by_choices

    labels = spice.participants
    return {
        labels[code]: _of(known.without(), spice.alone(labels[code]), model)
        for code, known in known_by_choices(spice, model, dataset)
    }


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


def _of(known: "Known", spice: SpiceModel, model: HasInitValues) -> Uncertainty:
    told = InformationMatrix(known.information)
    coefficients: dict[str, dict[Term, float]] = {module: {} for module in spice.equations}
    alone: dict[str, dict[Term, float]] = {module: {} for module in spice.equations}
    betas = {}
    for (module, term), error, unit in zip(known.numbers, told.errors, told.unit, strict=True):
        if term is None:
            betas[module] = float(error)
        else:
            coefficients[module][term], alone[module][term] = float(error), float(unit)
    parameters = {name: told.error(slope) for name, slope in known.slopes(spice, model).items()}
    names = [
        f"beta of {module}" if term is None else f"{term_in_words(term, module)} of {module}"
        for module, term in known.numbers
    ]
    untold = tuple(_sentence(names, way) for way in told.flat)
    return Uncertainty(coefficients, betas, parameters, untold, alone)


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


def _sentence(names: Sequence[str], way: Floats) -> str:
    """Return a flat direction in words."""
    moved = [f"{name} by {part:+.2g}" for name, part in zip(names, way, strict=True) if abs(part) > 1e-3]
    if len(moved) == 1:
        return f"The choices do not tell {moved[0].rsplit(' by ', 1)[0]}: whatever it is, P stays the same."
    words = join_words(moved)
    return f"The choices do not tell these coefficients apart: P stays the same if one moves {words}."
