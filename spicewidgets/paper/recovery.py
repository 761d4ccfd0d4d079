"""The part of a report on recovery: can numbers, models and terms be told at this design?"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from ..core.studies.recovery import ModelRecovery, ParameterRecovery
from ..plots.paper import matrix, scatters
from .blocks import Block, Heading, Paragraph, Picture, TableBlock
from .findings import Findings
from .words import count, number, percent

MOST_PANELS = 12  # of true against found values


def parameters_part(found: Findings) -> Iterator[Block]:
    """4: are parameters given back at this design?"""
    yield Heading("Recovery of parameters")
    if not found.parameters and found.equations is None:
        yield Paragraph("This was not done.")
        return
    yield Paragraph(
        "People were simulated at the design of these choices: as many people, sessions and trials, rewards"
        " drawn from those that were seen for an option at about the same time in the same session,"
        " parameters those of people (fitted under the declared priors). Their choices were fitted as those"
        " of the people were."
    )
    for study in found.parameters.values():
        yield from parameters_blocks(study)


def parameters_blocks(study: ParameterRecovery) -> Iterator[Block]:
    """Yield how a rival's parameters come back: a table, what is mistaken together, and a picture."""
    name, summary = study.rival.name, study.summary()
    yield TableBlock(
        f"Recovery of {name}, {count(len(study.results), 'simulated data set')} of"
        f" {count(study.design.n_people, 'person', 'people')}.",
        ("parameter", "correlation", "bias", "rmse", "in the interval", "at a bound"),
        tuple(
            (
                str(parameter),
                *(number(row[key], 2) for key in ("correlation", "bias", "rmse")),
                *(percent(row[key]) for key in ("covered", "at_bound")),
            )
            for parameter, row in summary.iterrows()
        ),
        note="Correlation of true and found values on the parameter's scale; bias and root mean square"
        " error in its units; in the interval: share of 95 % intervals that hold the truth.",
    )
    yield Paragraph(_tradeoffs(name, study.tradeoffs()))
    frame = study.to_frame()
    panels: list[tuple[str, Any, Any]] = []
    for column, parameter in study.rival.columns(study.design.n_actions):
        own = frame[frame["parameter"] == column]
        panels.append((column, parameter.to_scale(own["true"]), parameter.to_scale(own["value"])))
    if not any(np.ptp(np.asarray(true)) > 0 for _, true, _ in panels):
        return  # one person has one value
    yield Picture(
        f"parameters-{name}",
        f"Recovery of {name}: found against true parameters on their scales, a dot for each simulated"
        " person; on the line both are equal.",
        scatters(panels[:MOST_PANELS], "true", "found"),
    )


def _tradeoffs(name: str, table: pd.DataFrame) -> str:
    pairs = [
        (abs(table.iloc[i, j]), table.index[i], table.columns[j], table.iloc[i, j])
        for i in range(len(table))
        for j in range(i)
        if np.isfinite(table.iloc[i, j])
    ]
    if not pairs:
        return f"{name} has one parameter, which nothing can be mistaken for."
    _, one, other, value = max(pairs)
    return (
        f"Errors that go together most: those of {one} and {other} (correlation {value:.2f}): what one of"
        " them is too high by, the other makes up for."
        if abs(value) >= 0.3
        else f"No two errors go together by more than {value:.2f} ({one} and {other})."
    )


def recovery_part(found: Findings) -> Iterator[Block]:
    """5: are models and terms given back at this design?"""
    yield Heading("Recovery of models and terms")
    if found.models is None and found.equations is None:
        yield Paragraph("This was not done.")
        return
    if found.models is not None:
        yield from models_blocks(found.models)
    if found.equations is not None:
        yield from _equations(found)


def models_blocks(study: ModelRecovery) -> Iterator[Block]:
    """Yield how often rivals are taken for what they are: a paragraph and two matrices."""
    confusion, inversion = study.confusion(), study.inversion()
    names = list(study.names)
    simulated = [name for name in names if confusion.loc[name].notna().all()]
    right = np.array([confusion.loc[name, name] for name in simulated])
    worst = simulated[int(right.argmin())]
    mistaken = confusion.loc[worst].drop(worst).astype(float)
    yield Paragraph(
        f"Of people who were simulated as one of {len(names)} rivals, with fitted parameters, the same rival"
        f" was the best by {study.criterion.upper()} in {percent(right.mean())} on average. Least often it"
        f" was {worst} ({percent(right.min())}), mostly taken for {mistaken.idxmax()}"
        f" ({percent(mistaken.max())}). A person whose best rival is {worst}, or the one that it is taken"
        " for, need not be one."
    )
    yield Picture(
        "confusion",
        "P(best | simulated): which rival was the best (column) where one was simulated (row), by"
        f" {study.criterion.upper()}, {count(study.design.n_people, 'person', 'people')} a row and"
        f" {count(len(study.results), 'data set')} in all.",
        matrix(names, confusion.to_numpy(float), "simulated", "best"),
    )
    yield Picture(
        "inversion",
        "P(simulated | best), if all were equally likely beforehand: which rival was simulated (row) where"
        " one was the best (column).",
        matrix(names, inversion.to_numpy(float), "simulated", "best"),
    )


def _equations(found: Findings) -> Iterator[Block]:
    study, summary = found.equations, found.equations.summary()
    n = len(study.results)
    yield Paragraph(
        f"People whose choices were made by the equations of {found.main} played the design"
        f" {count(n, 'time')}, and their equations were found anew, network and all: exactly the true terms"
        f" came back in {percent(study.exact())}. A term that the equations lack can be made up, one that"
        " they have can be missed."
    )
    rows = tuple(
        (
            f"{term} in {module}",
            *(percent(row[key]) for key in ("found", "missed", "made up")),
            *(number(row[key], 2) for key in ("correlation", "bias", "rmse")),
        )
        for (module, term), row in summary.iterrows()
    )
    yield TableBlock(
        f"Recovery of the terms of {found.main}, {count(n, 'simulated data set')}.",
        ("term", "found", "missed", "made up", "correlation", "bias", "rmse"),
        rows,
        note="Shares of data sets. Correlation over people of true and found coefficients; bias and root mean"
        " square error of these. Neither found, missed nor made up: rightly absent.",
    )
    frame = study.to_frame()
    there = frame[frame["outcome"] == "found"]
    panels = [
        (f"{term}\n{module}", own["true"], own["value"])
        for (module, term), own in there.groupby(["module", "term"], sort=False)
    ]
    if panels and frame["person"].nunique() > 2:
        yield Picture(
            "terms",
            f"Recovery of the coefficients of {found.main}: found against true, a dot for each simulated"
            " person; on the line both are equal.",
            scatters(panels[:16], "true", "found"),
        )
