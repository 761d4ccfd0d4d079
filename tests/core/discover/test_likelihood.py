"""The likelihood of all participants' numbers at once is that of the equations in the model's own forward."""

from dataclasses import replace

import numpy as np
import pytest

import spicewidgets as sw
from spicewidgets.core.discover.likelihood import Likelihood, ParameterId, likelihood_of
from spicewidgets.core.equations import Equation, SpiceModel
from spicewidgets.core.judge.network_agents import AgentSpice
from spicewidgets.core.judge.replay import nll_per_trial, replay

CHOSEN, OTHER, BETA = "x_value_reward_chosen", "x_value_reward_not_chosen", "x_value_reward"
TERMS = {CHOSEN: ((), (CHOSEN,), ("c_reward",)), OTHER: ((), (OTHER,))}
VALUES = np.array([[0.1, 0.6, 0.5, 0.05, 0.9, 2.5], [-0.2, 0.8, 0.3, 0.1, 0.7, 1.5]])


@pytest.fixture(scope="module")
def dataset():
    agents = [sw.AgentQ(alpha_reward=0.4), sw.AgentQ(alpha_reward=0.2, forget_rate=0.3)] * 3
    return sw.create_dataset(
        agents, sw.BanditsDrift(sigma=0.2), 30, 6, participant=[0, 1] * 3, random_state=1
    )[0]


@pytest.fixture(scope="module")
def model():
    return sw.ParticipantEmbeddingRNN(2, n_participants=2)


@pytest.fixture(scope="module")
def spice():
    equations = {
        module: tuple(Equation(module, TERMS[module], tuple(row[part])) for row in VALUES)
        for module, part in ((CHOSEN, slice(0, 3)), (OTHER, slice(3, 5)))
    }
    return SpiceModel((0, 1), equations, {BETA: tuple(VALUES[:, 5])})


def test_each_participant_has_the_likelihood_of_the_equations(model, dataset, spice):
    nll = nll_per_trial(replay(AgentSpice(model, spice), dataset).probabilities, dataset)
    own = [np.nansum(nll[dataset.participant_ids == code]) for code in (0, 1)]
    np.testing.assert_allclose(Likelihood(model, dataset, TERMS)(VALUES).nll, own, rtol=1e-12)


@pytest.mark.parametrize("masked", [False, True])
def test_compiled_derivatives_are_those_of_finite_differences(model, dataset, masked):
    if masked:
        n, t = dataset.ys.shape[:2]
        offered = np.ones((n, t, 2), bool)
        offered[::2, ::7, 1] = ~(dataset.ys[::2, ::7, 0] > 0)
        dataset = sw.DatasetRNN(dataset.xs, dataset.ys, offered=offered)
    tables = VALUES * np.array([0.5, 1.0, 1.3])[:, None, None]
    compiled, eager = (Likelihood(model, dataset, TERMS, compiled=is_so) for is_so in (True, False))
    for exact, near in zip(compiled(tables), eager(tables), strict=True):
        np.testing.assert_allclose(near, exact, rtol=1e-6, atol=1e-6)
    some, few = (one.of_participant(1).of_trials(slice(0, None, 2))(VALUES[1:]) for one in (compiled, eager))
    for exact, near in zip(some, few, strict=True):
        np.testing.assert_allclose(near, exact, rtol=1e-6, atol=1e-6)


def test_a_module_of_which_nobody_has_a_term_is_an_empty_equation(model, dataset, spice):
    """Its values become 0; the network's own module is not run in its place."""
    none = tuple(Equation(OTHER, TERMS[OTHER], (0.0, 0.0)) for _ in VALUES)
    spice = replace(spice, equations={**spice.equations, OTHER: none})
    nll = nll_per_trial(replay(AgentSpice(model, spice), dataset).probabilities, dataset)
    own = [np.nansum(nll[dataset.participant_ids == code]) for code in (0, 1)]
    likelihood = likelihood_of(spice, model, dataset)
    np.testing.assert_allclose(likelihood(likelihood.values_of(spice)).nll, own, rtol=1e-12)


def test_equations_become_a_row_of_numbers_and_back(model, dataset, spice):
    likelihood = Likelihood(model, dataset, TERMS)
    np.testing.assert_array_equal(likelihood.values_of(spice), VALUES)
    equations, betas = likelihood.equations_of(VALUES[1])
    assert equations == spice.of_participant(1)
    assert betas == {BETA: 1.5}
    assert likelihood.numbers[1] == ParameterId(CHOSEN, (CHOSEN,))
    assert likelihood.n_choices.sum() == dataset.target_mask.sum()


def test_several_tables_are_looked_at_in_one_call(model, dataset):
    likelihood = Likelihood(model, dataset, TERMS)
    tables = np.stack([VALUES, VALUES * 0.9])
    together = likelihood(tables)
    for table, values in enumerate(tables):
        for a, b in zip(together, likelihood(values), strict=True):
            np.testing.assert_array_equal(a[table], b)


def test_tables_of_many_choices_are_looked_at_one_by_one_with_the_same_result(model, dataset, monkeypatch):
    likelihood = Likelihood(model, dataset, TERMS)
    tables = VALUES * np.array([0.5, 1.0, 1.3])[:, None, None]
    whole = likelihood(tables)
    monkeypatch.setattr("spicewidgets.core.discover.likelihood.AT_ONCE", 1)
    for part, all_at_once in zip(likelihood(tables), whole, strict=True):
        np.testing.assert_array_equal(part, all_at_once)


def test_the_choices_that_an_agent_expects_are_most_likely_under_it(model, dataset, spice):
    """With P in place of choices, the gradient is 0 at the numbers that P comes from."""
    expected = replay(AgentSpice(model, spice), dataset).probabilities[:, 1:]
    likelihood = Likelihood(model, dataset, TERMS, expected)
    np.testing.assert_allclose(likelihood(VALUES).gradient, 0, atol=1e-6)
