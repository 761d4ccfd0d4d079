"""Products of terms: believed after the terms that they are made of, and the less the more of them there are.

**Heredity.** A product is in an equation only with the terms of one factor less: `x r` with `x` and `r`,
`x^2` with `x`. This is strong heredity (Chipman 1996, Canadian Journal of Statistics 24: 17; Bien, Taylor &
Tibshirani 2013, Annals of Statistics 41: 1111), and here more than a habit: a level that is added to the
values of all arms makes the same choices, and turns `x r` into `x r + c r`, and `x^2` into
`x^2 + 2 c x + c^2`. An equation with a product and without its parts would be one of a single level
(marginality: Nelder 1977, Journal of the Royal Statistical Society A 140: 48).

**Order.** Products that are not worth their price go before terms of lower degree do. Otherwise a square may
stand in for a constant that few choices hardly miss, and then looks needed.

**Rarity.** Of p candidates of the same degree, in all equations of a participant, each has odds of 1 to p
beforehand, so that about one is expected, however large the library is. That adds ln p nats to its price: the
extended Bayesian information criterion with γ = 1 (Chen & Chen 2008, Biometrika 95: 759), whose ln C(p, k) is
ln p for the first term.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .likelihood import ParameterId

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


def degrees_of(numbers: Sequence[ParameterId]) -> NDArray[np.int64]:
    """Count the factors of each term, `(n_numbers,)`; a constant and a beta have none."""
    return np.array([len(number.term or ()) for number in numbers], dtype=np.int64)


def rarity_of(numbers: Sequence[ParameterId]) -> Floats:
    """Give what a product costs more than a single term, in nats, `(n_numbers,)`: ln of how many candidates
    there are of its degree; 0 up to degree 1.
    """
    degrees = degrees_of(numbers)
    rarity: Floats = np.where(degrees > 1, np.log(np.bincount(degrees)[degrees]), 0.0)
    return rarity


def parents_of(numbers: Sequence[ParameterId]) -> Mask:
    """Find the terms of which each product is made, `(n_numbers, n_numbers)`: row i marks the candidates of
    the same module that are the product i without one of its factors.
    """
    places = {(n.module, tuple(sorted(n.term))): i for i, n in enumerate(numbers) if n.term is not None}
    parents = np.zeros((len(numbers), len(numbers)), bool)
    for i, number in enumerate(numbers):
        factors = tuple(sorted(number.term or ()))
        if len(factors) < 2:
            continue
        rests = [(number.module, factors[:k] + factors[k + 1 :]) for k in range(len(factors))]
        parents[i, [places[rest] for rest in rests if rest in places]] = True
    return parents


def bends(numbers: Sequence[ParameterId]) -> Mask:
    """Mark the terms with a power of the own value, `(n_numbers, n_numbers)`: row i marks those of the module
    of number i. With one of them, the weight of the own value alone no longer says whether values fade.
    """
    powers = np.array([n.term is not None and n.term.count(n.module) > 1 for n in numbers])
    modules = np.array([n.module for n in numbers])
    bent: Mask = powers & (modules[:, None] == modules)
    return bent
