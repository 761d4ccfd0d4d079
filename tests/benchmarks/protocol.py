"""How the benchmark scripts talk to a worker: one JSON object a line, in on stdin, out on stdout.

A worker is a process of its own, so that the peer can live in its own environment and each side's memory is
measured alone. Standard library only, because both environments import it. Knows nothing of what is measured.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

HERE = Path(__file__).resolve().parent
LIBRARIES = ("OMP", "MKL", "OPENBLAS", "NUMBA")
# On a machine that others use, the processor's time says more than the clock on the wall. For one thread they
# are the same where nothing else runs.
CPU = os.environ.get("BENCHMARK_CLOCK") == "cpu"
clock = time.process_time if CPU else time.perf_counter
# pandas loads pyarrow where it is installed, 33 MB: an extra of ours that is not in the peer's environment;
# here neither side has it.
sys.modules.setdefault("pyarrow", None)  # type: ignore[arg-type]
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in LIBRARIES}


def peak_memory_mb() -> float:
    """Largest resident memory of this process so far, in MB.

    `ru_maxrss` alone would not do: on Linux a child starts with its parent's peak, and ours has torch loaded.
    """
    try:
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024
    except (OSError, IndexError):
        unit = 1024**2 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def children_seconds() -> float:
    """Seconds so far by the same clock, for those who wait for whole processes."""
    told = os.times()
    return told.children_user + told.children_system if CPU else time.perf_counter()


def serve(commands: dict[str, Callable[..., dict[str, Any]]]) -> None:
    """Answer requests until stdin ends; whatever else is printed goes to stderr."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"ok": True, **commands[request.pop("command")](**request)}
        except Exception:  # the parent must hear of any failure, whatever its kind
            answer = {"ok": False, "error": traceback.format_exc()}
        print(json.dumps(answer), file=answers)


class Worker:
    """A worker process with one thread; `ask("fit", ...)` returns its answer. Use it in a `with` block."""

    def __init__(self, python: str | Path, script: str) -> None:
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115 -- closed in close()
        self._process = subprocess.Popen(
            [str(python), str(HERE / script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            env={**os.environ, **ONE_THREAD},
        )

    def ask(self, command: str, **arguments: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"command": command, **arguments}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            code = self._process.wait()
            self._log.seek(0)
            raise RuntimeError(f"The worker ended with exit code {code} and these words:\n{self._log.read()}")
        answer: dict[str, Any] = json.loads(line)
        if not answer.pop("ok"):
            raise RuntimeError(f"The worker could not do {command!r}:\n{answer['error']}")
        return answer

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
