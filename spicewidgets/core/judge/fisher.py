"""Fisher scoring (e.g. McCullagh & Nelder 1989): a climb to the most likely numbers; and their errors."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

HALVINGS = 8  # of a step that leads too far


class Quadratic(NamedTuple):
    """A quadratic approximation of the log likelihood around a vector of parameters.

    Attributes:
        nll: -ln L of all choices, in nats.
        gradient: slope of ln L in each number, `(n_numbers,)`.
        information: the expected information about the numbers, `(n_numbers, n_numbers)`.
    """

    nll: float
    gradient: Floats
    information: Floats


def fisher_scoring(
    look: Callable[[Floats], Quadratic],
    nll: Callable[[Sequence[Floats]], Floats],
    start: Floats,
    *,
    low: Floats | float = -np.inf,
    high: Floats | float = np.inf,
    damping: float,
    enough: float,
    most_steps: int,
) -> tuple[Floats, Quadratic]:
    """Climb from some numbers to the most likely ones within their bounds.

    What the choices do not tell stays where it is.

    Args:
        look: what the choices say at a vector `(n_numbers,)`.
        nll: -ln L under each of several vectors, in nats; infinite where it is no number.
        start: the vector to begin with, within the bounds.
        low: the lowest value of each number.
        high: the highest value of each number.
        damping: share of the mean information that is added in every direction (Levenberg 1944).
        enough: nats: a step that gains less is the last one.
        most_steps: after which the climb ends in any case.

    Returns:
        The best vector, and what the choices say there.
    """
    best, here = start, look(start)
    for _ in range(most_steps if len(start) else 0):
        free = ~((best <= low) & (here.gradient < 0) | (best >= high) & (here.gradient > 0))
        step = _step(here, free, damping)
        gain = float(here.gradient @ step) / 2  # of a quadratic
        if gain < enough / 2:
            break
        reached = np.clip(best + step, low, high)
        there = look(reached)
        if not here.nll - there.nll > gain / 2:  # too far: shorter steps may do better
            tries = [np.clip(best + step * 0.5**halving, low, high) for halving in range(HALVINGS)]
            values = nll(tries)
            if not values.min() < here.nll - enough:
                break
            reached = tries[int(values.argmin())]
            there = look(reached)
        best, here = reached, there
    return best, here


def _step(here: Quadratic, free: NDArray[np.bool_], damping: float) -> Floats:
    """Return the way to the top of the quadratic, in the numbers that are free to move."""
    step = np.zeros(len(free))
    if n := int(free.sum()):
        information = here.information[np.ix_(free, free)]
        scale = damping * max(float(np.trace(information)) / n, 1e-12)
        step[free] = np.linalg.solve(information + scale * np.eye(n), here.gradient[free])
    return step


def standard_errors(information: Floats) -> Floats:
    """Return standard errors from an information matrix; infinite for what it does not tell."""
    if not len(information):
        return np.empty(0)
    inverse = np.linalg.pinv(information, rcond=1e-12, hermitian=True)
    undetermined = np.abs(information @ inverse - np.eye(len(information))).max(axis=0) > 1e-6
    errors: Floats = np.where(undetermined, np.inf, np.sqrt(np.maximum(np.diag(inverse), 0.0)))
    return errors
