"""Standard errors: those of a regression where the model is one, intervals that cover, flat directions."""

from itertools import combinations_with_replacement
from math import inf, isfinite, sqrt

import numpy as np
import pytest

import spicewidgets as sw
from spicewidgets.core.discover.information import InformationMatrix, bounded_interval, half_width, slopes
from spicewidgets.core.discover.known import uncertainty
from spicewidgets.core.discover.refine import refine
from spicewidgets.core.discover.uncertainty import Uncertainty
from spicewidgets.core.read.translation import classical_parameters

CHOSEN = "x_value_reward_chosen"
NOT_CHOSEN = "x_value_reward_not_chosen"
TERMS = ((), (CHOSEN,), ("c_reward",))
AGENT = sw.AgentQ(alpha_reward=0.3)
LEVEL = 0.9


def data(seed, agent=AGENT, n_trials=100, n_sessions=100):
    return sw.create_dataset(agent, sw.BanditsDrift(sigma=0.2), n_trials, n_sessions, random_state=seed)[0]


@pytest.fixture(scope="module")
def fitted():
    model, dataset = sw.RescorlaWagnerRNN(2), data(1)
    spice = refine(sw.true_model(AGENT, model, sw.RESCORLA_WAGNER_CONFIG), model, dataset)
    return spice, model, dataset


@pytest.mark.parametrize("bounds", [(0.0, 1.0), (0.0, inf), (-inf, inf), (2.0, 12.0)])
@pytest.mark.parametrize("error", [1e-4, 0.05, 2.0, 1e9])
@pytest.mark.parametrize("share", [0.001, 0.5, 0.97])
def test_an_interval_stays_within_the_bounds_and_holds_the_value(bounds, error, share):
    value = bounds[0] + share * (bounds[1] - bounds[0]) if isfinite(bounds[1]) else share
    low, high = bounded_interval(value, error, 0.95, bounds)
    assert bounds[0] <= low <= value <= high <= bounds[1]
    assert bounded_interval(value, inf, 0.95, bounds) == bounds
    assert not isfinite(bounded_interval(value, np.nan, 0.95, bounds)[0])
    if error == 1e-4:  # a small error is the same on every scale
        half = half_width(error, 0.95)
        assert (low, high) == pytest.approx((value - half, value + half), abs=0.15 * half)


def test_an_interval_between_bounds_is_that_of_the_log_odds():
    """Worked by hand: log-odds of 0.2 are -1.386, their error 0.1 / 0.16, times 1.96 is 1.225."""
    low, high = bounded_interval(0.2, 0.1, 0.95, (0.0, 1.0))
    assert (low, high) == pytest.approx((0.0684, 0.4598), abs=2e-4)
    assert bounded_interval(3.0, 1.5, 0.95, (0.0, inf)) == pytest.approx(
        (3 / np.exp(0.98), 3 * np.exp(0.98)), rel=1e-3
    )
    assert bounded_interval(1.1, 0.2, 0.95, (0.0, 1.0)) == pytest.approx((0.708, 1.0), abs=1e-3)


def test_a_constant_alone_is_a_logistic_regression():
    """With x' = k, the logits are k for the last arm taken and V0 for an arm never taken: worked by hand."""
    dataset = data(4, n_trials=30, n_sessions=20)
    k = 0.9
    spice = sw.SpiceModel.of(sw.Equation(CHOSEN, ((),), (k,)))
    found = uncertainty(spice, sw.RescorlaWagnerRNN(2), dataset)[0]
    taken = np.cumsum(np.asarray(dataset.xs[..., :2]), 1) > 0
    slope = taken[..., 0].astype(float) - taken[..., 1]
    difference = np.where(taken, k, 0.5)[..., 0] - np.where(taken, k, 0.5)[..., 1]
    p = 1 / (1 + np.exp(-difference))
    known = np.asarray(dataset.target_mask)
    assert found.coefficients[CHOSEN][()] == pytest.approx(
        1 / sqrt((p * (1 - p) * slope**2)[known].sum()), rel=1e-6
    )


def test_the_errors_are_the_curvature_of_the_likelihood(fitted):
    """Expected and observed information agree within a few percent at 10,000 choices."""
    spice, model, dataset = fitted
    values = np.array(spice.equation(CHOSEN).values)

    def nll(vector):
        tried = sw.SpiceModel.of(sw.Equation(CHOSEN, TERMS, tuple(vector)))
        return float(sw.scores({"s": sw.AgentSpice(model, tried)}, dataset).loc["s", "nll"]) * 10_000

    h, eye = 0.01, np.eye(3)
    observed = np.zeros((3, 3))
    for i, j in combinations_with_replacement(range(3), 2):
        four = (a * b * nll(values + h * (a * eye[i] + b * eye[j])) for a in (1, -1) for b in (1, -1))
        observed[i, j] = observed[j, i] = sum(four) / (4 * h * h)
    expected = uncertainty(spice, model, dataset)[0].coefficients[CHOSEN]
    assert list(expected.values()) == pytest.approx(np.sqrt(np.diag(np.linalg.inv(observed))), rel=0.1)


def test_parameters_by_the_delta_method(fitted):
    spice, model, dataset = fitted
    found = uncertainty(spice, model, dataset)[0]
    assert set(found.parameters) == {"alpha_reward", "alpha_penalty", "beta_reward", "q0"}
    assert found.parameters["alpha_reward"] == pytest.approx(found.coefficients[CHOSEN][(CHOSEN,)], rel=1e-6)
    assert found.untold == ()


def test_what_the_choices_do_not_tell_has_an_infinite_error():
    assert InformationMatrix(np.diag([4.0, 0.0])).errors.tolist() == [0.5, inf]
    assert np.isinf(InformationMatrix(np.ones((2, 2))).errors).all()
    assert InformationMatrix(np.zeros((0, 0))).errors.shape == (0,)


def test_slopes_are_those_of_the_function():
    found = slopes(lambda v: {"product": v[0] * v[1], "sum": v.sum()}, np.array([2.0, 3.0]))
    assert found["product"] == pytest.approx([3, 2])
    assert found["sum"] == pytest.approx([1, 1])


def test_more_choices_are_surer():
    model, spice = (
        sw.RescorlaWagnerRNN(2),
        sw.true_model(AGENT, sw.RescorlaWagnerRNN, sw.RESCORLA_WAGNER_CONFIG),
    )
    few, many = (
        uncertainty(spice, model, data(1, n_sessions=n))[0].parameters["alpha_reward"] for n in (20, 80)
    )
    assert few / many == pytest.approx(2, rel=0.15)


def test_a_learned_beta_and_the_stretch_of_the_values_are_not_told_apart():
    """(V, beta) and (cV, beta / c) are the same participant; alpha, beta and q0 are still known."""
    model = sw.ParticipantEmbeddingRNN(2, n_participants=1)
    agent = sw.AgentQ(alpha_reward=0.3, forget_rate=0.2)
    truth = sw.true_model(agent, model, sw.FORGETTING_RNN_CONFIG, betas={"x_value_reward": 0.5})
    found = uncertainty(truth, model, data(2, agent, n_sessions=40))[0]
    assert found.betas["x_value_reward"] == inf
    assert found.coefficients[CHOSEN][("c_reward",)] == inf
    assert isfinite(found.coefficients[CHOSEN][(CHOSEN,)])
    assert all(
        0 < found.parameters[name] < 1 for name in ("alpha_reward", "beta_reward", "q0", "forget_rate")
    )
    (sentence,) = found.untold
    assert sentence.startswith(
        "The choices do not tell these coefficients apart: P stays the same if one moves"
    )
    assert "beta of x_value_reward by" in sentence


def test_without_the_freedom_of_beta_the_same_parameters_have_the_same_errors():
    """The gauge is a matter of writing: ForgettingRNN, which has no beta, gives the same errors."""
    agent = sw.AgentQ(alpha_reward=0.3, forget_rate=0.2)
    dataset = data(2, agent, n_sessions=40)
    with_beta = sw.ParticipantEmbeddingRNN(2, n_participants=1)
    betas = {"x_value_reward": 0.5}
    a = uncertainty(
        sw.true_model(agent, with_beta, sw.FORGETTING_RNN_CONFIG, betas=betas), with_beta, dataset
    )
    plain = sw.ForgettingRNN(2)
    b = uncertainty(sw.true_model(agent, plain, sw.FORGETTING_RNN_CONFIG), plain, dataset)
    names = ("alpha_reward", "forget_rate")
    assert [a[0].parameters[n] for n in names] == pytest.approx([b[0].parameters[n] for n in names], rel=1e-6)


def test_terms_that_are_left_out_have_no_error(fitted):
    _, model, dataset = fitted
    spice = sw.SpiceModel.of(sw.Equation(CHOSEN, TERMS, (0.0, 0.7, 0.9)))
    assert list(uncertainty(spice, model, dataset)[0].coefficients[CHOSEN]) == [(CHOSEN,), ("c_reward",)]


def test_a_number_that_no_choice_depends_on_is_told():
    """Values that stay 0 whatever the rewards: nothing is known of how much of them is kept."""

    class Idle(sw.RescorlaWagnerRNN):
        init_values = {"x_value_reward": 0.0}

    spice = sw.SpiceModel.of(sw.Equation(CHOSEN, ((CHOSEN,),), (0.7,)))
    found = uncertainty(spice, Idle(2), data(1, n_trials=20, n_sessions=5))[0]
    assert found.coefficients[CHOSEN] == {(CHOSEN,): inf}
    assert found.untold == (
        f"The choices do not tell own value of {CHOSEN}: whatever it is, P stays the same.",
    )


def test_each_participant_has_their_own():
    agents, who = [AGENT] * 10 + [AGENT] * 40, ["ann"] * 10 + ["bob"] * 40
    dataset = sw.create_dataset(agents, sw.BanditsDrift(sigma=0.2), 60, 50, participant=who, random_state=2)[
        0
    ]
    row = sw.true_model(AGENT, sw.RescorlaWagnerRNN, sw.RESCORLA_WAGNER_CONFIG).equation(CHOSEN)
    found = uncertainty(sw.SpiceModel(("ann", "bob"), {CHOSEN: (row, row)}), sw.RescorlaWagnerRNN(2), dataset)
    ratio = found["ann"].parameters["alpha_reward"] / found["bob"].parameters["alpha_reward"]
    assert ratio == pytest.approx(2, rel=0.25)


def test_it_goes_to_plain_data_and_back(fitted):
    found = uncertainty(*fitted)[0]
    assert Uncertainty.from_dict(found.to_dict()) == found


def covered(spice, truth, errors):
    """Which of the true numbers are within the interval: coefficients, then alpha and beta."""
    got, true = spice.equation(CHOSEN), truth.equation(CHOSEN)
    hits = {
        " ".join(term) or "1": abs(got.coefficient(*term) - true.coefficient(*term))
        < half_width(errors.coefficients[CHOSEN].get(term, 0.0), LEVEL)
        for term in TERMS
    }
    a, b = (classical_parameters(one, sw.RescorlaWagnerRNN) for one in (spice, truth))
    names = ("alpha_reward", "beta_reward", "q0")
    return hits | {n: abs(a[n] - b[n]) < half_width(errors.parameters[n], LEVEL) for n in names}


@pytest.mark.slow
def test_intervals_of_the_refined_truth_cover_it():
    """200 data sets of the tutorial's model, refined from the true terms: 90 % intervals cover in 85 to 95 %.
    Only the numbers are found here, not the terms. Found: constant 90 %, value (and alpha) 86 %, reward 92 %,
    beta 93.5 %, q0 91 %.
    """
    model = sw.RescorlaWagnerRNN(2)
    truth = sw.true_model(AGENT, model, sw.RESCORLA_WAGNER_CONFIG)
    rows = []
    for seed in range(200):
        dataset = data(seed)
        found = refine(truth, model, dataset)
        rows.append(covered(found, truth, uncertainty(found, model, dataset)[0]))
    shares = {name: np.mean([row[name] for row in rows]) for name in rows[0]}
    assert all(0.85 <= share <= 0.95 for share in shares.values()), shares


@pytest.mark.slow
def test_intervals_of_the_whole_pipeline_cover_the_truth():
    """20 data sets through training, SINDy and refinement: with so few, 90 % intervals that are right miss 6
    or more of a number in 1 of 90 cases; each may miss at most 6. Found: 0, 4, 0 of the coefficients, 4 of
    alpha, 3 of beta, 1 of q0.
    """
    rows = []
    for seed in range(20):
        dataset = data(seed)
        estimator = sw.SpiceEstimator(sw.RescorlaWagnerRNN, sw.RESCORLA_WAGNER_CONFIG, random_state=seed)
        estimator.fit(dataset)
        truth = sw.true_model(AGENT, estimator.rnn_model_, sw.RESCORLA_WAGNER_CONFIG)
        errors = uncertainty(estimator.spice_model_, estimator.rnn_model_, dataset)[0]
        rows.append(covered(estimator.spice_model_, truth, errors))
    missed = {name: sum(not row[name] for row in rows) for name in rows[0]}
    assert max(missed.values()) <= 6, missed
