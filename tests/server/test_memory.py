"""Memory that was freed is given back after work, and only then."""

import sys

import numpy as np
import psutil
import pytest

from spicewidgets.server import memory
from spicewidgets.server.memory import WORK, Trimmer


@pytest.fixture
def clock(monkeypatch):
    """What the processor's time of this process is said to be."""
    times = [10.0]
    monkeypatch.setattr(memory.time, "process_time", lambda: times[0])
    return times


def test_it_is_given_back_after_work_only(clock):
    trimmer, given = Trimmer(), []
    trimmer._trim = given.append
    trimmer.after_work()
    assert given == [0]
    clock[0] += WORK / 2
    trimmer.after_work()
    assert given == [0]
    clock[0] += WORK
    trimmer.after_work()
    assert given == [0, 0]


def test_where_it_cannot_be_nothing_is_done(monkeypatch, clock):
    monkeypatch.setattr(memory.sys, "platform", "darwin")
    Trimmer().after_work()


@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux can give memory back.")
def test_a_process_is_smaller_after_it(clock):
    kept = [np.ones(1000) for _ in range(40_000)]  # 320 MB, too small each to be given back at once
    last = kept[-1]  # holds the end of the heap
    del kept
    before = psutil.Process().memory_info().rss
    Trimmer().after_work()
    assert psutil.Process().memory_info().rss < before - 200e6
    assert last[0] == 1
