"""What the design on the page, or that of the table, can tell: two learners, all models, terms.

Importing this loads no torch.
"""

import os
from abc import abstractmethod
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from copy import copy
from dataclasses import dataclass, replace
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..core.simulate.environments import make_environment
from ..loading import later
from ..state.experiment import STUDIES, ExperimentSnapshot
from ..state.studies import BEYOND, PLAIN, RIVALS, TwoLearners
from ..views.words import SHARE
from .studies import PageStudy

if TYPE_CHECKING:
    import pandas as pd
    import torch

    from ..core import progress
    from ..core.data.dataset import DatasetRNN
    from ..core.rivals import design as designs, fit
    from ..core.rivals.design import Design
    from ..core.rivals.fit import FittedRival
    from ..core.studies import recovery, telling
    from ..core.studies.recovery import ModelRecovery, ParameterRecovery, TermRecovery
    from ..core.studies.telling import ModelDiscriminability
    from ..experiment import estimators
else:
    torch = later("torch")
    progress = later("..core.progress", __package__)
    designs = later("..core.rivals.design", __package__)
    fit = later("..core.rivals.fit", __package__)
    recovery = later("..core.studies.recovery", __package__)
    telling = later("..core.studies.telling", __package__)
    estimators = later("..experiment.estimators", __package__)

Floats = NDArray[np.float64]
LADDER = tuple(100 * 2**step for step in range(7))  # choices of a person, for which designs are made
JOBS = "SPICEWIDGETS_JOBS"  # the variable that bounds the number of processes
PEOPLE = 10  # that a simulated data set has at most
FEWEST = 5  # people from whom simulated ones take their numbers; of fewer there is no range
AS_A_RULE, RARELY = 0.8, 0.1  # shares of data sets in which a term is found


def most_jobs() -> int:
    """Find how many processes a study may have here; a public page has none of a learner's own."""
    return int(os.environ.get(JOBS, 64))


@dataclass(frozen=True)
class Size:
    """The size of a design; sessions and trials are means.

    Attributes:
        people: how many.
        sessions: of each person.
        trials: of each session.
    """

    people: int
    sessions: float
    trials: float

    @property
    def choices(self) -> float:
        """Of each person."""
        return self.sessions * self.trials


def size_of(snapshot: ExperimentSnapshot) -> Size:
    """Return the design on the page, or that of the table which is used."""
    people, contents = snapshot.n_participants, snapshot.table.contents
    trials = float(snapshot.data.n_trials)
    if contents is not None:
        trials = float(np.asarray(contents.choices.dataset.lengths).mean())
    return Size(people, snapshot.n_sessions / people, trials)


@dataclass(frozen=True, eq=False)
class DiscriminationView:
    """How well two learners are discriminated.

    Attributes:
        settings: the learners.
        frame: a row for each number of choices, as `Telling.to_frame` has it.
        trials: of a session, on average.
        study: what is behind it, as it was then.
    """

    settings: TwoLearners
    frame: "pd.DataFrame"
    trials: float
    study: "ModelDiscriminability"

    @property
    def learners(self) -> tuple[str, str]:
        """The names of the two learners."""
        return RIVALS[self.settings.first], RIVALS[self.settings.second]

    def choices(self, certainty: float) -> float:
        """Choices of a person that are needed to be so certain; infinite where the largest design is not
        enough.
        """
        return telling.find_required(self.frame, certainty)

    def people(self, certainty: float, choices: float) -> tuple[float, float]:
        """People of one kind who are needed with about so many choices each, and how many choices the
        simulated ones had; the number is infinite where 200 are not enough.
        """
        sizes = self.frame["choices"].to_numpy(float)
        at = float(sizes[np.abs(np.log(sizes / choices)).argmin()])
        return self.study.people_needed(at, certainty), at

    def sentence(self, certainty: float) -> str:
        """Return the end of the planner's sentence."""
        if not len(self.frame):
            return "is not known yet."
        needed, most = self.choices(certainty), float(self.frame["choices"].iloc[-1])
        if np.isinf(needed):
            return f"takes more than {most:,.0f} choices of a person."
        few = needed <= self.frame["choices"].iloc[0]
        sessions = max(1, int(np.ceil(needed / self.trials)))
        plural = "s" if sessions > 1 else ""
        return (
            f"takes {'at most' if few else 'about'} {round_choices(needed)} choices of a person: {sessions:,}"
            f" session{plural} of {self.trials:.0f}."
        )

    def between(self, certainty: float) -> str:
        """Describe the uncertainty of the number of choices."""
        low, high = (
            f"{round_choices(end)}" if np.isfinite(end) else ""
            for end in self.study.choices_between(certainty)
        )
        n = f"{self.frame['people'].min():.0f} simulated people of each"
        if not low:
            return f"From {n}."
        most = f"more than {self.frame['choices'].iloc[-1]:,.0f}"
        return f"Between {low} and {high or most} ({SHARE}), from {n} or more."

    def together(self, certainty: float, size: Size) -> str:
        """Describe how many people of one kind the present design needs."""
        people, choices = self.people(certainty, size.choices)
        each = f"{choices:,.0f} choices each"
        if np.isinf(people):
            return f"With {each}, 200 people of one kind are not enough."
        if people == 1:
            return f"With {choices:,.0f} choices, one person is enough."
        return f"Or {people:.0f} people of one kind with {each}."


@dataclass(frozen=True, eq=False)
class ConfusionView:
    """Which model was the best where which was simulated.

    Attributes:
        names: what the models are called, rows and columns.
        counts: of people, `(n_models, n_models)`; rows are simulated.
        criterion: by what the best is chosen.
    """

    names: tuple[str, ...]
    counts: NDArray[np.int64]
    criterion: str

    @property
    def sentence(self) -> str:
        """The share of models that are recovered, and the most frequent confusion."""
        totals = self.counts.sum(axis=1)
        n, right = int(totals.sum()), int(np.trace(self.counts))
        wrong = self.counts / np.maximum(totals, 1)[:, None]
        np.fill_diagonal(wrong, 0)
        row, column = np.unravel_index(int(wrong.argmax()), wrong.shape)
        words = f"{right:,} of {n:,} people are taken for what they are."
        if wrong[row, column] > 0:
            words += (
                f" Mistaken most: {self.names[row]} for {self.names[column]}"
                f" ({self.counts[row, column]} of {totals[row]})."
            )
        return words


@dataclass(frozen=True, eq=False)
class ParametersView:
    """The recovery of a learner's parameters.

    Attributes:
        learner: what it is called.
        summary: a row for each number, as `ParameterRecovery.summary` has it.
        pairs: true and found values of each number, of all simulated people.
        fitted: whether the simulated people have numbers that were fitted to people; else these are drawn
            from the declared prior.
    """

    learner: str
    summary: "pd.DataFrame"
    pairs: Mapping[str, tuple[Floats, Floats]]
    fitted: bool

    @property
    def sentence(self) -> str:
        """Which numbers come back worst and best."""
        told = self.summary["correlation"].dropna().sort_values()
        if not len(told):
            return f"No parameter of {self.learner} differs between these people."
        worst, best = told.index[0], told.index[-1]
        words = f"{worst} comes back with a correlation of {told.iloc[0]:.2f}"
        if worst == best:
            return f"Of {self.learner}, {words}."
        return f"Of {self.learner}, {words}, {best} with {told.iloc[-1]:.2f}."


@dataclass(frozen=True, eq=False)
class Terms:
    """Which terms are found.

    Attributes:
        choices: of a person, growing, `(n_sizes,)`.
        true: for each true term, the share of data sets in which it is found, `(n_sizes,)`.
        made_up: the share in which any term is found that is not true, `(n_sizes,)`.
        n_datasets: of each size, `(n_sizes,)`.
        exact: share in which exactly the true terms are found, `(n_sizes,)`.
    """

    choices: Floats
    true: Mapping[str, Floats]
    made_up: Floats
    n_datasets: NDArray[np.int64]
    exact: Floats

    def at(self, choices: float) -> int:
        """Return the place of the size nearest to a number of choices."""
        return int(np.abs(np.log(self.choices / choices)).argmin())

    def sentence(self, choices: float) -> str:
        """Describe how often exactly the true terms are found, with about so many choices."""
        at = self.at(choices)
        share = f"{100 * self.exact[at]:.0f} % of {self.n_datasets[at]} data sets"
        return f"With {self.choices[at]:,.0f} choices exactly the true terms are found in {share}."

    def rows(self, choices: float) -> list[tuple[str, float, float, str]]:
        """Each true term at about so many choices, and the made-up ones: share found and missed, in words."""
        at = self.at(choices)
        rows = [
            (name, float(found[at]), 1 - float(found[at]), self._in_words(found, at))
            for name, found in self.true.items()
        ]
        made_up = float(self.made_up[at])
        words = "rarely" if made_up <= RARELY else "often: a term more is no finding by itself"
        return [*rows, ("a term that is not true", made_up, float("nan"), words)]

    def _in_words(self, found: Floats, at: int) -> str:
        if found[at] >= AS_A_RULE:
            return "found as a rule"
        later = np.flatnonzero(found >= AS_A_RULE)
        more = f"; as a rule from {self.choices[later[0]]:,.0f} choices on" if len(later) else ""
        return f"{'missed more often than found' if found[at] < 0.5 else 'missed now and then'}{more}"


class Recovery(PageStudy):
    """A study of the core, whose results go on where it was stopped."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.settings, self.learners = (self.snapshot.group(name) for name in ("recovery", "learners"))
        self.study: Any = None  # of the core; made with the first step
        self.fits: dict[str, FittedRival] = {}  # of the present choices

    def take(self, before: PageStudy) -> None:
        """Take over the data sets of an earlier study: the first ones are the same, however many there
        are.
        """
        if isinstance(before, Recovery) and before.name == self.name:
            if not self.snapshot.differs(before.snapshot, ("task", "participant", "data", "table")):
                self.fits = dict(before.fits)
            own, other = (_but_how_many(each.snapshot) for each in (self, before))
            if not own.differs(other, STUDIES[self.name].groups) and before.study is not None:
                self.study = self.make()
                results = before.study.results.items()
                self.study.results = {at: one for at, one in results if at < len(self.study.parts)}
                self._count()

    def steps(self) -> "Generator[progress.Progress, None, None]":
        """Fit what is needed, then do one data set after the other."""
        began = monotonic()
        missing = [name for name in self.needed if name not in self.fits]
        for name in missing:
            yield progress.Progress(0, 0, f"Fitting {RIVALS[name]} to the choices", monotonic() - began)
            self.fits[name] = fit.fit_rival(name, self.data.dataset, "prior")
        if self.study is None:
            self.study = self.make()
        jobs = min(self.settings.jobs, most_jobs())
        with closing(self.study.run(n_jobs=None if jobs == 1 else jobs)) as steps:
            yield from steps
        self._count()

    def look(self) -> None:
        """As in every study."""
        self._count()
        if self.study is not None and self.study.results:
            study = copy(self.study)
            study.results = dict(self.study.results)
            self.found = self.read(study)

    def _count(self) -> None:
        if self.study is not None:
            self.done, self.total = len(self.study.results), len(self.study.parts)

    @property
    def counts(self) -> dict[str, Any]:
        """The number of data sets, and their seed."""
        return {"n_datasets": self.settings.n_datasets, "random_state": self.settings.seed}

    @property
    def needed(self) -> Sequence[str]:
        """Rivals that must be fitted to the choices first."""
        return ()

    @abstractmethod
    def make(self) -> Any:
        """Return the study of the core."""

    @abstractmethod
    def read(self, study: Any) -> Any:
        """Read its results for the view."""


class LearnersStudy(Recovery):
    """Two learners, in designs of growing size."""

    name: ClassVar = "learners"

    @property
    def needed(self) -> Sequence[str]:
        """Those whose numbers the simulated people have."""
        return self._with_effect() or (self.learners.first, self.learners.second)

    def make(self) -> "ModelDiscriminability":
        """As in every study."""
        learners, recovering = self.learners, self.settings
        pools = tuple(self._pool(name) for name in (learners.first, learners.second))
        sizes = _sizes(self.snapshot)
        data, seed = self.data.dataset, recovering.seed
        return telling.ModelDiscriminability(
            learners.first,
            learners.second,
            [_design(self.snapshot, data, PEOPLE, sessions, seed) for sessions in sizes],
            pools,  # type: ignore[arg-type] # a pair
            criterion=recovering.criterion,
            **self.counts,
        )

    def _with_effect(self) -> tuple[str, ...]:
        """Return the models to fit where a size is given: Rescorla-Wagner, and the second learner."""
        learners = self.learners
        if learners.first in BEYOND and learners.effect is not None:
            return tuple(dict.fromkeys((PLAIN, learners.second)))
        return ()

    def _pool(self, name: str) -> Floats:
        """Numbers of people: those that were fitted; or Rescorla-Wagner's, and one beyond."""
        learners = self.learners
        if name != learners.first or not self._with_effect():
            return self.fits[name].values
        plain, rival = self.fits[PLAIN], fit.resolve_model(name)
        own, number = dict(zip(plain.names, plain.values.T, strict=True)), BEYOND[name][0]
        pool = np.empty((len(plain.values), len(rival.columns(plain.n_actions))))
        for at, (column, parameter) in enumerate(rival.columns(plain.n_actions)):
            usual = parameter.from_scale(parameter.mean)
            pool[:, at] = own.get(column, learners.effect if column == number else usual)
        return pool

    def describe(self) -> str:
        """As in every study."""
        learners, settings = self.found.learners, self.learners
        size = f" of {settings.effect:g}" if self._with_effect() else ""
        end = self.found.sentence(settings.certainty)
        share = f"{100 * settings.certainty:.0f} %"
        return f"To tell {learners[0]}{size} from {learners[1]} in {share} {end}"

    def read(self, study: "ModelDiscriminability") -> DiscriminationView:
        """As in every study."""
        return DiscriminationView(self.learners, study.to_frame(), size_of(self.snapshot).trials, study)


class ModelsStudy(Recovery):
    """All rivals, in the present design."""

    name: ClassVar = "models"

    @property
    def needed(self) -> Sequence[str]:
        """All of them."""
        return tuple(RIVALS)

    def make(self) -> "ModelRecovery":
        """As in every study."""
        settings, size = self.settings, size_of(self.snapshot)
        people = min(size.people, PEOPLE)
        sessions = max(1, round(size.sessions))
        design = _design(self.snapshot, self.data.dataset, people, sessions, settings.seed)
        return recovery.ModelRecovery(
            design, tuple(RIVALS), self.fits, criterion=settings.criterion, **self.counts
        )

    def read(self, study: "ModelRecovery") -> ConfusionView:
        """As in every study."""
        counts = study.counts()
        return ConfusionView(tuple(RIVALS[name] for name in study.names), counts.to_numpy(), study.criterion)


class ParametersStudy(Recovery):
    """The numbers of the learner to be found, in the present design."""

    name: ClassVar = "parameters"

    @property
    def needed(self) -> Sequence[str]:
        """The learner, where there are enough people to have a range."""
        enough = len(self.data.dataset.participants) >= FEWEST
        return (self.learners.first,) if enough else ()

    def make(self) -> "ParameterRecovery":
        """As in every study."""
        settings, name = self.settings, self.learners.first
        sessions = max(1, round(size_of(self.snapshot).sessions))
        design = _design(self.snapshot, self.data.dataset, PEOPLE, sessions, settings.seed)
        fitted = self.fits[name] if self.needed else None
        return recovery.ParameterRecovery(name, design, fitted, **self.counts)

    def read(self, study: "ParameterRecovery") -> ParametersView:
        """As in every study."""
        frame, pairs = study.to_frame(), {}
        for name, own in frame.groupby("parameter", sort=False):
            pairs[str(name)] = own["true"].to_numpy(float), own["value"].to_numpy(float)
        return ParametersView(RIVALS[study.rival.name], study.summary(), pairs, bool(self.needed))


class TermsStudy(Recovery):
    """The terms of the participant's equation, by the number of choices."""

    name: ClassVar = "terms"

    def make(self) -> "TermRecovery":
        """As in every study."""
        snapshot = self.snapshot
        return recovery.TermRecovery(
            snapshot.participant,
            snapshot.task,
            snapshot.model.name,
            trials=snapshot.data.n_trials,
            sessions=_sizes(snapshot),
            **self.counts,
            **estimators.parameters_of(snapshot),
        )

    def describe(self) -> str:
        """As in every study."""
        return str(self.found.sentence(size_of(self.snapshot).choices))

    def read(self, study: "TermRecovery") -> Terms:
        """As in every study."""
        frame = study.to_frame()
        choices = np.sort(frame["choices"].unique())
        by_size = frame.groupby(["module", "term", "choices"], sort=False)
        keys = [frame[name] for name in ("module", "term", "choices")]
        found = (frame["value"] != 0).groupby(keys).mean()
        is_true = by_size["true"].any().groupby(["module", "term"], sort=False).any()
        several = frame["module"].nunique() > 1
        true = {}
        for module, term in is_true[is_true].index:
            words = "constant" if term == "1" else term.replace("[k]", "").replace(module, "own value")
            of = f" of {module.removeprefix('x_').replace('_', ' ')}" if several else ""
            true[words + of] = found.loc[module, term].reindex(choices).to_numpy(float)
        made_up = (frame["outcome"] == "made up").groupby([frame["choices"], frame["dataset"]]).any()
        return Terms(
            choices=choices.astype(float),
            true=true,
            made_up=made_up.groupby("choices").mean().reindex(choices).to_numpy(float),
            n_datasets=frame.groupby("choices")["dataset"].nunique().reindex(choices).to_numpy(int),
            exact=study.exact().reindex(choices).to_numpy(float),
        )


def round_choices(choices: float) -> str:
    """Return a number of choices that was read between two sizes."""
    return f"{choices:,.0f}" if choices < 100 else f"{round(choices, -1):,.0f}"


def _sizes(snapshot: ExperimentSnapshot) -> list[int]:
    """Sessions of a person, from few choices to many; among them as many as there are, if that is not too
    many.
    """
    size = size_of(snapshot)
    sessions = {max(1, round(choices / size.trials)) for choices in LADDER}
    own = max(1, round(size.sessions))
    return sorted(sessions | {own} if own * size.trials <= 2 * LADDER[-1] else sessions)


def _design(
    snapshot: ExperimentSnapshot, data: "DatasetRNN", people: int, sessions: int, seed: int
) -> "Design":
    """So many people with so many sessions each: of the task on the page, or drawn from the table's."""
    if snapshot.is_simulated:
        task = make_environment(snapshot.task)
        return designs.Design.of_settings(people, sessions, snapshot.data.n_trials, task)
    drawn = np.random.default_rng(seed).integers(data.n_sessions, size=people * sessions)
    rows = torch.from_numpy(drawn)
    part = data.take(rows, torch.arange(data.n_trials).expand(len(rows), -1))
    part = part.recoded(np.repeat(np.arange(people), sessions).tolist(), None)
    return designs.Design.of_choices(part)


def _but_how_many(snapshot: ExperimentSnapshot) -> ExperimentSnapshot:
    """Return the settings as if another number of data sets was the same."""
    settings = replace(snapshot.group("recovery"), n_datasets=2)
    return replace(snapshot, studies={**snapshot.studies, "recovery": settings})
