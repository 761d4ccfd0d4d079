"""The graph of an experiment, declared: which settings each product depends on; and all settings, frozen."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from ..core.settings import Settings, Task
from .data import Data
from .discovery import LibraryPlan
from .model import Model
from .participant import Person
from .studies import STATES, STUDIES
from .table import Table
from .training import Practice

GROUPS = (
    "task",
    "participant",
    "data",
    "table",
    "model",
    "training",
    "discovery",
    "comparison",
    *STATES,
)
SIMULATED_BY = ("task", "participant")  # what says nothing of a table of choices
PRODUCTS: Mapping[str, tuple[str, ...]] = {
    "sessions": ("task", "participant", "data", "table"),
    "untrained": ("sessions", "model"),  # a network before its training
    "network": ("untrained", "training"),
    "equations": ("network", "discovery"),
}
"""What is made of settings: the groups, and the products before it, that it depends on."""


def groups_before(*names: str) -> tuple[str, ...]:
    """Return the groups of settings that some groups and products depend on, each once, in their order.

    >>> groups_before("untrained")
    ('task', 'participant', 'data', 'table', 'model')
    """
    found: dict[str, None] = {}
    for name in names:
        found |= dict.fromkeys(groups_before(*PRODUCTS[name]) if name in PRODUCTS else (name,))
    return tuple(found)


def groups_of(study: str) -> tuple[str, ...]:
    """Return the groups of settings that a study depends on."""
    declared = STUDIES[study]
    needed = "equations" if declared.asks_equations or declared.trains else "sessions"
    return groups_before(needed, *declared.groups())


@dataclass(frozen=True)
class ExperimentSnapshot:
    """All settings that a result, or a study of it, depends on, frozen."""

    task: Task
    participant: Person
    data: Data
    table: Table
    model: Model
    training: Practice
    discovery: LibraryPlan
    studies: Mapping[str, Settings]

    def group(self, name: str) -> Any:
        """Return the settings of a group, as they were."""
        return self.studies[name] if name in self.studies else getattr(self, name)

    @property
    def is_simulated(self) -> bool:
        """Tell whether a participant of the settings makes the choices; else they come from a table."""
        return not self.table.name

    @property
    def choices_of(self) -> str:
        """The name of the kind of task that the choices are of."""
        contents = self.table.contents
        return self.task.declaration.name if contents is None else str(contents.choices.rows.task)

    @property
    def n_actions(self) -> int:
        """Number of options."""
        contents = self.table.contents
        return self.task.n_options if contents is None else len(contents.options)

    @property
    def n_sessions(self) -> int:
        """Number of sessions."""
        contents = self.table.contents
        return self.data.n_sessions if contents is None else len(contents.codes)

    @property
    def n_participants(self) -> int:
        """Number of participants."""
        contents = self.table.contents
        return self.data.n_participants if contents is None else len(contents.participants)

    @property
    def options(self) -> tuple[str, ...]:
        """The names of the options."""
        contents = self.table.contents
        return self.task.options if contents is None else contents.options

    def differs(self, other: "ExperimentSnapshot", *names: str) -> bool:
        """Tell whether anything differs that these groups and products depend on."""
        return bool(self.changed_groups(other, *names))

    def changed_groups(self, other: "ExperimentSnapshot", *names: str) -> tuple[str, ...]:
        """Return the groups of settings, of all that these groups and products depend on, in which anything
        differs. How choices are simulated makes no difference to those of a table.
        """
        same_table = self.table == other.table and not self.is_simulated
        return tuple(
            group
            for group in groups_before(*names)
            if self.group(group) != other.group(group) and not (same_table and group in SIMULATED_BY)
        )


# The groups that a snapshot has by a field each; those of declared studies stand together.
KEPT = tuple(item.name for item in fields(ExperimentSnapshot) if item.name != "studies")
