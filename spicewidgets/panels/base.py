"""What panels are made of: controls read off a state's traits, guarded callbacks, foldable parts, downloads.

A control never invents a bound, a default or a word of help: all stand on the trait. Knows nothing of what is
computed.
"""

import base64
import functools
import traceback
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import ipywidgets as widgets

from .. import compat

STYLE = """<style>
.sw-panel{--sw-gap:10px;color:var(--jp-ui-font-color1,#222);font-family:system-ui,sans-serif}
.sw-panel .widget-html-content,.sw-panel .jupyter-widgets-html-content{line-height:1.4}
.sw-label{font-weight:600;font-size:13px;line-height:1.25}
.sw-help{color:var(--jp-ui-font-color2,#555);font-size:12px;line-height:1.3}
.sw-alert{border-left:4px solid #c9483b;padding:6px 10px;background:var(--jp-layout-color2,#f3f3f3)}
.sw-note{border-left:4px solid #3b8fd9;padding:6px 10px;background:var(--jp-layout-color2,#f3f3f3)}
.sw-table{border-collapse:collapse;font-variant-numeric:tabular-nums}
.sw-table td,.sw-table th{padding:2px 10px;text-align:right}
.sw-table th:first-child,.sw-table td:first-child{text-align:left}
.sw-row{display:flex;flex-flow:row wrap;width:100%}
.sw-truth{color:#3b8fd9}.sw-spice{color:#c05fae}
.sw-equation{font-variant-numeric:tabular-nums;font-size:14px;line-height:1.5}
.sw-equation b{display:inline-block;min-width:4em}
.sw-stage{order:2}.sw-controls{order:1}
@media(max-width:700px){.sw-stage{order:1}.sw-controls{order:2;max-width:none!important}}
.sw-panel :is(button,input,select):focus-visible{outline:2px solid #3b8fd9}
</style>"""

FULL = {"width": "100%"}


class Panel(widgets.VBox):
    """A box with a place for errors: a callback that fails says so there, with the details folded away."""

    def __init__(self, children: Sequence[Any] = (), **arguments: Any) -> None:
        self.alert = widgets.HTML()
        super().__init__([self.alert, *children], layout=widgets.Layout(**FULL), **arguments)
        self.add_class("sw-panel")

    def say(self, message: str = "", details: str = "") -> None:
        """Show an error, or take it away."""
        folded = (
            f"<details><summary>details</summary><pre>{escape(details)}</pre></details>" if details else ""
        )
        self.alert.value = (
            f'<div class="sw-alert" role="alert">{escape(message)}{folded}</div>' if message else ""
        )


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


def control(state: Any, name: str) -> Any:
    """A labelled control for a setting: slider and typed field, list, check box or text, with its help below.

    A value that cannot be used is kept by the state and told as a sentence under the control.
    """
    told = state.tags(name)
    plain = told["unit"] and told["unit"] not in told["label"].lower()
    unit = f" ({told['unit']})" if plain else ""
    words = told["help"] + _bounds(told)
    if told["kind"] == "bool":
        shown: Any = widgets.Checkbox(description=told["label"], indent=False, **compat.tooltip(words))
        head = ""
    elif told["choices"]:
        options = list(told["choices"])
        shown = widgets.Dropdown(options=options, layout=widgets.Layout(**FULL), **compat.tooltip(words))
        head = told["label"]
    else:
        shown, head = _number(state, name, told, words), told["label"]
    if not isinstance(shown, widgets.HBox):
        _join(state, name, shown)
    label = widgets.HTML(f'<span class="sw-label">{escape(head)}{escape(unit)}</span>' if head else "")
    below = widgets.HTML()

    def tell(_: Any = None) -> None:
        wrong = state.problems_of(name)
        look, text = ("sw-alert", " ".join(wrong)) if wrong else ("sw-help", words)
        below.value = f'<div class="{look}">{escape(text)}</div>'

    state.observe(tell, "problems")
    tell()
    return widgets.VBox([label, shown, below], layout=widgets.Layout(margin="0 0 8px 0", **FULL))


def _bounds(told: dict[str, Any]) -> str:
    low, high = told["low"], told["high"]
    if low is None or high is None:
        return ""
    return f" ({low:,g} to {high:,.0f})" if high >= 1e4 else f" ({low:g} to {high:g})"


def _number(state: Any, name: str, told: dict[str, Any], words: str) -> Any:
    """A typed field, with a slider before it where the setting has one and is never empty."""
    whole = told["kind"] == "int"
    low, high, step = told["slider"] or (told["low"] or 0, told["high"] or 1e6, 1 if whole else 0.01)
    kinds = (widgets.IntText, widgets.IntSlider) if whole else (widgets.FloatText, widgets.FloatSlider)
    if told["optional"]:
        typed = widgets.Text(placeholder="not given", layout=widgets.Layout(**FULL), **compat.tooltip(words))
        _join_optional(state, name, typed, whole)
        return widgets.HBox([typed], layout=widgets.Layout(**FULL))
    typed = kinds[0](step=step, layout=widgets.Layout(width="84px", flex="0 0 auto"), **compat.tooltip(words))
    _join(state, name, typed)
    if told["slider"] is None:
        return widgets.HBox([typed], layout=widgets.Layout(**FULL))
    slider = kinds[1](
        min=low,
        max=high,
        step=step,
        readout=False,
        layout=widgets.Layout(flex="1 1 auto", min_width="80px"),
        **compat.tooltip(words),
    )
    _join(state, name, slider, lambda value: min(max(value, low), high))
    return widgets.HBox([slider, typed], layout=widgets.Layout(align_items="center", **FULL))


def _join(state: Any, name: str, widget: Any, shown: Callable[[Any], Any] = lambda value: value) -> None:
    """Keep a setting and a widget equal; the widget may show a value beyond its ends as its end."""

    def to_widget(_: Any = None) -> None:
        value = getattr(state, name)
        if isinstance(value, int | float | str) and widget.value != shown(value):
            widget.value = shown(value)

    def to_state(change: Any) -> None:
        if change["new"] != shown(getattr(state, name)):
            setattr(state, name, change["new"])

    state.observe(to_widget, name)
    to_widget()
    widget.observe(to_state, "value")


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
        if value != getattr(state, name):
            setattr(state, name, value)

    state.observe(to_widget, name)
    to_widget()
    typed.observe(to_state, "value")


def more(children: Sequence[Any], words: str = "more") -> Any:
    """Children that are shown when asked for, by a button. An Accordion would break on Colab."""
    box = widgets.VBox(list(children), layout=widgets.Layout(display="none", **FULL))
    button = widgets.Button(
        description=f"{words} …", tooltip=f"Show or hide: {words}", layout=widgets.Layout(width="auto")
    )

    def toggle(_: Any) -> None:
        hidden = box.layout.display == "none"
        box.layout.display = "" if hidden else "none"
        button.description = f"less of {words}" if hidden else f"{words} …"

    button.on_click(toggle)
    return widgets.VBox([button, box], layout=widgets.Layout(**FULL))


def download_link(content: bytes, name: str, mime: str, words: str) -> str:
    """A link that saves the content as a file, with no server behind it (HTML for `widgets.HTML`)."""
    data = base64.b64encode(content).decode()
    return (
        '<a class="jupyter-button widget-button" style="width:auto;padding:0 8px"'
        f' download="{escape(name, quote=True)}" href="data:{mime};base64,{data}">{escape(words)}</a>'
    )


class FigureBox(widgets.VBox):
    """A live figure with its table and files below it, made when they are asked for."""

    def __init__(self, figure: Any) -> None:
        self.figure = figure
        self._below = widgets.HTML()
        buttons = [
            widgets.Button(description=f, layout=widgets.Layout(width="auto"))
            for f in ("table", "png", "svg", "csv")
        ]
        for button in buttons:
            what = "Show the numbers as a" if button.description == "table" else "Make a link to save a"
            button.tooltip = f"{what} {button.description}"
            button.on_click(self._asked)
        super().__init__([figure.widget, widgets.HBox(buttons), self._below], layout=widgets.Layout(**FULL))

    def _asked(self, button: Any) -> None:
        from ..plots.live import FORMATS

        kind = button.description
        if kind == "table":
            self._below.value = "" if self._below.value.startswith("<div") else self.figure.table()
        else:
            name = f"{self.figure.name}.{kind}"
            self._below.value = download_link(self.figure.download(kind), name, FORMATS[kind], f"Save {name}")
