"""`spicewidgets rivals` and `spicewidgets recovery`: what they tell, write, and say when they cannot."""

import json
import shlex
import signal
from dataclasses import fields

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import spicewidgets as sw
from spicewidgets.cli import main
from spicewidgets.cli.progress import ProgressBar
from spicewidgets.core.progress import Progress as Done
from spicewidgets.core.rivals import fit, folds
from spicewidgets.core.studies.comparison_study import HeldOutSettings
from spicewidgets.core.studies.recovery import CRITERIA


def run(*arguments):
    return CliRunner().invoke(main, list(map(str, arguments)))


def output_of(*arguments):
    result = run(*arguments)
    assert (result.exit_code, result.stderr) == (0, ""), (result.output, result.exception)
    return result.stdout


def refused(*arguments):
    result = run(*arguments)
    assert result.exit_code == 2
    return result.stderr.splitlines()


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """A table of two groups of five people; one name looks like a formula."""
    path = tmp_path_factory.mktemp("table") / "choices.csv"
    names = ["=1+1", *"bcdefghij"]
    agents = [sw.AgentQ(alpha_reward=0.4, beta_choice=1.0)] * 20
    who = [name for name in names for _ in range(2)]
    data, _, _ = sw.create_dataset(
        agents, sw.BanditsDrift(0.2), 40, 20, participant=[names.index(name) for name in who], random_state=1
    )
    frame = data.to_frame()
    rows = {
        "participant": [names[int(code)] for code in frame["participant"]],
        "run": frame["session"] % 2 + 1,
        "choice": frame["choice"],
        "reward": data.rewards_chosen.reshape(-1).numpy().astype(int),
    }
    made = pd.DataFrame(rows)
    made["diagnosis"] = made["participant"].map(dict(zip(names, "xxxxxyyyyy", strict=True)))
    made.to_csv(path, index=False)
    return path


QUICK = ("--rival", "random", "--rival", "rescorla-wagner", "--folds", "2")


def test_the_names_of_the_options_are_those_of_the_core():
    declared = {item.name: set(item.metadata["choices"]) for item in fields(HeldOutSettings)}
    assert declared["by"] == set(folds.WAYS)
    assert declared["way"] == set(fit.WAYS)
    assert set(CRITERIA) == {"bic", "aic", "evidence"}


@pytest.fixture(scope="module")
def compared(table, tmp_path_factory):
    """Rivals, and equations and network, on the table."""
    out = tmp_path_factory.mktemp("rivals")
    return output_of("rivals", "--data", table, *QUICK, "--model", "rescorla-wagner", "--out", out), out


def test_rivals_equations_and_network_are_told_in_one_table(compared):
    text, _ = compared
    assert "Read choices.csv: 10 people, 20 sessions, 2 options; seed 0." in text
    assert "held out by session in 2 parts; rivals fitted by group" in text
    rows = [line.split("0.")[0].strip() for line in text.splitlines()]
    for name in ("random", "rescorla-wagner", "rescorla-wagner (SPICE) equations"):
        assert rows.count(name) == 3  # of all people, and of each group
    assert "diagnosis x, 5 people:" in text
    assert "All groups of diagnosis follow the models equally often with probability" in text


def test_groups_of_few_people_are_shown_and_not_tested(table, tmp_path):
    choices, out = tmp_path / "choices.csv", tmp_path / "out"
    pd.read_csv(table).query("participant not in ['b', 'c']").to_csv(choices, index=False)
    text = output_of("rivals", "--data", choices, "--rival", "random", "--rival", "biased", "--out", out)
    assert "diagnosis x, 3 people:" in text
    assert "missing" not in text
    assert "Groups of diagnosis are not tested: fewer than two have 5 people." in text
    assert "equally often" not in text
    assert not (out / "groups.csv").exists()


def test_people_without_a_label_are_in_no_group(table, tmp_path):
    choices, out = tmp_path / "choices.csv", tmp_path / "out"
    frame = pd.read_csv(table)
    frame.loc[frame["participant"].isin(["b", "c"]), "diagnosis"] = np.nan
    frame.to_csv(choices, index=False)
    text = output_of("rivals", "--data", choices, "--rival", "random", "--rival", "biased", "--out", out)
    assert "diagnosis missing, 2 people: they are in no group" in text
    assert "diagnosis none" not in text
    assert "diagnosis x, 3 people:" in text
    assert pd.read_csv(out / "people.csv")["diagnosis"].isna().sum() == 2 * 2


def test_the_tables_that_it_writes_hold_what_it_told(compared, table):
    _, out = compared
    names = {"comparison.csv", "people.csv", "parameters.csv", "rivals.csv", "groups.csv", "settings.json"}
    names.add("comparison.txt")
    assert {file.name for file in out.iterdir()} == names
    comparison = pd.read_csv(out / "comparison.csv", index_col="model")
    assert len(comparison) == 4
    assert comparison.at["random", "likelihood"] == pytest.approx(0.5)
    people = pd.read_csv(out / "people.csv")
    assert set(people["participant"]) == {"'=1+1", *"bcdefghij"}  # no formula to a spreadsheet
    assert people.groupby("model")["nll"].sum()["random"] == pytest.approx(
        comparison.at["random", "evidence"] * -1
    )
    rivals = pd.read_csv(out / "rivals.csv")
    own = rivals[rivals["rival"] == "rescorla-wagner"]
    assert own["parameter"].tolist() == ["alpha", "beta"]
    assert {"equation", "low", "high", "prior", "starts", "agreement"} <= set(rivals.columns)
    settings = json.loads((out / "settings.json").read_text())
    assert shlex.split(settings["command"])[:4] == ["spicewidgets", "rivals", "--data", str(table)]
    assert len(settings["sha256"]) == 64


def test_the_command_that_it_writes_does_the_same(compared):
    text, out = compared
    again = output_of(*shlex.split(json.loads((out / "settings.json").read_text())["command"])[1:])
    assert text.startswith(again.rstrip())


@pytest.mark.parametrize("by", ["person", "time"])
def test_choices_are_taken_apart_in_other_ways(table, by):
    options = ("--rival", "random", "--folds", 2, "--by", by)
    assert f"held out by {by} in 2 parts" in output_of("rivals", "--data", table, *options)


def test_one_session_a_person_is_held_out_by_time(table, tmp_path):
    frame = pd.read_csv(table)
    frame[frame["run"] == 1].to_csv(tmp_path / "one.csv", index=False)
    text = output_of("rivals", "--data", tmp_path / "one.csv", "--rival", "random", "--folds", 2)
    assert "No person has a second session to predict" in text
    assert "held out by time in 2 parts" in text


def test_fewer_parts_than_were_asked_for_are_said(compared, table):
    text = output_of("rivals", "--data", table, "--rival", "random", "--folds", 100)
    assert "Held out in 2 parts, not in 100: nobody has more sessions." in text
    assert "not in 2" not in compared[0]


def test_counts_are_reconciled_and_the_plain_count_stands_beside_the_estimate(compared, table):
    text, _ = compared
    words = " ".join(text.split())
    assert "800 trials, 0 missed (no choice): 800 choices. Scored: 780 (20 first of a session not" in words
    assert "Held out: 780." in words
    head, *rows = text.split("\n\n")[2].splitlines()
    end = head.index("people") + len("people")
    assert sum(int(row[:end].split()[-1]) for row in rows) == 10
    assert "random effects" in text


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (("recovery", "parameters", "--criterion", "aic", "--model", "habit"), ["--model", "--criterion"]),
        (("recovery", "rivals", "--alpha-reward", "0.5", "--session-column", "run"), None),
        (("recovery", "terms", "--rival", "random", "--people", "3"), ["--people", "--rival"]),
        (("recovery", "terms", "--sessions", "3", "--sizes", "3,4"), ["--sessions"]),
        (("recovery", "parameters", "--data", "x.csv", "--trials", "3", "--task", "fixed"), None),
        (("report", "x.csv", "--trials", "30", "--sigma", "0.1"), ["--trials", "--sigma"]),
        (("report", "--choice-column", "key"), ["--choice-column"]),
        (("falsify", "--data", "x.csv", "--repeats", "50"), ["--repeats"]),
    ],
)
def test_an_option_that_would_do_nothing_is_refused(options, names):
    lines = refused(*options)
    named = [line.removeprefix("Error: ").split()[0] for line in lines]
    assert sorted(named) == sorted(
        names or [word for word in options if word[:2] == "--" and word != "--data"]
    )
    assert all(line.endswith(f"Leave out {name}.") for line, name in zip(lines, named, strict=True))


def test_the_command_of_a_recovery_does_the_same(tmp_path):
    text = output_of(
        "recovery", "parameters", "--people", 2, "--trials", 40, "--datasets", 1, "--out", tmp_path
    )
    command = shlex.split(json.loads((tmp_path / "settings.json").read_text())["command"])
    assert command[:3] == ["spicewidgets", "recovery", "parameters"]
    assert text.startswith(output_of(*command[1:]).rstrip())


def test_what_is_wrong_with_its_options_is_a_line_each(table, tmp_path):
    (line,) = refused("rivals", "--data", table, "--reward-column", "rewrad")
    assert "Did you mean 'reward'?" in line
    (tmp_path / "file").write_text("x")
    (line,) = refused("rivals", "--data", table, "--out", tmp_path / "file")
    assert line.startswith("Error: --out must be a folder")


def test_terms_are_recovered_by_number_of_choices(tmp_path):
    options = ("--trials", 50, "--sizes", "2,20", "--datasets", 2, "--out", tmp_path)
    text = output_of("recovery", "terms", *options)
    assert "4 of 4 data sets. Seed 0." in text
    assert "Share of data sets with exactly the true terms" in text
    terms = pd.read_csv(tmp_path / "terms.csv")
    assert set(terms["choices"]) == {100, 1000}
    assert len(list((tmp_path / "parts").glob("part-*.json"))) == 4
    assert output_of("recovery", "terms", *options) == text
    assert json.loads((tmp_path / "settings.json").read_text())["done"] == 4


def test_rivals_are_told_apart_at_the_design_of_a_table(table, tmp_path):
    options = ("--rival", "random", "--rival", "choice-kernel", "--datasets", 1)
    text = output_of("recovery", "rivals", "--data", table, *options, "--criterion", "aic", "--out", tmp_path)
    assert "P(best | simulated), by AIC, of people" in text
    confusion = pd.read_csv(tmp_path / "confusion.csv", index_col=0)
    assert confusion.sum(axis=1).tolist() == pytest.approx([1, 1])


def test_parameters_are_recovered():
    text = output_of("recovery", "parameters", "--people", 3, "--trials", 60, "--datasets", 2)
    assert "How the parameters of rescorla-wagner come back" in text
    assert "correlation" in text


def test_ctrl_c_shows_what_is_finished_and_the_same_command_goes_on(tmp_path, monkeypatch):
    """The signal itself; from outside, of a process: test_cli.py."""
    options = ("recovery", "parameters", "--people", 3, "--trials", 60, "--datasets", 5, "--out", tmp_path)

    def interrupted(self, record):
        if record.done == 3:
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(ProgressBar, "part", interrupted)
        text = output_of(*options)
    assert text.startswith("3 of 5 data sets; the same command with --out goes on where it was ended.")
    assert json.loads((tmp_path / "settings.json").read_text())["done"] == 3
    first = {path: path.stat().st_mtime_ns for path in tmp_path.glob("parts/part-*.json")}
    assert len(first) == 3
    assert output_of(*options).startswith("5 of 5 data sets")
    assert {path: path.stat().st_mtime_ns for path in first} == first
    assert len(list(tmp_path.glob("parts/part-*.json"))) == 5


def test_parts_and_the_time_left_are_told_on_one_line(capsys):
    with ProgressBar(1, hidden=False) as progress:
        progress.part(Done(3, 10, "3 of 10 data sets", 30.0, 1))
    told = capsys.readouterr().err
    assert "[######..............] 3 of 10 data sets; 2 min left" in told  # 15 s for each of 2
    assert told.endswith("\r")
