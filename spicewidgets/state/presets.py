"""Settings to begin with, by name: what differs from the defaults. A new preset is an entry here."""

from collections.abc import Mapping
from typing import Any

from ..core.mechanisms import BEYOND
from ..core.models import READY
from ..core.settings import SIMULATED
from ..core.tasks import TASKS, TaskKind

CHOICES = 10_000  # of a kind of task: trials of all sessions


def preset_of(kind: TaskKind) -> dict[str, Any]:
    """Return the settings of a kind of task, its participant and its model, as the kind declares them."""
    setup = kind.simulation
    assert setup is not None
    n_trials = min(setup.trials, 100)
    task = {name: setup.settings[argument] for name, argument in setup.by.items()}
    return {
        "task": {"kind": kind.name, **task},
        "participant": {one.name: one.default for one in kind.participant},
        "data": {"n_trials": n_trials, "n_sessions": CHOICES // n_trials},
        "model": {"name": kind.model},
    }


PRESETS: Mapping[str, dict[str, Any]] = {
    # A Rescorla-Wagner learner in a drifting two-armed bandit; the equation should be exact.
    "the tutorial": {},
    # A mechanism after which a model is named, whose second module must find it. A number added to the values
    # of all arms changes no choice, so that the constants of both modules may shift together.
    **{
        one.name: {"participant": {one.sizes[0].name: one.rival.size}, "model": {"name": one.name}}
        for one in BEYOND
        if one.rival and one.name in READY
    },
    # Learns more from reward than from no reward; the equation needs degree 2.
    "asymmetric learner": {
        "participant": {"alpha_reward": 0.5, "alpha_penalty": 0.2},
        "data": {"n_sessions": 200},
        "discovery": {"degree": 2},
    },
    # A small learning rate makes small coefficients: the threshold leaves the constant out.
    "slow learner": {
        "participant": {"alpha_reward": 0.05},
        "data": {"n_trials": 200},
    },
    # The standard participant of each kind of task beyond the bandit.
    **{TASKS[name].title.lower(): preset_of(TASKS[name]) for name in SIMULATED},
    # Choices hardly follow the values; the equation becomes uncertain.
    "noisy participant": {
        "participant": {"beta_reward": 1.0},
        "data": {"n_sessions": 200},
    },
}
