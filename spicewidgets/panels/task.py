"""The task: its stages and states, which reward probabilities there are, and how they change."""

import ipywidgets as widgets

from ..core.wording import join_words
from ..markup import message
from ..plots.figures import RewardProbabilities
from ..plots.task import offers_picture, task_diagram
from ..state.graph import ExperimentSnapshot
from ..state.task import NEEDED
from ..views.stages import (
    is_of_bandit,
    kind_of_choices,
    reward_chances,
    task_boxes,
    task_payoffs,
    task_settings,
    task_transitions,
)
from .base import column, foldable, set_if_changed
from .controls import control
from .files import FigureBox
from .stage import Stage, session_control, show_unused


class TaskPanel(Stage):
    """The task: a picture of its stages, where there are several, and its reward probabilities."""

    title = "Task"
    about = "In each trial one option is chosen; how often it pays, or how much, is its own and may change."
    groups = ("task",)

    def controls(self) -> list[widgets.Widget]:
        """Kind of task, drift, arms, trials; the rest folded. Of another kind than a bandit its own."""
        task, data = self.experiment.task, self.experiment.data
        names = ("kind", "sigma", "n_actions", "boundary", "flip_probability", "counterfactual")
        self.knobs = {name: control(task, name) for name in task.names()}
        self.words = widgets.HTML()
        self.unused, session = widgets.HTML(), session_control(self.experiment, data)
        self.settings = column(
            self.knobs["kind"],
            self.words,
            *(self.knobs[name] for name in names[1:3]),
            *(knob for name, knob in self.knobs.items() if name not in names),
            control(data, "n_trials"),
            foldable([*(self.knobs[name] for name in names[3:]), control(data, "seed"), session]),
        )
        return [self.unused, self.settings]

    def stage(self) -> list[widgets.Widget]:
        """Lay out the stages, and the reward probabilities of the session."""
        self.figure, self.diagram = RewardProbabilities(), widgets.HTML()
        self.picture = FigureBox(self.figure)
        return [self.diagram, self.picture]

    def watch(self) -> None:
        """Observe the task, the length of a session and the seed."""
        self.experiment.task.observe(self.refresh, list(self.experiment.task.names()))
        self.experiment.data.observe(self.refresh, ["n_trials", "n_sessions", "seed", "session"])
        self.experiment.table.observe(self.refresh, list(self.experiment.table.names()))

    def draw(self) -> None:
        """Draw a simulated session's probabilities, as long as the settings can be used."""
        settings = self.experiment.peek()
        kind, own = kind_of_choices(settings), task_settings(settings)
        for name, kinds in NEEDED.items():
            works = settings.task.kind in kinds or not is_of_bandit(settings)
            idle = "" if works else f"Of {join_words(kinds)} tasks only."
            self.knobs[name].rest(idle)
        for name, knob in self.knobs.items():
            knob.layout.display = "" if name in own else "none"
        self.words.value = message("" if is_of_bandit(settings) else kind.words, "help")
        show_unused(settings, self.unused, self.settings)
        sound = self.experiment.sound("task", "participant", "data")
        boxes = task_boxes(settings)
        pays = task_payoffs(settings, self.experiment.data.session) if sound else ()
        self.diagram.layout.display = "" if (kind.stages or boxes) and sound else "none"
        self.picture.layout.display = "" if settings.is_simulated and not pays else "none"
        if not sound:
            return
        if kind.stages:
            picture = task_diagram(kind.stages, task_transitions(settings), settings.options)
            set_if_changed(self.diagram, picture)
        elif boxes:
            set_if_changed(self.diagram, offers_picture(boxes, settings.options, pays, kind.keeps_zero))
        if settings.is_simulated and not pays:
            self._draw_chances(settings)

    def _draw_chances(self, settings: ExperimentSnapshot) -> None:
        """Draw the reward probabilities of the options that pay."""
        probs, options = reward_chances(settings, self.experiment.data.session)
        names = {option: settings.options[option] for option in options}
        self.figure.draw(probs, None if is_of_bandit(settings) else names)
