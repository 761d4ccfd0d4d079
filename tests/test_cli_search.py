"""`spicewidgets search`: what it finds and writes, how it goes on, and what it says when it cannot."""

import json
import shlex

import pandas as pd
import pytest
from click.testing import CliRunner

import spicewidgets as sw
from spicewidgets.cli import main
from spicewidgets.core.rivals.design import Design, drawn_values, simulate_rival
from spicewidgets.core.rivals.ready import ALL


def run(*arguments):
    return CliRunner().invoke(main, list(map(str, arguments)))


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """Choices of people with a choice kernel: first sessions, and second ones."""
    rival, folder = ALL["with-kernel"], tmp_path_factory.mktemp("tables")
    design = Design.of_settings(12, 2, 120, sw.BanditsDrift(0.2))
    data = simulate_rival(rival, drawn_values(rival, 2, 12, None, 3), design, 3)
    frame = data.to_frame()[["participant", "session", "choice", "reward"]]
    paths = folder / "train.csv", folder / "test.csv"
    for half, path in enumerate(paths):
        frame[frame["session"] % 2 == half].drop(columns="session").to_csv(path, index=False)
    return paths


def test_it_finds_writes_and_goes_on(tables, tmp_path):
    train, test = tables
    options = ("search", "--data", train, "--test-data", test, "--numbers", "6", "--out", tmp_path)
    result = run(*options)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "from a Rescorla-Wagner learner raise" in result.stdout
    assert "logit of an option" in result.stdout
    path = pd.read_csv(tmp_path / "path.csv")
    added = path[path["action"] != "in vain"]
    assert (added["nats"] > added["penalty"]).all()
    assert set(" ".join(added["signals"]).split()) & {"kernel", "since_chosen", "last"}
    assert (path["action"] == "in vain").any()
    held_out = pd.read_csv(tmp_path / "held_out.csv").set_index("model")
    assert list(held_out.index) == ["equations", "rescorla-wagner", "chance"]
    assert held_out.loc["equations", "ahead"] > 0
    assert held_out.loc["equations", "numbers_per_participant"] <= 6
    people = pd.read_csv(tmp_path / "parameters.csv")
    assert people["participant"].nunique() == 12
    assert sw.FoundModel.load(tmp_path / "found.json").n_actions == 2
    before = (tmp_path / "parts" / "search.json").read_bytes()
    command = shlex.split(json.loads((tmp_path / "settings.json").read_text())["command"])
    again = run(*command[1:], "--out", tmp_path)
    assert again.stdout == result.stdout
    assert (tmp_path / "parts" / "search.json").read_bytes()[:200] == before[:200]


def test_what_is_wrong_with_its_options_is_a_line_each():
    result = run("search", "--numbers", "1", "--ceiling")
    assert result.exit_code == 2
    assert [line.split(" must")[0].split(" predicts")[0] for line in result.stderr.splitlines()] == [
        "Error: --numbers",
        "Error: --data",
        "Error: --ceiling",
    ]
