"""The simulated participant: its formulas exactly, and one session of many is that session alone."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.special import softmax as scipy_softmax

from spicewidgets.core.settings import Participant, SettingsError
from spicewidgets.core.simulate.agents import Agent, AgentQ, make_agent, softmax

RATE = st.floats(0, 1)
PARAMETERS = st.fixed_dictionaries(
    {
        "beta_reward": st.floats(0, 20),
        "alpha_reward": RATE,
        "alpha_penalty": RATE,
        "alpha_counterfactual_reward": RATE,
        "alpha_counterfactual_penalty": RATE,
        "beta_choice": st.floats(-5, 5),
        "alpha_choice": RATE,
        "forget_rate": RATE,
        "q0": st.floats(-1, 2),
    }
)
TRIALS = st.lists(st.tuples(st.integers(0, 2), st.lists(st.floats(0, 1), min_size=3, max_size=3)), max_size=8)


def by_the_formulas(p, trials, counterfactual):
    """Q and C after the trials, arm by arm, straight from the docstring of AgentQ."""
    q, c = [p["q0"]] * 3, [0.0] * 3
    for choice, rewards in trials:
        before, r = list(q), rewards[choice]
        for arm in range(3):
            c[arm] += p["alpha_choice"] * ((arm == choice) - c[arm])
            if arm == choice:
                q[arm] += (p["alpha_reward"] if r > 0.5 else p["alpha_penalty"]) * (r - q[arm])
                continue
            target = rewards[arm] if counterfactual else 1 - r
            good = (rewards[arm] if counterfactual else r) > 0.5
            rate = p["alpha_counterfactual_reward"] if good else p["alpha_counterfactual_penalty"]
            q[arm] += p["forget_rate"] * (p["q0"] - before[arm]) + rate * (target - before[arm])
    return np.array(q), np.array(c)


def shown(choice, rewards, counterfactual):
    return np.where(counterfactual | (np.arange(3) == choice), rewards, -1)


@pytest.mark.seed(28)
@given(PARAMETERS, TRIALS, st.booleans())
def test_values_follow_the_formulas(p, trials, counterfactual):
    """S28, T9, T25, T28."""
    agent = AgentQ(3, **p)
    for choice, rewards in trials:
        agent.update(choice, shown(choice, rewards, counterfactual))
    q, c = by_the_formulas(p, trials, counterfactual)
    assert np.allclose(agent.get_state_value("x_value_reward", multiply_with_beta=False), q, atol=1e-12)
    assert np.allclose(agent.get_state_value("x_value_choice", multiply_with_beta=False), c, atol=1e-12)
    logits = p["beta_reward"] * q + p["beta_choice"] * c
    assert np.allclose(agent.q, logits, atol=1e-11)
    parts = agent.get_state_value("x_value_reward") + agent.get_state_value("x_value_choice")
    assert np.allclose(parts, logits, atol=1e-11)
    assert np.allclose(agent.get_choice_probs(), scipy_softmax(logits), atol=1e-12)


@pytest.mark.seed(31)
@given(st.lists(st.floats(-800, 800), min_size=2, max_size=6))
def test_softmax_is_scipys(logits):
    """S31."""
    assert np.allclose(softmax(np.array([logits])), scipy_softmax([logits], axis=-1), atol=1e-15)


@pytest.mark.seed(29, 30, 34)
def test_the_simple_case_by_hand():
    """S29, S30, S34: beta 3, q0 0.5, everything else off."""
    agent = AgentQ(alpha_reward=0.3)
    assert (agent.q == 1.5).all()
    agent.update(0, np.array([1.0, -1.0]))
    assert agent.q == pytest.approx([3 * 0.65, 1.5], abs=1e-15)
    assert (agent.get_state_value("x_learning_rate_reward") == [0.3, 0]).all()
    agent.new_sess()
    assert (agent.q == 1.5).all()


def test_whole_number_rewards_teach():
    """F6."""
    agent = AgentQ(alpha_reward=0.3)
    agent.update(0, np.array([1, -1]))
    assert agent._state["x_value_reward"][0, 0] == pytest.approx(0.65)


def test_unchosen_values_stay_by_default():
    """S87: to 0 ulp."""
    agent = AgentQ(3, alpha_reward=0.3, q0=0.1 + 0.2)
    agent.update(1, [-1, 0.7, -1])
    assert (agent._state["x_value_reward"][0, [0, 2]] == 0.1 + 0.2).all()


def test_an_unseen_outcome_of_the_choice_teaches_no_reward():
    agent = AgentQ(forget_rate=0.0, alpha_counterfactual_reward=0.5, beta_choice=1.0)
    agent.update(0, [np.nan, np.nan])
    assert (agent.get_state_value("x_value_reward", False) == 0.5).all()
    assert (agent.get_state_value("x_value_choice", False) == [1, 0]).all()


def test_the_penalty_rate_follows_the_reward_rate_unless_given():
    assert AgentQ(alpha_reward=0.3).parameters["alpha_penalty"] == 0.3
    assert AgentQ(alpha_reward=0.3, alpha_penalty=-1).parameters["alpha_penalty"] == 0.3
    assert AgentQ(alpha_reward=0.3, alpha_penalty=0.0).parameters["alpha_penalty"] == 0.0


def test_choices_are_drawn_from_p():
    """F18: stochastic by default."""
    agent = AgentQ(3, beta_choice=1.0, random_state=0)
    agent.update(1, [-1, 1, -1])
    p = agent.get_choice_probs()
    counts = np.bincount([agent.get_choice() for _ in range(20_000)], minlength=3)
    assert (np.abs(counts / 20_000 - p) < 4 * np.sqrt(p * (1 - p) / 20_000)).all()


def test_a_deterministic_agent_takes_the_best_arm():
    agent = AgentQ(3, deterministic=True)
    assert agent.get_choice() == 0
    agent.update(2, [-1, -1, 1])
    assert agent.get_choice() == 2
    assert type(agent.get_choice()) is int


def run(agent, rewards):
    """Choices and logits of an agent that is paid by a table (n_trials, ..., n_actions)."""
    found = []
    for reward in rewards:
        choice = agent.get_choice()
        found.append((choice, agent.q.copy()))
        agent.update(choice, reward)
    return [np.array(part) for part in zip(*found, strict=True)]


@pytest.mark.parametrize("sample", [False, True])
def test_one_of_many_sessions_is_that_session_alone(sample):
    """The same numbers, to the last bit, parameters included."""
    variance = {"alpha_reward": 0.1, "alpha_penalty": 0.2, "beta_reward": -1, "forget_rate": 0.1}
    settings = {"beta_choice": 1.0, "alpha_choice": 0.5, "forget_rate": 0.2, "random_state": 4}
    settings["parameter_variance"] = variance
    rewards = np.random.default_rng(1).integers(0, 2, size=(150, 5, 3)).astype(float)
    many = AgentQ(3, **settings)
    many.new_sess(sample, n_sessions=5)
    parameters = many.parameters
    choices, logits = run(many, rewards)
    alone = AgentQ(3, **settings)
    for session in range(5):
        alone.new_sess(sample)
        assert alone.parameters == {
            name: np.broadcast_to(value, 5)[session] for name, value in parameters.items()
        }
        own_choices, own_logits = run(alone, rewards[:, session])
        assert (own_choices == choices[:, session]).all()
        assert (own_logits == logits[:, session]).all()
    assert many.get_choice_probs().shape == (5, 3)
    assert many.get_state_value("x_value_choice").shape == (5, 3)


def test_equal_seeds_choose_alike_and_others_do_not():
    """S26."""
    runs = [[AgentQ(random_state=seed).get_choice() for _ in range(1)] for seed in (1, 1)]
    assert runs[0] == runs[1]
    first, second, third = (AgentQ(random_state=seed) for seed in (1, 1, 2))
    rewards = np.ones((60, 2))
    assert (run(first, rewards)[0] == run(second, rewards)[0]).all()
    assert (run(first, rewards)[0] != run(third, rewards)[0]).any()


@pytest.mark.seed(35)
def test_replaying_uses_up_no_randomness():
    """S35."""
    agent, other = AgentQ(random_state=1), AgentQ(random_state=1)
    agent.new_sess()
    agent.update(1, [-1, 1])
    agent.new_sess()
    other.new_sess()
    assert (run(agent, np.ones((50, 2)))[0] == run(other, np.ones((50, 2)))[0]).all()


@pytest.mark.seed(32)
@given(PARAMETERS, st.floats(0, 3), st.integers(0, 10))
def test_drawn_parameters_stay_in_their_bounds(p, sd, seed):
    """S32, F1."""
    agent = AgentQ(**p, parameter_variance=sd, random_state=seed)
    agent.new_sess(sample_parameters=True, n_sessions=20)
    drawn = agent.parameters
    assert set(drawn) == set(p)
    for name in AgentQ.RATES:
        assert ((drawn[name] >= 0) & (drawn[name] <= 1)).all()
    for name in AgentQ.BETAS:
        low, high = sorted((0, 2 * p[name]))
        assert ((drawn[name] >= low) & (drawn[name] <= high)).all()
    assert (drawn["q0"] == p["q0"]).all()


def test_drawn_parameters_have_the_variance_asked_for():
    """K8: -1 is half the mean."""
    agent = AgentQ(beta_reward=4.0, alpha_reward=0.4, parameter_variance={"beta_reward": -1}, random_state=0)
    agent.new_sess(sample_parameters=True, n_sessions=5000)
    drawn = agent.parameters
    inside = (drawn["beta_reward"] > 0) & (drawn["beta_reward"] < 8)
    assert drawn["beta_reward"].mean() == pytest.approx(4.0, abs=0.1)
    assert inside.mean() == pytest.approx(0.9545, abs=0.01)  # clipped at 2 standard deviations
    assert (drawn["alpha_reward"] == 0.4).all()
    assert (drawn["alpha_penalty"] == 0.4).all()


def test_one_learning_rate_stays_one_when_drawn():
    agent = AgentQ(alpha_reward=0.4, parameter_variance=0.1, random_state=0)
    agent.new_sess(sample_parameters=True)
    assert agent.parameters["alpha_penalty"] == agent.parameters["alpha_reward"] != 0.4
    named = AgentQ(alpha_reward=0.4, parameter_variance={"alpha_penalty": 0.1}, random_state=0)
    named.new_sess(sample_parameters=True)
    assert named.parameters["alpha_penalty"] != named.parameters["alpha_reward"] == 0.4


@pytest.mark.seed(33)
def test_a_session_without_drawing_has_the_parameters_given():
    """S33."""
    agent = AgentQ(alpha_reward=0.4, parameter_variance=0.1, random_state=0)
    agent.new_sess(sample_parameters=True)
    agent.new_sess()
    assert agent.parameters["alpha_reward"] == 0.4
    assert AgentQ(**agent.parameters).parameters == agent.parameters


def test_all_problems_are_told_at_once():
    with pytest.raises(SettingsError) as raised:
        AgentQ(1, beta_reward=-1, alpha_reward=2, forget_rate=-1, parameter_variance="much")
    assert len(raised.value.problems) == 5  # alpha_penalty is alpha_reward's and not told again


def test_an_agent_from_settings():
    told = Participant(alpha_reward=0.4, alpha_penalty=0.1, beta_choice=-1, q0=0.2)
    agent = make_agent(told, n_actions=3, random_state=1)
    assert agent.parameters == {name: getattr(told, name) for name in agent.parameters}
    assert agent.n_actions == 3
    with pytest.raises(SettingsError, match="alpha_reward must be between 0 and 1; got 2"):
        make_agent(Participant(alpha_reward=2))


def test_an_agent_written_for_one_session_still_works():
    class StayAgent(Agent):
        """Likes the arm it took last."""

        def __init__(self):
            super().__init__(n_actions=2, random_state=0)
            self.new_sess()

        def new_sess(self, **kwargs):
            self._state = {"x_value": np.zeros(2)}

        @property
        def q(self):
            return 3 * self._state["x_value"]

        def update(self, choice, reward, **kwargs):
            self._state["x_value"] = np.eye(2)[choice]

    agent = StayAgent()
    assert not agent.vectorised
    assert agent.get_choice() in (0, 1)
    agent.update(1, [0, 1])
    assert agent.get_choice_probs() == pytest.approx(scipy_softmax([0, 3]))
    assert agent.get_state_value("x_value").tolist() == [0, 1]
    with pytest.raises(NotImplementedError, match="Agent must say how it learns"):
        Agent().update(0, [0, 0])
