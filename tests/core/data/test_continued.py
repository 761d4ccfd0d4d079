"""A session that is in two tables is the session that it is in one."""

import numpy as np
import pandas as pd
import pytest

import spicewidgets as sw
from spicewidgets.core.data.choices import read_choices
from spicewidgets.core.data.continued import going_on, match_sessions
from spicewidgets.core.data.splits import split_data_along_timedim
from spicewidgets.core.judge.replay import nll_per_trial

COLUMNS = ["who", "block", "trial", "choice", "reward"]


def table(blocks=1, n=20, seed=1):
    """Three people; trials count on over the blocks."""
    rng = np.random.default_rng(seed)
    rows = [
        (f"p{person}", block, trial, "abc"[rng.integers(3)], rng.integers(-1, 2))
        for person in range(3)
        for block in range(blocks)
        for trial in range(block * n, block * n + n)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def cut(frame, at, *, keep=COLUMNS):
    """The table in two: up to a trial, and after it."""
    early = frame["trial"] <= at
    return read_choices(frame.loc[early, keep]), read_choices(frame.loc[~early, keep])


@pytest.mark.parametrize("keep", [COLUMNS, COLUMNS[:1] + COLUMNS[3:]])
def test_one_table_split_by_time_and_two_tables_expect_the_same_to_the_bit(keep):
    frame = table()
    whole = read_choices(frame[keep]).dataset
    _, later = split_data_along_timedim(whole, 0.7, carry_on=True)
    before, after = cut(frame, 14, keep=keep)  # the choice of trial 14 is the last target before
    follows = match_sessions(before, after)
    assert follows.tolist() == [0, 1, 2]
    dataset = going_on(before, after, follows)
    np.testing.assert_array_equal(dataset.xs, later.xs)
    np.testing.assert_array_equal(dataset.ys, later.ys)
    agent = sw.AgentQ(n_actions=3, alpha_reward=0.4, beta_choice=1.0)
    one, two = (nll_per_trial(sw.replay(agent, data).probabilities, data) for data in (later, dataset))
    np.testing.assert_array_equal(one, two)


def test_options_and_rewards_of_the_second_table_are_coded_as_in_the_first():
    frame = table()
    late = frame["trial"] > 14
    frame.loc[late & (frame["choice"] == "a"), "choice"] = "c"  # nobody takes a
    frame.loc[late & (frame["reward"] < 0), "reward"] = 0  # and nobody loses
    dataset = going_on(*(parts := cut(frame, 14)), match_sessions(*parts))
    whole = read_choices(frame).dataset
    np.testing.assert_array_equal(dataset.xs, whole.xs)
    assert dataset.reward_range == (-1, 1)


def test_which_sessions_go_on():
    two = table(blocks=2)
    before, after = cut(two, 19)
    assert match_sessions(before, after).tolist() == [0, 1, 2]  # as one table: no trial's number occurs twice
    assert match_sessions(before, after, "start_anew").tolist() == [-1, -1, -1]
    again = read_choices(two[two["block"] == 0])
    assert match_sessions(before, again).tolist() == [-1, -1, -1]  # trials begin to count again
    assert match_sessions(before, again, "carry_on").tolist() == [0, 1, 2]
    unnumbered = [name for name in COLUMNS if name != "trial"]
    before, after = cut(two, 19, keep=unnumbered)
    assert match_sessions(before, after).tolist() == [-1, -1, -1]  # another block
    before, after = cut(two, 29, keep=unnumbered)
    assert match_sessions(before, after).tolist() == [1, 3, 5]  # the rest of the second block


def test_what_was_learned_from_is_no_target():
    before, after = cut(table(), 9)
    on, anew = (going_on(before, after, match_sessions(before, after, way)) for way in (None, "start_anew"))
    assert on.target_mask.sum(1).tolist() == [10, 10, 10]  # the first of them follows the last of before
    assert anew.target_mask.sum(1).tolist() == [9, 9, 9]
    np.testing.assert_array_equal(anew.xs, after.dataset.xs)
    np.testing.assert_array_equal(anew.ys, after.dataset.ys)
