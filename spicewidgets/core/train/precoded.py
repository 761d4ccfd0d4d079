"""Five models that are ready to use, from the plain Rescorla-Wagner learner to individual learners who like
to repeat themselves.

Each comes with the `SpiceConfig` that says what its equations may contain. Their loops over trials are meant
to be read: a model of your own is one of these with a line changed.
"""

from typing import Any

import torch
from torch import Tensor

from ..config import SpiceConfig
from .rnn import BaseRNN

CHOSEN = ["c_action", 1, True]  # filter: keep the arm that was chosen, and do not offer c_action as a term
NOT_CHOSEN = ["c_action", 0, True]

Pass = tuple[Tensor, dict[str, Tensor]]  # logits and memory state


RESCORLA_WAGNER_CONFIG = SpiceConfig(
    rnn_modules=["x_value_reward_chosen"],
    control_parameters=["c_action", "c_reward"],
    library_setup={"x_value_reward_chosen": ["c_reward"]},
    filter_setup={"x_value_reward_chosen": CHOSEN},
)
RESCOLA_WAGNER_CONFIG = RESCORLA_WAGNER_CONFIG  # the spelling of the tutorial


class RescorlaWagnerRNN(BaseRNN):
    """The value of the chosen arm is moved by its reward; the others stay (Rescorla & Wagner 1972)."""

    init_values = {"x_value_reward": 0.5}

    def __init__(self, n_actions: int, **kwargs: Any) -> None:
        super().__init__(n_actions=n_actions)
        self.submodules_rnn["x_value_reward_chosen"] = self.setup_module(input_size=1)

    def forward(
        self, inputs: Tensor, prev_state: dict[str, Tensor] | None = None, batch_first: bool = False
    ) -> Pass:
        """Logits and memory state; shapes as in `BaseRNN.init_forward_pass`."""
        (actions, rewards, _, _), _, logits, trials = self.init_forward_pass(inputs, prev_state, batch_first)
        for trial, action, reward in zip(trials, actions, rewards, strict=True):
            self.record_signal("c_action", action)
            self.record_signal("c_reward", reward)
            chosen = self.call_module("x_value_reward_chosen", "x_value_reward", action=action, inputs=reward)
            not_chosen = self.state["x_value_reward"] * (1 - action)
            self.state["x_value_reward"] = chosen + not_chosen
            logits[trial] = self.state["x_value_reward"]
        return self.post_forward_pass(logits, batch_first), self.get_state()


FORGETTING_RNN_CONFIG = SpiceConfig(
    rnn_modules=["x_value_reward_chosen", "x_value_reward_not_chosen"],
    control_parameters=["c_action", "c_reward"],
    library_setup={"x_value_reward_chosen": ["c_reward"], "x_value_reward_not_chosen": []},
    filter_setup={"x_value_reward_chosen": CHOSEN, "x_value_reward_not_chosen": NOT_CHOSEN},
)


class ForgettingRNN(BaseRNN):
    """As `RescorlaWagnerRNN`, with a second module for the value of the arms not chosen: it can fade."""

    init_values = {"x_value_reward": 0.5}

    def __init__(self, n_actions: int, **kwargs: Any) -> None:
        super().__init__(n_actions=n_actions)
        self.submodules_rnn["x_value_reward_chosen"] = self.setup_module(input_size=1)
        self.submodules_rnn["x_value_reward_not_chosen"] = self.setup_module(input_size=0)

    def forward(
        self, inputs: Tensor, prev_state: dict[str, Tensor] | None = None, batch_first: bool = False
    ) -> Pass:
        """Logits and memory state; shapes as in `BaseRNN.init_forward_pass`."""
        (actions, rewards, _, _), _, logits, trials = self.init_forward_pass(inputs, prev_state, batch_first)
        for trial, action, reward in zip(trials, actions, rewards, strict=True):
            self.record_signal("c_action", action)
            self.record_signal("c_reward", reward)
            chosen = self.call_module("x_value_reward_chosen", "x_value_reward", action=action, inputs=reward)
            not_chosen = self.call_module("x_value_reward_not_chosen", "x_value_reward", action=1 - action)
            self.state["x_value_reward"] = chosen + not_chosen
            logits[trial] = self.state["x_value_reward"]
        return self.post_forward_pass(logits, batch_first), self.get_state()


LEARNING_RATE_RNN_CONFIG = SpiceConfig(
    rnn_modules=["x_learning_rate_reward", "x_value_reward_not_chosen"],
    control_parameters=["c_action", "c_reward"],
    library_setup={"x_learning_rate_reward": ["c_reward"], "x_value_reward_not_chosen": []},
    filter_setup={"x_learning_rate_reward": CHOSEN, "x_value_reward_not_chosen": NOT_CHOSEN},
)


def reward_prediction_error(value: Tensor, inputs: Tensor) -> Tensor:
    """Return the hard-coded update `value + learning rate * (reward - value)`; inputs are (reward, learning
    rate) on the last axis.
    """
    return value + inputs[..., 1] * (inputs[..., 0] - value)


class LearningRateRNN(BaseRNN):
    """The reward prediction error is given; what is learned is the learning rate, trial by trial, the
    forgetting and beta.
    """

    init_values = {"x_value_reward": 0.5, "x_learning_rate_reward": 0.0}

    def __init__(self, n_actions: int, **kwargs: Any) -> None:
        super().__init__(n_actions=n_actions)
        self.submodules_rnn["x_learning_rate_reward"] = self.setup_module(input_size=1)
        self.submodules_rnn["x_value_reward_not_chosen"] = self.setup_module(input_size=0)
        self.submodules_eq["x_value_reward_chosen"] = reward_prediction_error
        self.betas["x_value_reward"] = self.setup_constant()

    def forward(
        self, inputs: Tensor, prev_state: dict[str, Tensor] | None = None, batch_first: bool = False
    ) -> Pass:
        """Logits and memory state; shapes as in `BaseRNN.init_forward_pass`."""
        (actions, rewards, _, _), _, logits, trials = self.init_forward_pass(inputs, prev_state, batch_first)
        for trial, action, reward in zip(trials, actions, rewards, strict=True):
            self.record_signal("c_action", action)
            self.record_signal("c_reward", reward)
            rate = self.call_module(
                "x_learning_rate_reward",
                "x_learning_rate_reward",
                action=action,
                inputs=reward,
                activation_rnn=torch.sigmoid,
            )
            chosen = self.call_module(
                "x_value_reward_chosen", "x_value_reward", action=action, inputs=(reward, rate)
            )
            not_chosen = self.call_module("x_value_reward_not_chosen", "x_value_reward", action=1 - action)
            self.state["x_learning_rate_reward"] = rate
            self.state["x_value_reward"] = chosen + not_chosen
            logits[trial] = self.state["x_value_reward"] * self.betas["x_value_reward"]()
        return self.post_forward_pass(logits, batch_first), self.get_state()


PARTICIPANT_EMBEDDING_RNN_CONFIG = FORGETTING_RNN_CONFIG


class ParticipantEmbeddingRNN(BaseRNN):
    """As `ForgettingRNN`, for several participants: an embedding of each tunes the modules and beta."""

    init_values = {"x_value_reward": 0.5}

    def __init__(
        self,
        n_actions: int,
        n_participants: int,
        embedding_size: int = 8,
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(n_actions=n_actions, n_participants=n_participants, embedding_size=embedding_size)
        self.participant_embedding = self.setup_embedding(n_participants, embedding_size, dropout=dropout)
        self.betas["x_value_reward"] = self.setup_constant(embedding_size)
        self.submodules_rnn["x_value_reward_chosen"] = self.setup_module(input_size=1 + embedding_size)
        self.submodules_rnn["x_value_reward_not_chosen"] = self.setup_module(input_size=embedding_size)

    def forward(
        self, inputs: Tensor, prev_state: dict[str, Tensor] | None = None, batch_first: bool = False
    ) -> Pass:
        """Logits and memory state; shapes as in `BaseRNN.init_forward_pass`."""
        (actions, rewards, _, _), (participants, _), logits, trials = self.init_forward_pass(
            inputs, prev_state, batch_first
        )
        embedding = self.participant_embedding(participants[:, 0])
        beta = self.betas["x_value_reward"](embedding)
        for trial, action, reward in zip(trials, actions, rewards, strict=True):
            self.record_signal("c_action", action)
            self.record_signal("c_reward", reward)
            chosen = self.call_module(
                "x_value_reward_chosen",
                "x_value_reward",
                action=action,
                inputs=reward,
                participant_embedding=embedding,
            )
            not_chosen = self.call_module(
                "x_value_reward_not_chosen",
                "x_value_reward",
                action=1 - action,
                participant_embedding=embedding,
            )
            self.state["x_value_reward"] = chosen + not_chosen
            logits[trial] = self.state["x_value_reward"] * beta
        return self.post_forward_pass(logits, batch_first), self.get_state()


CHOICE_CONFIG = SpiceConfig(
    rnn_modules=[
        "x_value_reward_chosen",
        "x_value_reward_not_chosen",
        "x_value_choice_chosen",
        "x_value_choice_not_chosen",
    ],
    control_parameters=["c_action", "c_reward"],
    library_setup={
        "x_value_reward_chosen": ["c_reward"],
        "x_value_reward_not_chosen": [],
        "x_value_choice_chosen": [],
        "x_value_choice_not_chosen": [],
    },
    filter_setup={
        "x_value_reward_chosen": CHOSEN,
        "x_value_reward_not_chosen": NOT_CHOSEN,
        "x_value_choice_chosen": CHOSEN,
        "x_value_choice_not_chosen": NOT_CHOSEN,
    },
)


class ChoiceRNN(BaseRNN):
    """As `ParticipantEmbeddingRNN`, with a second memory: what was chosen lately, whatever it paid
    (perseveration).
    """

    init_values = {"x_value_reward": 0.5, "x_value_choice": 0.0}

    def __init__(
        self,
        n_actions: int,
        n_participants: int,
        embedding_size: int = 32,
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(n_actions=n_actions, n_participants=n_participants, embedding_size=embedding_size)
        self.participant_embedding = self.setup_embedding(n_participants, embedding_size, dropout=dropout)
        self.betas["x_value_reward"] = self.setup_constant(embedding_size)
        self.betas["x_value_choice"] = self.setup_constant(embedding_size)
        self.submodules_rnn["x_value_reward_chosen"] = self.setup_module(input_size=1 + embedding_size)
        self.submodules_rnn["x_value_reward_not_chosen"] = self.setup_module(input_size=embedding_size)
        self.submodules_rnn["x_value_choice_chosen"] = self.setup_module(input_size=embedding_size)
        self.submodules_rnn["x_value_choice_not_chosen"] = self.setup_module(input_size=embedding_size)

    def forward(
        self, inputs: Tensor, prev_state: dict[str, Tensor] | None = None, batch_first: bool = False
    ) -> Pass:
        """Logits and memory state; shapes as in `BaseRNN.init_forward_pass`."""
        (actions, rewards, _, _), (participants, _), logits, trials = self.init_forward_pass(
            inputs, prev_state, batch_first
        )
        embedding = self.participant_embedding(participants[:, 0])
        beta_reward = self.betas["x_value_reward"](embedding)
        beta_choice = self.betas["x_value_choice"](embedding)
        for trial, action, reward in zip(trials, actions, rewards, strict=True):
            self.record_signal("c_action", action)
            self.record_signal("c_reward", reward)
            value_chosen = self.call_module(
                "x_value_reward_chosen",
                "x_value_reward",
                action=action,
                inputs=reward,
                participant_embedding=embedding,
            )
            value_not_chosen = self.call_module(
                "x_value_reward_not_chosen",
                "x_value_reward",
                action=1 - action,
                participant_embedding=embedding,
            )
            habit_chosen = self.call_module(
                "x_value_choice_chosen", "x_value_choice", action=action, participant_embedding=embedding
            )
            habit_not_chosen = self.call_module(
                "x_value_choice_not_chosen",
                "x_value_choice",
                action=1 - action,
                participant_embedding=embedding,
            )
            self.state["x_value_reward"] = value_chosen + value_not_chosen
            self.state["x_value_choice"] = habit_chosen + habit_not_chosen
            logits[trial] = (
                self.state["x_value_reward"] * beta_reward + self.state["x_value_choice"] * beta_choice
            )
        return self.post_forward_pass(logits, batch_first), self.get_state()
