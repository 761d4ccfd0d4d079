"""How an equation emerges: the coefficients of a module at some epochs of the training."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..equations import Equation, SpiceModel, Term

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Emergence:
    """The equation of one module over the epochs of a training.

    Attributes:
        module, terms: candidate terms.
        epochs: at which the equation is known, ascending, `(n_epochs,)`.
        coefficients: 0 for a term that was not in it, `(n_epochs, n_terms)`.
    """

    module: str
    terms: tuple[Term, ...]
    epochs: NDArray[np.int64]
    coefficients: Floats

    def equation(self, at: int) -> Equation:
        """Return the equation at one of the epochs, by its place."""
        return Equation(self.module, self.terms, tuple(self.coefficients[at].tolist()))

    def ever(self, also: Collection[Term] = ()) -> "Emergence":
        """Return the same without the terms that were never in it, unless they are among these (in any order
        of their factors).
        """
        places = [
            place
            for place, term in enumerate(self.terms)
            if self.coefficients[:, place].any() or any(sorted(term) == sorted(other) for other in also)
        ]
        terms = tuple(self.terms[place] for place in places)
        return Emergence(self.module, terms, self.epochs, self.coefficients[:, places])

    def since(self, term: Term) -> int | None:
        """Return the first epoch from which a term was in the equation to the end; None where it is not in
        the last one.
        """
        active = self.coefficients[:, self.terms.index(term)] != 0
        if not active[-1]:
            return None
        without = np.flatnonzero(~active)
        return int(self.epochs[without[-1] + 1 if len(without) else 0])


def emergences(frames: Sequence[tuple[int, SpiceModel]]) -> dict[str, Emergence]:
    """Return the emergence of each module of the first participant, from the equations at some epochs."""
    by_module: dict[str, Emergence] = {}
    for module in frames[-1][1].equations if frames else ():
        rows = [model.equation(module) for _, model in frames]
        terms = tuple(dict.fromkeys(term for row in rows for term in row.terms))
        values = np.array([[row.coefficient(*term) for term in terms] for row in rows])
        by_module[module] = Emergence(module, terms, np.array([epoch for epoch, _ in frames]), values)
    return by_module
