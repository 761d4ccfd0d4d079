"""`spicewidgets falsify`: what it tells and writes, and what it says when it cannot."""

import json
import shlex
import signal

import pandas as pd
import pytest
from click.testing import CliRunner
from small_study import table as small_table

from spicewidgets.cli import main
from spicewidgets.cli.progress import ProgressBar


def run(*arguments):
    return CliRunner().invoke(main, list(map(str, arguments)))


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Choices with a habit, by people with three sessions each."""
    path = tmp_path_factory.mktemp("table") / "choices.csv"
    small_table().to_csv(path, index=False)
    return path


def test_it_says_where_models_do_not_behave_as_people_do(table, tmp_path):
    options = ("--rival", "random", "--rival", "with-kernel", "--model", "forgetting")
    result = run("falsify", "--data", table, *options, "--out", tmp_path)
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    agents = ("random", "with-kernel", "forgetting (SPICE) equations", "forgetting (SPICE) network")
    for agent in agents:
        assert (
            sum(line.startswith((f"{agent} fails on", f"{agent} is not rejected on")) for line in lines) == 4
        )
        starts = (f"{agent} behaves otherwise than people", f"{agent} is not told apart from people")
        assert sum(line.startswith(starts) for line in lines) == 1
    assert any(line.startswith("random fails on share of choices that repeat") for line in lines)
    assert "nothing needs to be known of the task" in result.stdout
    frame = pd.read_csv(tmp_path / "falsification.csv")
    assert set(frame["agent"]) == set(agents)
    assert (tmp_path / "falsification.svg").read_text().startswith("<svg")
    assert (tmp_path / "falsification.pdf").read_bytes().startswith(b"%PDF")
    command = shlex.split(json.loads((tmp_path / "settings.json").read_text())["command"])
    assert result.stdout.startswith(run(*command[1:]).stdout.rstrip())


def test_what_is_wrong_with_its_options_is_a_line_each(tmp_path):
    result = run("falsify", "--rival", "me", "--repeats", "5", "--way", "x", "--schedule", "x.csv")
    assert result.exit_code == 2
    assert [line.split(" must")[0] for line in result.stderr.splitlines()] == [
        "Error: --rival",
        "Error: --way",
        "Error: --repeats",
        "Error: --data",
    ]
    points = small_table()
    points["reward"] = points["reward"] * 0.5 + points["choice"] * 0.5
    points.to_csv(tmp_path / "points.csv", index=False)
    pd.DataFrame({"left": [0.5] * 40, "right": [0.5] * 40}).to_csv(tmp_path / "even.csv", index=False)
    options = ("--data", tmp_path / "points.csv", "--rival", "random")
    assert run("falsify", *options).exit_code == 0
    result = run("falsify", *options, "--schedule", tmp_path / "even.csv")
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: Only a task whose rewards are 0 and 1 can be played anew")
    result = run("falsify", *options, "--schedule", tmp_path / "none.csv")
    assert result.stderr.startswith("Error: --schedule must be a CSV file of probabilities")


def test_a_task_whose_schedule_is_given_is_played_anew(table, tmp_path):
    n_sessions = pd.read_csv(table).groupby(["participant", "run"]).ngroups
    rows = {"of all sessions": 40, "of one after the other": n_sessions * 40}
    found = {}
    for name, n in rows.items():
        pd.DataFrame({"left": [0.6] * n, "right": [0.4] * n}).to_csv(tmp_path / "task.csv", index=False)
        options = ("--rival", "random", "--repeats", "20", "--schedule", tmp_path / "task.csv")
        result = run("falsify", "--data", table, *options)
        assert (result.exit_code, result.stderr) == (0, "")
        found[name] = result.stdout
    assert len(set(found.values())) == 1
    assert "random cannot be rejected by so few repeats" in result.stdout


def test_it_can_be_interrupted(table, monkeypatch):
    monkeypatch.setattr(ProgressBar, "part", lambda *_: signal.raise_signal(signal.SIGINT))
    result = run("falsify", "--data", table, "--rival", "random")
    assert result.exit_code == 1
    assert "Aborted" in result.stderr


def test_one_person_has_no_group_and_that_is_said(table, tmp_path):
    frame = pd.read_csv(table)
    frame[frame["participant"] == frame["participant"][0]].to_csv(tmp_path / "one.csv", index=False)
    options = ("falsify", "--data", tmp_path / "one.csv", "--rival", "rescorla-wagner")
    assert "declared prior" in run(*options).stdout
    told = run(*options, "--way", "likelihood").stdout
    assert "declared prior" not in told
    assert "seed 0." in told.splitlines()[0]
