"""The experiment: what depends on what, stale sentences, round trips, presets, problems as sentences."""

import json

import pytest
from hypothesis import given, strategies as st

from spicewidgets.core.settings import SettingsError
from spicewidgets.state import PRESETS, Experiment


@pytest.fixture
def experiment():
    return Experiment()


def finished(experiment):
    """The experiment, as if a run had ended."""
    experiment.trained = experiment.discovered = experiment.snapshot()
    return experiment


def test_it_begins_with_nothing_wrong_and_nothing_run(experiment):
    assert experiment.problems == []
    assert experiment.stages == {
        **dict.fromkeys(["task", "participant", "data", "model", "library"], "done"),
        **dict.fromkeys(
            ["train", "replay", "equation", "translate", "uncertainty", "compare", "update", "trial"], "todo"
        ),
        **dict.fromkeys(["rivals", "recovery", "falsify", "search", "report"], "todo"),
    }
    assert experiment.blocked == {
        "train": "",
        "stop": "Nothing is running.",
        "continue": "Nothing is trained yet. Train first.",
        "step": "",
        "reset": "Nothing has been run yet.",
        "refit": "Nothing is trained yet. Train first.",
        "uncertainty": "There are no equations yet. Train first.",
        **dict.fromkeys(["rivals", "learners", "models", "parameters", "terms", "search"], ""),
        "falsify": "There are no equations yet. Train first.",
        "report": "",
    }


def test_settings_that_have_not_changed_are_the_same_object(experiment):
    before = experiment.peek()
    assert experiment.peek() is before
    experiment.participant.alpha_reward = 0.77
    after = experiment.peek()
    assert after.participant.alpha_reward == 0.77 != before.participant.alpha_reward
    assert after.task is before.task
    assert after.model is before.model
    experiment.participant.alpha_reward = before.participant.alpha_reward
    assert experiment.peek() == before


def test_several_results_are_told_once(experiment):
    seen = []
    experiment.observe(lambda change: seen.append(experiment.stages["equation"]), "revision")
    with experiment.refresh_once():
        experiment.trained = experiment.snapshot()
        experiment.discovered = experiment.snapshot()
    assert seen == ["done"]


def test_a_changed_setting_makes_what_depends_on_it_stale_and_says_why(experiment):
    finished(experiment).participant.alpha_reward = 0.6
    assert (
        experiment.stages["train"] == experiment.stages["equation"] == experiment.stages["compare"] == "stale"
    )
    assert experiment.stale_because == {
        "train": "This network is for learning rate α = 0.30. Train again.",
        **dict.fromkeys(["equation", "compare"], "This result is for learning rate α = 0.30. Train again."),
    }
    experiment.participant.alpha_reward = 0.3
    assert experiment.stale_because == {}
    assert experiment.stages["compare"] == "done"


def test_a_changed_threshold_leaves_the_training_alone(experiment):
    finished(experiment).discovery.threshold = 0.1
    assert experiment.stages["train"] == "done"
    assert (
        experiment.stale_because["equation"]
        == "This result is for threshold = 0.05. Find the equations again."
    )


def test_resamples_are_stale_with_their_settings_and_with_the_equations(experiment):
    finished(experiment).studied = {"uncertainty": experiment.snapshot()}
    assert experiment.stages["uncertainty"] == "done"
    assert experiment.blocked["uncertainty"] == ""
    experiment.uncertainty.n_resamples = 50
    assert experiment.stale_because == {"uncertainty": "This result is for resamples = 200. Resample again."}
    assert experiment.shown_resampling().n_resamples == 200
    experiment.discovery.threshold = 0.1
    told = "This result is for threshold = 0.05. Find the equations again."
    assert experiment.stale_because["uncertainty"] == experiment.blocked["uncertainty"] == told
    assert experiment.shown_resampling() is None


def test_how_wide_an_interval_is_makes_nothing_stale(experiment):
    finished(experiment).studied = {"uncertainty": experiment.snapshot()}
    experiment.uncertainty.level = 0.8
    assert experiment.stale_because == {}
    assert experiment.shown_resampling().level == 0.8


def test_what_cannot_be_resampled_says_why(experiment):
    experiment.data.put({"n_sessions": 5, "n_participants": 3})
    finished(experiment)
    assert experiment.blocked["uncertainty"] == (
        "Resampling draws sessions anew, so that each participant needs two or more; there are 5 sessions of"
        " 3. Train on more sessions."
    )
    experiment.data.put({"n_sessions": 6})
    experiment.training.dropout = 0.2
    finished(experiment)
    assert experiment.blocked["uncertainty"].startswith("Resamples are fitted without dropout")
    experiment.training.dropout = 0.0
    finished(experiment)
    experiment.uncertainty.n_resamples = 1
    assert experiment.blocked["uncertainty"].startswith(
        "First correct: n_resamples must be between 2 and 5000"
    )
    assert experiment.blocked["train"] == ""


def test_resampling_goes_into_files_and_back(experiment):
    experiment.uncertainty.put({"n_resamples": 30, "seed": 7, "level": 0.8})
    copy = Experiment()
    copy.from_dict(experiment.to_dict())
    assert copy.uncertainty.to_dict() == {"n_resamples": 30, "seed": 7, "level": 0.8}


def test_what_is_looked_at_makes_nothing_stale(experiment):
    finished(experiment).data.session = 3
    experiment.comparison.session = 5
    experiment.comparison.layers = ("truth",)
    assert experiment.stale_because == {}


def test_many_changes_are_counted(experiment):
    finished(experiment)
    experiment.task.sigma = 0.1
    experiment.participant.linked = False
    experiment.data.n_trials = 50
    experiment.training.bagging = True
    told = experiment.stale_because["train"]
    assert told == "This network is for drift σ = 0.20, α after no reward left open and 2 more. Train again."


def test_a_wrong_setting_blocks_training_with_its_sentence(experiment):
    experiment.task.sigma = -1
    sentence = (
        "task: sigma must be between 0 and 1 per trial; got -1.0. Drift: standard deviation of the step of"
        " each reward probability; 0 keeps them fixed."
    )
    assert experiment.problems == [sentence]
    assert experiment.blocked["train"] == f"First correct: {sentence}"
    assert experiment.stages["task"] == "todo"
    with pytest.raises(SettingsError, match="sigma must be"):
        experiment.snapshot()


@pytest.mark.parametrize("name", PRESETS)
def test_presets_load_and_round_trip(name):
    experiment = Experiment(name)
    assert experiment.problems == []
    told = json.loads(json.dumps(experiment.to_dict()))
    other = Experiment()
    other.from_dict(told)
    assert other.to_dict() == told
    assert other.snapshot() == experiment.snapshot()


def test_a_refused_dictionary_changes_nothing_and_says_all(experiment):
    before = experiment.to_dict()
    wrong = {
        "version": 9,
        "task": {"sigma": -1, "n_actions": 3},
        "participant": {"alpha": 1},
        "model": {"name": "mine"},
        "widgets": {},
    }
    with pytest.raises(SettingsError) as error:
        experiment.from_dict(wrong)
    assert len(error.value.problems) == 5
    assert experiment.to_dict() == before


@given(
    sigma=st.floats(0, 1),
    alpha=st.floats(0, 1),
    penalty=st.none() | st.floats(0, 1),
    n_sessions=st.integers(1, 2000),
    starts=st.none() | st.integers(1, 256),
)
def test_settings_round_trip_exactly(sigma, alpha, penalty, n_sessions, starts):
    experiment = Experiment()
    experiment.task.sigma = sigma
    experiment.participant.alpha_reward, experiment.participant.alpha_penalty = alpha, penalty
    experiment.data.n_sessions, experiment.training.n_starts = n_sessions, starts
    told = json.loads(json.dumps(experiment.to_dict()))
    other = Experiment("forgetting")
    other.from_dict(told)
    assert other.to_dict() == told
    assert other.snapshot() == experiment.snapshot()
    assert other.participant.linked == (penalty is None)
