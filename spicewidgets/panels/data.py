"""The choices: simulated or those of a table of one's own, and the people who made them."""

import ipywidgets as widgets
import numpy as np
from numpy.typing import NDArray

from ..experiment.simulation import preview, simulate
from ..markup import Html, table
from ..views.staying import asks_for_staying
from .base import Change, column, guard
from .controls import control
from .files import File, Files, csv_file
from .people import PeopleBox
from .sections import Sections
from .stage import Stage, session_control, show_unused
from .staying import StayingBox
from .table import DROP, YourData

LENGTH = 10  # trials in the table
SIZES = ("n_sessions", "n_trials", "n_participants")
VIEWS = {
    "simulated": "The choices of a simulated participant",
    "your data": "A table of your own, in place of simulated choices",
    "people": "One row a person, and one parameter across people",
    "staying": "How often people make a first choice again, by what it led to",
}


class DataPanel(Stage):
    """The size of the simulation; a table of one's own; the people. One of these views at a time."""

    title = "Data"
    about = "The participant plays many sessions. The network sees choices and rewards, and nothing else."
    groups = ("data",)

    def controls(self) -> list[widgets.Widget]:
        """Lay out the views, and the controls of each."""
        names = ("n_sessions", "n_trials", "n_participants", "validation_share", "seed")
        data = self.experiment.data
        size = {name: control(data, name) for name in names}
        self.sizes = column(*(size.pop(name) for name in SIZES), session_control(self.experiment, data))
        self.yours = YourData(self.experiment, self.runner)
        self.people = PeopleBox(self.experiment, self.runner)
        self.staying = StayingBox(self.experiment, self.runner)
        self.views = Sections(VIEWS)
        for name in VIEWS:
            self.views.mark(name, name.capitalize(), VIEWS[name])
        if self.experiment.table.name:
            self.views.value = "your data"
        self.views.observe(self._view, "value")
        self.unused = widgets.HTML()
        simulated = [self.unused, self.sizes, *size.values()]
        sides = (simulated, self.yours.controls, self.people.controls, self.staying.controls)
        self._left = dict(zip(VIEWS, map(_side, sides), strict=True))
        return list(self._left.values())

    def stage(self) -> list[widgets.Widget]:
        """Lay out the session's table, and the whole data set as a file; the stage of each other view."""
        self.table = widgets.HTML()
        self.files = Files({"all sessions as csv": ("Every trial of every session, one row each", self._csv)})
        stages = ([self.table, self.files], self.yours.stage, self.people.stage, self.staying.stage)
        self._right = dict(zip(VIEWS, map(_side, stages), strict=True))
        self._view()
        return [widgets.HTML(DROP), *self._right.values()]

    def watch(self) -> None:
        """Observe the settings that change the data."""
        self.add_class("sw-choices")
        errors, *sides = self.children
        self.children = (errors, self.views, *sides)
        experiment = self.experiment
        for state in (experiment.data, experiment.task, experiment.participant, experiment.table):
            state.observe(self.refresh, list(state.names()))
        self.layout.observe(self._view, "display")

    @guard
    def _view(self, _: Change | None = None) -> None:
        """Show the chosen view."""
        for sides in (self._left, self._right):
            for name, side in sides.items():
                side.layout.display = "" if name == self.views.value else "none"
        self.people.is_seen = self.views.value == "people" and not self.is_hidden
        self.staying.is_seen = self.views.value == "staying" and not self.is_hidden

    def draw(self) -> None:
        """Show the first trials of the session."""
        settings = self.experiment.peek()
        show_unused(settings, self.unused, self.sizes)
        sound = self.experiment.sound("task", "participant", "data")
        has_staying = sound and asks_for_staying(settings)
        self.views.offer(name for name in VIEWS if name != "staying" or has_staying)
        self._right["simulated"].layout.visibility = "visible" if settings.is_simulated else "hidden"
        if settings.is_simulated and sound:
            number = self.experiment.data.session
            session = preview(settings, number)
            self.table.value = trials_table(session.choices, session.rewards, number)

    def _csv(self) -> File:
        result, settings = self.runner.result, self.experiment.snapshot()
        if result is None or settings.differs(result.snapshot, "sessions"):
            return csv_file("dataset", simulate(settings).dataset.to_frame())
        return csv_file("dataset", result.dataset.to_frame())


def _side(children: list[widgets.Widget]) -> widgets.VBox:
    return column(*children)


def trials_table(choices: NDArray[np.int64], rewards: NDArray[np.float64], number: int) -> Html:
    """Return the first trials as the network gets them: choice, what each option paid, and the next choice.

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
