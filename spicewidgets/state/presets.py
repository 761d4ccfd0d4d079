"""Settings to begin with, by name: what differs from the defaults. A new preset is an entry here."""

from collections.abc import Mapping
from typing import Any

from ..core.mechanisms import BEYOND
from ..core.models import READY

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
    # A learner who plans half of the way (Daw et al. 2011): w on a slider, and what is repeated.
    "two steps": {"task": {"kind": "two-step"}, "model": {"name": "two-step"}},
    # Choices hardly follow the values; the equation becomes uncertain.
    "noisy participant": {
        "participant": {"beta_reward": 1.0},
        "data": {"n_sessions": 200},
    },
}
