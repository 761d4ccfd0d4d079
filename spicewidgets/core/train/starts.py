"""Several random starts of one model, run as one model.

A start is a set of initial weights. Running S of them side by side costs hardly more than running one,
because a trial's arrays are so small: the sessions are repeated S times, and each module holds the weights of
all starts. Training uses it to find out which start is worth finishing.
"""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

from .modules import Constant, GRUModule
from .rnn import BaseRNN


class SideBySide(nn.Module):
    """Any module, once for each start: its first dimension is cut into as many parts, one for each."""

    def __init__(self, modules: Sequence[nn.Module]) -> None:
        super().__init__()
        self.starts = nn.ModuleList(modules)

    def forward(self, *inputs: Tensor) -> Tensor:
        """Run each start on its part, one after the other."""
        parts = zip(*(x.chunk(len(self.starts)) for x in inputs), strict=True)
        return torch.cat([start(*part) for start, part in zip(self.starts, parts, strict=True)])


def stack(models: Sequence[BaseRNN]) -> BaseRNN | None:
    """One model that runs all starts: its sessions are those of the first start, then those of the second,
    and so on.

    Returns None where the model has parameters of its own outside its modules, since nothing is known of how
    they are used.
    """
    if any(parameter is not None for module in models[0].modules() for parameter in _own_parameters(module)):
        return None
    stacked = deepcopy(models[0])
    _replace(stacked, models)
    return stacked


def unstack(stacked: BaseRNN, like: BaseRNN, start: int) -> BaseRNN:
    """Return a copy of `like` with the weights of one start of the stacked model."""
    model = deepcopy(like)
    _copy(stacked, model, start)
    return model


def _own_parameters(module: nn.Module) -> list[Any]:
    """Parameters that a container (a module with children, such as the model itself) holds directly."""
    is_container = isinstance(module, BaseRNN) or any(True for _ in module.children())
    return list(module._parameters.values()) if is_container else []


def _replace(stacked: nn.Module, models: Sequence[nn.Module]) -> None:
    for name, child in stacked.named_children():
        originals = [getattr(model, name) for model in models]
        if isinstance(child, GRUModule | Constant):
            for key, parameter in child._parameters.items():
                if parameter is not None:
                    parts = [getattr(original, key).detach() for original in originals]
                    setattr(child, key, nn.Parameter(torch.cat(parts)))
        elif any(True for _ in child.children()):
            _replace(child, originals)
        elif any(True for _ in child.parameters()):
            setattr(stacked, name, SideBySide([deepcopy(original) for original in originals]))


def _copy(stacked: nn.Module, model: nn.Module, start: int) -> None:
    for name, child in model.named_children():
        source = getattr(stacked, name)
        if isinstance(source, SideBySide):
            child.load_state_dict(source.starts[start].state_dict())
        elif isinstance(child, GRUModule | Constant):
            for key, parameter in child._parameters.items():
                if parameter is not None:
                    parameter.data = getattr(source, key).detach()[start : start + 1].clone()
        else:
            _copy(source, child, start)
