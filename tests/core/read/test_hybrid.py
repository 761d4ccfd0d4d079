"""Equations of the two-step task, read as the hybrid of Daw et al. (2011)."""

from math import isnan

import numpy as np
import pytest
from staged import FromNothing

import spicewidgets as sw
from spicewidgets.core.mechanism import Trial, Values
from spicewidgets.core.models import OF_TASKS
from spicewidgets.core.polynomial import polynomial
from spicewidgets.core.read.hybrid import told_by_structure
from spicewidgets.core.rivals.model import AgentRival
from spicewidgets.core.rivals.two_step import Hybrid

MODEL = OF_TASKS["two-step"].rnn_class
HYBRID = {"alpha1": 0.4, "alpha2": 0.6, "lambda": 0.7, "w": 0.35, "beta1": 4.0, "beta2": 3.0, "stay": 0.5}
X1, X2, PLAN, STAY = "x_value_first", "x_value_second", "x_plan", "x_stay"


def equations(alpha1, alpha2, trace, w, beta1, beta2, stay, forget=(0.0, 0.0), constant=0.0):
    """Write a hybrid as equations: the way that is read back."""
    own, led = alpha1 * trace * beta1 * (1 - w), alpha1 * (1 - trace) * beta1 * (1 - w) / beta2
    numbers = {
        f"{X1}_chosen": {(f"{X1}_chosen",): 1 - alpha1, ("c_value_reached",): led, ("c_reward_chosen",): own},
        f"{X1}_not_chosen": {(f"{X1}_not_chosen",): 1 - forget[0]},
        f"{X2}_chosen": {(): constant, (f"{X2}_chosen",): 1 - alpha2, ("c_reward",): alpha2 * beta2},
        f"{X2}_not_chosen": {(f"{X2}_not_chosen",): 1 - forget[1]},
        PLAN: {("c_value_ahead",): beta1 * w / beta2},
        STAY: {(): stay},
    }
    return sw.SpiceModel.of(
        *(sw.Equation(name, tuple(it), tuple(it.values())) for name, it in numbers.items())
    )


@pytest.mark.parametrize("w", [0.0, 0.35, 1.0])
def test_parameters_come_back(w):
    true = HYBRID | {"w": w}
    found = sw.classical_parameters(equations(*true.values()), MODEL)
    told = {name: value for name, value in true.items() if w < 1 or name not in ("alpha1", "lambda")}
    assert {name: found[name] for name in told} == pytest.approx(told)
    assert w < 1 or (isnan(found["alpha1"]) and isnan(found["lambda"]))
    assert found["forget2"] == 0
    assert "q0" not in found


def test_equations_choose_as_the_rival_with_their_parameters():
    """The one update is the rival's; what equations stand for is what it would do."""
    agent = AgentRival(FromNothing(), [list(HYBRID.values())], 6)
    data, _, _ = sw.create_dataset(agent, sw.TwoStep(), 40, 5, random_state=1)
    written = sw.AgentSpice(MODEL(6, 1), equations(*HYBRID.values()), 6)
    np.testing.assert_allclose(
        sw.replay(written, data).probabilities, sw.replay(agent, data).probabilities, atol=1e-6
    )


def test_what_fades_and_what_is_expected_are_told_beside():
    values = HYBRID.values()
    found = sw.classical_parameters(equations(*values, forget=(0.1, 0.3), constant=-0.36), MODEL)
    assert (found["forget1"], found["forget2"], found["q0"]) == pytest.approx((0.1, 0.3, 0.2))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"w": -0.2}, "No hybrid has w -0.2.* goes against the plan"),
        ({"alpha2": 1.3}, "No hybrid has alpha2 1.3.* swings"),
        ({"lambda": 1.4}, "No hybrid has lambda 1.4"),
    ],
)
def test_what_no_hybrid_has_is_said(wrong, words):
    with pytest.warns(sw.SpiceWarning, match=words):
        sw.classical_parameters(equations(*(HYBRID | wrong).values()), MODEL)


def test_what_the_terms_alone_tell():
    of = {w: told_by_structure(equations(*(HYBRID | {"w": w}).values())) for w in (0.0, 0.5, 1.0)}
    assert of == {0.0: {"w": (0.0, 0.0)}, 0.5: {}, 1.0: {"w": (1.0, 1.0)}}
    assert told_by_structure(equations(*(HYBRID | {"lambda": 1.0}).values())) == {"lambda": (1.0, 1.0)}


def test_its_update_run_on_letters_is_its_equations():
    """After first option 0, and option 1 of the second state."""
    rival, letters = Hybrid(), np.array([[polynomial(f"Q{option}") for option in range(6)]], object)
    p = Values(**{name: np.array([[value]]) for name, value in HYBRID.items()})
    state, sides = {"value": letters, "first": np.zeros((1, 6))}, np.eye(6)
    reward = np.array([[polynomial("c_reward")]], object)
    for choice in (0, 5):
        state = rival.update(p, state, Trial(sides[[choice]], reward, None, None))
    value = state["value"][0]
    assert value[0].terms == pytest.approx({("Q0",): 0.6, ("Q5",): 0.4 * 0.3, ("c_reward",): 0.4 * 0.7})
    assert value[5].terms == pytest.approx({("Q5",): 0.4, ("c_reward",): 0.6})
    assert value[2].terms == {("Q2",): 1.0}


def test_maximum_likelihood_recovers_the_seven_parameters():
    true = np.array(list(HYBRID.values()))
    agent = AgentRival(Hybrid(), [true], 6)
    data, _, _ = sw.create_dataset(agent, sw.TwoStep(), 150, 20, random_state=1)
    fit = sw.fit_rival(Hybrid, data)
    assert not fit.at_bound.any()
    np.testing.assert_array_less(np.abs(fit.values - true) / fit.errors, 4)
    np.testing.assert_array_less(fit.errors[0, :4], 0.2)
