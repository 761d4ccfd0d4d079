"""The model of the two-step task: what its rows say is what its forward does."""

import numpy as np
import pytest
import torch

import spicewidgets as sw
from spicewidgets.core.built import BuiltModel
from spicewidgets.core.models import MODELS, OF_TASKS, READY
from spicewidgets.core.tasks import BANDIT, BANDIT_NAME, TASKS
from spicewidgets.core.train.compiled.loss import CompiledLoss
from spicewidgets.core.train.new_model import check_model
from spicewidgets.core.train.objective import Sessions, get_flat_parameters, loss_and_gradient

TWO_STEP = OF_TASKS["two-step"]
X1, X2, PLAN, STAY = "x_value_first", "x_value_second", "x_plan", "x_stay"
# alpha1 .5, alpha2 .4, lambda .6, w .25, beta1 4, beta2 2, stay .3: in units of the second stage's logits
NUMBERS = {
    f"{X1}_chosen": {(f"{X1}_chosen",): 0.5, ("c_value_reached",): 0.3, ("c_reward_chosen",): 0.9},
    f"{X1}_not_chosen": {(f"{X1}_not_chosen",): 1.0},
    f"{X2}_chosen": {(f"{X2}_chosen",): 0.6, ("c_reward",): 0.8},
    f"{X2}_not_chosen": {(f"{X2}_not_chosen",): 1.0},
    PLAN: {("c_value_ahead",): 0.5},
    STAY: {(): 0.3},
}


def equations():
    """Return the hybrid of seven parameters as equations."""
    rows = [sw.Equation(module, tuple(own), tuple(own.values())) for module, own in NUMBERS.items()]
    return sw.SpiceModel.of(*rows)


@pytest.fixture(scope="module")
def data():
    agent = sw.AgentSpice(TWO_STEP.rnn_class(6, 1), equations(), 6)
    return sw.create_dataset(agent, sw.TwoStep(), 30, 3, random_state=1)[0]


def test_rows_describe_it_and_are_written_and_read():
    assert TWO_STEP.built.problems() == []
    assert BuiltModel.from_dict(TWO_STEP.built.to_dict()) == TWO_STEP.built
    assert TWO_STEP.config == sw.TWO_STEP_CONFIG == TWO_STEP.built.config()
    assert TWO_STEP.rnn_class is sw.TwoStepRNN
    assert {*MODELS} - {*READY} == {kind.model for kind in TASKS.values()} - {BANDIT.model}
    assert all(model.rnn_class.task == BANDIT_NAME for model in READY.values())
    assert "task" not in READY["choice"].built.to_dict()


def test_it_is_written_as_python():
    names = {}
    exec(sw.TwoStepRNN.source(), names)
    assert names["YourRNN"].built == TWO_STEP.built
    assert names["YOUR_CONFIG"] == TWO_STEP.config


def test_its_equation_may_hold_a_hybrid():
    config = TWO_STEP.config
    assert config.terms(f"{X1}_chosen") == ("c_value_reached", "c_reward_chosen")
    assert config.excluded(PLAN) == ((), (PLAN,))
    for module, terms in NUMBERS.items():
        assert not any(config.excludes(module, term) for term in terms)


def test_states_move_as_the_hybrid_says(data):
    """Against a loop over trials with the seven parameters, in plain numbers."""
    record = sw.replay(sw.AgentSpice(TWO_STEP.rnn_class(6, 1), equations(), 6), data)
    choices, rewards = data.choices.numpy(), data.rewards_chosen.numpy()
    for session in range(3):
        q1, q2, last = np.zeros(2), np.zeros(4), None
        for at in range(0, 60, 2):
            best = q2.reshape(2, 2).max(1)
            plan = 0.7 * best + 0.3 * best[::-1]
            logit = 4 * (0.75 * q1 + 0.25 * plan) + 0.3 * (np.arange(2) == last)
            p = np.exp(logit) / np.exp(logit).sum()
            np.testing.assert_allclose(record.probabilities[session, at, :2], p, atol=1e-6)
            last, second = choices[session, at], choices[session, at + 1] - 2
            logit = 2 * q2[second // 2 * 2 :][:2]
            p = np.exp(logit) / np.exp(logit).sum()
            own = record.probabilities[session, at + 1]
            np.testing.assert_allclose(own[second // 2 * 2 + 2 :][:2], p, atol=1e-6)
            reached, paid = q2[second], rewards[session, at + 1]
            q1[last] += 0.5 * (reached - q1[last] + 0.6 * (paid - reached))
            q2[second] += 0.4 * (paid - reached)


def test_what_is_compiled_is_what_torch_computes(data):
    torch.manual_seed(1)
    model = TWO_STEP.rnn_class(6, 1, embedding_size=2).double().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    sessions = Sessions.of(data).double()
    check_model(model, TWO_STEP.config, sessions)
    loss = loss_and_gradient(model, sessions)
    slopes = np.concatenate([parameter.grad.numpy().ravel() for parameter in model.parameters()])
    compiled, gradient = CompiledLoss(model)(get_flat_parameters(model), sessions)
    np.testing.assert_allclose(compiled, loss, rtol=1e-12)
    np.testing.assert_allclose(gradient[0], slopes, atol=1e-12)


def test_a_model_of_another_number_of_options_is_refused(data):
    with pytest.raises(
        sw.SettingsError, match="n_actions must be 6, the options of the task two-step; got 2"
    ):
        check_model(TWO_STEP.rnn_class(2, 1), TWO_STEP.config, Sessions.of(data))
