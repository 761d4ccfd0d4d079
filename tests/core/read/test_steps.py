"""The steps of the translation say what `classical_parameters` does: each rule, evaluated, is its value."""

from math import isnan

import pytest

import spicewidgets as sw
from spicewidgets.core.read.steps import steps
from spicewidgets.core.read.translation import classical_parameters, true_model

CHOSEN = "x_value_reward_chosen"


def published():
    return sw.SpiceModel.of(sw.Equation(CHOSEN, ((), (CHOSEN,), ("c_reward",)), (-0.411, 0.682, 0.887)))


def test_the_published_equation_in_three_steps():
    """S73, S74: w = 1 - alpha, g = alpha beta, k = alpha (V0 - beta q0)."""
    found = steps(published(), sw.RescorlaWagnerRNN)
    assert [step.rule for step in found] == [
        "w = 1 - alpha",
        "g = alpha beta",
        "k = alpha (V0 - beta q0)",
    ]
    assert [step.text() for step in found] == [
        "alpha = 1 - w = 1 - 0.682 = 0.318",
        "beta = g / alpha = 0.887 / 0.318 = 2.79",
        "q0 = (V0 - k / alpha) / beta = (0.5 - (-0.411) / 0.318) / 2.79 = 0.643",
    ]


AGENTS = {
    "forgetting": (sw.AgentQ(alpha_reward=0.3, forget_rate=0.2, q0=0.4), sw.ForgettingRNN, "FORGETTING_RNN"),
    "two rates": (
        sw.AgentQ(alpha_reward=0.8, alpha_penalty=0.2, q0=0.3),
        sw.RescorlaWagnerRNN,
        "RESCORLA_WAGNER",
    ),
    "habit": (sw.AgentQ(alpha_reward=0.3, beta_choice=1.5, alpha_choice=0.6), sw.ChoiceRNN, "CHOICE"),
    "learning rate": (
        sw.AgentQ(alpha_reward=0.8, alpha_penalty=0.2, forget_rate=0.1),
        sw.LearningRateRNN,
        "LEARNING_RATE_RNN",
    ),
}
BETAS = {
    "habit": {"x_value_reward": 1.7, "x_value_choice": -0.8},
    "learning rate": {"x_value_reward": 3.0},
    "two rates": {"x_value_reward": 0.4},
}


@pytest.mark.seed(11)
@pytest.mark.parametrize("name", AGENTS)
def test_each_rule_evaluated_is_the_parameter_and_exact(name):
    agent, model, config = AGENTS[name]
    spice = true_model(agent, model, getattr(sw, f"{config}_CONFIG"), betas=BETAS.get(name, {}))
    found = steps(spice, model)
    for step in found:
        evaluated = eval(step.solved, {"__builtins__": {}}, dict(step.numbers))
        assert evaluated == pytest.approx(step.value, abs=1e-9), step
        assert step.value == pytest.approx(agent.parameters[step.parameter], abs=1e-9), step
    parameters = {step.parameter for step in found}
    told = set(classical_parameters(spice, model)) - {"alpha_penalty"}
    assert told <= parameters


def test_what_an_equation_leaves_open_is_said():
    still = sw.SpiceModel.of(sw.Equation(CHOSEN, ((), (CHOSEN,), ("c_reward",)), (0.0, 1.0, 0.5)))
    alpha, beta, _ = steps(still, sw.RescorlaWagnerRNN)
    assert alpha.value == 0
    assert isnan(beta.value)
    assert beta.text() == "beta = g / alpha = 0.5 / 0 = not identified"


def test_modules_without_a_classical_reading_have_no_steps():
    mood = sw.SpiceModel.of(sw.Equation("x_mood", ((), ("x_mood",)), (0.1, 0.5)))
    assert steps(mood, sw.RescorlaWagnerRNN) == ()
