"""The task: which reward probabilities there are, and how they change."""

import ipywidgets as widgets

from ..lab.simulation import preview
from ..plots.figures import RewardProbabilities
from .base import column, foldable
from .controls import control
from .files import FigureBox
from .stage import Stage, session_control, show_unused


class TaskPanel(Stage):
    """The bandit task and its reward probabilities."""

    title = "Task"
    about = (
        "In each trial one option is chosen, and it pays with its own probability, which may drift or jump."
    )
    groups = ("task",)

    def controls(self) -> list[widgets.Widget]:
        """Kind of task, drift, arms, trials; the rest folded."""
        task, data = self.experiment.task, self.experiment.data
        rest = [control(task, name) for name in ("boundary", "flip_probability", "counterfactual")]
        self.unused = widgets.HTML()
        self.settings = column(
            *(control(task, name) for name in ("kind", "sigma", "n_actions")),
            control(data, "n_trials"),
            foldable([*rest, control(data, "seed"), session_control(self.experiment, data)]),
        )
        return [self.unused, self.settings]

    def stage(self) -> list[widgets.Widget]:
        """The reward probabilities of the session."""
        self.figure = RewardProbabilities()
        self.picture = FigureBox(self.figure)
        return [self.picture]

    def watch(self) -> None:
        """Observe the task, the length of a session and the seed."""
        self.experiment.task.observe(self.refresh, list(self.experiment.task.names()))
        self.experiment.data.observe(self.refresh, ["n_trials", "n_sessions", "seed", "session"])
        self.experiment.table.observe(self.refresh, list(self.experiment.table.names()))

    def draw(self) -> None:
        """Draw a simulated session's probabilities, as long as the settings can be used."""
        settings = self.experiment.peek()
        show_unused(settings, self.unused, self.settings)
        self.picture.layout.display = "" if settings.is_simulated else "none"
        if settings.is_simulated and self.experiment.sound("task", "participant", "data"):
            probs = preview(settings, self.experiment.data.session).reward_probs
            assert probs is not None  # the tasks of the explorer know them
            self.figure.draw(probs)
