"""SINDy: one sparse equation fitted to what a module did (Brunton et al. 2016).

The only file that imports pysindy (Kaptanoglu et al. 2022), so that a new version of it is one file's matter.
It is imported with the first fit that has a threshold, since it takes 20 MB. Without one all terms stay, and
both optimisers, which end with a fit of the terms that stay, come to least squares.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..equations import Equation, Term, term_text
from ..settings import Discovery, SettingsError
from ..wording import join_words

if TYPE_CHECKING:
    from .sampling import ModuleSamples

STIFF = 1e3  # how many times the samples outweigh the optimiser's own penalty
NO_TERM = "The threshold is above every coefficient: no term is left. Lower the threshold."
# share of a term's length that must lie outside the other terms for the data to tell it apart
REDUNDANT = 1e-7

Floats = NDArray[np.float64]


def fit_equation(
    module: str, samples: "ModuleSamples", terms: tuple[Term, ...], settings: Discovery
) -> Equation:
    """Return the sparse equation of one module for one participant.

    Args:
        module: its name.
        samples: of one participant, filtered, as `ModuleSamples.select` gives them.
        terms: candidate terms.
        settings: optimiser, threshold and regularisation.

    Raises:
        SettingsError: there is no sample, or one is no number.
    """
    return Regression.of(module, samples, terms).equation(settings)


@dataclass(frozen=True)
class Regression:
    """The samples of one module, as far as a regression of its next value depends on them: not a row for each
    sample, but one for each term, so that many thresholds can be tried quickly.

    Attributes:
        module, terms: of the equation, with all candidate terms.
        distinct: places of the terms that the data can tell apart.
        dropped: why the others were dropped.
        triangle: columns of all terms and of the next value, reduced by QR: sums of squares are the same.
        n_samples: how many samples there were.
    """

    module: str
    terms: tuple[Term, ...]
    distinct: tuple[int, ...]
    dropped: Mapping[Term, str]
    triangle: Floats
    n_samples: int

    @classmethod
    def of(cls, module: str, samples: "ModuleSamples", terms: tuple[Term, ...]) -> "Regression":
        """From samples of one participant.

        Raises:
            SettingsError: there is no sample, or one is no number.
        """
        if len(samples.value) == 0:
            raise SettingsError(
                [
                    f"No sample of the module {module!r} meets its filters. Check filter_setup, or sample"
                    " more trials."
                ]
            )
        signals = samples.signals(module, {factor for term in terms for factor in term})
        columns = np.column_stack(
            [np.prod([signals[f] for f in t], 0) if t else np.ones(len(samples.value)) for t in terms]
        )
        if not (np.isfinite(columns).all() and np.isfinite(samples.after).all()):
            raise SettingsError(
                [
                    f"The module {module!r} gives values that are no numbers, so that it has no equation."
                    " Train again, with a lower learning rate."
                ]
            )
        triangle: Floats = np.linalg.qr(np.column_stack([columns, samples.after])).R
        distinct, dropped = _tell_apart(triangle[:, :-1], terms)
        return cls(module, terms, distinct, dropped, triangle, len(columns))

    def equation(self, settings: Discovery) -> Equation:
        """Return the sparse equation under some settings."""
        distinct, after = list(self.distinct), self.triangle[:, -1:]
        if not distinct:
            return Equation(self.module, self.terms, (0.0,) * len(self.terms), self.dropped)
        columns = self.triangle[:, distinct]
        if not settings.threshold:
            return self._with(np.asarray(np.linalg.lstsq(columns, after[:, 0], rcond=None)[0], float))
        weight = _weight(columns, settings)
        optimizer = _optimizer([self.terms[i] for i in distinct], settings)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            fitted = optimizer.fit(weight * columns, weight * after)
        notes = [_note(str(w.message)) for w in caught if not issubclass(w.category, DeprecationWarning)]
        if not fitted.coef_.any() and after.any():
            notes.append(NO_TERM)
        return self._with(fitted.coef_[0], tuple(dict.fromkeys(notes)))

    def _with(self, coefficients: Floats, notes: tuple[str, ...] = ()) -> Equation:
        """Write the equation with coefficients of the distinct terms."""
        values = np.zeros(len(self.terms))
        values[list(self.distinct)] = coefficients
        return Equation(self.module, self.terms, tuple(values.tolist()), self.dropped, notes)

    def error(self, equation: Equation) -> float:
        """By how much an equation misses the next values of the samples: the root of the mean square."""
        values = np.array([equation.coefficient(*term) for term in self.terms])
        missed = self.triangle[:, :-1] @ values - self.triangle[:, -1]
        return float(np.linalg.norm(missed) / self.n_samples**0.5)


def _tell_apart(columns: Floats, terms: tuple[Term, ...]) -> tuple[tuple[int, ...], dict[Term, str]]:
    """Terms that the data can tell apart, simplest first, and why the others were dropped (r^2 is r where r
    is 0 or 1).
    """
    distinct: list[int] = []
    dropped = {}
    for i, term in enumerate(terms):
        length = float(np.linalg.norm(columns[:, i]))
        basis = columns[:, distinct]
        weights = np.linalg.lstsq(basis, columns[:, i], rcond=None)[0] if distinct else np.zeros(0)
        rest = float(np.linalg.norm(columns[:, i] - basis @ weights)) if distinct else length
        if rest > REDUNDANT * length:
            distinct.append(i)
        else:
            same = [
                term_text(terms[j]) for j, weight in zip(distinct, weights, strict=True) if abs(weight) > 1e-9
            ]
            why = f"in these data it is the same as {join_words(same)}" if same else "it is 0 in these data"
            dropped[term] = f"{term_text(term)} was left out of the library: {why}."
    return tuple(distinct), dropped


def _weight(columns: Floats, settings: Discovery) -> float:
    """Return a weight for all samples, such that a threshold is a threshold.

    SR3 and the ridge of STLSQ set a penalty of fixed size against a sum over samples, so that few samples, or
    values that hardly vary, would lose terms far above the threshold. With this weight the samples outweigh
    the penalty in every direction.
    """
    smallest = float(np.linalg.svd(columns, compute_uv=False)[-1]) ** 2
    stiffness = settings.regularization if settings.optimizer == "STLSQ" else 1 / settings.regularization
    return max(1.0, STIFF * stiffness / smallest) ** 0.5 if settings.regularization > 0 else 1.0


def _optimizer(terms: list[Term], settings: Discovery) -> Any:
    """Pysindy's optimiser. SR3 (Zheng et al. 2019) takes `threshold / nu` as the weight of its regulariser; a
    term of degree d weighs d times as much.
    """
    import pysindy  # costs a second, with scikit-learn

    if settings.optimizer == "STLSQ":
        return pysindy.STLSQ(threshold=settings.threshold, alpha=settings.regularization)
    nu = settings.regularization
    if nu <= 0:
        raise SettingsError(
            [f"SR3 needs a regularization (its relaxation nu) above 0; got {nu}. Set 0.01, or choose STLSQ."]
        )
    weighted = settings.optimizer == "SR3_weighted_l1"
    weights = np.array([[settings.threshold * max(1, len(term)) / nu for term in terms]])
    return pysindy.SR3(
        relax_coeff_nu=nu,
        reg_weight_lam=weights if weighted else settings.threshold / nu,
        regularizer="weighted_l1" if weighted else "l1",
        max_iter=1000,
        unbias=True,
    )


def _note(message: str) -> str:
    if "eliminated all coefficients" in message:
        return NO_TERM
    return f"pysindy: {message}"
