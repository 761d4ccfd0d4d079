"""The participant: how they learn and choose, and one of their sessions."""

from typing import Any

import ipywidgets as widgets

from ..compat import tooltip
from ..lab.simulation import preview
from ..plots.figures import SessionView
from .base import FigureBox, control, heed, more
from .stage import Stage, arm_control, session_control

UNSEEN = ("alpha_counterfactual_reward", "alpha_counterfactual_penalty")


class ParticipantPanel(Stage):
    """The simulated participant and one of their sessions."""

    title = "Participant"
    about = "A learner moves the value of what they chose towards the reward, and prefers more value."
    groups = ("participant",)

    def controls(self) -> list[Any]:
        """Learning rate, beta, first value; the other mechanisms folded."""
        person = self.experiment.participant
        words = person.traits()["linked"].help
        self.linked = widgets.Checkbox(description="One α for both outcomes", indent=False, **tooltip(words))
        widgets.link((person, "linked"), (self.linked, "value"))
        self.penalty = control(person, "alpha_penalty")
        names = ("forget_rate", "beta_choice", "alpha_choice", "variation", *UNSEEN)
        return [
            control(person, "alpha_reward"),
            self.linked,
            self.penalty,
            control(person, "beta_reward"),
            control(person, "q0"),
            more([control(person, name) for name in names], "more mechanisms"),
            session_control(self.experiment, self.experiment.data),
            arm_control(self.experiment),
        ]

    def stage(self) -> list[Any]:
        """The session as the participant lives it."""
        self.figure = SessionView()
        return [FigureBox(self.figure)]

    def watch(self) -> None:
        """Whatever changes the session."""
        for state in (self.experiment.participant, self.experiment.task):
            state.observe(self.refresh, [*state.names(), "held", "hidden"])
        names = ["n_trials", "n_sessions", "n_participants", "seed", "session"]
        self.experiment.data.observe(self.refresh, names)
        self.experiment.comparison.observe(self.refresh, "arm")

    def draw(self) -> None:
        """One simulated session, redrawn at once."""
        person = self.experiment.participant
        heed(person, "alpha_penalty", self.linked)
        unneeded = person.linked and "alpha_penalty" not in person.held
        self.penalty.layout.display = "none" if unneeded else ""
        if not self.experiment.sound("task", "participant", "data"):
            return
        seen = preview(self.experiment.peek(), self.experiment.data.session)
        arm = min(self.experiment.comparison.arm, self.experiment.task.n_actions - 1)
        played: Any = {"truth": seen}
        self.figure.draw(played, seen.choices, seen.chosen_rewards, session=0, arm=arm)
