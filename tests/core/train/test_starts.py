"""Several starts run as one: the same logits and the same gradients as one by one."""

from copy import deepcopy

import pytest
import torch
from torch import nn

from spicewidgets import (
    AgentQ,
    BanditsDrift,
    BaseRNN,
    ChoiceRNN,
    ForgettingRNN,
    LearningRateRNN,
    ParticipantEmbeddingRNN,
    RescorlaWagnerRNN,
    create_dataset,
)
from spicewidgets.core.train.objective import Sessions, loss_and_gradient, loss_of, losses
from spicewidgets.core.train.screening import stack, unstack


class OwnModule(BaseRNN):
    """A module of the user's own, with layers inside, beside a standard one, and a layer outside both."""

    init_values = {"x_v": 0.5, "x_w": 0.0}

    def __init__(self, n_actions, **kwargs):
        super().__init__(n_actions=n_actions)
        self.submodules_rnn["x_v"] = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
        self.submodules_rnn["x_w"] = self.setup_module(input_size=0)
        self.readout = nn.Linear(2, 1)
        self.betas["x_v"] = self.setup_constant()

    def forward(self, inputs, prev_state=None, batch_first=False):
        (actions, rewards, *_), _, logits, trials = self.init_forward_pass(inputs, prev_state, batch_first)
        for trial, action, reward in zip(trials, actions, rewards, strict=True):
            moved = self.call_module("x_v", "x_v", action, reward, scaling=True)
            self.state["x_v"] = moved + self.state["x_v"] * (1 - action)
            self.state["x_w"] = self.call_module("x_w", "x_w", action, activation_rnn=torch.sigmoid)
            logits[trial] = self.readout(torch.stack([self.state["x_v"], self.state["x_w"]], -1)).squeeze(-1)
        return self.post_forward_pass(logits, batch_first), self.get_state()


class OwnParameter(RescorlaWagnerRNN):
    """A parameter of the model itself: nobody knows how the starts would have to share it."""

    def __init__(self, n_actions, **kwargs):
        super().__init__(n_actions)
        self.bias = nn.Parameter(torch.zeros(n_actions))

    def forward(self, inputs, prev_state=None, batch_first=False):
        logits, state = super().forward(inputs, prev_state, batch_first)
        return logits + self.bias, state


MODELS = {
    "rescorla_wagner": lambda: RescorlaWagnerRNN(2),
    "forgetting": lambda: ForgettingRNN(2),
    "learning_rate": lambda: LearningRateRNN(2),
    "embedding": lambda: ParticipantEmbeddingRNN(2, n_participants=4, embedding_size=3),
    "choice": lambda: ChoiceRNN(2, n_participants=4, embedding_size=3),
    "own_module": lambda: OwnModule(2),
}


@pytest.fixture(scope="module")
def sessions():
    dataset = create_dataset(
        AgentQ(alpha_reward=0.3), BanditsDrift(sigma=0.2), 15, 6, participant="per_session", random_state=1
    )[0]
    dataset.xs[..., -1] %= 4
    return Sessions.of(dataset).double()


def starts_of(name, n=3):
    models = [MODELS[name]().double() for _ in range(n)]
    for number, model in enumerate(models):  # constants of all starts begin at 1 otherwise
        for beta in model.betas.values():
            if hasattr(beta, "parameter"):
                nn.init.constant_(beta.parameter, 0.5 + number)
    return models


@pytest.mark.parametrize("name", MODELS)
def test_stacked_starts_are_the_starts_one_by_one(name, sessions):
    starts = starts_of(name)
    stacked = stack(starts)
    together, state = stacked(sessions.repeat(3).inputs)
    alone = [start(sessions.inputs) for start in starts]
    torch.testing.assert_close(together, torch.cat([x for x, _ in alone], 1), rtol=0, atol=1e-12)
    for key in state:
        torch.testing.assert_close(state[key], torch.cat([s[key] for _, s in alone]), rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("n_steps", [None, 6])
def test_gradients_are_those_of_the_starts_one_by_one(name, n_steps, sessions):
    """Also with truncated steps. `unstack` finds each start's gradient where it finds its weights."""
    starts = starts_of(name)
    stacked = stack(starts)
    found = loss_and_gradient(stacked, sessions.repeat(3), 3, n_steps)
    for parameter in stacked.parameters():
        parameter.data = parameter.grad
    for number, start in enumerate(starts):
        assert found[number] == pytest.approx(
            loss_and_gradient(start, sessions, n_steps=n_steps)[0], abs=1e-12
        )
        gradients = unstack(stacked, start, number)
        for mine, of_start in zip(gradients.parameters(), start.parameters(), strict=True):
            torch.testing.assert_close(mine.data, of_start.grad, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", MODELS)
def test_unstacking_gives_each_start_back(name):
    starts = starts_of(name)
    stacked = stack(starts)
    for number, start in enumerate(starts):
        back = unstack(stacked, starts[0], number)
        assert back.state_dict().keys() == start.state_dict().keys()
        assert all(torch.equal(value, start.state_dict()[key]) for key, value in back.state_dict().items())


@pytest.mark.parametrize("name", MODELS)
def test_stacking_leaves_the_starts_alone(name, sessions):
    starts = starts_of(name)
    before = [deepcopy(start.state_dict()) for start in starts]
    stacked = stack(starts)
    loss_and_gradient(stacked, sessions.repeat(3), 3)
    with torch.no_grad():
        for parameter in stacked.parameters():
            parameter.add_(1.0)
    back = unstack(stacked, starts[0], 1)
    with torch.no_grad():
        next(back.parameters()).add_(1.0)
    for start, weights in zip(starts, before, strict=True):
        assert all(torch.equal(value, weights[key]) for key, value in start.state_dict().items())
        assert all(parameter.grad is None for parameter in start.parameters())


def test_a_model_with_parameters_of_its_own_is_not_stacked():
    assert stack([OwnParameter(2), OwnParameter(2)]) is None


def test_a_container_with_parameters_of_its_own_is_not_stacked():
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer, self.scale = nn.Linear(2, 1), nn.Parameter(torch.ones(1))

        def forward(self, inputs):
            return self.scale * self.layer(inputs)

    models = [RescorlaWagnerRNN(2) for _ in range(2)]
    for model in models:
        model.submodules_rnn["x_value_reward_chosen"] = Scaled()
    assert stack(models) is None


def test_losses_are_of_each_start(sessions):
    starts = starts_of("forgetting")
    (together,) = losses(stack(starts), sessions.repeat(3), 3)
    assert together.tolist() == pytest.approx([loss_of(start, sessions) for start in starts], abs=1e-12)
