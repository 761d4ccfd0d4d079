"""A study, declared once: its words, its settings, its parts, and its result.

`ready.py` lists those there are. From the declaration come the panel with its controls, progress, stop and
going on; the command `spicewidgets NAME` with its options and files; and a part of the report. Importing this
loads nothing heavy.

A setting of a study is declared by `setting` with, beside its help and bounds,
    label, slider: how its control looks; see `state/base.py`.
    page: whether the page has it (else the command alone).
    command: False where the command has no such option, or what is otherwise there: its `name`, its bounds.
    extends: whether it only asks for more parts or fewer, so that those that are done stay.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from ...loading import later
from ..models import model_for
from ..progress import Progress, map_progress
from ..settings import Settings
from .source import Source

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from .. import estimator
    from ..data.dataset import DatasetRNN
    from ..estimator import SpiceEstimator
else:
    np = later("numpy")
    estimator = later("..estimator", __package__)


class StudyResult(Protocol):
    """The result of a study, whole or so far."""

    @property
    def sentence(self) -> str:
        """The answer."""

    @property
    def text(self) -> str:
        """All that a command prints of it."""

    def to_frame(self) -> "pd.DataFrame":
        """Return every value that it stands on."""


@dataclass(frozen=True, eq=False)
class TableResult:
    """A result that is a sentence and a table.

    Attributes:
        sentence: the answer.
        frame: a row for each part.
    """

    sentence: str
    frame: "pd.DataFrame"

    @property
    def text(self) -> str:
        """The sentence, and the table below it."""
        return f"{self.sentence}\n\n{self.frame.to_string(index=False, float_format='{:.3f}'.format)}"

    def to_frame(self) -> "pd.DataFrame":
        """Return the table."""
        return self.frame


class Study(ABC):
    """One study of some choices. It is done part by part, and what is done stays whenever it is stopped.

    Args:
        settings: of the class that the study names.
        source: what it is of.

    Attributes:
        parts: the results of those that are done, by name.
    """

    name: ClassVar[str]  # of panel, command, and group of settings
    title: ClassVar[str]  # of the panel
    about: ClassVar[str]  # what it asks and how, in two sentences
    word: ClassVar[str] = "Begin"  # on the button, and for doing it again
    tip: ClassVar[str] = "Do this study; it can be stopped"
    noun: ClassVar[str] = "people"  # its parts
    file: ClassVar[str] = ""  # the name of what is written; that of the study where nothing is said
    again: ClassVar[str] = ""  # what is said of an old result; "(word) again." where nothing is
    panel: ClassVar[str] = ""  # and command, that it shares with others; its own where nothing is said
    asks_equations: ClassVar[bool] = False  # whether it needs a trained network
    asks_truth: ClassVar[bool] = False  # whether it needs a simulated participant and a ready model
    trains: ClassVar[bool] = False  # whether it trains one itself, as the settings say
    tasks: ClassVar[tuple[str, ...]] = ()  # kinds of task that it is of, by name; empty for all
    resumes: ClassVar[bool] = False  # whether a command that is ended shows what is done, and can go on
    is_of_result: ClassVar[bool] = False  # whether it ends with the equations that it is of
    without_dropout: ClassVar[str] = ""  # why it cannot be done of a network that was trained with dropout
    has_command: ClassVar[bool] = True  # whether its command follows from its settings
    is_further: ClassVar[bool] = True  # whether a report does it as a part of its own, beside what all have
    shared: ClassVar[Mapping[str, type[Settings]]] = {}  # groups of settings, where it has several
    settings_class: ClassVar[type[Settings]]  # of all its settings

    def __init__(self, settings: Settings, source: Source) -> None:
        self.settings: Any = settings
        self.source = source
        self.parts: dict[Any, Any] = {}

    @classmethod
    def stage(cls) -> str:
        """Return the name of its panel."""
        return cls.panel or cls.name

    @classmethod
    def groups(cls) -> Mapping[str, type[Settings]]:
        """Return its settings on the page, by the name of their group."""
        return cls.shared or {cls.name: cls.settings_class}

    @classmethod
    def settings_from(cls, group: Callable[[str], Settings]) -> Settings:
        """Put its settings together from those of its groups, which `group` gives by name."""
        given = {name: group(name) for name in cls.groups()}
        return cls.settings_class(
            **{item.name: getattr(one, item.name) for one in given.values() for item in fields(one)}
        )

    @property
    def names(self) -> Sequence[Any]:
        """All parts, what is quick first; people, where nothing else is said."""
        return tuple(self.source.people)

    @property
    def finished(self) -> list[Any]:
        """The results of the parts that are done, in the order of all."""
        return [self.parts[name] for name in self.names if name in self.parts]

    def work(self, part: str) -> Generator[Progress, None, Any]:
        """Do a part, with a record of how far it is; its result is the generator's value."""
        raise NotImplementedError(f"{type(self).__name__} has neither work nor steps of its own")

    @abstractmethod
    def result(self) -> StudyResult:
        """Return what follows from the parts that are done."""

    @property
    def has_result(self) -> bool:
        """Tells whether there is a result yet."""
        return bool(self.parts)

    def weight(self, part: str) -> int:
        """About how many of the quickest parts take as long, for the time left."""
        return 1

    def random_of(self, part: str) -> "np.random.Generator":
        """Return random numbers of a part's own, whatever else is done; it takes a `seed` in the settings."""
        return np.random.default_rng([self.settings.seed, list(self.names).index(part)])

    def notes(self) -> Iterator[str]:
        """Yield what should be known before the result is read."""
        yield from ()

    def tables(self) -> "dict[str, pd.DataFrame]":
        """Return the tables that are written, by name."""
        return {self.file or self.name: self.result().to_frame()}

    @classmethod
    def describe_misfit(cls, settings: Any, task: str) -> str:
        """Say why it cannot be done of a kind of task, by its name; empty where it can."""
        return ""

    @classmethod
    def describe_obstacle(cls, settings: Any, people: int, sessions: int) -> str:
        """Say why it cannot be done of so many people and sessions; empty where it can."""
        return ""

    @classmethod
    def misuses(cls, settings: Any) -> Iterator[tuple[Sequence[str], str]]:
        """Yield settings that have no effect beside the others, and why."""
        yield from ()

    def steps(self) -> Generator[Progress, None, None]:
        """Do what is left, part by part."""
        weights = {name: self.weight(name) for name in self.names}
        total, before = sum(weights.values()), sum(weights[name] for name in self.parts)
        began, done = monotonic(), before
        for name in [name for name in self.names if name not in self.parts]:

            def of_all(step: Progress, done: int = done, weight: int = weights[name]) -> Progress:
                size = max(step.total, 1)
                share = done * size + weight * step.done
                return Progress(share, total * size, step.words, monotonic() - began, before * size)

            self.parts[name] = yield from map_progress(self.work(name), of_all)
            done += weights[name]

    def take(self, before: "Study") -> None:
        """Take over the parts of an earlier study of the same choices, where its settings are the same."""
        longest = {item.name: item.default for item in fields(self.settings) if item.metadata.get("extends")}
        own, other = (replace(each.settings, **longest) for each in (self, before))
        if own == other:
            self.parts |= {name: part for name, part in before.parts.items() if name in self.names}

    def to_data(self) -> Any:
        """Return what its result is made of: values, arrays, and records of the package, without agents and
        estimators.
        """
        return self.parts

    def take_data(self, data: Any) -> None:
        """Take over what `to_data` gave of a study of the same choices and settings."""
        self.parts |= data

    def describe(self) -> str:
        """Return the answer so far, in a sentence."""
        return self.result().sentence

    @property
    def settings_done(self) -> Settings:
        """The settings of what was done, once it was stopped: those of all, where it can go on."""
        settings: Settings = self.settings
        return settings

    @property
    def end_state(self) -> str:
        """Its state, once nothing of it is under way."""
        done, total = len(self.parts), len(self.names)
        if total and done == total:
            return f"Done: {total:,} {self.noun}."
        if not done:
            return "Stopped before anything was done."
        return f"Stopped after {done:,} of {total:,} {self.noun}; these were kept. Press again to go on."


def ready_estimator(name: str, dataset: "DatasetRNN", seed: int) -> "SpiceEstimator":
    """Return an estimator of a ready model that is not fitted yet; people are pooled where there are
    several.

    Args:
        name: of the model, as in `MODELS`.
        dataset: the choices that it is for.
        seed: of its training.

    Raises:
        SettingsError: where it is for another kind of task.
    """
    row = model_for(name, dataset.task)
    pooling = "group" if dataset.n_participants > 1 else "none"
    return estimator.SpiceEstimator(
        row.rnn_class, row.config, n_actions=dataset.n_actions, pooling=pooling, random_state=seed
    )


def way_of_fitting(way: str, dataset: "DatasetRNN") -> str:
    """Return how rivals are fitted where a way was asked for: one person has no group."""
    return "prior" if way == "group" and dataset.n_participants < 2 else way
