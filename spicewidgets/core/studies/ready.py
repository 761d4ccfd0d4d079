"""The studies there are. Each line is a panel, a command `spicewidgets NAME`, and a part of the report; those
of recovery share these, and one that is of some kinds of task only has no panel.

Importing this loads nothing heavy.
"""

from collections.abc import Mapping
from dataclasses import fields

from ..plugins import load_plugins
from ..settings import Settings
from .comparison_study import ComparisonStudy
from .falsification import FalsificationStudy
from .recovery_studies import LearnersStudy, ModelsStudy, ParametersStudy, TermsStudy
from .report import ReportStudy
from .resampling_study import ResamplingStudy
from .search_study import SearchStudy
from .staying_study import StayingStudy
from .study import Study

ALL: list[type[Study]] = [
    ResamplingStudy,
    LearnersStudy,
    ModelsStudy,
    ParametersStudy,
    TermsStudy,
    ComparisonStudy,
    FalsificationStudy,
    SearchStudy,
    StayingStudy,
]
ALL += load_plugins("studies", type, (study.name for study in ALL))
STUDIES: Mapping[str, type[Study]] = {study.name: study for study in (*ALL, ReportStudy.of(ALL))}
OF_EVERY_TASK: Mapping[str, type[Study]] = {
    name: study for name, study in STUDIES.items() if not study.tasks
}  # on the page


def settings_of_studies(seed: int) -> dict[str, Settings]:
    """Return all groups of settings of studies as they are where nothing is said, with this seed."""
    kinds = {name: kind for study in OF_EVERY_TASK.values() for name, kind in study.groups().items()}
    return {
        name: kind(**{item.name: seed for item in fields(kind) if item.name == "seed"})
        for name, kind in kinds.items()
    }
