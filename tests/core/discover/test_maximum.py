"""The climb ends where no step is worth taking."""

import numpy as np
import pytest
from scipy.optimize import minimize

from spicewidgets.core.discover.likelihood import Derivatives
from spicewidgets.core.discover.maximum import Prior, maximise

rng = np.random.default_rng(0)
X, CHOICE = rng.normal(size=(400, 3)), rng.random(400) < 0.6
PRIOR = Prior(np.array([0.0, 0.5, 0.0]), np.array([5.0, 0.3, 5.0]))


def look(values):
    """Logistic regression, the same choices for every row of numbers."""
    logit = np.einsum("ni,...i->...n", X, values)
    p = 1 / (1 + np.exp(-logit))
    nll = -np.where(CHOICE, np.log(p), np.log1p(-p)).sum(-1)
    gradient = (CHOICE - p) @ X
    return Derivatives(nll, gradient, np.einsum("...n,ni,nj->...ij", p * (1 - p), X, X))


@pytest.mark.parametrize("free", [[True, True, True], [True, False, True]])
def test_it_is_the_maximum_of_likelihood_and_prior(free):
    free = np.array(free)
    start = np.tile([2.0, 0.4, -3.0], (2, 3, 1))
    found = maximise(look, start, free, PRIOR)

    def objective(part):
        values = np.where(free, 0.0, start[0, 0])
        values[free] = part
        return look(values).nll + PRIOR.penalty(values, free)

    best = minimize(objective, start[0, 0][free], method="BFGS").x
    np.testing.assert_allclose(found.values[..., free], np.broadcast_to(best, (2, 3, free.sum())), atol=2e-3)
    np.testing.assert_array_equal(found.values[..., ~free], start[..., ~free])
    np.testing.assert_allclose(found.objective, objective(best), atol=1e-3)
    np.testing.assert_allclose(found.look.nll, look(found.values).nll)


def test_numbers_that_are_tied_move_together():
    """The third number is 1 less the first."""
    basis = np.eye(3)
    basis[2, 2], basis[2, 0] = 0, -1
    start = np.array([[[0.3, 0.2, 0.7]]])
    found = maximise(look, start, np.array([True, True, False]), PRIOR, basis[None, None])
    assert found.values[0, 0, 0] + found.values[0, 0, 2] == pytest.approx(1)
    slope = look(found.values).gradient[0, 0]
    assert slope[0] - slope[2] == pytest.approx(found.values[0, 0, 0] / 25, abs=0.5)


def test_a_hopeless_climb_is_given_up():
    calls = []

    def counted(values):
        calls.append(len(values))
        return look(values)

    start = np.array([[[20.0, 0.0, -20.0]]])
    maximise(counted, start, np.ones(3, bool), PRIOR, hopeless=-1e9)
    assert len(calls) == 1


def test_numbers_at_which_nothing_is_finite_are_left_as_they_are():
    def broken(values):
        nan = np.full(values.shape, np.nan)
        return Derivatives(np.full(values.shape[:-1], np.inf), nan, np.full((*values.shape, 3), np.nan))

    start = np.ones((1, 1, 3))
    np.testing.assert_array_equal(maximise(broken, start, np.ones(3, bool), PRIOR).values, start)
