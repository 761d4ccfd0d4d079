"""A story asks before it shows, keeps its place, and is read from a file that is checked."""

import pytest

from spicewidgets.state.story import (
    FACTS,
    Scene,
    Story,
    fill_in,
    own_story,
    plain,
    scenes_of,
    steps_as_scenes,
    story_problems,
    verdict_of,
)


def test_the_story_of_the_page_is_a_good_file_of_six_scenes_that_ask():
    scenes = own_story()
    assert story_problems(plain(scenes)) == []
    assert scenes_of(plain(scenes)) == scenes
    assert len(scenes) == 6
    assert all(scene.how != "look" and scene.says and scene.because for scene in scenes)
    assert all(len(scene.ask.split()) <= 12 and len(scene.says.split()) <= 20 for scene in scenes)


def test_facts_and_answers_are_filled_into_texts():
    facts, answers = {"alpha": 0.294, "n": 12_000, "fall": -0.2}, {0: 0.5}
    assert fill_in("α {alpha}, {alpha%} of {n}; {fall}", facts, answers, 1) == "α 0.29, 29 % of 12,000; −0.20"
    assert fill_in("{answer 1} then {answer}", facts, answers, 1) == "0.50 then –"
    assert fill_in("{beta} {x.__class__} {0}", facts, answers, 1) == "– {x.__class__} {0}"


def test_an_answer_that_was_chosen_is_told_in_its_words():
    story = Story()
    story.begin([Scene("?", how="choose", options=("a", "at {alpha}")), Scene("?", how="guess")])
    story.restore("1:0=1:1=0.5:7=1")
    assert fill_in("{answer 1}, {answer%}", {"alpha": 0.3}, story.answers_in_words, 1) == "at 0.30, 50 %"


def test_an_answer_is_judged():
    choose = Scene("?", how="choose", options=("a", "b"), right="choice")
    assert verdict_of(choose, {"choice": 1}, 1.0) == "Correct."
    assert verdict_of(choose, {"choice": 0}, 1.0) == "Not so."
    guess = Scene("?", how="guess", fact="alpha")
    assert [verdict_of(guess, {"alpha": 0.3}, one) for one in (0.35, 0.5)] == ["You knew.", ""]


def test_it_is_left_gone_on_with_and_begun_anew():
    story = Story()
    story.begin([Scene("1"), Scene("2"), Scene("3")])
    story.answer(1.0)
    story.go()
    story.leave()
    assert (story.scene, story.place, story.as_word()) == (None, 1, "1:0=1")
    story.begin(story.scenes)
    assert story.scene.ask == "2"
    story.go()
    story.go()
    assert (story.scene, story.place, story.answers) == (None, 0, {})
    story.begin([Scene("other")])
    assert story.scene.ask == "other"


@pytest.mark.parametrize("word", ["", "x", "99999", "1:x=1", "1:0=<b>", "1:0=1e9", "1:0=nan"])
def test_what_a_browser_has_not_kept_is_passed_over(word):
    story = Story()
    story.restore(word)
    assert all(0 <= value <= 9.9 for value in story.answers.values())
    story.begin([Scene("1"), Scene("2")])
    assert story.scene is not None


GOOD = {"ask": "Which?", "how": "choose", "options": ["a", "b"]}
WRONG = {
    "a story": 7,
    "too long": [GOOD] * 13,
    "a scene": ["x"],
    "no question": [{"how": "look"}],
    "another part": [GOOD | {"colour": "red"}],
    "how": [GOOD | {"how": "shout"}],
    "one option": [GOOD | {"options": ["a"]}],
    "options": [GOOD | {"options": "ab"}],
    "option": [GOOD | {"options": ["a", 7]}],
    "right": [GOOD | {"right": 2}],
    "right is no fact": [GOOD | {"right": "height"}],
    "guess of nothing": [{"ask": "?", "how": "guess"}],
    "picture": [GOOD | {"picture": "cat"}],
    "no fact": [GOOD | {"says": "{height}"}],
    "a later answer": [GOOD | {"lead": "{answer 2}"}],
    "lines": [GOOD | {"says": "a\nb"}],
    "letters": [GOOD | {"ask": "a" * 200}],
}


@pytest.mark.parametrize("data", WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_a_sentence(data):
    problems = story_problems(data)
    assert problems
    assert all(one.endswith(".") for one in problems)


def test_steps_of_a_tour_are_scenes_to_look_at():
    scenes = steps_as_scenes([{"words": "Set {the} drift.", "panel": "task"}])
    assert story_problems(scenes) == []
    assert scenes == [{"ask": "Step 1", "lead": "Set (the) drift."}]


def test_facts_are_told_in_words():
    assert all(words and not words.endswith(".") for words in FACTS.values())
