"""What the panels of the method have in common: controls on one side, what they change on the other.

Each takes an experiment and its runner, and can stand alone in a notebook cell. They set settings and call
the runner; they compute nothing.
"""

from html import escape
from typing import Any, ClassVar

import ipywidgets as widgets

from .base import FULL, Panel, control, field, guard, pressed
from .look import STYLE

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

    def __init__(self, experiment: Any, runner: Any) -> None:
        self.experiment, self.runner = experiment, runner
        self.stale = widgets.HTML()
        words = widgets.HTML(f"{STYLE}<h2>{escape(self.title)}</h2><p>{escape(self.about)}</p>")
        left = widgets.VBox([words, self.stale, *self.controls()], layout=widgets.Layout(**NARROW))
        if self.groups:
            back = pressed("Back to defaults", f"Set all of {self.title.lower()} back", self._back)
            left.children = (*left.children, back)
        right = widgets.VBox(self.stage(), layout=widgets.Layout(**WIDE))
        left.add_class("sw-controls")
        right.add_class("sw-stage")
        columns = widgets.HBox([left, right], layout=widgets.Layout(flex_flow="row wrap", **FULL))
        columns.add_class("sw-columns")
        super().__init__([columns])
        self.watch()
        self.refresh()

    def controls(self) -> list[Any]:
        """The widgets on the left."""
        return []

    def stage(self) -> list[Any]:
        """The widgets on the right."""
        return []

    def watch(self) -> None:
        """What makes this panel draw itself anew."""

    @guard
    def refresh(self, _: Any = None) -> None:
        """Draw the stage from the present settings or result."""
        self.draw()

    def draw(self) -> None:
        """What `refresh` does, unguarded."""

    @guard
    def _back(self) -> None:
        for name in self.groups:
            self.experiment.group(name).reset()

    def _say_stale(self, *stages: str) -> None:
        told = [self.experiment.stale_because[s] for s in stages if s in self.experiment.stale_because]
        self.stale.value = f'<div class="sw-note" role="status">{escape(told[0])}</div>' if told else ""


def session_control(experiment: Any, state: Any) -> Any:
    """Which session: as `control`, with the last session there is as its upper bound."""
    made = control(state, "session")

    def fit(_: Any = None) -> None:
        if not experiment.data.problems_of("n_sessions"):
            last = experiment.data.n_sessions - 1
            made.high, made.parts[1].max = last, max(last, 1)
            made.tell()

    experiment.data.observe(fit, "n_sessions")
    fit()
    return made


def arm_control(experiment: Any) -> Any:
    """Which option is looked at, in all pictures of sessions."""
    comparison, task = experiment.comparison, experiment.task
    words = "Whose probability and values are drawn"
    chosen = field(widgets.Dropdown, "Option shown", words, options=[("", 0)])

    def offer(_: Any = None) -> None:
        if task.problems_of("n_actions"):
            return
        options = [(f"Option {arm + 1}", arm) for arm in range(task.n_actions)]
        if chosen.options != tuple(options):
            now = min(comparison.arm, task.n_actions - 1)
            chosen.options = options
            chosen.value = now

    def to_widget(_: Any = None) -> None:
        if comparison.arm in [arm for _, arm in chosen.options]:
            chosen.value = comparison.arm

    def to_state(change: Any) -> None:
        if change["new"] is not None:
            comparison.arm = change["new"]

    task.observe(offer, "n_actions")
    comparison.observe(to_widget, "arm")
    offer()
    to_widget()
    chosen.observe(to_state, "value")
    return chosen
