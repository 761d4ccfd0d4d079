"""What happens in a row of a task of several stages, as signals of one value for each option.

A row is a stage of a trial. What was chosen first in a trial is remembered until its end, as a memory state
of its own that no module moves.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from ..built import (
    ACTION,
    AHEAD,
    ALL,
    CHOSEN,
    FIRST,
    NOT_CHOSEN,
    REACHED,
    REWARD,
    REWARD_CHOSEN,
    SECOND,
    BuiltModel,
    BuiltModule,
)

FIRST_CHOICE = "x_first_choice"  # the memory state
STAGES = (FIRST, SECOND)
BEFORE = "before"
MADE_OF_VALUES = (REACHED, AHEAD)  # signals

Masks = Mapping[str, Tensor]


class StageRows:
    """Signals and masks of the rows of a model's task.

    Args:
        built: the model.
        like: a tensor of the kind and device that is wanted.
    """

    def __init__(self, built: BuiltModel, like: Tensor) -> None:
        task = built.kind_of_task
        self.options = {
            name: like.new_tensor([float(own == at) for own in task.stage_of])
            for at, name in enumerate(STAGES)
        }
        padding = [0.0] * (task.n_options - len(task.transitions))
        self.ways = tuple(
            (group, like.new_tensor([*(row[state] for row in task.transitions), *padding]))
            for state, group in enumerate(task.groups_of(1))
        )
        self.values = next((state.name for state in built.states if state.stage == SECOND), "")
        self.stage_of = {state.name: state.stage for state in built.states}

    def first_choice(self, action: Tensor, before: Tensor) -> Tensor:
        """Return what was chosen in the first stage of the trial, one-hot, `(n_sessions, n_options)`."""
        return action * self.options[FIRST] + before * self._is_of(action, SECOND)

    def masks(self, action: Tensor, first: Tensor) -> dict[tuple[str, str], Tensor]:
        """Return which options modules move in a row: by the name of a stage (or before), and by arms.

        Args:
            action: the row's choice, one-hot.
            first: what was chosen in the first stage of the trial.
        """
        chosen = {stage: action * self.options[stage] for stage in STAGES}
        here = {stage: self.here(action, stage) for stage in STAGES}
        ends = self._is_of(action, SECOND)
        chosen[BEFORE], here[BEFORE] = first * ends, self.options[FIRST] * ends
        return {
            **{(stage, CHOSEN): mask for stage, mask in chosen.items()},
            **{(stage, NOT_CHOSEN): here[stage] - mask for stage, mask in chosen.items()},
            **{(stage, ALL): self.options[stage] + 0 * action for stage in STAGES},
        }

    def mask_of(self, module: BuiltModule, masks: Mapping[tuple[str, str], Tensor]) -> Tensor:
        """Return the options that a module moves."""
        return masks[BEFORE if module.at_end else self.stage_of[module.state], module.arms]

    def signals(
        self, action: Tensor, reward: Tensor, masks: Mapping[tuple[str, str], Tensor]
    ) -> dict[str, Tensor]:
        """Return the signals of a row that do not depend on values, by name: those of actions are 1 for what
        was chosen, 0 for what could have been, and -1 for other options.
        """
        of_actions = {
            f"{ACTION}_{stage}": 2 * masks[stage, CHOSEN] + masks[stage, NOT_CHOSEN] - 1
            for stage in (*STAGES, BEFORE)
        }
        own = (action * reward).sum(-1, keepdim=True)
        return {ACTION: action, REWARD: reward, REWARD_CHOSEN: own, **of_actions}

    def reached(self, action: Tensor, state: Masks) -> Tensor:
        """Return the value of what was chosen in the second stage, `(n_sessions, 1)`."""
        return (action * self.options[SECOND] * state[self.values]).sum(-1, keepdim=True)

    def ahead(self, state: Masks) -> Tensor:
        """Return the values ahead of each option of the first stage; 0 of other options."""
        total = torch.zeros_like(state[self.values])
        for group, leads in self.ways:
            best = state[self.values][:, group[0] : group[0] + 1]
            for option in group[1:]:
                best = torch.maximum(best, state[self.values][:, option : option + 1])
            total = total + best * leads
        return total

    def value_signal(self, name: str, action: Tensor, state: Masks) -> Tensor:
        """Return a signal that values make, as they stand."""
        return self.reached(action, state) if name == REACHED else self.ahead(state)

    def here(self, action: Tensor, stage: str) -> Tensor:
        """Return 1 for the options of a stage where the row is of it, else 0, `(n_sessions, n_options)`."""
        return self.options[stage] * self._is_of(action, stage)

    def _is_of(self, action: Tensor, stage: str) -> Tensor:
        """Return 1 where the row is of a stage, else 0, `(n_sessions, 1)`."""
        return (action * self.options[stage]).sum(-1, keepdim=True)
