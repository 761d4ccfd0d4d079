"""What torch functions do to symbols: a handler for each of those that a forward may use.

A handler does to the expressions what torch does to numbers, or raises `TraceError` with what cannot be
compiled. Importing this registers all of them; `trace_of` traces with them.
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
from .graph import Node
from .symbolic import HANDLERS, Elements, Symbol, Trace, TraceError, axis_of, handles


def trace_of(model: BaseRNN, inputs: Tensor) -> Trace:
    """The trace of a copy of a model. Whatever its forward draws, the training's own random draws stay the
    same.

    Args:
        model: in the mode (training or not) and number type that is wanted.
        inputs: `(n_trials, n_sessions, n_features)`, at least 2 sessions.

    Raises:
        TraceError: where the forward cannot be compiled.
    """
    with TorchStream(generator(0))():
        return Trace(deepcopy(model), inputs)


def _binary(op: str, swap: bool = False) -> Callable[..., Symbol]:
    def handler(
        trace: Trace, a: Any, b: Any, *, alpha: float = 1, rounding_mode: Any = None, out: Any = None
    ) -> Symbol:
        if alpha != 1 or rounding_mode is not None or out is not None:
            raise TraceError(f"it uses `{op}` with options that cannot be compiled")
        a, b = (b, a) if swap else (a, b)
        return trace.elementwise(lambda x, y: trace.graph(op, x, y), a, b)

    return handler


HANDLERS |= dict.fromkeys(("add", "radd"), _binary("add"))
HANDLERS |= dict.fromkeys(("sub", "subtract"), _binary("sub")) | {"rsub": _binary("sub", swap=True)}
HANDLERS |= dict.fromkeys(("mul", "rmul", "multiply"), _binary("mul"))
HANDLERS |= dict.fromkeys(("div", "truediv", "divide", "true_divide"), _binary("div"))
HANDLERS |= {"ne": lambda trace, a, b: trace.elementwise(lambda x, y: 1.0 - x.graph("eq", x, y), a, b)}
HANDLERS |= {"maximum": _binary("max"), "minimum": _binary("min"), "eq": _binary("eq")}
HANDLERS |= dict.fromkeys(("lt", "less"), _binary("lt")) | dict.fromkeys(("le", "less_equal"), _binary("le"))
HANDLERS |= dict.fromkeys(("gt", "greater"), _binary("lt", swap=True))
HANDLERS |= dict.fromkeys(("ge", "greater_equal"), _binary("le", swap=True))


def _unary(op: str) -> Callable[..., Symbol]:
    def handler(trace: Trace, a: Symbol, inplace: bool = False) -> Symbol:
        if inplace:
            raise TraceError("it changes a tensor in place")
        return trace.elementwise(lambda x: trace.graph(op, x), a)

    return handler


SAME = ("exp", "expm1", "log", "log1p", "tanh", "sigmoid", "sqrt", "abs", "sign")
HANDLERS |= {op: _unary(op) for op in SAME} | dict.fromkeys(("neg", "negative"), _unary("neg"))
HANDLERS |= {"absolute": _unary("abs"), "detach": _unary("hold")}


def _formula(formula: Callable[..., Node]) -> Callable[..., Symbol]:
    """A handler of a function of one number, or of several."""

    def handler(trace: Trace, *values: Any, inplace: bool = False) -> Symbol:
        if inplace:
            raise TraceError("it changes a tensor in place")
        return trace.elementwise(formula, *values)

    return handler


def _yes(x: Node) -> Node:
    """1 for every number but 0."""
    return 1.0 - x.graph("eq", x, 0.0)


HANDLERS |= dict.fromkeys(("logical_and", "and"), _formula(lambda x, y: _yes(x) * _yes(y)))
NOT = ("logical_not", "invert", "bitwise_not")
HANDLERS |= dict.fromkeys(NOT, _formula(lambda x: x.graph("eq", x, 0.0)))

# Where the chain rule and torch's own derivative differ at the ends of the range, the slope is given.


def _silu(x: Node) -> Node:
    share = x.graph("sigmoid", x)
    return x.graph.with_gradient(x * share, (x, share * (1.0 + x * (1.0 - share))))


def _log_sigmoid(x: Node) -> Node:
    g = x.graph
    power = g("exp", -g("abs", x))
    share, below = power / (1.0 + power), g("lt", x, 0.0)
    value = g("min", x, 0.0) - g("log1p", power)
    return g.with_gradient(value, (x, g("where", below, 1.0 - share, share)))


def _reciprocal(x: Node) -> Node:
    y = 1.0 / x
    return x.graph.with_gradient(y, (x, -(y * y)))


HANDLERS |= {"silu": _formula(_silu), "reciprocal": _formula(_reciprocal)}
HANDLERS |= dict.fromkeys(("logsigmoid", "log_sigmoid"), _formula(_log_sigmoid))
# torch computes `c / tensor` as `tensor.reciprocal() * c`.
HANDLERS |= dict.fromkeys(("rdiv", "rtruediv"), _formula(lambda x, c: _reciprocal(x) * c))


@handles("positive", "contiguous", "clone", "float", "double", "alias")
def _same(_trace: Trace, a: Symbol, *_: Any, **__: Any) -> Symbol:
    return a


@handles("to", "type_as", "type")
def _to(trace: Trace, a: Any, *rest: Any, **named: Any) -> Any:
    kinds = [x for x in (*rest, *named.values()) if isinstance(x, torch.dtype)]
    if not isinstance(a, Symbol):
        return a
    return a if all(kind.is_floating_point for kind in kinds) else _whole(trace, a)


@handles("int", "long")
def _whole(trace: Trace, a: Symbol) -> Tensor:
    """Participants and experiments: whole numbers that stay the same in a session are real."""
    nodes = a.elements.ravel().tolist()
    if a.axis == 0 and all(node.op == "const" for node in nodes):
        whole = torch.tensor([int(node.value) for node in nodes]).reshape(a.elements.shape)
        return trace.prelude.run(torch.Tensor.expand, whole, tuple(a.shape))  # type: ignore[no-any-return]
    if a.axis != 0 or any(node.op != "column" for node in nodes):
        raise TraceError("it makes whole numbers of values")
    index = [int(node.value) for node in nodes]
    if any(bool((trace.inputs[:, :, c] != trace.inputs[:1, :, c]).any()) for c in index):
        raise TraceError("it makes whole numbers of values that differ between trials")
    shape = a.elements.shape[1:]

    def of_sessions(sessions: Tensor) -> Tensor:
        return sessions[:, index].reshape(-1, *shape).long()

    return trace.prelude.input(of_sessions(trace.inputs[0]), of_sessions)


@handles("leaky_relu")
def _leaky_relu(trace: Trace, a: Symbol, negative_slope: float = 0.01, inplace: bool = False) -> Symbol:
    if inplace:
        raise TraceError("it changes a tensor in place")
    g = trace.graph
    return trace.elementwise(lambda x: g("where", g("lt", 0.0, x), x, x * float(negative_slope)), a)


HANDLERS |= {"relu": _formula(lambda x: x.graph("where", x.graph("le", x, 0.0), 0.0, x))}


@handles("softplus")
def _softplus(trace: Trace, a: Symbol, beta: float = 1.0, threshold: float = 20.0) -> Symbol:
    """Above the threshold it is its argument, as in torch."""
    g = trace.graph

    def softplus(x: Node) -> Node:
        scaled = x * float(beta)
        power, linear = g("exp", scaled), g("lt", float(threshold), scaled)
        value = g("where", linear, x, g("log1p", power) / float(beta))
        return g.with_gradient(value, (x, g("where", linear, 1.0, power / (power + 1.0))))

    return trace.elementwise(softplus, a)


@handles("clamp", "clip")
def _clamp(trace: Trace, a: Symbol, min: Any = None, max: Any = None) -> Symbol:
    """Within bounds; the slope is 1 on the bounds too, as in torch."""
    g = trace.graph

    def bounded(x: Node) -> Node:
        inside = g.leaf("const", 1.0)
        y = x
        if min is not None:
            y, inside = g("max", y, float(min)), inside * g("le", float(min), x)
        if max is not None:
            y, inside = g("min", y, float(max)), inside * g("le", x, float(max))
        return g("where", inside, x, g("hold", y))

    if isinstance(min, Tensor) or isinstance(max, Tensor):
        raise TraceError("it uses `clamp` with tensors as bounds")
    return trace.elementwise(bounded, a)


@handles("hardtanh")
def _hardtanh(
    trace: Trace, a: Symbol, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False
) -> Symbol:
    """Within bounds; the slope is 0 on the bounds, as in torch."""
    if inplace:
        raise TraceError("it changes a tensor in place")
    g, low, high = trace.graph, float(min_val), float(max_val)

    def bounded(x: Node) -> Node:
        outside = g("max", g("le", x, low), g("le", high, x))
        return g("where", outside, g("hold", g("min", g("max", x, low), high)), x)

    return trace.elementwise(bounded, a)


@handles("where")
def _where(trace: Trace, condition: Any, a: Any = None, b: Any = None) -> Symbol:
    if a is None:
        raise TraceError("it looks for places with `where`")
    return trace.elementwise(lambda c, x, y: trace.graph("where", c, x, y), condition, a, b)


@handles("pow")
def _pow(trace: Trace, a: Any, exponent: Any) -> Symbol:
    number = isinstance(exponent, int | float)
    if number and exponent in _POWERS:
        return trace.elementwise(_POWERS[exponent], a)
    if isinstance(a, int | float) and a > 0 and a != 1 and isinstance(exponent, Symbol):
        log = float(np.log(a))

        def of_base(x: Node) -> Node:
            y = x.graph("exp", x * log)
            return x.graph.with_gradient(y, (x, y * log))

        return trace.elementwise(of_base, exponent)
    raise TraceError("it uses `pow` with an exponent that cannot be compiled")


HANDLERS["rpow"] = lambda trace, a, base: _pow(trace, base, a)


def _whole_power(n: int) -> Callable[[Node], Node]:
    def power(x: Node) -> Node:
        return x.graph.with_gradient(_product(x, n), (x, float(n) * _product(x, n - 1)))

    return power


def _product(x: Node, n: int) -> Node:
    y = x
    for _ in range(n - 1):
        y = y * x
    return y


def _inverse_power(x: Node) -> Node:
    return x.graph.with_gradient(1.0 / x, (x, -(1.0 / (x * x))))


def _root(x: Node) -> Node:
    y = x.graph("sqrt", x)
    return x.graph.with_gradient(y, (x, 0.5 * (1.0 / y)))


_POWERS: dict[float, Callable[[Node], Node]] = {
    -1: _inverse_power,
    0.5: _root,
    1: lambda x: x,
    **{n: _whole_power(n) for n in (2, 3, 4)},
}
HANDLERS["square"] = _formula(_POWERS[2])


@handles("lerp")
def _lerp(trace: Trace, a: Any, b: Any, weight: Any) -> Symbol:
    """From the nearer of its ends, as in torch."""
    g = trace.graph

    def between(x: Node, y: Node, w: Node) -> Node:
        far = y - x
        value = g("where", g("lt", g("abs", w), 0.5), g("fma", w, far, x), g("fma", w - 1.0, far, y))
        return g.with_gradient(value, (x, 1.0 - w), (y, w), (w, far))

    return trace.elementwise(between, a, b, weight)


@handles("dropout")
def _dropout(trace: Trace, a: Symbol, p: float = 0.5, training: bool = True, inplace: bool = False) -> Symbol:
    """The mask is drawn for each trial, and comes as a number from outside."""
    if inplace:
        raise TraceError("it changes a tensor in place")
    if not training or p == 0:
        return a
    begin = sum(int(np.prod(shape[1:])) for _, shape in trace.noises)
    trace.noises.append((p, tuple(a.shape)))
    if a.axis != 0:
        raise TraceError("it leaves out values of a tensor whose first axis is not that of the sessions")
    masks = np.array([trace.graph.leaf("noise", begin + i) for i in range(a.elements.size)], object)
    return trace.symbol(a.elements * masks.reshape(a.elements.shape), 0)


# Shapes.


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
        trace.enter()
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
        given = sum(p is not None and p is not Ellipsis for p in parts)
        parts[at : at + 1] = [slice(None)] * (a.ndim - given)
    parts += [slice(None)] * (a.ndim - sum(p is not None for p in parts))
    if a.axis == 1 and isinstance(parts[0], int):
        trace.enter()
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


def _lifted(trace: Trace, parts: Iterable[Any]) -> tuple[list[Elements], int]:
    parts = list(parts)
    first = next(p for p in parts if isinstance(p, Symbol))
    lifted = [trace.lift(p, first.ndim, first.axis) for p in parts]
    for array, part in zip(lifted, parts, strict=True):
        if part.ndim != first.ndim or part.shape[first.axis] != trace.n or array.shape[first.axis] != 1:
            raise TraceError("it puts together what differs in sessions")
    return lifted, first.axis


@handles("stack")
def _stack(trace: Trace, tensors: Iterable[Any], dim: int = 0) -> Symbol:
    lifted, axis = _lifted(trace, tensors)
    at = dim % (lifted[0].ndim + 1)
    return trace.symbol(np.stack(lifted, at), axis + (at <= axis))


@handles("cat", "concat", "concatenate")
def _cat(trace: Trace, tensors: Iterable[Any], dim: int = 0) -> Symbol:
    lifted, axis = _lifted(trace, tensors)
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
        made: Tensor = trace.prelude.run(torch.full, tuple(shape), value, dtype=trace.inputs.dtype)
        trace._keep.append(made)
        return made

    return handler


HANDLERS |= {"new_zeros": _new(0.0), "new_ones": _new(1.0)}


# Sums over arms and inputs.


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
    """The slope by each factor is the product over the factor; of the others, where one is 0."""
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
    result = a.elements @ trace.captured(weight, None).T
    if bias is not None:
        result = result + trace.captured(bias, None)
    return trace.symbol(result, a.axis)


@handles("matmul")
def _matmul(trace: Trace, a: Any, b: Any) -> Symbol:
    if not isinstance(a, Symbol) or isinstance(b, Symbol) or b.ndim > 2 or a.axis == a.ndim - 1:
        raise TraceError("it uses `matmul` in a way that cannot be compiled")
    return trace.symbol(a.elements @ trace.captured(b, None), a.axis)


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
    """The module of `gru.py`, from its formula."""
    if any(isinstance(t, Symbol) for t in (weights, row_bias, scale, offset)) or len(weights) != 1:
        raise TraceError("the weights of a module are not weights")
    g = trace.graph
    w = trace.captured(weights, None)[0]
    out, shift = trace.captured(scale, None)[0, 0], trace.captured(offset, None)[0, 0]
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
        gates = [gate + bias for gate, bias in zip(gates, trace.captured(added, 1), strict=True)]
    reset, update = of["sigmoid"](gates[0]), of["sigmoid"](gates[1])
    candidate = of["tanh"](gates[2] + reset * gates[3])
    hidden = candidate + update * (features[0] - candidate)

    def clipped(x: Node) -> Node:
        within = g("min", g("max", x, -CLIP), CLIP)
        return g.with_gradient(within, (x, g("eq", x, within)))

    free = trace.symbol(features[0] + hidden * out + shift, axis)
    moved = trace.elementwise(clipped, free)
    return moved if action is None else trace.elementwise(lambda x, y: x * y, moved, action)
