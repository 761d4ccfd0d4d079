"""What a live model is made of: its forward is run for one trial, and what it calls is written down.

So a class of one's own can be drawn and listed like a precoded one, without being described a second time. A
trained module of it is a function of its value and its inputs, to be drawn as a curve or tabulated.
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..built import (
    ADDED,
    ALL,
    CHOSEN,
    COVERS,
    HIGHEST,
    LEARNED,
    NOT_CHOSEN,
    PREDICTION_ERROR,
    SCALED,
    UNUSED,
    BuiltModel,
    BuiltModule,
    BuiltState,
)
from ..settings import SettingsError
from .built_rnn import reward_prediction_error
from .rnn import BaseRNN

SOME, OTHER, GIVEN = "some", "other", "given"  # what a description can tell beyond what can be built
ACTIVATIONS: dict[Any, str] = {None: "none", torch.sigmoid: "sigmoid", torch.tanh: "tanh"}


def describe(model: BaseRNN) -> BuiltModel:
    """States and modules of a model, in the order in which its forward moves them.

    Where it does what cannot be built, the description says "some" arms, an "other" input, the activation's
    own name, or a module that is "given". Whatever the model's forward raises is passed on.
    """
    probe = deepcopy(model).double().eval()
    watched = _Watched(probe)
    n = probe._n_actions
    rng = torch.Generator().manual_seed(0)
    rewards = torch.rand(n, generator=rng, dtype=torch.float64)
    trial = torch.cat([torch.eye(n, dtype=torch.float64)[0], rewards, torch.zeros(1, dtype=torch.float64)])
    before = {
        name: torch.rand(1, n, generator=rng, dtype=torch.float64).requires_grad_()
        for name in probe.init_values
    }
    logits, after = probe(trial[None, None], dict(before))
    acting = _acting(logits, after)
    states = [
        BuiltState(name, _first(probe.init_values[name]), UNUSED if name not in acting else ADDED)
        for name in dict.fromkeys([*(module.state for module in watched.modules), *probe.init_values])
    ]
    states = [replace(s, choice=SCALED) if s.name in probe.betas and s.choice == ADDED else s for s in states]
    modules = tuple(watched.modules)
    states = [
        replace(state, keeps=_keeps(state.name, modules, before[state.name], after[state.name]))
        for state in states
    ]
    return BuiltModel(tuple(states), modules, hasattr(model, "participant_embedding"))


class _Watched:
    """Listens to what a model's forward calls."""

    def __init__(self, model: BaseRNN) -> None:
        self.model, self.modules = model, list[BuiltModule]()
        self._latest: dict[str, Tensor] = {}  # the last value that a module has given to a state
        self._seen: dict[str, Tensor] = {}  # what the states were before they moved
        self._call = model.call_module
        model.call_module = self.call  # type: ignore[method-assign]

    def call(
        self,
        key_module: str,
        key_state: str,
        action: Tensor | None = None,
        inputs: Any = None,
        *rest: Any,
        **named: Any,
    ) -> Tensor:
        """As `BaseRNN.call_module`, cut off from what it was computed from: a state that acts on the logits
        only through another does not act on them itself.
        """
        after = self._call(key_module, key_state, action, inputs, *rest, **named).detach().requires_grad_()
        if key_module not in [module.name for module in self.modules]:
            value = self.model.state[key_state]
            names = tuple(
                self._name(column, key_state) for column in self.model._columns(key_module, inputs, value)
            )
            activation = named.get("activation_rnn", rest[2] if len(rest) > 2 else None)
            name = ACTIVATIONS.get(activation) or str(getattr(activation, "__name__", OTHER))
            kind = self._kind(key_module)
            self.modules.append(BuiltModule(key_module, key_state, self._arms(action), names, kind, name))
        self._latest[key_state] = after
        return after

    def _name(self, column: Tensor, own: str) -> str:
        """Return the name under which a module's input is known; signals first."""
        signals, states = self.model._signals, {**self._latest, **self.model.state}
        for name, value in (*signals.items(), *states.items()):
            if name != own and torch.equal(value.expand_as(column), column):
                return name
        outputs = (
            name for name, value in self._latest.items() if torch.equal(value.expand_as(column), column)
        )
        return next(outputs, OTHER)

    def _arms(self, action: Tensor | None) -> str:
        masks = {CHOSEN: [1.0, 0.0], NOT_CHOSEN: [0.0, 1.0], ALL: [1.0, 1.0]}
        if action is None:
            return ALL
        n = self.model._n_actions
        mask = action.detach().expand(1, n)[0].tolist()
        return next(
            (arms for arms, (first, rest) in masks.items() if mask == [first] + [rest] * (n - 1)), SOME
        )

    def _kind(self, module: str) -> str:
        update: Callable[..., Any] | None = self.model.submodules_eq.get(module)
        if update is None or module in self.model.submodules_rnn:
            return LEARNED
        return PREDICTION_ERROR if update is reward_prediction_error else GIVEN


def _acting(logits: Tensor, after: dict[str, Tensor]) -> set[str]:
    """Return the states whose new values the logits are made of."""
    moved = {name: value for name, value in after.items() if value.requires_grad}
    slopes = torch.autograd.grad(logits.sum(), list(moved.values()), allow_unused=True)
    acting = {name for name, slope in zip(moved, slopes, strict=True) if slope is not None}
    return acting or {name for name in after if name.startswith("x_value")}


def _keeps(state: str, modules: tuple[BuiltModule, ...], before: Tensor, after: Tensor) -> bool:
    """Tell whether arms that no module moves are unchanged."""
    arms = [part for module in modules if module.state == state for part in COVERS.get(module.arms, ())]
    at = {CHOSEN: slice(0, 1), NOT_CHOSEN: slice(1, None)}
    rest = [where for part, where in at.items() if part not in arms]
    return all(bool((after[:, where] == before[:, where]).all()) for where in rest)


def _first(value: Any) -> float:
    return float(value[0]) if isinstance(value, list | tuple) else float(value)


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
