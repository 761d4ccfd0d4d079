"""What happens in a row of a task, as signals of one value for each option: of a task of several stages, and
of one of which models see more than choices and rewards.

A row is a stage of a trial. What was chosen first in a trial of several is remembered until its end, as a
memory state of its own that no module moves.
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from ..built import (
    ACTION,
    AHEAD,
    ALL,
    CHOSEN,
    CUE,
    FIRST,
    GAIN,
    NOISE,
    NOT_CHOSEN,
    NOT_OFFERED,
    OFFERED,
    REACHED,
    REWARD,
    REWARD_CHOSEN,
    SECOND,
    VALUE,
    BuiltModel,
    BuiltModule,
    BuiltState,
)

FIRST_CHOICE = "x_first_choice"  # the memory state
STAGES = (FIRST, SECOND)
BEFORE = "before"
STATE = "c_state_"  # and its number, from 1

Masks = Mapping[str, Tensor]
States = Mapping[str, Tensor]


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
        self.made_of_values: Mapping[str, Callable[[Tensor, States], Tensor]] = {
            REACHED: self.reached,
            AHEAD: lambda _, state: self.ahead(state),
        }

    def remember(self, action: Tensor, _: Tensor, state: States) -> dict[str, Tensor]:
        """Return what later rows of the trial need: its first choice."""
        return {FIRST_CHOICE: self.first_choice(action, state[FIRST_CHOICE])}

    def first_choice(self, action: Tensor, before: Tensor) -> Tensor:
        """Return what was chosen in the first stage of the trial, one-hot, `(n_sessions, n_options)`."""
        return action * self.options[FIRST] + before * self._is_of(action, SECOND)

    def masks(self, action: Tensor, memory: Mapping[str, Tensor], _: Tensor) -> dict[tuple[str, str], Tensor]:
        """Return which options modules move in a row: by the name of a stage (or before), and by arms.

        Args:
            action: the row's choice, one-hot.
            memory: what was chosen in the first stage of the trial.
        """
        first = memory[FIRST_CHOICE]
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

    def idle(self, action: Tensor, state: BuiltState) -> Tensor:
        """Return 1 for the options of which a state that keeps nothing is 0 unless a module moves it."""
        return self.here(action, state.stage)

    def here(self, action: Tensor, stage: str) -> Tensor:
        """Return 1 for the options of a stage where the row is of it, else 0, `(n_sessions, n_options)`."""
        return self.options[stage] * self._is_of(action, stage)

    def _is_of(self, action: Tensor, stage: str) -> Tensor:
        """Return 1 where the row is of a stage, else 0, `(n_sessions, 1)`."""
        return (action * self.options[stage]).sum(-1, keepdim=True)


class OfferRows:
    """Signals and masks of the rows of a model's task of one stage.

    Args:
        built: the model.
        like: a tensor of the kind and device that is wanted.
        n_options: number of options.
    """

    def __init__(self, built: BuiltModel, like: Tensor, n_options: int) -> None:
        self.offers, self.n = built.kind_of_task.shows_offers, n_options
        self.place = torch.arange(n_options, dtype=like.dtype, device=like.device)
        self.named = tuple(built.kind_of_task.signals)
        self.is_go = self.place % 2  # no-go and go of each cue
        self.made_of_values: Mapping[str, Callable[[Tensor, States], Tensor]] = {
            "c_promise": lambda _, state: self.is_go * (2 * state[CUE] - 1),
            "c_value": lambda _, state: state[VALUE] - 0.5,
            "c_deviation": lambda _, state: self.variances(state).sqrt(),
            "c_value_by_total": lambda _, state: (
                (state[VALUE] - 0.5) / self.variances(state).sum(-1, keepdim=True).sqrt()
            ),
        }

    def variances(self, state: States) -> Tensor:
        """Return the variance of each option's mean, 1 before the first trial, from its Kalman gain."""
        return NOISE * state[GAIN] / (1 - state[GAIN])

    def remember(self, action: Tensor, further: Tensor, _: States) -> dict[str, Tensor]:
        """Return nothing: a trial is a row."""
        return {}

    def masks(self, action: Tensor, _: States, further: Tensor) -> dict[str, Tensor]:
        """Return which options modules move in a row, by arms.

        Args:
            action: the row's choice, one-hot.
            further: the additional inputs of the row; first of them, what was on offer.
        """
        seen = self.offers and further.shape[-1] >= self.n
        offered = further[:, : self.n] if seen else torch.ones_like(action)
        return {
            CHOSEN: action,
            NOT_CHOSEN: offered - action,
            OFFERED: offered,
            NOT_OFFERED: 1 - offered,
            ALL: torch.ones_like(action),
        }

    def mask_of(self, module: BuiltModule, masks: Mapping[str, Tensor]) -> Tensor:
        """Return the options that a module moves."""
        return masks[module.arms]

    def signals(self, action: Tensor, reward: Tensor, masks: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the signals of a row that do not depend on values, by name."""
        own = (action * reward).sum(-1, keepdim=True)
        offered = masks[OFFERED]
        known = {
            ACTION: action,
            f"{ACTION}_offered": action + offered - 1,
            REWARD: reward,
            REWARD_CHOSEN: own,
            "c_go": self.is_go + 0 * action,
            "c_loss": (1 - 2 * reward).clamp(min=0),
        }
        size = offered.sum(-1, keepdim=True)
        for name in self.named:
            if name.startswith(STATE):
                at = int(name.removeprefix(STATE)) - 1
                known[name] = 1.0 * (self.place >= at * size) * (self.place < (at + 1) * size)
        return known

    def idle(self, action: Tensor, _: BuiltState) -> Tensor:
        """Return 1 for the options of which a state that keeps nothing is 0 unless a module moves it."""
        return torch.ones_like(action)


def rows_of(built: BuiltModel, like: Tensor, n_options: int) -> StageRows | OfferRows:
    """Return what tells the signals and masks of the rows of a model's task."""
    return StageRows(built, like) if built.kind_of_task.stages else OfferRows(built, like, n_options)
