"""The two-step task: where choices lead, what is paid, and what a simulated data set holds."""

import numpy as np
import pytest

import spicewidgets as sw


def walk(task, n_trials, first=0):
    """Play so many trials: the states reached and the rewards, both `(n_trials, n_sessions)`."""
    states, rewards = [], []
    for _ in range(n_trials):
        assert task.offered[..., :2].all()
        assert not task.offered[..., 2:].any()
        np.testing.assert_array_equal(task.step(np.full(task._n_sessions, first)), -1)
        second = task.offered.argmax(-1)
        states.append((second - 2) // 2)
        rewards.append(task.step(second)[np.arange(task._n_sessions), second])
    return np.array(states), np.array(rewards)


def test_first_choices_lead_where_they_commonly_do_and_rewards_walk_within_bounds():
    task = sw.TwoStep(random_state=1)
    task.new_sess(n_sessions=200)
    states, rewards = walk(task, 50)
    assert states.mean() == pytest.approx(0.3, abs=0.02)
    assert set(np.unique(rewards)) == {0.0, 1.0}
    probs = task.reward_probs[:, 2:]
    assert 0.25 <= probs.min() < 0.27
    assert 0.73 < probs.max() <= 0.75
    np.testing.assert_array_equal(task.reward_probs[:, :2], 0)
    before = probs
    walk(task, 1)
    assert (task.reward_probs[:, 2:] - before).std() == pytest.approx(0.025, rel=0.1)


def test_a_session_of_many_is_as_alone():
    many, one = sw.TwoStep(), sw.TwoStep()
    many.new_sess(random_state=3, n_sessions=3)
    one.new_sess(random_state=3)
    states, rewards = walk(many, 20)
    alone = []
    for _ in range(20):
        one.step(0)
        second = int(one.offered.argmax())
        alone.append(((second - 2) // 2, one.step(second)[second]))
    np.testing.assert_array_equal(np.array(alone).T, [states[:, 0], rewards[:, 0]])


def test_what_is_not_on_offer_cannot_be_chosen():
    with pytest.raises(sw.SettingsError, match="on offer"):
        sw.TwoStep(random_state=1).step(2)


@pytest.mark.parametrize("wrong", [{"common": 2}, {"sigma": -1}, {"low": 0.8}])
def test_wrong_settings_are_told(wrong):
    with pytest.raises(sw.SettingsError, match="common" if "common" in wrong else "sigma"):
        sw.TwoStep(**wrong)


def test_an_agent_chooses_among_what_is_on_offer_and_the_data_set_says_so():
    """A bandit's learner knows nothing of stages; its choices are of the state all the same."""
    data, _, _ = sw.create_dataset(sw.AgentQ(6), sw.TwoStep(), 25, 4, random_state=1)
    assert (data.task, data.n_trials, data.n_actions) == ("two-step", 50, 6)
    choices = data.choices.numpy()
    assert (choices[:, 0::2] < 2).all()
    assert (choices[:, 1::2] >= 2).all()
    assert (data.rewards.numpy()[:, 0::2, 2:] != data.rewards.numpy()[:, 0::2, 2:]).all()
    np.testing.assert_allclose(data.truth_probs.sum(-1), 1, rtol=1e-6)
    assert not data.truth_probs[~data.offered].any()
