"""What goes wrong under a panel ends in a sentence in it, with the details folded away; the settings are
kept, and the next Train works.
"""

import sys
from math import nan

import pytest

from spicewidgets.apps import explorer
from spicewidgets.core import estimator
from spicewidgets.core.discover import search

FIT_RECORDS = estimator.SpiceEstimator.fit_records


@pytest.fixture
def app():
    app = explorer(start=False)
    app.experiment.from_dict({"data": {"n_sessions": 6, "n_trials": 20}, "training": {"epochs": 10}})
    return app


def broken(*_, **__):
    raise RuntimeError("the <b>lights</b> went out")


def no_torch(patch):
    patch.setitem(sys.modules, "torch", None)


def in_training(patch):
    patch.setattr(estimator.SpiceEstimator, "fit_records", broken)


def in_the_equations(patch):
    patch.setattr(search, "propose_equations", broken)


def in_the_data(patch):
    """Data that are no numbers."""
    patch.setattr(estimator.SpiceEstimator, "fit_records", lost)


def lost(made, dataset):
    dataset.xs.fill_(nan)
    return FIT_RECORDS(made, dataset)


@pytest.mark.parametrize("fault", [in_training, in_the_data, in_the_equations])
def test_a_fault_is_a_sentence_and_the_next_train_works(app, fault, monkeypatch):
    app.runner.train()  # all is loaded
    assert app.runner.wait(120)
    settings, run = app.experiment.to_dict(), app.experiment.run
    with monkeypatch.context() as patch:
        fault(patch)
        app.head.go.click()
        assert app.runner.wait(60)
        assert run.status == "failed"
        told = app.panels["train"].status.value
        words = told.split("<details>")[0]
        assert "Traceback" not in words
        assert "<b>lights" not in told
        assert words.rstrip("</div>").endswith((".", ". "))
        assert ("<details>" in told) == bool(run.details)
        assert "went out" in words or "No trial has a next choice" in words, words
    assert app.experiment.to_dict() == settings
    assert not app.head.go.disabled
    app.head.go.click()
    assert app.runner.wait(120)
    assert (run.status, run.details) == ("done", "")
    assert "<details>" not in app.panels["train"].status.value


def test_loading_that_fails_in_the_background_is_met_by_the_first_run(app, monkeypatch, caplog):
    with monkeypatch.context() as patch:
        no_torch(patch)
        patch.delitem(sys.modules, "spicewidgets.app.job", raising=False)
        app.start()
        app.head.go.click()
        assert app.runner.wait(60)
        assert app.experiment.run.status == "failed"
        assert "torch" in app.panels["train"].status.value
        assert app.alert.value == ""
