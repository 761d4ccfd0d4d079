"""A story: a few short scenes, each of which asks before it shows, and uses what the learner did before.

It is written as a lesson is, in a file: `story.json` beside this one is the one of the page, and a lesson may
hold one of its own. A scene is a dictionary:

- "title": a word or two; "ask": the question; "lead": what is known, a sentence;
- "how": "choose" (one of "options"), "guess" (a number on a slider), "draw" (the end of a line), "look";
- "right": of "choose", the number of the right option, from 0, or the name of a fact that is that number;
- "fact": of "guess" and "draw", what is guessed, a share from 0 to 1;
- "picture": one of `PICTURES`;
- "says" and "because": what is said after the answer.

Texts may name facts (`FACTS`) of the choices that are on the page, in braces: {alpha}, {alpha%} as a share in
percent, {answer 2} for what was answered to scene 2, {answer} for the answer to this one: a number, or the
option that was chosen. The choices on the page are those of its settings once *Train* was pressed, or played:
of {a session|your game} the second is said where they were played.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any
from unicodedata import category

from traitlets import Dict, HasTraits, Int, Tuple

HOWS = ("choose", "guess", "draw", "look")
PICTURES = {
    "": "none",
    "choices": "the last choices and what they paid, and then the next one",
    "staying": "how often the same option is chosen again, after a reward and after none",
    "value": "a value over a few wins and losses, and then after the last one",
    "update": "the value after it against the value before it, rewarded and not",
    "interval": "the learning rate, and then its interval",
    "fooled": "the case that fools: a habit and forgetting, and then choices that do not pay",
}
FACTS = {
    "n": "choices that were counted",
    "choice": "the last choice, from 0",
    "chosen": "the same, from 1",
    "network": "P that the network had of it",
    "after_win": "share of repeated choices after a reward",
    "after_loss": "and after none",
    "alpha": "learning rate of a Rescorla-Wagner learner",
    "alpha_low": "lower end of its interval",
    "alpha_high": "upper end of its interval",
    "keep": "1 - alpha",
    "now": "a value before a loss",
    "after": "the value after it",
    "fall": "how far it falls",
    "doubt": "0, 1 or 2: half the interval is below 0.02, below 0.1, or larger",
    "level": "share of such intervals that hold the truth",
    "more": "choices more that may halve it",
    "case_n": "choices of the case that fools",
    "habit": "mean P of them, of a learner with a habit",
    "forgetting": "and of one who forgets",
    "again": "repeated choices of twenty that did not pay",
    "odds": "how much likelier a habit makes these twenty",
}
MOST, SHORT, LONG = 12, 120, 300  # scenes; characters of a question or an option; of a sentence
NEAR = 0.06  # a guess that is so near was known
EITHER = re.compile(r"\{([^{}|]*)\|([^{}|]*)\}")
PLACEHOLDER = re.compile(r"\{([a-z_]+)(?: (\d+))?(%?)\}")
TEXTS = {"title": 40, "ask": SHORT, "lead": LONG, "says": LONG, "because": LONG}


@dataclass(frozen=True)
class Scene:
    """One scene; see above."""

    ask: str
    title: str = ""
    lead: str = ""
    how: str = "look"
    options: tuple[str, ...] = ()
    right: int | str = 0
    fact: str = ""
    picture: str = ""
    says: str = ""
    because: str = ""


def story_problems(data: object) -> list[str]:
    """Return the problems of a story as plain data (JSON), a sentence for each; none for a good one."""
    if not isinstance(data, list | tuple) or len(data) > MOST:
        return [f"A story must be a list of up to {MOST} scenes; got {data!r:.60}. Shorten it."]
    return [f"Scene {n} of the story: {it}" for n, scene in enumerate(data, 1) for it in _problems(scene, n)]


def _problems(scene: object, number: int) -> list[str]:
    known = [field.name for field in fields(Scene)]
    if not isinstance(scene, Mapping) or not {"ask"} <= scene.keys() <= {*known}:
        return [f"it must have ask, and may have {', '.join(known)}; got {scene!r:.60}. Correct it."]
    problems = []
    options = scene.get("options", ())
    if not isinstance(options, list | tuple):
        return [f"options must be a list of sentences; got {options!r:.40}. Write one."]
    texts = [(name, scene.get(name, ""), longest) for name, longest in TEXTS.items()]
    for name, text, longest in [*texts, *(("an option", text, SHORT) for text in options)]:
        if not isinstance(text, str) or len(text) > longest or not _is_line(text):
            problems.append(
                f"{name} must be a line of up to {longest} letters; got {text!r:.40}. Rewrite it."
            )
            continue
        for fact, at, _ in PLACEHOLDER.findall(EITHER.sub("", text)):
            earlier = fact == "answer" and (not at or 1 <= int(at) < number)
            if not earlier and (fact not in FACTS or at):
                problems.append(
                    f"{{{fact}}} is no fact; there are answer, {', '.join(FACTS)}. Name one of these."
                )
    how, fact, right = scene.get("how", "look"), scene.get("fact", ""), scene.get("right", 0)
    if how not in HOWS:
        problems.append(f"how must be one of {', '.join(HOWS)}; got {how!r:.40}. Choose one.")
    if not isinstance(scene.get("picture", ""), str) or scene.get("picture", "") not in PICTURES:
        problems.append(
            f"picture must be one of {', '.join(filter(None, PICTURES))}; got {scene['picture']!r:.40}."
            " Choose one, or leave it out."
        )
    if how == "choose" and not 2 <= len(options) <= 4:
        problems.append(f"there must be 2 to 4 options; got {len(options)}. Add or remove some.")
    if how in ("guess", "draw") and fact not in FACTS:
        problems.append(f"fact must be one of {', '.join(FACTS)}; got {fact!r:.40}. Name what is guessed.")
    is_place = type(right) is int and 0 <= right < max(len(options), 1)
    if not is_place and not (isinstance(right, str) and right in FACTS):
        problems.append(
            f"right must be the number of an option, from 0, or a fact; got {right!r:.40}. Correct it."
        )
    return problems


def _is_line(text: str) -> bool:
    return not any(category(letter) in ("Cc", "Cs") for letter in text)


def scenes_of(data: Iterable[Mapping[str, Any]]) -> tuple[Scene, ...]:
    """Return the scenes of plain data without problems."""
    return tuple(Scene(**{**scene, "options": tuple(scene.get("options", ()))}) for scene in data)


def plain(scenes: Iterable[Scene]) -> list[dict[str, Any]]:
    """Return the scenes as plain data (JSON), without what is left at its default."""
    bare = asdict(Scene(""))
    written = [{name: value for name, value in asdict(one).items() if value != bare[name]} for one in scenes]
    return [one | ({"options": list(one["options"])} if "options" in one else {}) for one in written]


@cache
def own_story() -> tuple[Scene, ...]:
    """Read the story of the page."""
    return scenes_of(json.loads(Path(__file__).with_name("story.json").read_text(encoding="utf-8")))


def steps_as_scenes(steps: object) -> object:
    """Return the steps of a tour, which lessons had before stories, as scenes that are only looked at."""
    if not isinstance(steps, list | tuple) or not all(isinstance(step, Mapping) for step in steps):
        return steps
    words = [step.get("words", "") for step in steps]
    bare = [one.translate({123: "(", 125: ")"}) if isinstance(one, str) else one for one in words]
    return [{"ask": f"Step {number}", "lead": one} for number, one in enumerate(bare, 1)]


def fill_in(
    text: str, facts: Mapping[str, float], answers: Mapping[int, float | str], at: int, own: bool = False
) -> str:
    """Fill facts and answers into a text; a dash stands for what there is not.

    Args:
        text: with names in braces.
        facts: by name.
        answers: by the place of their scene, from 0.
        at: the place of this scene, from 0.
        own: whether the choices are the learner's.
    """
    text = EITHER.sub(lambda match: match[1 + own], text)

    def value(match: re.Match[str]) -> str:
        name, place, percent = match.groups()
        number = answers.get(int(place) - 1 if place else at) if name == "answer" else facts.get(name)
        if number is None:
            return "–"
        if isinstance(number, str):
            return fill_in(number, facts, {}, at)
        if percent:
            return f"{100 * number:.0f} %"
        return f"{number:,}" if isinstance(number, int) else f"{number:.2f}".replace("-", "−")

    return PLACEHOLDER.sub(value, text)


def verdict_of(scene: Scene, facts: Mapping[str, float], answer: float) -> str:
    """Return the word on an answer; empty where it was only looked at, or a guess was off."""
    if scene.how == "choose":
        right = facts.get(scene.right, -1) if isinstance(scene.right, str) else scene.right
        return "Correct." if answer == right else "Not so."
    near = scene.how in ("guess", "draw") and abs(answer - facts.get(scene.fact, 9)) <= NEAR
    return "You knew." if near else ""


class Story(HasTraits):
    """The story that is under way, or was left and can be gone on with.

    Attributes:
        scenes: of it.
        at: number of the scene on show, from 0; -1 where none is.
        place: the scene at which it was left.
        answers: by number of the scene.
    """

    scenes = Tuple(help="The scenes of the story.")
    at = Int(-1, help="Number of the scene on show, from 0; -1 where none is.")
    place = Int(0, help="The scene at which it was left.")
    answers: Any = Dict(help="Answers by number of the scene.")

    @property
    def scene(self) -> Scene | None:
        """The scene on show."""
        return self.scenes[self.at] if 0 <= self.at < len(self.scenes) else None

    @property
    def answers_in_words(self) -> dict[int, float | str]:
        """The answers as texts name them: of a choice, the option."""
        options = {at: dict(enumerate(one.options)) for at, one in enumerate(self.scenes)}
        return {at: options.get(at, {}).get(value, value) for at, value in self.answers.items()}

    def begin(self, scenes: Iterable[Scene]) -> None:
        """Begin a story, or go on with it where it was left."""
        scenes = tuple(scenes)
        if scenes != self.scenes:
            kept = self.place if not self.scenes and self.place < len(scenes) else 0
            self.scenes, self.place = scenes, kept
            self.answers = self.answers if kept else {}
        self.at = self.place

    def answer(self, value: float) -> None:
        """Take an answer to the scene on show."""
        self.answers = self.answers | {self.at: value}

    def again(self) -> None:
        """Forget the answer to the scene on show."""
        self.answers = {at: value for at, value in self.answers.items() if at != self.at}

    def go(self, steps: int = 1) -> None:
        """Go to another scene; after the last one the story is over and begins anew next time."""
        to = max(0, self.at + steps)
        over = to >= len(self.scenes)
        if over:
            self.place, self.answers = 0, {}
        self.at = -1 if over else to

    def leave(self) -> None:
        """Leave it; it keeps its place."""
        self.place, self.at = max(self.at, 0), -1

    def as_word(self) -> str:
        """Return place and answers as a word, for the browser to keep."""
        given = (f"{at}={value:g}" for at, value in self.answers.items())
        return ":".join([f"{self.at if self.at >= 0 else self.place}", *given])

    def restore(self, word: str) -> None:
        """Take over place and answers from such a word; anything else is passed over."""
        place, *given = word.split(":")
        pairs = [one.partition("=") for one in given]
        if re.fullmatch(r"\d{1,2}", place) and all(re.fullmatch(r"\d{1,2}", at) for at, *_ in pairs):
            numbers = {int(at): value for at, _, value in pairs if re.fullmatch(r"\d(\.\d{1,9})?", value)}
            self.place, self.answers = int(place), {at: float(value) for at, value in numbers.items()}
