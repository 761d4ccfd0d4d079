"""Lessons: back exactly, refused in sentences, and not to be got round by a preset or an address."""

import json
from copy import deepcopy

import pytest
from hypothesis import given, strategies as st

from spicewidgets.core.settings import SettingsError
from spicewidgets.state import Experiment
from spicewidgets.state.graph import GROUPS
from spicewidgets.state.lesson import (
    HOLDABLE,
    LARGEST,
    Lesson,
    leave_lesson,
    lesson_from,
    lesson_now,
    lesson_of,
    open_lesson,
    read_lesson,
)
from spicewidgets.state.link import open_link, to_link
from spicewidgets.state.stages import STAGES

PLAIN = {"lesson": 1, "title": "Drift", "text": "Move the drift.", "settings": {}}


@pytest.fixture
def experiment():
    return Experiment()


def begun(experiment, **parts):
    open_lesson(experiment, read_lesson(PLAIN | parts, experiment))
    return experiment


def tried(experiment, data):
    """What is wrong with a lesson that is opened; nothing else may be raised."""
    try:
        open_lesson(experiment, read_lesson(data, experiment))
    except SettingsError as error:
        return error.problems
    return ()


def told(error):
    return "\n".join(error.value.problems)


def test_what_a_result_depends_on_can_be_held_and_what_is_looked_at_is_free():
    assert {name.split(".")[0] for name in HOLDABLE} == set(GROUPS) - {"comparison", "table"}
    assert "participant.alpha_reward" in HOLDABLE
    assert "discovery.libraries" in HOLDABLE
    assert not {"data.session", "training.log", "training.smoothing", "model.own"} & set(HOLDABLE)


@given(
    title=st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=100),
    text=st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=1000),
    how=st.dictionaries(st.sampled_from(HOLDABLE), st.booleans()),
    panels=st.sets(st.sampled_from(list(STAGES)), min_size=1),
    alpha=st.floats(0, 1),
    sigma=st.floats(0, 1),
)
def test_a_lesson_comes_back_exactly(title, text, how, panels, alpha, sigma):
    before, after = Experiment("forgetting"), Experiment()
    before.participant.alpha_reward, before.task.sigma = alpha, sigma
    lesson = lesson_now(
        before,
        title=title,
        text=text,
        hidden=tuple(name for name in HOLDABLE if how.get(name) is True),
        fixed=tuple(name for name in HOLDABLE if how.get(name) is False),
        panels=tuple(name for name in STAGES if name in panels),
    )
    again = lesson_of(lesson.to_json(), after)
    assert again == lesson
    open_lesson(after, again)
    assert after.to_dict() == before.to_dict()
    assert after.lesson == lesson


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=5)
)
@pytest.mark.parametrize("part", ["lesson", "title", "text", "hidden", "fixed", "panels", "settings"])
def test_any_part_may_hold_anything_and_nothing_else_is_raised(part, value):
    experiment = Experiment()
    before = experiment.to_dict()
    problems = tried(experiment, PLAIN | {part: value})
    assert all(". " in sentence and sentence.isprintable() for sentence in problems)
    assert all(len(sentence) < 3000 for sentence in problems)
    if problems:
        assert experiment.lesson is None
        assert experiment.to_dict() == before


def places(data, place=()):
    """Where anything is in plain data, as keys and numbers."""
    yield place
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield from places(value, (*place, key))


@pytest.mark.parametrize("odd", [[], {}, [[]], {"a": []}, [None], 10**400], ids=repr)
def test_a_list_or_an_object_anywhere_is_read_or_refused(odd, experiment):
    step = {"words": "Look.", "panel": "task", "waits_for": "task.sigma"}
    scene = {"ask": "Which?", "how": "choose", "options": ["a", "b"], "right": 1, "picture": "value"}
    parts = {"hidden": ["task.sigma"], "panels": ["task"], "story": [scene], "tour": [step]}
    whole = json.loads(json.dumps({**PLAIN, **parts, "settings": experiment.to_dict()}))
    assert read_lesson(whole, experiment).story[0].options == ("a", "b")
    refused = 0
    for *path, last in filter(None, places(whole)):
        changed = deepcopy(whole)
        within = changed
        for key in path:
            within = within[key]
        within[last] = odd
        try:
            read_lesson(changed, experiment)
        except SettingsError:
            refused += 1
    assert refused > 50


@given(st.binary(max_size=200))
def test_any_file_is_read_or_refused_in_a_sentence(content):
    with pytest.raises(SettingsError, match="lesson"):
        lesson_of(content, Experiment())


@given(
    st.dictionaries(
        st.sampled_from(GROUPS) | st.text(max_size=5),
        st.dictionaries(
            st.sampled_from(sorted({name.split(".")[1] for name in HOLDABLE})) | st.text(max_size=90),
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
            max_size=3,
        ),
        max_size=3,
    )
)
def test_hostile_settings_are_refused_and_nothing_is_lost(settings):
    experiment = begun(Experiment(), fixed=["task.sigma"])
    before, lesson = experiment.to_dict(), experiment.lesson
    problems = tried(experiment, PLAIN | {"settings": settings})
    assert all(sentence.isprintable() for sentence in problems)
    if problems:
        assert experiment.lesson == lesson
        assert experiment.to_dict() == before
        assert experiment.task.held == {"sigma": "The lesson “Drift” fixes this."}


@pytest.mark.parametrize("version", [0, 2, True, 1.0, "1", None, [1]])
def test_another_version_is_refused_in_a_sentence(experiment, version):
    with pytest.raises(SettingsError) as error:
        read_lesson(PLAIN | {"lesson": version, "title": 7}, experiment)
    assert told(error) == (
        f"The version of a lesson must be 1; got {version!r}. It was written by another version of"
        " spicewidgets: update spicewidgets, or save the lesson again with this one."
    )


def test_all_problems_are_told_at_once(experiment):
    with pytest.raises(SettingsError) as error:
        read_lesson({"lesson": 1, "hidden": 1, "settings": {"task": {"sigma": 7}}}, experiment)
    assert len(error.value.problems) == 3


def test_files_are_bounded(experiment, tmp_path):
    with pytest.raises(SettingsError, match="too large"):
        lesson_of(b" " * (LARGEST + 1), experiment)
    with pytest.raises(SettingsError, match="holds no lesson"):
        lesson_of(b"[" * 100_000, experiment)
    with pytest.raises(SettingsError, match="cannot be read"):
        lesson_from(tmp_path / "nowhere.json", experiment)
    with pytest.raises(SettingsError, match="cannot be read"):
        lesson_from("a\0b", experiment)
    path = tmp_path / "lesson.json"
    path.write_bytes(Lesson("Drift").to_json())
    assert lesson_from(path, experiment) == Lesson("Drift")


def test_what_is_held_stays_whatever_sets_it(experiment):
    begun(experiment, fixed=["participant.alpha_reward"], hidden=["participant.beta_reward"])
    person = experiment.participant
    person.alpha_reward = 0.9
    person.put({"alpha_reward": 0.8, "q0": 0.1})
    person.reset("beta_reward")
    assert (person.alpha_reward, person.beta_reward, person.q0) == (0.3, 3.0, 0.1)
    assert person.held["alpha_reward"] == "The lesson “Drift” fixes this."
    assert person.hidden == ("beta_reward",)
    leave_lesson(experiment)
    person.alpha_reward = 0.9
    assert (person.alpha_reward, person.held, experiment.lesson) == (0.9, {}, None)


def test_one_rate_for_both_cannot_be_left_where_the_second_is_held(experiment):
    begun(experiment, fixed=["participant.alpha_penalty"])
    experiment.participant.linked = False
    assert experiment.participant.linked
    assert experiment.participant.alpha_penalty is None


def test_a_preset_leaves_what_is_held_and_says_so(experiment):
    begun(experiment, fixed=["participant.alpha_reward"], hidden=["data.n_sessions"])
    experiment.load_preset("slow learner")
    assert (experiment.participant.alpha_reward, experiment.data.n_trials) == (0.3, 200)
    assert experiment.lesson_note == "The lesson keeps as they are: learning rate α."
    experiment.load_preset("asymmetric learner")
    assert experiment.lesson_note == "The lesson keeps as they are: learning rate α, what it hides."
    experiment.load_preset("the tutorial")
    assert experiment.lesson_note == ""


def test_the_address_brings_the_lesson_back(experiment):
    begun(experiment, fixed=["task.sigma"], panels=["task", "data"], settings={"task": {"sigma": 0.1}})
    experiment.participant.q0 = 0.2
    again = Experiment()
    open_link(again, to_link(experiment))
    assert again.lesson == experiment.lesson
    assert again.to_dict() == experiment.to_dict()
    assert again.task.held == experiment.task.held
    open_lesson(again, again.lesson)
    assert again.participant.q0 == 0.5


def test_an_address_does_not_get_round_the_lesson_of_the_page(experiment):
    other = begun(Experiment(), title="Other", settings={"task": {"sigma": 0.4}, "data": {"n_trials": 50}})
    lesson = read_lesson(PLAIN | {"fixed": ["task.sigma"]}, experiment)
    open_lesson(experiment, lesson, stays=True)
    open_link(experiment, to_link(other))
    assert experiment.lesson.title == "Drift"
    assert (experiment.task.sigma, experiment.data.n_trials) == (0.2, 50)
    assert experiment.lesson_note == (
        "The lesson keeps as they are: drift σ. The lesson in the address was left out."
    )


def test_the_lesson_of_the_page_needs_no_address(experiment):
    open_lesson(experiment, read_lesson(PLAIN, experiment), stays=True)
    assert to_link(experiment) == ""


def test_what_would_change_is_told_before(experiment):
    begun(experiment, fixed=["training.learning_rate"])
    assert experiment.lesson_refuses({"training": {"learning_rate": 0.1, "epochs": 3}}) == (
        "The lesson keeps as they are: learning rate of Adam."
    )
    assert experiment.lesson_refuses({"training": {"epochs": 3}, "data": {"seed": 1}}) == ""


def test_settings_are_saved_as_they_stand(experiment):
    begun(experiment, fixed=["task.sigma"])
    experiment.data.n_trials = 77
    lesson = lesson_now(experiment, title="Next")
    assert json.loads(lesson.to_json())["settings"]["data"]["n_trials"] == 77
    assert lesson.settings == experiment.to_dict()
