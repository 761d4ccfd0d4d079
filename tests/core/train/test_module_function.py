"""A trained module as a function is what the module does."""

import numpy as np
import pytest
import torch

import spicewidgets as sw
from spicewidgets.core.discover.sampling import run_modules
from spicewidgets.core.judge.replay import replay
from spicewidgets.core.models import TEMPLATES
from spicewidgets.core.random import generator
from spicewidgets.core.read.update_function import module_of, rests, visits
from spicewidgets.core.settings import SettingsError
from spicewidgets.core.train.built_rnn import rnn_class
from spicewidgets.core.train.structure import ModuleFunction
from spicewidgets.core.train.torch_stream import TorchStream

EXACT = {"rtol": 0, "atol": 1e-12}


@pytest.fixture(scope="module")
def data():
    agent = sw.AgentQ(alpha_reward=0.3)
    dataset, sessions, _ = sw.create_dataset(agent, sw.BanditsDrift(sigma=0.2), 50, 4, random_state=3)
    dataset.xs[2:, :, -1] = 1
    choices = np.stack([session.choices for session in sessions])
    rewards = np.stack([session.rewards for session in sessions])
    return agent, dataset, choices, rewards


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_network_s_curve_is_what_its_module_does(name, data):
    _, dataset, choices, rewards = data
    built = TEMPLATES[name]
    with TorchStream(generator(1))():
        model = rnn_class(built)(2, n_participants=2)
    inputs = dataset.xs.permute(1, 0, 2).double()
    done = run_modules(model, inputs, torch.ones(inputs.shape[:2], dtype=torch.bool))
    states = replay(sw.AgentNetwork(model, participants=(0, 1)), dataset).states
    for module in built.learned:
        samples = done[module.name]
        for who in (0, 1):
            function = ModuleFunction(model, module, who)
            for level in visits(module, states, choices, rewards).levels():
                at = samples.participant == who
                for signal, held in level.items():
                    at = at & (samples.controls[signal] == held)
                there = np.clip(samples.after[at], -10, 10)
                np.testing.assert_allclose(function(samples.value[at], level), there, **EXACT)
                assert at.any()


def test_a_network_rests_where_its_curve_meets_the_diagonal(data):
    with TorchStream(generator(1))():
        model = rnn_class(TEMPLATES["forgetting"])(2)
    function = ModuleFunction(model, module_of(TEMPLATES["forgetting"], "x_value_reward_not_chosen"))
    found = rests(function, {}, np.linspace(-9, 9, 121))
    assert found
    np.testing.assert_allclose(function(np.array(found), {}), found, **EXACT)


def test_a_module_that_the_model_calls_in_its_own_way_is_refused():
    built = TEMPLATES["learning-rate"]
    with TorchStream(generator(1))():
        model = rnn_class(built)(2)
    with pytest.raises(SettingsError, match="in a way of its own"):
        ModuleFunction(model, module_of(built, "x_value_reward_chosen"))
