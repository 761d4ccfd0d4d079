"""The training: how it is done, and how it goes."""

from functools import partial

import ipywidgets as widgets
import pandas as pd

from ..app.guide import time_left
from ..app.protocols import ExperimentRunner
from ..markup import Html, escape_text, message
from ..plots.modules import NO_LOOK, NetworkFigure
from ..plots.training import LossCurve
from ..state.run import RunState
from ..views.looking import at_hand, with_curves_first
from .base import FULL, Choice, block, button, foldable, folded_details, guard, row
from .controls import control
from .equation_lines import emerging_lines
from .files import FigureBox, File, csv_file
from .stage import Stage, first_of_several

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


def run_action(runner: ExperimentRunner, action: str) -> bool:
    """Let a runner do what a button is called; returns whether it began."""
    return bool(getattr(runner, {"continue": "continue_"}.get(action, action))())


class TrainPanel(Stage):
    """Training, live."""

    title = "Train"
    about = (
        "The network learns to expect the next choice: its curve bends, the equation's line settles on it,"
        " terms come in. Its loss can fall as far as the participant's own noise."
    )
    groups = ("training",)

    def controls(self) -> list[widgets.Widget]:
        """Buttons, epochs, optimiser; the rest folded."""
        training = self.experiment.training
        self.buttons = {
            action: button(word, tip, partial(self._press, action)) for action, (word, tip) in BUTTONS.items()
        }
        self.buttons["train"].button_style = "primary"
        self.status = widgets.HTML()
        self.module = Choice("Module", "Whose curve and equation are drawn", self.refresh)
        self.participant = widgets.HTML()
        self.skip = button("Skip", "Show all of the training at once", self._skip)
        self.again = button("Show again", "Play this training back", self._show_again)
        self.skip.layout.visibility = "hidden"
        return [
            row(*self.buttons.values()),
            self.status,
            control(training, "shown"),
            row(self.skip, self.again),
            self.module,
            self.participant,
            *(control(training, name) for name in ("epochs", "optimizer")),
            foldable([control(training, name) for name in FOLDED]),
        ]

    def stage(self) -> list[widgets.Widget]:
        """Lay out the network, the loss curve, and how that is drawn."""
        self.network, self.figure = NetworkFigure(), LossCurve()
        self.terms = widgets.HTML(layout=widgets.Layout(**FULL))
        history = {"history as csv": ("Every epoch: losses, phase, seconds, best so far", self._history)}
        looks = row(*(control(self.experiment.training, name) for name in ("log", "smoothing")))
        for child, flex in zip(looks.children, ("1 1 200px", "1 1 260px"), strict=True):
            child.layout.width, child.layout.flex = "auto", flex
        return [FigureBox(self.network), self.terms, FigureBox(self.figure, history), looks]

    def watch(self) -> None:
        """Observe the run, and what is blocked."""
        self.experiment.playback.watched = True
        self.experiment.playback.observe(self.refresh, "epoch")
        self.experiment.run.observe(self.refresh, "revision")
        self.experiment.observe(self.refresh, ["blocked", "stale_because"])
        self.experiment.training.observe(self.refresh, ["log", "smoothing"])
        self.layout.observe(self.refresh, "display")

    @guard
    def _press(self, action: str) -> None:
        run_action(self.runner, action)

    @guard
    def _skip(self) -> None:
        self.experiment.playback.skip()

    @guard
    def _show_again(self) -> None:
        self.runner.show_again()

    def draw(self) -> None:
        """Draw the curve, the line below the buttons, and which buttons can be pressed."""
        run, training = self.experiment.run, self.experiment.training
        for action, pressable in self.buttons.items():
            block(pressable, self.experiment.blocked.get(action, ""), BUTTONS[action][1])
        self.status.value = run_status(run)
        self.show_stale("train")
        smoothing = 0.0 if training.problems_of("smoothing") else training.smoothing
        playback = self.experiment.playback
        self.skip.layout.visibility = "visible" if playback.playing else "hidden"
        self.again.disabled = playback.playing or run.busy or not run.history or self.runner.foreground
        self.figure.draw(
            run.history[: playback.epoch],
            earlier=run.earlier,
            log=training.log is True,
            smoothing=smoothing,
            whole=run.history,
        )
        self._draw_network(playback.epoch)

    def _draw_network(self, until: int | None) -> None:
        """Draw the network and the equation as it emerges, as far as they are known."""
        result, run = self.runner.result, self.experiment.run
        known = at_hand(result, run)
        if self.is_hidden:
            return
        if not known:
            self.network.clear(NO_LOOK)
            self.terms.value = emerging_lines(None, None, None)
            return
        truth = self.runner.truth() if run.glimpses or result is None else result.truth
        self.participant.value = first_of_several(self.experiment, result)
        emergence = known[self.module.offer(with_curves_first(known))]
        true = None if truth is None else truth.of_participant().get(emergence.module)
        self.network.draw_look(emergence, true, until)
        self.terms.value = emerging_lines(emergence, true, until)

    def _history(self) -> File:
        history = self.experiment.run.history
        if not history:
            raise ValueError("There is no training to save yet. Train first.")
        return csv_file("history", pd.DataFrame(history))


def run_status(run: RunState) -> Html:
    """Show the progress of a run: a sentence, rate and time left, notes, and an error's details folded."""
    words = run.message
    if run.busy:
        words += f" {run.rate:.0f} epochs per second." if run.rate else ""
        words += time_left(run)
    look = "sw-alert" if run.status == "failed" else ""
    status = f'<div class="{look}" role="status">{escape_text(words)}{folded_details(run.details)}</div>'
    return Html(status + "".join(message(note) for note in run.notes))
