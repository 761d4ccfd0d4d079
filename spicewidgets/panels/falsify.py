"""Falsify: fitted models judged by what they do. Where is it not what people did?"""

from dataclasses import replace
from typing import TYPE_CHECKING

import ipywidgets as widgets
import numpy as np

from ..markup import Html, escape_text, message, region
from ..plots.series import Kind, ticks
from ..plots.small import INK, Axis, Line, chart, key
from ..plots.table import swatch
from ..style import BENCHMARK, REWARDED, RNN, SPICE, UNREWARDED, Style
from ..views.words import BRIEF, OWN
from .base import Change, by_hand, column, tick_box
from .studies import StudyPanel
from .words import between, decimal

if TYPE_CHECKING:
    from ..core.judge.check import Check, Falsification

NOTHING = (
    "<p>No model was tested yet. Test compares what SPICE, its network and rivals do with what people did:"
    " played anew in a simulated task, next choice by next choice in a table.</p>"
)
STAY, LEARNING, REVERSAL, REWARDS, CHOICES = "stay", "learning", "reversal", "rewards", "choices"
PEOPLE = Style("people", INK.colour, "solid", "circle", 1.8)
DASHES = (("dotted", "triangle"), ("dash_dotted", "diamond"), ("solid", "plus"), ("dashed", "cross"))
MEAN = Style("", INK.colour, "solid", "circle", 0.8)
PULLS = {
    REWARDS: ("Pull of rewards", "Chooses what it chose and was paid for"),
    CHOICES: ("Pull of choices", "Chooses what it chose"),
}
OVER = ("rewarded", "chooses what paid best so far")
MOST_SHOWN = 5  # models in the figures to begin with


class FalsifyPanel(StudyPanel):
    """What people do, what models do, and where these are rejected, with the size."""

    def controls(self) -> list[widgets.Widget]:
        """Lay out the buttons, who is shown, and how often each plays."""
        study, *settings = super().controls()
        self.shown = column()
        self.boxes: dict[str, widgets.Checkbox] = {}
        help_text = message(
            "Bold: the model is rejected there (5 %, all its measures together, Holm). Ranges: 95 % of the"
            " model by chance. Pull: log odds of an option by what was paid or chosen before.",
            "help",
        )
        return [study, self.shown, *settings, widgets.HTML(help_text)]

    def body_parts(self) -> list[widgets.Widget]:
        """Lay out the figures and the table."""
        self.figures, self.table = widgets.HTML(), widgets.HTML()
        return [self.figures, self.table]

    def describe_nothing(self) -> str:
        """Say what will be there."""
        self.shown.children = ()
        return NOTHING

    def show(self, found: "Falsification") -> None:
        """Show all who were judged."""
        self._offer(tuple(found.judgements))
        self._draw_figures()
        self.table.value = _table(found)

    def _offer(self, names: tuple[str, ...]) -> None:
        """Offer a box to tick for each model; the first few are shown."""
        with self.filling():
            for name in names:
                if name not in self.boxes:
                    is_shown = len(self.boxes) < MOST_SHOWN
                    self.boxes[name] = tick_box(name, f"Whether {name} is drawn", value=is_shown)
                    self.boxes[name].observe(self._show, "value")
        boxes = tuple(self.boxes[name] for name in names)
        head = widgets.HTML("<b>Shown</b>") if not self.shown.children else self.shown.children[0]
        if self.shown.children[1:] != boxes:
            self.shown.children = (head, *boxes)

    @by_hand
    def _show(self, _: Change) -> None:
        self._draw_figures()

    def _draw_figures(self) -> None:
        found = self.found
        if found is None:
            return
        names = [name for name in found.judgements if self.boxes[name].value]
        looks = _looks(found)
        drawn = [
            _stay(found, names),
            _curve(found, names, looks, REVERSAL, "The old option after a reversal", "")
            or _curve(found, names, looks, LEARNING, "Over a session", OVER[not found.n_repeats]),
            *(
                _curve(found, names, looks, measure, title[not found.n_repeats], "")
                for measure, title in PULLS.items()
            ),
        ]
        legend = key([(PEOPLE, "line"), *((looks[name], _kind(name)) for name in names)])
        self.figures.value = Html(legend + f'<div class="sw-charts">{"".join(filter(None, drawn))}</div>')


def _of(found: "Falsification", measure: str) -> "dict[str, Check]":
    """Return the check of each model on a measure."""
    return {check.agent: check for check in found.checks if check.measure == measure}


def _looks(found: "Falsification") -> dict[str, Style]:
    """SPICE and its network as everywhere; rivals in grey, told apart by dash and mark."""
    rivals = [name for name in found.judgements if name not in OWN]
    looks = {
        name: Style(name, BENCHMARK.colour, *DASHES[at % len(DASHES)], 1.5) for at, name in enumerate(rivals)
    }
    return looks | {"SPICE": replace(SPICE, marker="circle"), "RNN": RNN}


def _kind(name: str) -> Kind:
    """SPICE is dots, as everywhere; all others are lines."""
    return "dots" if name == "SPICE" else "line"


def _stay(found: "Falsification", names: list[str]) -> Html:
    """How often a choice is repeated, by what it paid: people as a band, models as marks."""
    checks = _of(found, STAY)
    first, drawn = next(iter(checks.values())), [checks[name] for name in names]
    lines, ends = [], [-0.6, len(names) + 0.6]
    values = [first.people_low, first.people_high]
    for at, style in ((1, UNREWARDED), (0, REWARDED)):
        low, high, mean = (np.full(2, end[at]) for end in (first.people_low, first.people_high, first.people))
        lines.append(Line(ends, mean, MEAN, low, high, marked=False, banded=True))
        values += [np.array([check.low[at], check.high[at]]) for check in drawn]
        lines.append(
            Line(
                np.arange(len(names) + 1),
                [first.people[at], *(check.mean[at] for check in drawn)],
                style,
                [first.people_low[at], *(check.low[at] for check in drawn)],
                [first.people_high[at], *(check.high[at] for check in drawn)],
                joined=False,
            )
        )
    places = {0.0: "people"} | {at + 1.0: BRIEF.get(name, name) for at, name in enumerate(names)}
    picture = chart(
        "Repeats its choice",
        Axis(-0.6, len(names) + 0.6, places),
        _percentages(values),
        lines,
        words="People: {:.0f} % after a reward, {:.0f} % after none.".format(*(100 * first.people)),
    )
    return Html(f'<div class="sw-wide">{picture}{key([(REWARDED, "points"), (UNREWARDED, "points")])}</div>')


def _curve(
    found: "Falsification", names: list[str], looks: dict[str, Style], measure: str, title: str, note: str
) -> Html | None:
    """Return a measure point by point; None where it was not taken."""
    checks = _of(found, measure)
    if not checks:
        return None
    first = next(iter(checks.values()))
    x, x_title, words = _points(measure, first.points)
    people = Line(x, first.people, PEOPLE, first.people_low, first.people_high, marked=False, banded=True)
    models = [
        Line(x, checks[name].mean, looks[name], joined=_kind(name) == "line", marked=_kind(name) == "dots")
        for name in names
        if name in checks
    ]
    values = [first.people_low, first.people_high, *(np.asarray(line.y) for line in models)]
    is_share = measure in (REVERSAL, LEARNING) or not found.n_repeats
    y = _percentages(values) if is_share else _log_odds(values)
    axis = Axis(float(x[0]), float(x[-1]), words)
    rules = {0.0: ""} if measure == REVERSAL else {}
    told = ", ".join(f"{value:.2f}" for value in first.people)
    return chart(
        title, axis, y, [people, *models], note=note, x_title=x_title, rules=rules, words=f"People: {told}."
    )


def _points(measure: str, points: tuple[str, ...]) -> tuple[np.ndarray, str, dict[float, str]]:
    """Places, title and ticks of the x axis."""
    if measure == REVERSAL:
        before = sum("before" in point for point in points)
        x = np.array([*range(-before, 0), *range(1, len(points) - before + 1)], float)
        return x, "trials after the reversal", {float(at): f"{at:.0f}".replace("-", "−") for at in x[1::3]}
    if measure == LEARNING:
        x = np.arange(1, len(points) + 1, dtype=float)
        return x, "part of the session", {float(at): f"{at:.0f}" for at in x}
    x = np.arange(1, len(points) + 1, dtype=float)
    return x, "choices back", {float(at): f"{at:.0f}" for at in x}


def _percentages(values: list[np.ndarray]) -> Axis:
    low, high = _span(values)
    low, high = max(0.0, low), min(1.0, high)
    return Axis(low, high, {at: f"{100 * at:.0f} %" for at in ticks(low, high, n=4)})


def _log_odds(values: list[np.ndarray]) -> Axis:
    low, high = _span([*values, np.zeros(1)])
    return Axis(low, high, ticks(low, high, n=4))


def _span(values: list[np.ndarray]) -> tuple[float, float]:
    known = np.concatenate([np.asarray(value, float).ravel() for value in values])
    known = known[np.isfinite(known)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    room = 0.08 * (high - low) or 0.05
    return low - room, high + room


def _table(found: "Falsification") -> Html:
    """People, and by how much each model is off, with where it fails in words."""
    checks = _of(found, STAY)
    heads = ["Tested", "Repeats after a reward, off by", "Repeats after none, off by", "Verdict"]
    head = "".join(
        f'<th scope="col"{" class=r" if 0 < at < 3 else ""}>{words}</th>' for at, words in enumerate(heads)
    )
    people = f"{found.n_people:,} {'people' if found.n_people > 1 else 'person'}. {found.how}"
    body = (
        f'<tr><th scope="row">{swatch(PEOPLE)}People</th>'
        + "".join(f'<td class="r">{100 * value:.1f} %</td>' for value in next(iter(checks.values())).people)
        + f'<td class="sw-help">{escape_text(people)}</td></tr>'
    )
    looks = _looks(found)
    for name, judged in found.judgements.items():
        cells = "".join(f'<td class="r">{_off(checks[name], at)}</td>' for at in (0, 1))
        head_cell = f'<th scope="row">{swatch(looks[name], _kind(name))}{escape_text(name)}</th>'
        body += f"<tr>{head_cell}{cells}<td>{escape_text(judged.words)}</td></tr>"
    grid = (
        '<table class="sw-fal"><caption class="sw-sr">The verdict on each model, with its size</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )
    return region("Tested", Html(grid))


def _off(check: "Check", at: int) -> Html:
    """Percentage points off, with what chance makes of the model; bold where people lie beyond it."""
    model = (check.mean[at], check.low[at], check.high[at])
    off, low, high = (100 * float(value - check.people[at]) for value in model)
    words = decimal(off, 1, "+")
    words = f"<b>{words}</b>" if check.fails and not low <= 0 <= high else words
    return Html(f"{words} <small>{between(low, high, 1)}</small>")
