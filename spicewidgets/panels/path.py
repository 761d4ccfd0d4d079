"""The sparsity path: what each threshold leaves of an equation, and why a term is in it or not."""

from html import escape
from typing import Any

import ipywidgets as widgets

from ..lab import looking as views
from ..plots.modules import PathFigure, TradeFigure
from .base import FULL, FigureBox, Panel, field, guard, offer

ABOUT = (
    "What each threshold would leave of the equation. A term goes when the threshold is set above its worth."
)
TRADE = "Each term that is taken away costs something. The last one that costs little is where to stop."


class PathBox(Panel):
    """Terms against threshold for one module, without training and without finding the equations again."""

    def __init__(self) -> None:
        self._result: Any = None
        self._path: Any = None
        self._threshold: float | None = None
        self._filling = False
        self.module = field(widgets.Dropdown, "Module", "Whose terms are drawn", options=[("", "")])
        self.who = field(widgets.Dropdown, "Participant", "Whose terms are drawn", options=[("0", 0)])
        for chosen in (self.module, self.who):
            chosen.observe(self._chosen, "value")
        self.figure, self.trade, self.why = PathFigure(), TradeFigure(), widgets.HTML()
        head = widgets.HTML(f'<h3>Terms and threshold</h3><div class="sw-help">{escape(ABOUT)}</div>')
        more = widgets.HTML(f'<h3>Error and number of terms</h3><div class="sw-help">{escape(TRADE)}</div>')
        figures = [FigureBox(self.figure), self.why, more, FigureBox(self.trade)]
        self.body = widgets.VBox([head, self.module, self.who, *figures], layout=widgets.Layout(**FULL))
        super().__init__([self.body])

    @guard
    def show(self, result: Any, threshold: float) -> None:
        """The paths of a result, with this threshold marked."""
        before, moved = self._result, threshold != self._threshold
        self._result, self._threshold = result, threshold
        found = result is not None and result.spice is not None
        if found and result is not before and not views.same_paths(result, before):
            self._filling = True
            offer(self.module, views.modules(result))
            offer(self.who, result.spice.participants)
            self._filling = False
            self._path = views.path_of(result, self.module.value, self.who.value)
        if moved or result is not before:
            self._draw(found)

    @guard
    def _chosen(self, _: Any) -> None:
        if not self._filling and self._result is not None and self._result.spice is not None:
            self._path = views.path_of(self._result, self.module.value, self.who.value)
            self._draw(True)

    def _draw(self, found: bool) -> None:
        path = self._path if found else None
        self.body.layout.display = "none" if path is None else ""
        if path is None:
            return
        assert self._threshold is not None
        self.figure.draw(path, [self._named(term) for term in path.terms], self._threshold)
        equation = self._result.spice.equation(self.module.value, self.who.value)
        threshold = self._result.snapshot.discovery.threshold
        told = {term: path.why(term, equation, threshold, self._named(term)) for term in path.terms}
        counts, errors = path.trade()
        self.trade.draw(counts, errors, len(equation.active))
        gone = [words for term, words in told.items() if not equation.coefficient(*term)]
        here = [words for term, words in told.items() if equation.coefficient(*term)]
        self.why.value = _reasons("Why did a term vanish?", gone, opened=True) + _reasons(
            "Why is a term in?", here
        )

    def _named(self, term: tuple[str, ...]) -> str:
        return " × ".join("its value" if name == self.module.value else name for name in term) or "constant"


def _reasons(title: str, sentences: list[str], opened: bool = False) -> str:
    """Sentences below a title that can be folded; nothing without any."""
    if not sentences:
        return ""
    rows = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)
    return f"<details{' open' if opened else ''}><summary>{escape(title)}</summary>{rows}</details>"
