"""The tour goes on when what it waits for has happened, and not before; steps from a file are checked."""

import pytest

from spicewidgets.state import Experiment
from spicewidgets.state.lesson import HOLDABLE, Lesson, open_lesson, read_lesson
from spicewidgets.state.tour import TOUR, Tour, TourStep, plain, steps_problems


@pytest.fixture
def tour():
    return Tour(Experiment())


def run_ends(tour):
    run = tour._experiment.run
    run.put(status="done", result_revision=run.result_revision + 1)


def test_the_tour_of_a_minute(tour):
    experiment = tour._experiment
    tour.start()
    assert tour.step == TOUR[0]
    experiment.task.sigma = 0.3
    assert tour.at == 0
    experiment.participant.alpha_reward = 0.6
    assert tour.at == 1
    experiment.run.put(status="running")
    assert tour.at == 1
    run_ends(tour)
    assert tour.at == 2
    tour.panel = "compare"
    assert tour.at == 2
    tour.panel = "equation"
    assert (tour.at, tour.awaited) == (2, "next")
    tour.panel = "library"
    assert tour.at == 2
    tour.go_on()
    assert tour.at == 3
    run_ends(tour)  # before there are fewer choices
    assert tour.at == 3
    experiment.data.n_sessions = 5
    assert (tour.at, tour.awaited) == (3, "run")
    run_ends(tour)
    assert tour.at == 4
    tour.panel = "compare"
    assert not tour.has_ended
    tour.go_on()
    assert (tour.at, tour.step) == (-1, None)
    assert tour.has_ended
    experiment.data.n_sessions = 6
    assert not tour.has_ended


def test_its_sentences_are_short():
    assert len(TOUR) == 5
    assert all(len(step.words.split()) <= 20 for step in TOUR)
    assert steps_problems(plain(TOUR), HOLDABLE) == []


def test_a_step_is_skipped_and_the_tour_left(tour):
    tour.start()
    tour.go_on()
    assert tour.at == 1
    tour.end()
    assert tour.step is None
    tour.go_on()
    assert tour.at == -1
    tour.start()
    assert tour.at == 0


def test_a_step_without_a_condition_waits_for_next(tour):
    tour.start([TourStep("Look."), TourStep("Look again.")])
    run_ends(tour)
    assert (tour.at, tour.awaited) == (0, "")
    tour.go_on()
    tour.go_on()
    assert tour.step is None


def test_a_lesson_has_a_tour_of_its_own():
    experiment = Experiment()
    lesson = Lesson(
        "Drift", tour=(TourStep("Set the drift.", "task", "task.sigma=0.1"), TourStep("Train.", "", "run"))
    )
    again = read_lesson(lesson.to_dict(), experiment)
    assert again.tour == lesson.tour
    open_lesson(experiment, again)
    assert experiment.lesson.tour == lesson.tour
    assert "tour" not in Lesson("None").to_dict()
