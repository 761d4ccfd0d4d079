"""The study of rivals: which model expects choices best that it did not learn from?

Importing this loads nothing heavy.
"""

import warnings
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from textwrap import fill
from typing import TYPE_CHECKING, Any, ClassVar

from ...loading import later
from ..models import MODELS
from ..progress import Progress
from ..rivals.declaration import CEILING, UNITS
from ..rivals.ready import ALL, rivals_for
from ..settings import HIGHEST_SEED, Settings, SpiceWarning, setting
from .study import Study, ready_estimator, way_of_fitting

if TYPE_CHECKING:
    import pandas as pd

    from ..data import counts
    from ..judge import misses
    from ..rivals import dimensions, folds, held_out
    from ..rivals.held_out import HeldOut
    from . import comparison
    from .comparison import ModelComparison
else:
    pd = later("pandas")
    counts = later("..data.counts", __package__)
    misses = later("..judge.misses", __package__)
    comparison = later(".comparison", __package__)
    dimensions = later("..rivals.dimensions", __package__)
    folds = later("..rivals.folds", __package__)
    held_out = later("..rivals.held_out", __package__)


@dataclass(frozen=True)
class HeldOutSettings(Settings):
    """What is held out, and who is compared."""

    by: str = setting(
        "session",
        "What is held out: whole sessions, whole people, or the later choices of each session.",
        choices=("session", "person", "time"),
        label="Held out",
    )
    n_folds: int = setting(
        4,
        "Parts that the choices are taken apart into.",
        unit="parts",
        low=2,
        high=20,
        label="Parts",
        slider=(2, 10, 1),
        command={"high": None},
    )
    way: str = setting(
        "group",
        "How rivals are fitted: under their group's prior, the declared prior, or by maximum likelihood.",
        choices=("group", "prior", "likelihood"),
        page=False,
    )
    rivals: tuple[str, ...] = setting(
        (),
        "Compare only this rival; all when not given.",
        choices=tuple(ALL),
        page=False,
        command={"name": "rival"},
    )
    models: tuple[str, ...] = setting(
        (),
        "Compare equations and network of this model, too.",
        choices=tuple(MODELS),
        page=False,
        command={"name": "model"},
    )
    pooled: bool = setting(
        True,
        "Whether a person's parameters are drawn to those of all people; alone, to the declared prior.",
        label="pooled over all people",
        command=False,
    )
    equations: bool = setting(
        True,
        "Whether SPICE and its network are compared, too; they are trained anew for each part.",
        label="SPICE and RNN, too",
        command=False,
    )
    ceiling: bool = setting(
        False,
        "Whether networks without structure are compared, too: how much can be predicted at all.",
        label="how much can be predicted",
        extends=True,
    )
    dimensions: bool = setting(
        False,
        "Whether tiny networks of one unit, two and so on say how many variables the choices need.",
        label="how many variables that needs",
        extends=True,
    )
    seed: int = setting(
        0,
        "Seed of starts and intervals.",
        low=0,
        high=HIGHEST_SEED,
        label="Seed of the comparison",
        slider=(0, 999, 1),
    )
    shown: str = setting(
        "likelihood",
        "What is shown of each choice held out.",
        choices=("likelihood", "nats"),
        label="Shown as",
        command=False,
        compare=False,
    )


class ComparisonStudy(Study):
    """Each model is held out by itself, so that what is done stays whenever it is stopped."""

    name = "rivals"
    title = "Rivals: does the equation expect choices better than simpler models?"
    about = (
        "Each model is fitted to one part of the choices and expects the other, part by part. So no model"
        " gains by being flexible."
    )
    word = "Compare"
    tip = "Hold out choices, part by part, and expect them"
    noun = "models"
    file = "comparison"
    asks_equations = False
    trains = True
    is_further = False
    settings_class: ClassVar = HeldOutSettings

    @property
    def names(self) -> Sequence[str]:
        """Rivals, which are quick, then what is trained."""
        own = self.source.untrained if self.settings.equations else ()
        models = (f"{name} (SPICE)" for name in self.settings.models)
        rivals = self.settings.rivals or rivals_for(self.source.dataset.task)
        ceiling = (CEILING,) if self.settings.ceiling else ()
        return (*rivals, *models, *own, *ceiling, *(UNITS if self.settings.dimensions else ()))

    def weight(self, part: str) -> int:
        """About how many rivals take as long as a model."""
        return 1 if part in ALL else 3

    def work(self, part: str) -> "Generator[Progress, None, HeldOut]":
        """Hold out the choices from one model."""
        settings, dataset = self.settings, self.source.dataset
        model: Any = part
        if part in self.source.untrained:
            model = self.source.untrained[part]()
        elif part in UNITS:
            model = dimensions.tiny_networks(random_state=settings.seed)[part]
        elif part not in (*ALL, CEILING):
            model = ready_estimator(part.removesuffix(" (SPICE)"), dataset, settings.seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SpiceWarning)  # how well it does is the answer itself
            return (
                yield from held_out.held_out_steps(
                    dataset,
                    {self.source.label_of(part): model},
                    folds.way_for(dataset, settings.by)[0],
                    n_folds=settings.n_folds,
                    way=self._way,
                    random_state=settings.seed,
                )
            )

    def result(self) -> "ModelComparison":
        """Put the models that are done in one table."""
        tiny = [self.parts[name] for name in UNITS if name in self.parts]
        own = [name for name in self.names if name in self.parts and name not in UNITS]
        whole = comparison.join_comparisons([self.parts[name] for name in own])
        found = dimensions.dimensions_of(comparison.join_comparisons(tiny)) if tiny else None
        table = self.source.table
        labels = {} if table is None else table.groups_of(whole.people)
        is_whole = len(self.finished) == len(self.names)
        return comparison.ModelComparison(whole, labels, self._way, self.settings.n_folds, is_whole, found)

    def to_data(self) -> Any:
        """As in every study, without what was expected of each single choice."""
        return {
            name: replace(part, estimators={}, choices=None, expected={}) for name, part in self.parts.items()
        }

    def notes(self) -> Iterator[str]:
        """Count the choices, and say where others are held out than was asked for."""
        if self.source.table is not None:
            n = int(self.finished[0].n_choices.sum())
            counted = counts.count_choices(self.source.dataset, self.source.table.report)
            yield fill(counted.in_words(n), comparison.WIDTH)
        yield from filter(None, [folds.way_for(self.source.dataset, self.settings.by)[1]])

    def tables(self) -> "dict[str, pd.DataFrame]":
        """Return all tables: of models, people, parameters, rivals' declarations, and groups."""
        result = self.result()
        fits = result.held_out.fits.values()
        people = result.by_person.assign(
            **{name: list(own) * len(result.rows) for name, own in result.labels.items()}
        )
        tables = {
            "comparison": result.to_frame(),
            "people": people,
            "parameters": pd.concat([fit.to_frame() for fit in fits], ignore_index=True),
            "rivals": comparison.declarations(result.held_out),
        }
        if result.misses:
            tables["misses"] = misses.to_frame(result.misses)
        if result.dimensions:
            tables["dimensions"] = result.dimensions.to_frame()
        if result.differences:
            groups = [
                frequencies.to_frame().assign(column=name, group=label, same=difference.same)
                for name, difference in result.differences.items()
                for label, frequencies in difference.groups.items()
            ]
            tables["groups"] = pd.concat(groups, ignore_index=True)
        return tables

    @classmethod
    def describe_obstacle(cls, settings: HeldOutSettings, people: int, sessions: int) -> str:
        """Say why choices cannot be taken apart as it is set."""
        if settings.by == "session" and sessions <= people:
            return "Each person has one session only, so that none can be held out. Hold out time."
        if settings.by == "person" and people < 2:
            return "There is one person only, who cannot be held out. Hold out sessions."
        if settings.dimensions and people < 2:
            return "There is one person only. How many variables choices need takes several people."
        return ""

    @property
    def _way(self) -> str:
        return way_of_fitting(self.settings.way, self.source.dataset) if self.settings.pooled else "prior"
