"""Replays are the agent's own run, trial by trial, whatever its kind; scores are the formulas by hand."""

import numpy as np
import pandas as pd
import pytest
import torch

from spicewidgets import (
    LEARNING_RATE_RNN_CONFIG,
    PARTICIPANT_EMBEDDING_RNN_CONFIG,
    RESCORLA_WAGNER_CONFIG,
    AgentNetwork,
    AgentQ,
    AgentSpice,
    BanditsDrift,
    BanditsFixed,
    DatasetRNN,
    LearningRateRNN,
    ParticipantEmbeddingRNN,
    RescorlaWagnerRNN,
    SettingsError,
    SpiceModel,
    create_dataset,
    get_update_dynamics,
    replay,
    scores,
    true_model,
)
from spicewidgets.core.data.splits import concat, split_data_along_timedim
from spicewidgets.core.judge.replay import n_parameters, nll_per_trial
from spicewidgets.core.simulate.agents import Agent

AGENT = AgentQ(alpha_reward=0.6, alpha_penalty=0.2, forget_rate=0.1, beta_choice=0.7, alpha_choice=0.5)
DATA, SESSIONS, _ = create_dataset(AGENT, BanditsDrift(sigma=0.2), 12, 5, random_state=1)


def network(**arguments):
    torch.manual_seed(0)
    return AgentNetwork(RescorlaWagnerRNN(2), **arguments)


def spice():
    return AgentSpice(
        RescorlaWagnerRNN(2), true_model(AgentQ(alpha_reward=0.4), RescorlaWagnerRNN, RESCORLA_WAGNER_CONFIG)
    )


def by_hand(agent, session):
    """One session, with the agent's public methods: P before each trial and after the last."""
    agent.new_sess()
    probabilities, q = [agent.get_choice_probs()], [agent.q]
    for choice, reward in zip(session.choices.tolist(), session.rewards, strict=True):
        agent.update(choice, reward)
        probabilities.append(agent.get_choice_probs())
        q.append(agent.q)
    return np.array(probabilities), np.array(q)


class OneAtATime:
    """An agent of the user's own: one session, plain methods, no keyword arguments, no base class."""

    _n_actions = 2

    def new_sess(self):
        self.values = np.array([0.5, 0.5])

    @property
    def q(self):
        return 3 * self.values

    def get_choice_probs(self):
        return np.exp(self.q) / np.exp(self.q).sum()

    def update(self, choice, reward):
        self.values[choice] += 0.3 * (reward[choice] - self.values[choice])


AGENTS = {"q": lambda: AGENT, "network": network, "spice": spice, "own": OneAtATime}


# The agent's own run


@pytest.mark.seed(35)
@pytest.mark.parametrize("kind", AGENTS)
def test_a_replay_is_the_agents_own_run(kind):
    """S35: all sessions at once, or one."""
    agent = AGENTS[kind]()
    played = replay(agent, DATA)
    assert played.probabilities.shape == played.q.shape == (5, 13, 2)
    for number, session in enumerate(SESSIONS):
        probabilities, q = by_hand(AGENTS[kind](), session)
        np.testing.assert_allclose(played.probabilities[number], probabilities, atol=1e-12)
        np.testing.assert_allclose(played.q[number], q, atol=1e-12)
        for form in (session, session.xs, DATA.xs[number], DATA.xs[number].numpy(), DATA.xs[number][None]):
            np.testing.assert_allclose(replay(agent, form).probabilities[0], probabilities, atol=1e-12)


@pytest.mark.parametrize("kind", AGENTS)
def test_softmax_of_q_is_p(kind):
    played = replay(AGENTS[kind](), DATA)
    exp = np.exp(played.q)
    np.testing.assert_allclose(exp / exp.sum(-1, keepdims=True), played.probabilities, atol=1e-12)


def test_the_true_agents_replay_is_what_it_played():
    np.testing.assert_allclose(replay(AGENT, DATA).probabilities[:, 1:], DATA.truth_probs, atol=1e-6)


@pytest.mark.parametrize("kind", AGENTS)
def test_a_missing_trial_teaches_nothing(kind):
    xs = DATA.xs.clone()
    xs[:, [0, 4, 5, 11], :4] = -1
    gaps = replay(AGENTS[kind](), xs).probabilities
    rest = [1, 2, 3, 6, 7, 8, 9, 10]
    whole = replay(AGENTS[kind](), xs[:, rest]).probabilities
    np.testing.assert_allclose(gaps[:, [t + 1 for t in rest]], whole[:, 1:], atol=1e-12)
    for before, missing in ((0, 1), (4, 5), (4, 6), (11, 12)):
        np.testing.assert_array_equal(gaps[:, before], gaps[:, missing])
    np.testing.assert_array_equal(gaps[:, 0], replay(AGENTS[kind](), DATA).probabilities[:, 0])


@pytest.mark.parametrize("kind", AGENTS)
def test_padding_and_unequal_sessions(kind):
    both = concat([DATA, create_dataset(AGENT, BanditsDrift(), 7, 2, random_state=2)[0]])
    played = replay(AGENTS[kind](), both).probabilities
    np.testing.assert_allclose(played[:5], replay(AGENTS[kind](), DATA).probabilities, atol=1e-12)
    np.testing.assert_array_equal(played[5:, 8:], np.repeat(played[5:, 7:8], 5, 1))


def test_nothing_to_play():
    for shape in ((0, 4, 5), (3, 0, 5)):
        assert replay(AGENT, np.zeros(shape)).probabilities.shape == (shape[0], shape[1] + 1, 2)
    np.testing.assert_array_equal(replay(network(), np.full((2, 3, 5), -1.0)).probabilities, 0.5)


def test_the_agent_in_hand_stays_as_it_is():
    for make in AGENTS.values():
        agent = make()
        agent.new_sess()
        agent.update(1, np.array([-1.0, 1.0]))
        before = agent.get_choice_probs().copy()
        replay(agent, DATA)
        get_update_dynamics(DATA.xs[0], agent)
        np.testing.assert_array_equal(agent.get_choice_probs(), before)


def test_a_replay_uses_up_no_randomness():
    np.random.seed(3)
    before = np.random.get_state()[1].tobytes()
    own = np.random.default_rng(5)
    agents = AgentQ(random_state=own), AgentNetwork(RescorlaWagnerRNN(2), random_state=own)
    state = own.bit_generator.state
    for agent in (*agents, network()):
        replay(agent, DATA)
    assert np.random.get_state()[1].tobytes() == before
    assert own.bit_generator.state == state


def test_integer_rewards_teach_as_much_as_floats():
    """F6."""
    for make in AGENTS.values():
        floats, ints = make(), make()
        for agent, kind in ((floats, float), (ints, int)):
            agent.new_sess()
            agent.update(0, np.array([1, -1], dtype=kind))
        assert floats.get_choice_probs()[0] != 0.5
        np.testing.assert_array_equal(ints.get_choice_probs(), floats.get_choice_probs())


def test_the_data_must_have_the_agents_arms():
    three = create_dataset(AgentQ(n_actions=3), BanditsDrift(n_actions=3), 5, 2, random_state=0)[0]
    with pytest.raises(SettingsError, match=r"The data set has 3 arms; needed are 2\. Set n_actions=3"):
        replay(AGENT, three)
    with pytest.raises(SettingsError, match=r"with 5 or more features for 2 arms; got shape \(4,\)\."):
        replay(AGENT, np.zeros(4))
    with pytest.raises(SettingsError, match=r"A session must be numbers"):
        replay(AGENT, "session 1")


class Keyworded(Agent):
    """Wants to know everything about a trial."""

    def new_sess(self, participant_id=0, experiment_id=0, **kwargs):
        super().new_sess(**kwargs)
        self.told = [(participant_id, int(np.ravel(experiment_id)[0]))]

    @property
    def q(self):
        return np.zeros(2)

    def update(self, choice, reward, block=0, additional_inputs=None):
        self.told.append((choice, float(np.ravel(block)[0]), np.ravel(additional_inputs).tolist()))


def test_what_a_row_holds_reaches_an_agent_that_wants_to_know(monkeypatch):
    rows = np.array([[1, 0, 1, -1, 0.5, 9.0, 2, 4, 7], [0, 1, -1, 0, 0.25, 8.0, 2, 4, 7]])
    agent = Keyworded()
    monkeypatch.setattr("spicewidgets.core.judge.replay.deepcopy", lambda same: same)
    replay(agent, rows)
    assert agent.told == [(7, 4), (0, 2.0, [0.5, 9.0]), (1, 2.0, [0.25, 8.0])]


# In the form of the tutorial


def test_update_dynamics_of_one_session():
    (q, signals), probabilities, agent = get_update_dynamics(DATA.xs[2], AGENT)
    played = replay(AGENT, DATA)
    assert agent is AGENT
    np.testing.assert_allclose(q, played.q[2, :12], atol=1e-12)
    np.testing.assert_allclose(probabilities, played.probabilities[2, :12], atol=1e-12)
    np.testing.assert_allclose(signals["x_value_reward"] + signals["x_value_choice"], q, atol=1e-12)
    assert set(signals) == {"x_value_reward", "x_learning_rate_reward", "x_value_choice"}
    assert signals["x_learning_rate_reward"].max() == 0.6


def test_update_dynamics_end_with_the_session_and_fill_in_what_is_not_there():
    padded = torch.cat([DATA.xs[0], torch.tensor([-1.0, -1, -1, -1, 0]).expand(6, 5)])
    (q, signals), probabilities, _ = get_update_dynamics(padded, network(), ["x_value_reward", "x_mood"])
    assert q.shape == probabilities.shape == signals["x_mood"].shape == (12, 2)
    np.testing.assert_array_equal(signals["x_mood"], 0)
    np.testing.assert_allclose(signals["x_value_reward"], q, atol=1e-12)


def test_signals_are_in_units_of_the_logit_of_the_participant_in_session():
    """A state times the beta of that participant, not of the first."""
    torch.manual_seed(1)
    model = ParticipantEmbeddingRNN(2, n_participants=2)
    agent = AgentNetwork(model, participants=("a", "b"))
    for code in (0, 1):
        row = DATA.xs[0].clone()
        row[:, -1] = code
        (q, signals), _, _ = get_update_dynamics(row, agent)
        np.testing.assert_allclose(signals["x_value_reward"], q, atol=1e-12)
    betas = replay(agent, DatasetRNN(DATA.xs, DATA.ys, participants=["b"])).betas["x_value_reward"]
    assert betas.shape == (5, 1, 1)
    agent.new_sess(participant_id="b")
    np.testing.assert_allclose(betas, agent.get_betas()["x_value_reward"])


def test_a_state_that_is_no_value_is_shown_as_it_is():
    torch.manual_seed(1)
    (_, signals), _, _ = get_update_dynamics(DATA.xs[0], AgentNetwork(LearningRateRNN(2)))
    rates = signals["x_learning_rate_reward"][1:][DATA.xs[0, :-1, :2] == 1]
    assert ((rates > 0) & (rates < 1)).all()


# Scores


def test_nll_per_trial_by_hand():
    p = replay(AGENT, DATA).probabilities
    chosen = DATA.ys.argmax(-1).numpy()
    expected = -np.log(np.take_along_axis(p[:, 1:], chosen[..., None], -1)[..., 0])
    np.testing.assert_allclose(nll_per_trial(p, DATA), expected, atol=1e-12)
    np.testing.assert_allclose(nll_per_trial(p[:, 1:], DATA), expected, atol=1e-12)
    ys = DATA.ys.clone()
    ys[0, 3] = -1
    gap = nll_per_trial(p, DatasetRNN(DATA.xs, ys))
    assert np.isnan(gap[0, 3])
    assert np.isfinite(gap).sum() == 59


def test_scores_by_hand():
    agents = {"groundtruth": AGENT, "spice": spice(), "rnn": network(), "own": OneAtATime()}
    table = scores(agents, DATA)
    truth = replay(AGENT, DATA).probabilities
    for label, k in (("groundtruth", 7 - 1), ("spice", 3), ("rnn", network().model.n_weights), ("own", 0)):
        p = replay(agents[label], DATA).probabilities
        log_l = np.log((p[:, 1:] * DATA.ys.numpy()).sum(-1))
        row = table.loc[label]
        assert row["n_choices"] == 60
        assert row["n_parameters"] == k
        assert row["nll"] == pytest.approx(-log_l.mean(), abs=1e-12)
        assert row["bic"] == pytest.approx(k * np.log(60) - 2 * log_l.sum(), abs=1e-9)
        assert row["trial_likelihood"] == pytest.approx(np.exp(log_l.mean()), abs=1e-12)
        assert row["max_dp"] == pytest.approx(np.abs(p - truth)[:, 1:].max(), abs=1e-12)
        assert row["mean_dp"] == pytest.approx(np.abs(p - truth)[:, 1:].mean(), abs=1e-12)
    assert table.loc["groundtruth", "max_dp"] == 0
    other = scores(agents, DATA, reference="rnn")
    assert other.loc["rnn", "max_dp"] == 0
    assert other.loc["groundtruth", "max_dp"] == pytest.approx(table.loc["rnn", "max_dp"], abs=1e-12)


def test_scores_per_session_add_up():
    table = scores({"truth": AGENT, "rnn": network()}, DATA, per_session=True)
    pooled = scores({"truth": AGENT, "rnn": network()}, DATA)
    assert table.index.names == ["agent", "session"]
    assert len(table) == 10
    for label in ("truth", "rnn"):
        assert table.loc[label, "nll"].mean() == pytest.approx(pooled.loc[label, "nll"], abs=1e-12)
        assert table.loc[label, "max_dp"].max() == pytest.approx(pooled.loc[label, "max_dp"], abs=1e-12)
        assert table.loc[label, "n_choices"].sum() == 60


def test_scores_leave_out_what_is_not_known():
    xs, ys = DATA.xs.clone(), DATA.ys.clone()
    ys[1] = -1
    ys[0, :6] = -1
    some = DatasetRNN(xs, ys)
    assert scores({"q": AGENT}, some).loc["q", "n_choices"] == 42
    assert list(scores({"q": AGENT}, some, per_session=True).index.get_level_values("session")) == [
        0,
        2,
        3,
        4,
    ]


def test_bic_counts_the_equations_of_everybody_in_the_data():
    models = [
        true_model(AgentQ(alpha_reward=alpha), RescorlaWagnerRNN, RESCORLA_WAGNER_CONFIG).equation(
            "x_value_reward_chosen"
        )
        for alpha in (0.3, 0.7)
    ]
    agent = AgentSpice(RescorlaWagnerRNN(2), SpiceModel(("a", "b"), {models[0].module: tuple(models)}))
    both = concat([DATA, DATA], participants=["a", "b"])
    assert scores({"spice": agent}, both).loc["spice", "n_parameters"] == 6
    assert set(scores({"spice": agent}, both, per_session=True)["n_parameters"]) == {3}
    only = DatasetRNN(DATA.xs, DATA.ys, participants=["b"])
    assert scores({"spice": agent}, only).loc["spice", "n_parameters"] == 3


@pytest.mark.parametrize(
    ("parameters", "k"),
    [
        ({}, 2),
        ({"alpha_penalty": 0.1}, 3),
        ({"forget_rate": 0.2}, 3),
        ({"beta_choice": 1.0}, 4),
        ({"alpha_counterfactual_reward": 0.2, "alpha_counterfactual_penalty": 0.3}, 4),
        ({"alpha_penalty": 0.1, "forget_rate": 0.2, "beta_choice": -1.0}, 6),
    ],
)
def test_parameters_of_a_classical_agent_are_its_mechanisms(parameters, k):
    assert n_parameters(AgentQ(**parameters)) == k


def test_parameters_of_a_network_with_betas_and_embedding():
    model = ParticipantEmbeddingRNN(2, n_participants=3)
    assert n_parameters(AgentNetwork(model, participants=(0, 1, 2))) == model.n_weights
    truth = true_model(AgentQ(), LearningRateRNN(2), LEARNING_RATE_RNN_CONFIG)
    agent = AgentSpice(LearningRateRNN(2), truth)
    assert n_parameters(agent) == agent.count_parameters()[0] == truth.n_parameters()
    assert PARTICIPANT_EMBEDDING_RNN_CONFIG.modules == tuple(model.submodules_rnn)


def test_scores_that_cannot_be_made_are_sentences():
    with pytest.raises(SettingsError, match=r"scores needs at least one agent; got none\."):
        scores({}, DATA)
    with pytest.raises(SettingsError, match=r"reference must be one of the agents \['q'\]; got 'rnn'\."):
        scores({"q": AGENT}, DATA, reference="rnn")
    with pytest.raises(SettingsError, match=r"No next choice is known"):
        scores({"q": AGENT}, DatasetRNN(DATA.xs, torch.full_like(DATA.ys, -1)))


def test_scores_of_rows_alone():
    rows = scores({"q": AGENT}, DATA.xs)
    ys = DATA.ys.clone()
    ys[:, -1] = -1
    pd.testing.assert_frame_equal(rows, scores({"q": AGENT}, DatasetRNN(DATA.xs, ys)))


def test_later_trials_are_scored_with_what_was_learned_before():
    """Those of the whole session, of which the first part is left out; anew, they are less likely."""
    agent = AgentQ(alpha_reward=0.2, beta_reward=6.0)
    data, _, _ = create_dataset(agent, BanditsFixed((0.9, 0.1)), 60, 40, random_state=3)
    _, later = split_data_along_timedim(data, 0.5, carry_on=True)
    _, anew = split_data_along_timedim(data, 0.5)
    whole = nll_per_trial(replay(agent, data).probabilities, data)[:, 30:]
    table = scores({"agent": agent}, later)
    assert table["n_choices"]["agent"] == 40 * 30
    assert table["nll"]["agent"] == pytest.approx(whole.mean(), abs=1e-12)
    assert scores({"agent": agent}, anew)["nll"]["agent"] > table["nll"]["agent"] + 0.05
