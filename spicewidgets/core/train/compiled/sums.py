"""What torch functions do to symbols over arms and inputs: sums, softmax, layers, and the standard module."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..gru import CLIP
from .graph import Node
from .symbolic import HANDLERS, Symbol, Trace, TraceError, axis_of, handles


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
