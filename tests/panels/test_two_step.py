"""The page with a task of two stages: its picture, its participant, and all panels of a run."""

import numpy as np
import pytest

from spicewidgets.app.runner import Runner
from spicewidgets.experiment.script import script_of
from spicewidgets.panels import STAGES
from spicewidgets.panels.participant import ParticipantPanel
from spicewidgets.panels.task import TaskPanel
from spicewidgets.panels.tiles import TILES
from spicewidgets.state import Experiment
from spicewidgets.state.link import open_link, to_link
from spicewidgets.views.stages import at_stage, reward_chances, task_transitions
from spicewidgets.views.staying import simulated_staying


def page(preset="two-step task"):
    experiment = Experiment(preset)
    return experiment, Runner(experiment, foreground=True)


def is_shown(widget):
    return widget.layout.display != "none"


def test_another_kind_of_task_brings_its_model_picture_and_settings():
    experiment, runner = page("the tutorial")
    task, person = TaskPanel(experiment, runner), ParticipantPanel(experiment, runner)
    assert not is_shown(task.diagram)
    assert not is_shown(task.knobs["common"])
    experiment.task.kind = "two-step"
    assert (experiment.model.name, experiment.problems) == ("two-step", [])
    assert [name for name, knob in task.knobs.items() if is_shown(knob)] == ["kind", "common", "walk"]
    assert is_shown(task.diagram)
    assert "first leads to state 0 with 0.70, state 1 with 0.30" in task.diagram.value
    experiment.task.common = 0.9
    assert "state 0 with 0.90, state 1 with 0.10" in task.diagram.value
    assert task_transitions(experiment.peek()) == pytest.approx(np.array([[0.9, 0.1], [0.1, 0.9]]))
    assert [kind for kind, learner in person.learners.items() if is_shown(learner)] == ["two-step"]
    assert "First in state 1" in task.figure.summary
    assert (task.alert.value, person.alert.value) == ("", "")
    experiment.task.kind = "reversal"
    assert experiment.model.name == "rescorla-wagner"
    assert not is_shown(task.diagram)
    assert "option 1" in task.figure.summary


def test_what_is_repeated_follows_w_at_once():
    experiment, runner = page()
    person = ParticipantPanel(experiment, runner)
    found = []
    for w in (0.0, 1.0):
        experiment.participant.w = w
        staying = simulated_staying(experiment.peek())
        assert f"{100 * staying.mean[2]:.0f} % with" in person.learner.value
        np.testing.assert_allclose(staying.mean, staying.expected, atol=0.04)
        found.append(staying.expected)
    assert found[0][2] > found[0][3] + 0.1  # a habit stays after a reward, however it came about
    assert found[1][2] < found[1][3] - 0.1  # a plan leaves after a rare one
    for tile in ("task", "participant", "choices"):
        assert "<svg" in TILES[tile](experiment, runner)[0]


def test_settings_are_written_and_read_back():
    experiment, _ = page()
    experiment.participant.w, experiment.task.common, experiment.data.n_participants = 0.2, 0.8, 4
    experiment.participant.variation = 0.1
    for again in (Experiment(), Experiment()):
        again.from_dict(experiment.to_dict())
        assert again.to_dict() == experiment.to_dict()
    other = Experiment()
    open_link(other, to_link(experiment))
    assert other.to_dict() == experiment.to_dict()
    script = script_of(experiment.snapshot())
    assert "make_task(kind='two-step', common=0.8)" in script
    assert "make_participant(Participant(w=0.2), Task(kind='two-step'))" in script
    compile(script, "script", "exec")


def test_a_session_is_shown_stage_by_stage(trained):
    result = trained[1].result
    for arm, stage, n in ((0, 0, 2), (3, 1, 4)):
        view = at_stage(result.snapshot, result.played, result.choices, result.rewards, arm)
        assert (view.stage, view.n_stages, len(view.options)) == (stage, 2, n)
        assert view.choices.shape == (12, 40)
        assert set(np.unique(view.choices)) <= set(range(n))
        assert set(np.unique(view.rewards)) == {0, 1}
        for record in view.played.values():
            shares = record.probabilities[..., :2].sum(-1)
            np.testing.assert_allclose(shares, 1, atol=1e-6)
    probs, options = reward_chances(result.snapshot, 0)
    assert (probs.shape, options) == ((40, 4), (2, 3, 4, 5))
    assert ((probs >= 0.25) & (probs <= 0.75)).all()


@pytest.fixture(scope="module")
def trained():
    experiment, runner = page()
    experiment.data.put({"n_sessions": 12, "n_trials": 40, "n_participants": 3})
    experiment.training.epochs = 8
    runner.train()
    assert runner.wait(120)
    return experiment, runner


@pytest.mark.parametrize("name", STAGES)
def test_no_panel_fails_with_a_run_of_two_steps(name, trained):
    panel = STAGES[name](*trained)
    assert panel.alert.value == ""


def test_each_row_is_told_by_its_stage(trained):
    trial = STAGES["trial"](*trained)
    assert "Trial 0, first stage" in trial.sums.value
    assert "not paid yet" in trial.sums.value
    trial.trial.value = 3
    assert "Trial 1, second stage" in trial.sums.value
    assert "x_value_first_chosen" in trial.sums.value


def test_modules_without_a_last_value_have_no_curve(trained):
    update = STAGES["update"](*trained)
    assert "x_plan" not in dict(update.module.options)
    assert "x_plan and x_stay do not build on their own last value" in update.others.value


def test_people_have_a_view_of_staying(trained):
    data = STAGES["data"](*trained)
    data.views.value = "staying"
    assert data.staying.alert.value == ""
    assert "3 people stay" in data.staying.sentence.value
    assert "SPICE" in data.staying.picture.value
    assert data.staying._csv().content.decode().count("\n") == 4
    experiment, runner = page("the tutorial")
    assert not is_shown(STAGES["data"](experiment, runner).views.buttons["staying"])
