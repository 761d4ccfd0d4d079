"""Files as bytes and text: opened, unpacked, bounded, and known by how they begin. Nothing in them is run."""

import gzip
import io
import zipfile
from collections.abc import Iterator
from os import PathLike, fspath
from pathlib import Path, PurePosixPath
from typing import IO, Any

from ...checks import raise_if_any
from ...settings import SettingsError, shorten
from .limits import MOST_BYTES, UTF16, bytes_problem, excel_problem, inflate, text_problem

GZIP, ZIP, PARQUET = b"\x1f\x8b", b"PK\x03\x04", b"PAR1"
NO_TABLES = {  # how files begin that are no tables
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"%PDF": "a PDF document",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word document",
    b"\x93NUMPY": "a NumPy array",
    b"MATLAB": "a MATLAB file",
    b"\x80\x04": "a pickle, which is never opened since it may run code",
}
BESIDE_TABLES = {".md", ".pdf", ".html", ".htm", ".py", ".r", ".m", ".png", ".jpg", ".docx"}


def contents(source: str | PathLike[str] | bytes | IO[Any]) -> tuple[bytes, str]:
    """Return the bytes of a file, an open file, or bytes themselves, and the file's name.

    Raises:
        SettingsError: where there is no such file, or where it is too large.
    """
    if isinstance(source, bytes):
        return _read_bounded(source), "table"
    if not isinstance(source, str | PathLike) and hasattr(source, "read"):
        content = source.read(MOST_BYTES + 1)
        data = content.encode("utf-8", "replace") if isinstance(content, str) else bytes(content)
        return _read_bounded(data), Path(str(getattr(source, "name", "table"))).name
    if isinstance(source, str) and "://" in source:
        raise SettingsError([f"file must be on this computer; got {shorten(source)}. Download it first."])
    try:
        path = Path(fspath(source))  # type: ignore[arg-type] # what is no path is a sentence below
        raise_if_any([bytes_problem(path.stat().st_size)])
        with path.open("rb") as file:
            return _read_bounded(file.read(MOST_BYTES + 1)), path.name
    except FileNotFoundError:
        problem = f"There is no file {str(source)!r}. Check the folder and the name."
    except IsADirectoryError:
        problem = f"{str(source)!r} is a folder. Name a file in it, or give a list of files."
    except (OSError, TypeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        problem = f"{shorten(source):.200} cannot be opened ({reason}). Give the path of a table."
    raise SettingsError([problem])


def _read_bounded(data: bytes) -> bytes:
    raise_if_any([bytes_problem(len(data))])
    return data


def unpack(data: bytes, name: str) -> Iterator[tuple[str, bytes]]:
    """Yield the tables in a file, by name: itself, or what an archive holds.

    Raises:
        SettingsError: where an archive is damaged, locked or too large, or where the file is no table.
    """
    try:
        if data.startswith(GZIP):
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
                parts = [(name.removesuffix(".gz"), inflate(file.read, name))]
        elif data.startswith(ZIP) and not is_excel(data):
            parts = list(_members(zipfile.ZipFile(io.BytesIO(data))))
        else:
            parts = [(name, data)]
    except (OSError, EOFError, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        problem = f"{name!r} is a damaged or locked archive ({error}). Unpack it, and give the table in it."
        raise SettingsError([problem]) from None
    for part, content in parts:
        for start, words in NO_TABLES.items():
            if content.startswith(start):
                raise SettingsError([f"{part!r} must be a table; it is {words}. Save the table as CSV."])
        yield part, content


def _members(archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    """Yield the tables of a zip file; macOS adds a folder of its own, which holds none."""
    for member in archive.infolist():
        path = PurePosixPath(member.filename)
        hidden = "__MACOSX" in path.parts or path.name.startswith(".")
        if not (member.is_dir() or hidden or path.suffix.lower() in BESIDE_TABLES):
            with archive.open(member) as file:
                yield path.name, inflate(file.read, path.name)


def is_excel(data: bytes) -> bool:
    """Tell a spreadsheet from another zip file.

    Raises:
        SettingsError: where its files, as it says, are too large.
    """
    members = zipfile.ZipFile(io.BytesIO(data)).infolist()
    n_bytes = sum(member.file_size for member in members)
    excel = any(member.filename == "[Content_Types].xml" for member in members)
    raise_if_any([excel_problem(n_bytes) if excel else bytes_problem(n_bytes)])
    return excel


def decode(data: bytes, name: str) -> tuple[str, str]:
    """Return the text in a file, and its encoding in words.

    Raises:
        SettingsError: where the bytes are no text.
    """
    if data.startswith(UTF16):
        encodings = {"utf-16": "UTF-16"}
    else:
        raise_if_any([text_problem(data, name)])
        encodings = {"utf-8-sig": "UTF-8", "cp1252": "Windows-1252", "latin-1": "Latin-1"}
    for encoding, words in encodings.items():
        try:
            return data.decode(encoding), words
        except UnicodeDecodeError:
            continue
    raise SettingsError([f"{name!r} is in no known encoding. Save it as CSV in UTF-8."])
