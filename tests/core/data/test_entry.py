"""The door: anything that holds sessions becomes one checked data set, or a sentence."""

import numpy as np
import pytest
import torch

from spicewidgets.core.data.dataset import DatasetRNN
from spicewidgets.core.data.entry import as_dataset
from spicewidgets.core.settings import SettingsError
from spicewidgets.core.simulate.session import BanditSession

XS = np.array([[1, 0, 1, -1, 0], [0, 1, -1, 0, 0], [0, 1, -1, 1, 0]], dtype=float)


def test_a_data_set_goes_through_as_it_is():
    dataset = DatasetRNN(XS, XS[:, :2])
    assert as_dataset(dataset, 2) is dataset


def test_a_session_an_array_and_a_tensor_give_the_same():
    session = BanditSession(
        np.array([0, 1, 1]), np.array([[1, -1], [-1, 0], [-1, 1.0]]), np.zeros(3, int), n_trials=3
    )
    for given in (session, XS, XS[None], torch.tensor(XS), XS.tolist()):
        dataset = as_dataset(given, 2)
        assert dataset.xs.tolist() == [XS.tolist()]
        assert dataset.ys.tolist() == [[[0, 1], [0, 1], [-1, -1]]]


def test_targets_are_taken_where_they_are_given():
    assert as_dataset(XS, 2, targets=XS[::-1, :2].copy()).ys.tolist() == [[[0, 1], [0, 1], [1, 0]]]


@pytest.mark.parametrize(
    ("data", "n_actions", "sentence"),
    [
        (DatasetRNN(XS, XS[:, :2]), 3, "The data set has 2 arms; needed are 3"),
        (XS[:, :4], 2, "5 or more features"),
        (["a", "b"], 2, "A session must be numbers"),
        (XS + np.array([0, 0, 0, 0, 2**24 + 1]), 2, "Participants' numbers must be within"),
    ],
)
def test_anything_else_is_a_sentence(data, n_actions, sentence):
    with pytest.raises(SettingsError, match=sentence):
        as_dataset(data, n_actions)


def test_a_data_set_that_was_spoilt_in_place_is_refused_at_the_door():
    dataset = DatasetRNN(XS, XS[:, :2])
    dataset.xs[0, 1, 3] = float("inf")
    with pytest.raises(SettingsError, match="infinity in reward_1"):
        as_dataset(dataset, 2)


# Options on offer


def offering():
    """Three options, of which two are on offer in every trial."""
    choices = torch.tensor([[0, 2, 1, 0], [1, 1, 2, 2]])
    hot = torch.eye(3)[choices]
    offered = torch.tensor([[[1, 0, 1], [1, 1, 0], [1, 0, 1]], [[0, 1, 1], [0, 1, 1], [1, 0, 1]]]).bool()
    xs = torch.cat([hot[:, :-1], torch.where(hot[:, :-1] == 1, 0.5, -1), torch.zeros(2, 3, 1)], -1)
    return DatasetRNN(xs, hot[:, 1:], offered=offered)


def test_options_on_offer_follow_their_trials():
    dataset = offering()
    taken = dataset.take(torch.tensor([1]), torch.tensor([[2, -1, 0]]))
    assert taken.offered.tolist() == [[[True, False, True], [True] * 3, [False, True, True]]]
    assert DatasetRNN.from_frame(dataset.to_frame()).offered.tolist() == dataset.offered.tolist()


def test_a_choice_that_was_not_on_offer_is_a_sentence():
    dataset = offering()
    with pytest.raises(SettingsError, match="after trial 1 of session 0"):
        DatasetRNN(dataset.xs, dataset.ys, offered=~dataset.offered)
    with pytest.raises(SettingsError, match="shape of ys"):
        DatasetRNN(dataset.xs, dataset.ys, offered=dataset.offered[:1])
