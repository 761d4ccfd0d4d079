"""A lesson: settings to begin with, a sentence or two on what to do, and which controls are hidden or fixed.

What a lesson hides or fixes stays as the lesson has it, whatever sets it: a preset, an address, a file of
settings, the coach. `Experiment.lesson_note` then says what has stayed. A lesson guides and keeps no secrets:
the settings behind a hidden control can still be saved with all others.

A lesson comes from a file or an address, and so from anybody: it is bounded, read as data and checked.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from math import isfinite
from pathlib import Path
from typing import Any
from unicodedata import category

from ..core.settings import SettingsError, shorten
from .base import is_on_page
from .experiment import Experiment
from .graph import GROUPS, KEPT
from .stages import STAGES
from .story import Scene, plain, scenes_of, steps_as_scenes, story_problems
from .studies import STATES

VERSION = 1
LARGEST = 200_000  # bytes of a file
PARTS = ("lesson", "title", "text", "hidden", "fixed", "panels", "story", "tour", "questions", "settings")
TITLE, TEXT = 100, 1000  # characters
MOST_QUESTIONS, ANSWER = 12, 300  # characters of each of its texts
FIXED = "The lesson “{}” fixes this."


@dataclass(frozen=True)
class LessonQuestion:
    """A question, which the page in one file asks.

    Attributes:
        words: the question, up to 300 characters, as all others.
        answer: a number, or one of the options.
        within: how far from the answer a number may lie to be right.
        options: what can be chosen; with none, a number is typed.
        hint: what helps.
        because: why the answer is right.
    """

    words: str
    answer: float | str
    within: float = 0.0
    options: tuple[str, ...] = ()
    hint: str = ""
    because: str = ""


@dataclass(frozen=True)
class Lesson:
    """A lesson.

    Attributes:
        title: what it is called, up to 100 characters.
        text: one or two sentences on what to do, up to 1000 characters.
        settings: what it begins with, as `Experiment.to_dict` writes it.
        hidden, fixed: settings by group and name, as in "participant.alpha_reward"; see `HOLDABLE`.
        panels: those that are shown, in the order of `STAGES`.
        story: scenes of its own; see state/story.py.
        questions: that the page in one file asks.
    """

    title: str
    text: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    hidden: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    panels: tuple[str, ...] = tuple(STAGES)
    story: tuple[Scene, ...] = ()
    questions: tuple[LessonQuestion, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the lesson as plain data (JSON), with the version of its form."""
        lists = {name: list(getattr(self, name)) for name in ("hidden", "fixed", "panels")}
        settings = dict(self.settings)
        story = {"story": plain(self.story)} if self.story else {}
        questions = {"questions": [asdict(one) for one in self.questions]} if self.questions else {}
        words = {"title": self.title, "text": self.text}
        return {"lesson": VERSION, **words, **lists, **story, **questions, "settings": settings}

    def to_json(self) -> bytes:
        """Return the lesson as a file."""
        return json.dumps(self.to_dict(), indent=1, ensure_ascii=False).encode()


def _holdable() -> tuple[str, ...]:
    """Return the settings that a result depends on. What is only looked at is always free, and so is a
    table.
    """
    experiment = Experiment()
    names = [name for name in GROUPS if name in (*KEPT, *STATES) and name != "table"]
    states = {name: experiment.group(name) for name in names}
    return tuple(
        f"{group}.{item.name}"
        for group, state in states.items()
        for item in fields(state.settings)
        if item.compare and is_on_page(item)
    )


HOLDABLE = _holdable()
"""The settings that a lesson can hide or fix, by group and name."""


def read_lesson(data: object, experiment: Experiment) -> Lesson:
    """Return the lesson of plain data, for an experiment, which is left as it is.

    Raises:
        SettingsError: With every problem at once.
    """
    if not isinstance(data, Mapping) or "lesson" not in data:
        raise SettingsError(
            [
                f"A lesson is read from a dictionary with its version; got {shorten(data):.80}. Give a"
                " lesson's file."
            ]
        )
    version = data["lesson"]
    if type(version) is not int or version != VERSION:
        raise SettingsError(
            [
                f"The version of a lesson must be {VERSION}; got {shorten(version):.40}. It was written by"
                " another version of spicewidgets: update spicewidgets, or save the lesson again with this"
                " one."
            ]
        )
    problems = [
        f"{name!r:.60} is no part of a lesson; known are {', '.join(PARTS)}. Leave it out."
        for name in data
        if name not in PARTS
    ]
    title, text = data.get("title"), data.get("text", "")
    problems += _text_problems("title", title, TITLE)
    problems += ["The title of a lesson must have a word; got none. Give one."] * (title == "")
    problems += _text_problems("text", text, TEXT)
    hidden, fixed = (_names(data, name, HOLDABLE, (), problems) for name in ("hidden", "fixed"))
    panels = _names(data, "panels", tuple(STAGES), tuple(STAGES), problems)
    problems += [f"{name} cannot be both hidden and fixed. Choose one." for name in hidden if name in fixed]
    if "panels" in data and not panels and not problems:
        problems.append("A lesson must show a panel; got none. Name one or more.")
    story = data.get("story", steps_as_scenes(data.get("tour", ())))
    problems += story_problems(story)
    questions = data.get("questions", ())
    problems += _question_problems(questions)
    problems += experiment.read(data.get("settings", {}))[1]
    if problems:
        raise SettingsError(problems)
    settings = data.get("settings", {})
    asked = tuple(LessonQuestion(**{**one, "options": tuple(one.get("options", ()))}) for one in questions)
    return Lesson(str(title), str(text), settings, hidden, fixed, panels, scenes_of(story), asked)


def _question_problems(questions: Any) -> list[str]:
    """List what is wrong with a lesson's questions."""
    if not isinstance(questions, list | tuple) or len(questions) > MOST_QUESTIONS:
        return [
            f"questions must be a list of at most {MOST_QUESTIONS}; got {shorten(questions):.40}. Shorten it."
        ]
    return [problem for one in questions for problem in _problems_of_question(one)]


def _problems_of_question(one: Any) -> list[str]:
    names = [item.name for item in fields(LessonQuestion)]
    if not isinstance(one, Mapping) or not {"words", "answer"} <= set(one) <= set(names):
        return [
            f"A question has words and an answer; it may have {', '.join(names[2:])}; got {shorten(one):.40}."
        ]
    options = one.get("options", ())
    if not isinstance(options, list | tuple):
        return [
            f"The options of a question must be a list; got {shorten(options):.40}. Put them in brackets."
        ]
    texts = [(name, one[name]) for name in ("words", "hint", "because") if name in one]
    texts += [("options", option) for option in options]
    problems = [
        problem for name, text in texts for problem in _text_problems(f"{name} of a question", text, ANSWER)
    ]
    numbers = [one.get("within", 0.0), *([] if options else [one["answer"]])]
    if any(type(number) not in (int, float) or not isfinite(number) for number in numbers):
        problems.append(f"The answer of a question, and within, must be numbers; got {shorten(numbers):.40}.")
    if options and one["answer"] not in options:
        problems.append(
            f"The answer must be one of the options; got {shorten(one['answer']):.60}. Choose one."
        )
    return problems


def _text_problems(name: str, text: object, longest: int) -> list[str]:
    if not isinstance(text, str):
        return [f"The {name} of a lesson must be a text; got {shorten(text):.40}. Put it in quotes."]
    if len(text) > longest:
        return [f"The {name} of a lesson has at most {longest} characters; got {len(text)}. Shorten it."]
    if any(category(letter) in ("Cc", "Cs") for letter in text):
        return [
            f"The {name} of a lesson must be a line of letters; got {shorten(text):.40}. Leave the rest out."
        ]
    return []


def _names(
    data: Mapping[str, Any], part: str, known: tuple[str, ...], default: tuple[str, ...], problems: list[str]
) -> tuple[str, ...]:
    """Return a list of names, in the order of those known; what is wrong with it is added to `problems`."""
    names = data.get(part, default)
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        problems.append(
            f"{part} must be a list of names; got {shorten(names):.60}. Write for example [{known[0]!r}]."
        )
        return ()
    wrong = [name for name in names if name not in known]
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        first = ", ".join(f"{name!r:.60}" for name in wrong[:3])
        problems.append(f"{part} must be among {', '.join(known)}; got {first}{more}. Correct or leave out.")
    return tuple(name for name in known if name in names)


def lesson_of(content: bytes, experiment: Experiment) -> Lesson:
    """Return the lesson of a file's content.

    Raises:
        SettingsError: For what is no lesson.
    """
    if len(content) > LARGEST:
        raise SettingsError(["The file is too large for a lesson. Choose one that was saved as a lesson."])
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        raise SettingsError(
            ["The file holds no lesson (JSON). Choose one that was saved as a lesson."]
        ) from None
    return read_lesson(data, experiment)


def lesson_from(path: str | Path, experiment: Experiment) -> Lesson:
    """Return the lesson of a file.

    Raises:
        SettingsError: Where it cannot be read.
    """
    try:
        with Path(path).open("rb") as file:
            content = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SettingsError(
            [f"The lesson {str(path)!r:.200} cannot be read ({reason}). Give the path of a lesson's file."]
        ) from None
    return lesson_of(content, experiment)


def open_lesson(experiment: Experiment, lesson: Lesson, *, stays: bool = False) -> None:
    """Begin a lesson: take over its settings, and hold what it hides or fixes.

    Args:
        experiment: whose settings are changed and held.
        lesson: from `read_lesson`.
        stays: whether no address and no file may bring another lesson.

    Raises:
        SettingsError: For settings that cannot be used; then nothing is changed.
    """
    values, problems = experiment.read(lesson.settings)
    if problems:
        raise SettingsError(problems)
    with experiment.lock:
        leave_lesson(experiment)
        for name in GROUPS:
            experiment.group(name).put(values[name])
        why, hidden = FIXED.format(lesson.title), set(lesson.hidden)
        for name in GROUPS:
            both = _of(name, (*lesson.fixed, *lesson.hidden))
            experiment.group(name).hold(dict.fromkeys(both, why), tuple(_of(name, hidden)))
        experiment.lesson_stays = stays
        experiment.lesson = replace(lesson, settings=experiment.to_dict())


def _of(group: str, names: Iterable[str]) -> list[str]:
    return [name.removeprefix(f"{group}.") for name in names if name.startswith(f"{group}.")]


def leave_lesson(experiment: Experiment) -> None:
    """Let all settings go; they keep the values that they have."""
    for name in GROUPS:
        experiment.group(name).hold({})
    experiment.lesson_note = ""
    experiment.lesson_stays, experiment.lesson = False, None


def lesson_now(experiment: Experiment, **parts: Any) -> Lesson:
    """Return a lesson that begins with the settings as they stand: its title, text, hidden, fixed and panels.

    Raises:
        SettingsError: With every problem at once.
    """
    return read_lesson(Lesson(**parts, settings=experiment.to_dict()).to_dict(), experiment)
