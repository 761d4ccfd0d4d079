"""A question is checked, and its answer stays hidden until it is asked for."""

import pytest

from spicewidgets import Question

WORDS = "What is 1 − α?"


def asked(answer=0.7, **told):
    return Question(WORDS, answer, **({"within": 0.01, "hint": "α is 0.3.", "because": "So it is."} | told))


def told(question: Question) -> str:
    return question.verdict.value


@pytest.mark.parametrize("typed", ["0.7", " 0.695 ", "0,7", "7e-1"])
def test_a_number_within_the_tolerance_is_right(typed):
    question = asked()
    question.field.value = typed
    question.buttons["Check"].click()
    assert question.right is True
    assert "Correct. So it is." in told(question)


def test_a_wrong_number_gets_the_hint_and_not_the_answer():
    question = asked()
    question.field.value = "0.72"
    assert question.right is False
    assert "Not yet. α is 0.3." in told(question)
    assert "0.7" not in told(question)


def test_a_minus_sign_may_be_the_typographical_one():
    question = asked(-0.45)
    question.field.value = "−0.45"
    assert question.right is True


@pytest.mark.parametrize("typed", ["", "a <b>lot</b>", "nan", "inf"])
def test_what_is_no_number_is_told(typed):
    question = asked()
    question.field.value = typed
    question.buttons["Check"].click()
    assert question.right is None
    assert "A number is needed, such as 0.5; got " in told(question)
    assert "<b>" not in told(question)


def test_an_option_is_chosen():
    question = asked("a < b", options=["a > b", "a < b"])
    question.buttons["Check"].click()
    assert (question.right, "Choose an answer first." in told(question)) == (None, True)
    question.field.value = "a > b"
    question.buttons["Check"].click()
    assert question.right is False
    question.field.value = "a < b"
    assert told(question) == ""  # it was about another answer
    question.buttons["Check"].click()
    assert question.right is True


def test_the_answer_is_computed_when_it_is_needed_and_once():
    calls = []
    question = asked(lambda: calls.append(1) or 0.7)
    question.buttons["Hint"].click()
    assert calls == []
    question.buttons["Answer"].click()
    question.field.value = "0.7"
    assert (calls, question.right) == ([1], True)


def test_the_answer_is_shown_with_three_digits_and_its_reason():
    question = asked(2 / 3)
    question.buttons["Answer"].click()
    assert "The answer is 0.667. So it is." in told(question)


def test_an_answer_that_cannot_be_computed_is_told():
    question = asked(lambda: 1 / 0)
    question.buttons["Answer"].click()
    assert "division by zero" in question.alert.value


def test_all_words_are_escaped():
    evil = "<img src=x onerror=alert(1)>"
    question = Question(evil, evil, options=[evil], hint=evil, because=evil)
    question.buttons["Hint"].click()
    hinted = told(question)
    question.buttons["Answer"].click()
    shown = question.children[1].children if hasattr(question.children[1], "children") else question.children
    assert not [
        part for part in shown if "<img" in str(getattr(part, "value", "")) and part is not question.field
    ]
    assert "<img" not in hinted + told(question)


def test_without_a_hint_there_is_no_button_for_it():
    assert list(asked(hint="").buttons) == ["Check", "Answer"]
