"""Mechanisms of choice, and which of them a model has no part for.

Importing this loads neither torch nor pysindy.
"""

from collections.abc import Collection, Mapping

from ..equations import SpiceModel
from ..mechanism import Mechanism
from ..mechanisms import BEYOND, MECHANISMS, VALUES
from ..models import RATE, READY, VALUE
from ..polynomial import BINARY, Move, moves_of
from ..rivals.ready import ALL, MechanismRival

Modules = Mapping[str, Collection[str]]  # the control signals that each module sees


def is_part_of(mechanism: Mechanism, modules: Modules) -> bool:
    """Tell whether a model with these modules has a part for all that a mechanism moves."""
    moves = moves_of(mechanism)
    return bool(moves) and all(any(_serves(move, *one) for one in modules.items()) for move in moves)


def _serves(move: Move, module: str, signals: Collection[str]) -> bool:
    if move.state is VALUES:
        fits = move.chosen != module.endswith("_not_chosen")
    else:
        fits = not module.startswith((VALUE, RATE))
    return fits and not (move.by_reward and BINARY.isdisjoint(signals))


def modules_of(spice: SpiceModel) -> Modules:
    """Give the control signals in the candidate terms of each module; an own value is none."""
    return {
        module: {factor for row in rows if row is not None for term in row.terms for factor in term}
        - {module}
        for module, rows in spice.equations.items()
    }


def lacking(parameters: Mapping[str, float | None], modules: Modules) -> tuple[Mechanism, ...]:
    """Find the mechanisms of a simulated participant that a model has no part for."""
    return tuple(
        one for one in BEYOND if not one.within and one.is_in_use(parameters) and not is_part_of(one, modules)
    )


def mechanism_of(rival: str) -> Mechanism | None:
    """Find what a ready rival has; None of one that is not ready, and of chance."""
    found = ALL.get(rival)
    if isinstance(found, MechanismRival):
        return found.mechanisms[-1]
    if found is None or not found.parameters:
        return None
    return Mechanism(found.name, found.words[0].lower() + found.words[1:].removesuffix("."))


def models_with(mechanisms: Collection[Mechanism], modules: Modules) -> list[str]:
    """Name the ready models that have these mechanisms and all that a model has already."""
    wanted = [*mechanisms, *(one for one in MECHANISMS if is_part_of(one, modules))]
    parts = {
        name: {module.name: module.inputs for module in ready.built.modules}
        for name, ready in READY.items()
        if ready.built is not None
    }
    return [name for name, own in parts.items() if all(is_part_of(one, own) for one in wanted)]
