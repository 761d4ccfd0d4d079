"""The verdict: what was tested and what came out; and when nothing can be told."""

from dataclasses import replace

import numpy as np
import pytest

from spicewidgets.app.recorded import load_recorded
from spicewidgets.core.diagnose.verdict import verdict_of
from spicewidgets.core.discover.held_apart import TuningGain
from spicewidgets.state import Experiment
from spicewidgets.views.facts import facts_of
from spicewidgets.views.verdict import verdict

CHOSEN = "x_value_reward_chosen"


@pytest.fixture(scope="module")
def healthy():
    return load_recorded(Experiment().peek())


def played(result, **probabilities):
    """The result, with other P of "spice" or "truth"."""
    layers = {
        name: replace(record, probabilities=probabilities.get(name, record.probabilities))
        for name, record in result.played.items()
    }
    return replace(result, played=layers)


def without(result, term):
    (equation,) = result.spice.equations[CHOSEN]
    return replace(result, spice=replace(result.spice, equations={CHOSEN: (equation.without(term),)}))


@pytest.mark.seed(75)
def test_the_tutorials_terms_and_numbers_are_the_participants(healthy):
    assert verdict(healthy) == (
        "Same terms as the participant; the coefficients are within their error. A learning rate that is off"
        " by 0.04 would have shown, nine times of ten."
    )


def test_a_term_that_is_missing_and_matters(healthy):
    p = 0.5 * healthy.played["spice"].probabilities + 0.25
    told = verdict(played(without(healthy, "c_reward"), spice=p))
    assert told.startswith("Differs: it lacks reward in the value of the chosen option (")
    assert told.endswith(" nats in 100 choices).")


def test_a_term_that_is_missing_and_does_not_matter(healthy):
    """Other terms, and P that so many choices cannot tell from the participant's."""
    told = verdict(without(healthy, "c_reward"))
    assert told.startswith(
        "These 9,900 choices cannot tell it from the participant, though it lacks reward in the value"
    )


def test_a_term_too_many(healthy):
    other = replace(healthy.truth.equations[CHOSEN][0], values=(-0.3, 0.7, 0.0))
    told = verdict(replace(healthy, truth=replace(healthy.truth, equations={CHOSEN: (other,)})))
    assert "though it has reward in the value of the chosen option, which is not true." in told


def test_numbers_that_are_far_off(healthy):
    p = np.clip(healthy.played["spice"].probabilities + np.array([0.05, -0.05]), 0.01, 0.99)
    told = verdict(played(healthy, spice=p))
    assert told.startswith("Same terms as the participant, but the coefficients are not within their error (")


def test_the_divergence_is_that_of_the_true_p(healthy):
    """Of P = 1/2 in all trials, by hand."""
    half = np.full_like(healthy.played["spice"].probabilities, 0.5)
    truth = healthy.played["truth"].probabilities[:, 1:100]
    expected = (truth * np.log(2 * truth)).sum()
    assert facts_of(played(healthy, spice=half)).divergence == pytest.approx(expected)
    assert facts_of(played(healthy, spice=healthy.played["truth"].probabilities)).divergence == 0


def test_choices_that_may_be_guesses_speak_for_no_equation(healthy):
    """Two choices tell no equation from any other."""
    few = replace(healthy, choices=healthy.choices[:1, :3])
    assert verdict(few) == "These 2 choices hardly differ from guesses: they speak for no equation."


def test_where_no_truth_is_known_guesses_and_the_network_are_the_measure(healthy):
    told = verdict(replace(healthy, truth=None))
    assert told.startswith("The equations expect 9,900 choices with a probability of 0.5")
    assert "cannot tell the equations from the network" in told


def test_a_network_that_knows_more_is_said_to(healthy):
    p = healthy.played["rnn"].probabilities.copy()
    arms = np.maximum(healthy.choices, 0)[..., None]
    better = np.take_along_axis(p[:, :100], arms, -1) * 0.8 + 0.2
    np.put_along_axis(p[:, :100], arms, better, -1)
    told = verdict(replace(played(healthy, rnn=p), truth=None))
    assert "The network expects them better, by " in told
    assert "only choices held out tell whether it knows more" in told  # it has learned from them


def test_verdicts_have_an_order(healthy):
    half = np.full_like(healthy.played["spice"].probabilities, 0.5)
    results = [
        replace(healthy, spice=None),
        played(without(healthy, "c_reward"), spice=half),
        played(healthy, spice=half),
        replace(healthy, choices=healthy.choices[:1, :3]),
        without(healthy, "c_reward"),
        healthy,
    ]
    verdicts = [verdict_of(facts_of(result)) for result in results]
    assert [one.kind for one in verdicts] == ["", "differs", "numbers", "guesses", "untold", "same"]
    assert [one.rank for one in verdicts] == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("nats", "words"),
    [
        ([9.0], "predict the other half better than SINDy's own, by 9.0 nats in 300."),
        ([-3.0], "predict the other half as well as SINDy's own, which saw all (3.0 nats in 300 apart)."),
        (
            [-80.0],
            "predict the other half worse than SINDy's own, by 80.0 nats in 300, which is more than noise.",
        ),
        (
            [90.0, -80.0, 40.0],
            "better than SINDy's own, by 50.0 nats in 900; but of 1 of 3 participants worse, by 80.0 nats,"
            " which is more than noise.",
        ),
    ],
)
def test_what_tuning_has_gained_on_choices_held_out(healthy, nats, words):
    gains = {label: TuningGain(each, 300, 3) for label, each in enumerate(nats)}
    facts = replace(facts_of(replace(healthy, truth=None)), gains=gains)
    assert str(verdict_of(facts)).endswith(words)


def test_better_than_numbers_below_chance_is_no_merit(healthy):
    """SINDy's own numbers of the first person are a wreck; of the second they are not."""
    wreck = TuningGain(9000.0, 300, 3, untuned=9150.0, chance=208.0)
    facts = replace(facts_of(replace(healthy, truth=None)), gains={0: wreck})
    told = verdict_of(facts)
    assert told.remarks == ("untuned below chance",)
    assert "by 8,942 nats in 300 worse than guessing" in told.sentences[-1]
    assert "better than guessing, by 58 nats" in told.sentences[-1]
    assert "9,000" not in str(told)
    both = verdict_of(
        replace(facts, gains={0: wreck, 1: TuningGain(9.0, 300, 3, untuned=150.0, chance=208.0)})
    )
    assert both.remarks == ("untuned below chance",)
    assert "of 1 of 2 participants" in both.sentences[-2]
    assert both.sentences[-1].endswith("better than SINDy's own of the other 1, by 9.0 nats in 300.")


def test_a_network_below_its_equations_is_said_to_be_and_why(healthy):
    p = 0.5 * healthy.played["rnn"].probabilities + 0.25
    told = verdict_of(facts_of(replace(played(healthy, rnn=p), truth=None)))
    assert told.remarks == ("network below",)
    assert "The network is below its equations, by " in told.sentences[1]
    assert "it has not learned what they say" in told.sentences[1]
