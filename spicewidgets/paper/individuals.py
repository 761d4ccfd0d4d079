"""The part of a report on the equations: of each person, of groups, and beside a known truth. Their terms are
a table with a row each.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..core.discover.group import Group, mean_of_own
from ..core.discover.group_table import n_tests
from ..core.discover.information import half_width
from ..core.equations import Equation, SpiceModel, Term, term_in_words
from ..core.estimator import SpiceEstimator
from ..core.read.translation import LEARNERS, column_instead
from ..core.wording import join_words
from ..plots.paper import Range, ranges
from .blocks import Block, Formulas, Heading, Paragraph, Picture, TableBlock
from .findings import Findings
from .words import between, number, probability, with_interval


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
    for at, parameter in enumerate(group.numbers):
        active = group.active[:, at]
        if parameter.term is None or not active.any():
            continue
        own = parameter.term == (parameter.module,)
        ends = group.mean[at] + half_width(group.mean_error[at]) * np.array([0.0, -1.0, 1.0])
        ends = mean_of_own(ends, np.full(3, group.spread[at]))[0] if own else ends
        value, low, high = ends.tolist()
        values = group.values[active, at]
        yield {
            **_name_term(parameter.module, parameter.term),
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


HEADS = {"price": "penalty"}  # of columns, where they are called otherwise than in the frame


def individuals_part(found: Findings) -> Iterator[Block]:
    """8: the equations with intervals, how people and groups differ, and whether they stay as they are."""
    yield Heading("The equations, and how people differ")
    terms = found.terms
    if not len(terms):
        yield Paragraph("The equations have no terms.")
        return
    pooled = hasattr(found.estimator, "group_")
    many = len(found.people) > 1
    whose = "means of the group" if pooled else "medians over people" if many else "of the one participant"
    yield Paragraph(f"The equations of {found.main}, {whose}:")
    yield Formulas(tuple(_mean_equations(terms)), _betas(found))
    columns: dict[str, Callable[[Any], str]] = {
        "spread": lambda value: number(value, 2),
        "people": lambda value: f"{int(value)}",
        "shrinkage": lambda value: number(value, 2),
        "worth": lambda value: number(value, 0),
        "price": lambda value: number(value, 0),
        "parts": lambda value: f"{int(value)} of {found.held_out.n_folds}",
        "halves": lambda value: number(value, 2),
    }
    shown = [
        name
        for name in columns
        if name in terms and terms[name].notna().any() and (many or name not in ("spread", "people"))
    ]
    rows = tuple(
        (
            f"{row['term']} in {row['module']}",
            number(row["value"]),
            between(row["low"], row["high"]),
            *("" if pd.isna(row[name]) else columns[name](row[name]) for name in shown),
        )
        for _, row in terms.iterrows()
    )
    yield TableBlock(
        f"Terms of {found.main}, {whose}, with 95 %"
        f" intervals{' (the 2.5 and 97.5 percent quantiles of people)' if many and not pooled else ''}.",
        ("term", "value", "95 %", *(HEADS.get(name, name) for name in shown)),
        rows,
        note="Spread: standard deviation between people. Shrinkage: share of the way from a person's own"
        " estimate to the group's mean. Worth: nats that the choices would lose without the term; penalty:"
        " what it must be worth to stay. Parts: parts of the cross-validation whose equations have it."
        " Halves: correlation over people between equations of every other session. That terms were chosen"
        " from the same choices is not reckoned in the intervals.",
    )
    yield Picture(
        "coefficients",
        f"Terms of {found.main}, {whose}, with 95 % intervals.",
        ranges(
            [f"{row['term']} in {row['module']}" for _, row in terms.iterrows()],
            {"": [Range(*row) for row in terms[["value", "low", "high"]].to_numpy(float)]},
            "coefficient",
            rule=0.0,
        ),
    )
    if (instead := column_instead(found.people)) and found.people[instead].astype(bool).any():
        counts = found.people[instead].replace("", np.nan).value_counts()
        yield Paragraph(
            f"No {LEARNERS[instead]} has the equations of "
            + join_words(f"{n} of {len(found.people)} people ({words})" for words, n in counts.items())
            + "; learning rate and temperature are not read off them."
        )
    yield from _classical(found)
    yield from _term_groups(found)
    if found.truth is not None:
        yield from _truth(found)


def _mean_equations(terms: pd.DataFrame) -> Iterator[Equation]:
    for module, own in terms.groupby("module", sort=False):
        yield Equation(str(module), tuple(own["key"]), tuple(own["value"].astype(float)))


def _betas(found: Findings) -> dict[str, float]:
    betas = found.estimator.spice_model_.betas
    return {state: float(np.median(values)) for state, values in betas.items()}


def _classical(found: Findings) -> Iterator[Block]:
    """Classical parameters, where equations tell them."""
    table = found.people
    names = [name for name in table.columns if f"{name} low" in table and ": " not in name]
    if not names:
        return
    rows = []
    for name in names:
        values = table[name].dropna()
        if not len(values):
            rows.append((name, "", "", "0" if len(table) == 1 else f"0 of {len(table)}"))
        elif len(table) == 1:
            ends = table.loc[0, [f"{name} low", f"{name} high"]]
            rows.append((name, number(values.iloc[0]), between(*ends), "1"))
        else:
            low, middle, high = values.quantile([0.25, 0.5, 0.75])
            rows.append((name, number(middle), between(low, high), f"{len(values)} of {len(table)}"))
    one = len(table) == 1
    yield TableBlock(
        "Classical parameters that the equations stand for.",
        ("parameter", "value" if one else "median", "95 %" if one else "quartiles", "identified"),
        tuple(rows),
        note="Identified: people whose choices (with pooling, and those of their group) tell the parameter,"
        " off a term of their equations and within an interval that has ends, as in equations.csv; the others"
        " have none and count nowhere.",
    )


def _term_groups(found: Findings) -> Iterator[Block]:
    n_all = n_tests(found.term_groups)
    for name, own in found.term_groups.groupby("column", sort=False) if n_all else ():
        kinds = list(dict.fromkeys(own["group"]))
        means, rows = [], []
        for _, part in own.groupby("name", sort=False):
            by_kind = part.set_index("group")
            where = name_row(part.iloc[0])
            means.append((where, *(_estimate(by_kind.loc[kind], "value", "low", "high") for kind in kinds)))
            for kind, row in by_kind[by_kind["p"].notna()].iterrows():
                size = _estimate(row, "apart", "apart_low", "apart_high")
                rows.append((where, f"{kind} less {kinds[0]}", size, *map(probability, row[["p", "holm"]])))
        clear = own[own["holm"] < 0.05]
        yield Heading(f"Groups of {name}", 3)
        yield Paragraph(
            f"Of {len(rows)} differences from {kinds[0]}, {len(clear)} are beyond chance once all {n_all}"
            " differences of terms, parameters and groups are counted together (p < 0.05 by Holm 1979)"
            + "".join(f"; {_difference(row)}" for _, row in clear.iterrows())
            + "."
        )
        sizes = {kind: int(own[own["group"] == kind]["n_all"].iloc[0]) for kind in kinds}
        yield TableBlock(
            f"Means of the groups of {name} with 95 % intervals.",
            ("term", *(f"{kind} ({n})" for kind, n in sizes.items())),
            tuple(means),
            note="Of the group model: each person's prior is that of the person's group, so that a difference"
            " between groups is not shrunk; equations.csv has each person's own values, drawn to the mean of"
            " the group. A parameter is that of the equation with the group's mean coefficients, its interval"
            " by the delta method. Groups of fewer than five people, and people whose label is missing, have"
            " no mean and are not tested.",
        )
        yield TableBlock(
            f"Differences from {kinds[0]} with 95 % intervals.",
            ("term", "groups", "difference", "p", "p, of all"),
            tuple(rows),
            note=f"p: two-sided, of a difference alone; of all: for all {n_all} differences that were tested"
            " together, one that stands under two names counted once.",
            wordy=(1,),
        )


def name_row(row: "pd.Series[Any]") -> str:
    """Name a coefficient with its module, or a parameter."""
    return f"{row['term']} in {row['module']}" if row["module"] else str(row["term"])


def _estimate(row: Any, *names: str) -> str:
    """Return a number of a row with its interval."""
    value, low, high = (float(row[name]) for name in names)
    return with_interval(value, low, high, 2)


def _difference(row: "pd.Series[Any]") -> str:
    return (
        f"{name_row(row)} of {row['group']}"
        f" {with_interval(row['apart'], row['apart_low'], row['apart_high'], 2)}"
    )


def _cells(row: "pd.Series[float]") -> Iterator[str]:
    """Write true and found coefficients of a term: a term that is not in an equation has none."""
    for name, value in row.items():
        yield {"found": "dropped", "true": "–"}.get(str(name), number(value)) if value == 0 else number(value)


def _truth(found: Findings) -> Iterator[Block]:
    assert found.truth is not None
    yield Heading("True and found", 3)
    yield TableBlock(
        "The simulated participant's update and the one that was found, in the same coordinates.",
        ("term", *map(str, found.truth.columns)),
        tuple(
            (" in ".join(map(str, reversed(index))), *_cells(row)) for index, row in found.truth.iterrows()
        ),
    )
