"""What is read off a live model: the precoded models as they are described, and what cannot be built."""

import pytest
import torch

import spicewidgets as sw
from spicewidgets.core.built import BuiltModel, BuiltModule, BuiltState
from spicewidgets.core.models import READY, TEMPLATES
from spicewidgets.core.train.built_rnn import rnn_class
from spicewidgets.core.train.structure import describe


@pytest.mark.parametrize("n_actions", [2, 4])
@pytest.mark.parametrize("name", TEMPLATES)
def test_a_precoded_model_is_what_its_template_says(name, n_actions):
    assert describe(READY[name].rnn_class(n_actions=n_actions, n_participants=3)) == TEMPLATES[name]
    assert describe(rnn_class(TEMPLATES[name])(n_actions=n_actions, n_participants=3)) == TEMPLATES[name]


ALL_ARMS = BuiltModel(
    (BuiltState(), BuiltState("x_habit", 0.0, "scaled")),
    (
        BuiltModule(inputs=("c_reward", "x_habit")),
        BuiltModule("x_habit", "x_habit", "all", ("c_action", "c_reward_chosen"), activation="tanh"),
    ),
)


def test_a_built_model_is_what_it_was_built_from():
    assert ALL_ARMS.problems() == []
    assert describe(rnn_class(ALL_ARMS)(n_actions=3)) == ALL_ARMS


class Strange(sw.BaseRNN):
    """Does what cannot be built: half an arm, a product, an equation and an activation of its own."""

    init_values = {"x_q": [0.5, 0.2], "x_given": 0.0}

    def __init__(self, n_actions, **kwargs):
        super().__init__(n_actions=n_actions)
        self.submodules_rnn["x_q_moved"] = self.setup_module(input_size=1)
        self.submodules_eq["x_given"] = lambda value, inputs: value / 2

    def forward(self, inputs, prev_state=None, batch_first=False):
        (actions, rewards, _, _), _, logits, trials = self.init_forward_pass(inputs, prev_state, batch_first)
        for trial, action, reward in zip(trials, actions, rewards, strict=True):
            self.record_signal("c_action", action)
            self.state["x_q"] = self.call_module(
                "x_q_moved", "x_q", action / 2, reward * 3, activation_rnn=torch.relu
            )
            self.state["x_given"] = self.call_module("x_given", "x_given")
            logits[trial] = self.state["x_q"]
        return self.post_forward_pass(logits, batch_first), self.get_state()


def test_what_cannot_be_built_is_said_and_not_guessed():
    told = describe(Strange(n_actions=2))
    assert told.modules == (
        BuiltModule("x_q_moved", "x_q", "some", ("other",), "learned", "relu"),
        BuiltModule("x_given", "x_given", "all", (), "given"),
    )
    assert [(state.name, state.initial, state.choice) for state in told.states] == [
        ("x_q", 0.5, "added"),
        ("x_given", 0.0, "unused"),
    ]
    assert told.problems()


def test_looking_leaves_the_model_and_the_random_numbers_alone():
    model = sw.ForgettingRNN(n_actions=2)
    before, state = torch.get_rng_state(), dict(model.__dict__)
    describe(model)
    assert torch.equal(torch.get_rng_state(), before)
    assert model.__dict__.keys() == state.keys()


def test_what_a_forward_raises_is_passed_on():
    class Broken(sw.RescorlaWagnerRNN):
        def forward(self, inputs, prev_state=None, batch_first=False):
            raise ZeroDivisionError("in the forward")

    with pytest.raises(ZeroDivisionError, match="in the forward"):
        describe(Broken(n_actions=2))
