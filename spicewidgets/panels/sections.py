"""The switch between sections: a row of buttons, of which one is on. A Tab would break on Colab."""

from collections.abc import Iterable
from functools import partial
from typing import Any

import ipywidgets as widgets
from traitlets import Unicode


class Sections(widgets.HBox):
    """A row of buttons, of which one is on.

    Attributes:
        value: name of the section that is shown.
        buttons: by name.
    """

    value = Unicode(help="Name of the section that is shown.")

    def __init__(self, names: Iterable[str]) -> None:
        narrow = {"width": "auto"}
        self.buttons = {name: widgets.ToggleButton(layout=widgets.Layout(**narrow)) for name in names}
        super().__init__(list(self.buttons.values()), layout=widgets.Layout(flex_flow="row wrap"))
        self.add_class("sw-nav")
        for name, button in self.buttons.items():
            button.observe(partial(self._pressed, name), "value")
        self.observe(self._show, "value")
        self.value = next(iter(self.buttons))

    def mark(self, name: str, words: str, tip: str) -> None:
        """What the button of a section says."""
        self.buttons[name].description, self.buttons[name].tooltip = words, tip

    def offer(self, names: Iterable[str]) -> None:
        """Offer some of the sections only; one that is left out gives way to the first of them."""
        offered = list(names)
        for name, button in self.buttons.items():
            button.layout.display = "" if name in offered else "none"
        if self.value not in offered:
            self.value = offered[0]

    def _pressed(self, name: str, change: Any) -> None:
        if change["new"]:
            self.value = name
        elif self.value == name:
            change["owner"].value = True  # a section is left by going to another

    def _show(self, _: Any) -> None:
        for name, button in self.buttons.items():
            button.value = name == self.value
