"""What the learner has chosen and what has happened, as values that can be watched."""

from .comparison import ComparisonState
from .data import Data, DataState
from .discovery import DiscoveryState, Library
from .experiment import Experiment
from .graph import ExperimentSnapshot
from .model import Model, ModelState, Spec
from .participant import ParticipantState, Person
from .presets import PRESETS
from .run import RunState
from .table import Table, TableState
from .task import TaskState
from .training import TrainingState

__all__ = [
    "PRESETS",
    "ComparisonState",
    "Data",
    "DataState",
    "DiscoveryState",
    "Experiment",
    "ExperimentSnapshot",
    "Library",
    "Model",
    "ModelState",
    "ParticipantState",
    "Person",
    "RunState",
    "Spec",
    "Table",
    "TableState",
    "TaskState",
    "TrainingState",
]
