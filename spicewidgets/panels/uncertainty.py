"""How sure: every number of the equations with its intervals and errors, and how often each term is kept."""

from collections.abc import Hashable, Mapping, Sequence
from math import isfinite, isnan, nan

import ipywidgets as widgets
import pandas as pd

from ..core.equations import term_in_words
from ..experiment.script import script_of
from ..markup import Html, code_block, message, table
from ..plots.intervals import Intervals
from ..views.intervals import BETA, PARAMETER, IntervalRow, cautions, numbers
from ..views.words import PARAMETERS
from .base import column, script_text
from .files import FigureBox, File, Files, Offer, csv_file
from .stage import PersonChoice
from .studies import StudyPanel
from .words import NO_EQUATION, decimal


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


RARELY, MOSTLY = 0.5, 0.95  # shares of the resamples that keep a term
Named = Sequence[tuple[str, IntervalRow]]


def name_rows(rows: Sequence[IntervalRow]) -> Named:
    """Each number with what it is called; where there is only one module, it need not be named."""
    modules = {row.module for row in rows if row.is_term}
    return [(_name(row, f" of {row.module}" if len(modules) > 1 else ""), row) for row in rows]


def _name(row: IntervalRow, of_module: str) -> str:
    if row.module == PARAMETER:
        return PARAMETERS.get(row.name, row.name)
    if row.module == BETA:
        return f"learned β of {row.name}"
    return term_in_words(row.term, row.module) + of_module


def intervals_in_words(rows: Sequence[IntervalRow], n_resamples: int) -> str:
    """Describe the intervals, in sentences."""
    drawn = [row for row in rows if isfinite(row.unit)]
    source = f"over {n_resamples} resamples" if n_resamples else "by the likelihood"
    words = f"{_level(rows)} intervals {source}."
    ends = [(row, row.over_resamples if n_resamples else row.by_likelihood) for row in drawn]
    known = [(row, low, high) for row, (low, high) in ends if isfinite(row.true) and isfinite(low)]
    if known:
        inside = sum(low <= row.true <= high for row, low, high in known)
        words += f" The truth lies in {inside} of {len(known)}."
    ratios = [
        row.spread.error / row.likelihood
        for row in drawn
        if row.spread is not None and isfinite(row.likelihood) and isfinite(row.spread.error)
    ]
    if ratios:
        apart = f"{min(ratios):.2f} to {max(ratios):.2f}"
        words += f" Errors over resamples are {apart} times those by the likelihood."
    return words if n_resamples else f"{words} Press Resample to see how sure the terms themselves are."


def _level(rows: Sequence[IntervalRow]) -> str:
    return f"{100 * rows[0].level:g} %" if rows else ""


def terms_kept(numbers: Named, n_resamples: int) -> Html:
    """Draw how often each candidate term is in the equations of the resamples."""
    rows = [
        [
            name,
            "–" if row.spread is None else f"{100 * row.spread.kept:.0f} %",
            "yes" if row.found else "no",
            "–" if isnan(row.true) else "yes" if row.true else "no",
            "" if row.spread is None else _judgement(bool(row.found), row.spread.kept),
        ]
        for name, row in numbers
        if row.is_term
    ]
    caption = "How often each candidate term is kept"
    caption += f", in {n_resamples} resamples" if n_resamples else ""
    return table(caption, ("term", "kept in", "in the equation", "in the truth", "so that it is"), rows)


def _judgement(found: bool, share: float) -> str:
    if found:
        return "sure" if share >= MOSTLY else "likely" if share >= RARELY else "doubtful"
    return "surely out" if share <= 1 - MOSTLY else "likely out" if share <= RARELY else "doubtful"


def all_numbers(numbers: Named) -> Html:
    """All numbers that are in the equation or were in a resample."""
    rows = [
        [
            name,
            "–" if isnan(row.true) else decimal(row.true),
            decimal(row.found) if row.found or not row.is_term else "dropped",
            _error(row.likelihood),
            "–" if row.spread is None else f"± {decimal(row.spread.error)}",
            _interval(row.by_likelihood if row.spread is None else row.over_resamples),
        ]
        for name, row in numbers
        if row.found or (row.spread is not None and row.spread.kept)
    ]
    known = [row for _, row in numbers]
    which = "over resamples" if any(row.spread is not None for row in known) else "by the likelihood"
    names = (
        "coefficient",
        "true",
        "found",
        "by the likelihood",
        "over resamples",
        f"{_level(known)} {which}",
    )
    return table("All coefficients and parameters, with ± standard errors", names, rows)


def _error(value: float) -> str:
    if isnan(value):
        return "–"
    return f"± {decimal(value)}" if isfinite(value) else "any"


def _interval(ends: tuple[float, float]) -> str:
    return f"{decimal(ends[0])} to {decimal(ends[1])}" if isfinite(ends[0]) else "–"


def numbers_frame(participant: Hashable, rows: Sequence[IntervalRow]) -> pd.DataFrame:
    """All numbers of a participant, to be saved."""
    columns = ["participant", "kind", "name", "true", "found", "likelihood", "error", "low", "high", "kept"]
    lines = []
    for row in rows:
        spread = row.spread
        over = [nan] * 4 if spread is None else [spread.error, spread.low, spread.high, spread.kept]
        cells = [_cell(value) for value in (row.true, row.found, row.likelihood, *over)]
        lines.append([participant, row.module, row.name or " ".join(row.term) or "1", *cells])
    return pd.DataFrame(lines, columns=columns)


def _cell(value: float) -> str:
    return "" if isnan(value) else f"{value:.10g}"
