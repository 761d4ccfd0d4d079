"""At the ends of the range a kernel does as torch does: infinite where it is, no number where it is none."""

from copy import deepcopy
from itertools import product

import numpy as np
import pytest
import torch
from torch import nn

from spicewidgets import BaseRNN, RescorlaWagnerRNN
from spicewidgets.core.settings import Training
from spicewidgets.core.train.compiled import check
from spicewidgets.core.train.compiled.loss import CompiledLoss, Program
from spicewidgets.core.train.compiled.symbolic import HANDLERS
from spicewidgets.core.train.objective import EagerLoss, Sessions, get_flat_parameters
from spicewidgets.core.train.training import train

from .models import dataset_of, seeded

F = nn.functional
NORMAL = (0.3, 1.0, -2.5, 7.0, -0.2)
EXTREME = (0.0, -0.0, 30.0, -30.0, 88.5, -95.0, 120.0, 1e-30, 1e-41, -1e-30, 1e8, 1e30, -1e30, 3e38, -3e38)
NONE = (float("inf"), float("-inf"), float("nan"))
PAIRS = np.array(list(product(NORMAL + EXTREME + NONE, repeat=2)))

# What is computed of two numbers, and the names under which it comes to the trace.
OPERATIONS = {
    "add radd": lambda x, y: (x + y) + 1.0,
    "sub subtract rsub": lambda x, y: torch.subtract(x, y) + (1.0 - x) - y,
    "mul rmul multiply": lambda x, y: 2.0 * (x * y),
    "times nothing": lambda x, y: 0.0 * x + y,
    "less itself": lambda x, y: x - x + y,
    "div truediv divide true_divide": lambda x, y: x / y,
    "rdiv rtruediv": lambda x, y: 2.0 / x + y,
    "rdiv of a small number": lambda x, y: 1e-25 / x + y,
    "reciprocal": lambda x, y: x.reciprocal() * y,
    "neg negative": lambda x, y: 1.0 / (-x) + y,
    "exp": lambda x, y: x.exp() * y,
    "exp over exp": lambda x, y: x.exp() / (x.exp() + y.exp()),
    "nothing times exp": lambda x, y: 0.0 * x.exp() + y,
    "nothing times log": lambda x, y: 0.0 * x.log() + y,
    "expm1": lambda x, y: torch.expm1(x) * y,
    "log": lambda x, y: x.log() * y,
    "log of exp": lambda x, y: x.exp().log() + y,
    "log of sigmoid": lambda x, y: x.sigmoid().log() + y,
    "log1p": lambda x, y: torch.log1p(x) * y,
    "tanh": lambda x, y: x.tanh() * y,
    "sigmoid": lambda x, y: x.sigmoid() * y,
    "sqrt": lambda x, y: x.sqrt() * y,
    "abs absolute": lambda x, y: x.abs() + torch.absolute(y),
    "sign": lambda x, y: x.sign() * y,
    "detach": lambda x, y: x.detach() * y,
    "silu": lambda x, y: F.silu(x) * y,
    "logsigmoid log_sigmoid": lambda x, y: F.logsigmoid(x) * y,
    "softplus": lambda x, y: F.softplus(x) * y,
    "softplus of a beta": lambda x, y: F.softplus(x, 2.0, 5.0) + y,
    "log of softplus": lambda x, y: F.softplus(x).log() + y,
    "relu": lambda x, y: torch.relu(x) * y,
    "leaky_relu": lambda x, y: F.leaky_relu(x) + y,
    "clamp clip": lambda x, y: torch.clip(x.clamp(-2.5, 30.0), max=7.0) + y,
    "hardtanh": lambda x, y: F.hardtanh(x, -2.5, 7.0) + y,
    "where": lambda x, y: torch.where(x > 0, x, y * 2),
    "where one is not looked at": lambda x, y: torch.where(x > 0, x.log(), y),
    "maximum": torch.maximum,
    "minimum": torch.minimum,
    "lt less gt greater": lambda x, y: (x < y).float() * x + (x > y) * y,
    "le less_equal ge greater_equal": lambda x, y: (x <= y).float() + (x >= y) * y,
    "eq ne": lambda x, y: (x == y) * x + (x != y) * y,
    "logical_and and": lambda x, y: ((x > 0) & (y > 0)) * x + torch.logical_and(x, y),
    "logical_not invert bitwise_not": lambda x, y: torch.logical_not(x) * y + (~(x > 0)),
    "square": lambda x, y: torch.square(x) + y,
    "pow": lambda x, y: x**2 + y**3,
    "pow 4 and 1": lambda x, y: x**4 + y**1,
    "pow -1": lambda x, y: x.pow(-1) + y,
    "pow a half": lambda x, y: x**0.5 + y,
    "rpow": lambda x, y: 2.0**x + y,
    "rpow of a small number": lambda x, y: 0.5**x + y,
    "lerp": lambda x, y: torch.lerp(x, y, 0.3) + torch.lerp(y, x, 0.7),
    "lerp by a value": lambda x, y: torch.lerp(torch.ones_like(x), x, y),
    "sum mean": lambda x, y: torch.stack([x, y], -1).sum(-1) + torch.stack([x, y], -1).mean(-1),
    "softmax": lambda x, y: torch.softmax(torch.stack([x, y], -1), -1)[..., 0],
    # Weights under 1: a processor that adds and multiplies in one step meets no overflow of the product.
    "matmul linear": lambda x, y: (torch.stack([x, y], -1) @ torch.tensor([[0.5], [0.25]]).to(x)).squeeze(-1),
}
# They only put numbers elsewhere, or are of whole numbers.
MOVES = (
    *("positive", "contiguous", "clone", "float", "double", "alias", "to", "type_as", "type", "int", "long"),
    *("unsqueeze", "squeeze", "expand", "broadcast_to", "expand_as", "reshape", "view", "flatten", "permute"),
    *("transpose", "swapaxes", "unbind", "chunk", "split", "tensor_split", "getitem", "select", "narrow"),
    *("flip", "roll", "stack", "cat", "concat", "concatenate", "zeros_like", "ones_like", "full_like"),
    *("new_zeros", "new_ones"),
)
TESTED_BELOW = ("prod", "dropout", "gru_step")


class Applied(BaseRNN):
    """The state is an operation of the two rewards and a weight of each; its logit stands against 0.3."""

    init_values = {"x_v": 0.0}

    def __init__(self, operation):
        super().__init__(2)
        self.operation = operation
        self.w = nn.Parameter(torch.zeros(2))

    def weights(self, n_sessions):
        return self.w

    def forward(self, inputs, prev_state=None, batch_first=False):
        (_, rewards, *_), _, logits, trials = self.init_forward_pass(inputs, prev_state, batch_first)
        w = self.weights(inputs.shape[1])
        for trial, reward in zip(trials, rewards, strict=True):
            x, y = (reward + w).unbind(-1)
            v = self.operation(x, y)
            self.state["x_v"] = torch.stack([v, v * 0.0 + 0.3], -1)
            logits[trial] = self.state["x_v"]
        return self.post_forward_pass(logits, batch_first), self.get_state()


class OfSessions(Applied):
    """The same, with the slope by the weights of each session."""

    def weights(self, n_sessions):
        self.expanded = self.w.expand(n_sessions, 2)
        self.expanded.retain_grad()
        return self.expanded


def sessions_of(pairs, dtype):
    """Sessions of one trial."""
    inputs = torch.zeros(1, len(pairs), 5, dtype=dtype)
    inputs[0, :, 0], inputs[0, :, 2:4] = 1, torch.as_tensor(pairs)
    targets = torch.arange(len(pairs))[None] % 2
    return Sessions(inputs, targets, torch.ones(1, len(pairs), dtype=dtype))


def by_torch(operation, sessions):
    """State, loss and slope of each session, by autograd."""
    model = OfSessions(operation).to(sessions.inputs)
    logits, state = model(sessions.inputs)
    loss = F.cross_entropy(logits[0], sessions.targets[0], reduction="none")
    loss.sum().backward()
    return state["x_v"][:, 0].detach().numpy(), loss.detach().numpy(), model.expanded.grad.numpy()


def by_kernel(operation, sessions):
    """The same, each session by itself in one call for all."""
    model = Applied(operation).to(sessions.inputs)
    program, n = Program(model, sessions.inputs), sessions.n_sessions
    batch = program.kernel.batch(
        sessions.inputs.numpy()[..., program.rows], sessions.weights.numpy(), sessions.targets.numpy()
    )
    theta = np.zeros((n, 2), sessions.inputs.numpy().dtype)
    loss, slope, after = program(theta, sessions.inputs[0], batch, np.eye(n), None, True)
    return after[0, 0], loss, slope


def assert_same(found, expected, dtype):
    """The same kind of number everywhere, and the same number where it is finite: the state relative to its
    size, loss and slope to the parts of size 1 that they are a difference of.
    """
    tolerance, rounding = (2e-5, 1e-7) if dtype == torch.float32 else (1e-11, 5e-16)
    for one, other, absolute in zip(found, expected, (1e-37, rounding, rounding), strict=True):
        np.testing.assert_array_equal(np.isnan(one), np.isnan(other))
        np.testing.assert_array_equal(np.isinf(one) * np.sign(one), np.isinf(other) * np.sign(other))
        finite = np.isfinite(other)
        np.testing.assert_allclose(one[finite], other[finite], rtol=tolerance, atol=absolute)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_that_of_torch_for_every_kind_of_number(name, dtype):
    sessions = sessions_of(PAIRS, dtype)
    found, expected = (by(OPERATIONS[name], sessions) for by in (by_kernel, by_torch))
    assert_same(found, expected, dtype)


def test_no_operation_is_left_out():
    names = {name for names in OPERATIONS for name in names.split() if name in HANDLERS}
    assert set(HANDLERS) == names.union(MOVES, TESTED_BELOW)


class Recurrent(BaseRNN):
    """A value that each trial moves by an operation, with weights of its own, read by a weight."""

    init_values = {"x_v": 0.1}

    def __init__(self, operation):
        super().__init__(2)
        self.operation = operation
        self.w, self.readout = nn.Parameter(torch.tensor([0.4, -0.3])), nn.Parameter(torch.tensor([1.5]))

    def forward(self, inputs, prev_state=None, batch_first=False):
        (_, rewards, *_), _, logits, trials = self.init_forward_pass(inputs, prev_state, batch_first)
        for trial, reward in zip(trials, rewards, strict=True):
            x, y = self.w[0] * reward[:, :1], self.state["x_v"] + self.w[1]
            moved = self.operation(x.expand_as(y), y)
            self.state["x_v"] = 0.5 * self.state["x_v"] + moved
            logits[trial] = self.state["x_v"] * self.readout
        return self.post_forward_pass(logits, batch_first), self.get_state()


def sessions_with(n_sessions, values, share, dtype, seed=0):
    """Sessions of 1 to 6 trials, a share of whose rewards is among some values."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 7, n_sessions)
    lengths[0] = 6
    inputs = np.zeros((6, n_sessions, 5))
    inputs[..., 0], inputs[..., 2:4] = 1, rng.normal(size=(6, n_sessions, 2))
    odd = rng.random((6, n_sessions)) < share
    inputs[odd, 2] = rng.choice(values, odd.sum())
    trial = np.minimum(np.arange(6)[:, None], lengths - 1)
    inputs = torch.tensor(inputs[trial, np.arange(n_sessions)], dtype=dtype)
    weights = torch.tensor(np.arange(6)[:, None] < lengths, dtype=dtype)
    return Sessions(inputs, torch.tensor(rng.integers(2, size=(6, n_sessions))) * weights.long(), weights)


def by_loss(loss, model, sessions):
    with np.errstate(all="ignore"):
        return loss(model)(get_flat_parameters(model), sessions)


@pytest.mark.parametrize("name", OPERATIONS)
def test_sessions_of_any_number_and_length_are_those_of_torch(name):
    for n_sessions, share in ((1, 0.2), (2, 0), (7, 0), (8, 0.03), (15, 0.02), (16, 0), (17, 0), (33, 0.01)):
        dtype = torch.float32 if n_sessions % 2 else torch.float64
        sessions = sessions_with(n_sessions, EXTREME + NONE, share, dtype, n_sessions)
        model = Recurrent(OPERATIONS[name]).to(dtype)
        found, expected = (by_loss(loss, deepcopy(model), sessions) for loss in (CompiledLoss, EagerLoss))
        for one, other in zip(found, expected, strict=True):
            kinds = [np.where(np.isfinite(x), 0, x) for x in (one, other)]
            np.testing.assert_array_equal(*kinds)
            finite = np.isfinite(other)
            scale = np.abs(other[finite]).max(initial=1e-3)
            error = np.abs(one[finite] - other[finite]).max(initial=0)
            assert error < scale * (1e-4 if dtype == torch.float32 else 1e-9)


@pytest.mark.parametrize("extreme", [0.0, 1e4, -1e30, *NONE])
def test_the_standard_module_is_that_of_numpy_for_every_kind_of_number(extreme):
    sessions = sessions_with(9, [extreme], 0.1, torch.float64)
    model = seeded(lambda: RescorlaWagnerRNN(2), spread=0.3).double()
    found, expected = (by_loss(loss, deepcopy(model), sessions) for loss in (CompiledLoss, EagerLoss))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "values", [(0.0, 2.0, 3.0), (0.0, 0.0, 3.0), (1.5, 2.0, -3.0), NONE, (1e30, 1e30, 2.0)]
)
def test_the_slope_of_a_product_is_that_of_torch(values):
    """Torch looks for zeros among all sessions, hence one session alone."""

    def operation(x, y):
        return torch.stack([x, y, x * 0.0 + values[2]], -1).prod(-1)

    sessions = sessions_of(np.array([values[:2]] * 2), torch.float32)
    assert_same(by_kernel(operation, sessions), by_torch(operation, sessions), torch.float32)


def test_an_offset_of_all_logits_changes_no_loss():
    class Offset(Recurrent):
        def forward(self, inputs, prev_state=None, batch_first=False):
            logits, state = super().forward(inputs, prev_state, batch_first)
            return logits * 0.0 + 1e8, state

    sessions = sessions_with(9, [0.0], 0.0, torch.float32)
    (loss,), _ = CompiledLoss(Offset(torch.add))(get_flat_parameters(Offset(torch.add)), sessions)
    assert loss == pytest.approx(np.log(2), rel=1e-6)


@pytest.mark.parametrize(
    "operation",
    [lambda x, y: (x**2 * y**2 + x * x).log(), lambda x, y: (x * x).sqrt(), lambda x, y: (x * 2.0) ** -1],
    ids=["log", "sqrt", "power"],
)
def test_what_fills_up_a_block_is_no_reason_to_refuse_a_model(operation):
    """Sessions that fill up have data of 0 only: their logarithms are infinite, and count for nothing."""
    sessions = sessions_with(5, [0.0], 0.0, torch.float32)
    assert check(Recurrent(operation), sessions) == ""


def test_a_few_extreme_values_in_a_short_session_are_noticed_as_without_a_compiler():
    """The logarithm of a reaction time of 0."""
    dataset = dataset_of(n_sessions=12, n_trials=40)
    dataset.xs[..., 2:4] = torch.rand(12, 40, 2) + 0.2
    dataset.xs[7, 20:, :4], dataset.ys[7, 20:] = -1, -1
    settings = Training(epochs=20, n_starts=1, optimizer="adam")

    def trained(compiled):
        model = seeded(lambda: Recurrent(lambda x, y: (x / 0.4).log() * 0.1 + 0.1 * y))
        return list(train(model, dataset, settings, random_state=0, compiled=compiled))

    sound = [trained(compiled)[-1] for compiled in (True, False)]
    assert sound[0].train_loss == pytest.approx(sound[1].train_loss, abs=1e-5)
    dataset.xs[7, 3:5, 2:4] = 0
    records = [trained(compiled)[0] for compiled in (True, False)]
    assert records[0].note == records[1].note
    assert records[0].note.startswith("The loss is not a number from the beginning")
    assert records[0].eager == ""


DEAD = {
    "is not used": lambda w, x: (torch.where(w > 0, w.log(), x), x)[1],
    "is detached": lambda w, x: x + w.log().detach() * 0.0 + (w.log() * x).detach().clamp(-1.0, 1.0),
    "is used where it is not looked at": lambda w, x: torch.where(w > 0, w.log(), x),
}


class OfWeight(Applied):
    """The first reward, with something of a weight beside it."""

    def forward(self, inputs, prev_state=None, batch_first=False):
        (_, rewards, *_), _, logits, trials = self.init_forward_pass(inputs, prev_state, batch_first)
        for trial, reward in zip(trials, rewards, strict=True):
            x, y = (reward + self.w[1]).unbind(-1)
            self.state["x_v"] = torch.stack([self.operation(self.w[0], x), y], -1)
            logits[trial] = self.state["x_v"]
        return self.post_forward_pass(logits, batch_first), self.get_state()


@pytest.mark.parametrize("weight", [0.0, 1e-30, 0.5, 1e20])
@pytest.mark.parametrize("name", DEAD)
def test_what_the_loss_does_not_use_has_no_slope(name, weight):
    """The slope of an unused `log(w)` was no number at 0, where torch has none; the check had passed."""
    model = OfWeight(DEAD[name]).double()
    sessions = sessions_of(np.array([(0.3, 1.0), (-2.5, 7.0), (0.0, 0.2)]), torch.float64)
    assert check(model, sessions) == ""
    theta = np.array([[weight, 0.5]])
    for told, expected in zip(
        CompiledLoss(deepcopy(model))(theta, sessions),
        EagerLoss(deepcopy(model))(theta, sessions),
        strict=True,
    ):
        np.testing.assert_allclose(told, expected, rtol=1e-9, atol=1e-12)


def test_starts_and_sessions_that_count_are_asked_for_one_by_one():
    model = OfWeight(DEAD["is not used"]).double()
    sessions = sessions_of(np.array([(0.3, 1.0), (-2.5, 7.0), (0.0, 0.2)]), torch.float64)
    rows, counts = (
        np.array([[0.0, 0.5], [0.7, 0.5], [0.0, -0.5]]),
        np.array([[1, 0, 2], [1, 1, 1], [0, 3, 0]]),
    )
    loss, gradient = CompiledLoss(deepcopy(model))(rows, sessions, counts=counts)
    for start, (row, times) in enumerate(zip(rows, counts, strict=True)):
        own = sessions.take(torch.arange(3).repeat_interleave(torch.as_tensor(times)))
        (expected,), (slope,) = EagerLoss(deepcopy(model))(row[None], own)
        assert loss[start] == pytest.approx(expected, rel=1e-9)
        np.testing.assert_allclose(gradient[start], slope, rtol=1e-9, atol=1e-12)
