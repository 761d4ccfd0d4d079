"""The settings of the studies that are declared in core, as states."""

from collections.abc import Mapping
from typing import Any, ClassVar

from ..core.rivals.ready import ALL, rivals_for
from ..core.settings import Settings
from ..core.studies.ready import OF_EVERY_TASK
from ..core.studies.recovery_settings import BEYOND as BEYOND
from ..core.studies.study import Study
from ..core.tasks import BANDIT_NAME
from .base import State

STUDIES: Mapping[str, type[Study]] = OF_EVERY_TASK  # those on the page
LABELS: Mapping[str, str] = {name: rival.label for name, rival in ALL.items()}  # what rivals are called


def rivals_of(task: str) -> Mapping[str, str]:
    """Return what the rivals for a kind of task are called, by name."""
    return {name: LABELS[name] for name in rivals_for(task)}


RIVALS: Mapping[str, str] = rivals_of(BANDIT_NAME)


def _state_class(kind: type[Settings]) -> type[State[Any]]:
    """Return the class of the states of some settings, whose looks are declared with them."""

    class DeclaredState(State[Any]):
        """The settings of a study."""

        settings: ClassVar = kind

    DeclaredState.__name__ = f"{kind.__name__}State"
    return DeclaredState


STATES: Mapping[str, type[State[Any]]] = {
    name: _state_class(kind) for study in STUDIES.values() for name, kind in study.groups().items()
}
