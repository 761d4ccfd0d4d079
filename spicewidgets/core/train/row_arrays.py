"""The rows of a task whose rows tell more than choice and reward, as arrays: what modules move and see there.

As a model's own forward pass has it (`stages.py`), for whoever follows its equations row by row.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from ..built import BuiltModel, BuiltModule, BuiltState
from .stages import FIRST_CHOICE, rows_of

Floats = NDArray[np.float64]
Arrays = Mapping[str, Floats]


class RowArrays:
    """Sessions side by side, row by row; arrays are `(n_sessions, n_options)`.

    Args:
        built: the model.
        n_sessions: how many.
        n_options: number of options.
    """

    def __init__(self, built: BuiltModel, n_sessions: int, n_options: int) -> None:
        self._like = torch.zeros((n_sessions, n_options), dtype=torch.float64)
        self._rows = rows_of(built, self._like, n_options)
        self._built, self._memory = built, {FIRST_CHOICE: self._like}

    def see(self, action: Floats, reward: Floats, further: Floats) -> tuple[dict[str, Floats], Arrays]:
        """Go on to the next row.

        Args:
            action: its choice, one-hot.
            reward: of each option.
            further: additional inputs, `(n_sessions, n_inputs)`.

        Returns:
            The signals that do not depend on values, and which options each module moves: 1, else 0.
        """
        self._action, paid, more = (
            torch.from_numpy(np.asarray(it, float)) for it in (action, reward, further)
        )
        memory = self._rows.remember(self._action, more, self._memory)
        masks: Any = self._rows.masks(self._action, memory, more)
        signals = self._rows.signals(self._action, paid, masks)
        self._memory = {**self._memory, **memory}
        moves = {
            module.name: self._array(self._rows.mask_of(module, masks)) for module in self._built.in_order
        }
        return {name: self._array(signal) for name, signal in signals.items()}, moves

    def made_of_values(self, module: BuiltModule, values: Arrays) -> dict[str, Floats]:
        """Return the signals that a module sees and that are made of the values of states, as these are."""
        states = {name: torch.from_numpy(np.asarray(value, float)) for name, value in values.items()}
        made = self._rows.made_of_values
        return {name: self._array(made[name](self._action, states)) for name in module.inputs if name in made}

    def mark_moved(self, state: BuiltState, moves: Arrays) -> Floats:
        """Return 1 for the options that a row moves: that a module moves, and those that go to 0."""
        if state.keeps:
            own = [moves[module.name] for module in self._built.modules_of(state.name)]
            return np.asarray(np.sum(own, axis=0))
        return self._array(self._rows.idle(self._action, state))

    def _array(self, values: Tensor) -> Floats:
        array: Floats = (values + torch.zeros_like(self._like)).numpy()
        return array


def visited_rows(
    built: BuiltModel,
    module: BuiltModule,
    states: Arrays,
    choices: ArrayLike,
    rewards: ArrayLike,
    further: Floats,
) -> Iterator[tuple[Floats, dict[str, Floats]]]:
    """Yield the value and the inputs of a module for each row, of the options that it moves there.

    Args:
        built: the model.
        module: one of its modules.
        states: before each row and after the last, `(n_sessions, n_rows + 1, n_options)`.
        choices: `(n_sessions, n_rows)`; below 0 where nothing was chosen.
        rewards: of each option, `(n_sessions, n_rows, n_options)`.
        further: additional inputs of each row.
    """
    chosen, paid = np.asarray(choices), np.nan_to_num(np.asarray(rewards, float), nan=-1.0)
    n, n_rows, n_options = paid.shape
    rows = RowArrays(built, n, n_options)
    names = [state.name for state in built.states]
    moved_before = set(names[: names.index(module.state)])
    for t in range(n_rows):
        action = (chosen[:, t, None] == np.arange(n_options)).astype(float)
        signals, moves = rows.see(action, paid[:, t], further[:, t])
        values = {name: states[name][:, t + (name in moved_before)] for name in names if name in states}
        seen = {**signals, **values, **rows.made_of_values(module, values)}
        here = (moves[module.name] > 0) & (chosen[:, t, None] >= 0)
        yield seen[module.state][here], {name: seen[name][here] for name in module.inputs}
