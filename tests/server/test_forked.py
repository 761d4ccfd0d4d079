"""Kernels that are forked from a warm parent: ready at once, apart from each other, within their limits."""

import asyncio
import json
import logging
import os
import resource
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack, asynccontextmanager
from functools import wraps
from pathlib import Path

import psutil
import pytest
from jupyter_client.manager import AsyncKernelManager

from spicewidgets.server import apart, provisioner
from spicewidgets.server.provisioner import (
    ForkedProvisioner,
    KernelProcess,
    Parent,
    ParentError,
    use_forked_kernels,
)

pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="Only Linux can fork kernels.")
FIT = """
from spicewidgets import explorer

app = explorer(start=False)
app.runner.train()
app.runner.wait()
"""


@pytest.fixture(autouse=True, scope="module")
def forked():
    """All kernels of this file are forked, from one parent unless a test ends it."""
    use_forked_kernels(None)
    yield
    while ForkedProvisioner.parents:
        ForkedProvisioner.parents.pop().leave()
    provisioner.KernelProvisionerFactory.clear_instance()


@asynccontextmanager
async def kernel(**options):
    """A kernel that runs code, and what its provisioner is."""
    folder = tempfile.TemporaryDirectory()  # two kernels may be given one port, but not one socket file
    manager = AsyncKernelManager(transport="ipc", connection_file=f"{folder.name}/kernel.json")
    await manager.start_kernel(extra_arguments=["--log-level=ERROR"], **options)
    client = manager.client()
    client.start_channels()
    try:
        await client.wait_for_ready(60)

        async def run(code):
            words = []

            def take(message):
                content = message["content"]
                words.append(
                    content["text"] if "text" in content else "\n".join(content.get("traceback", []))
                )

            await client.execute_interactive(code, output_hook=take, timeout=60)
            return "".join(words)

        yield run, manager.provisioner
    finally:
        client.stop_channels()
        await manager.shutdown_kernel(now=True)
        folder.cleanup()


def trial(test):
    """A test that waits."""

    @wraps(test)
    def run(*arguments, **named):
        asyncio.run(test(*arguments, **named))

    return run


def is_forked(of):
    return isinstance(of.process, provisioner.KernelProcess)


def value(words):
    return json.loads(words)


@trial
async def test_a_kernel_is_forked_and_imports_nothing_anew():
    """What its parent has imported is in memory once; a module that it imports itself is not."""
    async with kernel():
        pass
    async with kernel() as (run, of):
        assert is_forked(of)
        before = set(value(await run("import json, sys; print(json.dumps(list(sys.modules)))")))
        assert await run(FIT) == ""
        after = set(value(await run("print(json.dumps(list(sys.modules)))")))
        assert len(after - before) <= 12, after - before
        own = psutil.Process(of.pid).memory_full_info().uss
    assert own < 160e6  # with a fit done; else 300 MB


@trial
async def test_a_kernel_that_begins_does_not_look_at_every_module():
    """Each look copies a page of what it shares."""
    async with kernel() as (_, of):
        assert psutil.Process(of.pid).memory_full_info().uss < 30e6  # else 45 MB


@trial
async def test_a_kernel_finds_all_its_modules():
    async with kernel() as (run, _):
        assert value(await run("import sys; print(len(sys.modules))")) > 1000
        assert await run("from ipykernel import ipkernel; print(ipkernel.sys.modules['json'].__name__)") == (
            "json\n"
        )


@trial
async def test_a_notebook_shows_its_figures(monkeypatch):
    monkeypatch.delenv("MPLBACKEND")
    async with kernel() as (run, _):
        assert "inline" in await run(
            "import matplotlib.pyplot as plt; plt.plot([1]); print(plt.get_backend())"
        )


@trial
async def test_the_parent_has_one_thread_and_computes_nothing():
    async with kernel():
        parent = psutil.Process(ForkedProvisioner.parents[0].process.pid)
        assert parent.num_threads() == 1
        before = sum(parent.cpu_times()[:2])
        await asyncio.sleep(0.5)
        assert sum(parent.cpu_times()[:2]) == before


STATE = """
import json, os, random, numpy, torch
from IPython import get_ipython

session = get_ipython().kernel.session
print(json.dumps([os.getcwd(), os.getpid(), session.key.decode(), session.session, random.random(),
                  numpy.random.rand(), torch.rand(1).item(), os.environ["LEARNER"], os.getpgid(0)]))
"""


@trial
async def test_two_learners_share_nothing(tmp_path):
    """Folder, process, key, session, three random states, environment and group are each one's own."""
    states = []
    for name in ("ada", "bob"):
        (tmp_path / name).mkdir()
        environment = os.environ | {"LEARNER": name}
        async with kernel(cwd=str(tmp_path / name), env=environment) as (run, of):
            assert is_forked(of)
            states.append(value(await run(STATE)))
            assert states[-1][0] == str(tmp_path / name)
            assert states[-1][7] == name
    assert all(a != b for a, b in zip(*states, strict=True))


@trial
async def test_each_learner_has_a_folder_that_goes_with_the_kernel(monkeypatch):
    monkeypatch.setattr(ForkedProvisioner, "apart", True)
    async with kernel() as (run, _):
        folder = Path(value(await run("import json, os, tempfile; print(json.dumps(os.getcwd()))")))
        assert await run("open('mine', 'w').close(); print(tempfile.gettempdir())") == f"{folder}\n"
        assert os.listdir(folder) == ["mine"]
    assert not folder.exists()


@trial
async def test_a_kernel_does_not_hold_the_line_from_its_parent_to_the_server():
    """One that wrote a number into it was taken for the next kernel."""
    async with kernel() as (run, _):
        parent = psutil.Process(ForkedProvisioner.parents[0].process.pid)
        line = os.readlink(f"/proc/{parent.pid}/fd/{parent.cmdline()[-1]}")
        held = value(
            await run(
                "import json, os\n"
                "there = [f'/proc/self/fd/{fd}' for fd in os.listdir('/proc/self/fd')]\n"
                "print(json.dumps([os.readlink(path) for path in there if os.path.islink(path)]))"
            )
        )
    assert line.startswith("socket:")
    assert line not in held


@trial
async def test_a_parent_that_ends_while_it_is_asked_is_noticed(monkeypatch):
    """Who came then waited for two minutes, as a kernel held the other end of the line."""
    monkeypatch.setattr(provisioner, "PATIENCE", 20)
    async with kernel():
        parent = ForkedProvisioner.parents[0]
        parent.process.kill()
        parent.process.wait()
        with pytest.raises(ParentError, match=r"ended|pipe|reset"):
            await parent.fork({})


@trial
async def test_few_variables_of_the_server_reach_a_kernel(monkeypatch):
    """Nor can it read those that its parent began with: there may be passwords among them."""
    monkeypatch.setattr(ForkedProvisioner, "apart", True)
    monkeypatch.setattr(ForkedProvisioner, "parents", [])
    monkeypatch.setenv("A_PASSWORD", "secret")
    monkeypatch.setenv("SPICEWIDGETS_LESSON", "/a/lesson")
    async with kernel() as (run, of):
        assert is_forked(of)
        known = value(await run("import json, os; print(json.dumps(dict(os.environ)))"))
        begun = Path(f"/proc/{of.pid}/environ").read_bytes()
        ForkedProvisioner.parents.pop().leave()
    assert "A_PASSWORD" not in known
    assert b"A_PASSWORD" not in begun
    assert known["SPICEWIDGETS_LESSON"] == "/a/lesson"
    assert known["OMP_NUM_THREADS"] == "1"


@trial
async def test_where_root_starts_the_server_no_kernel_reads_what_is_another_s(monkeypatch):
    if os.geteuid() != 0:
        pytest.skip("Only root gives accounts.")
    monkeypatch.setattr(apart, "separable", lambda: True)  # what it runs has been imported
    monkeypatch.setattr(ForkedProvisioner, "apart", True)
    async with kernel() as (run, of), kernel() as (other_run, other):
        accounts = [value(await each("import os; print(os.getuid())")) for each in (run, other_run)]
        assert len({0, *accounts}) == 3
        mine, others = of.parent.connection_file, other.parent.connection_file
        assert "key" in await run(f"print(open({mine!r}).read())")
        for path in (others, f"/proc/{other.pid}/environ", f"/proc/{os.getpid()}/environ"):
            assert "Permission denied" in await run(f"print(open({path!r}).read())")


@trial
async def test_what_a_learner_may_take_is_bounded(monkeypatch):
    monkeypatch.setattr(ForkedProvisioner, "memory", 2**28)
    monkeypatch.setattr(ForkedProvisioner, "seconds", 1000)
    monkeypatch.setattr(ForkedProvisioner, "files", 200)
    async with kernel() as (run, _):
        assert "MemoryError" in await run("b = bytes(2**30)")
        assert "Unable to allocate" in await run("import numpy; numpy.ones(2**28)")
        assert "Too many open files" in await run("f = [open('/dev/null') for _ in range(300)]")
        words = await run(
            "import resource as r; print(r.getrlimit(r.RLIMIT_CPU), r.getrlimit(r.RLIMIT_CORE))"
        )
        assert words == "(1000, 1000) (0, 0)\n"
        assert await run("print(1 + 1)") == "2\n"  # it is there still


@trial
async def test_when_the_parent_dies_its_kernels_live_on_and_there_is_another():
    async with kernel() as (run, of):
        parent = ForkedProvisioner.parents[0].process
        parent.kill()
        parent.wait()
        assert await run("print(1 + 1)") == "2\n"
        async with kernel() as (other, after):
            assert await other("print(2 + 2)") == "4\n"
            assert is_forked(of)
            assert is_forked(after)
        assert ForkedProvisioner.parents[0].process.pid != parent.pid
        await asyncio.sleep(1.5)  # as long as Jupyter's own watch would take to end it
        assert await run("print(3 + 3)") == "6\n"


@trial
async def test_when_the_code_changes_kernels_have_the_new_one(monkeypatch):
    async with kernel():
        old = ForkedProvisioner.parents[0]
    monkeypatch.setattr(provisioner, "state_of_code", lambda: (0, 0))
    async with kernel() as (_, of):
        assert is_forked(of)
        assert ForkedProvisioner.parents[0] is not old
        old.process.wait(60)  # it ends, as it has no kernel left
    monkeypatch.undo()


def test_the_state_of_the_code_is_other_when_a_file_is(monkeypatch, tmp_path):
    monkeypatch.setattr(provisioner, "PACKAGE", tmp_path)
    (tmp_path / "a.py").touch()
    states = [provisioner.state_of_code()]
    (tmp_path / "b.py").touch()
    states.append(provisioner.state_of_code())
    os.utime(tmp_path / "a.py", (2e9, 2e9))
    states.append(provisioner.state_of_code())
    assert len(set(states)) == 3


@trial
async def test_where_there_can_be_no_parent_a_kernel_starts_by_itself_and_the_log_says_why(
    monkeypatch, caplog
):
    """Here the parent says that it has two threads, of which a fork would have one."""

    async def answer(self):
        return {"threads": 2}

    monkeypatch.setattr(Parent, "_answer", answer)
    monkeypatch.setattr(ForkedProvisioner, "parents", [])
    caplog.set_level(logging.ERROR)
    async with kernel() as (run, of):
        assert await run("print(1 + 1)") == "2\n"
        assert not is_forked(of)


def test_a_parent_that_ends_is_an_error_with_its_reason(monkeypatch):
    monkeypatch.setattr(provisioner.sys, "executable", "/bin/false")

    async def start():
        await Parent().ready()

    with pytest.raises(ParentError, match="it has ended"):
        asyncio.run(start())


@trial
async def test_a_kernel_that_dies_is_noticed():
    async with kernel() as (_, of):
        os.kill(of.pid, signal.SIGKILL)
        assert of.process.wait(60) == 0
        assert await of.poll() == 0
        of.process.kill()  # nothing, and no error


SERVER = """
import asyncio, os, time
from jupyter_client.manager import AsyncKernelManager
from spicewidgets.server.provisioner import ForkedProvisioner, use_forked_kernels

async def main():
    use_forked_kernels(None)
    manager = AsyncKernelManager()
    await manager.start_kernel()
    client = manager.client()
    client.start_channels()
    await client.wait_for_ready(60)
    print(manager.provisioner.pid, ForkedProvisioner.parents[0].process.pid, flush=True)
    time.sleep(60)

asyncio.run(main())
"""


def test_a_kernel_is_watched_by_a_handle_of_any_number():
    """A hundred learners need more files than 1,024, which is all that `select.select` knows."""
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < 1200:
        pytest.skip("So many files cannot be open here.")
    with ExitStack() as files:
        for _ in range(1100):
            files.enter_context(open(os.devnull))
        child = subprocess.Popen(["sleep", "60"])
        kernel = KernelProcess(child.pid)
        assert kernel.poll() is None
        kernel.kill()
        assert kernel.wait(60) == 0
        child.wait()


def test_kernels_and_parent_end_with_their_server_however_that_ends():
    server = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True)
    try:
        left = [psutil.Process(int(pid)) for pid in server.stdout.readline().split()]
        assert len(left) == 2
    finally:
        server.kill()
        server.wait()
        server.stdout.close()
    _, alive = psutil.wait_procs(left, timeout=60)
    assert alive == []
