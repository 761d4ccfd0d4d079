"""The training: how it is done, and how it goes."""

import csv
import io
from functools import partial
from html import escape
from typing import Any

import ipywidgets as widgets

from ..plots.loss_curve import LossCurve
from .base import FigureBox, control, folded_details, guard, more, pressed, refuse
from .stage import Stage

BUTTONS = {
    "train": ("Train", "Simulate, train, find the equations"),
    "stop": ("Stop", "Stop soon; what was learned is kept"),
    "continue": ("Continue", "Go on from what was learned"),
    "step": ("Step", "One epoch more"),
    "reset": ("Reset", "Forget the results; the settings stay"),
}
FOLDED = (
    "learning_rate",
    "n_starts",
    "batch_size",
    "scheduler",
    "l2_weight_decay",
    "dropout",
    "convergence_threshold",
    "bagging",
    "sequence_length",
    "n_steps_per_call",
)


class TrainPanel(Stage):
    """Training, live."""

    title = "Train"
    about = (
        "The network learns to expect the next choice. The dashed lines are guessing, and the true"
        " participant's own loss."
    )
    groups = ("training",)

    def controls(self) -> list[Any]:
        """Buttons, epochs, optimiser; the rest folded."""
        training = self.experiment.training
        self.buttons = {
            what: pressed(word, tip, partial(self._press, what)) for what, (word, tip) in BUTTONS.items()
        }
        self.buttons["train"].button_style = "primary"
        self.status = widgets.HTML()
        return [
            widgets.HBox(list(self.buttons.values()), layout=widgets.Layout(flex_flow="row wrap")),
            self.status,
            *(control(training, name) for name in ("epochs", "optimizer")),
            more([control(training, name) for name in FOLDED]),
        ]

    def stage(self) -> list[Any]:
        """The loss curve, and how it is drawn."""
        training = self.experiment.training
        self.figure = LossCurve()
        history = {"history as csv": ("Every epoch: losses, phase, seconds, best so far", self._history)}
        looks = widgets.HBox([control(training, name) for name in ("log", "smoothing")])
        looks.layout.flex_flow = "row wrap"
        for one, wide in zip(looks.children, ("1 1 200px", "1 1 260px"), strict=True):
            one.layout.width, one.layout.flex = "auto", wide
        return [FigureBox(self.figure, history), looks]

    def watch(self) -> None:
        """The run, and what is blocked."""
        self.experiment.run.observe(self.refresh, "revision")
        self.experiment.observe(self.refresh, ["blocked", "stale_because"])
        self.experiment.training.observe(self.refresh, ["log", "smoothing"])

    @guard
    def _press(self, what: str) -> None:
        getattr(self.runner, {"continue": "continue_"}.get(what, what))()

    def draw(self) -> None:
        """The curve, the line below the buttons, and which buttons can be pressed."""
        run, training = self.experiment.run, self.experiment.training
        for what, button in self.buttons.items():
            refuse(button, self.experiment.blocked.get(what, ""), BUTTONS[what][1])
        self.status.value = told(run)
        self._say_stale("train")
        smoothing = 0.0 if training.problems_of("smoothing") else training.smoothing
        self.figure.draw(run.history, earlier=run.earlier, log=training.log is True, smoothing=smoothing)

    def _history(self) -> tuple[str, bytes, str]:
        history = self.experiment.run.history
        if not history:
            raise ValueError("There is no training to save yet. Train first.")
        file = io.StringIO()
        writer = csv.DictWriter(file, list(history[-1]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(history)
        return "history.csv", file.getvalue().encode(), "text/csv"


def told(run: Any) -> str:
    """How a run goes, in HTML: a sentence, rate and time left, notes, and the details of an error folded."""
    speed = f" {run.rate:.0f} epochs per second." if run.busy and run.rate else ""
    left = f" At most {run.seconds_left:.0f} s left." if run.busy and run.seconds_left is not None else ""
    notes = "".join(f'<div class="sw-note">{escape(note)}</div>' for note in run.notes)
    look = "sw-alert" if run.status == "failed" else ""
    folded = folded_details(run.details)
    words = escape(f"{run.message}{speed}{left}")
    return f'<div class="{look}" role="status">{words}{folded}</div>{notes}'
