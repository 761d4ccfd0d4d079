"""The ceiling: networks of which no structure is asked."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import spicewidgets as sw
from spicewidgets.core.judge.replay import nll_per_trial
from spicewidgets.core.rivals.ceiling import Ceiling, CeilingSettings, _Data
from spicewidgets.core.rivals.free_gru import FreeGRU, GRULoss
from spicewidgets.core.rivals.held_out import held_out

SMALL = CeilingSettings(units=8, n_networks=1, n_epochs=40, dropout=0.0, learning_rate=0.02)


def likelihood(ceiling, dataset):
    return float(np.exp(-np.nanmean(nll_per_trial(ceiling.predict(dataset), dataset))))


def choices(agent, n_sessions=30, seed=1):
    who = np.repeat(np.arange(n_sessions // 3), 3)
    data, _, _ = sw.create_dataset(
        agent, sw.BanditsDrift(0.2), 40, n_sessions, participant=list(who), random_state=seed
    )
    return data


class Alternates(sw.Agent):
    """Two of each option in turn, which no value explains."""

    def _begin(self):
        self._state = {"turn": np.zeros((self._n_sessions, 2))}
        return {"turn": np.tile([4.0, 0.0], (self._n_sessions, 1)), "at": np.zeros(self._n_sessions)}

    @property
    def q(self):
        return self._public(self._state["turn"])

    def update(self, choice, reward, **kwargs):
        """Count the trials."""
        at = self._state["at"] + 1
        second = (at // 2 % 2)[:, None] == np.arange(2)
        self._state = {"turn": 4.0 * second, "at": at}

    vectorised = True


@pytest.fixture(scope="module")
def in_turn():
    return choices(Alternates(2, random_state=0))


def test_what_no_rival_has_is_learned(in_turn):
    held = held_out(in_turn, {"top": Ceiling(SMALL), "rw": "rescorla-wagner"}, n_folds=2)
    top, rw = held.likelihood
    assert top > rw + 0.15
    assert np.isnan(held.aic[0]).all()
    share, low, high = held.share_of_ceiling("rw")
    assert np.isnan([share, low, high]).all()  # none is called so
    held = replace(held, models=("ceiling", "rw"))
    share, low, high = held.share_of_ceiling("rw")
    assert share == pytest.approx((held.chance + np.log(rw)) / (held.chance + np.log(top)))
    assert low <= share <= high < 1
    assert held.share_of_ceiling("ceiling")[0] == 1
    assert held.numbers[0] == Ceiling(SMALL).count_weights(in_turn) / in_turn.n_participants


def test_noise_is_not_learned():
    noise = choices(sw.AgentQ(beta_reward=0.0), 60)
    train, test = sw.split_data_along_sessiondim(noise, [2])
    assert likelihood(Ceiling(SMALL).fit(train), test) == pytest.approx(0.5, abs=0.01)


def test_a_choice_is_expected_from_what_came_before_it(in_turn):
    ceiling = Ceiling(CeilingSettings(n_networks=1, n_epochs=2)).fit(in_turn)
    later = in_turn.first(3)
    before = ceiling.predict(later)
    later.xs = later.xs.clone()
    later.xs[:, 20, :2] = 1 - later.xs[:, 20, :2]
    after = ceiling.predict(later)
    assert (before[:, :20] == after[:, :20]).all()
    assert (before[:, 20] != after[:, 20]).any()


def test_a_seed_gives_the_same_networks_and_nothing_global_changes(in_turn):
    settings, state = CeilingSettings(n_networks=2, n_epochs=2), torch.get_rng_state()
    one, other = (Ceiling(settings, random_state=3).fit(in_turn).predict(in_turn) for _ in range(2))
    assert (one == other).all()
    assert torch.equal(state, torch.get_rng_state())


def test_options_that_exchange_their_names_keep_choice_and_outcome_together(in_turn):
    data = _Data.of(in_turn, 0.1, np.random.default_rng(0))
    rows, targets = data.batch(np.arange(len(in_turn)), np.random.default_rng(5))
    swapped = (targets != data.learned).any(1)
    assert 0 < int(swapped.sum()) < len(in_turn)
    np.testing.assert_array_equal(rows[swapped], data.rows[swapped][..., [1, 0, 3, 2, 5, 4]])
    np.testing.assert_array_equal(
        targets[swapped], np.where(data.learned[swapped] < 0, -1, 1 - data.learned[swapped])
    )
    np.testing.assert_array_equal(rows[~swapped], data.rows[~swapped])


def test_what_is_not_on_offer_is_not_expected(in_turn):
    offered = torch.zeros(*in_turn.ys.shape, dtype=torch.bool)
    offered[..., 0] = True
    offered |= in_turn.ys > 0
    some = sw.DatasetRNN(in_turn.xs, in_turn.ys, offered=offered)
    p = Ceiling(CeilingSettings(n_networks=1, n_epochs=1)).fit(some).predict(some)
    assert p[~offered.numpy()].max() == 0
    np.testing.assert_allclose(p.sum(-1), 1, rtol=1e-6)


@pytest.mark.parametrize("with_offers", [False, True])
def test_the_kernel_has_the_loss_and_the_gradient_of_torch(with_offers):
    rng = np.random.default_rng(0)
    network = FreeGRU(6, 2, 5, units=3, embedding_size=2, dropout=0.0)
    n_weights = sum(one.numel() for one in network.parameters())
    theta = rng.normal(0, 0.4, (2, n_weights)).astype(np.float32)
    rows, people = rng.random((9, 30, 6)).astype(np.float32), np.arange(9) % 5
    choices = np.where(rng.random((9, 30)) < 0.8, rng.integers(2, size=(9, 30)), -1)
    if with_offers:
        offered = np.maximum(rng.random((9, 30, 2)) < 0.7, choices[..., None] == np.arange(2))
        rows = np.concatenate([rows, offered.astype(np.float32)], -1)
    results = [
        GRULoss(network, with_offers, kernel)(theta, rows, people, choices, np.random.default_rng(0))
        for kernel in (True, False)
    ]
    for compiled, eager in zip(*results, strict=True):
        np.testing.assert_allclose(compiled, eager, rtol=1e-4, atol=1e-6)
