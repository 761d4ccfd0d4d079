"""The way of a data set through a fit: it is checked once, at the door, laid out once, and handed on."""

import sys
from itertools import groupby
from pathlib import Path

import pytest

import spicewidgets as sw
from spicewidgets.core.data import layout
from spicewidgets.core.data.dataset import DatasetRNN
from spicewidgets.core.train.objective import Sessions

PACKAGE = Path(sw.__file__).parent
CHECKS = ("layout_problems", "value_problems", "normalise_missing")
MOST_RETURNS = 5  # to a room that the data set has left


@pytest.fixture(scope="module")
def dataset():
    dataset, _, _ = sw.create_dataset(sw.AgentQ(), sw.BanditsDrift(), 40, 12, random_state=1)
    dataset.xs[..., -1] = 0
    return dataset


def new():
    return sw.SpiceEstimator(sw.RescorlaWagnerRNN, sw.RESCORLA_WAGNER_CONFIG, epochs=20, random_state=1)


@pytest.fixture
def counted(monkeypatch):
    """How often each check was made since."""
    counts = dict.fromkeys(CHECKS, 0)

    def counting(name, check):
        def counted_check(*values):
            counts[name] += 1
            return check(*values)

        return counted_check

    for name in CHECKS:
        monkeypatch.setattr(layout, name, counting(name, getattr(layout, name)))
    return counts


def test_a_data_set_is_checked_once_by_a_fit(dataset, counted):
    new().fit(dataset)
    assert counted == {"layout_problems": 0, "value_problems": 1, "normalise_missing": 0}


def test_a_data_set_that_is_split_is_checked_once_too(dataset, counted):
    new().set_params(train_test_ratio=0.7).fit(dataset)
    assert counted == {"layout_problems": 0, "value_problems": 1, "normalise_missing": 0}


def test_arrays_are_checked_once_by_a_fit(dataset, counted):
    new().fit(dataset.xs, dataset.ys)
    assert (counted["layout_problems"], counted["normalise_missing"]) == (1, 1)


def test_a_data_set_is_laid_out_once_by_a_fit(dataset, monkeypatch):
    compact, calls = DatasetRNN.compact, []
    monkeypatch.setattr(DatasetRNN, "compact", lambda self: calls.append(self) or compact(self))
    estimator = new().fit(dataset)
    assert len(calls) == 1
    estimator.discover(spice_optim_threshold=0.02, n_trials_off_policy=50)
    assert len(calls) == 1
    assert Sessions.of(estimator._sessions) is estimator._sessions


def rooms_of(work):
    """The folders whose functions are handed a data set while this work is done, in order."""
    rooms, frames = [], set()

    def look(frame, event, _):
        code = frame.f_code
        file = Path(code.co_filename)
        if event != "call" or frame in frames or not file.is_relative_to(PACKAGE):
            return  # a generator that goes on is the same call
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        if any(isinstance(frame.f_locals.get(name), DatasetRNN) for name in names):
            frames.add(frame)
            rooms.append(file.parent.name if file.parent.name != "core" else file.stem)

    before = sys.getprofile()
    sys.setprofile(look)
    try:
        work()
    finally:
        sys.setprofile(before)
    return [room for room, _ in groupby(rooms)]


def test_a_data_set_seldom_comes_back_to_a_room_it_has_left(dataset):
    rooms = rooms_of(lambda: new().fit(dataset))
    assert {"data", "estimator", "train"} <= {*rooms}
    assert len(rooms) - len({*rooms}) <= MOST_RETURNS
