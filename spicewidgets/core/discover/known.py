"""The coefficients of each person's equations, and what choices, or choices and a group, tell of them."""

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..data.dataset import DatasetRNN
from ..equations import SpiceModel
from ..read.translation import HasInitValues, read_parameters
from ..train.objective import Sessions
from ..train.rnn import BaseRNN
from .group import Group
from .identified import AT_BOUND
from .information import slopes
from .likelihood import ParameterId, likelihood_of, spice_of

Floats = NDArray[np.float64]


class Known(NamedTuple):
    """A person's coefficients and the information about them.

    Attributes:
        numbers: those that are free, terms that the equations lack left out.
        values: of them, `(n_numbers,)`.
        information: about them, `(n_numbers, n_numbers)`.
    """

    numbers: tuple[ParameterId, ...]
    values: Floats
    information: Floats

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
        return Known(numbers, self.values[at], self.information[np.ix_(at, at)])

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


def known_by_choices(
    spice: SpiceModel, model: BaseRNN, data: DatasetRNN | Sessions
) -> Iterator[tuple[int, Known]]:
    """Yield the index of each person who has equations, and the expected information of the choices about the
    coefficients, also of own values where a term is lacking.
    """
    likelihood = likelihood_of(spice, model, data)
    values = likelihood.values_of(spice)
    information = likelihood(values).information
    for row, code in enumerate(likelihood.participants):
        at = np.flatnonzero((values[row] != 0) | likelihood.is_beta | likelihood.is_own)
        numbers = tuple(likelihood.numbers[place] for place in at)
        yield int(code), Known(numbers, values[row, at], information[row][np.ix_(at, at)])


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
