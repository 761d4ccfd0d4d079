"""Settings to begin with, by name: what differs from the defaults, and a sentence on what there is to see."""

from typing import Any

SEEN = {
    "the tutorial": "A Rescorla-Wagner learner in a drifting two-armed bandit; the equation should be exact.",
    "forgetting": "The value of the arm not chosen fades; a second module must find it. A number added to the"
    " values of all arms changes no choice, so that the constants of both modules may shift together.",
    "asymmetric learner": "Learns more from reward than from no reward; the equation needs degree 2.",
    "slow learner": "A small learning rate makes small coefficients: the threshold leaves the constant out."
    " The library says why; lower the threshold there.",
    "noisy participant": "Choices hardly follow the values; the equation becomes uncertain.",
}
PRESETS: dict[str, dict[str, Any]] = {
    "the tutorial": {},
    "forgetting": {
        "participant": {"forget_rate": 0.2},
        "model": {"name": "forgetting"},
    },
    "asymmetric learner": {
        "participant": {"alpha_reward": 0.5, "alpha_penalty": 0.2},
        "data": {"n_sessions": 200},
        "discovery": {"degree": 2},
    },
    "slow learner": {
        "participant": {"alpha_reward": 0.05},
        "data": {"n_trials": 200},
    },
    "noisy participant": {
        "participant": {"beta_reward": 1.0},
        "data": {"n_sessions": 200},
    },
}
