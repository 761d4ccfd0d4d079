"""The no-code builder: a row for each state and each module of a model of one's own.

Rows stay where they are while their values change, so that the keyboard's place is kept. What is wrong with a
row is said under it.
"""

from collections.abc import Callable, Sequence
from functools import partial
from html import escape
from typing import Any

import ipywidgets as widgets

from ..compat import tooltip
from ..state import builder
from ..state.builder import SIGNALS, WORDS, BuiltModule, BuiltState, declared
from .base import FULL, Panel, discard, field, guard, more, pressed

LABELS = {
    "name": "Name",
    "initial": "Value before the first trial",
    "choice": "Acts on the choice",
    "keeps": "Arms that no module moves keep their value (else they go to 0)",
    "state": "Moves the state",
    "arms": "On",
    "kind": "Is",
    "activation": "Bounds (activation)",
}


LOOK = """<style>
.sw-panel h4{font-size:13px;font-weight:600;margin:2px 0;color:var(--jp-ui-font-color2,#555)}
</style>"""


def _meaning(kind: Any) -> str:
    """What the fields of a row mean, folded away."""
    told = {LABELS[name]: declared(kind, name) for name in LABELS if name in kind.__dataclass_fields__}
    words = {label: one["help"] + _range(one) for label, one in told.items()}
    if kind is BuiltModule:
        words |= {name: f"{meaning[0].upper()}{meaning[1:]}." for name, meaning in SIGNALS.items()}
    items = "".join(f"<li><b>{escape(label)}</b>: {escape(text)}</li>" for label, text in words.items())
    return (
        "<details><summary>What the fields mean</summary>"
        f'<ul class="sw-help sw-made-of">{items}</ul></details>'
    )


def _range(told: dict[str, Any]) -> str:
    return "" if told["low"] is None else f" ({told['low']:g} to {told['high']:g})"


class Row(Panel):
    """One state or module. A change is handed on as row, name and value; `show` takes over a description."""

    def __init__(
        self, kind: Any, row: int, change: Callable[..., None], remove: Callable[[int], None]
    ) -> None:
        self.kind, self.row, self._change = kind, row, change
        self._showing = False
        self.parts: dict[str, Any] = {}
        what, also = ("State", " and the modules that move it") if kind is BuiltState else ("Module", "")
        head = widgets.HTML(f"<h4>{what} {row + 1}</h4>")
        self.wrong = widgets.HTML()
        self.remove = pressed("Remove", f"Remove this {what.lower()}{also}", lambda: remove(self.row))
        super().__init__([head, *self.made(), self.wrong, self.remove])
        self.layout.border = "solid 1px var(--jp-border-color2, #ccc)"
        self.layout.padding, self.layout.margin = "4px 10px 8px", "0 0 8px 0"

    def made(self) -> list[Any]:
        """The fields of the row."""
        return []

    def part(self, name: str) -> Any:
        """The field of one part, which tells of its changes."""
        told = declared(self.kind, name)
        label, words = LABELS[name], told["help"]
        if told["choices"]:
            made = field(widgets.Dropdown, label, words, options=[(WORDS[c], c) for c in told["choices"]])
        elif name == "state":
            made = field(widgets.Dropdown, label, words, options=[])
        elif name == "keeps":
            made = widgets.Checkbox(description=label, indent=False, **tooltip(words))
        elif name == "initial":
            made = field(widgets.FloatText, label, words, step=0.1)
        else:
            made = field(widgets.Text, label, words, continuous_update=False)
            made.add_class("sw-text")
        made.layout.margin = "2px 0"
        made.observe(partial(self._moved, name), "value")
        self.parts[name] = made
        return made

    @guard
    def _moved(self, name: str, change: Any) -> None:
        if not self._showing and change["new"] is not None:
            self._change(self.row, name, change["new"])

    def show(self, built: Any, described: Any, problems: Sequence[str]) -> None:
        """Take over a description, and what is wrong with it."""
        self._showing = True
        try:
            self.fit(built, described)
            for name, made in self.parts.items():
                value = getattr(described, name)
                if hasattr(made, "options") and value not in [option for _, option in made.options]:
                    made.options = (*made.options, (f"{WORDS.get(value, value)}", value))
                if made.value != value:
                    made.value = value
        finally:
            self._showing = False
        self.remove.description = f"Remove {described.name}"[:60]
        told = escape(" ".join(problems))
        self.wrong.value = f'<div class="sw-alert" role="alert">{told}</div>' if told else ""

    def fit(self, built: Any, described: Any) -> None:
        """Offer what can be chosen now."""


class StateRow(Row):
    """A memory state."""

    def made(self) -> list[Any]:
        """Name, start, and how it acts on the choice."""
        return [*(self.part(name) for name in ("name", "initial", "choice", "keeps"))]


class ModuleRow(Row):
    """A module."""

    def made(self) -> list[Any]:
        """Name, what it moves, what it sees; the rest folded."""
        self.inputs = widgets.HBox(layout=widgets.Layout(flex_flow="row wrap"))
        rest = more([self.part("kind"), self.part("activation")], "kind and bounds")
        first = [self.part(name) for name in ("name", "state", "arms")]
        return [*first, widgets.HTML("Sees its own value, and"), self.inputs, rest]

    def fit(self, built: Any, described: Any) -> None:
        """The states that there are, and a check box for each signal and each other state."""
        states = [(name, name) for name in dict.fromkeys(state.name for state in built.states)]
        if tuple(states) != tuple(self.parts["state"].options):
            self.parts["state"].options = states
        names = tuple(dict.fromkeys((*builder.offered(built, described), *described.inputs)))
        kept = {box.description: box for box in self.inputs.children}
        if names != tuple(kept):
            self.inputs.children = [kept.pop(name, None) or self._tick(name) for name in names]
            discard(*kept.values())
        for box in self.inputs.children:
            box.value = box.description in described.inputs

    def _tick(self, name: str) -> Any:
        words = SIGNALS.get(name, "the value of another state")
        box = widgets.Checkbox(description=name, indent=False, **tooltip(words))
        box.observe(self._ticked, "value")
        return box

    @guard
    def _ticked(self, _: Any) -> None:
        if not self._showing:
            seen = tuple(box.description for box in self.inputs.children if box.value)
            self._change(self.row, "inputs", seen)


class Builder(Panel):
    """All rows of the model that is built, and what adds to them."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self._earlier: list[Any] = []
        self.states, self.modules = (widgets.VBox(layout=widgets.Layout(**FULL)) for _ in range(2))
        self.wrong = widgets.HTML()
        self.participants = widgets.Checkbox(
            description="Tell participants apart (an embedding of each tunes modules and β)",
            indent=False,
            **tooltip("For several participants with different parameters"),
        )
        self.participants.observe(self._told_apart, "value")
        self.add_state = pressed(
            "Add a state", "One more memory, with a module that moves it", self._add_state
        )
        self.add_module = pressed("Add a module", "One more mechanism", self._add_module)
        self.undo = pressed("Undo", "Take back the last change to the states and modules", self._undo)
        super().__init__(
            [
                widgets.HTML(LOOK),
                self.undo,
                self.wrong,
                self.participants,
                widgets.HTML(f"<h3>States: what is remembered of each arm</h3>{_meaning(BuiltState)}"),
                self.states,
                self.add_state,
                widgets.HTML(f"<h3>Modules: what moves the states</h3>{_meaning(BuiltModule)}"),
                self.modules,
                self.add_module,
            ]
        )
        model.observe(self._remember, "built")

    def draw(self) -> None:
        """The rows of the model as it stands."""
        built = self.model.built
        self.undo.disabled = not self._earlier
        if not isinstance(built, builder.BuiltModel):
            for box in (self.states, self.modules):
                gone, box.children = box.children, ()
                discard(*gone)
            return
        told = escape(" ".join(builder.problems_at(built, "model")))
        self.wrong.value = f'<div class="sw-alert" role="alert">{told}</div>' if told else ""
        if self.participants.value != built.participants:
            self.participants.value = built.participants
        self._fill(self.states, StateRow, BuiltState, "state", built.states)
        self._fill(self.modules, ModuleRow, BuiltModule, "module", built.modules)

    def _fill(self, box: Any, make: Any, kind: Any, what: str, described: Any) -> None:
        """As many rows as there are, the old ones kept."""
        change, remove = partial(self._change, what), partial(self._remove, what)
        rows = list(box.children[: len(described)])
        rows += [make(kind, row, change, remove) for row in range(len(rows), len(described))]
        for row, (widget, one) in enumerate(zip(rows, described, strict=True)):
            widget.show(self.model.built, one, builder.problems_at(self.model.built, what, row))
        gone = box.children[len(described) :]
        if tuple(rows) != tuple(box.children):
            box.children = rows
            discard(*gone)

    @guard
    def _change(self, what: str, row: int, name: str, value: Any) -> None:
        change = builder.change_state if what == "state" else builder.change_module
        self.model.built = change(self.model.built, row, **{name: value})

    @guard
    def _remove(self, what: str, row: int) -> None:
        remove = builder.remove_state if what == "state" else builder.remove_module
        self.model.built = remove(self.model.built, row)

    @guard
    def _add_state(self) -> None:
        self.model.built = builder.add_state(self.model.built)

    @guard
    def _add_module(self) -> None:
        self.model.built = builder.add_module(self.model.built)

    @guard
    def _told_apart(self, change: Any) -> None:
        self.model.built = builder.told_apart(self.model.built, change["new"])

    def _remember(self, change: Any) -> None:
        if change["old"] != change["new"]:
            self._earlier = [*self._earlier[-49:], change["old"]]

    @guard
    def _undo(self) -> None:
        if self._earlier:
            before, self._earlier = self._earlier[-1], self._earlier[:-1]
            kept = self._earlier
            self.model.built = before
            self._earlier = kept
            self.draw()
