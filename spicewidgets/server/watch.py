"""What a kernel and all processes that it has started take together, and the end of one that takes too much.

The system bounds each process (`parent.py`); a learner who starts many has that bound many times.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

KEPT_FREE = 0.06  # share of the machine's memory that has to be left; else the largest kernel ends
GB = 2**30
RELOAD = "Reload the page to begin a new one, and choose smaller settings."
ENDED = "as much as one may, and was ended."
TOO_MUCH = {
    "processes": f"This session started more than {{bound}} processes, {ENDED}",
    "memory": f"This session took more than {{bound}} GB of memory, {ENDED}",
    "disk": f"This session wrote more than {{bound}} GB, {ENDED}",
    "machine": "The machine had no memory left, and this session, which had most of it, was ended.",
}


@dataclass(frozen=True)
class Bounds:
    """What a kernel may take with all processes that it has started; 0 is no bound.

    Attributes:
        memory, disk: bytes.
        processes: how many, with its own.
    """

    memory: int = 0
    disk: int = 0
    processes: int = 0


@dataclass(frozen=True)
class Watched:
    """A kernel that is looked at.

    Attributes:
        pid: its process.
        bounds: what it may take.
        folder: where it writes.
    """

    pid: int
    bounds: Bounds
    folder: Path | None = None


def families(pids: Iterable[int]) -> dict[int, list[psutil.Process]]:
    """Find the processes that each of some has started, and those that these have, and so on.

    Args:
        pids: processes, each the first of a session of the system's, so that what it leaves is found, too.

    Returns:
        For each its processes that are there; without itself if it has ended.
    """
    found: dict[int, list[psutil.Process]] = {pid: [] for pid in pids}
    processes = {process.pid: process for process in psutil.process_iter(["ppid"])}
    for pid, process in processes.items():
        if (head := _head(pid, processes, found)) is not None:
            found[head].append(process)
    return found


def _head(pid: int, processes: Mapping[int, psutil.Process], heads: Mapping[int, object]) -> int | None:
    if hasattr(os, "getsid"):
        with suppress(OSError):
            if (session := os.getsid(pid)) in heads:
                return session
    seen: set[int] = set()
    while pid in processes and pid not in heads and pid not in seen:
        seen.add(pid)
        pid = processes[pid].info["ppid"]
    return pid if pid in heads else None


def look(kernels: Mapping[str, Watched]) -> dict[str, str]:
    """Find the kernels that take too much.

    Args:
        kernels: by name.

    Returns:
        For each of these a sentence for its learner.
    """
    family = families(kernel.pid for kernel in kernels.values())
    found = {}
    for name, kernel in kernels.items():
        if kind := _find_excess(kernel, family[kernel.pid]):
            found[name] = describe_excess(kind, getattr(kernel.bounds, kind))
    memory = psutil.virtual_memory()
    if not found and kernels and memory.available < KEPT_FREE * memory.total:
        largest = max(kernels, key=lambda name: own_memory(family[kernels[name].pid]))
        found[largest] = describe_excess("machine", 0)
    return found


def describe_excess(kind: str, bound: int) -> str:
    """Tell a learner what was too much: more than so many processes, or bytes."""
    words = str(bound) if kind == "processes" else f"{bound / GB:.1f}"
    return f"{TOO_MUCH[kind].format(bound=words)} {RELOAD}"


def _find_excess(kernel: Watched, family: list[psutil.Process]) -> str | None:
    for kind, measure in MEASURES.items():
        bound = getattr(kernel.bounds, kind)
        if bound and measure(kernel, family) > bound:
            return kind
    return None


def _processes(_: Watched, family: list[psutil.Process]) -> int:
    return len(family)


def _memory(kernel: Watched, family: list[psutil.Process]) -> int:
    resident = 0  # what is shared is counted each time: quick, and never too few
    for process in family:
        with suppress(psutil.Error):
            resident += process.memory_info().rss
    return own_memory(family) if resident > kernel.bounds.memory else resident


def _disk(kernel: Watched, _: list[psutil.Process]) -> int:
    return 0 if kernel.folder is None else written(kernel.folder)


MEASURES: Mapping[str, Callable[[Watched, list[psutil.Process]], int]] = {
    "processes": _processes,
    "memory": _memory,
    "disk": _disk,
}


def own_memory(family: list[psutil.Process]) -> int:
    """Measure what ending these processes would free, in bytes."""
    total = 0
    for process in family:
        with suppress(psutil.Error):
            total += process.memory_full_info().uss
    return total


def written(folder: Path) -> int:
    """Measure the files in a folder, in bytes on the disk."""
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                status = os.lstat(os.path.join(where, name))
                total += 512 * status.st_blocks if hasattr(status, "st_blocks") else status.st_size
    return total


def end(pid: int) -> None:
    """End a process, and all that it has started."""
    for process in families([pid])[pid]:
        with suppress(psutil.Error):
            process.kill()
