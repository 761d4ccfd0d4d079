"""What the commands of declared studies do, print and write."""

import json
from collections.abc import Iterator
from pathlib import Path

from ..core.data.tables.cells import safe_frame
from ..core.rivals.study import Source, Study
from ..paper.blocks import pictures_of
from ..paper.studies import blocks_of
from ..plots.paper import pdf_of, svg_of
from .folder import write_folder
from .progress import ProgressBar
from .reading import read_table
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
    """Yield the text, block by block."""
    yield from study.notes()
    yield study.result().text
    yield f"Seed {request.seed}."


def write(request: DeclaredRequest, study: Study, out: Path) -> tuple[str, ...]:
    """Write table, text and figures, over those of an earlier run; returns the names of the files.

    Raises:
        SettingsError: where a file cannot be written.
    """
    result, name = study.result(), study.file or study.name
    files = {
        f"{name}.csv": safe_frame(result.to_frame()).to_csv(index=False, lineterminator="\n").encode(),
        f"{name}.txt": f"{result.text}\n".encode(),
    }
    for picture in pictures_of(tuple(blocks_of(study.name, result))):
        files[f"{picture.name}.svg"] = svg_of(picture.figure, picture.name).encode()
        files[f"{picture.name}.pdf"] = pdf_of(picture.figure)
    files["settings.json"] = (json.dumps({"command": request.command}, indent=1) + "\n").encode()
    with write_folder(out) as draft:
        for name, content in files.items():
            (draft / name).write_bytes(content)
    return tuple(files)
