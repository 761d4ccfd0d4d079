"""The guide says one thing at a time, and its button does it; tiles and head say the same."""

import pytest

from spicewidgets.apps import explorer
from spicewidgets.panels.tiles import VERDICTS
from spicewidgets.state.lesson import Lesson, open_lesson
from spicewidgets.state.stages import ROOMS
from spicewidgets.state.story import Scene


@pytest.fixture
def app():
    return explorer(start=False)


def test_it_offers_the_story_until_something_is_run(app):
    guide = app.guide
    assert (guide.now.kind, guide.action.description) == ("story", "Start")
    app.told.value = "watched"
    assert app.experiment.playback.watched
    guide.offers_story = False
    guide.refresh()
    assert guide.now.kind == "look"


def test_what_is_wrong_comes_first_and_the_button_leads_there(app):
    app.experiment.participant.alpha_reward = 0.6
    app.experiment.task.sigma = -1
    assert app.guide.now.kind == "wrong"
    assert "sigma must be" in app.guide.line.value
    app.switch.value = "compare"
    app.guide.action.click()
    assert app.switch.value == "task"
    app.experiment.task.sigma = 0.2
    assert (app.guide.now.kind, app.guide.action.description) == ("stale", "Train")


def test_what_is_out_of_date_is_said_with_its_remedy_and_the_next_look_after_it(app):
    app.guide.offers_story = False
    app.guide.refresh()
    app.experiment.participant.alpha_reward = 0.6
    assert "Train again" in app.guide.line.value
    app.guide.action.click()
    assert app.runner.wait(120)
    assert "Trained for" in app.guide.line.value
    app.guide.action.click()
    assert app.switch.value == "equation"


def test_each_look_is_proposed_until_it_was_taken(app):
    app.guide.offers_story = False
    app.guide.refresh()
    proposed = []
    while app.guide.now.does.startswith("go "):
        proposed.append(app.guide.now.does)
        app.guide.action.click()
    assert proposed == ["go equation", "go compare", "go uncertainty", "go search"]
    assert app.guide.action.layout.display == "none"


def test_what_was_said_can_be_opened(app):
    app.experiment.participant.alpha_reward = 0.6
    app.experiment.participant.alpha_reward = 0.3
    app.guide.earlier.click()
    assert app.guide.drawer.layout.display == ""
    assert "Out of date: This result is for learning rate α = 0.30. Train again." in app.guide.history.value
    app.guide.earlier.click()
    assert app.guide.drawer.layout.display == "none"


def test_the_story_of_a_lesson_is_told_and_one_without_offers_none(app):
    open_lesson(app.experiment, Lesson("Drift", story=(Scene("Look."), Scene("Look again."))))
    app.guide.refresh()
    app.guide.action.click()
    story = app.story.story
    assert (story.scene.ask, len(story.scenes)) == ("Look.", 2)
    assert "sw-in-story" in app._dom_classes
    app.story.on.click()
    app.story.on.click()
    assert story.scene is None
    assert "sw-in-story" not in app._dom_classes
    open_lesson(app.experiment, Lesson("Drift"))
    assert app.guide.now.kind != "story"


def test_the_story_is_left_and_gone_on_with_also_in_another_page(app):
    app.guide.action.click()
    app.story.options.children[1].click()
    app.story.on.click()
    app.story.leave.click()
    assert (app.guide.now.kind, app.guide.action.description) == ("story", "Go on")
    word = app.story.story.as_word()
    other = explorer(start=False)
    other.told.value = f"watched scene-{word}"
    other.guide.action.click()
    assert (other.story.story.at, other.story.story.answers) == (1, {0: 1.0})
    assert "2 of 6" in other.story.head.value
    other.story.back.click()
    assert "sw-chosen" in other.story.options.children[1]._dom_classes


def test_before_there_is_an_epoch_to_see_it_says_that_the_training_begins(app):
    app.guide.offers_story = False
    app.guide.refresh()
    app.experiment.playback.put(epochs=0, epoch=0)
    assert "The training begins." in app.guide.line.value
    app.experiment.playback.put(epochs=20, epoch=3)
    assert "epoch 3 of 20" in app.guide.line.value


def test_a_training_that_is_played_back_can_be_skipped(app):
    app.guide.offers_story = False
    app.guide.refresh()
    app.experiment.playback.put(epoch=3, epochs=9)
    assert "epoch 3 of 9" in app.guide.line.value
    assert app.guide.action.description == "Skip"
    assert "epoch 3 of 9" in app.switch.tiles["network"].picture.value
    app.guide.action.click()
    assert not app.experiment.playback.playing
    assert app.guide.action.description != "Skip"


def test_tiles_tell_their_rooms(app):
    captions = {name: tile.picture.value.rpartition("<p>")[2][:-4] for name, tile in app.switch.tiles.items()}
    assert list(captions) == list(ROOMS)
    assert captions["task"] == "drifts by 0.20 a trial"
    assert captions["participant"] == "moves 30 % of the way"
    assert captions["choices"] == "100 sessions of 100"
    assert captions["network"].startswith("P off by 0.0")
    assert captions["equation"] == "the same 3 terms"
    assert captions["truth"] == VERDICTS["same"]
    before = app.switch.tiles["participant"].picture.value
    app.experiment.participant.put({"alpha_reward": 0.6, "alpha_penalty": 0.2})
    assert app.switch.tiles["participant"].picture.value != before
    assert "moves 60 or 20 %" in app.switch.tiles["participant"].picture.value


def test_captions_that_come_from_a_table_are_escaped(app):
    app.switch.tiles["task"].draw(app.switch.tiles["task"].picture.value, "<b>of me</b>")
    assert "&lt;b&gt;of me" in app.switch.tiles["task"].picture.value
