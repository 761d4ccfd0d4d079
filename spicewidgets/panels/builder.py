"""The no-code builder: a row for each state and each module of a model of one's own.

Rows stay where they are while their values change, so that the keyboard's place stays too. What is wrong with
a row is said under it.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import ipywidgets as widgets

from ..markup import Html, alert, bullets, escape_text, fold
from ..state import builder
from ..state.builder import (
    SIGNALS,
    WORDS,
    BuiltModel,
    BuiltModule,
    BuiltState,
    declaration_of,
    visible_signals,
)
from ..state.model import ModelState
from .base import (
    Change,
    Panel,
    block,
    button,
    by_hand,
    column,
    discard,
    foldable,
    guard,
    row,
    tick_box,
    with_label,
)

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
Description = BuiltState | BuiltModule
Edit = Callable[[int, str, object], None]


def meaning(kind: type[Description]) -> Html:
    """Explain the fields of a row, folded away."""
    parts = {LABELS[name]: declaration_of(kind, name) for name in LABELS if name in kind.__dataclass_fields__}
    words = {label: part["help"] + _range(part) for label, part in parts.items()}
    if kind is BuiltModule:
        words |= {name: f"{text[0].upper()}{text[1:]}." for name, text in SIGNALS.items()}
    items = [Html(f"<b>{escape_text(label)}</b>: {escape_text(text)}") for label, text in words.items()]
    return fold("What the fields mean", bullets(items, "sw-help sw-made-of"))


def _range(part: dict[str, Any]) -> str:
    return "" if part["low"] is None else f" ({part['low']:g} to {part['high']:g})"


class BuilderRow(Panel):
    """One state or module.

    A subclass says what it describes (`kind`, `title`, `removes`) and has `fields`.

    Args:
        number: of the row, from 0.
        edit: called with the number, the name of a part and its new value.
        remove: called with the number.
    """

    kind: type[Description]
    title: str
    removes: str

    def __init__(self, number: int, edit: Edit, remove: Callable[[int], None]) -> None:
        super().__init__()
        self.number, self._edit = number, edit
        self.parts: dict[str, widgets.Widget] = {}
        head = widgets.HTML(f"<h4>{self.title} {number + 1}</h4>")
        self.problems = widgets.HTML()
        self.remove = button("Remove", f"Remove this {self.removes}", lambda: remove(self.number))
        self.children = [*self.children, head, *self.fields(), self.problems, self.remove]
        self.layout.border = "solid 1px var(--jp-border-color2, #ccc)"
        self.layout.padding, self.layout.margin = "4px 10px 8px", "0 0 8px 0"

    def fields(self) -> list[widgets.Widget]:
        """Return the fields of the row."""
        return []

    def part(self, name: str) -> widgets.Widget:
        """Return the field of one part, which tells of its changes."""
        declaration = declaration_of(self.kind, name)
        label, words = LABELS[name], declaration["help"]
        if declaration["choices"] or name == "state":
            options = [(WORDS.get(choice, choice), choice) for choice in declaration["choices"] or ()]
            field = with_label(widgets.Dropdown, label, words, options=options)
        elif name == "keeps":
            field = tick_box(label, words)
        elif name == "initial":
            field = with_label(widgets.FloatText, label, words, step=0.1)
        else:
            field = with_label(widgets.Text, label, words, continuous_update=False)
            field.add_class("sw-text")
        field.layout.margin = "2px 0"
        field.observe(partial(self._change, name), "value")
        self.parts[name] = field
        return field

    @by_hand
    def _change(self, name: str, change: Change) -> None:
        if change["new"] is not None:
            self._edit(self.number, name, change["new"])

    def show(self, built: BuiltModel, described: Description, problems: Sequence[str]) -> None:
        """Take over a description, and what is wrong with it."""
        with self.filling():
            self.offer(built, described)
            for name, field in self.parts.items():
                value = getattr(described, name)
                if hasattr(field, "options") and value not in [option for _, option in field.options]:
                    field.options = (*field.options, (f"{WORDS.get(value, value)}", value))
                if field.value != value:
                    field.value = value
        self.remove.description = f"Remove {described.name}"[:60]
        self.problems.value = alert(" ".join(problems))

    def offer(self, built: BuiltModel, described: Any) -> None:
        """Offer what can be chosen in the model as it stands."""


class StateRow(BuilderRow):
    """A memory state."""

    kind, title, removes = BuiltState, "State", "state and the modules that move it"

    def fields(self) -> list[widgets.Widget]:
        """Name, start, and how it acts on the choice."""
        return [self.part(name) for name in ("name", "initial", "choice", "keeps")]


class ModuleRow(BuilderRow):
    """A module."""

    kind, title, removes = BuiltModule, "Module", "module"

    def fields(self) -> list[widgets.Widget]:
        """Name, what it moves, what it sees; the rest folded."""
        self.inputs = row()
        rest = foldable([self.part("kind"), self.part("activation")], "kind and bounds")
        first = [self.part(name) for name in ("name", "state", "arms")]
        return [*first, widgets.HTML("Sees its own value, and"), self.inputs, rest]

    def offer(self, built: BuiltModel, described: BuiltModule) -> None:
        """Offer the states that there are, and a check box for each signal and each other state."""
        states = [(name, name) for name in dict.fromkeys(state.name for state in built.states)]
        if tuple(states) != tuple(self.parts["state"].options):
            self.parts["state"].options = states
        names = tuple(dict.fromkeys((*visible_signals(built, described), *described.inputs)))
        before = {box.description: box for box in self.inputs.children}
        if names != tuple(before):
            self.inputs.children = [before.pop(name, None) or self._input_box(name) for name in names]
            discard(*before.values())
        for box in self.inputs.children:
            box.value = box.description in described.inputs

    def _input_box(self, name: str) -> widgets.Checkbox:
        box = tick_box(name, SIGNALS.get(name, "the value of another state"))
        box.observe(self._change_inputs, "value")
        return box

    @by_hand
    def _change_inputs(self, _: Change) -> None:
        self._edit(self.number, "inputs", tuple(box.description for box in self.inputs.children if box.value))


LOOK = """<style>
.sw-panel h4{font-size:13px;font-weight:600;margin:2px 0;color:var(--jp-ui-font-color2,#555)}
</style>"""
UNDOS = 50
MORE = "One more mechanism, for arms that no module moves yet"
FULL_MODEL = "Each arm of each state has its module. Add a state, or remove a module."


class Builder(Panel):
    """All rows of the model that is built, and what adds to them."""

    def __init__(self, model: ModelState) -> None:
        self.model = model
        self._earlier: list[BuiltModel] = []
        self.states, self.modules = column(), column()
        self.problems = widgets.HTML()
        self.participants = tick_box(
            "Tell participants apart (an embedding of each tunes modules and β)",
            "For several participants with different parameters",
        )
        self.participants.observe(self._tell_apart, "value")
        add_state = partial(self._apply, builder.add_state)
        add_module = partial(self._apply, builder.add_module)
        self.add_state = button("Add a state", "One more memory, with a module that moves it", add_state)
        self.add_module = button("Add a module", MORE, add_module)
        self.undo = button("Undo", "Take back the last change to the states and modules", self._undo)
        super().__init__(
            [
                widgets.HTML(LOOK),
                self.undo,
                self.problems,
                self.participants,
                widgets.HTML(f"<h3>States: what is remembered of each arm</h3>{meaning(BuiltState)}"),
                self.states,
                self.add_state,
                widgets.HTML(f"<h3>Modules: what moves the states</h3>{meaning(BuiltModule)}"),
                self.modules,
                self.add_module,
            ]
        )
        model.observe(self._remember, "built")

    def draw(self) -> None:
        """Show the rows of the model as it stands."""
        built = self.model.built
        self.undo.disabled = not self._earlier
        full = isinstance(built, BuiltModel) and builder.is_full(built)
        block(self.add_module, FULL_MODEL if full else "", MORE)
        if not isinstance(built, BuiltModel):
            for box in (self.states, self.modules):
                old, box.children = box.children, ()
                discard(*old)
            return
        self.problems.value = alert(" ".join(builder.problems_at(built, "model")))
        if self.participants.value != built.participants:
            self.participants.value = built.participants
        self._fill(self.states, StateRow, "state", built.states)
        self._fill(self.modules, ModuleRow, "module", built.modules)

    def _fill(
        self, box: widgets.VBox, kind: type[BuilderRow], where: str, described: Sequence[Description]
    ) -> None:
        """As many rows as there are; those that stay are the same widgets as before."""
        edit, remove = partial(self._edit, where), partial(self._remove, where)
        before = box.children
        added = [kind(number, edit, remove) for number in range(len(before), len(described))]
        rows = (*before[: len(described)], *added)
        for number, (widget, description) in enumerate(zip(rows, described, strict=True)):
            problems = builder.problems_at(self.model.built, where, number)
            widget.show(self.model.built, description, problems)
        if rows != before:
            box.children = rows
            discard(*before[len(described) :])

    @guard
    def _apply(self, change: Callable[[BuiltModel], BuiltModel]) -> None:
        self.model.built = change(self.model.built)

    def _edit(self, where: str, number: int, name: str, value: object) -> None:
        change = builder.change_state if where == "state" else builder.change_module
        self._apply(lambda built: change(built, number, **{name: value}))

    def _remove(self, where: str, number: int) -> None:
        remove = builder.remove_state if where == "state" else builder.remove_module
        self._apply(lambda built: remove(built, number))

    def _tell_apart(self, change: Change) -> None:
        self._apply(lambda built: builder.told_apart(built, change["new"]))

    def _remember(self, change: Change) -> None:
        if change["old"] != change["new"]:
            self._earlier = [*self._earlier, change["old"]][-UNDOS:]

    @guard
    def _undo(self) -> None:
        if self._earlier:
            *earlier, before = self._earlier
            self.model.built = before
            self._earlier = earlier  # without what the line above has remembered
            self.draw()
