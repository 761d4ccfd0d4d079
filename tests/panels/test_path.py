"""The sparsity path in the library panel: the threshold moves along it, and each term has a reason."""

import numpy as np
import pytest

from spicewidgets import views
from spicewidgets.apps import panel

NAME = "x_value_reward_chosen"


@pytest.fixture
def shown():
    made = panel("library")
    made.experiment.follow_library = False
    return made


def now(shown):
    return 10 ** shown.path.figure.series["now coefficient"].x[0]


def test_it_opens_with_the_path_of_the_run(shown):
    assert shown.path.alert.value == ""
    path = views.path_of(shown.runner.result, NAME, 0)
    for at, term in enumerate(("constant", "its value", "c_reward")):
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
        "1 was left out by the threshold 0.4. Without any threshold its coefficient is"
        in shown.path.why.value
    )


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
