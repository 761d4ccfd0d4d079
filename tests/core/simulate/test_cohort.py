"""Participants who differ, side by side: each session is its member's, alone or among others."""

import numpy as np
import pytest

from spicewidgets import AgentQ, BanditsDrift, SettingsError, create_dataset, replay, scores
from spicewidgets.core.simulate.cohort import Cohort, draw_parameters, drawn


@pytest.fixture
def members():
    return draw_parameters(AgentQ(alpha_reward=0.3, beta_choice=1.0), 0.3, 6, 1)


def test_members_differ_around_the_agent(members):
    assert len({member["alpha_reward"] for member in members}) == 6
    assert all(member["alpha_penalty"] == member["alpha_reward"] for member in members)
    assert {member["forget_rate"] for member in members} == {0.0}
    many = draw_parameters(AgentQ(alpha_reward=0.3), 0.1, 4000, 2)
    assert np.mean([member["alpha_reward"] for member in many]) == pytest.approx(0.3, abs=0.002)
    assert np.std([member["beta_reward"] for member in many]) == pytest.approx(0.3, abs=0.02)


def test_two_rates_are_drawn_apart():
    agent = AgentQ(alpha_reward=0.5, alpha_penalty=0.2)
    for member in draw_parameters(agent, 0.2, 5, 1, one_rate=False):
        assert member["alpha_penalty"] != member["alpha_reward"]


def test_each_session_is_that_of_its_member(members):
    dataset, _, parameters = create_dataset(Cohort(members), BanditsDrift(0.2), 30, 6, random_state=1)
    assert parameters == members
    cohort = Cohort(members)
    together = replay(cohort, dataset)
    for session in range(6):
        alone = replay(cohort.member(session), dataset.xs[session])
        np.testing.assert_allclose(together.probabilities[session], alone.probabilities[0])
        np.testing.assert_allclose(dataset.truth_probs[session], alone.probabilities[0, 1:], atol=1e-6)


def test_fewer_sessions_take_the_first_members_and_more_are_refused(members):
    cohort = Cohort(members)
    cohort.new_sess(n_sessions=2)
    np.testing.assert_array_equal(
        cohort.parameters["beta_reward"], [member["beta_reward"] for member in members[:2]]
    )
    with pytest.raises(SettingsError, match="a session for each of its 6 members; got 7"):
        cohort.new_sess(n_sessions=7)
    with pytest.raises(SettingsError, match="one member or more; got none"):
        Cohort([])


def test_scores_of_what_was_replayed_already_are_the_same(members):
    dataset, _, _ = create_dataset(Cohort(members), BanditsDrift(0.2), 20, 6, random_state=1)
    agents = {"groundtruth": Cohort(members), "mean": AgentQ(alpha_reward=0.3)}
    played = {label: replay(agent, dataset) for label, agent in agents.items()}
    for per_session in (False, True):
        told = scores(agents, dataset, per_session=per_session, played=played)
        assert told.equals(scores(agents, dataset, per_session=per_session))


def test_a_script_of_before_still_draws_its_people():
    with pytest.warns(DeprecationWarning, match="draw_parameters"):
        before = drawn(AgentQ(alpha_reward=0.3), 0.1, 3, 2)
    assert before == draw_parameters(AgentQ(alpha_reward=0.3), 0.1, 3, 2)
