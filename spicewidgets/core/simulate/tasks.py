"""The task that the settings describe, of whichever kind: a line for each kind that is no bandit."""

from collections.abc import Callable, Mapping

from ..random import RandomState
from ..settings import Task
from ..tasks import TWO_STEP
from .environments import Bandits, make_bandit
from .two_step import TwoStep

ENVIRONMENTS: Mapping[str, Callable[[Task, RandomState], Bandits]] = {
    TWO_STEP.name: lambda task, seed: TwoStep(task.common, task.walk, random_state=seed),
}
"""By the name of the kind; who plays it in simulations is in `rivals/participants.py`."""


def make_environment(task: Task, random_state: RandomState = None) -> Bandits:
    """Make the task that the settings describe."""
    return ENVIRONMENTS.get(task.checked().kind, make_bandit)(task, random_state)
