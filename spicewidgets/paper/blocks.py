"""What a document is made of, whatever it is written in: plain text, which HTML, Markdown and LaTeX each
escape in their own way.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from ..core.equations import Equation
from ..plots.paper import svg_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 is the document's title."""

    text: str
    level: int = 2


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True)
class Bullets:
    """A list."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class TableBlock:
    """A table whose first column names the rows.

    Attributes:
        caption: what it holds.
        names: of the columns.
        rows: cells, as many as there are columns.
        note: what the columns mean.
        wordy: columns that hold sentences, by place; they may be broken into lines.
    """

    caption: str
    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    wordy: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Picture:
    """A figure.

    Attributes:
        name: of its file, unique in the document.
        caption: what it shows, with what its marks mean.
        figure: what is drawn.
    """

    name: str
    caption: str
    figure: "Figure"

    @cached_property
    def svg(self) -> str:
        """Draw the figure, once for all documents."""
        return svg_of(self.figure, self.name)


@dataclass(frozen=True)
class Formulas:
    """Equations, and learned betas by state."""

    equations: tuple[Equation, ...]
    betas: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Code:
    """Text to be copied as it is."""

    text: str


Block = Heading | Paragraph | Bullets | TableBlock | Picture | Formulas | Code


def pictures_of(blocks: Sequence[Block]) -> tuple[Picture, ...]:
    """All pictures of a document."""
    return tuple(block for block in blocks if isinstance(block, Picture))
