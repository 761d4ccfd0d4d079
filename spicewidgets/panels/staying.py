"""Staying: how often people make a first choice again, by what it led to, and what models expect."""

from dataclasses import replace

import ipywidgets as widgets

from ..app.protocols import ExperimentRunner
from ..core.wording import count_people
from ..markup import escape_text, message, table
from ..plots.staying import StayMarks, staying_bars
from ..state.experiment import Experiment
from ..style import BENCHMARK, RNN, SPICE, TRUTH
from ..views.staying import asks_for_staying, expected_by, staying_of
from ..views.words import SHARE
from .base import Change, Panel, column, guard
from .files import File, Files, csv_file
from .words import decimal

MOST_ROWS = 200  # of the table on the page; the file has all
LOOKS = {
    "truth": TRUTH,
    "classical": replace(BENCHMARK, name="rival"),
    "rnn": RNN,
    "spice": replace(SPICE, marker="triangle"),
}
ABOUT = (
    f"Staying is a first choice that is made again. Bars: the mean over people, with its {SHARE} interval."
    " Marks: what models expect of the same choices. A reward alone moves who learns what first choices led"
    " to; who plans stays after a reward and a common transition, and leaves after a reward and a rare one."
)


class StayingBox(Panel):
    """The view "staying".

    Attributes:
        controls, stage: the two sides, for the panel that shows this view.
    """

    def __init__(self, experiment: Experiment, runner: ExperimentRunner) -> None:
        super().__init__()
        self.experiment, self.runner = experiment, runner
        self._is_seen = False
        self._shown: tuple[object, object] | None = None
        self.sentence, self.picture, self.table = (widgets.HTML() for _ in range(3))
        self.files = Files({"staying as csv": ("The regression of staying of everyone", self._csv)})
        body = column(self.sentence, self.picture, self.table, self.files)
        body.add_class("sw-study")
        self.controls: list[widgets.Widget] = [widgets.HTML(f"<p>{escape_text(ABOUT)}</p>")]
        self.stage: list[widgets.Widget] = [self.alert, body]
        experiment.run.observe(self.refresh, "result_revision")
        experiment.observe(self.refresh, "revision")

    @property
    def is_seen(self) -> bool:
        """Tell whether the view is on show; what takes long waits until it is."""
        return self._is_seen

    @is_seen.setter
    def is_seen(self, seen: bool) -> None:
        self._is_seen = seen
        self.refresh()

    @guard
    def refresh(self, _: Change | None = None) -> None:
        """Show how often the people of the present choices stay."""
        settings, result = self.experiment.peek(), self.runner.result
        if not self._is_seen or self.experiment.problems or not asks_for_staying(settings):
            return
        if result is not None and settings.differs(result.snapshot, "sessions"):
            result = None  # of other choices
        if self._shown is not None and self._shown[0] is settings and self._shown[1] is result:
            return
        self._shown = settings, result
        found = staying_of(settings)
        self.sentence.value = f'<p class="sw-outcome">{escape_text(found.sentence)}</p>'
        expected = {} if result is None else expected_by(result)
        marks = [StayMarks(LOOKS[name], values) for name, values in expected.items() if name in LOOKS]
        people = found.staying.people
        self.picture.value = staying_bars(
            *found.staying.means(), note=count_people(len(people)), models=marks
        )
        frame = found.to_frame()
        more = f" (the first {MOST_ROWS} of {len(frame):,})" if len(frame) > MOST_ROWS else ""
        rows = [
            [str(row[0]), *(decimal(value) if value == value else "–" for value in row[1:-1]), f"{row[-1]:,}"]
            for row in frame.head(MOST_ROWS).itertuples(index=False)
        ]
        caption = f"Regression of staying, person by person{more}"
        self.table.value = table(caption, list(map(str, frame.columns)), rows) + message(
            "Predictors are 0.5 (rewarded, common) or −0.5. A dash: not identified, as a person has no trial"
            " in a cell, or always or never stays in one.",
            "help",
        )

    def _csv(self) -> File:
        return csv_file("staying", staying_of(self.experiment.snapshot()).to_frame())
