"""The regression: known maps come back exactly, and what the data cannot tell is said."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from known_maps import (
    CHOSEN,
    OPTIMIZERS,
    OTHER,
    assert_coefficients,
    data,
    fit,
    model_of,
    samples_of,
)

from spicewidgets import (
    FORGETTING_RNN_CONFIG,
    RESCORLA_WAGNER_CONFIG,
    SettingsError,
)
from spicewidgets.core.discover.discovery import discover
from spicewidgets.core.discover.regression import fit_equation
from spicewidgets.core.discover.sampling import ModuleSamples, sample
from spicewidgets.core.equations import polynomial_terms
from spicewidgets.core.settings import Discovery

# Known maps come back


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("on_policy", [False, True])
@pytest.mark.parametrize("n_actions", [2, 4])
def test_a_linear_map_comes_back_exactly(optimizer, on_policy, n_actions):
    """From the model to the equation, S67: (-0.3, 0.7, 0.9)."""
    settings_ = Discovery(optimizer=optimizer, n_trials_off_policy=0 if on_policy else 200)
    samples = sample(model_of(n_actions=n_actions), data(n_actions=n_actions), settings_, 3)
    found = discover(samples, RESCORLA_WAGNER_CONFIG, settings_)
    assert found.text() == f"({CHOSEN})[k+1] = -0.300 1 + 0.700 {CHOSEN}[k] + 0.900 c_reward[k]"
    assert_coefficients(found.equation(CHOSEN), {"1": -0.3, f"{CHOSEN}[k]": 0.7, "c_reward[k]": 0.9}, 1e-6)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_quadratic_map_comes_back_exactly(optimizer):
    """T25: asymmetric rates need V * r, of degree 2; r^2 is r."""
    settings_ = Discovery(optimizer=optimizer, degree=2, n_trials_off_policy=300)

    def asymmetric(value, reward):
        return value + (0.2 + 0.6 * reward) * (3 * reward - value)

    samples = sample(model_of(asymmetric), data(), settings_, 3)
    equation = discover(samples, RESCORLA_WAGNER_CONFIG, settings_).equation(CHOSEN)
    expected = {f"{CHOSEN}[k]": 0.8, "c_reward[k]": 2.4, f"{CHOSEN}[k] c_reward[k]": -0.6}
    assert_coefficients(equation, expected, 1e-6)


def test_every_module_gets_its_own_equation():
    """T10, T11: the arms not chosen, by a module without inputs."""
    model = model_of(other=lambda value: 0.1 + 0.8 * value)
    samples = sample(model, data(), Discovery(n_trials_off_policy=200), 3)
    found = discover(samples, FORGETTING_RNN_CONFIG)
    assert_coefficients(found.equation(OTHER), {"1": 0.1, f"{OTHER}[k]": 0.8}, 1e-6)
    assert_coefficients(found.equation(CHOSEN), {"1": -0.3, f"{CHOSEN}[k]": 0.7, "c_reward[k]": 0.9}, 1e-6)
    assert found.participants == (0,)


@settings(max_examples=40)
@given(
    optimizer=st.sampled_from(OPTIMIZERS),
    degree=st.integers(1, 2),
    seed=st.integers(0, 2**31),
    scale=st.sampled_from([1e-2, 1.0, 5.0]),
    n=st.sampled_from([30, 300]),
)
def test_any_sparse_polynomial_comes_back(optimizer, degree, seed, scale, n):
    """A coefficient is there by its size alone, whatever the number of samples or the values' range."""
    rng = np.random.default_rng(seed)
    terms = polynomial_terms(("x", "c_reward"), degree)
    coefficients = (
        rng.choice([-1, 1], len(terms)) * rng.uniform(0.25, 1, len(terms)) * rng.integers(2, size=len(terms))
    )
    value, reward = scale * rng.normal(size=n), rng.normal(size=n)
    signals = {"x": value, "c_reward": reward}
    after = sum(
        c * np.prod([signals[f] for f in term], axis=0) if term else c * np.ones(n)
        for c, term in zip(coefficients, terms, strict=True)
    )
    samples = ModuleSamples(value, after, {"c_reward": reward}, np.zeros(n, dtype=int))
    equation = fit(samples, degree, optimizer=optimizer, threshold=0.05)
    assert equation.terms == terms
    np.testing.assert_allclose(equation.values, coefficients, rtol=0, atol=1e-6)
    assert equation.notes == ()
    assert equation.dropped == {}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("n", [20, 200, 2000])
def test_the_threshold_is_a_threshold(optimizer, n):
    """Fact 3: a learning rate of 0.05 vanishes at a threshold of 0.1 and stays at 0.02."""
    samples = samples_of(lambda value, reward: 0.95 * value + 0.05 * reward, n=n)
    kept = fit(samples, optimizer=optimizer, threshold=0.02)
    assert_coefficients(kept, {"x[k]": 0.95, "c_reward[k]": 0.05}, 1e-7)
    gone = fit(samples, optimizer=optimizer, threshold=0.1)
    assert gone.coefficient("c_reward") == gone.coefficient() == 0
    assert gone.coefficient("x") == pytest.approx(0.95, abs=0.02)


def test_a_coefficient_near_one_is_not_rounded_to_one():
    """Fact 3: autospice snaps |c - 1| < threshold to 1."""
    equation = fit(samples_of(lambda value, reward: 0.98 * value + 0.5 * reward), threshold=0.05)
    assert equation.coefficient("x") == pytest.approx(0.98, abs=1e-9)


def test_weighted_sr3_asks_more_of_higher_degrees():
    """K3: the threshold times the degree, so that 0.08 of a product vanishes and 0.08 of a value stays."""
    samples = samples_of(
        lambda value, reward: 0.08 * value + 0.5 * reward + 0.08 * value * reward, rewards=(-1, 0, 2)
    )
    weighted = fit(samples, 2, optimizer="SR3_weighted_l1", threshold=0.05)
    assert weighted.coefficient("x", "c_reward") == 0
    assert weighted.coefficient("x") == pytest.approx(0.08, abs=0.03)
    alike = fit(samples, 2, optimizer="SR3_L1", threshold=0.05)
    assert_coefficients(alike, {"x[k]": 0.08, "c_reward[k]": 0.5, "x[k] c_reward[k]": 0.08}, 1e-6)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_threshold_above_everything_says_so(optimizer):
    equation = fit(samples_of(), optimizer=optimizer, threshold=5.0)
    assert equation.active == ()
    assert equation.notes == (
        "The threshold is above every coefficient: no term is left. Lower the threshold.",
    )


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_module_that_gives_zero_is_no_matter_of_the_threshold(optimizer):
    equation = fit(samples_of(lambda value, reward: 0 * value), optimizer=optimizer)
    assert equation.active == ()
    assert equation.notes == ()


def test_regularization_of_stlsq_is_its_ridge():
    value = np.array([-1.0, 1.0] * 20)
    samples = ModuleSamples(
        value, 0.5 * value, {"c_reward": np.array([0.0, 0, 1, 1] * 10)}, np.zeros(40, dtype=int)
    )
    free = fit(samples, optimizer="STLSQ", regularization=0.0).coefficient("x")
    assert free == pytest.approx(0.5, abs=1e-12)
    assert fit(samples, optimizer="STLSQ", regularization=10.0).coefficient("x") == pytest.approx(
        0.5, abs=1e-3
    )


@pytest.mark.parametrize("optimizer", ["SR3_weighted_l1", "SR3_L1"])
def test_sr3_without_a_regularization_is_refused(optimizer):
    with pytest.raises(SettingsError) as error:
        fit(samples_of(), optimizer=optimizer, regularization=0.0)
    assert str(error.value) == (
        "regularization must be above 0 for SR3 (its relaxation nu); got 0. Set 0.01, or choose STLSQ."
    )


# What the data cannot tell apart


def test_the_square_of_a_binary_reward_is_dropped_and_said():
    """M12."""
    equation = fit(samples_of(), degree=2)
    assert equation.dropped == {
        ("c_reward", "c_reward"): (
            "c_reward[k]^2 was left out of the library: in these data it is the same as c_reward[k]."
        )
    }
    assert_coefficients(equation, {"1": -0.3, "x[k]": 0.7, "c_reward[k]": 0.9})


def test_the_square_of_a_graded_reward_is_kept():
    equation = fit(samples_of(lambda v, r: 0.5 * v + 0.4 * r * r, rewards=(0.0, 0.5, 1.0)), degree=2)
    assert equation.dropped == {}
    assert_coefficients(equation, {"x[k]": 0.5, "c_reward[k]^2": 0.4})


def test_a_reward_of_minus_one_and_one_squares_to_the_constant():
    equation = fit(samples_of(rewards=(-1.0, 1.0)), degree=2)
    assert equation.dropped == {
        (
            "c_reward",
            "c_reward",
        ): "c_reward[k]^2 was left out of the library: in these data it is the same as 1."
    }


def test_a_signal_that_never_varies_is_dropped_with_the_reason():
    equation = fit(samples_of(rewards=(0.0,)))
    assert equation.dropped == {
        ("c_reward",): "c_reward[k] was left out of the library: it is 0 in these data."
    }
    assert_coefficients(equation, {"1": -0.3, "x[k]": 0.7})
    always = fit(samples_of(rewards=(1.0,)))
    assert list(always.dropped.values()) == [
        "c_reward[k] was left out of the library: in these data it is the same as 1."
    ]
    assert_coefficients(always, {"1": 0.6, "x[k]": 0.7})


def test_a_signal_that_is_a_mixture_of_others_is_dropped():
    samples = samples_of()
    controls = {**samples.controls, "c_mix": 2 + 3 * samples.value - samples.controls["c_reward"]}
    mixed = ModuleSamples(samples.value, samples.after, controls, samples.participant)
    equation = fit_equation("x", mixed, ((), ("x",), ("c_reward",), ("c_mix",)), Discovery())
    assert equation.dropped == {
        ("c_mix",): (
            "c_mix[k] was left out of the library: in these data it is the same as 1, x[k] and c_reward[k]."
        )
    }


@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_samples_tell_few_terms(n):
    samples = samples_of(n=n)
    equation = fit(samples, degree=2)
    assert len(equation.terms) - len(equation.dropped) <= n
    predicted = equation(samples.value, samples.controls)
    np.testing.assert_allclose(predicted, samples.after, rtol=0, atol=1e-6)


def test_a_library_of_which_nothing_is_left_is_zero():
    samples = samples_of(rewards=(0.0,))
    equation = fit_equation("x", samples, (("c_reward",),), Discovery())
    assert equation.values == (0.0,)
    assert list(equation.dropped) == [("c_reward",)]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_without_a_threshold_the_optimiser_comes_to_least_squares_and_is_not_asked(optimizer, monkeypatch):
    noisy = samples_of(lambda value, reward: 0.7 * value + 0.3 * reward + 0.1 * np.sin(5 * value))
    asked = fit(noisy, optimizer=optimizer, threshold=1e-12)
    monkeypatch.setattr("spicewidgets.core.discover.regression._optimizer", None)
    found = fit(noisy, optimizer=optimizer, threshold=0.0)
    np.testing.assert_allclose(found.values, asked.values, atol=1e-9)
    assert len(found.active) == 3
