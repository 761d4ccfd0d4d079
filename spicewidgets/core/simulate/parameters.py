"""The parameters of a Q-learner by name, where one name may stand for several settings."""

from collections.abc import Mapping
from dataclasses import replace

from ..mechanisms import PARAMETERS, TIED
from ..settings import Participant


def settings_of(name: str) -> tuple[str, ...]:
    """Return the settings that a parameter stands for."""
    return TIED.get(name, (name,))


def with_values(participant: Participant, values: Mapping[str, float]) -> Participant:
    """Return the participant with other parameters, by name."""
    settings = {setting: float(value) for name, value in values.items() for setting in settings_of(name)}
    return replace(participant, **settings)


def value_of(participant: Participant, name: str) -> float:
    """Return a parameter; one that is not set is that which it follows."""
    own = settings_of(name)[0]
    value = getattr(participant, own)
    return float(getattr(participant, PARAMETERS[own].follows) if value is None else value)
