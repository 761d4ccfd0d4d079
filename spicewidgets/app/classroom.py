"""The point of a learner on the plot of a class: a learning rate and a precision, each with its interval."""

from collections.abc import Hashable
from typing import TYPE_CHECKING

import numpy as np

from ..core.settings import SettingsError
from ..core.tasks import TASKS
from ..experiment.result import Result
from ..loading import later

if TYPE_CHECKING:
    from ..core.rivals import fit as fitting
else:
    fitting = later("..core.rivals.fit", __package__)

AXES = (
    ("alpha", 0.0, 1.0),
    ("beta", 0.0, 100.0),
)  # a point's numbers, with the ends of their axes


def point_of(fitted: "fitting.FittedRival", person: int = 0) -> list[float]:
    """Return a point: the rate and the ends of its interval, then the precision and its ends. An end that the
    choices do not tell is that of the axis.

    Args:
        fitted: a Rescorla-Wagner learner.
        person: the place among its participants, from 0.
    """
    ends, point = fitted.intervals()[:, person], []
    for name, low, high in AXES:
        at = fitted.names.index(name)
        value = float(np.clip(fitted.values[person, at], low, high))
        least, largest = np.where(np.isfinite(ends[:, at]), ends[:, at], [low, high])
        point += [value, max(low, min(value, least)), min(high, max(value, largest))]
    return [round(float(each), 4) for each in point]


def point_of_result(result: Result | None, person: Hashable) -> list[float]:
    """Return the point of one participant of a run: of the choices that it was made of. Loads torch.

    Its intervals are of the declared priors: without them those of 30 choices hold the learning rate in 77 %
    of 180 simulated learners (rates .1, .3 and .6), with them in 96 %, and in 94 % at 100 choices.

    Raises:
        SettingsError: Without a run, and for choices of another kind than a learning rate is of.
    """
    if result is None:
        raise SettingsError(["There is nothing to share yet. Press Train first."])
    rival = TASKS[result.dataset.task].rival
    fitted = fitting.fit_rival(rival, result.dataset, "prior")
    if not {name for name, *_ in AXES} <= set(fitted.names):
        raise SettingsError(
            [f"A point is of a learner with one α and one β; {rival} has others. Share bandits."]
        )
    people = fitted.participants
    return point_of(fitted, people.index(person) if person in people else 0)
