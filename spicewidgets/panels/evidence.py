"""What each term is worth beside its price, and what another price or another choice of terms would leave."""

from html import escape
from time import perf_counter
from typing import TYPE_CHECKING

import ipywidgets as widgets

from ..app.protocols import ExperimentRunner
from ..core.equations import term_in_words
from ..experiment.result import Result
from ..markup import Html, message, table
from ..state.experiment import Experiment
from ..views.looking import weigh
from .base import ROW, Change, Panel, button, by_hand, column, discard, guard, row, with_label
from .stage import PersonChoice
from .words import decimal

if TYPE_CHECKING:
    from ..core.discover.selection import Evidence, TermEvidence
    from ..core.equations import Term

ABOUT = (
    "Without a term, and with all other coefficients moved to make up for it, the choices would be less"
    " likely by so many nats: what the term is worth. It stays if that is more than its penalty, the upright"
    " line. Try another penalty, or demand a term in or out: the answer comes at once, and the run stays as"
    " it was."
)
WAITING = "The recorded run is trained again, to weigh its terms."
ASKS = {"as it is worth": 0, "must be in": 1, "must be out": -1}
FULL_BAR = 20.0  # nats: worth that fills the bar
LOW, HIGH = 0.1, 100.0  # nats: prices to try


class EvidenceBox(Panel):
    """Bars of what the terms are worth, a slider for their price, and a menu for each term.

    Args:
        experiment: whose discovery takes over the price by the button.
        runner: whose result is weighed.
    """

    def __init__(self, experiment: Experiment, runner: ExperimentRunner) -> None:
        self.discovery = experiment.discovery
        self._result: Result | None = None
        self._evidence: Evidence | None = None
        self.seconds = 0.0  # that the last answer took
        self._demanded: dict[tuple[str, Term], int] = {}  # taken over, for the next run
        self.participant = PersonChoice(experiment, runner, "Whose terms are weighed", self._anew)
        self.price = with_label(
            widgets.FloatLogSlider,
            "Penalty (nats)",
            "What a term must be worth to stay",
            min=-1,
            max=2,
            step=0.02,
            value=1.0,
            readout_format=".2f",
        )
        self.price.observe(self._ask, "value")
        tip = "Find equations at this penalty from now on, without the terms that must be out"
        self.take = button("Take this penalty", tip, self._take)
        self.back = button(
            "As the run has it", "The run's penalty, and every term as it is worth", self._anew
        )
        self.menus: dict[tuple[str, Term], widgets.Dropdown] = {}
        self.bars, self.asks, self.equation = widgets.HTML(), row(**ROW), widgets.HTML()
        self.body = column(
            widgets.HTML(f"<h3>What each term is worth</h3>{message(ABOUT, 'help')}"),
            self.participant,
            self.price,
            self.bars,
            self.equation,
            self.asks,
            row(self.take, self.back, **ROW),
        )
        super().__init__([self.body])
        self.body.layout.display = "none"

    @guard
    def show(self, result: Result | None) -> None:
        """Weigh the terms of a result; nothing is shown where they were not chosen by evidence. Those of a
        recorded run are weighed once it was made anew.
        """
        if result is self._result:
            return
        self._result = result
        found = None if result is None else weigh(result, None)
        is_recorded = result is not None and result.recorded is not None
        self.body.layout.display = "" if found is not None or is_recorded else "none"
        if is_recorded:
            self.bars.value, self.equation.value = message(WAITING, role="status"), ""
        if result is not None and result.spice is not None and found is not None:
            self.participant.offer(result.spice.participants)
            self._anew()

    @guard
    def _anew(self) -> None:
        """Show the run's own penalty and terms."""
        found = self._weigh(price=None)
        if found is None:
            return
        with self.filling():
            keys = [(item.module, item.term) for item in found.terms if item.term is not None]
            if list(self.menus) != keys:
                discard(*self.menus.values())
                several = len({module for module, _ in keys}) > 1
                self.menus = {(module, term): self._menu(module, term, several) for module, term in keys}
                self.asks.children = tuple(self.menus.values())
            demanded, self._demanded = self._demanded, {}
            for key, menu in self.menus.items():
                menu.value = demanded.get(key, 0)
            penalties = [it.price for it in found.terms if it.term is not None and len(it.term) < 2]
            self.price.value = min(max(max(penalties, default=1.0), LOW), HIGH)
        self._draw(found if not demanded else self._weigh(self.price.value) or found)

    def _menu(self, module: str, term: "Term", several: bool) -> widgets.Dropdown:
        words = term_in_words(term, module)
        name = f"{words} of {module}" if several else words
        menu = with_label(widgets.Dropdown, name, f"Whether {words} is in {module}", options=ASKS)
        menu.layout.width, menu.layout.margin = "auto", "0 12px 0 0"
        menu.observe(self._ask, "value")
        return menu

    @by_hand
    def _ask(self, _: Change) -> None:
        if (found := self._weigh(self.price.value)) is not None:
            self._draw(found)

    def _weigh(self, price: float | None) -> "Evidence | None":
        if self._result is None:
            return None
        asked = {} if price is None else {key: menu.value for key, menu in self.menus.items()}
        begun = perf_counter()
        found = weigh(
            self._result,
            self.participant.value,
            price,
            keep=[key for key, ask in asked.items() if ask > 0],
            drop=[key for key, ask in asked.items() if ask < 0],
        )
        self.seconds = perf_counter() - begun
        return found

    def _draw(self, found: "Evidence") -> None:
        terms = [item for item in found.terms if item.term is not None]
        several = len({item.module for item in terms}) > 1
        rows = [
            [
                f"{item.module}: {_name(item)}" if several else _name(item),
                bar(item.cost, item.price),
                _worth(item.cost),
                decimal(item.price, 2),
                decimal(item.value, sign="+") if item.active else "out",
            ]
            for item in terms
        ]
        self.bars.value = table(
            "Terms", ("term", "worth against penalty", "worth (nats)", "penalty", "coefficient"), rows
        )
        self.equation.value = message(
            f"With {sum(item.active for item in terms)} of {len(terms)} terms the choices have"
            f" {found.nll:,.1f} nats: {decimal(found.nll / max(found.n_choices, 1), 4)} per choice."
        )

    @guard
    def _take(self) -> None:
        """Take price and terms over: a term that must be out leaves the library; one that must be in cannot
        be forced on a fit, and stays demanded here.
        """
        asked = {key: menu.value for key, menu in self.menus.items() if menu.value}
        self._demanded = {key: ask for key, ask in asked.items() if ask > 0}
        with self.discovery.hold_trait_notifications():
            self.discovery.price = round(self.price.value, 4)
            for module, term in asked.keys() - self._demanded.keys():
                without = self.discovery.library(module).without
                self.discovery.change(module, without=(*without, term))


def bar(cost: float, price: float) -> Html:
    """Return a bar as long as what a term is worth, and a line at its price; 20 nats and more fill it."""
    long, line = (100 * min(max(nats, 0.0) / FULL_BAR, 1.0) for nats in (cost, price))
    look = "sw-worth" if cost >= price else "sw-worth sw-less"
    words = escape(f"worth {_worth(cost)} nats, penalty {price:.2f}")
    return Html(
        f'<span class="{look}" role="img" aria-label="{words}"><i style="width:{long:.1f}%"></i>'
        f'<b style="left:{line:.1f}%"></b></span>'
    )


def _name(item: "TermEvidence") -> str:
    return term_in_words(item.term or (), item.module)


def _worth(cost: float) -> str:
    return "over 999" if cost >= 999.5 else decimal(cost, 1)
