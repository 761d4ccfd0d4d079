"""The network of a group: its equations, and what a GRU adds to them."""

import numpy as np
import pytest
import torch

import spicewidgets as sw
from spicewidgets.core.data.participants import index_participants
from spicewidgets.core.judge.replay import nll_per_trial
from spicewidgets.core.train.group_network import fit_group_network, put_on_equations
from spicewidgets.core.train.objective import Sessions, loss_of


def choices(agent, n_people=12, n_trials=60):
    people = list(range(n_people)) * 2
    return sw.create_dataset(
        agent, sw.BanditsDrift(0.2), n_trials, len(people), participant=people, random_state=3
    )[0]


def fit(dataset, **arguments):
    return sw.SpiceEstimator(
        sw.HabitRNN, sw.HABIT_CONFIG, random_state=1, epochs=60, n_starts=2, pooling="group", **arguments
    ).fit(dataset)


@pytest.fixture(scope="module")
def few():
    return choices(sw.AgentQ(alpha_reward=0.4, beta_reward=4.0))


@pytest.fixture(scope="module")
def fitted(few):
    return fit(few)


def test_where_choices_are_few_the_network_is_as_good_as_its_equations(fitted):
    later = choices(sw.AgentQ(alpha_reward=0.4, beta_reward=4.0), n_trials=120)
    network, equations = (np.nanmean(nll_per_trial(p, later)) for p in fitted.predict(later))
    assert network <= equations + 0.005


def test_it_begins_at_the_equations(fitted, few):
    network = put_on_equations(fitted.rnn_model_, fitted.spice_model_)
    sessions = Sessions.of(index_participants(few)[0])
    assert loss_of(network, sessions) == pytest.approx(-fitted.score(few), abs=1e-5)


def test_what_all_people_do_and_no_equation_says_is_added(few):
    """Equations that say nothing: the GRU has all that there is to learn."""
    people = sw.SpiceEstimator(
        sw.HabitRNN, sw.HABIT_CONFIG, random_state=1, epochs=2, n_starts=1, selection="threshold"
    ).fit(few)
    empty = sw.SpiceModel(
        people.participants_,
        {
            name: tuple(sw.Equation(name, ((),), (0.0,)) for _ in people.participants_)
            for name in people.spice_model_.modules
        },
    )
    sessions = Sessions.of(index_participants(few)[0])
    network = fit_group_network(people.rnn_model_, empty, sessions)
    assert loss_of(network, sessions) < np.log(2) - 0.05


def test_it_is_saved_with_the_weights(fitted, few, tmp_path):
    fitted.save_spice(tmp_path / "a.rnn", tmp_path / "a.spice")
    loaded = sw.SpiceEstimator(sw.HabitRNN, sw.HABIT_CONFIG).load_spice(
        tmp_path / "a.rnn", tmp_path / "a.spice"
    )
    for ours, theirs in zip(fitted.predict(few), loaded.predict(few), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_equations_found_again_bring_the_same_network_and_without_pooling_none(few, fitted):
    before = fitted.predict(few)[0]
    fitted.discover()
    np.testing.assert_array_equal(before, fitted.predict(few)[0])
    state = torch.get_rng_state()
    fitted.discover(pooling="none", selection="threshold")
    assert not hasattr(fitted, "rnn_group_")
    assert fitted.rnn_agent.model is not fitted.rnn_model_
    assert torch.equal(state, torch.get_rng_state())
