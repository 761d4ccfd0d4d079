"""Equations followed row by row, with all parts of their sums, expect what the model's own forward does."""

import numpy as np
import pytest

import spicewidgets as sw
from spicewidgets.core.models import MODELS
from spicewidgets.core.read.contributions import compute_contributions
from spicewidgets.core.read.hybrid import true_hybrid
from spicewidgets.core.rivals.kinds import simulate_kind
from spicewidgets.core.tasks import TWO_STEP
from spicewidgets.core.train.row_arrays import RowArrays, visited_rows

READY = MODELS["two-step"]
PARAMETERS = {one.name: one.default for one in TWO_STEP.participant}


@pytest.fixture(scope="module")
def followed():
    data = simulate_kind("two-step", 3, random_state=1)
    truth = sw.SpiceModel.of(*true_hybrid(PARAMETERS, READY.config.modules))
    record = sw.replay(sw.AgentSpice(READY.rnn_class(6), truth, 6), data)
    rows = RowArrays(READY.built, data.n_sessions, 6)
    outcomes = np.asarray(data.rewards, float)
    offered = record.probabilities > 0
    through = compute_contributions(READY.built, truth, data.choices, outcomes, rows=rows, offered=offered)
    return data, record, through


def test_equations_are_followed_as_the_model_does(followed):
    _, record, through = followed
    np.testing.assert_allclose(through.record.q, record.q, atol=1e-5)
    np.testing.assert_allclose(through.record.probabilities, record.probabilities, atol=1e-5)
    for name in READY.built.first_values:
        np.testing.assert_allclose(through.record.states[name], record.states[name], atol=1e-5)


def test_the_parts_of_an_update_are_its_sum(followed):
    _, _, through = followed
    for update in through.updates:
        total = sum(update.parts.values())
        np.testing.assert_allclose(total[update.moved], update.after[update.moved], atol=1e-12)
    first = next(one for one in through.updates if one.module == "x_value_first_chosen")
    moved = first.moved.any(-1)
    assert moved[:, 1::2].all()  # at the end of a trial
    assert not moved[:, 0::2].any()


def test_where_a_module_was_called(followed):
    data, record, through = followed
    update = next(one for one in through.updates if one.module == "x_value_first_chosen")
    module = next(one for one in READY.built.modules if one.name == update.module)
    outcomes = np.asarray(data.rewards, float)
    rows = list(
        visited_rows(
            READY.built, module, record.states, data.choices, outcomes, np.zeros((*data.choices.shape, 0))
        )
    )
    values = np.concatenate([value for value, _ in rows])
    assert len(values) == update.moved.sum()
    assert sorted(values) == pytest.approx(sorted(update.before[update.moved]), abs=1e-5)
    paid = np.concatenate([inputs["c_reward_chosen"] for _, inputs in rows])
    assert set(np.unique(paid)) == {0.0, 1.0}
