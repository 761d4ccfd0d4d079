"""Expressions of single numbers: what one trial computes for one session, and its derivative.

A `Node` is an operation on other nodes; equal expressions are one node, and what is multiplied by 0 is not
there. Knows nothing of tensors or machines.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

LEAVES = {"const", "global", "session", "row", "noise", "state", "slope", "carried"}
# The values of these are kept from the way forth to the way back, since they cost most.
DEAR = {"exp", "log", "tanh", "sigmoid", "softplus", "sqrt", "div"}

_FOLDED: dict[str, Callable[..., float]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "max": max,
    "min": min,
    "lt": lambda a, b: float(a < b),
    "le": lambda a, b: float(a <= b),
    "eq": lambda a, b: float(a == b),
    "exp": math.exp,
    "log": math.log,
    "tanh": math.tanh,
    "sigmoid": lambda a: 1 / (1 + math.exp(-a)),
    "softplus": lambda a: max(a, 0.0) + math.log1p(math.exp(-abs(a))),
    "sqrt": math.sqrt,
    "abs": abs,
    "sign": lambda a: float((a > 0) - (a < 0)),
    "hold": lambda a: a,
    "where": lambda c, a, b: a if c else b,
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
        return self.graph("sub", 0.0, self)

    def __bool__(self) -> bool:
        raise TypeError("the truth of a number that is not known yet")


class Graph:
    """All nodes of one forward pass. Called with an operation and its arguments, it gives their node."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self._known: dict[tuple[Any, ...], Node] = {}

    def leaf(self, kind: str, value: float) -> Node:
        """A number from outside: its kind and its place among these, or a constant and its value."""
        return self._node(kind, (), value)

    def __call__(self, op: str, *arguments: Any) -> Node:
        """The node of an operation; simpler where it can be."""
        args = tuple(a if isinstance(a, Node) else self.leaf("const", float(a)) for a in arguments)
        if all(a.op == "const" for a in args) and (known := self._constant(op, args)) is not None:
            return known
        simpler = self._simpler(op, args)
        return self._node(op, args, 0.0) if simpler is None else simpler

    def _constant(self, op: str, args: tuple[Node, ...]) -> Node | None:
        try:
            return self.leaf("const", float(_FOLDED[op](*(a.value for a in args))))
        except (ArithmeticError, ValueError):  # the machine has an answer of its own
            return None

    def _simpler(self, op: str, args: tuple[Node, ...]) -> Node | None:
        a, b = args[0], args[-1]
        zero_a, zero_b = (x.op == "const" and x.value == 0 for x in (a, b))
        one_a, one_b = (x.op == "const" and x.value == 1 for x in (a, b))
        if op == "add" and (zero_a or zero_b):
            return b if zero_a else a
        if op == "mul" and (zero_a or one_b):
            return a
        if op == "mul" and (zero_b or one_a):
            return b
        if (op == "sub" and zero_b) or (op == "div" and (one_b or zero_a)):
            return a
        if op == "where" and args[0].op == "const":
            return args[1] if args[0].value else args[2]
        return None

    def _node(self, op: str, args: tuple[Node, ...], value: float) -> Node:
        key = (op, tuple(a.number for a in args), value, math.copysign(1, value))
        if (node := self._known.get(key)) is None:
            node = self._known[key] = Node(self, op, args, value)
            self.nodes.append(node)
        return node


def needed(roots: Iterable[Node], stop: Callable[[Node], bool] = lambda _: False) -> list[Node]:
    """The roots and all they are computed from, in an order in which they can be; not beyond where `stop`
    says so.
    """
    seen: dict[int, Node] = {}
    waiting = list(roots)
    while waiting:
        node = waiting.pop()
        if node.number not in seen:
            seen[node.number] = node
            waiting.extend(() if stop(node) else node.args)
    return [seen[number] for number in sorted(seen)]


def gradient(outputs: Sequence[tuple[Node, Node]]) -> dict[Node, Node]:
    """Derivative of the sum of outputs, each times its slope, by every node they are computed from (reverse
    mode).
    """
    slopes: dict[Node, Node] = {}
    for output, slope in outputs:
        slopes[output] = slopes[output] + slope if output in slopes else slope
    for node in reversed(needed(output for output, _ in outputs)):
        if node in slopes and node.args:
            for arg, part in zip(node.args, _RULES[node.op](node, slopes[node], *node.args), strict=True):
                if part is not None:
                    slopes[arg] = slopes[arg] + part if arg in slopes else part
    return slopes


Parts = tuple[Node | None, ...]


def _softplus_rule(y: Node, d: Node, a: Node) -> Parts:
    return (d * y.graph("sigmoid", a),)


def _extreme_rule(y: Node, d: Node, a: Node, b: Node) -> Parts:
    """Of two equal numbers each has half of the slope, as in torch."""
    tie = y.graph("eq", a, b) * 0.5
    first = y.graph("lt", b, a) if y.op == "max" else y.graph("lt", a, b)
    second = y.graph("lt", a, b) if y.op == "max" else y.graph("lt", b, a)
    return d * (first + tie), d * (second + tie)


def _no_rule(_y: Node, _d: Node, *args: Node) -> Parts:
    return (None,) * len(args)


# What a slope `d` of `y = op(a, b, ...)` is for each argument.
_RULES: dict[str, Callable[..., Parts]] = {
    "add": lambda y, d, a, b: (d, d),
    "sub": lambda y, d, a, b: (d, -d),
    "mul": lambda y, d, a, b: (d * b, d * a),
    "div": lambda y, d, a, b: (d / b, -(d * y / b)),
    "max": _extreme_rule,
    "min": _extreme_rule,
    "exp": lambda y, d, a: (d * y,),
    "log": lambda y, d, a: (d / a,),
    "tanh": lambda y, d, a: (d * (1.0 - y * y),),
    "sigmoid": lambda y, d, a: (d * (y * (1.0 - y)),),
    "softplus": _softplus_rule,
    "sqrt": lambda y, d, a: (d * 0.5 / y,),
    "abs": lambda y, d, a: (d * y.graph("sign", a),),
    "where": lambda y, d, c, a, b: (None, y.graph("where", c, d, 0.0), y.graph("where", c, 0.0, d)),
    "lt": _no_rule,
    "le": _no_rule,
    "eq": _no_rule,
    "sign": _no_rule,
    "hold": _no_rule,
}
