"""A model's kernels as JavaScript: the expressions that are compiled to machine code, written out as loops.

They are plain text in the page, so that whoever opens it can read them, and no code is made while it runs.
Numbers are float64.
"""

from collections.abc import Iterator, Mapping, Sequence

from ..core.train.compiled.emit import Writer
from ..core.train.compiled.graph import Node, ancestors_of
from ..core.train.compiled.trial import CompiledTrial

BINARY = {"add": "+", "sub": "-", "mul": "*", "div": "/"}
CALLS = {
    "fma": "{0} * {1} + {2}",
    "neg": "-{0}",
    "max": "{0} > {1} ? {0} : {1}",
    "min": "{0} < {1} ? {0} : {1}",
    "lt": "{0} < {1} ? 1 : 0",
    "le": "{0} <= {1} ? 1 : 0",
    "eq": "{0} === {1} ? 1 : 0",
    "where": "{0} ? {1} : {2}",
    "sigmoid": "1 / (1 + Math.exp(-{0}))",
    "tanh": "1 - 2 / (Math.exp(2 * {0}) + 1)",
    "hold": "{0}",
    "custom": "{0}",
    **{op: f"Math.{op}({{0}})" for op in ("exp", "expm1", "log", "log1p", "sqrt", "abs", "sign")},
}


def loss_source(trial: CompiledTrial) -> str:
    """Write the loss of one start with its gradient, and the states before each trial.

    `loss(rows, sessions, trials, weights, first, tape, slopes)` returns the sum of -ln P over all choices
    that are known. Rows are `(sessions, trials, features and the next choice)`, the choice -1 where it is not
    known. The gradient is added to `slopes`, unless that is null. `tape` has room for `trials * TAPE`
    numbers; each trial's begin with the states before it, those of the last session.
    """
    plan = Writer(trial, double=True)
    states, logits = len(trial.states), len(trial.logits)
    width, tape = trial.n_rows + 1, plan.tape_rows
    forward = {n.number: f"s{int(n.value)}" for n in plan.forward if n.op == "state"}
    lines = [
        f"const TAPE = {tape}, WIDTH = {width};",
        "function loss(rows, sessions, trials, weights, first, tape, slopes) {",
        *_number_lines("const g{0} = weights[{0}];", trial.n_globals),
        *_number_lines("let d{0} = 0;", trial.n_globals),
        "let total = 0;",
        "for (let s = 0; s < sessions; s++) {",
        *_number_lines("let s{0} = first[{0}];", states),
        "for (let t = 0; t < trials; t++) {",
        f"const row = (s * trials + t) * {width}, at = t * {tape};",
        *_written(plan.forward, forward, "row"),
        *_number_lines("tape[at + {0}] = s{0};", states),
        *(f"tape[at + {states + logits + i}] = {forward[node.number]};" for i, node in enumerate(plan.saved)),
        f"const choice = rows[row + {trial.n_rows}];",
        *_cross_entropy([forward[node.number] for node in trial.logits], states),
        *(f"const n{k} = {forward[node.number]};" for k, node in enumerate(trial.states)),
        *_number_lines("s{0} = n{0};", states),
        "}",
        "if (slopes === null) continue;",
        *_number_lines("let c{0} = 0;", states),
        "for (let t = trials - 1; t >= 0; t--) {",
        f"const row = (s * trials + t) * {width}, at = t * {tape};",
    ]
    back = {node.number: f"tape[at + {states + logits + i}]" for i, node in enumerate(plan.saved)}
    places = {"state": "tape[at + {0}]", "slope": f"tape[at + {states} + {{0}}]", "carried": "c{0}"}
    lines += [*_written(plan.backward, back, "row", places)]
    lines += [f"d{i} += {back[node.number]};" for i, node in enumerate(plan.d_globals)]
    lines += [f"const m{k} = {back[node.number]};" for k, node in enumerate(plan.d_states)]
    lines += [*_number_lines("c{0} = m{0};", states), "}", "}", "if (slopes !== null) {"]
    lines += [*_number_lines("slopes[{0}] += d{0};", trial.n_globals), "}", "return total;", "}"]
    return "\n".join(lines)


def likelihood_source(trial: CompiledTrial, n_numbers: int, n_sums: int) -> str:
    """Write the sums over all trials that a likelihood of equations is made of.

    `likelihood(rows, sessions, trials, numbers, first, sums)` takes rows as `loss` does, and fills `sums`
    with -ln L, the gradient of ln L by each number, and the information of each pair of numbers.

    Args:
        trial: the expressions of a trial and their derivatives, as `Sensitivities` has them.
        n_numbers: coefficients and betas.
        n_sums: how many of the last states are sums, which go on from session to session.
    """
    nodes = ancestors_of(trial.states, values_only=True)
    n, n_rows = len(trial.states), trial.n_rows
    features, options = n_rows - 3, range(2)
    rows = [f"rows[row + {i}]" for i in range(features)] + ["known", *(f"chosen{a}" for a in options)]
    names = {node.number: f"s{int(node.value)}" for node in nodes if node.op == "state"}
    names |= {node.number: rows[int(node.value)] for node in nodes if node.op == "row"}
    lines = [
        "function likelihood(rows, sessions, trials, numbers, first, sums) {",
        *_number_lines("const g{0} = numbers[{0}];", n_numbers),
        *_number_lines("let s{0} = 0;", n),
        "for (let s = 0; s < sessions; s++) {",
        *_number_lines("s{0} = first[{0}];", n - n_sums),
        "for (let t = 0; t < trials; t++) {",
        f"const row = (s * trials + t) * {features + 1}, choice = rows[row + {features}];",
        "const known = choice >= 0 ? 1 : 0;",
        *(f"const chosen{a} = choice === {a} ? 1 : 0;" for a in options),
        *_written(nodes, names, "row", {"session": "g{0}"}),
        *(f"const n{k} = {names[node.number]};" for k, node in enumerate(trial.states)),
        *_number_lines("s{0} = n{0};", n),
        "}",
        "}",
        *(f"sums[{i}] = s{n - n_sums + i};" for i in range(n_sums)),
        "}",
    ]
    return "\n".join(lines)


def _written(
    nodes: Sequence[Node], names: dict[int, str], row: str, places: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Yield a line for each operation, and name what it computes."""
    leaves = {"global": "g{0}", "row": f"rows[{row} + {{0}}]", **(places or {})}
    for node in nodes:
        if node.number in names:
            continue
        if node.op == "const":
            names[node.number] = f"({node.value!r})".replace("inf", "Infinity")
            continue
        args = [names[arg.number] for arg in node.args if arg.number in names]
        if node.op in leaves:
            code = leaves[node.op].format(int(node.value))
        elif node.op in BINARY:
            code = f"{args[0]} {BINARY[node.op]} {args[1]}"
        else:
            code = CALLS[node.op].format(*args)
        names[node.number] = f"v{node.number}"
        yield f"const v{node.number} = {code};"


def _cross_entropy(logits: Sequence[str], states: int) -> Iterator[str]:
    """Yield the loss of a trial and its slope by each logit, 0 where the choice is not known."""
    n = range(len(logits))
    yield f"const top = Math.max({', '.join(logits)});"
    yield from (f"const e{a} = Math.exp({logits[a]} - top);" for a in n)
    yield f"const sum = {' + '.join(f'e{a}' for a in n)};"
    yield "if (choice >= 0) {"
    chosen = " : ".join([*(f"choice === {a} ? {logits[a]}" for a in n[:-1]), logits[-1]])
    yield f"total += Math.log(sum) - (({chosen}) - top);"
    yield from (f"tape[at + {states + a}] = e{a} / sum - (choice === {a} ? 1 : 0);" for a in n)
    yield "} else {"
    yield from (f"tape[at + {states + a}] = 0;" for a in n)
    yield "}"


def _number_lines(line: str, n: int) -> Iterator[str]:
    return (line.format(i) for i in range(n))
