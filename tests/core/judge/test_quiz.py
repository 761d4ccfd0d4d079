"""Mysteries are the same for the same seed, tell nothing of themselves, and a guess is worth what is said."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, strategies as st

from spicewidgets import Participant, SettingsError
from spicewidgets.core.judge.quiz import (
    BY_PARAMETER,
    LAST_SEED,
    MECHANISMS,
    RANGES,
    Mystery,
    mechanisms_of,
    mystery,
    points,
    score,
)
from spicewidgets.core.rivals.fit import fit_rival
from spicewidgets.core.rivals.quiz_data import as_rival, errors_of, sessions_of
from spicewidgets.core.simulate.parameters import value_of, with_values

SIMPLE = Mystery(1, 0, Participant(0.3, beta_reward=3.0))
ERRORS = {"alpha_reward": 0.01, "beta_reward": 0.1, "forget_rate": 0.02, "beta_choice": 0.05}
# Forgetting, and a choice kernel.
BOTH = Mystery(2, 0, Participant(0.3, beta_reward=3.0, forget_rate=0.2, beta_choice=1.0))


def test_the_same_seed_is_the_same_mystery():
    assert mystery(1, 1).participant == Participant(0.5, beta_reward=4.0)
    assert mystery(2, 7).participant == Participant(
        0.65, alpha_penalty=0.35, beta_reward=2.5, beta_choice=1.5
    )
    assert mystery(1, 3) != mystery(1, 4)


@given(st.sampled_from([1, 2]), st.integers(0, LAST_SEED))
def test_every_mystery_is_within_its_ranges_and_can_be_seen(level, seed):
    riddle = mystery(level, seed)
    riddle.participant.checked()
    for name in riddle.parameters:
        low, high, step, *_ = RANGES[name]
        value = value_of(riddle.participant, name)
        assert low <= value <= high
        assert (value - low) / step == pytest.approx(round((value - low) / step), abs=1e-9)
    own = mechanisms_of(riddle.participant)
    assert len(own) in ((0,) if level == 1 else (1, 2))
    if riddle.participant.alpha_penalty is not None:
        assert abs(riddle.participant.alpha_penalty - riddle.participant.alpha_reward) > 0.19
    assert not 0 < abs(riddle.participant.beta_choice) < 0.5


def test_the_sessions_tell_nothing_of_who_played_them():
    dataset, sessions = sessions_of(mystery(2, 7))
    again, _ = sessions_of(mystery(2, 7))
    assert (dataset.n_sessions, dataset.n_trials) == (100, 100)
    assert dataset.truth_probs is None
    assert {session.reward_probs is None for session in sessions} == {True}
    assert np.array_equal(dataset.xs, again.xs)


@pytest.mark.parametrize(
    ("guess", "worth"),
    [
        (0.3, 1.0),
        (0.32, 1.0),  # two errors
        (0.28, 1.0),
        (0.41, 0.5),  # half way from two errors to a quarter of the range of 0.8
        (0.365, 0.75),
        (0.5, 0.0),  # as far as the middle of the range is on the mean
        (0.9, 0.0),
    ],
)
def test_points_of_a_parameter(guess, worth):
    assert points(guess, 0.3, 0.01, "alpha_reward") == worth


def test_what_the_data_cannot_tell_has_all_points_or_none():
    assert points(0.45, 0.3, 0.1, "alpha_reward") == 1.0
    assert points(0.51, 0.3, 0.1, "alpha_reward") == 0.0
    assert points(0.9, 0.3, np.inf, "alpha_reward") == 1.0


def test_the_truth_has_all_points():
    for riddle in (SIMPLE, BOTH):
        found = score(riddle, riddle.participant, ERRORS)
        assert (found.points, found.hints) == (100, ())
        assert [part.hint for part in found.parts] == [""] * len(riddle.parameters)


def test_level_1_is_the_mean_of_its_parameters():
    found = score(SIMPLE, Participant(0.41, beta_reward=3.0), ERRORS)
    assert found.terms is None
    assert [part.points for part in found.parts] == [0.5, 1.0]
    assert found.points == 75
    assert found.parts[0].hint == "Too high, by 11 times what the data can tell apart."
    assert (
        score(SIMPLE, Participant(0.19, beta_reward=3.0), ERRORS).parts[0].hint.startswith("Too low, by 11")
    )


@pytest.mark.parametrize(
    ("change", "terms", "parameters", "n_hints"),
    [
        ({}, 1.0, 1.0, 0),
        ({"beta_choice": 0.0}, 0.5, 0.75, 1),  # one missing
        ({"alpha_penalty": 0.9}, 2 / 3, 1.0, 1),  # one too many
        ({"beta_choice": 0.0, "alpha_penalty": 0.9}, 1 / 3, 0.75, 2),  # one for another
        ({"beta_choice": 0.0, "forget_rate": 0.0}, 0.0, 0.5, 2),  # none
        ({"beta_choice": -1.0}, 1.0, 0.75, 0),  # there, with a wrong number
        ({"alpha_penalty": 0.3}, 1.0, 1.0, 0),  # two equal rates are one
    ],
)
def test_level_2_is_half_terms_and_half_parameters(change, terms, parameters, n_hints):
    found = score(BOTH, replace(BOTH.participant, **change), ERRORS)
    assert found.terms == pytest.approx(terms)
    assert found.parameters == pytest.approx(parameters)
    assert found.points == pytest.approx(50 * terms + 50 * parameters)
    assert len(found.hints) == n_hints


def test_to_tick_them_all_does_not_win():
    every = replace(
        BOTH.participant, alpha_penalty=0.6, alpha_counterfactual_reward=0.2, alpha_counterfactual_penalty=0.2
    )
    assert score(BOTH, every, ERRORS).points == 75


def test_hints_help_and_do_not_tell():
    found = score(BOTH, Participant(0.5, alpha_penalty=0.2, beta_reward=3.0), ERRORS)
    assert found.hints == (
        "Something is missing. Look at the option not chosen: does its value stay until it is chosen again?",
        "Something is missing. Compare how often a choice is repeated after no reward with what its value"
        " alone would say.",
        "The data do not ask for asymmetric learning: leave it out, and see whether anything is lost.",
    )
    assert [part.guess for part in found.parts] == [0.5, 3.0, None, None]


def test_a_guess_that_nobody_can_be_is_refused():
    with pytest.raises(SettingsError, match="alpha_reward must be"):
        score(SIMPLE, Participant(1.5), ERRORS)


@pytest.mark.parametrize("each", MECHANISMS, ids=lambda each: each.name)
def test_each_mechanism_is_known_by_its_parameter(each):
    person = with_values(Participant(), {each.asked.name: RANGES[each.asked.name].high})
    assert mechanisms_of(person) == (each,)
    assert BY_PARAMETER[each.asked.name] is each


def test_the_best_estimate_of_the_data_has_all_points():
    """Who fits the right model by maximum likelihood is within what the data can tell."""
    riddle = mystery(2, 7)
    dataset, _ = sessions_of(riddle)
    errors = errors_of(riddle, dataset)
    assert errors["alpha_reward"] == pytest.approx(0.0432, abs=1e-4)
    rival = as_rival(riddle.participant)
    found = fit_rival(rival, dataset)
    names = {name: own for name, own in rival.names_of_parameters.items() if own in found.names}
    values = {name: found.values[0, found.names.index(own)] for name, own in names.items()}
    assert score(riddle, with_values(Participant(), values), errors).points == 100


def test_a_rate_that_stands_for_two_settings_has_one_error():
    """With more sessions it falls, as errors do; the other parameters are taken for known."""
    tied = with_values(Participant(0.3, beta_reward=3.0), {"alpha_counterfactual": 0.25})
    assert tied == replace(
        Participant(0.3, beta_reward=3.0),
        alpha_counterfactual_reward=0.25,
        alpha_counterfactual_penalty=0.25,
    )
    riddle = Mystery(2, 1, tied)
    dataset, _ = sessions_of(riddle)
    all_of_them, some = errors_of(riddle, dataset), errors_of(riddle, dataset.first(25))
    assert list(all_of_them) == ["alpha_reward", "beta_reward", "alpha_counterfactual"]
    for name, error in all_of_them.items():
        assert some[name] == pytest.approx(2 * error, rel=0.1)
