"""Must show: coefficients at the statistical limit on 20 fresh datasets, and no random start stuck."""

import numpy as np
import pytest

pytestmark = pytest.mark.slow


def test_coefficients_are_no_worse_than_maximum_likelihood_allows():
    from accuracy import accuracy

    result = accuracy(n_datasets=20)
    assert (result.ratios <= 1.15).all(), np.round(result.ratios, 3)


def test_no_random_start_is_stuck():
    from accuracy import random_starts

    result = random_starts(n_starts=40, n_datasets=3)
    assert result.losses.size == 120
    assert result.stuck.sum() == 0, np.argwhere(result.stuck)
