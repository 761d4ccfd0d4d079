"""Staying after each transition and outcome: counts by hand, and the regression against a library's."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from staged import by_chance, dataset_of

import spicewidgets as sw
from spicewidgets.core.judge.staying import CELLS, Staying


def test_trials_are_counted_by_what_the_choice_led_to():
    """Common and rewarded, then stayed; rare and not, then left; the last trial has no next one."""
    staying = Staying.of(dataset_of([[0, 0, 1]], [[2, 5, 4]], [[1, 0, 1]]))
    assert staying.people == ("p0",)
    assert dict(zip(CELLS, staying.trials[0], strict=True)) == {
        (True, True): 1,
        (True, False): 0,
        (False, True): 0,
        (False, False): 1,
    }
    assert staying.stayed[0].tolist() == [1, 0, 0, 0]


@pytest.mark.parametrize("missing", ["first", "second", "next"])
def test_a_trial_counts_only_where_all_of_it_is_known(missing):
    """Neither with a missing stage, nor before a missing trial, though there is a choice after that."""
    first, second, rewards = [0, 0, 1, 1], [2, 2, 4, 4], [1, 1, 0, 1]
    first[1] = -1 if missing in ("first", "next") else 0
    second[1] = -1 if missing in ("second", "next") else 2
    staying = Staying.of(dataset_of([first], [second], [rewards]))
    of_first = 1 if missing == "second" else 0  # its next first choice is known
    assert staying.trials[0].tolist() == [of_first, 1, 0, 0]


def test_the_regression_is_that_of_a_library():
    data = by_chance(2, 400, seed=8)
    table = Staying.of(data).regression()
    options, rewards = data.choices.numpy(), data.rewards_chosen.numpy()
    for person in range(2):
        first, second, paid = options[person, ::2], options[person, 1::2], rewards[person, 1::2]
        n = len(second)
        common = (second >= 4) == (first[:n] == 1)
        outcome, transition = (paid == 1) - 0.5, common - 0.5
        x = np.column_stack([outcome, transition, outcome * transition])
        found = LogisticRegression(C=np.inf, tol=1e-10).fit(x, first[1 : n + 1] == first[:n])
        expected = [found.intercept_[0], *found.coef_[0]]
        np.testing.assert_allclose(table.iloc[person, 1:5].astype(float), expected, atol=1e-5)
        assert table["trials"][person] == n
        assert (np.abs(table.iloc[person, 1:5]) < 4 * table.iloc[person, 5:9].to_numpy()).all()


def test_what_choices_do_not_tell_is_missing():
    """One who always stays after a common reward."""
    first = np.array([[0, 0, 0, 1, 0, 1, 1, 0]])
    data = dataset_of(first, np.where(first == 0, 2, 4), np.ones_like(first))
    staying = Staying.of(data)
    assert staying.regression().iloc[0, 1:9].isna().all()
    bars = staying.bars()
    assert bars["people"].tolist() == [1, 0, 0, 0]
    assert bars["low"].isna().all()


def test_bars_average_people():
    staying = Staying.of(by_chance(30, 100, seed=9))
    bars = staying.bars()
    np.testing.assert_allclose(bars["p_stay"], staying.shares.mean(0))
    np.testing.assert_allclose(bars["pooled"], staying.stayed.sum(0) / staying.trials.sum(0))
    spread = staying.shares.std(0, ddof=1) / np.sqrt(30)
    np.testing.assert_allclose(bars["high"] - bars["low"], 2 * 1.959964 * spread, rtol=1e-6)
    assert (staying.bars(0.5)["low"] > bars["low"]).all()


def test_only_a_plan_makes_a_reward_count_by_transition():
    """One who stays after a reward alone, and one who stays after what speaks for the choice."""
    rng = np.random.default_rng(4)
    together = []
    for plans in (False, True):
        first, rewards = np.zeros((8, 200), int), rng.integers(2, size=(8, 200))
        common = rng.random((8, 200)) < 0.7
        for trial in range(1, 200):
            good = rewards[:, trial - 1] == (common[:, trial - 1] if plans else 1)
            stays = rng.random(8) < np.where(good, 0.8, 0.4)
            first[:, trial] = np.where(stays, first[:, trial - 1], 1 - first[:, trial - 1])
        state = np.where(common, first, 1 - first)
        together.append(Staying.of(dataset_of(first, 2 + 2 * state, rewards)).interaction(0.99))
    (without, half), (with_plan, _) = together
    assert abs(without) < half
    assert with_plan == pytest.approx(0.8, abs=0.15)


def test_a_bandit_is_refused():
    data, _, _ = sw.create_dataset(sw.AgentQ(), sw.BanditsDrift(0.2), 20, 2, random_state=1)
    with pytest.raises(sw.SettingsError, match="two stages"):
        Staying.of(data)
