"""Counts of choices add up, whatever is missing, and are those that models are scored by."""

import pytest
import table_layouts as layouts

import spicewidgets as sw
from spicewidgets.core.data.counts import count_choices
from spicewidgets.core.rivals.held_out import held_out


def holes(random, person, trial):
    """Trials that are missed in the middle and at the end of a session, and rewards that are missing."""
    choice = "" if (trial + person) % 7 == 3 or trial > 37 else "ab"[random.integers(2)]
    return f"p{person}", choice, "" if (trial + person) % 11 == 5 else random.integers(2)


@pytest.fixture(scope="module")
def choices():
    return sw.read_choices(layouts.table("id,choice,reward", holes, people=4, trials=40))


def test_counts_of_a_table_add_up(choices):
    counts, report = count_choices(choices.dataset, choices.report), choices.report
    assert counts.rows == report.rows == counts.left_out + counts.trials
    assert counts.missed == int((choices.rows.arms < 0).sum()) > 0
    assert counts.choices == sum(option.n for option in report.options)
    assert counts.first == choices.dataset.n_sessions
    assert counts.after_missing > 0
    assert counts.choices == counts.first + counts.after_missing + counts.scored


def test_what_is_scored_is_what_models_are_compared_by(choices):
    counts = count_choices(choices.dataset, choices.report)
    table = sw.scores({"q": sw.AgentQ()}, choices.dataset)
    assert counts.scored == table.loc["q", "n_choices"]
    by_time = held_out(choices.dataset, ["random", "rescorla-wagner"], "time", way="prior")
    words = counts.in_words(int(by_time.n_choices.sum()))
    n = int(by_time.n_choices.sum())
    assert f"Held out: {n:,} ({counts.scored - n:,} only learned from)." in words
    assert f"Scored: {counts.scored:,} (" in words


def test_the_choice_after_the_last_trial_of_a_simulation_counts():
    data, _, _ = sw.create_dataset(sw.AgentQ(), sw.BanditsFixed((0.7, 0.3)), 30, 5, random_state=1)
    counts = count_choices(data)
    assert counts.scored == int(data.target_mask.sum())
    assert (counts.trials, counts.after_last) == (150, 5)
    assert (counts.missed, counts.after_missing, counts.left_out) == (0, 0, 0)
    assert counts.choices == counts.scored + 5


def test_a_data_set_that_was_saved_has_the_choice_after_its_last_trial():
    """A table of our own knows the choice after each trial, and every row is scored."""
    data, _, _ = sw.create_dataset(sw.AgentQ(), sw.BanditsDrift(0.2), 10, 4, random_state=1)
    choices = sw.read_choices(data.to_frame())
    counts = count_choices(choices.dataset, choices.report)
    assert counts == count_choices(data)
    assert (counts.trials, counts.missed, counts.after_last, counts.scored) == (40, 0, 4, 40)
    assert choices.report.columns_left == ()
