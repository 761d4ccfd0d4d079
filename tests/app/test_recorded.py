"""The recorded run: it is what a run of its settings finds, and it is there before torch."""

import json

import numpy as np
import pytest

from spicewidgets.app.recorded import FOLDER, load_recorded, record
from spicewidgets.app.recorded.studies import RECORDED, load_studies, record_studies, to_plain
from spicewidgets.app.runner import Runner
from spicewidgets.state import Experiment


def shown(preset="the tutorial"):
    runner = Runner(Experiment(preset))
    runner.told = runner.show_recorded()
    return runner


def test_the_tutorial_opens_finished():
    runner = shown()
    run, result = runner.experiment.run, runner.result
    assert runner.told
    assert run.status == "done"
    assert run.message == f"A run recorded earlier, of {len(run.history)} epochs."
    stages = runner.experiment.stages
    assert {n for n, stage in stages.items() if stage != "done"} <= {"search", *RECORDED, "recovery"}
    assert runner.experiment.blocked["refit"] == runner.experiment.blocked["continue"] == ""
    assert result.choices.shape == result.rewards.shape == (100, 100)
    assert abs(result.terms[0]["difference"]).max() < 0.05


def test_other_settings_have_no_recorded_run():
    assert not shown("noisy participant").told
    experiment = Experiment()
    experiment.data.session = 5  # only looked at
    assert load_recorded(experiment.snapshot()) is not None
    experiment.data.seed = 43
    assert load_recorded(experiment.snapshot()) is None


@pytest.fixture(scope="module")
def fresh():
    runner = Runner(Experiment())
    runner.train()
    assert runner.wait(120)
    return runner.result


def test_it_is_what_a_run_finds(fresh):
    result = shown().result
    for term, row in result.terms[0].iterrows():
        assert row["found"] == pytest.approx(fresh.terms[0].loc[term, "found"], abs=0.02)
    assert (result.choices == fresh.choices).all()
    np.testing.assert_array_equal(result.rewards, fresh.rewards)
    assert list(result.comparison.columns) == list(fresh.comparison.columns)
    assert result.per_session.index.equals(fresh.per_session.index)
    for layer, tolerance in (("truth", 1e-6), ("rnn", 0.05), ("spice", 0.05)):
        here, there = result.played[layer], fresh.played[layer]
        np.testing.assert_allclose(here.probabilities, there.probabilities, atol=tolerance)
        assert set(here.states) == set(there.states)
        assert {name: beta.shape for name, beta in here.betas.items()} == {
            name: beta.shape for name, beta in there.betas.items()
        }


def test_what_is_recorded_is_read_again(fresh, tmp_path, monkeypatch):
    record(fresh, tmp_path / "mine.npz")
    monkeypatch.setattr("spicewidgets.app.recorded.FOLDER", tmp_path)
    result = load_recorded(fresh.snapshot)
    assert result.spice == fresh.spice
    assert result.truth.text() == fresh.truth.text()
    assert len(result.history) == len(fresh.history)
    np.testing.assert_allclose(result.played["rnn"].q, fresh.played["rnn"].q, atol=6e-4)
    assert set(result.emergence) == set(fresh.emergence)
    for module, found in result.emergence.items():
        assert found.terms == fresh.emergence[module].terms
        np.testing.assert_array_equal(found.epochs, fresh.emergence[module].epochs)
        np.testing.assert_allclose(found.coefficients, fresh.emergence[module].coefficients, atol=1e-6)
        for table, there in zip(found.tables, fresh.emergence[module].tables, strict=True):
            assert table.levels == there.levels
            np.testing.assert_allclose([table.value, *table.after], [there.value, *there.after], atol=1e-6)


def test_going_on_from_it_trains_it_again_first(fresh):
    runner = shown()
    runner.experiment.discovery.refine = False
    runner.refit()
    assert runner.wait(120)
    assert runner.experiment.run.message == "Found the equations again, for the same RNN."
    assert runner.result.estimator is not None
    assert runner.result.spice != fresh.spice


def test_its_equation_emerges_from_an_untrained_network():
    (found,) = shown().result.emergence.values()
    assert (found.epochs[0], found.epochs[-1]) == (1, len(shown().result.history))
    assert len(found.epochs) > 30
    reward = found.coefficients[:, found.terms.index(("c_reward",))]
    assert reward[0] < 0.2 < 0.85 < reward[-1]


def test_it_is_small():
    assert sum(path.stat().st_size for path in FOLDER.glob("*.*z")) < 350_000


def assert_as_recorded(study, known):
    """Fail where a study that was done anew is not the recorded one, as closely as machines agree."""
    if study.name == "report":
        rows = ["words", "test", "verdict", "n_sets"]
        assert known.found.to_frame()[rows].equals(study.found.to_frame()[rows])
        assert known.found.files.keys() == study.found.files.keys()
    else:
        assert_close(to_plain(known.study.to_data()), to_plain(study.study.to_data()))


def assert_close(one, other):
    if isinstance(one, float | int) and isinstance(other, float | int):
        assert one == pytest.approx(other, rel=1e-2, abs=2e-3, nan_ok=True)
    elif isinstance(one, dict | list):
        assert len(one) == len(other)
        for key in one if isinstance(one, dict) else range(len(one)):
            assert_close(one[key], other[key])
    else:
        assert one == other


@pytest.fixture
def studied():
    """A runner with the recorded run and its studies, which are read once torch is loaded."""
    runner = Runner(Experiment(), foreground=True)
    runner.show_recorded()
    runner.preload()
    return runner


def test_its_studies_are_there_and_say_that_they_were_recorded(studied):
    runner = studied
    assert tuple(runner.studies) == tuple(runner.experiment.studied) == RECORDED
    for name, one in runner.studies.items():
        assert one.is_recorded
        assert one.end_state == "A study recorded earlier, of the same settings."
        assert one.found is one.found
        assert len(one.found.to_frame() if name != "uncertainty" else one.found.fits)


def test_a_recorded_study_of_other_settings_is_not_shown():
    experiment = Experiment()
    experiment.falsify.n_repeats = 120
    runner = Runner(experiment, foreground=True)
    runner.show_recorded()
    runner.preload()
    assert set(RECORDED) - set(runner.studies) == {"falsify", "report"}
    experiment.falsify.n_repeats = 100
    runner.experiment.rivals.n_folds = 3
    assert "rivals" in experiment.stale_because


def test_a_recorded_study_that_is_run_again_finds_the_same(studied):
    known = studied.studies["parameters"]
    studied.study("parameters")
    study = studied.studies["parameters"]
    assert not study.is_recorded
    assert study.end_state == "Done: 10 data sets."
    assert_as_recorded(study, known)


@pytest.mark.slow
def test_all_recorded_studies_are_what_they_find(studied):
    known = studied.studies
    runner = Runner(Experiment(), foreground=True)
    runner.train()
    for name in RECORDED:
        runner.study(name)
        assert_as_recorded(runner.studies[name], known[name])


def test_making_the_network_again_leaves_recorded_studies_of_it(studied):
    runner = studied
    assert runner.recall()
    assert runner.studies["uncertainty"].is_recorded
    runner.train()
    assert "uncertainty" not in runner.studies
    assert runner.studies["rivals"].is_recorded  # of the same settings


def test_studies_are_read_as_they_were_written(studied, tmp_path, monkeypatch):
    runner = studied
    record_studies(runner.studies, tmp_path / "mine.json.xz")
    monkeypatch.setattr("spicewidgets.app.recorded.studies.FOLDER", tmp_path)
    again = load_studies(runner.result)
    for name, one in runner.studies.items():
        data = [json.dumps(to_plain(each.study.to_data())) for each in (one, again[name])]
        assert data[0] == data[1]
