"""The parts of a report on declared studies: the answer and its table, or what one of them shows beside."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..core.studies.ready import STUDIES
from ..core.studies.study import StudyResult
from .blocks import Block, Heading, Paragraph, TableBlock
from .falsification import falsification_blocks
from .findings import Findings
from .recovery import models_blocks, parameters_blocks
from .words import number

# Of studies that have more to show than a table.
OWN: Mapping[str, Callable[[Any], Iterator[Block]]] = {
    "falsify": falsification_blocks,
    "models": models_blocks,
    "parameters": parameters_blocks,
}
MOST_ROWS = 100  # of a table in the text; the file has all


def studies_part(found: Findings) -> Iterator[Block]:
    """Yield a section for each study that has no place of its own in the report."""
    for name, result in found.studies.items():
        yield Heading(STUDIES[name].title)
        yield Paragraph(STUDIES[name].about)
        yield from blocks_of(name, result)


def blocks_of(study: str, result: StudyResult) -> Iterator[Block]:
    """Yield what is shown of a study's result.

    Args:
        study: its name.
        result: what it has found.
    """
    if study in OWN:
        yield from OWN[study](result)
        return
    yield Paragraph(result.sentence)
    frame = result.to_frame()
    rows = tuple(tuple(map(_cell, line)) for line in frame.head(MOST_ROWS).itertuples(index=False))
    more = f"The first {MOST_ROWS} of {len(frame):,} rows." if len(frame) > MOST_ROWS else ""
    yield TableBlock("All values.", tuple(map(str, frame.columns)), rows, note=more)


def _cell(value: Any) -> str:
    return number(value) if isinstance(value, float) else str(value)
