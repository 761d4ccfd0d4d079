"""What torch functions do to the shapes of symbols: they put expressions elsewhere."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .symbolic import HANDLERS, Elements, Symbol, Trace, TraceError, axis_of, handles


@handles("unsqueeze")
def _unsqueeze(trace: Trace, a: Symbol, dim: int) -> Symbol:
    at = dim % (a.ndim + 1)
    return trace.symbol(np.expand_dims(a.elements, at), a.axis + (at <= a.axis))


@handles("squeeze")
def _squeeze(trace: Trace, a: Symbol, dim: int | None = None) -> Symbol:
    every = range(a.ndim) if dim is None else [dim % a.ndim]
    gone = tuple(i for i in every if i != a.axis and a.elements.shape[i] == 1)
    return trace.symbol(np.squeeze(a.elements, gone), a.axis - sum(i < a.axis for i in gone))


@handles("expand", "broadcast_to")
def _expand(trace: Trace, a: Symbol, *size: Any) -> Symbol:
    shape = list(size[0] if len(size) == 1 and not isinstance(size[0], int) else size)
    axis = a.axis + len(shape) - a.ndim
    if shape[axis] not in (-1, trace.n):
        raise TraceError("it changes the number of sessions")
    own = [1] * (len(shape) - a.ndim) + list(a.elements.shape)
    target = [o if s == -1 else s for s, o in zip(shape, own, strict=True)]
    target[axis] = 1
    return trace.symbol(np.broadcast_to(a.elements, target), axis)


@handles("expand_as")
def _expand_as(trace: Trace, a: Any, other: Tensor) -> Any:
    if not isinstance(a, Symbol):
        return trace.prelude.run(torch.Tensor.expand, a, tuple(other.shape))
    return _expand(trace, a, tuple(other.shape))


@handles("reshape", "view")
def _reshape(trace: Trace, a: Symbol, *size: Any) -> Symbol:
    shape = list(size[0] if len(size) == 1 and not isinstance(size[0], int) else size)
    if a.axis != 0 or shape[0] not in (-1, trace.n):
        raise TraceError("it gives sessions another shape")
    return trace.symbol(a.elements.reshape([1, *shape[1:]]), 0)


@handles("flatten")
def _flatten(trace: Trace, a: Symbol, start_dim: int = 0, end_dim: int = -1) -> Symbol:
    if a.axis != 0 or start_dim % a.ndim == 0 or end_dim % a.ndim != a.ndim - 1:
        raise TraceError("it gives sessions another shape")
    return trace.symbol(a.elements.reshape([*a.elements.shape[:start_dim], -1]), 0)


@handles("permute")
def _permute(trace: Trace, a: Symbol, *dims: Any) -> Symbol:
    order = [d % a.ndim for d in (dims[0] if len(dims) == 1 and not isinstance(dims[0], int) else dims)]
    return trace.symbol(a.elements.transpose(order), order.index(a.axis))


@handles("transpose", "swapaxes")
def _transpose(trace: Trace, a: Symbol, dim0: int, dim1: int) -> Symbol:
    order = list(range(a.ndim))
    order[dim0], order[dim1] = order[dim1], order[dim0]
    return trace.symbol(a.elements.transpose(order), order.index(a.axis))


@handles("unbind")
def _unbind(trace: Trace, a: Symbol, dim: int = 0) -> tuple[Symbol, ...]:
    if dim % a.ndim == 0 and a.axis == 1:
        trace.begin_loop()
    at = axis_of(a, dim)
    return tuple(
        trace.symbol(part, a.axis - (at < a.axis))
        for part in (np.take(a.elements, i, at) for i in range(a.elements.shape[at]))
    )


@handles("chunk", "split", "tensor_split")
def _split(trace: Trace, a: Symbol, *how: Any, **named: Any) -> Any:
    raise TraceError("it cuts tensors into parts")


@handles("getitem")
def _getitem(trace: Trace, a: Any, index: Any) -> Symbol:
    if not isinstance(a, Symbol):
        raise TraceError("it looks up by a value")
    parts = list(index) if isinstance(index, tuple) else [index]
    if Ellipsis in [p for p in parts if not isinstance(p, Tensor)]:
        at = next(i for i, p in enumerate(parts) if p is Ellipsis)
        n_given = sum(p is not None and p is not Ellipsis for p in parts)
        parts[at : at + 1] = [slice(None)] * (a.ndim - n_given)
    parts += [slice(None)] * (a.ndim - sum(p is not None for p in parts))
    if a.axis == 1 and isinstance(parts[0], int):
        trace.begin_loop()
    if not all(p is None or isinstance(p, int | slice) or _indices(p) for p in parts):
        raise TraceError("it looks up by a value")
    where = [i for i, p in enumerate(parts) if p is not None][a.axis]
    if parts[where] != slice(None):
        raise TraceError("it looks up single sessions")
    before = parts[:where]
    if any(isinstance(p, list) for p in parts) and any(isinstance(p, int) for p in parts):
        raise TraceError("it looks up by a list and a number together")
    return trace.symbol(a.elements[tuple(parts)], sum(not isinstance(p, int) for p in before))


def _indices(part: Any) -> bool:
    return isinstance(part, list) and all(isinstance(i, int) for i in part)


@handles("select")
def _select(trace: Trace, a: Symbol, dim: int, index: int) -> Symbol:
    at = axis_of(a, dim)
    return trace.symbol(np.take(a.elements, index, at), a.axis - (at < a.axis))


@handles("narrow")
def _narrow(trace: Trace, a: Symbol, dim: int, start: int, length: int) -> Symbol:
    return trace.symbol(np.take(a.elements, range(start, start + length), axis_of(a, dim)), a.axis)


@handles("flip")
def _flip(trace: Trace, a: Symbol, *dims: Any) -> Symbol:
    which = dims[0] if len(dims) == 1 and not isinstance(dims[0], int) else dims
    return trace.symbol(np.flip(a.elements, tuple(axis_of(a, d) for d in which)), a.axis)


@handles("roll")
def _roll(trace: Trace, a: Symbol, shifts: int, dims: int) -> Symbol:
    if not isinstance(shifts, int) or not isinstance(dims, int):
        raise TraceError("it rolls over several axes")
    return trace.symbol(np.roll(a.elements, shifts, axis_of(a, dims)), a.axis)


def _lift(trace: Trace, parts: Iterable[Any]) -> tuple[list[Elements], int]:
    parts = list(parts)
    first = next(p for p in parts if isinstance(p, Symbol))
    lifted = [trace.lift(p, first.ndim, first.axis) for p in parts]
    for array, part in zip(lifted, parts, strict=True):
        if part.ndim != first.ndim or part.shape[first.axis] != trace.n or array.shape[first.axis] != 1:
            raise TraceError("it puts together what differs in sessions")
    return lifted, first.axis


@handles("stack")
def _stack(trace: Trace, tensors: Iterable[Any], dim: int = 0) -> Symbol:
    lifted, axis = _lift(trace, tensors)
    at = dim % (lifted[0].ndim + 1)
    return trace.symbol(np.stack(lifted, at), axis + (at <= axis))


@handles("cat", "concat", "concatenate")
def _cat(trace: Trace, tensors: Iterable[Any], dim: int = 0) -> Symbol:
    lifted, axis = _lift(trace, tensors)
    at = dim % lifted[0].ndim
    if at == axis:
        raise TraceError("it puts sessions together")
    return trace.symbol(np.concatenate(lifted, at), axis)


def _like(value: float | None) -> Callable[..., Symbol]:
    def handler(trace: Trace, a: Symbol, fill_value: Any = value, **_: Any) -> Symbol:
        fill = trace.graph.leaf("const", float(fill_value))
        return trace.symbol(np.full(a.elements.shape, fill, object), a.axis)

    return handler


HANDLERS |= {"zeros_like": _like(0.0), "ones_like": _like(1.0), "full_like": _like(None)}


def _new(value: float) -> Callable[..., Tensor]:
    def handler(trace: Trace, a: Symbol, *size: Any, **_: Any) -> Tensor:
        shape = size[0] if len(size) == 1 and not isinstance(size[0], int) else size
        tensor: Tensor = trace.prelude.run(torch.full, tuple(shape), value, dtype=trace.inputs.dtype)
        trace._alive.append(tensor)
        return tensor

    return handler


HANDLERS |= {"new_zeros": _new(0.0), "new_ones": _new(1.0)}
