"""The compiled loss is the eager loss: value and gradient, for every model, setting and shape of data."""

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from spicewidgets.core.random import generator
from spicewidgets.core.settings import Training
from spicewidgets.core.train.compiled import check
from spicewidgets.core.train.compiled.loss import CompiledLoss
from spicewidgets.core.train.objective import EagerLoss, get_flat_parameters, set_flat_parameters
from spicewidgets.core.train.torch_stream import TorchStream
from spicewidgets.core.train.training import set_dropout, train

from .models import ODD, PRECODED, Generated, dataset_of, seeded, sessions_of


def both(model, sessions, n_steps=None, theta=None):
    """Loss and gradient, compiled and eager, with the same masks of dropout."""
    theta = get_flat_parameters(model) if theta is None else theta
    found = []
    for make in (CompiledLoss, EagerLoss):
        with TorchStream(generator(3))():
            found.append(make(deepcopy(model), n_steps)(theta, sessions))
    return found


def assert_same(model, sessions, tolerance, n_steps=None):
    (loss, gradient), (expected, slopes) = both(model, sessions, n_steps)
    assert loss == pytest.approx(expected, rel=tolerance)
    assert np.linalg.norm(gradient - slopes) < tolerance * (np.linalg.norm(slopes) + 1e-3)


def at(model, weights):
    """The model at initial, trained or random weights."""
    if weights == "trained":
        list(train(model, dataset_of(), Training(epochs=40, optimizer="adam", learning_rate=0.05)))
    return model.train()


@pytest.mark.parametrize("weights", ["initial", "trained", "random"])
@pytest.mark.parametrize("name", PRECODED)
def test_precoded_models(name, weights):
    model = at(seeded(PRECODED[name], spread=0.5 if weights == "random" else 0.0), weights)
    assert_same(model, sessions_of(), 1e-5)
    assert_same(model.double(), sessions_of().double(), 1e-10)


@pytest.mark.parametrize("weights", ["initial", "trained", "random"])
@pytest.mark.parametrize("name", ODD)
def test_models_of_the_users_own(name, weights):
    model = at(seeded(ODD[name], spread=0.5 if weights == "random" else 0.0), weights)
    assert_same(model, sessions_of(), 1e-5)
    assert_same(model.double(), sessions_of().double(), 1e-10)


@pytest.mark.parametrize("seed", range(24))
def test_models_made_at_random(seed):
    model = seeded(lambda: Generated(2 + seed % 3, seed), spread=0.3).double().train()
    assert_same(model, sessions_of(n_actions=2 + seed % 3).double(), 1e-9)
    assert_same(model, sessions_of(n_actions=2 + seed % 3).double(), 1e-9, n_steps=5)
    assert_same(model.float(), sessions_of(n_actions=2 + seed % 3), 2e-5)


@pytest.mark.parametrize("n_actions", [3, 5])
@pytest.mark.parametrize("name", PRECODED)
def test_any_number_of_arms(name, n_actions):
    model = seeded(lambda: PRECODED[name](n_actions), spread=0.5).double().train()
    assert_same(model, sessions_of(n_actions=n_actions).double(), 1e-10)


@pytest.mark.parametrize("n_sessions", [1, 2, 3, 16, 17, 40])
@pytest.mark.parametrize("name", ["rescorla_wagner", "choice"])
def test_any_number_of_sessions(name, n_sessions):
    """A kernel works on blocks of 16 or 8."""
    model = seeded(PRECODED[name], spread=0.5).train()
    sessions = sessions_of(padded=False, n_sessions=n_sessions)
    assert_same(model, sessions, 1e-5)
    assert_same(model.double(), sessions.double(), 1e-10)


@pytest.mark.parametrize("n_steps", [1, 5, 12, 100])
@pytest.mark.parametrize("name", ["rescorla_wagner", "choice", "pearce_hall"])
def test_truncated_steps(name, n_steps):
    model = seeded((PRECODED | ODD)[name], spread=0.5).double().train()
    assert_same(model, sessions_of().double(), 1e-10, n_steps)


@pytest.mark.parametrize("n_steps", [None, 5])
@pytest.mark.parametrize("name", ["forgetting", "learning_rate", "embedding"])
def test_dropout_draws_the_same_masks(name, n_steps):
    """Of updates in the loop, or of embeddings before it."""
    model = seeded(PRECODED[name], spread=0.5).double()
    set_dropout(model, 0.4)
    sessions = sessions_of().double()
    assert_same(model.train(), sessions, 1e-10, n_steps)
    with_dropout = both(model, sessions)[0][0]
    assert_same(model.eval(), sessions, 1e-10, n_steps)
    assert abs(both(model, sessions)[0][0] - with_dropout) > 1e-4


@pytest.mark.parametrize("name", [*PRECODED, *ODD])
def test_starts_in_one_call_are_the_starts_one_by_one(name):
    make = (PRECODED | ODD)[name]
    rows = np.concatenate([get_flat_parameters(seeded(make, seed, spread=0.3).double()) for seed in range(3)])
    sessions = sessions_of().double()
    together = CompiledLoss(make().double())
    loss, gradient = together(rows, sessions)
    for i, row in enumerate(rows):
        (one,), slope = CompiledLoss(make().double())(row[None], sessions)
        assert loss[i] == pytest.approx(one, abs=1e-12)
        np.testing.assert_allclose(gradient[i], slope[0], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", ["rescorla_wagner", "choice"])
def test_counts_are_sessions_taken_so_often(name):
    """A resample of the sessions, without a copy of them."""
    model, sessions = seeded(PRECODED[name], spread=0.5).double(), sessions_of().double()
    drawn = np.random.default_rng(1).integers(7, size=(3, 7))
    counts = np.stack([np.bincount(row, minlength=7) for row in drawn]).astype(float)
    theta = np.repeat(get_flat_parameters(model), 3, 0)
    loss, gradient = CompiledLoss(model)(theta, sessions, counts=counts)
    for i, row in enumerate(drawn):
        (one,), slope = EagerLoss(deepcopy(model))(theta[:1], sessions.take(torch.from_numpy(row)))
        assert loss[i] == pytest.approx(one, abs=1e-12)
        np.testing.assert_allclose(gradient[i], slope[0], rtol=1e-9, atol=1e-12)


def test_without_a_gradient_the_loss_is_the_same():
    model, sessions = seeded(PRECODED["choice"], spread=0.5), sessions_of()
    loss = CompiledLoss(model.eval())
    assert (
        loss(get_flat_parameters(model), sessions, back=False)[0]
        == loss(get_flat_parameters(model), sessions)[0]
    )


def test_one_loss_serves_batches_of_any_size():
    model, sessions = seeded(PRECODED["choice"], spread=0.5).double(), sessions_of().double()
    loss, eager = CompiledLoss(model), EagerLoss(deepcopy(model))
    for index in ([0, 3, 5], [1], [6, 6, 2, 1], [2, 4, 0], list(range(7))):
        part = sessions.take(torch.tensor(index))
        found, expected = loss(get_flat_parameters(model), part), eager(get_flat_parameters(model), part)
        assert found[0] == pytest.approx(expected[0], abs=1e-12)
        np.testing.assert_allclose(found[1], expected[1], rtol=1e-9, atol=1e-12)


def test_equal_calls_give_equal_bits_and_change_nothing():
    model, sessions = seeded(PRECODED["choice"], spread=0.5).train(), sessions_of()
    theta = get_flat_parameters(model)
    kept = theta.copy()
    first, second = (CompiledLoss(model)(theta, sessions) for _ in range(2))
    assert first[0] == second[0]
    np.testing.assert_array_equal(first[1], second[1])
    np.testing.assert_array_equal(theta, kept)
    assert all(parameter.grad is None for parameter in model.parameters())
    assert model.training


@pytest.mark.parametrize("n_steps", [None, 5])
@pytest.mark.parametrize("name", ["rescorla_wagner", "choice", "pearce_hall"])
def test_an_option_that_is_not_on_offer_has_no_probability(name, n_steps):
    model = seeded(lambda: (PRECODED | ODD)[name](3), spread=0.5).double().train()
    sessions = sessions_of(n_actions=3).double()
    offered = torch.rand(*sessions.weights.shape, 3, generator=torch.Generator().manual_seed(1)) < 0.6
    offered |= nn.functional.one_hot(sessions.targets, 3) > 0
    some = replace(sessions, offered=offered)
    assert_same(model, some, 1e-10, n_steps)
    assert_same(model.float(), replace(some, inputs=some.inputs.float(), weights=some.weights.float()), 1e-5)
    assert check(model, some, n_steps) == ""
    assert both(model.double(), some)[0][0] < both(model, sessions)[0][0] - 0.1
    everything = replace(sessions, offered=torch.ones_like(offered))
    assert both(model, everything)[0][0] == both(model, sessions)[0][0]


def test_a_weight_that_is_no_number_gives_no_loss():
    """A training that diverges must be seen to do so."""
    model, sessions = seeded(PRECODED["rescorla_wagner"]), sessions_of()
    for place in range(get_flat_parameters(model).size):
        theta = get_flat_parameters(model)
        theta[0, place] = np.nan
        (loss,), _ = EagerLoss(deepcopy(model))(theta, sessions)
        (found,), _ = CompiledLoss(model)(theta, sessions)
        assert np.isnan(found)
        assert np.isnan(loss)


@pytest.mark.parametrize("name", [*PRECODED, *ODD])
def test_models_pass_the_check(name):
    model = seeded((PRECODED | ODD)[name])
    assert check(model, sessions_of()) == ""
    assert check(model, sessions_of(), n_steps=5) == ""
    assert check(model, sessions_of(n_sessions=3), 1) == ""


def test_frozen_weights_stay_out():
    model, sessions = seeded(PRECODED["learning_rate"], spread=0.3).double(), sessions_of().double()
    model.betas["x_value_reward"].parameter.requires_grad_(False)
    assert get_flat_parameters(model).size == sum(p.numel() for p in model.parameters()) - 1
    assert_same(model, sessions, 1e-10)


def test_weights_go_in_and_out():
    model, other = seeded(PRECODED["choice"]), seeded(PRECODED["choice"], 1)
    set_flat_parameters(get_flat_parameters(other), model)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), other.parameters(), strict=True))
