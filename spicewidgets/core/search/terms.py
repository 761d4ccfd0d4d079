"""Terms of an equation: a signal of options, times up to two signals of the session, with names in words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from ..mechanism import Array
from .signals import SIGNALS, Rates, Signal

THRESHOLDS = (1, 2, 3, 4, 6)
PLAIN, LN, LN1, RECIPROCAL, RECIPROCAL1 = "", "ln", "ln1", "1/", "1/1+"
FROM_ONE = ("run", "earlier_run")  # counts that are 1 at least, once there is one
SIDE = "side"  # what a person prefers whatever happened; one for each option but the first
STAY = "last"
GIVEN = "given"  # the logits of an equation that is there already


@dataclass(frozen=True, order=True)
class Reading:
    """A signal, at some rates, as a term has it.

    Attributes:
        signal: its name; `SIDE` and the number of an option for what a person prefers.
        rates: of the signal.
        form: how it is read: as it is, or, of a count, its logarithm, its reciprocal, or `>3`, 1 beyond a
            threshold.
    """

    signal: str
    rates: Rates = ()
    form: str = PLAIN

    @property
    def declaration(self) -> Signal:
        """The declaration of its signal."""
        return SIGNALS[self.signal]

    @property
    def words(self) -> str:
        """What it is.

        >>> Reading("since_loss", (), "1/1+").words
        '1/(1 + trials since a loss)'
        """
        if self.signal == GIVEN:
            return "the equation as it is"
        if self.signal.startswith(SIDE):
            return f"option {int(self.signal.removeprefix(SIDE)) + 1}"
        words = self.declaration.describe(self.rates)
        forms = {PLAIN: words, LN: f"ln({words})", LN1: f"ln(1 + {words})"}
        forms |= {RECIPROCAL: f"1/({words})", RECIPROCAL1: f"1/(1 + {words})"}
        return forms.get(self.form) or f"[{words} > {self.form[1:]}]"

    def of(self, values: Array) -> Array:
        """Compute the reading, from the values of the signal."""
        if self.form == PLAIN:
            return values
        if self.form.startswith(">"):
            return (values - float(self.form[1:])).clip(0, 1)
        above = values.clip(1, None) if self.form in (LN, RECIPROCAL) else 1 + values
        if self.form in (RECIPROCAL, RECIPROCAL1):
            return 1 / above
        return np.log(above) if isinstance(above, np.ndarray) else above.log()


@dataclass(frozen=True, order=True)
class Term:
    """A summand of the logit of an option, but for its weight.

    Attributes:
        carrier: a signal of options.
        factors: signals of the session that it is multiplied by, two at most.
        free: whether each person has rates of the carrier of their own; else they are those of the grid.
    """

    carrier: Reading
    factors: tuple[Reading, ...] = ()
    free: bool = False

    @property
    def words(self) -> str:
        """What it is.

        >>> Term(Reading("last"), (Reading("run", (), ">1"),)).words
        'last choice x [length of the run > 1]'
        """
        carrier = self.carrier
        if self.free:
            rates = tuple("own" for _ in carrier.rates)
            first = carrier.declaration.words.format(*rates)
        else:
            first = carrier.words
        return " x ".join([first, *(factor.words for factor in self.factors)])

    @property
    def n_forms(self) -> int:
        """Number of signals in it that are not read as they are."""
        return sum(one.form != PLAIN for one in (self.carrier, *self.factors))

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        readings = [[one.signal, list(one.rates), one.form] for one in (self.carrier, *self.factors)]
        return {"readings": readings, "free": self.free}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Self:
        """Return the term that `to_dict` gave."""
        carrier, *factors = (
            Reading(str(name), tuple(map(float, rates)), str(form)) for name, rates, form in state["readings"]
        )
        return cls(carrier, tuple(factors), bool(state["free"]))

    @property
    def signals(self) -> frozenset[str]:
        """Names of all signals in it."""
        return frozenset(reading.signal for reading in (self.carrier, *self.factors))


def readings(signal: Signal) -> Iterator[Reading]:
    """Yield all readings of a signal."""
    forms = [PLAIN]
    if signal.is_count:
        from_one = signal.name in FROM_ONE
        forms += [LN, RECIPROCAL] if from_one else [LN1, RECIPROCAL1]
        if not signal.of_options:
            forms += [f">{n}" for n in (THRESHOLDS if from_one else (0, *THRESHOLDS))]
    for rates in signal.grid:
        yield from (Reading(signal.name, rates, form) for form in forms)


CARRIERS = tuple(one for signal in SIGNALS.values() if signal.of_options for one in readings(signal))
FACTORS = tuple(one for signal in SIGNALS.values() if not signal.of_options for one in readings(signal))
ALWAYS = (Reading(STAY), Reading("two_back"), Reading("kernel", (0.2,)))  # carriers that factors multiply


def sides(n_actions: int) -> tuple[Reading, ...]:
    """Return what a person may prefer: each option but the first, or the first of two."""
    return tuple(Reading(f"{SIDE}{arm}") for arm in range(1, n_actions))
