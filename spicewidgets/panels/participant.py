"""The participant: how they learn and choose, and one of their sessions."""

from typing import Any

import ipywidgets as widgets

from ..plots.figures import SessionView
from ..results import preview
from .base import FigureBox, control, more
from .stage import Stage


class ParticipantPanel(Stage):
    """The simulated participant and one of their sessions."""

    title = "2 · Participant"
    about = (
        "A learner moves the value of what they chose towards the reward, and chooses by value, more or less"
        " strictly."
    )

    def controls(self) -> list[Any]:
        """Learning rate, beta, first value; the other mechanisms folded."""
        person = self.experiment.participant
        linked = widgets.Checkbox(description="One α for both outcomes", indent=False)
        widgets.link((person, "linked"), (linked, "value"))
        first = [control(person, name) for name in ("alpha_reward", "beta_reward", "q0")]
        penalty = control(person, "alpha_penalty")
        names = ("forget_rate", "beta_choice", "alpha_choice", "variation")
        unseen = ("alpha_counterfactual_reward", "alpha_counterfactual_penalty")
        return [
            first[0],
            linked,
            penalty,
            *first[1:],
            more([control(person, name) for name in (*names, *unseen)]),
        ]

    def stage(self) -> list[Any]:
        """The session as the participant lives it."""
        self.figure = SessionView()
        return [FigureBox(self.figure)]

    def watch(self) -> None:
        """Whatever changes the first session."""
        for state in (self.experiment.participant, self.experiment.task):
            state.observe(self.refresh, list(state.names()))
        self.experiment.data.observe(self.refresh, ["n_trials", "seed", "session"])

    def draw(self) -> None:
        """One simulated session, redrawn at once."""
        if not self.experiment.problems:
            seen = preview(self.experiment.peek(), self.experiment.data.session)
            paid = seen.rewards[range(len(seen.choices)), seen.choices]
            arm = min(self.experiment.comparison.arm, self.experiment.task.n_actions - 1)
            played: Any = {"truth": seen}
            self.figure.draw(played, seen.choices, paid, session=0, arm=arm)
