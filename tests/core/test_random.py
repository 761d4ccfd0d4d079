"""Seeds in, generators out, and no global state touched."""

import numpy as np
import pytest
import torch

from spicewidgets.core.random import Streams, children, generator
from spicewidgets.core.settings import SettingsError
from spicewidgets.core.train.torch_stream import TorchStream


@pytest.mark.parametrize(
    "make",
    [lambda: 42, lambda: np.random.SeedSequence(42), lambda: np.random.RandomState(42), lambda: np.int64(42)],
)
def test_equal_seeds_give_equal_numbers(make):
    assert (generator(make()).random(5) == generator(make()).random(5)).all()


def test_a_generator_stays_itself():
    rng = np.random.default_rng(1)
    assert generator(rng) is rng


@pytest.mark.seed(26)
def test_none_is_repeatable_by_numpys_global_seed():
    """S26: np.random.seed(42) at the top of a notebook makes its run repeatable."""
    before = np.random.get_state()
    try:
        np.random.seed(42)
        first, second = generator().random(3), generator().random(3)
        np.random.seed(42)
        assert (generator().random(3) == first).all()
        assert (first != second).all()
    finally:
        np.random.set_state(before)


@pytest.mark.parametrize("wrong", [-1, 1.5, "42", True, [1]])
def test_a_wrong_random_state_is_a_sentence(wrong):
    with pytest.raises(SettingsError, match="random_state must be a whole number of 0 or more") as raised:
        generator(wrong)
    assert repr(wrong) in str(raised.value)
    assert "Use for example random_state=42." in str(raised.value)


def test_children_do_not_depend_on_how_many_are_asked_for_at_once():
    rng = np.random.default_rng(3)
    one_by_one = [children(rng, 1)[0].random() for _ in range(5)]
    assert [child.random() for child in children(np.random.default_rng(3), 5)] == one_by_one
    assert len(set(one_by_one)) == 5


def test_children_follow_the_state_of_the_generator():
    rng = np.random.default_rng(3)
    state = rng.bit_generator.state
    first = children(rng, 1)[0].random()
    assert children(rng, 1)[0].random() != first
    rng.bit_generator.state = state
    assert children(rng, 1)[0].random() == first


def test_streams_give_each_session_what_it_gets_alone():
    n_trials = 3 * Streams.BLOCK - 5
    together = Streams(children(7, 4), n_uniform=2, n_normal=1)
    many = np.stack([together() for _ in range(n_trials)])
    for session, rng in enumerate(children(7, 4)):
        alone = Streams([rng], n_uniform=2, n_normal=1)
        assert (np.stack([alone() for _ in range(n_trials)])[:, 0] == many[:, session]).all()
    assert ((many[..., :2] >= 0) & (many[..., :2] < 1)).all()
    assert abs(many[..., 2].std() - 1) < 0.1


def test_a_torch_stream_leaves_torchs_global_generator_alone():
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    stream = TorchStream(np.random.default_rng(1))
    with stream():
        first = torch.rand(3)
    assert torch.equal(torch.rand(3), expected)
    with stream():
        second = torch.rand(3)
    again = TorchStream(np.random.default_rng(1))
    with again():
        assert torch.equal(torch.rand(6), torch.cat([first, second]))
