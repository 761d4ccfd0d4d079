"""Whether a run found the participant's exact mechanism: yes, no and why not, and when it cannot be told."""

from dataclasses import replace

import pytest

from spicewidgets.lab.recorded import recorded
from spicewidgets.lab.verdict import listed, verdict
from spicewidgets.state import Experiment


@pytest.fixture(scope="module")
def healthy():
    return recorded(Experiment().peek())


@pytest.mark.seed(75)
def test_the_tutorials_mechanism_is_exact_within_error(healthy):
    assert verdict(healthy) == "Exact mechanism: yes, within error."


def test_it_is_not_exact_without_a_term(healthy):
    spice = healthy.spice
    (equation,) = spice.equations["x_value_reward_chosen"]
    without = replace(spice, equations={"x_value_reward_chosen": (equation.without("c_reward"),)})
    told = verdict(replace(healthy, spice=without))
    assert told == "Exact mechanism: no, found without c_reward of x_value_reward_chosen."


def test_it_is_not_exact_with_a_term_too_many(healthy):
    other = replace(healthy.truth.equations["x_value_reward_chosen"][0], values=(-0.3, 0.7, 0.0))
    truth = replace(healthy.truth, equations={"x_value_reward_chosen": (other,)})
    told = verdict(replace(healthy, truth=truth))
    assert told == "Exact mechanism: no, found with c_reward of x_value_reward_chosen, which is not true."


def test_it_is_not_exact_when_the_numbers_are_far_off(healthy):
    scores = healthy.comparison.copy()
    scores.loc["truth", "nll"] += 0.002
    assert "the terms are; the numbers are not" in verdict(replace(healthy, comparison=scores))


def test_choices_that_may_be_guesses_speak_for_no_mechanism(healthy):
    """Two choices tell no equation from any other."""
    few = replace(healthy, choices=healthy.choices[:1, :3])
    assert "cannot be told; 2 choices hardly differ from guesses" in verdict(few)


def test_where_no_truth_is_known_nothing_is_said(healthy):
    assert verdict(replace(healthy, truth=None)) == ""


@pytest.mark.parametrize(
    ("names", "words"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_names_are_listed_as_in_a_sentence(names, words):
    assert listed(names) == words
