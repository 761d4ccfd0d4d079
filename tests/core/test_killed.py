"""Whoever is killed while saving, or in a long study, leaves what was there or what is new, and nothing else.

A child of this process is killed after each line of the code that writes, so at every step.
"""

import json
import os
import resource
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import pytest

from spicewidgets import (
    RESCORLA_WAGNER_CONFIG,
    AgentQ,
    BanditsDrift,
    RescorlaWagnerRNN,
    SpiceEstimator,
    create_dataset,
)
from spicewidgets.core import files, storage
from spicewidgets.core.settings import SettingsError
from spicewidgets.core.storage import StorageError
from spicewidgets.core.studies.data_sets import DataSetStudy

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="There is no fork here.")
DATA = create_dataset(AgentQ(), BanditsDrift(0.2), 15, 6, random_state=1)[0]


def fitted(seed):
    options = {"epochs": 8, "n_starts": 1, "n_trials_off_policy": 60, "random_state": seed}
    return SpiceEstimator(RescorlaWagnerRNN, RESCORLA_WAGNER_CONFIG, **options).fit(DATA)


OLD, NEW = fitted(0), fitted(1)


def in_child(work, prepare=lambda: None):
    """Do something in a child of this process; how that ended, negative for a signal."""
    child = os.fork()
    if not child:
        try:
            prepare()
            work()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def killed_at(line, files):
    """Lets this process be killed before it does the line of this number, of those of the files."""
    left = line

    def trace(frame, event, _):
        nonlocal left
        if not frame.f_code.co_filename.endswith(files):
            return None
        if event == "line":
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    return lambda: sys.settrace(trace)


def every_step(work, files, check, stride):
    """Kill what works at each of its steps, or some; check what it left. Returns how many there were."""
    for step in range(0, 5000, stride):
        code = in_child(work, killed_at(step, files))
        check()
        if code == 0:
            return step
        assert code == -signal.SIGKILL
    raise AssertionError("it does not end")


def weights(path):
    return {name: tensor.tolist() for name, tensor in storage.read_rnn(path).tensors.items()}


@pytest.mark.parametrize("stride", [9, pytest.param(1, marks=pytest.mark.slow)])
def test_a_save_that_is_killed_leaves_the_old_file_or_the_new_one(tmp_path, stride):
    rnn, spice = tmp_path / "rnn", tmp_path / "spice"
    known = []
    for estimator in (OLD, NEW):
        estimator.save_spice(rnn, spice)
        known.append((weights(rnn), storage.read_spice_model(spice)))
    seen = set()

    def check():
        each = known[0][0] == weights(rnn), known[0][1] == storage.read_spice_model(spice)
        assert each[0] or known[1][0] == weights(rnn)
        assert each[1] or known[1][1] == storage.read_spice_model(spice)
        seen.add(each)
        OLD.save_spice(rnn, spice)
        for left in tmp_path.glob(f"{files.SAVING}*"):
            left.unlink()

    OLD.save_spice(rnn, spice)
    steps = every_step(
        lambda: NEW.save_spice(rnn, spice), ("core/files.py", "core/storage.py", "tempfile.py"), check, stride
    )
    assert steps >= 100
    assert seen == {(True, True), (False, True), (False, False)}  # the weights are written first


def square(number):
    return {"square": number**2}


class Squares(DataSetStudy):
    """The squares of some numbers."""

    @property
    def parts(self):
        return [(number,) for number in range(4)]

    @property
    def work(self):
        return square


@pytest.mark.parametrize("stride", [31, pytest.param(1, marks=pytest.mark.slow)])
def test_a_sweep_that_is_killed_goes_on_where_it_was(tmp_path, stride):
    folder = tmp_path / "out"

    def sweep():
        list(Squares().run(folder))

    def check():
        finished = [json.loads(path.read_text()) for path in folder.glob("part-*.json")]
        study = Squares()
        assert len(list(study.run(folder))) == 5 - len(finished)  # how it stands, and a record for each other
        assert study.results == {number: square(number) for number in range(4)}
        shutil.rmtree(folder)

    steps = every_step(sweep, ("rivals/data_sets.py", "pathlib.py"), check, stride)
    assert steps >= 100


def file_of_at_most(size):
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def test_a_disk_that_is_full_in_the_middle_of_a_file_is_told_and_leaves_the_old_one(tmp_path):
    OLD.save_spice(tmp_path / "rnn")
    before = (tmp_path / "rnn").read_bytes()

    def save():
        with pytest.raises(StorageError, match=r"cannot be written \(File too large\)\. Choose another name"):
            NEW.save_spice(tmp_path / "rnn")
        assert os.listdir(tmp_path) == ["rnn"]

    assert in_child(save, file_of_at_most(len(before) // 2)) == 0
    assert (tmp_path / "rnn").read_bytes() == before


def test_a_disk_that_is_full_in_a_sweep_is_told_and_what_is_finished_stays(tmp_path):
    list(Squares().run(tmp_path / "whole"))
    done = Squares().run(tmp_path / "cut")
    for record in done:
        if record.done == 2:
            done.close()

    def sweep():
        with pytest.raises(SettingsError, match=r"cannot be written \(File too large\)\. Make room\."):
            list(Squares().run(tmp_path / "cut"))

    assert in_child(sweep, file_of_at_most(3)) == 0
    assert len(list((tmp_path / "cut").glob("part-*.json"))) == 2
    assert len(list(Squares().run(tmp_path / "cut"))) == 3  # how it stands, and the two others


def as_another():
    """Be someone to whom a folder can be read only."""
    if os.geteuid() == 0:
        os.setuid(50_000)


def test_a_folder_that_is_read_only_is_told():
    with tempfile.TemporaryDirectory() as name:  # pytest's own cannot be passed through by others
        folder = Path(name)
        OLD.save_spice(folder / "rnn")
        folder.chmod(0o555)

        def save():
            with pytest.raises(StorageError, match=r"cannot be written \(Permission denied\)\. Choose"):
                NEW.save_spice(folder / "rnn")
            with pytest.raises(SettingsError, match="folder must be one that can be read and written"):
                list(Squares().run(folder / "out"))

        assert in_child(save, as_another) == 0
