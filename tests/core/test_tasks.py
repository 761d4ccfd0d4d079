"""Kinds of tasks as they are declared, and a data set that is of one."""

import numpy as np
import pytest
import torch

import spicewidgets as sw
from spicewidgets.core.tasks import BANDIT, TASKS, TWO_STEP

CHOICES = [[0, 3, 1, 4, 0, 4], [1, 5, 1, -1, 0, 2]]  # a row is a stage; one second stage was missed
REWARDS = [[-1, 1, -1, 0, -1, 1], [-1, 0, -1, -1, -1, 1]]


def rows(task="two-step", **options):
    """Return two sessions of three trials in the form of a data set."""
    choices, rewards = np.array(CHOICES), np.array(REWARDS)
    onehot = np.where(choices[..., None] < 0, -1, np.eye(6)[choices])
    paid = np.where(onehot == 1, rewards[..., None], -1)
    people = np.broadcast_to(np.arange(2)[:, None, None], (2, 6, 1))
    xs = np.concatenate([onehot, paid, people], -1)
    return sw.DatasetRNN(xs[:, :-1], onehot[:, 1:], task=task, participants=["a", "b"], **options)


def test_what_is_declared_says_where_options_are():
    assert TWO_STEP.n_options == 6
    assert TWO_STEP.groups == ((0, 1), (2, 3), (4, 5))
    assert TWO_STEP.groups_of(1) == ((2, 3), (4, 5))
    assert TWO_STEP.options_of(0) == (0, 1)
    assert [sum(p for p, _ in way) for way in TWO_STEP.successors] == [1, 1]
    assert BANDIT.n_options == 0
    assert [task.name for task in TASKS.values()] == list(TASKS)


def test_what_is_on_offer_follows_from_the_next_choice():
    """Where it is not known, nothing is ruled out."""
    together = rows().offered.numpy().astype(int)
    second = [
        [0, 0, 1, 1, 0, 0],
        [1, 1, 0, 0, 0, 0],
        [0, 0, 0, 0, 1, 1],
        [1, 1, 0, 0, 0, 0],
        [0, 0, 0, 0, 1, 1],
    ]
    np.testing.assert_array_equal(together[0], second)
    np.testing.assert_array_equal(together[1, 2], np.ones(6))
    assert rows().chance == pytest.approx(np.log(2))


def test_every_form_of_a_data_set_keeps_its_task():
    data = rows()
    others = [
        data.first(1),
        data.compact()[0],
        sw.DatasetRNN.from_frame(data.to_frame()),
        sw.concat([data, data]),
        *sw.split_data_along_timedim(data, 0.5),
    ]
    assert {one.task for one in others} == {"two-step"}
    back = others[2]
    assert all(torch.equal(getattr(back, name), getattr(data, name)) for name in ("xs", "ys", "offered"))
    assert "kind_of_task" not in rows("bandit", offered=data.offered).to_frame()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"task": "three-step"}, "task must be one of bandit, two-step, .*; got 'three-step'"),
        ({"offered": np.ones((2, 5, 6))}, "must be of one state; got others in 9 trials"),
    ],
)
def test_what_is_no_such_task_is_refused(options, words):
    with pytest.raises(sw.SettingsError, match=words):
        rows(**options)


def test_a_two_step_task_has_six_options_and_bandits_are_not_joined_with_it():
    with pytest.raises(sw.SettingsError, match="a column each, 6; got 2"):
        sw.DatasetRNN(np.zeros((1, 3, 5)), np.zeros((1, 3, 2)), task="two-step")
    with pytest.raises(sw.SettingsError, match="same kind of task; got bandit and two-step"):
        sw.concat([rows(), rows("bandit")])


def test_a_session_is_split_between_two_trials():
    """Of three trials the first two are learned from, to the last choice of the second."""
    first, later = sw.split_data_along_timedim(rows(), 0.7, carry_on=True)
    assert first.ys[0].argmax(-1).tolist() == [3, 1, 4]
    assert later.target_mask.tolist() == [[False] * 3 + [True] * 2, [False] * 4 + [True]]
    assert sw.split_data_along_timedim(rows(), 0.7)[1].choices.tolist() == [[0], [0]]
    assert int(later.target_mask.sum() + first.target_mask.sum()) == int(rows().target_mask.sum())
