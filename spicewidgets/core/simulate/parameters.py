"""The parameters of a Q-learner by name, where one name may stand for several settings."""

from collections.abc import Mapping
from dataclasses import replace

from ..settings import Participant

# A parameter that stands for several settings of the participant.
TIED = {"alpha_counterfactual": ("alpha_counterfactual_reward", "alpha_counterfactual_penalty")}


def settings_of(name: str) -> tuple[str, ...]:
    """Return the settings that a parameter stands for."""
    return TIED.get(name, (name,))


def with_values(participant: Participant, values: Mapping[str, float]) -> Participant:
    """Return the participant with other parameters, by name."""
    settings = {setting: float(value) for name, value in values.items() for setting in settings_of(name)}
    return replace(participant, **settings)


def value_of(participant: Participant, name: str) -> float:
    """Return a parameter; alpha_penalty is alpha_reward where it is not set."""
    value = getattr(participant, settings_of(name)[0])
    return float(participant.alpha_reward if value is None else value)
