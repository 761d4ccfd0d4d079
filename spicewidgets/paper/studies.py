"""The parts of a report on declared studies: the answer and its table, or what one of them shows beside."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..core.studies.ready import STUDIES
from ..core.studies.study import StudyResult
from ..plots.paper import Range, ranges
from .blocks import Block, Heading, Paragraph, Picture, TableBlock
from .falsification import falsification_blocks
from .findings import Findings
from .recovery import models_blocks, parameters_blocks
from .words import number


def search_blocks(found: Any) -> Iterator[Block]:
    """Yield the path of a search, as a picture and a table, what was tried in vain, and the equation."""
    yield Paragraph(found.sentence)
    taken = found.taken
    if taken:
        likelihoods = [found.first, *(step.likelihood for step in taken)]
        yield Picture(
            "search",
            f"Likelihood of {found.n_apart:,} choices that were in no score and no fit, after each step from"
            f" {found.start}.",
            ranges(
                ["at first", *(f"{step.action}: {step.term.words}" for step in taken)],
                {"": [Range(one, one, one) for one in likelihoods]},
                "likelihood per choice",
                rule=found.first,
            ),
        )
    rows = tuple(
        (step.action, step.term.words, *(number(one, 1) for one in (step.nats, step.penalty, step.apart)))
        for step in found.path
    )
    yield TableBlock(
        "Steps of the search, and what was tried in vain.",
        ("step", "term", "nats", "penalty", "nats, choices apart"),
        rows,
        note="Nats: gain in ln p(choices) under the group's prior. Penalty: what it had to exceed. Choices"
        " apart: those that judge, of every person.",
        wordy=(1,),
    )
    if found.model is not None:
        terms = tuple(
            (row.term, number(row.weight), number(row.sd), row.own_rates)
            for row in found.model.to_frame().itertuples()
        )
        yield TableBlock(
            "The equation that was found: the logit of an option is the sum of its terms.",
            ("term", "mean weight", "standard deviation over people", "mean own rates"),
            terms,
            note="A weight is what the logit rises by where the term rises by 1; of a term of counts or"
            " logarithms that is not comparable with others.",
            wordy=(0,),
        )


# Of studies that have more to show than a table.
OWN: Mapping[str, Callable[[Any], Iterator[Block]]] = {
    "falsify": falsification_blocks,
    "models": models_blocks,
    "parameters": parameters_blocks,
    "search": search_blocks,
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
