"""A prediction is asked before its parameter can be moved."""

from spicewidgets.panels.prediction import Prediction


def test_the_slider_is_free_once_something_was_predicted():
    asked = Prediction("Which?", "b", ("a", "b"), because="So.", parameter="forget_rate", forget_rate=0.0)
    assert asked.slider.disabled
    before = asked.picture.value
    asked.field.value = "a"
    asked.check()
    assert (asked.right, asked.slider.disabled) == (False, False)
    asked.slider.value = 0.5
    assert asked.picture.value != before
    assert asked.alert.value == ""


def test_of_choices_it_draws_chances():
    asked = Prediction("Which?", "b", ("a", "b"), parameter="beta_choice", shows="choices", beta_choice=0.0)
    assert "P of each option" in asked.picture.value


def test_of_staying_it_draws_what_a_two_step_learner_repeats():
    asked = Prediction("Which?", "b", ("a", "b"), parameter="w", shows="staying", w=0.0)
    asked.tell()
    before = asked.picture.value
    assert "After a common transition" in before
    asked.slider.value = 1.0
    assert asked.picture.value != before
    assert asked.alert.value == ""
