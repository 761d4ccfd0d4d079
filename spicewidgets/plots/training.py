"""The training as it is shown: the loss while it comes down, and below it the equation as it emerges."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..core.wording import format_number
from ..style import SPICE, TRUTH
from .loss_curve import LossCurve
from .series import Line, Subplot

if TYPE_CHECKING:
    from ..core.read.emergence import Emergence

FOUND = replace(SPICE, width=1.8)


class TrainingFigure(LossCurve):
    """Loss, and the coefficients of one equation at the epochs that were looked at, each with its name and
    its number at its end; the truth is a pale band.
    """

    name = "training"

    def __init__(self, kind: str | None = None) -> None:
        super().__init__(kind)
        self.add_subplot(Subplot("coefficient", "The equation as it emerges", height=150))
        self.show_subplots({"coefficient": False})

    def draw_equation(
        self,
        emergence: "Emergence | None",
        letters: Sequence[str],
        truth: Sequence[float | None],
        until: int | None = None,
    ) -> None:
        """Draw the coefficients up to an epoch.

        Args:
            emergence: epochs and coefficients; None where nothing is known of them, and nothing is shown.
            letters: a short name of each term, to stand beside its number.
            truth: true coefficients; None where nothing is known of them.
            until: the last epoch that is shown; all when None.
        """
        self.show_subplots({"coefficient": emergence is not None})
        lines: dict[str, Line] = {
            key: ([], []) for key in self.series if key.startswith(("true ", "found ", "now "))
        }
        ends: dict[float, str] = {}
        if emergence is not None:
            epochs = np.asarray(emergence.epochs, dtype=float)
            seen = epochs <= (epochs[-1] if until is None else until)
            for at, (letter, true) in enumerate(zip(letters, truth, strict=True)):
                self._make(at)
                if true is not None:
                    lines[f"true {at}"] = ([0.0, self.x_limits[1]], [true, true])
                row = np.asarray(emergence.coefficients, dtype=float)[:, at]
                row = np.where(row != 0, row, np.nan)[seen]
                lines[f"found {at}"] = (epochs[seen], row)
                if len(row) and np.isfinite(row[-1]):
                    lines[f"now {at}"] = (epochs[seen][-1:], row[-1:])
                    ends[_free(float(row[-1]), ends)] = _in_words(float(row[-1]), letter, true)
                elif true is not None:
                    ends[_free(true, ends)] = f"true {format_number(true, 2)} {letter}"
            whole = [np.ravel(emergence.coefficients), [one for one in truth if one is not None], [0.0]]
            values = np.concatenate([np.asarray(part, dtype=float) for part in whole])
            self.set_span("coefficient", float(values.min()), float(values.max()))  # nothing jumps on the way
        with self.batch():
            self.set_lines(lines)
            self.set_ends("coefficient", ends)

    def _make(self, at: int) -> None:
        first = at == 0
        self.add(f"true {at}", "coefficient", "band", TRUTH, listed=first, tabled=False)
        self.add(f"found {at}", "coefficient", "line", FOUND, listed=first, tabled=False)
        self.add(f"now {at}", "coefficient", "points", SPICE, listed=False)


def _free(y: float, taken: Mapping[float, str]) -> float:
    """Return a key that is not taken: two coefficients may be the same."""
    while y in taken:
        y = float(np.nextafter(y, np.inf))
    return y


def _in_words(value: float, letter: str, true: float | None) -> str:
    words = f"{format_number(value, 2)} {letter}".strip()
    return words if true is None else f"{words}, true {format_number(true, 2)}"
