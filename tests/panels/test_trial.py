"""The trial panel: the numbers of a trial are those of the session, and stepping moves them in place."""

import re

import numpy as np
import pytest

from spicewidgets.apps import panel
from spicewidgets.views import looking as views


@pytest.fixture
def shown():
    return panel("trial")


def numbers(html, row):
    """The numbers of a row of the first table that has it."""
    cells = re.search(rf'<th scope="row">(?:<b>)?{re.escape(row)}.*?</tr>', html).group()
    return [float(text.replace("−", "-")) for text in re.findall(r"<td>(?:<b>)?([+−]?[\d.]+)", cells)]


def test_the_parts_on_screen_sum_to_the_new_value(shown):
    assert shown.alert.value == ""
    for trial in (0, 1, 57):
        shown.trial.value = trial
        html = shown.sums.value
        parts = np.sum([numbers(html, row) for row in ("constant", "own value", "c_reward")], 0)
        np.testing.assert_allclose(parts, numbers(html, "new value"), atol=2e-3)  # rounded to three decimals


def test_they_are_those_of_the_session(shown):
    shown.experiment.comparison.session, shown.trial.value = 3, 20
    followed = views.trial_by_trial(shown.runner.result, 3)
    chosen = shown.runner.result.choices[3, 20]
    for row, name in (("value before", "before"), ("new value", "after"), ("prediction error", "error")):
        there = [getattr(one.updates[0], name)[0, 20, chosen] for one in followed.values()]
        np.testing.assert_allclose(numbers(shown.sums.value, row), there, atol=6e-4)
    assert f"Trial 20: option {chosen + 1} chosen" in shown.sums.value


def test_stepping_moves_the_line_in_the_session(shown):
    shown.trial.value = 12
    assert shown.figure.series["cursor P"].x.tolist() == [12.0]
    assert shown.figure.readout.startswith("Trial 12: ")


def test_what_is_chosen_next_is_marked(shown):
    choices = shown.runner.result.choices[0]
    shown.trial.value = 5
    row = re.search(rf'<th scope="row">Option {choices[6] + 1}</th>.*?</tr>', shown.sums.value).group()
    assert "chosen next" in row
    shown.trial.value = 99
    assert "chosen next" not in shown.sums.value


def test_modules_of_both_arms_are_told_and_a_shorter_session_has_fewer_trials(shown):
    shown.trial.value = 60
    shown.experiment.load_preset("forgetting")
    shown.experiment.data.put({"n_sessions": 6, "n_trials": 20})
    shown.experiment.training.epochs = 20
    assert shown.runner.train()
    assert shown.runner.wait(120)
    assert shown.alert.value == ""
    assert shown.trial.value == shown.trial.max == shown.play.max == 19
    assert "Option 1: x_value_reward_" in shown.sums.value
    assert "Option 2: x_value_reward_" in shown.sums.value


def test_without_a_result_it_says_so(shown):
    shown.runner.reset()
    assert "train first" in shown.sums.value
    assert shown.alert.value == ""


@pytest.mark.seed(12)
def test_the_choice_follows_from_the_new_values(shown):
    shown.trial.value = 8
    for followed, place in zip(views.trial_by_trial(shown.runner.result, 0).values(), (0, 2), strict=True):
        for arm in (0, 1):
            row = re.search(rf'<th scope="row">Option {arm + 1}</th>(.*?)</tr>', shown.sums.value).group(1)
            cell = re.findall(r"<td>(.*?)</td>", row)[place].replace("−", "-")
            q, p = (float(number) for number in cell.split(" → "))
            assert q == pytest.approx(followed.record.q[0, 9, arm], abs=6e-3)
            assert p == pytest.approx(followed.record.probabilities[0, 9, arm], abs=6e-3)
