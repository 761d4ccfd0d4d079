"""Probabilities of several tests that count together."""

import numpy as np
from numpy.typing import NDArray


def probability_in_words(p: float) -> str:
    """Return a probability as a sentence has it; one that was corrected may have been cut at 1.

    >>> probability_in_words(0.0312), probability_in_words(1.0), probability_in_words(1e-9)
    ('p = 0.031', 'p > 0.99', 'p < 0.001')
    """
    return f"p {'> 0.99' if p > 0.99 else '< 0.001' if p < 0.001 else f'= {p:.2g}'}"


def holm(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correct probabilities for the family of all (Holm 1979, Scandinavian Journal of Statistics 6: 65).

    Args:
        p: two-sided probabilities, 0 to 1; NaN is no test.

    >>> holm(np.array([0.01, 0.04, np.nan, 0.03]))
    array([0.03, 0.06,  nan, 0.06])
    """
    adjusted = np.full(len(p), np.nan)
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known], kind="stable")]
    factors = len(order) - np.arange(len(order))
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * factors), 1.0)
    return adjusted
