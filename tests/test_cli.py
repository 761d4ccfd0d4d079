"""`spicewidgets discover`: what it tells, what it writes, and what it says when it cannot."""

import csv
import json
import shlex
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import table_layouts
from click.testing import CliRunner
from matplotlib import pyplot
from safetensors.torch import load_file

import spicewidgets as sw
from spicewidgets.cli import discovery, main
from spicewidgets.cli.options import GROUPS, HeadedOption, as_options
from spicewidgets.cli.progress import ProgressBar
from spicewidgets.core import estimator
from spicewidgets.core.data.choices import read_choices
from spicewidgets.core.data.tables.cells import as_number
from spicewidgets.core.data.tables.report import Report
from spicewidgets.core.models import MODELS
from spicewidgets.core.tasks import TASKS
from spicewidgets.core.train.training import Epoch

FEW = ["--trials", "20", "--sessions", "20", "--epochs", "5", "--n-starts", "1"]
SMALL = ["--trials", "20", "--sessions", "20", "--epochs", "60", "--n-starts", "2", "--seed", "1"]
FILES = {
    "session.png",
    "loss.png",
    "equations.txt",
    "equations.tex",
    "equations.json",
    "parameters.csv",
    "people.csv",
    "regressors.csv",
    "comparison.csv",
    "history.csv",
    "dataset.csv",
    "settings.json",
    "rnn.safetensors",
    "spice.json",
}


def run(*arguments):
    return CliRunner().invoke(main, ["discover", *map(str, arguments)])


def output_of(*arguments):
    result = run(*arguments)
    assert (result.exit_code, result.stderr) == (0, ""), (result.output, result.exception)
    return result.stdout


def refused(*arguments):
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    return result.stderr.splitlines()


@pytest.fixture(scope="module", autouse=True)
def no_remedy_is_tried():
    """Each is another training; core/diagnose has its tests. Its value is how they are tried."""
    tries = discovery.diagnose
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            discovery, "diagnose", lambda *args, **named: tries(*args, **{**named, "trials": False})
        )
        yield tries


def test_what_may_do_better_is_tried_unless_the_training_was_stopped(monkeypatch, no_remedy_is_tried):
    asked = []

    def diagnose(*args, trials=True, **named):
        asked.append(trials)
        return no_remedy_is_tried(*args, trials=False, **named)

    monkeypatch.setattr(discovery, "diagnose", diagnose)
    assert "Verdict: " in output_of(*FEW)
    monkeypatch.setattr(ProgressBar, "show", interrupt)
    output_of(*FEW)
    assert asked == [True, False]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli") / "new" / "folder"
    return output_of(*SMALL, "--out", folder), folder


def test_it_tells_equations_parameters_and_comparison(written):
    text, _ = written
    lines = text.splitlines()
    assert lines[0] == "Simulated 20 sessions of 20 trials: drift with sigma 0.2 per trial, 2 arms; seed 1."
    assert lines[1].startswith("Trained rescorla-wagner for ")
    assert "screening" in lines[1]
    assert lines[2].startswith("Loss 0.")
    assert "nats per choice (chance 0.6931, true agent 0." in lines[2]
    counts = "400 trials, 0 missed (no choice): 420 choices, 20 of them after the last trial."
    assert lines[3].startswith(counts)
    heads = [line.split("  ")[0] for line in lines[5:] if line and not line.startswith(" ")]
    assert heads[:3] == ["Equations, term by term", "Parameters", "Choices expected by"]
    assert [line.split()[:2] for line in lines if line.startswith("    ") and len(line.split()) == 4] == [
        ["1", "-0.300"],
        ["x_value_reward_chosen[k]", "0.700"],
        ["c_reward[k]", "0.900"],
    ]
    assert max(map(len, lines)) <= 100


def test_it_writes_all_that_was_found(written):
    text, folder = written
    assert {path.name for path in folder.iterdir()} == FILES
    output = " ".join(text[text.index("Written to") :].split())
    assert all(name in output for name in FILES)
    assert str(folder) in output
    assert (folder / "session.png").read_bytes().startswith(b"\x89PNG")
    assert (folder / "loss.png").read_bytes().startswith(b"\x89PNG")


def test_the_tables_hold_the_numbers_that_were_told(written):
    text, folder = written
    parameters = pd.read_csv(folder / "parameters.csv")
    assert parameters["parameter"].tolist() == ["alpha_reward", "alpha_penalty", "beta_reward", "q0"]
    assert parameters["true"].tolist() == [0.3, 0.3, 3.0, 0.5]
    comparison = pd.read_csv(folder / "comparison.csv", index_col="agent")
    assert comparison.index.tolist() == ["groundtruth", "rnn", "spice"]
    assert f"{comparison['nll']['spice']:.4f}" in text
    history = pd.read_csv(folder / "history.csv")
    assert history["epoch"].tolist() == list(range(1, len(history) + 1))
    dataset = sw.DatasetRNN.from_frame(pd.read_csv(folder / "dataset.csv"))
    assert (dataset.n_sessions, dataset.n_trials) == (20, 20)


def test_the_equations_and_models_can_be_read_back(written):
    _, folder = written
    data = json.loads((folder / "equations.json").read_text())
    discovered, true = (sw.SpiceModel.from_dict(data[name]) for name in ("found", "true"))
    assert true.text() in (folder / "equations.txt").read_text()
    assert discovered.text() in (folder / "equations.txt").read_text()
    spice = sw.SpiceEstimator(sw.RescorlaWagnerRNN, sw.RESCORLA_WAGNER_CONFIG)
    spice.load_spice(folder / "rnn.safetensors", folder / "spice.json")
    assert spice.spice_model_ == discovered


def test_the_settings_are_enough_to_repeat_it(written, tmp_path):
    text, folder = written
    settings = json.loads((folder / "settings.json").read_text())
    assert settings["data"] == {
        "trials": 20,
        "sessions": 20,
        "train_share": 1.0,
        "validation_share": 0.0,
        "seed": 1,
    }
    assert settings["task"]["sigma"] == 0.2
    assert settings["versions"]["spicewidgets"] == sw.__version__
    assert "torch" in settings["versions"]
    program, command, *arguments = shlex.split(settings["command"])
    assert (program, command) == ("spicewidgets", "discover")
    before = pyplot.get_fignums()
    again = output_of(*arguments, "--out", tmp_path)
    assert pyplot.get_fignums() == before  # figures do not pile up where pyplot is loaded, as in a notebook
    assert again.split("\nWritten to")[0] == text.split("\nWritten to")[0]
    for name in FILES - {"rnn.safetensors"}:  # whose header names its entries in any order
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), name
    weights, others = (load_file(path / "rnn.safetensors") for path in (tmp_path, folder))
    assert weights.keys() == others.keys()
    assert all(weights[name].equal(others[name]) for name in weights)


def test_a_second_run_into_the_same_folder_replaces_its_own_files_only(written, tmp_path):
    shutil.copytree(written[1], tmp_path, dirs_exist_ok=True)
    (tmp_path / "mine.txt").write_text("keep me")
    before = (tmp_path / "dataset.csv").read_bytes()
    output_of(*FEW, "--seed", 2, "--out", tmp_path)
    assert (tmp_path / "mine.txt").read_text() == "keep me"
    assert (tmp_path / "dataset.csv").read_bytes() != before


def test_the_numbers_are_those_of_the_same_script():
    agent = sw.AgentQ(2, alpha_reward=0.3)
    dataset, _, _ = sw.create_dataset(agent, sw.BanditsDrift(0.2), 20, 20, random_state=1)
    spice = sw.SpiceEstimator(
        sw.RescorlaWagnerRNN, sw.RESCORLA_WAGNER_CONFIG, epochs=60, n_starts=2, random_state=1
    ).fit(dataset)
    assert output_of(*SMALL, "--quiet") == spice.spice_model_.text() + "\n"


def test_without_a_seed_it_is_the_same_as_elsewhere_and_told():
    text = output_of(*FEW)
    assert text.splitlines()[0].endswith("; seed 0.")
    assert output_of(*FEW, "--seed", 0) == text


@pytest.mark.parametrize("model", ["forgetting", "learning-rate", "participant-embedding", "choice"])
def test_every_model_runs(model):
    text = output_of(*FEW, "--model", model, "--n-actions", 3)
    assert f"Trained {model} for" in text
    assert "Choices expected by" in text


@pytest.mark.parametrize(
    "options",
    [
        ["--sigma", "0", "--bagging", "--train-share", "0.7"],
        ["--task", "fixed", "--counterfactual", "--n-trials-off-policy", "0"],
        ["--task", "reversal", "--flip-probability", "0.1", "--optimizer", "adam", "--epochs", "5"],
        ["--train-share", "0.9", "--validation-share", "0.2"],
        ["--beta-reward", "0"],
        ["--alpha-reward", "0"],
        ["--alpha-reward", "1", "--sindy-optimizer", "STLSQ", "--degree", "2"],
        ["--trials", "1"],
        ["--sessions", "1"],
    ],
    ids=" ".join,
)
def test_edges_of_the_settings_run(options, tmp_path):
    assert "Choices expected by" in output_of(*SMALL, *options, "--out", tmp_path)


def test_what_the_model_cannot_express_is_said():
    text = " ".join(output_of(*FEW, "--beta-choice", 1, "--forget-rate", 0.2).split())
    assert (
        "This model has no part for forget_rate, beta_choice, alpha_choice; another one (--model) may."
        in text
    )


# A table of one's own


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    rng = np.random.default_rng(1)
    n = 240
    frame = pd.DataFrame(
        {
            "who": np.repeat(["ann", "bob"], n // 2),
            "run": np.repeat(range(6), n // 6),
            "choice": rng.choice(["left", "right"], n),
            "reward": rng.integers(0, 2, n),
        }
    )
    frame.loc[5, "choice"] = None
    path = tmp_path_factory.mktemp("table") / "mine.csv"
    frame.to_csv(path, index=False)
    return path


QUICK = ["--epochs", "20", "--n-starts", "2", "--seed", "1"]
NAMED = ["--participant-column", "who", "--session-column", "run"]


def test_a_table_has_no_truth(table, tmp_path):
    result = run("--data", table, *NAMED, *QUICK, "--out", tmp_path)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == (
        "Read mine.csv: 6 sessions of up to 40 trials, 2 arms, participants: 2 (column who); seed 1."
    )
    assert "Equations of participant ann, term by term" in result.stdout
    told = " ".join(result.stdout.split())
    assert "those of participant ann, the first of 2. --participant LABEL shows another's" in told
    assert "truth" not in result.stdout.split("Written to")[0]
    assert {path.name for path in tmp_path.iterdir()} == FILES | {"data.json", "data.html", "events"}
    assert pd.read_csv(tmp_path / "parameters.csv")["participant"].unique().tolist() == ["ann", "bob"]
    assert "Participant bob\n" in (tmp_path / "equations.txt").read_text()
    settings = json.loads((tmp_path / "settings.json").read_text())
    assert "task" not in settings
    assert settings["data"]["participant_column"] == "who"
    assert settings["data"]["roles"]["sessions"] == ["run"]
    assert settings["data"]["remedies"] == {"sessions": "start_anew", "missed_trials": "keep"}
    assert Report.from_json((tmp_path / "data.json").read_text()).used == 240


def test_another_participant_can_be_shown(table, tmp_path):
    text = output_of("--data", table, *NAMED, *QUICK, "--participant", "bob", "--out", tmp_path)
    assert "Equations of participant bob, term by term" in text
    assert "participant bob, one of 2." in " ".join(text.split())


def test_a_dataset_that_was_written_can_be_read(written):
    _, folder = written
    text = output_of("--data", folder / "dataset.csv", *QUICK)
    assert text.splitlines()[0] == (
        "Read dataset.csv: 20 sessions of up to 20 trials, 2 arms, participants: 1 (column participant); seed"
        " 1."
    )


def test_a_table_needs_no_columns_named_and_says_what_was_done(tmp_path):
    path = tmp_path / "bandit.txt"
    path.write_bytes(table_layouts.hbayesdm())
    lines = output_of("--data", path, *QUICK).splitlines()
    assert lines[0] == (
        "Read bandit.txt: 3 sessions of up to 12 trials, 2 arms, participants: 3 (column subjID); seed 1."
    )
    note = "Note: Rewards are -1 to 1, not 0 to 1 (rows 2-37): the lowest becomes 0 and the highest 1."
    assert note in lines
    kept = output_of("--data", path, *FEW[4:], "--remedy", "scale=keep")
    assert "Rewards are -1 to 1, not 0 to 1 (rows 2-37): they stay as they are." in kept


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """As hBayesDM has it: options 1 and 2, 100 to 160 trials, missed choices, rewards -1 and 1."""
    rng = np.random.default_rng(5)
    rows = []
    for person, n in enumerate((160, 100, 132), 1):
        q = np.full(2, 0.5)
        for _ in range(n):
            choice = int(rng.random() < 1 / (1 + np.exp(-4 * (q[1] - q[0]))))
            reward = int(rng.random() < (0.7, 0.3)[choice])
            if rng.random() < 0.06:
                rows.append((f"s{person}", "", ""))
                continue
            rows.append((f"s{person}", choice + 1, 2 * reward - 1))
            q[choice] += 0.4 * (reward - q[choice])
    path = tmp_path_factory.mktemp("study") / "bandit2arm.txt"
    frame = pd.DataFrame(rows, columns=["subjID", "choice", "outcome"])
    frame.to_csv(path, sep="\t", index=False)
    options = ["--model", "forgetting", "--pooling", "group", *QUICK, "--out", path.parent / "out"]
    return frame, path, output_of("--data", path, *options), path.parent / "out"


def test_a_table_goes_to_equations_and_numbers_of_every_person(study):
    frame, _, text, folder = study
    assert text.splitlines()[0].startswith("Read bandit2arm.txt: 3 sessions of up to 160 trials, 2 arms")
    missed = frame.index[frame["choice"] == ""] + 2
    report = Report.from_json((folder / "data.json").read_text())
    (problem,) = (it for it in report.problems if it.key == "missed_trials")
    assert problem.where.rows == tuple(missed)
    people = pd.read_csv(folder / "people.csv")
    assert people["participant"].tolist() == ["s1", "s2", "s3"]
    assert people["alpha_reward"].between(0, 1).all()
    assert (people["alpha_reward low"] < people["alpha_reward"]).all()
    found = sw.SpiceModel.from_dict(json.loads((folder / "equations.json").read_text())["found"])
    tex, words = ((folder / f"equations.{kind}").read_text() for kind in ("tex", "txt"))
    for label in people["participant"]:
        assert f"Participant {label}\n{found.text(label)}" in words
        assert f"\\paragraph{{Participant {label}}}\n\\begin{{gather*}}\n{found.latex(label)}" in tex


def test_trials_stand_beside_the_rows_of_the_table_and_open_again(study):
    frame, path, _, folder = study
    trials = pd.read_csv(folder / "regressors.csv", dtype={"choice": "Int64"})
    assert trials["participant"].tolist() == frame["subjID"].tolist()
    assert trials["row"].tolist() == list(range(2, len(frame) + 2))
    assert trials["choice"].astype(object).fillna("").tolist() == frame["choice"].tolist()
    missed = frame["choice"] == ""
    assert trials.loc[missed, ["p_choice", "prediction_error", "update"]].isna().all(axis=None)
    assert trials.loc[~missed, ["p_choice", "prediction_error", "update"]].notna().all(axis=None)
    assert trials[["p_1", "p_2", "value_1", "value_2"]].notna().all(axis=None)
    original = read_choices(path).dataset
    events = sorted((folder / "events").glob("*_events.tsv"))
    assert [it.name for it in events] == [f"sub-s{n}_task-choices_events.tsv" for n in (1, 2, 3)]
    for source in (folder / "regressors.csv", events, folder / "dataset.csv"):
        again = read_choices(source).dataset
        np.testing.assert_array_equal(again.choices, original.choices)
        np.testing.assert_array_equal(again.rewards_chosen, original.rewards_chosen)


def test_no_file_holds_a_formula_for_a_spreadsheet(tmp_path):
    path = tmp_path / "bad.csv"
    path.write_bytes(
        table_layouts.table(
            "id,group,choice,reward",
            lambda r, p, t: (f"=cmd{p}", ("@a", "-b")[p % 2], ("+x", "y")[r.integers(2)], r.integers(2)),
            people=4,
        )
    )
    output_of(
        "--data", path, *QUICK, "--model", "forgetting", "--pooling", "group", "--out", tmp_path / "out"
    )
    tables = [it for it in (tmp_path / "out").rglob("*") if it.suffix in (".csv", ".tsv")]
    assert len(tables) >= 8
    for it in tables:
        rows = csv.reader(it.read_text().splitlines(), delimiter="\t" if it.suffix == ".tsv" else ",")
        text = [cell for row in rows for cell in row if cell[:1] in {"=", "+", "-", "@"}]
        assert [cell for cell in text if np.isnan(as_number(cell))] == [], it.name
    people = pd.read_csv(tmp_path / "out" / "people.csv")
    assert people["participant"].tolist() == ["'=cmd0", "'=cmd1", "'=cmd2", "'=cmd3"]


def test_no_name_of_a_participant_costs_the_result(tmp_path):
    rng = np.random.default_rng(1)
    long = "n" * 299
    labels = [f"{long}a", f"{long}b", "é" * 300, "a/b", "a.b", "../../ab", "x\0y", "\ud800", "AB", "$\\frac{"]
    rows = [
        {"participant": label, "choice": "xy"[rng.integers(2)], "reward": int(rng.integers(2))}
        for label in [*labels, "   "]
        for _ in range(8)
    ]
    path, out = tmp_path / "names.json", tmp_path / "out"
    path.write_text(json.dumps(rows))
    output_of("--data", path, "--epochs", 2, "--n-starts", 1, "--participant", "$\\frac{", "--out", out)
    assert {it.name for it in tmp_path.iterdir()} == {"names.json", "out"}
    files = [it.name for it in (out / "events").glob("sub-*")]
    assert len({name.lower() for name in files}) == len(labels)  # a row of blanks says nothing of who chose
    who = pd.read_csv(out / "events" / "participants.tsv", sep="\t")
    written = [label.replace("\ud800", "?").replace("\0", r"\x00") for label in labels]
    assert who["label"].tolist() == written
    assert {f"{name}_task-choices_events.tsv" for name in who["participant_id"]} == set(files)


def test_events_of_an_earlier_run_are_not_left_among_those_of_this_one(study, tmp_path):
    _, path, _, folder = study
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    (tmp_path / "events" / "mine.tsv").write_text("keep me")
    lines = path.read_text().splitlines()
    path.with_name("two.txt").write_text("\n".join(line for line in lines if not line.startswith("s3")))
    output_of("--data", path.with_name("two.txt"), *QUICK, "--out", tmp_path)
    names = {it.name for it in (tmp_path / "events").iterdir()}
    assert "sub-s3_task-choices_events.tsv" not in names
    assert {"sub-s1_task-choices_events.tsv", "mine.tsv"} <= names


def test_sessions_carry_on_or_start_anew_as_is_told(tmp_path):
    path = tmp_path / "blocks.csv"
    path.write_bytes(
        table_layouts.table(
            "id,block,choice,reward", lambda r, p, t: (p, t // 6, r.integers(2), r.integers(2))
        )
    )
    assert ": 6 sessions of up to 6 trials" in output_of("--data", path, *FEW[4:])
    text = output_of("--data", path, *FEW[4:], "--remedy", "sessions=carry_on")
    assert ": 3 sessions of up to 12 trials" in text
    assert "one session, in which what was learned carries on" in " ".join(text.split())


def test_what_a_model_does_not_use_is_not_said_to_be_used(tmp_path):
    path = tmp_path / "all.csv"
    columns = "id,choice,reward_0,reward_1"
    path.write_bytes(
        table_layouts.table(columns, lambda r, p, t: (p, r.integers(2), r.integers(2), r.integers(2)))
    )
    lines = output_of("--data", path, "--epochs", 2, "--n-starts", 1).splitlines()
    assert "Note: The model learns from the outcome of the option chosen alone." in lines
    assert not any("of all options are used" in line for line in lines)


def test_columns_that_are_not_used_are_named(tmp_path):
    path = tmp_path / "more.csv"
    path.write_bytes(
        table_layouts.table(
            "id,mood,choice,reward,colour",
            lambda r, p, t: (p, f"m{r.integers(9)}", r.integers(2), r.integers(2), "red"),
        )
    )
    text = output_of("--data", path, "--epochs", 2, "--n-starts", 1)
    assert "Note: Columns that were not used: mood and colour." in text.splitlines()


def test_data_sets_are_listed_and_looked_at(tmp_path):
    listed = CliRunner().invoke(main, ["data"])
    assert listed.exit_code == 0
    assert {"two-groups", "reversal", "pairs", "dezfouli2019"} <= set(listed.output.split())
    shown = CliRunner().invoke(main, ["data", "reversal", "--out", str(tmp_path / "copy.csv.gz")])
    assert "options: 1 (" in shown.output
    assert read_choices(tmp_path / "copy.csv.gz").report.used == 1800
    wrong = CliRunner().invoke(main, ["data", "iris"])
    assert wrong.exit_code == 2
    assert wrong.output.startswith("Error: There is no data set 'iris'.")


def test_problems_of_a_table_are_sentences(table, tmp_path):
    (line,) = refused("--data", tmp_path / "none.csv", *QUICK)
    assert line.startswith("Error: There is no file ")
    (line,) = refused("--data", table, "--participant-column", "who", "--choice-column", "chioce", *QUICK)
    assert line.startswith("Error: There is no column 'chioce'. Did you mean 'choice'?")
    (line,) = refused("--data", table, *QUICK, "--remedy", "sessions")
    assert line.startswith("Error: The remedy for sessions must be start_anew or carry_on; got ''")
    (line,) = refused("--data", table, "--reward-column", "who", *QUICK)
    assert "--reward-column NAME" in line
    assert refused("--data", table, *NAMED, *QUICK, "--participant", "eve") == [
        "Error: --participant must be one of the table's, ['ann', 'bob']; got 'eve'. Choose one of these."
    ]


# Wrong options


def test_every_problem_is_one_line_and_all_are_told_at_once():
    assert refused("--sigma", -1, "--beta-reward", "strong", "--trials", "2.5", "--model", "transformer") == [
        "Error: --sigma must be between 0 and 1 per trial; got -1. Drift: standard deviation of the step of"
        " each reward probability; 0 keeps them fixed.",
        "Error: --beta-reward must be between 0 and 20; got 'strong'. Give a number.",
        "Error: --trials must be a whole number, between 1 and 100000; got 2.5. Round it.",
        f"Error: --model must be one of {', '.join(MODELS)}; got 'transformer'. Choose one of these.",
    ]


def test_a_folder_that_cannot_be_is_told_before_the_work(tmp_path):
    (tmp_path / "file").write_text("")
    (line,) = refused("--out", tmp_path / "file", "--trials", 100_000, "--sessions", 100_000)
    assert line.startswith("Error: --out must be a folder that can be made; got ")


def test_a_file_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "comparison.csv").mkdir()
    result = run(*FEW, "--out", tmp_path)
    assert result.exit_code == 2
    assert "comparison.csv' cannot be written (" in result.stderr
    assert "Choose another folder with --out." in result.stderr


def test_an_unknown_option_is_clicks_own_business():
    result = run("--sigmaa", 1)
    assert result.exit_code == 2
    assert "No such option" in result.stderr


def test_sentences_are_put_in_terms_of_options():
    assert as_options("n_trials_off_policy must be 0 or more.", "Discovery") == (
        "--n-trials-off-policy must be 0 or more."
    )
    assert (
        as_options("the same as alpha_reward when not given.") == "the same as --alpha-reward when not given."
    )
    assert (
        as_options("optimizer must be one of a, b.", "Discovery") == "--sindy-optimizer must be one of a, b."
    )
    assert as_options("The value returns to q0.") == "The value returns to q0."


# Help


def test_help_shows_every_knob_with_its_unit_and_default():
    text = " ".join(run("--help").stdout.split())
    for heading, kind in GROUPS.items():
        assert f" {heading}: --" in text
        for item in fields(kind):
            if (heading, item.name) not in {("Task", "kind"), ("Discovery", "optimizer")}:
                assert f"--{item.name.replace('_', '-')} " in text
    assert (
        "--sigma NUMBER Drift: standard deviation of the step of each reward probability; 0 keeps them"
        in text
    )
    assert "[per trial; between 0 and 1; default 0.2]" in text
    kinds = ", ".join(name for name, kind in TASKS.items() if kind.simulation and name != "bandit")
    assert (
        "--task NAME How the reward probabilities of a bandit change; or another kind of task. [one of drift,"
        f" fixed, reversal, switch, {kinds}; default drift]" in text.replace("- ", "-")  # where a line ends
    )


def test_what_is_on_by_default_can_be_turned_off():
    option = HeadedOption("refine", "Discovery", "Tune.", is_flag=True, default=True)
    assert (option.opts, option.secondary_opts) == (["--refine"], ["--no-refine"])


def test_version():
    assert CliRunner().invoke(main, ["--version"]).stdout == f"spicewidgets, version {sw.__version__}\n"


# Interruption and progress


def record(epoch=5):
    return Epoch(epoch, "adam", 0.6, None, epoch, 0.6931, 0.5, 0.01, 1.0)


def interrupt(self, epoch):
    raise KeyboardInterrupt


def test_ctrl_c_keeps_what_was_learned_and_goes_on(monkeypatch, tmp_path):
    """While the progress is drawn."""

    def show(self, epoch):
        if epoch.epoch == 20:
            raise KeyboardInterrupt

    monkeypatch.setattr(ProgressBar, "show", show)
    text = output_of(*SMALL, "--out", tmp_path)
    assert "Note: Stopped at epoch 20; what had been learned was kept." in text
    assert {path.name for path in tmp_path.iterdir()} == FILES


def test_ctrl_c_inside_the_training_is_the_same(monkeypatch):
    whole = estimator.train

    def train(*arguments, **named):
        for epoch in whole(*arguments, **named):
            yield epoch
            if epoch.epoch == 20:
                raise KeyboardInterrupt

    monkeypatch.setattr(estimator, "train", train)
    assert "Note: Stopped at epoch 20; what had been learned was kept." in output_of(*SMALL)


def test_ctrl_c_during_the_screening_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(ProgressBar, "show", interrupt)
    text = output_of(*SMALL, "--out", tmp_path)
    assert "nats per choice of the first trials (chance" in text


def test_ctrl_c_before_anything_was_learned_ends_it(monkeypatch):
    def train(*arguments, **named):
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(estimator, "train", train)
    result = run(*SMALL)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Aborted!" in result.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for a child on Windows")
def test_ctrl_c_from_outside(tmp_path):
    """The signal itself, some way into a training that would take hours."""
    arguments = ["--optimizer", "adam", "--epochs", "1000000", "--seed", "1", "--out", str(tmp_path)]
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # ignored in a job
    code += "import spicewidgets.cli as cli, spicewidgets.cli.progress as progress\n"
    code += "progress.ProgressBar.show = lambda self, told: print(told.epoch, flush=True)\n"
    code += f"cli.main(['discover', *{arguments!r}])"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout.readline() == "1\n"
        time.sleep(0.2)
        running.send_signal(signal.SIGINT)
        text, errors = running.communicate(timeout=180)
    assert (running.returncode, errors) == (0, "")
    assert "what had been learned was kept." in text
    assert {path.name for path in tmp_path.iterdir()} == FILES


def test_progress_is_one_line_that_is_wiped(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    with ProgressBar(10, hidden=False) as progress:
        progress.show(record())
    text = capsys.readouterr().err
    assert "\n" not in text
    assert (
        "[##########..........] epoch 5 of at most 10: loss 0.6000 (chance 0.693, true agent 0.500)" in text
    )
    assert text.endswith("\r" + " " * 99 + "\r")


def test_progress_is_told_ten_times_a_second_at_most(capsys, monkeypatch):
    seconds = iter(np.arange(1, 11, 0.01))
    monkeypatch.setattr("spicewidgets.cli.progress.monotonic", lambda: next(seconds))
    with ProgressBar(1000, hidden=False) as progress:
        for epoch in range(200):
            progress.show(record(epoch))
    assert 15 < capsys.readouterr().err.count("epoch ") < 25


def test_progress_is_silent_where_nobody_looks(capsys):
    with ProgressBar(10, hidden=True) as progress:
        progress.show(record())
    assert capsys.readouterr().err == ""


def test_a_stuck_training_is_a_note(monkeypatch):
    whole = sw.SpiceEstimator.fit_records

    def warned(self, dataset, **options):
        import warnings

        warnings.warn("The training is stuck.", estimator.SpiceWarning, stacklevel=1)
        yield from whole(self, dataset, **options)

    monkeypatch.setattr(sw.SpiceEstimator, "fit_records", warned)
    assert "Note: The training is stuck." in output_of(*FEW)


def test_the_command_is_installed():
    program = Path(sys.executable).with_name("spicewidgets")
    if not program.exists():
        pytest.skip("the package is not installed beside this Python")
    output = subprocess.run(
        [program, "discover", "--sigma", "-1"], capture_output=True, text=True, check=False
    )
    assert (output.returncode, output.stdout) == (2, "")
    assert output.stderr.startswith("Error: --sigma must be between 0 and 1 per trial; got -1.")
    assert "Traceback" not in output.stderr


def people(path, seed, n_sessions=4, first=0):
    """A table of three people who forget, `n_sessions` sessions of 30 trials each, counted from `first`."""
    agents = [sw.AgentQ(alpha_reward=0.4, beta_reward=beta, forget_rate=0.2) for beta in (2, 3, 4)]
    who = [person for person in range(3) for _ in range(n_sessions)]
    drift = sw.BanditsDrift(sigma=0.2)
    own = [agents[person] for person in who]
    data = sw.create_dataset(own, drift, 30, len(who), participant=who, random_state=seed)[0]
    frame = data.to_frame()[["participant", "session", "choice", "reward"]]
    changed = {"choice": frame["choice"].map({0: "left", 1: "right"}), "session": frame["session"] + first}
    frame.assign(**changed).to_csv(path, index=False)


def test_choices_kept_apart_are_told_to_be_how_likely_under_pooled_equations(tmp_path):
    people(tmp_path / "train.csv", 1, 8)
    people(tmp_path / "test.csv", 2, first=24)
    options = ("--model", "forgetting", "--pooling", "group", "--epochs", 40, "--n-starts", 2, "--seed", 1)
    files = (
        "--data",
        tmp_path / "train.csv",
        "--test-data",
        tmp_path / "test.csv",
        "--out",
        tmp_path / "out",
    )
    printed = run(*options, *files).output
    scores = pd.read_csv(tmp_path / "out" / "held_out.csv")
    assert list(scores) == ["model", "n_choices", "nll", "likelihood", "numbers_per_participant"]
    assert scores["model"].tolist() == ["equations", "network", "chance"]
    assert scores["n_choices"].tolist() == [3 * 4 * 29] * 3
    np.testing.assert_allclose(scores["likelihood"], np.exp(-scores["nll"] / scores["n_choices"]))
    assert scores["likelihood"].tolist()[2] == pytest.approx(0.5)
    assert scores["likelihood"][0] > 0.52
    assert "Test choices expected by" in printed
    assert "0 of 12 sessions go on where those of --data end" in " ".join(printed.split())
    group = pd.read_csv(tmp_path / "out" / "group.csv")
    assert {"module", "term", "mean", "mean_error", "spread", "worth", "price"} <= set(group)
    assert (group["worth"] >= group["price"]).all()
    assert len(group) == scores["numbers_per_participant"][0]


def test_later_choices_are_held_out_by_time_beside_the_standard_rival(tmp_path):
    people(tmp_path / "choices.csv", 1, 8)
    files = ("--data", tmp_path / "choices.csv", "--out", tmp_path / "out")
    options = ("--model", "forgetting", "--epochs", 40, "--n-starts", 2, "--seed", 1)
    printed = run(*options, *files, "--by", "time").output
    scores = pd.read_csv(tmp_path / "out" / "held_out.csv").set_index("model")
    assert scores.index.tolist() == ["equations", "network", "rescorla-wagner", "chance"]
    assert scores["n_choices"].tolist() == [3 * 8 * 7] * 4  # of 30 trials, 22 are learned from
    np.testing.assert_allclose(scores["likelihood"], np.exp(-scores["nll"] / scores["n_choices"]))
    ahead = (scores.loc["rescorla-wagner", "nll"] - scores["nll"]) / scores["n_choices"]
    np.testing.assert_allclose(scores["ahead"], ahead, atol=1e-12)
    assert scores.loc["rescorla-wagner", "ahead_error"] == 0
    assert (scores.loc[["equations", "chance"], "ahead_error"] > 0).all()
    assert "Test choices expected by" in printed
    settings = json.loads((tmp_path / "out" / "settings.json").read_text())
    assert settings["data"]["train_share"] == 0.75
    assert " --by time" in settings["command"]


def test_what_is_held_out_by_time_is_not_named_twice(tmp_path):
    people(tmp_path / "choices.csv", 1)
    (problem,) = refused("--data", tmp_path / "choices.csv", "--by", "time", "--test-data", "other.csv")
    assert "--by holds choices out, and --test-data names others." in problem
    (problem,) = refused("--by", "time", "--trials", 1, "--sessions", 4)
    assert "--by time needs sessions that are long enough" in problem


def test_a_model_for_another_kind_of_task_is_refused(tmp_path):
    rows = [f"p,{trial % 2},{trial % 2 * 2 + trial // 2 % 2},{trial % 3 % 2}" for trial in range(12)]
    path = tmp_path / "two_step.csv"
    path.write_text("\n".join(["subject,first_choice,second_choice,reward", *rows]))
    (problem,) = refused("--data", path, "--model", "forgetting")
    assert "--model must be for choices of the kind two-step: two-step; got forgetting" in problem


def two_steps(path, n_people=2, n_trials=24):
    """A table of people who stay with rewarded first choices in a two-step task."""
    rng = np.random.default_rng(1)
    rows = []
    for person in range(n_people):
        first, reward = 0, 1
        for _ in range(n_trials):
            first = first if reward or rng.random() < 0.3 else 1 - first
            state = first if rng.random() < 0.7 else 1 - first
            second = 2 * state + int(rng.random() < 0.8)
            reward = int(rng.random() < (0.2, 0.8, 0.3, 0.4)[second])
            rows.append((f"p{person}", first, state, second, reward))
    names = ["subject", "first_choice", "second_state", "second_choice", "reward"]
    pd.DataFrame(rows, columns=names).to_csv(path, index=False)


def test_a_two_step_table_goes_to_equations_by_one_command(tmp_path):
    two_steps(tmp_path / "choices.csv")
    files = ("--data", tmp_path / "choices.csv", "--out", tmp_path / "out")
    options = ("--epochs", 4, "--n-starts", 1, "--by", "time")
    printed = " ".join(run(*options, *files).output.split())
    assert "2 sessions of up to 24 trials of 2 stages" in printed
    assert "the model two-step is taken" in printed
    scores = pd.read_csv(tmp_path / "out" / "held_out.csv").set_index("model")
    assert scores.index.tolist() == ["equations", "network", "hybrid", "chance"]
    assert scores["n_choices"].tolist() == [2 * 6 * 2] * 4  # both stages of the last six trials
    stages = scores[["likelihood_first_stage", "likelihood_second_stage"]]
    np.testing.assert_allclose(scores["likelihood"], np.sqrt(stages.prod(axis=1)))
    np.testing.assert_allclose(stages.loc["chance"], 0.5)
    both = scores["ahead_first_stage"] + scores["ahead_second_stage"]
    np.testing.assert_allclose(scores["ahead"], both / 2, atol=1e-12)
    settings = json.loads((tmp_path / "out" / "settings.json").read_text())
    assert settings["model"]["model"] == "two-step"
    rows = pd.read_csv(tmp_path / "out" / "regressors.csv")
    assert rows["stage"].tolist() == [1, 2] * 48


def test_test_choices_must_be_of_the_same_people_and_options(tmp_path):
    people(tmp_path / "train.csv", 1)
    other = pd.read_csv(tmp_path / "train.csv").assign(participant="nobody", choice="up")
    other.iloc[0, 2] = "down"
    other.to_csv(tmp_path / "test.csv", index=False)
    files = ("--data", tmp_path / "train.csv", "--test-data", tmp_path / "test.csv")
    options, strangers = refused("--model", "forgetting", *files)
    assert "--test-data must have the options of --data, ['left', 'right']; got ['down', 'up']." in options
    assert "--test-data must have participants of --data; got ['nobody'], who are not there." in strangers


def test_pooling_needs_several_people():
    (problem,) = refused("--pooling", "group", "--trials", 20, "--sessions", 5)
    assert "needs two or more participants; the data have 1" in problem


def test_parameters_that_no_q_learner_has_are_told(tmp_path):
    """Of a participant who leaves what was rewarded."""
    dataset = sw.create_dataset(
        sw.AgentQ(alpha_reward=0.4), sw.BanditsDrift(sigma=0.2), 60, 10, random_state=1
    )[0]
    frame = pd.DataFrame(
        {
            "participant": "ann",
            "session": np.repeat(np.arange(10), 60),
            "choice": dataset.xs[..., :2].argmax(-1).numpy().ravel(),
            "reward": 1 - dataset.xs[..., 2:4].amax(-1).numpy().ravel(),
        }
    )
    frame.to_csv(tmp_path / "choices.csv", index=False)
    output = output_of("--data", tmp_path / "choices.csv", *QUICK)
    words = "No Q-learner has these parameters: they mean that an option is chosen less for its rewards."
    assert words in " ".join(output.split())
