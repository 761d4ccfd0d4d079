"""The refinement is the maximum of the likelihood, and leaves alone what the choices cannot tell."""

import numpy as np
import pytest

import spicewidgets as sw
from spicewidgets.core.discover import likelihood
from spicewidgets.core.discover.refine import refine
from spicewidgets.core.train.compiled.symbolic import TraceError

CHOSEN = "x_value_reward_chosen"
TERMS = ((), (CHOSEN,), ("c_reward",))


def data(agent, n_trials=60, n_sessions=40, seed=5, **arguments):
    return sw.create_dataset(
        agent, sw.BanditsDrift(sigma=0.2, **arguments), n_trials, n_sessions, random_state=seed
    )[0]


def nll(spice, model, dataset):
    return float(sw.scores({"spice": sw.AgentSpice(model, spice)}, dataset).loc["spice", "nll"])


@pytest.fixture(scope="module")
def dataset():
    return data(sw.AgentQ(alpha_reward=0.3))


def test_it_is_the_maximum_of_the_likelihood(dataset):
    model = sw.RescorlaWagnerRNN(2)
    found = refine(sw.SpiceModel.of(sw.Equation(CHOSEN, TERMS, (-0.1, 0.6, 0.7))), model, dataset)
    best = nll(found, model, dataset)
    values = np.array(found.equation(CHOSEN).values)
    for number in range(3):
        for step in (-0.02, 0.02):
            beside = values + step * np.eye(3)[number]
            assert nll(sw.SpiceModel.of(sw.Equation(CHOSEN, TERMS, tuple(beside))), model, dataset) > best


def test_terms_that_were_not_found_stay_out(dataset):
    model = sw.RescorlaWagnerRNN(2)
    found = refine(sw.SpiceModel.of(sw.Equation(CHOSEN, TERMS, (0.0, 0.6, 0.7))), model, dataset)
    equation = found.equation(CHOSEN)
    assert equation.coefficient() == 0
    assert equation.terms == TERMS
    assert equation.coefficient(CHOSEN) != 0.6


def test_a_model_that_cannot_be_compiled_has_the_same_maximum(dataset, monkeypatch):
    model, start = sw.RescorlaWagnerRNN(2), sw.SpiceModel.of(sw.Equation(CHOSEN, TERMS, (-0.1, 0.6, 0.7)))
    whole = refine(start, model, dataset).equation(CHOSEN).values

    def refuse(*_):
        raise TraceError("no compiler")

    monkeypatch.setattr(likelihood, "Sensitivities", refuse)
    assert refine(start, model, dataset).equation(CHOSEN).values == pytest.approx(whole, abs=1e-7)


def test_what_the_choices_cannot_tell_stays_as_it_was(dataset):
    """With a beta beside the values, values twice as large and half the beta are the same participant."""
    model = sw.ParticipantEmbeddingRNN(2, n_participants=1)
    truth = sw.true_model(
        sw.AgentQ(alpha_reward=0.3), model, sw.FORGETTING_RNN_CONFIG, betas={"x_value_reward": 0.5}
    )
    found = refine(truth, model, dataset)
    assert found.beta("x_value_reward") == pytest.approx(0.5, abs=0.15)
    assert nll(found, model, dataset) <= nll(truth, model, dataset)


def test_each_participant_is_tuned_to_their_own_choices():
    agents = [sw.AgentQ(alpha_reward=0.7)] * 20 + [sw.AgentQ(alpha_reward=0.2)] * 20
    task, who = sw.BanditsDrift(sigma=0.2), ["ann"] * 20 + ["bob"] * 20
    dataset = sw.create_dataset(agents, task, 60, 40, participant=who, random_state=2)[0]
    start = sw.Equation(CHOSEN, TERMS, (-0.3, 0.6, 0.9))
    spice = sw.SpiceModel(("ann", "bob"), {CHOSEN: (start, start)})
    found = refine(spice, sw.RescorlaWagnerRNN(2), dataset)
    for code, label in enumerate(("ann", "bob")):
        own = sw.DatasetRNN(*(x[dataset.participant_ids == code].clone() for x in (dataset.xs, dataset.ys)))
        own.xs[..., -1] = 0
        alone = refine(sw.SpiceModel.of(start), sw.RescorlaWagnerRNN(2), own)
        assert found.equation(CHOSEN, label).values == pytest.approx(alone.equation(CHOSEN).values, abs=1e-9)
    assert found.equation(CHOSEN, "ann").coefficient(CHOSEN) < found.equation(CHOSEN, "bob").coefficient(
        CHOSEN
    )


def test_participants_without_equations_are_left_out():
    agents, who = [sw.AgentQ()] * 6, ["ann"] * 3 + ["bob"] * 3
    dataset = sw.create_dataset(agents, sw.BanditsDrift(sigma=0.2), 20, 6, participant=who, random_state=2)[0]
    spice = sw.SpiceModel(("ann", "bob"), {CHOSEN: (None, sw.Equation(CHOSEN, TERMS, (-0.3, 0.7, 0.9)))})
    assert refine(spice, sw.RescorlaWagnerRNN(2), dataset).equations[CHOSEN][0] is None


def test_three_arms():
    agent = sw.AgentQ(n_actions=3, alpha_reward=0.3)
    dataset = data(agent, n_actions=3)
    start = sw.SpiceModel.of(sw.Equation(CHOSEN, TERMS, (0.1, 0.5, 0.5)))
    found = refine(start, sw.RescorlaWagnerRNN(3), dataset).equation(CHOSEN)
    assert found.coefficient(CHOSEN) == pytest.approx(0.7, abs=0.1)
    assert found.coefficient("c_reward") == pytest.approx(0.9, abs=0.25)


def test_an_equation_without_terms_is_left_alone(dataset):
    nothing = sw.SpiceModel.of(sw.Equation(CHOSEN, TERMS, (0.0, 0.0, 0.0)))
    assert refine(nothing, sw.RescorlaWagnerRNN(2), dataset) == nothing


def test_the_estimator_refines_unless_told_not_to(dataset):
    arguments = {"epochs": 60, "n_starts": 2, "random_state": 3, "selection": "threshold"}
    plain = sw.SpiceEstimator(
        sw.RescorlaWagnerRNN, sw.RESCORLA_WAGNER_CONFIG, spice_refine=False, **arguments
    )
    plain.fit(dataset)
    as_found = plain.spice_model_.equation(CHOSEN)
    plain.discover(spice_refine=True)
    refined = plain.spice_model_.equation(CHOSEN)
    assert refined.values != as_found.values
    assert refine(sw.SpiceModel.of(as_found), plain.rnn_model_, dataset).equation(
        CHOSEN
    ).values == pytest.approx(refined.values)
