"""The quiz: a mystery participant, the tools of the explorer, and a guess that is scored.

The answer is in no setting and on no part of the page before it is asked for.
"""

from collections.abc import Callable, Mapping
from functools import partial
from html import escape

import ipywidgets as widgets

from ..app.games import (
    BOTH,
    BY_PARAMETER,
    LAST_SEED,
    Mystery,
    Score,
    address_of,
    any_seed,
    count_repeats,
    errors_of,
    guess_of,
    mechanisms_of,
    mystery,
    of_mystery,
    score,
    seed_of,
    value_of,
)
from ..app.protocols import ExperimentRunner
from ..markup import Html, bullets, escape_text, fold, table
from ..state.experiment import Experiment
from ..views.words import ASKED_FOR as NAMES, FIRST
from .base import ROW, Change, Panel, block, button, by_hand, column, guard, row, tick_box, with_label
from .data import trials_table
from .equations import EquationPanel
from .files import File, Files, csv_file
from .library import LibraryPanel
from .look import STYLE
from .model import ModelPanel
from .sections import Address, Sections
from .stage import Stage
from .training import TrainPanel
from .translate import TranslatePanel
from .update import UpdatePanel

ABOUT = (
    "Somebody has played 100 sessions, and you do not know how they learn. Find it out with the tools below,"
    " then guess."
)
TOOLS: dict[str, type[Stage]] = {
    "model": ModelPanel,
    "train": TrainPanel,
    "library": LibraryPanel,
    "equation": EquationPanel,
    "translate": TranslatePanel,
    "update": UpdatePanel,
}
LEVELS = {"1: hidden numbers": 1, "2: hidden mechanisms, too": 2}
BUSY = "A run is under way. Stop it first."
EARLY = "The sessions are not there yet. Wait a moment."
NEXT_TIP = "A mystery that nobody has chosen"


class QuizPanel(Panel):
    """One mystery after the other.

    Attributes:
        riddle: the mystery that is played.
        guesses: how many have been made of it.
        answered: whether the answer is out.
    """

    def __init__(
        self, experiment: Experiment, runner: ExperimentRunner, level: int = 1, seed: int | None = None
    ) -> None:
        super().__init__()
        self.experiment, self.runner = experiment, runner
        self.riddle = mystery(level, any_seed() if seed is None else seed)
        self._errors: Mapping[str, float] = {}
        self.guesses, self.answered = 0, False
        self.form = GuessForm(self._guess, self._show_answer)
        self.rooms = {name: column() for name in ("data", *TOOLS, "guess")}
        self.rooms["data"].children = self._data_room()
        self.rooms["guess"].children = [self.form]
        self.switch = Sections(self.rooms)
        for number, name in enumerate(self.rooms, 1):
            self.switch.mark(name, f"{number} {name.capitalize()}", "The sessions" if name == "data" else "")
        self.switch.observe(self._show_room, "value")
        self.address = Address("The mystery in the page's address", self._take)
        self.children = [
            *self.children,
            widgets.HTML(f"{STYLE}<h2>Who is it?</h2><p>{escape(ABOUT)}</p>"),
            self._choices(),
            self.switch,
            *self.rooms.values(),
            self.address,
        ]
        experiment.run.observe(self._block, "revision")
        self._show_room()
        self._begin(self.riddle)

    def _choices(self) -> widgets.Widget:
        """Level, seed, and the next mystery."""
        self.level = with_label(widgets.Dropdown, "Level", "What is hidden", options=list(LEVELS.items()))
        words = f"The same number is the same mystery, 0 to {LAST_SEED}"
        self.seed = with_label(widgets.BoundedIntText, "Mystery", words, min=0, max=LAST_SEED)
        for part in (self.level, self.seed):
            part.layout.width = "auto"
            part.observe(self._choose, "value")
        self.next = button("Another mystery", NEXT_TIP, self._next)
        return row(self.level, self.seed, self.next, **ROW)

    def _data_room(self) -> list[widgets.Widget]:
        """Lay out the repeats of choices, one session as a table, and all as a file."""
        words = "Which session is shown"
        self.session = with_label(widgets.BoundedIntText, "Session", words, min=0, max=99)
        self.session.layout.max_width = "240px"
        self.session.observe(self._show_session, "value")
        self.repeats, self.trials = widgets.HTML(), widgets.HTML()
        files = Files({"all sessions as csv": ("Every trial of every session, one row each", self._csv)})
        return [self.repeats, self.session, self.trials, files]

    # Which mystery it is.

    @guard
    def _next(self) -> None:
        self._begin(mystery(self.riddle.level, any_seed()))

    @by_hand
    def _choose(self, _: Change) -> None:
        self._begin(mystery(self.level.value, self.seed.value))

    def _take(self, text: str) -> None:
        """Take over the mystery that the page has found in its address."""
        problem = ""
        try:
            self._begin(mystery(*seed_of(text)))
        except ValueError as error:
            problem = str(error)
        self.address.show(address_of(self.riddle))
        self.show_error(problem)

    def _begin(self, riddle: Mystery) -> None:
        """Another mystery: what was found of the last one is forgotten."""
        if self.experiment.run.busy:
            raise ValueError(BUSY)
        self.riddle, self.guesses, self.answered = riddle, 0, False
        with self.filling():
            self.level.value, self.seed.value = riddle.level, riddle.seed
        self.runner.reset()
        self._errors = {}
        self.form.clear(riddle.level)
        self.trials.value, self.repeats.value = '<p role="status">Somebody is playing …</p>', ""
        self.address.show(address_of(riddle))
        self._block()
        if self.runner.loaded:
            self.deal()

    @guard
    def deal(self) -> None:
        """Let the mystery play. Loads torch."""
        riddle = self.riddle
        data = of_mystery(riddle)
        errors = errors_of(riddle, data.dataset)
        if riddle is self.riddle:  # no other one has been chosen meanwhile
            self.runner.given, self._errors = data, errors
            self.repeats.value = table(
                "How often a choice is made again",
                ("when", "repeated", "trials"),
                [(words, f"{share:.0%}", n) for words, share, n in count_repeats(data)],
            )
            self._show_session()
            self._show_room()
            self._block()

    # What is on the page. A tool is made when it is first opened, once there are sessions to use it on.

    @guard
    def _show_room(self, _: Change | None = None) -> None:
        for name, room in self.rooms.items():
            is_open = name == self.switch.value
            if is_open and not room.children and self.runner.given is not None:
                room.children = (TOOLS[name](self.experiment, self.runner),)
            room.layout.display = "" if is_open else "none"
            for panel in room.children if name in TOOLS else ():
                panel.layout.display = "" if is_open else "none"

    @guard
    def _show_session(self, _: Change | None = None) -> None:
        data, number = self.runner.given, self.session.value
        if data is not None:
            session = data.sessions[number]
            self.trials.value = trials_table(session.choices, session.rewards, number)

    @guard
    def _block(self, _: Change | None = None) -> None:
        """Say what cannot be done now, and why."""
        busy = BUSY if self.experiment.run.busy else ""
        block(self.next, busy, NEXT_TIP)
        for part in (self.level, self.seed):
            part.disabled = bool(busy)
        early = "" if self._is_ready else EARLY
        self.form.block(ANSWERED if self.answered else early, self.guesses)

    @property
    def _is_ready(self) -> bool:
        return self.runner.given is not None and set(self._errors) == set(self.riddle.parameters)

    def _csv(self) -> File:
        if self.runner.given is None:
            raise ValueError(EARLY)
        return csv_file("mystery", self.runner.given.dataset.to_frame())

    # The guess.

    @guard
    def _guess(self) -> None:
        if not self._is_ready or self.answered:
            return
        points = score(self.riddle, guess_of(self.form.values()), self._errors)
        self.guesses += 1
        self.form.score.value = score_in_words(points, self.guesses)
        if points.points == 100:
            self._show_answer()
        self._block()

    @guard
    def _show_answer(self) -> None:
        """Show the answer, once a guess has been made."""
        if self.guesses:
            self.answered = True
            self.form.answer.value = answer_in_words(self.riddle, self._errors)
            self._block()


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
