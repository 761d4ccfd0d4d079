"""Trial by trial: one trial of a session as a sum of what each term adds, up to the next choice."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import ipywidgets as widgets
import numpy as np

from ..compat import tooltip
from ..experiment.result import Result
from ..markup import Html, escape_text, table
from ..plots.figures import SessionView
from ..plots.svg import BAR, bar
from ..plots.words import in_sentence
from ..style import SPICE, TRUTH
from ..views.looking import modules, trial_by_trial
from ..views.stages import at_stage, has_outcome, name_of_row, names_of
from .base import FULL, Change, guard, with_label
from .files import FigureBox
from .stage import Stage, arm_control, session_control
from .words import AGENTS, NO_EQUATION, decimal

if TYPE_CHECKING:
    from ..core.read.contributions import Contributions, Update

PACE = 800  # milliseconds between two trials of a film
LOOKS = {"truth": TRUTH, "spice": SPICE}
NO_BAR = Html(f'<svg width="{BAR}" height="10" aria-hidden="true"></svg>')


class TrialPanel(Stage):
    """A session to step through: what each term adds to the new value, and the choice that follows."""

    title = "Trial by trial"
    about = (
        "One trial as a sum: each term adds its part to the new value, and the values make the next choice."
    )

    def controls(self) -> list[widgets.Widget]:
        """Which session, and whose probability is drawn."""
        comparison = self.experiment.comparison
        return [session_control(self.experiment, comparison), arm_control(self.experiment)]

    def stage(self) -> list[widgets.Widget]:
        """Which trial, and a film of them; the trial's sums and choice, and the session around it."""
        self._drawn: tuple[Result, int] | None = None  # the result and its session
        self._updates: Mapping[str, Contributions] = {}
        words = "Trial of the session, counted from 0"
        self.trial = with_label(widgets.IntSlider, "Trial", words, min=0, max=99)
        tip = tooltip("Play the session, trial by trial")
        self.play = widgets.Play(min=0, max=99, interval=PACE, show_repeat=False, **tip)
        self.link = widgets.jslink((self.play, "value"), (self.trial, "value"))
        self.trial.observe(self._step, "value")
        self.sums, self.figure = widgets.HTML(layout=widgets.Layout(**FULL)), SessionView()
        return [self.trial, self.play, self.sums, FigureBox(self.figure)]

    def watch(self) -> None:
        """Observe what is looked at, and new results."""
        self.experiment.comparison.observe(self.refresh, ["session", "arm"])
        self.experiment.run.observe(self.refresh, "result_revision")
        self.experiment.observe(self.refresh, "stale_because")

    def draw(self) -> None:
        """Draw the session that is looked at, at its present trial."""
        self.show_stale("compare")
        result, comparison = self.runner.result, self.experiment.comparison
        if result is None or not modules(result):
            self.figure.widget.layout.display = "none"
            self._drawn, self.sums.value = None, NO_EQUATION
            return
        self.figure.widget.layout.display = ""
        if comparison.problems:
            return
        session = min(comparison.session, len(result.choices) - 1)
        arm = min(comparison.arm, result.snapshot.n_actions - 1)
        if self._drawn != (result, session):
            self._updates = trial_by_trial(result, session)
            self._drawn = result, session
            self.trial.max = self.play.max = result.choices.shape[1] - 1
        self._at = at_stage(result.snapshot, result.played, result.choices, result.rewards, arm)
        self.figure.names = names_of(result)
        self._at.describe_to(self.figure)
        self.figure.draw(
            self._at.played, self._at.choices, self._at.rewards, session=session, arm=self._at.arm
        )
        self._show_trial(result, session)

    @guard
    def _step(self, _: Change) -> None:
        if self._drawn is not None:
            self._show_trial(*self._drawn)

    def _show_trial(self, result: Result, session: int) -> None:
        trial = self.trial.value
        self.figure.set_cursor(self._at.place_of(trial, session))
        choice, reward = int(result.choices[session, trial]), result.rewards[session, trial]
        options, name = result.snapshot.options, name_of_row(result.snapshot, trial)
        outcome = f"{name}: no choice is known."
        if choice >= 0:
            paid = f"reward {reward:g}" if has_outcome(result.snapshot, trial) else "not paid yet"
            outcome = f"{name}: {in_sentence(options[choice])} chosen, {paid}."
        n_modules = len(next(iter(self._updates.values())).updates)
        sums = "".join(_sums(self._updates, module, trial, options) for module in range(n_modules))
        after = _choice(result, self._updates, session, trial)
        words = f'<p role="status"><b>{escape_text(outcome)}</b></p>'
        self.sums.value = f'{words}<div class="sw-row">{sums}</div>{after}'


def _sums(
    contributions: "Mapping[str, Contributions]", module: int, trial: int, options: Sequence[str]
) -> str:
    """Tabulate the sums of a module in a trial: a table for each arm that it moves, a row for each term."""
    updates = {layer: one.updates[module] for layer, one in contributions.items()}
    first = next(iter(updates.values()))
    tables = [
        _sum_table(updates, trial, int(arm), options[int(arm)])
        for arm in np.flatnonzero(first.moved[0, trial])
    ]
    return "".join(tables)


def _sum_table(updates: "Mapping[str, Update]", trial: int, arm: int, option: str) -> Html:
    """Return the parts with bars, all on one scale, between the value before and what they sum to."""
    place = (0, trial, arm)
    parts = {
        layer: {term: float(part[place]) for term, part in one.parts.items()}
        for layer, one in updates.items()
    }
    reach = max((abs(value) for terms in parts.values() for value in terms.values()), default=1.0) or 1.0
    module = next(iter(updates.values())).module
    all_terms = dict.fromkeys(term for terms in parts.values() for term in terms)
    rows = [
        [term, *(_part(terms.get(term), reach, LOOKS[layer].colour) for layer, terms in parts.items())]
        for term in all_terms
    ]
    rows.insert(0, _total("value before", [one.before[place] for one in updates.values()]))
    rows.append(_total("new value", [one.after[place] for one in updates.values()]))
    errors = [one.error[place] for one in updates.values()]
    if np.isfinite(errors).any():
        rows.append(_total("prediction error", errors))
    return table(f"{option}: {module}", ["part", *(AGENTS[layer] for layer in updates)], rows)


def _part(value: float | None, reach: float, colour: str) -> Html:
    return Html() if value is None else Html(f"{decimal(value, sign='+')}&ensp;{bar(value, reach, colour)}")


def _total(name: str, values: list[float]) -> list[str]:
    return [Html(f"<b>{name}</b>"), *(Html(f"<b>{decimal(value)}</b>&ensp;{NO_BAR}") for value in values)]


def _choice(result: Result, contributions: "Mapping[str, Contributions]", session: int, trial: int) -> Html:
    """Logits and probabilities after the trial, and what was chosen next."""
    chosen = result.choices[session]
    following = int(chosen[trial + 1]) if trial + 1 < len(chosen) else -1
    rnn = result.played["rnn"]
    known = {layer: (one.record.q[0], one.record.probabilities[0]) for layer, one in contributions.items()}
    known["rnn"] = rnn.q[session], rnn.probabilities[session]
    layers = [layer for layer in AGENTS if layer in known]
    rows = []
    for arm in range(result.snapshot.n_actions):
        if not rnn.probabilities[session, trial + 1, arm] > 0 and result.description.goes_by_rows:
            continue  # not on offer
        pairs = [[float(values[trial + 1, arm]) for values in known[layer]] for layer in layers]
        cells = [f"{decimal(q, 2)} → {decimal(p, 2)}" for q, p in pairs]
        rows.append([result.snapshot.options[arm], *cells, "chosen next" if arm == following else ""])
    names = ["option", *(AGENTS[layer] for layer in layers), "choice"]
    return table("Then: logit, in the model's units → P of choosing it next (softmax)", names, rows)
