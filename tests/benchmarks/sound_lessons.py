"""Invented lessons of which most are sound, so that what opens them is reached: for `fuzz.py`.

Every part is drawn from what it may be: settings within their declared bounds or at them, words of any
letters, panels in any order, scenes of a story. One in ten has one part spoilt.
"""

import json
import math
import random
from collections.abc import Callable
from typing import Any
from unicodedata import category

from spicewidgets.state import story
from spicewidgets.state.experiment import Experiment
from spicewidgets.state.graph import GROUPS
from spicewidgets.state.lesson import HOLDABLE, TEXT, TITLE, VERSION, lesson_of, open_lesson
from spicewidgets.state.stages import STAGES

SPOILT = 0.1  # share of lessons of which a part is
SAVED_EACH = 10  # lessons, of which one is saved and read again
FAR = 1e6  # the largest number that is drawn where a setting has no bound
# Letters of other scripts, pictures of several signs, signs that turn the direction, blanks, signs of code.
SCRIPTS = ("אבגدرس", "汉字かな", "é̂ñ", "👩‍🔬🇺🇳", "\u202e\u2066", "\u3000\u2003", "<&>\"'", "$\\{}%")


def invent_lesson(rng: random.Random, spoil: Callable[[random.Random, list[bytes]], Any]) -> bytes:
    """Return a lesson as a file.

    Args:
        rng: draws it.
        spoil: changes a part of JSON to what it may not be, mostly.
    """
    held = rng.sample(HOLDABLE, rng.choice((0, 1, 4, 20)))
    cut = rng.randrange(len(held) + 1)
    panels = rng.sample(list(STAGES), rng.randrange(1, len(STAGES) + 1))
    parts = {
        "lesson": VERSION,
        "title": words(rng, TITLE) or "a",
        "text": words(rng, TEXT),
        "hidden": held[:cut],
        "fixed": held[cut:],
        "panels": panels,
        "story": [scene(rng) for _ in range(rng.choice((0, 1, 3, story.MOST)))],
        "settings": {"version": 1, **{name: values(rng, name) for name in GROUPS if rng.random() < 0.5}},
    }
    optional = [name for name in parts if name not in ("lesson", "title")]
    for name in rng.sample(optional, rng.choice((0, 0, 1, 3))):
        del parts[name]
    content = json.dumps(parts, ensure_ascii=rng.random() < 0.5).encode()
    if rng.random() < SPOILT:
        content = json.dumps(spoil(rng, [content])).encode()
    return content


def words(rng: random.Random, most: int) -> str:
    """Draw a line of up to so many letters, often none or all of them."""
    length = rng.choice((0, 1, rng.randrange(most + 1), most))
    return "".join(letter(rng) for _ in range(length))


def letter(rng: random.Random) -> str:
    """Draw any sign that may stand in a line, often one of those that are hard to show."""
    while True:
        sign = rng.choice(rng.choice(SCRIPTS)) if rng.random() < 0.5 else chr(rng.randrange(0x20, 0x110000))
        if category(sign) not in ("Cc", "Cs"):
            return sign


def scene(rng: random.Random) -> dict[str, Any]:
    """Draw a scene of a story."""
    facts, options = list(story.FACTS), [line(rng, story.SHORT) for _ in range(rng.choice((2, 4)))]
    parts = {
        "how": rng.choice(story.HOWS),
        "options": options,
        "right": rng.choice([0, 1, rng.choice(facts)]),
        "fact": rng.choice(facts),
        "picture": rng.choice([*story.PICTURES]),
        "says": f"It is {{{rng.choice(facts)}}}, {{{rng.choice(facts)}%}} and {{answer}}.",
    }
    return {"ask": line(rng, story.SHORT), **parts} | {
        name: line(rng, n) for name, n in (("lead", story.LONG),)
    }


def line(rng: random.Random, most: int) -> str:
    """Draw a line without braces, which name facts."""
    return words(rng, most).replace("{", "").replace("}", "") or "a"


EXPERIMENT = Experiment()


def values(rng: random.Random, group: str) -> dict[str, Any]:
    """Draw some settings of a group, within their bounds; those that are lists are left out."""
    state = EXPERIMENT.group(group)
    drawn = {name: value_of(rng, state.tags(name)) for name in state.names() if rng.random() < 0.4}
    return {name: value for name, value in drawn.items() if value is not ...}


def value_of(rng: random.Random, tags: dict[str, Any]) -> Any:
    """Draw a value of a setting with this declaration; `...` where it is neither a number nor a choice."""
    if tags["optional"] and rng.random() < 0.2:
        return None
    if tags["choices"]:
        several = rng.sample(tags["choices"], rng.randrange(1, len(tags["choices"]) + 1))
        return several[0] if tags["kind"] == "str" else several
    if tags["kind"] == "bool":
        return rng.random() < 0.5
    if tags["kind"] not in ("int", "float"):
        return ...
    low = tags["low"] if tags["low"] is not None else tags["above"]
    low, high = -FAR if low is None else low, FAR if tags["high"] is None else tags["high"]
    near = min(high, low + 100) if tags["kind"] == "int" else high
    value = rng.choice((low, high, rng.uniform(low, high), rng.uniform(low, near)))
    if tags["above"] is not None and value <= tags["above"]:
        value = math.nextafter(tags["above"], math.inf)
    return round(value) if tags["kind"] == "int" else float(value)


class LessonReader:
    """Opens lessons one after the other, as a page does.

    Attributes:
        opened: how many were.
    """

    def __init__(self) -> None:
        self.experiment = Experiment()
        self.story, self.opened = story.Story(), 0

    def read(self, content: bytes) -> None:
        """Open a lesson, go through its story; of some, read again what is saved: it is the same lesson."""
        lesson = lesson_of(content, self.experiment)
        open_lesson(self.experiment, lesson)
        self.story.begin(lesson.story)
        while self.story.scene is not None:
            self.story.answer(1.0)
            scene = self.story.scene
            for text in (scene.ask, scene.lead, scene.says, scene.because, *scene.options):
                story.fill_in(text, {}, self.story.answers_in_words, self.story.at)
            self.story.go()
        self.opened += 1
        if self.opened % SAVED_EACH:
            return
        held = self.experiment.lesson
        saved = lesson_of(held.to_json(), self.experiment)
        assert saved.to_dict() == held.to_dict(), "another lesson was saved"
