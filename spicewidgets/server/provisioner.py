"""Kernels that are forked from a process which has imported everything: ready at once, and small.

`parent.py` is that process; each server has its own, so that nothing crosses from one user to another. It is
renewed when the package's files change or when it ends; kernels that it has started live on. Where there can
be none, a kernel starts by itself, as Jupyter's do.
"""

import json
import os
import select
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, ClassVar

from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from tornado import gen
from tornado.ioloop import IOLoop
from tornado.locks import Lock
from traitlets import Bool, Integer

from .apart import Learner, ServerFolder, select_variables
from .groups import Group, Groups
from .watch import Bounds, Watched, end

NAME = "spicewidgets-forked"  # of the entry point in pyproject.toml
PACKAGE = Path(__file__).parents[1]
SETTINGS = {
    # pyarrow's, which pandas imports where it is there: no thread, and no pool of 4 MB in each kernel.
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "OMP_NUM_THREADS": "1",  # a thread would not come along into a fork
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # a word of the debugger's on each start
}
PATIENCE = 120  # seconds that the parent may take to import everything, as many other things start
LOOK = 0.01  # seconds between two looks at whether it has answered


class ParentError(RuntimeError):
    """There is no parent to fork from, with the reason."""


class KernelProcess:
    """The process of a forked kernel, with the part of `subprocess.Popen` that Jupyter uses."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._handle = os.pidfd_open(pid)
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """None while it runs; then 0, as its exit code is its parent's to know."""
        if self.returncode is None and self._has_ended(0):
            os.close(self._handle)
            self.returncode = 0
        return self.returncode

    def _has_ended(self, seconds: float | None) -> bool:
        """Wait at most so many seconds, and tell whether it has ended; None waits for ever."""
        waiting = select.poll()  # which knows numbers of files that `select.select` does not
        waiting.register(self._handle, select.POLLIN)
        return bool(waiting.poll(None if seconds is None else 1000 * seconds))

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended."""
        if self.poll() is None:
            self._has_ended(timeout)
        return self.poll() or 0

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            signal.pidfd_send_signal(self._handle, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


class Parent:
    """A process to fork from, and the line to it.

    Attributes:
        code: the state of the package's files when it began to import them.
    """

    def __init__(self) -> None:
        self.code = state_of_code()
        ours, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "spicewidgets.server.parent", str(theirs.fileno())],
                cwd=PACKAGE.parent,
                env=select_variables(os.environ) | SETTINGS,  # a kernel can read what its parent began with
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is the server's
            )
        ours.setblocking(False)
        self._socket, self._read = ours, b""

    def usable(self) -> bool:
        """Tell whether it is there, and has imported the files as they are now."""
        return self.process.poll() is None and self.code == state_of_code()

    async def ready(self) -> None:
        """Wait until it has imported everything.

        Raises:
            ParentError: if it ends, or has more than one thread: a fork has one, and may wait for ever for
                what another would do.
        """
        threads = (await self._answer())["threads"]
        if threads != 1:
            raise ParentError(f"it has {threads} threads")

    async def fork(self, request: dict[str, Any]) -> KernelProcess:
        """Return a new kernel.

        Raises:
            ParentError: if the parent, or the kernel at once, ends.
        """
        try:
            self._socket.setblocking(True)
            self._socket.sendall(json.dumps(request).encode() + b"\n")
            self._socket.setblocking(False)
            return KernelProcess((await self._answer())["pid"])
        except OSError as error:
            raise ParentError(str(error)) from None

    async def _answer(self) -> dict[str, int]:
        until = IOLoop.current().time() + PATIENCE
        while b"\n" not in self._read:
            try:
                more = self._socket.recv(4096)
            except BlockingIOError:
                if self.process.poll() is not None:
                    raise ParentError("it has ended") from None
                if IOLoop.current().time() > until:
                    raise ParentError(f"no answer in {PATIENCE} seconds") from None
                await gen.sleep(LOOK)
                continue
            if not more:
                raise ParentError("it has ended")
            self._read += more
        line, self._read = self._read.split(b"\n", 1)
        answer: dict[str, int] = json.loads(line)
        return answer

    def leave(self) -> None:
        """Let it end once its last kernel has ended."""
        self._socket.close()


def state_of_code() -> tuple[int, int]:
    """Other whenever a file of the package is changed, added or removed."""
    times = [path.stat().st_mtime_ns for path in PACKAGE.rglob("*.py")]
    return len(times), max(times)


class ForkedProvisioner(LocalProvisioner):
    """Starts kernels by forking the server's warm parent."""

    memory = Integer(
        2**32,
        help="Bytes that a kernel and all processes that it starts may take together, beyond the parent's; 0"
        " is no limit.",
    ).tag(config=True)
    disk = Integer(2**31, help="Bytes of the files that a kernel may keep; 0 is no limit.").tag(config=True)
    processes = Integer(80, help="Processes that a kernel may have, with its own; 0 is no limit.").tag(
        config=True
    )
    seconds = Integer(4 * 3600, help="Seconds of processor that a kernel may use; 0 is no limit.").tag(
        config=True
    )
    files = Integer(1024, help="Files that a kernel may have open at once; 0 is no limit.").tag(config=True)
    forks = Bool(True, help="Whether kernels are forked where they can be.").tag(config=True)
    apart = Bool(
        False,
        help="Whether each kernel has an empty folder, which goes with it, few of the server's variables, and"
        " an account where root starts the server.",
    ).tag(config=True)
    learner: Learner | None = None
    group: Group | None = None
    folder: ClassVar[ServerFolder | None] = None  # this server's
    groups: ClassVar[Groups | None] = None
    parents: ClassVar[list[Parent]] = []  # this server's: at most one
    begun: ClassVar[Parent | None] = None  # one that may still be importing
    waking: ClassVar[bool] = False  # whether one is importing, and all who come wait for it
    lock: ClassVar[Lock] = Lock()

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Prepare a kernel: one that is kept apart has its connection's file, with its key, in its folder."""
        if not self.apart:
            return await super().pre_launch(**kwargs)
        manager: Any = self.parent
        if self.learner is None:
            ForkedProvisioner.folder = self.folder or ServerFolder()
            self.learner = ForkedProvisioner.folder.learner()
            manager.connection_file = str(self.learner.path / "kernel.json")
            if manager.transport == "ipc":
                manager.ip = str(self.learner.path / "kernel-ipc")
        prepared = await super().pre_launch(**kwargs)
        self.learner.give(Path(manager.connection_file))
        return prepared | {
            "cwd": str(self.learner.files),
            "env": self.learner.variables(prepared["env"]),
        }

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Fork a kernel, or start one as Jupyter does where that cannot be."""
        if not self.forks or not hasattr(os, "pidfd_open"):
            self.log.info("Kernels are not forked, which only Linux can; this one starts by itself.")
            return await self.start_alone(cmd, **kwargs)
        if cmd[:3] != [sys.executable, "-m", "ipykernel_launcher"]:
            self.log.info("This is a kernel of another Python; it starts by itself.")
            return await self.start_alone(cmd, **kwargs)
        request = {
            "argv": cmd[2:],
            "env": {**kwargs["env"], "OMP_NUM_THREADS": "1"},
            "cwd": str(kwargs.get("cwd") or Path.cwd()),
            "limits": {"memory": self.memory, "seconds": self.seconds, "files": self.files},
            "account": self.learner and self.learner.account,
        }
        try:
            async with self.lock:
                kernel = await (await self.parent_process()).fork(request)
        except ParentError as error:
            self.log.error("There is no process to fork kernels from (%s); this one starts by itself.", error)
            return await self.start_alone(cmd, **kwargs)
        self.process = kernel  # type: ignore[assignment] # it is not a Popen, and does what Jupyter asks of one
        self.pid = self.pgid = kernel.pid
        self.cwd = request["cwd"]
        if self.groups is not None:
            with suppress(OSError):  # the server watches it, too
                self.group = self.groups.take(kernel.pid, self.bounds)
        return self.connection_info

    @property
    def bounds(self) -> Bounds:
        """What the kernel may take with all that it starts."""
        return Bounds(self.memory, self.disk, self.processes)

    @property
    def watched(self) -> Watched | None:
        """The kernel, for who watches it; None if it has no process."""
        if self.pid is None:
            return None
        return Watched(self.pid, self.bounds, self.learner.path if self.learner else None)

    async def kill(self, restart: bool = False) -> None:
        """End the kernel, and all that it has started."""
        if self.pid is not None:
            end(self.pid)
        await super().kill(restart)

    async def start_alone(self, cmd: list[str], **kwargs: Any) -> Any:
        """Start a kernel as Jupyter does, under its account."""
        if self.learner and (account := self.learner.account) is not None:
            kwargs |= {"user": account, "group": account, "extra_groups": []}
        return await super().launch_kernel(cmd, **kwargs)

    @classmethod
    def begin(cls) -> None:
        """Start the process to fork from, where there can be one: it imports while the server does."""
        if hasattr(os, "pidfd_open"):
            cls.begun, cls.waking = Parent(), True

    @classmethod
    async def wake(cls) -> None:
        """Wait for the process to fork from before somebody comes."""
        with suppress(ParentError):  # which who comes will meet, too
            async with cls.lock:
                await cls.parent_process()

    @classmethod
    async def parent_process(cls) -> Parent:
        """Return the process to fork from, made anew if the last one cannot be used any more."""
        while cls.parents:
            if cls.parents[0].usable():
                return cls.parents[0]
            cls.parents.pop().leave()
        parent, cls.begun = cls.begun or Parent(), None
        cls.waking = True
        try:
            await parent.ready()
        except ParentError:
            parent.leave()
            raise
        finally:
            cls.waking = False
        cls.parents.append(parent)
        return parent

    async def cleanup(self, restart: bool = False) -> None:
        """Remove the kernel's folder, unless it is started again."""
        if self.pid is not None:
            end(self.pid)
        if self.group is not None:
            self.group.end()
        await super().cleanup(restart)
        if self.learner and not restart:
            self.learner.remove()


def use_forked_kernels(server: Any) -> None:
    """Let a server fork its kernels, also in a clone that was updated without being installed again."""
    factory = KernelProvisionerFactory.instance(parent=server)
    where = f"{__name__}:{ForkedProvisioner.__name__}"
    factory.provisioners[NAME] = EntryPoint(NAME, where, KernelProvisionerFactory.GROUP_NAME)
    factory.default_provisioner_name = NAME
