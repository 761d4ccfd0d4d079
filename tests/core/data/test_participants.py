"""Participants become indices; who they are stands beside, and what cannot be told apart is a sentence."""

import numpy as np
import pytest
import torch

from spicewidgets import DatasetRNN, SettingsError
from spicewidgets.core.data.participants import Participants, index_participants


def sessions_of(codes, n_trials=4, labels=None):
    """A session for each code; the first option is always chosen and rewarded."""
    row = torch.tensor([1.0, 0.0, 1.0, -1.0])
    xs = torch.cat([row.expand(len(codes), n_trials, 4), torch.zeros(len(codes), n_trials, 1)], -1)
    xs[..., -1] = torch.tensor(codes, dtype=torch.float32)[:, None]
    ys = torch.tensor([1.0, 0.0]).expand(len(codes), n_trials, 2).clone()
    return DatasetRNN(xs, ys, participants=labels)


def test_codes_become_indices_from_low_to_high():
    dataset, people = index_participants(sessions_of([7, 3, 7]))
    assert people == Participants((3, 7), (3, 7))
    assert dataset.participant_ids.tolist() == [1, 0, 1]
    assert dataset.participants == (3, 7)


def test_labels_are_kept_beside_the_codes():
    dataset, people = index_participants(sessions_of([2, 0], labels=["ann", "bob", "cy"]))
    assert people == Participants(("ann", "cy"), (0, 2))
    assert dataset.participant_ids.tolist() == [1, 0]


def test_two_codes_of_one_label_are_one_participant():
    dataset, people = index_participants(sessions_of([0, 1, 2], labels=["ann", "bob", "ann"]))
    assert people == Participants(("ann", "bob"), (0, 1))
    assert dataset.participant_ids.tolist() == [0, 1, 0]


def test_the_data_set_that_came_in_stays_as_it_was():
    before = sessions_of([7, 3])
    index_participants(before)
    assert before.participant_ids.tolist() == [7, 3]


def test_validation_data_get_the_indices_of_the_training_data():
    _, people = index_participants(sessions_of([7, 3, 5]))
    validation, same = index_participants(sessions_of([5]), people)
    assert validation.participant_ids.tolist() == [1]
    assert same is people


def test_unknown_participants_of_the_validation_data_are_named():
    _, people = index_participants(sessions_of([1, 2]))
    with pytest.raises(SettingsError, match=r"participants \[9\] whom the training data lack"):
        index_participants(sessions_of([2, 9]), people)


def test_a_session_of_two_participants_is_refused():
    dataset = sessions_of([0, 1])
    dataset.xs[1, 2, -1] = 0
    with pytest.raises(SettingsError, match="Session 1 has trials of more than one participant"):
        index_participants(dataset)


def test_a_participant_without_a_trial_is_named():
    dataset = sessions_of([0, 1, 2], labels=["ann", "bob", "cy"])
    dataset.xs[1, :, :4], dataset.ys[1] = -1, -1
    with pytest.raises(SettingsError) as error:
        index_participants(dataset)
    assert error.value.problems == (
        "No trial of the participants ['bob'] was observed. Leave their sessions out.",
    )


def test_a_participant_may_have_no_trial_left_to_validate_on():
    _, people = index_participants(sessions_of([0, 1]))
    validation = sessions_of([0, 1])
    validation.xs[1, :, :4] = -1
    assert np.array_equal(index_participants(validation, people)[0].participant_ids, [0, 1])
