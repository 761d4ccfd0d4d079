"""Rivals of the two-step task: what they expect by hand, how they are fitted, and for which data they are."""

import numpy as np
import pytest
from staged import by_chance, dataset_of

import spicewidgets as sw
from spicewidgets.core.judge.staying import WEIGHTS, Staying
from spicewidgets.core.rivals.design import simulate_rival
from spicewidgets.core.rivals.fit import ModeSearch
from spicewidgets.core.rivals.model import AgentRival
from spicewidgets.core.rivals.ready import ALL, RIVALS, rivals_for
from spicewidgets.core.studies.comparison_study import ComparisonStudy, HeldOutSettings
from spicewidgets.core.studies.source import Source

TWO_STEP = ("hybrid", "model-free", "model-based", "two-step-kernel", "two-step-regression")
HYBRID = {"alpha1": 0.4, "alpha2": 0.6, "lambda": 0.7, "w": 0.3, "beta1": 4.0, "beta2": 3.0, "stay": 0.5}
VALUES = {
    "hybrid": list(HYBRID.values()),
    "model-free": [0.4, 0.6, 0.7, 4.0, 3.0, 0.5],
    "model-based": [0.6, 4.0, 3.0, 0.5],
    "two-step-kernel": [0.3, 2.0, 1.5],
    "two-step-regression": [0.8, 0.6, 0.1, 0.9, 0.5, 1.0],
}


@pytest.fixture(scope="module")
def data():
    return by_chance(3, 40, seed=5)


def expected_logits(trials, alpha1, alpha2, trace, w, beta1, beta2, stay):
    """Differences in logit, second option less first, before each choice of Daw's hybrid, one by one."""
    q1, q2, last, found = [0.5, 0.5], {state: [0.5, 0.5] for state in (0, 1)}, None, []
    for first, second, reward in trials:
        plan = [
            0.7 * max(q2[0]) + 0.3 * max(q2[1]),
            0.3 * max(q2[0]) + 0.7 * max(q2[1]),
        ]
        kept = 0 if last is None else stay * (1 if last == 1 else -1)
        found.append(beta1 * ((1 - w) * (q1[1] - q1[0]) + w * (plan[1] - plan[0])) + kept)
        state, option = divmod(second - 2, 2)
        found.append(beta2 * (q2[state][1] - q2[state][0]))
        surprise = reward - q2[state][option]
        q1[first] += alpha1 * (q2[state][option] - q1[first]) + alpha1 * trace * surprise
        q2[state][option] += alpha2 * surprise
        last = first
    return found


@pytest.mark.parametrize(
    ("name", "as_hybrid"),
    [
        ("hybrid", {}),
        ("model-free", {"w": 0}),
        ("model-based", {"w": 1}),
    ],
)
def test_a_learner_expects_what_its_equations_say(name, as_hybrid):
    trials = [(0, 2, 1), (0, 4, 1), (1, 5, 0), (1, 2, 1), (0, 3, 0), (1, 4, 1), (0, 2, 0)]
    first, second, rewards = (np.array([part]) for part in zip(*trials, strict=True))
    data = dataset_of(first, second, rewards)
    p = sw.replay(AgentRival(ALL[name], VALUES[name], 6), data).probabilities[0]
    found = []
    for row in range(1, len(p)):  # the first choice follows nothing
        on_offer = np.flatnonzero(data.offered[0, row - 1])
        assert p[row].sum() == pytest.approx(1)
        found.append(np.log(p[row][on_offer[1]] / p[row][on_offer[0]]))
    expected = expected_logits(trials, *(HYBRID | as_hybrid).values())
    np.testing.assert_allclose(found, expected[1:], atol=1e-9)


def test_a_kernel_moves_only_where_the_choice_was():
    data = dataset_of([[0, 0]], [[4, 2]], [[1, 0]])
    agent = AgentRival(ALL["two-step-kernel"], VALUES["two-step-kernel"], 6)
    p = sw.replay(agent, data).probabilities[0]
    at = {row: np.diff(np.log(p[row][data.offered[0, row - 1].numpy()]))[0] for row in (1, 2, 3)}
    assert at == pytest.approx({1: 0, 2: -2.0 * 0.3, 3: 0})


def test_a_regression_has_the_coefficients_that_the_table_of_staying_has():
    data = by_chance(3, 150, seed=5)
    fit, table = sw.fit_rival("two-step-regression", data), Staying.of(data).regression()
    np.testing.assert_allclose(fit.values[:, :4], table[list(WEIGHTS)], atol=1e-4)


@pytest.mark.parametrize("name", TWO_STEP)
def test_what_is_compiled_is_what_is_replayed(name, data):
    rival = ALL[name]
    p = sw.replay(AgentRival(rival, VALUES[name], 6), data).probabilities[:, 1:]
    nll = -np.log((p * data.ys.numpy()).sum(-1)).sum(-1)
    row = [one.to_scale(value) for one, value in zip(rival.parameters, VALUES[name], strict=True)]
    values = np.broadcast_to(row, (3, len(row)))
    np.testing.assert_allclose(ModeSearch(rival, data)(values[None]).nll[0], nll, rtol=1e-9)


def test_rivals_are_those_of_the_kind_of_task(data):
    assert list(rivals_for("two-step")) == ["random", *TWO_STEP]
    assert set(RIVALS) == set(rivals_for("bandit"))
    assert not set(TWO_STEP) & set(RIVALS)
    bandit, _, _ = sw.create_dataset(sw.AgentQ(), sw.BanditsDrift(0.2), 30, 2, random_state=1)
    with pytest.raises(sw.SettingsError, match="hybrid"):
        sw.fit_rival("hybrid", bandit)
    with pytest.raises(sw.SettingsError, match="rescorla-wagner"):
        sw.fit_rival("rescorla-wagner", data)


def test_those_of_the_task_are_compared_where_none_is_named(data):
    study = ComparisonStudy(HeldOutSettings(), Source(data))
    assert study.names == ("random", *TWO_STEP)
    result = sw.held_out(data, ["random", "two-step-kernel"], by="time", n_folds=2, way="prior")
    assert result.likelihood == pytest.approx([0.5, 0.5], abs=0.05)
    assert result.chance == pytest.approx(np.log(2))


def test_what_is_held_out_is_told_by_stage():
    """Of people who mostly repeat their first choice, and guess in the second stage."""
    rng = np.random.default_rng(3)
    first = (rng.random((4, 150)) < 0.1).cumsum(1) % 2
    state = np.where(rng.random((4, 150)) < 0.7, first, 1 - first)
    second, rewards = 2 + 2 * state + rng.integers(2, size=(4, 150)), rng.integers(2, size=(4, 150))
    data = dataset_of(first, second, rewards)
    settings = HeldOutSettings(by="time", n_folds=2, way="prior", rivals=("two-step-kernel", "random"))
    study = ComparisonStudy(settings, Source(data))
    for _ in study.steps():
        pass
    assert "first stage second stage" in study.result().text
    result = study.result().held_out
    first, second = result.stages
    assert (first, second) == ("first stage", "second stage")
    np.testing.assert_allclose(sum(result.stages.values()), result.nll)
    np.testing.assert_allclose(sum(result.n_stages.values()), result.n_choices)
    frame = result.to_frame().set_index("model")
    assert frame["likelihood_first_stage"]["two-step-kernel"] > 0.6
    assert frame["likelihood_second_stage"]["two-step-kernel"] == pytest.approx(0.5, abs=0.02)
    ahead = result.ahead("two-step-kernel", "random", stage=first)
    assert ahead.nats > 2 * result.ahead("two-step-kernel", "random", stage=second).nats
    part = result.of_people([True, False, True, False])
    np.testing.assert_allclose(part.stages[second], result.stages[second][:, [0, 2]])


def test_it_is_told_who_plans():
    """Of people who weigh the plan by a tenth, or by nine."""
    values = np.array([list((HYBRID | {"beta1": 6.0, "w": w}).values()) for w in (0.1, 0.9)] * 8)
    data = simulate_rival(ALL["hybrid"], values, sw.Design.of_settings(16, 1, 200, sw.TwoStep()), 31)
    fit = sw.fit_rival("hybrid", data, "group")
    error = np.abs(fit.values - values).mean(0)
    assert (error < [0.3, 0.15, 0.4, 0.25, 2.0, 1.0, 0.4]).all()
    found = fit.values[:, fit.names.index("w")]
    assert np.mean(found[1::2] > 0.5) > 0.8
    assert np.mean(found[::2] < 0.5) > 0.8


def test_it_is_told_which_of_them_chose():
    design = sw.Design.of_settings(8, 1, 150, sw.TwoStep())
    names = ("model-free", "model-based")
    study = sw.ModelRecovery(design, names, criterion="evidence", n_datasets=1, random_state=32)
    for _ in study.run(n_jobs=1):
        pass
    np.testing.assert_array_equal(study.confusion("datasets"), np.eye(2))
