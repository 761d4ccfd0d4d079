"""What choices and a prior say together of parameters: the one object that everything fitted to choices uses.

A posterior is a likelihood in some coordinates, with a prior and bounds. It gives value, gradient and
expected information, the curvature that there really is, the maximum (`maximum.py`), Laplace's approximation
of the evidence, and standard errors. A subclass says what its coordinates are.
"""

from collections.abc import Callable
from copy import copy
from typing import Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from .information import InformationMatrix
from .likelihood import Derivatives
from .maximum import LIMITS, Limits, Maximum, Prior, find_held, maximise, newton_step

FLAT = 1e4  # standard deviation of a prior that stands for none: it costs less than a millionth of a nat
NO_PRIOR = Prior(np.array(0.0), np.array(np.inf))
STEP = 1e-4  # of slopes' differences, on the coordinates
LONGEST = 3.0  # of a step, on the coordinates
ENOUGH = 1e-6  # nats: a step that gains less is the last one
FISHER = Limits(12, 6, LONGEST, ENOUGH)  # of a climb, until those who have arrived are left out of it
STEPS = 3  # of each further climb
NO_STEP = Limits(0)
MOST_CLIMBS = 40

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@runtime_checkable
class OfPeople(Protocol):
    """A likelihood that can be had of some people alone."""

    def __call__(self, values: Floats, /) -> Derivatives:
        """Evaluate it."""

    def of_participants(self, places: NDArray[np.int64], /) -> Self:
        """Return that of some people, by their places."""


class Posterior:
    """ln L of people's choices in some coordinates, with a prior and bounds.

    Args:
        likelihood: of tables of parameters, `(n_tables, n_people, n_parameters)`.
        prior: of the coordinates; none when left out.
        low, high: bounds of each coordinate.
    """

    def __init__(
        self,
        likelihood: Callable[[Floats], Derivatives],
        prior: Prior = NO_PRIOR,
        low: Floats | float = -np.inf,
        high: Floats | float = np.inf,
    ) -> None:
        self.likelihood, self.prior, self.low, self.high = likelihood, prior, low, high

    def natural(self, values: Floats) -> Floats:
        """Parameters, from their coordinates."""
        return values

    def slopes(self, values: Floats, natural: Floats) -> Floats:
        """Compute the derivatives of parameters by coordinates: of each by its own, or of all by each,
        `(..., n_coordinates, n_parameters)`.
        """
        return np.ones_like(values)

    def __call__(self, tables: Floats) -> Derivatives:
        """Evaluate the likelihood at `(n_tables, n_people, n_coordinates)`."""
        natural = self.natural(tables)
        there, slopes = self.likelihood(natural), self.slopes(tables, natural)
        if slopes.ndim == tables.ndim:
            information = there.information * slopes[..., :, None] * slopes[..., None, :]
            return Derivatives(there.nll, there.gradient * slopes, information)
        gradient = np.einsum("...pn,...n->...p", slopes, there.gradient)
        return Derivatives(there.nll, gradient, slopes @ there.information @ np.swapaxes(slopes, -1, -2))

    def of_participants(self, places: NDArray[np.int64]) -> Self:
        """Return the posterior of some people, by their places, under a prior that is the same for all."""
        assert isinstance(self.likelihood, OfPeople)
        part = copy(self)
        part.likelihood = self.likelihood.of_participants(places)
        return part

    def curvature(self, tables: Floats) -> Floats:
        """Return the curvature that -ln L has: differences of exact slopes.

        Returns: `(n_tables, n_people, n_coordinates, n_coordinates)`.
        """
        moved = [tables + side * STEP * unit for unit in np.eye(tables.shape[-1]) for side in (1, -1)]
        slopes = [self(at).gradient for at in moved]
        rows = [
            (after - before) / (2 * STEP) for after, before in zip(slopes[::2], slopes[1::2], strict=True)
        ]
        curvature = -np.stack(rows, -1)
        symmetric: Floats = (curvature + np.swapaxes(curvature, -1, -2)) / 2
        return symmetric

    def maximise(
        self,
        start: Floats,
        prior: Prior | None = None,
        free: Mask | bool = True,
        limits: Limits = LIMITS,
    ) -> Maximum:
        """Climb by Fisher scoring from tables of coordinates to the most probable ones, within the bounds.

        Args:
            start: `(n_tables, n_people, n_coordinates)`.
            prior: in place of the posterior's own.
            free: which coordinates move.
            limits: of the climb and its steps.
        """
        prior = self.prior if prior is None else prior
        return maximise(self, start, np.asarray(free), prior, limits=limits, low=self.low, high=self.high)

    def maximise_exactly(self, tables: Floats, prior: Prior | None = None) -> Maximum:
        """Climb as `maximise` does, until nothing is left to gain.

        The first steps are Fisher's. Climbs that have not arrived by then go on, fewer and fewer of them,
        with the curvature that ln L really has (its size, where it bends upwards), taken anew now and then.
        """
        prior = self.prior if prior is None else prior
        first = FISHER if tables.shape[-1] else NO_STEP
        best = self.maximise(tables, prior, limits=first)
        values = best.values
        left = np.argwhere(self._on_the_way(values, best.look, prior))
        for _ in range(MOST_CLIMBS):
            if not len(left):
                break
            table, person = left.T
            part, here = self.of_participants(person), values[table, person][None]
            bent = _WithCurvature(part, _size(part.curvature(here)))
            end = bent.maximise(here, prior, limits=FISHER._replace(most_steps=STEPS))
            values[table, person] = end.values[0]
            left = left[self._on_the_way(end.values, end.look, prior)[0]]
        return self.maximise(values, prior, limits=NO_STEP)

    def _on_the_way(self, values: Floats, look: Derivatives, prior: Prior) -> Mask:
        """Tell whether a further step promises a gain."""
        free = ~find_held(values, look, prior, self.low, self.high)
        moving: Mask = newton_step(values, look, free, prior, None)[1] > ENOUGH
        return moving

    def top(self, values: Floats, prior: Prior) -> Floats:
        """Return the curvature of -ln L and prior at everyone's best values, `(n_people, n_coordinates,
        n_coordinates)`: the one that they have, or, where that is not one of a top (at a bound), the expected
        one.
        """
        n = values.shape[-1]
        if not n:
            return np.zeros((len(values), 0, 0))
        width = np.diag(np.broadcast_to(np.where(prior.sd < FLAT, prior.sd**-2.0, 0.0), n))
        own = self.curvature(values[None])[0] + width
        is_top = np.linalg.eigvalsh(own)[:, :1, None] > 0
        top: Floats = np.where(is_top, own, self(values[None]).information[0] + width)
        return top

    def log_evidence(self, values: Floats, prior: Prior, top: Floats) -> Floats:
        """Approximate ln p(choices) of each person, from the curvature at the top; see `laplace`."""
        objective = self(values[None]).nll[0] + prior.penalty(values, np.asarray(True))
        return laplace(objective, top, prior)

    def errors(self, values: Floats, top: Floats) -> Floats:
        """Return standard errors of parameters that have a coordinate each, from the curvature at the top;
        NaN at a bound, infinite for what the choices do not tell.
        """
        inside = (values > self.low) & (values < self.high)
        errors = np.full(values.shape, np.nan)
        for row, own, free in zip(errors, top, inside, strict=True):
            row[free] = InformationMatrix(own[np.ix_(free, free)]).errors
        return errors * self.slopes(values, self.natural(values))


def laplace(objective: Floats, curvature: Floats, prior: Prior, free: Mask | bool = True) -> Floats:
    """Approximate ln p(choices) of each person in nats, by Laplace's method (MacKay 1992, Neural Computation
    4: 415).

    Args:
        objective: -ln L and the prior's penalty there, `(n_people,)`.
        curvature: of the objective, `(n_people, n, n)`; the identity for coordinates that do not move.
        prior: normal.
        free: which coordinates move, `(n,)` or `(n_people, n)`.
    """
    widths = np.where(free, np.log(prior.sd), 0.0).sum(-1)
    evidence: Floats = -objective - widths - np.linalg.slogdet(curvature)[1] / 2
    return evidence


class _WithCurvature(Posterior):
    """A posterior that gives a fixed curvature for its information."""

    def __init__(self, whole: Posterior, curvature: Floats) -> None:
        super().__init__(whole, whole.prior, whole.low, whole.high)
        self.fixed = curvature

    def __call__(self, tables: Floats) -> Derivatives:
        """Evaluate the likelihood."""
        return self.likelihood(tables)._replace(information=self.fixed.copy())


def _size(curvature: Floats) -> Floats:
    """Curvature whose directions all bend downwards, as much as they bend."""
    lambdas, axes = np.linalg.eigh(np.where(np.isfinite(curvature), curvature, 0.0))
    size: Floats = (axes * np.abs(lambdas)[..., None, :]) @ np.swapaxes(axes, -1, -2)
    return size
