"""The no-code builder: a row for each state and each module of a model of one's own.

Rows stay where they are while their values change, so that the keyboard's place stays too. What is wrong with
a row is said under it.
"""

from collections.abc import Callable, Sequence
from functools import partial

import ipywidgets as widgets

from ..markup import alert
from ..state import builder
from ..state.builder import BuiltModel, BuiltModule, BuiltState
from ..state.model import ModelState
from .base import Change, Panel, block, button, column, discard, guard, tick_box
from .builder_rows import BuilderRow, Description, ModuleRow, StateRow, meaning

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
