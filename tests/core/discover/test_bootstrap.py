"""Resampled fits: each is the fit of its own resample, compiled or not."""

import numpy as np
import pytest
import torch

from spicewidgets import AgentQ, BanditsDrift, ForgettingRNN, RescorlaWagnerRNN, SettingsError, create_dataset
from spicewidgets.core.discover.bootstrap import bootstrap
from spicewidgets.core.settings import Training
from spicewidgets.core.train.objective import Sessions, get_flat_parameters, loss_of
from spicewidgets.core.train.training import train


@pytest.fixture(scope="module")
def dataset():
    made = create_dataset(AgentQ(alpha_reward=0.3), BanditsDrift(sigma=0.2), 25, 12, random_state=1)[0]
    made.xs[..., -1] = 0
    return made


@pytest.fixture(scope="module")
def model(dataset):
    torch.manual_seed(0)
    made = RescorlaWagnerRNN(2)
    list(train(made, dataset, Training(epochs=200), random_state=0))
    return made


@pytest.mark.parametrize("compiled", [True, False])
def test_each_fit_is_that_of_its_resample(dataset, model, compiled):
    before = get_flat_parameters(model)
    fits = bootstrap(model, dataset, 2, random_state=3, compiled=compiled)
    assert fits.counts.sum(1).tolist() == [12] * 2
    assert (fits.eager == "") == compiled
    sessions = Sessions.of(dataset)
    for row, loss, fit in zip(fits.counts, fits.losses, fits.models(), strict=True):
        own = sessions.take(torch.from_numpy(np.repeat(np.arange(12), row)))
        assert loss_of(fit, own) == pytest.approx(loss, abs=1e-6)
        assert loss < loss_of(model, own)
        again = bootstrap(fit, dataset, 1, compiled=compiled)
        assert again.weights.shape == (1, get_flat_parameters(model).size)
    np.testing.assert_array_equal(get_flat_parameters(model), before)
    assert np.abs(fits.weights - fits.weights[0]).max() > 1e-3


def test_compiled_fits_are_the_eager_ones(dataset, model):
    one, other = (bootstrap(model, dataset, 2, random_state=3, compiled=c) for c in (True, False))
    np.testing.assert_array_equal(one.counts, other.counts)
    np.testing.assert_allclose(one.losses, other.losses, atol=2e-3)  # where they come to rest


def test_weight_decay_keeps_weights_small(dataset, model):
    free = bootstrap(model, dataset, 3, random_state=3, compiled=True)
    decayed = bootstrap(model, dataset, 3, random_state=3, weight_decay=0.05, compiled=True)
    assert np.square(decayed.weights).sum() < np.square(free.weights).sum()
    assert (decayed.losses > free.losses).all()


def test_equal_seeds_give_equal_bits(dataset, model):
    one, other = (bootstrap(model, dataset, 3, random_state=7, compiled=True) for _ in range(2))
    np.testing.assert_array_equal(one.weights, other.weights)


def test_dropout_is_refused(dataset):
    model = ForgettingRNN(2)
    model.dropout = 0.2
    with pytest.raises(SettingsError, match="without dropout"):
        bootstrap(model, dataset, 2)
