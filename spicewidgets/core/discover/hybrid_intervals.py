"""Hybrids of the two-step task as the equations of its model, for many people at once, as `learners.py` has
Q-learners: their parameters are the coordinates in which people of a group have intervals.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..equations import SpiceModel, Term
from ..models import V2
from ..read.hybrid import FADING, TERMS, coefficients_of
from .learners import REAL, Kind, OnScales, Scale, Shape
from .likelihood import ParameterId, terms_in

Floats = NDArray[np.float64]

OF_ALL = ("alpha2", "beta1", "beta2", "stay")
OF_LEARNED = ("alpha1", "lambda")  # of values of the first stage
FADES_FIRST, FADES_SECOND = FADING
UNUSED = dict.fromkeys((*OF_LEARNED, FADES_FIRST), 1.0)  # where no values of the first stage are learned


class HybridKind(Kind):
    """A kind of learner in the two-step task: with a plan, with values of the first stage, or with both."""

    @property
    def scales(self) -> tuple[Scale, ...]:
        """The scale of each parameter."""
        own = super().scales
        return tuple(REAL if name == "q0" else one for name, one in zip(self.names, own, strict=True))

    def parameters(self, natural: Shape) -> dict[str, Any]:
        """All parameters of a hybrid that the free ones stand for."""
        if "w" in natural:
            return dict(natural)
        return {"w": 0.0 if "alpha1" in natural else 1.0, **natural}


class HybridLikelihood(OnScales):
    """ln L of people's choices in the coordinates of a kind of hybrid."""

    def coefficients(self, p: Mapping[str, Any]) -> Mapping[ParameterId, Floats]:
        """Return the coefficients that a hybrid's parameters stand for."""
        return {ParameterId(*number): value for number, value in coefficients_of({**UNUSED, **p}).items()}


def hybrid_kinds(spice: SpiceModel) -> tuple[HybridKind, ...]:
    """List the kinds of hybrid that people may be: with q0 where their equations have a constant."""
    second = f"{V2}_chosen"
    rest = (FADES_SECOND, *(("q0",) if () in terms_in(spice)[second] else ()))
    learned = (*OF_LEARNED, FADES_FIRST)
    return tuple(HybridKind((*OF_ALL, *own, *rest)) for own in ((*learned, "w"), learned, ()))


def terms_of_hybrids(kinds: tuple[Kind, ...]) -> dict[str, tuple[Term, ...]]:
    """List the terms that these kinds of hybrid have, by module."""
    terms = TERMS | ({(f"{V2}_chosen", ())} if "q0" in kinds[0].names else set())
    modules = sorted({module for module, _ in terms})
    return {module: tuple(term for own, term in sorted(terms) if own == module) for module in modules}
