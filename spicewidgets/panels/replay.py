"""The replay: the equation at epochs of the training, while it goes on and afterwards."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import ipywidgets as widgets

from ..compat import tooltip
from ..lab import looking as views
from ..plots.emergence import EmergenceFigure
from ..plots.words import PHASES
from .base import FULL, FigureBox, decimal, field, grid, guard, offer
from .stage import Stage

PACE = 200  # milliseconds between two epochs of a film
OUT = "○ not in"
NOTHING = "<p>No equation yet: train first.</p>"


class ReplayPanel(Stage):
    """The equation and the loss at each epoch that was looked at, with a slider and a film."""

    title = "Replay: how the equation emerged"
    about = (
        "While the RNN is trained, SINDy looks at it now and then, quickly; the last epoch has the equation"
        " that was found. Play the epochs, and see terms come in and their numbers go to the truth."
    )

    def controls(self) -> list[Any]:
        """Which module."""
        self.module = field(widgets.Dropdown, "Module", "Whose equation is drawn", options=[("", "")])
        self.module.observe(self._chosen, "value")
        self.whose = widgets.HTML()
        return [self.module, self.whose]

    def stage(self) -> list[Any]:
        """Which epoch, and a film of them; the equation there, and all epochs."""
        self._found: Mapping[str, Any] = {}
        self._truth: Any = None
        self._rows: Mapping[int, Any] = {}
        self._filling = False
        words = "Epoch of the training whose equation is told"
        self.epoch = field(widgets.SelectionSlider, "Epoch", words, options=["0"])
        told = tooltip("Play the training, epoch by epoch")
        self.play = widgets.Play(min=0, max=0, interval=PACE, show_repeat=False, **told)
        self.link = widgets.jslink((self.play, "value"), (self.epoch, "index"))
        self.epoch.observe(self._step, "index")
        self.told, self.figure = widgets.HTML(layout=widgets.Layout(**FULL)), EmergenceFigure()
        self.body = widgets.VBox([self.epoch, self.play, self.told, FigureBox(self.figure)])
        self.body.layout.width = "100%"
        self.none = widgets.HTML()
        return [self.none, self.body]

    def watch(self) -> None:
        """The run, new results, and whether this panel is seen."""
        self.experiment.run.observe(self.refresh, ["glimpses", "result_revision"])
        self.experiment.observe(self.refresh, "stale_because")
        self.layout.observe(self.refresh, "display")  # equations are looked for only where they are seen

    def draw(self) -> None:
        """The epochs of the run that goes on, or else of the last result."""
        if self.layout.display == "none":
            return
        self._say_stale("equation")
        result, run = self.runner.result, self.experiment.run
        live = bool(run.glimpses)
        found = views.emerging(run.glimpses) if live else {} if result is None else result.emergence
        same, self._found = found is self._found, found
        self.none.value, self.body.layout.display = ("", "") if found else (NOTHING, "none")
        if same or not found:
            return
        self._truth = self.runner.truth() if live else result.truth
        self._rows = {row["epoch"]: row for row in (run.history if live else result.history)}
        self.whose.value = self._words(result)
        self._filling = True
        offer(self.module, tuple(found))
        self._filling = False
        self._draw_module()

    def _words(self, result: Any) -> str:
        n = self.experiment.data.n_participants if result is None else result.snapshot.data.n_participants
        return '<div class="sw-help">Of the first participant.</div>' if n != 1 else ""

    @guard
    def _chosen(self, _: Any) -> None:
        if not self._filling and self._found:
            self._draw_module()

    def _draw_module(self) -> None:
        """The figure of the module, and the slider at its end, unless it was moved elsewhere."""
        module = self.module.value
        true = None if self._truth is None else self._truth.of_participant().get(module)
        shown = self._found[module].ever([] if true is None else [term for term, _ in true.active])
        self._shown, self._true = shown, true
        self._names = [_named(term, module) for term in shown.terms]
        known = [None if true is None else true.coefficient(*term) or None for term in shown.terms]
        self.figure.draw(shown, self._names, known, {e: row["train_loss"] for e, row in self._rows.items()})
        self._slide([f"{epoch}" for epoch in shown.epochs])
        self._show()

    def _slide(self, epochs: list[str]) -> None:
        """These epochs to choose from; the slider stays where it was moved, or at the end where it stood."""
        before, at = self.epoch.options, self.epoch.index
        if before == tuple(epochs):
            return
        moved = before[at] in epochs and at < len(before) - 1
        self._filling = True
        self.play.max = len(epochs) - 1
        self.epoch.options = epochs
        self.epoch.index = epochs.index(before[at]) if moved else len(epochs) - 1
        self._filling = False

    @guard
    def _step(self, _: Any) -> None:
        if not self._filling and self._found:
            self._show()

    def _show(self) -> None:
        """The chosen epoch."""
        shown, at = self._shown, self.epoch.index or 0
        self.figure.mark(at)
        row = self._rows.get(int(shown.epochs[at]), {})
        now, end, true = shown.equation(at), shown.equation(-1), self._true
        lines = []
        for name, term in zip(self._names, shown.terms, strict=True):
            numbers = [now.coefficient(*term), end.coefficient(*term)]
            numbers += [] if true is None else [true.coefficient(*term)]
            lines.append([name, *(decimal(value) if value else OUT for value in numbers)])
        heads = ["term", "now", "last", *([] if true is None else ["truth"])]
        self.told.value = (
            f"<p><b>{_told(int(shown.epochs[at]), row)}</b><br><code>{escape(now.text(2))}</code></p>"
            + grid(f"Coefficients at epoch {shown.epochs[at]}", heads, lines)
        )


def _named(term: Sequence[str], module: str) -> str:
    """A term as the other panels call it."""
    return " × ".join("its value" if name == module else name for name in term) or "constant"


def _told(epoch: int, row: Mapping[str, Any]) -> str:
    """The epoch, what was done in it, and its loss."""
    if not row:
        return f"Epoch {epoch}"
    phase = PHASES.get(row["phase"], row["phase"])
    return f"Epoch {epoch} ({phase}): loss {row['train_loss']:.4f} nats per choice"
