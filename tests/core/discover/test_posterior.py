"""The one object: its slopes are those of its values, its maximum is one, and a normal posterior is exact."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.special import expit

from spicewidgets.core.discover.likelihood import Derivatives
from spicewidgets.core.discover.maximum import Limits, Prior
from spicewidgets.core.discover.posterior import NO_PRIOR, Posterior, laplace

TOP = np.array([1.0, -2.0])
CURVATURE = np.array([[4.0, 1.0], [1.0, 2.0]])


def quadratic(tables):
    """Ln L with a known top, the same for everybody."""
    away = tables - TOP
    slope = -away @ CURVATURE
    shape = (*tables.shape, tables.shape[-1])
    return Derivatives(-(away * slope).sum(-1) / 2, slope, np.broadcast_to(CURVATURE, shape).copy())


class OnScale(Posterior):
    """The first parameter is the logistic function of its coordinate."""

    def natural(self, values):
        return np.stack([expit(values[..., 0]), values[..., 1]], -1)

    def slopes(self, values, natural):
        return np.stack([natural[..., 0] * (1 - natural[..., 0]), np.ones_like(values[..., 1])], -1)


class Turned(Posterior):
    """Each parameter rests on both coordinates."""

    TURN = np.array([[1.0, 2.0], [0.5, -1.0]])

    def natural(self, values):
        return values @ self.TURN

    def slopes(self, values, natural):
        return np.broadcast_to(self.TURN, (*values.shape, 2))


@pytest.mark.parametrize("kind", [Posterior, OnScale, Turned])
def test_slopes_are_those_of_the_value_in_any_coordinates(kind):
    look, at = kind(quadratic), np.array([0.3, -0.7])
    slope = approx_fprime(at, lambda x: -look(x[None, None]).nll[0, 0], 1e-7)
    np.testing.assert_allclose(look(at[None, None]).gradient[0, 0], slope, atol=1e-5)


def test_the_true_curvature_is_that_of_the_value():
    look = OnScale(quadratic)
    found = look.curvature(np.array([[[0.3, -0.7]]]))[0, 0]
    p = expit(0.3)
    slope, bend = p * (1 - p), p * (1 - p) * (1 - 2 * p)
    away = np.array([p, -0.7]) - TOP
    expected = CURVATURE * np.outer([slope, 1], [slope, 1])
    expected[0, 0] += bend * (CURVATURE @ away)[0]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("way", ["maximise", "maximise_exactly"])
def test_the_maximum_is_within_its_bounds_and_the_rest_moves_on(way):
    look = Posterior(quadratic, low=np.array([-5.0, -9.0]), high=np.array([0.5, 9.0]))
    found = getattr(look, way)(np.array([[[0.0, 5.0], [-3.0, 0.0]]]))
    assert found.values[0, :, 0].tolist() == [0.5, 0.5]
    # at the top along the bound the slope in the second coordinate is zero
    assert found.values[0, :, 1] == pytest.approx(-2 + 0.25, abs=1e-4)


def test_exactly_is_exact_where_the_information_promises_too_much():
    """Steps are then too short, and the first ones end far from the top; the true curvature finds it."""

    class Steep:
        def __call__(self, tables):
            there = quadratic(tables)
            return there._replace(information=300 * there.information)

        def of_participants(self, places):
            return self

    found = Posterior(Steep()).maximise_exactly(np.array([[[5.0, 5.0]]]))
    np.testing.assert_allclose(found.values[0, 0], TOP, atol=1e-3)


def test_what_the_choices_do_not_tell_stays_where_it_is():
    def flat(tables):
        there = quadratic(tables)
        away = tables[..., 0] - 1
        slope = np.stack([-4 * away, np.zeros_like(away)], -1)
        return Derivatives(2 * away**2, slope, there.information * 0 + np.diag([4.0, 0.0]))

    found = Posterior(flat).maximise(np.array([[[0.0, 0.3]]]), limits=Limits(damping=1e-9))
    np.testing.assert_allclose(found.values[0, 0], [1.0, 0.3], atol=1e-6)


def test_of_a_normal_posterior_evidence_and_errors_are_exact():
    prior = Prior(np.array([0.5, 0.0]), np.array([2.0, 3.0]))
    look = Posterior(quadratic, prior)
    best = look.maximise_exactly(np.zeros((1, 1, 2)))
    values, top = best.values[0], look.top(best.values[0], prior)
    grid = np.stack(np.meshgrid(*[np.linspace(-12, 12, 601)] * 2, indexing="ij"), -1)
    ln = -look(grid).nll - prior.penalty(grid, np.ones(2, bool)) - np.log(2 * np.pi * prior.sd.prod())
    integral = np.log(np.exp(ln).sum() * (24 / 600) ** 2)
    # Laplace's approximation leaves out the factors of 2 pi, which cancel
    assert look.log_evidence(values, prior, top)[0] == pytest.approx(integral, abs=1e-6)
    expected = np.sqrt(np.diag(np.linalg.inv(CURVATURE + np.diag(prior.sd**-2.0))))
    np.testing.assert_allclose(look.errors(values, top)[0], expected, rtol=1e-6)


def test_coordinates_that_do_not_move_count_for_nothing_in_the_evidence():
    prior = Prior(np.zeros(2), np.array([2.0, 3.0]))
    curvature = np.array([np.diag([5.0, 1.0])])
    free = np.array([True, False])
    assert laplace(np.array([7.0]), curvature, prior, free)[0] == pytest.approx(
        -7 - np.log(2) - np.log(5) / 2
    )


def test_at_a_bound_there_is_no_error():
    look = Posterior(quadratic, NO_PRIOR, np.array([1.0, -9.0]), np.array([3.0, 9.0]))
    errors = look.errors(np.array([[1.0, -2.0]]), CURVATURE[None])[0]
    assert np.isnan(errors[0])
    assert errors[1] == pytest.approx(2**-0.5)


def test_the_best_of_several_beginnings_is_picked_for_each_person():
    look = Posterior(quadratic)
    tables = np.array([[[1.0, -2.0], [9.0, 9.0]], [[4.0, 4.0], [1.0, -1.9]]])
    best = look.maximise(tables, limits=Limits(0)).best()
    np.testing.assert_array_equal(best.values, [[1.0, -2.0], [1.0, -1.9]])
    np.testing.assert_allclose(best.look.nll, best.objective)
