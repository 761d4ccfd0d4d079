"""Staying in a two-step task: how often a first choice is made again, by what it led to the last time.

A learner without a plan stays after a reward, whatever the transition; one with a plan stays after a reward
and a common transition, and leaves after a reward and a rare one (Daw et al. 2011, Neuron 69: 1204).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..checks import raise_if_any
from ..settings import LEVEL
from ..simulate.record import Floats, Ints, Record
from ..tasks import TASKS, TWO_STEP

if TYPE_CHECKING:
    from ..data.dataset import DatasetRNN

CELLS = tuple((common, rewarded) for common in (True, False) for rewarded in (True, False))
CELL_WORDS = tuple(("common" if common else "rare", "reward" if paid else "none") for common, paid in CELLS)
# Of each coefficient, the weight of the log-odds of each cell: four cells tell four coefficients.
WEIGHTS = {
    "intercept": (0.25, 0.25, 0.25, 0.25),
    "outcome": (0.5, -0.5, 0.5, -0.5),
    "transition": (0.5, 0.5, -0.5, -0.5),
    "outcome x transition": (1.0, -1.0, -1.0, 1.0),
}


def last_first_choices(choices: ArrayLike, rewards: ArrayLike) -> Ints:
    """Find the first choice of the trial that has just ended, by what it led to.

    Args:
        choices: of a two-step task, a row a stage, `(n_sessions, n_rows)`; below 0 where missing.
        rewards: of these choices, in the same shape.

    Returns:
        After each row the option, in the cell of its trial, `(n_sessions, n_rows, 4)`; -1 elsewhere.
    """
    options = np.asarray(choices)
    first, second, rewards = options[:, :-1], options[:, 1:], np.asarray(rewards)[:, 1:]
    stage = np.array([*TWO_STEP.stage_of, -1])  # -1 of a missing row
    reached = np.array([[one in group for group in TWO_STEP.groups_of(1)] for one in range(6)]).argmax(-1)
    likely = np.array(TWO_STEP.transitions).argmax(-1)
    known = (stage[first] == 0) & (stage[second] == 1)
    common = reached[second] == likely[np.where(known, first, 0)]
    cell = np.where(known, 2 * ~common + ~(rewards > 0.5), -1)
    found = np.full((*options.shape, len(CELLS)), -1)
    found[:, 1:] = np.where(cell[..., None] == np.arange(len(CELLS)), first[..., None], -1)
    return found


def expected_staying(record: Record) -> Floats:
    """Compute P of staying that a participant expects in each cell, `(4,)`: a mean over trials, then over
    sessions; NaN where there is no such trial.
    """
    options = last_first_choices(*_chosen(record))
    chances = np.take_along_axis(record.probabilities[:, 1:], np.maximum(options, 0), -1)
    with np.errstate(invalid="ignore"):
        own = np.where(options >= 0, chances, 0.0).sum(1) / (options >= 0).sum(1)
    known = np.isfinite(own)
    with np.errstate(invalid="ignore"):
        expected: Floats = np.where(known, own, 0.0).sum(0) / known.sum(0)
    return expected


def _chosen(record: Record) -> tuple[Ints, Floats]:
    """Choices and their rewards, `(n_sessions, n_rows)`."""
    return record.choices, np.take_along_axis(record.rewards, record.choices[..., None], -1)[..., 0]


@dataclass(frozen=True)
class Staying:
    """How often each person stays, by what the last first choice led to; arrays are `(n_people, 4)`, the
    cells those of `CELLS`: common and rewarded, common and not, rare and rewarded, rare and not.

    Attributes:
        people: their labels.
        stayed: trials after which the first choice was made again.
        trials: all trials after which the next first choice is known.
    """

    people: tuple[object, ...]
    stayed: Ints
    trials: Ints

    @classmethod
    def of(cls, dataset: "DatasetRNN") -> "Staying":
        """Count the trials of a two-step task; one whose next trial is missing does not count.

        Args:
            dataset: the choices, a row a stage; a reward of more than 0.5 is one.

        Raises:
            SettingsError: for a data set of another kind of task.
        """
        raise_if_any(
            [
                None
                if dataset.task == TWO_STEP.name
                else f"Staying is regressed in a {TWO_STEP.title.lower()}; got the choices of a"
                f" {TASKS[dataset.task].title.lower()}. Give choices of two stages."
            ]
        )
        options = last_first_choices(dataset.choices, dataset.rewards_chosen)
        followed = np.where(np.asarray(dataset.target_mask), np.asarray(dataset.ys.argmax(-1)), -1)
        codes, place = np.unique(np.asarray(dataset.participant_ids), return_inverse=True)
        return cls._count(tuple(dataset.participants[code] for code in codes), place, options, followed)

    @classmethod
    def of_sessions(cls, record: Record) -> "Staying":
        """Count the trials of simulated sessions, each as those of a person."""
        assert record.final_choices is not None
        people = range(len(record.choices))
        followed = np.column_stack([record.choices[:, 1:], record.final_choices])
        return cls._count(tuple(people), np.array(people), last_first_choices(*_chosen(record)), followed)

    @classmethod
    def _count(cls, people: Sequence[object], place: Ints, options: Ints, followed: Ints) -> "Staying":
        """Count how often the options were chosen next, by person and cell."""
        counted = (options >= 0) & np.isin(followed, TWO_STEP.options_of(0))[..., None]
        trials, stayed = np.zeros((2, len(people), len(CELLS)), dtype=np.int64)
        np.add.at(trials, place, counted.sum(1))
        np.add.at(stayed, place, (counted & (options == followed[..., None])).sum(1))
        return cls(tuple(people), stayed, trials)

    @property
    def shares(self) -> Floats:
        """P of staying in each cell, `(n_people, 4)`; NaN where there is no such trial."""
        with np.errstate(invalid="ignore"):
            shares: Floats = self.stayed / self.trials
        return shares

    def regression(self) -> pd.DataFrame:
        """Regress staying on the last outcome, the last transition and their product, person by person.

        It is a logistic regression by maximum likelihood, whose predictors are 0.5 (rewarded, common) or
        -0.5. Four coefficients of four cells are the cells' log-odds, weighed. They are not identified, and
        missing, where a person has no trial in a cell, or always or never stays in one.

        Returns:
            A row for each person: each coefficient, its standard error, and the number of trials.
        """
        told = np.all((self.stayed > 0) & (self.stayed < self.trials), axis=1)
        shares = np.where(told[:, None], self.shares, np.nan)
        odds = np.log(shares / (1 - shares))
        variance = 1 / np.maximum(self.stayed, 1) + 1 / np.maximum(self.trials - self.stayed, 1)
        columns: dict[str, object] = {"participant": self.people}
        columns |= {name: odds @ weights for name, weights in WEIGHTS.items()}
        for name, weights in WEIGHTS.items():
            errors = np.sqrt(variance @ np.square(weights))
            columns[f"{name} error"] = np.where(told, errors, np.nan)
        return pd.DataFrame(columns | {"trials": self.trials.sum(1)})

    def interaction(self, level: float = LEVEL) -> tuple[float, float]:
        """Average over people what a reward adds to P of staying after a common transition, less what it adds
        after a rare one: 0 of a learner without a plan.

        Args:
            level: of the interval over people, 0 to 1.

        Returns:
            The mean, and half the width of its interval; NaN where it is not known.
        """
        own = self.shares @ WEIGHTS["outcome x transition"]
        own = own[np.isfinite(own)]
        return (float(own.mean()) if len(own) else np.nan), _half_width(own, level)

    def means(self, level: float = LEVEL) -> tuple[Floats, Floats, Floats]:
        """Average P of staying over people: means `(4,)`, and the ends of their intervals as `bars` has
        them.
        """
        known = [own[np.isfinite(own)] for own in self.shares.T]
        mean = np.array([own.mean() if len(own) else np.nan for own in known])
        half = np.array([_half_width(own, level) for own in known])
        return mean, np.maximum(mean - half, 0.0), np.minimum(mean + half, 1.0)

    def bars(self, level: float = LEVEL) -> pd.DataFrame:
        """Average P of staying over people, cell by cell.

        Args:
            level: of the interval over people, 0 to 1.

        Returns:
            A row for each cell: `transition`, `outcome`, mean `p_stay`, its interval `low` to `high` (normal,
            by the standard error over people; missing for one person), the number of `people`, and `pooled`,
            the share of all trials of all people.
        """
        with np.errstate(invalid="ignore"):
            pooled = self.stayed.sum(0) / self.trials.sum(0)
        mean, low, high = self.means(level)
        transitions, outcomes = zip(*CELL_WORDS, strict=True)
        words = {"transition": transitions, "outcome": outcomes}
        people = np.isfinite(self.shares).sum(0)
        values = {"p_stay": mean, "low": low, "high": high, "people": people, "pooled": pooled}
        return pd.DataFrame({**words, **values})


def _half_width(values: Floats, level: float) -> float:
    """Half the width of the interval of a mean, by its standard error; NaN of fewer than two values."""
    if len(values) < 2:
        return np.nan
    return float(NormalDist().inv_cdf((1 + level) / 2) * values.std(ddof=1) / np.sqrt(len(values)))
