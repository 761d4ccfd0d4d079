"""The strip: the six rooms of the method as live tiles, which are both map and way; below it the views of the
room that is open.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial

import ipywidgets as widgets
from traitlets import HasTraits, Unicode

from ..markup import Html, escape_text
from ..state.stages import ROOMS, STAGES, views
from .base import Change, set_if_changed
from .sections import Sections

STATES = {
    "done": "done",
    "stale": "out of date: a setting has changed since",
    "todo": "to do",
    "running": "being computed",
}
LOOKS = tuple(f"sw-{state}" for state in STATES)
OLD = "out of date"  # in place of the caption of a result that is


class Tile(widgets.VBox):
    """One room: its number and title, which can be pressed, a small picture and a caption. How far it is
    shows in its look and tooltip; a result that is out of date has these words in place of its caption.
    """

    def __init__(self, title: str, number: int, pressed: Callable[[], object]) -> None:
        self.title, self.number = title, number
        self.button = widgets.ToggleButton(layout=widgets.Layout(width="auto"))
        self.picture = widgets.HTML()
        self._pressed, self.state = pressed, ""
        self._drawn: tuple[Html, str] = (Html(""), "")
        super().__init__([self.button, self.picture])
        self.add_class("sw-tile")
        self.button.observe(self._press, "value")
        self.show("todo", number)

    def show(self, state: str, number: int) -> None:
        """Show the state of the room, "done", "stale", "todo" or "running", and its place."""
        words = f"{number} {self.title}"
        if (self.state, self.button.description) == (state, words):
            return
        self.state = state
        self.button.description, self.button.tooltip = words, STATES[state]
        for look in LOOKS:
            self.remove_class(look)
        self.add_class(f"sw-{state}")
        self.draw(*self._drawn)

    def draw(self, picture: Html, caption: str) -> None:
        """Show a small picture and a caption in plain words."""
        self._drawn = picture, caption
        set_if_changed(
            self.picture, Html(f"{picture}<p>{escape_text(OLD if self.state == 'stale' else caption)}</p>")
        )

    def set_open(self, is_open: bool) -> None:
        """Mark the tile as that of the room on show."""
        (self.add_class if is_open else self.remove_class)("sw-open")
        self.button.value = is_open

    def _press(self, change: Change) -> None:
        if change["new"]:
            self._pressed()
        elif "sw-open" in self._dom_classes:
            self.button.value = True  # a room is left by going to another


class Strip(HasTraits):
    """Tiles and views, and which panel is on show.

    Attributes:
        value: name of the panel on show.
        tiles: by the name of the room.
        row: the tiles beside each other.
        views: the views of the room that is open.
    """

    value = Unicode(help="Name of the panel that is shown.")

    def __init__(self) -> None:
        super().__init__()
        self.offered = list(STAGES)
        self.tiles = {
            name: Tile(room.title, number, partial(self.enter, name))
            for number, (name, room) in enumerate(ROOMS.items(), 1)
        }
        self._last: dict[str, str] = {}  # the view that a room was left with
        self.views = Sections(STAGES)
        for name in STAGES:
            self.views.mark(name, name.capitalize(), "")
        self.row = widgets.HBox(list(self.tiles.values()))
        self.row.add_class("sw-strip")
        self.views.add_class("sw-views")
        self.observe(self._show, "value")
        self.views.observe(self._go, "value")
        self.value = next(iter(STAGES))

    def enter(self, room: str) -> None:
        """Open a room, with the view that it was left with."""
        if STAGES[self.value].room != room:
            offered = views(room, self.offered)
            last = self._last.get(room, "")
            self.value = last if last in offered else offered[0]

    def offer(self, names: Iterable[str]) -> None:
        """Offer some of the panels only; one that is left out gives way to the first of them."""
        self.offered = list(names)
        if self.value not in self.offered:
            self.value = self.offered[0]
        self._show()

    def mark(self, states: Mapping[str, str]) -> None:
        """Show how far each room is, and number those that there are."""
        there = [name for name in ROOMS if views(name, self.offered)]
        for name, tile in self.tiles.items():
            tile.layout.display = "" if name in there else "none"
            if name in there:
                tile.show(states[name], there.index(name) + 1)

    def _go(self, change: Change) -> None:
        self.value = change["new"]

    def _show(self, _: Change | None = None) -> None:
        self._last[STAGES[self.value].room] = self.value
        self.show_open()

    def show_open(self) -> None:
        """Mark the tile of the room on show."""
        for name, tile in self.tiles.items():
            tile.set_open(name == STAGES[self.value].room)

    def show_views(self) -> None:
        """Show the views of the room that is open, where there are several."""
        shown = views(STAGES[self.value].room, self.offered)
        self.views.value = self.value
        self.views.offer(shown)
        self.views.layout.display = "" if len(shown) > 1 else "none"
