"""What panels are made of: a box with a place for errors, guarded callbacks, and small widgets."""

import functools
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Concatenate, ParamSpec, TypeVar

import ipywidgets as widgets

from ..compat import tooltip
from ..markup import Html, alert, code_block, escape_text, fold
from ..state.base import Change as Change  # what is observed

FULL = {"width": "100%"}
ROW = {"flex_flow": "row wrap", "align_items": "center"}

SomePanel = TypeVar("SomePanel", bound="Panel")
Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
Value = TypeVar("Value")


class Panel(widgets.VBox):
    """A box with a place for errors: a callback that fails says so there, with the details folded away."""

    children: Sequence[widgets.Widget]

    def __init__(self, children: Sequence[widgets.Widget] = ()) -> None:
        self.alert = widgets.HTML()
        self.is_filling = False
        super().__init__([self.alert, *children], layout=widgets.Layout(**FULL))
        self.add_class("sw-panel")

    def show_error(self, message: str = "", details: str = "") -> None:
        """Show an error, or without one take it away."""
        self.alert.value = alert(Html(escape_text(message) + folded_details(details)))

    @contextmanager
    def filling(self) -> Iterator[None]:
        """While the panel sets its own widgets: callbacks marked with `by_hand` are not called."""
        before, self.is_filling = self.is_filling, True
        try:
            yield
        finally:
            self.is_filling = before


def folded_details(details: str) -> Html:
    """Return the traceback of an error, folded away; nothing where there is none."""
    return fold("details", Html(f"<pre>{escape_text(details)}</pre>")) if details else Html("")


def guard(
    method: Callable[Concatenate[SomePanel, Arguments], Result],
) -> Callable[Concatenate[SomePanel, Arguments], Result | None]:
    """Wrap a callback so that its errors become a sentence in the panel; in Voila they would vanish without a
    trace.
    """

    @functools.wraps(method)
    def guarded(panel: SomePanel, /, *arguments: Arguments.args, **named: Arguments.kwargs) -> Result | None:
        try:
            result = method(panel, *arguments, **named)
        except Exception as error:
            panel.show_error(str(error) or type(error).__name__, traceback.format_exc())
            return None
        panel.show_error()
        return result

    return guarded


def by_hand(
    method: Callable[Concatenate[SomePanel, Arguments], None],
) -> Callable[Concatenate[SomePanel, Arguments], None]:
    """Wrap a callback for what a person changes, not for what the panel itself fills in."""
    guarded = guard(method)

    @functools.wraps(method)
    def called(panel: SomePanel, /, *arguments: Arguments.args, **named: Arguments.kwargs) -> None:
        if not panel.is_filling:
            guarded(panel, *arguments, **named)

    return called


def with_label(
    kind: Callable[..., widgets.Widget], label: str, words: str, **arguments: Any
) -> widgets.Widget:
    """Return a widget with its label before it, tied to it for screen readers.

    Args:
        kind: the widget's class.
        label: what stands before it.
        words: its tooltip.
        arguments: of the class.
    """
    widget = kind(
        description=label,
        layout=widgets.Layout(**FULL),
        style={"description_width": "auto"},
        **arguments,
        **tooltip(words),
    )
    widget.add_class("sw-field")
    return widget


class Choice(widgets.Dropdown):
    """A list to choose from, which is not shown where there is nothing to choose.

    Args:
        label: what stands before it.
        words: its tooltip.
        chosen: called when a person has chosen, not when `offer` has.
    """

    options: tuple[tuple[str, Any], ...]
    value: Any

    def __init__(self, label: str, words: str, chosen: Callable[[], object]) -> None:
        looks = {"layout": widgets.Layout(**FULL), "style": {"description_width": "auto"}}
        super().__init__(description=label, options=[("", None)], **looks, **tooltip(words))
        self.layout.display = "none"  # before there is anything to choose
        self.add_class("sw-field")
        self._is_offering = False
        self.observe(lambda _: None if self._is_offering else chosen(), "value")

    def offer(self, values: Sequence[Value]) -> Value:
        """Offer these, and return what is then chosen: what was, if it is still there, else the first."""
        self.layout.display = "none" if len(values) == 1 else ""
        options = tuple((f"{value}", value) for value in values)
        if self.options != options:
            before, self._is_offering = self.value, True
            self.options = options
            self.value = before if before in values else values[0]
            self._is_offering = False
        chosen: Value = self.value
        return chosen


def tick_box(words: str, tip: str, **arguments: Any) -> widgets.Checkbox:
    """Return a check box with its words behind it, and a tooltip."""
    return widgets.Checkbox(description=words, indent=False, **arguments, **tooltip(tip))


def button(words: str, tip: str, pressed: Callable[[], object], **arguments: Any) -> widgets.Button:
    """Return a button as wide as its words, its tooltip, and what it does."""
    narrow = widgets.Layout(width="auto", align_self="flex-start")
    widget = widgets.Button(description=words, tooltip=tip, layout=narrow, **arguments)
    widget.on_click(lambda _: pressed())
    return widget


def block(pressable: widgets.Button, reason: str, tip: str) -> None:
    """Grey a button that cannot be pressed now, and say why in its tooltip; without a reason, free it."""
    pressable.disabled, pressable.tooltip = bool(reason), reason or tip


def row(*children: widgets.Widget, **looks: str) -> widgets.HBox:
    """Widgets beside each other, in as many lines as they need."""
    return widgets.HBox(children, layout=widgets.Layout(**{"flex_flow": "row wrap"} | looks))


def column(*children: widgets.Widget) -> widgets.VBox:
    """Widgets below each other, as wide as there is room."""
    return widgets.VBox(children, layout=widgets.Layout(**FULL))


def foldable(children: Sequence[widgets.Widget], words: str = "more") -> widgets.VBox:
    """Children that a button shows and hides. An Accordion would break on Colab."""
    box = column(*children)
    box.layout.display = "none"

    def toggle() -> None:
        hidden = box.layout.display == "none"
        box.layout.display = "" if hidden else "none"
        switch.description = f"less of {words}" if hidden else f"{words} …"

    switch = button(f"{words} …", f"Show or hide: {words}", toggle)
    return column(switch, box)


def discard(*boxes: widgets.Widget) -> None:
    """Close widgets that are not shown any more, with all that is in them; else kernel and page keep them."""
    for box in boxes:
        discard(*getattr(box, "children", ()))
        for part in (box, box.layout, getattr(box, "style", None)):
            if part is not None:
                part.close()


def set_if_changed(widget: widgets.Widget, value: object) -> None:
    """Set the value of a widget where it is another one: each setting of it is a message to the page."""
    if widget.value != value:
        widget.value = value


def put_words(pressable: widgets.Button, words: str) -> None:
    """Set the words on a button where they are others."""
    if pressable.description != words:
        pressable.description = words


def script_text(script: str) -> Html:
    """Return a script to be copied."""
    return Html(f"<p>A click selects all of it.</p>{code_block(script)}")
