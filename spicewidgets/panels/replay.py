"""The replay: network and equation at epochs of the training, while it goes on and afterwards."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from ..compat import tooltip
from ..core.equations import term_in_words
from ..markup import Html, escape_text, table
from ..plots.modules import NetworkFigure
from ..plots.training import EmergenceFigure
from ..plots.words import PHASES
from ..views.looking import emerging, with_curves_first
from .base import FULL, Change, Choice, by_hand, column, guard, with_label
from .equation_lines import emerging_lines
from .files import FigureBox
from .stage import Stage, first_of_several
from .words import NO_EQUATION, decimal

if TYPE_CHECKING:
    from ..core.equations import Equation, SpiceModel
    from ..core.read.emergence import Emergence

PACE = 200  # milliseconds between two epochs of a film
ABSENT = "○ not in"
Epoch = Mapping[str, Any]  # a record of the history


class ReplayPanel(Stage):
    """The network, the equation and the loss at each epoch that was looked at, with a slider and a film."""

    title = "Replay: how the equation emerged"
    about = (
        "While the RNN is trained, SINDy looks at it now and then, quickly; the last epoch has the equation"
        " that was found. Play the epochs: the network's curve bends, and terms come in."
    )

    def controls(self) -> list[widgets.Widget]:
        """Which module."""
        self.module = Choice("Module", "Whose curve and equation are drawn", self._choose_module)
        self.participant = widgets.HTML()
        return [self.module, self.participant]

    def stage(self) -> list[widgets.Widget]:
        """Which epoch, and a film of them; network and equation there, and all epochs."""
        self._modules: Mapping[str, Emergence] = {}
        self._truth: SpiceModel | None = None
        self._epochs: Mapping[int, Epoch] = {}
        words = "Epoch of the training whose equation is told"
        self.epoch = with_label(widgets.SelectionSlider, "Epoch", words, options=["0"])
        tip = tooltip("Play the training, epoch by epoch")
        self.play = widgets.Play(min=0, max=0, interval=PACE, show_repeat=False, **tip)
        self.link = widgets.jslink((self.play, "value"), (self.epoch, "index"))
        self.epoch.observe(self._step, "index")
        self.equation, self.figure = widgets.HTML(layout=widgets.Layout(**FULL)), EmergenceFigure()
        self.network, self.terms = NetworkFigure(), widgets.HTML(layout=widgets.Layout(**FULL))
        figures = FigureBox(self.network), FigureBox(self.figure)
        self.body = column(self.epoch, self.play, figures[0], self.terms, self.equation, figures[1])
        self.nothing = widgets.HTML()
        return [self.nothing, self.body]

    def watch(self) -> None:
        """Observe the run, new results, and whether this panel is seen."""
        self.experiment.run.observe(self.refresh, ["glimpses", "result_revision"])
        self.experiment.observe(self.refresh, "stale_because")
        self.layout.observe(self.refresh, "display")

    def draw(self) -> None:
        """Draw the epochs of the run that goes on, or else of the last result."""
        if self.is_hidden:
            return
        self.show_stale("equation")
        result, run = self.runner.result, self.experiment.run
        modules: Mapping[str, Emergence]
        if run.glimpses:
            modules, truth, history = emerging(run.glimpses), self.runner.truth(), run.history
        elif result is not None:
            modules, truth, history = result.emergence, result.truth, result.history
        else:
            modules, truth, history = {}, None, ()
        self.nothing.value, self.body.layout.display = ("", "") if modules else (NO_EQUATION, "none")
        if modules is self._modules or not modules:
            self._modules = modules
            return
        self._modules, self._truth = modules, truth
        self._epochs = {epoch["epoch"]: epoch for epoch in history}
        self.participant.value = first_of_several(self.experiment, result)
        self.module.offer(with_curves_first(modules))
        self._draw_module()

    @guard
    def _choose_module(self) -> None:
        if self._modules:
            self._draw_module()

    def _draw_module(self) -> None:
        """Draw the module, with the slider at its end, unless it was moved elsewhere."""
        module = self.module.value
        self._true: Equation | None = None
        if self._truth is not None:
            self._true = self._truth.of_participant().get(module)
        known = [] if self._true is None else [term for term, _ in self._true.active]
        self._emergence = self._modules[module].ever(known)
        terms = self._emergence.terms
        self._names = [term_in_words(term, module) for term in terms]
        true = [None if self._true is None else self._true.coefficient(*term) or None for term in terms]
        losses = {at: epoch["train_loss"] for at, epoch in self._epochs.items()}
        self.figure.draw(self._emergence, self._names, true, losses)
        self._offer_epochs([f"{epoch}" for epoch in self._emergence.epochs])
        self._show_epoch()

    def _offer_epochs(self, epochs: list[str]) -> None:
        """Offer these epochs; the slider stays where it was moved, or at the end where it stood."""
        before, at = self.epoch.options, self.epoch.index
        if before == tuple(epochs):
            return
        moved = before[at] in epochs and at < len(before) - 1
        with self.filling():
            self.play.max = len(epochs) - 1
            self.epoch.options = epochs
            self.epoch.index = epochs.index(before[at]) if moved else len(epochs) - 1

    @by_hand
    def _step(self, _: Change) -> None:
        if self._modules:
            self._show_epoch()

    def _show_epoch(self) -> None:
        """Show the chosen epoch."""
        emergence, at, true = self._emergence, self.epoch.index or 0, self._true
        self.figure.mark(at)
        self.network.draw_look(emergence, true, int(emergence.epochs[at]))
        self.terms.value = emerging_lines(emergence, true, int(emergence.epochs[at]))
        present, last = emergence.equation(at), emergence.equation(-1)
        rows = []
        for name, term in zip(self._names, emergence.terms, strict=True):
            numbers = [
                equation.coefficient(*term) for equation in (present, last, true) if equation is not None
            ]
            rows.append([name, *(decimal(value) if value else ABSENT for value in numbers)])
        names = ["term", "now", "last", *([] if true is None else ["truth"])]
        epoch = int(emergence.epochs[at])
        words = _epoch_in_words(epoch, self._epochs.get(epoch, {}))
        text = Html(f"<p><b>{escape_text(words)}</b></p>")
        self.equation.value = text + table(f"Coefficients at epoch {epoch}", names, rows)


def _epoch_in_words(number: int, epoch: Epoch) -> str:
    """Return the epoch, what was done in it, and its loss."""
    if not epoch:
        return f"Epoch {number}"
    phase = str(epoch["phase"])
    return f"Epoch {number} ({PHASES.get(phase, phase)}): loss {epoch['train_loss']:.4f} nats per choice"
