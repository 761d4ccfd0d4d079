"""What a picture of the settings needs is played once, as the data set has it."""

import pytest

from spicewidgets.apps import explorer
from spicewidgets.experiment import simulation
from spicewidgets.state.experiment import Experiment


@pytest.fixture
def n_plays(monkeypatch):
    """How often sessions were played, as a list that grows."""
    plays = []

    def counted(*arguments, **named):
        plays.append(arguments)
        return play_sessions(*arguments, **named)

    play_sessions = simulation.play_sessions
    monkeypatch.setattr(simulation, "play_sessions", counted)
    simulation._session.cache_clear()
    simulation._simulate.cache_clear()
    return plays


def test_a_slider_that_moves_plays_the_session_once_for_all_panels(n_plays):
    app = explorer(start=False)
    assert all(app.panels[name] for name in ("task", "participant", "data"))  # made when first shown
    experiment = app.experiment
    for move in (
        lambda: setattr(experiment.task, "sigma", 0.05),
        lambda: setattr(experiment.data, "n_trials", 31),
        lambda: setattr(experiment.data, "session", 30),
        lambda: setattr(experiment.participant, "alpha_reward", 0.7),
    ):
        n_plays.clear()
        move()
        assert len(n_plays) == 1


def test_what_the_session_does_not_depend_on_plays_nothing(n_plays):
    experiment = Experiment()
    first = simulation.preview(experiment.peek())
    experiment.training.epochs = 77
    experiment.discovery.threshold = 0.2
    assert simulation.preview(experiment.peek()) is first
    assert len(n_plays) == 1


def test_a_session_beyond_the_last_is_the_last(n_plays):
    experiment = Experiment()
    experiment.data.n_sessions = 4
    assert simulation.preview(experiment.peek(), 99) is simulation.preview(experiment.peek(), 3)
