"""After which histories an equation expects people wrongly, held against networks without structure.

Both have expected choices that neither learned from. Choices are classed by what came before them; of each
class it is counted by how much the networks expect its choices better, and whether the equation expects too
many switches or too few. Classes overlap, so that their nats do not add up, but for the cells of outcome and
run, of which each choice is in one: they part a habit of repeating, which does not ask what was paid, from
rewards and losses that are learned from otherwise. Intervals hold for all classes at once, over people.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..data.dataset import DatasetRNN
from ..settings import LEVEL

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
N_RESAMPLES = 2000
LEAST = 0.005  # share of all choices that a class must have ...
LEAST_PEOPLE = 5  # ... and people
MORE = 1.25  # times the nats that a class would have if all choices were expected better by the same
RUNS = ("a switch", "one repeat", "two to four repeats", "more than four repeats")
OUTCOMES = ("a reward", "no reward")
READING = (
    "Where they lie alike, what is missed does not ask what was paid, as a habit of repeating does not; where"
    " they lie apart, rewards and losses move people otherwise than the equation has it."
)
ALIKE = 0.8  # of the choices of two classes together, in both: then the one that is worth less is left out


def histories(dataset: DatasetRNN) -> dict[str, Flags]:
    """Class each next choice by what came before it.

    Args:
        dataset: choices; missing trials are none. An outcome above the middle of all is a reward.

    Returns:
        For each class, in words that go on from "after", whether a choice is of it, `(n_sessions,
        n_trials)`; what is expected after a trial stands at it.
    """
    options, rewards = np.asarray(dataset.choices), np.asarray(dataset.rewards_chosen, float)
    mask = np.asarray(dataset.mask)
    seen = rewards[mask & np.isfinite(rewards)]
    paid = rewards > (float(seen.min() + seen.max()) / 2 if len(seen) else 0.0)
    run, before, since, trial = (np.zeros(options.shape, int) for _ in range(4))
    state = np.zeros((4, len(options)), int)  # run, the one before, trials since a reward, trials
    last = np.full(len(options), -1)
    for t in range(options.shape[1]):
        known = mask[:, t]
        again = known & (options[:, t] == last)
        new = known & ~again
        state[1] = np.where(new, state[0], state[1])
        state[0] = np.where(new, 1, state[0] + again)
        state[2] = np.where(known, np.where(paid[:, t], 0, state[2] + 1), state[2])
        state[3] += known
        last = np.where(known, options[:, t], last)
        run[:, t], before[:, t], since[:, t], trial[:, t] = state
    runs = dict(zip(RUNS, (run == 1, run == 2, (run > 2) & (run <= 5), run > 5), strict=True))
    outcomes = dict(zip(OUTCOMES, (paid, ~paid), strict=True))
    both = {
        cell_of(words, outcome): own & each
        for words, own in runs.items()
        for outcome, each in outcomes.items()
    }
    return {
        **runs,
        **outcomes,
        **both,
        "two or three trials without a reward": (since > 1) & (since < 4),
        "more than three trials without a reward": since > 3,
        "fewer choices of an option than the last time": (before > 0) & (run < before),
        "as many choices of an option as the last time": (before > 0) & (run == before),
        "more choices of an option than the last time": (before > 0) & (run > before),
        "ten trials or fewer": trial <= 10,
        "more than ten trials": trial > 10,
    }


def cell_of(run: str, outcome: str) -> str:
    """Return the class of a run and an outcome.

    >>> cell_of("one repeat", "no reward")
    'one repeat and no reward'
    """
    return f"{run} and {outcome}"


@dataclass(frozen=True)
class Expected:
    """What a model expected of choices held out; arrays count these, in the order of the data.

    Attributes:
        nats: -ln P of each choice.
        stays: P of what was chosen before, again.
    """

    nats: Floats
    stays: Floats

    @classmethod
    def by(cls, probabilities: Floats, dataset: DatasetRNN) -> "Expected":
        """Return what was expected of the next choices that are known.

        Args:
            probabilities: of each next choice, `(n_sessions, n_trials, n_actions)`.
            dataset: the choices.
        """
        known = np.asarray(dataset.target_mask)
        p = np.asarray(probabilities, float)[known]
        row, last = np.arange(len(p)), np.asarray(dataset.choices)[known]
        chosen = dataset.ys.argmax(-1).numpy()[known]
        with np.errstate(divide="ignore"):
            return cls(-np.log(p[row, chosen]), p[row, last])

    @classmethod
    def join(cls, parts: Sequence["Expected"]) -> "Expected":
        """Return the choices of all parts, one after the other."""
        return cls(*(np.concatenate([getattr(one, name) for one in parts]) for name in ("nats", "stays")))

    def of(self, which: Flags) -> "Expected":
        """Return some of the choices."""
        return Expected(self.nats[which], self.stays[which])


@dataclass(frozen=True)
class HeldOutChoices:
    """The choices held out, in the order of `Expected`.

    Attributes:
        people: code of the person of each.
        stayed: whether the choice before was made again.
        classes: whether each is of a class of histories, by its words.
    """

    people: NDArray[np.int64]
    stayed: Flags
    classes: Mapping[str, Flags]

    @classmethod
    def by(cls, dataset: DatasetRNN, people: Sequence[int]) -> "HeldOutChoices":
        """Class the next choices that are known.

        Args:
            dataset: the choices.
            people: code of each session's person.
        """
        known = np.asarray(dataset.target_mask)
        stayed = dataset.ys.argmax(-1).numpy() == np.asarray(dataset.choices)
        of_each = np.repeat(np.asarray(people)[:, None], known.shape[1], 1)
        classes = {words: flags[known] for words, flags in histories(dataset).items()}
        return cls(of_each[known], stayed[known], classes)

    @classmethod
    def join(cls, parts: Sequence["HeldOutChoices"]) -> "HeldOutChoices":
        """Return the choices of all parts, one after the other."""
        classes = {words: np.concatenate([one.classes[words] for one in parts]) for words in parts[0].classes}
        people, stayed = (
            np.concatenate([getattr(one, name) for one in parts]) for name in ("people", "stayed")
        )
        return cls(people, stayed, classes)

    def of(self, which: Flags) -> "HeldOutChoices":
        """Return some of the choices."""
        classes = {words: own[which] for words, own in self.classes.items()}
        return HeldOutChoices(self.people[which], self.stayed[which], classes)


@dataclass(frozen=True)
class Miss:
    """What an equation misses after one class of histories.

    Attributes:
        words: the class; they go on from "after".
        nats, low, high: by how much networks expect its choices better, in nats per 100 choices of all, with
            an interval over people that holds for all classes together.
        switched, expected: share of its choices that were switches, and what the equation expected.
        reach: half of the interval of `switched - expected`, over people, for all classes together.
        choices: share of all choices that are of the class.
        even: the nats that would be its own if all choices were expected better by the same.
    """

    words: str
    nats: float
    low: float
    high: float
    switched: float
    expected: float
    reach: float
    choices: float
    even: float

    @property
    def sure(self) -> bool:
        """True where too many, or too few, switches are expected beyond chance, for all classes together."""
        return abs(self.switched - self.expected) > self.reach

    @property
    def own(self) -> float:
        """The nats in 100 choices of the class itself: its size, whatever its share of all choices."""
        return self.nats / self.choices

    @property
    def sentence(self) -> str:
        """What is missed, in a sentence."""
        gain = (
            f"{self.nats:.1f} nats in 100 choices ({self.low:.1f} to {self.high:.1f}), {self.own:.1f} in"
            " 100 of these"
        )
        if not self.sure:
            return f"After {self.words} it does not tell when a switch comes: {gain}."
        way = "few" if self.expected < self.switched else "many"
        shares = f"{100 * self.expected:.0f} % for {100 * self.switched:.0f} %"
        return f"After {self.words} it expects too {way} switches, {shares}: {gain}."


def misses(
    choices: HeldOutChoices, equation: Expected, ceiling: Expected, *, level: float = LEVEL, seed: int = 0
) -> tuple[Miss, ...]:
    """Rank what an equation misses, the most nats first.

    Args:
        choices: those held out.
        equation: what it expected of them.
        ceiling: what networks without structure expected.
        level: of the intervals, for all classes together.
        seed: of the people who are drawn anew.

    Returns:
        A row for each class that has choices enough, whose intervals are by the largest of all studentised
        deviations among people drawn anew; empty for fewer than `LEAST_PEOPLE` people.
    """
    _, people = np.unique(choices.people, return_inverse=True)
    n_people, n = int(people.max(initial=-1)) + 1, len(people)
    names = [
        words
        for words, own in choices.classes.items()
        if LEAST * n <= own.sum() and len(np.unique(people[own])) >= LEAST_PEOPLE
    ]
    if n_people < LEAST_PEOPLE or not names:
        return ()
    flags = np.array([choices.classes[words] for words in names])
    gain = equation.nats - ceiling.nats
    excess = (1 - choices.stayed) - (1 - equation.stays)  # switches that the equation did not expect
    sums = np.array(
        [[np.bincount(people, value * own, n_people) for own in flags] for value in (gain, excess)]
    )
    counts = np.bincount(people, minlength=n_people).astype(float)
    drawn = np.random.default_rng(seed).multinomial(n_people, np.full(n_people, 1 / n_people), N_RESAMPLES)
    anew = sums @ drawn.T / (drawn @ counts)  # (2, n_classes, n_resamples)
    whole = sums.sum(-1) / n
    errors = np.maximum(anew.std(-1), 1e-12)
    largest = (np.abs(anew - whole[..., None]) / errors[..., None]).max(1)  # (2, n_resamples)
    reach = np.quantile(largest, level, axis=1)[:, None] * errors
    rows = []
    for at, words in enumerate(names):
        own = flags[at]
        rows.append(
            Miss(
                words,
                100 * float(whole[0, at]),
                100 * float(whole[0, at] - reach[0, at]),
                100 * float(whole[0, at] + reach[0, at]),
                1 - float(choices.stayed[own].mean()),
                1 - float(equation.stays[own].mean()),
                float(reach[1, at] / own.mean()),
                float(own.mean()),
                100 * float(gain.mean() * own.mean()),
            )
        )
    return tuple(sorted(rows, key=lambda row: -row.nats))


def sure_misses(rows: tuple[Miss, ...], choices: HeldOutChoices, most: int = 5) -> tuple[Miss, ...]:
    """Return those that are beyond chance and more than even, without those whose choices are nearly those of
    one before.

    Args:
        rows: all of them.
        choices: those held out.
        most: at most so many.
    """
    found: list[Miss] = []
    for row in rows:
        own = choices.classes[row.words]
        others = (choices.classes[one.words] for one in found)
        alike = any((own & other).sum() > ALIKE * (own | other).sum() for other in others)
        if row.low > 0 and row.nats > MORE * row.even and not alike:
            found.append(row)
    return tuple(found[:most])


def cells(rows: Sequence[Miss]) -> dict[str, list[Miss]]:
    """Return the cells of each outcome, from the shortest run to the longest; none where one of them has too
    few choices.

    Args:
        rows: all classes.
    """
    of = {row.words: row for row in rows}
    names = {outcome: [cell_of(run, outcome) for run in RUNS] for outcome in OUTCOMES}
    if any(name not in of for own in names.values() for name in own):
        return {}
    return {outcome: [of[name] for name in own] for outcome, own in names.items()}


def to_frame(rows: tuple[Miss, ...]) -> pd.DataFrame:
    """Return a row for each class: words, nats per 100 choices with interval, switches, share of choices."""
    return pd.DataFrame([vars(row) for row in rows], columns=list(Miss.__annotations__))
