"""What happens in a run reaches the run's state: at once, or at most ten times a second."""

from contextlib import nullcontext

import pytest

from spicewidgets.app import report
from spicewidgets.app.report import Reporter
from spicewidgets.core.progress import Progress
from spicewidgets.core.read.emergence import Look
from spicewidgets.state import RunState


class Fit:
    """A fit that counts how often it is looked at."""

    def __init__(self, phase="lbfgs"):
        self.last, self.n_looks = {"epoch": 0, "phase": phase}, 0

    def progress(self):
        return {"epoch": self.last["epoch"]}

    def glimpse(self):
        self.n_looks += 1
        return Look(f"equations of epoch {self.last['epoch']}")


@pytest.fixture
def clock(monkeypatch):
    """The time, in a list of one number, that stands still unless it is set."""
    time = [100.0]
    monkeypatch.setattr(report, "perf_counter", lambda: time[0])
    return time


def test_epochs_are_told_ten_times_a_second_and_the_rest_left_out(clock):
    run, epochs = RunState(), []
    reporter, fit = Reporter(run, nullcontext()), Fit()
    run.observe(lambda change: epochs.append(change["new"]), "epoch")
    for epoch in range(1, 101):  # a second
        clock[0] += 0.01
        fit.last["epoch"] = epoch
        reporter.epoch(fit)
    assert len(epochs) in (10, 11)


def test_equations_are_looked_at_when_it_is_time_or_due(clock):
    run = RunState()
    reporter, fit = Reporter(run, nullcontext()), Fit()
    reporter.glimpse(fit)
    assert fit.n_looks == 0
    reporter.glimpse(fit, due=True)
    clock[0] += report.GLIMPSE_PERIOD + 0.01
    fit.last["epoch"] = 7
    reporter.glimpse(fit)
    assert run.live == "equations of epoch 7"
    assert run.glimpses == tuple((n, Look(f"equations of epoch {n}")) for n in (0, 7))


def test_starts_that_are_screened_have_no_equations(clock):
    fit = Fit("screen")
    Reporter(RunState(), nullcontext()).glimpse(fit, due=True)
    assert fit.n_looks == 0


def test_the_sentence_on_a_stop_stays_until_the_end():
    run = RunState()
    run.put(status="stopping", message="Stopping.")
    reporter = Reporter(run, nullcontext())
    reporter.now(epoch=3, message="Epoch 3.")
    assert (run.epoch, run.message) == (3, "Stopping.")
    reporter.now(status="cancelled", message="Stopped.")
    assert run.message == "Stopped."


def test_an_error_of_who_watches_is_logged(caplog):
    run = RunState()
    run.observe(lambda change: 1 / 0, "epoch")
    Reporter(run, nullcontext()).now(epoch=3)
    assert run.epoch == 3
    assert "What watches the run has failed." in caplog.text


def test_the_time_left_is_told_once_it_holds_within_a_third():
    """The first part starts processes and compiles: ten of the quick ones take as long."""
    reporter = Reporter(RunState(), nullcontext())
    seconds, told = [5.0 + 0.5 * n for n in range(20)], []
    for done, passed in enumerate(seconds, 1):
        told.append(reporter._left(Progress(done, 20, "Working", passed)))
    assert told[0] is None  # not known yet
    known = [(left, 14.5 - passed) for left, passed in zip(told, seconds, strict=True) if left is not None]
    assert len(known) == 19
    assert all(abs(left - true) <= true / 3 for left, true in known)
    assert reporter._left(Progress(3, 40, "Another study", 1.0)) is None
