"""Hybrids of the two-step task, found as equations of people who are pooled: terms, w, and how sure it is."""

import numpy as np
import pytest
from staged import FromNothing

import spicewidgets as sw
from spicewidgets.core.models import OF_TASKS
from spicewidgets.core.rivals.model import AgentRival

READY = OF_TASKS["two-step"]
N = 12


@pytest.fixture(scope="module", params=[0.0, 0.6, 1.0], ids=["w 0", "w 0.6", "w 1"])
def fitted(request):
    """People who differ in all but w, and the estimator that learned from them."""
    rng = np.random.default_rng(1)
    means = np.array([0.5, 0.5, 0.4, 0.0, 6.0, 4.0, 0.7])
    people = means * np.exp(0.15 * rng.standard_normal((N, 7)))
    people[:, 3] = request.param
    agent = AgentRival(FromNothing(), people, 6)
    data, _, _ = sw.create_dataset(agent, sw.TwoStep(), 200, N, participant=list(range(N)), random_state=1)
    spice = sw.SpiceEstimator(
        READY.rnn_class, READY.config, 6, pooling="group", epochs=2, n_trials_off_policy=100, random_state=1
    )
    return request.param, spice.fit(data)


def test_a_plan_is_found_where_there_is_one(fitted):
    w, spice = fitted
    terms = set(zip(spice.group_.to_frame()["module"], spice.group_.to_frame()["term"], strict=True))
    assert (("x_plan", "c_value_ahead[k]") in terms) == (w > 0)
    assert any(module.startswith("x_value_first") for module, _ in terms) == (w < 1)
    assert {("x_value_second_chosen", "c_reward[k]"), ("x_stay", "1")} <= terms


def test_people_have_their_w_with_an_interval(fitted):
    w, spice = fitted
    table = sw.people(spice, level=0.9)
    covered = (table["w low"] <= w) & (w <= table["w high"])
    assert table["w"].mean() == pytest.approx(w, abs=0.12)
    assert covered.mean() >= 0.8
    assert (table["w high"] - table["w low"]).max() < 0.7
    assert table["beta2"].between(2, 7).all()


def test_what_is_read_of_people_is_within_its_range(fitted):
    w, spice = fitted
    table = sw.people(spice)
    for name in ("alpha1", "alpha2", "w", "forget2"):
        assert table[name].dropna().between(0, 1).all()
    assert table["alpha1"].isna().all() == (w == 1)  # no value of a first choice is learned there
