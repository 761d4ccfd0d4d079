"""The data: how much is simulated, and what it looks like."""

from typing import Any

import ipywidgets as widgets

from ..lab.simulation import preview, simulate
from .base import Files, control, grid
from .stage import Stage, session_control

SHOWN = 10  # trials in the table


class DataPanel(Stage):
    """How much is simulated, and a session as a table."""

    title = "Data"
    about = "The participant plays many sessions. The network sees choices and rewards, and nothing else."
    groups = ("data",)

    def controls(self) -> list[Any]:
        """Sizes, validation share, seed, and which session is shown."""
        names = ("n_sessions", "n_trials", "n_participants", "validation_share", "seed")
        data = self.experiment.data
        return [*(control(data, name) for name in names), session_control(self.experiment, data)]

    def stage(self) -> list[Any]:
        """The session's table, and the whole data set as a file."""
        self.table = widgets.HTML()
        self.files = Files({"all sessions as csv": ("Every trial of every session, one row each", self._csv)})
        return [self.table, self.files]

    def watch(self) -> None:
        """Settings that change the data."""
        for state in (self.experiment.data, self.experiment.task, self.experiment.participant):
            state.observe(self.refresh, list(state.names()))

    def draw(self) -> None:
        """The first trials of the session that is shown."""
        if self.experiment.sound("task", "participant", "data"):
            number = self.experiment.data.session
            self.table.value = trials_table(preview(self.experiment.peek(), number), number)

    def _csv(self) -> tuple[str, bytes, str]:
        result, now = self.runner.result, self.experiment.snapshot()
        same = result is not None and not now.differs(result.snapshot, ("task", "participant", "data"))
        dataset = result.dataset if same else simulate(now).dataset
        return "dataset.csv", dataset.to_frame().to_csv(index=False).encode(), "text/csv"


def trials_table(seen: Any, number: int) -> str:
    """The first trials as the network gets them: what was chosen, what each option paid, what comes next."""
    n_trials, n_actions = seen.rewards.shape
    options = [f"option {arm + 1}" for arm in range(n_actions)]
    names = ["trial", *(f"chose {o}" for o in options), *(f"reward of {o}" for o in options), "next choice"]
    rows = []
    for t in range(min(SHOWN, n_trials)):
        chose = [int(seen.choices[t] == arm) for arm in range(n_actions)]
        paid = [f"{value:g}".replace("-", "−") for value in seen.rewards[t]]
        rows.append([t, *chose, *paid, options[seen.choices[t + 1]] if t + 1 < n_trials else "not known"])
    told = f"Session {number}: {len(rows)} of {n_trials} trials. A reward that was not seen is −1."
    return grid(told, names, rows)
