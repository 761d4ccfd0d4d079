"""Equations as sentences: every module and term of a ready model has words, in the order of a sentence."""

import pytest

from spicewidgets.core.equations import Equation, polynomial_terms
from spicewidgets.core.models import READY
from spicewidgets.core.read.words import (
    module_in_words,
    part_of_sentence,
    parts,
    python,
    sentence,
    signs_of,
    tendency,
    term_in_human_words,
)

CHOSEN, OTHER, HABIT = "x_value_reward_chosen", "x_value_reward_not_chosen", "x_value_choice_chosen"
TUTORIAL = Equation(CHOSEN, ((), (CHOSEN,), ("c_reward",)), (-0.29, 0.71, 0.92))


def test_the_tutorials_equation():
    assert (
        sentence(TUTORIAL) == "Value of the chosen option, next = 0.71 × its value now + 0.92 × reward − 0.29"
    )


def test_what_is_not_in_it_is_not_said():
    assert sentence(Equation(OTHER, ((), (OTHER,)), (0.0, 0.9))) == (
        "Value of an option not chosen, next = 0.90 × its value now"
    )
    assert sentence(Equation(OTHER, ((),), (0.0,))) == "Value of an option not chosen, next = 0"


def test_products_come_before_the_constant_and_powers_are_powers():
    terms = polynomial_terms((CHOSEN, "c_reward"), 2)
    own = [one.words for one in parts(Equation(CHOSEN, terms, (1.0,) * len(terms)))]
    assert own == ["its value now", "reward", "its value now²", "its value now × reward", "reward²", ""]
    assert parts(Equation(CHOSEN, terms, (1.0,) * len(terms)))[3].letters == "x r"


@pytest.mark.parametrize("name", [name for name, one in READY.items() if one.built is not None])
def test_every_module_of_a_ready_model_has_words_without_code(name):
    built = READY[name].built
    for module in built.modules:
        said = " ".join(module_in_words(module.name, built))
        said += term_in_human_words((module.name, *module.inputs), module.name, built)
        assert "_" not in said
        assert "x_" not in said


def test_the_description_of_a_model_says_which_options_a_module_moves():
    built = READY["learning-rate"].built
    assert module_in_words("x_learning_rate_reward", built) == ("learning rate", "the chosen option")
    assert module_in_words("x_pace_of_mine") == ("pace of mine", "every option")


def test_a_term_told_apart_from_other_modules():
    assert part_of_sentence(("c_reward",), CHOSEN) == "reward in the value of the chosen option"
    assert part_of_sentence((), HABIT) == "constant in the habit of the chosen option"
    assert part_of_sentence((OTHER,), OTHER) == "forgetting"


def test_what_an_equation_does():
    assert tendency(TUTORIAL) == "moves 29 % of the way"
    assert tendency(Equation(OTHER, ((), (OTHER,)), (0.0, 0.9))) == "fades by 10 % a trial"
    assert tendency(Equation(OTHER, (("c_reward",),), (1.4,))) == ""  # of no last value
    assert tendency(Equation(OTHER, ((OTHER,),), (0.0,))) == "goes to 0"
    assert tendency(Equation(OTHER, ((OTHER,),), (1.0,))) == "stays as it is"
    assert tendency(Equation(CHOSEN, ((CHOSEN,),), (1.2,))) == ""
    assert tendency(Equation(CHOSEN, ((CHOSEN,), (CHOSEN, "c_reward")), (0.7, -0.1))) == ""


def test_the_line_of_python_computes_what_the_equation_does():
    value, reward = 0.4, 1.0
    names = {CHOSEN: value, "c_reward": reward}
    exec(python(TUTORIAL), {}, names)
    assert names[CHOSEN] == pytest.approx(float(TUTORIAL(value, {"c_reward": reward})))


def test_signs():
    assert signs_of([0.7, -0.3, 0.2]) == ["", "−", "+"]
    assert signs_of([-0.7]) == ["−"]
