"""Loss and gradient of a model by a kernel: weights go in as one flat vector, for one start or for many.

`CompiledLoss` is the `Loss` that training calls. It raises `TraceError` where a model cannot be compiled.
"""

import math
from copy import deepcopy
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..objective import EagerLoss, Sessions, get_flat_parameters
from ..rnn import BaseRNN
from .kernel import Array, Batch, kernel_of
from .symbolic import TraceError
from .tracing import trace_of


class Program:
    """A model's forward for so many sessions: the prelude in torch, and the loop as a kernel.

    Args:
        model: in the mode (training or not) and number type that is wanted.
        inputs: `(n_trials, n_sessions, n_features)`; only the number of sessions matters, and what stays the
            same in a session.
        with_offers: whether the data say which options are on offer.
    """

    def __init__(self, model: BaseRNN, inputs: Tensor, with_offers: bool = False) -> None:
        trace = trace_of(model, inputs)
        self.prelude = trace.prelude
        self.trial = trace.trial.with_offers() if with_offers else trace.trial
        self.rows, self.noises, self.noise_of = trace.rows, trace.noises, trace.noise_of
        self.kernel = kernel_of(self.trial, np.float64 if inputs.dtype == torch.float64 else np.float32)
        direct = [(slot, at) for slot, (number, at) in enumerate(trace.weights) if number < 0]
        self.slots, self.places = np.array(direct, int).reshape(-1, 2).T
        self.computed = [(slot, *what) for slot, what in enumerate(trace.weights) if what[0] >= 0]
        self.of_sessions = trace.sessions
        self.initial: list[tuple[int, tuple[Any, ...]]] = [
            (trace.outputs[key], (slice(None), *index)) for key, index in trace.state_of
        ]
        self.states = trace.initial
        self.outputs = self.prelude.outputs
        self.live = [i for i, output in enumerate(self.outputs) if self.prelude.changes(output)]
        self.shapes = [tuple(p.shape) for p in self.prelude.parameters]
        self.masked = np.array(sorted(self.prelude.masked), int)

    def run(self, theta: Array, features: Tensor, back: bool) -> tuple[Tensor, list[Tensor]]:
        """Return the weights as a tensor, and the prelude's outputs for them; with autograd if `back`."""
        weights = torch.from_numpy(theta).to(features.dtype)
        needs_grad = bool(self.live) and back
        with torch.set_grad_enabled(needs_grad):
            weights.requires_grad_(needs_grad)
            return weights, self.values(weights, features)

    def numbers(self, theta: Array, outputs: list[Tensor], n: int) -> tuple[Array, Array, Array]:
        """Return the kernel's arguments from the weights and the prelude.

        Returns:
            Numbers of each start, `(n_starts, n_globals)`; of each session, `(n_starts, n, n_sessions)`; the
            initial state, `(n_starts, n_states, n_sessions)`.
        """
        values = [output.detach().numpy() for output in outputs]
        g = np.empty((len(theta), self.trial.n_globals), self.kernel.dtype)
        g[:, self.slots] = theta[:, self.places]
        for slot, number, at in self.computed:
            g[:, slot] = values[number].reshape(len(theta), -1)[:, at]
        c = np.empty((len(theta), len(self.of_sessions), n), self.kernel.dtype)
        for i, (number, index) in enumerate(self.of_sessions):
            c[:, i] = _per_session(values[number], index)
        return g, c, np.stack([_per_session(values[number], index) for number, index in self.initial], 1)

    def values(self, theta: Tensor, features: Tensor) -> list[Tensor]:
        """Return the prelude's outputs for each start, `(n_starts, ...)`."""
        if not self.live:
            return [output.detach().expand(len(theta), *output.shape) for output in self.outputs]
        if len(theta) == 1:
            return [output.unsqueeze(0) for output in self.prelude(self.parameters(theta[0]), features)]
        run = torch.vmap(
            lambda row: tuple(self.prelude(self.parameters(row), features)), randomness="different"
        )
        return list(run(theta))

    def parameters(self, theta: Tensor) -> list[Tensor]:
        """Cut a flat vector into tensors."""
        sizes = [int(np.prod(shape)) for shape in self.shapes]
        parts = theta.split(sizes) if sizes else ()
        return [part.view(shape) for part, shape in zip(parts, self.shapes, strict=True)]

    def noise(self, n_starts: int, n_trials: int, n: int, n_columns: int, dtype: torch.dtype) -> Array | None:
        """Masks of dropout for each trial, drawn in the order in which the forward draws them."""
        if not self.noises:
            return None
        drawn = [
            [
                nn.functional.dropout(torch.ones(n_starts * n, *shape[1:], dtype=dtype), p)
                for p, shape in self.noises
            ]
            for _ in range(n_trials)
        ]
        flat = torch.stack([torch.cat([x.reshape(n_starts, n, -1) for x in trial], -1) for trial in drawn])
        used = flat.numpy()[..., self.noise_of]  # (n_trials, n_starts, n, n_noises)
        padded = np.zeros((n_trials, n_starts, n_columns, used.shape[-1]), used.dtype)
        padded[:, :, :n] = used
        lanes = self.kernel.lanes
        blocks = padded.reshape(n_trials, n_starts, n_columns // lanes, lanes, -1)
        return np.ascontiguousarray(blocks.transpose(1, 2, 0, 4, 3))

    def __call__(
        self, theta: Array, features: Tensor, batch: Batch, shares: Array, state: Array | None, back: bool
    ) -> tuple[Array, Array, Array]:
        """Loss `(n_starts,)`, gradient `(n_starts, n_weights)` and the state at the end."""
        n_starts, n = len(theta), batch.n_sessions
        weights, outputs = self.run(theta, features, back)
        g, c, initial = self.numbers(theta, outputs, n)
        noise = self.noise(n_starts, batch.n_trials, n, batch.n_columns, features.dtype)
        begin = initial if state is None else state
        loss, dg, dc, ds, after = self.kernel(batch, shares, g, c, begin, noise, back)
        gradient = np.zeros(theta.shape)
        if back:
            gradient[:, self.places] = dg[:, self.slots]
        if weights.requires_grad:
            ds = ds if state is None else np.zeros_like(ds)  # a later part's state carries no gradient
            gradient += self.pull_back(weights, outputs, dg, dc, ds)
        if not math.isfinite(np.vdot(theta, theta) + np.vdot(gradient, gradient)):
            loss = loss + (theta[:, self.masked] * 0).sum(1)  # 0 times no number is none
            gradient[np.ix_(~np.isfinite(gradient).all(1), self.masked)] = np.nan
        return loss, gradient, after

    def pull_back(self, weights: Tensor, outputs: list[Tensor], dg: Array, dc: Array, ds: Array) -> Array:
        """Return the gradient by the weights, from that by the prelude's outputs."""
        slopes = [np.zeros(output.shape, self.kernel.dtype) for output in outputs]
        for slot, number, at in self.computed:
            slopes[number].reshape(len(dg), -1)[:, at] += dg[:, slot]
        for i, (number, index) in enumerate(self.of_sessions):
            _per_session(slopes[number], index)[...] += dc[:, i]
        for k, (number, index) in enumerate(self.initial):
            _per_session(slopes[number], index)[...] += ds[:, k]
        pairs = [(o, torch.from_numpy(s)) for o, s in zip(outputs, slopes, strict=True) if o.requires_grad]
        if not pairs:
            return np.zeros(weights.shape)
        (gradient,) = torch.autograd.grad([o for o, _ in pairs], weights, [s for _, s in pairs])
        exact: Array = gradient.numpy().astype(float)
        return exact


def _per_session(values: Array, index: tuple[int | slice, ...]) -> Array:
    """Return an element of each session, `(n_starts, n_sessions)`: a view."""
    place: Any = (slice(None), *index)
    view: Array = values[place]
    return view


class CompiledLoss:
    """Loss and gradient of a model, in nats per choice, by a kernel.

    Args:
        model: the model, in the mode (training or not) and number type that is wanted.
        n_steps: trials of each gradient; None for all.
    """

    def __init__(self, model: BaseRNN, n_steps: int | None = None) -> None:
        if model.device.type != "cpu":
            raise TraceError("it is not on the CPU")
        self.model, self.n_steps = model, n_steps
        self._programs: dict[tuple[int, bool], Program] = {}
        self._last: tuple[Sessions, list[Batch]] | None = None
        self._eager: EagerLoss | None = None

    def with_steps(self, n_steps: int | None) -> "CompiledLoss":
        """Make the loss of the same model with other steps, which shares the programs."""
        other = CompiledLoss(self.model, n_steps)
        other._programs = self._programs
        return other

    def program(self, sessions: Sessions) -> Program:
        """Return the program for so many sessions."""
        key = sessions.n_sessions, sessions.offered is not None
        if key not in self._programs:
            self._programs[key] = Program(self.model, sessions.inputs, key[1])
        return self._programs[key]

    def batches(self, sessions: Sessions, program: Program) -> list[Batch]:
        """Return the sessions in parts of `n_steps` trials, as the kernel reads them; kept for the next
        call.
        """
        if self._last is None or self._last[0] is not sessions:
            inputs, n_trials = sessions.inputs.numpy()[:, :, program.rows], len(sessions.inputs)
            if sessions.offered is not None:
                inputs = np.concatenate([inputs, sessions.offered.numpy()], -1)
            weights, targets = sessions.weights.numpy(), sessions.targets.numpy()
            steps = min(self.n_steps or n_trials, n_trials)
            parts = [slice(begin, begin + steps) for begin in range(0, n_trials, steps)]
            self._last = (
                sessions,
                [program.kernel.batch(inputs[part], weights[part], targets[part]) for part in parts],
            )
        return self._last[1]

    def __call__(
        self, theta: Array, sessions: Sessions, *, counts: Array | None = None, back: bool = True
    ) -> tuple[Array, Array]:
        """Loss of each start and its gradient.

        Args:
            theta: weights of each start, `(n_starts, n_weights)`.
            sessions: the data, in the model's number type.
            counts: how often each session counts for each start, `(n_starts, n_sessions)`; once when None.
            back: whether the gradient is wanted.

        Returns:
            Loss in nats per choice, `(n_starts,)`, and gradient, `(n_starts, n_weights)`; float64.
        """
        if sessions.n_sessions == 1:  # a tensor of one session looks like one of no sessions
            sessions = self._as_doubles(sessions)
            counts = np.tile([1.0, 0.0], (len(theta), 1))
        program = self.program(sessions)
        batches = self.batches(sessions, program)
        if counts is None:
            n_known = max(sum(batch.n_known for batch in batches), 1)
            shares = np.full((len(theta), sessions.n_sessions), 1 / n_known)
        else:
            known = counts @ sum(batch.known for batch in batches)
            shares = counts / np.maximum(known, 1)[:, None]
        total, gradient, state = np.zeros(len(theta)), np.zeros(theta.shape), None
        for batch in batches:
            loss, slope, state = program(theta, sessions.inputs[0], batch, shares, state, back)
            total, gradient = total + loss, gradient + slope
        if back:
            self._as_torch(theta, sessions, counts, total, gradient)
        return total, gradient

    def _as_torch(
        self, theta: Array, sessions: Sessions, counts: Array | None, total: Array, gradient: Array
    ) -> None:
        """Let torch say what a gradient is that is infinite or no number at weights that are finite.

        A slope of 0 that meets an infinite derivative is no number. In torch it may not meet it: where the
        loss does not use a number, or no more after the last trial, its slope is none at all, and counts as
        0. Losses and gradients are replaced in place.
        """
        for start in np.flatnonzero(~np.isfinite(gradient).all(1) & np.isfinite(theta).all(1)):
            own = sessions
            if counts is not None:
                times = torch.as_tensor(counts[start]).long()
                own = sessions.take(torch.arange(len(times)).repeat_interleave(times))
            if self._eager is None:
                self._eager = EagerLoss(deepcopy(self.model), self.n_steps)
            (total[start],), (gradient[start],) = self._eager(theta[start : start + 1], own)

    def _as_doubles(self, sessions: Sessions) -> Sessions:
        if self._last is None or getattr(self, "_single", None) is not sessions:
            self._single, self._pair = sessions, sessions.repeat(2)
        return self._pair


def states_before(model: BaseRNN, inputs: Tensor) -> dict[str, Tensor]:
    """Return the memory state before each trial, by name: `(n_trials, n_sessions, n_actions)`.

    Args:
        model: a model that passes the check, in float64 and without dropout.
        inputs: `(n_trials, n_sessions, n_features)`, float64.
    """
    n_trials, n_sessions, _ = inputs.shape
    whole = inputs if n_sessions > 1 else inputs.repeat(1, 2, 1)  # one session looks like none
    program, theta = Program(model, whole), get_flat_parameters(model)
    _, outputs = program.run(theta, whole[0], back=False)
    g, c, state = program.numbers(theta, outputs, whole.shape[1])
    parts = []
    for begin in range(0, n_sessions, program.kernel.lanes):
        part = slice(begin, min(begin + program.kernel.lanes, n_sessions))
        nothing = np.zeros((n_trials, part.stop - begin), int)
        batch = program.kernel.batch(inputs[:, part].numpy()[..., program.rows], nothing, nothing)
        parts.append(program.kernel.states(batch, g, c[..., part], state[..., part]))
    rows, states = np.concatenate(parts, 2).transpose(0, 2, 1), {}
    for name, initial in program.states.items():
        n = initial[0].numel()
        states[name] = torch.from_numpy(rows[..., :n].copy()).view(n_trials, n_sessions, *initial.shape[1:])
        rows = rows[..., n:]
    return states
