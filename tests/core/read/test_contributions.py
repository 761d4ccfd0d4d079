"""Each term's contribution: they sum to the new value, and the whole is what the agents themselves expect."""

from dataclasses import replace

import numpy as np
import pytest

import spicewidgets as sw
from spicewidgets.core.built import ALL, REWARD, REWARD_CHOSEN, BuiltModel, BuiltModule, BuiltState
from spicewidgets.core.data.entry import as_dataset
from spicewidgets.core.equations import Equation, SpiceModel, polynomial_terms
from spicewidgets.core.judge.replay import nll_per_trial, replay
from spicewidgets.core.models import TEMPLATES
from spicewidgets.core.random import generator
from spicewidgets.core.read.contributions import LIMITED, compute_contributions
from spicewidgets.core.simulate.agents import softmax
from spicewidgets.core.simulate.record import mean_nll
from spicewidgets.core.train.built_rnn import rnn_class
from spicewidgets.core.train.torch_stream import TorchStream

EXACT = {"rtol": 0, "atol": 1e-12}
MODULE = "x_value_reward_chosen"
BUILT = TEMPLATES | {
    "seen by all": BuiltModel(
        (BuiltState("x_value", 0.2), BuiltState("x_trace", 0.0, "unused", keeps=False)),
        (
            BuiltModule("x_value", "x_value", ALL, (REWARD_CHOSEN, "x_trace", "c_action")),
            BuiltModule("x_trace", "x_trace", inputs=(REWARD, "x_value")),
        ),
    )
}


@pytest.fixture(scope="module")
def data():
    agent = sw.AgentQ(alpha_reward=0.3, beta_choice=1.0, alpha_choice=0.5, forget_rate=0.1)
    dataset, sessions, _ = sw.create_dataset(agent, sw.BanditsDrift(sigma=0.2), 40, 5, random_state=3)
    dataset.xs[3:, :, -1] = 1
    choices = np.stack([session.choices for session in sessions])
    rewards = np.stack([session.rewards for session in sessions])
    return dataset, choices, rewards


def equations(built, degree=2, size=0.15):
    """Some equations with all terms, other ones for each of two participants."""
    rng, config = np.random.default_rng(5), built.config()
    found = {}
    for module in config.modules:
        terms = polynomial_terms((module, *config.terms(module)), degree)
        rows = size * rng.standard_normal((2, len(terms)))
        found[module] = tuple(Equation(module, terms, tuple(row.tolist())) for row in rows)
    betas = {state.name: (2.0, 3.0) for state in built.states if state.choice == "scaled"}
    return SpiceModel((0, 1), found, betas)


@pytest.mark.parametrize("name", BUILT)
class TestAnyEquations:
    def test_they_are_played_as_the_agent_plays_them(self, name, data):
        dataset, choices, rewards = data
        spice = equations(BUILT[name])
        with TorchStream(generator(0))():
            model = rnn_class(BUILT[name])(2, n_participants=2)
        there = replay(sw.AgentSpice(model, spice), dataset)
        here = compute_contributions(BUILT[name], spice, choices, rewards, [0, 0, 0, 1, 1]).record
        np.testing.assert_allclose(here.probabilities, there.probabilities, **EXACT)
        np.testing.assert_allclose(here.q, there.q, **EXACT)
        for state, values in there.states.items():
            np.testing.assert_allclose(here.states[state], values, **EXACT)
        nll = np.nanmean(nll_per_trial(there.probabilities, as_dataset(dataset.xs, 2)), 1)
        np.testing.assert_allclose(mean_nll(here), nll, **EXACT)

    def test_the_parts_sum_to_the_new_value(self, name, data):
        _, choices, rewards = data
        spice = equations(BUILT[name])
        played = compute_contributions(BUILT[name], spice, choices, rewards)
        for update in played.updates:
            np.testing.assert_allclose(np.sum(list(update.parts.values()), 0), update.after, **EXACT)
            there = played.record.states[update.state][:, 1:]
            np.testing.assert_array_equal(update.after[update.moved], there[update.moved])
            np.testing.assert_array_equal(update.before, played.record.states[update.state][:, :-1])


TRUE = {
    "rescorla-wagner": {"alpha_reward": 0.3, "alpha_penalty": 0.1},
    "forgetting": {"alpha_reward": 0.3, "forget_rate": 0.2},
    "learning-rate": {"alpha_reward": 0.3, "alpha_penalty": 0.1, "forget_rate": 0.2},
    "participant-embedding": {"alpha_reward": 0.3, "forget_rate": 0.2},
    "choice": {"alpha_reward": 0.3, "forget_rate": 0.2, "beta_choice": 1.0, "alpha_choice": 0.5},
}


@pytest.mark.parametrize("name", TEMPLATES)
class TestTheTruth:
    @pytest.fixture
    def true(self, name):
        agent, built = sw.AgentQ(beta_reward=3.0, **TRUE[name]), TEMPLATES[name]
        config = {
            "rescorla-wagner": sw.RESCORLA_WAGNER_CONFIG,
            "learning-rate": sw.LEARNING_RATE_RNN_CONFIG,
            "choice": sw.CHOICE_CONFIG,
        }.get(name, sw.FORGETTING_RNN_CONFIG)
        values = type("Values", (), {"init_values": {s.name: s.initial for s in built.states}})
        betas = {s.name: float(agent._betas[s.name]) for s in built.states if s.choice == "scaled"}
        return agent, sw.true_model(agent, values, config, betas=betas)

    def test_it_is_what_the_participant_expects(self, name, data, true):
        dataset, choices, rewards = data
        agent, spice = true
        played = compute_contributions(TEMPLATES[name], spice, choices, rewards)
        np.testing.assert_allclose(played.record.probabilities, replay(agent, dataset).probabilities, **EXACT)

    def test_the_prediction_error_is_reward_minus_q(self, name, data, true):
        dataset, choices, rewards = data
        agent, spice = true
        q = replay(agent, dataset).states["x_value_reward"][:, :-1]
        updates = {
            update.module: update
            for update in compute_contributions(TEMPLATES[name], spice, choices, rewards).updates
        }
        update = updates[MODULE]
        at = update.moved
        np.testing.assert_allclose(update.error[at], (rewards - q)[at], **EXACT)

    def test_the_parts_sum_to_the_new_value(self, name, data, true):
        _, choices, rewards = data
        for update in compute_contributions(TEMPLATES[name], true[1], choices, rewards).updates:
            np.testing.assert_allclose(np.sum(list(update.parts.values()), 0), update.after, **EXACT)


def test_the_sum_of_the_tutorial_by_hand():
    equation = Equation(MODULE, ((), (MODULE,), (REWARD,)), (-0.3, 0.7, 0.9))
    played = compute_contributions(
        TEMPLATES["rescorla-wagner"], SpiceModel.of(equation), [[0, 1]], [[[1, -1], [-1, 0]]]
    )
    (update,) = played.updates
    assert {text: part[0, 0, 0] for text, part in update.parts.items()} == pytest.approx(
        {"constant": -0.3, "own value": 0.35, "c_reward": 0.9}
    )
    np.testing.assert_allclose(
        played.record.states["x_value_reward"][0], [[0.5, 0.5], [0.95, 0.5], [0.95, 0.05]]
    )
    np.testing.assert_allclose(played.record.probabilities[0, 1], softmax(np.array([0.95, 0.5])))
    assert update.moved[0].tolist() == [[True, False], [False, True]]
    assert update.error[0, 0, 0] == pytest.approx(1 - 0.5)  # V 0.5 stands for Q 0.5: rests at -1 and at 2


def test_what_the_bound_adds_is_a_part():
    built = replace(TEMPLATES["rescorla-wagner"], states=(BuiltState(initial=9.0),))
    equation = Equation(MODULE, ((), (MODULE,)), (3.0, 1.0))
    (update,) = compute_contributions(built, SpiceModel.of(equation), [[0]], [[[1, -1]]]).updates
    assert update.after[0, 0, 0] == 10.0
    assert update.parts[LIMITED][0, 0, 0] == pytest.approx(-2.0)
    assert np.isnan(update.error).all()


def test_nothing_is_learned_where_nothing_was_chosen():
    spice = equations(TEMPLATES["forgetting"])
    played = compute_contributions(
        TEMPLATES["forgetting"], spice, [[0, -1, 1]], [[[1, -1], [-1, -1], [-1, 0]]]
    )
    np.testing.assert_array_equal(
        played.record.states["x_value_reward"][0, 1], played.record.states["x_value_reward"][0, 2]
    )
    assert not any(update.moved[0, 1].any() for update in played.updates)


def test_people_have_their_own_equations():
    spice, built = equations(TEMPLATES["choice"]), TEMPLATES["choice"]
    choices, rewards = [[0, 1, 1]] * 2, [[[1, -1], [-1, 0], [-1, 1]]] * 2
    both = compute_contributions(built, spice, choices, rewards, participants=[1, 0])
    for at, who in enumerate([1, 0]):
        alone = compute_contributions(built, spice, choices[:1], rewards[:1], participants=[who])
        np.testing.assert_allclose(both.record.q[at], alone.record.q[0], **EXACT)
