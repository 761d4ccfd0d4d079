"""How sure: every number of the equations with its intervals, and how often each term is kept."""

from collections.abc import Mapping

import ipywidgets as widgets
import pandas as pd

from ..experiment.script import script_of
from ..markup import Html, code_block, message
from ..plots.intervals import Intervals
from ..views.intervals import cautions, numbers
from .base import column, script_text
from .files import FigureBox, File, Files, Offer, csv_file
from .stage import PersonChoice
from .studies import StudyPanel
from .uncertainty_tables import all_numbers, intervals_in_words, name_rows, numbers_frame, terms_kept
from .words import NO_EQUATION


class UncertaintyPanel(StudyPanel):
    """Intervals by the likelihood and over resampled sessions, beside the truth."""

    def controls(self) -> list[widgets.Widget]:
        """Lay out the buttons, whose coefficients, the resamples, and how wide the intervals."""
        study, *settings = super().controls()
        self.participant = PersonChoice(
            self.experiment, self.runner, "Whose coefficients are shown", self.refresh
        )
        return [study, self.participant, *settings]

    def stage(self) -> list[widgets.Widget]:
        """Lay out the intervals, all numbers, the candidate terms, and files."""
        self.figure = Intervals()
        self.numbers, self.terms, self.nothing = (widgets.HTML() for _ in range(3))
        self.files = Files(self.offers())
        self.body = column(FigureBox(self.figure), self.terms, self.numbers, self.files)
        return [self.nothing, self.body]

    def offers(self) -> Mapping[str, Offer]:
        """Name what can be saved."""
        return {
            "all as csv": ("All values of all participants", self._csv),
            "as text": ("All values as the script prints them", self._text),
            "as Python": ("A script that finds and prints the same values", self._script),
        }

    def watch(self) -> None:
        """Observe also new results, and the intervals' width."""
        super().watch()
        self.experiment.run.observe(self.refresh, "result_revision")
        self.experiment.group("uncertainty").observe(self.refresh, "level")

    def draw(self) -> None:
        """Show all of it for the present result and its resamples."""
        self.show_stale(self.study_class.name)
        if self.is_hidden:
            return
        result, resampled = self.runner.result, self.found
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
        state = self.experiment.group("uncertainty")
        return float(state.default("level") if state.problems_of("level") else state.level)

    def _csv(self) -> File:
        result, spice = self.equations()
        frames = [
            numbers_frame(participant, numbers(result, self.found, participant, self._level()))
            for participant in spice.participants
        ]
        return csv_file("uncertainty", pd.concat(frames))

    def _text(self) -> Html:
        return code_block(self.result().text(self.participant.value, self._level()))

    def _script(self) -> Html:
        resampling = self.experiment.shown_resampling() or self.experiment.group("uncertainty").snapshot()
        return script_text(script_of(self.experiment.snapshot(), resampling))
