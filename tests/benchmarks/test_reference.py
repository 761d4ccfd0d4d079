"""The maximum-likelihood yardsticks against slow and obvious versions of themselves."""

import time

import numpy as np
import pytest
from reference import fit_linear, fit_q, from_tensors, gauge, linear_nll, q_nll, simulate, to_tensors


def plain_nll(constants, keeps, gains, choices, rewards):
    """The same likelihood trial by trial, for many parameters at once; two arms."""
    total = np.zeros(np.broadcast(constants, keeps, gains).shape)
    for session in range(len(choices)):
        values = [np.full(total.shape, 0.5), np.full(total.shape, 0.5)]
        for t in range(rewards.shape[1]):
            chosen, after = choices[session, t], choices[session, t + 1]
            values[chosen] = constants + keeps * values[chosen] + gains * rewards[session, t]
            total += np.logaddexp(0, values[1 - after] - values[after])
    return total / rewards.size


def numeric_gradient(loss, at):
    return [(loss(at + move) - loss(at - move)) / 2e-6 for move in 1e-6 * np.eye(len(at))]


def refined_grid(loss, low, high, points=9, spacing=5e-4):
    """The minimum of `loss(*parameters)` by ever finer grids around the best point."""
    low, high = np.array(low, float), np.array(high, float)
    while True:
        axes = [np.linspace(a, b, points) for a, b in zip(low, high, strict=True)]
        mesh = np.meshgrid(*axes, indexing="ij")
        losses = loss(*mesh)
        best = np.array([m.flat[losses.argmin()] for m in mesh])
        step = (high - low) / (points - 1)
        if (step < spacing).all():
            return best, losses.min()
        low, high = best - 2 * step, best + 2 * step


def test_simulator_makes_the_asked_shapes_and_repeats_itself():
    choices, rewards = simulate(0, n_sessions=3, n_trials=7)
    assert choices.shape == (3, 8)
    assert rewards.shape == (3, 7)
    assert set(np.unique(choices)) <= {0, 1}
    assert set(np.unique(rewards)) <= {0.0, 1.0}
    again = simulate(0, n_sessions=3, n_trials=7)
    assert (choices == again[0]).all()
    assert (rewards == again[1]).all()


def test_tensors_there_and_back():
    choices, rewards = simulate(1, n_sessions=4, n_trials=6)
    xs, ys = to_tensors(choices, rewards, participants=np.array([0, 0, 1, 1]))
    assert xs.shape == (4, 6, 5)
    assert ys.shape == (4, 6, 2)
    assert (xs[2, :, 4] == 1).all()
    assert (xs[..., 2:4].min(-1) == -1).all()
    back = from_tensors(xs, ys)
    assert (back[0] == choices).all()
    assert (back[1] == rewards).all()


def test_gauge_is_the_tutorials_equation():
    assert gauge(0.3, 3.0) == pytest.approx([-0.3, 0.7, 0.9])


@pytest.mark.parametrize("theta", [(-0.3, 0.7, 0.9), (0.4, -0.2, 2.0), (1.0, 1.05, -0.5)])
def test_linear_likelihood_and_gradient(theta):
    choices, rewards = simulate(2, n_sessions=5, n_trials=20)
    nll, gradient = linear_nll(np.array(theta), choices, rewards)
    assert nll == pytest.approx(float(plain_nll(*theta, choices, rewards)), abs=1e-12)
    assert gradient == pytest.approx(
        numeric_gradient(lambda x: linear_nll(x, choices, rewards)[0], theta), abs=1e-7
    )


@pytest.mark.parametrize("q0", [0.5, 0.0])
def test_q_likelihood_and_gradient(q0):
    choices, rewards = simulate(3, n_sessions=5, n_trials=20)
    theta = np.array([0.25, 2.5])
    values, total = np.full((5, 2), q0), 0.0
    for t in range(20):
        rows = np.arange(5)
        values[rows, choices[:, t]] += 0.25 * (rewards[:, t] - values[rows, choices[:, t]])
        probs = np.exp(2.5 * values) / np.exp(2.5 * values).sum(1, keepdims=True)
        total -= np.log(probs[rows, choices[:, t + 1]]).sum()
    nll, gradient = q_nll(theta, choices, rewards, q0)
    assert nll == pytest.approx(total / 100, abs=1e-12)
    assert gradient == pytest.approx(
        numeric_gradient(lambda x: q_nll(x, choices, rewards, q0)[0], theta), abs=1e-7
    )


def test_linear_fit_is_the_grids_minimum():
    choices, rewards = simulate(4, n_sessions=20, n_trials=50)
    fit = fit_linear(choices, rewards)

    def loss(constant, value, reward):
        return plain_nll(constant, value, reward, choices, rewards)

    best, nll = refined_grid(loss, (-1.5, 0.2, 0.0), (1.0, 1.0, 2.0))
    assert fit.estimates == pytest.approx(best, abs=1e-3)
    assert fit.nll <= nll + 1e-12


def test_q_fit_is_the_grids_minimum():
    choices, rewards = simulate(5, n_sessions=20, n_trials=50)
    fit = fit_q(choices, rewards)

    def loss(alpha, beta):
        return plain_nll(0.5 * alpha * (1 - beta), 1 - alpha, alpha * beta, choices, rewards)

    best, nll = refined_grid(loss, (0.05, 0.5), (0.95, 8.0))
    assert fit.estimates == pytest.approx(best, abs=1e-3)
    assert fit.nll <= nll + 1e-12


def test_standard_errors_describe_the_scatter():
    """Squared distances from the truth, in units of the covariance, are chi-square with 3 degrees of freedom.

    The mean of 20 of them is 3 with a standard error of sqrt(6 / 20) = 0.55; three of these are allowed.
    """
    truth = gauge(0.3, 3.0)
    fits = [fit_linear(*simulate(seed, n_sessions=40)) for seed in range(20)]
    misses = [fit.estimates - truth for fit in fits]
    distances = [miss @ np.linalg.inv(fit.covariance) @ miss for miss, fit in zip(misses, fits, strict=True)]
    assert np.mean(distances) == pytest.approx(3, abs=1.65)


def test_tutorial_size_takes_less_than_a_second():
    choices, rewards = simulate(6)
    begin = time.process_time()  # of this process alone, however busy the machine is
    fit = fit_linear(choices, rewards)
    assert time.process_time() - begin < 1
    assert fit["constant"] == pytest.approx(-0.3, abs=4 * fit.errors[0])
