"""A command's results are all new, or all as they were."""

import errno
import os
import subprocess
import sys
import time

import pytest

from spicewidgets.cli.folder import write_folder
from spicewidgets.core.files import LEFT_BEHIND, SAVING
from spicewidgets.core.settings import SettingsError

KILLED = """
import os, sys
from pathlib import Path
from spicewidgets.cli.folder import write_folder

with write_folder(Path(sys.argv[1])) as draft:
    (draft / "table.csv").write_text("new")
    os._exit(9)
"""


@pytest.fixture
def out(tmp_path):
    """A folder with the results of an earlier run, and a file of somebody's own."""
    (tmp_path / "table.csv").write_text("old")
    (tmp_path / "mine.txt").write_text("mine")
    return tmp_path


def names(out):
    return sorted(str(path.relative_to(out)) for path in out.rglob("*"))


def test_new_files_take_the_place_of_old_ones(out):
    with write_folder(out) as draft:
        (draft / "table.csv").write_text("new")
        (draft / "figures").mkdir()
        (draft / "figures" / "loss.svg").write_text("<svg/>")
        assert (out / "table.csv").read_text() == "old"
    assert (out / "table.csv").read_text() == "new"
    assert names(out) == ["figures", "figures/loss.svg", "mine.txt", "table.csv"]


def write_on_a_full_disk(out):
    with write_folder(out) as draft:
        (draft / "table.csv").write_text("new")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(draft / "people.csv"))


def test_a_full_disk_is_told_and_costs_nothing(out):
    with pytest.raises(SettingsError, match=r"cannot be written \(No space left") as told:
        write_on_a_full_disk(out)
    assert f"{str(out / 'people.csv')!r} cannot" in str(told.value)
    assert "Choose another folder with --out." in str(told.value)
    assert (out / "table.csv").read_text() == "old"
    assert names(out) == ["mine.txt", "table.csv"]


def test_a_file_that_cannot_be_replaced_is_told(out):
    (out / "people.csv").mkdir()
    with pytest.raises(SettingsError, match=r"people\.csv' cannot be written"), write_folder(out) as draft:
        (draft / "people.csv").write_text("new")


def test_what_was_killed_leaves_what_was_there_and_is_cleared_later(out):
    assert subprocess.run([sys.executable, "-c", KILLED, out], check=False).returncode == 9
    assert (out / "table.csv").read_text() == "old"
    (left,) = out.glob(f"{SAVING}*")
    with write_folder(out):
        pass
    assert left.exists()  # it may be of a command that is at work
    old = time.time() - LEFT_BEHIND - 1
    os.utime(left, (old, old))
    with write_folder(out):
        pass
    assert names(out) == ["mine.txt", "table.csv"]
