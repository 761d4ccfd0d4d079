"""What the panels of the method have in common: controls on one side, what they change on the other.

Each takes an experiment and its runner, and can stand alone in a notebook cell. They set settings and call
the runner; they compute nothing.
"""

from html import escape
from typing import Any

import ipywidgets as widgets

from .base import FULL, Panel, guard

NARROW = {"flex": "1 1 280px", "max_width": "420px", "min_width": "240px", "margin": "0 16px 0 0"}
WIDE = {"flex": "1 1 420px", "min_width": "280px"}


class Stage(Panel):
    """A panel with controls and a stage; they stand beside each other where there is room."""

    title, about = "", ""

    def __init__(self, experiment: Any, runner: Any) -> None:
        self.experiment, self.runner = experiment, runner
        self.stale = widgets.HTML()
        words = widgets.HTML(f"<h3>{escape(self.title)}</h3><p>{escape(self.about)}</p>")
        left = widgets.VBox([words, self.stale, *self.controls()], layout=widgets.Layout(**NARROW))
        right = widgets.VBox(self.stage(), layout=widgets.Layout(**WIDE))
        left.add_class("sw-controls")
        right.add_class("sw-stage")
        super().__init__([widgets.HBox([left, right], layout=widgets.Layout(flex_flow="row wrap", **FULL))])
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

    def _say_stale(self, *stages: str) -> None:
        told = [self.experiment.stale_because[s] for s in stages if s in self.experiment.stale_because]
        self.stale.value = f'<div class="sw-note" role="status">{escape(told[0])}</div>' if told else ""
