"""The emergence of an equation: a module of the network, and its coefficients, at epochs of the training."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..equations import Equation, SpiceModel, Term
from .update_function import Curves, Function, Tabulated, tabulate_all

Floats = NDArray[np.float64]


class Look(NamedTuple):
    """Equations and modules of the weights of one epoch.

    Attributes:
        equations: of the first participant.
        tables: what the network's modules do for that participant, by name; without those that have no curve.
    """

    equations: SpiceModel
    tables: Mapping[str, Tabulated] = {}


@dataclass(frozen=True)
class Emergence:
    """The equation of one module over the epochs of a training.

    Attributes:
        module, terms: candidate terms.
        epochs: at which the equation is known, ascending, `(n_epochs,)`.
        coefficients: 0 for a term that was not in it, `(n_epochs, n_terms)`.
        tables: what the network's module did at each of the epochs; empty where that is not known.
    """

    module: str
    terms: tuple[Term, ...]
    epochs: NDArray[np.int64]
    coefficients: Floats
    tables: tuple[Tabulated, ...] = ()

    def equation(self, at: int) -> Equation:
        """Return the equation at one of the epochs, by its place."""
        return Equation(self.module, self.terms, tuple(self.coefficients[at].tolist()))

    def place(self, until: int | None) -> int:
        """Return the place of the last epoch until this one, or of all; -1 before the first."""
        return len(self.epochs) - 1 if until is None else int((self.epochs <= until).sum()) - 1

    def curves(self, at: int, truth: Equation | None) -> Curves:
        """Return the module at one of the epochs as curves, over all values at which the network is known.

        Args:
            at: place of the epoch, for curves "rnn" of the network and "spice" of the equation; neither is
                there below 0, before the first.
            truth: the true equation, for curves "truth", where it is known.
        """
        low, high = (pick(one.value[end] for one in self.tables) for pick, end in ((min, 0), (max, -1)))
        functions: dict[str, Function] = {} if truth is None else {"truth": truth}
        if at >= 0:
            functions |= {"rnn": self.tables[at], "spice": self.equation(at)}
        value = np.linspace(low, high, 2 * len(self.tables[0].value) - 1)
        levels = self.tables[max(at, 0)].levels
        return Curves(tuple(map(dict, levels)), value, tabulate_all(functions, levels, value))

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
        return replace(self, terms=terms, coefficients=self.coefficients[:, places])

    def since(self, term: Term, at: int = -1) -> int | None:
        """Return the first epoch from which a term was in the equation to one of the epochs, by its place;
        None where it is not in that one.
        """
        active = self.coefficients[: len(self.epochs[:at]) + 1, self.terms.index(term)] != 0
        if not active[-1]:
            return None
        without = np.flatnonzero(~active)
        return int(self.epochs[without[-1] + 1 if len(without) else 0])


def emergences(frames: Sequence[tuple[int, Look]]) -> dict[str, Emergence]:
    """Return the emergence of each module of the first participant, from looks at some epochs."""
    by_module: dict[str, Emergence] = {}
    for module in frames[-1][1].equations.equations if frames else ():
        rows = [look.equations.equation(module) for _, look in frames]
        terms = tuple(dict.fromkeys(term for row in rows for term in row.terms))
        values = np.array([[row.coefficient(*term) for term in terms] for row in rows])
        tables = tuple(look.tables[module] for _, look in frames if module in look.tables)
        known = tables if len(tables) == len(frames) else ()
        by_module[module] = Emergence(module, terms, np.array([at for at, _ in frames]), values, known)
    return by_module
