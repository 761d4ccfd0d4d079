"""What panels are made of: controls read off a state's traits, guarded callbacks, foldable parts, downloads.

A control never invents a bound, a default or a word of help: all stand on the trait. Knows nothing of what is
computed.
"""

import base64
import functools
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from html import escape
from math import isfinite, log10
from typing import Any

import ipywidgets as widgets
from traitlets import TraitError

from .. import compat

FULL = {"width": "100%"}


class Panel(widgets.VBox):
    """A box with a place for errors: a callback that fails says so there, with the details folded away."""

    def __init__(self, children: Sequence[Any] = (), **arguments: Any) -> None:
        self.alert = widgets.HTML()
        super().__init__([self.alert, *children], layout=widgets.Layout(**FULL), **arguments)
        self.add_class("sw-panel")

    def say(self, message: str = "", details: str = "") -> None:
        """Show an error, or take it away."""
        told = f'<div class="sw-alert" role="alert">{escape(message)}{folded_details(details)}</div>'
        self.alert.value = told if message else ""


def folded_details(details: str) -> str:
    """The details of an error, folded away; nothing where there are none."""
    return f"<details><summary>details</summary><pre>{escape(details)}</pre></details>" if details else ""


def guard(method: Callable[..., Any]) -> Callable[..., Any]:
    """A panel's callback whose errors become a sentence in the panel; in Voila they would vanish without a
    trace.
    """

    @functools.wraps(method)
    def guarded(panel: Any, *arguments: Any) -> Any:
        try:
            result = method(panel, *arguments)
        except Exception as error:
            panel.say(str(error) or type(error).__name__, traceback.format_exc())
            return None
        panel.say()
        return result

    return guarded


class Control(widgets.VBox):
    """A labelled control for a setting: typed field and slider, list, check box or text, with its help below.

    A value that cannot be used is kept by the state and told as a sentence under the control. What a lesson
    fixes is greyed and says why; what it hides is not there.

    Attributes:
        parts: all that is in it, whether shown or hidden.
        high: the upper bound that is told, where the present data have a lower one than the setting.
    """

    def __init__(self, state: Any, name: str) -> None:
        self.state, self.name = state, name
        self.high: float | None = None
        told = state.tags(name)
        words = self.words()
        if told["kind"] == "bool":
            parts = [widgets.Checkbox(description=told["label"], indent=False, **compat.tooltip(words))]
            _join(state, name, parts[0])
        elif told["choices"]:
            parts = [field(widgets.Dropdown, told["label"], words, options=list(told["choices"]))]
            _join(state, name, parts[0])
        else:
            parts = _number(state, name, told, words)
        self.below = widgets.HTML()
        self.parts = (*parts, self.below)
        super().__init__(self.parts, layout=widgets.Layout(margin="0 0 10px 0", **FULL))
        state.observe(self.tell, ["problems", "held", "hidden"])
        self.tell()

    def words(self) -> str:
        """What the setting is, with its range."""
        told = self.state.tags(self.name)
        return str(told["help"]) + _bounds(told if self.high is None else told | {"high": self.high})

    def tell(self, _: Any = None) -> None:
        """The help, what is wrong with the value, and whether it can be changed."""
        wrong, why = self.state.problems_of(self.name), self.state.held.get(self.name, "")
        look, text = ("sw-alert", " ".join(wrong)) if wrong else ("sw-help", f"{why} {self.words()}".strip())
        self.below.value = f'<div class="{look}">{escape(text)}</div>'
        grey(self, why)
        self.children = () if self.name in self.state.hidden else self.parts


def control(state: Any, name: str) -> Control:
    """The `Control` of a setting."""
    return Control(state, name)


def grey(box: Any, why: str) -> None:
    """Grey all that can be pressed or typed in a box, or, without a reason, what was greyed here."""
    greyed = list(getattr(box, "_greyed", ()))
    if why:
        greyed += [part for part in _within(box) if not part.disabled]
    for part in greyed:
        part.disabled = bool(why)
    box._greyed = greyed if why else []


def _within(box: Any) -> list[Any]:
    own = [box] if box.has_trait("disabled") else []
    return [*own, *(part for child in getattr(box, "children", ()) for part in _within(child))]


def heed(state: Any, name: str, box: Any, note: Any = None) -> None:
    """Do with a box that is no `Control` what a lesson says of a setting: grey it, with the reason in a note
    (HTML), or take it away. To be called again when what is in the box has changed.
    """
    why = state.held.get(name, "")
    grey(box, why)
    box.layout.display = "none" if name in state.hidden else ""
    if note is not None:
        shown = why if name not in state.hidden else ""
        note.value = f'<div class="sw-help">{escape(shown)}</div>' if shown else ""


def field(kind: Any, label: str, words: str, **arguments: Any) -> Any:
    """A widget with its label before it, tied to it for screen readers, in the house's look."""
    looks = {"layout": widgets.Layout(**FULL), "style": {"description_width": "auto"}}
    made = kind(description=label, **looks, **arguments, **compat.tooltip(words))
    made.add_class("sw-field")
    return made


def _bounds(told: dict[str, Any]) -> str:
    low, high, above = told["low"], told["high"], told["above"]
    if told["kind"] not in ("int", "float") or high is None or (low is None and above is None):
        return ""
    most = f"{high:,.0f}" if high >= 1e4 else f"{high:g}"
    return f" ({low:,g} to {most})" if above is None else f" (above {above:g}, up to {most})"


def _number(state: Any, name: str, told: dict[str, Any], words: str) -> list[Any]:
    """A typed field, and a slider below it where the setting has one and is never empty."""
    whole = told["kind"] == "int"
    low, high, step = told["slider"] or (told["low"] or 0, told["high"] or 1e6, 1 if whole else 0.01)
    plain = told["unit"] and told["unit"] not in told["label"].lower()
    label = f"{told['label']} ({told['unit']})" if plain else told["label"]
    if told["optional"]:
        typed = field(widgets.Text, label, words, placeholder="not given")
        _join_optional(state, name, typed, whole)
        return [typed]
    kinds = (widgets.IntText, widgets.IntSlider) if whole else (widgets.FloatText, widgets.FloatSlider)
    typed = field(kinds[0], label, words, step=0.001 if told["log"] else step)
    _join(state, name, typed)
    if told["slider"] is None:
        return [typed]
    ends = {"min": low, "max": high}
    if told["log"]:
        kinds = (kinds[0], widgets.FloatLogSlider)
        ends = {"min": log10(low), "max": log10(high)}
    slider = kinds[1](
        **ends,
        step=step,
        value=min(max(told["default"], low), high),
        readout=False,
        description=label,
        layout=widgets.Layout(**FULL),
        **compat.tooltip(words),
    )
    slider.add_class("sw-slider")
    _join(state, name, slider, lambda value: min(max(value, low), high) if _is_number(value) else value)
    return [typed, slider]


def _join(state: Any, name: str, widget: Any, shown: Callable[[Any], Any] = lambda value: value) -> None:
    """Keep a setting and a widget equal; the widget may show a value beyond its ends as its end, and does not
    follow to a value that it cannot show.
    """

    def to_widget(_: Any = None) -> None:
        value = getattr(state, name)
        if (_is_number(value) or isinstance(value, str)) and widget.value != shown(value):
            with suppress(TraitError, OverflowError, ValueError):
                widget.value = shown(value)

    def to_state(change: Any) -> None:
        new = change["new"]
        new = float(f"{new:.12g}") if isinstance(new, float) else new  # a page counts in steps: 0.4709999...
        if not _same(new, shown(getattr(state, name))):
            setattr(state, name, new)

    state.observe(to_widget, name)
    to_widget()
    widget.observe(to_state, "value")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and value == value


def _same(one: Any, other: Any) -> bool:
    """Whether two values are the same; what is no number is the same as itself, unlike in arithmetic."""
    return bool(one == other or (one != one and other != other))


def _join_optional(state: Any, name: str, typed: Any, whole: bool) -> None:
    """A text field for a number that may be left out; what is no number is kept, and told as a problem."""

    def to_widget(_: Any = None) -> None:
        value = getattr(state, name)
        typed.value = "" if value is None else f"{value}"

    def to_state(change: Any) -> None:
        text = change["new"].strip()
        try:
            value: Any = None if not text else int(text) if whole else float(text)
        except ValueError:
            value = text
        if not _same(value, getattr(state, name)):
            setattr(state, name, value)

    state.observe(to_widget, name)
    to_widget()
    typed.observe(to_state, "value")


def more(children: Sequence[Any], words: str = "more") -> Any:
    """Children that are shown when asked for, by a button. An Accordion would break on Colab."""
    box = widgets.VBox(list(children), layout=widgets.Layout(display="none", **FULL))

    def toggle() -> None:
        hidden = box.layout.display == "none"
        box.layout.display = "" if hidden else "none"
        button.description = f"less of {words}" if hidden else f"{words} …"

    button = pressed(f"{words} …", f"Show or hide: {words}", toggle)
    return widgets.VBox([button, box], layout=widgets.Layout(**FULL))


def offer(chosen: Any, values: Sequence[Any]) -> Any:
    """Offer these in a list, which is not shown where there is but one. What was chosen stays if it is still
    there; what is chosen then is returned.
    """
    chosen.layout.display = "none" if len(values) == 1 else ""
    options = tuple((f"{value}", value) for value in values)
    if chosen.options != options:
        before = chosen.value
        chosen.options = options
        chosen.value = before if before in values else values[0]
    return chosen.value


def discard(*boxes: Any) -> None:
    """Forget widgets that are not shown any more, with all that is in them; closed by nobody, both kernel and
    page keep them.
    """
    for box in boxes:
        discard(*getattr(box, "children", ()))
        for part in (box, box.layout, getattr(box, "style", None)):
            if part is not None:
                part.close()


def grid(caption: str, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A table in HTML that can be scrolled where it is too wide; the first cell of a row names it."""
    head = "".join(f'<th scope="col">{escape(str(name))}</th>' for name in names)
    body = "".join(
        f'<tr><th scope="row">{escape(str(first))}</th>'
        f"{''.join(f'<td>{escape(str(cell))}</td>' for cell in cells)}</tr>"
        for first, *cells in rows
    )
    return (
        f'<div class="sw-scroll" tabindex="0" role="region" aria-label="{escape(caption, quote=True)}">'
        f'<table class="sw-grid"><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def decimal(value: float, digits: int = 3, sign: str = "") -> str:
    """A number with so many decimals and a true minus; `sign="+"` always shows one."""
    return f"{value:{sign}.{digits}f}".replace("-", "−") if isfinite(value) else "not told"


def refuse(button: Any, why: str, words: str) -> None:
    """Grey a button that cannot be pressed now, and say why where it stands; without a reason, let it be."""
    button.disabled, button.tooltip = bool(why), why or words


def pressed(words: str, tip: str, then: Callable[[], Any], **arguments: Any) -> Any:
    """A button as wide as its words, and what it does."""
    narrow = widgets.Layout(width="auto", align_self="flex-start")
    button = widgets.Button(description=words, tooltip=tip, layout=narrow, **arguments)
    button.on_click(lambda _: then())
    return button


def download_link(content: bytes, name: str, mime: str, words: str) -> str:
    """A link that saves the content as a file, with no server behind it (HTML for `widgets.HTML`)."""
    data = base64.b64encode(content).decode()
    return (
        '<a class="jupyter-button widget-button" style="width:auto;padding:0 8px"'
        f' download="{escape(name, quote=True)}" href="data:{mime};base64,{data}">{escape(words)}</a>'
    )


class Files(Panel):
    """A row of buttons; each makes its file, or its table, when it is asked for, and shows it below.

    Args:
        made: by the button's word: its tooltip, and what gives the file's name, content and type, or a text
            of HTML. A second press takes away what is shown.
    """

    def __init__(self, made: Mapping[str, tuple[str, Callable[[], tuple[str, bytes, str] | str]]]) -> None:
        self._made, self._shown = made, ""
        self.below = widgets.HTML()
        buttons = [pressed(word, tip, partial(self.ask, word)) for word, (tip, _) in made.items()]
        self.buttons = dict(zip(made, buttons, strict=True))
        super().__init__([widgets.HBox(buttons, layout=widgets.Layout(flex_flow="row wrap")), self.below])

    @guard
    def ask(self, word: str) -> None:
        """Show what the button with this word makes, or take it away."""
        if self._shown == word:
            self._shown, self.below.value = "", ""
            return
        made = self._made[word][1]()
        if not isinstance(made, str):
            name, content, mime = made
            made = download_link(content, name, mime, f"Save {name}")
        self._shown, self.below.value = word, made


class FigureBox(widgets.VBox):
    """A live figure with its table and files below it.

    Args:
        figure: a `LiveFigure`.
        more: further files, as in `Files`.
    """

    def __init__(self, figure: Any, more: Mapping[str, Any] | None = None) -> None:
        self.figure = figure
        made: dict[str, Any] = {"table": ("The numbers of the picture as a table", figure.table)}
        for kind in ("png", "svg", "pdf", "csv"):
            made[kind] = (f"Save the picture as {kind}", partial(self._file, kind))
        made["csv"] = ("Save the numbers of the picture as csv", partial(self._file, "csv"))
        self.files = Files(made | dict(more or {}))
        super().__init__([figure.widget, self.files], layout=widgets.Layout(**FULL))

    def _file(self, kind: str) -> tuple[str, bytes, str]:
        from ..plots.live import FORMATS

        return f"{self.figure.name}.{kind}", self.figure.download(kind), FORMATS[kind]
