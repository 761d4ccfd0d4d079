"""The next value against the value: curves are the functions themselves, and rest where they meet the
diagonal.
"""

import numpy as np
import pytest

import spicewidgets as sw
from spicewidgets.core.equations import Equation
from spicewidgets.core.judge.replay import replay
from spicewidgets.core.models import TEMPLATES
from spicewidgets.core.read.update_function import (
    Tabulated,
    VisitedInputs,
    curves,
    module_of,
    rests,
    visits,
)
from spicewidgets.core.settings import SettingsError

EXACT = {"rtol": 0, "atol": 1e-12}
NAME = "x_value_reward_chosen"
TUTORIAL = Equation(NAME, ((), (NAME,), ("c_reward",)), (-0.3, 0.7, 0.9))


@pytest.fixture(scope="module")
def data():
    agent = sw.AgentQ(alpha_reward=0.3)
    dataset, sessions, _ = sw.create_dataset(agent, sw.BanditsDrift(sigma=0.2), 50, 4, random_state=3)
    dataset.xs[2:, :, -1] = 1
    choices = np.stack([session.choices for session in sessions])
    rewards = np.stack([session.rewards for session in sessions])
    return agent, dataset, choices, rewards


@pytest.fixture
def visited():
    return VisitedInputs(np.linspace(-1, 2, 301), {"c_reward": np.arange(301.0) % 2})


def test_an_equation_s_curve_is_the_equation(visited):
    drawn = curves(visited, {"truth": TUTORIAL})
    assert drawn.levels == ({"c_reward": 0.0}, {"c_reward": 1.0})
    np.testing.assert_allclose(drawn.after["truth"][0], -0.3 + 0.7 * drawn.value, **EXACT)
    np.testing.assert_allclose(drawn.after["truth"][1], 0.6 + 0.7 * drawn.value, **EXACT)


def test_its_rests_are_exact(visited):
    (low,), (high,) = curves(visited, {"truth": TUTORIAL}).rests["truth"]
    assert (low, high) == pytest.approx((-1.0, 2.0), abs=1e-12)


def test_a_curved_equation_has_all_its_rests():
    # x' = x + (x - 1)(x + 2) * 0.1, and one that no value rests under
    bent = Equation("x", ((), ("x",), ("x", "x")), (-0.2, 1.1, 0.1))
    grid = np.linspace(-5, 5, 41)
    np.testing.assert_allclose(rests(bent, {}, grid), [-2.0, 1.0], **EXACT)
    np.testing.assert_allclose(rests(lambda x, level: bent(x, level), {}, grid), [-2.0, 1.0], **EXACT)
    assert rests(Equation("x", ((), ("x",)), (0.3, 1.0)), {}, grid) == ()
    assert rests(Equation("x", ((), ("x",), ("x", "x")), (1.0, 1.0, 1.0)), {}, grid) == ()


def test_values_beyond_the_bounds_are_no_rests():
    assert rests(Equation("x", ((), ("x",)), (1.0, 0.95)), {}, np.linspace(-1, 1, 11)) == ()


def test_the_density_counts_the_visits(visited):
    drawn = curves(visited, {})
    assert drawn.density.sum() == pytest.approx(1)
    half = np.diff(drawn.value[:2])[0] / 2
    for at in (30, 60, 90):
        near = np.abs(visited.value - drawn.value[at]) < half
        assert drawn.density[at] == pytest.approx(near.mean())
    assert (drawn.low, drawn.high) == tuple(np.percentile(visited.value, [1, 99]))
    assert drawn.value[0] == pytest.approx(-1.75)
    assert drawn.value[-1] == pytest.approx(2.75)


def test_visits_are_those_of_the_arms_that_it_moves(data):
    agent, dataset, choices, rewards = data
    states = replay(agent, dataset).states
    chosen = visits(module_of(TEMPLATES["forgetting"], NAME), states, choices, rewards)
    other = visits(module_of(TEMPLATES["forgetting"], "x_value_reward_not_chosen"), states, choices, rewards)
    picked = np.take_along_axis(states["x_value_reward"][:, :-1], choices[..., None], -1).ravel()
    np.testing.assert_array_equal(chosen.value, picked)
    paid = np.take_along_axis(rewards, choices[..., None], -1).ravel()
    np.testing.assert_array_equal(chosen.inputs["c_reward"], paid)
    assert other.inputs == {}
    assert other.levels() == ({},)
    assert len(chosen.value) == len(other.value) == choices.size


def test_an_input_of_many_values_is_held_at_its_median():
    many = VisitedInputs(np.zeros(9), {"c_reward": np.arange(9) % 2, "x_rate": np.arange(9.0)})
    assert many.levels() == ({"c_reward": 0.0, "x_rate": 4.0}, {"c_reward": 1.0, "x_rate": 4.0})


def test_a_tabulated_function_is_straight_in_between():
    levels = ({"c_reward": 0.0}, {"c_reward": 1.0})
    known = Tabulated(levels, np.array([0.0, 1.0]), np.array([[0.0, 0.5], [1.0, 2.0]]))
    assert known(np.array([0.5, 1.0]), {"c_reward": 1.0}).tolist() == [1.5, 2.0]
    assert np.isnan(known(np.array([1.5]), {"c_reward": 1.0})).all()
    assert np.isnan(known(np.array([0.5]), {"c_reward": -1.0})).all()


def test_what_cannot_be_drawn_is_a_sentence(data):
    _, _, choices, rewards = data
    built = TEMPLATES["learning-rate"]
    with pytest.raises(SettingsError, match="The module must be one of x_learning_rate_reward, "):
        module_of(built, "x_other")
    with pytest.raises(SettingsError, match="sees x_learning_rate_reward, of which nothing is known"):
        visits(module_of(built, NAME), {"x_value_reward": np.zeros((4, 51, 2))}, choices, rewards)
    with pytest.raises(SettingsError, match="never called"):
        curves(VisitedInputs(np.zeros(0), {}), {})
