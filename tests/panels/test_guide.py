"""The guide says one thing at a time, and its button does it; tiles and head say the same."""

import pytest

from spicewidgets.apps import explorer
from spicewidgets.panels.tiles import VERDICTS
from spicewidgets.state.lesson import Lesson, open_lesson
from spicewidgets.state.stages import ROOMS
from spicewidgets.state.tour import TOUR, TourStep


@pytest.fixture
def app():
    return explorer(start=False)


def test_it_offers_a_tour_once(app):
    guide = app.guide
    assert (guide.now.kind, guide.action.description) == ("tour", "Start")
    app.told.value = "watched toured"
    assert guide.now.kind == "look"
    assert app.experiment.playback.watched


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
    app.told.value = "toured"
    app.experiment.participant.alpha_reward = 0.6
    assert "Train again" in app.guide.line.value
    app.guide.action.click()
    assert app.runner.wait(120)
    assert "Trained for" in app.guide.line.value
    app.guide.action.click()
    assert app.switch.value == "equation"


def test_each_look_is_proposed_until_it_was_taken(app):
    app.told.value = "toured"
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


def test_the_tour_leads_through_the_page(app):
    app.guide.action.click()
    assert app.guide.now.number == "1 of 5"
    assert app.switch.value == "participant"
    app.experiment.participant.alpha_reward = 0.6
    assert "sw-wanted" in app.head.go._dom_classes
    assert app.guide.action.description == "Skip"
    app.guide.action.click()
    assert "sw-wanted" not in app.head.go._dom_classes
    assert "sw-wanted" in app.switch.tiles["equation"]._dom_classes
    app.switch.value = "equation"
    assert "sw-wanted" not in app.switch.tiles["equation"]._dom_classes
    assert (app.switch.value, app.guide.action.description) == ("equation", "Next")
    app.guide.action.click()
    assert app.switch.value == "data"
    app.guide.leave.click()
    assert app.guide.now.kind != "step"
    app.guide.start_tour()
    assert app.guide.now.words == TOUR[0].words


def test_the_tour_of_a_lesson_is_offered(app):
    open_lesson(
        app.experiment,
        Lesson("Drift", tour=(TourStep("Look."), TourStep("Open Compare.", "", "see compare"))),
    )
    app.guide.refresh()
    app.guide.action.click()
    assert (app.guide.now.words, app.guide.now.number) == ("Look.", "1 of 2")
    assert app.guide.action.description == "Next"
    app.guide.action.click()
    app.switch.value = "compare"
    assert app.guide.tour.step is None


def test_a_lesson_without_a_tour_offers_none(app):
    open_lesson(app.experiment, Lesson("Drift"))
    assert app.guide.now.kind != "tour"


def test_before_there_is_an_epoch_to_see_it_says_that_the_training_begins(app):
    app.told.value = "toured"
    app.experiment.playback.put(epochs=0, epoch=0)
    assert "The training begins." in app.guide.line.value
    app.experiment.playback.put(epochs=20, epoch=3)
    assert "epoch 3 of 20" in app.guide.line.value


def test_a_training_that_is_played_back_can_be_skipped(app):
    app.told.value = "toured"
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
