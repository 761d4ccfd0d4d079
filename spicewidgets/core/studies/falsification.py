"""The study of falsification: equations, networks and rivals are fitted, and judged by what they do.

Importing this loads nothing heavy.
"""

import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from math import inf
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, ClassVar

from ...loading import later
from ..models import MODELS
from ..progress import Progress, map_progress
from ..rivals.ready import ALL, rivals_for
from ..settings import HIGHEST_SEED, Settings, SettingsError, SpiceWarning, setting
from .source import Source
from .study import Study, ready_estimator, way_of_fitting

if TYPE_CHECKING:
    import pandas as pd

    from ..data.dataset import DatasetRNN
    from ..estimator import SpiceEstimator
    from ..judge import check, falsify
    from ..rivals import fit
    from ..simulate.agents import Agent
    from ..simulate.record import Floats
else:
    pd = later("pandas")
    check = later("..judge.check", __package__)
    falsify = later("..judge.falsify", __package__)
    fit = later("..rivals.fit", __package__)

FEW = ("win-stay-lose-shift", "rescorla-wagner", "with-kernel")  # beside what is trained, unless all are
USUAL = ("rescorla-wagner", "with-kernel")  # where nothing is trained, and neither rival nor model is named
EQUATIONS, NETWORK = " (SPICE) equations", " (SPICE) network"


@dataclass(frozen=True)
class FalsificationSettings(Settings):
    """The models that are judged, and by how many repeats."""

    rivals: tuple[str, ...] = setting(
        (),
        "Judge this rival; rescorla-wagner and with-kernel where neither a rival nor a model is given.",
        choices=tuple(ALL),
        page=False,
        command={"name": "rival"},
    )
    models: tuple[str, ...] = setting(
        (),
        "Judge equations and network of this model, too.",
        choices=tuple(MODELS),
        page=False,
        command={"name": "model"},
    )
    way: str = setting(
        "group",
        "How rivals are fitted: under their group's prior, the declared prior, or by maximum likelihood.",
        choices=("group", "prior", "likelihood"),
        page=False,
    )
    schedule: Path | None = setting(
        None,
        "CSV file of reward probabilities, a column an option, a row a trial, of all sessions or of one after"
        " the other. With it models play the task anew; without it next choices judge them.",
        page=False,
        metavar="FILE",
    )
    n_repeats: int = setting(
        100,
        "Times that each model plays all sessions anew, where the task's schedule is known; below 99, none of"
        " five measures can fail.",
        unit="times",
        low=20,
        high=1000,
        label="Times each plays",
        slider=(20, 200, 10),
        command={"high": None},
    )
    every: bool = setting(
        False,
        "Whether all rivals are judged, and not three of them only.",
        label="all rivals",
        extends=True,
        command=False,
    )
    seed: int = setting(
        0, "Seed of the play.", low=0, high=HIGHEST_SEED, label="Seed of the play", slider=(0, 999, 1)
    )


class FalsificationStudy(Study):
    """All models by a few repeats first, then one after the other by all; those who were judged so stay
    whenever it is stopped.
    """

    name = "falsify"
    title = "Falsify: does the equation behave as people do?"
    about = (
        "A model may expect choices well and still not behave as people do. So what fitted models do is"
        " measured as it is in people, and a model that lies beyond chance is rejected."
    )
    word = "Test"
    tip = "Judge fitted models by what they do"
    noun = "models"
    file = "falsification"
    asks_equations = True
    is_further = False
    settings_class: ClassVar = FalsificationSettings

    def __init__(self, settings: Settings, source: Source) -> None:
        super().__init__(settings, source)
        self._estimator = cache(self._train)
        self._so_far: dict[str, Callable[[], check.Falsification]] = {}  # verdicts by some of the repeats
        path = self.settings.schedule
        self._schedule = source.schedule if path is None else read_schedule(path, source.dataset)

    @property
    def names(self) -> Sequence[str]:
        """What is trained, rivals, and models that are trained for this."""
        models = [f"{name}{end}" for name in self.settings.models for end in (EQUATIONS, NETWORK)]
        known = rivals_for(self.source.dataset.task)
        usual: tuple[str, ...] = FEW if self.source.trained else () if models else USUAL
        if not set(usual) <= set(known):  # of another kind of task
            usual = tuple(known)
        rivals = self.settings.rivals or (tuple(known) if self.settings.every else usual)
        return (*self.source.trained, *rivals, *models)

    def work(self, part: str) -> "Generator[Progress, None, check.Falsification]":
        """Fit a model, and judge it."""
        label = self.source.label_of(part)
        yield Progress(0, 1, f"Fitting {label}", 0.0)
        steps = falsify.falsifying(
            {label: self._agent(part)},
            self.source.dataset,
            self._schedule,
            n_repeats=self.settings.n_repeats,
            random_state=self.settings.seed,
        )

        def to_progress(step: "falsify.Repeat") -> Progress:
            if step.judge is None:
                return Progress(step.done, step.total, f"Judging {label}", 0.0)
            if step.done >= falsify.FEWEST:
                self._so_far[part] = step.judge
            return Progress(step.done, step.total, f"Judging {label}, {step.done} of {step.total} times", 0.0)

        return (yield from map_progress(steps, to_progress))

    def steps(self) -> Generator[Progress, None, None]:
        """Judge each model that is left by a few repeats, then each by all."""
        began, each = monotonic(), 1 if self._schedule is None else self.settings.n_repeats
        left = {name: self.work(name) for name in self.names if name not in self.parts}
        done = {name: 0 if name in left else each for name in self.names}
        before = sum(done.values())
        for enough in (falsify.FEWEST, inf):
            for name in [name for name in left if name not in self.parts]:
                try:
                    while done[name] < enough:
                        step = next(left[name])
                        done[name] = step.done
                        seconds = monotonic() - began
                        yield Progress(sum(done.values()), each * len(done), step.words, seconds, before)
                except StopIteration as end:
                    self.parts[name] = end.value

    def result(self) -> "check.Falsification":
        """Return the checks of all models together, of each by as many repeats as it has played."""
        found = [
            self.parts[name] if name in self.parts else self._so_far[name]() for name in self._names_judged
        ]
        checks = tuple(each for one in found for each in one.checks)
        return check.Falsification(checks, found[0].n_people, min(one.n_repeats for one in found))

    @property
    def has_result(self) -> bool:
        """Tells whether a model has played often enough to be judged at all."""
        return bool(self._names_judged)

    @property
    def _names_judged(self) -> list[str]:
        return [name for name in self.names if name in self.parts or name in self._so_far]

    def notes(self) -> Iterator[str]:
        """Say where the prior of a group was asked for, and there is none."""
        if way_of_fitting(self.settings.way, self.source.dataset) != self.settings.way:
            yield "One person has no group: rivals are fitted under the declared prior."

    @property
    def end_state(self) -> str:
        """As in every study, but for verdicts by a few repeats."""
        if self.parts or not self._so_far:
            return super().end_state
        return "Stopped before any model had played as often as was asked for. Press again to begin anew."

    @classmethod
    def misuses(cls, settings: FalsificationSettings) -> Iterator[tuple[Sequence[str], str]]:
        """Name the repeats, where nothing is played."""
        if settings.schedule is None:
            yield ("n_repeats",), "is for tasks that are played anew (--schedule)"

    def _agent(self, part: str) -> "Agent":
        """Return who is judged."""
        if part in self.source.trained:
            return self.source.trained[part]()
        if part in ALL:
            way = way_of_fitting(self.settings.way, self.source.dataset)
            return fit.fit_rival(part, self.source.dataset, way, random_state=self.settings.seed).agent
        is_network = part.endswith(NETWORK)
        trained = self._estimator(part.removesuffix(NETWORK if is_network else EQUATIONS))
        return trained.rnn_agent if is_network else trained.spice_agent

    def _train(self, model: str) -> "SpiceEstimator":
        trained = ready_estimator(model, self.source.dataset, self.settings.seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SpiceWarning)  # how it behaves is the answer itself
            for _ in trained.fit_records(self.source.dataset):
                pass
        if trained.stopped_:
            raise KeyboardInterrupt
        return trained


def read_schedule(path: Path, dataset: "DatasetRNN") -> "Floats":
    """Read reward probabilities from a CSV file with a head, a column for each option.

    Args:
        path: of the file.
        dataset: the choices that were made by them.

    Returns:
        Of each trial, `(n_trials, n_actions)`; or of each session, `(n_sessions, n_trials, n_actions)`, where
        there is a row for each trial of every session.

    Raises:
        SettingsError: where it cannot be read.
    """
    try:
        rows: Floats = pd.read_csv(path).to_numpy(float)
    except (OSError, ValueError) as error:
        raise SettingsError(
            [
                f"schedule must be a CSV file of probabilities with a head; got {path} ({error})."
                " Write a column for each option and a row for each trial."
            ]
        ) from None
    is_whole = len(rows) == dataset.n_sessions * dataset.n_trials and dataset.n_sessions > 1
    return rows.reshape(dataset.n_sessions, -1, rows.shape[1]) if is_whole else rows
