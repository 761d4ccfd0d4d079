"""The sparsity path: what each threshold leaves of an equation, and why a term is in it or not."""

from typing import TYPE_CHECKING

import ipywidgets as widgets

from ..app.protocols import ExperimentRunner
from ..core.equations import term_in_words
from ..experiment.result import Result
from ..markup import Html, escape_text, fold, message
from ..plots.modules import PathFigure, TradeFigure
from ..state.experiment import Experiment
from ..views.looking import modules, path_of, same_paths
from .base import Choice, Panel, column, guard
from .files import FigureBox
from .stage import PersonChoice

if TYPE_CHECKING:
    from ..core.discover.sparsity import SparsityPath

ABOUT = (
    "What each threshold would leave of the equation. A term goes when the threshold is set above its worth."
)
TRADE = "Each term that is taken away costs something. The last one that costs little is where to stop."


class PathBox(Panel):
    """Terms against threshold for one module, without training and without finding the equations again."""

    def __init__(self, experiment: Experiment, runner: ExperimentRunner) -> None:
        self._result: Result | None = None
        self._path: SparsityPath | None = None
        self._threshold = 0.0
        self.module = Choice("Module", "Whose terms are drawn", self._choose)
        self.participant = PersonChoice(experiment, runner, "Whose terms are drawn", self._choose)
        self.figure, self.trade, self.why = PathFigure(), TradeFigure(), widgets.HTML()
        self.body = column(
            widgets.HTML(f"<h3>Terms and threshold</h3>{message(ABOUT, 'help')}"),
            self.module,
            self.participant,
            FigureBox(self.figure),
            self.why,
            widgets.HTML(f"<h3>Error and number of terms</h3>{message(TRADE, 'help')}"),
            FigureBox(self.trade),
        )
        super().__init__([self.body])
        self.body.layout.display = "none"

    @guard
    def show(self, result: Result | None, threshold: float) -> None:
        """Draw the paths of a result, with this threshold marked."""
        before, moved = self._result, threshold != self._threshold
        self._result, self._threshold = result, threshold
        if result is None or result.spice is None:
            self._path = None
        elif result is not before and not same_paths(result, before):
            self.module.offer(modules(result))
            self.participant.offer(result.spice.participants)
            self._path = path_of(result, self.module.value, self.participant.value)
        if moved or result is not before:
            self._draw()

    @guard
    def _choose(self) -> None:
        if self._result is not None and self._result.spice is not None:
            self._path = path_of(self._result, self.module.value, self.participant.value)
            self._draw()

    def _draw(self) -> None:
        result, path, module = self._result, self._path, self.module.value
        self.body.layout.display = "none" if path is None else ""
        if path is None or result is None or result.spice is None:
            return
        equation = result.spice.equation(module, self.participant.value)
        names = {term: term_in_words(term, module) for term in path.terms}
        self.figure.draw(path, list(names.values()), self._threshold)
        self.trade.draw(*path.trade(), len(equation.active))
        threshold = result.snapshot.discovery.threshold
        reasons = {term: path.why(term, equation, threshold, name) for term, name in names.items()}

        def sentences(kept: bool) -> Html:
            chosen = [words for term, words in reasons.items() if bool(equation.coefficient(*term)) is kept]
            return Html("".join(f"<p>{escape_text(words)}</p>" for words in chosen))

        vanished = fold("Why did a term vanish?", sentences(kept=False), opened=True)
        self.why.value = vanished + fold("Why is a term in?", sentences(kept=True))
