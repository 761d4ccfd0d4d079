"""All that a study has found, as its documents need it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from ..core.data.tables.report import Report
from ..core.judge.check import Falsification
from ..core.judge.random_effects import GroupDifference
from ..core.rivals.dimensions import Dimensions
from ..core.rivals.held_out import HeldOut
from ..core.studies.recovery import ModelRecovery, ParameterRecovery
from ..core.studies.study import StudyResult

if TYPE_CHECKING:
    from ..core.data.dataset import DatasetRNN

GAIN = 0.8  # share of the equations' gain over chance that the simplest rival has to reach
EQUATIONS, NETWORK = " equations", " network"  # rows of an estimator


@dataclass(frozen=True)
class Findings:
    """All that a study has found; what was not done is empty or None.

    Attributes:
        title: of the study.
        source: a sentence on where the choices come from.
        dataset: the choices.
        held_out: how well each model predicts choices that it did not learn from.
        main: name of the estimator whose equations are told: those that predict best.
        way: how rivals were fitted to predict.
        dimensions: how many variables the choices need.
        settings: what was chosen, by name, as it is shown.
        script: what repeats the study.
        report: what was read from the table, and what was done about it.
        groups: the label of each person, by what the table says people are; people in `held_out`'s order.
        differences: whether these groups follow the models equally often.
        terms: a row for each term of the equations: `module`, `term`, `value`, `low`, `high`, and as far as
            they are known `spread`, `shrinkage`, `people`, `worth`, `price`, `parts` (that have it) and
            `halves` (correlation over people).
        term_groups: of `group_table`: a row for each coefficient or parameter and group of people, with its
            difference from the first one.
        people: a row for each person.
        falsification: where fitted models do not behave as people do.
        not_played: why there is no falsification.
        studies: the results of the other studies that are declared, by name.
        parameters: recovery of rivals' parameters, by rival.
        models: recovery of rivals.
        equations: recovery of the equations.
        sensitivity: a row for each setting that was changed: terms that came or went.
        truth: true and found coefficients, where a participant was simulated.
        notes: what came up while models were fitted.
        versions: of the packages.
    """

    title: str
    source: str
    dataset: "DatasetRNN"
    held_out: HeldOut
    main: str
    way: str
    settings: Mapping[str, str]
    script: str
    report: Report | None = None
    dimensions: Dimensions | None = None
    groups: Mapping[str, list[Any]] = field(default_factory=dict)
    differences: Mapping[str, GroupDifference] = field(default_factory=dict)
    terms: pd.DataFrame = field(default_factory=pd.DataFrame)
    term_groups: pd.DataFrame = field(default_factory=pd.DataFrame)
    people: pd.DataFrame = field(default_factory=pd.DataFrame)
    falsification: Falsification | None = None
    not_played: str = ""
    studies: Mapping[str, StudyResult] = field(default_factory=dict)
    parameters: Mapping[str, ParameterRecovery] = field(default_factory=dict)
    models: ModelRecovery | None = None
    equations: Any = None
    sensitivity: pd.DataFrame = field(default_factory=pd.DataFrame)
    truth: pd.DataFrame | None = None
    notes: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def estimator(self) -> Any:
        """The estimator whose equations are told, fitted to all choices."""
        return self.held_out.estimators[self.main]

    @property
    def told(self) -> str:
        """The row of its equations."""
        return self.main + EQUATIONS

    @property
    def network(self) -> str:
        """The row of its network."""
        return self.main + NETWORK

    @property
    def rivals(self) -> tuple[str, ...]:
        """Rivals, the best first."""
        order = self.held_out.likelihood.argsort()[::-1]
        return tuple(
            self.held_out.models[place]
            for place in order
            if self.held_out.models[place] in self.held_out.fits
        )

    @property
    def simplest(self) -> str | None:
        """The rival with the fewest numbers that reaches most of what the equations gain over chance."""
        return simplest_of(self.held_out, self.told)


def best_of(held_out: HeldOut) -> str:
    """Find the estimator whose equations give held-out choices the highest likelihood."""
    rows = {name: held_out.models.index(name + EQUATIONS) for name in held_out.estimators}
    return max(rows, key=lambda name: held_out.likelihood[rows[name]])


def sets_of(datasets: int, n_people: int, least: int) -> int:
    """Count the data sets to simulate, so that there are so many people, one after the other, in each of
    `datasets` rounds.
    """
    return datasets * -(-least // n_people)


def equation_sets(datasets: int, n_people: int) -> int:
    """Count the data sets in which equations are found anew: two or more in each of `datasets` rounds."""
    return max(sets_of(datasets, n_people, 10), 2 * datasets)


def simplest_of(held_out: HeldOut, told: str) -> str | None:
    """Return the rival with the fewest numbers that reaches 80 % of the gain over chance, the best of these.

    Args:
        held_out: the comparison.
        told: row of the equations.
    """
    able = [name for name in held_out.fits if gain_of(held_out, name, told) >= GAIN]
    rows = {name: held_out.models.index(name) for name in able}
    return min(
        able, key=lambda name: (held_out.numbers[rows[name]], -held_out.likelihood[rows[name]]), default=None
    )


def gain_of(held_out: HeldOut, name: str, told: str) -> float:
    """Compute the share of the equations' gain over chance that a model reaches; NaN where they have none."""
    nats = {one: held_out.chance - nats_of(held_out, one) for one in (name, told)}
    return nats[name] / nats[told] if nats[told] > 0 else float("nan")


def nats_gained(found: Findings, name: str) -> float:
    """Compute by how much a model predicts held-out choices better than chance, in nats per choice."""
    return found.held_out.chance - nats_of(found.held_out, name)


def nats_of(held_out: HeldOut, name: str) -> float:
    """Compute -ln P of a held-out choice under a model, in nats per choice."""
    return float(held_out.nll[held_out.models.index(name)].sum() / held_out.n_choices.sum())


def seen_ahead(found: Findings) -> float:
    """Compute by how much the equations are ahead of their network in choices that both were fitted to, in
    nats per predicted choice: from AIC, which is -2 ln L plus 2 for each number.
    """
    result = found.held_out
    rows = [result.models.index(name) for name in (found.network, found.told)]
    nll = [result.aic[row].sum() / 2 - result.numbers[row] * len(result.people) for row in rows]
    return float((nll[0] - nll[1]) / result.n_choices.sum())
