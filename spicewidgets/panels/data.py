"""The data: how much is simulated, and what it looks like."""

import ipywidgets as widgets
import numpy as np
from numpy.typing import NDArray

from ..lab.simulation import preview, simulate
from ..markup import Html, table
from .controls import control
from .files import File, Files, csv_file
from .stage import Stage, session_control

LENGTH = 10  # trials in the table


class DataPanel(Stage):
    """How much is simulated, and a session as a table."""

    title = "Data"
    about = "The participant plays many sessions. The network sees choices and rewards, and nothing else."
    groups = ("data",)

    def controls(self) -> list[widgets.Widget]:
        """Sizes, validation share, seed, and which session is shown."""
        names = ("n_sessions", "n_trials", "n_participants", "validation_share", "seed")
        data = self.experiment.data
        return [*(control(data, name) for name in names), session_control(self.experiment, data)]

    def stage(self) -> list[widgets.Widget]:
        """The session's table, and the whole data set as a file."""
        self.table = widgets.HTML()
        self.files = Files({"all sessions as csv": ("Every trial of every session, one row each", self._csv)})
        return [self.table, self.files]

    def watch(self) -> None:
        """Observe the settings that change the data."""
        for state in (self.experiment.data, self.experiment.task, self.experiment.participant):
            state.observe(self.refresh, list(state.names()))

    def draw(self) -> None:
        """Show the first trials of the session."""
        if self.experiment.sound("task", "participant", "data"):
            number = self.experiment.data.session
            session = preview(self.experiment.peek(), number)
            self.table.value = trials_table(session.choices, session.rewards, number)

    def _csv(self) -> File:
        result, settings = self.runner.result, self.experiment.snapshot()
        if result is None or settings.differs(result.snapshot, ("task", "participant", "data")):
            return csv_file("dataset", simulate(settings).dataset.to_frame())
        return csv_file("dataset", result.dataset.to_frame())


def trials_table(choices: NDArray[np.int64], rewards: NDArray[np.float64], number: int) -> Html:
    """The first trials as the network gets them: choice, what each option paid, and the next choice.

    Args:
        choices: `(n_trials,)`, from 0.
        rewards: `(n_trials, n_actions)`; -1 where none was seen.
        number: of the session.
    """
    n_trials, n_actions = rewards.shape
    options = [f"option {arm + 1}" for arm in range(n_actions)]
    names = ["trial", *(f"chose {o}" for o in options), *(f"reward of {o}" for o in options), "next choice"]
    rows = []
    for t in range(min(LENGTH, n_trials)):
        chosen = [int(choices[t] == arm) for arm in range(n_actions)]
        paid = [f"{value:g}".replace("-", "−") for value in rewards[t]]
        following = options[choices[t + 1]] if t + 1 < n_trials else "not known"
        rows.append([t, *chosen, *paid, following])
    caption = f"Session {number}: {len(rows)} of {n_trials} trials. A reward that was not seen is −1."
    return table(caption, names, rows)
