"""What the commands of declared studies do, print and write."""

import json
from collections.abc import Iterator
from pathlib import Path

from ..core.data.choices import Choices
from ..core.data.tables.cells import safe_frame
from ..core.studies.study import Source, Study
from ..paper.blocks import pictures_of
from ..paper.studies import blocks_of
from ..paper.words import count
from ..plots.paper import pdf_of, svg_of
from .folder import write_folder
from .progress import ProgressBar
from .reading import notes_of, read_table, versions
from .study import DeclaredRequest


def run(request: DeclaredRequest, progress: ProgressBar) -> Study:
    """Do all parts of a study.

    Args:
        request: the checked options.
        progress: shows how far it is.

    Raises:
        SettingsError: where the table, or another file, cannot be used.
        KeyboardInterrupt: where it was interrupted.
    """
    choices = read_table(request.table, request.columns, request.remedies)
    study = request.study(request.settings, Source(choices.dataset, choices))
    for step in study.steps():
        progress.part(step)
    return study


def text(request: DeclaredRequest, study: Study) -> Iterator[str]:
    """Yield the text, block by block: what was read, and the result."""
    table, dataset = request_table(study), study.source.dataset
    yield "\n".join(
        [
            f"Read {table.report.name}: {count(dataset.n_participants, 'person', 'people')},"
            f" {count(dataset.n_sessions, 'session')}, {dataset.n_actions} options; seed {request.seed}.",
            *notes_of(table.report),
            *study.notes(),
        ]
    )
    yield study.result().text


def request_table(study: Study) -> Choices:
    """Return the table that a command has read."""
    assert study.source.table is not None
    return study.source.table


def write(request: DeclaredRequest, study: Study, out: Path) -> tuple[str, ...]:
    """Write tables, text and figures, over those of an earlier run; returns the names of the files.

    Raises:
        SettingsError: where a file cannot be written.
    """
    result, report = study.result(), request_table(study).report
    files = {
        f"{name}.csv": safe_frame(frame).to_csv(index=False, lineterminator="\n")
        for name, frame in study.tables().items()
    }
    files[f"{study.file or study.name}.txt"] = f"{result.text}\n"
    settings = {
        "command": request.command,
        "file": request.table,
        "sha256": report.sha256,
        "roles": report.roles.to_dict(),
        "remedies": report.remedies,
        "versions": versions(),
    }
    files["settings.json"] = json.dumps(settings, indent=1, default=str) + "\n"
    contents = {name: words.encode() for name, words in files.items()}
    for picture in pictures_of(tuple(blocks_of(study.name, result))):
        contents[f"{picture.name}.svg"] = svg_of(picture.figure, picture.name).encode()
        contents[f"{picture.name}.pdf"] = pdf_of(picture.figure)
    with write_folder(out) as draft:
        for name, content in contents.items():
            (draft / name).write_bytes(content)
    return tuple(contents)
