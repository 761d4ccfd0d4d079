"""A figure in words and numbers: its legend, its table, its CSV. Everything is escaped."""

import csv
import io
import math
from collections.abc import Iterable, Sequence

import numpy as np

from ..core.wording import format_number
from ..markup import Html, escape_text, table
from ..style import BAND, PALE, Style
from .series import TRACES, Floats, Kind, Series, Subplot

Cell = float | str
ROWS = 200  # of a table that is shown
DASHES = {"solid": "", "dashed": "6 3.5", "dotted": "1.5 3", "dash_dotted": "7 3 1.5 3"}
MARKERS = {
    "circle": '<circle cx="14" cy="6" r="3.6"/>',
    "square": '<rect x="10.5" y="2.5" width="7" height="7"/>',
    "triangle": '<path d="M14 1.6 L18.4 9.6 L9.6 9.6 Z"/>',
    "diamond": '<path d="M14 1.2 L18.8 6 L14 10.8 L9.2 6 Z"/>',
    "cross": '<path d="M10.5 2.5 L17.5 9.5 M17.5 2.5 L10.5 9.5" fill="none" stroke-width="2"/>',
    "plus": '<path d="M14 2 L14 10 M10 6 L18 6" fill="none" stroke-width="2"/>',
}


def swatch(style: Style, kind: Kind = "line") -> str:
    """Return a short piece of the line, or the marker, as an inline SVG."""
    if kind == "points":
        drawn = f'<g fill="{style.colour}" stroke="{style.colour}">{MARKERS[style.marker]}</g>'
    elif kind == "dots":
        circles = (f'<circle cx="{x}" cy="6" r="1.8"/>' for x in (4, 11, 18, 25))
        drawn = f'<g fill="{style.colour}">{"".join(circles)}</g>'
    elif kind == "band":
        ends = 'stroke-linecap="round" x1="5" x2="23" y1="6" y2="6"'
        drawn = (
            f'<line {ends} stroke="{style.colour}" stroke-width="{BAND + 2}"/>'
            f'<line {ends} stroke="{PALE}" stroke-width="{BAND}" class="sw-pale"/>'
        )
    else:
        drawn = (
            f'<line x1="1" x2="27" y1="6" y2="6" stroke="{style.colour}" stroke-width="{style.width}"'
            f' stroke-dasharray="{DASHES[style.dash]}"/>'
        )
    return f'<svg class="sw-swatch" width="28" height="12" aria-hidden="true">{drawn}</svg>'


def in_order(series: Iterable[Series]) -> list[Series]:
    """As a legend lists them: lines before marks."""
    return sorted(series, key=lambda one: one.kind == "points")


def legend(series: Iterable[Series]) -> str:
    """Draw a key of lines and markers; what is not drawn now is pale, so that nothing moves."""
    entries: dict[str, tuple[Series, bool]] = {}
    for one in in_order(series):
        if one.listed and not one.empty:
            before = entries.get(one.style.name, (one, False))
            entries[one.style.name] = before[0], before[1] or one.visible
    keys = [
        f'<span class="sw-key{"" if on else " sw-off"}">{swatch(one.style, one.kind)}'
        f"{escape_text(name)}{'' if on else '<span class=sw-sr> (hidden)</span>'}</span>"
        for name, (one, on) in entries.items()
    ]
    return f'<div class="sw-legend">{"".join(keys)}</div>'


def columns(
    x_title: str, subplots: Sequence[Subplot], series: Iterable[Series]
) -> tuple[list[str], list[list[float]]]:
    """Names and rows of all visible lines and points, at every x that one of them has."""
    titles = {subplot.key: subplot.title for subplot in subplots if subplot.visible}
    used = [
        one
        for one in series
        if one.kind in (*TRACES, "points")
        and one.listed
        and one.tabled
        and one.visible
        and not one.empty
        and one.subplot in titles
    ]
    names = [x_title, *(f"{titles[one.subplot]}, {one.style.name}" for one in used)]
    xs = np.unique(np.concatenate([one.x for one in used])) if used else np.empty(0)
    cells = [xs, *(_at(xs, one.x, one.y) for one in used)]
    return names, [list(map(float, row)) for row in zip(*cells, strict=True)]


def _at(xs: Floats, x: Floats, y: Floats) -> Floats:
    out = np.full(len(xs), np.nan)
    out[np.searchsorted(xs, x)] = y
    return out


def html_table(caption: str, names: Sequence[str], rows: Sequence[Sequence[Cell]], limit: int = ROWS) -> Html:
    """Return an accessible table; of more than `limit` rows evenly spaced ones, and it says so."""
    step = max(1, math.ceil(len(rows) / limit))
    thinned = rows[::step]
    if step > 1:
        caption = f"{caption} Shown is 1 row in {step}; the CSV file has all {len(rows)}."
    digits = [_digits(column) for column in zip(*thinned, strict=True)]
    cells = [
        [
            cell if isinstance(cell, str) else format_number(cell, n)
            for cell, n in zip(row, digits, strict=True)
        ]
        for row in thinned
    ]
    return table(caption, names, cells, look=("sw-table", ""))


def _digits(column: Iterable[Cell]) -> int:
    """Decimals of a column: none for whole numbers, else three."""
    numbers = [value for value in column if not isinstance(value, str) and math.isfinite(value)]
    return 0 if all(value == round(value) for value in numbers) else 3


def csv_bytes(names: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """All rows, in full precision, as a CSV file."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([[_written(cell) for cell in row] for row in rows])
    return file.getvalue().encode()


def _written(cell: Cell) -> str:
    if isinstance(cell, str):
        return cell
    return "" if math.isnan(cell) else f"{cell:.10g}"
