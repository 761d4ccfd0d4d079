"""Verdicts on claims, as functions of numbers."""

from math import nan

import pytest

from spicewidgets.core.diagnose.claims import (
    FAILS,
    HOLDS,
    OPEN,
    UNDECIDED,
    UNTESTED,
    judge_correlation,
    judge_interval,
    judge_kept,
    judge_share,
    judge_together,
)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(0.1, 0.3, HOLDS), (-0.3, -0.1, FAILS), (-0.1, 0.1, OPEN), (nan, nan, OPEN), (0.0, 0.2, OPEN)],
)
def test_an_interval_decides_where_it_lies_on_one_side(low, high, verdict):
    assert judge_interval(low, high) == verdict


@pytest.mark.parametrize(
    ("right", "n", "verdict"),
    [
        *((right, n, UNDECIDED) for right, n in ((2, 2), (19, 19), (0, 19))),
        *((20, 20, HOLDS), (12, 20, OPEN), (11, 20, FAILS), (0, 20, FAILS), (95, 100, HOLDS)),
    ],
)
def test_a_share_of_fewer_than_twenty_data_sets_decides_nothing(right, n, verdict):
    """The exact 95 % interval of 20 of 20 is 0.832 to 1, of 11 of 20 0.315 to 0.769 (Clopper & Pearson)."""
    assert judge_share(right, n, 0.8) == verdict


@pytest.mark.parametrize(
    ("r", "n", "verdict"),
    [(0.9, 40, HOLDS), (0.75, 40, OPEN), (0.2, 40, FAILS), (0.99, 3, OPEN), (nan, 40, OPEN)],
)
def test_a_correlation_counts_with_its_interval(r, n, verdict):
    """Of 0.75 over 40 pairs it is 0.571 to 0.861."""
    assert judge_correlation(r, n, 0.7) == verdict


@pytest.mark.parametrize(
    ("low", "high", "gain", "verdict"),
    [
        *((-0.004, 0.01, 0.1, HOLDS), (-0.03, -0.01, 0.1, FAILS), (-0.01, 0.01, 0.1, OPEN)),
        (-0.004, -0.001, 0.1, HOLDS),  # lost, but less than a twentieth of the gain
        *((0.01, 0.03, 0.1, OPEN), (-0.004, 0.01, -0.1, OPEN), (nan, nan, 0.1, OPEN)),
    ],
)
def test_nothing_is_lost_of_a_network_that_knew_something(low, high, gain, verdict):
    """A network below its equations, or no better than chance, is no test."""
    assert judge_kept(low, high, gain) == verdict


def test_a_claim_that_needs_all_its_parts_is_as_good_as_the_worst():
    assert judge_together([HOLDS, HOLDS]) == HOLDS
    assert judge_together([HOLDS, OPEN, UNDECIDED]) == UNDECIDED
    assert judge_together([FAILS, UNDECIDED]) == FAILS
    assert judge_together([HOLDS, UNTESTED]) == UNTESTED
    assert judge_together([]) == UNTESTED
