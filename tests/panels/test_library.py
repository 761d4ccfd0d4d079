"""The library panel: terms, inputs and filters by check boxes and rows, and what is wrong as a sentence."""

import ipywidgets as widgets
import pytest

from spicewidgets.app.runner import Runner
from spicewidgets.apps import panel
from spicewidgets.compat import WIDGETS

MODULE = "x_value_reward_chosen"


@pytest.fixture
def shown(monkeypatch):
    """The panel on the recorded run, which stays."""
    monkeypatch.setattr(Runner, "recall", lambda _: False)
    made = panel("library")
    made.experiment.follow_library = False
    return made


def box(shown):
    return shown.boxes[MODULE]


def ticks(row):
    return {one.description: one.value for one in row.children}


def test_it_shows_the_library_of_the_model(shown):
    assert list(shown.boxes) == [MODULE]
    assert ticks(box(shown).inputs) == {"c_action": False, "c_reward": True}
    assert ticks(box(shown).terms) == {"constant": True, "own value": True, "c_reward": True}
    (row,) = box(shown).filters.children
    assert [part.value for part in row.children[:3]] == ["c_action", 1.0, True]
    assert "true" in shown.terms.value


def test_a_higher_degree_offers_more_terms(shown):
    shown.experiment.discovery.degree = 2
    assert "own value × c_reward" in ticks(box(shown).terms)


@pytest.mark.seed(96)
def test_a_term_can_be_left_out_and_offered_again(shown):
    constant = box(shown).terms.children[0]
    constant.value = False
    assert shown.experiment.discovery.library(MODULE).without == ((),)
    assert not box(shown).terms.children[0].value
    box(shown).terms.children[0].value = True
    assert shown.experiment.discovery.library(MODULE).without == ()


def test_without_any_term_it_says_so_at_the_module(shown):
    for at in range(3):
        box(shown).terms.children[at].value = False
    assert "every candidate term is left out" in box(shown).problems.value
    assert shown.again.disabled
    box(shown).terms.children[0].value = True
    assert box(shown).problems.value == ""
    assert not shown.again.disabled


def test_filters_are_rows_that_can_be_added_changed_and_removed(shown):
    add, back = box(shown).children[-1].children
    add.click()
    assert len(box(shown).filters.children) == 2
    signal, value, _, _ = box(shown).filters.children[1].children
    signal.value = "c_reward"
    assert box(shown).filters.children[1].children[1] is value  # whoever is in a field stays there
    value.value = 0.0
    assert shown.experiment.discovery.library(MODULE).filters[1] == ("c_reward", 0.0, False)
    box(shown).filters.children[0].children[3].click()
    assert shown.experiment.discovery.library(MODULE).filters == (("c_reward", 0.0, False),)
    back.click()
    assert shown.experiment.discovery.library(MODULE).filters == (("c_action", 1.0, True),)
    signal, value, out, _ = box(shown).filters.children[0].children
    assert (signal.value, value.value, out.value) == ("c_action", 1.0, True)


def test_what_is_not_shown_any_more_is_forgotten(shown):
    add, back = box(shown).children[-1].children
    registry = widgets.Widget.widgets if WIDGETS < 8 else widgets.widgets.widget._instances
    before = len(registry)
    for name in ("forgetting", "rescorla-wagner"):
        shown.experiment.discovery.degree = 3
        add.click()
        back.click()
        shown.experiment.discovery.degree = 1
        shown.experiment.model.name = name
    assert len(registry) == before


def test_another_model_brings_its_own_modules(shown):
    shown.experiment.model.name = "forgetting"
    assert list(shown.boxes) == [MODULE, "x_value_reward_not_chosen"]
    assert shown.alert.value == ""


def test_what_is_ticked_is_what_is_found(shown):
    shown.experiment.follow_library = True
    box(shown).terms.children[0].value = False
    assert shown.runner.wait(120)
    result = shown.runner.result
    assert result.spice.equation(MODULE).coefficient() == 0
    assert "dropped" in shown.terms.value
    assert "+0.000" not in shown.terms.value
