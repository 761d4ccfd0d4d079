"""Results that bring themselves up to date: when asked, once for the same settings, one run at a time."""

import pytest

from spicewidgets.app.follow import Follower
from spicewidgets.state import Experiment


class Runs:
    """Counts what it is asked for."""

    def __init__(self):
        self.asked = []

    def train(self, shown=True):
        assert not shown  # nobody waits for pictures of what follows a slider
        self.asked.append("train")
        return True

    def refit(self):
        self.asked.append("refit")
        return True


@pytest.fixture
def experiment():
    made = Experiment()
    made.trained = made.discovered = made.snapshot()
    return made


@pytest.fixture
def runs(experiment):
    runs = Runs()
    Follower(experiment, runs)
    return runs


def test_a_changed_library_is_followed_without_training(experiment, runs):
    experiment.discovery.threshold = 0.2
    assert runs.asked == ["refit"]


def test_other_resamples_are_not_followed(experiment, runs):
    """They take long, and equations found again would do away with those there are."""
    experiment.studied = {"uncertainty": experiment.snapshot()}
    experiment.follow_training = True
    experiment.uncertainty.n_resamples = 30
    assert "uncertainty" in experiment.stale_because
    assert runs.asked == []


def test_a_changed_participant_is_followed_only_when_wanted(experiment, runs):
    experiment.participant.alpha_reward = 0.6
    assert runs.asked == []
    experiment.follow_training = True
    assert runs.asked == ["train"]


def test_nothing_is_asked_while_a_run_is_under_way_and_then_once(experiment, runs):
    experiment.run.status = "running"
    experiment.discovery.threshold = 0.2
    experiment.discovery.threshold = 0.3
    assert runs.asked == []
    experiment.run.status = "done"
    assert runs.asked == ["refit"]


def test_settings_that_were_left_and_come_again_are_followed(experiment, runs):
    """A run that is under way is done for the newest settings, which may be left before it is over."""
    experiment.discovery.threshold = 0.2
    experiment.run.status = "running"
    experiment.discovery.threshold = 0.1
    experiment.discovered = experiment.snapshot()
    experiment.run.result_revision += 1
    experiment.discovery.threshold = 0.2
    experiment.run.status = "done"
    assert runs.asked == ["refit", "refit"]


def test_settings_that_have_failed_are_not_tried_again(experiment, runs):
    experiment.discovery.threshold = 0.2
    experiment.run.status = "running"
    experiment.run.status = "failed"
    assert runs.asked == ["refit"]


def test_wrong_settings_wait_until_they_are_right(experiment, runs):
    experiment.discovery.threshold = -1
    assert runs.asked == []
    experiment.discovery.threshold = 0.1
    assert runs.asked == ["refit"]


def test_it_can_be_switched_off(experiment, runs):
    experiment.follow_library = False
    experiment.discovery.threshold = 0.2
    assert runs.asked == []
