"""The quiz without a browser: no answer on the page, every guess is scored, mystery follows mystery."""

import re

import pytest

from spicewidgets.app.games import address_of, count_repeats, guess_of, of_mystery, seed_of
from spicewidgets.app.runner import Runner
from spicewidgets.core.judge.quiz import mystery
from spicewidgets.panels.quiz import TOOLS, QuizPanel
from spicewidgets.state import Experiment

SEED = 7  # at level 2: asymmetric learning and a choice kernel


def quiz(level=1, seed=1):
    experiment = Experiment()
    shown = QuizPanel(experiment, Runner(experiment), level, seed)
    shown.deal()
    assert shown.alert.value == ""
    return shown


def words(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).strip()


def texts(box):
    """All that is written anywhere on the page."""
    for name in ("value", "description", "tooltip", "placeholder"):
        yield str(getattr(box, name, ""))
    for child in getattr(box, "children", ()):
        yield from texts(child)


def guess(shown, **values):
    for name, value in values.items():
        if name in shown.form.ticks:
            shown.form.ticks[name].value = True
        shown.form.numbers[name].value = value
    shown.form.go.click()
    return words(shown.form.score.value)


def test_before_the_sessions_are_there_nothing_can_be_trained_or_guessed():
    experiment = Experiment()
    shown = QuizPanel(experiment, Runner(experiment), 1, 1)
    if not shown.runner.loaded:  # else it has dealt at once
        shown.switch.value = "train"
        assert shown.rooms["train"].children == ()
        assert shown.form.go.disabled
        shown.deal()
    shown.switch.value = "train"
    assert len(shown.rooms["train"].children) == 1
    assert not shown.form.go.disabled


def test_the_sessions_are_seen():
    shown = quiz()
    assert "Session 0: 10 of 100 trials" in shown.trials.value
    shown.session.value = 5
    assert "Session 5: 10 of 100 trials" in shown.trials.value
    assert "after no reward" in shown.repeats.value
    name, content, _ = shown._csv()
    assert (name, content.count(b"\n")) == ("mystery.csv", 10_001)


@pytest.mark.parametrize("level", [1, 2])
def test_the_answer_is_nowhere_before_it_is_asked_for(level):
    shown = quiz(level, SEED)
    shown.experiment.training.epochs = 10
    for name in shown.rooms:
        shown.switch.value = name
    assert shown.runner.train()
    assert shown.runner.wait(120)
    result = shown.runner.result
    assert (result.truth, dict(result.terms), result.classical, shown.runner.truth()) == (None, {}, {}, None)
    assert set(result.played) == {"rnn", "spice"}
    assert shown.runner.given.agent is None
    assert {session.reward_probs is None for session in shown.runner.given.sessions} == {True}
    assert all(row["floor"] is None for row in result.history)
    assert shown.experiment.participant.peek() == Experiment().participant.peek()
    guess(shown, alpha_reward=0.11, beta_reward=9.0)
    page = words(" ".join(texts(shown)))
    assert "Who it was" not in page
    assert f"{shown.riddle.participant}" not in page
    assert " true " not in words(shown.form.score.value)
    assert shown.form.answer.value == ""


def test_a_right_guess_has_all_points_and_the_answer_follows():
    shown = quiz()
    told = guess(shown, alpha_reward=0.5, beta_reward=4.0)
    assert told.startswith("Guess 1: 100 of 100 points numbers 100%.")
    assert shown.answered
    assert "A Rescorla-Wagner learner, and nothing else." in words(shown.form.answer.value)
    assert shown.form.go.disabled
    assert shown.form.go.tooltip == "The answer is out. Take another mystery."


def test_a_wrong_guess_has_sentences_that_help_and_may_be_followed_by_another():
    shown = quiz(2, SEED)
    told = guess(shown, alpha_reward=0.65, beta_reward=2.5, forget_rate=0.2)
    assert told.startswith("Guess 1: 25 of 100 points mechanisms 0%, numbers 50%.")
    assert "Something is missing. Compare how far a value moves after a reward" in told
    assert "The data do not ask for forgetting" in told
    assert "Within what can be known." in told
    assert not shown.answered
    shown.form.ticks["forget_rate"].value = False
    told = guess(shown, alpha_penalty=0.35, beta_choice=1.5)
    assert told.startswith("Guess 2: 100 of 100 points mechanisms 100%, numbers 100%.")
    answer = words(shown.form.answer.value)
    assert "Asymmetric learning" in answer
    assert "Choice kernel β 1.5" in answer


def test_the_answer_is_told_to_who_has_guessed():
    shown = quiz()
    assert shown.form.show_answer.disabled
    shown.form.show_answer.click()
    assert shown.form.answer.value == ""
    guess(shown, alpha_reward=0.1)
    assert not shown.form.show_answer.disabled
    shown.form.show_answer.click()
    assert "Learning rate α 0.5 ± 0.012" in words(shown.form.answer.value)
    before = shown.form.score.value
    shown.form.go.click()
    assert (shown.form.score.value, shown.guesses) == (before, 1)


def test_a_guess_that_cannot_be_is_told():
    shown = quiz(2, SEED)
    guess(shown, alpha_reward=1.5)
    assert "alpha_reward must be between 0 and 1; got 1.5" in shown.alert.value
    guess(shown, alpha_reward=0.5, alpha_penalty=0.5)
    assert "The number of asymmetric learning must make a difference; got 0.5" in shown.alert.value
    guess(shown, alpha_reward=float("nan"), alpha_penalty=0.2)
    assert "got nan" in shown.alert.value
    assert shown.guesses == 0
    guess(shown, alpha_reward=0.5)
    assert (shown.alert.value, shown.guesses) == ("", 1)


def test_level_1_asks_for_two_numbers_and_level_2_for_mechanisms():
    shown = quiz()
    assert shown.form.mechanisms.layout.display == "none"
    shown.level.value = 2
    assert shown.form.mechanisms.layout.display == ""
    assert shown.form.numbers["forget_rate"].layout.display == "none"
    shown.form.ticks["forget_rate"].value = True
    assert shown.form.numbers["forget_rate"].layout.display == ""
    assert shown.riddle == mystery(2, 1)


def test_another_mystery_forgets_the_last_one():
    shown = quiz()
    shown.experiment.training.epochs = 5
    guess(shown, alpha_reward=0.1)
    assert shown.runner.train()
    assert shown.next.disabled
    assert shown.next.tooltip == "A run is under way. Stop it first."
    assert shown.runner.wait(120)
    before = shown.trials.value
    shown.seed.value = 2
    assert shown.riddle == mystery(1, 2)
    assert (shown.runner.result, shown.guesses, shown.form.score.value) == (None, 0, "")
    assert shown.trials.value != before
    shown.next.click()
    assert shown.alert.value == ""
    assert shown.seed.value == shown.riddle.seed


def test_the_mystery_stands_in_the_address():
    shown = quiz(2, SEED)
    assert 'data-settings="quiz-2-7"' in shown.address.link.value
    assert "data-taken" not in shown.address.link.value
    shown.address.incoming.value = "quiz-1-42"
    assert shown.riddle == mystery(1, 42)
    assert 'data-taken data-settings="quiz-1-42"' in shown.address.link.value
    shown.address.incoming.value = "quiz-1-<b>"
    assert "must read like quiz-1-42; got &#x27;quiz-1-&lt;b&gt;&#x27;" in shown.alert.value
    assert shown.riddle == mystery(1, 42)


@pytest.mark.parametrize("text", ["", "quiz-3-1", "quiz-1-10000", "quiz-1--1", "quiz-1-1 ", "eJyr"])
def test_other_addresses_are_refused(text):
    with pytest.raises(ValueError, match="quiz-1-42"):
        seed_of(text)
    assert seed_of(address_of(mystery(2, 9999))) == (2, 9999)


def test_the_tools_work_without_a_truth():
    shown = quiz()
    shown.experiment.training.epochs = 60
    assert shown.runner.train()
    assert shown.runner.wait(120)
    for name in TOOLS:
        shown.switch.value = name
        assert shown.rooms[name].children[0].alert.value == ""
    assert "Nothing is known of the truth" in shown.rooms["equation"].children[0].terms.value


def test_how_often_choices_are_repeated():
    data = of_mystery(mystery(1, 1))
    (_, after_reward, n_reward), (_, after_none, n_none) = count_repeats(data)
    assert n_reward + n_none == 100 * 99
    assert after_reward > after_none
    choices = data.dataset.choices
    same = float((choices[:, 1:] == choices[:, :-1]).double().mean())
    assert (after_reward * n_reward + after_none * n_none) / 9900 == pytest.approx(same)


def test_a_guess_is_a_participant():
    assert guess_of({"alpha_reward": 0.2, "beta_reward": 1.0}).alpha_penalty is None
    assert guess_of({"alpha_reward": 0.2, "beta_reward": 1.0, "alpha_counterfactual": 0.3}) == guess_of(
        {
            "alpha_reward": 0.2,
            "beta_reward": 1.0,
            "alpha_counterfactual_reward": 0.3,
            "alpha_counterfactual_penalty": 0.3,
        }
    )
