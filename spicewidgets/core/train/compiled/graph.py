"""Expressions of single numbers: what one trial computes for one session, and its derivative.

A `Node` is an operation on other nodes; equal expressions are one node. Only what IEEE 754 arithmetic itself
says is the same is made simpler: `0 * x` stays, since it is no number where x is infinite.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

LEAVES = {"const", "global", "session", "row", "noise", "state", "slope", "carried"}
# The values of these are kept from the way forth to the way back, since they cost most.
EXPENSIVE = {"exp", "expm1", "log", "log1p", "tanh", "sigmoid", "sqrt", "div"}

_FOLDED: dict[str, Callable[..., Any]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "neg": np.negative,
    "fma": lambda a, b, c: a * b + c,
    "max": np.maximum,
    "min": np.minimum,
    "lt": np.less,
    "le": np.less_equal,
    "eq": np.equal,
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "tanh": np.tanh,
    "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
    "sqrt": np.sqrt,
    "abs": np.abs,
    "sign": lambda a: (a > 0) * 1.0 - (a < 0) * 1.0,
    "hold": lambda a: a,
    "where": np.where,
}


class Node:
    """One number: an operation and what it is applied to, or a leaf and its place. Made by a `Graph` only."""

    __slots__ = ("args", "graph", "number", "op", "value")

    def __init__(self, graph: "Graph", op: str, args: tuple["Node", ...], value: float) -> None:
        self.graph, self.op, self.args, self.value = graph, op, args, value
        self.number = len(graph.nodes)

    def __add__(self, other: Any) -> "Node":
        return self.graph("add", self, other)

    def __sub__(self, other: Any) -> "Node":
        return self.graph("sub", self, other)

    def __mul__(self, other: Any) -> "Node":
        return self.graph("mul", self, other)

    def __truediv__(self, other: Any) -> "Node":
        return self.graph("div", self, other)

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other: Any) -> "Node":
        return self.graph("sub", other, self)

    def __rtruediv__(self, other: Any) -> "Node":
        return self.graph("div", other, self)

    def __neg__(self) -> "Node":
        return self.graph("neg", self)

    def __bool__(self) -> bool:
        raise TypeError("the truth of a number that is not known yet")


class Graph:
    """All nodes of one forward pass. Called with an operation and its arguments, it gives their node.

    Args:
        dtype: float32 or float64: the arithmetic of constants.
        all_finite: whether to take all numbers for finite: what is multiplied by 0 is 0 then, and 0 adds
            nothing.
    """

    def __init__(self, dtype: Any = np.float64, all_finite: bool = False) -> None:
        self.all_finite = all_finite
        self.nodes: list[Node] = []
        self.dtype = np.dtype(dtype).type
        self._known: dict[tuple[Any, ...], Node] = {}

    def leaf(self, kind: str, value: float) -> Node:
        """Return a number from outside: its kind and its place among these, or a constant and its value."""
        return self._node(kind, (), value)

    def __call__(self, op: str, *arguments: Any) -> Node:
        """Return the node of an operation; simpler where it can be."""
        args = tuple(a if isinstance(a, Node) else self.leaf("const", float(a)) for a in arguments)
        if op in _FOLDED and all(a.op == "const" for a in args):
            with np.errstate(all="ignore"):
                values = [self.dtype(a.value) for a in args]
                return self.leaf("const", float(_FOLDED[op](*values)))
        simpler = self._simpler(op, args)
        return self._node(op, args, 0.0) if simpler is None else simpler

    def with_gradient(self, value: Node, *slopes: tuple[Node, Any]) -> Node:
        """Return a value that has these slopes, `(by which node, the slope)`, whatever it is computed from:
        torch's own formulas, which the chain rule would reach in another order and with other infinities.
        """
        return self("custom", value, *(part for pair in slopes for part in pair))

    def _simpler(self, op: str, args: tuple[Node, ...]) -> Node | None:
        """Return an equal node, for every value of the arguments and to the bit; None where there is none."""
        a, b = args[0], args[-1]
        if self.all_finite and (of_zero := self._of_zero(op, a, b)) is not None:
            return of_zero
        if (op == "mul" and _is(b, 1.0)) or (op == "div" and _is(b, 1.0)):
            return a
        if op == "mul" and _is(a, 1.0):
            return b
        if (op == "add" and _is(b, -0.0)) or (op == "sub" and _is(b, 0.0)):
            return a
        if op == "add" and _is(a, -0.0):
            return b
        if op == "add" and (a.op == "neg" or b.op == "neg"):
            return self("sub", a, b.args[0]) if b.op == "neg" else self("sub", b, a.args[0])
        if op == "sub" and b.op == "neg":
            return self("add", a, b.args[0])
        if op == "neg" and a.op == "neg":
            return a.args[0]
        if op == "where" and args[0].op == "const":
            return args[1] if args[0].value else args[2]
        return None

    def _of_zero(self, op: str, a: Node, b: Node) -> Node | None:
        """Simplify a product or sum with 0, where all numbers are finite."""
        zero_a, zero_b = (x.op == "const" and x.value == 0 for x in (a, b))
        if op == "mul" and (zero_a or zero_b):
            return a if zero_a else b
        if op == "add" and (zero_a or zero_b):
            return b if zero_a else a
        return self("neg", b) if op == "sub" and zero_a else a if op == "sub" and zero_b else None

    def _node(self, op: str, args: tuple[Node, ...], value: float) -> Node:
        key = (op, tuple(a.number for a in args), repr(value))  # -0.0 is not 0.0
        if (node := self._known.get(key)) is None:
            node = self._known[key] = Node(self, op, args, value)
            self.nodes.append(node)
        return node


def _is(node: Node, value: float) -> bool:
    """Tell whether a node is this constant, with its sign."""
    return node.op == "const" and repr(node.value) == repr(value)


def ancestors_of(
    roots: Iterable[Node], stop: Callable[[Node], bool] = lambda _: False, values_only: bool = False
) -> list[Node]:
    """Return the roots and all they are computed from, in an order in which they can be computed.

    Args:
        roots: the nodes that are wanted.
        stop: for nodes whose own arguments are not wanted.
        values_only: leave out slopes that `with_gradient` gave, which no value depends on.
    """
    seen: dict[int, Node] = {}
    waiting = list(roots)
    while waiting:
        node = waiting.pop()
        if node.number not in seen:
            seen[node.number] = node
            args = node.args[:1] if values_only and node.op == "custom" else node.args
            waiting.extend(() if stop(node) else args)
    return [seen[number] for number in sorted(seen)]


def gradient(outputs: Sequence[tuple[Node, Node]]) -> dict[Node, Node]:
    """Differentiate the sum of outputs, each times its slope, by every node they are computed from (reverse
    mode).
    """
    slopes: dict[Node, Node] = {}
    for output, slope in outputs:
        slopes[output] = slopes[output] + slope if output in slopes else slope
    for node in reversed(ancestors_of((output for output, _ in outputs), values_only=True)):
        if node in slopes and node.args:
            for arg, part in zip(node.args, _RULES[node.op](node, slopes[node], *node.args), strict=True):
                if part is not None:
                    slopes[arg] = _add_part(node, part, slopes.get(arg))
    return slopes


def _add_part(node: Node, part: Node, before: Node | None) -> Node:
    """One more part of a slope: in one rounding, where the operation itself is done in one."""
    if before is None:
        return part
    if node.op == "fma" and part.op == "mul":
        return node.graph("fma", *part.args, before)
    return before + part


Parts = tuple[Node | None, ...]


def _extreme_rule(y: Node, d: Node, a: Node, b: Node) -> Parts:
    """Of two equal numbers each has half of the slope; where one is no number, both have all of it."""
    g = y.graph
    larger, smaller = (g("lt", b, a), g("lt", a, b)) if y.op == "max" else (g("lt", a, b), g("lt", b, a))
    shared = g("where", g("eq", a, b), d * 0.5, d)
    return g("where", smaller, 0.0, shared), g("where", larger, 0.0, shared)


def _custom_rule(_y: Node, d: Node, _value: Node, *slopes: Node) -> Parts:
    parts: list[Node | None] = [None]
    for slope in slopes[1::2]:
        parts += [d * slope, None]
    return tuple(parts)


def _no_rule(_y: Node, _d: Node, *args: Node) -> Parts:
    return (None,) * len(args)


# What a slope `d` of `y = op(a, b, ...)` is for each argument: the formulas of torch's `derivatives.yaml`, in
# the same order of operations, so that they are infinite, or no number, where torch's are.
_RULES: dict[str, Callable[..., Parts]] = {
    "add": lambda y, d, a, b: (d, d),
    "sub": lambda y, d, a, b: (d, -d),
    "mul": lambda y, d, a, b: (d * b, d * a),
    "div": lambda y, d, a, b: (d / b, -d * (y / b)),
    "neg": lambda y, d, a: (-d,),
    "fma": lambda y, d, a, b, c: (d * b, d * a, d),
    "max": _extreme_rule,
    "min": _extreme_rule,
    "exp": lambda y, d, a: (d * y,),
    "expm1": lambda y, d, a: (d * (y + 1.0),),
    "log": lambda y, d, a: (d / a,),
    "log1p": lambda y, d, a: (d / (a + 1.0),),
    "tanh": lambda y, d, a: (d * (1.0 - y * y),),
    "sigmoid": lambda y, d, a: (d * (y * (1.0 - y)),),
    "sqrt": lambda y, d, a: (d / (2.0 * y),),
    "abs": lambda y, d, a: (d * y.graph("sign", a),),
    "where": lambda y, d, c, a, b: (None, y.graph("where", c, d, 0.0), y.graph("where", c, 0.0, d)),
    "custom": _custom_rule,
    "lt": _no_rule,
    "le": _no_rule,
    "eq": _no_rule,
    "sign": lambda y, d, a: (y.graph.leaf("const", 0.0),),
    "hold": _no_rule,
}
