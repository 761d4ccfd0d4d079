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
from ..train.torch_stream import TorchStream

Array = np.ndarray[Any, Any]
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
        self.gain = nn.Parameter(torch.zeros(embedding_size))  # how decided a person is, as its logarithm
        self.dropout = nn.Dropout(dropout)

    def forward(self, inputs: Tensor, people: Tensor) -> Tensor:
        """Return the logits of the next choice after each trial, `(n_sessions, n_trials, n_actions)`.

        Args:
            inputs: `(n_sessions, n_trials, n_inputs)`.
            people: code of each session's participant, `(n_sessions,)`.
        """
        own = self.dropout(self.people(people))[:, None]
        hidden, _ = self.memory(torch.cat([inputs, own.expand(-1, inputs.shape[1], -1)], -1))
        logits: Tensor = self.readout(self.dropout(hidden)) * (own @ self.gain).exp()[..., None]
        return logits


class GRULoss:
    """Mean loss of batches of choices in nats, and its gradient, of several networks side by side.

    Args:
        network: of the size of all.
        with_offers: whether the data say which options are on offer.
        kernel: whether a kernel computes it, where there is one.
    """

    def __init__(self, network: FreeGRU, with_offers: bool = False, kernel: bool = True) -> None:
        self.network, self._parameters = network, list(network.parameters())
        self.units, self.n_actions = network.memory.hidden_size, len(network.readout.bias)
        self.n_inputs = network.memory.input_size - network.people.embedding_dim
        self.with_offers = with_offers
        shape = self.n_inputs, self.units, self.n_actions, with_offers
        self._kernel = kernel_of(*shape) if kernel else None
        self._dropout = network.dropout.p

    def __call__(
        self,
        theta: Array,
        rows: Array,
        people: Array,
        choices: Array,
        rng: np.random.Generator | None = None,
    ) -> tuple[Array, Array]:
        """Compute loss and gradient.

        Args:
            theta: weights of each network, in the order of `FreeGRU.parameters`, `(n_networks, n_weights)`.
            rows: what is seen of each trial, then which options are on offer if that is known, `(n_sessions,
                n_trials, n_rows)`.
            people: of each session, `(n_sessions,)`.
            choices: the next one after each trial; -1 where it does not count, `(n_sessions, n_trials)`.
            rng: draws what is left out in training; None for a loss without its gradient, and with all units.

        Returns:
            Loss, `(n_networks,)`, and gradient, `(n_networks, n_weights)`; 0 without `rng`.
        """
        if self._kernel is None:
            return self._by_torch(theta, rows, people, choices, rng)
        n_networks, n, u = len(theta), self.n_inputs, self.units
        known = choices >= 0
        batch = self._kernel.batch(*(one.swapaxes(0, 1) for one in (rows, known, choices)))
        gain, everybody, into, over, into_bias, over_bias, *readout = self._cut(theta)
        own, kept = everybody[:, people], self._draw(rng, (n_networks, len(people), everybody.shape[2]))
        own = own * kept
        first = over_bias.copy()
        first[:, 2 * u :] = 0  # these are reset
        gates = own @ into[..., n:].swapaxes(1, 2) + (into_bias + first)[:, None]
        gains = np.exp(own @ gain[..., None])
        weights = (into[..., :n], over, over_bias[:, 2 * u :], *readout)
        loss, slopes, of_sessions, _, _ = self._kernel(
            batch,
            np.full((n_networks, len(rows)), 1 / max(batch.n_known, 1)),
            np.concatenate([one.reshape(n_networks, -1) for one in weights], 1),
            np.concatenate([gates, gains], 2).swapaxes(1, 2),
            np.zeros((n_networks, u, len(rows))),
            self._draw(rng, (n_networks, *batch.rows.shape[:2], u, self._kernel.lanes)),
            rng is not None,
        )
        gradient = np.zeros_like(theta)
        if rng is None:
            return loss, gradient
        d_gain, d_everybody, d_into, d_over, d_into_bias, d_over_bias, *d_readout = self._cut(gradient)
        begin = 0
        for one in (d_into[..., :n], d_over, d_over_bias[:, 2 * u :], *d_readout):
            size = one[0].size
            one[...] = slopes[:, begin : begin + size].reshape(one.shape)
            begin += size
        d_gates, d_gains = np.split(of_sessions.swapaxes(1, 2), [3 * u], 2)
        d_logs = d_gains * gains
        d_into_bias[...] = d_gates.sum(1)
        d_over_bias[:, : 2 * u] = d_into_bias[:, : 2 * u]
        d_into[..., n:] = d_gates.swapaxes(1, 2) @ own
        d_gain[...] = (d_logs * own).sum(1)
        d_own = d_gates @ into[..., n:] + d_logs * gain[:, None]
        of_people: Any = (slice(None), people)
        np.add.at(d_everybody, of_people, d_own * kept)
        return loss, gradient

    def _cut(self, flat: Array) -> list[Array]:
        """Return the weights of a flat vector as views, in the shapes of the parameters."""
        ends = np.cumsum([one.numel() for one in self._parameters])[:-1]
        parts = np.split(flat, ends, 1)
        return [
            part.reshape(len(flat), *one.shape) for part, one in zip(parts, self._parameters, strict=True)
        ]

    def _draw(self, rng: np.random.Generator | None, shape: tuple[int, ...]) -> Array:
        """Draw what is left out, as 0, and by how much the rest counts more."""
        if rng is None or not self._dropout:
            return np.ones(shape, np.float32)
        return (rng.random(shape, np.float32) >= self._dropout) * np.float32(1 / (1 - self._dropout))

    def _by_torch(
        self, theta: Array, rows: Array, people: Array, choices: Array, rng: np.random.Generator | None
    ) -> tuple[Array, Array]:
        """Compute the same by torch, network by network."""
        n, gradient, losses = self.n_inputs, np.zeros_like(theta), np.zeros(len(theta))
        seen, who, targets = (torch.from_numpy(one) for one in (rows, people, choices))
        network = self.network.train(rng is not None)
        stream = TorchStream(rng or np.random.default_rng(0))
        for place, flat in enumerate(theta):
            nn.utils.vector_to_parameters(torch.from_numpy(flat), self._parameters)
            network.zero_grad()
            with stream(), torch.set_grad_enabled(rng is not None):
                logits = mask_logits(
                    network(seen[..., :n], who), seen[..., n:] > 0 if self.with_offers else None
                )
                loss = nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=-1)
            losses[place] = float(loss.detach())
            if rng is not None:
                loss.backward()  # type: ignore[no-untyped-call,unused-ignore]
                gradient[place] = np.concatenate([one.grad.numpy().ravel() for one in self._parameters])  # type: ignore[union-attr]
        return losses, gradient


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
    """Write a trial of `nn.GRU` with a readout as expressions; weights are in the order of `GRULoss`."""
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
    gain = graph.leaf("session", 3 * units)
    logits = tuple(gain * add(one, row, out) for one, row in zip(read_bias, read, strict=True))
    return CompiledTrial(graph, logits, tuple(after), n_weights, 3 * units + 1, n_inputs, units)
