"""What a forward computes before and beside its loop from real tensors: weights, embeddings, betas, initial
values.

These stay ordinary torch: their operations are recorded while the forward is run once, and run again, with
autograd, for each new set of weights. Where a tensor is only weights in another order, they need not be run.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

# Operations that only put numbers elsewhere, so that weights stay weights.
# fmt: off
MOVES = {
    "getitem", "view", "reshape", "permute", "transpose", "unsqueeze", "squeeze", "expand",
    "expand_as", "flatten", "movedim", "contiguous", "unbind", "chunk", "split", "stack", "cat",
    "concat", "t", "clone", "select",
}
# fmt: on
# fmt: off
RANDOM = {
    "dropout", "rand", "randn", "randint", "rand_like", "randn_like", "bernoulli", "normal",
    "multinomial", "randperm", "alpha_dropout", "feature_dropout", "poisson",
}
# fmt: on


def name_of(func: Callable[..., Any]) -> str:
    """Return an operation's plain name: `add` for `__add__`, but `add_` for what works in place."""
    name = getattr(func, "__name__", "")
    return name.strip("_") if name.startswith("__") else name


def tensors_in(value: Any) -> list[Tensor]:
    """All tensors in a nest of tuples, lists and dictionaries."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [t for part in value for t in tensors_in(part)] if isinstance(value, tuple | list) else []


def replace_tensors(value: Any, new: dict[int, Tensor]) -> Any:
    """Return the same nest with other tensors in it."""
    if isinstance(value, Tensor):
        return new.get(id(value), value)
    if isinstance(value, dict):
        return {key: replace_tensors(part, new) for key, part in value.items()}
    if isinstance(value, tuple | list):
        parts = [replace_tensors(part, new) for part in value]
        return parts if isinstance(value, list) else tuple(parts)
    return value


@dataclass
class PreludeStep:
    """One operation that was run: the function, its arguments, and the tensors that it returned."""

    func: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    out: list[Tensor]

    @cached_property
    def plain(self) -> list[tuple[int, int]]:
        """Arguments that are tensors: their places and ids."""
        return [(i, id(arg)) for i, arg in enumerate(self.args) if isinstance(arg, Tensor)]

    @cached_property
    def tensor_places(self) -> list[int]:
        """Places of arguments that have tensors in them."""
        return [i for i, arg in enumerate(self.args) if not isinstance(arg, Tensor) and tensors_in(arg)]


class Prelude:
    """The operations on real tensors, in their order.

    Args:
        parameters: the learned weights, in the order of the flat vector.
    """

    def __init__(self, parameters: Sequence[Tensor]) -> None:
        self.parameters = list(parameters)
        self.steps: list[PreludeStep] = []
        self.inputs: list[tuple[Tensor, Callable[[Tensor], Tensor]]] = []  # participants and the like
        self.outputs: list[Tensor] = []
        self.masked: set[int] = set()  # places of weights that are multiplied by 0
        self._changing = {id(p) for p in parameters}
        self._places: dict[int, Tensor | None] = {}
        begin = 0
        for p in self.parameters:
            self._places[id(p)] = torch.arange(begin, begin + p.numel()).view_as(p)
            begin += p.numel()

    def run(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run an operation and record it."""
        result = func(*args, **kwargs)
        name, seen = name_of(func), [*tensors_in(args), *tensors_in(kwargs)]
        out = seen[:1] if name == "setitem" else tensors_in(result)
        if out:
            self.steps.append(PreludeStep(func, args, kwargs, out))
            if name in RANDOM or name.endswith("_") or any(id(t) in self._changing for t in seen):
                self._changing |= {id(t) for t in out}
            self._move(name, func, args, kwargs, out)
        return result

    def input(self, tensor: Tensor, of_sessions: Callable[[Tensor], Tensor]) -> Tensor:
        """Record a tensor that depends on the sessions' data, and the function that computes it from
        `(n_sessions, n_features)`.
        """
        self.inputs.append((tensor, of_sessions))
        self._changing.add(id(tensor))
        return tensor

    def changes(self, tensor: Tensor) -> bool:
        """Tell whether a tensor may have other values in the next run."""
        return id(tensor) in self._changing

    def places(self, tensor: Tensor) -> Tensor | None:
        """Places of a tensor's numbers in the flat vector of weights, -1 for a 0; None where they are
        computed.
        """
        return self._places.get(id(tensor))

    def output(self, tensor: Tensor) -> int:
        """Ask for a tensor from each run; returns its number among the outputs."""
        self.outputs.append(tensor)
        return len(self.outputs) - 1

    def _move(
        self, name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], out: list[Tensor]
    ) -> None:
        """Follow weights that only change their place, or are multiplied by 0 and 1."""
        seen = [*tensors_in(args), *tensors_in(kwargs)]
        places = {id(t): place for t in seen if (place := self._places.get(id(t))) is not None}
        if name in MOVES and seen and len(places) == len(seen):
            moved = tensors_in(func(*replace_tensors(args, places), **replace_tensors(kwargs, places)))
            self._places |= {id(t): place for t, place in zip(out, moved, strict=True)}
        elif name == "mul" and len({id(t) for t in seen}) == 2 and len(places) == 1:
            mask = next(t for t in seen if id(t) not in places)
            if not self.changes(mask) and bool(((mask == 0) | (mask == 1)).all()):
                (place,) = places.values()
                self.masked |= set(place.masked_select(mask == 0).tolist()) - {-1}
                self._places[id(out[0])] = torch.where(mask != 0, place, -1)
        elif name.endswith("_") or name == "setitem":
            self._places |= {id(t): None for t in seen}

    def finish(self) -> None:
        """Drop the operations that no output needs."""
        wanted = {id(t) for t in self.outputs}
        steps = []
        for step in reversed(self.steps):
            if wanted & {id(t) for t in step.out}:
                steps.append(step)
                wanted |= {id(t) for t in (*tensors_in(step.args), *tensors_in(step.kwargs))}
        self.steps = steps[::-1]

    def __call__(self, parameters: Sequence[Tensor], sessions: Tensor) -> list[Tensor]:
        """Return the outputs for other weights and sessions `(n_sessions, n_features)`."""
        new = {id(old): p for old, p in zip(self.parameters, parameters, strict=True)}
        new |= {id(tensor): of_sessions(sessions) for tensor, of_sessions in self.inputs}
        for step in self.steps:
            args = [*step.args]
            for i, key in step.plain:
                args[i] = new.get(key, args[i])
            for i in step.tensor_places:
                args[i] = replace_tensors(args[i], new)
            result = step.func(*args, **(replace_tensors(step.kwargs, new) if step.kwargs else {}))
            if isinstance(result, Tensor):
                new[id(step.out[0])] = result
            elif result is not None:
                new |= {id(old): t for old, t in zip(step.out, tensors_in(result), strict=True)}
        return [new.get(id(t), t) for t in self.outputs]
