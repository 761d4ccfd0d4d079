"""A trained module as a function of its value and its inputs, to be drawn as a curve or tabulated."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..built import HIGHEST, BuiltModule
from ..settings import SettingsError
from .rnn import BaseRNN

Floats = NDArray[np.float64]


class ModuleFunction:
    """A trained module as a function.

    Args:
        model: the trained model; it is copied.
        module: the module in its description.
        participant: index of the participant, where the model tells them apart.

    Raises:
        SettingsError: where the description does not tell how the module is called.
    """

    def __init__(self, model: BaseRNN, module: BuiltModule, participant: int = 0) -> None:
        known = {"none": None, "sigmoid": torch.sigmoid, "tanh": torch.tanh}
        if module.name not in model.submodules_rnn or module.activation not in known:
            raise SettingsError(
                [
                    f"The curve of {module.name} cannot be drawn: the model calls it in a way of its own."
                    " Look at another module."
                ]
            )
        self._model, self._module = deepcopy(model).double().eval(), module
        self._activation: Any = known[module.activation]
        embedding = getattr(self._model, "participant_embedding", None)
        sees_participant = getattr(self._model.submodules_rnn[module.name], "embedding_size", 1)
        with torch.no_grad():
            code = torch.tensor([participant])
            self._embedding = embedding(code) if embedding and sees_participant else None

    def __call__(self, value: Floats, level: Mapping[str, float]) -> Floats:
        """Return the next values, within -10..10 as in the model."""
        x = torch.from_numpy(np.asarray(value, dtype=float)).unsqueeze(-1)
        x = x.expand(-1, self._model._n_actions)
        columns = [torch.full_like(x, level[name]) for name in self._module.inputs]
        embedding = None if self._embedding is None else self._embedding.expand(len(x), -1)
        self._model._folded.clear()
        with torch.no_grad():
            after = self._model._rnn(self._module.name, x, columns, embedding)
            after = after if self._activation is None else self._activation(after)
        values: Floats = after[:, 0].clamp(-HIGHEST, HIGHEST).numpy()
        return values
