"""Files of plain values: read and checked whole before anything is made of them, written whole or not at all.

Nothing in a file is ever executed. What is damaged, cut short or made by something else is refused with a
sentence.
"""

import hashlib
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

MOST_BYTES = 256 * 1024 * 1024
# What is read from a file before its contents can be checked: a file may be small, and take a thousand times
# its size as Python objects.
MOST_VALUES = 2_000_000  # of JSON: 10,000 participants with 4 modules of 10 terms have 1.5 million
MOST_TEXT = 20_000  # bytes of one text
TEXT = re.compile(rb'"(?:[^"\\]+|\\.)*+"?', re.DOTALL)
SAVING = ".saving."  # begins the name of a file or folder that is being written
LEFT_BEHIND = 3600  # seconds after which what a save has begun and not ended is not ended any more

File = str | os.PathLike[str]
Built = TypeVar("Built")
# What is raised while something is made of a file that was made by something else, or on purpose.
ODD = (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError)


class StorageError(ValueError):
    """A model file cannot be used, with the reason and what to do."""


def save_values(path: File, data: dict[str, Any]) -> None:
    """Write plain values, `format` among them, with a checksum. The file appears whole or not at all."""
    try:
        data["sha256"] = checksum_of(data)
        text = json.dumps(data, indent=1, allow_nan=False)
    except ValueError:
        raise StorageError(
            f"The equations have coefficients that are not numbers; {Path(path).name!r} was not saved. Find"
            " them again with discover()."
        ) from None
    write_whole(path, (text + "\n").encode())


def read_values(
    path: File, file_format: str, kind: str, writer: str, build: Callable[[dict[str, Any]], Built]
) -> Built:
    """Read what `save_values` wrote.

    Args:
        path: of the file.
        file_format: that it must have.
        kind: of model, in a sentence.
        writer: what saves such files, in a sentence.
        build: makes a model of the values; what it raises of a damaged file is told in a sentence.
    """
    check_size(path)
    try:
        data = parse_json(Path(path).read_bytes())
        if not isinstance(data, dict) or data.get("format") != file_format:
            raise ValueError(f"it was not written by {writer}")
        if data.pop("sha256") != checksum_of(data):
            raise ValueError("it was changed or damaged after it was saved")
        return build(data)
    except (*ODD, OSError) as error:
        raise refuse(path, kind, error, writer) from None


def write_whole(path: File, content: bytes) -> None:
    """Write to a file beside it, then put it in place, so that a crash leaves the old file or the new one."""
    try:
        target = Path(os.path.realpath(path))
    except ValueError:
        raise StorageError(
            f"{str(path)!r:.200} is no name of a file: it holds a zero byte. Choose another."
        ) from None
    if not target.parent.is_dir():
        raise StorageError(
            f"The folder {str(target.parent)!r} does not exist; {target.name!r} was not saved. Make the"
            " folder first, or choose another."
        )
    if os.path.exists(target) and not os.path.isfile(target):
        raise StorageError(
            f"{str(path)!r} cannot be written: it is a folder or a device. Choose the name of a file."
        )
    try:
        clear_drafts(target.parent)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=SAVING)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(handle)
            os.chmod(name, 0o666 & ~_umask())
            os.replace(name, target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise StorageError(
            f"{str(path)!r} cannot be written ({error.strerror}). Choose another name or folder."
        ) from None


def clear_drafts(folder: Path) -> None:
    """Remove the files and folders that saves which were killed have left in a folder."""
    for left in folder.glob(f"{SAVING}*"):
        with suppress(OSError):  # it is another's, or gone
            if time.time() - left.stat().st_mtime > LEFT_BEHIND:
                shutil.rmtree(left) if left.is_dir() else left.unlink()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def parse_json(content: bytes) -> Any:
    """Parse JSON, unless it holds so much that reading it would take long."""
    if sum(content.count(sign) for sign in (b",", b"[", b"{")) > MOST_VALUES:
        raise ValueError(f"it has more than {MOST_VALUES:,} values")
    if any(text.end() - text.start() > MOST_TEXT for text in TEXT.finditer(content)):
        raise ValueError(f"it has a text of more than {MOST_TEXT:,} letters")
    return json.loads(content)


def check_size(path: File) -> None:
    """Refuse a file that is not there, or is too large for a model."""
    file = Path(path)
    try:
        size = file.stat().st_size if file.is_file() else None
    except OSError:  # a name that no file can have
        size = None
    if size is None:
        raise StorageError(f"There is no file {str(path)!r:.200}. Check the name and the folder.")
    if size > MOST_BYTES:
        raise StorageError(
            f"The file {file.name!r} has more than {MOST_BYTES // 2**20} MB, too much for a model. Check that"
            " it is the right file."
        )


def refuse(path: File, kind: str, error: Exception, writer: str = "save_spice") -> StorageError:
    """Return the error of a file that cannot be used."""
    why = " ".join(str(error).split())[:200] or type(error).__name__
    return StorageError(
        f"The file {Path(path).name!r} is not a {kind} model that can be used ({why}). Save it again with"
        f" {writer}, or choose another file."
    )


def checksum_of(data: dict[str, Any]) -> str:
    """Checksum of all that a file of equations holds."""
    return hashlib.sha256(json.dumps(data, sort_keys=True, allow_nan=False).encode()).hexdigest()


def read_people(participants: Any, codes: Any) -> tuple[tuple[Any, ...], tuple[int, ...]]:
    """Return labels and codes, checked."""
    plain = isinstance(participants, list) and not any(isinstance(p, list | dict) for p in participants)
    if not plain or not participants or len(set(participants)) != len(participants):
        raise ValueError("the participants are not a list of different labels")
    if not isinstance(codes, list) or [type(code) for code in codes] != [int] * len(participants):
        raise ValueError("the codes of the participants are not as many numbers")
    return tuple(participants), tuple(codes)


def label_of(label: Any) -> Any:
    """Return a participant's label as a file has it."""
    plain = label.item() if hasattr(label, "item") else label
    return plain if isinstance(plain, str | int | float | bool) or plain is None else str(plain)
