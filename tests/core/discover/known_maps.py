"""Models and samples whose modules are known functions, to compare equations with."""

import numpy as np
import pytest
from torch import nn

from spicewidgets import AgentQ, BanditsDrift, ForgettingRNN, RescorlaWagnerRNN, SpiceConfig, create_dataset
from spicewidgets.core.discover.regression import fit_equation
from spicewidgets.core.discover.sampling import ModuleSamples
from spicewidgets.core.equations import polynomial_terms
from spicewidgets.core.settings import Discovery

CHOSEN, OTHER, STATE = "x_value_reward_chosen", "x_value_reward_not_chosen", "x_value_reward"
OPTIMIZERS = ["SR3_weighted_l1", "SR3_L1", "STLSQ"]


class Map(nn.Module):
    """A module of the user's own whose next value is a known function of (value, *inputs)."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, inputs):
        value, *others = inputs.unbind(-1)
        return (self.function(value, *others) - value).unsqueeze(-1)


class Forgetful(RescorlaWagnerRNN):
    """What it does in a trial is written in the test."""

    def forward(self, inputs, prev_state=None, batch_first=False):
        (actions, rewards, *_), _, logits, trials = self.init_forward_pass(inputs, prev_state, batch_first)
        for trial, action, reward in zip(trials, actions, rewards, strict=True):
            self.trial(action, reward)
            logits[trial] = self.state[STATE]
        return self.finish(logits, batch_first), self.get_state()

    def trial(self, action, reward):
        self.record_signal("c_action", action)
        self.record_signal("c_reward", reward)
        self.state[STATE] = self.call_module(CHOSEN, STATE, action, reward)

    def finish(self, logits, batch_first):
        return self.post_forward_pass(logits, batch_first)


def rescorla_wagner(value, reward):
    return -0.3 + 0.7 * value + 0.9 * reward


def model_of(chosen=rescorla_wagner, other=None, n_actions=2, double=False):
    """`RescorlaWagnerRNN` or `ForgettingRNN` with known maps as modules."""
    model = (RescorlaWagnerRNN if other is None else ForgettingRNN)(n_actions)
    model.submodules_rnn[CHOSEN] = Map(chosen)
    if other is not None:
        model.submodules_rnn[OTHER] = Map(other)
    return model.double() if double else model


def data(n_trials=30, n_sessions=8, n_actions=2, counterfactual=False, seed=1, **arguments):
    task = BanditsDrift(sigma=0.2, n_actions=n_actions, counterfactual=counterfactual)
    agent = AgentQ(n_actions=n_actions, alpha_reward=0.3)
    return create_dataset(agent, task, n_trials, n_sessions, random_state=seed, **arguments)[0]


def config_of(terms=("c_reward",), filters=("c_action", 1, True), module=CHOSEN):
    return SpiceConfig({module: list(terms)}, {module: list(filters)}, ["c_action", "c_reward"], [module])


def samples_of(function=rescorla_wagner, n=200, rewards=(0.0, 1.0), seed=0, **controls):
    """Samples of one module of participant 0, with a reward and any other controls."""
    rng = np.random.default_rng(seed)
    value, reward = rng.normal(size=n), rng.choice(rewards, n)
    return ModuleSamples(
        value, function(value, reward), {"c_reward": reward, **controls}, np.zeros(n, dtype=int)
    )


def fit(samples, degree=1, module="x", **changes):
    terms = polynomial_terms((module, "c_reward"), degree)
    return fit_equation(module, samples, terms, Discovery(degree=degree, **changes).checked())


def assert_coefficients(equation, expected, tolerance=1e-9):
    assert {k: v for k, v in equation.coefficients.items() if v} == pytest.approx(expected, abs=tolerance)
