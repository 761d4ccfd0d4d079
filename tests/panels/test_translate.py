"""The panel that reads the equation: steps, the way back, the worth of a term, and what is free."""

import numpy as np
import pytest

from spicewidgets.apps import explorer, panel
from spicewidgets.views.meaning import person_of, steps_of

CHOSEN = "x_value_reward_chosen"


@pytest.fixture(scope="module")
def opened():
    return panel("translate")


@pytest.fixture
def shown(opened):
    opened.back.click()
    return opened


def plain(html):
    return html.replace("\N{NO-BREAK SPACE}", " ")


def trained(model="rescorla-wagner", **settings):
    made = panel("translate")
    experiment = made.experiment
    experiment.data.n_sessions, experiment.data.n_trials, experiment.training.epochs = 12, 30, 30
    experiment.model.name = model
    for name, value in settings.items():
        group, trait = name.split("__")
        setattr(experiment.group(group), trait, value)
    assert made.runner.train()
    assert made.runner.wait(120)
    assert made.alert.value == ""
    return made


def test_the_steps_stand_with_todays_numbers(shown):
    steps = plain(shown.steps.value)
    for words in (
        "w = 1 − α",
        "g = α β",
        "k = α (V₀ − β q₀)",
        "α = 1 − w = 1 − 0.705",
        "0.295 ± 0.011",
        "3.11 ± 0.08",
    ):
        assert words in steps
    assert [step.symbol for step in steps_of(shown.runner.result, 0)] == ["alpha", "beta", "q0"]


def test_the_parameters_begin_where_they_were_found(shown):
    assert shown.parameters.alpha_reward == pytest.approx(0.295, abs=1e-3)
    assert shown.parameters.beta_reward == pytest.approx(3.11, abs=1e-2)
    shown.refresh()
    assert shown.knobs["forget_rate"].layout.display == "none"
    typed, slider, _ = shown.knobs["beta_reward"].children
    assert typed.step == slider.step == 0.001  # a page rounds what it shows to the step
    assert "P differs by at most 0.000" in shown.moved.value


def test_a_moved_parameter_moves_the_equation(shown):
    shown.parameters.alpha_reward, shown.parameters.beta_reward, shown.parameters.q0 = 0.5, 2.0, 0.5
    for number in ("−0.250", "+0.500", "+1.000"):  # alpha (V0 - beta q0), 1 - alpha, alpha beta
        assert number in shown.moved.value
    assert shown.alert.value == ""
    shown.back.click()
    assert "+0.705" in shown.moved.value


def test_a_parameter_that_cannot_be_is_told_at_its_place(shown):
    before = shown.moved.value
    shown.parameters.alpha_reward = 3.0
    assert "alpha_reward must be between 0 and 1; got 3.0" in shown.knobs["alpha_reward"].below.value
    assert shown.moved.value == before
    assert shown.alert.value == ""


def test_what_no_choice_can_tell(shown):
    rows = shown.freedoms.value.split("<tr>")[2:]
    assert [("no</td>" in row, "by up to 0.24" in row) for row in rows] == [
        (True, False),
        (True, False),
        (False, True),
    ]
    assert "<td>no</td><td>x′ = 0.71 x + 0.92 r</td><td>1.47</td>" in plain(
        rows[0]
    )  # the constant is where the values start


@pytest.mark.seed(72)
def test_the_constant_cannot_be_dropped_for_nothing(shown):
    assert shown.term.label == f"constant of {CHOSEN}"
    shown.drop.click()
    assert "It cannot be left out" in shown.verdict.value
    assert "nats less likely (0.5348 to 0.5362 nats each)" in shown.verdict.value
    assert "session 99" in shown.verdict.value
    shown.term.value = (CHOSEN, ("c_reward",))
    assert shown.verdict.value == ""


def test_it_reckons_nothing_while_it_is_hidden():
    app = explorer(start=False)
    app.experiment.data.n_sessions, app.experiment.data.n_trials = 12, 30
    app.switch.value = "translate"
    app.switch.value = "task"
    hidden = app.panels["translate"]
    before = hidden.steps.value
    hidden.parameters.alpha_reward = 7
    assert app.runner.train()
    assert app.runner.wait(120)
    assert hidden.steps.value == before
    assert hidden.parameters.problems == []
    app.switch.value = "translate"
    assert hidden.steps.value != before
    assert hidden.alert.value == ""


def test_two_learning_rates():
    made = trained(discovery__degree=2, discovery__threshold=0.0)
    assert "c = α⁻ − α⁺" in plain(made.steps.value)
    assert made.knobs["alpha_penalty"].layout.display == ""
    made.parameters.alpha_penalty = 0.25
    assert "+0.750" in made.moved.value
    assert made.alert.value == ""


def test_several_participants_each_have_their_own():
    made = trained("participant-embedding", data__n_participants=2, discovery__threshold=0.0)
    first = made.steps.value
    assert made.participant.options == (("0", 0), ("1", 1))
    made.participant.value = 1
    assert made.steps.value != first
    people = made.runner.result.people.set_index("participant").loc[1]
    for step in steps_of(made.runner.result, 1):  # the intervals are those of People, not ± standard errors
        if step.value == step.value:
            ends = (people[f"{step.parameter}{end}"] for end in (" low", " high"))
            digits = 2 if abs(step.value) >= 1 else 3
            low, high = (f"{end:.{digits}f}".replace("-", "−") for end in ends)
            assert f"({low} to {high})" in plain(made.steps.value), step.parameter
        else:
            assert np.isnan(people[step.parameter])
    assert "with 95 % intervals as in People" in made.steps.value
    assert "g = α β / b" in plain(made.steps.value)
    told = person_of(made.runner.result, 1)
    assert made.parameters.forget_rate == told["forget_rate"]
    assert "<table" in made.freedoms.value


def test_a_model_of_another_form_has_its_steps_and_its_way_back():
    made = trained("learning-rate", discovery__threshold=0.0)
    assert "k_a = (1 − w_a) α⁻" in plain(made.steps.value)
    assert made.freedoms.value == ""
    before = made.moved.value
    assert "nats with the parameters" in before
    made.parameters.alpha_reward = 0.9
    assert made.moved.value != before
    assert made.alert.value == ""


def test_before_there_is_an_equation():
    made = panel("translate")
    assert made.runner.reset()
    assert "No equation yet" in plain(made.steps.value)
    assert made.cost.layout.display == made.knobs["q0"].layout.display == "none"
    assert made.alert.value == ""


def test_a_changed_setting_says_what_is_stale(shown):
    shown.experiment.participant.alpha_reward = 0.7
    assert "This result is for learning rate α = 0.30. Train again." in shown.stale.value
    shown.experiment.participant.alpha_reward = 0.3
    assert shown.stale.value == ""
