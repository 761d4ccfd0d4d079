"""The studies of recovery: what a design can tell, by fits of choices that are simulated in it.

Importing this loads nothing heavy.
"""

from abc import abstractmethod
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from copy import copy
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar

from ...loading import later
from ..progress import Progress
from ..rivals.ready import ALL, rivals_for
from ..settings import Settings
from ..tasks import BANDIT_NAME, TASKS
from .recovery_settings import BEYOND, PLAIN, LearnersSettings, RecoverySettings, TwoLearners, most_jobs
from .source import Simulation, Source
from .study import Study

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from ..rivals import design, fit
    from ..rivals.design import Design
    from ..rivals.fit import FittedRival
    from ..simulate import kinds
    from . import recovery, telling, term_recovery
    from .data_sets import DataSetStudy
else:
    np = later("numpy")
    design = later("..rivals.design", __package__)
    fit = later("..rivals.fit", __package__)
    kinds = later("..simulate.kinds", __package__)
    recovery = later(".recovery", __package__)
    telling = later(".telling", __package__)
    term_recovery = later(".term_recovery", __package__)

LADDER = tuple(100 * 2**step for step in range(7))  # choices of a person, for which designs are made
PEOPLE = 10  # that a simulated data set has at most
FEWEST = 5  # people from whom simulated ones take their parameters; of fewer there is no range


class RecoveryStudy(Study):
    """Data sets that are simulated and fitted, one by one; the first ones are the same, however many."""

    title = "Recovery: what can so many choices tell?"
    about = (
        "Choices are simulated in a design, with learners that are known, and fitted as if they were not."
        " What does not come back then cannot be concluded from real choices either."
    )
    noun = "data sets"
    file = "recovery"
    again = "Recover again."
    panel = "recovery"
    resumes = True
    has_command = False
    is_further = False
    shared: ClassVar[Mapping[str, type[Settings]]] = {"recovery": RecoverySettings}
    settings_class: ClassVar[type[Settings]] = RecoverySettings

    def __init__(self, settings: Settings, source: Source) -> None:
        super().__init__(settings, source)
        self.fits: dict[str, FittedRival] = {}  # of the choices
        self.data_sets: DataSetStudy | None = None  # made once all that it takes is fitted

    @property
    def names(self) -> Sequence[Any]:
        """Numbers of the data sets; none before they are planned."""
        return range(0 if self.data_sets is None else len(self.data_sets.parts))

    @property
    def needed(self) -> Sequence[str]:
        """Rivals that are fitted to the choices first."""
        return ()

    @abstractmethod
    def plan(self, **counts: Any) -> "DataSetStudy":
        """Return the data sets, none of them done; `counts` are how many and of which seed."""

    def take(self, before: Study) -> None:
        """Take over fits, and data sets of the same settings."""
        assert isinstance(before, RecoveryStudy)
        self.fits |= before.fits
        if before.data_sets is not None and set(self.needed) <= set(self.fits):
            self._plan()
        super().take(before)

    def steps(self) -> Generator[Progress, None, None]:
        """Fit what is needed, then do one data set after the other."""
        began = monotonic()
        for name in self.needed:
            if name not in self.fits:
                words = f"Fitting {self.source.label_of(name)} to the choices"
                yield Progress(0, 0, words, monotonic() - began)
                self.fits[name] = fit.fit_rival(name, self.source.dataset, "prior")
        jobs = min(self.settings.jobs, most_jobs())
        with closing(self._plan().run(self.source.folder, None if jobs == 1 else jobs)) as steps:
            yield from steps

    def to_data(self) -> Any:
        """As in every study, with the fits to the choices."""
        return {"fits": self.fits, "parts": self.parts}

    def take_data(self, data: Any) -> None:
        """As in every study."""
        self.fits |= data["fits"]
        super().take_data(data["parts"])
        self._plan()

    def result(self) -> "DataSetStudy":
        """Return what came back; it stays as it is while more data sets are done."""
        study = copy(self._plan())
        study.results = dict(self.parts)
        study.sentence = self.describe_data_sets(study)
        return study

    def describe_data_sets(self, study: Any) -> str:
        """Return the answer of those that are done, in a sentence."""
        return str(study.describe())

    def notes(self) -> Iterator[str]:
        """Count the data sets."""
        done, total = len(self.parts), len(self.names)
        rest = "" if done == total else "; the same command with --out goes on where it was ended"
        yield f"{done} of {total} data sets{rest}. Seed {self.settings.seed}."

    def tables(self) -> "dict[str, pd.DataFrame]":
        """Return what came back, and each data set."""
        study = self.result()
        tables = {
            name: table.reset_index(names=[name or "" for name in table.index.names])
            for name, (_, table) in study.tables().items()
        }
        return {**tables, "datasets": study.to_frame()}

    def design_of(self, people: int, sessions: int) -> "Design":
        """Return a design of so many people and sessions, or the exact one."""
        where, seed = self.simulation, self.settings.seed
        if where.is_exact:
            people, sessions = where.people, int(where.sessions)
        if where.task is not None:
            task = kinds.make_environment(where.task)
            return design.Design.of_settings(people, sessions, int(where.trials), task)
        if where.is_exact:
            return design.Design.of_choices(self.source.dataset)
        return design.Design.resampled(self.source.dataset, people, sessions, seed)

    @property
    def simulation(self) -> Simulation:
        """Source of the simulated data sets."""
        assert self.source.design is not None
        return self.source.design

    @property
    def kind_of_task(self) -> str:
        """The name of the kind of task that is simulated."""
        if self.source.given is not None:
            return self.source.given.task
        task = self.simulation.task
        return BANDIT_NAME if task is None else task.declaration.name

    @property
    def sessions(self) -> int:
        """Sessions of a person, as there are."""
        return max(1, round(self.simulation.sessions))

    @property
    def sizes(self) -> list[int]:
        """Sessions of a person, from few choices to many; among them as many as there are, if that is not too
        many.
        """
        where = self.simulation
        sessions = {max(1, round(choices / where.trials)) for choices in LADDER}
        return sorted(
            sessions | {self.sessions} if self.sessions * where.trials <= 2 * LADDER[-1] else sessions
        )

    def _plan(self) -> "DataSetStudy":
        if self.data_sets is None:
            self.data_sets = self.plan(n_datasets=self.settings.n_datasets, random_state=self.settings.seed)
            self.data_sets.results = self.parts
        return self.data_sets


class LearnersStudy(RecoveryStudy):
    """Two learners, in designs of growing size."""

    name = "learners"
    word = "Tell them apart"
    tip = "Simulate both learners in designs of growing size"
    shared: ClassVar = {"recovery": RecoverySettings, "learners": TwoLearners}
    settings_class: ClassVar = LearnersSettings

    @classmethod
    def describe_misfit(cls, settings: Any, task: str) -> str:
        """Name a learner that does not play such a task."""
        return _misfit(task, settings.first, settings.second)

    @property
    def needed(self) -> Sequence[str]:
        """Those whose parameters the simulated people have."""
        settings = self.settings
        if self._has_effect:
            return tuple(dict.fromkeys((PLAIN, settings.second)))
        return settings.first, settings.second

    def plan(self, **counts: Any) -> "DataSetStudy":
        """As in every study of recovery."""
        first, second = self.settings.first, self.settings.second
        designs = [self.design_of(PEOPLE, sessions) for sessions in self.sizes]
        pools = self._pool(first), self._pool(second)
        return telling.ModelDiscriminability(
            first, second, designs, pools, criterion=self.settings.criterion, **counts
        )

    @property
    def _has_effect(self) -> bool:
        return self.settings.first in BEYOND and self.settings.effect is not None

    def _pool(self, name: str) -> "NDArray[np.float64]":
        """Parameters of people: those that were fitted; or Rescorla-Wagner's, and one beyond."""
        if name != self.settings.first or not self._has_effect:
            return self.fits[name].values
        plain, rival = self.fits[PLAIN], ALL[name]
        own, beyond = dict(zip(plain.names, plain.values.T, strict=True)), BEYOND[name][0]
        pool = np.empty((len(plain.values), len(rival.columns(plain.n_actions))))
        for at, (column, parameter) in enumerate(rival.columns(plain.n_actions)):
            usual = parameter.from_scale(parameter.mean)
            pool[:, at] = own.get(column, self.settings.effect if column == beyond else usual)
        return pool

    def describe_data_sets(self, study: Any) -> str:
        """Return how many choices it takes."""
        settings = self.settings
        first, second = map(self.source.label_of, (settings.first, settings.second))
        size = f" of {settings.effect:g}" if self._has_effect else ""
        end = study.describe_choices(settings.certainty, self.simulation.trials)
        return f"To tell {first}{size} from {second} in {100 * settings.certainty:.0f} % {end}"


class ModelsStudy(RecoveryStudy):
    """All rivals, in the present design."""

    name = "models"
    word = "Which model?"
    tip = "Simulate every model in this design, and fit all of them"

    @property
    def rivals(self) -> Sequence[str]:
        """Those that are told apart."""
        return self.settings.rivals or tuple(rivals_for(self.kind_of_task))

    @property
    def needed(self) -> Sequence[str]:
        """All of them, where there are choices."""
        return () if self.source.given is None else self.rivals

    def plan(self, **counts: Any) -> "DataSetStudy":
        """As in every study of recovery."""
        where = self.design_of(min(self.simulation.people, PEOPLE), self.sessions)
        return recovery.ModelRecovery(
            where, self.rivals, self.fits, criterion=self.settings.criterion, **counts
        )


class ParametersStudy(RecoveryStudy):
    """The parameters of the learner to be found, in the present design."""

    name = "parameters"
    word = "Which parameters?"
    tip = "Simulate the learner to be found in this design, and fit it"
    shared: ClassVar = {"recovery": RecoverySettings, "learners": TwoLearners}
    settings_class: ClassVar = LearnersSettings

    @property
    def rival(self) -> str:
        """The learner to be found."""
        return str(next(iter(self.settings.rivals), self.settings.first))

    @property
    def needed(self) -> Sequence[str]:
        """The learner, where there are enough people to have a range."""
        data = self.source.given
        enough = data is not None and (self.simulation.is_exact or len(data.participants) >= FEWEST)
        return (self.rival,) if enough else ()

    def plan(self, **counts: Any) -> "DataSetStudy":
        """As in every study of recovery."""
        fitted = self.fits[self.rival] if self.needed else None
        return recovery.ParameterRecovery(self.rival, self.design_of(PEOPLE, self.sessions), fitted, **counts)

    @classmethod
    def describe_misfit(cls, settings: Any, task: str) -> str:
        """Name the learner, where it does not play such a task."""
        return _misfit(task, settings.first)

    @classmethod
    def describe_obstacle(cls, settings: Any, people: int, sessions: int) -> str:
        """Say why there is nothing to recover."""
        rival = ALL[settings.first]
        return (
            ""
            if rival.parameters
            else f"{rival.label} has no parameters. Choose another learner to be found."
        )


class TermsStudy(RecoveryStudy):
    """The terms of the participant's equation, by the number of choices."""

    name = "terms"
    word = "Which terms?"
    tip = "Simulate the participant, and find the equation again and again"
    asks_truth = True
    trains = True

    def plan(self, **counts: Any) -> "DataSetStudy":
        """As in every study of recovery."""
        where = self.simulation
        return term_recovery.TermRecovery(
            where.participant,
            where.task,
            where.model,
            trials=int(where.trials),
            sessions=where.sizes or self.sizes,
            **counts,
            **where.options,
        )

    def describe_data_sets(self, study: Any) -> str:
        """Return how often exactly the true terms are found."""
        return str(study.shares().describe(self.simulation.choices))


def _misfit(task: str, *names: str) -> str:
    unfit = [ALL[name].label for name in names if not ALL[name].is_for(task)]
    kind = TASKS[task].title.lower()
    return f"{unfit[0]} does not play a {kind}. Choose other learners in the sentence above." if unfit else ""
