"""`spicewidgets recovery`: its options, and what they are of the studies of recovery."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, ClassVar

from ..core.models import READY
from ..core.rivals.ready import ALL
from ..core.settings import Participant, Settings, Task
from ..core.studies.recovery_settings import PLAIN, RecoverySettings
from ..core.studies.recovery_studies import ModelsStudy, ParametersStudy, TermsStudy
from ..core.studies.source import Simulation, Source
from ..core.studies.study import Study
from .options import OF_SIMULATIONS, OF_TABLES
from .study import DeclaredRequest, argument, declared_option, describe_misuses, option, study_command

if TYPE_CHECKING:
    from ..core.data.choices import Choices

KINDS: Mapping[str, type[Study]] = {"parameters": ParametersStudy, "rivals": ModelsStudy, "terms": TermsStudy}


@dataclass(frozen=True, kw_only=True)
class RecoveryRequest(DeclaredRequest):
    """The user's choices, checked; fields say what they are."""

    about: ClassVar = """Ask what a design can tell, by fits of simulated choices: a rival's parameters, which
    rival it was, or which terms an equation has.

    Ctrl-C ends it and shows what is finished. With --out, the same command goes on where it was ended.
    """

    what: str | None = argument(None, tuple(KINDS))
    table: str | None = option(
        None,
        "Take people, sessions, lengths, rewards and the fitted range from this table of choices.",
        "Table",
        name="data",
        metavar="FILE",
    )
    people: int = option(10, "People of a data set.", "Design", low=1)
    sessions: int = option(1, "Sessions of each person; for terms, of the participant.", "Design", low=1)
    trials: int = option(300, "Trials of each session.", "Design", low=1)
    task: Task = field(default_factory=Task)
    rivals: tuple[str, ...] = declared_option(RecoverySettings, "rivals")
    criterion: str = declared_option(RecoverySettings, "criterion")
    model: str = option(
        "rescorla-wagner", "Terms: the RNN, and with it what equations may contain.", choices=tuple(READY)
    )
    sizes: str | None = option(
        None,
        "Terms: numbers of sessions, such as 3,10,30,100; those of --sessions when not given.",
        metavar="NUMBERS",
    )
    n_datasets: int = declared_option(RecoverySettings, "n_datasets", default=20, low=1, high=None)
    jobs: int = declared_option(RecoverySettings, "jobs", high=None)
    participant: Participant = field(default_factory=Participant)

    @property
    def kind(self) -> type[Study]:
        """The study that was asked for."""
        return KINDS[str(self.what)]

    @property
    def settings(self) -> Settings:
        """The settings of the study; of parameters, those of one rival are recovered."""
        settings = super().settings
        assert isinstance(settings, RecoverySettings)
        return replace(settings, rivals=self.rivals or ((PLAIN,) if self.what == "parameters" else ()))

    def source(self, choices: "Choices | None") -> Source:
        """Return the design that was asked for: of the table, or by its size."""
        design = Simulation(
            self.people,
            self.sessions,
            self.trials,
            self.task if choices is None else None,
            is_exact=True,
            participant=self.participant,
            model=self.model,
            sizes=tuple(map(int, self.sizes.split(","))) if self.sizes else (self.sessions,),
        )
        folder = None if self.out is None else self.out / "parts"
        return replace(super().source(choices), design=design, folder=folder)

    def find_misuses(self, typed: Collection[str]) -> Iterator[str]:
        """Yield a sentence for each option that does not go with the others."""
        what, has_table = self.what, self.table is not None
        if what == "parameters" and len(self.rivals) > 1:
            yield f"--rival must be one rival for parameters; got {len(self.rivals)}. Name one."
        for name in self.rivals if what == "parameters" else ():
            if name in ALL and not ALL[name].parameters:
                yield f"--rival must be one with parameters; {name} has none. Name another one."
        for size in (self.sizes or "1").split(","):
            if not (size.strip().isdigit() and int(size) > 0):
                yield f"--sizes must be numbers of sessions; got {size.strip()!r}. Use --sizes 10,30,100."
        of_terms = {"model", "sizes", *(item.name for item in fields(Participant))}
        yield from describe_misuses(
            typed,
            [
                (what == "terms", {"data", "people", "rival"}, "is for parameters and rivals"),
                (what in ("parameters", "rivals"), of_terms, "is for terms"),
                (what in ("parameters", "terms"), {"criterion"}, "is for rivals"),
                (bool(self.sizes), {"sessions"}, "says what --sizes says"),
                (has_table, {"people", *OF_SIMULATIONS}, "is for simulations, and --data names a table"),
                (not has_table, OF_TABLES, "is for tables, and no --data names one"),
            ],
        )


recovery = study_command("recovery", RecoveryRequest, "spicewidgets.cli.studies")
