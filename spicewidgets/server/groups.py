"""Bounds of the system's own (cgroup v2) for a kernel with its processes, where this server may set them."""

import os
from contextlib import suppress
from pathlib import Path

from .watch import Bounds, families

ROOT = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")
CONTROLLERS = ("memory", "pids")


class Groups:
    """The groups of processes below the server's own.

    Args:
        path: the server's own group, in which others may be made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        # Bounds can be set only below a group that has no processes itself.
        server = path / "server"
        server.mkdir(exist_ok=True)
        for pid in _members(path):
            (server / "cgroup.procs").write_text(pid)
        (path / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in CONTROLLERS))

    @classmethod
    def find(cls, root: Path = ROOT, own: Path = OWN) -> "Groups | None":
        """Find the server's group; None where there is none, or the server may not divide it.

        Args:
            root: where the system shows its groups.
            own: the file that tells the group of this process.
        """
        with suppress(OSError, StopIteration):
            line = next(line for line in own.read_text().splitlines() if line.startswith("0::"))
            path = root / line.removeprefix("0::").lstrip("/")
            known = (path / "cgroup.controllers").read_text().split()
            # Else it is a login's, or a shell's.
            ours = families([os.getpid()])[os.getpid()]
            alone = set(_members(path)) <= {str(each.pid) for each in ours}
            if path != root and set(CONTROLLERS) <= set(known) and alone and os.access(path, os.W_OK):
                return cls(path)
        return None

    def take(self, pid: int, bounds: Bounds) -> "Group":
        """Put a kernel's process into a group of its own.

        Raises:
            OSError: if the system refuses.
        """
        group = Group(self.path / f"learner-{pid}")
        group.path.mkdir(exist_ok=True)
        if bounds.memory:
            (group.path / "memory.max").write_text(str(bounds.memory))
        if bounds.processes:
            # Threads are counted, too.
            (group.path / "pids.max").write_text(str(64 + 8 * bounds.processes))
        (group.path / "cgroup.procs").write_text(str(pid))
        return group


def _members(path: Path) -> list[str]:
    return (path / "cgroup.procs").read_text().split()


class Group:
    """A kernel's group.

    Args:
        path: where the system shows it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def was_full(self) -> bool:
        """Tell whether the system ended a process of it for want of memory."""
        with suppress(OSError):
            events = dict(line.split() for line in (self.path / "memory.events").read_text().splitlines())
            return int(events.get("oom_kill", 0)) > 0
        return False

    def end(self) -> None:
        """End all its processes, and remove it."""
        with suppress(OSError):
            (self.path / "cgroup.kill").write_text("1")
        with suppress(OSError):
            self.path.rmdir()
