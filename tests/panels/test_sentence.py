"""The equation as a sentence: its numbers are buttons, and a pressed one is explained."""

import re
from dataclasses import replace
from math import inf

import ipywidgets as widgets
import pytest

from spicewidgets.apps import panel
from spicewidgets.panels.head import Head
from spicewidgets.panels.sentence import Key

CHOSEN, OTHER = "x_value_reward_chosen", "x_value_reward_not_chosen"


@pytest.fixture
def shown():
    made = panel("equation")
    made.experiment.follow_library = False
    return made


def said(box):
    """What a box of widgets says, numbers included."""
    if isinstance(box, widgets.Button):
        return f"[{box.description}]"
    if isinstance(box, widgets.HTML):
        return re.sub("<[^>]+>", " ", box.value).strip()
    return " ".join(filter(None, map(said, box.children)))


def text(html):
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", html)).strip()


def test_it_opens_in_words_with_the_first_number_explained(shown):
    assert said(shown.sentence) == (
        "Value of the chosen option, next = [0.71] × its value now + [0.92] × reward − [0.28]"
    )
    told = text(shown.explained.value)
    assert told.startswith("What 0.71 stands for 0.71 = 1 − α What is kept of the value")
    assert "So α = 0.29; the participant has 0.30." in told
    assert "0.68 to 0.73 with 95 %. The true 0.70 is inside." in told
    assert "6.1 nats in 100 choices." in told
    assert "sw-on" in shown.sentence.buttons[Key(CHOSEN, (CHOSEN,))]._dom_classes


def test_a_parameter_that_the_choices_do_not_identify_is_not_stated(shown):
    result = shown.runner.result
    errors = result.recorded.uncertainty[0]
    unknown = replace(
        errors,
        coefficients={CHOSEN: errors.coefficients[CHOSEN] | {(CHOSEN,): inf}},
        parameters=errors.parameters | {"alpha_reward": inf},
        untold=("Something can move.",),
    )
    shown.runner.store.hold(replace(result, recorded=replace(result.recorded, uncertainty={0: unknown})))
    told = text(shown.explained.value)
    assert "These choices do not identify α." in told
    assert "α = 0.29" not in told
    head = Head(shown.experiment, shown.runner).equations.value
    assert head.count("<i>α</i>") == 1  # the truth's


def test_pressing_another_number_explains_that(shown):
    key = Key(CHOSEN, ("c_reward",))
    shown.sentence.buttons[key].click()
    assert text(shown.explained.value).startswith("What 0.92 stands for 0.92 = α β")
    marked = [one for one, pressable in shown.sentence.buttons.items() if "sw-on" in pressable._dom_classes]
    assert marked == [key]
    assert shown.alert.value == ""


def test_symbols_and_python_are_one_press_away(shown):
    shown.written.value = "symbols"
    assert said(shown.sentence) == "x′ = [0.71] x + [0.92] r − [0.28]"
    shown.written.value = "Python"
    assert shown.sentence.layout.display == "none"
    assert "x_value_reward_chosen = 0.705 * x_value_reward_chosen + 0.918 * c_reward - 0.285" in text(
        shown.code.value
    )
    shown.written.value = "words"
    assert shown.sentence.layout.display == ""
    assert "its value now" in said(shown.sentence)


def run(shown, model, **person):
    experiment = shown.experiment
    experiment.data.put({"n_sessions": 12, "n_trials": 30})
    experiment.training.epochs = 30
    experiment.participant.put(person)
    experiment.model.name = model
    assert shown.runner.train()
    assert shown.runner.wait(120)
    assert shown.alert.value == ""


def test_several_modules_stand_under_each_other_term_under_term(shown):
    run(shown, "choice", beta_choice=1.0, alpha_choice=0.5, forget_rate=0.3)
    rows = [row for row in shown.sentence.children if "sw-module-row" in row._dom_classes]
    equations = shown.runner.result.spice.of_participant(0)
    assert len(rows) == len(equations) == 4
    widths = [
        [cell.layout.min_width for cell in row.children if "sw-cell" in cell._dom_classes] for row in rows
    ]
    assert all(each == widths[0] for each in widths)
    assert said(rows[0]).startswith("Value, chosen option")
    assert set(shown.sentence.buttons) >= {
        Key(module, term) for module, equation in equations.items() for term, _ in equation.active
    }
    beta = Key("beta", ("x_value_reward",))
    shown.sentence.buttons[beta].click()
    assert "How strongly choices follow it" in text(shown.explained.value)
    assert shown.alert.value == ""


def test_numbers_change_in_place_while_the_terms_stay(shown):
    before = dict(shown.sentence.buttons)
    run(shown, "rescorla-wagner", alpha_reward=0.7)
    after = shown.sentence.buttons
    same = [key for key in before if key in after]
    assert same
    if set(before) == set(after):
        assert all(after[key] is before[key] for key in same)
    value = shown.runner.result.spice.equation(CHOSEN).coefficient(CHOSEN)
    assert after[Key(CHOSEN, (CHOSEN,))].description == f"{abs(value):.2f}"


def test_a_cost_that_is_not_known_is_asked_for(shown):
    shown.experiment.discovery.selection = "threshold"
    run(shown, "rescorla-wagner")
    assert shown.drop.layout.display == ""
    assert "Fit it with and without the term" in text(shown.explained.value)
    shown.drop.click()
    assert "nats in 100 choices" in text(shown.explained.value)
    assert shown.drop.layout.display == "none"


def test_an_interval_that_is_not_known_says_why(shown):
    shown.experiment.discovery.refine = False
    shown.experiment.discovery.selection = "threshold"
    run(shown, "rescorla-wagner")
    assert "Not known: the numbers were not tuned to the choices" in text(shown.explained.value)


def test_nothing_is_there_before_there_is_an_equation(shown):
    assert shown.runner.reset()
    shown.refresh()
    assert shown.sentence.layout.display == "none"
    assert shown.explained.value == ""
