"""The sparsity path: which terms an equation keeps at which threshold, and what it costs to lose one.

For the question "why did this term vanish?": a threshold is set against what a term is worth. pysindy is
loaded with the first fit.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..equations import Equation, Term, term_text
from ..settings import Discovery, SettingsError
from .regression import Regression

if TYPE_CHECKING:
    from .sampling import ModuleSamples

Floats = NDArray[np.float64]
THRESHOLDS = tuple(np.geomspace(1e-3, 2.0, 25).tolist())


@dataclass(frozen=True)
class SparsityPath:
    """The equations of one module over thresholds.

    Attributes:
        module, terms: candidate terms, the constant first.
        thresholds: from low to high, `(n_thresholds,)`.
        coefficients: 0 for a term that was left out, `(n_thresholds, n_terms)`.
        errors: by how much each equation misses the next values, root mean square, `(n_thresholds,)`.
        full: coefficients of the terms that the data can tell apart, without a threshold, `(n_terms,)`.
        full_error: the error of all of them together.
        without: the error without each term, the others fitted again, `(n_terms,)`.
    """

    module: str
    terms: tuple[Term, ...]
    thresholds: Floats
    coefficients: Floats
    errors: Floats
    full: Floats
    full_error: float
    without: Floats

    @property
    def n_terms(self) -> NDArray[np.int64]:
        """Number of terms at each threshold."""
        counts: NDArray[np.int64] = np.count_nonzero(self.coefficients, axis=1)
        return counts

    def stays_up_to(self, term: Term) -> float:
        """Return the highest of the thresholds that keeps a term, and below which all do; 0 where none
        does.
        """
        there = self.coefficients[:, self._at(term)] != 0
        first = int(np.argmin(there)) if not there.all() else len(there)
        return float(self.thresholds[first - 1]) if first else 0.0

    def trade(self) -> tuple[NDArray[np.int64], Floats]:
        """Numbers of terms that some threshold leaves, ascending, and the least error with so many."""
        counts = np.unique(self.n_terms)
        return counts, np.array([self.errors[self.n_terms == n].min() for n in counts])

    def why(self, term: Term, equation: Equation, threshold: float, name: str = "") -> str:
        """Why a term is in an equation that was found with this threshold, or why it is not; what the term is
        called, if not as in the equation.
        """
        at, name = self._at(term), name or term_text(term)
        if term in equation.dropped:
            return equation.dropped[term]
        worth = f"Without any threshold its coefficient is {_number(self.full[at])}"
        lost = f"leaving it out makes the next value wrong by {self.without[at]:.2g}"
        rather = f"{lost} rather than {self.full_error:.2g} (root mean square)."
        limit = self.stays_up_to(term)
        stays = (
            f"it stays up to a threshold of about {limit:.2g}" if limit else "no threshold on show keeps it"
        )
        if equation.coefficient(*term) != 0:
            return f"{name} is in the equation. {worth}; {stays}; {rather}"
        return f"{name} was left out by the threshold {threshold:g}. {worth}, and {stays}; {rather}"

    def _at(self, term: Term) -> int:
        for at, known in enumerate(self.terms):
            if sorted(known) == sorted(term):
                return at
        names = ", ".join(map(term_text, self.terms))
        raise SettingsError(
            [f"The term must be one of {names}; got {term_text(term)}. Choose one, or change the library."]
        )


def sparsity_path(
    module: str,
    samples: "ModuleSamples",
    terms: tuple[Term, ...],
    settings: Discovery | None = None,
    thresholds: ArrayLike = THRESHOLDS,
) -> SparsityPath:
    """Fit the equation of one module at many thresholds.

    Args:
        module: its name.
        samples: of one participant, filtered, as `ModuleSamples.select` gives them.
        terms: candidate terms.
        settings: optimiser and regularisation; the threshold in it is not used, and numbers are not refined.
        thresholds: from low to high.
    """
    settings = settings or Discovery()
    regression = Regression.of(module, samples, terms)
    at = np.asarray(thresholds, dtype=float)
    equations = [regression.equation(replace(settings, threshold=float(value))) for value in at]
    terms_used = list(regression.distinct)
    full, error = _least_squares(regression, terms_used)
    without = [error] * len(terms)
    for gone in terms_used:
        without[gone] = _least_squares(regression, [i for i in terms_used if i != gone])[1]
    return SparsityPath(
        module,
        terms,
        at,
        np.array([equation.values for equation in equations]),
        np.array([regression.error(equation) for equation in equations]),
        full,
        error,
        np.array(without),
    )


def _least_squares(regression: Regression, which: list[int]) -> tuple[Floats, float]:
    """Coefficients of some terms without a threshold, the others 0, and their error."""
    values = np.zeros(len(regression.terms))
    values[which] = np.linalg.lstsq(regression.triangle[:, which], regression.triangle[:, -1], rcond=None)[0]
    fitted = Equation(regression.module, regression.terms, tuple(values.tolist()))
    return values, regression.error(fitted)


def _number(value: float) -> str:
    return f"{value:.3f}".replace("-", "−")
