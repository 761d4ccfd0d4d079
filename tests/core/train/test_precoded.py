"""The five precoded models: what each of them moves, and that its config names what it does."""

import pytest
import torch
from torch import nn

import spicewidgets
from spicewidgets import (
    CHOICE_CONFIG,
    FORGETTING_RNN_CONFIG,
    LEARNING_RATE_RNN_CONFIG,
    PARTICIPANT_EMBEDDING_RNN_CONFIG,
    RESCORLA_WAGNER_CONFIG,
    AgentQ,
    BanditsDrift,
    ChoiceRNN,
    ForgettingRNN,
    LearningRateRNN,
    ParticipantEmbeddingRNN,
    RescorlaWagnerRNN,
    create_dataset,
)
from spicewidgets.core.models import TEMPLATES
from spicewidgets.core.train.built_source import source
from spicewidgets.core.train.new_model import check_model
from spicewidgets.core.train.objective import Sessions
from spicewidgets.core.train.precoded import reward_prediction_error

VALUE, CHOICE, RATE = "x_value_reward", "x_value_choice", "x_learning_rate_reward"

MODELS = {
    "rescorla_wagner": (RescorlaWagnerRNN, RESCORLA_WAGNER_CONFIG, {}),
    "forgetting": (ForgettingRNN, FORGETTING_RNN_CONFIG, {}),
    "learning_rate": (LearningRateRNN, LEARNING_RATE_RNN_CONFIG, {}),
    "embedding": (ParticipantEmbeddingRNN, PARTICIPANT_EMBEDDING_RNN_CONFIG, {"n_participants": 3}),
    "choice": (ChoiceRNN, CHOICE_CONFIG, {"n_participants": 3}),
}


@pytest.fixture(scope="module")
def dataset():
    return create_dataset(AgentQ(alpha_reward=0.3), BanditsDrift(sigma=0.2), 12, 4, random_state=1)[0]


def choosing(*arms, rewards=1.0):
    """One session that takes these arms, `(1, n_trials, 5)`."""
    xs = torch.full((1, len(arms), 5), -1.0)
    xs[..., -1] = 0
    for trial, arm in enumerate(arms):
        xs[0, trial, :2] = torch.eye(2)[arm]
        xs[0, trial, 2 + arm] = rewards
    return xs


@pytest.mark.parametrize("name", MODELS)
def test_a_config_names_what_its_model_does(name, dataset):
    model, config, arguments = MODELS[name]
    check_model(model(n_actions=2, **arguments), config, Sessions.of(dataset))
    assert set(config.modules) == set(model(n_actions=2, **arguments).submodules_rnn)


@pytest.mark.parametrize("name", MODELS)
def test_arguments_that_a_model_does_not_need_are_let_pass(name):
    """One call makes any of them."""
    model, _, _ = MODELS[name]
    every = {"n_participants": 3, "embedding_size": 4, "dropout": 0.25, "device": None}
    assert model(n_actions=3, **every)._n_actions == 3


def test_a_ready_model_shows_its_loop_and_may_be_changed():
    """It is its row in the table of models, so that there is no code of its own to read."""
    assert ChoiceRNN.source() == source(TEMPLATES["choice"])
    assert "for trial, action, reward in zip(trials, actions, rewards):" in ChoiceRNN.source()

    class Mine(RescorlaWagnerRNN):
        init_values = {VALUE: 1.0}

    assert (Mine(2).init_values, RescorlaWagnerRNN(2).init_values) == ({VALUE: 1.0}, {VALUE: 0.5})


def test_dropout_is_of_the_embedding_or_of_the_modules():
    """A model that was built of rows let it pass where it has no participants."""
    dropped = {name: MODELS[name][0](2, dropout=0.25).dropout for name in MODELS}
    assert dropped == {name: 0.0 if MODELS[name][2] else 0.25 for name in MODELS}


@pytest.mark.parametrize("name", MODELS)
def test_every_module_learns(name, dataset):
    model = MODELS[name][0](n_actions=2, **MODELS[name][2])
    torch.nn.functional.cross_entropy(
        model(dataset.xs, batch_first=True)[0].flatten(0, 1), dataset.ys.argmax(-1).flatten()
    ).backward()
    for parameter in model.parameters():
        assert parameter.grad.abs().max() > 0


@pytest.mark.seed(60)
def test_spelling_of_the_tutorial():
    """S60."""
    assert spicewidgets.RESCOLA_WAGNER_CONFIG is RESCORLA_WAGNER_CONFIG


def test_rescorla_wagner_keeps_the_arm_not_chosen():
    logits = RescorlaWagnerRNN(2)(choosing(0, 0, 0), batch_first=True)[0]
    assert logits[0, :, 1].tolist() == [0.5] * 3
    assert len(set(logits[0, :, 0].tolist())) == 3


def test_forgetting_moves_the_arm_not_chosen_whatever_the_reward():
    """T9, T10: by a module without inputs."""
    model = ForgettingRNN(2)
    assert model.submodules_rnn["x_value_reward_not_chosen"].input_size == 0
    paid = model(choosing(0, 0, 0), batch_first=True)[0]
    unpaid = model(choosing(0, 0, 0, rewards=0.0), batch_first=True)[0]
    assert torch.equal(paid[..., 1], unpaid[..., 1])
    assert len(set(paid[0, :, 1].tolist())) == 3
    assert not torch.equal(paid[..., 0], unpaid[..., 0])


def test_reward_prediction_error_is_given():
    """T16, T18: value + rate * (reward - value), the rate within 0..1."""
    value, reward, rate = torch.tensor([0.2]), torch.tensor([1.0]), torch.tensor([0.25])
    assert reward_prediction_error(value, torch.stack([reward, rate], -1)).item() == pytest.approx(0.4)
    model = LearningRateRNN(2)
    nn.init.constant_(model.betas[VALUE].parameter, 2.0)
    logits, state = model(choosing(0), batch_first=True)
    rate = state[RATE][0, 0].item()
    assert 0 < rate < 1
    assert state[RATE][0, 1].item() == 0
    assert state[VALUE][0, 0].item() == pytest.approx(0.5 + rate * 0.5)
    torch.testing.assert_close(logits[0, 0], 2 * state[VALUE][0])


@pytest.mark.parametrize("model", [ParticipantEmbeddingRNN, ChoiceRNN])
def test_participants_differ_by_their_embedding_alone(model):
    """T23."""
    torch.manual_seed(1)
    trained = model(2, n_participants=3).eval()
    xs = choosing(0, 1, 1).repeat(3, 1, 1)
    xs[..., -1] = torch.arange(3.0)[:, None]
    logits = trained(xs, batch_first=True)[0]
    assert not torch.allclose(logits[0], logits[1])
    with torch.no_grad():
        table = next(m for m in trained.modules() if isinstance(m, nn.Embedding)).weight
        table[1] = table[0]
    logits = trained(xs, batch_first=True)[0]
    torch.testing.assert_close(logits[0], logits[1])
    assert not torch.allclose(logits[0], logits[2])


@pytest.mark.parametrize("model", [ParticipantEmbeddingRNN, ChoiceRNN])
def test_size_and_dropout_of_the_embedding_can_be_set(model):
    """F19."""
    made = model(2, n_participants=3, embedding_size=5, dropout=0.25)
    assert made.participant_embedding(torch.arange(3)).shape == (3, 5)
    assert [m.p for m in made.modules() if isinstance(m, nn.Dropout)] == [0.25]
    assert [m.p for m in model(2, 3).modules() if isinstance(m, nn.Dropout)] == [0.0]


def test_choices_are_remembered_apart_from_rewards():
    """T28, T29: it starts at 0 and does not see rewards; the logit is the sum of both states, each times its
    beta.
    """
    model = ChoiceRNN(2, n_participants=1).double()
    assert model.set_initial_state(1)[CHOICE].tolist() == [[0, 0]]
    logits, state = model(choosing(0, 1, 0), batch_first=True)
    unpaid = model(choosing(0, 1, 0, rewards=0.0), batch_first=True)[1]
    assert torch.equal(state[CHOICE], unpaid[CHOICE])
    assert not torch.equal(state[VALUE], unpaid[VALUE])
    who = model.participant_embedding(torch.zeros(1, dtype=torch.long))
    betas = {name: model.betas[name](who) for name in (VALUE, CHOICE)}
    torch.testing.assert_close(logits[:, -1], sum(state[name] * betas[name] for name in betas))
