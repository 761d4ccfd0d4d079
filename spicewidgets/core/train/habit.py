"""A model of people who choose by value, by side, and by a rhythm of their own.

People who press keys at their own pace often choose in bursts: how many times in a row an option has been
taken, and how long earlier bursts were, tells more of the next choice than what was won. These counts are
control signals, which a module turns into a drive to stay with the option just taken. The model also has a
value that fades, whose constant is a trace of choices, and a preference for a side.
"""

from typing import Any

import torch
from torch import Tensor

from ..built import ACTION
from ..config import SpiceConfig
from .rnn import BaseRNN, Pass

RHYTHM_RATE = 0.5  # how fast the usual length of a run follows the last one
REWARD_RATE = 0.1  # of the running mean of rewards: an average over about ten trials

SIGNALS = [
    "c_run",
    "c_rhythm",
    "c_run_rhythm",
    "c_since_reward",
    "c_reward_rate_run",
    "c_reward",
    "c_reward_run",
]

HABIT_CONFIG = SpiceConfig(
    rnn_modules=["x_value_reward_chosen", "x_value_reward_not_chosen", "x_rhythm_chosen", "x_side"],
    control_parameters=["c_action", *SIGNALS, "c_first"],  # c_reward is one of the signals
    library_setup={
        "x_value_reward_chosen": ["c_reward"],
        "x_value_reward_not_chosen": [],
        "x_rhythm_chosen": SIGNALS,
        "x_side": ["c_first"],
    },
    filter_setup={
        "x_value_reward_chosen": [ACTION, 1, True],
        "x_value_reward_not_chosen": [ACTION, 0, True],
        "x_rhythm_chosen": [ACTION, 1, True],
    },
    # Rhythm and side are what they are in this trial: they have no memory of their own.
    excluded_terms={"x_rhythm_chosen": [["x_rhythm_chosen"]], "x_side": [["x_side"], []]},
)


class HabitRNN(BaseRNN):
    """A value that fades, a drive to stay that depends on the rhythm of earlier choices, and a side.

    The control signals, for each session and option:

    - `c_run`: ln of how many times in a row the option just chosen has been taken.
    - `c_rhythm`: running mean of ln of the lengths of the runs before this one; 0 before the first has ended.
    - `c_run_rhythm`: the product of both.
    - `c_since_reward`: ln(1 + trials since the last reward); a reward of r in 0..1 shortens it by that share.
    - `c_reward_rate_run`: `c_run` times the running mean of rewards over about ten trials.
    - `c_reward_run`: `c_run` times the reward.
    - `c_first`: 1 for the first option, 0 for the others.
    """

    first: Tensor  # 1 for the first option, 0 for the others

    init_values = {
        "x_value_reward": 0.0,
        "x_rhythm": 0.0,
        "x_side": 0.0,
        "x_run": 0.0,
        "x_run_sum": 0.0,
        "x_run_weight": 0.0,
        "x_since_reward": 0.0,
        "x_reward_rate": 0.0,
    }

    def __init__(
        self,
        n_actions: int,
        n_participants: int,
        embedding_size: int = 8,
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(n_actions=n_actions, n_participants=n_participants, embedding_size=embedding_size)
        self.register_buffer("first", torch.eye(n_actions)[0], persistent=False)
        self.participant_embedding = self.setup_embedding(n_participants, embedding_size, dropout=dropout)
        self.submodules_rnn["x_value_reward_chosen"] = self.setup_module(input_size=1 + embedding_size)
        self.submodules_rnn["x_value_reward_not_chosen"] = self.setup_module(input_size=embedding_size)
        self.submodules_rnn["x_rhythm_chosen"] = self.setup_module(input_size=len(SIGNALS) + embedding_size)
        self.submodules_rnn["x_side"] = self.setup_module(input_size=1 + embedding_size)

    def forward(
        self, inputs: Tensor, prev_state: dict[str, Tensor] | None = None, batch_first: bool = False
    ) -> Pass:
        """Logits and memory state; shapes as in `BaseRNN.init_forward_pass`."""
        (actions, rewards, _, _), (participants, _), logits, trials = self.init_forward_pass(
            inputs, prev_state, batch_first
        )
        who = self.participant_embedding(participants[:, 0])
        first = torch.zeros_like(actions[0]) + self.first
        for trial, action, reward in zip(trials, actions, rewards, strict=True):
            self.record_signal("c_action", action)
            signals = self.count(action, reward)
            for name, signal in zip(SIGNALS, signals, strict=True):
                self.record_signal(name, signal)
            self.record_signal("c_first", first)
            chosen = self.call_module(
                "x_value_reward_chosen",
                "x_value_reward",
                action=action,
                inputs=reward,
                participant_embedding=who,
            )
            not_chosen = self.call_module(
                "x_value_reward_not_chosen", "x_value_reward", action=1 - action, participant_embedding=who
            )
            rhythm = self.call_module(
                "x_rhythm_chosen",
                "x_rhythm",
                action=action,
                inputs=signals,
                participant_embedding=who,
                own_value=False,
            )
            side = self.call_module(
                "x_side", "x_side", inputs=first, participant_embedding=who, own_value=False
            )
            self.state["x_value_reward"] = chosen + not_chosen
            self.state["x_rhythm"] = rhythm
            self.state["x_side"] = side
            logits[trial] = chosen + not_chosen + rhythm + side
        return self.post_forward_pass(logits, batch_first), self.get_state()

    def count(self, action: Tensor, reward: Tensor) -> tuple[Tensor, ...]:
        """Count on by one trial: `SIGNALS`, in their order; shapes broadcast with the action's."""
        state = self.state
        ended = (state["x_run"] * (1 - action)).sum(-1, keepdim=True)  # length of a run that is over now
        over = ended.clamp(0, 1) * RHYTHM_RATE
        state["x_run"] = (state["x_run"] + 1) * action
        state["x_run_sum"] = state["x_run_sum"] * (1 - over) + over * ended.clamp(min=1).log()
        state["x_run_weight"] = state["x_run_weight"] * (1 - over) + over
        paid = (reward * action).sum(-1, keepdim=True)
        state["x_since_reward"] = (state["x_since_reward"] + 1) * (1 - paid.clamp(0, 1))
        state["x_reward_rate"] = state["x_reward_rate"] + REWARD_RATE * (paid - state["x_reward_rate"])
        run = state["x_run"].clamp(min=1).log()
        rhythm = state["x_run_sum"] / state["x_run_weight"].clamp(min=1e-6)
        since, rate = (1 + state["x_since_reward"]).log(), state["x_reward_rate"]
        return run, rhythm, run * rhythm, since, rate * run, paid, paid * run
