"""Kernels: functions exact to the last places, one kernel for equal trials, memory that is nobody else's."""

import gc
import re

import numpy as np
import pytest

from spicewidgets.core.train.compiled.emit import Writer
from spicewidgets.core.train.compiled.graph import Graph
from spicewidgets.core.train.compiled.kernel import Kernel, kernel_of, without_pointer_types
from spicewidgets.core.train.compiled.loss import Program
from spicewidgets.core.train.compiled.trial import CompiledTrial

from .models import PRECODED, sessions_of

FUNCTIONS = {
    "exp": (np.exp, -80, 80),
    "log": (np.log, 1e-6, 1e3),
    "expm1": (np.expm1, -20, 80),
    "log1p": (np.log1p, -0.9, 1e3),
    "tanh": (np.tanh, -12, 12),
    "sigmoid": (lambda x: 1 / (1 + np.exp(-x)), -30, 30),
    "sqrt": (np.sqrt, 1e-6, 1e6),
    "abs": (np.abs, -5, 5),
    "sign": (np.sign, -5, 5),
}


def trial_of(formula):
    """A trial that writes a formula of its one feature into its state."""
    graph = Graph()
    zero = graph.leaf("const", 0.0)
    return CompiledTrial(graph, (zero, zero), (formula(graph, graph.leaf("row", 0)),), 0, 0, 1, 0)


def applied(kernel, x):
    n = len(x)
    batch = kernel.batch(x[None, :, None], np.ones((1, n)), np.zeros((1, n), int))
    nothing = np.zeros((1, 0)), np.zeros((1, 0, n)), np.zeros((1, 1, n))
    return kernel(batch, np.full((1, n), 1 / n), *nothing, back=False)[4][0, 0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_exact_to_a_few_units_of_the_last_place(name, dtype):
    exact, low, high = FUNCTIONS[name]
    x = np.concatenate([np.linspace(low, high, 20_001), np.geomspace(1e-6, 1e-2, 500)]).astype(dtype)
    found = applied(Kernel(trial_of(lambda g, a: g(name, a)), dtype), x)
    expected = exact(x.astype(np.longdouble))
    unit = np.finfo(dtype).eps
    assert np.abs((found - expected) / np.where(expected == 0, 1, expected)).max() < 4 * unit


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_at_its_ends_a_function_is_what_it_is_for_numpy(dtype):
    x = np.array([0, -0.0, 1e-40, -1e-40, 1e6, -1e6, np.inf, -np.inf, np.nan], dtype)
    for name, (exact, _, _) in FUNCTIONS.items():
        kernel = Kernel(trial_of(lambda g, a, name=name: g(name, a)), dtype)
        with np.errstate(all="ignore"):
            expected = np.where(np.isnan(x) & (name == "sign"), 0, exact(x))  # torch's sign of none is 0
        np.testing.assert_allclose(applied(kernel, x), expected, rtol=1e-6, atol=1e-45)


def test_a_loss_of_known_size():
    """Logits 0: ln 2 for each choice; and the softmax's slope."""
    graph = Graph()
    zero = graph.leaf("const", 0.0)
    logit = graph.leaf("global", 0)
    kernel = Kernel(CompiledTrial(graph, (logit, zero), (), 1, 0, 0, 0), np.float64)
    weights = np.array([[1, 1, 0], [1, 0, 0]], float)
    targets = np.array([[0, 1, 0], [0, 0, 0]])
    batch = kernel.batch(np.zeros((2, 3, 0)), weights, targets)
    assert batch.known.tolist() == [2, 1, 0]
    loss, slope, *_ = kernel(
        batch, np.full((2, 3), 1 / 3), np.array([[0.0], [1.0]]), np.zeros((2, 0, 3)), np.zeros((2, 0, 3))
    )
    p = 1 / (1 + np.exp(-1.0))
    np.testing.assert_allclose(loss, [np.log(2), -(2 * np.log(p) + np.log(1 - p)) / 3], rtol=1e-14)
    np.testing.assert_allclose(slope, [[0.5 - 2 / 3], [p - 2 / 3]], rtol=1e-13)


POINTER = re.compile(r"((?:<\d+ x \w+>|\w+)\*) (%[\w.]+)")
POINTEE = re.compile(r"(?:load|getelementptr) (.+?), (\S+|<.+?>)\* %|store (<.+?>|\w+) \S+ (\S+|<.+?>)\* %")


def wrong_pointers(source):
    """Lines that use a pointer as what it is not, or take another type from it than it points to."""
    types, wrong = dict(match[::-1] for match in POINTER.findall(source[: source.index("{")])), []
    for line in source.splitlines()[1:]:
        if line.startswith("declare"):
            continue
        if defined := re.match(r"(%[\w.]+) = (?:getelementptr (.+?),|bitcast .* to (.+)\*$)", line):
            types[defined[1]] = f"{defined[2] or defined[3]}*"
        moved = POINTEE.search(line)
        if any(types[name] != of for of, name in POINTER.findall(line)) or (
            moved and (moved[1] or moved[3]).strip(",") != (moved[2] or moved[4]).split(", ")[-1]
        ):
            wrong.append(line)
    return wrong


@pytest.mark.parametrize("double", [False, True])
@pytest.mark.parametrize("name", PRECODED)
def test_every_pointer_is_used_as_what_it_is(name, double):
    """LLVM itself has known no types of pointers since version 17."""
    model, sessions = PRECODED[name](2).double(), sessions_of().double()
    source = Writer(Program(model, sessions.inputs).trial, double).source()
    assert wrong_pointers(source) == []
    used = re.findall(r".*load <.*|.*store <.*|.*load double.*", source)
    assert len(used) > 10
    for line in used[:: len(used) // 10]:  # the source is read whole for each
        assert wrong_pointers(source.replace(line, re.sub(r"(float|double)(>?\*)", r"i16\2", line))) != []
    assert "*" not in without_pointer_types(source)


def test_equal_trials_have_one_kernel():
    def formula(g, a):
        return g("exp", a) * 0.123

    first = kernel_of(trial_of(formula), np.float32)
    assert kernel_of(trial_of(formula), np.float32) is first
    assert kernel_of(trial_of(formula), np.float64) is not first
    assert kernel_of(trial_of(lambda g, a: g("exp", a) * 0.124), np.float32) is not first


def test_kernels_come_and_go_without_harm_to_others():
    kept = Kernel(trial_of(lambda g, a: a * 2), np.float64)
    for factor in range(3, 6):
        assert (
            applied(Kernel(trial_of(lambda g, a, f=factor: a * f), np.float64), np.ones(3)).tolist()
            == [factor] * 3
        )
        gc.collect()
    assert applied(kept, np.ones(3)).tolist() == [2] * 3
