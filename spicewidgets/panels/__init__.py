"""The panels: a state goes in, a box of widgets comes out; one file per concept.

A new panel is a `Stage` in a file of its own, and a line below.
"""

from .comparison import ComparePanel
from .data import DataPanel
from .equations import EquationPanel
from .library import LibraryPanel
from .model import ModelPanel
from .participant import ParticipantPanel
from .replay import ReplayPanel
from .stage import Stage
from .task import TaskPanel
from .training import TrainPanel
from .translate import TranslatePanel
from .trial import TrialPanel
from .uncertainty import UncertaintyPanel
from .update import UpdatePanel

STAGES: dict[str, type[Stage]] = {
    "task": TaskPanel,
    "participant": ParticipantPanel,
    "data": DataPanel,
    "model": ModelPanel,
    "train": TrainPanel,
    "replay": ReplayPanel,
    "library": LibraryPanel,
    "equation": EquationPanel,
    "translate": TranslatePanel,
    "uncertainty": UncertaintyPanel,
    "compare": ComparePanel,
    "update": UpdatePanel,
    "trial": TrialPanel,
}
"""The panels in the order of the method, by the name of their stage in `Experiment.stages`."""

__all__ = ["STAGES", "Stage"]
