"""The update panel: a moved number moves its curve and the likelihood, and can be put back."""

import numpy as np
import pytest

from spicewidgets.apps import panel
from spicewidgets.views import looking as views

NAME = "x_value_reward_chosen"
REWARD = ("c_reward",)


@pytest.fixture
def shown():
    return panel("update")


def curve(shown, at=1):
    return shown.figure.series[f"spice {at} beyond"].y


def test_it_opens_with_the_curves_of_the_run(shown):
    assert shown.alert.value == ""
    drawn = views.curves_of(shown.runner.result, NAME, 0)
    for layer in ("truth", "rnn", "spice"):
        for at in (0, 1):
            np.testing.assert_array_equal(
                shown.figure.series[f"{layer} {at} beyond"].y, drawn.after[layer][at]
            )
    np.testing.assert_array_equal(shown.figure.series["visits"].y, drawn.density)
    assert "come to rest" in shown.figure.summary
    assert "Next value, SPICE, rewarded" in shown.figure.table()
    assert shown.back.disabled
    assert shown.module.layout.display == shown.participant.layout.display == "none"


def test_what_is_drawn_lies_on_the_diagonal_and_within_the_data(shown):
    rests = shown.figure.series["rest spice"]
    np.testing.assert_array_equal(rests.x, rests.y)
    assert len(rests.x) == 2
    low, high = shown.figure.series["edge after"].x
    line = shown.figure.series["spice 1"]
    assert line.x[np.isfinite(line.y)].min() >= low
    assert line.x[np.isfinite(line.y)].max() <= high


@pytest.mark.parametrize("part", ["typed", "slider"])
def test_a_moved_number_moves_its_curve_and_the_likelihood(shown, part):
    before, told = curve(shown).copy(), shown.likelihoods.value
    number = shown.fields[REWARD]
    getattr(number, part).value = 0.4
    assert number.typed.value == number.slider.value == 0.4
    shift = 0.4 - shown.runner.result.spice.equation(NAME).coefficient(*REWARD)
    np.testing.assert_allclose(curve(shown), before + shift, rtol=0, atol=1e-12)
    assert shown.likelihoods.value != told
    assert not shown.back.disabled
    shown.back.click()
    np.testing.assert_array_equal(curve(shown), before)
    assert shown.likelihoods.value == told
    assert number.typed.value == round(shown.runner.result.spice.equation(NAME).coefficient(*REWARD), 4)
    assert shown.alert.value == ""


def test_the_likelihood_is_that_of_the_session_that_is_looked_at(shown):
    shown.fields[REWARD].typed.value = 0.5
    model = shown._model
    for session in (0, 7):
        shown.experiment.comparison.session = session
        result = shown.runner.result
        found, now = (views.likelihood(result, one)[session] for one in (result.spice, model))
        assert f"Session {session}" in shown.likelihoods.value
        assert f"<td>{found:.4f}</td><td>{now:.4f}</td>" in shown.likelihoods.value


def test_a_new_result_has_its_own_numbers_and_modules(shown):
    shown.fields[REWARD].typed.value = 0.5
    shown.experiment.load_preset("forgetting")
    shown.experiment.data.put({"n_sessions": 6, "n_trials": 20})
    shown.experiment.training.epochs = 20
    assert shown.runner.train()
    assert shown.runner.wait(120)
    assert shown.alert.value == ""
    assert shown.back.disabled
    assert shown.module.layout.display == ""
    shown.module.value = "x_value_reward_not_chosen"
    assert list(shown.fields) == [(), ("x_value_reward_not_chosen",)]
    assert not shown.figure.series["spice 1"].x.size
    assert shown.alert.value == ""


def test_without_a_result_it_says_so(shown):
    shown.runner.reset()
    assert "train first" in shown.likelihoods.value
    assert shown.alert.value == ""


def test_a_value_that_the_page_has_only_rounded_moves_nothing(shown):
    number = shown.fields[REWARD]
    number.slider.value = round(number.slider.value, 2)
    number.typed.value = round(shown.runner.result.spice.equation(NAME).coefficient(*REWARD), 5)
    assert shown.back.disabled
    number.slider.value += 0.01
    assert not shown.back.disabled
