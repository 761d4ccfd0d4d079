"""The panels without a browser: settings in, pictures and sentences out; no callback ever throws."""

import numpy as np
import pytest

from spicewidgets.apps import explorer, panel
from spicewidgets.experiment.simulation import preview
from spicewidgets.markup import download_link
from spicewidgets.panels import STAGES
from spicewidgets.panels.base import foldable
from spicewidgets.panels.controls import control
from spicewidgets.state.participant import ParticipantState
from spicewidgets.state.task import TaskState


@pytest.fixture
def app():
    app = explorer(start=False)
    data = app.experiment.data
    data.n_sessions, data.n_trials = 8, 20
    app.experiment.training.epochs = 40
    return app


def finished(app):
    assert app.runner.train()
    assert app.runner.wait(120)
    assert app.experiment.run.status == "done", app.experiment.run.message
    return app


def alerts(app):
    return [one.alert.value for one in (app, app.head, app.settings, *app.panels.values()) if one.alert.value]


@pytest.mark.parametrize("name", STAGES)
def test_each_panel_stands_alone(name):
    assert panel(name).alert.value == ""


@pytest.mark.seed(106)
def test_a_moved_slider_redraws_the_picture(app):
    task, participant = app.panels["task"], app.panels["participant"]
    before = task.figure.summary, participant.figure.summary
    app.experiment.task.sigma = 0.02
    app.experiment.participant.alpha_reward = 0.9
    assert task.figure.summary != before[0]
    assert participant.figure.summary != before[1]
    assert alerts(app) == []


@pytest.mark.seed(62)
def test_the_main_job(app):
    finished(app)
    assert [name for name, stage in app.experiment.stages.items() if stage != "done"] == [
        "uncertainty",
        "rivals",
        "recovery",
        "falsify",
        "search",
        "report",
    ]
    assert "x′ =" in app.head.equations.value
    assert "<table" in app.panels["equation"].terms.value
    assert "the participant itself" in app.panels["compare"].scores.value
    assert "Trained for" in app.panels["train"].status.value
    assert alerts(app) == []


def test_a_changed_setting_says_what_is_stale(app):
    finished(app)
    app.experiment.participant.alpha_reward = 0.6
    assert "Train again" in app.guide.line.value
    assert "Train again" in app.panels["equation"].stale.value
    assert app.switch.tiles["network"].state == "stale"


def test_find_again_needs_no_training(app):
    finished(app)
    history = app.runner.result.history
    app.experiment.discovery.threshold = 5.0
    assert app.runner.wait(60)
    assert app.runner.result.history == history
    assert app.runner.result.spice.n_parameters() == 0


def test_sections_are_switched_without_tabs(app):
    app.switch.value = "train"
    made = {name: room.children for name, room in app.rooms.items() if room.children}
    assert {name: panel.layout.display for name, (panel,) in made.items()} == {"task": "none", "train": ""}


@pytest.mark.parametrize("preset", ["forgetting", "asymmetric learner", "slow learner", "noisy participant"])
def test_presets_load(app, preset):
    app.head.preset.value = preset
    assert alerts(app) == []
    assert app.experiment.problems == []


def test_a_wrong_setting_is_a_sentence_and_train_waits():
    app = explorer(start=False)
    app.experiment.task.sigma = -1
    assert app.head.go.disabled
    assert "sigma must be" in app.head.go.tooltip
    app.experiment.task.sigma = 0.1
    assert not app.head.go.disabled


def test_an_error_in_a_callback_is_told_in_the_panel(app, monkeypatch):
    monkeypatch.setattr(app.panels["task"].figure, "draw", lambda *_: 1 / 0)
    app.experiment.task.sigma = 0.3
    assert "division by zero" in app.panels["task"].alert.value
    assert 'role="alert"' in app.panels["task"].alert.value


@pytest.mark.seed(6)
def test_a_control_reads_the_trait_and_keeps_both_ends_equal():
    state = TaskState()
    typed, slider, help_line = control(state, "sigma").children
    assert "Drift" in typed.description
    assert "per trial" in typed.description
    slider.value = 0.5
    assert (state.sigma, typed.value) == (0.5, 0.5)
    typed.value = 3.0
    assert (state.sigma, slider.value) == (3.0, slider.max)
    assert "sigma must be" in help_line.value
    assert "sw-alert" in help_line.value


@pytest.mark.parametrize("name", ["sigma", "n_actions"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1e300, 10**300, "many", None])
def test_what_is_no_number_is_told_and_goes_again(name, value):
    state = TaskState()
    shown = control(state, name)
    setattr(state, name, value)
    assert f"{name} must be" in shown.below.value
    shown.children[0].value = 3
    assert getattr(state, name) == 3


def test_a_field_takes_what_is_no_number():
    state = TaskState()
    typed, slider, below = control(state, "sigma").children
    typed.value = float("nan")
    assert state.sigma != state.sigma
    assert "got nan" in below.value
    slider.value = 0.3
    assert (state.sigma, typed.value) == (0.3, 0.3)


def test_steps_that_a_page_has_added_up_are_round_again():
    state = ParticipantState()
    control(state, "q0").children[1].value = 0.47099999999999986
    assert state.q0 == 0.471


def test_more_folds_and_unfolds():
    box = foldable([])
    button, folded = box.children
    assert folded.layout.display == "none"
    button.click()
    assert folded.layout.display == ""


def test_download_links_escape_their_name():
    link = download_link('a"b.csv', b"1,2", "text/csv", "<save>")
    assert 'download="a&quot;b.csv"' in link
    assert "&lt;save&gt;" in link
    assert "base64,MSwy" in link


def test_found_numbers_stand_with_their_standard_error():
    shown = panel("equation")
    assert "± standard error" in shown.terms.value
    assert "0.705 ± 0.011" in shown.terms.value
    assert "<td>0.29</td><td>0.27 to 0.32</td><td>0.30</td>" in shown.parameters.value
    assert "95 % interval" in shown.parameters.value


def test_standard_errors_are_told_where_they_are_seen(app):
    app.switch.value = "equation"
    app.switch.value = "task"
    finished(app)
    equation = app.panels["equation"]
    assert "±" not in equation.terms.value
    app.switch.value = "equation"
    assert "±" in equation.terms.value
    assert alerts(app) == []


def test_what_the_choices_cannot_tell_is_said():
    shown = panel("equation")
    experiment = shown.experiment
    experiment.data.n_sessions, experiment.data.n_trials, experiment.training.epochs = 12, 30, 20
    experiment.model.name, experiment.discovery.threshold = "participant-embedding", 0.0
    assert shown.runner.train()
    assert shown.runner.wait(120)
    assert "± any" in shown.terms.value
    assert "P stays the same if one moves" in shown.terms.value


def test_equations_that_were_not_tuned_to_the_choices_have_no_errors(app):
    app.experiment.discovery.refine = False
    finished(app)
    app.switch.value = "equation"
    assert "±" not in app.panels["equation"].terms.value


@pytest.mark.parametrize(
    ("kind", "idle"),
    [
        ("drift", {"flip_probability"}),
        ("fixed", {"sigma", "boundary", "flip_probability"}),
        ("reversal", {"sigma", "boundary"}),
        ("switch", {"sigma", "boundary"}),
    ],
)
def test_only_what_has_an_effect_in_the_task_is_live(kind, idle):
    shown = panel("task")
    shown.experiment.task.kind = kind
    greyed = {name for name, one in shown.knobs.items() if one.parts[0].disabled}
    assert greyed == idle
    assert all("tasks only" in shown.knobs[name].below.value for name in idle)
    before = preview(shown.experiment.peek()).reward_probs
    shown.experiment.task.put({"sigma": 0.4, "boundary": "reflect", "flip_probability": 0.3})
    after = preview(shown.experiment.peek()).reward_probs
    assert (kind == "fixed") == np.array_equal(before, after)
    changes = {"sigma": 0.1, "boundary": "clip", "flip_probability": 0.1}
    for name in idle:  # what is greyed has no effect
        setattr(shown.experiment.task, name, changes[name])
    np.testing.assert_array_equal(preview(shown.experiment.peek()).reward_probs, after)
    shown.experiment.task.kind = "drift"
    assert not shown.knobs["sigma"].parts[1].disabled


@pytest.mark.parametrize("name", ["sigma", "beta_reward", "n_sessions"])
def test_a_slider_ends_where_the_setting_does_or_says_where(name):
    app = explorer(start=False)
    state = next(
        s for s in (app.experiment.task, app.experiment.participant, app.experiment.data) if name in s.names()
    )
    one, tags = control(state, name), state.tags(name)
    slider = one.parts[1]
    same = (slider.min, slider.max) == (tags["low"], tags["high"])
    assert same or f"the slider {slider.min:g} to {slider.max:g}" in one.words()
    assert same == (name != "n_sessions")
