"""Maximum likelihood of a Q-learner: against an independent fit, exact at a maximum, within its bounds."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spicewidgets import AgentQ, BanditsDrift, Participant, SettingsError, create_dataset
from spicewidgets.core.data.dataset import DatasetRNN
from spicewidgets.core.judge.classical import ClassicalLikelihood, errors_at, fit
from spicewidgets.core.judge.fisher import standard_errors
from spicewidgets.core.simulate.parameters import with_values

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
import reference


@pytest.fixture(scope="module")
def dataset():
    return create_dataset(AgentQ(alpha_reward=0.3), BanditsDrift(0.2), 100, 20, random_state=1)[0]


def test_it_finds_what_an_independent_fit_finds(dataset):
    ours, theirs = fit(dataset), reference.fit_q(*reference.from_tensors(dataset.xs, dataset.ys))
    assert ours.values["alpha_reward"] == pytest.approx(theirs["alpha"], abs=1e-5)
    assert ours.values["beta_reward"] == pytest.approx(theirs["beta"], abs=1e-4)
    assert ours.nll == pytest.approx(theirs.nll * 2000, abs=1e-6)
    assert ours.n_choices == 2000
    # expected and observed information are the same only on the mean
    assert list(ours.errors.values()) == pytest.approx(theirs.errors, rel=0.1)


def test_at_the_maximum_the_slopes_are_zero_and_the_truth_is_within_error(dataset):
    found = fit(dataset)
    _, gradient, _ = ClassicalLikelihood(dataset, ("alpha_reward", "beta_reward")).look(
        np.array([*found.values.values()])
    )
    assert np.abs(gradient).max() < 1e-2
    assert abs(found.values["alpha_reward"] - 0.3) < 3 * found.errors["alpha_reward"]
    assert abs(found.values["beta_reward"] - 3.0) < 3 * found.errors["beta_reward"]
    assert found.trial_likelihood == pytest.approx(np.exp(-found.nll / 2000))


def test_the_errors_are_those_of_repeated_data():
    """Of many data sets, the fits scatter as the errors say."""
    agent, names = AgentQ(alpha_reward=0.4, beta_reward=2.0), ("alpha_reward", "beta_reward")
    runs = [create_dataset(agent, BanditsDrift(0.2), 100, 5, random_state=seed)[0] for seed in range(20)]
    fits = [fit(run) for run in runs]
    for name in names:
        scatter = np.std([one.values[name] for one in fits], ddof=1)
        told = np.mean([errors_at(run, Participant(0.4, beta_reward=2.0), names)[name] for run in runs])
        assert 0.6 < scatter / told < 1.5


def test_other_parameters_are_fitted_beside_them():
    agent = AgentQ(alpha_reward=0.5, beta_reward=3.0, forget_rate=0.2)
    data = create_dataset(agent, BanditsDrift(0.2), 100, 50, random_state=3)[0]
    found = fit(data, ("alpha_reward", "beta_reward", "forget_rate"))
    for name, true in (("alpha_reward", 0.5), ("beta_reward", 3.0), ("forget_rate", 0.2)):
        assert abs(found.values[name] - true) < 3 * found.errors[name]


def dataset_of(choices, rewards, following):
    onehot = np.eye(2)[choices]
    paid = np.where(onehot == 1, np.reshape(rewards, (-1, 1)), -1.0)
    return DatasetRNN(np.concatenate([onehot, paid, np.zeros((len(choices), 1))], 1)[None], following[None])


def test_values_stay_within_their_bounds_and_have_no_error_there():
    choices = np.arange(50) % 2  # the other option every time, whatever is paid
    data = dataset_of(choices, np.ones(50), np.eye(2)[1 - choices])
    found = fit(data)
    assert found.values["beta_reward"] == 0.0
    assert np.isnan(found.errors["beta_reward"])
    assert found.nll == pytest.approx(50 * np.log(2))


def test_what_the_choices_do_not_tell_has_an_infinite_error():
    assert standard_errors(np.diag([4.0, 0.0])).tolist() == [0.5, np.inf]
    assert np.isinf(standard_errors(np.array([[1.0, 1.0], [1.0, 1.0]]))).all()


def test_missing_trials_count_for_nothing(dataset):
    cut = DatasetRNN(dataset.xs.clone(), dataset.ys.clone())
    cut.ys[:, 50:], cut.xs[:, 51:, :4] = -1, -1
    assert fit(cut).n_choices == 20 * 50
    short = DatasetRNN(dataset.xs[:, :50], dataset.ys[:, :50])
    assert fit(cut).nll == pytest.approx(fit(short).nll, abs=1e-9)


def test_without_a_following_choice_there_is_nothing_to_fit():
    with pytest.raises(SettingsError, match="a choice that follows another"):
        fit(dataset_of(np.array([0]), np.array([1.0]), np.full((1, 2), -1.0)))


def test_a_number_may_stand_for_two_settings():
    person = with_values(Participant(), {"alpha_counterfactual": 0.25})
    assert person == replace(
        Participant(), alpha_counterfactual_reward=0.25, alpha_counterfactual_penalty=0.25
    )
