"""Recovery: what the design can tell. Two learners, all models, terms, each from simulated choices."""

from math import isfinite
from typing import TYPE_CHECKING

import ipywidgets as widgets
import numpy as np
import pandas as pd

from ..app.studies import most_jobs, simulation_of
from ..markup import Html, escape_text, message, table
from ..plots.rivals import confusion
from ..plots.series import ticks
from ..plots.small import Axis, Line, chart, key
from ..state.studies import BEYOND, LABELS, STUDIES, rivals_of
from ..style import BENCHMARK, OTHERS, SPICE, Style
from ..views.words import BRIEF
from .base import Change, by_hand, column, row, set_if_changed, with_label
from .controls import apply_lesson, control
from .files import File, Files, csv_file
from .stage import Stage
from .studies import StudyBox, figures, heading
from .words import decimal

if TYPE_CHECKING:
    from ..core.studies.recovery import ParameterRecovery
    from ..core.studies.telling import ModelDiscriminability
    from ..core.studies.term_recovery import TermShares

MOST_DRAWN = 4  # numbers of a learner
CERTAINTIES = (0.8, 0.9, 0.95, 0.99)
SHARES = {0.0: "0", 0.5: "50 %", 1.0: "100 %"}
OTHER = Style("", BENCHMARK.colour, "dash_dotted", "cross", 1.4)
FIRST = Style("", SPICE.colour, "solid", "circle", 2.2)
SECOND = Style("", SPICE.colour, "dashed", "ring", 1.5)
UNTOLD = "<p>Not recovered yet.</p>"


class RecoveryPanel(Stage):
    """A planner's sentence, which model is found, which terms are found."""

    title, about = STUDIES["learners"].title, STUDIES["learners"].about
    groups = ("recovery", "learners")

    def controls(self) -> list[widgets.Widget]:
        """Lay out the design, the planner, and how many data sets of which seed."""
        self.design = widgets.HTML()
        self.studies = {
            name: StudyBox(self.experiment, self.runner, name, name == "learners")
            for name, study in STUDIES.items()
            if study.stage() == "recovery"
        }
        state = self.experiment.group("recovery")
        names = [name for name in state.names() if name != "jobs" or most_jobs() > 1]
        return [self.design, *(control(state, name) for name in names)]

    def stage(self) -> list[widgets.Widget]:
        """Lay out the sentence, the two figures, and the terms in words."""
        self.plan = self._plan()
        self.answer, self.together, self.told, self.models, self.terms, self.words, self.numbers = (
            widgets.HTML() for _ in range(7)
        )
        self.files = Files({"all as csv": ("Every number that is drawn here", self._csv)})
        charts = row(column(self.told), column(self.terms, self.studies["terms"], self.words))
        charts.add_class("sw-parts")
        self.words.add_class("sw-words")
        body = column(
            self.plan,
            self.answer,
            self.together,
            self.studies["learners"],
            charts,
            self.models,
            self.studies["models"],
            self.numbers,
            self.studies["parameters"],
            self.files,
        )
        body.add_class("sw-study")
        return [body]

    def _plan(self) -> widgets.Box:
        """Return the sentence with what can be chosen in it."""
        self.first, self.second = (
            with_label(widgets.Dropdown, label, tip, options=[])
            for label, tip in (
                ("The learner to be found", "Which learner"),
                ("The learner it is told from", "From which learner"),
            )
        )
        self.effect = with_label(
            widgets.Text,
            "How much it has beyond Rescorla-Wagner",
            "How much of it; empty for what was fitted to the choices",
            placeholder="fitted",
        )
        self.certainty = with_label(
            widgets.Dropdown,
            "Share of people of whom it is told rightly",
            "How sure it shall be",
            options=[(f"{share:.0%}".replace("%", " %"), share) for share in CERTAINTIES],
        )
        self.chosen = {
            "first": self.first,
            "second": self.second,
            "effect": self.effect,
            "certainty": self.certainty,
        }
        for name, widget in self.chosen.items():
            widget.observe(self._choose, "value")
            widget.add_class(f"sw-in-{name}")
        self.problem = widgets.HTML()
        self.of = widgets.HTML()
        words = [widgets.HTML(f"<span>{word}</span>") for word in ("To tell", "from", "in")]
        line = row(
            words[0], self.first, self.of, self.effect, words[1], self.second, words[2], self.certainty
        )
        line.add_class("sw-plan")
        return column(line, self.problem)

    def watch(self) -> None:
        """Observe what has been recovered, the planner's settings, and whether the panel is seen."""
        experiment = self.experiment
        experiment.run.observe(self.refresh, "studied_revision")
        experiment.observe(self.refresh, "revision")
        self.layout.observe(self.refresh, "display")

    @by_hand
    def _choose(self, change: Change) -> None:
        """Another learner, size or certainty."""
        state, widget = self.experiment.group("learners"), change["owner"]
        if widget is self.first:
            beyond = BEYOND.get(self.first.value)
            state.put({"first": self.first.value, "effect": None if beyond is None else beyond[1]})
        elif widget is self.second:
            state.second = self.second.value
        elif widget is self.certainty:
            state.certainty = self.certainty.value
        else:
            text = self.effect.value.strip().replace(",", ".")
            try:
                state.effect = float(text) if text else None
            except ValueError:
                state.effect = text
        self._fill()  # what a lesson holds stays as it is

    def draw(self) -> None:
        """Show all that has been recovered."""
        self._fill()  # also unseen, so that no problem stands there that is gone
        if self.is_hidden:
            return
        shown = self.answer, self.together, self.told, self.models, self.terms, self.words, self.numbers
        self.show_stale(*self.studies, parts=shown)
        size = simulation_of(self.experiment.peek())
        set_if_changed(
            self.design,
            figures(
                [
                    (f"{size.people:,}", "people" if size.people > 1 else "person"),
                    (f"{size.sessions:.3g}", "sessions each"),
                    (f"{size.trials:.3g}", "trials each"),
                    (f"{size.choices:,.0f}", "choices"),
                ]
            ),
        )
        self._draw_told()
        self._draw_models()
        self._draw_terms()
        found = self.found_by("parameters")
        untold = heading("Parameters found") + UNTOLD
        set_if_changed(self.numbers, untold if found is None else _numbers(found))

    def _fill(self) -> None:
        """Show the settings in the sentence."""
        state = self.experiment.group("learners")
        with self.filling():
            offered = rivals_of(self.experiment.peek().choices_of)
            for widget, value in ((self.first, state.first), (self.second, state.second)):
                if value in LABELS:
                    names = offered if value in offered else {**offered, value: LABELS[value]}
                    options = tuple((words, name) for name, words in names.items())
                    if widget.options != options:
                        widget.options = options
                    widget.value = value
            written = "" if state.effect is None else f"{state.effect}"
            if self.effect.value.strip().replace(",", ".") != written:
                self.effect.value = written
            if state.certainty in CERTAINTIES:
                self.certainty.value = state.certainty
        for name, widget in self.chosen.items():
            apply_lesson(state, name, widget)
        has_size = state.first in BEYOND and "effect" not in state.hidden
        self.effect.layout.display = self.of.layout.display = "" if has_size else "none"
        if has_size:
            set_if_changed(self.of, f"<span>({BEYOND[state.first][0].replace('_', ' ')})</span>")
        set_if_changed(self.problem, message(" ".join(state.problems), "alert"))

    def _draw_told(self) -> None:
        found, state = self.found_by("learners"), self.experiment.group("learners")
        study = None if found is None or not len(found.to_frame()) else found
        if study is None or "learners" in self.experiment.stale_because:
            set_if_changed(
                self.answer, '<p class="sw-answer">… takes how many choices? That is not known yet.</p>'
            )
            set_if_changed(self.together, "")
        if study is None:
            set_if_changed(self.told, heading("Told apart, by the number of choices") + UNTOLD)
            return
        certainty = state.certainty if not state.problems_of("certainty") else state.default("certainty")
        size = simulation_of(self.experiment.peek())
        if "learners" not in self.experiment.stale_because:
            words = study.describe_choices(certainty, size.trials)
            set_if_changed(self.answer, f'<p class="sw-answer">{escape_text(words)}</p>')
            notes = f"{study.describe_interval(certainty)} {study.describe_people(certainty, size.choices)}"
            set_if_changed(self.together, message(notes, "help"))
        set_if_changed(self.told, _describe_discrimination(study, certainty, size.choices))

    def _draw_models(self) -> None:
        found = self.found_by("models")
        if found is None:
            set_if_changed(self.models, heading("Model found") + UNTOLD)
            return
        counts = found.counts().to_numpy()
        totals = sorted(set(counts.sum(axis=1).tolist()))
        each = f"{totals[0]} people" if len(totals) == 1 else f"{totals[0]} to {totals[-1]} people"
        help_text = f"Rows: {each} simulated. Columns: best by {found.criterion.upper()}."
        matrix = confusion(found.labels, BRIEF, counts)
        sentence = message(found.sentence, "help")
        set_if_changed(self.models, Html(heading("Model found", help_text) + matrix + sentence))

    def _draw_terms(self) -> None:
        found = self.found_by("terms")
        if found is None:
            set_if_changed(self.terms, heading("Terms found") + UNTOLD)
            set_if_changed(self.words, "")
            return
        shares, choices = found.shares(), simulation_of(self.experiment.peek()).choices
        set_if_changed(self.terms, _terms(shares, choices))
        at = shares.at(choices)
        rows = [
            [name, _share(share), _share(missed), words]
            for name, share, missed, words in shares.rows(choices)
        ]
        names = [f"with {shares.choices[at]:,.0f} choices", "found", "missed", "in words"]
        caption = f"Terms, in {shares.n_datasets[at]} data sets"
        set_if_changed(self.words, table(caption, names, rows))

    def _csv(self) -> File:
        found = {name: self.found_by(name) for name in self.studies}
        frames = [one.overview().assign(study=name) for name, one in found.items() if one is not None]
        if not frames:
            raise ValueError("Nothing is recovered yet. Press one of the buttons first.")
        return csv_file("recovery", pd.concat(frames))


def _numbers(found: "ParameterRecovery") -> Html:
    """Return true against found values of each parameter, and how far they are off."""
    frame = found.to_frame()
    whose = "that were fitted to these people" if found.is_fitted else "drawn from the prior"
    label, n_people = found.rival.label, len(frame.drop_duplicates(["dataset", "person"]))
    drawn = [
        _scatter(str(name), own["true"].to_numpy(float), own["value"].to_numpy(float))
        for name, own in list(frame.groupby("parameter", sort=False))[:MOST_DRAWN]
    ]
    rows = [
        [
            name,
            *(decimal(row[column], 2) for column in ("correlation", "bias", "rmse")),
            _share(row["covered"]),
        ]
        for name, row in found.summary().iterrows()
    ]
    names = ["parameter", "correlation", "bias", "RMSE", "95 % intervals that hold the truth"]
    return Html(
        heading(f"Parameters found: {label}", f"Simulated people in this design, with parameters {whose}.")
        + f'<div class="sw-charts sw-numbers">{"".join(drawn)}</div>'
        + table(f"{label}, {n_people} simulated people", names, rows)
    )


def _scatter(name: str, true: np.ndarray, value: np.ndarray) -> Html:
    """One number, a dot for each simulated person, and the line where found is true."""
    low, high = (float(end) for end in np.quantile(np.concatenate([true, value]), [0.01, 0.99]))
    room = 0.05 * (high - low) or 0.1
    axis = Axis(low - room, high + room, ticks(low, high, n=5))
    ends = [axis.low, axis.high]
    same = Line(ends, ends, Style("", BENCHMARK.colour, "dashed", "circle", 1.0), marked=False)
    dots = Line(true, np.clip(value, axis.low, axis.high), FIRST, joined=False)
    together = _correlation(true, value)
    return chart(
        name,
        axis,
        axis,
        [same, dots],
        x_title="true; upwards: found",
        words=f"Found against true: {together}.",
    )


def _correlation(true: np.ndarray, value: np.ndarray) -> str:
    if len(true) < 2 or not true.std() or not value.std():
        return "no range"
    return f"r = {np.corrcoef(true, value)[0, 1]:.2f}"


def _share(value: float) -> str:
    return f"{100 * value:.0f} %" if isfinite(value) else "–"


def _describe_discrimination(study: "ModelDiscriminability", certainty: float, choices: float) -> Html:
    """Return the two learners by the number of choices."""
    frame = study.to_frame()
    x, n = frame["choices"].to_numpy(float), frame["people"].to_numpy(float)
    styles = [Style(name, *_look(look)) for name, look in zip(study.labels, (FIRST, SECOND), strict=True)]
    lines = []
    for name, style in zip(("second", "first"), reversed(styles), strict=True):
        share = frame[name].to_numpy(float)
        error = np.sqrt(share * (1 - share) / n)
        lines.append(Line(x, share, style, share - error, share + error))
    needed = study.choices_needed(certainty)
    axis = _by_choices(x, choices)
    rules = {choices: f"this design: {choices:,.0f}"} if axis.low <= choices <= axis.high else {}
    if isfinite(needed):
        rules[needed] = study.round_choices(needed)
    right = _share(float(frame["right"].iloc[-1]))
    words = f"With {x[-1]:,.0f} choices {right} of people are told rightly."
    note = f"Taken for what they are; {n.min():,.0f} people of each or more. Bars: 1 SE."
    drawn = chart(
        "Told apart, by the number of choices",
        axis,
        Axis(0, 1, SHARES),
        lines,
        note=note,
        x_title="choices of a person",
        rules=rules,
        level=certainty,
        words=words,
    )
    return Html(drawn + key([(style, "line") for style in styles]))


def _look(style: Style) -> tuple[str, str, str, float]:
    return style.colour, style.dash, style.marker, style.width


def _by_choices(x: np.ndarray, choices: float) -> Axis:
    """Return a logarithmic axis of choices; every second size is named where there are many."""
    low, high = float(x[0]), float(max(x[-1], x[0] * 2))
    if high < choices <= 2 * high:
        high = choices
    every = 1 if len(x) < 5 else 2
    return Axis(low, high, {float(at): f"{at:,.0f}" for at in x[::every]}, log=True)


def _terms(found: "TermShares", choices: float) -> Html:
    """Shares of data sets in which each true term is found, and any other."""
    looks = (FIRST, SECOND, *OTHERS)
    lines, styles = [], []
    for at, (name, share) in enumerate(found.true.items()):
        style = Style(name, *_look(looks[at % len(looks)]))
        error = np.sqrt(share * (1 - share) / np.maximum(found.n_datasets, 1))
        lines.append(Line(found.choices, share, style, share - error, share + error))
        styles.append(style)
    made_up = Style("made up", *_look(OTHER))
    lines.append(Line(found.choices, found.made_up, made_up))
    axis = _by_choices(found.choices, choices)
    rules = {choices: f"this design: {choices:,.0f}"} if axis.low <= choices <= axis.high else {}
    words = found.describe(choices)
    drawn = chart(
        "Terms found",
        axis,
        Axis(0, 1, SHARES),
        lines,
        note=words,
        x_title="choices",
        rules=rules,
        words=words,
    )
    return Html(drawn + key([(style, "line") for style in (*styles, made_up)]))
