"""The largest table. Limits are asked about before the work that they spare: by what a file or an archive
says of itself, then by what is really read, piece by piece.
"""

import io
from collections.abc import Callable, Sequence

import pandas as pd

from ...checks import raise_if_any
from ...settings import SettingsError

MOST_BYTES = 1_000_000_000
MOST_JSON = 100_000_000  # bytes; in memory, JSON is many times as large
MOST_EXCEL = 100_000_000  # bytes of what is packed in it; a million cells have 40 MB, and take 12 s
MOST_ROWS = 10_000_000
MOST_COLUMNS = 2_000
MOST_PEOPLE = 100_000
MOST_LETTERS = 1_000  # of a name or an entry that is shown
PIECE = 1_000_000  # bytes of a packed file that are read at once
PACKED = (b"PK\x03\x04", b"PAR1")  # how tables begin that are no text
UTF16 = (b"\xff\xfe", b"\xfe\xff")


def bytes_problem(n_bytes: int) -> str | None:
    """Say where a table, or all of an archive, has more bytes than it may have."""
    return _too_many(n_bytes, MOST_BYTES, "A table", "Split it up")


def json_problem(n_bytes: int) -> str | None:
    """Say where a table in JSON has more bytes than it may have."""
    return _too_many(n_bytes, MOST_JSON, "A table in JSON", "Save it as CSV")


def excel_problem(n_bytes: int) -> str | None:
    """Say where a table in Excel, unpacked, has more bytes than it may have."""
    return _too_many(n_bytes, MOST_EXCEL, "A table in Excel, unpacked,", "Save it as CSV")


def _too_many(n_bytes: int, most: int, what: str, advice: str) -> str | None:
    if n_bytes <= most:
        return None
    return f"{what} may have up to {most // 10**6:,} MB; this one has more. {advice}."


def rows_problem(n_rows: int) -> str | None:
    """Say where a table has more rows than it may have."""
    if n_rows <= MOST_ROWS:
        return None
    return f"A table may have up to {MOST_ROWS:,} rows; got {n_rows:,}. Convert it in several parts."


def columns_problem(n_columns: int) -> str | None:
    """Say where a table has more columns than it may have."""
    if n_columns <= MOST_COLUMNS:
        return None
    return f"A table may have up to {MOST_COLUMNS:,} columns; this one has more. Leave some out."


def letters_problem(name: str, labels: Sequence[object]) -> str | None:
    """Say where a column that has a role has a name or an entry that is longer than a figure can show."""
    longest = max((len(label) for label in labels if isinstance(label, str)), default=0)
    if max(longest, len(name)) <= MOST_LETTERS:
        return None
    what = f"An entry of {name}" if len(name) <= MOST_LETTERS else f"A name such as {name:.20}..."
    return (
        f"{what} may have up to {MOST_LETTERS:,} letters; one has {max(longest, len(name)):,}. Shorten it, or"
        " give another column this role."
    )


def people_problem(n_people: int, name: str) -> str | None:
    """Say where a column names more participants than a table may have."""
    if n_people <= MOST_PEOPLE:
        return None
    return (
        f"A table may have up to {MOST_PEOPLE:,} participants; {name} has {n_people:,} different entries"
        ' or more. Name another column, roles={"participant": "..."}, or take some of the people.'
    )


def check_people(text: str, skip: int, separator: str, place: int, name: str) -> None:
    """Refuse a table of too many participants before it is read: of each piece, only that column is.

    What cannot be read in pieces is left to who reads all of it.

    Args:
        text: the table.
        skip: lines of the header.
        separator: between the fields.
        place: of the column, from 0.
        name: of the column.

    Raises:
        SettingsError: where there are more than a table may have.
    """
    people: set[str] = set()
    at = rows = 0
    for _ in range(skip):
        at = text.find("\n", at) + 1
    while at < len(text):
        end = text.rfind("\n", at, at + 8 * PIECE) + 1 or len(text)
        try:
            column = pd.read_csv(
                io.StringIO(text[at:end]),
                sep=separator,
                header=None,
                usecols=[place],
                dtype=object,
                na_filter=False,
            )[place]
        except ValueError:  # a row of more fields than the first one, a quotation mark in another piece
            return
        people.update(column.unique())
        raise_if_any([people_problem(len(people), name)])
        at, rows = end, rows + len(column)
        if rows > len(people) * (MOST_ROWS // MOST_PEOPLE):
            return  # going on like this, there are too many rows before there are too many people


def text_problem(data: bytes, name: str) -> str | None:
    """Say where the beginning of a file shows that it is no text."""
    if data.startswith((*UTF16, *PACKED)) or b"\0" not in data[:4096]:
        return None
    return f"{name!r} must be a table of text; it holds bytes of no text. Save it as CSV."


def inflate(read: Callable[[int], bytes], name: str) -> bytes:
    """Read a packed file in pieces, no further than it may still be a table.

    Its size is known only then: a few MB can stand for one row a thousand million times.

    Args:
        read: gives the next bytes, as many as it is told or fewer; none at the end.
        name: of the file.

    Raises:
        SettingsError: with a sentence for the first limit that is passed.
    """
    parts: list[bytes] = []
    n_bytes = n_rows = 0
    is_packed = is_json = False
    while part := read(PIECE):
        if not parts:
            is_packed = part.startswith(PACKED)
            is_json = not is_packed and part.lstrip()[:1] in (b"[", b"{")
            raise_if_any([text_problem(part, name)])
            if len(part) == PIECE and not (is_packed or is_json or b"\n" in part or b"\r" in part):
                raise SettingsError([f"{name!r} has no end of a line in its first MB. Save it as CSV."])
        parts.append(part)
        n_bytes, n_rows = n_bytes + len(part), n_rows + part.count(b"\n")
        raise_if_any([bytes_problem(n_bytes), json_problem(n_bytes) if is_json else None])
        raise_if_any([None if is_packed or is_json else rows_problem(n_rows)])
    return b"".join(parts)
