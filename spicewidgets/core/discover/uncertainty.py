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

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..equations import Term


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
