"""A forward run once, for one trial, on symbols: what it does to each number becomes an expression.

A `Symbol` looks like a tensor of all sessions and holds one expression for each arm, because all sessions are
treated alike. What a forward does with real tensors is the prelude's. What cannot be followed raises
`TraceError` with the reason. `operations.py`, `shapes.py` and `sums.py` say what torch's functions do to
symbols; `tracing.py` traces with all of them.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from ..rnn import BaseRNN
from .graph import Graph, Node, ancestors_of
from .prelude import Prelude, name_of, tensors_in
from .trial import CompiledTrial

MOST_NODES = 4000  # of one trial; more would take longer to compile than they save

Elements = np.ndarray[Any, Any]


class TraceError(Exception):
    """A forward that cannot be compiled; the message says what it does."""


class Symbol(Tensor):
    """Stands for a tensor of numbers that are not known yet.

    Attributes:
        elements: a node for each number of one session; the session axis has length 1.
        axis: which axis counts sessions.
    """

    elements: Elements
    axis: int

    @staticmethod
    def of(elements: Elements, axis: int, like: Tensor, n_sessions: int) -> "Symbol":
        """Return a symbol with these elements."""
        shape = list(elements.shape)
        shape[axis] = n_sessions
        symbol = torch.full(shape, float("nan"), dtype=like.dtype).as_subclass(Symbol)
        symbol.elements, symbol.axis = elements, axis
        return symbol

    def __bool__(self) -> bool:
        raise TraceError("it decides by a value (`if`, `while` or `bool`)")

    def __float__(self) -> float:
        raise TraceError("it takes a value out of its tensor")

    __int__ = __index__ = __float__  # type: ignore[assignment]

    def __setitem__(self, *_: Any) -> None:
        raise TraceError("it writes into a tensor")

    def __iter__(self) -> Any:
        return iter(self.unbind(0))


# fmt: off
FORM = {  # functions that read a tensor's form, not its numbers
    "get", "set", "setitem", "size", "dim", "ndimension", "numel", "nelement", "len", "stride",
    "hash", "is_floating_point", "is_complex", "is_contiguous", "is_grad_enabled", "requires_grad",
    "get_device", "element_size",
}
# fmt: on


class Trace(TorchFunctionMode):
    """One run of a model's forward on symbols.

    Args:
        model: whose forward is run; its state is left as the forward leaves it.
        inputs: `(n_trials, n_sessions, n_features)`, at least 2 sessions.
        state: memory state to begin with; None for the model's own.

    Attributes:
        prelude: the operations on real tensors.
        weights: place in the flat vector of each leaf ("global", i), or the prelude's output and the place in
            it.
        sessions: prelude's output, and index in it, of each leaf ("session", i).
        rows: the feature of each leaf ("row", i).
        noises: share and shape of each dropout within the loop.
        initial: prelude's output of each state before the first trial.
    """

    def __init__(self, model: BaseRNN, inputs: Tensor, state: dict[str, Tensor] | None = None) -> None:
        super().__init__()
        self.model, self.inputs = model, inputs
        self.n = inputs.shape[1]
        self.graph = Graph(np.float64 if inputs.dtype == torch.float64 else np.float32)
        self.prelude = Prelude([p for p in model.parameters() if p.requires_grad])
        self.weights: list[tuple[int, int]] = []
        self.sessions: list[tuple[int, tuple[Any, ...]]] = []
        self.rows: list[int] = []
        self.noises: list[tuple[float, tuple[int, ...]]] = []
        self.initial: dict[str, Tensor] = {}
        self._leaves: dict[tuple[Any, ...], Node] = {}
        self._columns: dict[int, int] = {}
        self._outputs: dict[int, int] = {}
        self._alive: list[Any] = []  # so that no two tensors ever have the same id
        symbols = np.empty((1, 1, inputs.shape[2]), object)
        for i in range(inputs.shape[2]):
            symbols[0, 0, i] = self.graph.leaf("column", i)
        self.whole = Symbol.of(symbols, 1, inputs, self.n)
        self.run(state)

    # The run.

    def run(self, state: dict[str, Tensor] | None) -> None:
        """Run the forward, and read the trial's expressions from the logits and states that it returns."""
        with torch.enable_grad(), self:
            logits, after = self.model(self.whole, state)
            states = {key: after[key] for key in self.initial}
        if set(after) != set(self.initial):
            raise TraceError("its memory states are not the same before and after a trial")
        if not isinstance(logits, Symbol) or logits.elements.shape[:2] != (1, 1) or logits.axis != 1:
            raise TraceError("its logits are not of the shape (n_trials, n_sessions, n_actions)")
        self.state_of: list[tuple[str, tuple[int, ...]]] = []
        nodes: list[Any] = []
        for key, value in states.items():
            shape = (1, *self.initial[key].shape[1:])
            elements = np.broadcast_to(self.lift(value, len(shape), 0), shape)
            for index in np.ndindex(*shape):
                nodes.append(elements[index])
                self.state_of.append((key, index[1:]))
        self.outputs = {key: self.prelude.output(value) for key, value in self.initial.items()}
        self.prelude.finish()
        self.trial = self.number_leaves(tuple(logits.elements[0, 0].tolist()), tuple(nodes))

    def number_leaves(self, logits: tuple[Node, ...], states: tuple[Node, ...]) -> CompiledTrial:
        """Return the expressions in a graph of their own, with leaves numbered in their order of use."""
        graph = Graph(self.graph.dtype)
        order: dict[str, list[int]] = {"global": [], "session": [], "row": [], "noise": []}
        new: dict[Node, Node] = {}
        nodes = ancestors_of([*logits, *states])
        if len(nodes) > MOST_NODES:
            raise TraceError(f"a trial has {len(nodes)} operations, more than {MOST_NODES}")
        for node in nodes:
            kind = {"column": "row"}.get(node.op, node.op)
            if kind in order:
                order[kind].append(int(node.value))
                new[node] = graph.leaf(kind, len(order[kind]) - 1)
            elif not node.args:
                new[node] = graph.leaf(kind, node.value)
            else:
                new[node] = graph(node.op, *(new[arg] for arg in node.args))
        self.weights = [self.weights[i] for i in order["global"]]
        self.sessions = [self.sessions[i] for i in order["session"]]
        self.rows, self.noise_of = order["row"], order["noise"]
        return CompiledTrial(
            graph,
            tuple(new[node] for node in logits),
            tuple(new[node] for node in states),
            *(len(order[kind]) for kind in ("global", "session", "row", "noise")),
        )

    def begin_loop(self) -> None:
        """Begin the loop: the memory state so far is the initial one; from here on it is symbols."""
        for key, value in self.model.state.items():
            if not isinstance(value, Symbol) and value.ndim and value.shape[0] == self.n:
                self.initial[key] = value
                elements = np.empty((1, *value.shape[1:]), object)
                for index in np.ndindex(*elements.shape):
                    leaf = ("state", key, index)
                    if leaf not in self._leaves:
                        count = sum(name[0] == "state" for name in self._leaves)
                        self._leaves[leaf] = self.graph.leaf("state", count)
                    elements[index] = self._leaves[leaf]
                self.model.state[key] = Symbol.of(elements, 0, value, self.n)

    # Every call of a torch function comes here.

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Follow a call on symbols; run and note one on real tensors."""
        kwargs = kwargs or {}
        self._alive.append((args, kwargs))
        name = name_of(func)
        seen = [*tensors_in(args), *tensors_in(kwargs)]
        if not any(isinstance(t, Symbol) for t in seen):
            result = self.prelude.run(func, *args, **kwargs)
            if not tensors_in(result) and name not in FORM and any(map(self.prelude.changes, seen)):
                raise TraceError("it takes a value out of a tensor of weights or participants")
            self._alive.append(result)
            return result
        if name in FORM:
            with torch._C.DisableTorchFunctionSubclass():
                answer = func(*args, **kwargs)
            if isinstance(answer, Tensor):
                raise TraceError(f"it uses `.{func.__self__.__name__}`, which cannot be compiled")  # type: ignore[attr-defined]
            return answer
        handler = HANDLERS.get(name)
        if name.endswith("_"):
            raise TraceError(f"it changes a tensor in place (`{name}`)")
        if handler is None:
            raise TraceError(f"it uses `{name}`, which cannot be compiled")
        return handler(self, *args, **kwargs)

    # From anything to elements.

    def symbol(self, elements: Any, axis: int) -> Symbol:
        """Return a symbol of elements."""
        array = np.asarray(elements, object)
        if array.shape[axis] != 1:
            raise TraceError("it mixes sessions")
        return Symbol.of(array, axis, self.whole, self.n)

    def lift(self, value: Any, ndim: int, axis: int) -> Elements:
        """Return the elements of anything that meets symbols of so many axes, sessions on one of them."""
        if isinstance(value, Symbol):
            if axis - ndim != value.axis - value.ndim:
                raise TraceError("it mixes sessions with something else")
            return value.elements
        if isinstance(value, Tensor):
            return self.capture(value, axis - ndim + value.ndim)
        if isinstance(value, bool | int | float | np.number):
            return np.asarray(self.graph.leaf("const", float(value)), object)
        raise TraceError(f"it computes with a {type(value).__name__}")

    def capture(self, tensor: Tensor, axis: int | None) -> Elements:
        """Return the elements of a real tensor. `axis` is where its sessions would be, if it has any."""
        self._alive.append(tensor)
        of_sessions = axis is not None and 0 <= axis < tensor.ndim and tensor.shape[axis] == self.n
        shape = list(tensor.shape)
        if of_sessions and not self.prelude.changes(tensor):
            first = tensor.narrow(axis, 0, 1)  # type: ignore[arg-type]
            if bool((tensor == first).all()):
                tensor, of_sessions = first, False
        if of_sessions:
            shape[axis] = 1  # type: ignore[index]
        elements = np.empty(shape if of_sessions else tensor.shape, object)
        places = None if of_sessions else self.prelude.places(tensor)
        for index in np.ndindex(*elements.shape):
            elements[index] = self.element(tensor, axis if of_sessions else None, index, places)
        return elements

    def element(
        self, tensor: Tensor, axis: int | None, index: tuple[int, ...], places: Tensor | None
    ) -> Node:
        """Return the leaf of one element of a real tensor."""
        if places is not None:
            place = int(places[index])
            return self.leaf("global", (-1, place)) if place >= 0 else self.graph.leaf("const", 0.0)
        if not self.prelude.changes(tensor) and axis is None:
            return self.graph.leaf("const", float(tensor[index]))
        if id(tensor) not in self._outputs:
            self._outputs[id(tensor)] = self.prelude.output(tensor)
        number = self._outputs[id(tensor)]
        if axis is None:
            flat = int(np.ravel_multi_index(index, tensor.shape)) if index else 0
            return self.leaf("global", (number, flat))
        return self.leaf(
            "session", (number, tuple(slice(None) if i == axis else at for i, at in enumerate(index)))
        )

    def leaf(self, kind: str, source: Any) -> Node:
        """Return the leaf of this kind that stands for a source; of each source there is one."""
        register: list[Any] = self.weights if kind == "global" else self.sessions
        key = (kind, repr(source))
        if key not in self._leaves:
            register.append(source)
            self._leaves[key] = self.graph.leaf(kind, len(register) - 1)
        return self._leaves[key]

    def elementwise(self, op: Callable[..., Any], *values: Any) -> Symbol:
        """Return an operation on each element, shapes broadcast."""
        symbols = [v for v in values if isinstance(v, Symbol)]
        widest = max(symbols, key=lambda s: s.ndim)
        ndim = max(v.ndim for v in values if isinstance(v, Tensor))
        if ndim > widest.ndim:
            raise TraceError("it mixes sessions with something else")
        lifted = [self.lift(v, widest.ndim, widest.axis) for v in values]
        result = np.frompyfunc(op, len(lifted), 1)(*lifted)
        return self.symbol(
            np.asarray(result, object).reshape(np.broadcast_shapes(*(x.shape for x in lifted))), widest.axis
        )


def axis_of(symbol: Symbol, dim: int) -> int:
    """Return a non-negative axis other than that of the sessions."""
    axis = dim % symbol.ndim
    if axis == symbol.axis:
        raise TraceError("it computes over sessions")
    return axis


HANDLERS: dict[str, Callable[..., Any]] = {}


def handles(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register the symbolic version of a torch function of these names."""

    def register(handler: Callable[..., Any]) -> Callable[..., Any]:
        HANDLERS.update(dict.fromkeys(names, handler))
        return handler

    return register
