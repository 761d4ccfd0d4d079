"""What runs leave behind is held, and the experiment knows of it."""

from contextlib import nullcontext

import pytest

from spicewidgets.app.recorded import load_recorded
from spicewidgets.app.store import Store
from spicewidgets.app.studies import PageStudy
from spicewidgets.state import Experiment


class Paused:
    """A fit that waits for its next step."""

    def __init__(self, snapshot):
        self.snapshot, self.is_closed = snapshot, False

    def close(self):
        self.is_closed = True


@pytest.fixture
def store():
    return Store(Experiment(), nullcontext())


@pytest.fixture(scope="module")
def result():
    return load_recorded(Experiment().peek())


def resampled(result, n):
    """A study of so many resamples, all with the result's own equations."""
    study = PageStudy("uncertainty", result.snapshot, lambda: result.data, lambda: None)
    study.study.parts = dict.fromkeys(range(n), result.spice)
    study.study._of = result.spice, None
    return study


def test_a_result_is_announced_after_it_is_there(store, result):
    revisions = []
    run = store.experiment.run
    run.observe(lambda change: revisions.append((change["new"], store.result is result)), "result_revision")
    store.hold(result)
    assert revisions == [(1, True)]
    assert store.experiment.trained == store.experiment.discovered == result.snapshot
    assert run.history == result.history


def test_one_resample_tells_nothing_of_a_spread(store, result):
    store.hold(result)
    store.hold_study(resampled(result, 1))
    assert store.studies["uncertainty"].found is None
    assert store.experiment.studied == {}


def test_resamples_are_those_of_the_result_until_there_is_another(store, result):
    store.hold(result)
    study = resampled(result, 3)
    study.cut()
    store.hold_study(study)
    assert store.studies["uncertainty"].found.found == result.spice
    assert store.experiment.studied["uncertainty"].group("uncertainty").n_resamples == 3
    store.hold(result)
    assert store.studies == store.experiment.studied == {}


def test_a_fit_that_is_given_up_is_closed(store, result):
    fit = Paused(result.snapshot)
    store.pause(fit)
    assert store.experiment.paused == result.snapshot
    store.drop_paused()
    assert fit.is_closed
    assert store.paused is store.experiment.paused is None


def test_an_error_of_who_watches_leaves_the_result_there(store, result, caplog):
    store.experiment.observe(lambda change: 1 / 0, "trained")
    store.hold(result)
    assert store.result is result
    assert store.experiment.discovered == result.snapshot
    assert "What watches the experiment has failed." in caplog.text


def test_what_is_forgotten_is_gone_from_the_experiment_too(store, result):
    store.hold(result)
    store.hold_study(resampled(result, 2))
    store.pause(Paused(result.snapshot))
    store.forget()
    experiment = store.experiment
    assert store.result is store.paused is None
    assert experiment.trained is experiment.discovered is None
    assert store.studies == experiment.studied == {}
    assert (experiment.run.status, experiment.run.history) == ("idle", ())
