"""Samples for the equations without a loop over trials: the same as with one."""

from copy import deepcopy

import numpy as np
import pytest
import torch

from spicewidgets.core.discover.sampling import _transitions, sample
from spicewidgets.core.settings import Discovery
from spicewidgets.core.train.compiled import check, prepare, states_before
from spicewidgets.core.train.objective import Sessions

from .models import ODD, PRECODED, PearceHall, dataset_of, seeded

TASKS = {
    "off-policy": Discovery(n_trials_off_policy=40),
    "several sessions": Discovery(n_trials_off_policy=30, n_sessions_off_policy=5),
    "on-policy": Discovery(n_trials_off_policy=0),
}


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("name", [*PRECODED, *ODD])
def test_samples_are_those_of_the_loop(name, task):
    dataset = dataset_of()
    model = seeded((PRECODED | ODD)[name], spread=0.3)
    loop = sample(model, dataset, TASKS[task], 1)
    assert _transitions(model, Sessions.of(dataset).inputs)[1] == dataset.n_trials
    assert check(model, Sessions.of(dataset)) == ""
    assert _transitions(model, Sessions.of(dataset).inputs)[1] == 1
    found = sample(model, dataset, TASKS[task], 1)
    assert found.keys() == loop.keys()
    for module, samples in found.items():
        np.testing.assert_allclose(samples.value, loop[module].value, rtol=0, atol=1e-12)
        np.testing.assert_allclose(samples.after, loop[module].after, rtol=0, atol=1e-12)
        np.testing.assert_array_equal(samples.participant, loop[module].participant)
        assert samples.controls.keys() == loop[module].controls.keys()
        for signal, values in samples.controls.items():
            np.testing.assert_allclose(values, loop[module].controls[signal], rtol=0, atol=1e-12)


@pytest.mark.parametrize("n_sessions", [1, 2, 8, 9, 30])
def test_states_before_each_trial(n_sessions):
    model, dataset = seeded(PRECODED["choice"], spread=0.3), dataset_of(n_sessions)
    inputs = Sessions.of(dataset).inputs
    assert check(model, Sessions.of(dataset)) == ""
    found = states_before(model, inputs)
    plain = deepcopy(model).double().eval()
    with torch.no_grad():
        for trial in range(dataset.n_trials):
            _, state = (
                plain(inputs[:trial].double()) if trial else (None, plain.set_initial_state(n_sessions))
            )
            for name, value in state.items():
                torch.testing.assert_close(found[name][trial], value, rtol=0, atol=1e-12)


def test_a_model_that_has_not_passed_the_check_has_its_loop():
    model, inputs = seeded(PRECODED["choice"]), Sessions.of(dataset_of()).inputs
    assert states_before(model, inputs) is None
    assert check(model, Sessions.of(dataset_of())) == ""
    assert states_before(model, inputs) is not None
    assert states_before(deepcopy(model), inputs) is None
    assert prepare(model) == ""
    assert states_before(model, inputs) is None  # three trials show too little


def test_a_state_that_each_pass_begins_anew_needs_its_loop():
    """Compiled, it is trained well; but a trial cannot be run from a state that was handed over."""

    class Anew(PearceHall):
        def forward(self, inputs, prev_state=None, batch_first=False):
            return super().forward(inputs, None, batch_first)

    model, dataset = seeded(lambda: Anew(2)), dataset_of()
    sessions = Sessions.of(dataset)
    assert check(model, sessions) == ""
    assert _transitions(model, sessions.inputs)[1] == dataset.n_trials
