"""The largest table. Limits are asked about before the work that they spare: by what a file or an archive
says of itself, then by what is really read, piece by piece.
"""

from collections.abc import Callable

from ...checks import raise_if_any
from ...settings import SettingsError

MOST_BYTES = 1_000_000_000
MOST_JSON = 100_000_000  # bytes; in memory, JSON is many times as large
MOST_ROWS = 10_000_000
MOST_COLUMNS = 2_000
MOST_PEOPLE = 100_000
PIECE = 1_000_000  # bytes of a packed file that are read at once
PACKED = (b"PK\x03\x04", b"PAR1")  # how tables begin that are no text
UTF16 = (b"\xff\xfe", b"\xfe\xff")


def bytes_problem(n_bytes: int) -> str | None:
    """Say where a table, or all of an archive, has more bytes than it may have."""
    return _too_many(n_bytes, MOST_BYTES, "A table", "Split it up")


def json_problem(n_bytes: int) -> str | None:
    """Say where a table in JSON has more bytes than it may have."""
    return _too_many(n_bytes, MOST_JSON, "A table in JSON", "Save it as CSV")


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


def people_problem(n_people: int, name: str) -> str | None:
    """Say where a column names more participants than a table may have."""
    if n_people <= MOST_PEOPLE:
        return None
    return (
        f"A table may have up to {MOST_PEOPLE:,} participants; {name} has {n_people:,} different entries."
        ' Name another column, roles={"participant": "..."}, or take some of the people.'
    )


def text_problem(data: bytes, name: str) -> str | None:
    """Say where the beginning of a file shows that it is no text."""
    if data.startswith((*UTF16, *PACKED)) or b"\0" not in data[:4096]:
        return None
    return f"{name!r} must be a table of text; it holds bytes of no text. Save it as CSV."


def inflated(read: Callable[[int], bytes], name: str) -> bytes:
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
