"""The task: which reward probabilities there are, and how they change."""

import ipywidgets as widgets

from ..core.wording import join_words
from ..experiment.simulation import preview
from ..plots.figures import RewardProbabilities
from .base import column, foldable
from .controls import control
from .files import FigureBox
from .stage import Stage, session_control, show_unused

# The kinds of task in which a setting has an effect.
NEEDED = {
    "sigma": ("drift",),
    "boundary": ("drift",),
    "flip_probability": ("reversal", "switch"),
}


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
        names = ("kind", "sigma", "n_actions", "boundary", "flip_probability", "counterfactual")
        self.knobs = {name: control(task, name) for name in names}
        self.unused, session = widgets.HTML(), session_control(self.experiment, data)
        self.settings = column(
            *(self.knobs[name] for name in names[:3]),
            control(data, "n_trials"),
            foldable([*(self.knobs[name] for name in names[3:]), control(data, "seed"), session]),
        )
        return [self.unused, self.settings]

    def stage(self) -> list[widgets.Widget]:
        """Lay out the reward probabilities of the session."""
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
        for name, kinds in NEEDED.items():
            idle = "" if settings.task.kind in kinds else f"Of {join_words(kinds)} tasks only."
            self.knobs[name].rest(idle)
        show_unused(settings, self.unused, self.settings)
        self.picture.layout.display = "" if settings.is_simulated else "none"
        if settings.is_simulated and self.experiment.sound("task", "participant", "data"):
            probs = preview(settings, self.experiment.data.session).reward_probs
            assert probs is not None  # the tasks of the explorer know them
            self.figure.draw(probs)
