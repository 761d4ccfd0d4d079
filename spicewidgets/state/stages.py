"""The table of panels: each is a line here, and a file in `panels/`. Their order is that of the method."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class StageRow:
    """One panel, and what tells how far its stage is.

    Attributes:
        panel: its class, as `module.Class` in `spicewidgets.panels`.
        depends_on: a group of settings, done when nothing is wrong with it; or "train", "equation" or
            "uncertainty", done when that has been run and stale when a setting has changed since.
    """

    panel: str
    depends_on: str


STAGES: Mapping[str, StageRow] = {
    "task": StageRow("task.TaskPanel", "task"),
    "participant": StageRow("participant.ParticipantPanel", "participant"),
    "data": StageRow("data.DataPanel", "data"),
    "model": StageRow("model.ModelPanel", "model"),
    "train": StageRow("training.TrainPanel", "train"),
    "replay": StageRow("replay.ReplayPanel", "equation"),
    "library": StageRow("library.LibraryPanel", "discovery"),
    "equation": StageRow("equations.EquationPanel", "equation"),
    "translate": StageRow("translate.TranslatePanel", "equation"),
    "uncertainty": StageRow("uncertainty.UncertaintyPanel", "uncertainty"),
    "compare": StageRow("comparison.ComparePanel", "equation"),
    "update": StageRow("update.UpdatePanel", "equation"),
    "trial": StageRow("trial.TrialPanel", "equation"),
}
