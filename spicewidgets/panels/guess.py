"""The guess of the quiz: its form, what it was worth, and the answer."""

from collections.abc import Callable, Mapping
from functools import partial

import ipywidgets as widgets

from ..app.games import BOTH, BY_PARAMETER, Mystery, Score, mechanisms_of, value_of
from ..markup import Html, bullets, escape_text, fold, table
from ..views.words import ASKED_FOR as NAMES, FIRST
from .base import ROW, Change, Panel, block, button, column, guard, row, tick_box, with_label

ANSWERED = "The answer is out. Take another mystery."
GUESS_TIP, ANSWER_TIP = "See what this guess is worth", "No guess counts after it"
SCORING = (
    "A number within two standard errors of the truth has all points: nobody can know better from these data."
    " From there the points fall to none at a quarter of the range from which it was drawn, as far off as who"
    " says the middle without a look. At level 2 half of the points are for the mechanisms: of those that are"
    " true or guessed, the share that is both."
)


class GuessForm(Panel):
    """Numbers and mechanisms to be guessed, and what the guess was worth.

    Args:
        guess: called when a guess is made.
        show_answer: called when the answer is asked for.
    """

    def __init__(self, guess: Callable[[], object], show_answer: Callable[[], object]) -> None:
        self.numbers = {name: self._number(name) for name in NAMES}
        self.ticks = {name: self._tick(name) for name in BY_PARAMETER}
        self.go = button("Guess", GUESS_TIP, guess, button_style="primary")
        self.show_answer = button("Show the answer", ANSWER_TIP, show_answer)
        self.score, self.answer = widgets.HTML(), widgets.HTML()
        pairs = [(tick, self.numbers[name]) for name, tick in self.ticks.items()]
        self.mechanisms = column(*(part for pair in pairs for part in pair))
        super().__init__(
            [
                *(self.numbers[name] for name in BOTH),
                self.mechanisms,
                row(self.go, self.show_answer, **ROW),
                widgets.HTML(fold("How it is scored", Html(f"<p>{escape_text(SCORING)}</p>"))),
                self.score,
                self.answer,
            ]
        )

    def _number(self, name: str) -> widgets.Widget:
        field = with_label(widgets.FloatText, NAMES[name], f"Your guess of: {NAMES[name]}", step=0.05)
        field.layout.max_width = "340px"
        return field

    def _tick(self, name: str) -> widgets.Checkbox:
        mechanism = BY_PARAMETER[name]
        box = tick_box(f"{mechanism.name.capitalize()}: {mechanism.says}", mechanism.says)
        box.observe(partial(self._toggle, name), "value")
        return box

    @guard
    def _toggle(self, name: str, change: Change) -> None:
        self.numbers[name].layout.display = "" if change["new"] else "none"

    def clear(self, level: int) -> None:
        """Empty the form, for a mystery of this level."""
        for name, number in self.numbers.items():
            number.value = FIRST[name]
            number.layout.display = "" if name in BOTH else "none"
        for tick in self.ticks.values():
            tick.value = False
        self.mechanisms.layout.display = "" if level == 2 else "none"
        self.score.value = self.answer.value = ""

    def values(self) -> dict[str, float]:
        """Return the numbers that are guessed: always two, and one for each mechanism that is ticked."""
        ticked = [name for name, tick in self.ticks.items() if tick.value]
        return {name: self.numbers[name].value for name in (*BOTH, *ticked)}

    def block(self, reason: str, guesses: int) -> None:
        """Say why no guess can be made, and why the answer cannot be seen; without a reason, free them."""
        block(self.go, reason, GUESS_TIP)
        first = "" if guesses else "Guess first."
        block(self.show_answer, ANSWERED if reason == ANSWERED else first, ANSWER_TIP)


def score_in_words(score: Score, number: int) -> Html:
    """Write the points for a guess, and sentences that help."""
    parts = f"numbers {score.parameters:.0%}"
    if score.terms is not None:
        parts = f"mechanisms {score.terms:.0%}, {parts}"
    rows = [
        [NAMES[part.name], f"{part.guess:g}", f"{part.points:.0%}", part.hint or "Within what can be known."]
        for part in score.parts
        if part.guess is not None
    ]
    numbers = table("Your numbers", ("number", "guess", "points", "how far off"), rows)
    title = f"<h3>Guess {number}: {score.points:.0f} of 100 points</h3>"
    return Html(f'<div role="status">{title}<p>{parts}.</p></div>{bullets(score.hints)}{numbers}')


def answer_in_words(riddle: Mystery, errors: Mapping[str, float]) -> Html:
    """Write who it was."""
    mechanisms = mechanisms_of(riddle.participant)
    items = [f"{mechanism.name.capitalize()}: {mechanism.says}" for mechanism in mechanisms]
    rows = [
        [NAMES[name], f"{value_of(riddle.participant, name):g}", f"± {errors[name]:.2g}"]
        for name in riddle.parameters
    ]
    words = "A Rescorla-Wagner learner" + (" with" if items else ", and nothing else.")
    numbers = table("The answer", ("number", "true", "the data can tell it to"), rows)
    return Html(f"<h3>Who it was</h3><p>{words}</p>{bullets(items)}{numbers}")
