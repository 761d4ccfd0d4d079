"""ln L of each session, its gradient and its expected Fisher information, in one pass through the trials.

Training wants the gradient of a few hundred weights, which is cheapest backwards (`loss.py`). The numbers of
equations are few, and each participant has a set of their own; what is wanted of them is curvature too. So
the derivative of every memory state by every number is carried along as further states (forward
sensitivities, e.g. Dickinson & Gelinas 1976), and the sums over trials as well:

    nll         sum of -ln P(choice)
    gradient_i  sum of (choice - P) . dlogits/dnumber_i
    information_ij  sum of cov_P(dlogits/dnumber_i, dlogits/dnumber_j)

All of it is one larger trial of the same kind as those that `emit.py` writes, without a way back.
"""

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import Tensor

from ..rnn import BaseRNN
from .emit import Writer
from .graph import Graph, Node, ancestors_of, gradient
from .kernel import Array, machine_code
from .symbolic import Trace, TraceError
from .tracing import trace_of
from .trial import CompiledTrial

NEVER = -1e9  # logit of an option that is not on offer
MOST_NODES = 20_000  # of one trial with all its derivatives; more would take many seconds to compile


class Sensitivities:
    """Likelihood, gradient and information of a model's sessions, as functions of each session's numbers.

    Args:
        model: in float64, in evaluation mode; the parameters that require a gradient are the numbers, in the
            order of `model.parameters()`.
        inputs: `(n_trials, n_sessions, n_features)`, float64.
        targets: P of each next choice, `(n_trials, n_sessions, n_actions)`: 1 for the one that was taken. The
            sum over actions is the trial's weight, 0 where the next choice is not known.
        offered: whether each option was on offer for the next choice, of the same shape; all when None.

    Raises:
        TraceError: where the model's forward cannot be compiled.
    """

    def __init__(self, model: BaseRNN, inputs: Tensor, targets: Array, offered: Array | None = None) -> None:
        whole = inputs if inputs.shape[1] > 1 else inputs.repeat(1, 2, 1)  # one session looks like none
        trace = trace_of(model, whole)
        if trace.noises:
            raise TraceError("it draws random numbers")
        if any(number >= 0 for number, _ in trace.weights):
            raise TraceError("it computes with its numbers before the loop over trials")
        self.n_numbers = sum(p.numel() for p in model.parameters() if p.requires_grad)
        expanded = _Expanded(trace, self.n_numbers, offered is not None)
        self._scan = scan_of(expanded.trial)
        self.pairs = expanded.pairs
        self._first, self._n_states = expanded.first, len(expanded.trial.states)
        outputs = [o.detach().numpy()[None] for o in trace.prelude(trace.prelude.parameters, whole[0])]
        n = inputs.shape[1]
        fixed = [_part(outputs[number], index)[0, :n] for number, index in trace.sessions]
        self._fixed = np.array(fixed).reshape(-1, n)
        self._initial = np.zeros((self._n_states, n))
        for k, (key, index) in enumerate(trace.state_of):
            self._initial[k] = _part(outputs[trace.outputs[key]], (slice(None), *index))[0, :n]
        features = inputs.numpy()[:, :, trace.rows]
        weights = targets.sum(-1, keepdims=True)
        columns = [features, weights, targets, *([] if offered is None else [offered])]
        self._rows = self._scan.batch(np.concatenate(columns, -1))
        first = features.shape[-1]
        self._counted = slice(first, first + 1 + targets.shape[-1])  # weights and targets among the rows
        self.n_sessions = n

    def of_sessions(self, part: slice | Array) -> "Sensitivities":
        """Return the same of some sessions only."""
        copy = object.__new__(Sensitivities)
        copy.__dict__.update(self.__dict__)
        copy._fixed, copy._initial = self._fixed[:, part], self._initial[:, part]
        copy._rows = self._scan.batch(self._scan.sessions(self._rows)[:, part])
        copy.n_sessions = copy._initial.shape[1]
        return copy

    def of_trials(self, part: slice | Array) -> "Sensitivities":
        """Return the same of the choices of some trials only; all trials are run."""
        copy = object.__new__(Sensitivities)
        copy.__dict__.update(self.__dict__)
        copy._rows = self._rows.copy()
        copy._rows[:, :, self._counted] = 0.0
        copy._rows[:, part, self._counted] = self._rows[:, part, self._counted]
        return copy

    def __call__(self, numbers: Array) -> tuple[Array, Array, Array]:
        """-ln L of each session in nats, the gradient of ln L, and the expected information.

        Args:
            numbers: of each session, `(n_vectors, n_sessions, n_numbers)`.

        Returns: `(n_vectors, n_sessions)`, `(n_vectors, n_sessions, n_numbers)` and `(n_vectors, n_sessions,
            n_numbers, n_numbers)`.
        """
        n_vectors, n, k = numbers.shape
        own = np.empty((n_vectors, k + len(self._fixed), n))
        own[:, :k] = numbers.transpose(0, 2, 1)
        own[:, k:] = self._fixed
        initial = np.broadcast_to(self._initial, (n_vectors, *self._initial.shape))
        after = self._scan(self._rows, own, initial)[:, self._first :].transpose(0, 2, 1)
        information = np.zeros((n_vectors, n, k, k))
        i, j = self.pairs.T
        information[:, :, i, j] = information[:, :, j, i] = after[:, :, 1 + k :]
        return after[:, :, 0], after[:, :, 1 : 1 + k], information


class _Expanded:
    """A trial with its derivatives and sums as further states.

    Attributes:
        trial: the larger trial; its rows are the features, the weight, P of each next choice, and, if
            masked, whether each option is on offer.
        first: place of the first sum among the states: nll, the gradient, and the information of each pair.
        pairs: `(n, 2)`, numbers of which the information is not 0.
    """

    def __init__(self, trace: Trace, n_numbers: int, masked: bool) -> None:
        self.graph = graph = Graph(all_finite=True)  # most numbers' slopes are 0
        source = trace.trial
        new = self._copy_trial(source, [place for _, place in trace.weights], n_numbers)
        logits, states = [new[node] for node in source.logits], [new[node] for node in source.states]
        n_rows = source.n_rows
        weight = graph.leaf("row", n_rows)
        chosen = [graph.leaf("row", n_rows + 1 + a) for a in range(len(logits))]
        moved, slopes = self._sensitivities(states, logits, n_numbers)
        if masked:
            never = graph.leaf("const", NEVER)
            offered = [graph.leaf("row", n_rows + 1 + len(logits) + a) for a in range(len(logits))]
            logits = [graph("where", o, logit, never) for o, logit in zip(offered, logits, strict=True)]
        sums = [self._nll(logits, weight, chosen)]
        p = self._softmax(logits)
        apart = [graph("sub", c, graph("mul", weight, q)) for c, q in zip(chosen, p, strict=True)]
        zero = graph.leaf("const", 0.0)
        for row in slopes:
            sums.append(_sum(graph, [graph("mul", d, a) for d, a in zip(row, apart, strict=True)]))
        pairs = []
        for i in range(n_numbers):
            for j in range(i + 1):
                part = self._covariance(p, weight, slopes[i], slopes[j])
                if part is not zero:
                    pairs.append((i, j))
                    sums.append(part)
        self.pairs = np.array(pairs, int).reshape(-1, 2)
        self.first = len(moved)
        totals = [graph("add", graph.leaf("state", self.first + k), part) for k, part in enumerate(sums)]
        nodes = ancestors_of([*moved, *totals], values_only=True)
        if len(nodes) > MOST_NODES:
            raise TraceError(f"a trial has {len(nodes)} operations with its derivatives")
        n_rows += 1 + len(logits) * (2 if masked else 1)
        n_sessions = n_numbers + source.n_sessions
        self.trial = CompiledTrial(graph, (), (*moved, *totals), 0, n_sessions, n_rows, 0)

    def _copy_trial(self, source: CompiledTrial, places: Sequence[int], n_numbers: int) -> dict[Node, Node]:
        """Return the trial's nodes in the new graph, with the numbers as leaves of each session."""
        new: dict[Node, Node] = {}
        for node in ancestors_of([*source.logits, *source.states]):
            if node.op == "global":
                new[node] = self.graph.leaf("session", places[int(node.value)])
            elif node.op == "session":
                new[node] = self.graph.leaf("session", n_numbers + int(node.value))
            elif not node.args:
                new[node] = self.graph.leaf(node.op, node.value)
            else:
                new[node] = self.graph(node.op, *(new[arg] for arg in node.args))
        return new

    def _sensitivities(
        self, states: list[Node], logits: list[Node], n_numbers: int
    ) -> tuple[list[Node], list[list[Node]]]:
        """States after the trial, their derivatives among them; and the derivative of each logit by each
        number.
        """
        graph, n = self.graph, len(states)
        one, zero = graph.leaf("const", 1.0), graph.leaf("const", 0.0)
        before = [graph.leaf("state", k) for k in range(n)]
        numbers = [graph.leaf("session", i) for i in range(n_numbers)]
        partial = [gradient([(node, one)]) for node in (*states, *logits)]
        moves = [{i for i in range(n_numbers) if numbers[i] in row} for row in partial[:n]]
        while True:  # which numbers move which state, in the end
            wider = [
                set.union(own, *(moves[m] for m in range(n) if before[m] in row))
                for own, row in zip(moves, partial[:n], strict=True)
            ]
            if wider == moves:
                break
            moves = wider
        carried = {
            (k, i): graph.leaf("state", n + place)
            for place, (k, i) in enumerate((k, i) for k in range(n) for i in sorted(moves[k]))
        }

        def derivative(row: dict[Node, Node], i: int) -> Node:
            parts = [
                graph("mul", row[before[m]], carried[m, i])
                for m in range(n)
                if before[m] in row and (m, i) in carried
            ]
            return _sum(graph, [*parts, row.get(numbers[i], zero)])

        after = [*states, *(derivative(partial[k], i) for k, i in carried)]
        return after, [[derivative(row, i) for row in partial[n:]] for i in range(n_numbers)]

    def _softmax(self, logits: list[Node]) -> list[Node]:
        graph = self.graph
        powers = self._powers(logits)[1]
        total = _sum(graph, powers)
        return [graph("div", power, total) for power in powers]

    def _powers(self, logits: list[Node]) -> tuple[Node, list[Node]]:
        graph, top = self.graph, logits[0]
        for logit in logits[1:]:
            top = graph("max", top, logit)
        return top, [graph("exp", graph("sub", logit, top)) for logit in logits]

    def _nll(self, logits: list[Node], weight: Node, chosen: list[Node]) -> Node:
        graph = self.graph
        top, powers = self._powers(logits)
        total = graph("mul", weight, graph("add", top, graph("log", _sum(graph, powers))))
        hit = _sum(graph, [graph("mul", c, logit) for c, logit in zip(chosen, logits, strict=True)])
        return graph("sub", total, hit)

    def _covariance(self, p: list[Node], weight: Node, a: list[Node], b: list[Node]) -> Node:
        """Of two numbers' slopes under P, each taken against that of the first arm."""
        graph = self.graph
        a, b = ([graph("sub", x, row[0]) for x in row[1:]] for row in (a, b))
        if len(p) == 2:
            spread = graph("mul", weight, graph("mul", p[0], p[1]))
            return graph("mul", graph("mul", spread, a[0]), b[0])
        weighted = [graph("mul", graph("mul", weight, q), x) for q, x in zip(p[1:], a, strict=True)]
        both = _sum(graph, [graph("mul", x, y) for x, y in zip(weighted, b, strict=True)])
        mean = _sum(graph, [graph("mul", q, y) for q, y in zip(p[1:], b, strict=True)])
        return graph("sub", both, graph("mul", _sum(graph, weighted), mean))


def _sum(graph: Graph, parts: Sequence[Node]) -> Node:
    total = graph.leaf("const", 0.0)
    for part in parts:
        total = graph("add", total, part)
    return total


def _part(values: Array, index: tuple[int | slice, ...]) -> Array:
    """Return an element of each session, `(1, n_sessions)`."""
    place: Any = (slice(None), *index)
    part: Array = values[place]
    return part


class _ForwardWriter(Writer):
    """Writes a loop that only moves the state."""

    def _plan(self) -> None:
        self.forward = ancestors_of(self.trial.states, values_only=True)
        self.width, self.tape_rows = self.trial.n_rows, 0

    def source(self) -> str:
        """Return the loop's source."""
        self.lines = []
        k = range(len(self.trial.states))
        arrays = ", ".join(f"{self.scalar}* %{name}" for name in ("rows", "sessions", "states", "after"))
        self.write(f"define void @kernel(i64 %starts, i64 %blocks, i64 %trials, {arrays}) {{", "entry:")
        self.write("br label %start", "start:", "%s = phi i64 [0, %entry], [%s.next, %start.end]")
        self.write("br label %block", "block:", "%b = phi i64 [0, %start], [%b.next, %forward.end]")
        self.write(f"%n = mul i64 %blocks, {self.lanes}", f"%at = mul i64 %b, {self.lanes}")
        self._columns("sessions", self.trial.n_sessions)
        self._columns("states", len(k))
        self._columns("after", len(k))
        self.write("%bt = mul i64 %b, %trials")
        first = [self.load(self.column("states", i)) for i in k]
        self.write("br label %forward.begin", "forward.begin:", "br label %forward", "forward:")
        self.write("%t = phi i64 [0, %forward.begin], [%t.next, %forward]")
        begin = len(self.lines)
        place = self.assign(f"mul i64 {self.assign('add i64 %bt, %t')}, {self.width * self.lanes}")
        self.write(f"%rows.t = getelementptr {self.scalar}, {self.scalar}* %rows, i64 {place}")
        values: dict[int, str] = {}
        for node in self.forward:
            values[node.number] = f"%st.{int(node.value)}" if node.op == "state" else self.value(node, values)
        after = [values[node.number] for node in self.trial.states]
        self.lines[begin:begin] = [
            f"%st.{i} = phi {self.vector} [{first[i]}, %forward.begin], [{after[i]}, %forward]" for i in k
        ]
        self.write("%t.next = add i64 %t, 1", "%t.more = icmp ult i64 %t.next, %trials")
        self.write("br i1 %t.more, label %forward, label %forward.end", "forward.end:")
        for i in k:
            self.store(after[i], self.column("after", i))
        self.write("%b.next = add i64 %b, 1", "%b.more = icmp ult i64 %b.next, %blocks")
        self.write("br i1 %b.more, label %block, label %start.end", "start.end:", "%s.next = add i64 %s, 1")
        self.write("%s.more = icmp ult i64 %s.next, %starts", "br i1 %s.more, label %start, label %end")
        self.write("end:", "ret void", "}", *self._declarations())
        return "\n".join(self.lines)


class Scan:
    """The machine code that moves the state of all sessions through all trials, in float64."""

    def __init__(self, trial: CompiledTrial) -> None:
        self.trial = trial
        writer = _ForwardWriter(trial, double=True)
        self.lanes = writer.lanes
        self._engine = machine_code(writer.source())
        kinds = [ctypes.c_int64] * 3 + [ctypes.c_void_p] * 4
        self._function = ctypes.CFUNCTYPE(None, *kinds)(self._engine.get_function_address("kernel"))

    def batch(self, rows: Array) -> Array:
        """Rows `(n_trials, n_sessions, n_rows)` in blocks of sessions; the last is padded with a copy of the
        first session, which the results leave out.
        """
        n_trials, n_sessions, width = rows.shape
        n_blocks = -(-n_sessions // self.lanes)
        padded = self._pad(rows, 1, n_blocks * self.lanes).reshape(n_trials, n_blocks, self.lanes, width)
        return np.ascontiguousarray(padded.transpose(1, 0, 3, 2))

    def sessions(self, blocks: Array) -> Array:
        """Rows from the blocks that `batch` made, the padding with them."""
        n_trials, width = blocks.shape[1:3]
        rows: Array = blocks.transpose(1, 0, 3, 2).reshape(n_trials, -1, width)
        return rows

    def _pad(self, values: Array, axis: int, n: int) -> Array:
        index = np.arange(n)
        index[index >= values.shape[axis]] = 0
        return np.ascontiguousarray(values.take(index, axis), np.float64)

    def __call__(self, rows: Array, numbers: Array, states: Array) -> Array:
        """Return the state after the last trial, `(n_vectors, n_states, n_sessions)`, from rows that `batch`
        made, numbers `(n_vectors, n_numbers, n_sessions)` and states before the first trial.
        """
        n_vectors, n_sessions = len(numbers), numbers.shape[2]
        columns = rows.shape[0] * self.lanes
        numbers, states = self._pad(numbers, 2, columns), self._pad(states, 2, columns)
        after = np.empty_like(states)
        pointers = [array.ctypes.data for array in (rows, numbers, states, after)]
        self._function(n_vectors, len(rows), rows.shape[1], *pointers)
        return after[..., :n_sessions]


_SCANS: dict[Any, Scan] = {}


def scan_of(trial: CompiledTrial) -> Scan:
    """Return the scan of a trial; of equal trials only one in this process."""
    if trial.key not in _SCANS:
        _SCANS[trial.key] = Scan(trial)
    return _SCANS[trial.key]
