"""Rivals: SPICE, its network and classical models on choices that they did not learn from."""

import ipywidgets as widgets
import numpy as np
import pandas as pd

from ..app.rivals import Compared
from ..markup import Html, code_block, escape_text, fold, message, table
from ..plots.rivals import by_person, rivals_table
from ..views.words import SHARE
from .base import Choice, column
from .controls import control
from .files import File, Files, csv_file
from .stage import Stage
from .studies import StudyBox, figures, heading
from .words import decimal

OWN_RIVAL = Html(
    "<p>A rival is a class with two short functions. In Python it is compared with all others:</p>"
    + code_block(
        """from spicewidgets import Parameter, RIVALS, Rival, held_out


class DecayingRate(Rival):
    name = "decaying-rate"
    words = "As rescorla-wagner, with a learning rate that falls from trial to trial."
    parameters = (
        Parameter.share("alpha", "learning rate in the first trial"),
        Parameter.share("decay", "how fast it falls"),
        Parameter.positive("beta", "inverse noise temperature of the values"),
    )
    states = {"value": 0.5, "trials": 0.0}

    def update(self, p, state, trial):
        trials = state["trials"] + 1
        rate = p.alpha * (-p.decay * trials.log()).exp()
        value = state["value"] + trial.chosen * rate * (trial.reward - state["value"])
        return {"value": value, "trials": trials}

    def logits(self, p, state):
        return p.beta * state["value"]


print(held_out(dataset, [*RIVALS, DecayingRate]).to_frame())"""
    )
)
ALL = "all people"
MOST_LISTED = 200  # people of a table that is folded away
NOTHING = (
    "<p>Nothing is compared yet. Compare holds out part of the choices, fits every model to the rest, and"
    " asks how likely the part held out is under each.</p>"
)


class RivalsPanel(Stage):
    """The comparison with classical models, in one table; then person by person."""

    title = "Rivals: does the equation expect choices better than simpler models?"
    about = (
        "Each model is fitted to one part of the choices and expects the other, part by part. So no model"
        " gains by being flexible."
    )
    groups = ("rivals",)

    def controls(self) -> list[widgets.Widget]:
        """Lay out what is held out, the buttons, and the uncertainty."""
        state = self.experiment.rivals
        self.study = StudyBox(
            self.experiment,
            self.runner,
            "rivals",
            "Compare",
            "Hold out choices, part by part, and expect them",
        )
        self.facts, self.chance = widgets.HTML(), widgets.HTML()
        settings = [control(state, name) for name in ("by", "shown", "pooled", "equations")]
        more = [control(state, name) for name in ("n_folds", "seed")]
        self.who = Choice("People", "Whose choices are compared", self.refresh)
        return [self.study, *settings, self.who, self.facts, self.chance, *more]

    def stage(self) -> list[widgets.Widget]:
        """Lay out the sentence, the table, the people, and files."""
        self.sentence, self.table, self.people, self.criteria = (widgets.HTML() for _ in range(4))
        self.files = Files(
            {
                "table as csv": ("Every model with all its values", self._csv),
                "people as csv": ("Every person and model", self._people_csv),
                "a rival of your own": ("How to compare a rival that you write yourself", lambda: OWN_RIVAL),
            }
        )
        self.body = column(self.table, self.people, self.criteria, self.files)
        for box in (self.sentence, self.body):
            box.add_class("sw-study")
        return [self.sentence, self.body]

    def watch(self) -> None:
        """Observe what has been compared, how it is shown, and whether the panel is seen."""
        self.experiment.run.observe(self.refresh, "studied_revision")
        self.experiment.observe(self.refresh, ["stale_because", "person"])
        self.experiment.rivals.observe(self.refresh, "shown")
        self.layout.observe(self.refresh, "display")

    @property
    def found(self) -> Compared | None:
        """The comparison on show; None before."""
        study = self.runner.studies.get("rivals")
        return None if study is None else study.found

    def draw(self) -> None:
        """Show all that has been compared."""
        if self.is_hidden:
            return
        self.show_stale("rivals")
        found = self.found
        self.body.layout.display = "none" if found is None else ""
        if found is None:
            self.sentence.value, self.facts.value, self.chance.value = NOTHING, "", ""
            return
        who = self.who.offer((ALL, *found.parts))
        found = found.parts.get(who, found)
        self.sentence.value = f'<p class="sw-outcome">{escape_text(found.sentence)}</p>'
        as_nats = self.experiment.rivals.shown == "nats"
        several = len(found.people) > 1
        over = (
            f"Dots: all people. Lines and ranges: {SHARE} over people. Frequency: estimated for the"
            " population (random effects)."
            if several
            else "One person: no interval over people."
        )
        self.table.value = heading("How well each expects choices it has not seen", over) + rivals_table(
            found.rows, as_nats
        )
        chosen = "" if self.experiment.person is None else str(self.experiment.person)
        self.people.value = ""
        if several and len(found.pair) == 2:
            picture = by_person(found.apart, found.people, found.groups, found.pair, chosen)
            self.people.value = Html(picture + _people_table(found))
        self.criteria.value = _criteria(found)
        self.facts.value = figures(
            [
                (f"{found.n_choices:,}", "held out"),
                (f"{len(found.people):,}", "people" if several else "person"),
                (str(found.n_folds), "parts"),
            ]
        ) + message(found.fewer, "help")
        self.chance.value = Html(f"<b>Could it be chance?</b>{message(found.chance, 'help')}")

    def _csv(self) -> File:
        found = self._comparison()
        return csv_file("rivals", pd.DataFrame([vars(row) for row in found.rows]))

    def _people_csv(self) -> File:
        return csv_file("rivals_people", self._comparison().by_person)

    def _comparison(self) -> Compared:
        if self.found is None:
            raise ValueError("Nothing is compared yet. Press Compare first.")
        return self.found


def _people_table(found: Compared) -> Html:
    """Return the people as a table, folded away, for who cannot see the picture."""
    order = np.argsort(found.apart, kind="stable")[::-1]
    rows = [
        [
            found.people[at],
            found.groups[at],
            decimal(found.apart[at], 2, "+"),
            found.pair[int(found.apart[at] < 0)],
        ]
        for at in order[:MOST_LISTED]
    ]
    names = ["person", "group", "nats in 100 choices", "better"]
    more = f"; the first {MOST_LISTED} of {len(order)}" if len(order) > MOST_LISTED else ""
    return fold(
        "These people as a table", table(f"{found.pair[0]} against {found.pair[1]}{more}", names, rows)
    )


def _criteria(found: Compared) -> Html:
    """AIC, BIC and evidence, which need no choices held out, folded away."""
    rows = [
        [
            row.name,
            *(f"{value:,.0f}" if value == value else "–" for value in (row.aic, row.bic, row.evidence)),
        ]
        for row in found.rows
    ]
    help_text = message(
        "Of all choices, none held out; lower AIC and BIC, and higher evidence, are better. Evidence is"
        " Laplace's, under the declared priors; equations and networks have none.",
        "help",
    )
    names = ["model", "AIC", "BIC", "ln evidence"]
    return fold("AIC, BIC, evidence", Html(table("Sums over people", names, rows) + help_text))
