"""The process from which kernels are forked: it has imported everything, has one thread, computes nothing.

It is started by `provisioner.py`, which asks it for a kernel with one line of JSON and is answered with the
kernel's process number. What it has imported is in memory once, for all its kernels.
"""

import gc
import importlib
import json
import os
import pkgutil
import resource
import select
import signal
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import matplotlib
import numpy as np
import torch
from ipykernel.kernelapp import IPKernelApp
from ipykernel.parentpoller import ParentPollerUnix

import spicewidgets

from .memory import TRIM_EVERY, Trimmer

# Nobody needs these in a kernel of a page.
NOT_LOADED = ("spicewidgets.cli", "spicewidgets.server", "spicewidgets.__main__")
# By the first kernel, the first training, and the first discovery.
LOADED_LATE = (
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "ipykernel.debugger",
    "llvmlite.binding",
    "llvmlite.ir",
    "pysindy",
    "sqlite3",
    "tornado.platform.asyncio",
)
# They look at every module on each start, for a debugger and a way to reset that no page has.
LOOKING = ("ipykernel.ipkernel", "IPython.core.shellapp")
POLITE = 5  # how much a kernel lets the server go first
MOST_FILE = 2**30  # bytes of one file that a kernel writes


class Unlisted(Mapping[str, ModuleType]):
    """The modules, without a list of them.

    To look at an object is to count a reference in it, which copies its page of memory for the kernel that
    looks: 25 of the 60 MB that a kernel with a page took were these.
    """

    def __getitem__(self, name: str) -> ModuleType:
        return sys.modules[name]

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def copy(self) -> dict[str, ModuleType]:
        """None of them, as ipykernel asks."""
        return {}


class UnlistedSystem:
    """`sys` with unlisted modules."""

    modules = Unlisted()

    def __getattr__(self, name: str) -> Any:
        return getattr(sys, name)


class ServerPoller(ParentPollerUnix):
    """Ends a kernel with the server. The parent may end before: it is renewed when the code changes."""

    def __init__(self, server: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.server = server

    def run(self) -> None:
        """Wait for the end of the server's process, and give memory back meanwhile."""
        waiting, trimmer = select.poll(), Trimmer()
        waiting.register(self.server, select.POLLIN)
        while not waiting.poll(1000 * TRIM_EVERY):
            trimmer.after_work()
        os._exit(1)


class ForkedKernel(IPKernelApp):
    """A kernel that ends with the server.

    Attributes:
        server: a handle of the server's process.
    """

    name = IPKernelApp.name
    server = -1

    def init_poller(self) -> None:
        """Watch the server instead of the parent."""
        self.poller = ServerPoller(self.server)

    def init_gui_pylab(self) -> None:
        """Show figures in the notebook: matplotlib read the variable that says so before this sets it."""
        super().init_gui_pylab()  # type: ignore[no-untyped-call]
        if backend := os.environ.get("MPLBACKEND"):
            matplotlib.rcParams["backend"] = backend


def main() -> None:
    """Import everything, then fork a kernel for each line that comes from the server."""
    server = os.pidfd_open(os.getppid())
    if sys.path[0] == os.getcwd():  # where this was started, which is no place of the kernels'
        del sys.path[0]
    load_all()
    requests = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system forgets kernels that have ended
    threads = len(os.listdir("/proc/self/task"))
    answer(requests, threads=threads)
    for line in lines_of(requests):
        kernel = os.fork()
        if not kernel:
            os.close(requests.detach())  # `close` would leave it open for whoever reads lines from it
            begin(json.loads(line), server)
            return
        answer(requests, pid=kernel)
    with suppress(ChildProcessError):
        os.wait()  # until its last kernel has ended


def answer(server: socket.socket, **words: int) -> None:
    """Tell the server, if it is still there."""
    with suppress(ConnectionError):
        server.sendall(json.dumps(words).encode() + b"\n")


def lines_of(server: socket.socket) -> Iterator[bytes]:
    """Yield the server's requests, until it is gone."""
    with suppress(ConnectionError), server.makefile("rb") as lines:
        yield from lines


def load_all() -> None:
    """Import what kernels will use, so that it is in memory once, and is not copied when it is looked at."""
    for name in (*modules(), *LOADED_LATE):
        importlib.import_module(name)
    for name in LOOKING:
        vars(importlib.import_module(name))["sys"] = UnlistedSystem()
    gc.collect()
    gc.freeze()


def modules() -> Iterator[str]:
    """Yield the names of the package's modules."""
    for module in pkgutil.walk_packages(spicewidgets.__path__, "spicewidgets."):
        if not module.name.startswith(NOT_LOADED):
            yield module.name


def begin(request: dict[str, Any], server: int) -> None:
    """Become a kernel: with a session, folder, environment, random state, limits and account of its own."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    os.nice(POLITE)
    limit(request["limits"])
    np.random.seed(None)  # noqa: NPY002 # for code that uses it; Python's own is made anew by the fork
    torch.seed()
    if (account := request["account"]) is not None:
        os.setgroups([])
        os.setresgid(account, account, account)
        os.setresuid(account, account, account)
    sys.argv = request["argv"]
    ForkedKernel.server = server
    # ipywidgets would have told the kernel of itself when it was imported, had there been one.
    ForkedKernel.launch_instance(request["argv"][1:], parent_handle=server, extra_extensions=["ipywidgets"])


def limit(limits: dict[str, int]) -> None:
    """Let the system bound what this process may take.

    Args:
        limits: "memory" (bytes beyond what it has now), "seconds" (of processor), "files" (open at once); 0
            is no limit.
    """
    now = next(line for line in Path("/proc/self/status").read_text().splitlines() if "VmData" in line)
    values = {
        resource.RLIMIT_DATA: limits["memory"] and limits["memory"] + 1024 * int(now.split()[1]),
        resource.RLIMIT_CPU: limits["seconds"],
        resource.RLIMIT_NOFILE: limits["files"],
        resource.RLIMIT_FSIZE: MOST_FILE,
    }
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for kind, value in values.items():
        hard = resource.getrlimit(kind)[1]
        if value and (hard == resource.RLIM_INFINITY or value < hard):
            resource.setrlimit(kind, (value, value))


if __name__ == "__main__":
    main()
