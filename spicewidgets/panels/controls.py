"""Controls of settings, read off a state's traits.

A control never invents a bound, a default or a word of help: all stand on the trait.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from math import log10
from typing import Any

import ipywidgets as widgets
from traitlets import TraitError

from ..compat import tooltip
from ..markup import message
from ..state.base import Change, State
from .base import FULL, tick_box, with_label

Parser = Callable[[Any], object]


class Control(widgets.VBox):
    """A labelled control for a setting: typed field and slider, list, check box or text, with its help below.

    A value that cannot be used stays in the state, and a sentence under the control says why. What a lesson
    fixes is greyed and says why; what it hides is not there.

    Attributes:
        parts: all that is in it, whether shown or hidden.
        highest: an upper bound below that of the setting, where the present data have one; else None.
        idle: why the setting has no effect now; empty where it has one.
    """

    def __init__(self, state: State[Any], name: str) -> None:
        self.state, self.name = state, name
        self.highest: int | None = None
        self.idle = ""
        tags, words = state.tags(name), self.words()
        if tags["kind"] == "bool":
            parts = [tick_box(tags["label"], words)]
            join(state, name, parts[0])
        elif tags["choices"]:
            parts = [with_label(widgets.Dropdown, tags["label"], words, options=list(tags["choices"]))]
            join(state, name, parts[0])
        else:
            parts = _number_parts(state, name, tags, words)
        self.below = widgets.HTML()
        self.parts = (*parts, self.below)
        super().__init__(self.parts, layout=widgets.Layout(margin="0 0 10px 0", **FULL))
        state.observe(self.refresh, ["problems", "held", "hidden"])
        self.refresh()

    def words(self) -> str:
        """Describe the setting, with its range."""
        tags = self.state.tags(self.name)
        return str(tags["help"]) + _range(tags if self.highest is None else tags | {"high": self.highest})

    def refresh(self, _: Change | None = None) -> None:
        """Show the help, or what is wrong with the value, and whether it can be changed."""
        problems = self.state.problems_of(self.name)
        reason = self.state.held.get(self.name, "") or self.idle
        help_text = message(f"{reason} {self.words()}".strip(), "help")
        self.below.value = message(" ".join(problems), "alert") or help_text
        grey(self, reason)
        self.children = () if self.name in self.state.hidden else self.parts

    def rest(self, reason: str) -> None:
        """Grey a setting that has no effect now, and say why; without a reason, free it."""
        if reason != self.idle:
            self.idle = reason
            self.refresh()

    def limit(self, highest: int) -> None:
        """Lower the upper bound of a whole number to what the present data have."""
        self.highest, self.parts[1].max = highest, max(highest, 1)
        self.refresh()


def control(state: State[Any], name: str) -> Control:
    """Return the `Control` of a setting."""
    return Control(state, name)


def grey(box: widgets.Widget, reason: str) -> None:
    """Grey all that can be pressed or typed in a box, or, without a reason, free what was greyed here."""
    greyed = list(getattr(box, "_greyed", ()))
    if reason:
        greyed += [part for part in _parts_within(box) if not part.disabled]
    for part in greyed:
        part.disabled = bool(reason)
    box._greyed = greyed if reason else []


def _parts_within(box: widgets.Widget) -> Iterator[widgets.Widget]:
    if box.has_trait("disabled"):
        yield box
    for child in getattr(box, "children", ()):
        yield from _parts_within(child)


def apply_lesson(state: State[Any], name: str, box: widgets.Widget, note: widgets.HTML | None = None) -> None:
    """Do with a box that is no `Control` what a lesson says of a setting: grey it, or take it away.

    To be called again when what is in the box has changed.

    Args:
        state: whose setting it is.
        name: of the setting.
        box: what stands for the setting.
        note: where the reason is shown.
    """
    reason = state.held.get(name, "")
    grey(box, reason)
    box.layout.display = "none" if name in state.hidden else ""
    if note is not None:
        note.value = message(reason if name not in state.hidden else "", "help")


def _range(tags: dict[str, Any]) -> str:
    low, high, above = tags["low"], tags["high"], tags["above"]
    if tags["kind"] not in ("int", "float") or high is None or (low is None and above is None):
        return ""
    most = f"{high:,.0f}" if high >= 1e4 else f"{high:g}"
    words = f"{low:,g} to {most}" if above is None else f"above {above:g}, up to {most}"
    first, last, _ = tags["slider"] or (low, high, None)
    if tags["optional"] or ((first, last) == (low if above is None else above, high)):
        return f" ({words})"
    return f" ({words}; the slider {first:g} to {min(last, high):,g})"


def _number_parts(state: State[Any], name: str, tags: dict[str, Any], words: str) -> list[widgets.Widget]:
    """Return a typed field, and a slider below it where the setting has one and is never empty."""
    whole = tags["kind"] == "int"
    low, high, step = tags["slider"] or (tags["low"] or 0, tags["high"] or 1e6, 1 if whole else 0.01)
    label = tags["label"]
    if tags["unit"] and tags["unit"] not in label.lower():
        label = f"{label} ({tags['unit']})"
    if tags["optional"]:
        typed = with_label(widgets.Text, label, words, placeholder="not given")
        join(state, name, typed, _as_text, _reader(int if whole else float))
        return [typed]
    kinds = (widgets.IntText, widgets.IntSlider) if whole else (widgets.FloatText, widgets.FloatSlider)
    typed = with_label(kinds[0], label, words, step=0.001 if tags["log"] else step)
    join(state, name, typed)
    if tags["slider"] is None:
        return [typed]
    ends = (low, high)
    if tags["log"]:
        kinds, ends = (kinds[0], widgets.FloatLogSlider), (log10(low), log10(high))
    start = min(max(tags["default"], low), high)
    slider = value_slider(kinds[1], label, words, min=ends[0], max=ends[1], step=step, value=start)
    join(state, name, slider, lambda value: min(max(value, low), high) if _is_number(value) else value)
    return [typed, slider]


def value_slider(
    kind: Callable[..., widgets.Widget], label: str, words: str, **arguments: float
) -> widgets.Widget:
    """Return a slider below the typed field that names it and has its value."""
    layout = widgets.Layout(**FULL)
    slider = kind(readout=False, description=label, layout=layout, **arguments, **tooltip(words))
    slider.add_class("sw-slider")
    return slider


def _as_it_is(value: Any) -> object:
    return value


def _as_text(value: Any) -> str:
    return "" if value is None else f"{value}"


def _reader(kind: type[int] | type[float]) -> Parser:
    """Return a parser of a number that may be left out; other text stays, for the state to refuse."""

    def read(text: str) -> object:
        text = text.strip()
        try:
            return kind(text) if text else None
        except ValueError:
            return text

    return read


def _clean(value: Any) -> object:
    """Round a value of a page, which counts in steps: 0.4709999... is 0.471."""
    return float(f"{value:.12g}") if isinstance(value, float) else value


def join(
    state: State[Any], name: str, widget: widgets.Widget, written: Parser = _as_it_is, read: Parser = _clean
) -> None:
    """Keep a setting and a widget equal.

    Args:
        state: whose setting it is.
        name: of the setting.
        widget: it stays as it is where it cannot show a value.
        written: how the widget shows a value; one beyond its ends as its end, for example.
        read: the setting of what the widget has.
    """

    def to_widget(_: Change | None = None) -> None:
        value = written(getattr(state, name))
        if (_is_number(value) or isinstance(value, str)) and widget.value != value:
            with suppress(TraitError, OverflowError, ValueError):
                widget.value = value

    def to_state(change: Change) -> None:
        value = read(change["new"])
        if not _same(value, written(getattr(state, name))):
            setattr(state, name, value)

    state.observe(to_widget, name)
    to_widget()
    widget.observe(to_state, "value")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and value == value


def _same(one: object, other: object) -> bool:
    """Tell whether two values are the same; NaN is the same as itself, unlike in arithmetic."""
    return bool(one == other or (one != one and other != other))
