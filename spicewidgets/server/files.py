"""Files of the page, packed, from memory, and kept by browsers: each learner fetches 37, 2 MB on the way.

Voila's own script comes with its chunks, of which a browser would else ask for 72, one by one.
"""

import gzip
import os
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_server.base.handlers import FileFindHandler
from tornado.web import StaticFileHandler
from voila.static_file_handler import MultiStaticFileHandler

MOST_FILES, MOST_BYTES = 512, 2 * 1024 * 1024  # that are kept in memory: how many, and of each
SAME = re.compile(r"\.[0-9a-f]{16,}\.")  # in the name of a file whose content never changes
FOR_EVER, A_WHILE = 31_536_000, 600  # seconds for which browsers keep a file without asking
PACKED = (".css", ".html", ".js", ".json", ".map", ".svg")  # files of text
LEAST_BYTES = 1024  # of a file that is packed
SCRIPT, CHUNKS = "voila.js", "[0-9]*.voila.js"
MOST_CHUNK_BYTES = 400_000  # two are larger, for editors and typesetting that no page of ours has

if TYPE_CHECKING:
    Handler = StaticFileHandler
else:
    Handler = object


@lru_cache(MOST_FILES)
def content(path: str, _changed: int) -> bytes:
    """Read a file that was last changed then; Voila's script with its chunks before it."""
    file = Path(path)
    chunks = sorted(file.parent.glob(CHUNKS)) if file.name == SCRIPT else []
    joined = [_enclose(chunk.read_bytes()) for chunk in chunks if chunk.stat().st_size <= MOST_CHUNK_BYTES]
    return b"".join([*joined, file.read_bytes()])


def _enclose(chunk: bytes) -> bytes:
    """Put a chunk into a function, so that its `"use strict"` is of it alone. webpack takes chunks that are
    there before its runtime as loaded.
    """
    return b"(() => {%s\n})();\n" % chunk


@lru_cache(MOST_FILES)
def packed_content(path: str, changed: int) -> bytes:
    """Pack the content of a file that was last changed then."""
    return gzip.compress(content(path, changed), 6, mtime=0)


class KeptFiles(Handler):
    """Keeps files in memory, packs those of text, and lets browsers keep them; tornado calls the methods."""

    packed: bytes | None = None

    def set_headers(self) -> None:
        """Say for how long a browser may keep the file, and whether it is packed."""
        super().set_headers()
        seconds = FOR_EVER if SAME.search(self.path) else A_WHILE
        self.set_header("Cache-Control", f"max-age={seconds}")
        self.set_header("Vary", "Accept-Encoding")
        asked, path = self.request.headers, str(self.absolute_path)
        status = os.stat(path)
        if (
            "gzip" in asked.get("Accept-Encoding", "")
            and "Range" not in asked
            and path.endswith(PACKED)
            and LEAST_BYTES <= status.st_size <= MOST_BYTES
        ):
            self.packed = packed_content(path, status.st_mtime_ns)
            self.set_header("Content-Encoding", "gzip")

    def get_content_size(self) -> int:
        """Give the size of what is sent."""
        if self.packed is not None:
            return len(self.packed)
        path = str(self.absolute_path)
        status = os.stat(path)
        return status.st_size if status.st_size > MOST_BYTES else len(content(path, status.st_mtime_ns))

    def write(self, chunk: str | bytes | dict[str, object]) -> None:
        """Send the content, packed where it is."""
        super().write(chunk if self.packed is None else self.packed)

    @classmethod
    def get_content(cls, abspath: str, start: int | None = None, end: int | None = None) -> bytes:  # type: ignore[override]
        """Give a file's content, or a part of it."""
        status = os.stat(abspath)
        if status.st_size > MOST_BYTES:
            return b"".join(super().get_content(abspath, start, end))
        return content(abspath, status.st_mtime_ns)[start:end]


class KeptStaticFiles(KeptFiles, MultiStaticFileHandler):
    """Voila's own files."""


class KeptExtensionFiles(KeptFiles, FileFindHandler):
    """Files of extensions."""
