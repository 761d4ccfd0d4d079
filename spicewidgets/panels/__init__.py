"""The panels: a state goes in, a box of widgets comes out; one file per concept.

A new panel is a `Stage` in a file of its own, and a line in `state/stages.py`; a study has one by being
declared.
"""

from importlib import import_module

from ..state.stages import STAGES as TABLE
from ..state.studies import STUDIES
from .stage import Stage
from .studies import StudyPanel

__all__ = ["STAGES", "Stage"]


def _panel(stage: str, path: str) -> type[Stage]:
    """Return the class that a row of the table names."""
    module, _, name = path.rpartition(".")
    panel: type[Stage] = getattr(import_module(f".{module}", __name__), name)
    return panel.of(STUDIES[stage]) if issubclass(panel, StudyPanel) else panel


STAGES: dict[str, type[Stage]] = {name: _panel(name, row.panel) for name, row in TABLE.items()}
"""The panels in the order of the method, by the name of their stage in `Experiment.stages`."""
