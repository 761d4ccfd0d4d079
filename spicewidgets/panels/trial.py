"""Trial by trial: one trial of a session as a sum of what each term adds, up to the next choice."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import ipywidgets as widgets
import numpy as np

from ..compat import tooltip
from ..lab import looking as views
from ..plots.figures import SessionView
from ..style import SPICE, TRUTH
from .base import FULL, FigureBox, decimal, field, grid, guard
from .stage import Stage, arm_control, session_control

PACE = 800  # milliseconds between two trials of a film
LOOKS = {"truth": TRUTH, "spice": SPICE}
NAMES = {"truth": "Truth", "rnn": "RNN", "spice": "SPICE"}
WIDTH = 64  # of a bar, in pixels


class TrialPanel(Stage):
    """A session to step through: what each term adds to the new value, and the choice that follows."""

    title = "Trial by trial"
    about = (
        "One trial as a sum: each term adds its part to the new value, and the values make the next choice."
    )

    def controls(self) -> list[Any]:
        """Which session, and whose probability is drawn."""
        comparison = self.experiment.comparison
        return [session_control(self.experiment, comparison), arm_control(self.experiment)]

    def stage(self) -> list[Any]:
        """Which trial, and a film of them; the trial's sums and choice, and the session around it."""
        self._followed: tuple[Any, int] | None = None  # the result and session that are shown
        words = "Trial of the session, counted from 0"
        self.trial = field(widgets.IntSlider, "Trial", words, min=0, max=99)
        told = tooltip("Play the session, trial by trial")
        self.play = widgets.Play(min=0, max=99, interval=PACE, show_repeat=False, **told)
        self.link = widgets.jslink((self.play, "value"), (self.trial, "value"))
        self.trial.observe(self._step, "value")
        self.told, self.figure = widgets.HTML(layout=widgets.Layout(**FULL)), SessionView()
        return [self.trial, self.play, self.told, FigureBox(self.figure)]

    def watch(self) -> None:
        """What is looked at, and new results."""
        self.experiment.comparison.observe(self.refresh, ["session", "arm"])
        self.experiment.run.observe(self.refresh, "result_revision")
        self.experiment.observe(self.refresh, "stale_because")

    def draw(self) -> None:
        """The session that is looked at, at its present trial."""
        self._say_stale("compare")
        result, looked = self.runner.result, self.experiment.comparison
        shown = result is not None and bool(views.modules(result))
        self.figure.widget.layout.display = "" if shown else "none"
        if not shown:
            self._followed, self.told.value = None, "<p>No equation yet: train first.</p>"
            return
        if looked.problems:
            return
        session = min(looked.session, len(result.choices) - 1)
        arm = min(looked.arm, result.snapshot.task.n_actions - 1)
        if self._followed != (result, session):
            self._updates = views.trial_by_trial(result, session)
            self._followed = result, session
            last = result.choices.shape[1] - 1
            self.trial.max = self.play.max = last
        self.figure.draw(result.played, result.choices, result.rewards, session=session, arm=arm)
        self._show()

    @guard
    def _step(self, _: Any) -> None:
        if self._followed is not None:
            self._show()

    def _show(self) -> None:
        """The present trial."""
        assert self._followed is not None
        (result, session), trial = self._followed, self.trial.value
        self.figure.set_cursor(trial)
        choice, reward = int(result.choices[session, trial]), result.rewards[session, trial]
        said = f"Trial {trial}: option {choice + 1} chosen, reward {reward:g}."
        sums = "".join(_sums(self._updates, at, trial) for at in range(len(self._first.updates)))
        after = _choice(result, self._updates, session, trial)
        self.told.value = f'<p role="status"><b>{escape(said)}</b></p><div class="sw-row">{sums}</div>{after}'

    @property
    def _first(self) -> Any:
        return next(iter(self._updates.values()))


def _sums(followed: Mapping[str, Any], at: int, trial: int) -> str:
    """What a module does in a trial: a table for each arm that it moves, a row for each term."""
    updates = {layer: one.updates[at] for layer, one in followed.items()}
    first = next(iter(updates.values()))
    told = ""
    for arm in np.flatnonzero(first.moved[0, trial]):
        parts = {
            layer: {term: float(part[0, trial, arm]) for term, part in one.parts.items()}
            for layer, one in updates.items()
        }
        terms = dict.fromkeys(term for each in parts.values() for term in each)
        lines = [(term, [(layer, parts[layer].get(term)) for layer in parts]) for term in terms]
        ends = [("new value", [one.after[0, trial, arm] for one in updates.values()])]
        ends.insert(0, ("value before", [one.before[0, trial, arm] for one in updates.values()]))
        errors = [one.error[0, trial, arm] for one in updates.values()]
        if np.isfinite(errors).any():
            ends.append(("prediction error", errors))
        told += _table(f"Option {arm + 1}: {first.module}", list(updates), lines, ends)
    return told


def _table(
    caption: str,
    layers: Sequence[str],
    lines: Sequence[tuple[str, Sequence[tuple[str, float | None]]]],
    ends: Sequence[tuple[str, Sequence[float]]],
) -> str:
    """Parts with bars, and below them what they sum to; all bars of a table have one scale."""
    reach = max((abs(value) for _, cells in lines for _, value in cells if value is not None), default=1.0)
    names = "".join(f'<th scope="col" colspan="2">{NAMES[layer]}</th>' for layer in layers)
    body = "".join(
        f'<tr><th scope="row">{escape(name)}</th>'
        + "".join(
            f"<td>{'' if value is None else decimal(value, 3, '+')}</td>"
            f"<td>{_bar(value or 0.0, reach or 1.0, LOOKS[layer].colour)}</td>"
            for layer, value in cells
        )
        + "</tr>"
        for name, cells in lines
    )
    first, *rest = (
        f'<tr><th scope="row"><b>{escape(name)}</b></th>'
        + "".join(f"<td><b>{decimal(value, 3)}</b></td><td></td>" for value in values)
        + "</tr>"
        for name, values in ends
    )
    return (
        f'<div class="sw-scroll" tabindex="0" role="region" aria-label="{escape(caption, quote=True)}">'
        f'<table class="sw-grid"><caption>{escape(caption)}</caption>'
        f'<thead><tr><th scope="col">part</th>{names}</tr></thead>'
        f"<tbody>{first}{body}{''.join(rest)}</tbody></table></div>"
    )


def _bar(value: float, reach: float, colour: str) -> str:
    """A bar from the middle, to the right where the part is above 0."""
    half = WIDTH / 2
    length = half * min(abs(value) / reach, 1.0)
    left = half if value >= 0 else half - length
    return (
        f'<svg width="{WIDTH}" height="10" aria-hidden="true"><rect x="{left:.1f}" y="1" width="{length:.1f}"'
        f' height="8" fill="{colour}"/><line x1="{half}" x2="{half}" y1="0" y2="10" stroke="#7a7f85"/></svg>'
    )


def _choice(result: Any, followed: Mapping[str, Any], session: int, trial: int) -> str:
    """Logits and probabilities after the trial, and what was chosen next."""
    chosen = result.choices[session]
    following = int(chosen[trial + 1]) if trial + 1 < len(chosen) else -1
    rnn = result.played["rnn"]
    known = {layer: (one.record.q[0], one.record.probabilities[0]) for layer, one in followed.items()}
    known["rnn"] = rnn.q[session], rnn.probabilities[session]
    layers = [layer for layer in NAMES if layer in known]
    rows = []
    for arm in range(result.snapshot.task.n_actions):
        pairs = [[float(values[trial + 1, arm]) for values in known[layer]] for layer in layers]
        cells = [f"{decimal(q, 2)} → {decimal(p, 2)}" for q, p in pairs]
        rows.append([f"Option {arm + 1}", *cells, "chosen next" if arm == following else ""])
    heads = ["option", *(NAMES[layer] for layer in layers), "choice"]
    return grid("Then: logit, in the model's units → P of choosing it next (softmax)", heads, rows)
