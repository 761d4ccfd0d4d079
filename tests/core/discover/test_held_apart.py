"""Tuned numbers beside SINDy's own, on choices that they were not tuned to."""

from dataclasses import replace

import numpy as np
import pytest

import spicewidgets as sw
from spicewidgets.core.discover.canonical import parts_of
from spicewidgets.core.discover.held_apart import TuningGain, gain_of, gains_of_group, warning_of
from spicewidgets.core.discover.likelihood import Likelihood
from spicewidgets.core.discover.pooling import Pool


@pytest.fixture(scope="module")
def fitted():
    dataset = sw.create_dataset(sw.AgentQ(), sw.BanditsDrift(sigma=0.2), 50, 40, random_state=1)[0]
    model = sw.RescorlaWagnerRNN, sw.RESCORLA_WAGNER_CONFIG
    return sw.SpiceEstimator(*model, epochs=150, n_starts=4, random_state=1).fit(dataset)


def selection_of(estimator):
    (selection,) = estimator._found.selections.of.values()
    return selection


def test_the_two_halves_are_the_whole(fitted):
    likelihood = selection_of(fitted).likelihood
    values = selection_of(fitted).at()[1].values[None]
    whole = likelihood(values)
    halves = [likelihood.of_trials(part)(values) for part in (slice(0, None, 2), slice(1, None, 2))]
    for name in whole._fields:
        parts = sum(getattr(half, name) for half in halves)
        np.testing.assert_allclose(parts, getattr(whole, name), rtol=1e-10)


def test_the_fit_says_what_tuning_has_gained(fitted):
    (gain,) = fitted.tuning_gains_.values()
    assert gain == gain_of(selection_of(fitted))
    assert gain.n_choices == 40 * 50
    assert gain.n_numbers == 3
    assert not gain.is_worse()


def test_numbers_far_from_those_of_the_network_gain_where_the_network_is_wrong(fitted):
    selection = selection_of(fitted)
    search, _ = selection.at()
    wrong = replace(selection, start=np.where(search.is_own, 0.0, 3.0))
    wrong._search = search
    gain = gain_of(wrong)
    assert gain.nats > 100
    assert gain.chance == pytest.approx(40 * 50 * np.log(2))
    assert gain.is_below_chance
    assert not gain_of(selection).is_below_chance


def test_of_few_choices_nothing_is_said():
    dataset = sw.create_dataset(sw.AgentQ(), sw.BanditsDrift(sigma=0.2), 15, 1, random_state=1)[0]
    model = sw.RescorlaWagnerRNN, sw.RESCORLA_WAGNER_CONFIG
    estimator = sw.SpiceEstimator(*model, epochs=20, n_starts=1, random_state=1).fit(dataset)
    assert estimator.tuning_gains_ == {}


def test_people_of_a_group_are_checked_under_its_prior():
    agents = [sw.AgentQ(alpha_reward=rate) for rate in (0.2, 0.3, 0.5, 0.7)]
    people, task = ["ann", "bob", "cy", "dee"], sw.BanditsDrift(sigma=0.2)
    dataset = sw.create_dataset(agents, task, 60, 4, participant=people, random_state=2)[0]
    model = sw.ForgettingRNN, sw.FORGETTING_RNN_CONFIG
    estimator = sw.SpiceEstimator(*model, epochs=60, n_starts=2, random_state=1, pooling="group").fit(dataset)
    assert list(estimator.tuning_gains_) == people
    assert warning_of(estimator.tuning_gains_) == ""


def test_people_of_a_group_never_see_the_half_that_they_predict():
    """Choices that were learned from are predicted better than others."""
    agents = [sw.AgentQ(alpha_reward=rate) for rate in (0.2, 0.3, 0.5, 0.7)]
    task = sw.BanditsDrift(sigma=0.2)
    dataset = sw.create_dataset(agents, task, 60, 4, participant="per_session", random_state=2)[0]
    value, model = "x_value_reward_chosen", sw.RescorlaWagnerRNN(n_actions=2)
    likelihood = Likelihood(model, dataset, {value: ((), (value,), ("c_reward",))})
    pool = Pool(likelihood, parts_of(model, sw.RESCORLA_WAGNER_CONFIG, likelihood.inputs))
    *_, at = pool.rounds(pool.start())
    untuned = np.tile([0.0, 0.5, 1.0], (4, 1))
    learned = likelihood(untuned).nll - likelihood(pool.coefficients(at.values)).nll
    gains = np.array([gain.nats for gain in gains_of_group(pool, at, untuned)])
    assert (gains < learned).all()
    assert (learned - gains).sum() > 2


def test_what_is_worse_beyond_noise_is_a_warning():
    """Where nothing is wrong, the gain is -3/2 of a chi-squared number: 3 lose over 31.7 in 1 of 10,000."""
    good, bad = TuningGain(-24.0, 300, 3), TuningGain(-40.0, 300, 3)
    assert TuningGain(-32.0, 300, 3).is_worse()
    assert not TuningGain(-40.0, 300, 3, given_up=20.0).is_worse()
    assert good.is_worse(chance=0.05)
    assert warning_of({"ann": good}) == ""
    assert warning_of({"ann": bad}).startswith("The coefficients were tuned to the choices, and predict")
    words = warning_of({"ann": good, "bob": bad, "cy": TuningGain(2.0, 300, 3)})
    assert "of 1 of 3 participants ('bob')" in words
    assert "by 40 nats in 300, which is more than noise" in words


def test_the_warning_comes_from_the_fit(monkeypatch):
    monkeypatch.setattr("spicewidgets.core.discover.search.gain_of", lambda *_: TuningGain(-80.0, 300, 3))
    dataset = sw.create_dataset(sw.AgentQ(), sw.BanditsDrift(sigma=0.2), 15, 4, random_state=1)[0]
    estimator = sw.SpiceEstimator(sw.RescorlaWagnerRNN, sw.RESCORLA_WAGNER_CONFIG, epochs=20, random_state=1)
    with pytest.warns(sw.SpiceWarning, match="predict other choices worse") as caught:
        estimator.fit(dataset)
    assert [w.filename for w in caught] == [__file__]


@pytest.mark.slow
def test_how_often_tuning_looks_worse_by_noise():
    """Of right models and many choices, 1 in 20 or fewer: the network is at best the maximum."""
    worse = []
    for seed in range(40):
        agent = sw.AgentQ(alpha_reward=0.3)
        dataset = sw.create_dataset(agent, sw.BanditsDrift(sigma=0.2), 100, 30, random_state=seed)[0]
        model = sw.RescorlaWagnerRNN, sw.RESCORLA_WAGNER_CONFIG
        estimator = sw.SpiceEstimator(*model, random_state=seed).fit(dataset)
        worse.append(estimator.tuning_gains_[0].is_worse(chance=0.05))
    assert np.mean(worse) <= 0.125
