"""How choices and rewards are coded: values that stand for nothing or for the same option, and the scale."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .cells import Column, Label

Floats = NDArray[np.float64]
MISSING_NUMBERS = (-1, 0, 9, 99, 999, 9999, -9, -99, -999, -9999)
MISSING_WORDS = re.compile(
    r"(no|non|none|miss(ed|ing)?|time ?out|omi(ssion|tted)|late|too ?slow|no ?(response|resp|choice|answer))"
)
PAIR = re.compile(r"[1-9][1-9]")  # of the numbers of two stimuli
MOST_MISSED = 0.2  # share of trials that may be missed before a value is an option of its own
FEW_MISSED = 0.1
SMALLEST_RANGE = 0.05  # of rewards; below, rewards vanish beside what a network starts from
LARGEST_KEPT = 10.0
RARE = 0.005  # share of choices below which an option may be a slip of the pen
OUTLIER = 100.0  # times the range in which 98 of 100 rewards lie


def missing_labels(
    choice: Column, unpaid: NDArray[np.bool_], untimed: NDArray[np.bool_] | None
) -> list[Label]:
    """Labels of the choice that seem to stand for a missed trial.

    Args:
        choice: the choices.
        unpaid: `(n_rows,)` rows whose reward is empty or 0.
        untimed: `(n_rows,)` rows whose response time is empty or 0; None where there are no times.
    """
    n = max(int((~choice.empty).sum()), 1)
    share = choice.counts / n
    found: list[Label] = [
        label
        for label, part in zip(choice.labels, share, strict=True)
        if isinstance(label, str) and MISSING_WORDS.fullmatch(label.lower()) and part < 0.5
    ]
    numbers = [label for label in choice.labels if isinstance(label, int)]
    if len(numbers) < len(choice.labels):
        return found
    for number in sorted(set(MISSING_NUMBERS) & set(numbers), key=MISSING_NUMBERS.index):
        others = [it for it in numbers if it != number and it not in found]
        place = choice.labels.index(number)
        rows = choice.codes == place
        if len(others) >= 2 and _stands_out(number, others, share[place]):
            blank = unpaid[rows].all() and (untimed is None or bool(untimed[rows].all()))
            if number != 0 or min(others) < 0 or (blank and share[place] < FEW_MISSED):
                found.append(number)
    return found


def _stands_out(number: int, others: Sequence[int], share: float) -> bool:
    """Tell whether a number is no option beside the others, by its size and by how seldom it occurs."""
    if share >= MOST_MISSED:
        return False
    if number == -1:
        return min(others) >= 0
    if number == 0:
        return min(others) == 1 or set(others) == {-1, 1}
    return abs(number) > 2 * max(map(abs, others)) + 1


def spellings(labels: Sequence[Label]) -> dict[Label, Label]:
    """Labels that differ from another in capitals, blanks or hyphens only, and the label that they are.

    >>> spellings(["Left", "left", "LEFT ", "right", 1])
    {'left': 'Left', 'LEFT ': 'Left'}
    """
    first: dict[str, Label] = {}
    same: dict[Label, Label] = {}
    for label in labels:
        if isinstance(label, str):
            kept = first.setdefault(re.sub(r"[\s_-]+", "", label).casefold(), label)
            if kept != label:
                same[label] = kept
    return same


def gaps(labels: Sequence[Label]) -> list[int]:
    """Whole numbers between the lowest and the highest option that do not occur, up to a hundred of them."""
    numbers = [label for label in labels if isinstance(label, int)]
    if len(numbers) < len(labels) or len(numbers) < 2 or set(numbers) == {-1, 1}:
        return []
    low, high = min(numbers), max(numbers)
    return [it for it in range(low, min(high, low + 100)) if it not in numbers]


def order_labels(labels: Sequence[Label]) -> list[Label]:
    """Options in the order of their codes: numbers by size, before names by alphabet."""
    return sorted(labels, key=lambda it: (isinstance(it, str), it if not isinstance(it, str) else 0, str(it)))


def outliers(rewards: Floats) -> NDArray[np.bool_]:
    """(n_rows, n_options) rewards so far from all others that these would become one: 999 among 0 and 1."""
    known = rewards[np.isfinite(rewards)]
    if known.size < 10:
        return np.zeros(rewards.shape, dtype=bool)
    values, counts = np.unique(known, return_counts=True)
    low, high = np.quantile(known, [0.01, 0.99], method="nearest")
    usual = known[(known >= low) & (known <= high)]
    with np.errstate(over="ignore", invalid="ignore"):
        if len(values) > 2 and counts.max() > 1:  # what stands for a missed trial may be more than 1 in 100
            far = values[-1] if values[-1] - values[-2] > values[-2] - values[0] else values[0]
            if counts[values == far][0] < MOST_MISSED * known.size:
                usual = known[known != far]
        center, spread = np.quantile(usual, 0.5, method="nearest"), usual.max() - usual.min()
        apart = np.abs(rewards - center) > OUTLIER * spread
    mask: NDArray[np.bool_] = np.isfinite(rewards) & apart & (spread > 0)
    return mask


def scales(low: float, high: float) -> dict[str, tuple[float, float]]:
    """Ways to code rewards: name, offset and scale; a coded reward is (reward - offset) / scale."""
    largest = max(abs(low), abs(high))
    ways = {"range": (low, high - low) if high > low else (low - 1 if low > 0 else low, 1.0)}
    if largest > 0:
        ways["largest"] = (0.0, largest)
        ways["middle"] = (-largest, 2 * largest)
    if largest <= LARGEST_KEPT:
        ways["keep"] = (0.0, 1.0)
    return ways


def needs_scale(low: float, high: float) -> bool:
    """Tell whether rewards are so far from 0 to 1 that a reader should know how they are scaled."""
    return low < 0 or high > 1 or 0 < high - low < SMALLEST_RANGE


def columns_on_offer(columns: Sequence[Column]) -> list[Column]:
    """Return the columns of what is on offer; one alone that holds pairs, such as 12 and 34, as two.

    >>> pair = Column("type", np.array([0, 1, -1]), (12, 34))
    >>> [(one.name, one.labels, one.codes.tolist()) for one in columns_on_offer([pair])]
    [('type', (1, 3), [0, 1, -1]), ('type', (2, 4), [0, 1, -1])]
    """
    if len(columns) != 1 or not all(PAIR.fullmatch(str(label)) for label in columns[0].labels):
        return list(columns)
    pair, parts = columns[0], []
    for digit in (0, 1):
        own = [int(str(label)[digit]) for label in pair.labels]
        labels = tuple(dict.fromkeys(own))
        codes = pair.per_row(np.array([labels.index(label) for label in own], dtype=np.int64), -1)
        parts.append(Column(pair.name, codes, labels))
    return parts
