"""What users of version 0.1.0 have stored still opens, and gives what that version wrote down beside it."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from spicewidgets import (
    FORGETTING_RNN_CONFIG,
    PARTICIPANT_EMBEDDING_RNN_CONFIG,
    DatasetRNN,
    ForgettingRNN,
    ParticipantEmbeddingRNN,
    SpiceEstimator,
    replay,
)
from spicewidgets.app import recorded
from spicewidgets.app.games import seed_of
from spicewidgets.core.judge.quiz import mystery
from spicewidgets.state import PRESETS, Experiment
from spicewidgets.state.lesson import lesson_from, open_lesson
from spicewidgets.state.link import open_link

FOLDER = Path(__file__).parent / "fixtures" / "0.1.0"
MODELS = {
    "forgetting": (ForgettingRNN, FORGETTING_RNN_CONFIG, {}),
    "embedding": (ParticipantEmbeddingRNN, PARTICIPANT_EMBEDDING_RNN_CONFIG, {"embedding_size": 4}),
}


def stored(name):
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


SETTINGS, QUIZ = stored("settings.json"), stored("quiz.json")
WIDTH_THEN = 0.9  # of intervals, where nothing else was set


def within(new, old):
    """The part of new settings that old ones know; a later version may have more."""
    return {
        name: within(new[name], value) if isinstance(value, dict) else new[name]
        for name, value in old.items()
    }


def as_shown_now(settings):
    """Old settings with the present width of intervals: an address or a preset says nothing of it, and no
    result hangs on it.
    """
    level, then = Experiment().uncertainty.default("level"), settings["uncertainty"]
    now = then | {"level": level} if then["level"] == WIDTH_THEN else then
    return settings | {"uncertainty": now}


@pytest.mark.parametrize("name", SETTINGS)
def test_saved_settings_open(name):
    experiment, settings = Experiment(), SETTINGS[name]["settings"]
    experiment.from_dict(settings)
    assert not experiment.problems
    assert within(experiment.to_dict(), settings) == settings


@pytest.mark.parametrize("name", SETTINGS)
def test_addresses_open(name):
    experiment, row = Experiment(), SETTINGS[name]
    open_link(experiment, row["address"])
    settings = as_shown_now(row["settings"])
    assert within(experiment.to_dict(), settings) == settings
    assert (experiment.lesson and experiment.lesson.title) == row.get("title")


@pytest.mark.parametrize("name", [name for name in SETTINGS if name in PRESETS])
def test_a_preset_is_what_it_was(name):
    settings = as_shown_now(SETTINGS[name]["settings"])
    assert within(Experiment(name).to_dict(), settings) == settings


def test_a_lesson_opens_and_holds_what_it_held():
    experiment, row = Experiment(), stored("lesson.json")
    lesson = lesson_from(FOLDER / "lesson.json", experiment)
    open_lesson(experiment, lesson)
    assert (lesson.title, lesson.text) == (row["title"], row["text"])
    assert list(lesson.panels) == row["panels"]
    assert within(experiment.to_dict(), row["settings"]) == row["settings"]
    experiment.participant.alpha_reward, experiment.task.kind = 0.9, "fixed"
    assert (experiment.participant.alpha_reward, experiment.task.kind) == (0.3, "drift")
    assert set(experiment.participant.hidden) == {"alpha_reward"}
    assert set(experiment.data.hidden) == {"seed"}


@pytest.mark.parametrize("address", QUIZ)
def test_an_address_of_the_quiz_is_the_same_mystery(address):
    row = QUIZ[address]
    assert seed_of(address) == (row["level"], row["seed"])
    found = vars(mystery(row["level"], row["seed"]).participant)
    assert {name: found[name] for name in row["participant"]} == pytest.approx(row["participant"])


@pytest.mark.parametrize("name", MODELS)
def test_a_saved_model_predicts_the_same(name):
    (cls, config, more), row = MODELS[name], stored(f"{name}.json")
    spice = SpiceEstimator(cls, config, **more)
    spice.load_spice(FOLDER / f"{name}_rnn.safetensors", FOLDER / f"{name}_spice.json")
    sessions = DatasetRNN.from_frame(pd.DataFrame(row["sessions"]))
    assert {str(who): spice.spice_model_.text(who) for who in spice.spice_model_.participants} == row["text"]
    for layer, agent in (("rnn", spice.rnn_agent), ("spice", spice.spice_agent)):
        p = replay(agent, sessions).probabilities[..., 0]
        np.testing.assert_allclose(p, row["p"][layer], atol=2e-6)


def test_a_recorded_run_is_read(monkeypatch):
    monkeypatch.setattr(recorded, "FOLDER", FOLDER)
    experiment, row = Experiment(), stored("run.json")
    experiment.from_dict(row["settings"])
    experiment.discovery.selection = "threshold"
    result = recorded.load_recorded(experiment.snapshot())
    assert (result.spice.text(), len(result.history), len(result.per_session)) == (
        row["text"],
        row["n_epochs"],
        row["n_rows"],
    )
    assert result.comparison["nll"].to_dict() == pytest.approx(row["nll"])
    assert result.choices[0].tolist() == row["choices"]
    assert {who: one.to_dict() for who, one in result.uncertainty.items()} == {0: row["errors"]["0"]}
    assert {module: [list(t) for t in one.terms] for module, one in result.emergence.items()} == row["terms"]
    for layer, p in row["p"].items():
        np.testing.assert_allclose(result.played[layer].probabilities[0, :, 0], p, atol=2e-6)
