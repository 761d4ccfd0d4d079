"""One trial of a GRU module, for all sessions and arms at once, with its gradient written out by hand.

The arrays of one trial are tiny, so that autograd's bookkeeping of twenty operations would cost several times
what they compute. This is one operation to autograd, and NumPy inside. Knows nothing of models;
`tests/core/train/test_gru.py` holds its gradient against finite differences.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.overrides import handle_torch_function, has_torch_function

CLIP = 10.0  # values stay within -10..10, so that an early epoch cannot run away


class GRUCell(torch.autograd.Function):
    """One residual GRU step of one hidden unit (Cho et al. 2014, with the reset gate inside as in PyTorch).

    `next = clip(value + scale * h + offset) * action`, where `h = (1 - z) n + z value`, `r = sigmoid(G0)`, `z
    = sigmoid(G1)`, `n = tanh(G2 + r G3)`, and the four gates are linear: `G = weights @ (1, value, inputs) +
    row_bias`.

    Shapes: value, action (or None) and each input `(n_starts * n_sessions, n_actions)`; weights `(n_starts,
    4, 2 + n_inputs)`; row_bias `(n_starts, 4, n_sessions * n_actions)`, for all arms alike `(n_starts, 4,
    n_sessions)`, or None; scale and offset `(n_starts, 1)`. Returns the shape of value.
    """

    @staticmethod
    def forward(
        ctx: Any,
        value: Tensor,
        action: Tensor | None,
        weights: Tensor,
        row_bias: Tensor | None,
        scale: Tensor,
        offset: Tensor,
        *inputs: Tensor,
    ) -> Tensor:
        """Return the next value, and what its gradient needs."""
        w, out = _array(weights), _array(scale)
        features = np.empty((len(w), w.shape[2], value.numel() // len(w)), w.dtype)
        features[:, 0] = 1
        for row, x in enumerate((value, *inputs), start=1):
            features[:, row] = _array(x).reshape(len(w), -1)
        gates = w @ features
        if row_bias is not None:
            gates += np.repeat(_array(row_bias), gates.shape[2] // row_bias.shape[2], 2)
        rz = 0.5 * np.tanh(0.5 * gates[:, :2]) + 0.5  # the sigmoid, without overflow
        n = np.tanh(gates[:, 2] + rz[:, 0] * gates[:, 3])
        h = n + rz[:, 1] * (features[:, 1] - n)
        free = features[:, 1] + out * h + _array(offset)
        after = np.clip(free, -CLIP, CLIP)
        keep = (free == after).astype(w.dtype)
        if action is not None:
            keep = keep * _array(action).reshape(free.shape)
            after = after * _array(action).reshape(free.shape)
        ctx.arrays = (features, w, gates, rz, n, h, out, keep)
        ctx.n_rows = None if row_bias is None else row_bias.shape[2]
        return torch.from_numpy(after.reshape(value.shape)).to(value.device)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradient of each argument; none for the action."""
        features, w, gates, rz, n, h, out, keep = ctx.arrays
        d_next = _array(grad).reshape(keep.shape) * keep
        d_h = d_next * out
        d_hz = d_h * rz[:, 1]
        d_n = (d_h - d_hz) * (1 - n * n)
        d_gates = np.empty_like(gates)
        d_gates[:, 0] = d_n * gates[:, 3]
        d_gates[:, 1] = d_h * (features[:, 1] - n)
        d_gates[:, :2] *= rz * (1 - rz)
        d_gates[:, 2] = d_n
        d_gates[:, 3] = d_n * rz[:, 0]
        d_features = w.transpose(0, 2, 1) @ d_gates
        d_features[:, 1] += d_next + d_hz
        gradients = (
            d_features[:, 1].reshape(grad.shape),
            None,
            d_gates @ features.transpose(0, 2, 1),
            None if ctx.n_rows is None else d_gates.reshape(len(w), 4, ctx.n_rows, -1).sum(-1),
            (d_next * h).sum(1, keepdims=True),
            d_next.sum(1, keepdims=True),
            *(d_features[:, row].reshape(grad.shape) for row in range(2, w.shape[2])),
        )
        return tuple(None if d is None else torch.from_numpy(d).to(grad.device) for d in gradients)


def gru_step(*arguments: Any) -> Tensor:
    """Return the next value, of `GRUCell`'s arguments: an operation that others may take over, as the
    compiled path does.
    """
    if has_torch_function(arguments):
        taken_over: Tensor = handle_torch_function(gru_step, arguments, *arguments)
        return taken_over
    after: Tensor = GRUCell.apply(*arguments)  # type: ignore[no-untyped-call,unused-ignore]
    return after


def _array(tensor: Tensor) -> np.ndarray[Any, Any]:
    array: np.ndarray[Any, Any] = tensor.detach().cpu().numpy()
    return array
