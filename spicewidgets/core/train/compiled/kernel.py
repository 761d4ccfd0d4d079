"""The machine code of a kernel, the layout of the data that it reads, and the call."""

import ctypes
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .emit import ARRAYS, COUNTS, Writer
from .symbolic import TraceError
from .trial import CompiledTrial

Array = np.ndarray[Any, Any]


class NoCompilerError(TraceError):
    """No model can be compiled on this machine."""


@dataclass(frozen=True)
class Batch:
    """Sessions as a kernel reads them: in blocks of as many as it has lanes, padded with sessions of no
    weight.

    Attributes:
        rows: features of each trial, and the next choice (-1 where it is not known), `(n_blocks, n_trials,
            n_rows + 1, n_lanes)`.
        known: trials whose next choice is known, of each session, `(n_sessions,)`.
        n_sessions: number of sessions, without the padding.
    """

    rows: Array
    known: Array
    n_sessions: int

    @cached_property
    def n_known(self) -> float:
        """Trials whose next choice is known, of all sessions."""
        return float(self.known.sum())

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

    def __init__(self, trial: CompiledTrial, dtype: Any) -> None:
        self.trial, self.dtype = trial, np.dtype(dtype)
        writer = Writer(trial, self.dtype == np.float64)
        self.lanes, self.tape_rows = writer.lanes, writer.tape_rows
        self._engine = machine_code(writer.source())
        kinds = [ctypes.c_int64] * len(COUNTS) + [ctypes.c_void_p] * len(ARRAYS)
        self._function = ctypes.CFUNCTYPE(None, *kinds)(self._engine.get_function_address("kernel"))

    def batch(self, features: Array, weights: Array, targets: Array) -> Batch:
        """Lay out sessions in blocks, the last one filled up with sessions that do not count.

        Args:
            features: `(n_trials, n_sessions, n_rows)`.
            weights: above 0 where the next choice is known, `(n_trials, n_sessions)`.
            targets: index of the next choice, `(n_trials, n_sessions)`.
        """
        n_trials, n_sessions = weights.shape
        n_blocks, n_rows = -(-n_sessions // self.lanes), self.trial.n_rows
        rows = np.zeros((n_trials, n_blocks * self.lanes, n_rows + 1), self.dtype)
        rows[:, :n_sessions, :n_rows] = features
        rows[..., n_rows] = -1
        rows[:, :n_sessions, n_rows] = np.where(weights > 0, targets, -1)
        rows = rows.reshape(n_trials, n_blocks, self.lanes, n_rows + 1)
        return Batch(np.ascontiguousarray(rows.transpose(1, 0, 3, 2)), weights.sum(0), n_sessions)

    def columns(self, values: Array, n_columns: int) -> Array:
        """Per-session numbers `(n_starts, n, n_sessions)`, with zeros for those that fill up a block."""
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

        Returns:
            Loss `(n_starts,)`; gradient by globals, by sessions and by states, of their shapes; the state
            after the last trial, `(n_starts, n_states, n_sessions)`.
        """
        return self._run(batch, shares, globals_, sessions, states, noises, back)[0]

    def states(self, batch: Batch, globals_: Array, sessions: Array, states: Array) -> Array:
        """Return the memory state before each trial, `(n_trials, n_states, n_sessions)`, of one start and no
        more sessions than lanes.
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
        """Return the results, and the tape of the last block."""
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
    """Return the engine that owns the machine code of a source.

    Raises:
        NoCompilerError: llvmlite is not installed. It is loaded here, with the first kernel.
        RuntimeError: the source is not in LLVM's language.
    """
    try:
        import llvmlite.binding as llvm
    except ImportError as error:
        raise NoCompilerError(f"there is no compiler ({error}). Install llvmlite") from error

    if llvm.llvm_version_info[0] < 17:
        llvm.initialize()
    else:
        source = without_pointer_types(source)
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    module = llvm.parse_assembly(source)
    module.verify()
    target = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=3
    )
    engine = llvm.create_mcjit_compiler(module, target)  # owns both
    engine.finalize_object()
    return engine


def without_pointer_types(source: str) -> str:
    """Return a source as LLVM spells it from version 17 on: pointers are of no type.

    The types are written all the same, because older versions want them, and because a wrong one shows a
    mistake: `tests/core/train/compiled/test_kernel.py` holds each use of a pointer against its definition.
    """
    for pointee in ("<16 x float>", "<8 x double>", "float", "double"):  # another is an error to LLVM
        source = source.replace(f"{pointee}*", "ptr")
    return source


_KERNELS: dict[tuple[Any, ...], Kernel] = {}


def kernel_of(trial: CompiledTrial, dtype: Any) -> Kernel:
    """Return the kernel of a trial; of equal trials only one in this process."""
    key = (trial.key, np.dtype(dtype).char)
    if key not in _KERNELS:
        _KERNELS[key] = Kernel(trial, dtype)
    return _KERNELS[key]
