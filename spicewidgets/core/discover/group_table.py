"""Groups of people beside each other: means of coefficients and parameters, differences, one test of each."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student

from ..equations import SpiceModel, term_in_words
from ..judge.multiple import holm
from ..read.translation import read_parameters
from ..settings import LEVEL
from .group import Group, mean_of_own
from .group_means import GroupMeans
from .identified import AT_BOUND, by_convention
from .information import slopes
from .likelihood import ParameterId, spice_of

if TYPE_CHECKING:
    from ..estimator import SpiceEstimator

SAME = 10  # digits in which two tests of the same difference agree
COLUMNS = ("column", "name", "module", "term", "key", "group", "n", "n_all", "value", "low", "high")
APART = ("apart", "apart_low", "apart_high", "p", "freedom")

Floats = NDArray[np.float64]


class _Mean(NamedTuple):
    """A group's mean coefficients, and their slopes in the means of the group model."""

    values: Floats
    slope: Floats
    weights: Floats


def group_table(estimator: "SpiceEstimator", level: float = LEVEL) -> pd.DataFrame:
    """Compare groups of people in each coefficient and parameter, where people were pooled with their groups.

    A coefficient is the mean over the people that a group stands for, and a parameter that of the equation
    with these coefficients, its interval by the delta method; both are of the group model, not means of
    people's own, which are drawn to them. A parameter that these equations tell by convention only, such as
    q0 without a constant, has no row.

    Args:
        estimator: fitted to a table with groups of five people or more, with pooling.
        level: of the intervals, 0 to 1.

    Returns:
        A row for each column of the table, coefficient or parameter, and group: `column`, `name` (as in
        `people`), `module`, `term` and `key` (of a coefficient), `group`, `n` people who have the term of
        `n_all`, the mean `value` with its interval `low` and `high`, NaN where it ran into a bound; and but
        for the first group, of controls where a name says so, the difference from it, `apart`, with its
        interval, its two-sided probability `p` by Student's t with so many degrees of `freedom`, and
        `holm`: the same for all differences of the table together (Holm 1979), one that stands under two
        names counted once. Empty without such groups.
    """
    group: Group | None = getattr(estimator, "group_", None)
    if group is None or group.group_means is None:
        return pd.DataFrame()
    free = np.flatnonzero(
        group.active.any(0) & np.array([number.term is not None for number in group.numbers])
    )
    columns = group.group_means.design.groups
    rows = [row for column in columns for row in _rows(estimator, group, free, column, level)]
    frame = pd.DataFrame(rows, columns=[*COLUMNS, *APART])
    test = frame["p"].round(SAME).where(frame["p"].notna())
    alone = ~frame.assign(test=test).duplicated(["column", "group", "test"]) & test.notna()
    adjusted = frame.assign(test=test, holm=holm(frame["p"].where(alone).to_numpy(float)))
    return adjusted.assign(
        holm=adjusted.groupby(["column", "group", "test"])["holm"].transform("first")
    ).drop(columns="test")


def tests_of(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the differences that were tested, of one that stands under two names the first."""
    if not len(table):
        return table
    tested = table[table["p"].notna()]
    return tested[~tested.assign(p=tested["p"].round(SAME)).duplicated(["column", "group", "p"])]


def n_tests(table: pd.DataFrame) -> int:
    """Count the differences that were tested, one that stands under two names once."""
    return len(tests_of(table))


def _rows(
    estimator: "SpiceEstimator", group: Group, free: NDArray[np.int64], column: str, level: float
) -> Iterator[dict[str, Any]]:
    means = group.group_means
    assert means is not None
    kinds, model, spice = means.design.groups[column], estimator.rnn_model_, estimator.spice_model_
    numbers = tuple(group.numbers[place] for place in free)
    betas = {number: 1.0 for number in group.numbers if number.term is None}

    def equations(values: Floats) -> SpiceModel:
        return spice_of(spice.equations, betas | dict(zip(numbers, values.tolist(), strict=True)))

    def read(values: Floats) -> Mapping[str, float]:
        own = dict(zip(_names(numbers, {}), values.tolist(), strict=True))
        return own | read_parameters(equations(values), model)

    found = {kind: _mean_of(means, numbers, free, column, kind) for kind in kinds}
    conventions = by_convention(equations(found[kinds[0]].values))
    told = {kind: (read(one.values), slopes(read, one.values)) for kind, one in found.items()}
    labels = np.array(means.design.labels[column], dtype=object)
    half = float(student.ppf((1 + level) / 2, means.freedom))
    for name, number in _names(numbers, told[kinds[0]][0]).items():
        way = {kind: np.outer(found[kind].weights, told[kind][1][name] * found[kind].slope) for kind in kinds}
        value = {kind: told[kind][0][name] for kind in kinds}
        if not all(np.isfinite([*value.values(), *map(np.sum, way.values())])):
            continue
        if name in conventions or not any(one.any() for one in way.values()):  # no term of the group tells it
            continue
        errors = {kind: _error(means, free, way[kind]) for kind in kinds}
        value = {kind: value[kind] if errors[kind] > AT_BOUND else np.nan for kind in kinds}
        for kind in kinds:
            own = labels == kind
            has = np.ones(len(own), bool) if number is None else group.active[:, group.numbers.index(number)]
            row = {
                "column": column,
                "name": name,
                "module": "" if number is None else number.module,
                "term": name if number is None else term_in_words(number.term or (), number.module),
                "key": None if number is None else tuple(sorted(number.term or ())),
                "group": kind,
                "n": int((own & has).sum()),
                "n_all": int(own.sum()),
                **_interval("value", value[kind], half * errors[kind]),
            }
            if kind != kinds[0]:
                apart, error = value[kind] - value[kinds[0]], _error(means, free, way[kind] - way[kinds[0]])
                row |= _interval("apart", apart, half * error)
                row["freedom"] = means.freedom
                row["p"] = float(2 * student.sf(abs(apart) / error, means.freedom)) if error > 0 else np.nan
            yield row


def _interval(name: str, value: float, half: float) -> dict[str, float]:
    low, high = ("low", "high") if name == "value" else (f"{name}_low", f"{name}_high")
    return {name: value, low: value - half, high: value + half}


def _names(
    numbers: tuple[ParameterId, ...], parameters: Mapping[str, float]
) -> dict[str, ParameterId | None]:
    """Name coefficients as `people` does, then parameters."""
    own = {one.name: one for one in numbers}
    return own | {name: None for name in parameters if name not in own}


def _mean_of(
    means: GroupMeans, numbers: tuple[ParameterId, ...], free: NDArray[np.int64], column: str, kind: str
) -> _Mean:
    """Integrate coefficients over the people of a group; an own value's weight is pooled as artanh."""
    weights = means.design.weights[column, kind]
    centre = weights @ means.means[:, free]
    own, slope, _ = mean_of_own(centre, means.spread[free])
    is_own = np.array([number.term == (number.module,) for number in numbers])
    return _Mean(np.where(is_own, own, centre), np.where(is_own, slope, 1.0), weights)


def _error(means: GroupMeans, free: NDArray[np.int64], way: Floats) -> float:
    """Compute the standard error of what changes with the means as `way` says, `(n_means, n_free)`."""
    covariance = means.covariance[:, free][:, :, :, free]
    return float(np.sqrt(max(np.einsum("ai,aibj,bj->", way, covariance, way), 0.0)))
