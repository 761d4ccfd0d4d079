"""How sure: every number of the equations with its intervals, and how often each term is kept."""

from collections.abc import Sequence
from html import escape
from math import isfinite, isnan, nan
from typing import Any

import ipywidgets as widgets

from ..lab.intervals import BETA, PARAMETER, Number, cautions, numbers
from ..lab.script import script_of
from ..plots.intervals import Intervals
from .base import FULL, FigureBox, Files, control, decimal, field, grid, guard, offer, pressed, refuse
from .equations import SYMBOLS
from .stage import Stage

BUTTONS = {
    "resample": ("Resample", "Draw the sessions anew, again and again, and find the equations in each"),
    "stop": ("Stop", "Stop soon; the resamples that are done are kept"),
}
RARELY, MOSTLY = 0.5, 0.95  # shares of the resamples that keep a term


class UncertaintyPanel(Stage):
    """Intervals by the likelihood and over resampled sessions, beside the truth."""

    title = "Uncertainty: how sure are these numbers?"
    about = (
        "Other sessions of the same participant would give another equation. Resampling draws the sessions"
        " anew and finds the equation again in each draw: network, terms and numbers."
    )
    groups = ("uncertainty",)

    def controls(self) -> list[Any]:
        """The buttons, how often and with which seed, whose numbers, and how wide the intervals."""
        state = self.experiment.uncertainty
        self.buttons = {what: pressed(*told, getattr(self, f"_{what}")) for what, told in BUTTONS.items()}
        self.buttons["resample"].button_style = "primary"
        self.status = widgets.HTML()
        self.who = field(widgets.Dropdown, "Participant", "Whose numbers are shown", options=[("0", 0)])
        self.who.observe(self.refresh, "value")
        row = widgets.Layout(flex_flow="row wrap")
        return [
            widgets.HBox(list(self.buttons.values()), layout=row),
            self.status,
            self.who,
            *(control(state, name) for name in ("n_resamples", "seed", "level")),
        ]

    def stage(self) -> list[Any]:
        """The intervals, all numbers, the candidate terms, and files."""
        self.figure = Intervals()
        self.numbers, self.terms, self.words = (widgets.HTML() for _ in range(3))
        self.files = Files(
            {
                "all as csv": ("All numbers of all participants", self._csv),
                "as text": ("All numbers as the script prints them", self._text),
                "as Python": ("A script that finds and prints the same numbers", self._script),
            }
        )
        self.found = widgets.VBox(
            [FigureBox(self.figure), self.terms, self.numbers, self.files], layout=widgets.Layout(**FULL)
        )
        return [self.words, self.found]

    def watch(self) -> None:
        """The run, new results and resamples, the width of the intervals, and whether the panel is seen."""
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
    def _progress(self, _: Any = None) -> None:
        self._tell()

    def _tell(self) -> None:
        """The buttons, how the run goes, and what is stale."""
        run, blocked = self.experiment.run, self.experiment.blocked
        for what, button in self.buttons.items():
            refuse(button, blocked.get(what, ""), BUTTONS[what][1])
        self.status.value = _status(run, blocked.get("resample", ""))
        self._say_stale("uncertainty")

    def draw(self) -> None:
        """All of it for the present result and its resamples; hidden, it reckons nothing."""
        self._tell()
        if self.layout.display == "none":
            return
        result, resampled = self.runner.result, self.runner.resampled
        found = None if result is None else result.spice
        self.found.layout.display = "none" if found is None else ""
        self.words.value = "" if found is not None else "<p>No equation yet: train first.</p>"
        if result is None or found is None:
            self.who.layout.display = "none"
            return
        who = offer(self.who, found.participants)
        rows = numbers(result, resampled, who, self._level())
        n = 0 if resampled is None else len(resampled.fits)
        named = list(zip(_names(rows), rows, strict=True))
        self.figure.draw(named, _summary(rows, n))
        self.terms.value = _terms(named, n)
        self.numbers.value = _numbers(named) + _notes(cautions(result, who))

    def _level(self) -> float:
        """Of the intervals; the default while what is set cannot be used."""
        state = self.experiment.uncertainty
        level: float = state.default("level") if state.problems_of("level") else state.level
        return level

    def _csv(self) -> tuple[str, bytes, str]:
        lines = ["participant,kind,name,true,found,likelihood,error,low,high,kept"]
        result = self.runner.result
        for who in result.spice.participants:
            for row in numbers(result, self.runner.resampled, who, self._level()):
                spread = row.spread
                over = [nan] * 4 if spread is None else [spread.error, spread.low, spread.high, spread.kept]
                cells = map(_cell, (row.true, row.found, row.likelihood, *over))
                lines.append(",".join([f"{who}", row.module, row.name or " ".join(row.term) or "1", *cells]))
        return "uncertainty.csv", "\n".join([*lines, ""]).encode(), "text/csv"

    def _text(self) -> str:
        resampled = self.runner.resampled
        if resampled is None:
            raise ValueError("There are no resamples yet. Press Resample first.")
        return f'<pre tabindex="0">{escape(resampled.text(self.who.value, self._level()))}</pre>'

    def _script(self) -> str:
        made = self.experiment.shown_resampling() or self.experiment.uncertainty.snapshot()
        text = escape(script_of(self.experiment.snapshot(), made))
        return f'<p>A click selects all of it.</p><pre tabindex="0">{text}</pre>'


def _status(run: Any, blocked: str) -> str:
    """How the resampling goes, with time left; while it cannot begin, why."""
    words, bar = run.message, ""
    if run.resamples:
        left = "" if run.seconds_left is None else f" About {run.seconds_left:.0f} s left."
        words += left
        bar = (
            f'<progress aria-label="Resamples done" max="{run.resamples}" value="{run.resample}"></progress>'
        )
    elif blocked:
        words = blocked
    look = "sw-alert" if run.status == "failed" and not blocked else ""
    return f'<div class="{look}" role="status">{bar} {escape(words)}</div>'


def _names(rows: Sequence[Number]) -> list[str]:
    """What the numbers are called; where there is only one module, it need not be named."""
    modules = {row.module for row in rows if row.is_term}
    return [_name(row, f" of {row.module}" if len(modules) > 1 else "") for row in rows]


def _name(row: Number, of: str) -> str:
    if row.module == PARAMETER:
        return SYMBOLS.get(row.name, row.name)
    if row.module == BETA:
        return f"learned β of {row.name}"
    return (" × ".join("own value" if part == row.module else part for part in row.term) or "constant") + of


def _summary(rows: Sequence[Number], n: int) -> str:
    """What the intervals say, in sentences."""
    kept = [row for row in rows if isfinite(row.unit)]
    level = f"{100 * rows[0].level:g} %" if rows else ""
    words = f"{level} intervals {f'over {n} resamples' if n else 'by the likelihood'}."
    ends = [(row, row.over_resamples if n else row.by_likelihood) for row in kept]
    known = [(row, low, high) for row, (low, high) in ends if isfinite(row.true) and isfinite(low)]
    if known:
        inside = sum(low <= row.true <= high for row, low, high in known)
        words += f" The truth lies in {inside} of {len(known)}."
    ratios = [
        row.spread.error / row.likelihood
        for row in kept
        if row.spread is not None and isfinite(row.likelihood) and isfinite(row.spread.error)
    ]
    if ratios:
        apart = f"{min(ratios):.2f} to {max(ratios):.2f}"
        words += f" Errors over resamples are {apart} times those by the likelihood."
    return words if n else f"{words} Press Resample to see how sure the terms themselves are."


def _terms(named: Sequence[tuple[str, Number]], n: int) -> str:
    """How often each candidate term is kept."""
    told = [(name, row, row.spread) for name, row in named if row.is_term]
    lines = [
        [
            name,
            "–" if spread is None else f"{100 * spread.kept:.0f} %",
            "yes" if row.found else "no",
            "–" if isnan(row.true) else "yes" if row.true else "no",
            "" if spread is None else _judged(bool(row.found), spread.kept),
        ]
        for name, row, spread in told
    ]
    caption = f"How often each candidate term is kept{f', in {n} resamples' if n else ''}"
    return grid(caption, ("term", "kept in", "in the equation", "in the truth", "so that it is"), lines)


def _judged(found: bool, kept: float) -> str:
    if found:
        return "sure" if kept >= MOSTLY else "likely" if kept >= RARELY else "doubtful"
    return "surely out" if kept <= 1 - MOSTLY else "likely out" if kept <= RARELY else "doubtful"


def _numbers(named: Sequence[tuple[str, Number]]) -> str:
    """All numbers that are in the equation or were in a resample."""
    lines = [
        [
            name,
            "–" if isnan(row.true) else decimal(row.true),
            decimal(row.found),
            "–"
            if isnan(row.likelihood)
            else f"± {decimal(row.likelihood)}"
            if isfinite(row.likelihood)
            else "any",
            "–" if row.spread is None else f"± {decimal(row.spread.error)}",
            _between(row.by_likelihood if row.spread is None else row.over_resamples),
        ]
        for name, row in named
        if row.found or (row.spread is not None and row.spread.kept)
    ]
    rows = [row for _, row in named]
    which = "over resamples" if any(row.spread is not None for row in rows) else "by the likelihood"
    level = f"{100 * rows[0].level:g} %" if rows else ""
    names = ("number", "true", "found", "by the likelihood", "over resamples", f"{level} {which}")
    return grid("All numbers, with ± standard errors", names, lines)


def _between(ends: tuple[float, float]) -> str:
    return f"{decimal(ends[0])} to {decimal(ends[1])}" if isfinite(ends[0]) else "–"


def _notes(sentences: Sequence[str]) -> str:
    return "".join(f'<div class="sw-note">{escape(sentence)}</div>' for sentence in sentences)


def _cell(value: float) -> str:
    return "" if isnan(value) else f"{value:.10g}"
