"""The most likely numbers under a Gaussian prior, for many tables of numbers at once.

Fisher scoring (e.g. McCullagh & Nelder 1989) with Levenberg's damping (1944): what the choices do not tell
apart stays where it is, unless the prior has something to say of it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .likelihood import Derivatives

DAMPING = 1e-9  # share of a number's own information, added to it

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Prior:
    """Independent normal distributions of the numbers.

    Attributes:
        mean, sd: of each number, `(n_numbers,)` or anything that broadcasts with a table of numbers.
    """

    mean: Floats
    sd: Floats

    def penalty(self, values: Floats, free: Mask) -> Floats:
        """-ln of the prior density of the free numbers, up to a constant: `(...,)` for `(..., n_numbers)`."""
        z = np.where(free, (values - self.mean) / self.sd, 0.0)
        penalty: Floats = (z**2).sum(-1) / 2
        return penalty


class Maximum(NamedTuple):
    """The best numbers found.

    Attributes:
        values: `(n_tables, n_participants, n_numbers)`.
        objective: -ln L and the prior's penalty, in nats, `(n_tables, n_participants)`.
        look: what the choices say there.
    """

    values: Floats
    objective: Floats
    look: Derivatives

    def best(self) -> "Maximum":
        """Return the best table of each participant, without the axis of tables."""
        best, rows = self.objective.argmin(0), np.arange(self.objective.shape[1])
        look = Derivatives(*(part[best, rows] for part in self.look))
        return Maximum(self.values[best, rows], self.objective[best, rows], look)


class Limits(NamedTuple):
    """Where a climb ends, and how far its steps go.

    Attributes:
        most_steps: of the climb.
        halvings: of each of its steps.
        longest: most that a step moves any number.
        enough: nats: a step that gains less is the last one.
        damping: share of the mean information that is added in every direction, so that what the choices
            hardly tell moves little.
        thorough: whether all halvings are tried of a step that gains less than half of what was in sight, and
            the best is taken, or the first that gains anything.
    """

    most_steps: int = 40
    halvings: int = 10
    longest: float = np.inf
    enough: float = 5e-4
    damping: float = 0.0
    thorough: bool = False


LIMITS = Limits()


def maximise(
    look: Callable[[Floats], Derivatives],
    start: Floats,
    free: Mask,
    prior: Prior,
    basis: Floats | None = None,
    hopeless: Floats | float = np.inf,
    limits: Limits = LIMITS,
    *,
    low: Floats | float = -np.inf,
    high: Floats | float = np.inf,
) -> Maximum:
    """Climb from some numbers to the most likely ones, table by table and participant by participant.

    Args:
        look: the likelihood.
        start: tables of numbers, `(n_tables, n_participants, n_numbers)`.
        free: which numbers may move, of the same shape or broadcasting with it; the others stay as they are.
        prior: of the numbers.
        basis: how numbers that are tied to others move, `(n_tables, n_participants, n_numbers, n_numbers)`:
            what a unit of each free number adds to all of them; the identity when None.
        hopeless: objective above which a climb is given up if not even three times the gain that is in sight
            leads below it.
        limits: of the climb and its steps.
        low: bound of each number, where a step that would lead beyond it ends.
        high: the same above.
    """
    most_steps, halvings, longest, enough, damping, thorough = limits
    free = np.broadcast_to(free, start.shape)
    values, there = start.copy(), look(start)
    objective = there.nll + prior.penalty(values, free)
    left = np.ones(objective.shape, bool)
    for _ in range(most_steps):
        moving = free & ~find_held(values, there, prior, low, high)
        step, gain = newton_step(values, there, moving, prior, basis, damping)
        left &= (gain > enough) & (objective - 3 * gain < hopeless)
        if np.isfinite(longest):
            step *= np.minimum(
                1.0, longest / np.maximum(np.abs(step).max(-1, keepdims=True, initial=0), 1e-300)
            )
        waiting, size = left.copy(), 1.0
        start, before, moved = values.copy(), objective.copy(), np.zeros_like(left)
        for _halving in range(halvings):
            rows = np.flatnonzero(waiting.any(-1))
            if not len(rows):
                break
            reach = np.clip(start[rows] + size * step[rows], low, high)
            tried = np.where(waiting[rows, :, None], reach, values[rows])
            then = look(tried)
            reached = then.nll + prior.penalty(tried, free[rows])
            better = waiting[rows] & (reached < objective[rows] - 0.1 * enough)
            values[rows] = np.where(better[..., None], tried, values[rows])
            objective[rows] = np.where(better, reached, objective[rows])
            for old, new in zip(there, then, strict=True):
                old[rows] = np.where(better.reshape(*better.shape, *(1,) * (new.ndim - 2)), new, old[rows])
            moved[rows] |= better
            too_far = (size < 1) | (objective[rows] > before[rows] - gain[rows] / 2)
            waiting[rows] &= ~better | (thorough & too_far)
            size /= 2
        left &= moved
        if not left.any():
            break
    return Maximum(values, objective, there)


def find_held(
    values: Floats, there: Derivatives, prior: Prior, low: Floats | float, high: Floats | float
) -> Mask:
    """Numbers at a bound that would rather leave it."""
    slope = there.gradient - (values - prior.mean) / prior.sd**2
    at_bound: Mask = (values <= low) & (slope < 0) | (values >= high) & (slope > 0)
    return at_bound


def newton_step(
    values: Floats,
    there: Derivatives,
    free: Mask,
    prior: Prior,
    basis: Floats | None,
    damping: float = 0.0,
) -> tuple[Floats, Floats]:
    """Return the way to the top of the quadratic that slope and information describe, and what it gains in
    nats.
    """
    slope = np.where(np.isfinite(there.gradient), there.gradient, 0.0)
    slope = slope if basis is None else np.einsum("...ij,...i->...j", basis, slope)
    slope = np.where(free, slope - (values - prior.mean) / prior.sd**2, 0.0)
    curvature = curvature_of(there.information, free, prior, basis, damping)
    step: Floats = np.asarray(np.linalg.solve(curvature, slope[..., None])[..., 0], np.float64)
    gain: Floats = (slope * step).sum(-1) / 2
    return step if basis is None else np.einsum("...ij,...j->...i", basis, step), gain


def curvature_of(
    information: Floats, free: Mask, prior: Prior, basis: Floats | None = None, damping: float = 0.0
) -> Floats:
    """Information of choices and prior together, about the free numbers; the identity for the others."""
    whole: Floats = np.where(np.isfinite(information), information, 0.0)
    if basis is not None:
        whole = np.swapaxes(basis, -1, -2) @ whole @ basis
    free = np.broadcast_to(free, information.shape[:-1])
    kept = np.where(free[..., :, None] & free[..., None, :], whole, 0.0)
    told = np.einsum("...ii->...i", kept)
    own = prior.sd**-2.0 + DAMPING * told
    if damping:
        mean = told.sum(-1, keepdims=True) / np.maximum(free.sum(-1, keepdims=True), 1)
        own = own + damping * np.maximum(mean, 1e-12)
    curvature: Floats = kept + np.where(free, own, 1.0)[..., None] * np.eye(information.shape[-1])
    return curvature
