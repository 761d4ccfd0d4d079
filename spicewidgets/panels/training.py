"""The training: how it is done, and how it goes."""

from html import escape
from typing import Any

import ipywidgets as widgets

from ..plots.figures import LossCurve
from .base import FigureBox, control, guard, more
from .stage import Stage


class TrainPanel(Stage):
    """Training, live."""

    title = "5 · Train"
    about = (
        "The network learns to expect the next choice. The dashed lines are guessing, and the true"
        " participant's own loss."
    )

    def controls(self) -> list[Any]:
        """Buttons, epochs, optimiser; the rest folded."""
        training = self.experiment.training
        self.buttons = {
            what: widgets.Button(description=word, tooltip=tip, layout=widgets.Layout(width="auto"))
            for what, word, tip in (
                ("train", "Train", "Simulate, train, find the equations"),
                ("stop", "Stop", "Stop soon; what was learned is kept"),
                ("continue", "Continue", "Go on from what was learned"),
                ("step", "Step", "One epoch more"),
                ("reset", "Reset", "Forget the results; the settings stay"),
            )
        }
        self.buttons["train"].button_style = "primary"
        for what, button in self.buttons.items():
            button.on_click(self._pressed(what))
        self.status = widgets.HTML()
        rest = ("learning_rate", "n_starts", "batch_size", "scheduler", "l2_weight_decay", "dropout")
        return [
            widgets.HBox(list(self.buttons.values()), layout=widgets.Layout(flex_flow="row wrap")),
            self.status,
            *(control(training, name) for name in ("epochs", "optimizer")),
            more([control(training, name) for name in rest]),
        ]

    def stage(self) -> list[Any]:
        """The loss curve."""
        self.figure = LossCurve()
        return [FigureBox(self.figure)]

    def watch(self) -> None:
        """The run, and what is blocked."""
        self.experiment.run.observe(self.refresh, ["history", "status", "message", "result_revision"])
        self.experiment.observe(self.refresh, ["blocked", "stale_because"])

    def _pressed(self, what: str) -> Any:
        call = {"continue": "continue_"}.get(what, what)

        @guard
        def pressed(panel: Any, _: Any) -> None:
            getattr(panel.runner, call)()

        return lambda button: pressed(self, button)

    def draw(self) -> None:
        """The curve, the line below the buttons, and which buttons can be pressed."""
        run = self.experiment.run
        for what, button in self.buttons.items():
            why = self.experiment.blocked.get(what, "")
            button.disabled = bool(why)
            button.tooltip = why or button.tooltip
        left = "" if run.seconds_left is None or not run.busy else f" At most {run.seconds_left:.0f} s left."
        told = escape(f"{run.status}: {run.message}{left}")
        notes = "".join(f'<div class="sw-note">{escape(note)}</div>' for note in run.notes)
        folded = (
            f"<details><summary>details</summary><pre>{escape(run.details)}</pre></details>"
            if run.details
            else ""
        )
        self.status.value = f'<div role="status" aria-live="polite">{told}</div>{notes}{folded}'
        self._say_stale("train")
        self.figure.draw(run.history, earlier=run.earlier)
