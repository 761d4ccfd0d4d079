"""The figure of an equation while its network is trained: coefficients and loss against epochs."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..core.wording import format_number
from ..style import OTHERS, RNN, Style
from .live import LiveFigure
from .series import Floats, Line, Subplot, grown

if TYPE_CHECKING:
    from ..core.read.emergence import Emergence

NOW = Style("", "#7a7f85", "solid", "circle", 1.0)
LOSS = replace(RNN, name="loss")


class EmergenceFigure(LiveFigure):
    """The coefficients of an equation over the epochs, beside their truth, and the loss. The line of a term
    has a gap where the term is not in the equation.
    """

    name = "equation_over_training"
    x_title = "Epoch"

    def __init__(self, kind: str | None = None) -> None:
        super().__init__(kind)
        self.add_subplot(Subplot("coefficient", "Coefficient of each term", height=210))
        self.add_subplot(Subplot("loss", "Loss of the RNN (nats per choice)", height=80))
        self.add("loss", "loss", "line", LOSS, listed=False)
        for subplot in self.subplots:
            self.add(f"now {subplot}", subplot, "rules", NOW, listed=False)
        self._emergence: Emergence | None = None
        self._terms: Sequence[str] = ()

    def draw(
        self,
        emergence: "Emergence",
        terms: Sequence[str],
        truth: Sequence[float | None],
        loss: Mapping[int, float],
    ) -> None:
        """Draw an equation over the epochs.

        Args:
            emergence: epochs and coefficients.
            terms: what its terms are called.
            truth: true coefficients; None where nothing is known of them.
            loss: by epoch.
        """
        x, rows = np.asarray(emergence.epochs, dtype=float), _present(emergence)
        self._emergence, self._terms = emergence, terms
        levels: dict[str, float | None] = {key: None for key in self.series if key.startswith("true ")}
        lines: dict[str, Line] = {"loss": (list(loss), list(loss.values()))}
        lines |= {key: ([], []) for key in self.series if key.startswith(("term ", "at "))}
        with self.batch():
            for order, (term, true) in enumerate(zip(terms, truth, strict=True)):
                self._make(term)
                levels[f"true {term}"] = true
                lines[f"term {term}"] = (x, rows[:, order])
            self.set_lines(lines)
            self.set_levels(levels)
            self.set_x(0.0, float(grown(int(max([*x, *loss, 1])))))
            self.set_span("loss", *_ends(list(loss.values())))
            self.summary = _in_words(x, rows, terms)

    def _make(self, term: str) -> None:
        """Make the marks of a term, in a colour that no other one has before all are used."""
        n_terms = sum(key.startswith("term ") for key in self.series)
        if f"term {term}" not in self.series:
            look = replace(OTHERS[n_terms % len(OTHERS)], name=term, width=2.2, dash="solid")
            true = replace(look, name=f"{term}, truth", dash="dashed", width=1.4)
            self.add(f"term {term}", "coefficient", "line", look)
            self.add(f"true {term}", "coefficient", "level", true)
            self.add(f"at {term}", "coefficient", "points", look, listed=False)

    def mark(self, at: int) -> None:
        """Mark one of the epochs, by its place."""
        assert self._emergence is not None
        epoch, row = float(self._emergence.epochs[at]), _present(self._emergence)[at]
        with self.batch():
            for subplot in self.subplots:
                self.set_rules(f"now {subplot}", [epoch])
            self.set_marks({f"at {term}": ([epoch], [row[order]]) for order, term in enumerate(self._terms)})


def _present(emergence: "Emergence") -> Floats:
    """Coefficients, NaN where a term is not in the equation."""
    rows = np.asarray(emergence.coefficients, dtype=float)
    return np.where(rows != 0, rows, np.nan)


def _ends(losses: Sequence[float]) -> tuple[float, float]:
    known = np.array(losses)[np.isfinite(losses)]
    return (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)


def _in_words(x: Floats, rows: Floats, terms: Sequence[str]) -> str:
    """Since when each term is in the equation, and with which number it ends."""
    sentences = []
    for order, term in enumerate(terms):
        gone = np.flatnonzero(np.isnan(rows[:, order]))
        if len(gone) and gone[-1] == len(x) - 1:
            sentences.append(f"{term} is not in it at the end")
        else:
            since = x[gone[-1] + 1 if len(gone) else 0]
            sentences.append(
                f"{term} is in it since epoch {since:.0f} and ends at {format_number(rows[-1, order], 2)}"
            )
    return f"The equation at {len(x)} epochs from {x[0]:.0f} to {x[-1]:.0f}: {'; '.join(sentences)}."
