"""Terms of equations, a row each: how sure they are, how people and groups differ, and what came back."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from ..core.discover.group import Group
from ..core.equations import SpiceModel, Term, term_in_words
from ..core.estimator import SpiceEstimator
from ..core.judge.random_effects import tested_groups

LEVEL = 1.96  # errors on each side: an interval of 95 %
CONTROLS = ("control", "healthy", "hc", "none", "placebo")  # how a group is called that others are beside


def terms_of(
    estimator: SpiceEstimator, table: pd.DataFrame, parts: Sequence[SpiceModel] = ()
) -> pd.DataFrame:
    """A row for each term that the equations have.

    Args:
        estimator: fitted.
        table: of `people`, with the numbers of each of them.
        parts: equations that were found in parts of the choices.

    Returns:
        `module`, `term` (in words), `value` with its 95 % interval `low` and `high`: the mean of the group
        where people were pooled, a person's own where there is one, else the median over people with their
        2.5 and 97.5 percent quantiles; `spread` between people (standard deviation), `people` who have the
        term with an identified coefficient, `shrinkage` (mean over people, 0 to 1), `worth` and `price` in
        nats, and the number of `parts` that have it.
    """
    if hasattr(estimator, "group_"):
        rows = list(_of_group(estimator.group_))
    else:
        rows = list(_of_people(estimator, table))
    frame = pd.DataFrame(rows)
    if parts and len(frame):
        frame["parts"] = [
            sum((row["module"], row["key"]) in _present(part) for part in parts)
            for _, row in frame.iterrows()
        ]
    return frame


def _of_group(group: Group) -> Iterator[dict[str, Any]]:
    for at, number in enumerate(group.numbers):
        active = group.active[:, at]
        if number.term is None or not active.any():
            continue
        own = number.term == (number.module,)
        ends = group.mean[at] + LEVEL * group.mean_error[at] * np.array([0.0, -1.0, 1.0])
        value, low, high = (np.tanh(ends) if own else ends).tolist()
        values = group.values[active, at]
        yield {
            **_named(number.module, number.term),
            **{"value": value, "low": low, "high": high},
            "spread": float(values.std(ddof=1)) if len(values) > 1 else np.nan,
            "people": int(active.sum()),
            "shrinkage": float(group.shrinkage[active, at].mean()),
            "worth": float(group.costs[at]),
            "price": float(group.prices[at]),
        }


def _of_people(estimator: SpiceEstimator, table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    evidence = getattr(estimator, "evidence_", {})
    for module, rows in estimator.spice_model_.equations.items():
        terms = dict.fromkeys(term for row in rows if row is not None for term, _ in row.active)
        for term in terms:
            name = f"{module}: {term_in_words(term, module)}"
            values = table[name].dropna().to_numpy(float)
            if not len(values):  # of nobody identified: what the equations hold it at
                values = np.array([row.coefficient(*term) for row in rows if row is not None])
            one = len(table) == 1
            ends = (
                table.loc[0, [f"{name} low", f"{name} high"]] if one else np.quantile(values, [0.025, 0.975])
            )
            told = [one.of(module, *term) for one in evidence.values()]
            yield {
                **_named(module, term),
                **{"value": float(np.median(values)), "low": float(ends.iloc[0] if one else ends[0])},
                "high": float(ends.iloc[1] if one else ends[1]),
                "spread": np.nan if one else float(values.std(ddof=1)),
                "people": len(values),
                "worth": float(sum(it.cost for it in told if it.active)) if told else np.nan,
                "price": float(sum(it.price for it in told if it.active)) if told else np.nan,
            }


def _named(module: str, term: Term) -> dict[str, Any]:
    return {"module": module, "term": term_in_words(term, module), "key": tuple(sorted(term))}


def _present(spice: SpiceModel) -> set[tuple[str, Term]]:
    return {
        (module, tuple(sorted(term)))
        for module, rows in spice.equations.items()
        for row in rows
        if row is not None
        for term, _ in row.active
    }


def term_groups(estimator: SpiceEstimator, groups: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
    """Compare each term between groups of people, where people were pooled.

    Args:
        estimator: fitted.
        groups: by what people are, the label of each of its participants.

    Returns:
        A row for each column of the table, term and group: `column`, `module`, `term`, `group`, its mean
        `value` with its 95 % interval `low` and `high`; and but for the first group, of controls where a name
        says so, the difference from it, `apart`, with its interval, the two-sided probability `p` of such a
        difference by chance, and `holm`, the same for all differences of all columns together (Holm 1979).
        Groups of fewer than five people have a mean and no difference.
    """
    if not hasattr(estimator, "group_"):
        return pd.DataFrame()
    group, frames = estimator.group_, []
    for name, labels in groups.items():
        of_row = [labels[code] for code in group.participants]
        tested = tested_groups(of_row)
        kinds = sorted(set(of_row), key=lambda kind: (kind not in tested, not is_control(kind), str(kind)))
        rows: list[dict[str, Any]] = []
        for at, number in enumerate(group.numbers):
            if number.term is None or not group.active[:, at].any():
                continue
            own = number.term == (number.module,)
            means = {kind: _coefficient(*pair, own) for kind, pair in group.means(at, of_row).items()}
            first = means[kinds[0]]
            for kind in kinds:
                mean, error = means[kind]
                apart, both = mean - first[0], float(np.hypot(error, first[1]))
                other = kind != kinds[0] and kind in tested
                rows.append(
                    {
                        **{"column": name, **_named(number.module, number.term), "group": str(kind)},
                        **{"value": mean, "low": mean - LEVEL * error, "high": mean + LEVEL * error},
                        "apart": apart if other else np.nan,
                        "apart_low": apart - LEVEL * both if other else np.nan,
                        "apart_high": apart + LEVEL * both if other else np.nan,
                        "p": float(2 * norm.sf(abs(apart) / both)) if other and both > 0 else np.nan,
                    }
                )
        frames.append(pd.DataFrame(rows))
    if not frames:
        return pd.DataFrame()
    every = pd.concat(frames, ignore_index=True)
    return every.assign(holm=_holm(every["p"].to_numpy(float)))


def is_control(label: Any) -> bool:
    """Tell whether a group's name says that others are compared with it."""
    return str(label).lower().startswith(CONTROLS)


def _coefficient(mean: float, error: float, own: bool) -> tuple[float, float]:
    """A group's mean as a coefficient: that of an own value's weight is known as its artanh."""
    if not own:
        return mean, error
    value = float(np.tanh(mean))
    return value, error * (1 - value**2)


def _holm(p: "np.ndarray[Any, np.dtype[np.float64]]") -> "np.ndarray[Any, np.dtype[np.float64]]":
    """Probabilities, each for the whole family (Holm 1979); NaN stays."""
    adjusted = np.full(len(p), np.nan)
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known], kind="stable")]
    factors = len(order) - np.arange(len(order))
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * factors), 1.0)
    return adjusted


def halves_of(one: SpiceModel, other: SpiceModel) -> pd.DataFrame:
    """Correlate people's coefficients between two halves of their choices.

    Returns:
        `module`, `term` (in words), and `halves`, the correlation over people; NaN where a half lacks the
        term, or there are fewer than three people.
    """
    rows = []
    for module in one.equations:
        for term in dict.fromkeys((*one.equation(module).terms, *other.equation(module).terms)):
            values = [
                [
                    spice.equation(module, label).coefficient(*term)
                    for label in spice.participants
                    if spice.has_equations(spice.index(label))
                ]
                for spice in (one, other)
            ]
            told = len(values[0]) == len(values[1]) > 2 and all(np.std(part) > 0 for part in values)
            alike = float(np.asarray(np.corrcoef(values))[0, 1]) if told else np.nan
            rows.append({"module": module, "term": term_in_words(term, module), "halves": alike})
    return pd.DataFrame(rows).drop_duplicates(["module", "term"])
