"""The comparison: truth, RNN and SPICE in the same sessions, laid over each other, and what differs."""

from collections.abc import Mapping, Sequence

import ipywidgets as widgets

from ..experiment.result import Result
from ..markup import Html, escape_text, message, table
from ..plots.figures import SessionView
from ..plots.series import Kind, laid_over
from ..plots.table import swatch
from ..state.comparison import LAYERS
from ..style import MEANT, Style
from ..views.comparing import Standing, in_a_sentence, standings
from ..views.stages import at_stage, names_of
from .base import Change, guard, row, tick_box, with_label
from .controls import control
from .files import FigureBox
from .stage import Stage, arm_control, session_control
from .words import AGENTS, decimal

STANDS_FOR = {"classical": "truth"}  # the rival, where no truth is known


class ComparePanel(Stage):
    """Truth, RNN and SPICE in the same session, and over all sessions."""

    title = "Compare"
    about = "All three see the same choices and rewards. What does each expect next?"
    groups = ("comparison",)

    def controls(self) -> list[widgets.Widget]:
        """Session, arm, which lines are drawn, and which trials."""
        comparison = self.experiment.comparison
        self.layers = {
            name: tick_box(word, f"Whether the lines of {word} are drawn", value=name in comparison.layers)
            for name, word in AGENTS.items()
            if name in LAYERS
        }
        for box in self.layers.values():
            box.observe(self._choose_layers, "value")
        words = "First and last trial on show"
        self.trials = with_label(widgets.IntRangeSlider, "Trials on show", words, min=0, max=99)
        self.trials.value = (0, 99)
        self.trials.observe(self._zoom, "value")
        session, arm = session_control(self.experiment, comparison), arm_control(self.experiment)
        shown = [control(comparison, name) for name in ("values", "differences")]
        return [session, arm, row(*self.layers.values()), *shown, self.trials]

    def stage(self) -> list[widgets.Widget]:
        """Lay out the session and the tables of scores."""
        self.figure, self.scores = SessionView(), widgets.HTML()
        return [FigureBox(self.figure), self.scores]

    def watch(self) -> None:
        """Observe what is looked at, and new results."""
        names = list(self.experiment.comparison.names())
        self.experiment.comparison.observe(self.refresh, names)
        self.experiment.run.observe(self.refresh, "result_revision")
        self.experiment.observe(self.refresh, "stale_because")

    @guard
    def _choose_layers(self, _: Change) -> None:
        self.experiment.comparison.layers = tuple(name for name, box in self.layers.items() if box.value)

    @guard
    def _zoom(self, change: Change) -> None:
        first, last = change["new"]
        whole = (first, last) == (self.trials.min, self.trials.max) or first >= last
        self.experiment.comparison.zoom = None if whole else (first, last)

    def draw(self) -> None:
        """Draw the session that is looked at."""
        self.show_stale("compare")
        result, comparison = self.runner.result, self.experiment.comparison
        if result is None:
            self.scores.value = "<p>Nothing to compare yet: train first.</p>"
            return
        if comparison.problems:
            return
        session = min(comparison.session, len(result.choices) - 1)
        arm = min(comparison.arm, result.snapshot.n_actions - 1)
        shown = at_stage(result.snapshot, result.played, result.choices, result.rewards, arm)
        self.figure.names = names_of(result)
        shown.describe_to(self.figure)
        self.figure.values = "" if comparison.values == "none" else comparison.values
        self.figure.differences = comparison.differences is True
        self.figure.draw(shown.played, shown.choices, shown.rewards, session=session, arm=shown.arm)
        self.figure.show_layers(
            {name: STANDS_FOR.get(name, name) in comparison.layers for name in result.played}
        )
        self._show_trials(shown.choices.shape[1] - 1, comparison.zoom)
        for name, box in self.layers.items():
            box.value = name in comparison.layers
        self.layers["truth"].description = (
            AGENTS["truth"] if result.rival is None else result.rival.rival.label
        )
        self.scores.value = _scores(result, session) + _rival(result)

    def _show_trials(self, last: int, zoom: tuple[int, int] | None) -> None:
        """Show the chosen trials in figure and slider, all when none are chosen."""
        first, end = zoom or (0, last)
        first, end = min(first, max(last - 1, 0)), min(end, last)
        self.figure.zoom(*((first, end) if zoom else ()))
        with self.trials.hold_trait_notifications():
            self.trials.max = max(last, 1)
            self.trials.value = (first, end)


def _rival(result: Result) -> str:
    """Name the reference where no truth is known."""
    if result.rival is None:
        return ""
    rival = result.rival.rival
    words = (
        "Who made these choices is not known, so that all are compared with the network."
        f" {rival.label} is the rival, with {len(result.rival.names)} parameters of each participant's own,"
        f" fitted to the same choices. {rival.words} More parameters always fit better; the BIC counts them."
    )
    return message(words, "help")


def _scores(result: Result, session: int) -> Html:
    """All choices, and those of the session on show."""
    pooled, own = standings(result), standings(result, session)
    if not pooled:
        return Html("")
    names = dict(AGENTS) if result.rival is None else AGENTS | {"classical": result.rival.rival.label}
    words = Html(f"<p>{escape_text(in_a_sentence(result, session))}</p>")
    tables = Html(words + _standings(f"All {pooled[0].n_choices:,} choices", pooled, names, True))
    if own:
        tables = Html(
            tables + _standings(f"Session {session}, {own[0].n_choices:,} choices", own, names, False)
        )
    return tables


def _standings(caption: str, ranked: Sequence[Standing], agents: Mapping[str, str], words: bool) -> Html:
    """Return a row for each agent: scores, and in words how it stands to the first one."""
    names = ["agent", "nats per choice", "P off by", "at most", "same favourite", "parameters", "BIC"]
    rows = [
        [
            Html(f"{swatch(*_swatch(one.agent))} {agents[one.agent]}"),
            decimal(one.nll, 4),
            decimal(one.mean_dp),
            decimal(one.max_dp),
            f"{100 * one.same:.1f} %",
            f"{one.n_numbers:,}",
            f"{one.bic:,.0f}",
            *([Html(f'<span class="sw-inwords">{escape_text(one.words)}</span>')] if words else []),
        ]
        for one in ranked
    ]
    columns = [*names, "in words"] if words else names
    return table(caption, columns, rows, ("sw-scroll", ' class="sw-grid sw-standings"'))


def _swatch(agent: str) -> tuple[Style, Kind]:
    kind, style = laid_over(MEANT[agent])
    return style, kind
