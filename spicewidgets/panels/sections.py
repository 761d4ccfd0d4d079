"""How a page moves: between sections, and with its address."""

from collections.abc import Callable, Iterable
from functools import partial

import ipywidgets as widgets
from traitlets import Unicode

from ..compat import tooltip
from ..markup import escape_text
from .base import Change, set_if_changed


class Sections(widgets.HBox):
    """A row of buttons, of which one is on. A Tab would break on Colab.

    Attributes:
        value: name of the section that is shown.
        buttons: by name.
    """

    value = Unicode(help="Name of the section that is shown.")

    def __init__(self, names: Iterable[str]) -> None:
        self.buttons = {name: widgets.ToggleButton(layout=widgets.Layout(width="auto")) for name in names}
        super().__init__(list(self.buttons.values()), layout=widgets.Layout(flex_flow="row wrap"))
        self.add_class("sw-nav")
        for name, button in self.buttons.items():
            button.observe(partial(self._press, name), "value")
        self.observe(self._show, "value")
        self.value = next(iter(self.buttons))

    def mark(self, name: str, words: str, tip: str) -> None:
        """Label the button of a section."""
        self.buttons[name].description, self.buttons[name].tooltip = words, tip

    def offer(self, names: Iterable[str]) -> None:
        """Offer some of the sections only; one that is left out gives way to the first of them."""
        offered = list(names)
        for name, button in self.buttons.items():
            button.layout.display = "" if name in offered else "none"
        if self.value not in offered:
            self.value = offered[0]

    def _press(self, name: str, change: Change) -> None:
        if change["new"]:
            self.value = name
        elif self.value == name:
            change["owner"].value = True  # a section is left by going to another

    def _show(self, _: Change) -> None:
        for name, button in self.buttons.items():
            button.value = name == self.value


class Address(widgets.VBox):
    """The page's address, as it is and as it should be; nothing of it is seen.

    Args:
        tip: what stands in the address.
        taken: called with the text that the page has found in its address. A kernel that was kept warm for
            the page has begun without it.
    """

    def __init__(self, tip: str, taken: Callable[[str], None]) -> None:
        self.link, self.incoming = widgets.HTML(), widgets.Text(**tooltip(tip))
        self.incoming.add_class("sw-asked")
        self.incoming.observe(lambda change: taken(change["new"]), "value")
        super().__init__([self.link, self.incoming], layout=widgets.Layout(display="none"))

    def show(self, text: str) -> None:
        """Let the page's address say this."""
        taken = " data-taken" if self.incoming.value else ""
        set_if_changed(
            self.link, f'<div class="sw-settings"{taken} data-settings="{escape_text(text)}"></div>'
        )
