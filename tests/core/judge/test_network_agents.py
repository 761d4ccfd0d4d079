"""Fitted models as agents: they play a task like AgentQ, draw their choices, and know their participants."""

import numpy as np
import pytest
import torch

from spicewidgets import (
    CHOICE_CONFIG,
    PARTICIPANT_EMBEDDING_RNN_CONFIG,
    RESCORLA_WAGNER_CONFIG,
    AgentNetwork,
    AgentQ,
    AgentSpice,
    BanditsDrift,
    BanditsFixed,
    ChoiceRNN,
    Equation,
    LearningRateRNN,
    ParticipantEmbeddingRNN,
    RescorlaWagnerRNN,
    SettingsError,
    SpiceModel,
    create_dataset,
    replay,
    true_model,
)
from spicewidgets.core.judge.network_agents import betas_of, default_codes
from spicewidgets.core.random import generator
from spicewidgets.core.train.torch_stream import TorchStream

CHOSEN = "x_value_reward_chosen"


def model(kind=RescorlaWagnerRNN, n_actions=2, seed=0, **arguments):
    with TorchStream(generator(seed))():
        return kind(n_actions, **arguments)


def truth(alpha=0.3, **parameters):
    agent = AgentQ(alpha_reward=alpha, **parameters)
    return true_model(agent, RescorlaWagnerRNN, RESCORLA_WAGNER_CONFIG)


def network(**arguments):
    return AgentNetwork(model(), **arguments)


def spice(**arguments):
    return AgentSpice(model(), truth(), **arguments)


@pytest.mark.parametrize("make", [network, spice])
class TestBoth:
    """What the network and its equations have in common with AgentQ."""

    def test_a_trial(self, make):
        agent = make()
        agent.new_sess()
        np.testing.assert_array_equal(agent.get_choice_probs(), [0.5, 0.5])
        np.testing.assert_array_equal(agent.q, [0.5, 0.5])
        agent.update(1, np.array([-1.0, 1.0]))
        assert agent.q[0] == 0.5
        assert agent.q[1] != 0.5
        np.testing.assert_allclose(agent.get_state_value("x_value_reward"), agent.q)
        agent.new_sess()
        np.testing.assert_array_equal(agent.q, [0.5, 0.5])

    def test_sessions_side_by_side_are_sessions_alone(self, make):
        dataset = create_dataset(make(), BanditsDrift(), 15, 4, random_state=5)[0]
        agent = make()
        for number in range(4):
            alone = replay(agent, dataset.xs[number]).probabilities[0]
            np.testing.assert_allclose(replay(agent, dataset).probabilities[number], alone, atol=1e-12)
        np.testing.assert_allclose(
            replay(agent, dataset).probabilities[:, 1:], dataset.truth_probs, atol=1e-6
        )

    def test_choices_are_drawn(self, make):
        """F18: as often as P says, in the first trial and later."""
        agent = make(random_state=1)
        agent.new_sess(n_sessions=4000)
        assert agent.get_choice().mean() == pytest.approx(0.5, abs=0.03)
        agent.update(np.ones(4000, dtype=int), np.tile([-1.0, 1.0], (4000, 1)))
        p = agent.get_choice_probs()[0, 1]
        assert p != 0.5
        assert agent.get_choice().mean() == pytest.approx(p, abs=0.03)

    def test_deterministic_takes_the_best_arm(self, make):
        agent = make(deterministic=True)
        agent.new_sess(n_sessions=50)
        assert set(agent.get_choice().tolist()) == {0}  # the first of equals
        agent.update(np.zeros(50, dtype=int), np.tile([0.0, -1.0], (50, 1)))
        best = int(agent.q[0].argmax())
        assert set(agent.get_choice().tolist()) == {best}

    def test_random_state_makes_choices_repeatable(self, make):
        played = [
            create_dataset(make(random_state=seed), BanditsFixed(random_state=0), 10, 3)[0].choices
            for seed in (1, 1, 2)
        ]
        assert torch.equal(played[0], played[1])
        assert not torch.equal(played[0], played[2])

    @pytest.mark.parametrize("reward", [np.array([1, -1]), [1, -1], (1, -1), np.array([1, np.nan])])
    def test_rewards_of_any_kind(self, make, reward):
        """F6."""
        agent, other = make(), make()
        for one, given in ((agent, reward), (other, np.array([1.0, -1.0]))):
            one.new_sess()
            one.update(0, given)
        assert agent.q[0] != 0.5
        np.testing.assert_array_equal(agent.q, other.q)

    def test_wrong_trials_are_sentences(self, make):
        agent = make()
        agent.new_sess()
        for choice, reward in ((2, [0, 0]), (0, [0, 0, 0]), (-1, [0, 0])):
            with pytest.raises(SettingsError, match=r"update needs an arm from 0 to 1, and 2 rewards"):
                agent.update(choice, reward)

    def test_the_model_in_hand_stays_as_it_is(self, make):
        mine = model()
        before = {name: value.clone() for name, value in mine.state_dict().items()}
        agent = AgentNetwork(mine) if make is network else AgentSpice(mine, truth())
        agent.update(0, [1.0, -1.0])
        assert agent.model is not mine
        assert mine.submodules_sindy == {}
        assert all(torch.equal(before[name], value) for name, value in mine.state_dict().items())
        assert next(mine.parameters()).dtype == torch.float32
        assert mine.training

    def test_it_simulates(self, make):
        dataset, sessions, _ = create_dataset(make(), BanditsDrift(), 30, 20, random_state=3)
        assert dataset.mask.all()
        assert len(sessions) == 20
        assert 0.2 < dataset.choices.float().mean() < 0.8


def test_other_numbers_of_arms_are_noticed():
    with pytest.raises(
        SettingsError, match=r"n_actions must be that of the model, 3; got 2\. Set n_actions=3\."
    ):
        AgentNetwork(model(n_actions=3))
    agent = AgentNetwork(model(n_actions=3), 3)
    agent.update(2, [-1, -1, 1])
    np.testing.assert_array_equal(agent.q[:2], 0.5)


# Participants


def people(kind=ParticipantEmbeddingRNN, labels=("anna", "bob"), **arguments):
    return AgentNetwork(model(kind, n_participants=len(labels)), participants=labels, **arguments)


def test_participants_by_label():
    agent = people()
    probabilities = {}
    for label in ("anna", "bob", None):
        agent.new_sess(participant_id=label)
        agent.update(0, [1.0, -1.0])
        probabilities[label] = agent.get_choice_probs()[0]
    assert probabilities["anna"] != probabilities["bob"]
    assert probabilities[None] == probabilities["anna"]  # the first, if not said
    assert agent.get_participant_ids() == ["anna", "bob"]


@pytest.mark.parametrize(
    "labels", [("bob", "anna"), ["bob", "anna"], np.array(["bob", "anna"], dtype=object)]
)
def test_several_participants_side_by_side(labels):
    agent = people()
    agent.new_sess(participant_id=list(labels), n_sessions=2)
    agent.update([0, 0], [[1.0, -1.0], [1.0, -1.0]])
    together = agent.q
    for number, label in enumerate(("bob", "anna")):
        agent.new_sess(participant_id=label)
        agent.update(0, [1.0, -1.0])
        np.testing.assert_allclose(agent.q, together[number], atol=1e-12)


def test_unknown_participants_are_a_sentence():
    agent = people()
    told = r"Participant 'eve' is unknown to this model; known are \['anna', 'bob'\]\. Choose one of these\."
    with pytest.raises(SettingsError, match=told):
        agent.new_sess(participant_id="eve")
    with pytest.raises(SettingsError, match=r"a label for each of the 3 sessions; got 2\. Set n_sessions=2"):
        agent.new_sess(participant_id=["anna", "bob"], n_sessions=3)
    agent.new_sess(participant_id="anna")
    network().new_sess(participant_id="anybody")  # a model of one participant takes anyone for that one


def test_labels_and_codes_are_two_things():
    """The people are 1 and 0 by label, and 0 and 1 in the data's last column."""
    agent = people(labels=(1, 0), codes=(0, 1))
    assert [agent.label(code) for code in (0, 1)] == [1, 0]
    assert agent.code(1) == 0
    xs = np.array([[1, 0, 1, -1, 0.0], [1, 0, 1, -1, 0.0]])
    agent.new_sess(participant_id=1)
    agent.update(0, [1.0, -1.0])
    np.testing.assert_allclose(replay(agent, xs).q[0, 1], agent.q, atol=1e-12)
    assert agent.label(7) == 7  # and is then unknown
    with pytest.raises(SettingsError, match=r"Participant 7 is unknown"):
        replay(agent, xs + np.array([0, 0, 0, 0, 7]))


def test_codes_where_nothing_is_known_of_the_data():
    assert default_codes((7, 3)) == (7, 3)
    assert default_codes(("a", "b")) == (0, 1)
    assert default_codes((np.int64(4), "b")) == (0, 1)


def test_a_label_may_be_given_as_text():
    agent = people(labels=(7, 3))
    assert agent.code("3") == 1
    assert people(labels=("7", 7)).code(7) == 1


def test_betas_of_the_participant_in_session():
    agent = people(ChoiceRNN)
    betas = {}
    for label in ("anna", "bob"):
        agent.new_sess(participant_id=label)
        betas[label] = agent.get_betas()
        values = agent.get_state_value("x_value_reward", multiply_with_beta=False)
        scaled = agent.get_state_value("x_value_reward")
        np.testing.assert_allclose(scaled, values * betas[label]["x_value_reward"])
    assert set(betas["anna"]) == {"x_value_reward", "x_value_choice"}
    assert betas["anna"] != betas["bob"]
    both = betas_of(agent.model, np.array([1, 0]))
    assert both["x_value_choice"].shape == (2, 1)
    assert both["x_value_choice"][0, 0] == pytest.approx(betas["bob"]["x_value_choice"])
    assert network().get_betas() == {}


def test_the_first_trial_counts_the_initial_values_times_beta():
    start = AgentNetwork(model(LearningRateRNN))
    beta = start.get_betas()["x_value_reward"]
    np.testing.assert_allclose(start.q, 0.5 * beta)


def test_simulating_several_participants():
    agent = people()
    dataset = create_dataset(agent, BanditsDrift(), 6, 2, participant="per_session", random_state=0)[0]
    assert dataset.participants == ("anna", "bob")
    played = replay(agent, dataset).probabilities[:, 1:]
    np.testing.assert_allclose(played, dataset.truth_probs, atol=1e-6)


# Equations


def test_equations_replace_the_modules():
    agent = spice()
    q = AgentQ(alpha_reward=0.3)
    dataset = create_dataset(q, BanditsDrift(), 20, 5, random_state=2)[0]
    np.testing.assert_allclose(
        replay(agent, dataset).probabilities, replay(q, dataset).probabilities, atol=1e-12
    )
    assert agent.get_modules() == {CHOSEN: {0: truth().equation(CHOSEN)}}
    assert agent.count_parameters() == {0: 3}
    assert agent.get_participant_ids() == [0]


def test_equations_as_a_dictionary():
    """As the peer's AgentSpice takes them."""
    equations = {label: truth(alpha).equation(CHOSEN) for label, alpha in (("a", 0.2), ("b", 0.8))}
    agent = AgentSpice(model(), {CHOSEN: equations})
    assert agent.get_modules() == {CHOSEN: equations}
    for label, alpha in (("a", 0.2), ("b", 0.8)):
        agent.new_sess(participant_id=label)
        agent.update(0, [1.0, -1.0])
        assert agent.q[0] == pytest.approx(0.5 + alpha * (3 - 1.5), abs=1e-12)


def test_betas_belong_to_the_equations():
    whole = true_model(
        AgentQ(beta_choice=2.0),
        ChoiceRNN,
        CHOICE_CONFIG,
        betas={"x_value_reward": 1.5, "x_value_choice": -0.5},
    )
    agent = AgentSpice(model(ChoiceRNN, n_participants=1), whole)
    assert agent.get_betas() == {"x_value_reward": 1.5, "x_value_choice": -0.5}
    dataset = create_dataset(AgentQ(beta_choice=2.0), BanditsDrift(), 20, 5, random_state=2)[0]
    apart = replay(agent, dataset).probabilities - replay(AgentQ(beta_choice=2.0), dataset).probabilities
    assert np.abs(apart).max() < 1e-12


def test_only_some_participants_have_equations():
    equations = {CHOSEN: (None, truth().equation(CHOSEN))}
    agent = AgentSpice(model(), SpiceModel(("a", "b"), equations))
    assert agent.get_participant_ids() == ["b"]
    agent.update(0, [1.0, -1.0])  # the first who has some, if not said
    assert create_dataset(agent, BanditsDrift(), 5, 3)[0].mask.all()
    agent.new_sess(participant_id="a")
    with pytest.raises(
        SettingsError, match=r"No equation of 'x_value_reward_chosen' was fitted for some of these"
    ):
        agent.update(0, [1.0, -1.0])


def test_equations_of_modules_that_the_model_lacks():
    other = SpiceModel.of(Equation("x_mood", ((),), (1.0,)))
    with pytest.raises(
        SettingsError, match=r"The model has no modules \['x_mood'\]; it has \['x_value_reward_chosen'\]"
    ):
        AgentSpice(model(), other)


def test_the_model_of_the_precoded_embedding_has_the_modules_of_its_config():
    assert tuple(model(ParticipantEmbeddingRNN, n_participants=1).submodules_rnn) == (
        PARTICIPANT_EMBEDDING_RNN_CONFIG.modules
    )
