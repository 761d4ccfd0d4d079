"""Settings say what is wrong in sentences, all of it at once."""

from dataclasses import FrozenInstanceError, fields, replace

import numpy as np
import pytest
from hypothesis import given, strategies as st

from spicewidgets import AgentQ, BanditsDrift, convert_dataset, create_dataset
from spicewidgets.core.settings import (
    Discovery,
    Participant,
    SettingsError,
    Task,
    Training,
    describe_bounds,
    shorten,
)
from spicewidgets.state.experiment import Experiment

ALL = [Task, Participant, Training, Discovery]
ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**12), 10**12),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["drift", "clip", "adam", "STLSQ"]),
    st.lists(st.integers(), max_size=2),
)


@pytest.mark.parametrize("kind", ALL)
def test_the_defaults_are_allowed(kind):
    assert kind().problems() == []
    assert kind().checked() == kind()


@pytest.mark.parametrize("kind", ALL)
def test_every_field_says_what_it_is_and_what_it_allows(kind):
    for item in fields(kind):
        assert item.metadata["help"].endswith((".", "given."))
        assert describe_bounds(item.metadata)


def test_settings_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        Task().sigma = 1.0


def test_all_problems_are_told_at_once():
    with pytest.raises(SettingsError) as raised:
        Participant(alpha_reward=2, beta_reward=-1, forget_rate=1.1).checked()
    assert len(raised.value.problems) == 3
    assert str(raised.value) == "\n".join(raised.value.problems)
    assert isinstance(raised.value, ValueError)


def test_optional_settings_may_be_none():
    assert Participant(alpha_penalty=None).problems() == []
    assert Participant(alpha_reward=None).problems() != []


@given(
    st.sampled_from(ALL).flatmap(lambda kind: st.tuples(st.just(kind), st.sampled_from(fields(kind)))),
    ANYTHING,
)
def test_any_value_is_either_allowed_or_a_sentence(kind_and_field, value):
    kind, item = kind_and_field
    problems = replace(kind(), **{item.name: value}).problems()
    assert len(problems) <= 1
    assert all(problem.startswith(f"{item.name} must be ") and repr(value) in problem for problem in problems)


def nested(depth, wrap):
    value = 1
    for _ in range(depth):
        value = wrap(value)
    return value


@pytest.mark.parametrize("wrap", [lambda v: [v], lambda v: {"a": v}, lambda v: (v,)], ids=["[]", "{}", "()"])
@pytest.mark.parametrize(
    "take",
    [
        lambda value: AgentQ(alpha_reward=value),
        lambda value: BanditsDrift(value),
        lambda value: Training(epochs=value).checked(),
        lambda value: create_dataset(AgentQ(), BanditsDrift(0.2), value, 2),
        lambda value: Experiment().from_dict({"task": {"sigma": value}}),
        lambda value: Experiment().from_dict([value]),
        lambda value: convert_dataset(value),
    ],
    ids=["agent", "task", "training", "trials", "settings", "experiment", "table"],
)
def test_a_value_that_is_nested_deeply_is_refused_in_a_sentence(take, wrap):
    """To write it whole, Python would go deeper than it can."""
    with pytest.raises(SettingsError) as caught:
        take(nested(5000, wrap))
    assert len(str(caught.value)) < 500


def test_a_value_is_shown_as_it_is_written_unless_it_is_long():
    for value in (0.2, "drift", -(10**12), [1, 2], {"a": None}, (True,), 10**40, np.float64(0.5)):
        assert shorten(value) == repr(value)
    assert len(shorten(["x" * 10**6] * 10**6)) < 4000
    assert shorten(10**5000) == "a int"
