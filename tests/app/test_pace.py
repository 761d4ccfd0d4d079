"""A training that is played back: every epoch in order, in about three seconds, and never in the way."""

import threading
import time
from itertools import pairwise

import pytest

from spicewidgets.app import pace
from spicewidgets.app.pace import BEAT, LONG, SECONDS, Pace
from spicewidgets.app.runner import Runner
from spicewidgets.state import Experiment


def watched(**training):
    """An experiment that is run in a second, and its runner."""
    experiment = Experiment()
    experiment.data.put({"n_sessions": 20, "n_trials": 30, "seed": 1})
    experiment.training.put({"n_starts": 2, "epochs": 60, **training})
    experiment.playback.watched = True
    return experiment, Runner(experiment)


@pytest.fixture(scope="module")
def trained():
    experiment, runner = watched(shown=False)
    assert runner.train()
    assert runner.wait(60)
    return experiment, runner


def seen(experiment):
    """What playback shows, as a list that grows: epoch and equations."""
    looks = []
    experiment.playback.observe(
        lambda change: looks.append((change["new"], experiment.playback.equations)), "epoch"
    )
    return looks


def until_over(experiment, seconds=60.0):
    until = time.monotonic() + seconds
    while experiment.playback.playing:
        assert time.monotonic() < until
        time.sleep(0.01)


def test_all_epochs_are_gone_through_in_the_seconds_that_it_takes(trained):
    experiment, runner = trained
    looks, n = seen(experiment), len(experiment.run.history)
    whole = Pace(experiment, runner.store, lambda: False)
    whole.look()
    beats = 1
    while whole.move(0.1):
        beats += 1
    assert beats == pytest.approx(SECONDS / 0.1, abs=1)
    epochs = [epoch for epoch, _ in looks]
    assert epochs[0] == 0
    assert epochs[-1] is None  # all of them
    steps = [after - before for before, after in pairwise([*epochs[:-1], n])]
    assert set(steps) <= {0, n // 30, n // 30 + 1}
    emergence = runner.result.emergence
    for epoch, model in looks[2:-1]:
        for module, one in emergence.items():
            at = max(place for place, known in enumerate(one.epochs) if known <= epoch)
            assert model.equation(module) == one.equation(at)


def test_a_run_that_takes_longer_is_caught_up_with_and_shown_as_it_goes_on(trained):
    experiment, runner = trained
    run, history = experiment.run, experiment.run.history
    run.put(status="running")
    slow = Pace(experiment, runner.store, lambda: run.busy)
    run.put(history=())
    behind, beats = [0], 0
    while experiment.playback.playing:
        beats += 1
        run.put(history=history[:1] * (100 * beats))
        if slow.move(BEAT):
            behind.append(len(run.history) - experiment.playback.epoch)
    most = max(behind)
    assert most == behind[int(LONG / BEAT)] > 400  # slowly at first
    assert behind[-1] < most / 2
    assert beats < 3 / BEAT
    run.put(status="done", history=history)


def test_the_result_does_not_wait(monkeypatch):
    experiment, runner = watched()
    looks = seen(experiment)
    monkeypatch.setattr(pace, "SECONDS", 600)  # however slow the machine is, it is not over
    monkeypatch.setattr(pace, "LONG", 600)
    assert runner.train()
    assert runner.wait(60)
    assert experiment.playback.playing
    assert runner.result is not None
    assert len(experiment.run.history) > experiment.playback.epoch
    experiment.playback.skip()
    assert looks[-1] == (None, None)
    time.sleep(3 * pace.BEAT)
    assert looks[-1] == (None, None)


def test_a_run_that_is_slow_to_begin_is_waited_for(monkeypatch):
    """On a busy machine the thread of the run may be later than the first picture of the playback."""
    may_begin, work = threading.Event(), Runner._work

    def begin_late(*arguments):
        assert may_begin.wait(60)
        work(*arguments)

    monkeypatch.setattr(Runner, "_work", begin_late)
    experiment, runner = watched()
    experiment.run.put(status="failed")  # the one before
    moved, move = [], Pace.move
    monkeypatch.setattr(Pace, "move", lambda *arguments: moved.append(move(*arguments)) or moved[-1])
    assert runner.train()
    until = time.monotonic() + 60
    while len(moved) < 2 and time.monotonic() < until:
        time.sleep(0.01)
    assert moved[:2] == [True, True]
    may_begin.set()
    assert runner.wait(60)


def test_it_ends_by_itself_and_can_be_seen_again(monkeypatch):
    monkeypatch.setattr(pace, "SECONDS", 0.6)
    monkeypatch.setattr(pace, "LONG", 600)
    experiment, runner = watched()
    looks = seen(experiment)
    assert runner.train()
    assert runner.wait(60)
    until_over(experiment)
    n = len(experiment.run.history)
    assert any(epoch is not None and 0 < epoch < n for epoch, _ in looks)
    del looks[:]
    assert runner.show_again()
    until_over(experiment)
    assert looks[0][0] == 0
    assert any(epoch is not None and 0 < epoch < n and model is not None for epoch, model in looks)
    assert not experiment.run.busy


def test_a_new_run_takes_its_place(trained):
    experiment, runner = trained
    assert runner.show_again()
    assert experiment.playback.playing
    assert runner.refit()
    assert not experiment.playback.playing
    assert runner.wait(60)


def test_a_run_that_fails_is_not_played(monkeypatch):
    monkeypatch.setattr("spicewidgets.app.job.Fit", None)
    experiment, runner = watched()
    assert runner.train()
    assert runner.wait(60)
    assert experiment.run.status == "failed"
    until_over(experiment, 1.0)


@pytest.mark.parametrize(
    ("still", "looked_at", "shown"), [(True, True, True), (False, False, True), (False, True, False)]
)
def test_nothing_is_played_where_nobody_wants_it(still, looked_at, shown):
    experiment, runner = watched(shown=shown)
    experiment.playback.still, experiment.playback.watched = still, looked_at
    looks = seen(experiment)
    assert runner.train()
    assert runner.wait(60)
    assert looks == []


def test_what_follows_a_slider_is_not_played():
    experiment, runner = watched()
    looks = seen(experiment)
    assert runner.train(shown=False)
    assert runner.wait(60)
    assert looks == []


def test_in_the_foreground_nothing_is_played():
    experiment = watched()[0]
    runner = Runner(experiment, foreground=True)
    looks = seen(experiment)
    experiment.training.epochs = 5
    assert runner.train()
    assert not runner.show_again()
    assert looks == []
