"""What the commands of declared studies do, print and write."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from ..core.data.tables.cells import safe_frame
from ..core.studies.study import Study
from ..paper.blocks import pictures_of
from ..paper.studies import blocks_of
from ..paper.words import count
from ..plots.paper import pdf_of
from .folder import write_folder
from .progress import ProgressBar
from .reading import notes_of, read_table, versions
from .study import DeclaredRequest


def run(request: DeclaredRequest, progress: ProgressBar) -> Study:
    """Do all parts of a study; of one that resumes, until it is interrupted.

    Args:
        request: the checked options.
        progress: shows how far it is.

    Raises:
        SettingsError: where the table, or another file, cannot be used.
        click.Abort: where a study that resumes was interrupted before anything was finished.
        KeyboardInterrupt: where another was interrupted.
    """
    choices = read_table(request.table, request.columns, request.remedies) if request.table else None
    study = request.kind(request.settings, request.source(choices))
    with closing(study.steps()) as steps:
        try:
            for step in steps:
                progress.part(step)
        except KeyboardInterrupt:
            if not study.resumes:
                raise
            if not study.has_result:
                raise click.Abort from None
    return study


def text(request: DeclaredRequest, study: Study) -> Iterator[str]:
    """Yield the text, block by block: what was read, and the result."""
    yield "\n".join([*_describe_table(study, request.seed), *study.notes()])
    yield study.result().text


def _describe_table(study: Study, seed: int) -> Iterator[str]:
    """Yield what was read, where there is a table."""
    table, data = study.source.table, study.source.given
    if table is not None and data is not None:
        people = count(data.n_participants, "person", "people")
        sessions = count(data.n_sessions, "session")
        yield f"Read {table.report.name}: {people}, {sessions}, {data.n_actions} options; seed {seed}."
        yield from notes_of(table.report)


def write(request: DeclaredRequest, study: Study, out: Path) -> tuple[str, ...]:
    """Write tables, text and figures, over those of an earlier run; returns the names of the files.

    Raises:
        SettingsError: where a file cannot be written.
    """
    result, table = study.result(), study.source.table
    files = {
        f"{name}.csv": safe_frame(frame).to_csv(index=False, lineterminator="\n")
        for name, frame in study.tables().items()
    }
    files[f"{study.file or study.name}.txt"] = f"{result.text}\n"
    settings: dict[str, Any] = {"command": request.command}
    if table is not None:
        report = table.report
        settings |= {"file": request.table, "sha256": report.sha256, "roles": report.roles.to_dict()}
        settings["remedies"] = report.remedies
    settings |= {"done": len(study.parts), "of": len(study.names), "versions": versions()}
    files["settings.json"] = json.dumps(settings, indent=1, default=str) + "\n"
    contents = {name: words.encode() for name, words in files.items()}
    for picture in pictures_of(tuple(blocks_of(study.name, result))):
        contents[f"{picture.name}.svg"] = picture.svg.encode()
        contents[f"{picture.name}.pdf"] = pdf_of(picture.figure)
    with write_folder(out) as draft:
        for name, content in contents.items():
            (draft / name).write_bytes(content)
    return tuple(contents)
