"""What choices look like: each measure worked out by hand."""

import numpy as np
import pytest

from spicewidgets.core.judge.behaviour import AFTER, BEFORE, N_LAGS, Played, means_of, measures

NAN = float("nan")


def played(choices, rewards, schedule=None, people=None, n_actions=2):
    choices, rewards = np.array(choices), np.array(rewards, dtype=float)
    people = np.arange(len(choices)) if people is None else np.array(people)
    return Played(choices, rewards, people, people.max() + 1, n_actions, schedule)


def by_name(sessions):
    return {measure.name: measure for measure in measures(sessions)}


def test_stays_after_a_reward_and_after_none_without_missing_trials():
    choices = [[0, 0, 1, 1, -1, 1, 1, 0], [1, 0, 0, 0, 0, 0, -1, -1]]
    rewards = [[1, 0, 1, 0, NAN, 1, 0, 0], [0, 1, 1, 1, 0, 1, NAN, NAN]]
    stay = by_name(played(choices, rewards))["stay"]
    assert stay.points == ("after a reward", "after no reward")
    # The first person: rewarded at 0, 2, 5 and followed by the same, the same, the same; unrewarded at 1, 6.
    assert stay.values.tolist() == [[1.0, 0.0], [1.0, pytest.approx(1 / 2)]]


def test_the_learning_curve_counts_the_better_option_where_there_is_one():
    schedule = np.full((1, 12, 2), 0.5)
    schedule[0, 4:, 0] = 0.8
    choices = [[0, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0]]
    curve = by_name(played(choices, np.zeros((1, 12)), schedule))["learning"]
    assert curve.points[2] == "trials 5 to 6"
    np.testing.assert_array_equal(curve.values, [[NAN, NAN, 0.5, 1.0, 0.0, 1.0]])
    unknown = by_name(played(choices, [[1.0, 0.0] * 6]))["learning"]
    assert unknown.values.tolist() == [[0.5] * 6]
    assert unknown.words == "mean reward of the choices"


def test_around_a_reversal_the_option_that_was_better_is_followed():
    schedule = np.zeros((1, 12, 2))
    schedule[0, :6, 0], schedule[0, 6:, 1] = 0.8, 0.8
    choices = [[0, 0, 0, 0, 0, 1, 0, 0, 1, 1, -1, 1]]
    turn = by_name(played(choices, np.zeros((1, 12)), schedule))["reversal"]
    assert turn.points[BEFORE - 1 : BEFORE + 1] == ("1 trial before", "1 trial after")
    expected = [1, 1, 0, 1, 1, 0, 0, NAN, 0, NAN, NAN]
    assert len(turn.points) == BEFORE + AFTER
    np.testing.assert_array_equal(turn.values[0], expected)
    assert "reversal" not in by_name(played(choices, np.zeros((1, 12))))


@pytest.mark.parametrize("n_actions", [2, 3])
def test_lagged_effects_are_those_that_made_the_choices(n_actions):
    """Choices drawn with an effect of the last reward and of the last choice, none of earlier ones."""
    random = np.random.default_rng(1)
    of_reward, of_choice, n_sessions, n_trials = 1.5, -0.8, 300, 60
    choices = np.zeros((n_sessions, n_trials), dtype=int)
    rewards = (random.random((n_sessions, n_trials)) < 0.5).astype(float)
    last = np.zeros((n_sessions, n_actions))
    for trial in range(n_trials):
        p = np.exp(last) / np.exp(last).sum(1, keepdims=True)
        choices[:, trial] = (p.cumsum(1) < random.random((n_sessions, 1))).sum(1)
        chosen = np.eye(n_actions)[choices[:, trial]]
        last = chosen * (of_reward * rewards[:, trial, None] + of_choice)
    person = np.zeros(n_sessions, int)
    found = means_of(measures(played(choices, rewards, people=person, n_actions=n_actions)))
    expected = [of_reward, *[0] * (N_LAGS - 1)], [of_choice, *[0] * (N_LAGS - 1)]
    for name, effects in zip(("rewards", "choices"), expected, strict=True):
        np.testing.assert_allclose(found[name], effects, atol=0.15)


def test_a_person_with_few_or_equal_choices_has_no_lagged_effects():
    few = by_name(played([[0, 1, 0, 1]], [[1, 0, 1, 0]]))
    assert set(few) == {"learning", "stay"}
    same = by_name(played([[0] * 40], [[1, 0] * 20]))
    assert np.isfinite(same["rewards"].values).all()  # of two options, one always and one never
