"""What `spicewidgets rivals` does, prints and writes."""

import json
import sys
import textwrap
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import pandas as pd

from .. import __version__
from ..core.data.choices import Choices
from ..core.data.counts import count_choices
from ..core.data.tables.cells import safe_frame
from ..core.estimator import SpiceWarning
from ..core.judge.random_effects import (
    LEAST,
    MISSING,
    GroupDifference,
    differences_of_groups,
    is_missing,
)
from ..core.progress import run_to_completion
from ..core.rivals.folds import describe_fewer_folds, way_for
from ..core.rivals.held_out import HeldOut, held_out_steps
from ..core.rivals.study import ready_estimator
from .folder import write_folder
from .options import WIDTH
from .progress import ProgressBar
from .reading import notes_of, read_table
from .rivals import RivalsRequest

PACKAGES = ("numpy", "pandas", "scikit-learn", "scipy", "torch")


@dataclass(frozen=True)
class RivalsOutcome:
    """The result of a comparison.

    Attributes:
        choices: the table as it was read.
        result: how well each model predicts held-out choices.
        groups: the label of each person, by what the table says people are; people in the result's order.
        differences: whether these groups follow the models equally often, by what they are.
    """

    choices: Choices
    result: HeldOut
    groups: dict[str, list[str]]
    differences: dict[str, GroupDifference]


def run(request: RivalsRequest, progress: ProgressBar) -> RivalsOutcome:
    """Read the table, and compare.

    Args:
        request: the checked options.
        progress: shows how far it is.

    Raises:
        SettingsError: where the table cannot be used.
    """
    choices = read_table(request.table, request.columns, request.remedies)
    dataset = choices.dataset
    models: dict[str, object] = {name: name for name in request.rivals}
    models |= {f"{name} (SPICE)": ready_estimator(name, dataset, request.seed) for name in request.models}
    steps = held_out_steps(
        dataset,
        models,  # type: ignore[arg-type] # rivals and estimators
        way_for(dataset, request.by)[0],
        n_folds=request.folds,
        way=request.way,
        random_state=request.seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpiceWarning)  # how well a model does is the answer itself
        result = run_to_completion(steps, progress.part)
    groups = choices.groups_of(result.people)
    evidence = pd.DataFrame(-result.nll.T, columns=list(result.models))
    return RivalsOutcome(choices, result, groups, differences_of_groups(evidence, groups))


def text(request: RivalsRequest, outcome: RivalsOutcome) -> Iterator[str]:
    """Yield the text, block by block."""
    result, dataset = outcome.result, outcome.choices.dataset
    counts = count_choices(dataset, outcome.choices.report).in_words(int(result.n_choices.sum()))
    yield "\n".join(
        [
            f"Read {outcome.choices.report.name}: {dataset.n_participants} people,"
            f" {dataset.n_sessions} sessions, {dataset.n_actions} options; seed {request.seed}.",
            *notes_of(outcome.choices.report),
            textwrap.fill(counts, WIDTH),
            *filter(None, [way_for(dataset, request.by)[1]]),
        ]
    )
    yield (
        f"{int(result.n_choices.sum()):,} choices of {len(result.people)} people, held out by {result.by} in"
        f" {result.n_folds} parts; rivals fitted by {fitted_by(request.way, result.by)}:\n\n{_table(result)}"
    )
    if words := describe_fewer_folds(result.by, result.n_folds, request.folds):
        yield words
    risk = result.frequencies().omnibus_risk if len(result.models) > 1 else 1.0
    yield textwrap.fill(
        "likelihood: geometric mean of P(choice), with its 95 % interval over people. behind: nats per choice"
        " worse than the best. people: of whom it predicts the choices best. frequency: its estimated"
        " frequency in the population that they are from (random effects; Stephan et al. 2009). protected:"
        " probability that it is the most frequent one, allowing for all being equal (probability"
        f" {risk:.3f}).",
        WIDTH,
    )
    for name, labels in outcome.groups.items():
        if lost := sum(map(is_missing, labels)):
            yield f"{name} {MISSING}, {lost} people: they are in no group, and are not tested."
        kinds = [label for label in dict.fromkeys(labels) if not is_missing(label)]
        for label in kinds:
            part = result.of_people([own == label for own in labels])
            if len(part.people) > 1:
                yield f"{name} {label}, {len(part.people)} people:\n\n{_table(part)}"
        if name in outcome.differences:
            same = outcome.differences[name].same
            yield f"All groups of {name} follow the models equally often with probability {same:.3f}."
        elif len(kinds) > 1:
            yield f"Groups of {name} are not tested: fewer than two have {LEAST} people."


def fitted_by(way: str, by: str) -> str:
    """Name the method by which rivals are fitted: people who are all one have no group."""
    return "prior" if way == "group" and by == "person" else way


def _table(result: HeldOut) -> str:
    frame = result.to_frame()
    best = [result.models[place] for place in result.nll.argmin(0)]
    shown = {
        "model": frame["model"],
        "likelihood": frame["likelihood"].map("{:.4f}".format),
        "95 %": [
            "" if pd.isna(low) else f"{low:.3f} to {high:.3f}"
            for low, high in zip(frame["low"], frame["high"], strict=True)
        ],
        "behind": frame["behind"].map("{:.4f}".format),
        "parameters": frame["numbers"].map("{:.1f}".format),
    }
    if "frequency" in frame:
        shown["people"] = [f"{best.count(model)}" for model in frame["model"]]
        shown |= {name: frame[name].map("{:.2f}".format) for name in ("frequency", "protected")}
    for name in ("aic", "bic", "evidence"):
        shown[name.upper() if name != "evidence" else name] = frame[name].map(
            lambda value: "" if pd.isna(value) else f"{value:,.0f}"
        )
    lines: str = pd.DataFrame(shown).to_string(index=False)
    return lines


def write(request: RivalsRequest, outcome: RivalsOutcome, out: Path) -> tuple[str, ...]:
    """Write all tables, over those of an earlier run; returns the names of the files.

    Raises:
        SettingsError: where a file cannot be written.
    """
    result = outcome.result
    tables = {
        "comparison.csv": result.to_frame(),
        "people.csv": result.by_person(),
        "parameters.csv": pd.concat([fit.to_frame() for fit in result.fits.values()], ignore_index=True),
        "rivals.csv": declarations(result),
    }
    for name, labels in outcome.groups.items():
        tables["people.csv"] = tables["people.csv"].assign(**{name: labels * len(result.models)})
    if outcome.differences:
        tables["groups.csv"] = pd.concat(
            [
                frequencies.to_frame().assign(column=name, group=label, same=difference.same)
                for name, difference in outcome.differences.items()
                for label, frequencies in difference.groups.items()
            ],
            ignore_index=True,
        )
    settings = {
        "command": request.command,
        "file": request.table,
        "sha256": outcome.choices.report.sha256,
        "roles": outcome.choices.report.roles.to_dict(),
        "remedies": outcome.choices.report.remedies,
        "versions": {"spicewidgets": __version__, "python": sys.version.split()[0]}
        | {name: metadata.version(name) for name in PACKAGES},
    }
    with write_folder(out) as draft:
        for name, table in tables.items():
            safe_frame(table).to_csv(draft / name, index=False)
        (draft / "settings.json").write_text(
            json.dumps(settings, indent=1, default=str) + "\n", encoding="utf-8"
        )
    return (*tables, "settings.json")


def declarations(result: HeldOut) -> pd.DataFrame:
    """Return a row for each rival and parameter: what a paper has to say of it."""
    rows = []
    for fit in result.fits.values():
        rival = fit.rival
        for i, (name, parameter) in enumerate(rival.columns(fit.n_actions) or (("", None),)):
            rows.append(
                {
                    "rival": rival.name,
                    "words": rival.words,
                    "equation": rival.equation,
                    "source": rival.source,
                    "parameter": name,
                    "meaning": "" if parameter is None else parameter.words,
                    "low": None if parameter is None else parameter.low,
                    "high": None if parameter is None else parameter.high,
                    "prior": "" if parameter is None else parameter.prior_words,
                    "median": None if parameter is None else float(pd.Series(fit.values[:, i]).median()),
                    "starts": fit.n_starts,
                    "agreement": float(fit.agreement.mean()),
                }
            )
    return pd.DataFrame(rows)
