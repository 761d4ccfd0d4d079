"""The sparsity path: at each threshold the equation that discovery finds there, and what a term is worth."""

from dataclasses import replace

import numpy as np
import pytest

from spicewidgets.core.discover.regression import Regression, fit_equation
from spicewidgets.core.discover.sampling import ModuleSamples
from spicewidgets.core.discover.sparsity import sparsity_path
from spicewidgets.core.equations import Equation, polynomial_terms
from spicewidgets.core.settings import Discovery, SettingsError

NAME = "x_value_reward_chosen"
REWARD = "c_reward"


def samples(alpha=0.3, noise=0.0, n=400, shift=0.0):
    """What the chosen arm's module of a Q-learner does, in units of the reward."""
    rng = np.random.default_rng(2)
    value, reward = rng.uniform(0, 1, n), rng.integers(0, 2, n).astype(float)
    after = (1 - alpha) * value + alpha * reward + shift + noise * rng.standard_normal(n)
    return ModuleSamples(value, after, {REWARD: reward}, np.zeros(n, dtype=np.int64))


def path(degree=1, settings=None, **how):
    return sparsity_path(NAME, samples(**how), polynomial_terms((NAME, REWARD), degree), settings)


@pytest.mark.parametrize("optimizer", ["SR3_weighted_l1", "SR3_l1", "STLSQ"])
@pytest.mark.parametrize("degree", [1, 2])
def test_at_each_threshold_stands_what_discovery_finds_there(optimizer, degree):
    settings = Discovery(optimizer=optimizer)
    terms = polynomial_terms((NAME, REWARD), degree)
    taken = samples(alpha=0.05, noise=0.01)
    found = sparsity_path(NAME, taken, terms, settings)
    for threshold, row in list(zip(found.thresholds, found.coefficients, strict=True))[::6]:
        there = fit_equation(NAME, taken, terms, replace(settings, threshold=float(threshold)))
        np.testing.assert_array_equal(row, there.values)
    assert found.n_terms[0] > found.n_terms[-1] == 0


def test_the_reduced_samples_are_the_samples():
    taken, terms = samples(noise=0.1), polynomial_terms((NAME, REWARD), 1)
    equation = Equation(NAME, terms, (0.1, 0.5, 0.2))
    missed = equation(taken.value, taken.controls) - taken.after
    regression = Regression.of(NAME, taken, terms)
    assert regression.error(equation) == pytest.approx(np.sqrt(np.mean(missed**2)), abs=1e-12)
    assert regression.triangle.shape == (4, 4)
    columns = np.column_stack([np.ones(400), taken.value, taken.controls[REWARD]])
    best = np.linalg.lstsq(columns, taken.after, rcond=None)[0]
    np.testing.assert_allclose(regression.equation(Discovery(threshold=0)).values, best, atol=1e-9)


def test_a_slow_learner_s_reward_stays_at_a_low_threshold_and_vanishes_at_a_high_one():
    found, terms = path(alpha=0.05), polynomial_terms((NAME, REWARD), 1)
    low, high = (
        fit_equation(NAME, samples(alpha=0.05), terms, Discovery(threshold=threshold))
        for threshold in (0.02, 0.1)
    )
    assert low.coefficient(REWARD) == pytest.approx(0.05, abs=1e-6)
    assert high.coefficient(REWARD) == 0
    assert 0.02 <= found.stays_up_to((REWARD,)) < 0.1
    assert found.full[terms.index((REWARD,))] == pytest.approx(0.05, abs=1e-9)
    told = found.why((REWARD,), high, 0.1)
    assert told.startswith(
        "c_reward[k] was left out by the threshold 0.1. Without any threshold its coefficient"
    )
    assert "0.050" in told
    assert found.why((REWARD,), low, 0.02).startswith("c_reward[k] is in the equation.")


def test_a_term_may_be_called_otherwise():
    found, terms = path(alpha=0.05), polynomial_terms((NAME, REWARD), 1)
    equation = fit_equation(NAME, samples(alpha=0.05), terms, Discovery(threshold=0.1))
    assert found.why((REWARD,), equation, 0.1, "reward").startswith(
        "reward was left out by the threshold 0.1."
    )


def test_what_terms_cost_is_the_least_error_with_so_many():
    found = path(noise=0.05)
    counts, errors = found.trade()
    assert counts.tolist() == sorted(set(found.n_terms.tolist()))
    for n, error in zip(counts, errors, strict=True):
        assert error == min(found.errors[found.n_terms == n])
    assert (np.diff(errors) < 0).all()


def test_what_a_term_is_worth_is_the_error_without_it():
    found = path(noise=0.05, shift=0.2)
    taken = samples(noise=0.05, shift=0.2)
    for at, kept in enumerate(([1, 2], [0, 2], [0, 1])):
        columns = np.column_stack([np.ones(400), taken.value, taken.controls[REWARD]])[:, kept]
        rest = taken.after - columns @ np.linalg.lstsq(columns, taken.after, rcond=None)[0]
        assert found.without[at] == pytest.approx(np.sqrt(np.mean(rest**2)), abs=1e-12)
    assert found.full_error < found.without.min()


def test_a_term_that_the_data_cannot_tell_apart_says_so():
    found = path(degree=2)
    equation = fit_equation(NAME, samples(), found.terms, Discovery())
    told = found.why((REWARD, REWARD), equation, 0.05)
    assert told.startswith("c_reward[k]^2 was left out of the library: in these data it is the same as")
    assert found.stays_up_to((REWARD, REWARD)) == 0
    assert found.full[found.terms.index((REWARD, REWARD))] == 0


def test_another_term_is_refused():
    with pytest.raises(SettingsError, match="The term must be one of 1, "):
        path().stays_up_to(("c_other",))
