"""Equations for every module and participant, and the sentences where there can be none."""

import warnings
from copy import deepcopy

import numpy as np
import pytest
from known_maps import (
    CHOSEN,
    OPTIMIZERS,
    assert_coefficients,
    config_of,
    data,
    fit,
    model_of,
    samples_of,
)

from spicewidgets import (
    SettingsError,
    SpiceConfig,
)
from spicewidgets.core.discover.discovery import discover
from spicewidgets.core.discover.sampling import ModuleSamples, sample
from spicewidgets.core.settings import Discovery

# Participants and libraries


def test_an_equation_for_each_participant():
    """S111: each from the samples of their own."""
    maps = [samples_of(lambda v, r, a=a: (1 - a) * v + a * r, seed=i) for i, a in enumerate((0.2, 0.5, 0.8))]
    together = ModuleSamples(
        np.concatenate([m.value for m in maps]),
        np.concatenate([m.after for m in maps]),
        {"c_reward": np.concatenate([m.controls["c_reward"] for m in maps])},
        np.repeat([0, 1, 2], 200),
    )
    config = SpiceConfig({"x": ["c_reward"]}, {}, ["c_reward"], ["x"])
    found = discover({"x": together}, config, participants=("a", "b", "c"))
    assert found.participants == ("a", "b", "c")
    for label, alpha in zip("abc", (0.2, 0.5, 0.8), strict=True):
        assert_coefficients(found.equation("x", label), {"x[k]": 1 - alpha, "c_reward[k]": alpha}, 1e-8)
    one = discover({"x": together}, config, participants=("a", "b", "c"), only=1)
    assert one.equations["x"] == (None, found.equation("x", "b"), None)


def test_exact_candidate_terms():
    """L19: one module's library is given term by term, the others' is the polynomial one."""
    samples = {"x": samples_of(), "y": samples_of()}
    config = SpiceConfig({"x": ["c_reward"], "y": ["c_reward"]}, {}, ["c_reward"], ["x", "y"])
    found = discover(samples, config, libraries={"x": (("x",), ("c_reward",))})
    assert found.equation("x").terms == (("x",), ("c_reward",))
    assert found.equation("y").terms == ((), ("y",), ("c_reward",))
    assert found.equation("x").coefficient() == 0
    squared = discover(samples, config, libraries={"x": ((), ("x", "x", "x"), ("c_reward", "x"))})
    assert squared.equation("x").terms == ((), ("x", "x", "x"), ("c_reward", "x"))


@pytest.mark.parametrize(
    ("libraries", "sentence"),
    [
        (
            {"z": ((),)},
            "There are no samples of the modules ['z']; there are some of ['x']. Correct the names in"
            " rnn_modules or libraries.",
        ),
        (
            {"x": ((), ("x", "c_rewrd"))},
            "The equation of 'x' or its filter uses ['c_rewrd']; sampled are ['c_reward', 'x']. Record the"
            " signal before call_module, or correct the name.",
        ),
    ],
)
def test_names_that_the_samples_lack_are_sentences(libraries, sentence):
    config = SpiceConfig({"x": ["c_reward"]}, {}, ["c_reward"], ["x"])
    with pytest.raises(SettingsError) as error:
        discover({"x": samples_of()}, config, libraries=libraries)
    assert str(error.value) == sentence


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_no_numbers_are_a_sentence(value):
    with pytest.raises(SettingsError) as error:
        fit(samples_of(lambda v, r: np.where(v > 0, v, value)))
    assert str(error.value) == (
        "The module 'x' gives values that are no numbers, so that it has no equation. Train again, with a"
        " lower learning rate."
    )


def test_settings_are_checked_before_the_fit():
    config = SpiceConfig({"x": ["c_reward"]}, {}, ["c_reward"], ["x"])
    with pytest.raises(SettingsError) as error:
        discover({"x": samples_of()}, config, Discovery(threshold=-1, degree=0, optimizer="LASSO"))
    assert len(error.value.problems) == 3


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_same_samples_give_the_same_equation_to_the_last_bit(optimizer):
    assert fit(samples_of(), 2, optimizer=optimizer) == fit(samples_of(), 2, optimizer=optimizer)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_nothing_else_changes(optimizer, capfd):
    """S65, S100, F5, F12: no output, no warning filter, no configuration, no sample, no global generator."""
    config = config_of()
    shown = deepcopy(
        (config.library_setup, config.filter_setup, config.control_parameters, config.rnn_modules)
    )
    settings_ = Discovery(optimizer=optimizer, n_trials_off_policy=50)
    samples = sample(model_of(), data(), settings_, 3)
    kept = deepcopy(samples)
    filters, state, errors = list(warnings.filters), str(np.random.get_state()), np.geterr()
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        discover(samples, config, settings_)
        discover(samples, config, Discovery(optimizer=optimizer, threshold=9.0))
    assert heard == []
    assert capfd.readouterr() == ("", "")
    assert list(warnings.filters) == filters
    assert str(np.random.get_state()) == state
    assert np.geterr() == errors
    assert (config.library_setup, config.filter_setup, config.control_parameters, config.rnn_modules) == shown
    assert config == config_of()
    assert np.array_equal(samples[CHOSEN].value, kept[CHOSEN].value)
    assert np.array_equal(samples[CHOSEN].after, kept[CHOSEN].after)


def test_another_warning_of_pysindy_becomes_a_note(monkeypatch):
    import pysindy

    inside = pysindy.STLSQ.fit

    def warned(self, *args, **kwargs):
        warnings.warn("something about the fit", UserWarning, stacklevel=1)
        warnings.warn("something about a future version", DeprecationWarning, stacklevel=1)
        return inside(self, *args, **kwargs)

    monkeypatch.setattr(pysindy.STLSQ, "fit", warned)
    assert fit(samples_of(), optimizer="STLSQ").notes == ("pysindy: something about the fit",)
