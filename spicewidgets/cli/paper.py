"""`spicewidgets report`: its options."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from ..core.models import MODELS
from ..core.settings import Participant, Task
from ..core.studies.comparison_study import HeldOutSettings
from ..core.tasks import BANDIT_NAME, TASKS
from ..core.wording import join_words
from .options import OF_SIMULATIONS, OF_TABLES
from .study import (
    NAMES,
    StudyRequest,
    argument,
    declared_option,
    describe_misuses,
    option,
    study_command,
)

USUAL, SIMULATED = ("habit", "forgetting"), ("rescorla-wagner",)  # models, where none is named


@dataclass(frozen=True, kw_only=True)
class ReportRequest(StudyRequest):
    """The user's choices, checked; fields say what they are."""

    about: ClassVar = """Study the choices of a TABLE, or of a simulated participant, and write the report:
    methods and results as one HTML page, Markdown and LaTeX, with an interpretation card.

    Rivals, equations and networks predict choices that they did not learn from; the design is simulated, to
    see what it can tell; models are judged by what they do. Ctrl-C ends it: the report has what is finished.
    """

    table: str | None = argument(None, metavar="TABLE")
    sessions: int = option(100, "Without a table: sessions to simulate.", "Table", low=1)
    trials: int = option(100, "Without a table: trials of each.", "Table", low=2)
    models: tuple[str, ...] = option(
        (),
        f"Compare the equations of this model; the best are told. {join_words(USUAL)} with a table, else"
        f" {join_words(SIMULATED)}, when not given.",
        name="model",
        choices=tuple(MODELS),
    )
    rivals: tuple[str, ...] = option(
        (), "Compare only this rival; all when not given.", name="rival", choices=NAMES
    )
    by: str = declared_option(HeldOutSettings, "by")
    folds: int = declared_option(HeldOutSettings, "n_folds")
    repeats: int = option(
        100, "Times that models play a simulated task anew, 20 or more; 0 for no test.", low=0
    )
    datasets: int = option(
        1,
        "Rounds of simulated data sets, for recovery; 0 for none. Fewer than 20 sets decide no claim.",
        low=0,
    )
    jobs: int = option(1, "Processes of the simulations.", low=1)
    way: str = declared_option(HeldOutSettings, "way")
    ceiling: bool = declared_option(HeldOutSettings, "ceiling")
    dimensions: bool = declared_option(HeldOutSettings, "dimensions")
    search: bool = option(
        False, "Whether a mechanism that a plain learner lacks is looked for, as by `spicewidgets search`."
    )
    stability: bool = option(
        True, "Find the equations again in halves of the choices and at other penalties of a term."
    )
    task: Task = field(default_factory=Task)
    participant: Participant = field(default_factory=Participant)
    title: str | None = option(None, "Title of the report.", "Output", metavar="WORDS")
    out: Path = option(
        Path("report"),
        "Folder for the report; simulations that a run has finished are taken from there. [default report]",
        "Output",
        metavar="DIR",
    )

    def compared_models(self, task: str) -> tuple[str, ...]:
        """Return the models whose equations are compared, in a kind of task."""
        usual = USUAL if task == BANDIT_NAME else (TASKS[task].model,)
        return self.models or (usual if self.table else SIMULATED)

    def find_misuses(self, typed: Collection[str]) -> Iterator[str]:
        """Yield a sentence for each option that does not go with the others."""
        if isinstance(self.repeats, int) and 0 < self.repeats < 20:
            yield f"--repeats must be 20 or more, or 0; got {self.repeats}. Use --repeats 50."
        has_table = self.table is not None
        yield from describe_misuses(
            typed,
            [
                (has_table, OF_SIMULATIONS, "is for simulations, and a table is given"),
                (not has_table, OF_TABLES, "is for tables, and none is given"),
            ],
        )


report = study_command("report", ReportRequest, "spicewidgets.cli.paper_files")
