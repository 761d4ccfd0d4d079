"""Products of terms: what they are made of, and how many there are of them."""

import numpy as np
import pytest

from spicewidgets.core.discover.hierarchy import bends, parents_of, rarity_of
from spicewidgets.core.discover.likelihood import ParameterId

NUMBERS = [
    ParameterId("a", ()),
    ParameterId("a", ("a",)),
    ParameterId("a", ("r",)),
    ParameterId("a", ("r", "a")),
    ParameterId("a", ("a", "a")),
    ParameterId("a", ("a", "a", "r")),
    ParameterId("b", ()),
    ParameterId("b", ("r",)),
    ParameterId("b", ("b", "r")),
    ParameterId("x", None),
]


def test_a_product_is_made_of_the_terms_of_one_factor_less_in_the_same_module():
    made_of = {i: np.flatnonzero(row).tolist() for i, row in enumerate(parents_of(NUMBERS)) if row.any()}
    assert made_of == {3: [1, 2], 4: [1], 5: [3, 4], 8: [7]}  # b itself is no candidate


def test_rarity_counts_the_candidates_of_a_degree_in_all_modules():
    assert rarity_of(NUMBERS) == pytest.approx([0, 0, 0, *[np.log(3)] * 2, 0, 0, 0, np.log(3), 0])


def test_powers_of_the_own_value_bend_their_module_alone():
    assert [np.flatnonzero(row).tolist() for row in bends(NUMBERS)] == [[4, 5]] * 6 + [[]] * 4
