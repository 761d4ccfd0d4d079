"""Rivals, SPICE and its network on choices that they did not learn from, one model after the other.

Importing this loads no torch.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import nan
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..core.wording import join_words
from ..loading import later
from ..state.experiment import STUDIES
from ..state.studies import RIVALS
from ..views.words import OWN, SHARE
from .studies import PageStudy

if TYPE_CHECKING:
    import pandas as pd

    from ..core import progress
    from ..core.judge import random_effects
    from ..core.progress import Progress
    from ..core.rivals import folds, held_out
    from ..core.rivals.held_out import HeldOut
    from ..experiment import estimators
else:
    pd = later("pandas")
    random_effects = later("..core.judge.random_effects", __package__)
    folds = later("..core.rivals.folds", __package__)
    held_out = later("..core.rivals.held_out", __package__)
    progress = later("..core.progress", __package__)
    estimators = later("..experiment.estimators", __package__)

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RivalRow:
    """One model, the first axis of what is drawn.

    Attributes:
        name: as it is called in the table.
        numbers: of each person, on average.
        likelihood, low, high: geometric mean of P of the choices held out, and its 95 % interval over people;
            NaN for one person.
        less, less_low, less_high: nats per choice less than the best (0 or below), and the 95 % interval of
            this difference, person by person; NaN for one person.
        share, most_common: its estimated frequency in the population by random effects (Stephan et al. 2009),
            and protected exceedance probability; NaN for one person or one model.
        aic, bic, evidence: sums over people.
    """

    name: str
    numbers: float
    likelihood: float
    low: float
    high: float
    less: float
    less_low: float
    less_high: float
    share: float
    most_common: float
    aic: float
    bic: float
    evidence: float

    @property
    def is_own(self) -> bool:
        """Whether it is SPICE or its network."""
        return self.name in OWN


@dataclass(frozen=True, eq=False)
class Compared:
    """The comparison so far.

    Attributes:
        rows: a row for each model, the best first.
        by: what was held out.
        n_folds, n_choices: how often, and how many choices in all.
        risk: probability that all are equally common; NaN where that is not known.
        pair: the two that are compared person by person: SPICE, or the best, and the best of the others.
        people, groups: who they are, and the group of each; groups are empty texts without.
        apart: of each person, nats in 100 choices by which the first of the pair is better, `(n_people,)`.
        same: for each kind of groups, the probability that they follow the models equally often.
        by_person: a row for each person and model.
        parts: the same of the people of one group, by the name of the group; empty without groups.
        fewer: why there are fewer parts than were asked for; empty where there are not.
    """

    rows: tuple[RivalRow, ...]
    by: str
    n_folds: int
    n_choices: int
    risk: float
    pair: tuple[str, ...]
    people: tuple[str, ...]
    groups: tuple[str, ...]
    apart: Floats
    same: dict[str, float]
    by_person: "pd.DataFrame"
    parts: "Mapping[str, Compared]" = field(default_factory=dict)
    fewer: str = ""

    @property
    def sentence(self) -> str:
        """The result in a sentence."""
        best = self.rows[0]
        if len(self.rows) < 2:
            return f"{best.name}: {best.likelihood:.3f} per choice held out. The others follow."
        second = self.rows[1]
        if second.less_low != second.less_low:
            return (
                f"{best.name} expects the choices best: {-second.less:.4f} nats a choice over {second.name}."
                " How sure that is takes several people."
            )
        ends = f"{-second.less_high + 0.0:.3f} to {-second.less_low:.3f}, {SHARE}"
        nats = f"{-second.less:.3f} nats a choice over {second.name} ({ends})"
        if second.less_high >= 0:
            close = [row.name for row in self.rows[1:] if row.less_high >= 0]
            return f"{best.name} expects the choices best, but {join_words(close, 3)} may be as good: {nats}."
        return f"{best.name} expects the choices best: {nats}."

    @property
    def chance(self) -> str:
        """Whether the result could be chance, in sentences."""
        if self.risk != self.risk:
            return "How common each model is among people takes several people."
        most = sorted(self.rows, key=lambda row: -row.most_common)[:2]
        probable = "below 0.0001" if self.risk < 1e-4 else f"{self.risk:.2g}"
        words = f"That all {len(self.rows)} are equally common has P {probable}. "
        if most[0].most_common >= 0.95:
            words += f"The most common is {most[0].name} (protected exceedance {most[0].most_common:.2f})."
        else:
            both = f"{most[0].name} {most[0].most_common:.2f}, {most[1].name} {most[1].most_common:.2f}"
            words += f"Which is the most common is open: {both} (protected exceedance)."
        for name, same in self.same.items():
            sure = "above 0.99" if same > 0.99 else f"{same:.2g}"
            words += f" That all groups of {name} follow the models equally often has P {sure}."
        return words


class RivalsStudy(PageStudy):
    """The comparison. Each model is held out by itself, so that what is done stays whenever it is stopped."""

    name: ClassVar = "rivals"
    noun: ClassVar = "models"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        own = ("SPICE",) if self.snapshot.rivals.equations else ()
        self.names = (*RIVALS, *own)  # what is quick comes first, so that a stop keeps more
        self.total = len(self.names)
        self.parts: dict[str, HeldOut] = {}

    def take(self, before: PageStudy) -> None:
        """As in every study."""
        if isinstance(before, RivalsStudy) and not self.snapshot.differs(before.snapshot, STUDIES[self.name]):
            self.parts = dict(before.parts)

    def steps(self) -> "Generator[Progress, None, None]":
        """One model after the other."""
        settings, people = self.snapshot.rivals, len(self.data.dataset.participants)
        way = "group" if settings.pooled and people > 1 else "prior"
        total, before = sum(map(_weight, self.names)), sum(map(_weight, self.parts))
        done, began = before, monotonic()
        for name in [name for name in self.names if name not in self.parts]:
            model: Any = estimators.estimator_of(self.snapshot) if name == "SPICE" else name
            models: Any = {RIVALS.get(name, name): model}
            steps = held_out.held_out_steps(
                self.data.dataset,
                models,
                settings.by,
                n_folds=settings.n_folds,
                way=way,
                random_state=settings.seed,
            )

            def of_all(part: "Progress", done: int = done, weight: int = _weight(name)) -> "Progress":
                return part._replace(
                    done=done * part.total + weight * part.done,
                    total=total * part.total,
                    seconds=monotonic() - began,
                    before=before * part.total,
                )

            self.parts[name] = yield from progress.map_progress(steps, of_all)
            done += _weight(name)
        self.done = len(self.parts)

    @property
    def outcome(self) -> str:
        """As in every study."""
        return self.ended if self.found is None else str(self.found.sentence)

    def look(self) -> None:
        """Put the models that are done in one table."""
        self.done = len(self.parts)
        if self.parts:
            whole = join_comparisons([self.parts[name] for name in self.names if name in self.parts])
            groups = _groups(self.snapshot, whole.people)
            fewer = folds.describe_fewer_folds(whole.by, whole.n_folds, self.snapshot.rivals.n_folds)
            found = replace(_summarise(whole, groups), fewer=fewer)
            if self.done == self.total and groups:
                found = replace(found, parts=dict(_by_group(whole, groups)))
            self.found = found


def _weight(name: str) -> int:
    """About how many rivals take as long as a model, for the time left."""
    return 8 if name == "SPICE" else 1


def join_comparisons(parts: "Sequence[HeldOut]") -> "HeldOut":
    """Models that were compared on the same choices one by one, as if they had been compared at once."""
    renamed = {"SPICE equations": "SPICE", "SPICE network": "RNN"}
    arrays: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("nll", "numbers", "aic", "bic", "evidence")
    }
    names = tuple(renamed.get(name, name) for part in parts for name in part.models)
    fits = {name: fit for part in parts for name, fit in part.fits.items()}
    return replace(parts[0], models=names, fits=fits, **arrays)


def _groups(snapshot: Any, people: Sequence[Any]) -> dict[str, list[str]]:
    """Look up the group of each person, by column of the table; empty without a table."""
    contents = snapshot.table.contents
    return {} if contents is None else contents.choices.groups_of(people)


def _summarise(whole: "HeldOut", labels: Mapping[str, Sequence[str]]) -> Compared:
    """All that is shown of a comparison."""
    several = len(whole.people) > 1
    frame = whole.to_frame()
    if not several:
        frame[["low", "high", "behind_low", "behind_high", "frequency", "protected"]] = nan
    rows = tuple(_row(line) for _, line in frame.iterrows())
    names = [row.name for row in rows]
    first = "SPICE" if "SPICE" in names else names[0]
    others = [name for name in names if name not in (first, *OWN)]
    pair = (first, others[0]) if others else (first,)
    apart = np.zeros(len(whole.people))
    if len(pair) == 2:
        one, other = (whole.models.index(name) for name in pair)
        apart = 100 * (whole.nll[other] - whole.nll[one]) / whole.n_choices
    evidence = pd.DataFrame(-whole.nll.T, columns=list(whole.models))
    differences = random_effects.differences_of_groups(evidence, labels)
    both = zip(*labels.values(), strict=True)
    return Compared(
        rows=rows,
        by=whole.by,
        n_folds=whole.n_folds,
        n_choices=int(whole.n_choices.sum()),
        risk=whole.frequencies().omnibus_risk if several and len(rows) > 1 else nan,
        pair=pair,
        people=tuple(map(str, whole.people)),
        groups=tuple(map(_join_groups, both)) if labels else ("",) * len(whole.people),
        apart=apart,
        same={name: difference.same for name, difference in differences.items()},
        by_person=whole.by_person(),
    )


def _join_groups(labels: Sequence[str]) -> str:
    """Name the groups that one person is in, by all columns."""
    return ", ".join(label or random_effects.MISSING for label in labels)


def _by_group(whole: "HeldOut", groups: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, Compared]]:
    """Yield the comparison among the people of each group of two or more."""
    for name, own in groups.items():
        for label in sorted(filter(None, set(own))):
            if 1 < own.count(label) < len(own):
                part = whole.of_people([it == label for it in own])
                yield f"{name} {label}", _summarise(part, {})


def _row(line: "pd.Series[Any]") -> RivalRow:
    """Return a line of the table of models."""
    kept = {
        name: float(line[name]) for name in ("numbers", "likelihood", "low", "high", "aic", "bic", "evidence")
    }
    return RivalRow(
        name=str(line["model"]),
        less=-float(line["behind"]) + 0.0,
        less_low=-float(line["behind_high"]) + 0.0,
        less_high=-float(line["behind_low"]) + 0.0,
        share=float(line.get("frequency", nan)),
        most_common=float(line.get("protected", nan)),
        **kept,
    )
