"""Mechanisms of choice, and which of them a model has no part for.

Importing this loads neither torch nor pysindy.
"""

from collections.abc import Collection, Mapping
from functools import lru_cache

from ..built import REWARD, REWARD_CHOSEN
from ..equations import SpiceModel
from ..mechanism import Mechanism, StateSpec, Values
from ..mechanisms import BEYOND, MECHANISMS, PARAMETERS, STATES, VALUES
from ..models import RATE, READY, VALUE
from ..read.polynomial import polynomial, trial_of
from ..rivals.ready import RIVALS, Learner

Modules = Mapping[str, Collection[str]]  # the control signals that each module sees
REWARDS = {REWARD, REWARD_CHOSEN}


@lru_cache
def _needs(mechanism: Mechanism) -> tuple[tuple[StateSpec, bool, bool], ...]:
    """List what a mechanism moves: each state, whether of the chosen option, and whether by a reward. Nothing
    of one whose update cannot be an equation.
    """
    p = Values(**dict.fromkeys(PARAMETERS, 0.25))
    before = {state.name: polynomial(state.model) for state in STATES}
    needs = []
    for chosen in (True, False):
        try:
            changes = (mechanism.within or mechanism).change(p, before, trial_of(chosen, seen=False))
        except (TypeError, AttributeError):
            return ()
        moved = {name: polynomial(change) for name, change in changes.items()}
        needs += [
            (state, chosen, bool(REWARDS & moved[state.name].factors))
            for state in STATES
            if state.name in moved and moved[state.name].terms
        ]
    return tuple(needs)


def is_part_of(mechanism: Mechanism, modules: Modules) -> bool:
    """Tell whether a model with these modules has a part for all that a mechanism moves."""
    needs = _needs(mechanism)
    return bool(needs) and all(any(_serves(need, *one) for one in modules.items()) for need in needs)


def _serves(need: tuple[StateSpec, bool, bool], module: str, signals: Collection[str]) -> bool:
    state, chosen, by_reward = need
    if state is VALUES:
        fits = chosen != module.endswith("_not_chosen")
    else:
        fits = not module.startswith((VALUE, RATE))
    return fits and (not by_reward or bool(REWARDS & set(signals)))


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
    found = RIVALS.get(rival)
    if isinstance(found, Learner):
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
