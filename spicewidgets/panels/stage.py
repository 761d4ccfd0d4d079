"""What the panels of the method have in common: controls on one side, what they change on the other.

Each takes an experiment and its runner, and also works on its own in a notebook cell. A panel sets settings
and calls the runner; it computes nothing.
"""

from collections.abc import Callable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, ClassVar

import ipywidgets as widgets

from ..app.protocols import ExperimentRunner
from ..experiment.result import Result
from ..markup import Html, message
from ..state.base import State
from ..state.experiment import Experiment
from ..state.graph import ExperimentSnapshot
from ..views.people import look_at
from .base import FULL, Change, Choice, Panel, Value, button, guard, with_label
from .controls import Control, control, grey

if TYPE_CHECKING:
    from ..core.equations import SpiceModel

NARROW = {"flex": "1 1 280px", "max_width": "380px", "min_width": "0", "margin": "0 24px 0 0"}
WIDE = {"flex": "1 1 420px", "min_width": "0"}


class Stage(Panel):
    """A panel with controls and a stage; they stand beside each other where there is room.

    A subclass says what it is (`title`, `about`), which `groups` of settings its button sets back, and has
    `controls`, `stage`, `watch` and `draw`.
    """

    title: ClassVar[str] = ""
    about: ClassVar[str] = ""
    groups: ClassVar[tuple[str, ...]] = ()

    def __init__(self, experiment: Experiment, runner: ExperimentRunner) -> None:
        super().__init__()
        self.experiment, self.runner = experiment, runner
        self.stale = widgets.HTML()
        words = widgets.HTML(f"<h2>{escape(self.title)}</h2><p>{escape(self.about)}</p>")
        left = [words, self.stale, *self.controls()]
        if self.groups:
            left.append(button("Back to defaults", f"Set all of {self.title.lower()} back", self._back))
        sides = [
            widgets.VBox(left, layout=widgets.Layout(**NARROW)),
            widgets.VBox(self.stage(), layout=widgets.Layout(**WIDE)),
        ]
        for side, look in zip(sides, ("sw-controls", "sw-stage"), strict=True):
            side.add_class(look)
        self.results = sides[1].children
        columns = widgets.HBox(sides, layout=widgets.Layout(flex_flow="row wrap", **FULL))
        columns.add_class("sw-columns")
        self.children = (*self.children, columns)
        self.watch()
        self.refresh()

    def controls(self) -> list[widgets.Widget]:
        """Lay out the widgets on the left."""
        return []

    def stage(self) -> list[widgets.Widget]:
        """Lay out the widgets on the right."""
        return []

    def watch(self) -> None:
        """Observe all that makes this panel draw itself anew."""

    def found_by(self, study: str) -> Any:
        """Return the result of a study so far, by its name; None before."""
        begun = self.runner.studies.get(study)
        return None if begun is None else begun.found

    @guard
    def refresh(self, _: Change | None = None) -> None:
        """Draw the stage from the present settings or result."""
        self.draw()

    def draw(self) -> None:
        """Do what `refresh` does, unguarded."""

    @property
    def is_hidden(self) -> bool:
        """Tell whether the app shows another panel; what takes long waits until this one is shown."""
        return bool(self.layout.display == "none")

    def equations(self) -> "tuple[Result, SpiceModel]":
        """Return the last result and its equations.

        Raises:
            ValueError: There are none.
        """
        result = self.runner.result
        if result is None or result.spice is None:
            raise ValueError("There is no equation yet. Train first.")
        return result, result.spice

    def show_stale(self, *stages: str, parts: Sequence[widgets.Widget] = ()) -> None:
        """Say which setting has changed since the first of these stages that is stale, and dim its result.

        Args:
            stages: that the panel shows.
            parts: what shows a result; all of the stage when none are named.
        """
        reasons = [self.experiment.stale_because.get(stage, "") for stage in stages]
        reason = next(filter(None, reasons), "")
        self.stale.value = message(reason, role="status")
        for part in parts or self.results:
            (part.add_class if reason else part.remove_class)("sw-old")

    @guard
    def _back(self) -> None:
        for name in self.groups:
            self.experiment.group(name).reset()


def show_unused(settings: ExperimentSnapshot, words: widgets.HTML, box: widgets.Widget) -> None:
    """Say that some controls have no effect while the choices are those of a table, and grey them."""
    reason = ""
    if not settings.is_simulated:
        reason = (
            f"The choices are those of {settings.table.name}: nothing is simulated, and how they came about"
            " is not known. These settings have no effect; go back to simulated choices in Data."
        )
    words.value = message(reason, role="status")
    grey(box, reason)


def first_of_several(experiment: Experiment, result: Result | None) -> Html:
    """Say that the first participant is on show, where a run is of several."""
    snapshot = experiment.peek() if result is None else result.snapshot
    return message("Of the first participant." if snapshot.n_participants != 1 else "", "help")


class PersonChoice(Choice):
    """Whose equations are looked at: the same person in all panels.

    Args:
        experiment: where it is kept.
        runner: whose result has the people.
        words: tooltip.
        chosen: called when another person was chosen, here or elsewhere.
    """

    def __init__(
        self, experiment: Experiment, runner: ExperimentRunner, words: str, chosen: Callable[[], object]
    ) -> None:
        self._experiment = experiment

        def look() -> None:
            look_at(experiment, runner.result, self.value)
            chosen()

        super().__init__("Participant", words, look)
        experiment.observe(self._follow, "person")

    def _follow(self, _: Change) -> None:
        person = self._experiment.person
        if person != self.value and person in [value for _, value in self.options]:
            self.value = person

    def offer(self, values: Sequence[Value]) -> Value:
        """As in every `Choice`; who is looked at elsewhere comes first."""
        chosen, person = super().offer(values), self._experiment.person
        if person is None or person == chosen or person not in values:
            return chosen
        self._is_offering = True
        self.value = person
        self._is_offering = False
        value: Value = self.value
        return value


def session_control(experiment: Experiment, state: State[Any]) -> Control:
    """Which session: a `control` whose upper bound is the last session there is."""
    chosen = control(state, "session")

    def limit(_: Change | None = None) -> None:
        if not experiment.data.problems_of("n_sessions"):
            chosen.limit(experiment.peek().n_sessions - 1)

    experiment.data.observe(limit, "n_sessions")
    experiment.table.observe(limit, list(experiment.table.names()))
    limit()
    return chosen


def arm_control(experiment: Experiment) -> widgets.Dropdown:
    """Which option is looked at, in all pictures of sessions."""
    comparison, task = experiment.comparison, experiment.task
    words = "Whose probability and values are drawn"
    chosen = with_label(widgets.Dropdown, "Option shown", words, options=[("", 0)])

    def offer(_: Change | None = None) -> None:
        if task.problems_of("n_actions"):
            return
        options = tuple((words, arm) for arm, words in enumerate(experiment.peek().options))
        if chosen.options != options:
            arm = min(comparison.arm, len(options) - 1)
            chosen.options = options
            chosen.value = arm

    def to_widget(_: Change | None = None) -> None:
        if comparison.arm in [arm for _, arm in chosen.options]:
            chosen.value = comparison.arm

    def to_state(change: Change) -> None:
        if change["new"] is not None:
            comparison.arm = change["new"]

    task.observe(offer, ["kind", "n_actions"])
    experiment.table.observe(offer, list(experiment.table.names()))
    comparison.observe(to_widget, "arm")
    offer()
    to_widget()
    chosen.observe(to_state, "value")
    return chosen
