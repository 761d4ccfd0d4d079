"""A document as Markdown, its figures in files beside it."""

import re
from collections.abc import Sequence

from .blocks import Block, Bullets, Code, Formulas, Heading, Paragraph, Picture, TableBlock

SIGNS = re.compile(r"([\\`*_{}\[\]<>#|~$])")


def markdown(blocks: Sequence[Block]) -> str:
    """Return the document; figures are `figures/NAME.svg`."""
    parts: list[str] = []
    tables, figures = 0, 0
    for block in blocks:
        if isinstance(block, TableBlock):
            tables += 1
            parts.append(_table(block, tables))
        elif isinstance(block, Picture):
            figures += 1
            caption = plain(f"Figure {figures}. {block.caption}")
            parts.append(f"![{caption}](figures/{block.name}.svg)\n\n{caption}")
        else:
            parts.append(_running(block))
    return "\n\n".join(parts) + "\n"


def plain(text: str) -> str:
    """Text in which no sign means anything to Markdown or HTML."""
    words = SIGNS.sub(r"\\\1", " ".join(text.split()))
    words = re.sub(r"^([-+=]+)(?=\s|$)", r"\\\1", re.sub(r"^(\d+)([.)])(?=\s|$)", r"\1\\\2", words))
    return words.replace("&", "&amp;")


def _running(block: Heading | Paragraph | Bullets | Formulas | Code) -> str:
    if isinstance(block, Heading):
        return f"{'#' * block.level} {plain(block.text)}"
    if isinstance(block, Paragraph):
        return plain(block.text)
    if isinstance(block, Bullets):
        return "\n".join(f"- {plain(item)}" for item in block.items)
    if isinstance(block, Code):
        fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", block.text)), 3)
        return f"{fence}text\n{block.text}\n{fence}"
    lines = [f"$${equation.latex()}$$" for equation in block.equations]
    lines += [f"beta of {plain(state)} = {value:.3f}" for state, value in block.betas.items()]
    return "\n\n".join(lines)


def _table(block: TableBlock, number: int) -> str:
    rule = ["---" if place == 0 or place in block.wordy else "---:" for place in range(len(block.names))]
    rows = [[plain(cell) for cell in row] for row in (block.names, *block.rows)]
    lines = ["| " + " | ".join(cells) + " |" for cells in (rows[0], rule, *rows[1:])]
    note = f"\n\n{plain(block.note)}" if block.note else ""
    return f"{plain(f'Table {number}. {block.caption}')}\n\n" + "\n".join(lines) + note
