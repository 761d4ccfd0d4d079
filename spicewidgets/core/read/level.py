"""The level of values: a number added to those of all arms, which makes no difference to the choices.

Two participants' equations, or a participant's and the discovered ones, can be compared where they are
written at one level. The derivation, and the convention by which discovery writes them, are in
`discover/canonical.py`; here equations of a state are moved from one level to another.
"""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import replace
from math import comb
from typing import Any

from ..equations import Equation, SpiceModel, Term

CHOSEN, OTHER = "_chosen", "_not_chosen"  # ends of the names of a state's two modules
FADES = 0.02  # least 1 - w of a value that has a level of its own


def reparameterise(equation: Equation, stretch: float = 1.0, shift: float = 0.0) -> Equation:
    """Return the same update for a value that is written as `stretch * x + shift`.

    >>> reparameterise(Equation("x", ((), ("x",), ("r",)), (-0.3, 0.7, 0.9)), shift=0.5).text()
    '(x)[k+1] = -0.150 1 + 0.700 x[k] + 0.900 r[k]'
    """
    coefficients = rewrite_terms(dict(equation.active), equation.module, stretch, shift)
    return replace(equation, terms=tuple(coefficients), values=tuple(coefficients.values()), dropped={})


def rewrite_terms(terms: Mapping[Term, Any], own: str, stretch: Any, shift: Any) -> dict[Term, Any]:
    """Return the coefficients of `reparameterise`, numbers or arrays of those of many participants.

    Args:
        terms: coefficients before.
        own: the factor that is the value itself.
        stretch: of the value.
        shift: of the value.
    """
    coefficients: dict[Term, Any] = {(): shift}
    for term, value in terms.items():
        others = tuple(factor for factor in term if factor != own)
        power = len(term) - len(others)
        for k in range(power + 1):  # ((x - shift) / stretch) ** power, multiplied out
            away = (-shift) ** (power - k) if k < power else 1.0
            part = comb(power, k) * away * (stretch ** (1 - power) if power != 1 else 1.0)
            product = (own,) * k + others
            coefficients[product] = coefficients.get(product, 0.0) + value * part
    return coefficients


def pairs(names: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the modules of the chosen and of the other arms, for each state that has both."""
    for other in names:
        chosen = other.removesuffix(OTHER) + CHOSEN
        if other.endswith(OTHER) and chosen in names:
            yield chosen, other


def level(equation: Equation, constant: float = 0.0) -> float | None:
    """Return the shift of all values that gives an equation this constant; None where nothing does, or where
    its own value has products or powers.
    """
    own = equation.module
    fades = 1 - equation.coefficient(own)
    plain = all(own not in term or term == (own,) for term, _ in equation.active)
    return (constant - equation.coefficient()) / fades if plain and fades > FADES else None


def at_level_of(truth: SpiceModel, found: SpiceModel, participant: Hashable = None) -> SpiceModel:
    """Return the truth at the level at which discovered equations are written: where one of a state's two
    constants was not discovered, it is 0 in the truth as well.

    Args:
        truth: of one participant, or of several with the labels that the discovered equations have.
        found: discovered equations.
        participant: whose; the first when None.

    Returns:
        The truth of this participant alone.
    """
    whose = participant if len(truth.participants) > 1 else None
    equations, discovered = truth.of_participant(whose), found.of_participant(participant)
    for chosen, other in pairs(truth.equations):
        if chosen not in discovered or other not in discovered:
            continue
        there = discovered[chosen].coefficient() != 0, discovered[other].coefficient() != 0
        if there == (True, True) or there == (False, False):
            continue
        shift = level(equations[other if there[0] else chosen])
        if shift is not None and shift != 0:
            for module in (chosen, other):
                equations[module] = _like(equations[module], reparameterise(equations[module], 1.0, shift))
    betas = {state: truth.beta(state, whose) for state in truth.betas}
    label = truth.participants[truth.index(whose)]
    return replace(SpiceModel.of(*equations.values(), betas=betas, participant=label), given=truth.given)


def _like(before: Equation, after: Equation) -> Equation:
    """With the terms of before in their order, and what is 0 but for rounding as 0."""
    terms = dict.fromkeys((*before.terms, *after.terms))
    values = (after.coefficient(*term) for term in terms)
    return replace(
        before, terms=tuple(terms), values=tuple(0.0 if abs(value) < 1e-12 else value for value in values)
    )
