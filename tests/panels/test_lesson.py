"""Lessons on the page: what is fixed is grey and says why, what is hidden is not there, and none is lost."""

import json
from datetime import UTC, datetime
from time import monotonic, sleep

import pytest
from click import ClickException
from click.testing import CliRunner

from spicewidgets.apps import LESSON, explorer, panel
from spicewidgets.cli import main
from spicewidgets.cli.lesson import lesson_environment
from spicewidgets.compat import WIDGETS
from spicewidgets.core.settings import SettingsError
from spicewidgets.panels.controls import Control
from spicewidgets.state import Experiment
from spicewidgets.state.lesson import Lesson, open_lesson
from spicewidgets.state.stages import STAGES

DRIFT = Lesson(
    "Drift",
    "Set the drift to 0.",
    {"task": {"sigma": 0.1}, "model": {"name": "your own"}},
    hidden=("participant.beta_reward", "discovery.threshold"),
    fixed=(
        "participant.alpha_reward",
        "participant.alpha_penalty",
        "model.name",
        "model.built",
        "discovery.libraries",
    ),
    panels=("participant", "model", "train", "library"),
)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "lesson.json"
    path.write_bytes(DRIFT.to_json())
    return path


@pytest.fixture
def app(path):
    return explorer(lesson=path, start=False)


def upload(app, content):
    file = {"name": "lesson.json", "type": "application/json", "size": len(content), "content": content}
    if WIDGETS < 8:
        app.settings.read.set_trait("value", {"lesson.json": {"metadata": {}, "content": content}})
    else:
        app.settings.read.value = ({**file, "last_modified": datetime.now(UTC)},)


def within(box):
    yield box
    for child in getattr(box, "children", ()):
        yield from within(child)


def controls(box):
    return {each.name: each for each in within(box) if isinstance(each, Control)}


def switched_off(box):
    return {part.disabled for part in within(box) if part.has_trait("disabled")}


def test_the_page_opens_with_its_lesson(app):
    assert "<h2>Drift</h2><p>Set the drift to 0.</p>" in app.banner.words.value
    assert app.experiment.task.sigma == 0.1
    assert set(app.switch.offered) == set(DRIFT.panels)
    rooms = {name for name, tile in app.switch.tiles.items() if tile.layout.display != "none"}
    assert rooms == {STAGES[name].room for name in DRIFT.panels}
    assert app.switch.value == "participant"
    assert app.switch.tiles["network"].button.description == "2 Network"
    assert app.banner.leave.layout.display == "none"
    assert app.alert.value == ""


def test_what_is_fixed_is_grey_and_says_why_and_what_is_hidden_is_not_there(app):
    made = controls(app.panels["participant"])
    assert made["beta_reward"].children == ()
    assert switched_off(made["alpha_reward"]) == {True}
    assert "The lesson “Drift” fixes this. Learning rate alpha" in made["alpha_reward"].below.value
    assert switched_off(made["q0"]) == {False}
    assert app.panels["participant"].linked.disabled
    made["alpha_reward"].children[0].value = 0.9  # as a page that ignores what is grey
    assert app.experiment.participant.alpha_reward == 0.3


def test_what_is_no_plain_control_heeds_the_lesson_too(app):
    model, library = app.panels["model"], app.panels["library"]
    assert model.names.disabled
    assert "fixes this" in model.fixed.value
    assert switched_off(model.own) == {True}
    assert switched_off(library.modules) == {True}
    assert "fixes this" in library.fixed.value
    assert controls(library)["threshold"].children == ()
    app.experiment.discovery.degree = 2  # new boxes, as grey as the others
    assert switched_off(library.modules) == {True}


def test_a_preset_tells_what_the_lesson_keeps(app):
    app.head.preset.value = "slow learner"
    assert "The lesson keeps as they are: learning rate α" in app.banner.kept.value
    assert app.experiment.participant.alpha_reward == 0.3
    assert app.experiment.data.n_trials == 200


def test_a_lesson_is_opened_begun_again_and_left():
    app = explorer(start=False)
    assert app.banner.layout.display == "none"
    alpha, beta = (controls(app.panels["participant"])[name] for name in ("alpha_reward", "beta_reward"))
    upload(app, DRIFT.to_json())
    assert (app.banner.layout.display, alpha.parts[0].disabled, beta.children) == ("", True, ())
    app.experiment.participant.q0 = 0.9
    again, leave = app.banner.children[-1].children
    again.click()
    assert app.experiment.participant.q0 == 0.5
    leave.click()
    assert (app.banner.layout.display, alpha.parts[0].disabled) == ("none", False)
    assert beta.children == beta.parts
    assert app.experiment.task.sigma == 0.1


def test_the_address_brings_a_lesson_back():
    app = explorer(start=False)
    upload(app, DRIFT.to_json())
    app.experiment.participant.q0 = 0.9
    text = app.address.link.value.split('data-settings="')[1].split('"')[0]
    again = explorer(start=False)
    again.address.incoming.value = text
    assert again.experiment.lesson == app.experiment.lesson
    assert again.experiment.to_dict() == app.experiment.to_dict()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"lesson": 2}, "version of a lesson must be 1; got 2"),
        ({"title": "<b>" * 50}, "at most 100 characters"),
        ({"settings": {"task": {"sigma": 7}}}, "sigma must be"),
    ],
)
def test_a_wrong_lesson_is_told_and_nothing_is_lost(change, told):
    app = explorer(start=False)
    upload(app, DRIFT.to_json())
    before = app.experiment.lesson, app.experiment.to_dict()
    upload(app, json.dumps(DRIFT.to_dict() | change).encode())
    assert told in app.settings.alert.value
    assert (app.experiment.lesson, app.experiment.to_dict()) == before
    assert app.experiment.participant.held


def test_words_of_a_lesson_are_escaped():
    app = explorer(start=False)
    upload(app, Lesson("<script>", "<img>", fixed=("task.sigma",)).to_json())
    assert "&lt;script&gt;" in app.banner.words.value
    assert "<img>" not in app.banner.words.value
    assert "&lt;script&gt;" in controls(app.panels["task"])["sigma"].below.value


def test_a_page_with_a_lesson_of_its_own_opens_no_other(app):
    upload(app, Lesson("Other").to_json())
    assert "has a lesson of its own" in app.settings.alert.value
    assert app.experiment.lesson.title == "Drift"


def test_a_lesson_is_made_on_the_page_and_opens_again():
    app = explorer("forgetting", start=False)
    form = app.settings.form
    form.begin.click()
    form.title.value, form.text.value = " Forgetting ", "Find\nthe rate."
    form.how["participant.forget_rate"].value = "hidden"
    form.how["data.n_sessions"].value = "fixed"
    form.panels["task"].value = False
    page = form._save_page()
    assert page.name == "lesson.html"
    assert b"<title>Forgetting</title>" in page.content
    name, content, _ = form._save()
    assert name == "lesson.json"
    upload(app, content)
    lesson = app.experiment.lesson
    assert (lesson.title, lesson.text) == ("Forgetting", "Find the rate.")
    assert (lesson.hidden, lesson.fixed) == (("participant.forget_rate",), ("data.n_sessions",))
    assert "task" not in lesson.panels
    assert app.settings.alert.value == form.alert.value == ""


def test_a_lesson_without_a_title_is_told():
    form = explorer(start=False).settings.form
    form.begin.click()
    form.files.buttons["lesson as json"].click()
    assert "must have a word" in form.files.alert.value


def test_the_coach_does_not_try_what_the_lesson_keeps(path, no_trials, monkeypatch):
    monkeypatch.setattr("spicewidgets.app.job.Job._trial", no_trials)
    app = explorer(start=False)
    app.experiment.data.n_sessions, app.experiment.data.n_trials = 5, 40
    assert app.runner.train()
    assert app.runner.wait(120)
    until = monotonic() + 60  # what was tried is shown after the run
    while not (found := remedies(app, "little data")) and monotonic() < until:
        sleep(0.05)
    (remedy,) = found
    assert not remedy.disabled
    open_lesson(app.experiment, Lesson("Few", "", app.experiment.to_dict(), fixed=("data.n_sessions",)))
    (remedy,) = remedies(app, "little data")
    assert remedy.disabled
    assert remedy.tooltip == "The lesson keeps as they are: sessions."


def remedies(app, kind):
    """The buttons that the coach shows below what it says of one kind."""
    rows = [row for row in app.guide.coach.rows.children if len(getattr(row, "children", ())) == 2]
    return [row.children[1] for row in rows if kind in row.children[0].value]


def test_a_panel_alone_has_the_lesson_of_the_page(path, monkeypatch):
    monkeypatch.setenv(LESSON, str(path))
    alone = panel("participant")
    assert "<h2>Drift</h2>" in "".join(getattr(each, "value", "") for each in within(alone) if has_text(each))
    assert switched_off(controls(alone)["alpha_reward"]) == {True}


def has_text(widget):
    return isinstance(getattr(widget, "value", None), str)


def test_a_file_that_is_no_lesson_is_refused(tmp_path):
    path = tmp_path / "no.json"
    path.write_text("{}")
    with pytest.raises(SettingsError, match="dictionary with its version"):
        explorer(lesson=path, start=False)
    result = CliRunner().invoke(main, ["app", "--lesson", str(path)])
    assert result.exit_code == 1
    assert "A lesson is read from a dictionary with its version" in result.output
    assert CliRunner().invoke(main, ["app", "--lesson", str(tmp_path / "nowhere")]).exit_code == 2


def test_the_command_line_hands_the_lesson_to_the_page(path):
    assert lesson_environment(str(path)) == lesson_environment(str(path), "task") == {LESSON: str(path)}
    with pytest.raises(ClickException, match="for the explorer and its panels; got quiz"):
        lesson_environment(str(path), "quiz")
    assert Experiment().lesson is None


def test_a_scene_is_written_without_code(tmp_path):
    """As a teacher writes one: a file with text, opened by the page, saved again by it."""
    scene = {
        "ask": "After a loss, how often do they stay?",
        "how": "guess",
        "fact": "after_loss",
        "picture": "staying",
        "says": "In {after_loss%}, after {n} choices.",
        "because": "You said {answer%}.",
    }
    path = tmp_path / "lesson.json"
    path.write_text(json.dumps({"lesson": 1, "title": "Staying", "story": [scene]}))
    app = explorer(lesson=path, start=False)
    app.guide.start_story()
    assert "After a loss, how often" in app.story.words.value
    assert "your guess" in app.story.picture.value
    app.story.slider.value = 0.4
    app.story.look.click()
    assert "You knew. In 41 %, after 10,000 choices." in app.story.said.value
    assert "You said 40 %." in app.story.said.value
    app.story.slider.value = 0.42  # a last move that comes after the press
    assert "You said 42 %." in app.story.said.value
    form = app.settings.form
    form.begin.click()
    assert json.loads(form._save().content)["story"] == [scene]


def test_without_a_lesson_the_settings_as_they_stand_become_a_page():
    app = explorer(start=False)
    app.experiment.participant.alpha_reward = 0.45
    content = app.settings.form._save_page().content.decode()
    assert '"name":"alpha_reward","value":0.45' in content
    app.experiment.data.n_sessions = 500
    with pytest.raises(SettingsError, match="n_sessions must be at most"):
        app.settings.form._save_page()
