"""How sure: every number of the equations with its intervals, and how often each term is kept."""

import ipywidgets as widgets
import pandas as pd

from ..experiment.script import script_of
from ..markup import Html, code_block, escape_text, message
from ..plots.intervals import Intervals
from ..state.run import RunState
from ..views.intervals import cautions, numbers
from .base import Change, block, button, column, guard, row, script_text
from .controls import control
from .files import FigureBox, File, Files, csv_file
from .stage import PersonChoice, Stage
from .uncertainty_tables import all_numbers, intervals_in_words, name_rows, numbers_frame, terms_kept
from .words import NO_EQUATION

BUTTONS = {
    "resample": ("Resample", "Draw the sessions anew, again and again, and find the equations in each"),
    "stop": ("Stop", "Stop soon; the resamples that are done are kept"),
}


class UncertaintyPanel(Stage):
    """Intervals by the likelihood and over resampled sessions, beside the truth."""

    title = "Uncertainty: how sure are these coefficients?"
    about = (
        "Other sessions of the same participant would give another equation. Resampling draws the sessions"
        " anew and finds the equation again in each draw: network, terms and coefficients."
    )
    groups = ("uncertainty",)

    def controls(self) -> list[widgets.Widget]:
        """Lay out the buttons, how often and with which seed, whose numbers, and how wide the intervals."""
        state = self.experiment.uncertainty
        pressed = {"resample": self._resample, "stop": self._stop}
        self.buttons = {what: button(*words, pressed[what]) for what, words in BUTTONS.items()}
        self.buttons["resample"].button_style = "primary"
        self.status = widgets.HTML()
        self.participant = PersonChoice(
            self.experiment, self.runner, "Whose coefficients are shown", self.refresh
        )
        settings = [control(state, name) for name in ("n_resamples", "seed", "level")]
        return [row(*self.buttons.values()), self.status, self.participant, *settings]

    def stage(self) -> list[widgets.Widget]:
        """Lay out the intervals, all numbers, the candidate terms, and files."""
        self.figure = Intervals()
        self.numbers, self.terms, self.nothing = (widgets.HTML() for _ in range(3))
        self.files = Files(
            {
                "all as csv": ("All values of all participants", self._csv),
                "as text": ("All values as the script prints them", self._text),
                "as Python": ("A script that finds and prints the same values", self._script),
            }
        )
        self.body = column(FigureBox(self.figure), self.terms, self.numbers, self.files)
        return [self.nothing, self.body]

    def watch(self) -> None:
        """Observe the run, new results and resamples, the intervals' width, and whether the panel is seen."""
        run, experiment = self.experiment.run, self.experiment
        run.observe(self._progress, "revision")
        run.observe(self.refresh, ["result_revision", "resampled_revision"])
        experiment.observe(self._progress, ["blocked", "stale_because"])
        experiment.uncertainty.observe(self.refresh, "level")
        self.layout.observe(self.refresh, "display")

    @guard
    def _resample(self) -> None:
        self.runner.resample()

    @guard
    def _stop(self) -> None:
        self.runner.stop()

    @guard
    def _progress(self, _: Change) -> None:
        self._show_progress()

    def _show_progress(self) -> None:
        """Show the buttons, the progress, and what is stale."""
        blocked = self.experiment.blocked
        for what, pressable in self.buttons.items():
            block(pressable, blocked.get(what, ""), BUTTONS[what][1])
        self.status.value = _status(self.experiment.run, blocked.get("resample", ""))
        self.show_stale("uncertainty")

    def draw(self) -> None:
        """Show all of it for the present result and its resamples."""
        self._show_progress()
        if self.is_hidden:
            return
        result, resampled = self.runner.result, self.runner.resampled
        if result is None or result.spice is None:
            self.body.layout.display = self.participant.layout.display = "none"
            self.nothing.value = NO_EQUATION
            return
        self.body.layout.display = self.nothing.value = ""
        participant = self.participant.offer(result.spice.participants)
        rows = numbers(result, resampled, participant, self._level())
        n_resamples = 0 if resampled is None else len(resampled.fits)
        with_names = name_rows(rows)
        self.figure.draw(with_names, intervals_in_words(rows, n_resamples))
        self.terms.value = terms_kept(with_names, n_resamples)
        notes = "".join(message(words) for words in cautions(result, participant))
        self.numbers.value = all_numbers(with_names) + notes

    def _level(self) -> float:
        """Of the intervals; the default while what is set cannot be used."""
        state = self.experiment.uncertainty
        return float(state.default("level") if state.problems_of("level") else state.level)

    def _csv(self) -> File:
        result, spice = self.equations()
        frames = [
            numbers_frame(participant, numbers(result, self.runner.resampled, participant, self._level()))
            for participant in spice.participants
        ]
        return csv_file("uncertainty", pd.concat(frames))

    def _text(self) -> Html:
        resampled = self.runner.resampled
        if resampled is None:
            raise ValueError("There are no resamples yet. Press Resample first.")
        return code_block(resampled.text(self.participant.value, self._level()))

    def _script(self) -> Html:
        resampling = self.experiment.shown_resampling() or self.experiment.uncertainty.snapshot()
        return script_text(script_of(self.experiment.snapshot(), resampling))


def _status(run: RunState, blocked: str) -> Html:
    """Show the progress of the resampling, with time left; while it cannot begin, why."""
    words, bar = run.message, ""
    if run.resamples:
        words += "" if run.seconds_left is None else f" About {run.seconds_left:.0f} s left."
        bar = (
            f'<progress aria-label="Resamples done" max="{run.resamples}" value="{run.resample}"></progress>'
        )
    elif blocked:
        words = blocked
    look = "sw-alert" if run.status == "failed" and not blocked else ""
    return Html(f'<div class="{look}" role="status">{bar} {escape_text(words)}</div>')
