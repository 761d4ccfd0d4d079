"""Models that do not do what their config says are refused before the training."""

import pytest
from known_maps import (
    CHOSEN,
    STATE,
    Forgetful,
    data,
    model_of,
)

from spicewidgets import (
    FORGETTING_RNN_CONFIG,
    RESCORLA_WAGNER_CONFIG,
    AgentQ,
    BanditsDrift,
    RescorlaWagnerRNN,
    SettingsError,
    create_dataset,
)
from spicewidgets.core.train.new_model import check_model
from spicewidgets.core.train.objective import Sessions


def problems_of(model, config=RESCORLA_WAGNER_CONFIG, dataset=None):
    with pytest.raises(SettingsError) as error:
        check_model(model, config, Sessions.of(data() if dataset is None else dataset))
    return error.value.problems


def test_a_model_that_does_what_the_config_says_passes():
    check_model(Forgetful(2), RESCORLA_WAGNER_CONFIG, Sessions.of(data()))
    check_model(model_of(), RESCORLA_WAGNER_CONFIG, Sessions.of(data()))


@pytest.mark.seed(85)
def test_a_forgotten_signal_is_named_with_the_config_key():
    """S85, F23: before the training, not as a KeyError after it."""

    class Model(Forgetful):
        def trial(self, action, reward):
            self.record_signal("c_action", action)
            self.state[STATE] = self.call_module(CHOSEN, STATE, action, reward)

    assert problems_of(Model(2)) == (
        f"library_setup or filter_setup of '{CHOSEN}' uses 'c_reward', which Model has not recorded when it"
        " calls the module; recorded by then: ['c_action']. Put record_signal('c_reward', ...) before"
        f" call_module('{CHOSEN}', ...).",
    )


def test_a_signal_that_is_recorded_too_late_is_named():
    class Model(Forgetful):
        def trial(self, action, reward):
            self.record_signal("c_reward", reward)
            self.state[STATE] = self.call_module(CHOSEN, STATE, action, reward)
            self.record_signal("c_action", action)

    (problem,) = problems_of(Model(2))
    assert "uses 'c_action', which Model has not recorded when it calls" in problem


def test_a_module_that_was_never_set_up_or_never_called_is_named():
    """S94."""
    other = "x_value_reward_not_chosen"
    (unknown,) = problems_of(RescorlaWagnerRNN(2), FORGETTING_RNN_CONFIG)
    assert unknown == (
        f"rnn_modules names '{other}'; RescorlaWagnerRNN has set up ['{CHOSEN}']. Set it up in __init__, or"
        " correct the name."
    )
    model = RescorlaWagnerRNN(2)
    model.submodules_rnn[other] = model.setup_module(input_size=0)
    (uncalled,) = problems_of(model, FORGETTING_RNN_CONFIG)
    assert uncalled == (
        f"rnn_modules names '{other}', but the forward of RescorlaWagnerRNN never calls it. Call"
        f" call_module('{other}', ...) in each trial."
    )


def test_logits_of_a_wrong_shape_are_refused():
    class Model(Forgetful):
        def finish(self, logits, batch_first):
            return logits.stack()[..., :1]

    assert problems_of(Model(2)) == (
        "forward returned logits of shape (2, 2, 1); needed is (n_trials, n_sessions, n_actions) = (2, 2, 2)."
        " End forward with `return self.post_forward_pass(logits, batch_first), self.get_state()`.",
    )


def test_the_check_leaves_the_model_as_it_was():
    model = RescorlaWagnerRNN(2).train()
    check_model(model, RESCORLA_WAGNER_CONFIG, Sessions.of(data()))
    assert model.training
    assert (model.recording, model.transitions, model.record_transitions) == ({}, {}, False)


def broken(kind):
    class Broken(RescorlaWagnerRNN):
        def forward(self, inputs, prev_state=None, batch_first=False):
            logits, state = super().forward(inputs, prev_state, batch_first)
            return {
                "nothing": None,
                "logits alone": logits,
                "no tensor": ([logits], state),
                "nothing learned": (logits.detach(), state),
            }[kind]

    return Broken(2)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("nothing", "got NoneType"),
        ("logits alone", "got Tensor"),
        ("no tensor", "got list, dict"),
        ("nothing learned", "do not depend on any learned module"),
    ],
)
def test_what_a_forward_returns_is_checked_before_the_training(kind, told):
    dataset, _, _ = create_dataset(AgentQ(), BanditsDrift(sigma=0.2), 5, 2, random_state=1)
    with pytest.raises(SettingsError, match=told):
        check_model(broken(kind), RESCORLA_WAGNER_CONFIG, Sessions.of(dataset))
