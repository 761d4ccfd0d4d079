"""How many choices, and how many people, it takes to tell two learners apart.

Both are simulated in designs of growing size, and each simulated person is taken for the one that fits better
(as in `recovery.py`). Several people who all learn in the same way are told by the sum of what speaks for
each.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..checks import number, raise_if_any
from ..rivals.declaration import Rival
from ..rivals.design import Design
from ..rivals.fit import resolve_model
from ..rivals.model import Floats
from ..settings import LEVEL, SettingsError
from .data_sets import DataSetStudy, check_choice, check_whole, draw_seeds
from .recovery import CRITERIA, score_rivals

N_RESAMPLES = 2000  # groups of people that are drawn
MOST_PEOPLE = 200  # of such a group


class ModelDiscriminability(DataSetStudy):
    """Are two learners told apart, by the number of choices?

    Args:
        first, second: the learners.
        designs: of growing size, in each of which they are simulated.
        pools: numbers of people, `(n_people, n_numbers)`, that the simulated people of each learner have;
            None for numbers drawn from the declared prior.
        criterion: by what a learner fits better: "bic", "aic" or "evidence".
        n_datasets: simulated data sets of each learner in each design.
        random_state: seed of all.

    Raises:
        SettingsError: with a sentence for what is wrong.
    """

    fields = ("simulated", "scores")

    def __init__(
        self,
        first: Rival | type[Rival] | str,
        second: Rival | type[Rival] | str,
        designs: Sequence[Design],
        pools: tuple[Floats | None, Floats | None] = (None, None),
        *,
        criterion: str = "bic",
        n_datasets: int = 10,
        random_state: int = 0,
    ) -> None:
        super().__init__()
        self.rivals = (resolve_model(first), resolve_model(second))
        names = [rival.name for rival in self.rivals]
        raise_if_any(
            [
                check_whole("n_datasets", n_datasets),
                check_choice("criterion", criterion, CRITERIA),
                None if designs else "designs must be one or more; got none. Give one for each size.",
                None
                if names[0] != names[1]
                else f"The learners must differ; got {names[0]!r} twice. Name another.",
            ]
        )
        seeds = iter(draw_seeds(random_state, int(n_datasets) * len(designs) * 2))
        self.sizes: list[tuple[int, float]] = []  # place of the learner and choices of a person, of each part
        self._parts: list[tuple[Any, ...]] = []
        for _ in range(int(n_datasets)):
            for design in designs:
                for place in (0, 1):
                    self._parts.append((self.rivals, place, design, pools[place], criterion, next(seeds)))
                    self.sizes.append((place, design.n_choices / design.n_people))

    @property
    def work(self) -> Callable[..., Any]:
        """Simulates one data set, and fits both."""
        return score_rivals

    def margins(self) -> dict[float, tuple[Floats, Floats]]:
        """Compute the log evidence for the first learner, of each person who is the first and of each who is
        the second, by the number of choices of a person.
        """
        found: dict[float, tuple[list[float], list[float]]] = {}
        for at in sorted(self.results):
            place, choices = self.sizes[at]
            scores = np.asarray(self.results[at]["scores"], float)
            found.setdefault(choices, ([], []))[place].extend(scores[:, 0] - scores[:, 1])
        return {
            choices: (np.array(found[choices][0]), np.array(found[choices][1])) for choices in sorted(found)
        }

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each number of choices of a person, where both were simulated.

        Columns: `choices`; `first` and `second`, the shares of people of each that are taken for what they
        are; `right`, the mean of both, with its standard `error`; `people` of each.
        """
        rows = []
        for choices, (first, second) in self.margins().items():
            if len(first) and len(second):
                one, other = float((first > 0).mean()), float((second < 0).mean())
                variance = (
                    _variance(one, len(first)) + _variance(other, len(second))
                ) / 4  # of the mean of two shares
                rows.append(
                    {
                        "choices": choices,
                        "first": one,
                        "second": other,
                        "right": (one + other) / 2,
                        "error": variance**0.5,
                        "people": min(len(first), len(second)),
                    }
                )
        columns = ["choices", "first", "second", "right", "error", "people"]
        return pd.DataFrame(rows, columns=columns)

    def choices_needed(self, certainty: float = 0.95) -> float:
        """Choices of a person with which so many people are told rightly: read between two sizes, on a
        logarithmic scale. The smallest size where it is enough, infinite where none is.

        Raises:
            SettingsError: where the certainty is not above 0.5 and below 1.
        """
        return find_required(self.to_frame(), certainty)

    def choices_between(
        self, certainty: float = 0.95, level: float = LEVEL, seed: int = 0
    ) -> tuple[float, float]:
        """Return the interval of `choices_needed` over the people who were simulated: these drawn anew.

        Args:
            certainty: as there.
            level: share of the draws that the interval holds.
            seed: of the draws.
        """
        rng, found = np.random.default_rng(seed), self.margins()
        choices = [at for at, both in found.items() if len(both[0]) and len(both[1])]
        right = [
            sum(
                rng.binomial(len(own), float((side * own > 0).mean()), N_RESAMPLES) / len(own)
                for side, own in zip((1, -1), found[at], strict=True)
            )
            / 2
            for at in choices
        ]
        frames = np.stack(right, axis=1)
        needed_each = [_first_size_above(np.array(choices), row, certainty) for row in frames]
        tails = [(1 - level) / 2, (1 + level) / 2]
        low, high = np.quantile(needed_each, tails, method="closest_observation")
        return float(low), float(high)

    def people_needed(self, choices: float, certainty: float = 0.95, seed: int = 0) -> float:
        """People of one kind, with so many choices each, who are told together as surely as asked: by the sum
        of what speaks for each. Infinite where 200 are not enough.

        Raises:
            SettingsError: where there are no people with so many choices, or for a certainty out of range.
        """
        _check_certainty(certainty)
        margins = self.margins()
        if choices not in margins or not all(map(len, margins[choices])):
            raise SettingsError(
                [f"choices must be one of {sorted(margins)}; got {choices!r}. Choose one of these."]
            )
        rng = np.random.default_rng(seed)
        drawn = [rng.choice(own, (N_RESAMPLES, MOST_PEOPLE)).cumsum(1) for own in margins[choices]]
        right = ((drawn[0] > 0).mean(0) + (drawn[1] < 0).mean(0)) / 2
        enough = np.flatnonzero(right >= certainty)
        return float(enough[0] + 1) if len(enough) else float("inf")

    def tables(self) -> dict[str, tuple[str, pd.DataFrame]]:
        """As in every study."""
        one, other = self.labels
        return {"learners": (f"Shares told rightly: first {one}, second {other}", self.to_frame())}

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of the learners."""
        return tuple(rival.label for rival in self.rivals)

    def overview(self) -> pd.DataFrame:
        """As in every study."""
        return self.to_frame().assign(learners=" / ".join(self.labels))

    @staticmethod
    def round_choices(choices: float) -> str:
        """Return a number of choices that was read between two sizes."""
        return f"{choices:,.0f}" if choices < 100 else f"{round(choices, -1):,.0f}"

    def describe_choices(self, certainty: float, trials: float) -> str:
        """Return the end of a sentence: how many choices of a person it takes.

        Args:
            certainty: share of people who shall be told rightly.
            trials: of a session, on average.
        """
        frame = self.to_frame()
        if not len(frame):
            return "is not known yet."
        needed, most = find_required(frame, certainty), float(frame["choices"].iloc[-1])
        if np.isinf(needed):
            return f"takes more than {most:,.0f} choices of a person."
        about = "at most" if needed <= frame["choices"].iloc[0] else "about"
        sessions = max(1, int(np.ceil(needed / trials)))
        plural = "s" if sessions > 1 else ""
        return (
            f"takes {about} {self.round_choices(needed)} choices of a person: {sessions:,} session{plural} of"
            f" {trials:.0f}."
        )

    def describe_interval(self, certainty: float) -> str:
        """Describe the uncertainty of the number of choices."""
        low, high = (
            self.round_choices(end) if np.isfinite(end) else "" for end in self.choices_between(certainty)
        )
        frame = self.to_frame()
        n = f"{frame['people'].min():.0f} simulated people of each"
        if not low:
            return f"From {n}."
        most = f"more than {frame['choices'].iloc[-1]:,.0f}"
        return f"Between {low} and {high or most} ({100 * LEVEL:g} %), from {n} or more."

    def describe_people(self, certainty: float, choices: float) -> str:
        """Describe how many people of one kind are needed with about so many choices each."""
        sizes = self.to_frame()["choices"].to_numpy(float)
        at = float(sizes[np.abs(np.log(sizes / choices)).argmin()])
        people = self.people_needed(at, certainty)
        if np.isinf(people):
            return f"With {at:,.0f} choices each, {MOST_PEOPLE} people of one kind are not enough."
        if people == 1:
            return f"With {at:,.0f} choices, one person is enough."
        return f"Or {people:.0f} people of one kind with {at:,.0f} choices each."


def find_required(frame: pd.DataFrame, certainty: float) -> float:
    """As `Telling.choices_needed`, from its frame."""
    _check_certainty(certainty)
    return _first_size_above(frame["choices"].to_numpy(float), frame["right"].to_numpy(float), certainty)


def _first_size_above(choices: Floats, right: Floats, certainty: float) -> float:
    """Where the share told rightly is first so large."""
    enough = np.flatnonzero(right >= certainty)
    if not len(enough):
        return float("inf")
    at = int(enough[0])
    if at == 0:
        return float(choices[0])
    share = (certainty - right[at - 1]) / (right[at] - right[at - 1])
    return float(np.exp(np.interp(share, [0, 1], np.log(choices[at - 1 : at + 1]))))


def _check_certainty(certainty: float) -> None:
    if not 0.5 < number(certainty) < 1:
        raise SettingsError(
            [f"certainty must be above 0.5 and below 1; got {certainty!r}. Use for example 0.95."]
        )


def _variance(share: float, n: int) -> float:
    """Of a share of n people; a person more of each kind keeps it above 0."""
    smoothed = (share * n + 1) / (n + 2)
    return smoothed * (1 - smoothed) / n
