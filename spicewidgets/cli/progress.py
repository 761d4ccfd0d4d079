"""The progress of a fit, on one line of standard error. Imports nothing heavy, so that it shows at once."""

from math import isnan
from shutil import get_terminal_size
from time import monotonic
from typing import TYPE_CHECKING, Self

import click

if TYPE_CHECKING:
    from ..core.progress import Progress as PartsDone
    from ..core.train.training import Epoch


class ProgressBar:
    """One line on standard error that shows how far the training is; it is wiped at the end.

    Args:
        epochs: the most that the training may take.
        hidden: whether nothing is shown.
    """

    def __init__(self, epochs: int, hidden: bool) -> None:
        self.epochs, self.hidden, self.shown = epochs, hidden, -1.0

    def __enter__(self) -> Self:
        self._write("Loading ...")
        return self

    def __exit__(self, *_: object) -> None:
        self._write("")

    def show(self, record: "Epoch") -> None:
        """Show an epoch, ten times a second at most."""
        filled = "#" * round(20 * record.epoch / self.epochs)
        marks = f"chance {record.chance:.3f}"
        marks += "" if record.floor is None else f", true agent {record.floor:.3f}"
        self.tell(
            f"[{filled:.<20}] epoch {record.epoch} of at most {self.epochs}: loss {record.train_loss:.4f}"
            f" ({marks})"
        )

    def tell(self, sentence: str) -> None:
        """Show how far it is, ten times a second at most."""
        if not self.hidden and monotonic() - self.shown >= 0.1:
            self.shown = monotonic()
            self._write(sentence)

    def part(self, record: "PartsDone") -> None:
        """Show how many parts are done, and how long the rest may take, ten times a second at most."""
        if self.hidden or monotonic() - self.shown < 0.1:
            return
        self.shown = monotonic()
        filled = "#" * round(20 * record.done / max(record.total, 1))
        left = "" if isnan(record.left) else f"; {_duration(record.left)} left"
        self._write(f"[{filled:.<20}] {record.words}{left}")

    def _write(self, words: str) -> None:
        if not self.hidden:
            width = get_terminal_size().columns - 1
            click.echo(f"\r{words[:width]:<{width}}\r", err=True, nl=False)


def _duration(seconds: float) -> str:
    """About how long: 40 s, 3 min, 2.5 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"
