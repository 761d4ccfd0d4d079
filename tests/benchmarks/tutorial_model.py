"""The custom model of the Rescorla-Wagner tutorial, once for both sides; only its base class differs.

That is the promise being measured: a notebook's own class runs unchanged when its import lines change.
"""

from typing import Any


def tutorial_model(base_rnn: type, spice_config: type) -> tuple[type, Any]:
    """The tutorial's class on top of `base_rnn`, and its configuration as a `spice_config`."""

    class TutorialRNN(base_rnn):  # type: ignore[misc]
        init_values = {"x_value_reward": 0.5}

        def __init__(self, n_actions, **kwargs):  # type: ignore[no-untyped-def]
            super().__init__(n_actions=n_actions)
            self.submodules_rnn["x_value_reward_chosen"] = self.setup_module(input_size=1)

        def forward(self, inputs, prev_state=None, batch_first=False):  # type: ignore[no-untyped-def]
            signals, _, logits, timesteps = self.init_forward_pass(inputs, prev_state, batch_first)
            actions, rewards, _, _ = signals
            for timestep, action, reward in zip(timesteps, actions, rewards, strict=True):
                value = self.state["x_value_reward"]
                self.record_signal("c_action", action)
                self.record_signal("c_reward", reward)
                self.record_signal("x_value_reward_chosen", value)
                chosen = self.call_module(
                    key_module="x_value_reward_chosen",
                    key_state="x_value_reward",
                    action=action,
                    inputs=reward,
                )
                self.state["x_value_reward"] = chosen + value * (1 - action)
                logits[timestep] = self.state["x_value_reward"]
            return self.post_forward_pass(logits, batch_first), self.get_state()

    config = spice_config(
        rnn_modules=["x_value_reward_chosen"],
        control_parameters=["c_action", "c_reward"],
        library_setup={"x_value_reward_chosen": ["c_reward"]},
        filter_setup={"x_value_reward_chosen": ["c_action", 1, True]},
    )
    return TutorialRNN, config
