"""What can be saved from a panel: tables and files, each made when it is asked for."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

import ipywidgets as widgets
import pandas as pd

from ..markup import Html, save_link
from ..plots.live import FORMATS, LiveFigure
from .base import FULL, Panel, button, guard, row


class File(NamedTuple):
    """A file to be saved: its name, its content and its media type."""

    name: str
    content: bytes
    mime: str


Offer = tuple[str, Callable[[], File | Html]]
"""The tooltip of a button, and what makes the file or the text that it shows."""


def csv_file(name: str, frame: pd.DataFrame) -> File:
    """Return a table as a file; a gap where a number is missing."""
    return File(f"{name}.csv", frame.to_csv(index=False, lineterminator="\n").encode(), "text/csv")


class Files(Panel):
    """A row of buttons; each makes and saves its file when it is pressed, or shows its text below.

    Args:
        offers: by the button's word. A second press takes away what is shown.
    """

    def __init__(self, offers: Mapping[str, Offer]) -> None:
        self._offers, self._shown = offers, ""
        self.below = widgets.HTML()
        self.buttons = {word: button(word, tip, partial(self.ask, word)) for word, (tip, _) in offers.items()}
        super().__init__([row(*self.buttons.values()), self.below])

    @guard
    def ask(self, word: str) -> None:
        """Save or show what the button with this word makes, or take it away."""
        if self._shown == word:
            self._shown, self.below.value = "", ""
            return
        content = self._offers[word][1]()
        if isinstance(content, File):
            content = save_link(*content)
        self._shown, self.below.value = word, content


class FigureBox(widgets.VBox):
    """A live figure with its table and files below it.

    Args:
        figure: the figure.
        offers: further files, as in `Files`.
    """

    def __init__(self, figure: LiveFigure, offers: Mapping[str, Offer] | None = None) -> None:
        self.figure = figure
        own: dict[str, Offer] = {"table": ("The numbers of the picture as a table", figure.table)}
        for kind in FORMATS:
            what = "the numbers of the picture" if kind == "csv" else "the picture"
            own[kind] = (f"Save {what} as {kind}", partial(self._file, kind))
        self.files = Files(own | dict(offers or {}))
        super().__init__([figure.widget, self.files], layout=widgets.Layout(**FULL))

    def _file(self, kind: str) -> File:
        return File(f"{self.figure.name}.{kind}", self.figure.download(kind), FORMATS[kind])
