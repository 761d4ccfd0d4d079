"""The studies there are. Each line is a panel, a command `spicewidgets NAME`, and a part of the report; one
that is of some kinds of task only has no panel.

Importing this loads nothing heavy.
"""

from collections.abc import Mapping
from dataclasses import fields

from ..settings import Settings
from .comparison_study import ComparisonStudy
from .falsification import FalsificationStudy
from .staying_study import StayingStudy
from .study import Study

ALL: list[type[Study]] = [
    ComparisonStudy,
    FalsificationStudy,
    StayingStudy,
]
STUDIES: Mapping[str, type[Study]] = {study.name: study for study in ALL}
OF_EVERY_TASK: Mapping[str, type[Study]] = {
    study.name: study for study in ALL if not study.tasks
}  # on the page


def settings_of_studies(seed: int) -> dict[str, Settings]:
    """Return the settings of all studies as they are where nothing is said, with this seed."""
    kinds = {name: study.settings_class for name, study in OF_EVERY_TASK.items()}
    return {
        name: kind(**{item.name: seed for item in fields(kind) if item.name == "seed"})
        for name, kind in kinds.items()
    }
