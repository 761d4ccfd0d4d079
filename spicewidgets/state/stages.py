"""The table of panels: each is a line here, and a file in `panels/`. They stand in six rooms, in the order of
the method, and a room shows one of its panels at a time.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..core.studies.ready import OF_EVERY_TASK


@dataclass(frozen=True)
class Room:
    """One step of the method.

    Attributes:
        title: what it is called.
        told_by: the panel whose state is that of the room.
        phases: of a run, in which this room is being computed; see `RunState.phase`.
    """

    title: str
    told_by: str
    phases: tuple[str, ...] = ()


ROOMS: Mapping[str, Room] = {
    "task": Room("Task", "task"),
    "participant": Room("Participant", "participant"),
    "choices": Room("Choices", "data", ("simulate",)),
    "network": Room("Network", "train", ("load", "screen", "lbfgs", "adam", "train")),
    "equation": Room("Equation", "equation", ("equations",)),
    "truth": Room("Is it true?", "compare", ("compare", "advise", "study")),
}


@dataclass(frozen=True)
class StageRow:
    """One panel, and what tells how far its stage is.

    Attributes:
        panel: its class, as `module.Class` in `spicewidgets.panels`.
        depends_on: a group of settings, done when nothing is wrong with it; or "train", "equation",
            or the panel of declared studies, done when that has been run and stale when a setting has changed
            since.
        room: where it stands, by its name in `ROOMS`.
    """

    panel: str
    depends_on: str
    room: str


# Panels of studies that have more to show than a table.
OWN = {
    "uncertainty": "uncertainty.UncertaintyPanel",
    "rivals": "rivals.RivalsPanel",
    "recovery": "recovery.RecoveryPanel",
    "falsify": "falsify.FalsifyPanel",
    "search": "search.SearchPanel",
    "report": "report.ReportPanel",
}
_NAMES = dict.fromkeys(study.stage() for study in OF_EVERY_TASK.values())
_OF_STUDIES = {name: StageRow(OWN.get(name, "studies.StudyPanel"), name, "truth") for name in _NAMES}
STAGES: Mapping[str, StageRow] = {
    "task": StageRow("task.TaskPanel", "task", "task"),
    "participant": StageRow("participant.ParticipantPanel", "participant", "participant"),
    "data": StageRow("data.DataPanel", "data", "choices"),
    "model": StageRow("model.ModelPanel", "model", "network"),
    "train": StageRow("training.TrainPanel", "train", "network"),
    "replay": StageRow("replay.ReplayPanel", "equation", "network"),
    "equation": StageRow("equations.EquationPanel", "equation", "equation"),
    "library": StageRow("library.LibraryPanel", "discovery", "equation"),
    "translate": StageRow("translate.TranslatePanel", "equation", "equation"),
    "compare": StageRow("comparison.ComparePanel", "equation", "truth"),
    "update": StageRow("update.UpdatePanel", "equation", "truth"),
    "trial": StageRow("trial.TrialPanel", "equation", "truth"),
    "uncertainty": _OF_STUDIES["uncertainty"],
    "rivals": _OF_STUDIES["rivals"],
    **_OF_STUDIES,
}


def views(room: str, panels: Iterable[str] = STAGES) -> list[str]:
    """Those of some panels that stand in a room, in their order."""
    return [name for name in panels if STAGES[name].room == room]
