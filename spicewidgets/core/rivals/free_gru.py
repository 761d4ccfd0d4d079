"""A recurrent network of which no structure is asked, and its loss in one compiled call.

A trial of such a network is a few hundred products, for which torch needs a dozen calls; all trials of a
batch are one call of a kernel here (`core/train/compiled`). Where there is none, for want of a compiler or
with many units, torch does the same.
"""

from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..train.compiled.graph import Graph, Node
from ..train.compiled.kernel import Kernel, NoCompilerError
from ..train.compiled.trial import CompiledTrial

NEVER = -1e9  # logit of an option that is not on offer
MOST_UNITS = 16  # of a kernel: more would take longer to compile than most trainings save


class FreeGRU(nn.Module):
    """A GRU that sees each trial and who chooses.

    Args:
        n_inputs: of each trial; see `ceiling.inputs_of`.
        n_actions: number of options.
        n_participants: number of people.
        units: of the network.
        embedding_size: numbers of each person.
        dropout: share of these, and of units, left out in training.
    """

    def __init__(
        self,
        n_inputs: int,
        n_actions: int,
        n_participants: int,
        *,
        units: int,
        embedding_size: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.people = nn.Embedding(n_participants, embedding_size)
        nn.init.normal_(self.people.weight, std=0.1)
        self.memory = nn.GRU(n_inputs + embedding_size, units, batch_first=True)
        self.readout = nn.Linear(units, n_actions)
        self.dropout = nn.Dropout(dropout)

    def forward(self, inputs: Tensor, people: Tensor) -> Tensor:
        """Return the logits of the next choice after each trial, `(n_sessions, n_trials, n_actions)`.

        Args:
            inputs: `(n_sessions, n_trials, n_inputs)`.
            people: code of each session's participant, `(n_sessions,)`.
        """
        own = self.dropout(self.people(people))[:, None].expand(-1, inputs.shape[1], -1)
        hidden, _ = self.memory(torch.cat([inputs, own], -1))
        logits: Tensor = self.readout(self.dropout(hidden))
        return logits

    def loss(
        self, inputs: Tensor, people: Tensor, choices: Tensor, counted: Tensor, offered: Tensor | None = None
    ) -> Tensor:
        """Compute the mean loss of the choices that count, in nats.

        Args:
            inputs: of each trial, as in `forward`.
            people: of each session.
            choices: the next one after each trial, `(n_sessions, n_trials)`.
            counted: whether it counts, `(n_sessions, n_trials)`.
            offered: whether each option could be chosen, `(n_sessions, n_trials, n_actions)`.
        """
        kernel = kernel_of(
            inputs.shape[-1], self.memory.hidden_size, len(self.readout.bias), offered is not None
        )
        if kernel is None:
            logits = mask_logits(self(inputs, people), offered)
            return nn.functional.cross_entropy(logits[counted], choices[counted])
        n, units = inputs.shape[-1], self.memory.hidden_size
        seen, own = self.memory.weight_ih_l0[:, :n], self.memory.weight_ih_l0[:, n:]
        first = self.memory.bias_hh_l0 * (torch.arange(3 * units) < 2 * units)  # the last third is reset
        gates = self.dropout(self.people(people)) @ own.T + self.memory.bias_ih_l0 + first
        weights = (
            seen,
            self.memory.weight_hh_l0,
            self.memory.bias_hh_l0[2 * units :],
            *self.readout.parameters(),
        )
        rows = inputs if offered is None else torch.cat([inputs, offered], -1)
        noise = self.dropout(torch.ones(*inputs.shape[:2], units)) if self.training else None
        loss: Tensor = KernelLoss.apply(kernel, rows, choices, counted, noise, gates, *weights)  # type: ignore[no-untyped-call,unused-ignore]
        return loss


class KernelLoss(torch.autograd.Function):
    """The loss of a batch by a kernel, as one operation of torch."""

    @staticmethod
    def forward(
        ctx: Any,
        kernel: Kernel,
        rows: Tensor,
        choices: Tensor,
        counted: Tensor,
        noise: Tensor | None,
        gates: Tensor,
        *weights: Tensor,
    ) -> Tensor:
        """Return the loss; its gradient is computed with it where it is wanted."""
        batch = kernel.batch(*(one.numpy().swapaxes(0, 1) for one in (rows, counted, choices)))
        n, (n_blocks, n_trials, _, lanes) = batch.n_sessions, batch.rows.shape
        units = weights[1].shape[1]
        drawn = np.ones((n_blocks * lanes, n_trials, units), np.float32)
        if noise is not None:
            drawn[:n] = noise.numpy()
        drawn = drawn.reshape(n_blocks, lanes, n_trials, units).transpose(0, 2, 3, 1)
        flat = torch.cat([one.detach().flatten() for one in weights]).numpy()
        back = any(ctx.needs_input_grad)
        loss, slope, own, _, _ = kernel(
            batch,
            np.full((1, n), 1 / max(batch.n_known, 1)),
            flat[None],
            gates.detach().numpy().T[None],
            np.zeros((1, units, n)),
            np.ascontiguousarray(drawn)[None],
            back,
        )
        if back:
            parts = torch.from_numpy(slope[0]).float().split([one.numel() for one in weights])
            shaped = [part.view_as(one) for part, one in zip(parts, weights, strict=True)]
            ctx.save_for_backward(torch.from_numpy(own[0].T.copy()), *shaped)
        return torch.tensor(float(loss[0]))

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradient by what people add to the gates, and by each weight."""
        return (*[None] * 5, *(grad * slope for slope in ctx.saved_tensors))


def mask_logits(logits: Tensor, offered: Tensor | None) -> Tensor:
    """Return logits with those of options that were not on offer out of the way."""
    return logits if offered is None else logits.masked_fill(~offered, NEVER)


@cache
def kernel_of(n_inputs: int, units: int, n_actions: int, with_offers: bool) -> Kernel | None:
    """Return the kernel of a network; None where torch has to do."""
    if units > MOST_UNITS:
        return None
    trial = _trial_of(n_inputs, units, n_actions)
    try:
        return Kernel(trial.with_offers() if with_offers else trial, np.float32)
    except NoCompilerError:
        return None


def _trial_of(n_inputs: int, units: int, n_actions: int) -> CompiledTrial:
    """Write a trial of `nn.GRU` with a readout as expressions; weights are in the order of `FreeGRU.loss`."""
    graph = Graph(np.float32)
    n_weights = 0

    def weights(n_rows: int, n_columns: int) -> list[list[Node]]:
        nonlocal n_weights
        first, n_weights = n_weights, n_weights + n_rows * n_columns
        return [
            [graph.leaf("global", first + i * n_columns + j) for j in range(n_columns)] for i in range(n_rows)
        ]

    def add(start: Node, row: list[Node], values: list[Node]) -> Node:
        for weight, value in zip(row, values, strict=True):
            start = graph("fma", weight, value, start)
        return start

    seen, kept = (
        [graph.leaf("row", i) for i in range(n_inputs)],
        [graph.leaf("state", i) for i in range(units)],
    )
    of_seen, of_kept, bias = weights(3 * units, n_inputs), weights(3 * units, units), weights(1, units)[0]
    read, read_bias = weights(n_actions, units), weights(1, n_actions)[0]
    gates = [add(graph.leaf("session", i), row, seen) for i, row in enumerate(of_seen)]
    after = []
    for i, before in enumerate(kept):
        reset = graph("sigmoid", add(gates[i], of_kept[i], kept))
        keep = graph("sigmoid", add(gates[units + i], of_kept[units + i], kept))
        old = add(bias[i], of_kept[2 * units + i], kept)
        new = graph("tanh", graph("fma", reset, old, gates[2 * units + i]))
        after.append(graph("fma", keep, before - new, new))
    out = [value * graph.leaf("noise", i) for i, value in enumerate(after)]
    logits = tuple(add(one, row, out) for one, row in zip(read_bias, read, strict=True))
    return CompiledTrial(graph, logits, tuple(after), n_weights, 3 * units, n_inputs, units)
