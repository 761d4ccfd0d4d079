"""A trace that knows all of torch's functions that a forward may use.

What these do to the shapes of symbols, which puts expressions elsewhere, and over arms and inputs (sums,
softmax, layers, and the standard module) stands here; what they do to each number, in `operations`.
"""

from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...random import generator
from ..gru import CLIP
from ..rnn import BaseRNN
from ..torch_stream import TorchStream
from . import operations  # noqa: F401 -- it registers its handlers
from .graph import Node
from .symbolic import HANDLERS, Elements, Symbol, Trace, TraceError, axis_of, handles


@handles("sum", "mean")
def _sum(trace: Trace, a: Symbol, dim: Any = None, keepdim: bool = False, mean: bool = False) -> Symbol:
    if dim is None:
        raise TraceError("it computes over sessions")
    axes = tuple(axis_of(a, d) for d in ((dim,) if isinstance(dim, int) else dim))
    total = a.elements
    for axis in axes:
        total = np.add.reduce(total, axis, keepdims=True)
    if mean:
        count = float(np.prod([a.elements.shape[axis] for axis in axes]))
        total = total * (1.0 / count)
    if keepdim:
        return trace.symbol(total, a.axis)
    return trace.symbol(np.squeeze(total, axes), a.axis - sum(axis < a.axis for axis in axes))


HANDLERS["mean"] = lambda trace, a, dim=None, keepdim=False: _sum(trace, a, dim, keepdim, mean=True)


@handles("prod")
def _prod(trace: Trace, a: Symbol, dim: int, keepdim: bool = False) -> Symbol:
    """Multiply along an axis. The slope by each factor is the product over the factor; of the others, where
    one is 0.
    """
    axis, g = axis_of(a, dim), trace.graph

    def product(*factors: Node) -> Node:
        value, zero = factors[0], g("eq", factors[0], 0.0)
        for factor in factors[1:]:
            value, zero = value * factor, g("max", zero, g("eq", factor, 0.0))
        slopes = []
        for i, factor in enumerate(factors):
            others = g.leaf("const", 1.0)
            for other in factors[:i] + factors[i + 1 :]:
                others = others * other
            slopes.append((factor, g("where", zero, others, value / factor)))
        return g.with_gradient(value, *slopes)

    factors = np.moveaxis(a.elements, axis, 0)
    total = np.frompyfunc(product, len(factors), 1)(*factors)
    elements = np.asarray(total, object).reshape(factors.shape[1:])
    if keepdim:
        return trace.symbol(np.expand_dims(elements, axis), a.axis)
    return trace.symbol(elements, a.axis - (axis < a.axis))


@handles("softmax")
def _softmax(trace: Trace, a: Symbol, dim: int, *_: Any, **__: Any) -> Symbol:
    axis, g = axis_of(a, dim), trace.graph
    top = np.frompyfunc(lambda x, y: g("max", x, y), 2, 1).reduce(a.elements, axis, keepdims=True)
    top = np.frompyfunc(lambda x: g("hold", x), 1, 1)(top)
    powers = np.frompyfunc(lambda x: g("exp", x), 1, 1)(a.elements - top)
    return trace.symbol(powers / np.add.reduce(powers, axis, keepdims=True), a.axis)


@handles("linear")
def _linear(trace: Trace, a: Any, weight: Any, bias: Any = None) -> Symbol:
    if not isinstance(a, Symbol) or isinstance(weight, Symbol) or a.axis == a.ndim - 1:
        raise TraceError("it uses `linear` in a way that cannot be compiled")
    result = a.elements @ trace.capture(weight, None).T
    if bias is not None:
        result = result + trace.capture(bias, None)
    return trace.symbol(result, a.axis)


@handles("matmul")
def _matmul(trace: Trace, a: Any, b: Any) -> Symbol:
    if not isinstance(a, Symbol) or isinstance(b, Symbol) or b.ndim > 2 or a.axis == a.ndim - 1:
        raise TraceError("it uses `matmul` in a way that cannot be compiled")
    return trace.symbol(a.elements @ trace.capture(b, None), a.axis)


@handles("gru_step")
def _gru_step(
    trace: Trace,
    value: Any,
    action: Any,
    weights: Tensor,
    row_bias: Any,
    scale: Tensor,
    offset: Tensor,
    *inputs: Any,
) -> Symbol:
    """Return the module of `gru.py`, from its formula."""
    if any(isinstance(t, Symbol) for t in (weights, row_bias, scale, offset)) or len(weights) != 1:
        raise TraceError("the weights of a module are not weights")
    g = trace.graph
    w = trace.capture(weights, None)[0]
    out, shift = trace.capture(scale, None)[0, 0], trace.capture(offset, None)[0, 0]
    symbols = [t for t in (value, action, *inputs) if isinstance(t, Symbol)]
    ndim, axis = symbols[0].ndim, symbols[0].axis
    features = [np.broadcast_to(trace.lift(t, ndim, axis), (1, *value.shape[1:])) for t in (value, *inputs)]
    n_args = {"fma": 3, "sigmoid": 1, "tanh": 1}
    of = {op: np.frompyfunc(lambda *x, op=op: g(op, *x), n, 1) for op, n in n_args.items()}
    gates = [np.full(features[0].shape, w[row, 0], object) for row in range(4)]
    for row in range(4):
        for column, feature in enumerate(features, start=1):
            gates[row] = of["fma"](feature, w[row, column], gates[row])
    if row_bias is not None:
        shape = value.shape[1:] if row_bias.shape[2] > trace.n else (1,) * (ndim - 1)
        added = trace.prelude.run(torch.reshape, row_bias, (4, trace.n, *shape))
        gates = [gate + bias for gate, bias in zip(gates, trace.capture(added, 1), strict=True)]
    reset, update = of["sigmoid"](gates[0]), of["sigmoid"](gates[1])
    candidate = of["tanh"](gates[2] + reset * gates[3])
    hidden = candidate + update * (features[0] - candidate)

    def clip(x: Node) -> Node:
        within = g("min", g("max", x, -CLIP), CLIP)
        return g.with_gradient(within, (x, g("eq", x, within)))

    free = trace.symbol(features[0] + hidden * out + shift, axis)
    moved = trace.elementwise(clip, free)
    return moved if action is None else trace.elementwise(lambda x, y: x * y, moved, action)


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


def trace_of(model: BaseRNN, inputs: Tensor) -> Trace:
    """Return the trace of a copy of a model. Whatever its forward draws, the training's own random draws stay
    the same.

    Args:
        model: in the mode (training or not) and number type that is wanted.
        inputs: `(n_trials, n_sessions, n_features)`, at least 2 sessions.

    Raises:
        TraceError: where the forward cannot be compiled.
    """
    with TorchStream(generator(0))():
        return Trace(deepcopy(model), inputs)
