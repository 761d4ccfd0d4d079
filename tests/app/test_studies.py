"""Rivals, recovery and falsification in the background: kept when stopped, gone on with, the same numbers."""

import time

import joblib
import numpy as np
import pytest

from spicewidgets.app.runner import Runner
from spicewidgets.app.studies import PageStudy, simulation_of
from spicewidgets.app.table import Upload, table_of
from spicewidgets.core.judge import groups
from spicewidgets.core.rivals.held_out import held_out
from spicewidgets.core.studies import (
    comparison_study,
    data_sets,
    falsification,
    recovery_settings,
    recovery_studies,
)
from spicewidgets.core.studies.comparison import join_comparisons
from spicewidgets.paper.inquiry import Inquiry
from spicewidgets.state import Experiment

SHIFTS = ("day", "night")
FEW = {"random": "Guessing", "biased": "Biased", "rescorla-wagner": "Rescorla-Wagner"}
pytestmark = pytest.mark.filterwarnings("ignore::spicewidgets.SpiceWarning")  # of trainings so small


def small(foreground=True, **groups):
    """An experiment of three people, and its runner."""
    experiment = Experiment()
    experiment.data.put({"n_sessions": 6, "n_trials": 30, "n_participants": 3})
    experiment.training.put({"n_starts": 2, "epochs": 20})
    experiment.recovery.n_datasets = 2
    experiment.rivals.put({"n_folds": 2, "equations": False})
    for name, settings in groups.items():
        experiment.group(name).put(settings)
    return Runner(experiment, foreground=foreground)


def done(runner, name):
    """What a study has found."""
    assert runner.study(name)
    assert runner.wait(120)
    run = runner.experiment.run
    assert run.status == "done", run.message + run.details
    return runner.studies[name].found


def a_table(n_people=4, n_trials=40):
    """People of two groups, with a session each, the later ones shorter."""
    rng = np.random.default_rng(1)
    lines = ["person,choice,reward,shift"]
    for at in range(n_people):
        choices, rewards = rng.integers(2, size=(2, n_trials - 3 * at))
        lines += [f"p{at},{c},{r},{SHIFTS[at % 2]}" for c, r in zip(choices, rewards, strict=True)]
    return "\n".join(lines).encode()


@pytest.fixture(autouse=True)
def small_designs(monkeypatch):
    monkeypatch.setattr(recovery_studies, "LADDER", (100, 400))
    monkeypatch.setattr(recovery_studies, "PEOPLE", 4)


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(comparison_study, "rivals_for", lambda task: tuple(FEW))


def test_models_one_by_one_are_as_all_at_once(few):
    runner = small()
    found = done(runner, "rivals")
    study = runner.studies["rivals"]
    whole = held_out(study.data.dataset, list(FEW), n_folds=2, way="group")
    one_by_one = join_comparisons(study.study.finished)
    assert one_by_one.models == tuple(FEW.values())
    for name in ("nll", "numbers", "aic", "bic", "evidence", "n_choices"):
        np.testing.assert_array_equal(getattr(one_by_one, name), getattr(whole, name), err_msg=name)
    frame = whole.to_frame()
    assert [row.likelihood for row in found.rows] == frame["likelihood"].tolist()
    assert [row.less for row in found.rows] == [-value + 0.0 for value in frame["behind"]]
    assert found.rows[0].less == 0
    assert found.n_choices == whole.n_choices.sum()
    assert runner.experiment.stages["rivals"] == "done"
    assert runner.experiment.run.message == found.sentence


def test_spice_and_its_network_are_two_rows_and_a_pair_with_the_best_rival(few):
    found = done(small(rivals={"equations": True}), "rivals")
    assert {row.name for row in found.rows} == {"SPICE", "RNN", *FEW.values()}
    assert [row.is_own for row in found.rows if row.name in ("SPICE", "RNN")] == [True, True]
    best = next(row.name for row in found.rows if not row.is_own)
    assert found.pair == ("SPICE", best)
    nll = found.by_person.set_index(["participant", "model"])
    one, other = (nll.xs(name, level="model") for name in found.pair)
    np.testing.assert_allclose(found.apart, 100 * (other["nll"] - one["nll"]) / one["n_choices"])
    assert found.rows[0].name in found.sentence


def test_one_person_has_no_interval_and_no_share(few):
    found = done(small(data={"n_participants": 1}), "rivals")
    assert all(
        np.isnan([row.low, row.high, row.less_low, row.share, row.most_common]).all() for row in found.rows
    )
    assert "takes several people" in found.sentence
    assert "takes several people" in found.chance


@pytest.mark.parametrize("name", ["rivals", "learners"])
def test_what_is_stopped_is_kept_and_gone_on_with(name):
    runner = small(False, recovery={"n_datasets": 30})
    experiment = runner.experiment
    assert runner.study(name)
    until = time.monotonic() + 60
    while not (runner.studies.get(name) and runner.studies[name].done) and time.monotonic() < until:
        time.sleep(0.01)
    assert experiment.run.study == name
    assert experiment.blocked["train"] == "A run is under way. Stop it first."
    asked = time.process_time()
    runner.stop()
    assert runner.wait(60)
    assert time.process_time() - asked < 1  # of work, however busy the machine is
    study = runner.studies[name]
    assert study.done < study.total
    assert experiment.run.status == "cancelled"
    assert experiment.run.message.startswith(
        f"Stopped after {study.done} of {study.total} {study.study.noun}"
    )
    assert study.found is not None
    assert experiment.run.study == ""
    before = dict(study.study.parts)
    if name == "learners":
        experiment.recovery.n_datasets = 2  # what is there is enough, or nearly
    done(runner, name)
    after = runner.studies[name].study.parts
    kept = [key for key in before if key in after]
    assert kept
    assert all(after[key] is before[key] for key in kept)


def test_other_settings_begin_anew(few):
    runner = small()
    done(runner, "rivals")
    first = runner.studies["rivals"]
    runner.experiment.rivals.seed = 3
    assert "seed of the comparison = 0. Compare again" in runner.experiment.stale_because["rivals"]
    done(runner, "rivals")
    assert not set(map(id, first.study.finished)) & set(map(id, runner.studies["rivals"].study.finished))
    assert "rivals" not in runner.experiment.stale_because


def test_two_learners_in_growing_designs():
    runner = small(learners={"first": "win-stay-lose-shift", "second": "random", "effect": None})
    told = done(runner, "learners")
    assert told.labels == ("Win-stay, lose-shift", "Guessing")
    choices = told.to_frame()["choices"].tolist()
    assert choices == sorted(choices)
    assert 60 <= choices[0] <= 120
    assert 360 <= choices[-1] <= 440
    assert (told.to_frame()["people"] == 8).all()
    needed = told.choices_needed(0.9)
    size = simulation_of(runner.experiment.peek())
    assert (size.people, size.sessions, size.trials, size.choices) == (3, 2.0, 30.0, 60.0)
    assert f"{'at most' if needed == choices[0] else 'about'} " in told.describe_choices(0.9, size.trials)
    assert "choices" in told.describe_people(0.9, size.choices)


def test_a_learner_with_a_size_has_the_numbers_of_the_plain_one_and_this_one():
    runner = small(recovery={"n_datasets": 2})
    done(runner, "learners")
    study = runner.studies["learners"].study
    assert set(study.fits) == {"rescorla-wagner"}
    first, second = (part[3] for part in study.data_sets.parts[:2])
    assert np.array_equal(second, study.fits["rescorla-wagner"].values)
    assert np.array_equal(first[:, [0, 2]], second)  # alpha, forget, beta
    assert (first[:, 1] == 0.2).all()


def test_numbers_come_back_from_the_range_of_the_people_or_of_the_prior():
    runner = small(data={"n_sessions": 12, "n_participants": 6}, learners={"first": "biased"})
    found = done(runner, "parameters")
    study = runner.studies["parameters"].study
    assert found.is_fitted
    frame = found.to_frame()
    assert set(frame["parameter"]) == {"bias_2"}
    assert len(frame) == 2 * 4
    assert set(frame["true"]) <= set(study.fits["biased"].values[:, 0])
    together = np.corrcoef(frame["true"], frame["value"])[0, 1]
    assert found.summary().loc["bias_2", "correlation"] == pytest.approx(together, abs=1e-6)
    assert f"{together:.2f}" in found.sentence
    runner.experiment.data.n_participants = 1
    assert not done(runner, "parameters").is_fitted
    runner.experiment.learners.put({"first": "random", "second": "biased"})
    assert runner.experiment.blocked["parameters"] == (
        "Guessing has no parameters. Choose another learner to be found."
    )


def test_terms_are_found_missed_and_made_up():
    runner = small(data={"n_participants": 1, "n_sessions": 20, "n_trials": 100})
    recovery = done(runner, "terms")
    found = recovery.shares()
    assert set(found.true) == {"constant", "own value", "c_reward"}
    assert found.choices.tolist() == [100, 400]
    rows = found.rows(2000)
    assert [row[0] for row in rows][-1] == "a term that is not true"
    assert all(0 <= share <= 1 for _, share, _, _ in rows)
    frame = recovery.to_frame()
    seen = frame[(frame["choices"] == 400) & (frame["term"] == "c_reward[k]")]["value"] != 0
    assert found.true["c_reward"][found.at(390)] == seen.mean()


def test_all_who_play_are_measured_as_people_are(monkeypatch):
    monkeypatch.setattr(falsification, "FEW", ("random",))
    runner = small(falsify={"n_repeats": 20})
    assert runner.experiment.blocked["falsify"] == "There are no equations yet. Train first."
    assert runner.train()
    found = done(runner, "falsify")
    assert list(found.judgements) == ["SPICE", "RNN", "Guessing"]
    assert found.n_repeats == 20
    stay = found.judgements["Guessing"].check("stay")
    assert abs(stay.mean - 0.5).max() < 0.1
    for name in found.judgements:
        assert name in found.sentence
    runner.experiment.falsify.seed = 4
    before = runner.studies["falsify"].study.parts["random"].checks[0].mean
    done(runner, "falsify")
    assert not np.array_equal(runner.studies["falsify"].study.parts["random"].checks[0].mean, before)


def test_each_model_is_judged_by_a_few_repeats_before_any_is_by_all(monkeypatch):
    monkeypatch.setattr(falsification, "FEW", ("random",))
    runner = small(falsify={"n_repeats": 40})
    assert runner.train()
    result = runner.result
    study = PageStudy("falsify", result.snapshot, lambda: result.data, lambda: result.estimator)
    seen = {}
    for progress in study.steps():
        study.look()
        if study.found is not None:
            repeats = {check.agent: round(1 / check.least_p) - 1 for check in study.found.checks}
            seen[tuple(repeats.items())] = study.found.how, progress.words
    counts = [dict(repeats) for repeats in seen]
    assert counts[0] == {"SPICE": 20}
    few = next(at for at, repeats in enumerate(counts) if len(repeats) == 3)
    assert set(counts[few].values()) == {20}
    how, words = seen[tuple(counts[few + 1].items())]
    assert "so far 20 to 2" in how
    assert words.startswith("Judging SPICE, 2")
    study.look()
    frame = study.found.to_frame()
    assert study.found.n_repeats == 40
    assert frame.equals(done(runner, "falsify").to_frame())


def test_a_report_of_simulated_choices_plays_by_the_schedule_and_the_seed_of_the_view(monkeypatch):
    asked = []

    def run(self):
        asked.append(self)
        yield from ()

    monkeypatch.setattr(Inquiry, "run", run)
    runner = small(falsify={"n_repeats": 40, "seed": 7}, rivals={"seed": 3})
    done(runner, "report")
    (inquiry,) = asked
    sessions = runner.studies["report"].data.sessions
    np.testing.assert_array_equal(inquiry.schedule, [session.reward_probs for session in sessions])
    assert (inquiry.plan.seed_of_play, inquiry.plan.repeats, inquiry.plan.seed) == (7, 40, 3)


def test_people_of_a_table_with_one_session_each_are_told_to_hold_out_time(few, monkeypatch):
    monkeypatch.setattr(groups, "LEAST", 2)
    runner = small(rivals={"by": "time"})
    runner.read(Upload(a_table(4, 40), "choices.csv"))
    runner.experiment.table.take(table_of(runner.choices))
    runner.experiment.rivals.by = "session"
    assert runner.study("rivals")
    assert runner.experiment.run.status == "failed"
    assert "Hold out time." in runner.experiment.run.message
    assert runner.experiment.run.failed_study == "rivals"
    runner.experiment.rivals.by = "time"
    found = done(runner, "rivals")
    assert found.groups == ("day", "night") * 2
    assert set(found.same) == {"shift"}
    assert "shift" in found.chance
    assert list(found.parts) == ["shift day", "shift night"]
    for at, part in enumerate(found.parts.values()):
        assert part.people == found.people[at::2]
        own = found.by_person[found.by_person["participant"].isin(part.people)]
        assert part.n_choices == own.groupby("participant")["n_choices"].first().sum()
        for row in part.rows:
            nll = own[own["model"] == row.name]["nll"].sum()
            assert row.likelihood == pytest.approx(np.exp(-nll / part.n_choices))
    runner.experiment.learners.put({"first": "biased", "second": "random", "effect": None})
    done(runner, "learners")
    assert simulation_of(runner.experiment.peek()).trials == pytest.approx(np.mean([40, 37, 34, 31]), abs=1.5)
    assert "simulated choices only" in runner.experiment.blocked["terms"]


@pytest.mark.parametrize(("most", "used"), [("1", None), (None, 6)])
def test_on_a_public_page_a_study_has_no_processes_of_a_learner_s_own(monkeypatch, most, used):
    """Sixty-four of them took the machine of all."""
    asked = []

    class Parallel(joblib.Parallel):
        def __init__(self, n_jobs=None, **options):
            asked.append(n_jobs)
            super().__init__(n_jobs=None, **options)

    monkeypatch.setattr(data_sets.joblib, "Parallel", Parallel)
    if most is not None:
        monkeypatch.setenv(recovery_settings.JOBS, most)
    done(small(recovery={"jobs": 6}), "learners")
    assert asked == [used]


def test_reset_forgets_them(few):
    runner = small()
    done(runner, "rivals")
    runner.reset()
    assert runner.studies == {}
    assert runner.experiment.stages["rivals"] == "todo"
