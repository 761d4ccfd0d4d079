"""The runner: whatever happens, a run ends in a state that says so, and the next one can begin."""

import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from spicewidgets.results import preview, simulate
from spicewidgets.runner import Runner
from spicewidgets.state import Experiment


def small(**training):
    """An experiment that is run in a second."""
    experiment = Experiment()
    experiment.data.put({"n_sessions": 20, "n_trials": 30, "seed": 1})
    experiment.training.put({"n_starts": 2, "epochs": 60, **training})
    return experiment


@pytest.fixture(scope="module")
def trained():
    experiment = small()
    runner = Runner(experiment)
    assert runner.train()
    assert runner.wait(60)
    return runner


def test_a_run_ends_with_a_result_and_says_so(trained):
    run, result = trained.experiment.run, trained.result
    assert (run.status, run.phase, run.details) == ("done", "", "")
    assert run.message.startswith(f"Trained for {len(run.history)} epochs.")
    assert run.result_revision == 1
    assert set(trained.experiment.stages.values()) == {"done"}
    assert set(result.played) == {"truth", "rnn", "spice"}
    assert result.choices.shape == result.rewards.shape == (20, 30)
    assert list(result.terms[0].columns) == ["true", "found", "difference"]
    assert list(result.comparison.index) == ["truth", "rnn", "spice"]
    assert len(result.per_session) == 60


def test_a_preview_is_that_session_of_the_data():
    snapshot = small().snapshot()
    data = simulate(snapshot)
    for session in (0, 7):
        seen = preview(snapshot, session)
        assert (seen.choices == data.sessions[session].choices).all()
        np.testing.assert_array_equal(seen.reward_probs, data.sessions[session].reward_probs)
        np.testing.assert_allclose(seen.probabilities[1:], data.dataset.truth_probs[session], atol=1e-6)


def test_only_one_run_at_a_time():
    runner = Runner(small(epochs=5000, optimizer="adam"))
    assert runner.train()
    assert not runner.train()
    assert not runner.refit()
    assert runner.stop()
    assert runner.wait(10)
    assert not runner.stop()


def test_stop_within_a_second_keeps_what_was_learned():
    runner = Runner(small(epochs=100_000, optimizer="adam"))
    runner.train()
    run = runner.experiment.run
    while run.epoch < 20 and run.busy:
        time.sleep(0.01)
    begun = time.perf_counter()
    runner.stop()
    assert run.status in ("stopping", "cancelled")
    assert runner.wait(10)
    assert time.perf_counter() - begun < 1
    assert run.status == "cancelled"
    assert run.message == f"Stopped at epoch {run.epoch}; what was learned was kept."
    assert runner.result.spice is not None


def test_importing_runner_and_state_loads_nothing_heavy():
    code = "import sys, spicewidgets.runner, spicewidgets.state; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not {"torch", "pysindy", "ipywidgets", "pandas", "bqplot"} & set(loaded.split())


def test_runs_leave_no_threads_behind(trained):
    before = threading.active_count()
    for _ in range(3):
        trained.refit()
        assert trained.wait(20)
    time.sleep(0.05)
    assert threading.active_count() <= before
