"""The class that a `BuiltModel` describes: one loop over trials for all of them."""

from functools import cache
from typing import Any, ClassVar

import torch
from torch import Tensor

from ..built import (
    ACTION,
    ALL,
    CHOSEN,
    KALMAN_GAIN,
    NOT_CHOSEN,
    OFFERED,
    PREDICTION_ERROR,
    REWARD,
    REWARD_CHOSEN,
    SCALED,
    UNUSED,
    BuiltModel,
    BuiltModule,
    BuiltState,
)
from . import built_source
from .rnn import BaseRNN, Pass
from .stages import FIRST_CHOICE, OfferRows, StageRows, rows_of

ACTIVATIONS = {"none": None, "sigmoid": torch.sigmoid, "tanh": torch.tanh}


def reward_prediction_error(value: Tensor, inputs: Tensor) -> Tensor:
    """Return the hard-coded update `value + learning rate * (reward - value)`; inputs are (reward, learning
    rate) on the last axis.
    """
    return value + inputs[..., 1] * (inputs[..., 0] - value)


def kalman_gain(value: Tensor, inputs: Tensor) -> Tensor:
    """Return the gain of a Kalman filter after an outcome, `gain / (1 + gain)`; inputs are empty.

    The variance S of the mean before it is `noise gain / (1 - gain)`, after it `noise gain`.
    """
    return value / (1 + value)


GIVEN = {PREDICTION_ERROR: reward_prediction_error, KALMAN_GAIN: kalman_gain}


class BuiltRNN(BaseRNN):
    """A model put together from a description, which its class holds in `built`; see `rnn_class`.

    Class attribute `acting` names the states that act on the choice, where their own names do not.
    """

    built: ClassVar[BuiltModel]
    acting: ClassVar[tuple[str, ...]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "built" in vars(cls):
            cls.init_values = cls.built.checked().first_values
            cls.task = cls.built.task
            if cls.built.kind_of_task.stages:
                cls.init_values = {**cls.init_values, FIRST_CHOICE: 0.0}
            if cls.built.acting is not None:
                cls.acting = cls.built.acting

    def __init__(
        self,
        n_actions: int,
        n_participants: int = 1,
        embedding_size: int = 8,
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        size = embedding_size if self.built.participants else 0
        super().__init__(n_actions=n_actions, n_participants=n_participants, embedding_size=size)
        if size:
            self.participant_embedding = self.setup_embedding(n_participants, size, dropout=dropout)
        else:
            self.dropout = dropout  # of the modules
        for state in self.built.states:
            if state.choice == SCALED:
                self.betas[state.name] = self.setup_constant(size or None)
        for module in self.built.in_order:
            if module.kind in GIVEN:
                self.submodules_eq[module.name] = GIVEN[module.kind]
            else:
                self.submodules_rnn[module.name] = self.setup_module(len(module.inputs) + size)

    def moves_where(self, module: str) -> str | None:
        """As in `BaseRNN`: in a task of stages, options of another stage than that of the row, and what was
        not on offer, where that has no part in a module. None for a module that a subclass has added.
        """
        own = next((one for one in self.built.modules if one.name == module), None)
        if own is None:
            return None
        kind = self.built.kind_of_task
        offers = kind.shows_offers and own.arms in (CHOSEN, NOT_CHOSEN, OFFERED)
        return self.built.action_of(own) if kind.stages or offers else None

    @classmethod
    def source(cls) -> str:
        """Return the model and its config as Python, with its loop over trials written out, to change a line
        of.
        """
        return built_source.source(cls.built)

    def forward(
        self, inputs: Tensor, prev_state: dict[str, Tensor] | None = None, batch_first: bool = False
    ) -> Pass:
        """Logits and memory state; shapes as in `BaseRNN.init_forward_pass`."""
        (actions, rewards, _, further), (participants, _), logits, trials = self.init_forward_pass(
            inputs, prev_state, batch_first
        )
        embedding = self.participant_embedding(participants[:, 0]) if self.built.participants else None
        betas = {state: beta(embedding) for state, beta in self.betas.items()}
        moving = [(state, self.built.modules_of(state.name)) for state in self.built.states]
        sees_chosen = any(REWARD_CHOSEN in module.inputs for module in self.built.modules)
        acting = [state.name for state in self.built.states if state.choice != UNUSED]
        if self.built.goes_by_rows:
            rows = rows_of(self.built, self._like, self._n_actions)
            for trial, action, reward, more in zip(trials, actions, rewards, further, strict=True):
                self._move_row(rows, action, reward, more, embedding)
                logits[trial] = self._logits(acting, betas)
            return self.post_forward_pass(logits, batch_first), self.get_state()
        for trial, action, reward in zip(trials, actions, rewards, strict=True):
            self._record(action, reward, sees_chosen)
            arms = {CHOSEN: action, NOT_CHOSEN: 1 - action}
            for state, modules in moving:
                self.state[state.name] = self._next_value(state, modules, arms, embedding)
            logits[trial] = self._logits(acting, betas)
        return self.post_forward_pass(logits, batch_first), self.get_state()

    def _move_row(
        self,
        rows: StageRows | OfferRows,
        action: Tensor,
        reward: Tensor,
        further: Tensor,
        embedding: Tensor | None,
    ) -> None:
        """Move all states in a row of a task whose rows tell more than choice and reward."""
        memory = rows.remember(action, further, self.state)
        masks: Any = rows.masks(action, memory, further)
        for name, signal in rows.signals(action, reward, masks).items():
            self.record_signal(name, signal)
        for state in self.built.states:
            modules = self.built.modules_of(state.name)
            for name in dict.fromkeys(name for module in modules for name in module.inputs):
                if (made := rows.made_of_values.get(name)) is not None:
                    self.record_signal(name, made(action, self.state))
            own = [rows.mask_of(module, masks) for module in modules]
            parts = [self._call(module, mask, embedding) for module, mask in zip(modules, own, strict=True)]
            moved = sum(own[1:], own[0]) if state.keeps else rows.idle(action, state)
            self.state[state.name] = sum(parts[1:], parts[0]) + self.state[state.name] * (1 - moved)
        self.state.update(memory)

    def _record(self, action: Tensor, reward: Tensor, sees_chosen: bool) -> None:
        """Name the signals of a trial."""
        self.record_signal(ACTION, action)
        self.record_signal(REWARD, reward)
        if sees_chosen:
            self.record_signal(REWARD_CHOSEN, (action * reward).sum(-1, keepdim=True))

    def _next_value(
        self,
        state: BuiltState,
        modules: tuple[BuiltModule, ...],
        arms: dict[str, Tensor],
        embedding: Tensor | None,
    ) -> Tensor:
        """Return the next value of a state: what its modules make of their arms, and the other arms as they
        were.
        """
        parts = [self._call(module, arms.get(module.arms), embedding) for module in modules]
        moved = [module.arms for module in modules]
        if state.keeps and ALL not in moved:
            parts += [self.state[state.name] * mask for arm, mask in arms.items() if arm not in moved]
        return parts[0] if len(parts) == 1 else parts[0] + parts[1]

    def _call(self, module: BuiltModule, mask: Tensor | None, embedding: Tensor | None) -> Tensor:
        """Compute a module's next value of its state on its arms."""
        for name in module.inputs:
            if name in self.state and self._signals.get(name) is not self.state[name]:
                self.record_signal(name, self.state[name])
        return self.call_module(
            module.name,
            module.state,
            action=mask,
            inputs=[self._signals[name] for name in module.inputs] or None,
            participant_embedding=embedding,
            activation_rnn=ACTIVATIONS[module.activation],
            own_value=module.own_value,
        )

    def _logits(self, acting: list[str], betas: dict[str, Tensor]) -> Tensor:
        """Compute the part of the states in the logits."""
        parts = [self.state[name] * betas[name] if name in betas else self.state[name] for name in acting]
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        return total


@cache
def rnn_class(built: BuiltModel) -> type[BuiltRNN]:
    """Return the class of a description; equal descriptions have the same class. Raises `SettingsError` where
    the description cannot be used.
    """
    return type("YourRNN", (BuiltRNN,), {"built": built, "__module__": __name__})
