"""The task that the participant plays."""

from typing import ClassVar

from ..core.settings import Task
from .base import Look, State


class TaskState(State[Task]):
    """The bandit task."""

    settings = Task
    looks: ClassVar = {
        "kind": Look("Kind of task"),
        "n_actions": Look("Arms"),
        "sigma": Look("Drift σ", (0, 1, 0.01)),
        "boundary": Look("At 0 and 1"),
        "flip_probability": Look("New block", (0, 1, 0.005)),
        "counterfactual": Look("Show all rewards"),
    }
