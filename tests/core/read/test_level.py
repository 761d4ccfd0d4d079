"""A number added to the values of all arms makes no difference, once the first trials are over."""

import numpy as np
import pytest

import spicewidgets as sw
from spicewidgets.core.equations import Equation, SpiceModel
from spicewidgets.core.judge.network_agents import AgentSpice
from spicewidgets.core.judge.replay import replay
from spicewidgets.core.read.level import at_level_of, level, pairs, reparameterise
from spicewidgets.core.read.translation import classical_parameters, term_by_term

CHOSEN, OTHER = "x_value_reward_chosen", "x_value_reward_not_chosen"
AGENT = sw.AgentQ(alpha_reward=0.3, forget_rate=0.2)


def truth():
    return sw.true_model(AGENT, sw.ForgettingRNN, sw.FORGETTING_RNN_CONFIG)


def found():
    """As discovery writes it: the constant of the arms that were not chosen is 0."""
    return SpiceModel.of(
        Equation(CHOSEN, ((), (CHOSEN,), ("c_reward",)), (-0.45, 0.7, 0.9)),
        Equation(OTHER, ((), (OTHER,)), (0.0, 0.8)),
    )


def test_the_level_is_what_gives_an_equation_its_constant():
    equation = truth().equation(OTHER)
    assert reparameterise(equation, 1.0, level(equation)).coefficient() == pytest.approx(0)
    assert reparameterise(equation, 1.0, level(equation, 0.3)).coefficient() == pytest.approx(0.3)


def test_a_value_that_does_not_fade_has_no_level():
    assert level(Equation("x", ((), ("x",)), (0.1, 1.0))) is None
    assert level(Equation("x", ((), ("x",), ("x", "c")), (0.1, 0.5, 0.2))) is None


def test_the_two_modules_of_a_state_are_told_by_their_names():
    assert list(pairs({CHOSEN: 0, OTHER: 0, "x_learning_rate_reward": 0})) == [(CHOSEN, OTHER)]


def test_the_truth_takes_the_level_of_the_discovered_equations():
    table = term_by_term(found(), truth())
    np.testing.assert_allclose(table["difference"], 0, atol=1e-12)
    untouched = truth()
    assert at_level_of(untouched, untouched) == untouched


def test_of_several_people_each_has_a_truth_of_their_own():
    slow = sw.true_model(sw.AgentQ(alpha_reward=0.1), sw.ForgettingRNN, sw.FORGETTING_RNN_CONFIG)
    both = SpiceModel(("a", "b"), {m: (truth().equation(m), slow.equation(m)) for m in truth().equations})
    two = SpiceModel(("a", "b"), {m: rows * 2 for m, rows in found().equations.items()})
    np.testing.assert_allclose(term_by_term(two, both, "a")["difference"], 0, atol=1e-12)
    table = term_by_term(two, both, "b")
    assert table.loc[(CHOSEN, f"{CHOSEN}[k]"), "true"] == pytest.approx(0.9)
    assert table.loc[(CHOSEN, "c_reward[k]"), "true"] == pytest.approx(0.3)


def test_after_the_first_trials_both_make_the_same_choices():
    dataset = sw.create_dataset(AGENT, sw.BanditsDrift(sigma=0.2), 100, 20, random_state=1)[0]
    model = sw.ForgettingRNN(2)
    p, q = (replay(AgentSpice(model, spice), dataset).probabilities for spice in (truth(), found()))
    assert np.abs(p - q)[:, 40:].max() < 1e-3
    assert np.abs(p - q)[:, :40].max() > 1e-3


def test_the_parameters_are_the_same_at_any_level():
    expected = classical_parameters(truth(), sw.ForgettingRNN)
    assert expected["q0"] == pytest.approx(0.5)
    assert classical_parameters(found(), sw.ForgettingRNN) == pytest.approx(expected)
