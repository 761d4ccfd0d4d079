"""The true equation of a mechanism: its update run on polynomials instead of numbers.

A value and each signal is a letter; what an update does to them is worked out, so that the coefficients of
the result are those of the equation. Rewards are taken to be 0 or 1.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from math import prod
from typing import NamedTuple, Union

from .built import REWARD, REWARD_CHOSEN
from .equations import Term
from .mechanism import Array, Mechanism, StateSpec, Trial, Values, update
from .mechanisms import BEYOND, PARAMETERS, STATES

BINARY = {REWARD, REWARD_CHOSEN}
Number = Union["Polynomial", float]


class Polynomial:
    """A sum of products of values and signals, with `+`, `-`, `*` and `>`.

    Args:
        terms: the coefficient of each product; its factors in any order.

    >>> r, x = Polynomial({("c_reward",): 1.0}), Polynomial({("x",): 1.0})
    >>> (x + 0.25 * (r - x)).terms, ((r > 0.5) * r).terms
    ({('x',): 0.75, ('c_reward',): 0.25}, {('c_reward',): 1.0})
    """

    def __init__(self, terms: Mapping[Term, float]) -> None:
        self.terms = {term: float(value) for term, value in terms.items() if value != 0}

    def __add__(self, other: Number) -> "Polynomial":
        sums = dict(self.terms)
        for term, value in polynomial(other).terms.items():
            sums[term] = sums.get(term, 0.0) + value
        return Polynomial(sums)

    def __mul__(self, other: Number) -> "Polynomial":
        sums: dict[Term, float] = {}
        for left, a in self.terms.items():
            for right, b in polynomial(other).terms.items():
                term = _product(left, right)
                sums[term] = sums.get(term, 0.0) + a * b
        return Polynomial(sums)

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self) -> "Polynomial":
        return self * -1.0

    def __sub__(self, other: Number) -> "Polynomial":
        return self + -polynomial(other)

    def __rsub__(self, other: Number) -> "Polynomial":
        return polynomial(other) - self

    def __gt__(self, bound: float) -> "Polynomial":
        """Return 1 where a reward makes it larger, else 0."""
        signals = sorted(self.factors)
        if len(signals) > 1 or not BINARY.issuperset(signals):
            raise TypeError(f"only a reward can be compared in an equation; got {', '.join(signals)}")
        low, high = self.terms.get((), 0.0) > bound, sum(self.terms.values()) > bound
        return Polynomial({tuple(signals): high - low} | {(): low} if signals else {(): low})

    def collect(self, letters: Collection[str]) -> dict[Term, "Polynomial"]:
        """Return the coefficient of each product of other factors, as a polynomial in some letters."""
        parts: dict[Term, dict[Term, float]] = {}
        for term, value in self.terms.items():
            rest = tuple(factor for factor in term if factor not in letters)
            parts.setdefault(rest, {})[tuple(factor for factor in term if factor in letters)] = value
        return {rest: Polynomial(part) for rest, part in parts.items()}

    def evaluate(self, numbers: Mapping[str, Array]) -> Array:
        """Put numbers, or arrays, in place of letters; 0 for those that are lacking."""
        total: Array = 0.0
        for term, value in self.terms.items():
            if all(factor in numbers for factor in term):
                total = total + prod((numbers[factor] for factor in term), start=value)
        return total

    @property
    def factors(self) -> set[str]:
        """Its values and signals."""
        return {factor for term in self.terms for factor in term}


def polynomial(value: Number | str) -> Polynomial:
    """Return a number, or a value or signal by its name, as a polynomial."""
    if isinstance(value, str):
        return Polynomial({(value,): 1.0})
    return value if isinstance(value, Polynomial) else Polynomial({(): value})


def _product(left: Term, right: Term) -> Term:
    """Return a product, values before signals; a reward that is 0 or 1 is its own square."""
    factors = sorted((*left, *right), key=lambda name: (name.startswith("c_"), name))
    return tuple(name for i, name in enumerate(factors) if name not in BINARY or name not in factors[:i])


def trial_of(chosen: bool, seen: bool = True) -> Trial:
    """Return a trial from the side of an option, chosen or not; `seen` is whether all outcomes are shown."""
    own = REWARD if chosen else REWARD_CHOSEN
    return Trial(float(chosen), polynomial(own), polynomial(REWARD), float(chosen or seen))


def updated_value(
    mechanisms: Iterable[Mechanism], p: Values, state: StateSpec, name: str, trial: Trial
) -> Polynomial:
    """Return the value of a state after a trial.

    Args:
        mechanisms: that move it.
        p: numbers.
        state: which it is.
        name: by which the equation has its value before the trial.
        trial: of `trial_of`.

    Raises:
        TypeError: where the update cannot be an equation.
    """
    before = {one.name: polynomial(one.model) for one in STATES} | {state.name: polynomial(name)}
    return polynomial(update(mechanisms, p, before, trial)[state.name])


class Move(NamedTuple):
    """A part that a mechanism moves.

    Attributes:
        state: which it is.
        chosen: whether of the chosen option, or of the others.
        by_reward: whether a reward has a part in it.
    """

    state: StateSpec
    chosen: bool
    by_reward: bool

    @property
    def module(self) -> str:
        """The name of the module that learns it."""
        return f"{self.state.model}_{'chosen' if self.chosen else 'not_chosen'}"


@lru_cache
def moves_of(mechanism: Mechanism) -> tuple[Move, ...]:
    """List what a mechanism moves, read off its update; nothing where that cannot be an equation."""
    try:
        return tuple(_moves(mechanism.within or mechanism))
    except (TypeError, AttributeError):
        return ()


def _moves(mechanism: Mechanism) -> Iterator[Move]:
    own = (each.name for each in mechanism.all_parameters)
    p = Values(**{name: polynomial(name) for name in (*PARAMETERS, *own)})
    before = {state.name: polynomial(state.model) for state in STATES}
    for state in STATES:
        for chosen in (True, False):
            change = mechanism.change(p, before, trial_of(chosen, seen=False)).get(state.name, 0.0)
            if polynomial(change).terms:
                yield Move(state, chosen, bool(BINARY & polynomial(change).factors))


# Modules of options not chosen in which a value changes by itself, with the mechanism that it is.
FADING: Mapping[str, Mechanism] = {
    moves[0].module: one
    for one in BEYOND
    if len(moves := moves_of(one)) == 1 and not (moves[0].chosen or moves[0].by_reward)
}
