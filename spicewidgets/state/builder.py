"""Changes to a built model, row by row, such as a panel makes them: each takes a model and gives another.

None of them raises for a row that is gone, or leaves names behind that stand for nothing. Whether the model
can be used is told by its `problems`.
"""

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from typing import Any

from ..core.built import (
    CHOSEN,
    COVERS,
    NAME,
    NOT_CHOSEN,
    SIGNALS,
    BuiltModel,
    BuiltModule,
    BuiltState,
    visible_signals,
)
from ..core.models import TEMPLATES

__all__ = [
    "SIGNALS",
    "TEMPLATES",
    "WORDS",
    "BuiltModel",
    "BuiltModule",
    "BuiltState",
    "add_module",
    "add_state",
    "change_module",
    "change_state",
    "declaration_of",
    "is_full",
    "problems_at",
    "remove_module",
    "remove_state",
    "told_apart",
    "visible_signals",
]

# How a choice is read.
WORDS = {
    "added": "as it is",
    "scaled": "times a learned β",
    "unused": "not at all",
    "chosen": "the chosen arm",
    "not chosen": "the arms not chosen",
    "all": "all arms",
    "some": "some arms",
    "learned": "learned",
    "prediction error": "given: prediction error",
    "given": "given as an equation",
    "none": "none",
    "sigmoid": "sigmoid (0 to 1)",
    "tanh": "tanh (−1 to 1)",
}


def declaration_of(kind: type[BuiltState] | type[BuiltModule], name: str) -> dict[str, Any]:
    """Help, bounds and choices of a part of a row."""
    return dict(next(item.metadata for item in fields(kind) if item.name == name))


def problems_at(built: BuiltModel, where: str, row: int = 0) -> list[str]:
    """Return the sentences that belong to one row of the "state"s or "module"s, or to the "model" as a
    whole.
    """
    return [found.sentence for found in built.list_problems() if (found.where, found.row) == (where, row)]


def change_state(built: BuiltModel, row: int, **parts: Any) -> BuiltModel:
    """Return the model with another value in a row of its states. A new name is taken over wherever it is
    used, and by the modules that were named after the state.
    """
    if not 0 <= row < len(built.states):
        return built
    old = built.states[row]
    states = _with(built.states, row, replace(old, **parts))
    new, names = states[row].name, [state.name for state in built.states]
    if new == old.name or new in names or names.count(old.name) > 1:
        return replace(built, states=states)
    modules = _each(built, lambda name: new if name == old.name else name)
    return replace(built, states=states, modules=_named_after(old.name, new, modules))


def change_module(built: BuiltModel, row: int, **parts: Any) -> BuiltModel:
    """Return the model with another value in a row of its modules."""
    if not 0 <= row < len(built.modules):
        return built
    return replace(built, modules=_with(built.modules, row, replace(built.modules[row], **parts)))


def add_state(built: BuiltModel) -> BuiltModel:
    """Return the model with one more state, and a module that moves it."""
    name = _fresh("x_state", [*(s.name for s in built.states), *(m.name for m in built.modules)])
    return add_module(replace(built, states=(*built.states, BuiltState(name, 0.0))))


def add_module(built: BuiltModel) -> BuiltModel:
    """Return the model with one more module: for the last state with arms that no module moves, else the
    last.
    """
    state, arms = next(_free(built), (built.states[-1].name if built.states else "", CHOSEN))
    name = _fresh(f"{state or 'x_module'}_{arms.replace(' ', '_')}", [row.name for row in built.modules])
    return replace(built, modules=(*built.modules, BuiltModule(name, state, arms)))


def is_full(built: BuiltModel) -> bool:
    """Tell whether each arm of each state has its module, so that one more would be one too many."""
    return next(_free(built), None) is None


def remove_state(built: BuiltModel, row: int) -> BuiltModel:
    """Return the model without a state, the modules that move it, and the inputs that are its value."""
    if not 0 <= row < len(built.states):
        return built
    gone, left = built.states[row].name, _without(built.states, row)
    if gone in [state.name for state in left]:
        return replace(built, states=left)
    modules = tuple(
        replace(module, inputs=tuple(name for name in module.inputs if name != gone))
        for module in built.modules
        if module.state != gone
    )
    return replace(built, states=left, modules=modules)


def remove_module(built: BuiltModel, row: int) -> BuiltModel:
    """Return the model without a module."""
    if not 0 <= row < len(built.modules):
        return built
    return replace(built, modules=_without(built.modules, row))


def told_apart(built: BuiltModel, participants: bool) -> BuiltModel:
    """Return the model with or without an embedding of each participant."""
    return replace(built, participants=participants)


def _free(built: BuiltModel) -> Iterator[tuple[str, str]]:
    """States and arms that no module moves, the last state first."""
    for state in reversed(built.states):
        moved = {part for module in built.modules_of(state.name) for part in COVERS.get(module.arms, ())}
        yield from ((state.name, arms) for arms in (CHOSEN, NOT_CHOSEN) if arms not in moved)


def _each(built: BuiltModel, named: Callable[[str], str]) -> tuple[BuiltModule, ...]:
    return tuple(
        replace(module, state=named(module.state), inputs=tuple(map(named, module.inputs)))
        for module in built.modules
    )


def _named_after(old: str, new: str, modules: tuple[BuiltModule, ...]) -> tuple[BuiltModule, ...]:
    """Modules of a state that was renamed; those named after it are renamed too, unless that is no name."""
    names = [
        f"{new}{module.name.removeprefix(old)}"
        if module.state == new and module.name.startswith(old)
        else module.name
        for module in modules
    ]
    if len(set(names)) < len(names) or not all(map(NAME.fullmatch, names)):
        return modules
    return tuple(replace(module, name=name) for module, name in zip(modules, names, strict=True))


def _fresh(name: str, taken: list[str]) -> str:
    numbered = (f"{name}_{number}" for number in range(2, len(taken) + 3))
    return name if name not in taken else next(one for one in numbered if one not in taken)


def _with(rows: tuple[Any, ...], row: int, value: Any) -> tuple[Any, ...]:
    return (*rows[:row], value, *rows[row + 1 :])


def _without(rows: tuple[Any, ...], row: int) -> tuple[Any, ...]:
    return (*rows[:row], *rows[row + 1 :])
