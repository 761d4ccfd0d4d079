"""The fused GRU step: its gradient against finite differences, its numbers against PyTorch's own cells."""

import numpy as np
import pytest
import torch
from hypothesis import given, strategies as st
from torch.autograd.functional import jacobian

from spicewidgets.core.train.gru import CLIP, gru_step
from spicewidgets.core.train.modules import GRUModule


def arguments(
    n_starts=1, n_sessions=3, n_actions=2, n_inputs=1, row_bias=False, mask=True, seed=0, spread=1.0
):
    """Random float64 arguments of `gru_step`, all but the action with a gradient."""
    rng = torch.Generator().manual_seed(seed)
    rows = (n_starts * n_sessions, n_actions)

    def draw(*shape):
        return torch.randn(*shape, dtype=torch.float64, generator=rng).mul(spread).requires_grad_()

    return (
        draw(*rows),
        torch.randint(2, rows, generator=rng).double() if mask else None,
        draw(n_starts, 4, 2 + n_inputs),
        draw(n_starts, 4, n_sessions * n_actions) if row_bias else None,
        draw(n_starts, 1),
        draw(n_starts, 1),
        *(draw(*rows) for _ in range(n_inputs)),
    )


def plain(value, action, weights, row_bias, scale, offset, *inputs):
    """The formula of the docstring, in operations that autograd knows."""
    n_starts = len(weights)

    def flat(x):
        return x.reshape(n_starts, -1)

    features = torch.stack([torch.ones_like(flat(value)), flat(value), *map(flat, inputs)], 1)
    gates = weights @ features + (0 if row_bias is None else row_bias)
    reset, update = torch.sigmoid(gates[:, 0]), torch.sigmoid(gates[:, 1])
    candidate = torch.tanh(gates[:, 2] + reset * gates[:, 3])
    hidden = (1 - update) * candidate + update * flat(value)
    after = (flat(value) + scale * hidden + offset).clamp(-CLIP, CLIP).reshape(value.shape)
    return after if action is None else after * action


@pytest.mark.parametrize("n_starts", [1, 3])
@pytest.mark.parametrize("n_inputs", [0, 1, 2])
@pytest.mark.parametrize("row_bias", [False, True])
@pytest.mark.parametrize("mask", [False, True])
def test_gradient_is_that_of_finite_differences(n_starts, n_inputs, row_bias, mask):
    given_to = arguments(n_starts, n_inputs=n_inputs, row_bias=row_bias, mask=mask)
    assert torch.autograd.gradcheck(gru_step, given_to, fast_mode=False)


def test_gradient_stops_at_the_clip_and_at_the_mask():
    value = torch.tensor([[9.99, -9.99, 3.0, 3.0]], dtype=torch.float64, requires_grad=True)
    action = torch.tensor([[1.0, 1.0, 1.0, 0.0]], dtype=torch.float64)
    weights = torch.zeros(1, 4, 2, dtype=torch.float64)
    scale = torch.tensor(
        [[1.0]], dtype=torch.float64
    )  # h is half the value, so that the first two are clipped
    after = gru_step(value, action, weights, None, scale, torch.zeros(1, 1, dtype=torch.float64))
    assert after.tolist() == [[10.0, -10.0, 4.5, 0.0]]
    after.sum().backward()
    assert value.grad.tolist() == [[0.0, 0.0, 1.5, 0.0]]


@given(
    n_starts=st.integers(1, 3),
    n_sessions=st.integers(1, 4),
    n_actions=st.integers(2, 4),
    n_inputs=st.integers(0, 3),
    row_bias=st.booleans(),
    mask=st.booleans(),
    seed=st.integers(0, 2**31),
    spread=st.sampled_from([0.1, 1.0, 30.0]),
)
def test_equals_the_plain_formula(n_starts, n_sessions, n_actions, n_inputs, row_bias, mask, seed, spread):
    """Values and all gradients, also with saturated gates, where a careless sigmoid overflows."""
    ours = arguments(n_starts, n_sessions, n_actions, n_inputs, row_bias, mask, seed, spread)
    theirs = [None if x is None else x.detach().clone().requires_grad_(x.requires_grad) for x in ours]
    a, b = gru_step(*ours), plain(*theirs)
    torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)
    pull = torch.linspace(-1, 2, a.numel(), dtype=torch.float64).reshape(a.shape)
    (a * pull).sum().backward()
    (b * pull).sum().backward()
    for x, y in zip(ours, theirs, strict=True):
        if x is not None and x.requires_grad:
            torch.testing.assert_close(x.grad, y.grad, rtol=1e-8, atol=1e-8)


def from_torch(cell, scale, offset):
    """Our weights for a `torch.nn.GRUCell` with one hidden unit; its gates come as reset, update, new."""
    w_in, w_state = cell.weight_ih, cell.weight_hh[:, 0]
    b_in, b_state = cell.bias_ih, cell.bias_hh
    weights = torch.zeros(1, 4, 2 + cell.input_size, dtype=cell.weight_ih.dtype)
    for gate in (0, 1):
        weights[0, gate, 0] = b_in[gate] + b_state[gate]
        weights[0, gate, 1] = w_state[gate]
        weights[0, gate, 2:] = w_in[gate]
    weights[0, 2, 0], weights[0, 2, 2:] = b_in[2], w_in[2]
    weights[0, 3, 0], weights[0, 3, 1] = b_state[2], w_state[2]
    return weights, weights.new_tensor([[scale]]), weights.new_tensor([[offset]])


@pytest.mark.parametrize("n_inputs", [1, 2])
def test_equals_torchs_gru_cell(n_inputs):
    """The oracle: `torch.nn.GRUCell` with one hidden unit, a linear layer behind it, and the residual."""
    torch.manual_seed(5)
    cell = torch.nn.GRUCell(n_inputs, 1).double()
    weights, scale, offset = from_torch(cell, 0.7, -0.2)
    value = torch.randn(6, 2, dtype=torch.float64)
    inputs = torch.randn(6, 2, n_inputs, dtype=torch.float64)
    hidden = cell(inputs.reshape(-1, n_inputs), value.reshape(-1, 1)).reshape(value.shape)
    after = gru_step(value, None, weights, None, scale, offset, *inputs.unbind(-1))
    torch.testing.assert_close(after, value + 0.7 * hidden - 0.2, rtol=0, atol=1e-14)


def test_a_module_equals_torchs_gru_cell_through_many_trials():
    """The same as a `GRUModule`, its `forward` and its gradient included."""
    torch.manual_seed(6)
    cell = torch.nn.GRUCell(1, 1).double()
    module = GRUModule(1).double()
    with torch.no_grad():
        weights, scale, offset = from_torch(cell, 0.4, 0.1)
        module.gates.copy_(weights)
        module.scale.copy_(scale)
        module.offset.copy_(offset)
    rewards = torch.randint(2, (20, 4, 1), dtype=torch.float64)
    ours = theirs = torch.full((4, 1), 0.5, dtype=torch.float64)
    for reward in rewards:
        ours = ours + module(torch.stack([ours, reward], -1)).squeeze(-1)
        theirs = theirs + 0.4 * cell(reward, theirs) + 0.1
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)
    ours.sum().backward()
    theirs.sum().backward()
    torch.testing.assert_close(module.gates.grad[0, 1, 2], cell.weight_ih.grad[1, 0], rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(module.gates.grad[0, 3, 1], cell.weight_hh.grad[2, 0], rtol=1e-9, atol=1e-12)


def test_weights_that_a_gru_lacks_get_no_gradient():
    """The candidate sees the state only through the reset gate, and the reset gate holds back no input."""
    module = GRUModule(2).double()
    module(torch.randn(3, 2, 3, dtype=torch.float64)).sum().backward()
    unused = module.gates.grad[0][module.used == 0]
    assert unused.tolist() == [0.0, 0.0, 0.0]
    assert (module.gates.grad[0][module.used == 1] != 0).all()


def test_starts_do_not_see_each_other():
    together = arguments(n_starts=3, n_inputs=2, row_bias=True, seed=8)
    sessions, starts = [x.chunk(3) for x in together[:2]], [x.chunk(3) for x in together[2:6]]
    inputs = [x.chunk(3) for x in together[6:]]
    alone = [gru_step(*(x[i] for x in (*sessions, *starts, *inputs))) for i in range(3)]
    torch.testing.assert_close(gru_step(*together), torch.cat(alone), rtol=0, atol=1e-14)

    def change(weights):
        return gru_step(*together[:2], weights, *together[3:])

    slopes = jacobian(change, together[2])  # (9, 2, 3 starts, 4, 4)
    for row in range(9):
        others = [start for start in range(3) if start != row // 3]
        assert slopes[row][:, others].abs().max() == 0


def test_float32_stays_float32_and_close_to_float64():
    exact = arguments(n_inputs=1, seed=3)
    single = gru_step(*(None if x is None else x.float() for x in exact))
    assert single.dtype == torch.float32
    assert np.abs(single.detach().numpy() - gru_step(*exact).detach().numpy()).max() < 1e-5


def test_a_row_bias_for_all_arms_alike():
    """The same as one repeated for each arm, and its gradient is their sum."""
    value, action, weights, full, scale, offset, *inputs = arguments(n_starts=2, n_actions=3, row_bias=True)
    alike = full.detach()[:, :, ::3].clone().requires_grad_()
    repeated = alike.detach().repeat_interleave(3, 2).requires_grad_()
    found = []
    for bias in (alike, repeated):
        after = gru_step(value, action, weights, bias, scale, offset, *inputs)
        (after * torch.arange(after.numel()).view_as(after)).sum().backward()
        found.append(after.detach())
    assert torch.equal(*found)
    torch.testing.assert_close(alike.grad, repeated.grad.view(2, 4, -1, 3).sum(-1))
