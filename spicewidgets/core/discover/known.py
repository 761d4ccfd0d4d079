"""The coefficients of each person's equations, and what choices, or choices and a group, tell of them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from math import nan
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..data.dataset import DatasetRNN
from ..equations import SpiceModel, Term, term_in_words
from ..read.translation import HasInitValues, read_parameters
from ..train.objective import Sessions
from ..train.rnn import BaseRNN
from ..wording import join_words
from .group import Group
from .identified import AT_BOUND
from .information import InformationMatrix, slopes
from .likelihood import Likelihood, ParameterId, likelihood_of, spice_of
from .uncertainty import Uncertainty

Floats = NDArray[np.float64]


class Known(NamedTuple):
    """A person's coefficients and the information about them.

    Attributes:
        numbers: those that are free, terms that the equations lack left out.
        values: of them, `(n_numbers,)`.
        information: about them, `(n_numbers, n_numbers)`.
        nll: -ln L of the choices, in nats; NaN where a group says something, too.
    """

    numbers: tuple[ParameterId, ...]
    values: Floats
    information: Floats
    nll: float = nan

    def without(self, held: Collection[ParameterId] = ()) -> "Known":
        """Return the coefficients of terms that are there and are not held by convention, given those that
        are.
        """
        at = [
            place
            for place, number in enumerate(self.numbers)
            if number not in held and (number.term is None or self.values[place])
        ]
        numbers = tuple(self.numbers[place] for place in at)
        return self._replace(
            numbers=numbers, values=self.values[at], information=self.information[np.ix_(at, at)]
        )

    def slopes(self, spice: SpiceModel, model: HasInitValues) -> dict[str, Floats]:
        """Compute the slope of each parameter that rests on the coefficients, by name, `(n_numbers,)`.

        Args:
            spice: the person's equations.
            model: has the values before the first trial.
        """
        others = {
            ParameterId(module, term): value
            for module, equation in spice.of_participant().items()
            for term, value in equation.active
        }
        others |= {ParameterId(state, None): spice.beta(state) for state in spice.betas}

        def read(values: Floats) -> Mapping[str, float]:
            own = dict(zip(self.numbers, values.tolist(), strict=True))
            return read_parameters(spice_of(spice.equations, others | own), model)

        return {name: slope for name, slope in slopes(read, self.values).items() if slope.any()}


def known_by_choices(spice: SpiceModel, likelihood: Likelihood) -> dict[Any, Known]:
    """Return the expected information of the choices about the coefficients of each person who has equations,
    also of own values where a term is lacking, by label.

    Args:
        spice: the equations.
        likelihood: of them, as `likelihood_of` has it.
    """
    values = likelihood.values_of(spice)
    there, found = likelihood(values), {}
    for row, code in enumerate(likelihood.participants):
        at = np.flatnonzero((values[row] != 0) | likelihood.is_beta | likelihood.is_own)
        numbers = tuple(likelihood.numbers[place] for place in at)
        information = there.information[row][np.ix_(at, at)]
        found[spice.participants[code]] = Known(numbers, values[row, at], information, float(there.nll[row]))
    return found


def uncertainty(spice: SpiceModel, model: BaseRNN, data: DatasetRNN | Sessions) -> dict[Any, Uncertainty]:
    """Return standard errors of the numbers of equations at the maximum of the likelihood, by label."""
    return uncertainty_of(known_by_choices(spice, likelihood_of(spice, model, data)), spice, model)


def known_given_group(group: Group) -> Iterator[tuple[int, Known]]:
    """Yield the index of each person, and the curvature of what choices and the group say together."""
    free = group.active & (group.errors > AT_BOUND)
    for row, code in enumerate(group.participants):
        at = np.flatnonzero(free[row])
        unit = np.outer(group.errors[row, at], group.errors[row, at])
        correlation = group.covariance[row][np.ix_(at, at)] / unit  # else the surest numbers would look flat
        information = np.linalg.pinv(correlation, hermitian=True) / unit
        numbers = tuple(group.numbers[place] for place in at)
        yield int(code), Known(numbers, group.values[row, at], information)


def uncertainty_of(
    known: Mapping[Any, Known], spice: SpiceModel, model: HasInitValues
) -> dict[Any, Uncertainty]:
    """Return standard errors of each participant's numbers, by label.

    Args:
        known: what the choices tell of them, by label.
        spice: equations at the maximum of the likelihood.
        model: has the values before the first trial.
    """
    return {label: _of(own.without(), spice.alone(label), model) for label, own in known.items()}


def _of(known: Known, spice: SpiceModel, model: HasInitValues) -> Uncertainty:
    told = InformationMatrix(known.information)
    coefficients: dict[str, dict[Term, float]] = {module: {} for module in spice.equations}
    alone: dict[str, dict[Term, float]] = {module: {} for module in spice.equations}
    betas = {}
    for (module, term), error, unit in zip(known.numbers, told.errors, told.unit, strict=True):
        if term is None:
            betas[module] = float(error)
        else:
            coefficients[module][term], alone[module][term] = float(error), float(unit)
    parameters = {name: told.error(slope) for name, slope in known.slopes(spice, model).items()}
    names = [
        f"beta of {module}" if term is None else f"{term_in_words(term, module)} of {module}"
        for module, term in known.numbers
    ]
    untold = tuple(_sentence(names, way) for way in told.flat)
    return Uncertainty(coefficients, betas, parameters, untold, alone)


def _sentence(names: Sequence[str], way: Floats) -> str:
    """Return a flat direction in words."""
    moved = [f"{name} by {part:+.2g}" for name, part in zip(names, way, strict=True) if abs(part) > 1e-3]
    if len(moved) == 1:
        return f"The choices do not tell {moved[0].rsplit(' by ', 1)[0]}: whatever it is, P stays the same."
    words = join_words(moved)
    return f"The choices do not tell these coefficients apart: P stays the same if one moves {words}."
