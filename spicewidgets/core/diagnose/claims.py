"""Verdicts on what a study may claim, as functions of its numbers alone.

A claim holds or fails where the interval of its number lies on one side of what it is tested against, and is
open where it lies on both. Where the number is of simulated data sets, fewer than 20 of them decide nothing.
"""

from collections.abc import Sequence
from math import isfinite, sqrt

import numpy as np
from scipy.stats import binomtest, norm

from ..settings import LEVEL

HOLDS, FAILS, OPEN = "holds", "fails", "open"
UNDECIDED, UNTESTED = "undecided", "not tested"
VERDICTS = HOLDS, FAILS, OPEN, UNDECIDED, UNTESTED
LEAST_SETS = 20  # simulated data sets, from which on a share or a correlation of them counts
KEPT = 0.05  # share of the network's gain over chance that counts as nothing lost


def judge_interval(low: float, high: float, limit: float = 0.0) -> str:
    """Give the verdict on "more than the limit" of a number with this interval; open where it is NaN."""
    return HOLDS if low > limit else FAILS if high < limit else OPEN


def judge_together(verdicts: Sequence[str]) -> str:
    """Give the verdict on a claim that needs all of its parts: the worst of theirs."""
    for verdict in (FAILS, UNDECIDED, OPEN, UNTESTED):
        if verdict in verdicts:
            return verdict
    return HOLDS if verdicts else UNTESTED


def judge_share(right: int, n_sets: int, least: float) -> str:
    """Give the verdict on "in this share of data sets or more".

    Args:
        right: data sets in which it was so.
        n_sets: data sets that were simulated.
        least: the share, 0 to 1.

    Returns:
        Undecided below 20 data sets; else by the exact binomial interval of 95 % (Clopper & Pearson 1934).
    """
    if n_sets < LEAST_SETS:
        return UNDECIDED
    interval = binomtest(right, n_sets).proportion_ci(LEVEL)
    return judge_interval(interval.low, interval.high, least)


def judge_test(noticeable: float, least: float) -> str:
    """Give the verdict on a claim that a test did not reject: "holds" where it would have been noticed to be
    off by so little, else "open".

    Args:
        noticeable: the difference that the test would have noticed; NaN where it is not known.
        least: the smallest difference that counts, in the same unit.
    """
    return HOLDS if noticeable <= least else OPEN


def judge_correlation(correlation: float, n: int, least: float) -> str:
    """Give the verdict on "correlate by this or more" of `n` pairs, by Fisher's z; open below four."""
    if n < 4 or not isfinite(correlation):
        return OPEN
    half = norm.ppf((1 + LEVEL) / 2) / sqrt(n - 3)
    low, high = np.tanh(np.arctanh(np.clip(correlation, -1 + 1e-12, 1 - 1e-12)) + half * np.array([-1, 1]))
    return judge_interval(float(low), float(high), least)


def judge_kept(low: float, high: float, gain: float) -> str:
    """Give the verdict on "the equations keep what the network knew".

    Args:
        low: of the interval of how far the equations are ahead of the network, in nats per choice.
        high: the other end.
        gain: of the network over chance, in nats per choice.

    Returns:
        "holds" where a loss of a twentieth of the gain is excluded, "fails" where the loss is larger than
        that. "open" elsewhere, and where there is nothing to test: a network that is no better than chance,
        or clearly below its equations.
    """
    if not gain > 0 or low > 0:
        return OPEN
    return judge_interval(low, high, -KEPT * gain)


NETWORK_LACKS = {
    "people": "it cannot tell people apart, whose equations have coefficients of their own",
    "training": "it has not learned what they say, even in choices that it was trained on",
    "generality": "it reaches them in choices that it was trained on, and has learned these by heart",
}


def lack_of_network(knows_people: bool, n_people: int, seen: float, unseen: float) -> str:
    """Find what a network lacks that predicts choices worse than its own equations; a key of `NETWORK_LACKS`.

    Args:
        knows_people: whether it can tell them apart.
        n_people: who have equations of their own.
        seen: by how many nats per choice it is ahead of its equations in choices that both have seen.
        unseen: in choices that neither has seen; below 0.
    """
    if not knows_people and n_people > 1:
        return "people"
    return "generality" if seen > unseen / 2 else "training"
