"""`SpiceConfig`: what it keeps, and that whatever is wrong with it is a sentence before anything runs."""

from copy import deepcopy
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from spicewidgets import SettingsError, SpiceConfig
from spicewidgets.core.config import Filter

CHOSEN = "x_value_reward_chosen"


def arguments(**changes):
    """The tutorial's config, with changes."""
    return {
        "rnn_modules": [CHOSEN],
        "control_parameters": ["c_action", "c_reward"],
        "library_setup": {CHOSEN: ["c_reward"]},
        "filter_setup": {CHOSEN: ["c_action", 1, True]},
        **changes,
    }


def problems_of(**changes):
    with pytest.raises(SettingsError) as error:
        SpiceConfig(**arguments(**changes))
    return error.value.problems


@pytest.mark.seed(94, 95, 96)
def test_the_tutorials_config():
    """S94-S97."""
    config = SpiceConfig(**arguments())
    assert config.modules == (CHOSEN,)
    assert config.controls == ("c_action", "c_reward")
    assert config.terms(CHOSEN) == ("c_reward",)
    assert config.filters(CHOSEN) == (Filter("c_action", 1.0, True),)


def test_order_of_positional_arguments_is_the_peers():
    given_ = arguments()
    config = SpiceConfig(
        *(given_[k] for k in ("library_setup", "filter_setup", "control_parameters", "rnn_modules"))
    )
    assert config == SpiceConfig(**given_)


def test_several_conditions():
    """S99: the tutorial's own example."""
    rows = [["c_action", 1, True], ["c_reward", 0, False]]
    config = SpiceConfig(**arguments(filter_setup={CHOSEN: rows}))
    assert config.filters(CHOSEN) == (Filter("c_action", 1, True), Filter("c_reward", 0, False))
    assert config.terms(CHOSEN) == ("c_reward",)


@pytest.mark.parametrize(("remove", "terms"), [(True, ("c_reward",)), (False, ("c_reward", "c_action"))])
def test_the_remove_flag_takes_a_signal_out_of_the_terms(remove, terms):
    """S98, F11: even where the library lists it."""
    config = SpiceConfig(
        **arguments(
            library_setup={CHOSEN: ["c_reward", "c_action"]}, filter_setup={CHOSEN: ["c_action", 1, remove]}
        )
    )
    assert config.terms(CHOSEN) == terms


def test_names_that_are_given_twice_count_once():
    config = SpiceConfig({CHOSEN: ["c_reward", "c_reward"]}, {}, ["c_reward"] * 2, [CHOSEN] * 2)
    assert (config.modules, config.controls, config.terms(CHOSEN)) == (
        (CHOSEN,),
        ("c_reward",),
        ("c_reward",),
    )


def test_a_module_may_have_neither_inputs_nor_filters():
    """T10."""
    config = SpiceConfig({CHOSEN: []}, {}, [], [CHOSEN])
    assert config.terms(CHOSEN) == ()
    assert config.filters(CHOSEN) == ()
    assert SpiceConfig({CHOSEN: []}, {CHOSEN: []}, [], [CHOSEN]).filters(CHOSEN) == ()


@pytest.mark.seed(100)
def test_arguments_are_kept_as_given_and_never_changed():
    """S100, F12: not even where the caller changes them afterwards."""
    given_ = arguments()
    before = deepcopy(given_)
    config = SpiceConfig(**given_)
    config.terms(CHOSEN)
    assert given_ == before
    assert all(getattr(config, name) is value for name, value in given_.items())
    given_["library_setup"][CHOSEN].append("c_action")
    given_["filter_setup"][CHOSEN][1] = 0
    assert config.terms(CHOSEN) == ("c_reward",)
    assert config.filters(CHOSEN)[0].value == 1


def test_equal_configs_are_equal_whatever_form_and_order_they_were_written_in():
    a = SpiceConfig(
        {"x_a": ["c"], "x_b": []}, {"x_a": ["c", 1, True], "x_b": [["c", 0, False]]}, ["c"], ["x_a", "x_b"]
    )
    b = SpiceConfig(
        {"x_b": (), "x_a": ("c",)},
        {"x_b": ("c", -0.0, False), "x_a": [("c", True, True)]},
        ("c",),
        ("x_a", "x_b"),
    )
    assert a == b
    assert hash(a) == hash(b)
    assert len({a, b}) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"rnn_modules": [CHOSEN, "x_b"], "library_setup": {CHOSEN: ["c_reward"], "x_b": []}},
        {"control_parameters": ["c_action", "c_reward", "c_block"]},
        {"library_setup": {CHOSEN: []}},
        {"filter_setup": {CHOSEN: ["c_action", 0, True]}},
        {"filter_setup": {CHOSEN: ["c_action", 1, False]}},
        {"filter_setup": {}},
    ],
)
def test_configs_that_differ_are_not_equal(changes):
    assert SpiceConfig(**arguments()) != SpiceConfig(**arguments(**changes))
    assert SpiceConfig(**arguments()) != "a config"


def test_repr_shows_modules_and_their_inputs():
    assert repr(SpiceConfig(**arguments())) == (
        f"SpiceConfig(rnn_modules=['{CHOSEN}'], library_setup={{'{CHOSEN}': ['c_reward']}})"
    )


# What is wrong is said, all of it at once


@pytest.mark.seed(95)
def test_an_unknown_signal_says_what_it_may_have_meant():
    """S95, S96, F23: a typing error is a sentence here, not a KeyError after the training."""
    assert problems_of(library_setup={CHOSEN: ["c_rewrd"]}) == (
        f"library_setup['{CHOSEN}'] names the signal 'c_rewrd'; control_parameters has ['c_action',"
        " 'c_reward']. Did you mean 'c_reward'?",
    )
    assert problems_of(filter_setup={CHOSEN: ["stimulus", 1, True]}) == (
        f"filter_setup['{CHOSEN}'] names the signal 'stimulus'; control_parameters has ['c_action',"
        " 'c_reward']. Add it to control_parameters, or correct the name.",
    )


def test_an_unknown_module_says_what_it_may_have_meant():
    found = problems_of(library_setup={"x_value_reward_choosen": []}, filter_setup={"x_mood": []})
    assert found == (
        "library_setup names the module 'x_value_reward_choosen'; rnn_modules has"
        f" ['{CHOSEN}']. Did you mean '{CHOSEN}'?",
        f"filter_setup names the module 'x_mood'; rnn_modules has ['{CHOSEN}']. Add it to rnn_modules, or"
        " correct the name.",
        f"Module '{CHOSEN}' of rnn_modules has no entry in library_setup. Add '{CHOSEN}': [] (or its"
        " inputs).",
    )


@pytest.mark.parametrize(
    "row",
    [
        ["c_action"],
        ["c_action", 1],
        ["c_action", 1, True, True],
        ["c_action", "1", True],
        ["c_action", 1, 1],
        ["c_action", 1, None],
        ["c_action", float("nan"), True],
        ["c_action", float("inf"), True],
        ["c_action", 10**400, True],
        ["c_action", Decimal(1), True],
        [["c_action", 1, True], "c_reward"],
        [["c_action", 1, True], ["c_reward"]],
        [1, 2, 3],
        "c_action",
        7,
        None,
        {"c_action": 1},
    ],
)
def test_a_malformed_filter_shows_how_to_write_one(row):
    found = problems_of(filter_setup={CHOSEN: row})
    assert any(
        problem.startswith(
            f"filter_setup['{CHOSEN}'] must be [signal, value, remove], or a list of these; got"
        )
        and problem.endswith("Write for example ['c_action', 1, True].")
        for problem in found
    )


@pytest.mark.parametrize("value", [1, np.int64(1), np.float32(1), True])
def test_a_filters_value_is_any_number(value):
    config = SpiceConfig(**arguments(filter_setup={CHOSEN: ["c_action", value, True]}))
    assert config.filters(CHOSEN) == (Filter("c_action", 1.0, True),)


@pytest.mark.parametrize("name", ["rnn_modules", "control_parameters"])
@pytest.mark.parametrize("value", ["c_action", None, 3, [1], [["c_action"]]])
def test_a_list_of_names_is_needed(name, value):
    assert problems_of(**{name: value})[0] == (
        f"{name} must be a list of names; got {value!r}. Write for example ['c_reward']."
    )


@pytest.mark.parametrize("name", ["library_setup", "filter_setup"])
@pytest.mark.parametrize("value", [None, 3, "c_action", [CHOSEN]])
def test_a_dictionary_is_needed(name, value):
    assert problems_of(**{name: value})[0] == (
        f"{name} must be a dictionary with a module's name for each key; got {value!r}."
    )


NAMES = st.sampled_from(["x_a", "x_b", "c_r", "c_q", "", "c_R", 3, None])
ANYTHING = st.recursive(
    NAMES | st.floats() | st.booleans() | st.binary(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3) | st.tuples(inner, inner)
    ),
    max_leaves=8,
)
FILTERS = st.lists(st.tuples(NAMES, st.floats() | st.integers(), st.booleans()), max_size=2) | ANYTHING


@settings(max_examples=300)
@given(
    library=st.dictionaries(NAMES, st.lists(NAMES, max_size=3) | ANYTHING, max_size=3) | ANYTHING,
    filters=st.dictionaries(NAMES, FILTERS, max_size=3) | ANYTHING,
    controls=st.lists(NAMES, max_size=3) | ANYTHING,
    modules=st.lists(NAMES, max_size=3) | ANYTHING,
)
def test_whatever_is_given_is_a_config_or_sentences(library, filters, controls, modules):
    try:
        config = SpiceConfig(library, filters, controls, modules)
    except SettingsError as found:
        error = found
    else:
        hash(config)
        for module in config.modules:
            assert set(config.terms(module)) <= set(config.controls)
            assert {f.signal for f in config.filters(module)} <= set(config.controls)
        return
    assert error.problems
    assert all(problem.endswith((".", "?")) for problem in error.problems)
