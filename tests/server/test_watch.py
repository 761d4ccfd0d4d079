"""A kernel and what it has started are bounded together, and end together."""

import subprocess
import sys

import psutil
import pytest

from spicewidgets.server import watch
from spicewidgets.server.watch import Bounds, Watched, end, families, look, written

MB = 2**20
# Starts as many processes as it is told, each of which fills so much memory; says so once they have.
FAMILY = f"""
import subprocess, sys

CHILD = "import sys; held = bytes([1]) * (int(sys.argv[1]) * {MB}); print('ready', flush=True); input()"
command = [sys.executable, "-c", CHILD, sys.argv[2]]
children = [
    subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    for _ in range(int(sys.argv[1]))
]
for child in children:
    child.stdout.readline()
print("ready", flush=True)
input()
"""


@pytest.fixture
def family():
    """Start a process with children, of which each holds so many MB; they end with the test."""
    begun = []

    def start(children, megabytes):
        command = [sys.executable, "-c", FAMILY, str(children), str(megabytes)]
        head = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        begun.append(head)
        head.stdout.readline()
        return head.pid

    yield start
    for head in begun:
        end(head.pid)
        head.communicate()


def test_processes_are_counted_with_what_they_have_started(family):
    first, second = family(2, 0), family(1, 0)
    found = families([first, second])
    assert [len(found[pid]) for pid in (first, second)] == [3, 2]
    told = look({"a": Watched(first, Bounds(processes=2)), "b": Watched(second, Bounds(processes=2))})
    assert list(told) == ["a"]
    assert "more than 2 processes" in told["a"]


def test_memory_is_bounded_for_all_of_them_together(family):
    """Each of them holds less than the bound, as each had a bound of its own."""
    pid = family(3, 60)
    alone = [watch.own_memory([process]) for process in families([pid])[pid]]
    bound = 2 * max(alone)
    assert sum(alone) > bound
    assert "GB of memory" in look({"a": Watched(pid, Bounds(memory=bound))})["a"]
    assert look({"a": Watched(pid, Bounds(memory=2 * sum(alone)))}) == {}


def test_what_is_written_is_bounded(tmp_path, family):
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "large").write_bytes(b"x" * 2 * MB)
    assert written(tmp_path) >= 2 * MB
    pid = family(0, 0)
    assert "wrote more than" in look({"a": Watched(pid, Bounds(disk=MB), tmp_path)})["a"]
    assert look({"a": Watched(pid, Bounds(disk=4 * MB), tmp_path)}) == {}


def test_where_the_machine_has_no_memory_left_the_largest_ends(family, monkeypatch):
    small, large = family(0, 0), family(1, 50)
    monkeypatch.setattr(watch, "KEPT_FREE", 2.0)  # more than there is
    told = look({"a": Watched(small, Bounds()), "b": Watched(large, Bounds())})
    assert list(told) == ["b"]


def test_what_a_process_has_started_ends_with_it_though_it_has_ended_before(family):
    pid = family(2, 0)
    children = [each for each in families([pid])[pid] if each.pid != pid]
    head = psutil.Process(pid)
    head.kill()
    head.wait()
    end(pid)
    _, alive = psutil.wait_procs(children, timeout=60)
    assert [each for each in alive if each.status() != psutil.STATUS_ZOMBIE] == []
