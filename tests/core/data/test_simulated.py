"""Simulated datasets: their layout, their truth, and that all ways to make them agree."""

import time

import numpy as np
import pytest
import torch

from spicewidgets.core.data.simulated import create_dataset
from spicewidgets.core.settings import SettingsError
from spicewidgets.core.simulate.agents import AgentQ
from spicewidgets.core.simulate.environments import BanditsDrift, BanditsFixed, BanditsSchedule
from spicewidgets.core.simulate.run import run_experiment
from spicewidgets.core.simulate.session import BanditSession


def simulated(n_trials=30, n_sessions=7, n_actions=2, counterfactual=False, **kwargs):
    task = BanditsDrift(0.2, n_actions, counterfactual, random_state=1)
    agent = AgentQ(n_actions, alpha_reward=0.3, parameter_variance=0.1, random_state=2)
    return create_dataset(agent, task, n_trials, n_sessions, **kwargs)


class ScalarAgent:
    """The few methods that autospice's agents have, and nothing else."""

    _n_actions = 2

    def __init__(self, agent):
        self.agent = agent

    def new_sess(self, sample_parameters=False, participant_id=0):
        self.agent.new_sess(sample_parameters)
        self.participant_id = participant_id

    def get_choice_probs(self):
        return self.agent.get_choice_probs()

    def get_choice(self):
        return self.agent.get_choice()

    def update(self, choice, reward):
        self.agent.update(choice, reward)


class ScalarTask:
    def __init__(self, task):
        self.task = task
        self.n_sessions_begun = 0

    def new_sess(self):
        self.task.new_sess()
        self.n_sessions_begun += 1

    def step(self, choice):
        return self.task.step(choice)


@pytest.mark.seed(36, 37, 40)
@pytest.mark.parametrize("n_actions", [2, 4])
@pytest.mark.parametrize("counterfactual", [False, True])
def test_layout(n_actions, counterfactual):
    """S36-S42, F17: choice one-hot, rewards with -1 for unseen, participant; ys is the next choice."""
    dataset, sessions, parameters = simulated(30, 7, n_actions, counterfactual)
    assert dataset.xs.shape == (7, 30, 2 * n_actions + 1)
    assert dataset.ys.shape == (7, 30, n_actions)
    assert len(sessions) == len(parameters) == 7
    assert torch.equal(dataset.ys[:, :-1], dataset.xs[:, 1:, :n_actions])
    assert bool(dataset.mask.all())
    assert bool(dataset.target_mask.all())
    assert bool((dataset.xs[..., -1] == 0).all())
    assert bool(dataset.rewards.isnan().any()) != counterfactual
    for row, session in zip(dataset.xs.numpy(), sessions, strict=True):
        assert isinstance(session, BanditSession)
        assert (session.xs == row).all()
        assert session.reward_probs.shape == (30, n_actions)


@pytest.mark.parametrize("sample", [False, True])
def test_side_by_side_gives_the_numbers_of_one_after_the_other(sample):
    """The vectorised simulation equals the trial-by-trial one to the last bit."""
    dataset, sessions, parameters = simulated(sample_parameters=sample)
    task = BanditsDrift(0.2, random_state=1)
    agent = AgentQ(alpha_reward=0.3, parameter_variance=0.1, random_state=2)
    for number in range(7):
        task.new_sess()
        agent.new_sess(sample_parameters=sample)
        session, choices, rewards = run_experiment(agent, task, 30, number)
        assert agent.parameters == parameters[number]
        assert (session.choices == sessions[number].choices).all()
        assert (session.rewards == sessions[number].rewards).all()
        assert (session.session == number).all()
        assert (dataset.ys[number].argmax(-1).numpy() == choices[1:]).all()
        assert (rewards[-1] == -1).all()


@pytest.mark.parametrize("which", ["agent", "task", "both", "list"])
def test_agents_and_tasks_with_the_bare_methods_give_the_same_dataset(which):
    expected, _, parameters = simulated(participant="per_session")
    task = BanditsDrift(0.2, random_state=1)
    agent = AgentQ(alpha_reward=0.3, random_state=2)
    if which in ("task", "both"):
        task = ScalarTask(task)
    if which in ("agent", "both"):
        agent = ScalarAgent(agent)
    if which == "list":
        agent = [agent] * 7
    dataset, sessions, _ = create_dataset(agent, task, 30, 7, participant="per_session")
    assert torch.equal(dataset.xs, expected.xs)
    assert torch.equal(dataset.ys, expected.ys)
    assert torch.allclose(dataset.truth_probs, expected.truth_probs)
    assert (sessions[0].reward_probs is None) == (which in ("task", "both"))
    assert parameters[0]["alpha_reward"] == 0.3


def test_truth_probs_are_the_agents_p_of_the_next_choice():
    dataset, _, _ = simulated()
    agent = AgentQ(alpha_reward=0.3)
    for choice, reward, truth in zip(
        *(part[3] for part in (dataset.choices, dataset.rewards, dataset.truth_probs)), strict=True
    ):
        agent.update(int(choice), reward.numpy())
        assert agent.get_choice_probs() == pytest.approx(truth.numpy(), abs=1e-6)


@pytest.mark.seed(32)
def test_drawn_parameters_come_back():
    """S32, F1: every parameter, one value per session, within bounds, and they make a participant again."""
    _, _, parameters = simulated(n_sessions=50, sample_parameters=True)
    rates = np.array([told["alpha_reward"] for told in parameters])
    assert len(np.unique(rates)) > 40
    assert ((rates >= 0) & (rates <= 1)).all()
    assert AgentQ(**parameters[0]).parameters == parameters[0]
    _, _, fixed = simulated()
    assert all(told == fixed[0] for told in fixed)


def test_a_list_of_agents_is_a_list_of_participants():
    """T21."""
    agents = [AgentQ(alpha_reward=rate) for rate in (0.1, 0.9)]
    dataset, sessions, parameters = create_dataset(agents, BanditsFixed(), 20, 2, random_state=0)
    assert dataset.participant_ids.tolist() == [0, 1]
    assert [session.participant for session in sessions] == [0, 1]
    assert [told["alpha_reward"] for told in parameters] == [0.1, 0.9]


def test_participants():
    """S41, F22: one participant unless asked for one per session."""
    assert simulated()[0].n_participants == 1
    assert simulated(participant="per_session")[0].participants == tuple(range(7))
    dataset = simulated(participant="per_session")[0]
    dataset.xs[..., -1] = 0
    assert dataset.n_participants == 1


class Fitted(AgentQ):
    """An agent with participants of its own, as fitted ones are."""

    vectorised = True

    def get_participant_ids(self):
        return ["ann", "ben"]

    def new_sess(self, sample_parameters=False, participant_id=None, *, n_sessions=1, **kwargs):
        self.told = participant_id
        super().new_sess(sample_parameters, n_sessions=n_sessions, **kwargs)

    def update(self, choice, reward):
        self.was = self.told
        super().update(choice, reward)


def test_a_fitted_agent_takes_the_part_of_its_participants():
    """F18, T21."""
    agent = Fitted()
    dataset, sessions, _ = create_dataset(agent, BanditsFixed(), 5, 3, participant=["ben", "ann", "ben"])
    assert agent.was == ["ben", "ann", "ben"]
    assert dataset.participants == ("ben", "ann")
    assert dataset.participant_ids.tolist() == [session.participant for session in sessions] == [0, 1, 0]
    assert create_dataset(agent, BanditsFixed(), 5, 2, participant="per_session")[0].participants == (
        "ann",
        "ben",
    )
    assert agent.was == ["ann", "ben"]
    create_dataset(agent, BanditsFixed(), 5, 3)
    assert agent.was is None
    create_dataset(agent, ScalarTask(BanditsFixed()), 5, 2, participant=np.array(["ann", "ben"]))
    assert agent.was == "ben"


def test_seeds():
    """S26: the same seed gives the same dataset, whatever seeds agent and task have."""
    first, again, other = (simulated(random_state=seed)[0].xs for seed in (5, 5, 6))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert not torch.equal(first, simulated()[0].xs)
    task, agent = BanditsDrift(0.2, random_state=1), AgentQ(random_state=2)
    one, two = (create_dataset(agent, task, 30, 3)[0].xs for _ in range(2))
    assert not torch.equal(one, two)


def test_numpys_global_seed_makes_a_notebook_repeatable():
    before = np.random.get_state()
    try:
        task, agent = BanditsDrift(0.2), AgentQ()
        np.random.seed(42)
        first = create_dataset(agent, task, 20, 5)[0].xs
        np.random.seed(42)
        assert torch.equal(create_dataset(agent, task, 20, 5)[0].xs, first)
        np.random.seed(42)
        create_dataset(agent, task, 20, 5, random_state=1)
        state = np.random.get_state()
        simulated(random_state=1)
        assert all(np.all(a == b) for a, b in zip(state, np.random.get_state(), strict=True))
    finally:
        np.random.set_state(before)


def test_agent_and_task_are_left_ready_for_use():
    task, agent = BanditsDrift(0.2, random_state=1), AgentQ(parameter_variance=0.1, random_state=2)
    create_dataset(agent, task, 10, 5, sample_parameters=True)
    assert task.step(agent.get_choice()).shape == (2,)
    agent.update(0, [1, -1])
    assert agent.get_choice_probs().shape == (2,)
    assert agent.parameters["alpha_reward"] == 0.2
    short = BanditsSchedule(np.full((5, 2), 0.5))
    with pytest.raises(SettingsError, match="The schedule must have a row for every trial"):
        create_dataset(agent, short, 6, 3)
    assert short.step(agent.get_choice()).shape == (2,)
    create_dataset(agent, short, 5, 3)


def test_windows_keep_the_truth():
    """K2."""
    dataset, _, _ = simulated(30, 4, sequence_length=8, stride=8)
    whole, _, _ = simulated(30, 4)
    assert dataset.xs.shape == (16, 8, 5)
    assert torch.equal(dataset.truth_probs[4:8], whole.truth_probs[:, 8:16])
    assert dataset.lengths.tolist() == [8] * 12 + [6] * 4


def test_simulating_says_nothing(capsys):
    simulated(verbose=True)
    assert capsys.readouterr() == ("", "")


def test_an_agents_participants_are_one_per_session_or_told():
    with pytest.raises(SettingsError, match="knows 2 participants, one per session; got 3 sessions"):
        create_dataset(Fitted(), BanditsFixed(), 5, 3, participant="per_session")


def test_what_cannot_fit_into_memory_is_refused_at_once():
    """It took six minutes until the memory was full."""
    begun = time.process_time()
    with pytest.raises(SettingsError, match=r"10,000,000 trials need more than 25,600,000 GB\."):
        create_dataset(AgentQ(), BanditsDrift(0.2), n_trials=10**7, n_sessions=10**7)
    assert time.process_time() - begun < 1
