"""Options that are offered group by group: contexts, and pairs of stimuli."""

from itertools import combinations

import numpy as np
import pytest

import spicewidgets as sw

CONTEXTS = [(0, 1), (2, 3), (4, 5)]
PAIRS = list(combinations(range(4), 2))


def contexts():
    """Three two-armed bandits, interleaved."""
    return sw.BanditsOffered(sw.BanditsDrift(0.1, n_actions=6), CONTEXTS)


def test_interleaved_bandits_of_one_learner_have_one_equation():
    """A value of each option is one of each context; what is learned in one is as in the others."""
    agent = sw.AgentQ(6, beta_reward=4.0, alpha_reward=0.3)
    data, _, _ = sw.create_dataset(agent, contexts(), 300, 8, random_state=1)
    assert data.chance == pytest.approx(np.log(2))
    assert {tuple(row.nonzero()[0]) for row in data.offered.numpy().reshape(-1, 6)} == set(CONTEXTS)
    np.testing.assert_allclose(data.truth_probs.sum(-1), 1, rtol=1e-6)
    spice = sw.SpiceEstimator(
        sw.ForgettingRNN, sw.FORGETTING_RNN_CONFIG, 6, epochs=2, n_trials_off_policy=50, random_state=1
    ).fit(data)
    found = sw.classical_parameters(spice.spice_model_, sw.ForgettingRNN)
    assert found["alpha_reward"] == pytest.approx(0.3, abs=0.06)
    assert found["beta_reward"] == pytest.approx(4.0, abs=0.6)
    assert found["forget_rate"] == pytest.approx(0, abs=0.01)


def test_of_four_stimuli_two_are_on_offer():
    task = sw.BanditsOffered(sw.BanditsFixed((0.8, 0.6, 0.4, 0.2)), PAIRS)
    data, _, _ = sw.create_dataset(sw.AgentQ(4), task, 200, 6, random_state=2)
    assert data.chance == pytest.approx(np.log(2))
    assert {tuple(row.nonzero()[0]) for row in data.offered.numpy().reshape(-1, 4)} == set(PAIRS)
    counts = [(data.choices == option).sum() for option in range(4)]
    assert counts == sorted(counts, reverse=True)


def test_a_session_of_many_is_as_alone():
    many, _, _ = sw.create_dataset(sw.AgentQ(6), contexts(), 30, 3, random_state=3)
    one, _, _ = sw.create_dataset(sw.AgentQ(6), contexts(), 30, 1, random_state=3)
    np.testing.assert_array_equal(many.xs[0], one.xs[0])


@pytest.mark.parametrize(
    ("groups", "words"), [([], "got none"), ([(0,)], "two or more"), ([(0, 6)], "from 0 to 5; got 0 and 6")]
)
def test_wrong_groups_are_told(groups, words):
    with pytest.raises(sw.SettingsError, match=words):
        sw.BanditsOffered(sw.BanditsDrift(n_actions=6), groups)


def test_what_is_not_on_offer_cannot_be_chosen():
    task = sw.BanditsOffered(sw.BanditsFixed((0.5, 0.5, 0.5)), [(0, 1)], random_state=1)
    with pytest.raises(sw.SettingsError, match="on offer"):
        task.step(2)
