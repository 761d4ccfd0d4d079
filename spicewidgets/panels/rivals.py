"""Rivals: SPICE, its network and classical models on choices that they did not learn from."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import ipywidgets as widgets
import numpy as np
import pandas as pd

from ..markup import Html, code_block, escape_text, fold, message, table
from ..plots.rivals import by_person, cells_chart, dimensions_chart, misses_table, rivals_table
from ..views.words import SHARE
from .base import Choice
from .files import File, Offer, csv_file
from .studies import StudyPanel, figures, heading
from .words import decimal

if TYPE_CHECKING:
    from ..core.studies.comparison import ModelComparison

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
MOST_MISSES = 12  # kinds of histories that are drawn
NOTHING = (
    "<p>Nothing is compared yet. Compare holds out part of the choices, fits every model to the rest, and"
    " asks how likely the part held out is under each.</p>"
)


class RivalsPanel(StudyPanel):
    """The comparison with classical models, in one table; then person by person."""

    def controls(self) -> list[widgets.Widget]:
        """Lay out what is held out, the buttons, and the uncertainty."""
        study, *settings = super().controls()
        of = {each.name: each for each in settings}
        self.facts, self.chance = widgets.HTML(), widgets.HTML()
        self.who = Choice("People", "Whose choices are compared", self.refresh)
        first = [of.pop(name) for name in ("by", "shown", "pooled", "equations")]
        return [study, *first, self.who, self.facts, self.chance, *of.values()]

    def body_parts(self) -> list[widgets.Widget]:
        """Lay out the table, the people, and what needs nothing held out."""
        self.table, self.missed, self.units, self.people, self.criteria = (widgets.HTML() for _ in range(5))
        return [self.table, self.missed, self.units, self.people, self.criteria]

    def offers(self) -> Mapping[str, Offer]:
        """Name what can be saved."""
        return {
            "table as csv": ("Every model with all its values", self._csv),
            "people as csv": ("Every person and model", self._people_csv),
            "a rival of your own": ("How to compare a rival that you write yourself", lambda: OWN_RIVAL),
        }

    def watch(self) -> None:
        """Observe also how it is shown, and who is looked at."""
        super().watch()
        self.experiment.observe(self.refresh, "person")
        self.experiment.group("rivals").observe(self.refresh, "shown")

    def describe_nothing(self) -> str:
        """Say what will be there."""
        self.facts.value = self.chance.value = ""
        return NOTHING

    def show(self, found: "ModelComparison") -> None:
        """Show all that has been compared."""
        who = self.who.offer((ALL, *found.parts))
        found = found.parts.get(who, found)
        self.sentence.value = f'<p class="sw-outcome">{escape_text(found.sentence)}</p>'
        over = (
            f"Dots: all people. Lines and ranges: {SHARE} over people. Frequency: estimated for the"
            " population (random effects)."
            if found.is_of_several
            else "One person: no interval over people."
        )
        self.table.value = heading("How well each expects choices it has not seen", over) + rivals_table(
            found.rows, self.experiment.group("rivals").shown == "nats"
        )
        self.missed.value = _show_missed(found)
        self.units.value = _show_dimensions(found)
        chosen = "" if self.experiment.person is None else str(self.experiment.person)
        self.people.value = ""
        if found.is_of_several and len(found.pair) == 2:
            picture = by_person(found.apart, found.people, found.groups, found.pair, chosen)
            self.people.value = Html(picture + _people_table(found))
        self.criteria.value = _criteria(found)
        self.facts.value = figures(
            [
                (f"{found.n_choices:,}", "held out"),
                (f"{len(found.people):,}", "people" if found.is_of_several else "person"),
                (str(found.n_folds), "parts"),
            ]
        ) + "".join(message(words, "help") for words in (found.share_in_words, found.fewer))
        self.chance.value = Html(f"<b>Could it be chance?</b>{message(found.chance, 'help')}")

    def _csv(self) -> File:
        return csv_file("rivals", pd.DataFrame([vars(row) for row in self.result().rows]))

    def _people_csv(self) -> File:
        return csv_file("rivals_people", self.result().by_person)


def _show_missed(found: "ModelComparison") -> str:
    """Show what networks without structure expect better, in sentences and a picture; nothing without."""
    if not found.misses:
        return ""
    head, *sentences = found.misses_in_words
    items = "".join(f"<li>{escape_text(words)}</li>" for words in sentences)
    picture = Html(cells_chart(found.cells, found.reading) + misses_table(found.misses[:MOST_MISSES]))
    return Html(heading("What the equation misses", head) + (f"<ul>{items}</ul>" if items else "") + picture)


def _show_dimensions(found: "ModelComparison") -> str:
    """Show how many variables choices need, in a sentence and a picture; nothing where it was not asked."""
    if found.dimensions is None:
        return ""
    about = f"Tiny networks without structure, of all people. {found.dimensions.sentence}"
    return Html(heading("How many variables the choices need", about) + dimensions_chart(found.dimensions))


def _people_table(found: "ModelComparison") -> Html:
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


def _criteria(found: "ModelComparison") -> Html:
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
