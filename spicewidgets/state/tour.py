"""A tour: a few steps, each a sentence and something that the learner does, which it waits for.

A lesson may hold a tour of its own. What a step waits for is written as a word:

- "" waits until the learner goes on;
- "run" for the end of a run;
- "see PANEL" until a panel is on show, such as "see equation";
- "next" until the learner goes on, after something else;
- "GROUP.SETTING" until a setting is changed, such as "participant.alpha_reward";
- "GROUP.SETTING=NUMBER" until it has this value, such as "task.sigma=0";

and several of them, one after the other, with "then" between them: "task.sigma=0 then run".
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from unicodedata import category

from traitlets import HasTraits, Int, Tuple, Unicode

from .base import Change
from .stages import STAGES

if TYPE_CHECKING:
    from .experiment import Experiment

LONGEST = 200  # characters of a sentence
MOST = 12  # steps
RUN, SEE, NEXT, THEN = "run", "see ", "next", " then "


@dataclass(frozen=True)
class TourStep:
    """One step.

    Attributes:
        words: what to do, in a sentence of up to 200 characters.
        panel: what is shown when the step begins; empty to stay.
        waits_for: what the learner does, as above.
    """

    words: str
    panel: str = ""
    waits_for: str = ""


TOUR = (
    TourStep(
        "Drag the learning rate α and watch what the participant chooses.",
        "participant",
        "participant.alpha_reward",
    ),
    TourStep("Press Train: a network learns the participant from these choices.", "", RUN),
    TourStep(
        "Open 5 Equation: its coefficients are your participant’s, read off the network. Then press Next.",
        "",
        "see equation then next",
    ),
    TourStep(
        "Set Sessions to 5 or less and train again: what do fewer choices tell?",
        "data",
        "data.n_sessions then run",
    ),
    TourStep(
        "Fewer choices, less sure coefficients. Open 6 Is it true? and see what differs. Then press Next.",
        "",
        "see compare then next",
    ),
)


def steps_problems(data: object, settings: Iterable[str]) -> list[str]:
    """Return the problems of a tour's steps as plain data (JSON).

    Args:
        data: a list of dictionaries with "words", "panel" and "waits_for".
        settings: names that a step may wait for, as in "task.sigma".

    Returns:
        A sentence for each problem; none for a tour that can be used.
    """
    if not isinstance(data, list | tuple) or len(data) > MOST:
        return [f"A tour must be a list of up to {MOST} steps; got {data!r:.60}. Shorten it."]
    known, problems = set(settings), []
    for number, step in enumerate(data, 1):
        if not isinstance(step, Mapping) or not step.keys() <= {"words", "panel", "waits_for"}:
            problems.append(
                f"Step {number} of the tour must have words, panel and waits_for; got {step!r:.60}."
                " Correct it."
            )
            continue
        words, panel, waits = (step.get(name, "") for name in ("words", "panel", "waits_for"))
        if not isinstance(words, str) or not 0 < len(words) <= LONGEST or not _is_plain(words):
            problems.append(
                f"The words of step {number} must be a line of up to {LONGEST} letters; got {words!r:.40}."
                " Rewrite them."
            )
        if panel != "" and (not isinstance(panel, str) or panel not in STAGES):
            problems.append(
                f"The panel of step {number} must be one of {', '.join(STAGES)}; got {panel!r:.40}."
                " Choose one."
            )
        if not isinstance(waits, str) or not all(_is_known(one, known) for one in _parts(waits)):
            problems.append(
                f"Step {number} cannot wait for {waits!r:.60}. Write run, see and a panel, or a"
                " setting such as task.sigma or task.sigma=0."
            )
    return problems


def steps_of(data: Iterable[Mapping[str, str]]) -> tuple[TourStep, ...]:
    """Return the steps of plain data without problems."""
    return tuple(TourStep(**step) for step in data)


def plain(steps: Iterable[TourStep]) -> list[dict[str, str]]:
    """Return the steps as plain data (JSON)."""
    return [asdict(step) for step in steps]


def _is_plain(words: str) -> bool:
    return not any(category(letter) in ("Cc", "Cs") for letter in words)


def _parts(waits_for: str) -> list[str]:
    return waits_for.split(THEN) if waits_for else []


def _is_known(one: str, settings: set[str]) -> bool:
    name, has_value, value = one.partition("=")
    if one in (RUN, NEXT) or (one.startswith(SEE) and one.removeprefix(SEE) in STAGES):
        return True
    if name not in settings:
        return False
    if has_value:
        with suppress(ValueError):
            float(value)
            return True
        return False
    return True


class Tour(HasTraits):
    """The tour that is under way.

    Attributes:
        steps: of the tour that is under way or was the last.
        at: number of the step, from 0; -1 where none is under way.
        panel: the panel on show; the page says so.
    """

    steps = Tuple(help="The steps of the tour.")
    at = Int(-1, help="Number of the step, from 0; -1 where no tour is under way.")
    panel = Unicode("", help="The panel on show.")

    def __init__(self, experiment: "Experiment") -> None:
        super().__init__()
        self._experiment = experiment
        self._waiting: list[str] = []
        experiment.observe(self._look, "revision")
        experiment.run.observe(self._look, "result_revision")
        self.observe(self._look, "panel")
        self._before: dict[str, Any] = {}
        self._results = 0
        self._ended: tuple[int, str] | None = None  # how things stood when the last step was done

    @property
    def step(self) -> TourStep | None:
        """The step that is under way."""
        return self.steps[self.at] if 0 <= self.at < len(self.steps) else None

    @property
    def awaited(self) -> str:
        """The event that the step waits for now; empty where it waits for the learner to go on."""
        return self._waiting[0] if self._waiting else ""

    @property
    def has_ended(self) -> bool:
        """Tell whether the last step has just been done, and nothing since."""
        return self.at < 0 and self._ended == (self._experiment.revision, self.panel)

    def start(self, steps: Iterable[TourStep] = TOUR) -> None:
        """Begin a tour at its first step."""
        self.at = -1
        self.steps = tuple(steps)
        self._enter(0)

    def go_on(self) -> None:
        """Go to the next step, done or not; after the last one the tour ends."""
        if self.at >= 0:
            self._enter(self.at + 1)

    def end(self) -> None:
        """Leave the tour."""
        self.at = -1

    def _enter(self, number: int) -> None:
        if number >= len(self.steps):
            self._ended = (self._experiment.revision, self.panel)
            self.at = -1
            return
        self._waiting = _parts(self.steps[number].waits_for)
        self._remember()
        self.at = number

    def _remember(self) -> None:
        """Remember the state in which a step begins to wait."""
        self._results = self._experiment.run.result_revision
        self._before = {self.awaited: self._value(self.awaited)} if "." in self.awaited else {}

    def _value(self, name: str) -> Any:
        group, _, setting = name.partition("=")[0].partition(".")
        return getattr(self._experiment.group(group), setting)

    def _look(self, _: Change) -> None:
        """Go on where what is waited for has happened."""
        while self.step is not None and self.awaited and self._has_happened(self.awaited):
            del self._waiting[0]
            self._remember()
            if not self._waiting:
                self.go_on()

    def _has_happened(self, one: str) -> bool:
        if one == NEXT:
            return False  # only the learner says so
        if one == RUN:
            run = self._experiment.run
            return run.result_revision != self._results and not run.busy
        if one.startswith(SEE):
            return bool(self.panel == one.removeprefix(SEE))
        if "=" in one:
            return bool(self._value(one) == float(one.partition("=")[2]))
        return bool(self._value(one) != self._before.get(one))
