"""Values separated by commas, semicolons, tabs or bars: found out, and read without shifting a column."""

import csv
import io
import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...checks import raise_if_any
from ...settings import SettingsError
from .cells import visible
from .layouts import participant_column
from .limits import check_people, columns_problem, rows_problem
from .roles import join_names

CHUNK = 250_000  # rows that are read between two signs of life
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
SURPLUS = "\0"  # the column of what a row has beyond the header
ROW_NAMES = "row name"
MOST_SURPLUS = 0.5  # share of rows longer than the header, beyond which the header is wrong, not the rows
NUMBER_WITH_COMMA, NUMBER_WITH_POINT = re.compile(r"(?<![\d.,])\d+,\d+(?![\d.,])"), re.compile(r"\d\.\d")


@dataclass(frozen=True)
class RowsRead:
    """The progress of a long piece of work.

    Attributes:
        share: from 0 to 1.
        words: what is being done.
    """

    share: float
    words: str


class Separated(NamedTuple):
    """Cells of text as they stand in a file.

    Attributes:
        frame: a column of text for each column of the header.
        first_row: the line of the first row below the header, from 1.
        surplus: `(n_rows,)` rows that have more fields than the header.
        separator: between the fields.
        decimal: the decimal mark, a point or a comma.
        named_rows: whether every row begins with a name for which the header has no column, as R writes it.
    """

    frame: pd.DataFrame
    first_row: int
    surplus: NDArray[np.bool_]
    separator: str
    decimal: str
    named_rows: bool


def read_separated(text: str, roles: Mapping[str, Any] | None = None) -> Generator[RowsRead, None, Separated]:
    """Return the table in a text, with a record for every so many rows; the table is the generator's value.

    Args:
        text: of the file.
        roles: columns that are named for roles, where it is a table of people: these are counted first.

    Raises:
        SettingsError: where header or quotation marks cannot be read.
    """
    separator, start, lines = _separator(text)
    text = text[start:]
    header, used = _header(text, separator)
    raise_if_any([columns_problem(len(header)), rows_problem(text.count("\n", 0, -1) + 1 - used)])
    names = _names(header)
    if roles is not None and (name := participant_column(names, roles)):
        check_people(text, used, separator, names.index(name), name)
    if text.count('"') % 2:
        _check_quotes(text, separator)
    frame = yield from _rows(text, names, separator, used)
    extra = frame.pop(SURPLUS).astype(str) != ""
    named_rows = len(frame) > 0 and bool(extra.all() and frame[names[0]].is_unique)
    if named_rows:
        frame = yield from _rows(text, [ROW_NAMES, *names], separator, used)
        extra = frame.pop(SURPLUS).astype(str) != ""
    if extra.mean() > MOST_SURPLUS:
        raise SettingsError(
            [
                f"The header names {len(names)} columns ({join_names(names, 10)}), but {int(extra.sum())}"
                f" rows have more, first row {lines + used + 1 + int(extra.argmax())}. Name every column."
            ]
        )
    filled = np.flatnonzero(~_blank(frame))
    n = int(filled[-1]) + 1 if len(filled) else 0
    sample = text[:100_000]
    commas = len(NUMBER_WITH_COMMA.findall(sample)) > len(NUMBER_WITH_POINT.findall(sample))
    decimal = "," if commas and separator != "," else "."
    return Separated(frame.iloc[:n], lines + used + 1, extra.to_numpy()[:n], separator, decimal, named_rows)


def _separator(text: str) -> tuple[str, int, int]:
    """Return the separator, and where the header begins: its place, and how many lines are above it."""
    start = lines = 0
    declared = ""
    for line in io.StringIO(text[:1_000_000]):
        if match := re.fullmatch(r"sep=(.)\s*", line):  # Excel writes this above the header
            declared = match[1]
        elif line.strip():
            break
        start, lines = start + len(line), lines + 1
    head = [line for line in text[start : start + 200_000].splitlines()[:20] if line.strip()]
    outside = [re.sub(r'"[^"]*"', "", line) for line in head]
    counts = {mark: [line.count(mark) for line in outside] for mark in SEPARATORS}
    scores = {mark: (min(found), found[0]) for mark, found in counts.items() if found and found[0]}
    best = max(scores, key=lambda mark: scores[mark], default=",")
    return declared if declared in SEPARATORS else best, start, lines


def _header(text: str, separator: str) -> tuple[list[str], int]:
    reader = csv.reader(io.StringIO(text[:1_000_000], newline=""), delimiter=separator)
    try:
        header = [visible(name.strip()) for name in next(reader)]
    except csv.Error as error:
        raise SettingsError([f"The header cannot be read ({error}). Save the table as CSV."]) from None
    raise_if_any(
        [] if header else ["The header must name the columns; got an empty line. Save the table as CSV."]
    )
    return header, reader.line_num


def _check_quotes(text: str, separator: str) -> None:
    """Refuse a quotation mark that is never closed, which would swallow all rows below it."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    row = 1
    try:
        for _ in reader:
            row = reader.line_num + 1
    except csv.Error as error:
        raise SettingsError(
            [f"A quotation mark opens in row {row} and is never closed ({error}). Correct it."]
        ) from None


def _names(header: list[str]) -> list[str]:
    """Return the names of the columns; one without a name is called by its place."""
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise SettingsError(
            [f"Every column must have a name of its own; got {', '.join(twice)} twice. Rename one of them."]
        )
    return [name or f"column {place + 1}" for place, name in enumerate(header)]


def _rows(text: str, names: list[str], separator: str, skip: int) -> Generator[RowsRead, None, pd.DataFrame]:
    """Return the rows with one more column, for what lies beyond the header."""
    if _most_fields(text, separator) > len(names):
        return _read_ragged(text, names, separator)
    chunks: list[pd.DataFrame] = []
    total = max(text.count("\n"), 1)
    reader = pd.read_csv(
        io.StringIO(text),
        sep=separator,
        header=None,
        names=names,
        skiprows=skip,
        dtype=object,
        na_filter=False,
        skip_blank_lines=False,
        chunksize=CHUNK,
    )
    try:
        with reader:
            for chunk in reader:
                chunks.append(_as_categories(chunk))
                n = sum(map(len, chunks))
                yield RowsRead(0.05 + 0.5 * min(n / total, 1), f"Read {n:,} rows")
    except pd.errors.EmptyDataError:
        pass
    except pd.errors.ParserError:
        return _read_ragged(text, names, separator)
    if not chunks:
        return pd.DataFrame({name: [] for name in [*names, SURPLUS]}, dtype=object)
    return _concatenate(chunks).assign(**{SURPLUS: ""})


def _most_fields(text: str, separator: str) -> int:
    """Return the most fields of a line, or more where separators stand between quotation marks."""
    data = np.frombuffer(text.encode("utf-8", "surrogatepass"), dtype=np.uint8)
    ends = np.flatnonzero((data == ord("\n")) | (data == ord("\r")))
    n_before = np.searchsorted(np.flatnonzero(data == ord(separator)), [0, *ends, len(data)])
    return int(np.diff(n_before).max()) + 1


def _as_categories(chunk: pd.DataFrame) -> pd.DataFrame:
    """Each different text once. pandas would do so while reading, but from 3 on makes 7 of 007."""
    coded = {name: pd.factorize(chunk[name]) for name in chunk}
    return pd.DataFrame(
        {name: pd.Categorical.from_codes(codes, texts) for name, (codes, texts) in coded.items()}
    )


def _concatenate(chunks: list[pd.DataFrame]) -> pd.DataFrame:
    if len(chunks) == 1:
        return chunks[0]
    return pd.DataFrame(
        {name: pd.api.types.union_categoricals([chunk[name] for chunk in chunks]) for name in chunks[0]}
    )


def _read_ragged(text: str, names: list[str], separator: str) -> pd.DataFrame:
    """Rows of any number of fields, slowly: the short are filled up, of the long the rest is one field."""
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))[1:]
    except csv.Error as error:
        raise SettingsError(
            [f"The table cannot be read ({error}). Check the quotation marks, and save it as CSV."]
        ) from None
    n = len(names)
    filled = [row[:n] + [""] * (n - len(row)) + ["".join(row[n:])] for row in rows]
    return pd.DataFrame(filled, columns=[*names, SURPLUS], dtype=object)


def _blank(frame: pd.DataFrame) -> NDArray[np.bool_]:
    """(n_rows,) rows without anything in them."""
    blank = np.ones(len(frame), dtype=bool)
    for name in frame:
        codes, values = pd.factorize(frame[name])
        nothing = np.array([not str(value).strip() for value in values] + [True], dtype=bool)
        blank &= nothing[codes]
        if not blank.any():
            break
    return blank
