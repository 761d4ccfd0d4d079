"""A table in the page: read in the background, taken in place of simulated choices, known again."""

import io
import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import table_layouts

from spicewidgets import AgentQ, BanditsDrift, create_dataset, load_choices, read_choices
from spicewidgets.app import table
from spicewidgets.app.runner import Runner
from spicewidgets.app.table import LARGEST, Upload, columns_of, paid, repeats, table_of, with_role
from spicewidgets.core.data.entry import as_dataset
from spicewidgets.core.data.gallery import GALLERY
from spicewidgets.core.simulate.cohort import Cohort
from spicewidgets.core.simulate.game import Game
from spicewidgets.experiment.script import script_of
from spicewidgets.experiment.simulation import simulate
from spicewidgets.state import Experiment
from spicewidgets.state.link import open_link, to_link
from spicewidgets.views.comparing import standings
from spicewidgets.views.facts import facts_of
from spicewidgets.views.verdict import headline, standing

RATES = (0.2, 0.5, 0.35, 0.6)


def a_table(n_people=4, n_trials=40):
    """People of unequal lengths, options 1 and 2, rewards -1 and 1, some trials missed."""
    members = [AgentQ(alpha_reward=RATES[at % 4]).parameters for at in range(n_people)]
    people = [f"p{at:02}" for at in range(n_people)]
    data, _, _ = create_dataset(
        Cohort(members, 2), BanditsDrift(0.2), n_trials, n_people, participant=people, random_state=5
    )
    choices, rewards = np.asarray(data.choices), np.asarray(data.rewards_chosen)
    lines = ["subjID\tchoice\toutcome\tshift"]
    for at, who in enumerate(people):
        for trial in range(n_trials - 3 * at):
            missed = (trial + at) % 13 == 5
            made = "\t" if missed else f"{choices[at, trial] + 1}\t{2 * rewards[at, trial] - 1:g}"
            lines.append(f"{who}\t{made}\t{('day', 'night')[at % 2]}")
    return "\n".join(lines).encode()


def opened(content=None, name="choices.txt"):
    """An experiment whose runner has read a table."""
    experiment = Experiment()
    runner = Runner(experiment, foreground=True)
    runner.read(Upload(a_table() if content is None else content, name))
    return experiment, runner


@pytest.fixture(scope="module")
def used():
    """A run on a table."""
    experiment, runner = opened()
    experiment.table.take(table_of(runner.choices))
    experiment.training.epochs = 60
    runner.train()
    assert experiment.run.status == "done", experiment.run.message + experiment.run.details
    return experiment, runner


def test_a_table_is_read_with_a_report_and_changes_nothing_before_it_is_taken():
    experiment, runner = opened()
    assert experiment.table.status == "done"
    assert experiment.table.message == "Read 142 trials of choices.txt."
    assert runner.choices.report.layout == "hBayesDM"
    assert experiment.peek().is_simulated
    assert not experiment.stale_because


def test_what_was_there_stays_when_the_next_file_is_no_table():
    experiment, runner = opened()
    before, revision = runner.choices, experiment.table.revision
    runner.read(Upload(b"\x89PNG\r\n\x1a\n....", "picture.csv"))
    assert experiment.table.status == "failed"
    assert "PNG picture" in experiment.table.message
    assert runner.choices is before
    assert experiment.table.revision == revision + 1


def test_what_the_page_cannot_hold_is_refused_with_its_size():
    experiment, _ = opened(b"x" * (LARGEST + 1))
    assert "up to 8 MB; this one has 8.0 MB" in experiment.table.message
    rows = "\n".join(f"{who},{choice},1" for who in range(2001) for choice in (1, 2))
    experiment, runner = opened(f"subject,choice,reward\n{rows}".encode())
    assert "up to 2,000 sessions; this table has 2,001" in experiment.table.message
    assert runner.choices is None


def test_columns_are_shown_with_what_they_were_taken_for():
    _, runner = opened()
    columns = columns_of(runner.choices)
    assert [(one.name, one.role) for one in columns] == [
        ("subjID", "participant"),
        ("choice", "choice"),
        ("outcome", "reward"),
        ("shift", "groups"),
    ]
    assert columns[0].cells == ("p00",) * 6
    assert columns[1].cells[5] == ""
    assert all(one.sure > 0 for one in columns)


def test_another_role_takes_the_column_from_whoever_had_it():
    _, runner = opened()
    roles = with_role(runner.choices, "shift", "sessions")
    assert roles == {"choice": "choice", "reward": "outcome", "participant": "subjID", "sessions": ["shift"]}
    assert with_role(runner.choices, "shift", "participant")["participant"] == "shift"
    assert "reward" not in with_role(runner.choices, "outcome", "")


def test_other_roles_and_remedies_are_examined_without_reading_again():
    experiment, runner = opened()
    first = runner.choices
    runner.read(first, with_role(first, "shift", ""), {"missed_trials": "leave_out"})
    assert experiment.table.status == "done"
    assert runner.choices.table is first.table
    assert not runner.choices.report.roles.groups
    assert runner.choices.report.remedies["missed_trials"] == "leave_out"
    assert runner.choices.report.used < first.report.used
    taken = table_of(runner.choices, runner.chosen_roles)
    assert dict(taken.roles)["choice"] == "choice"


def test_the_choices_of_a_table_are_those_of_the_data_set(used):
    experiment, runner = used
    snapshot, result = experiment.snapshot(), runner.result
    data, read = simulate(snapshot), read_choices(a_table())
    assert snapshot.n_sessions == snapshot.n_participants == 4
    assert snapshot.options == ("Option 1", "Option 2")
    assert data.agent is None
    np.testing.assert_array_equal(data.dataset.xs, read.dataset.xs)
    np.testing.assert_array_equal(np.stack([one.choices for one in data.sessions]), read.dataset.choices)
    np.testing.assert_array_equal(result.choices, read.dataset.choices)
    assert result.truth is None
    assert runner.truth() is None
    assert result.spice.participants == ("p00", "p01", "p02", "p03")


def test_what_options_paid_and_who_repeats():
    lines = ["subjID\tchoice\toutcome"]
    for who, choices in (("a", "1112"), ("b", "1212"), ("c", "22")):
        lines += [f"{who}\t{one}\t{int(one == '1')}" for one in choices]
    _, runner = opened("\n".join(lines).encode())
    contents = table_of(runner.choices).contents
    assert paid(contents).tolist() == [1.0, 0.0]
    np.testing.assert_allclose(repeats(contents), [2 / 3, 0.0, 1.0])


def test_the_head_says_how_the_equations_stand_unless_they_stand_for_nothing(used):
    result = used[1].result
    assert headline(result) == standing(result)
    guesses = replace(result, comparison=result.comparison.assign(nll=np.log(2)))
    assert "hardly differ from guesses" in headline(guesses)


def test_guesses_are_among_what_is_on_offer():
    experiment, runner = opened(table_layouts.rlssm(), "pairs.csv")
    experiment.table.take(table_of(runner.choices))
    experiment.training.epochs = 2
    runner.train()
    n_offered = runner.result.data.dataset.offered[runner.result.data.dataset.target_mask].sum(-1)
    assert experiment.snapshot().n_actions > 2
    assert (n_offered == 2).all()
    assert "guessing 0.693" in standing(runner.result)
    assert standings(runner.result)[0].words.endswith("guessing would be 0.6931")
    assert facts_of(runner.result).chance == pytest.approx(np.log(2))


def test_the_simplest_rival_stands_in_place_of_the_truth(used):
    _, runner = used
    scores = runner.result.comparison
    assert set(scores.index) == {"rnn", "spice", "classical"}
    row = scores.loc["classical"]
    assert row["n_parameters"] == 8
    assert row["bic"] == pytest.approx(8 * np.log(row["n_choices"]) + 2 * row["n_choices"] * row["nll"])
    words = standing(runner.result)
    assert f"Rescorla-Wagner {row['nll']:.3f}, SPICE" in words
    assert "guessing 0.693" in words


def test_settings_of_how_choices_are_simulated_make_nothing_stale(used):
    experiment, runner = used
    experiment.participant.alpha_reward = 0.7
    experiment.task.sigma = 0.3
    assert not experiment.stale_because
    experiment.training.epochs = 61
    assert "epochs = 60" in experiment.stale_because["train"]
    experiment.training.epochs = 60
    experiment.participant.reset()
    experiment.task.reset()
    experiment.table.leave()
    stale = experiment.stale_because["train"]
    experiment.table.take(table_of(runner.choices))
    assert stale == "This network is for choices.txt. Train again."
    assert not experiment.stale_because


def test_settings_remember_the_table_and_say_when_it_is_not_there(used):
    experiment, runner = used
    saved = json.loads(json.dumps(experiment.to_dict()))
    assert saved["table"]["name"] == "choices.txt"
    assert saved["table"]["sha256"] == runner.choices.report.sha256
    other = Experiment()
    other.from_dict(saved)
    assert "choices.txt (SHA-256" in other.problems[0]
    assert "is not open" in other.problems[0]
    assert other.blocked["train"].startswith("First correct: table:")
    again = Runner(other, foreground=True)
    again.read(Upload(a_table(), "renamed.txt"), dict(other.table.roles) or None, dict(other.table.remedies))
    other.table.take(table_of(again.choices))
    assert not other.problems
    assert not other.snapshot().differs(experiment.snapshot(), "data", "model", "training")


def test_an_address_tells_name_and_hash_and_nothing_in_the_table(used):
    experiment, _ = used
    other = Experiment()
    open_link(other, to_link(experiment))
    table_settings = other.to_dict()["table"]
    assert table_settings["sha256"] == experiment.table.sha256
    assert table_settings["name"] == "choices.txt"
    assert table_settings["roles"] == table_settings["remedies"] == {}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": 3}, "name must be the name of a file"),
        ({"name": "a.csv", "sha256": "12"}, "sha256 must be 64 hexadecimal digits"),
        ({"roles": [1]}, "roles must be a dictionary"),
        ({"remedies": {"scale": {}}}, "remedies must be a dictionary"),
    ],
)
def test_wrong_settings_of_a_table_are_sentences(wrong, words):
    assert words in " ".join(Experiment().read({"table": wrong})[1])


def test_the_script_prints_what_the_page_shows(used, tmp_path):
    experiment, runner = used
    (tmp_path / "choices.txt").write_bytes(a_table())
    script = script_of(experiment.snapshot())
    assert "create_dataset" not in script
    assert "remedies={'missed_trials': 'keep'" in script
    spice = runner.result.spice
    shown = "".join(f"{who}\n{spice.text(who)}\n" for who in spice.participants)
    environment = os.environ | {"PYTHONPATH": os.getcwd()}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path, env=environment
    )
    assert done.stdout == shown, done.stderr
    (tmp_path / "choices.txt").write_bytes(a_table()[:-30])
    other = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path, env=environment
    )
    assert "choices.txt is another file than in the page" in other.stderr


def test_the_examples_are_those_of_the_gallery_that_are_part_of_the_package():
    assert {it.name: it.question for it in GALLERY if it.url is None} == table.EXAMPLES
    for name in table.EXAMPLES:
        upload = table.example(name)
        experiment, runner = opened(upload.getvalue(), upload.name)
        experiment.table.take(table_of(runner.choices))
        script = script_of(experiment.snapshot())
        assert f"choices = load_choices('{name}', remedies=" in script
        np.testing.assert_array_equal(
            simulate(experiment.snapshot()).dataset.xs, load_choices(name).dataset.xs
        )


def as_file(dataset):
    """As the page saves it."""
    return dataset.to_frame().to_csv(index=False, lineterminator="\n").encode()


def simulated_by_the_page():
    experiment = Experiment()
    experiment.data.put({"n_sessions": 6, "n_trials": 15, "n_participants": 3})
    return simulate(experiment.snapshot()).dataset


def played():
    game = Game(n_trials=20, random_state=2)
    for at in range(20):
        game.choose(at % 3 % 2)
    return as_dataset(game.session(), 2)


def of_a_table():
    return load_choices("reversal").dataset


@pytest.mark.parametrize("make", [simulated_by_the_page, played, of_a_table])
def test_what_the_page_saves_opens_again_bit_for_bit(make):
    dataset = make()
    experiment, runner = opened(as_file(dataset), "dataset.csv")
    assert experiment.table.status == "done", experiment.table.message
    experiment.table.take(table_of(runner.choices))
    again = simulate(experiment.snapshot()).dataset
    np.testing.assert_array_equal(again.xs, dataset.xs)
    np.testing.assert_array_equal(again.ys, dataset.ys)
    assert as_file(again) == as_file(dataset)
    labels = [str(label) for label in experiment.peek().table.contents.participants]
    assert labels == [str(label) for label in again.participants]
    pd.testing.assert_frame_equal(
        pd.read_csv(io.BytesIO(as_file(again))), pd.read_csv(io.BytesIO(as_file(dataset)))
    )


def two_steps(n_people=2, n_trials=30):
    """Choices of a two-step task, a row for each trial."""
    rng = np.random.default_rng(3)
    first = rng.integers(2, size=n_people * n_trials)
    state = np.where(rng.random(len(first)) < 0.7, first, 1 - first)
    columns = {"subject": np.repeat(["a", "b"], n_trials), "first_choice": first, "second_state": state}
    columns["second_choice"] = 2 * state + rng.integers(2, size=len(first))
    return pd.DataFrame(columns | {"reward": rng.integers(2, size=len(first))}).to_csv(index=False).encode()


def test_a_two_step_table_is_learned_by_the_model_of_its_kind_only():
    experiment, runner = opened(two_steps(), "two_step.csv")
    assert {one.role for one in columns_of(runner.choices)} >= {"choice", "second_choice", "state"}
    experiment.table.take(table_of(runner.choices))
    (problem,) = experiment.problems
    assert "choices of the kind two-step: two-step; got rescorla-wagner, which is for bandit" in problem
    assert experiment.blocked["train"]
    contents = experiment.peek().table.contents
    assert (contents.n_trials, len(contents.options)) == (60, 6)
    rows = runner.choices.rows
    stays = (rows.arms[2:60:2] == rows.arms[:58:2]).mean()
    assert repeats(contents)[0] == pytest.approx(stays)  # of first choices
    assert np.isnan(paid(contents)).tolist() == [True, True, False, False, False, False]
    experiment.model.name = "two-step"
    assert not experiment.problems
    assert "TwoStepRNN" in script_of(experiment.peek())
    experiment.table.leave()
    assert "got two-step, which is for two-step" in experiment.problems[0]


def test_choices_bring_the_model_of_their_kind():
    experiment, runner = opened(two_steps(), "two_step.csv")
    experiment.take_choices(table_of(runner.choices))
    assert (experiment.model.name, experiment.problems) == ("two-step", [])
    experiment.training.put({"epochs": 5, "n_starts": 1})
    runner.train()
    assert experiment.run.status == "done", experiment.run.message + experiment.run.details
    assert set(runner.result.spice.equations) == set(experiment.model.spec.modules)
    experiment.take_choices(None)
    assert (experiment.model.name, experiment.problems) == ("rescorla-wagner", [])
    experiment.model.name = "habit"
    experiment.take_choices(None)
    assert experiment.model.name == "habit"


def test_a_role_of_a_stage_is_changed_as_any_other():
    _, runner = opened(two_steps().replace(b"second_state", b"room"), "two_step.csv")
    assert "room" in runner.choices.report.columns_left  # numbered through, so that it is not needed
    roles = with_role(runner.choices, "room", "state")
    runner.read(runner.choices, roles)
    assert runner.choices.report.roles.state == "room"
    assert "the state by room" in runner.choices.report.stages
    runner.read(runner.choices, with_role(runner.choices, "second_choice", ""))
    assert "a second choice (second_choice beside first_choice)" in runner.experiment.table.message
