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

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..equations import SpiceModel, Term, term_in_words
from ..read.translation import HasInitValues
from ..wording import join_words
from .information import InformationMatrix

if TYPE_CHECKING:
    from ..data.dataset import DatasetRNN
    from ..train.rnn import BaseRNN
    from .known import Known


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


def _sentence(names: Sequence[str], way: Floats) -> str:
    """Return a flat direction in words."""
    moved = [f"{name} by {part:+.2g}" for name, part in zip(names, way, strict=True) if abs(part) > 1e-3]
    if len(moved) == 1:
        return f"The choices do not tell {moved[0].rsplit(' by ', 1)[0]}: whatever it is, P stays the same."
    words = join_words(moved)
    return f"The choices do not tell these coefficients apart: P stays the same if one moves {words}."
