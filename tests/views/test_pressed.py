"""What is known of a number that was pressed: what it stands for is true of the participant, and its cost is
what leaving it out costs.
"""

import re
from dataclasses import replace
from math import exp, inf

import pytest

from spicewidgets.app.recorded import load_recorded
from spicewidgets.app.runner import Runner
from spicewidgets.core.read.steps import COEFFICIENTS
from spicewidgets.state import Experiment
from spicewidgets.views.looking import weigh
from spicewidgets.views.meaning import cost
from spicewidgets.views.pressed import WORDS, cost_in_words, costs_of, meaning_of
from spicewidgets.views.reading import NOT_IDENTIFIED, code_of, sentences_of

CHOSEN, OTHER = "x_value_reward_chosen", "x_value_reward_not_chosen"


@pytest.fixture(scope="module")
def tutorial():
    return load_recorded(Experiment().peek())


@pytest.fixture(scope="module")
def forgets():
    """A small run of a participant who forgets and repeats choices, whose betas are learned."""
    experiment = Experiment()
    experiment.participant.put({"forget_rate": 0.2, "beta_choice": 1.0, "alpha_choice": 0.6})
    experiment.model.name = "choice"
    experiment.data.put({"n_sessions": 30, "n_trials": 60})
    runner = Runner(experiment, foreground=True)
    assert runner.train()
    assert runner.result.spice is not None
    return runner.result


@pytest.mark.parametrize(
    ("term", "rule", "parameter", "true"),
    [
        ((CHOSEN,), "1 - alpha", "alpha_reward", 0.3),
        (("c_reward",), "alpha beta", "beta_reward", 3.0),
        ((), "alpha (V0 - beta q0)", "q0", 0.5),
    ],
)
def test_each_number_of_the_tutorial_stands_for_a_parameter(tutorial, term, rule, parameter, true):
    meaning = meaning_of(tutorial, 0, CHOSEN, term)
    assert (meaning.rule, meaning.step.parameter) == (rule, parameter)
    assert meaning.true == pytest.approx(true)
    numbers = meaning.step.numbers | {meaning.step.symbol: meaning.step.value}
    computed = eval(re.sub(r"(\w|\)) (?=[(\w])", r"\1 * ", rule), {}, all_numbers(tutorial) | numbers)
    assert computed == pytest.approx(tutorial.spice.equation(CHOSEN).coefficient(*term))


def all_numbers(result):
    from spicewidgets.views.meaning import steps_of

    steps = steps_of(result, 0)
    return {name: value for one in steps for name, value in {**one.numbers, one.symbol: one.value}.items()}


def test_every_symbol_that_is_explained_is_in_a_step(forgets):
    """Rules of the steps are found by the symbol that they begin with."""
    from spicewidgets.views.meaning import steps_of

    begun = {one.rule.partition(" = ")[0] for one in steps_of(forgets, 0)}
    told = {symbol for module in forgets.spice.equations for symbol in COEFFICIENTS.get(module, {})}
    assert told <= set(WORDS)
    assert begun >= told - {"c"}  # one learning rate


def test_what_a_q_learner_has_not_is_said(forgets):
    assert meaning_of(forgets, 0, CHOSEN, (CHOSEN, CHOSEN)).words.startswith("A Q-learner has no such term")
    assert meaning_of(forgets, 0, "x_mood", ()).words.startswith("A Q-learner has no mood")
    assert meaning_of(forgets, 0, OTHER, (OTHER,)).rule == "1 - f"


def test_recorded_costs_are_those_of_leaving_each_term_out(tutorial):
    costs = costs_of(tutorial, 0)
    assert costs.n_choices == 10_000
    assert set(costs.nats) == {(CHOSEN, term) for term, _ in tutorial.spice.equation(CHOSEN).active}
    assert costs.nats[CHOSEN, (CHOSEN,)] == pytest.approx(cost(tutorial, 0, CHOSEN, (CHOSEN,)).nats, rel=0.01)


def test_costs_of_a_run_are_its_evidence(forgets):
    costs, found = costs_of(forgets, 0), weigh(forgets, 0)
    assert costs.n_choices == found.n_choices
    for (module, term), nats in costs.nats.items():
        assert nats == found.of(module, *term).cost
        assert forgets.spice.equation(module).coefficient(*term)


def test_a_cost_in_words():
    assert cost_in_words(610.0, 10_000) == (
        f"6.1 nats in 100 choices. Without it, 100 choices are {exp(6.1):.0f} times less likely."
    )
    assert "more than 1,000 times" in cost_in_words(1300.0, 10_000)
    assert cost_in_words(2.0, 10_000) == (
        "Less than 0.1 nats in 100 choices. All 10,000 are 2.0 nats less likely without it."
    )


def test_a_sentence_for_each_module_and_one_on_the_choice(forgets):
    sentences = sentences_of(forgets, 0)
    assert [one.module for one in sentences] == [*forgets.spice.equations, "beta"]
    assert sentences[0].start == "Value of the chosen option, next ="
    assert sentences[-1].start == "Leans to an option by"
    for one in sentences[:-1]:
        values = {part.key[1]: part.value for part in one.parts}
        assert values == dict(forgets.spice.equation(one.module).active)
    assert [part.value for part in sentences[-1].parts] == [
        forgets.spice.beta(s) for s in forgets.spice.betas
    ]


def test_what_the_choices_do_not_identify_is_not_stated(forgets):
    errors = forgets.uncertainty[0]
    known = {one.module: one.about for one in sentences_of(forgets, 0, errors)}
    unknown = replace(errors, coefficients=errors.coefficients | {OTHER: {(OTHER,): inf}})
    about = {one.module: one.about for one in sentences_of(forgets, 0, unknown)}
    assert re.search(r"\d %", known[OTHER])
    assert about == known | {OTHER: NOT_IDENTIFIED}


def test_the_code_runs(forgets):
    names = dict.fromkeys([*forgets.spice.equations, "c_reward"], 0.5)
    exec(code_of(forgets, 0), {}, names)
    for module, equation in forgets.spice.of_participant(0).items():
        assert names[module] == pytest.approx(float(equation(0.5, {"c_reward": 0.5})), abs=2e-3)
