"""What `spicewidgets recovery` does, prints and writes."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import pandas as pd

from ..core.rivals.design import Design
from ..core.rivals.fit import fit_rivals
from ..core.rivals.ready import RIVALS
from ..core.simulate.environments import make_environment
from ..core.studies.recovery import ModelRecovery, ParameterRecovery, TermRecovery
from .folder import write_folder
from .progress import ProgressBar
from .reading import read_table, versions
from .recovery import RecoveryRequest

Recovery = ParameterRecovery | ModelRecovery | TermRecovery


def run(request: RecoveryRequest, progress: ProgressBar) -> Recovery:
    """Do the study, until it is done or interrupted.

    Args:
        request: the checked options.
        progress: shows how far it is.

    Raises:
        SettingsError: where the table or the folder cannot be used.
        click.Abort: if it was interrupted before anything was finished.
    """
    study = study_of(request)
    folder = None if request.out is None else request.out / "parts"
    steps = study.run(folder, None if request.jobs == 1 else request.jobs)
    try:
        with closing(steps):
            for record in steps:
                progress.part(record)
    except KeyboardInterrupt:
        if not study.results:
            raise click.Abort from None
    return study


def study_of(request: RecoveryRequest) -> Recovery:
    """Return the study that was asked for, not begun yet."""
    counts: Any = {"n_datasets": request.datasets, "random_state": request.seed}
    if request.what == "terms":
        return TermRecovery(
            request.participant,
            request.task,
            request.model,
            trials=request.trials,
            sessions=request.session_counts,
            **counts,
        )
    rivals = request.rivals or (tuple(RIVALS) if request.what == "rivals" else ("rescorla-wagner",))
    fitted = {}
    if request.table is None:
        task = make_environment(request.task)
        design = Design.of_settings(request.people, request.sessions, request.trials, task)
    else:
        dataset = read_table(request.table, request.columns, request.remedies).dataset
        design, fitted = Design.of_choices(dataset), fit_rivals(dataset, rivals, "prior")
    if request.what == "parameters":
        return ParameterRecovery(rivals[0], design, fitted.get(rivals[0]), **counts)
    return ModelRecovery(design, rivals, fitted, criterion=request.criterion, **counts)


def text(request: RecoveryRequest, study: Recovery) -> Iterator[str]:
    """Yield the text, block by block."""
    done, total = len(study.results), len(study.parts)
    rest = "" if done == total else "; the same command with --out goes on where it was ended"
    yield f"{done} of {total} data sets{rest}. Seed {request.seed}."
    for words, table in _tables(study).values():
        yield f"{words}:\n\n{table.to_string(float_format='{:.2f}'.format, na_rep='')}"


def _tables(study: Recovery) -> dict[str, tuple[str, pd.DataFrame]]:
    """Return the tables that are shown: what each is called as a file, and in words."""
    if isinstance(study, ParameterRecovery):
        return {
            "summary": (f"How the parameters of {study.rival.name} come back", study.summary()),
            "tradeoffs": ("Correlations between their errors", study.tradeoffs()),
        }
    if isinstance(study, ModelRecovery):
        confusion, inversion = study.confusion(), study.inversion()
        return {
            "confusion": (f"P(best | simulated), by {study.criterion.upper()}, of people", confusion),
            "inversion": ("P(simulated | best), if all were equally likely", inversion),
        }
    exact = study.exact().rename("share").to_frame()
    return {
        "terms": ("Shares of data sets in which each term is found, missed, made up", study.summary()),
        "exact": ("Share of data sets with exactly the true terms", exact),
    }


def write(request: RecoveryRequest, study: Recovery, out: Path) -> tuple[str, ...]:
    """Write all tables, over those of an earlier run; returns the names of the files.

    Raises:
        SettingsError: where a file cannot be written.
    """
    tables = {f"{name}.csv": table for name, (_, table) in _tables(study).items()}
    counts = {"done": len(study.results), "of": len(study.parts)}
    settings = {"command": request.command, **counts, "versions": versions()}
    with write_folder(out) as draft:
        for name, table in tables.items():
            table.to_csv(draft / name)
        study.to_frame().to_csv(draft / "datasets.csv", index=False)
        (draft / "settings.json").write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")
    return (*tables, "datasets.csv", "settings.json")
