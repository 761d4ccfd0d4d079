"""The task that the participant plays."""

from collections.abc import Mapping
from typing import ClassVar

from ..core.settings import Task
from .base import ControlSpec, State

NEEDED: Mapping[str, tuple[str, ...]] = {
    "sigma": ("drift",),
    "boundary": ("drift",),
    "flip_probability": ("reversal", "switch"),
}
"""The kinds of bandit in which a setting has an effect; in all where nothing is said."""


class TaskState(State[Task]):
    """The task: a bandit, or another kind."""

    settings = Task
    looks: ClassVar = {
        "kind": ControlSpec("Kind of task"),
        "n_actions": ControlSpec("Arms"),
        "sigma": ControlSpec("Drift σ", (0, 1, 0.01)),
        "boundary": ControlSpec("At 0 and 1"),
        "flip_probability": ControlSpec("New block", (0, 1, 0.005)),
        "counterfactual": ControlSpec("Show all rewards"),
        "common": ControlSpec("Common transition"),
        "walk": ControlSpec("Walk of rewards", (0, 0.2, 0.005)),
    }
