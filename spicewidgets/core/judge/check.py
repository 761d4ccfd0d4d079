"""Verdicts on a model's behaviour: measures beside people's, corrected for there being several.

Whatever a measure is found by (`anew.py`, `next_choice.py`), all that reads it asks here whether the model is
rejected, and in which words.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from ..simulate.record import Floats
from ..wording import join_words
from .multiple import holm, probability_in_words

LEVEL = 0.05  # of the test of a model: all its measures together
POWER = 0.8  # with which a noticeable difference is noticed
INTERVAL = norm.ppf(0.975)  # half of a 95 % interval, in standard deviations
REJECTED, NOT_REJECTED, UNDECIDED = "rejected", "not rejected", "undecided"
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Check:
    """One model on one measure; arrays are `(n_points,)`, NaN where nobody has a point.

    Attributes:
        agent: label of the model.
        measure: name of the measure.
        words: what it tells, with its unit.
        points: what is measured, in words.
        people: the value of people, with its 95 % interval over people in `people_low` and `people_high`.
        mean, low, high: the value that the model expects, and the interval of 95 % of its own by chance.
        scatter: standard deviation of the model's own value by chance.
        p: probability of people so far out, on some point, if the model were true; of this measure alone.
        least_p: the smallest p that can come out; 0 where any can.
        holm: p over all measures of the model together (Holm 1979).
        family: how many measures that are.
    """

    agent: str
    measure: str
    words: str
    points: tuple[str, ...]
    people: Floats
    people_low: Floats
    people_high: Floats
    mean: Floats
    low: Floats
    high: Floats
    scatter: Floats
    p: float
    least_p: float = 0.0
    holm: float = np.nan
    family: int = 1

    @property
    def fails(self) -> bool:
        """Tell whether the model is rejected on this measure, all of its measures counted."""
        return self.holm <= LEVEL

    @property
    def apart(self) -> Floats:
        """People less the model in units of its scatter, 0 where a point is not known."""
        known = np.isfinite(self.people - self.mean) & (self.scatter > 0)
        return np.divide(self.people - self.mean, self.scatter, where=known, out=np.zeros(len(known)))

    @property
    def worst(self) -> int:
        """The point at which the model lies farthest from people, in units of its scatter."""
        return int(np.abs(self.apart).argmax())

    @property
    def distance(self) -> float:
        """Distance of people from the model at the worst point, in units of its scatter."""
        return float(np.abs(self.apart[self.worst]))

    @property
    def noticeable(self) -> Floats:
        """The difference at a point that would have the model rejected with a probability of `POWER`."""
        known = max(int(np.isfinite(self.scatter).sum()), 1)
        distance = float(norm.isf(_each(LEVEL / self.family, known) / 2) + norm.ppf(POWER))
        return distance * self.scatter

    @property
    def in_words(self) -> str:
        """The sizes at the worst point, and p of the whole measure, over all measures."""
        at = self.worst
        sizes = f"{self.people[at]:.3f} in people, {self.mean[at]:.3f} in the model"
        whole = f"whole measure: {probability_in_words(self.holm)}, Holm over {self.family}"
        return f"{self.words}, {self.points[at]}: {sizes} ({whole})"

    @property
    def sentence(self) -> str:
        """What came of it, with the size at the worst point."""
        return f"{self.agent} {'fails on' if self.fails else 'is not rejected on'} {self.in_words}."


@dataclass(frozen=True)
class Judgement:
    """One model on all measures.

    Attributes:
        agent: label of the model.
        checks: each measure.
    """

    agent: str
    checks: tuple[Check, ...]

    @property
    def failures(self) -> tuple[Check, ...]:
        """The checks that failed, the surest first."""
        failed = [check for check in self.checks if check.fails]
        return tuple(sorted(failed, key=lambda check: (check.holm, -check.distance)))

    @property
    def verdict(self) -> str:
        """`REJECTED`, `NOT_REJECTED`, or `UNDECIDED` where no p could be small enough."""
        if self.failures:
            return REJECTED
        least = min(check.least_p * check.family for check in self.checks)
        return NOT_REJECTED if least <= LEVEL else UNDECIDED

    @property
    def words(self) -> str:
        """The verdict: where the model fails, or what would have been noticed."""
        if self.verdict == REJECTED:
            more = f"; and on {len(self.failures) - 2} more" if self.failures[2:] else ""
            sizes = "; ".join(check.in_words for check in self.failures[:2])
            return f"behaves otherwise than people: {sizes}{more}"
        if self.verdict == UNDECIDED:
            least, n = max(check.least_p for check in self.checks), len(self.checks)
            return (
                f"cannot be rejected by so few repeats: the smallest p that they can give is {least:.3f},"
                f" times {n} measures {least * n:.2f}; it takes {np.ceil(n / LEVEL) - 1:.0f} repeats or more"
            )
        smallest = probability_in_words(min(check.holm for check in self.checks))
        return f"is not told apart from people (smallest {smallest} by Holm); {_describe_noticeable([self])}"

    @property
    def sentence(self) -> str:
        """The same as a sentence."""
        return f"{self.agent} {self.words}."

    @property
    def noticeable(self) -> float:
        """The largest of the differences, of one measure, that would have been noticed; NaN where none is
        known. In shares of choices where choices could be repeated.
        """
        sizes = _told_of([self])[0].noticeable
        return float(np.nanmax(sizes)) if np.isfinite(sizes).any() else np.nan

    def check(self, measure: str) -> Check | None:
        """Return the check on a measure; None where it was not taken."""
        return next((check for check in self.checks if check.measure == measure), None)


@dataclass(frozen=True)
class Falsification:
    """Models beside people.

    Attributes:
        checks: each model on each measure.
        n_people: number of people.
        n_repeats: times that each model played the task anew, so far the fewest; 0 where it was judged by
            people's next choices.
    """

    checks: tuple[Check, ...]
    n_people: int
    n_repeats: int

    @property
    def judgements(self) -> dict[str, Judgement]:
        """All checks of a model together, by its label."""
        agents = dict.fromkeys(check.agent for check in self.checks)
        return {
            agent: Judgement(agent, tuple(check for check in self.checks if check.agent == agent))
            for agent in agents
        }

    @property
    def failures(self) -> tuple[Check, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if check.fails)

    @property
    def how(self) -> str:
        """The test, in sentences."""
        level = (
            f" A model is rejected at the {100 * LEVEL:.0f} % level over all its measures (Holm 1979). Fitted"
            " to the same choices it is rejected less often than that if it is true."
        )
        if not self.n_repeats:
            return (
                "Each choice was compared with what the model expects of it after all that the person really"
                " did and got, for which nothing needs to be known of the task. p is that of the sum of"
                f" observed less expected choices, whose variance the model gives.{level}"
            )
        least = min(check.least_p for check in self.checks)
        most = round(1 / least) - 1
        times = f"{most}" if most == self.n_repeats else f"so far {self.n_repeats} to {most}"
        return (
            f"Each model played the task anew in each person's part, {times} times. p is the share"
            " of these times and people's own that lie so far out; the smallest that can come out is"
            f" {least:.3f}.{level}"
        )

    @property
    def sentence(self) -> str:
        """The verdict on each model, in short where several have the same."""
        verdicts: dict[str, list[Judgement]] = {REJECTED: [], UNDECIDED: [], NOT_REJECTED: []}
        for one in self.judgements.values():
            verdicts[one.verdict].append(one)
        rejected, undecided, held = verdicts.values()
        others, alike, names = (
            join_words(one.agent for one in some) for some in (rejected[2:], undecided[1:], held)
        )
        parts = [one.sentence for one in (*rejected[:2], *undecided[:1])]
        if others:
            parts.append(f"{others} {'behave' if rejected[3:] else 'behaves'} otherwise, too.")
        if alike:
            parts.append(f"The same holds of {alike}.")
        if held:
            is_ = "are" if held[1:] else "is"
            parts.append(f"{names} {is_} not told apart from people; {_describe_noticeable(held)}.")
        return " ".join(parts)

    @property
    def text(self) -> str:
        """A sentence for each model and one for each check, the failures first, and the test."""
        checks = sorted(self.checks, key=lambda check: not check.fails)
        lines = [*(one.sentence for one in self.judgements.values()), "", *(one.sentence for one in checks)]
        return "\n".join([*lines, "", self.how])

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each point of each check."""
        skipped = {"words", "points", "least_p", "family"}
        names = [item.name for item in fields(Check) if item.name not in skipped]
        frames = [
            pd.DataFrame({name: getattr(check, name) for name in names} | {"noticeable": check.noticeable})
            .assign(verdict=REJECTED if check.fails else NOT_REJECTED)
            .set_axis(range(len(check.points)))
            for check in self.checks
        ]
        for frame, check in zip(frames, self.checks, strict=True):
            frame.insert(2, "point", check.points)
        return pd.concat(frames, ignore_index=True)


def as_family(checks: Sequence[Check]) -> tuple[Check, ...]:
    """All checks of one model, corrected for their number."""
    adjusted = holm(np.array([check.p for check in checks]))
    return tuple(
        replace(check, holm=float(p), family=len(checks)) for check, p in zip(checks, adjusted, strict=True)
    )


def over_points(p: Floats) -> float:
    """P of the smallest of several (Sidak 1967), which is not too small however they hang together."""
    known = p[np.isfinite(p)]
    return float(-np.expm1(len(known) * np.log1p(-known.min()))) if len(known) and known.min() < 1 else 1.0


def _each(level: float, n: int) -> float:
    """Return the level of each of n points at which the smallest of their p has the given level."""
    return float(-np.expm1(np.log1p(-level) / n))


def _describe_noticeable(judged: Sequence[Judgement]) -> str:
    """Return the effect that would have been noticed in models that were not rejected: of several, the
    largest.
    """
    checks = _told_of(judged)
    largest = np.max([check.noticeable for check in checks], axis=0)
    sizes = " or ".join(
        f"{size:.3f} {point}" for size, point in zip(largest, checks[0].points, strict=True) if size == size
    )
    return (
        f"at the {100 * LEVEL:.0f} % level a difference of {sizes}, {checks[0].words}, would have been"
        f" noticed in {100 * POWER:.0f} of 100 times"
    )


def _told_of(judged: Sequence[Judgement]) -> list[Check]:
    """Return the checks whose power is told: on repeated choices, where there are any."""
    measures = [check.measure for check in judged[0].checks]
    measure = "stay" if "stay" in measures else measures[0]
    return [check for one in judged if (check := one.check(measure)) is not None]
