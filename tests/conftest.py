"""What all tests share: one thread, no display, and the same examples from hypothesis on every run."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch loads: the tests themselves run in parallel
os.environ["MPLBACKEND"] = "agg"

import asyncio
import signal
import sys

import pytest
from hypothesis import settings

collect_ignore = ["fixtures"]  # what wrote the files of 0.1.0 runs with that version alone
SERVED = ("tests/browser/", "tests/test_workshop.py")  # these share servers and a browser
STUDIED = "tests/paper/"  # these share a study
# What takes longest begins first, so that at the end all processes are done at about the same time.
LONG = (
    *SERVED,
    "tests/test_lessons.py",
    "tests/test_cli.py",
    "tests/app/test_runner.py",
    STUDIED,
    "tests/test_binder.py",
)
# These drive a browser or talk to servers that live, and may fail for reasons of the machine.
LIVE = (*SERVED, "tests/server/", "tests/test_binder.py", "tests/test_public.py")

settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Give each file to one process, and all tests that open pages to one, in the order of the collection.

    So what a file prepares is prepared once, and each server and the browser start once. Marks are not used:
    pytest 9.2 passes over `xdist_group` (github.com/pytest-dev/pytest-xdist/issues/1386).
    """
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            if nodeid.startswith(SERVED):
                return "served"
            return STUDIED if nodeid.startswith(STUDIED) else super()._split_scope(nodeid)

    config.option.loadscopereorder = False
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest. Try a test of a browser or a server once more where it fails; a test of
    numbers never.
    """
    items.sort(
        key=lambda item: next((at for at, name in enumerate(LONG) if item.nodeid.startswith(name)), len(LONG))
    )
    for item in items:
        if item.nodeid.startswith(LIVE):
            item.add_marker(pytest.mark.flaky(reruns=1))


LOOPS: list[asyncio.AbstractEventLoop] = []  # Playwright's, where it was put aside


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Playwright lets its loop count as running between its calls, for as long as there is a browser. Tests
    without one do not know of it. Ctrl-C interrupts each test, also where a shell lets its jobs ignore it.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if item.nodeid.startswith(SERVED):
        bring_back()
    elif (loop := asyncio._get_running_loop()) is not None:
        LOOPS.append(loop)
        asyncio._set_running_loop(None)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """The last test's end closes the browser."""
    if nextitem is None:
        bring_back()


def bring_back() -> None:
    """Playwright's loop as it was."""
    while LOOPS:
        asyncio._set_running_loop(LOOPS.pop())


@pytest.fixture(autouse=True)
def no_figures_left():
    """pyplot, once a test has loaded it, keeps the figures of all tests after it in this process."""
    yield
    if (pyplot := sys.modules.get("matplotlib.pyplot")) is not None:
        pyplot.close("all")


@pytest.fixture(scope="module")
def no_trials():
    """Runs end without trials of what the coach may propose, each a training; its value is how it tries."""
    from spicewidgets.app.job import Job

    tries = Job._trial
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Job, "_trial", lambda *_: None)
        yield tries
