"""Terms of equations, a row each: how sure they are, how people and groups differ, and what came back."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..core.discover.group import Group, mean_of_own
from ..core.discover.information import half_width
from ..core.equations import SpiceModel, Term, term_in_words
from ..core.estimator import SpiceEstimator


def terms_of(
    estimator: SpiceEstimator, table: pd.DataFrame, parts: Sequence[SpiceModel] = ()
) -> pd.DataFrame:
    """Return a row for each term that the equations have.

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
        ends = group.mean[at] + half_width(group.mean_error[at]) * np.array([0.0, -1.0, 1.0])
        ends = mean_of_own(ends, np.full(3, group.spread[at]))[0] if own else ends
        value, low, high = ends.tolist()
        values = group.values[active, at]
        yield {
            **_name_term(number.module, number.term),
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
                **_name_term(module, term),
                **{"value": float(np.median(values)), "low": float(ends.iloc[0] if one else ends[0])},
                "high": float(ends.iloc[1] if one else ends[1]),
                "spread": float(values.std(ddof=1)) if len(values) > 1 else np.nan,
                "people": len(values),
                "worth": float(sum(it.cost for it in told if it.active)) if told else np.nan,
                "price": float(sum(it.price for it in told if it.active)) if told else np.nan,
            }


def _name_term(module: str, term: Term) -> dict[str, Any]:
    return {"module": module, "term": term_in_words(term, module), "key": tuple(sorted(term))}


def _present(spice: SpiceModel) -> set[tuple[str, Term]]:
    return {
        (module, tuple(sorted(term)))
        for module, rows in spice.equations.items()
        for row in rows
        if row is not None
        for term, _ in row.active
    }


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
