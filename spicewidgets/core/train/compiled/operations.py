"""What torch functions do to symbols: a handler for each of those that a forward may use.

A handler does to the expressions what torch does to numbers, or raises `TraceError` with what cannot be
compiled. Importing this registers all of them; `trace_of` traces with them.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .graph import Node
from .symbolic import HANDLERS, Symbol, Trace, TraceError, handles


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
    """Return a handler of a function of one number, or of several."""

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


@cache
def _slope_on_bounds() -> bool:
    """Tell whether torch's clamp has the slope 1 on its bounds: up to 2.14; later ones have 0."""
    bound = torch.zeros(1, requires_grad=True)
    (slope,) = torch.autograd.grad(bound.clamp(0.0, 1.0).sum(), bound)
    return bool(slope)


@handles("clamp", "clip")
def _clamp(trace: Trace, a: Symbol, min: Any = None, max: Any = None) -> Symbol:
    """Within bounds; the slope on the bounds is that of the torch at hand."""
    g = trace.graph

    def least(low: float | Node, high: float | Node) -> Node:
        """1 where `low` is at most `high`, or below it where the bounds are not inside."""
        inside = g("le", low, high)
        return inside if _slope_on_bounds() else inside * (1.0 - g("le", high, low))

    def clamp(x: Node) -> Node:
        inside = g.leaf("const", 1.0)
        y = x
        if min is not None:
            y, inside = g("max", y, float(min)), inside * least(float(min), x)
        if max is not None:
            y, inside = g("min", y, float(max)), inside * least(x, float(max))
        return g("where", inside, x, g("hold", y))

    if isinstance(min, Tensor) or isinstance(max, Tensor):
        raise TraceError("it uses `clamp` with tensors as bounds")
    return trace.elementwise(clamp, a)


@handles("hardtanh")
def _hardtanh(
    trace: Trace, a: Symbol, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False
) -> Symbol:
    """Within bounds; the slope is 0 on the bounds, as in torch."""
    if inplace:
        raise TraceError("it changes a tensor in place")
    g, low, high = trace.graph, float(min_val), float(max_val)

    def clip_outside(x: Node) -> Node:
        outside = g("max", g("le", x, low), g("le", high, x))
        return g("where", outside, g("hold", g("min", g("max", x, low), high)), x)

    return trace.elementwise(clip_outside, a)


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
    """Multiply by the mask, which is drawn for each trial and comes as a number from outside."""
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
