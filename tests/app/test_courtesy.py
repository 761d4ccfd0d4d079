"""A run gives way to who moves a slider, for a moment each time."""

import threading

import pytest

from spicewidgets.app import courtesy as module
from spicewidgets.app.courtesy import UiThrottle
from spicewidgets.app.runner import Runner
from spicewidgets.state import Experiment


@pytest.fixture
def moved(monkeypatch):
    """An experiment of which something was just moved, and the courtesy of its runs."""
    monkeypatch.setattr(module, "PAUSE", 0.5)  # so that a busy machine does not miss it
    experiment = Experiment()
    courtesy = UiThrottle(experiment)
    experiment.participant.alpha_reward = 0.4
    return courtesy


def test_nothing_is_waited_for_where_nothing_was_moved(monkeypatch):
    waited = []
    monkeypatch.setattr(module, "sleep", waited.append)
    courtesy = UiThrottle(Experiment())
    assert not courtesy.is_due()
    courtesy.wait()
    assert not waited


def test_what_was_moved_is_waited_for_once(moved):
    assert moved.is_due()
    moved.wait()
    assert not moved.is_due()


def test_what_a_run_tells_is_no_move():
    experiment = Experiment()
    courtesy = UiThrottle(experiment)
    experiment.run.put(status="running", epoch=3, message="Epoch 3.")
    assert not courtesy.is_due()


def test_between_two_waits_a_run_has_its_turn(moved, monkeypatch):
    monkeypatch.setattr(module, "TURN", 60)
    moved.wait()
    moved._note({})
    assert not moved.is_due()


@pytest.mark.filterwarnings("ignore::spicewidgets.SpiceWarning")  # thirty epochs are few
def test_a_slider_that_is_moved_all_the_time_does_not_stop_a_run():
    experiment = Experiment()
    runner = Runner(experiment)
    experiment.from_dict({"training": {"optimizer": "adam", "epochs": 30}, "data": {"n_sessions": 3}})
    over = threading.Event()

    def move() -> None:
        while not over.wait(0.01):
            experiment.comparison.session = (experiment.comparison.session + 1) % 3

    mover = threading.Thread(target=move)
    mover.start()
    try:
        assert runner.train()
        assert runner.wait(60)
    finally:
        over.set()
        mover.join()
    run = experiment.run
    assert (run.status, len(run.history)) == ("done", 30), f"{run.message}\n{run.details}"
