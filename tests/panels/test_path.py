"""The sparsity path in the library panel: the threshold moves along it, and each term has a reason."""

import numpy as np
import pytest

from spicewidgets.app.runner import Runner
from spicewidgets.apps import panel
from spicewidgets.views import looking as views

NAME = "x_value_reward_chosen"


@pytest.fixture
def shown(monkeypatch):
    """The panel on the recorded run, which stays."""
    monkeypatch.setattr(Runner, "recall", lambda _: False)
    made = panel("library")
    made.experiment.follow_library = False
    return made


def now(shown):
    return 10 ** shown.path.figure.series["now coefficient"].x[0]


def test_it_opens_with_the_path_of_the_run(shown):
    assert shown.path.alert.value == ""
    path = views.path_of(shown.runner.result, NAME, 0)
    for at, term in enumerate(("constant", "own value", "c_reward")):
        line = shown.path.figure.series[f"term {term}"]
        np.testing.assert_array_equal(line.y, path.coefficients[:, at])
        np.testing.assert_allclose(10**line.x, path.thresholds)
    assert now(shown) == pytest.approx(0.05)
    assert "has 3 terms" in shown.path.figure.summary
    assert "vanish" not in shown.path.why.value
    assert "Coefficient of each term, c_reward" in shown.path.figure.table()


def test_the_threshold_moves_along_it_without_a_new_fit(shown):
    result = shown.runner.result
    shown.experiment.discovery.threshold = 0.4
    assert now(shown) == pytest.approx(0.4)
    assert "At the threshold 0.4 the equation has 2 terms" in shown.path.figure.summary
    assert shown.runner.result is result
    shown.experiment.discovery.threshold = 0.0
    assert now(shown) == pytest.approx(0.001)
    shown.experiment.discovery.threshold = -1.0
    assert shown.path.alert.value == shown.alert.value == ""


def test_a_term_that_vanished_has_a_reason(shown):
    shown.experiment.discovery.threshold = 0.4
    assert shown.runner.refit()
    assert shown.runner.wait(120)
    assert shown.path.alert.value == ""
    assert "Why did a term vanish?" in shown.path.why.value
    assert (
        "constant was left out by the threshold 0.4. Without any threshold its coefficient is"
        in shown.path.why.value
    )


def test_small_coefficients_of_a_slow_learner_vanish_and_come_back():
    shown = panel("library", "slow learner")
    shown.experiment.follow_library = False
    shown.experiment.discovery.selection = "threshold"
    assert shown.runner.train()
    assert shown.runner.wait(120)
    (equation,) = shown.runner.result.spice.of_participant().values()
    assert [term for term, _ in equation.active] == [(NAME,), ("c_reward",)]
    assert "<details open><summary>Why did a term vanish?" in shown.path.why.value
    assert "constant was left out by the threshold 0.05." in shown.path.why.value
    shown.experiment.discovery.threshold = 0.02
    assert shown.runner.refit()
    assert shown.runner.wait(120)
    assert "vanish" not in shown.path.why.value
    (equation,) = shown.runner.result.spice.of_participant().values()
    assert equation.coefficient() == pytest.approx(-0.05, abs=0.02)


def test_the_error_is_drawn_against_the_number_of_terms_and_the_present_one_marked(shown):
    path = views.path_of(shown.runner.result, NAME, 0)
    series = shown.path.trade.series
    assert series["error"].x.tolist() == [0, 1, 2, 3]
    assert series["now"].x.tolist() == [3]
    assert series["now"].y.tolist() == [path.errors[path.n_terms == 3].min()]
    assert series["each"].x.tolist() == [0, 1, 2]
    assert "The present equation has 3 terms." in shown.path.trade.summary


def test_the_path_is_walked_again_only_for_another_library(shown):
    assert shown.runner.refit()
    assert shown.runner.wait(120)
    path = shown.path._path
    shown.experiment.discovery.threshold = 0.4
    assert shown.runner.refit()
    assert shown.runner.wait(120)
    assert shown.path._path is path
    shown.experiment.discovery.degree = 2
    assert shown.runner.refit()
    assert shown.runner.wait(120)
    assert len(shown.path._path.terms) > len(path.terms)


def test_without_a_result_there_is_none(shown):
    shown.runner.reset()
    assert shown.path.body.layout.display == "none"
