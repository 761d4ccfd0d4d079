"""The runner: whatever happens, a run ends in a state that says so, and the next one can begin."""

import asyncio
import gc
import importlib
import subprocess
import sys
import threading
import time
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from spicewidgets import RESCORLA_WAGNER_CONFIG, RescorlaWagnerRNN, split_data_along_timedim
from spicewidgets.app.games import given
from spicewidgets.app.runner import Runner, call_after
from spicewidgets.core.discover.known import uncertainty
from spicewidgets.core.discover.refine import refine_by
from spicewidgets.core.train.objective import set_flat_parameters
from spicewidgets.core.train.structure import ModuleFunction
from spicewidgets.experiment.estimators import discover_again, glimpse
from spicewidgets.experiment.fit import MOST_CHECKPOINTS
from spicewidgets.experiment.simulation import play, preview, simulate
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


@pytest.mark.usefixtures("trained")  # so that nothing has to be loaded before it
def test_a_recorded_run_is_made_anew_once_and_what_is_asked_for_comes_after_it():
    runner = Runner(Experiment())
    runner.experiment.uncertainty.n_resamples = 3
    assert runner.show_recorded()
    recorded = runner.result
    assert runner.recall()
    assert not runner.recall()
    assert runner.study("uncertainty")
    assert runner.wait(120)
    assert runner.result.estimator is not None
    assert runner.studies["uncertainty"].found is not None
    assert np.array_equal(runner.result.choices, recorded.choices)
    assert runner.result.comparison.nll.to_dict() == pytest.approx(
        recorded.comparison.nll.to_dict(), abs=1e-4
    )
    assert not runner.recall()


def test_in_the_foreground_a_recorded_run_is_made_anew_before_the_call_returns():
    runner = Runner(Experiment(), foreground=True)
    assert runner.show_recorded()
    recorded = runner.result
    assert runner.recall()
    assert runner.result is not recorded
    assert runner.result.estimator is not None
    assert np.array_equal(runner.result.choices, recorded.choices)
    assert not runner.recall()


@pytest.mark.seed(62)
def test_a_run_ends_with_a_result_and_says_so(trained):
    run, result = trained.experiment.run, trained.result
    assert (run.status, run.phase, run.details) == ("done", "", "")
    assert run.message.startswith(f"Trained for {len(run.history)} epochs.")
    assert run.result_revision == 1
    assert {name for name, stage in trained.experiment.stages.items() if stage != "done"} == {
        "uncertainty",
        "rivals",
        "recovery",
        "falsify",
        "search",
        "report",
    }
    assert set(result.played) == {"truth", "rnn", "spice"}
    assert result.choices.shape == result.rewards.shape == (20, 30)
    assert list(result.terms[0].columns) == ["true", "found", "difference"]
    assert list(result.comparison.index) == ["truth", "rnn", "spice"]
    assert len(result.per_session) == 60


def test_standard_errors_are_of_the_choices_that_the_numbers_were_tuned_to():
    experiment = small()
    experiment.data.validation_share = 0.5
    runner = Runner(experiment)
    assert runner.train()
    assert runner.wait(60)
    result = runner.result
    trained_on, _ = split_data_along_timedim(result.dataset, 0.5)
    assert result.uncertainty == uncertainty(result.spice, result.forward, trained_on)
    assert result.uncertainty != uncertainty(result.spice, result.forward, result.dataset)


def test_a_preview_is_that_session_of_the_data():
    snapshot = small().snapshot()
    data = simulate(snapshot)
    for session in (0, 7):
        seen = preview(snapshot, session)
        assert (seen.choices == data.sessions[session].choices).all()
        np.testing.assert_array_equal(seen.reward_probs, data.sessions[session].reward_probs)
        np.testing.assert_array_equal(seen.rewards, data.sessions[session].rewards)
        np.testing.assert_allclose(seen.probabilities[1:], data.dataset.truth_probs[session], atol=1e-6)
    every = play(snapshot)
    assert (every.choices == [session.choices for session in data.sessions]).all()
    assert every.session(7).chosen_rewards.shape == (30,)


def test_only_one_run_at_a_time():
    runner = Runner(small(epochs=5000, optimizer="adam"))
    assert runner.train()
    assert not runner.train()
    assert not runner.refit()
    assert runner.stop()
    assert runner.wait(60)
    assert not runner.stop()


@pytest.mark.seed(70)
def test_stop_within_a_second_keeps_what_was_learned():
    runner = Runner(small(epochs=100_000, optimizer="adam"))
    runner.train()
    run = runner.experiment.run
    while run.epoch < 20 and run.busy:
        time.sleep(0.01)
    begun = time.process_time()
    runner.stop()
    assert run.status in ("stopping", "cancelled")
    assert runner.wait(60)
    assert time.process_time() - begun < 1  # of work, however busy the machine is
    assert run.status == "cancelled"
    assert run.message == f"Stopped at epoch {run.epoch}; what was learned was kept."
    assert runner.result.spice is not None


def test_runs_leave_no_threads_behind(trained):
    before = threading.active_count()
    for _ in range(3):
        trained.refit()
        assert trained.wait(60)
    time.sleep(0.05)
    assert threading.active_count() <= before


class Failing(RescorlaWagnerRNN):
    """A model whose forward fails once training has begun."""

    calls = 0

    def forward(self, *arguments, **named):
        type(self).calls += 1
        if type(self).calls > 25:
            raise RuntimeError("the <b>lights</b> went out")
        return super().forward(*arguments, **named)


class Undefined(RescorlaWagnerRNN):
    """A model whose logits are not numbers."""

    init_values = {"x_value_reward": float("nan")}


class Slow(RescorlaWagnerRNN):
    """A model whose trials take their time."""

    pause, trials = 0.0, 0

    def forward(self, inputs, prev_state=None, batch_first=False):
        if self.training:
            for _ in range(100):
                time.sleep(self.pause)
                Slow.trials += 1
        return super().forward(inputs, prev_state, batch_first)


class SlowToFit(RescorlaWagnerRNN):
    """A model that asks for numbers, so that it is not compiled, and takes its time once it is told to."""

    pause = 0.0

    def forward(self, inputs, prev_state=None, batch_first=False):
        time.sleep(self.pause)
        assert np.isfinite(inputs.detach().numpy()).all()
        return super().forward(inputs, prev_state, batch_first)


def test_a_stop_cuts_short_a_resample_that_takes_minutes(monkeypatch):
    experiment = with_own(SlowToFit, epochs=5)
    experiment.discovery.selection = "threshold"
    runner = Runner(experiment)
    assert runner.train()
    assert runner.wait(60)
    monkeypatch.setattr(SlowToFit, "pause", 1.0)
    assert runner.study("uncertainty")
    run = runner.experiment.run
    while run.phase != "study":
        assert not runner.wait(0.01)
    assert runner.stop()
    assert runner.wait(60)
    assert (run.status, run.details) == ("cancelled", "")
    assert run.message == "Stopped before there were two resamples to compare."
    assert runner.studies["uncertainty"].found is None
    assert runner.result.spice is not None
    assert runner.experiment.blocked["uncertainty"] == ""


def with_own(cls, **training):
    experiment = small(**training)
    experiment.model.name = experiment.model.register(cls, RESCORLA_WAGNER_CONFIG)
    return experiment


def test_an_exception_inside_training_becomes_a_sentence_and_the_next_run_works():
    Failing.calls = 0
    experiment = with_own(Failing)
    runner = Runner(experiment)
    runner.train()
    assert runner.wait(60)
    run = experiment.run
    assert run.status == "failed"
    assert run.message == (
        "The run ended with an error (RuntimeError): the <b>lights</b> went out. The settings are kept; try"
        " again."
    )
    assert "Traceback" in run.details
    experiment.model.name = "rescorla-wagner"
    assert experiment.blocked["train"] == ""
    assert runner.train()
    assert runner.wait(60)
    assert (run.status, run.details) == ("done", "")


def test_a_model_that_gives_no_numbers_fails_with_a_sentence():
    runner = Runner(with_own(Undefined))
    runner.train()
    assert runner.wait(60)
    run = runner.experiment.run
    assert run.status == "failed"
    assert "no number" in run.message or "not a number" in run.message
    assert runner.experiment.blocked["train"] == ""


def test_a_wrong_setting_is_a_sentence_and_no_run():
    runner = Runner(small())
    runner.experiment.task.sigma = float("nan")
    runner.train()
    assert runner.wait(60)
    assert runner.experiment.run.status == "failed"
    assert runner.experiment.run.message == "task: sigma must be between 0 and 1; got nan. Give a number."
    assert runner.experiment.run.details == ""


def test_two_runs_of_one_seed_are_equal(trained):
    runner = Runner(small())
    runner.train()
    assert runner.wait(60)
    assert runner.result.spice == trained.result.spice
    losses = [[row["train_loss"] for row in result.history] for result in (runner.result, trained.result)]
    assert losses[0] == losses[1]


def test_the_foreground_gives_the_same_before_the_call_returns(trained):
    threads = torch.get_num_threads()
    runner = Runner(small(), foreground=True)
    seen = []
    runner.experiment.run.observe(lambda change: seen.append(threading.current_thread()), "history")
    assert runner.train()
    assert runner.experiment.run.status == "done"
    assert set(seen) == {threading.current_thread()}
    assert torch.get_num_threads() == threads
    assert runner.result.spice == trained.result.spice


def test_an_interrupt_in_the_foreground_stops_and_keeps():
    runner = Runner(small(epochs=5000, optimizer="adam"), foreground=True)

    def interrupt(change):
        if change["new"] > 3:
            runner.experiment.run.unobserve_all()
            raise KeyboardInterrupt

    runner.experiment.run.observe(interrupt, "epoch")
    runner.train()
    assert runner.experiment.run.status == "cancelled"
    assert runner.result.spice is not None


def test_it_tells_of_the_last_epoch():
    runner = Runner(small(epochs=100_000, optimizer="adam"))
    run, told = runner.experiment.run, []
    run.observe(lambda change: told.append(len(change["new"])), "history")
    runner.train()
    while len(told) < 3 and run.busy:
        time.sleep(0.01)
    runner.stop()
    assert runner.wait(60)
    assert told[-1] == len(run.history) == len(runner.result.history) == run.epoch


def test_steps_and_then_continue_are_one_run(trained):
    runner = Runner(small())
    for epoch in (1, 2, 3):
        runner.step()
        assert runner.wait(60)
        run = runner.experiment.run
        assert (run.status, run.epoch) == ("idle", epoch)
        assert run.message == f"Epoch {epoch}. Step again, or continue to the end."
    assert runner.experiment.blocked["continue"] == ""
    runner.continue_()
    assert runner.wait(60)
    assert run.status == "done"
    assert runner.result.spice == trained.result.spice
    assert runner.experiment.paused is None


def test_a_step_after_a_change_begins_anew():
    runner = Runner(small())
    for seed in (1, 1, 2):
        runner.experiment.data.seed = seed
        runner.step()
        assert runner.wait(60)
    assert runner.experiment.run.epoch == 1
    runner.experiment.data.seed = 3
    assert runner.experiment.blocked["continue"] == "Nothing is trained yet. Train first."
    runner.continue_()
    assert runner.wait(60)
    assert runner.experiment.run.message == (
        "There is no training of these data and this model to go on with. Train first."
    )


def test_a_stopped_run_goes_on_from_its_weights():
    runner = Runner(small(epochs=400, optimizer="adam", n_starts=1))
    run = runner.experiment.run
    run.observe(lambda change: change["new"] > 5 and runner.stop(), "epoch")
    runner.train()
    assert runner.wait(60)
    stopped = runner.result
    run.unobserve_all("epoch")
    runner.experiment.training.epochs = 30
    assert runner.experiment.blocked["continue"] == ""
    runner.continue_()
    assert runner.wait(60)
    assert run.status == "done"
    n = len(stopped.history)
    assert [row["epoch"] for row in run.history] == list(range(1, n + 31))
    assert run.history[:n] == stopped.history
    assert run.history[n]["train_loss"] < stopped.history[0]["train_loss"]


def test_refit_changes_the_equations_and_not_the_network(trained):
    before, experiment = trained.result, trained.experiment
    experiment.discovery.put({"threshold": 0.0, "degree": 2, "refine": False})
    module = "x_value_reward_chosen"
    experiment.discovery.change(module, without=[[module, module]])
    trained.refit()
    assert trained.wait(60)
    after = trained.result
    assert after.estimator.rnn_model_ is before.estimator.rnn_model_
    assert (module, module) not in after.spice.equation(module).terms
    assert (module, "c_reward") in after.spice.equation(module).terms
    assert before.spice.equation(module).terms == ((), (module,), ("c_reward",))
    assert experiment.stages["equation"] == "done"
    experiment.discovery.reset()
    trained.refit()
    assert trained.wait(60)
    assert trained.result.spice == before.spice
    assert trained.result.comparison.equals(before.comparison)
    assert trained.result.played["rnn"] is before.played["rnn"]  # it is the same network


def test_equations_are_found_again_for_an_unknown_participant():
    experiment = small()
    experiment.follow_library = False
    runner = Runner(experiment)
    data = simulate(experiment.snapshot())
    runner.given = given(data.dataset, data.sessions)
    assert runner.train()
    assert runner.wait(60)
    before = runner.result
    experiment.discovery.threshold = 0.75
    assert runner.refit()
    assert runner.wait(60)
    assert experiment.run.status == "done", experiment.run.details
    assert runner.result.spice != before.spice
    assert set(runner.result.played) == {"rnn", "spice"}
    assert runner.result.played["rnn"] is before.played["rnn"]


def test_reset_forgets_results_and_keeps_settings():
    runner = Runner(small())
    runner.train()
    assert runner.wait(60)
    settings, revision = runner.experiment.to_dict(), runner.experiment.run.result_revision
    assert runner.reset()
    run = runner.experiment.run
    assert (runner.result, run.history, run.status, run.epoch) == (None, (), "idle", 0)
    assert run.result_revision == revision + 1
    assert runner.experiment.stages["train"] == "todo"
    assert runner.experiment.to_dict() == settings


def test_an_error_of_who_watches_does_not_end_the_run(trained, caplog):
    runner = Runner(small())
    runner.experiment.run.observe(lambda change: 1 / 0, "history")
    runner.train()
    assert runner.wait(60)
    assert runner.experiment.run.status == "done"
    assert runner.result.spice == trained.result.spice
    assert "What watches the run has failed." in caplog.text


def test_who_watches_may_begin_the_next_run():
    runner = Runner(small())
    begun = []

    def again(change):
        if change["new"] == "done" and len(begun) < 2:
            begun.append(runner.train())

    runner.experiment.run.observe(again, "status")
    runner.train()
    assert runner.wait(60)
    assert begun == [True, True]
    assert runner.experiment.run.result_revision == 3
    assert runner.experiment.run.status == "done"


def test_a_long_epoch_is_cut_short(monkeypatch):
    experiment = with_own(Slow, n_starts=1, optimizer="adam")
    runner = Runner(experiment)
    runner.train()
    run = experiment.run
    while run.epoch < 1 and run.busy:
        time.sleep(0.01)
    monkeypatch.setattr(Slow, "pause", 0.5)
    begun = Slow.trials
    while Slow.trials < begun + 3 and run.busy:  # some way into an epoch
        time.sleep(0.01)
    runner.stop()
    assert runner.wait(60)
    assert Slow.trials < begun + 100  # the epoch did not run to its end
    assert run.status == "cancelled"
    assert runner.result.spice is not None


class Loads(RescorlaWagnerRNN):
    """A model that loads something while it is trained, as torch does."""

    def forward(self, *arguments, **named):
        if self.training:
            importlib.import_module("loaded_late")
        return super().forward(*arguments, **named)


def test_a_stop_leaves_no_import_half_done(tmp_path, monkeypatch):
    lines = "import time\nfor _ in range(80):\n    time.sleep(0.01)\nwhole = True\n"
    (tmp_path / "loaded_late.py").write_text(lines)
    monkeypatch.syspath_prepend(tmp_path)
    runner = Runner(with_own(Loads, n_starts=1, optimizer="adam", epochs=100_000))
    runner.train()
    until = time.monotonic() + 30
    while "loaded_late" not in sys.modules and time.monotonic() < until:
        time.sleep(0.005)
    module = sys.modules["loaded_late"]
    runner.stop()
    assert runner.wait(60)
    assert sys.modules.pop("loaded_late", None) is module
    assert module.whole


def test_looks_at_the_equations_while_training():
    runner = Runner(small(epochs=100_000, optimizer="adam", n_starts=1))
    run, seen = runner.experiment.run, []
    run.observe(lambda change: seen.append(change["new"]), "live")
    runner.train()
    while len(seen) < 2 and run.busy:
        time.sleep(0.01)
    runner.stop()
    assert runner.wait(60)
    assert set(seen[0].equations) == {"x_value_reward_chosen"}
    assert run.live is None


def test_looks_are_remembered_while_a_run_goes_on():
    runner = Runner(small(epochs=100_000, optimizer="adam", n_starts=1))
    run, seen = runner.experiment.run, []
    run.observe(lambda change: change["new"] and seen.append((change["new"], run.history[-1])), "glimpses")
    runner.train()
    while len(seen) < 3 and run.busy:
        time.sleep(0.01)
    runner.stop()
    assert runner.wait(60)
    assert [len(looks) for looks, _ in seen[:3]] == [1, 2, 3]
    assert seen[2][0][:2] == seen[1][0]
    epochs = [epoch for epoch, _ in seen[2][0]]
    assert epochs == sorted(set(epochs))
    assert [row["epoch"] for _, row in seen[:3]] == epochs  # with the loss of that epoch
    assert run.glimpses == ()


def test_a_step_is_looked_at_and_remembered():
    runner = Runner(small(n_starts=1, optimizer="adam"))
    for _ in range(3):
        runner.step()
        assert runner.wait(60)
    assert [epoch for epoch, _ in runner.experiment.run.glimpses] == [1, 2, 3]
    runner.continue_()
    assert runner.wait(60)
    assert runner.experiment.run.glimpses == ()


def test_weights_of_some_epochs_are_kept_evenly_spread():
    runner = Runner(small(n_starts=1, optimizer="adam", epochs=100))
    runner.train()
    assert runner.wait(60)
    assert [epoch for epoch, _ in runner.result.checkpoints] == list(range(1, 100, 4))  # of at most 40


def test_equations_of_the_weights_that_were_kept_end_with_what_was_found(trained):
    result = trained.result
    found = result.emergence["x_value_reward_chosen"]
    assert found.epochs[-1] == len(result.history)
    assert found.equation(-1).values == result.spice.equation("x_value_reward_chosen").values
    last = glimpse(result.estimator, result.snapshot, result.checkpoints[-2][1])
    at = list(found.epochs).index(result.checkpoints[-2][0])
    assert found.equation(at).values == last.equations.equation("x_value_reward_chosen").values


def test_curves_are_what_the_modules_make_of_values(trained):
    result = trained.result
    (module,) = result.description.modules
    found = result.emergence[module.name]
    assert len(found.tables) == len(found.epochs)
    model = deepcopy(result.estimator.rnn_model_)
    for (_, weights), table in zip(result.checkpoints[:3], found.tables, strict=False):
        set_flat_parameters(weights, model)
        function = ModuleFunction(model, module)
        assert table.levels == ({"c_reward": 0.0}, {"c_reward": 1.0})
        rows = [function(table.value, level) for level in table.levels]
        np.testing.assert_allclose(table.after, rows, atol=1e-12)


def test_a_run_that_goes_on_keeps_what_it_began_with():
    runner = Runner(small(n_starts=1, optimizer="adam", epochs=30))
    runner.train()
    assert runner.wait(60)
    before = runner.result.checkpoints
    runner.continue_()
    assert runner.wait(60)
    epochs = [epoch for epoch, _ in runner.result.checkpoints]
    assert epochs[-1] > 55
    assert len(epochs) <= MOST_CHECKPOINTS
    old = dict(before)
    for epoch, weights in runner.result.checkpoints:
        if epoch in old:
            np.testing.assert_array_equal(weights, old[epoch])
    runner.refit()
    assert runner.wait(60)
    assert [epoch for epoch, _ in runner.result.checkpoints] == epochs


@pytest.fixture
def library(trained):
    """A trained runner whose library is changed, and put back."""
    trained.experiment.follow_library = False
    yield trained
    trained.experiment.follow_library = True
    trained.experiment.discovery.reset()
    trained.refit()
    assert trained.wait(60)


def test_a_refit_shows_the_equation_before_it_compares(library):
    run, seen = library.experiment.run, []
    run.observe(lambda change: seen.append((run.phase, change["new"])), "live")
    library.experiment.discovery.threshold = 0.45
    library.refit()
    assert library.wait(60)
    assert [phase for phase, _ in seen] == ["equations", "compare"]
    assert seen[0][1] == library.result.spice
    assert seen[1][1] is None


@pytest.mark.parametrize("follow", [True, False])
def test_only_the_newest_library_is_compared_where_it_is_followed(library, follow, monkeypatch):
    experiment, run = library.experiment, library.experiment.run
    before, found = run.result_revision, []

    def moved_on_meanwhile(estimator, snapshot):
        found.append(snapshot.discovery.threshold)
        experiment.discovery.threshold = 0.45 if len(found) > 1 else 0.2
        discover_again(estimator, snapshot)

    monkeypatch.setattr("spicewidgets.app.job.discover_again", moved_on_meanwhile)
    experiment.discovery.threshold = 0.1
    experiment.follow_library = follow
    library.refit()
    assert library.wait(60)
    assert found == ([0.1, 0.2, 0.45] if follow else [0.1])
    assert run.result_revision == before + 1
    assert library.result.snapshot.discovery.threshold == found[-1]
    assert ("equation" in experiment.stale_because) is not follow


def test_an_equation_that_is_the_same_is_not_replayed_again(library):
    library.experiment.discovery.threshold = 0.055  # no more by evidence
    library.refit()
    assert library.wait(60)
    before = library.result
    library.experiment.discovery.threshold = 0.06
    library.refit()
    assert library.wait(60)
    result = library.result
    assert result.spice == before.spice
    assert result.snapshot.discovery.threshold == 0.06
    assert result.played is before.played
    assert result.data is before.data
    assert result.checkpoints is before.checkpoints


def test_equations_are_refined_once(library, monkeypatch):
    monkeypatch.setattr("spicewidgets.app.job.advice", lambda *_: ())  # which refines other equations
    refined = []
    monkeypatch.setattr(
        "spicewidgets.core.discover.search.refine_by",
        lambda likelihood, spice, **also: refined.append(spice) or refine_by(likelihood, spice, **also),
    )
    for threshold in (0.42, 0.05, 0.43, 0.06):
        library.experiment.discovery.threshold = threshold
        library.refit()
        assert library.wait(60)
    assert len(refined) <= 1  # without the constant; it may have been met before


def test_on_policy_looks_take_few_sessions(trained):
    snapshot = trained.experiment.snapshot()
    few = replace(snapshot, discovery=replace(snapshot.discovery, n_trials_off_policy=0))
    found = glimpse(trained.result.estimator, few)
    assert len(found.equations.equation("x_value_reward_chosen").active) > 0


@pytest.mark.parametrize("n_participants", [1, 4])
def test_sessions_and_participants_may_differ(n_participants):
    experiment = small()
    experiment.data.n_participants = n_participants
    experiment.participant.variation = 0.3
    runner = Runner(experiment)
    runner.train()
    assert runner.wait(60)
    result = runner.result
    assert experiment.run.status == "done"
    rates = [member["alpha_reward"] for member in result.data.agent.members]
    assert len(set(rates)) == (20 if n_participants == 1 else 4)
    np.testing.assert_allclose(
        result.played["truth"].probabilities[:, 1:], result.dataset.truth_probs, atol=1e-6
    )
    assert len(result.terms) == n_participants
    if n_participants > 1:
        weights = [
            result.truth.equation("x_value_reward_chosen", who).coefficient("c_reward") for who in range(4)
        ]
        assert len(set(weights)) == 4


@pytest.mark.parametrize("name", ["forgetting", "learning-rate", "participant-embedding", "choice"])
def test_every_precoded_model_runs(name):
    experiment = small(epochs=8)
    experiment.model.name = name
    experiment.model.embedding_size = 2
    experiment.data.put({"n_participants": 2, "validation_share": 0.2})
    runner = Runner(experiment)
    runner.train()
    assert runner.wait(120)
    assert experiment.run.status == "done", experiment.run.details
    assert runner.result.truth is not None
    assert runner.result.history[-1]["validation_loss"] is not None


def test_preload_loads_in_the_background():
    code = (
        "import threading, spicewidgets.app.runner as r, spicewidgets.state as s\n"
        "runner, done = r.Runner(s.Experiment()), threading.Event()\n"
        "import sys\n"
        "assert not runner.loaded\n"
        "print(runner.truth().text())\n"
        "assert 'torch' not in sys.modules\n"
        "runner.preload(done.set)\n"
        "assert done.wait(60) and runner.loaded\n"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told == (
        "(x_value_reward_chosen)[k+1] = -0.300 1 + 0.700 x_value_reward_chosen[k] + 0.900 c_reward[k]\n"
    )


@pytest.mark.slow
def test_twenty_runs_do_not_grow():
    runner = Runner(small())
    sizes = []
    for _ in range(24):
        runner.train()
        assert runner.wait(60)
        gc.collect()
        sizes.append(int(Path("/proc/self/statm").read_text().split()[1]))
    assert sizes[-1] < 1.05 * sizes[3]


def test_what_can_wait_is_called_once_the_message_is_handled():
    told = []

    async def handled():
        call_after(lambda: told.append("after"))
        told.append("message")

    asyncio.run(handled())
    assert told == ["message", "after"]
    call_after(lambda: told.append("at once"))  # nothing is being handled
    assert told[-1] == "at once"
