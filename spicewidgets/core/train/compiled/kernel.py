"""The machine code of a kernel, the data as it wants them, and the call.

Knows nothing of torch or models.
"""

import ctypes
import re
from dataclasses import dataclass
from typing import Any

import llvmlite.binding as llvm
import numpy as np

from .emit import ARRAYS, COUNTS, Trial, Writer

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Batch:
    """Sessions as a kernel reads them: in blocks of as many as it has lanes, padded with sessions of no
    weight.

    Attributes:
        rows: features, weight and choice of each trial, `(n_blocks, n_trials, n_rows, n_lanes)`.
        known: trials whose next choice is known, of each session, `(n_sessions,)`.
        n_sessions: number of sessions, without the padding.
    """

    rows: Array
    known: Array
    n_sessions: int

    @property
    def n_columns(self) -> int:
        """Number of sessions, with the padding."""
        return int(self.rows.shape[0] * self.rows.shape[3])

    @property
    def n_trials(self) -> int:
        """Number of trials."""
        return int(self.rows.shape[1])


class Kernel:
    """Loss and gradient of one trial's expressions over all sessions, trials and starts.

    Args:
        trial: the expressions.
        dtype: float32 or float64.
    """

    def __init__(self, trial: Trial, dtype: Any) -> None:
        self.trial, self.dtype = trial, np.dtype(dtype)
        writer = Writer(trial, self.dtype == np.float64)
        self.lanes, self.tape_rows = writer.lanes, writer.tape_rows
        self._engine = machine_code(writer.source())
        kinds = [ctypes.c_int64] * len(COUNTS) + [ctypes.c_void_p] * len(ARRAYS)
        self._function = ctypes.CFUNCTYPE(None, *kinds)(self._engine.get_function_address("kernel"))

    def batch(self, features: Array, weights: Array, targets: Array) -> Batch:
        """Sessions in blocks: features `(n_trials, n_sessions, n_rows)`, weights and indices of the next
        choice `(n_trials, n_sessions)`.
        """
        n_trials, n_sessions = weights.shape
        n_actions = len(self.trial.logits)
        chosen = (targets[..., None] == np.arange(n_actions)) * weights[..., None]
        n_blocks = -(-n_sessions // self.lanes)
        width = self.trial.n_rows + 1 + n_actions
        rows = np.zeros((n_trials, n_blocks * self.lanes, width), self.dtype)
        rows[:, :n_sessions, : self.trial.n_rows] = features
        rows[:, :n_sessions, self.trial.n_rows] = weights
        rows[:, :n_sessions, self.trial.n_rows + 1 :] = chosen
        rows = rows.reshape(n_trials, n_blocks, self.lanes, width)
        return Batch(np.ascontiguousarray(rows.transpose(1, 0, 3, 2)), weights.sum(0), n_sessions)

    def columns(self, values: Array, n_columns: int) -> Array:
        """Per-session numbers `(n_starts, n, n_sessions)`, padded."""
        padded = np.zeros((*values.shape[:2], n_columns), self.dtype)
        padded[:, :, : values.shape[2]] = values
        return padded

    def __call__(
        self,
        batch: Batch,
        shares: Array,
        globals_: Array,
        sessions: Array,
        states: Array,
        noises: Array | None = None,
        back: bool = True,
    ) -> tuple[Array, Array, Array, Array, Array]:
        """Loss and its gradient.

        Args:
            batch: the sessions.
            shares: what each session's losses are multiplied by, `(n_starts, n_sessions)`.
            globals_: numbers of each start, `(n_starts, n_globals)`.
            sessions: numbers of each session, `(n_starts, n, n_sessions)`.
            states: the memory state before the first trial, `(n_starts, n_states, n_sessions)`.
            noises: numbers of each session and trial, `(n_starts, n_blocks, n_trials, n_noises, n_lanes)`.
            back: whether the gradient is wanted.

        Returns: Loss `(n_starts,)`; gradient by globals, by sessions and by states; the state after the last
            trial.
        """
        return self._run(batch, shares, globals_, sessions, states, noises, back)[0]

    def states(self, batch: Batch, globals_: Array, sessions: Array, states: Array) -> Array:
        """The memory state before each trial, `(n_trials, n_states, n_sessions)`, of one start and no more
        sessions than lanes.
        """
        shares = np.zeros((1, batch.n_sessions))
        _, tape = self._run(batch, shares, globals_, sessions, states, None, back=False)
        rows = tape.reshape(batch.n_trials, self.tape_rows, self.lanes)
        before: Array = rows[:, : len(self.trial.states), : batch.n_sessions]
        return before

    def _run(
        self,
        batch: Batch,
        shares: Array,
        globals_: Array,
        sessions: Array,
        states: Array,
        noises: Array | None,
        back: bool,
    ) -> tuple[tuple[Array, Array, Array, Array, Array], Array]:
        """The results, and the tape of the last block."""
        n_starts, n_columns, n = len(globals_), batch.n_columns, batch.n_sessions
        shares = self.columns(shares[:, None], n_columns)
        globals_ = np.ascontiguousarray(globals_, self.dtype)
        sessions, states = self.columns(sessions, n_columns), self.columns(states, n_columns)
        loss, d_globals = np.zeros(n_starts), np.zeros(globals_.shape)
        d_sessions, d_states, after = np.zeros_like(sessions), np.zeros_like(states), np.empty_like(states)
        tape = np.empty(batch.n_trials * self.tape_rows * self.lanes, self.dtype)
        arrays = (batch.rows, shares, globals_, sessions, states, tape if noises is None else noises, tape)
        results = (loss, d_globals, d_sessions, d_states, after)
        pointers = [array.ctypes.data for array in (*arrays, *results)]
        self._function(n_starts, len(batch.rows), batch.n_trials, int(back), *pointers)
        return (loss, d_globals, d_sessions[..., :n], d_states[..., :n], after[..., :n]), tape


def machine_code(source: str) -> Any:
    """The engine that owns the machine code of a source."""
    spelled = _spelled(source)
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    module = llvm.parse_assembly(spelled)
    module.verify()
    engine = llvm.create_mcjit_compiler(module, _target())
    engine.finalize_object()
    return engine


def _spelled(source: str) -> str:
    """The source as this version of LLVM spells pointers; before any use of it, an old one must be begun."""
    if llvm.llvm_version_info[0] < 17:
        llvm.initialize()
        return source
    return re.sub(r"(<\d+ x \w+>|\bfloat|\bdouble)\*", "ptr", source)


def _target() -> Any:
    """The machine that this runs on; each engine owns the one that it is made with."""
    features = llvm.get_host_cpu_features().flatten()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=features, opt=3
    )


_KERNELS: dict[tuple[Any, ...], Kernel] = {}


def kernel_of(trial: Trial, dtype: Any) -> Kernel:
    """The kernel of a trial; of equal trials only one in this process."""
    key = (trial.key, np.dtype(dtype).char)
    if key not in _KERNELS:
        _KERNELS[key] = Kernel(trial, dtype)
    return _KERNELS[key]
