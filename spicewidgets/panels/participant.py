"""The participant: how they learn and choose, and one of their sessions."""

import ipywidgets as widgets

from ..experiment.simulation import preview
from ..markup import Html
from ..plots.figures import SessionView
from ..plots.learner import learner_pictures
from ..plots.staying import staying_bars
from ..state.graph import ExperimentSnapshot
from ..views.stages import at_stage
from ..views.staying import simulated_staying
from ..views.words import FURTHER, OF_KINDS
from .base import column, foldable, set_if_changed, tick_box
from .controls import apply_lesson, control
from .files import FigureBox
from .stage import Stage, arm_control, session_control, show_unused


class ParticipantPanel(Stage):
    """The simulated participant and one of their sessions."""

    title = "Participant"
    about = "A learner moves the value of what they chose towards the reward, and prefers more value."
    groups = ("participant",)

    def controls(self) -> list[widgets.Widget]:
        """Learning rate, beta, first value; the other mechanisms folded."""
        person = self.experiment.participant
        self.linked = tick_box("One α for both outcomes", person.traits()["linked"].help)
        widgets.link((person, "linked"), (self.linked, "value"))
        self.penalty = control(person, "alpha_penalty")
        self.unused = widgets.HTML()
        self.learners = {
            "": column(
                control(person, "alpha_reward"),
                self.linked,
                self.penalty,
                control(person, "beta_reward"),
                control(person, "q0"),
                foldable([control(person, name) for name in (*FURTHER, "variation")], "more mechanisms"),
            ),
            **{
                kind: column(*(control(person, name) for name in (*names, "variation")))
                for kind, names in OF_KINDS.items()
            },
        }
        self.settings = column(
            *self.learners.values(),
            session_control(self.experiment, self.experiment.data),
            arm_control(self.experiment),
        )
        return [self.unused, self.settings]

    def stage(self) -> list[widgets.Widget]:
        """Lay out the session as the participant lives it."""
        self.learner = widgets.HTML()
        self.figure = SessionView(alone=True)
        self.picture = FigureBox(self.figure)
        return [self.learner, self.picture]

    def watch(self) -> None:
        """Observe whatever changes the session."""
        for state in (self.experiment.participant, self.experiment.task):
            state.observe(self.refresh, [*state.names(), "held", "hidden"])
        names = ["n_trials", "n_sessions", "n_participants", "seed", "session"]
        self.experiment.data.observe(self.refresh, names)
        self.experiment.comparison.observe(self.refresh, "arm")
        self.experiment.table.observe(self.refresh, list(self.experiment.table.names()))

    def draw(self) -> None:
        """Draw one simulated session."""
        person = self.experiment.participant
        apply_lesson(person, "alpha_penalty", self.linked)
        unneeded = person.linked and "alpha_penalty" not in person.held
        self.penalty.layout.display = "none" if unneeded else ""
        settings = self.experiment.peek()
        own = settings.task.declaration.name if settings.task.declaration.name in self.learners else ""
        for kind, learner in self.learners.items():
            learner.layout.display = "" if kind == own else "none"
        show_unused(settings, self.unused, self.settings)
        for each in (self.learner, self.picture):
            each.layout.display = "" if settings.is_simulated else "none"
        if not settings.is_simulated or not self.experiment.sound("task", "participant", "data"):
            return
        set_if_changed(self.learner, _picture(settings))
        session = preview(settings, self.experiment.data.session)
        arm = min(self.experiment.comparison.arm, settings.n_actions - 1)
        shown = at_stage(settings, {"truth": session}, session.choices, session.chosen_rewards, arm)
        shown.describe_to(self.figure)
        self.figure.draw(shown.played, shown.choices, shown.rewards, session=0, arm=shown.arm)


def _picture(settings: ExperimentSnapshot) -> Html:
    """Draw the learner at work: how a value moves and becomes a choice, or what is repeated in two steps."""
    person, staying = settings.participant, simulated_staying(settings)
    if staying is not None:
        bars = (staying.mean, staying.low, staying.high)
        return staying_bars(*bars, note=f"{staying.n_sessions} sessions", expected=staying.expected)
    if settings.choices_of in OF_KINDS:
        return Html("")
    alpha = person.alpha_reward
    penalty = alpha if person.alpha_penalty is None else person.alpha_penalty
    return learner_pictures(alpha, penalty, person.beta_reward)
