"""The quiz: a mystery participant, the tools of the explorer, and a guess that is scored.

The answer is in no setting and on no part of the page until it is asked for.
"""

from collections.abc import Mapping
from functools import partial
from html import escape
from typing import Any

import ipywidgets as widgets

from ..compat import tooltip
from ..lab.games import (
    LAST_SEED,
    MECHANISMS,
    Mystery,
    Score,
    address_of,
    any_seed,
    errors_of,
    guess_of,
    mechanisms_of,
    mystery,
    of_mystery,
    repeated,
    score,
    seed_of,
    value_of,
)
from .base import FULL, Files, Panel, field, grid, guard, pressed, refuse
from .data import trials_table
from .equations import EquationPanel
from .library import LibraryPanel
from .look import STYLE
from .model import ModelPanel
from .sections import Sections
from .training import TrainPanel
from .translate import TranslatePanel
from .update import UpdatePanel

ABOUT = (
    "Somebody has played 100 sessions, and you do not know how they learn. Find it out with the tools below,"
    " then guess."
)
TOOLS = {
    "model": ModelPanel,
    "train": TrainPanel,
    "library": LibraryPanel,
    "equation": EquationPanel,
    "translate": TranslatePanel,
    "update": UpdatePanel,
}
LEVELS = {"1: hidden numbers": 1, "2: hidden mechanisms, too": 2}
BOTH = {"alpha_reward": "Learning rate α", "beta_reward": "Inverse temperature β"}
NAMES = BOTH | {
    "forget_rate": "Forgetting, per trial",
    "alpha_penalty": "α after no reward",
    "beta_choice": "β of the choice kernel",
    "alpha_counterfactual": "α of the option not chosen",
}
FIRST = {"alpha_reward": 0.5, "beta_reward": 5.0, "forget_rate": 0.25, "beta_choice": 1.0}
BUSY = "A run is under way. Stop it first."
OUT = "The answer is out. Take another mystery."
SCORING = (
    "A number within two standard errors of the truth has all points: nobody can know better from these data."
    " From there the points fall to none at a quarter of the range from which it was drawn, as far off as who"
    " says the middle without a look. At level 2 half of the points are for the mechanisms: of those that are"
    " true or guessed, the share that is both."
)
ROW = {"flex_flow": "row wrap", "align_items": "center"}


class QuizPanel(Panel):
    """One mystery after the other.

    Attributes:
        riddle: the mystery that is played.
        guesses: how many have been made of it.
        answered: whether the answer is out.
    """

    def __init__(self, experiment: Any, runner: Any, level: int = 1, seed: int | None = None) -> None:
        self.experiment, self.runner = experiment, runner
        self.riddle = mystery(level, any_seed() if seed is None else seed)
        self._errors: Mapping[str, float] = {}
        self.guesses, self.answered = 0, False
        self._setting = False
        self.form = GuessForm(self._guess, self._tell)
        self.rooms = {name: widgets.VBox(layout=widgets.Layout(**FULL)) for name in ("data", *TOOLS, "guess")}
        self.rooms["guess"].children = [self.form]
        self.switch = Sections(self.rooms)
        for at, name in enumerate(self.rooms, 1):
            self.switch.mark(name, f"{at} {name.capitalize()}", "The sessions" if name == "data" else "")
        self.switch.observe(self._show, "value")
        self.address, self.asked = (
            widgets.HTML(),
            widgets.Text(**tooltip("The mystery in the page's address")),
        )
        self.asked.add_class("sw-asked")
        self.asked.observe(self._take, "value")
        super().__init__(
            [
                widgets.HTML(f"{STYLE}<h2>Who is it?</h2><p>{escape(ABOUT)}</p>"),
                self._choices(),
                self.switch,
                *self.rooms.values(),
                widgets.VBox([self.address, self.asked], layout=widgets.Layout(display="none")),
            ]
        )
        self._data_room()
        experiment.run.observe(self._block, "revision")
        self._show()
        self._begin(self.riddle)

    def _choices(self) -> Any:
        """Level, seed, and the next one."""
        self.level = field(widgets.Dropdown, "Level", "What is hidden", options=list(LEVELS.items()))
        words = f"The same number is the same mystery, 0 to {LAST_SEED}"
        self.seed = field(widgets.BoundedIntText, "Mystery", words, min=0, max=LAST_SEED)
        for part in (self.level, self.seed):
            part.layout.width = "auto"
            part.observe(self._other, "value")
        self.next = pressed("Another mystery", "A mystery that nobody has chosen", self._next)
        return widgets.HBox([self.level, self.seed, self.next], layout=widgets.Layout(**ROW))

    def _data_room(self) -> None:
        """How often choices are repeated, one session as a table, and all as a file."""
        self.session = field(widgets.BoundedIntText, "Session", "Which session is shown", min=0, max=99)
        self.session.layout.max_width = "240px"
        self.session.observe(self._session, "value")
        self.repeats, self.trials = widgets.HTML(), widgets.HTML()
        files = Files({"all sessions as csv": ("Every trial of every session, one row each", self._csv)})
        self.rooms["data"].children = [self.repeats, self.session, self.trials, files]

    # Which mystery it is.

    @guard
    def _next(self) -> None:
        self._begin(mystery(self.riddle.level, any_seed()))

    @guard
    def _other(self, _: Any) -> None:
        if not self._setting:
            self._begin(mystery(self.level.value, self.seed.value))

    def _take(self, change: Any) -> None:
        """Take over the mystery that the page has found in its address."""
        wrong = ""
        try:
            self._begin(mystery(*seed_of(change["new"])))
        except ValueError as error:
            wrong = str(error)
        self._carry()
        self.say(wrong)

    def _begin(self, riddle: Mystery) -> None:
        """Another mystery: what was found of the last one is forgotten."""
        if self.experiment.run.busy:
            raise ValueError(BUSY)
        self.riddle, self.guesses, self.answered = riddle, 0, False
        self._setting = True
        self.level.value, self.seed.value = riddle.level, riddle.seed
        self._setting = False
        self.runner.reset()
        self._errors = {}
        self.form.begin(riddle.level)
        self.trials.value, self.repeats.value = '<p role="status">Somebody is playing …</p>', ""
        self._carry()
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
            self.repeats.value = grid(
                "How often a choice is made again",
                ("when", "repeated", "trials"),
                [(words, f"{share:.0%}", n) for words, share, n in repeated(data)],
            )
            self._session()
            self._show()
            self._block()

    def _carry(self) -> None:
        """The mystery, for the page's address."""
        taken = " data-taken" if self.asked.value else ""
        text = escape(address_of(self.riddle), quote=True)
        self.address.value = f'<div class="sw-settings"{taken} data-settings="{text}"></div>'

    # What is on show. A tool is made when it is first asked for, once there are sessions to use it on.

    @guard
    def _show(self, _: Any = None) -> None:
        for name, room in self.rooms.items():
            shown = name == self.switch.value
            if shown and not room.children and self.runner.given is not None:
                room.children = (TOOLS[name](self.experiment, self.runner),)
            room.layout.display = "" if shown else "none"
            for panel in room.children if name in TOOLS else ():
                panel.layout.display = "" if shown else "none"

    @guard
    def _session(self, _: Any = None) -> None:
        data = self.runner.given
        if data is not None:
            self.trials.value = trials_table(data.sessions[self.session.value], self.session.value)

    @guard
    def _block(self, _: Any = None) -> None:
        """What cannot be done now, and why."""
        why = BUSY if self.experiment.run.busy else ""
        refuse(self.next, why, "A mystery that nobody has chosen")
        for part in (self.level, self.seed):
            part.disabled = bool(why)
        early = "" if self._ready else "The sessions are not there yet. Wait a moment."
        self.form.block(OUT if self.answered else early, self.guesses)

    @property
    def _ready(self) -> bool:
        return self.runner.given is not None and set(self._errors) == set(self.riddle.parameters)

    def _csv(self) -> tuple[str, bytes, str]:
        if self.runner.given is None:
            raise ValueError("The sessions are not there yet. Wait a moment.")
        frame = self.runner.given.dataset.to_frame()
        return "mystery.csv", frame.to_csv(index=False).encode(), "text/csv"

    # The guess.

    @guard
    def _guess(self) -> None:
        if not self._ready or self.answered:
            return
        found = score(self.riddle, guess_of(self.form.values()), self._errors)
        self.guesses += 1
        self.form.told.value = _told(found, self.guesses)
        if found.points == 100:
            self._tell()
        self._block()

    @guard
    def _tell(self) -> None:
        """The answer, to who has guessed."""
        if self.guesses:
            self.answered = True
            self.form.answer.value = _answer(self.riddle, self._errors)
            self._block()


class GuessForm(Panel):
    """Numbers and mechanisms to be guessed, and what the guess was worth."""

    def __init__(self, guess: Any, tell: Any) -> None:
        self.numbers = {name: self._number(name) for name in NAMES}
        self.ticks = {each.parameter: self._tick(each) for each in MECHANISMS}
        self.go = pressed("Guess", "See what this guess is worth", guess, button_style="primary")
        self.tell = pressed("Show the answer", "No guess counts after it", tell)
        self.told, self.answer = widgets.HTML(), widgets.HTML()
        self.mechanisms = widgets.VBox(layout=widgets.Layout(**FULL))
        self.mechanisms.children = [
            part for name, tick in self.ticks.items() for part in (tick, self.numbers[name])
        ]
        scoring = f"<details><summary>How it is scored</summary><p>{escape(SCORING)}</p></details>"
        super().__init__(
            [
                *(self.numbers[name] for name in BOTH),
                self.mechanisms,
                widgets.HBox([self.go, self.tell], layout=widgets.Layout(**ROW)),
                widgets.HTML(scoring),
                self.told,
                self.answer,
            ]
        )

    def _number(self, name: str) -> Any:
        made = field(widgets.FloatText, NAMES[name], f"Your guess of: {NAMES[name]}", step=0.05)
        made.layout.max_width = "340px"
        return made

    def _tick(self, each: Any) -> Any:
        box = widgets.Checkbox(
            description=f"{each.name.capitalize()}: {each.says}", indent=False, **tooltip(each.says)
        )
        box.observe(partial(self._ticked, each.parameter), "value")
        return box

    @guard
    def _ticked(self, name: str, change: Any) -> None:
        self.numbers[name].layout.display = "" if change["new"] else "none"

    def begin(self, level: int) -> None:
        """An empty form."""
        for name, number in self.numbers.items():
            number.value = FIRST.get(name, 0.25)
            number.layout.display = "" if name in BOTH else "none"
        for tick in self.ticks.values():
            tick.value = False
        self.mechanisms.layout.display = "" if level == 2 else "none"
        self.told.value = self.answer.value = ""

    def values(self) -> dict[str, float]:
        """The numbers that are guessed: always two, and one for each mechanism that is ticked."""
        ticked = [name for name, tick in self.ticks.items() if tick.value]
        return {name: self.numbers[name].value for name in (*BOTH, *ticked)}

    def block(self, why: str, guesses: int) -> None:
        """Whether a guess can be made, and the answer be seen."""
        refuse(self.go, why, "See what this guess is worth")
        first = "" if guesses else "Guess first."
        refuse(self.tell, OUT if why == OUT else first, "No guess counts after it")


def _told(found: Score, number: int) -> str:
    """What a guess is worth, and sentences that help."""
    parts = f"numbers {found.parameters:.0%}"
    if found.terms is not None:
        parts = f"mechanisms {found.terms:.0%}, {parts}"
    rows = [
        [NAMES[part.name], f"{part.guess:g}", f"{part.points:.0%}", part.hint or "Within what can be known."]
        for part in found.parts
        if part.guess is not None
    ]
    items = "".join(f"<li>{escape(hint)}</li>" for hint in found.hints)
    table = grid("Your numbers", ("number", "guess", "points", "how far off"), rows)
    return (
        f'<div role="status"><h3>Guess {number}: {found.points:.0f} of 100 points</h3><p>{parts}.</p></div>'
        f"{f'<ul>{items}</ul>' if items else ''}{table}"
    )


def _answer(riddle: Mystery, errors: Mapping[str, float]) -> str:
    """Who it was."""
    own = mechanisms_of(riddle.participant)
    items = "".join(f"<li>{escape(each.name.capitalize())}: {escape(each.says)}</li>" for each in own)
    rows = [
        [NAMES[name], f"{value_of(riddle.participant, name):g}", f"± {errors[name]:.2g}"]
        for name in riddle.parameters
    ]
    who = "A Rescorla-Wagner learner" + (" with" if own else ", and nothing else.")
    table = grid("The answer", ("number", "true", "the data can tell it to"), rows)
    return f"<h3>Who it was</h3><p>{who}</p>{f'<ul>{items}</ul>' if items else ''}{table}"
