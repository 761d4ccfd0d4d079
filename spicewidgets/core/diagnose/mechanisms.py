"""Mechanisms of choice, and which of them a model has no part for.

Importing this loads neither torch nor pysindy.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ..built import REWARD, REWARD_CHOSEN
from ..equations import SpiceModel
from ..models import RATE, READY, VALUE

Modules = Mapping[str, Collection[str]]  # the control signals that each module sees


@dataclass(frozen=True)
class Mechanism:
    """Something that moves choices.

    Attributes:
        name: what it is called.
        words: what it does.
        parameters: of a simulated participant who has it, where one of them is not 0.
        rivals: names of the rivals that have it.
    """

    name: str
    words: str
    parameters: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()

    def is_part_of(self, modules: Modules) -> bool:
        """Tell whether a model with these modules has a part for it."""
        return _PARTS[self.name](modules) if self.name in _PARTS else False


def _others(modules: Modules) -> list[Collection[str]]:
    """Give the signals of the modules that move options which were not chosen."""
    return [signals for name, signals in modules.items() if name.endswith("_not_chosen")]


_PARTS = {
    "forgetting": lambda modules: bool(_others(modules)),
    "choice kernel": lambda modules: any(not name.startswith((VALUE, RATE)) for name in modules),
    "learning from options not chosen": lambda modules: any(
        {REWARD, REWARD_CHOSEN} & set(signals) for signals in _others(modules)
    ),
    "learning": lambda modules: any(REWARD in signals for signals in modules.values()),
}
MECHANISMS = (
    Mechanism(
        "forgetting",
        "the value of an option fades while it is not chosen",
        ("forget_rate",),
        ("forgetting",),
    ),
    Mechanism(
        "choice kernel",
        "what was chosen lately is chosen again or avoided, whatever it paid",
        ("beta_choice",),
        ("choice-kernel", "with-kernel"),
    ),
    Mechanism(
        "learning from options not chosen",
        "options that were not chosen learn as well",
        ("alpha_counterfactual_reward", "alpha_counterfactual_penalty"),
        ("counterfactual",),
    ),
    Mechanism("learning", "the chosen option learns from its reward", (), ("rescorla-wagner", "two-rates")),
    Mechanism("associability", "the learning rate follows the size of surprises", (), ("pearce-hall",)),
    Mechanism("preference", "some options are preferred, whatever happens", (), ("biased",)),
    Mechanism("win-stay, lose-shift", "only the last trial counts", (), ("win-stay-lose-shift",)),
    Mechanism(
        "long memory", "each of the last trials counts with a weight of its own", (), ("lagged-regression",)
    ),
)


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
        one
        for one in MECHANISMS
        if any(parameters.get(name) for name in one.parameters) and not one.is_part_of(modules)
    )


def mechanism_of(rival: str) -> Mechanism | None:
    """Find what a rival has; None where that is not listed."""
    return next((one for one in MECHANISMS if rival in one.rivals), None)


def models_with(mechanisms: Collection[Mechanism], modules: Modules) -> list[str]:
    """Name the ready models that have these mechanisms and all that a model has already."""
    wanted = [*mechanisms, *(one for one in MECHANISMS if one.is_part_of(modules))]
    parts = {
        name: {module.name: module.inputs for module in ready.built.modules}
        for name, ready in READY.items()
        if ready.built is not None
    }
    return [name for name, own in parts.items() if all(one.is_part_of(own) for one in wanted)]
