"""Rows that are changed, added and removed: names follow, nothing is left behind, and no order breaks it."""

import json

import pytest
from hypothesis import given, settings, strategies as st

from spicewidgets.core.built import BuiltModel
from spicewidgets.core.models import TEMPLATES
from spicewidgets.state import Experiment
from spicewidgets.state.builder import (
    add_module,
    add_state,
    change_module,
    change_state,
    remove_module,
    remove_state,
)
from spicewidgets.state.model import YOUR_OWN

RATE = TEMPLATES["learning-rate"]


def test_a_new_name_of_a_state_is_taken_over_wherever_it_is_used():
    built = change_state(RATE, 0, name="x_rate")
    assert built.problems() == []
    assert [module.state for module in built.modules] == ["x_rate", "x_value_reward", "x_value_reward"]
    assert built.modules[1].inputs == ("c_reward", "x_rate")
    assert built.modules[0].name == "x_rate"


def test_modules_named_after_a_state_follow_its_name_as_long_as_it_is_one():
    built = change_state(TEMPLATES["forgetting"], 0, name="x_q")
    assert [module.name for module in built.modules] == ["x_q_chosen", "x_q_not_chosen"]
    wrong = change_state(built, 0, name="q!")
    assert [module.name for module in wrong.modules] == ["x_q_chosen", "x_q_not_chosen"]
    assert change_state(wrong, 0, name="x_q") == built


def test_a_name_that_is_taken_does_not_join_two_states():
    built = change_state(RATE, 0, name="x_value_reward")
    assert "Each state must have a name of its own" in " ".join(built.problems())
    assert change_state(built, 0, name="x_learning_rate_reward") == RATE


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_state_comes_with_a_module_and_goes_with_all_of_them(name):
    built = TEMPLATES[name]
    more = add_state(built)
    assert more.problems() == []
    assert more.modules[-1].state == more.states[-1].name == "x_state"
    assert remove_state(more, len(built.states)) == built
    for row in range(len(built.states)):
        left = remove_state(built, row)
        names = [state.name for state in left.states]
        assert all(module.state in names for module in left.modules)
        assert not {built.states[row].name} & {name for module in left.modules for name in module.inputs}


def test_a_module_is_added_where_it_is_needed():
    built = add_module(BuiltModel())
    assert built.problems() == []
    assert (built.modules[1].name, built.modules[1].arms) == ("x_value_reward_not_chosen", "not chosen")
    assert "must be moved by one module" in add_module(built).problems()[0]


def test_what_is_not_there_is_left_alone():
    empty = BuiltModel((), ())
    assert change_state(empty, 0, name="x_a") == change_module(empty, 3, name="x_a") == empty
    assert remove_state(empty, 0) == remove_module(empty, -1) == empty
    assert add_module(empty).modules[0].name == "x_module_chosen"


ROW = st.integers(-1, 4)
STEPS = st.one_of(
    st.just((add_state,)),
    st.just((add_module,)),
    st.tuples(st.just(remove_state), ROW),
    st.tuples(st.just(remove_module), ROW),
    st.tuples(st.just(change_state), ROW, st.fixed_dictionaries({"name": st.sampled_from(["x_a", "b", ""])})),
    st.tuples(st.just(change_state), ROW, st.fixed_dictionaries({"choice": st.just("unused")})),
    st.tuples(
        st.just(change_module),
        ROW,
        st.fixed_dictionaries({"arms": st.sampled_from(["all", "chosen"]), "inputs": st.just(("x_a",))}),
    ),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, max_size=12), st.sampled_from(list(TEMPLATES)))
def test_no_order_of_changes_raises_and_what_can_be_used_round_trips(steps, template):
    experiment = Experiment()
    experiment.model.start_from(template)
    for change, *arguments in steps:
        rest, parts = arguments[:1], arguments[1] if len(arguments) > 1 else {}
        experiment.model.built = change(experiment.model.built, *rest, **parts)
        told = experiment.model.problems
        assert all(sentence.startswith("built model: ") and sentence.endswith(".") for sentence in told)
        assert bool(told) == bool(experiment.model.built.problems())
        assert experiment.model.spec.controls[:2] == ("c_action", "c_reward")
    assert experiment.model.name == YOUR_OWN
    if not experiment.problems:
        other = Experiment()
        other.from_dict(json.loads(json.dumps(experiment.to_dict())))
        assert other.snapshot() == experiment.snapshot()
