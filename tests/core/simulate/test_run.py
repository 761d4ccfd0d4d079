"""One loop, whoever plays, and one record of it."""

import numpy as np
import pytest

from spicewidgets import AgentQ, BanditsDrift, BanditsFixed, SettingsError
from spicewidgets.core.simulate.record import concatenate_records
from spicewidgets.core.simulate.run import Trial, play, play_sessions, record_of, run_experiment


class Repeater:
    """An agent with the bare methods, which tells nothing of what it expects."""

    def new_sess(self):
        self.last = 0

    def get_choice(self):
        return self.last

    def update(self, choice, reward):
        self.last = 1 - choice if reward[choice] == 0 else choice


@pytest.fixture
def sessions():
    return play_sessions(AgentQ(), BanditsDrift(0.2), 20, 5, random_state=3)[0]


def test_a_record_has_a_row_for_each_trial_and_one_after_the_last(sessions):
    assert sessions.choices.shape == (5, 20)
    assert sessions.rewards.shape == sessions.reward_probs.shape == (5, 20, 2)
    assert sessions.probabilities.shape == sessions.q.shape == (5, 21, 2)
    assert {state.shape for state in sessions.states.values()} == {(5, 21, 2)}
    assert sessions.betas["x_value_reward"].shape == (5, 1, 1)
    assert sessions.final_choices.shape == (5,)


def test_the_logit_is_the_states_times_their_betas(sessions):
    logits = sum(sessions.states[state] * beta for state, beta in sessions.betas.items())
    np.testing.assert_allclose(sessions.q, logits, atol=1e-12)


def test_a_session_is_the_same_however_many_there_are(sessions):
    fewer = play_sessions(AgentQ(), BanditsDrift(0.2), 20, 2, random_state=3)[0]
    np.testing.assert_array_equal(fewer.choices, sessions.choices[:2])
    np.testing.assert_array_equal(fewer.probabilities, sessions.probabilities[:2])


def test_the_same_choices_and_rewards_give_the_same_record(sessions):
    agent = AgentQ()
    agent.new_sess(n_sessions=5)
    trials = (Trial(sessions.choices[:, t], sessions.rewards[:, t]) for t in range(20))
    again = record_of(agent, trials, 5, 2)
    np.testing.assert_array_equal(again.probabilities, sessions.probabilities)
    np.testing.assert_array_equal(again.states["x_value_reward"], sessions.states["x_value_reward"])


def test_what_an_agent_does_not_tell_is_not_a_number():
    task = BanditsFixed((0.9, 0.1), random_state=1)
    record, parameters = play_sessions(Repeater(), task, 10, 3)
    assert np.isnan(record.probabilities).all()
    assert record.states == record.betas == {}
    assert parameters == [{}] * 3
    assert record.choices.shape == (3, 10)


def test_agents_with_different_states_share_a_record():
    agents = [AgentQ(random_state=1), Repeater()]
    record, _ = play_sessions(agents, BanditsFixed(random_state=1), 10, 2)
    assert record.states == {}
    assert np.isfinite(record.probabilities[0]).all()


def test_an_agent_and_a_task_without_a_number_of_arms_are_a_sentence():
    class Task:
        def step(self, choice):
            return [1.0, -1.0]

    agent = Repeater()
    agent.new_sess()
    with pytest.raises(SettingsError, match="must have `n_actions`, the number of arms; got none"):
        play(agent, Task(), 5)


def test_one_session_of_an_agent_and_a_task_as_they_stand():
    agent, task = AgentQ(random_state=1), BanditsDrift(0.2, random_state=2)
    session, choices, rewards = run_experiment(agent, task, 15, session_id=4)
    assert (session.choices == choices[:-1]).all()
    assert set(session.session) == {4}
    assert rewards.shape == (16, 2)
    assert (rewards[-1] == -1).all()


def test_chosen_rewards_are_those_of_the_arm_chosen(sessions):
    paid = [
        [sessions.rewards[s, t, arm] for t, arm in enumerate(row)] for s, row in enumerate(sessions.choices)
    ]
    np.testing.assert_array_equal(sessions.chosen_rewards, paid)


def test_one_session_of_a_record_has_no_axis_of_sessions(sessions):
    one = sessions.session(3)
    assert one.choices.shape == (20,)
    np.testing.assert_array_equal(one.q, sessions.q[3])
    np.testing.assert_array_equal(one.chosen_rewards, sessions.chosen_rewards[3])
    assert one.final_choices == sessions.final_choices[3]


def test_records_are_joined_session_after_session(sessions):
    both = concatenate_records([sessions, sessions])
    np.testing.assert_array_equal(both.choices, np.tile(sessions.choices, (2, 1)))
    np.testing.assert_array_equal(both.states["x_value_reward"][5:], sessions.states["x_value_reward"])
