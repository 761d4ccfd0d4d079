"""The story: one scene at a time, which asks, waits for an answer, and then shows."""

from collections.abc import Callable
from functools import partial
from typing import Any

import ipywidgets as widgets

from ..app.played import SIDES, TABLE, Played
from ..app.protocols import ExperimentRunner
from ..app.story import StoryFacts, case, facts_of
from ..markup import Html, escape_text
from ..plots import story as pictures
from ..state.experiment import Experiment
from ..state.story import Scene, Story, fill_in, own_story, verdict_of
from .base import Change, Panel, button, column, discard, guard, row, set_if_changed

NOTHING = "There are no choices yet. Press Train, or play, and come back: the story is about these choices."
OPTIONS = ("option 1", "option 2")
END_OF_GAME = "Back to your result"
GUESSED = ("guess", "draw")
START = 0.5  # where a guess begins: who leaves it there has not guessed
STEP = 0.02  # of a guess, by a key


class StoryPanel(Panel):
    """The scene on show; nothing while there is none.

    Args:
        experiment: whose lesson may have a story of its own.
        runner: whose choices the story is about.

    Attributes:
        story: where it is.
        game: returns what the learner has played, where there is a game.
        ended: called after the last scene.
    """

    def __init__(self, experiment: Experiment, runner: ExperimentRunner) -> None:
        self.experiment, self.runner, self.story = experiment, runner, Story()
        self._known: tuple[object, StoryFacts] | None = None
        self.game: Callable[[], Played | None] = lambda: None
        self.head, self.words, self.picture = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.leave = button("Leave", "Leave the story; it keeps its place", self.story.leave)
        self.back = button("Back", "The scene before", partial(self.story.go, -1))
        self.line = self._slider(orientation="vertical", readout=False)
        self.slider = self._slider(readout_format=".0%")
        widgets.link((self.line, "value"), (self.slider, "value"))
        self.look = button("Look", "Show what it is", self._look)
        self.anew = button("Again", "Take the answer back and try another", self.story.again)
        self.on = button("Next", "The next scene", self._next)
        self.ended: Callable[[], object] = lambda: None
        self.options, self.said = column(), widgets.HTML()
        bar = widgets.HBox([self.head, self.back, self.leave])
        self.figure = widgets.HBox([self.picture, self.line])
        self.answers = column(self.slider, self.options)
        foot = widgets.HBox([self.said, row(self.look, self.anew, self.on)])
        super().__init__([bar, self.words, self.figure, self.answers, foot])
        self.add_class("sw-story")
        for box, look in ((bar, "sw-story-bar"), (self.figure, "sw-story-figure"), (foot, "sw-story-foot")):
            box.add_class(look)
        for filled_button in (self.look, self.on):
            filled_button.add_class("sw-next")
        for quiet in (self.back, self.leave):
            quiet.add_class("sw-quiet")
        self.line.observe(self._move, "value")
        self.story.observe(self._enter, "at")
        self.story.observe(self.refresh, "answers")
        self.layout.display = "none"

    def _slider(self, **looks: Any) -> widgets.FloatSlider:
        slider = widgets.FloatSlider(value=START, min=0, max=1, step=STEP, **looks)
        slider.description = "Your guess"
        return slider

    @property
    def scenes(self) -> tuple[Scene, ...]:
        """The scenes of the lesson, where it has some, else those of the page."""
        lesson = self.experiment.lesson
        return own_story() if lesson is None or not lesson.story else lesson.story

    @guard
    def begin(self) -> None:
        """Begin the story, or go on with it."""
        self.story.begin(self.scenes)

    def facts(self) -> StoryFacts | None:
        """Return the facts of the choices on the page; None where there are none."""
        result, session = self.runner.result, self.experiment.comparison.session
        if result is None:
            return None
        about = (result, session, game := self.game() if self.is_own else None)
        if self._known is None or self._known[0] != about:
            self._known = (about, facts_of(result, session, game))
        return self._known[1]

    @property
    def is_own(self) -> bool:
        """Tell whether the choices are those that the learner has played."""
        return bool(self.experiment.table.name == TABLE)

    @guard
    def _enter(self, _: Change) -> None:
        """Show another scene: its question alone, or what was answered to it before."""
        scene = self.story.scene
        self.layout.display = "none" if scene is None else ""
        if scene is None:
            return
        old, self.options.children = (
            self.options.children,
            [
                button(self._fill(text), "Answer so", partial(self.story.answer, place))
                for place, text in enumerate(scene.options)
            ],
        )
        discard(*old)
        self.line.value = self.story.answers.get(self.story.at, START) if scene.how in GUESSED else START
        self.refresh()

    @guard
    def _move(self, _: Change) -> None:
        """Draw the guess. Its last move may come after the press that asked for the answer: ipywidgets holds
        moves back while the kernel is at work, and presses never.
        """
        scene = self.story.scene
        if scene is not None and scene.how in GUESSED and self.story.at in self.story.answers:
            self.story.answer(self.line.value)
        self._draw()

    @guard
    def _next(self) -> None:
        is_last = self.story.at + 1 == len(self.story.scenes)
        self.story.go()
        if is_last:
            self.ended()

    @guard
    def _look(self) -> None:
        self.story.answer(self.line.value)

    def _fill(self, text: str) -> str:
        facts = self.facts()
        numbers = {} if facts is None else {**facts.numbers}
        if self.story.scene is not None and self.story.scene.picture == "fooled":
            numbers |= case().numbers
        return fill_in(text, numbers, self.story.answers_in_words, self.story.at, self.is_own)

    @guard
    def refresh(self, _: Change | None = None) -> None:
        """Show the question, and the answer where there is one."""
        story, scene = self.story, self.story.scene
        if scene is None:
            return
        answer = story.answers.get(story.at)
        dots = "".join(f"<i{' class=sw-on' * (at == story.at)}></i>" for at in range(len(story.scenes)))
        place = ": ".join(filter(None, (f"{story.at + 1} of {len(story.scenes)}", escape_text(scene.title))))
        progress = f'<span class="sw-dots" data-story="{story.as_word()}">{dots}</span>'
        set_if_changed(self.head, Html(f"{progress} {place}"))
        asks_of_choices = bool(scene.picture or scene.fact)
        lead = NOTHING if asks_of_choices and self.facts() is None else self._fill(scene.lead)
        set_if_changed(
            self.words, Html(f"<h2>{escape_text(self._fill(scene.ask))}</h2><p>{escape_text(lead)}</p>")
        )
        shown = answer is not None
        waits = not shown and (scene.how in GUESSED or (scene.how == "look" and bool(scene.says)))
        self._show(self.slider, scene.how == "guess")
        self._show(self.line, scene.how == "draw")
        self._show(self.options, scene.how == "choose")
        self.line.disabled = self.slider.disabled = shown
        for place_of, option in enumerate(self.options.children):
            (option.add_class if shown and answer == place_of else option.remove_class)("sw-chosen")
        self._show(self.look, waits)
        self._show(self.anew, shown and scene.how != "look")
        self._show(self.on, not waits and (shown or scene.how == "look"))
        after = END_OF_GAME if self.is_own else "Open the rooms"
        self.on.description = "Next" if story.at + 1 < len(story.scenes) else after
        self.back.disabled = story.at == 0
        self._say(scene, answer)
        self._draw()

    @staticmethod
    def _show(widget: widgets.Widget, is_shown: bool) -> None:
        widget.layout.display = "" if is_shown else "none"

    def _say(self, scene: Scene, answer: float | None) -> None:
        if answer is None:
            self.said.value = '<div role="status"></div>'
            return
        facts = self.facts()
        moved = scene.how not in GUESSED or answer != START
        word = verdict_of(scene, {} if facts is None else facts.numbers, answer) if moved else ""
        says = f"{word} {self._fill(scene.says)}".strip()
        because = f"<p>{escape_text(self._fill(scene.because))}</p>"
        self.said.value = Html(f'<div role="status"><b>{escape_text(says)}</b>{because}</div>')

    @guard
    def _draw(self, _: Change | None = None) -> None:
        scene, facts = self.story.scene, self.facts()
        if scene is None:
            return
        set_if_changed(self.picture, self._picture(scene.picture, facts, self.line.value))

    def _picture(self, name: str, facts: StoryFacts | None, guess: float) -> Html:
        shown = self.story.at in self.story.answers
        if name == "fooled":
            known = case()
            return pictures.fooled_picture(dict(known.same), known.again, shown)
        if facts is None or not name:
            return Html("")
        numbers = facts.numbers
        if name == "choices":
            return pictures.choices_picture(
                facts.choices, facts.paid, shown, SIDES if self.is_own else OPTIONS
            )
        if name == "staying":
            return pictures.staying_picture(numbers["after_win"], numbers["after_loss"], guess, shown)
        if name == "value":
            return pictures.value_picture(facts.values.tolist(), guess, shown)
        if name == "update":
            return pictures.update_picture(numbers["alpha"])
        rate, low, high = (numbers[end] for end in ("alpha", "alpha_low", "alpha_high"))
        return pictures.interval_picture(rate, low, high, shown)
