"""The climb ends at the top, or at the bound nearest to it."""

import numpy as np
import pytest

from spicewidgets.core.judge.fisher import Quadratic, fisher_scoring

TOP = np.array([1.0, -2.0])
CURVATURE = np.array([[4.0, 1.0], [1.0, 2.0]])
MANNER = {"damping": 1e-9, "enough": 1e-10, "most_steps": 50}


def nll(vectors):
    return np.array([(vector - TOP) @ CURVATURE @ (vector - TOP) / 2 for vector in vectors])


def look(vector):
    return Quadratic(float(nll([vector])[0]), -CURVATURE @ (vector - TOP), CURVATURE)


def test_of_a_quadratic_it_is_the_top_in_one_step():
    best, there = fisher_scoring(look, nll, np.array([5.0, 5.0]), **{**MANNER, "most_steps": 1})
    np.testing.assert_allclose(best, TOP, atol=1e-7)
    assert there.nll == pytest.approx(0, abs=1e-12)


def test_it_stays_within_its_bounds_and_the_rest_moves_on():
    best, _ = fisher_scoring(look, nll, np.array([0.0, 5.0]), low=-5.0, high=np.array([0.5, 9.0]), **MANNER)
    assert best[0] == 0.5
    # the top along the bound: the slope in the second number is zero
    assert best[1] == pytest.approx(-2 - CURVATURE[1, 0] / CURVATURE[1, 1] * (0.5 - 1.0), abs=1e-6)


def test_a_step_that_leads_too_far_is_halved():
    def steep(vector):
        seen = look(vector)
        return seen._replace(information=seen.information / 3)  # promises three times too much

    best, _ = fisher_scoring(steep, nll, np.array([5.0, 5.0]), **MANNER)
    np.testing.assert_allclose(best, TOP, atol=1e-4)


def test_what_the_choices_do_not_tell_stays_where_it_is():
    flat = np.diag([4.0, 0.0])

    def there(vector):
        return Quadratic(float(2 * (vector[0] - 1) ** 2), -flat @ (vector - TOP), flat)

    best, _ = fisher_scoring(
        there, lambda vectors: np.array([there(v).nll for v in vectors]), np.zeros(2), **MANNER
    )
    assert best[0] == pytest.approx(1, abs=1e-6)
    assert best[1] == 0


def test_values_that_are_no_numbers_end_the_climb():
    best, _ = fisher_scoring(
        lambda vector: Quadratic(1.0 if vector[0] == 0 else np.nan, np.ones(1), np.eye(1)),
        lambda vectors: np.full(len(vectors), np.inf),
        np.zeros(1),
        **MANNER,
    )
    assert best.tolist() == [0]
