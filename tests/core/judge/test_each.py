"""Everybody fitted at once is everybody fitted alone."""

import numpy as np
import pytest
import torch

from spicewidgets import AgentQ, BanditsDrift, create_dataset
from spicewidgets.core.data.choices import read_choices
from spicewidgets.core.judge import classical
from spicewidgets.core.judge.each import fit_each
from spicewidgets.core.judge.replay import nll_per_trial, replay
from spicewidgets.core.simulate.cohort import Cohort

RATES = ((0.2, 2.0), (0.6, 4.0), (0.4, 1.0), (0.05, 6.0))


@pytest.fixture(scope="module")
def dataset():
    members = [AgentQ(3, alpha_reward=a, beta_reward=b).parameters for a, b in RATES for _ in range(3)]
    people = [label for label in "dbca" for _ in range(3)]
    task = BanditsDrift(0.2, n_actions=3)
    return create_dataset(Cohort(members, 3), task, 60, 12, participant=people, random_state=3)[0]


def of_person(dataset, code):
    sessions = torch.nonzero(dataset.participant_ids == code)[:, 0]
    return dataset.take(sessions, torch.arange(dataset.n_trials).expand(len(sessions), -1))


def test_numbers_errors_and_likelihood_are_those_of_each_alone(dataset):
    fitted = fit_each(dataset)
    assert fitted.participants == tuple("dbca")
    for code in range(4):
        alone = classical.fit(of_person(dataset, code))
        assert fitted.nll[code] == pytest.approx(alone.nll, abs=1e-4)
        np.testing.assert_allclose(fitted.values[code], list(alone.values.values()), rtol=2e-3)
        np.testing.assert_allclose(fitted.errors[code], list(alone.errors.values()), rtol=2e-2)
        assert fitted.n_choices[code] == alone.n_choices


def test_its_agent_expects_what_was_fitted(dataset):
    fitted = fit_each(dataset)
    nll = np.nansum(nll_per_trial(replay(fitted.agent(dataset), dataset).probabilities, dataset), axis=1)
    each = np.bincount(np.asarray(dataset.participant_ids).astype(int), nll)
    np.testing.assert_allclose(each, fitted.nll, atol=1e-6)


def test_missing_trials_teach_nothing_and_who_has_one_choice_has_no_numbers():
    text = "subject,choice,reward\n1,1,1\n1,,\n1,2,0\n1,1,1\n1,1,0\n1,2,1\n2,1,1\n"
    dataset = read_choices(text.encode(), remedies={"few_trials": "keep"}).dataset
    fitted = fit_each(dataset)
    alone = classical.fit(of_person(dataset, 0))
    assert fitted.nll[0] == pytest.approx(alone.nll, abs=1e-4)
    assert fitted.n_choices.tolist() == [alone.n_choices, 0]
    assert np.isnan(fitted.values[1]).all()
    assert np.isnan(fitted.errors[1]).all()
    replay(fitted.agent(dataset), dataset)
