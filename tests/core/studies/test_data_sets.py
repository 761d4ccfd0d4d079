"""Long studies: nothing finished is lost, whoever stops them, and where they run changes no number."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pytest

import spicewidgets as sw
from spicewidgets.core.studies.data_sets import DataSetStudy


def square(number, file=None):
    """A part; it says in a file that it was done."""
    if file is not None:
        with open(file, "a") as log:
            log.write(f"{number}\n")
    return {"square": number**2, "third": number / 3}


class Squares(DataSetStudy):
    """The squares of some numbers."""

    def __init__(self, n, file=None):
        super().__init__()
        self._parts = [(number, file) for number in range(n)]

    @property
    def parts(self):
        return self._parts

    @property
    def work(self):
        return square


def test_progress_is_told_and_all_is_done():
    study = Squares(4)
    records = list(study.run())
    assert [record.done for record in records] == [0, 1, 2, 3, 4]
    assert records[-1].left == 0
    assert records[1].words == "1 of 4 data sets"
    assert study.results == {n: {"square": n**2, "third": n / 3} for n in range(4)}


def test_what_is_finished_stays_when_it_is_stopped_and_is_not_done_again(tmp_path):
    log = tmp_path / "log"
    study = Squares(6, str(log))
    steps = study.run(tmp_path / "out")
    for record in steps:
        if record.done == 3:
            steps.close()
    assert len(study.results) == 3
    other = Squares(6, str(log))
    records = list(other.run(tmp_path / "out"))
    assert [record.done for record in records] == [3, 4, 5, 6]
    assert records[1].before == 3
    assert sorted(log.read_text().split()) == list("012345")
    assert other.results == Squares(6).done().results
    again = Squares(6, str(log))
    list(again.run(tmp_path / "out"))
    assert len(log.read_text().split()) == 6


def test_a_folder_of_another_study_or_none_is_refused(tmp_path):
    list(Squares(2).run(tmp_path))
    with pytest.raises(sw.SettingsError, match="another study"):
        next(Squares(3).run(tmp_path))
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(sw.SettingsError, match="Choose another"):
        next(Squares(2).run(file))
    (tmp_path / "study.json").write_text("no json")
    with pytest.raises(sw.SettingsError, match="Choose another"):
        next(Squares(2).run(tmp_path))


def test_a_damaged_part_is_done_again(tmp_path):
    study = Squares(3)
    list(study.run(tmp_path))
    (tmp_path / "part-00001.json").write_text('{"squ')
    again = Squares(3)
    assert [record.done for record in again.run(tmp_path)] == [2, 3]
    assert again.results == study.results


DAMAGES = [
    "",
    "null",
    "[]",
    "3",
    "{}",
    '{"square": 1}',
    '{"checksum": 1, "result": {"square": 4}}',
    "[" * 9000,
]


@pytest.mark.parametrize("content", DAMAGES, ids=lambda text: text[:9])
def test_what_is_no_result_is_told_and_done_again(tmp_path, content):
    """`null` ended in a traceback, and numbers of another content were taken for found."""
    study = Squares(3)
    list(study.run(tmp_path))
    (tmp_path / "part-00001.json").write_text(content)
    again = Squares(3)
    records = list(again.run(tmp_path))
    assert records[0].done == 2
    assert "1 of the files is damaged, and done again" in records[0].words
    assert again.results == study.results
    assert "damaged" not in next(Squares(3).run(tmp_path)).words


def test_every_damage_of_a_part_is_found(tmp_path):
    """Of 500 files with another byte in them 107 were read as another result."""
    study = Squares(1)
    list(study.run(tmp_path))
    file = tmp_path / "part-00000.json"
    sound = file.read_bytes()
    rng = np.random.default_rng(1)
    for _ in range(200):
        at = rng.integers(len(sound))
        other = rng.choice([byte for byte in range(32, 127) if byte != sound[at]])
        file.write_bytes(sound[:at] + bytes([other]) + sound[at + 1 :])
        again = Squares(1)
        record = next(again.run(tmp_path))
        assert again.results in ({}, study.results)
        assert record.done == len(again.results)


def test_a_part_of_another_number_or_study_is_none_of_this_one(tmp_path):
    list(Squares(3).run(tmp_path / "a"))
    (tmp_path / "a" / "part-00000.json").replace(tmp_path / "a" / "part-00001.json")
    assert next(Squares(3).run(tmp_path / "a")).done == 1
    list(Squares(4).run(tmp_path / "b"))
    (tmp_path / "b" / "part-00002.json").replace(tmp_path / "a" / "part-00002.json")
    assert next(Squares(3).run(tmp_path / "a")).done == 0


def test_a_result_has_what_its_study_reads():
    design = sw.Design.of_settings(2, 1, 30, sw.BanditsDrift(0.2))
    models = sw.ModelRecovery(design, ["biased", "random"]).done()
    for study in (sw.ParameterRecovery("biased", design, n_datasets=1).done(), models):
        assert {*study.results[0]} == {*study.fields}


def test_before_anything_is_done_there_is_nothing_to_tell():
    design = sw.Design.of_settings(2, 1, 20, sw.BanditsDrift(0.2))
    with pytest.raises(sw.SettingsError, match="no results yet"):
        sw.ParameterRecovery("biased", design, n_datasets=2).summary()


SCRIPT = """
import sys
import spicewidgets as sw

if __name__ == "__main__":
    design = sw.Design.of_settings(3, 1, 60, sw.BanditsDrift(0.2))
    study = sw.ParameterRecovery("rescorla-wagner", design, n_datasets=200, random_state=1)
    for progress in study.run(sys.argv[1], int(sys.argv[2])):
        print(progress.done, flush=True)
"""


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_killed_study_goes_on_where_it_was(jobs, tmp_path):
    script, folder = tmp_path / "script.py", tmp_path / "out"
    script.write_text(SCRIPT)
    process = subprocess.Popen(
        [sys.executable, str(script), str(folder), str(jobs)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    seen = 0
    while seen < 3:
        seen = int(process.stdout.readline())
    os.killpg(process.pid, signal.SIGKILL)  # with its processes: nothing can be tidied up
    seen = max([seen, *(int(line) for line in process.stdout.read().split())])
    process.wait()
    kept = sorted(folder.glob("part-*.json"))
    assert seen <= len(kept) < 200
    contents = [file.read_bytes() for file in kept]
    for content in contents:
        json.loads(content)
    design = sw.Design.of_settings(3, 1, 60, sw.BanditsDrift(0.2))
    study = sw.ParameterRecovery("rescorla-wagner", design, n_datasets=200, random_state=1)
    steps = study.run(folder)
    assert next(steps).done == len(kept)  # the same study, in another process
    assert next(steps).done == len(kept) + 1
    steps.close()
    assert [file.read_bytes() for file in kept] == contents
    whole = sw.ParameterRecovery("rescorla-wagner", design, n_datasets=3, random_state=1).done()
    assert all(study.results[number] == whole.results[number] for number in range(3))


def recovery():
    task = sw.Task(sigma=0.2)
    return sw.TermRecovery(task=task, trials=50, sessions=[4, 10], n_datasets=2, random_state=1)


def test_other_processes_find_the_same_numbers_and_can_be_stopped():
    here = recovery().done()
    there = recovery()
    list(there.run(n_jobs=2))
    assert there.results == here.results
    design = sw.Design.of_settings(3, 1, 60, sw.BanditsDrift(0.2))
    study = sw.ParameterRecovery("rescorla-wagner", design, n_datasets=1000)
    steps = study.run(n_jobs=2)
    while not study.results:
        next(steps)
    steps.close()
    assert 0 < len(study.results) < 1000


def test_a_dask_cluster_finds_the_same_numbers(tmp_path):
    distributed = pytest.importorskip("distributed")
    here = recovery().done()
    there = recovery()
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, local_directory=str(tmp_path)
        ) as cluster,
        distributed.Client(cluster),
        joblib.parallel_backend("dask"),
    ):
        records = list(there.run(tmp_path / "out"))
    assert [record.done for record in records] == [0, 1, 2, 3, 4]
    assert there.results == here.results
    assert len(list(Path(tmp_path / "out").glob("part-*.json"))) == 4


@pytest.mark.parametrize("of", ["settings", "choices"])
def test_a_study_is_the_same_before_and_after_it_was_done(of, tmp_path):
    """So it goes on in the same folder, also one at the design of a table."""
    data, _, _ = sw.create_dataset(sw.AgentQ(), sw.BanditsDrift(0.2), 30, 4, random_state=1)

    def study():
        design = sw.Design.of_choices(data)
        if of == "settings":
            design = sw.Design.of_settings(2, 1, 30, sw.BanditsDrift(0.2))
        return sw.ParameterRecovery("biased", design, n_datasets=3, random_state=1)

    first = study()
    key, steps = first.key(), first.run(tmp_path)
    for progress in steps:
        if progress.done == 2:
            steps.close()
    assert first.key() == key
    assert next(first.run(tmp_path)).done == 2
    assert [progress.done for progress in study().run(tmp_path)] == [2, 3]
