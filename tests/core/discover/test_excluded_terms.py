"""Exact candidate terms: what the config excludes is in no equation."""

import pytest
from hypothesis import given, strategies as st

from spicewidgets import AgentQ, BanditsDrift, RescorlaWagnerRNN, SettingsError, SpiceConfig, create_dataset
from spicewidgets.core.discover.discovery import discover
from spicewidgets.core.discover.sampling import sample
from spicewidgets.core.settings import Discovery

MODULE = "x_value_reward_chosen"


def config(*terms):
    return SpiceConfig(
        {MODULE: ["c_reward"]},
        {MODULE: ["c_action", 1, True]},
        ["c_action", "c_reward"],
        [MODULE],
        excluded_terms={MODULE: terms},
    )


def test_an_excluded_term_is_no_candidate():
    dataset, _, _ = create_dataset(AgentQ(), BanditsDrift(0.2), 30, 5, random_state=1)
    settings = Discovery(degree=2, threshold=0.0, n_trials_off_policy=200)
    samples = sample(RescorlaWagnerRNN(2).eval(), dataset, settings, 1)
    all_terms = discover(samples, config(), settings).equation(MODULE).terms
    excluded = config(["c_reward", MODULE], [])
    terms = discover(samples, excluded, settings).equation(MODULE).terms
    assert set(all_terms) - set(terms) == {(), (MODULE, "c_reward")}
    with pytest.raises(
        SettingsError, match="excluded_terms leaves 'x_value_reward_chosen' no candidate term"
    ):
        discover(samples, config(*all_terms), settings)


def test_the_order_of_factors_does_not_matter_and_configs_compare():
    assert config(["c_reward", MODULE]) == config([MODULE, "c_reward"]) != config()
    assert hash(config(["c_reward", MODULE])) == hash(config([MODULE, "c_reward"]))
    assert config() == SpiceConfig(
        {MODULE: ["c_reward"]}, {MODULE: ["c_action", 1, True]}, ["c_action", "c_reward"], [MODULE]
    )


def test_names_that_are_not_declared_are_sentences():
    with pytest.raises(SettingsError) as error:
        SpiceConfig(
            {MODULE: []}, {}, ["c_reward"], [MODULE], excluded_terms={MODULE: [["c_rewrd"]], "y": [[]]}
        )
    assert error.value.problems == (
        "excluded_terms names the module 'y'; rnn_modules has ['x_value_reward_chosen']. Add it to"
        " rnn_modules, or correct the name.",
        "excluded_terms['x_value_reward_chosen'] names the signal 'c_rewrd'; control_parameters has"
        " ['c_reward']. Did you mean 'c_reward'?",
    )


@given(
    st.dictionaries(st.just(MODULE), st.none() | st.text() | st.lists(st.none() | st.lists(st.integers())))
)
def test_whatever_is_given_is_a_config_or_sentences(excluded):
    problems = ()
    try:
        SpiceConfig({MODULE: []}, {}, ["c_reward"], [MODULE], excluded_terms=excluded)
    except SettingsError as error:
        problems = error.problems
    assert all(problem.endswith((".", "?")) for problem in problems)
