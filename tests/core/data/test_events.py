"""Trials as events of BIDS: a file for each run, which says what it holds, and opens again."""

import json

import numpy as np
import pandas as pd
import pytest
import table_layouts as layouts

import spicewidgets as sw
from spicewidgets.core.settings import SettingsError


def read(path):
    return pd.read_csv(path, sep="\t", na_values="n/a", keep_default_na=False)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    choices = sw.load_choices("two-groups")
    trials = sw.regressors(sw.AgentQ(), choices)
    folder = tmp_path_factory.mktemp("events") / "new"
    return choices, trials, folder, sw.write_events(trials, folder, choices.groups)


def test_a_file_for_each_run_with_what_bids_asks_for(written):
    choices, trials, folder, files = written
    assert set(files) == set(folder.iterdir())
    runs = [path for path in files if path.name.endswith("_events.tsv")]
    assert len(runs) == choices.dataset.n_sessions == 72
    assert (folder / "sub-p01_task-choices_run-1_events.tsv") in runs
    for path in runs:
        assert "\n\n" not in path.read_text()
        assert path.read_text().startswith("onset\tduration\ttrial_type\t")
    everything = pd.concat([read(path) for path in runs]).sort_values("row")
    np.testing.assert_allclose(everything["p_choice"], trials["p_choice"])
    assert everything["trial_type"].eq("choice").all()


def test_every_column_is_described(written):
    _, _, folder, files = written
    described = json.loads((folder / "task-choices_events.json").read_text())
    assert list(described) == list(read(files[-1]).columns)
    assert all(len(it["Description"]) > 5 for it in described.values())
    assert described["update"]["Units"] == "nats"


def test_who_is_who_and_what_they_are(written):
    choices, _, folder, _ = written
    people = read(folder / "participants.tsv")
    assert people["participant_id"].tolist() == [f"sub-{label}" for label in choices.report.participants]
    assert people["group"].tolist() == choices.groups["group"].tolist()


def test_they_open_again_as_the_same_sessions(written):
    choices, _, _, files = written
    again = sw.read_choices(sorted(path for path in files if path.name.endswith("_events.tsv")))
    assert again.report.layout == "spicewidgets events"
    for part in ("choices", "rewards_chosen", "ys"):
        np.testing.assert_array_equal(getattr(again.dataset, part), getattr(choices.dataset, part))


def test_names_that_bids_cannot_have(tmp_path):
    labels = ["a_1", "a-1", "A1", "é", "=1", "sub-07"]
    table = layouts.table(
        "id,choice,reward", lambda r, p, t: (labels[p], "x\ty"[: 1 + 2 * (t % 2)], t % 3 > 0), 6
    )
    choices = sw.read_choices(table)
    files = sw.write_events(sw.regressors(sw.AgentQ(), choices), tmp_path)
    names = [path.name.split("_")[0] for path in files if path.name.endswith("_events.tsv")]
    assert names == ["sub-a1", "sub-a1x2", "sub-A1x3", "sub-4", "sub-1", "sub-07"]
    people = read(tmp_path / "participants.tsv")
    assert people["label"].tolist() == ["a_1", "a-1", "A1", "é", "'=1", "sub-07"]
    assert {len(line.split("\t")) for line in files[-1].read_text().splitlines()} == {
        len(read(files[-1]).columns)
    }


def test_rows_that_are_not_used_stand_in_their_run(tmp_path):
    choices = sw.read_choices(layouts.bids())
    files = sw.write_events(sw.regressors(sw.AgentQ(), choices), tmp_path)
    events = read(files[-1])
    assert events["onset"].tolist() == [2.5 * row for row in range(40)]
    assert events["trial_type"].tolist() == ["choice", "unused"] * 20


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    trials = sw.regressors(sw.AgentQ(), sw.load_choices("two-groups"))
    with pytest.raises(SettingsError, match=r"cannot be written .* Choose another folder"):
        sw.write_events(trials, tmp_path / "file")
