"""Bounds of the system's own, on a folder that stands for the system's tree of groups."""

import os

import pytest

from spicewidgets.server.groups import Groups
from spicewidgets.server.watch import Bounds


@pytest.fixture
def tree(tmp_path):
    """A tree with the group of this process, which is alone in it, and the file that names the group."""
    own = tmp_path / "own"
    own.write_text("0::/service/app\n")
    group = tmp_path / "root" / "service" / "app"
    group.mkdir(parents=True)
    (group / "cgroup.controllers").write_text("cpu memory pids\n")
    (group / "cgroup.procs").write_text(f"{os.getpid()}\n")
    return tmp_path / "root", own, group


def test_a_kernel_has_a_group_with_its_bounds(tree):
    root, own, group = tree
    groups = Groups.find(root, own)
    assert (group / "server" / "cgroup.procs").read_text() == str(os.getpid())
    assert (group / "cgroup.subtree_control").read_text() == "+memory +pids"
    one = groups.take(4321, Bounds(memory=2**30, processes=4))
    assert one.path.parent == group
    assert (one.path / "cgroup.procs").read_text() == "4321"
    assert (one.path / "memory.max").read_text() == str(2**30)
    assert int((one.path / "pids.max").read_text()) >= 4
    assert not one.was_full()
    (one.path / "memory.events").write_text("low 0\noom 2\noom_kill 1\n")
    assert one.was_full()
    one.end()
    assert (one.path / "cgroup.kill").read_text() == "1"


def test_a_group_in_which_others_are_too_is_left_alone(tree):
    root, own, group = tree
    (group / "cgroup.procs").write_text(f"{os.getpid()}\n{os.getppid()}\n")
    assert Groups.find(root, own) is None
    assert not (group / "server").exists()


@pytest.mark.parametrize("lacks", ["own", "group", "controllers"])
def test_where_there_are_no_groups_none_are_made(tree, lacks):
    root, own, group = tree
    if lacks == "own":
        own.write_text("3:cpu:/\n")
    elif lacks == "group":
        own.write_text("0::/elsewhere\n")
    else:
        (group / "cgroup.controllers").write_text("cpu\n")
    assert Groups.find(root, own) is None
