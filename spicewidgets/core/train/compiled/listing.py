"""What the trace has read off a model's forward, as text: the expressions of one trial."""

from collections import Counter
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from ..rnn import BaseRNN
from .emit import Writer
from .graph import Node, ancestors_of
from .symbolic import Trace
from .tracing import trace_of

WIDTH = 100  # characters of a line; a longer expression is cut into several

SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "lt": "<", "le": "<=", "eq": "=="}


def trial_text(model: BaseRNN, inputs: Tensor | None = None) -> str:
    """List the operations of one trial of a model for one session, as they are compiled.

    Args:
        model: any model that can be compiled. In training mode, dropout is part of it.
        inputs: `(n_trials, n_sessions, n_features)`, at least 2 sessions: needed for a model with additional
            inputs. Only their number matters.

    Returns:
        A head with the numbers of states, inputs, weights and operations; then the expressions. What is used
        several times has a name, `v1`, `v2`, ...; the last lines are the logits of the next choice and the
        memory states after the trial.

    Raises:
        TraceError: where the forward cannot be compiled.
    """
    if inputs is None:
        inputs = torch.zeros(1, 2, 2 * model._n_actions + 3)
    trace = trace_of(model, inputs.to(model._like))
    return "\n".join([_head(model, trace), "", *_expressions(trace, _names(model, trace))]) + "\n"


def _head(model: BaseRNN, trace: Trace) -> str:
    trial, writer = trace.trial, Writer(trace.trial, double=False)
    beside = f", {trial.n_sessions} numbers of each session" if trial.n_sessions else ""
    dropout = f", {trial.n_noises} masks of dropout" if trial.n_noises else ""
    ahead = {node.number for node in writer.forward}
    back = [node for node in writer.backward if node.number not in ahead]
    return (
        f"One trial of {type(model).__name__}, {len(trial.logits)} arms: {len(trial.states)} states,"
        f" {trial.n_rows} inputs, {trial.n_globals} weights{beside}{dropout};"
        f" {_operations(writer.forward)} operations forward, {_operations(back)} backward."
    )


def _operations(nodes: list[Node]) -> int:
    return sum(bool(node.args) and node.op != "custom" for node in nodes)


def _names(model: BaseRNN, trace: Trace) -> dict[tuple[str, int], str]:
    """Name each leaf of the trace, by its kind and place."""
    n = model._n_actions
    columns = [f"action[{i}]" for i in range(n)] + [f"reward[{i}]" for i in range(n)]
    columns += [f"column[{i}]" for i in range(2 * n, trace.inputs.shape[2])]
    weights = [
        name.removeprefix("submodules_rnn.") + _index(index)
        for name, parameter in model.named_parameters()
        if parameter.requires_grad
        for index in np.ndindex(*parameter.shape)
    ]
    names = {("row", i): columns[column] for i, column in enumerate(trace.rows)}
    for i, (number, at) in enumerate(trace.weights):
        names["global", i] = weights[at] if number < 0 else f"computed_{number}[{at}]"
    for i, (number, index) in enumerate(trace.sessions):
        names["session", i] = f"of_session_{number}" + _index(at for at in index if isinstance(at, int))
    for i, (state, index) in enumerate(trace.state_of):
        names["state", i] = state + _index(index)
    return names | {("noise", i): f"dropout[{i}]" for i in range(trace.trial.n_noises)}


def _index(index: "Iterator[int] | tuple[int, ...]") -> str:
    text = ", ".join(str(i) for i in index)
    return f"[{text}]" if text else ""


def _expressions(trace: Trace, names: dict[tuple[str, int], str]) -> Iterator[str]:
    trial = trace.trial
    after = [names["state", i] for i in range(len(trial.states))]
    ends = [(f"logit[{i}]", node) for i, node in enumerate(trial.logits)]
    ends += [(f"{name} after", node) for name, node in zip(after, trial.states, strict=True)]
    nodes = ancestors_of([node for _, node in ends], values_only=True)
    uses = Counter(arg for node in nodes for arg in (node.args[:1] if node.op == "custom" else node.args))
    uses.update(node for _, node in ends)
    texts: dict[Node, str] = {}
    count = 0
    for node in nodes:
        texts[node] = text = _text(node, texts, names)
        plain = not node.args or node.op == "custom"
        if not plain and (uses[node] > 1 or len(text) > WIDTH):
            count += 1
            yield f"v{count} = {_bare(text)}"
            texts[node] = f"v{count}"
    for name, node in ends:
        yield f"{name} = {_bare(texts[node])}"


def _text(node: Node, texts: dict[Node, str], names: dict[tuple[str, int], str]) -> str:
    if node.op == "const":
        return f"{node.value:.9g}"
    if not node.args:
        return names[node.op, int(node.value)]
    if node.op in ("custom", "hold"):
        return texts[node.args[0]]
    args = [texts[arg] for arg in node.args]
    if node.op == "fma":
        return f"({args[0]} * {args[1]} + {args[2]})"
    if node.op in SIGNS:
        return f"({args[0]} {SIGNS[node.op]} {args[1]})"
    return f"-{args[0]}" if node.op == "neg" else f"{node.op}({', '.join(map(_bare, args))})"


def _bare(text: str) -> str:
    """Without the parentheses around all of it."""
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if depth == 0:
            return text[1:-1] if place == len(text) - 1 and text.startswith("(") else text
    return text
