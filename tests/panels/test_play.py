"""Be the participant, without a browser: every choice is answered in words, and at the end all is fitted."""

import io
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from spicewidgets import AgentQ, BanditsDrift, DatasetRNN, create_dataset
from spicewidgets.app.games import told_of
from spicewidgets.app.runner import Runner
from spicewidgets.core.rivals.fit import fit_rival
from spicewidgets.panels.play import LISTEN, PlayPanel
from spicewidgets.state import Experiment


def panel(n_trials=12):
    experiment = Experiment()
    return PlayPanel(experiment, Runner(experiment), n_trials, random_state=3)


def words(html):
    return re.sub(r"\s+", " ", re.sub(r"<text.*?</text>|<[^>]+>", " ", html)).strip()


def play(shown, n):
    for at in range(n):
        shown.arms[at % 3 % 2].click()


def test_it_begins_with_a_question():
    shown = panel()
    assert words(shown.outcome.value) == "Choose an option. Trial 0 of 12; 0 rewards so far."
    assert shown.results.layout.display == "none"
    assert not any(button.disabled for button in shown.arms)


def test_a_choice_is_answered_in_words_and_by_shape():
    shown = panel()
    shown.arms[0].click()
    paid = shown.game.total == 1
    told = words(shown.outcome.value)
    assert told.startswith("Option 1: reward." if paid else "Option 1: no reward.")
    assert ("<circle" in shown.outcome.value) == paid
    assert ("<path" in shown.outcome.value) == (not paid)
    assert shown.kind.parts[0].disabled  # the task stays while it is played
    play(shown, 5)
    marks = shown.outcome.value
    assert marks.count("<circle") + marks.count("<path") == 7  # the last one twice


def test_another_task_is_a_new_game_before_the_first_choice():
    shown = panel()
    first = shown.game
    shown.experiment.task.kind = "drift"
    assert shown.game is not first
    assert shown.game.task.kind == "drift"


def test_at_the_end_it_is_fitted_as_anybodys_choices_are():
    shown = panel(30)
    shown.experiment.training.epochs = 20
    shown.experiment.discovery.selection = "threshold"  # so few choices would miss no term
    play(shown, 31)  # one more than there are
    assert shown.runner.wait(120)
    assert shown.alert.value == ""
    assert len(shown.game.choices) == 30
    assert all(button.disabled for button in shown.arms)
    assert "Your learning rate α is" in shown.words.value
    assert "29 choices" in words(shown.words.value)
    rows = re.findall(r'<th scope="row">(.*?)</th>', shown.scores.value)
    assert rows == ["guessing", "Rescorla-Wagner", "RNN", "SPICE"]
    assert re.search(r"[+−]\d+\.\d+ ± \d", shown.equation.value)
    drawn = {key.split("/")[0] for key in shown.figure.series if "/" in key}
    assert drawn >= {"Rescorla-Wagner", "rnn", "spice"}
    assert shown.runner.result.truth is None
    assert "truth" not in shown.runner.result.played


def test_the_choices_are_saved_as_a_data_set():
    shown = panel(30)
    shown.experiment.training.epochs = 5
    play(shown, 30)
    name, content, _ = shown._csv()
    again = DatasetRNN.from_frame(pd.read_csv(io.BytesIO(content)))
    assert name == "choices.csv"
    assert again.choices[0].tolist() == shown.game.choices
    assert shown.runner.wait(120)


def test_a_new_game_forgets_the_last_one():
    shown = panel(20)
    shown.experiment.training.epochs = 5
    play(shown, 20)
    shown.again.click()
    assert shown.runner.wait(120)
    assert (shown.game.choices, shown.player) == ([], None)
    assert shown.results.layout.display == "none"
    play(shown, 20)
    assert shown.runner.wait(120)
    assert "Your learning rate" in shown.words.value


def test_who_always_does_the_same_is_told_that_it_says_nothing():
    shown = panel(20)
    shown.experiment.training.epochs = 5
    for _ in range(20):
        shown.arms[1].click()
    assert shown.runner.wait(120)
    assert shown.alert.value == ""
    assert "may well be true" in shown.words.value or "at the end of its range" in shown.words.value


@pytest.mark.parametrize("key", ["ArrowLeft", "ArrowRight", "1: 0", "2: 1"])
def test_keys_are_listened_to(key):
    assert key in LISTEN


def test_what_is_told_stays_within_what_is_possible():
    data = create_dataset(AgentQ(), BanditsDrift(0.2), 20, 1, random_state=1)[0]
    wide = replace(fit_rival("rescorla-wagner", data), values=np.array([[0.77, 3.0]]))
    wide = replace(wide, errors=np.array([[0.54, 1.0]]))
    assert told_of(wide, {"alpha_reward": "α"}) == [
        "α is 0.77: anything from 0.01 to 1.00 may well be true (95 %)."
    ]
    flat = replace(wide, values=np.array([[0.999, 3.0]]), errors=np.array([[np.nan, 1.0]]))
    assert told_of(flat, {"alpha_reward": "α"}) == [
        "α is 1.00, at the end of its range: these choices do not tell it."
    ]
