"""Files of the page, from memory, and kept by browsers: each learner fetches a hundred of them."""

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

if TYPE_CHECKING:
    Handler = StaticFileHandler
else:
    Handler = object


@lru_cache(MOST_FILES)
def content(path: str, _changed: int) -> bytes:
    """Read a file that was last changed then."""
    return Path(path).read_bytes()


class KeptFiles(Handler):
    """Keeps files in memory, and lets browsers keep them."""

    def set_headers(self) -> None:
        """Say for how long a browser may keep the file; tornado calls this."""
        super().set_headers()
        seconds = FOR_EVER if SAME.search(self.path) else A_WHILE
        self.set_header("Cache-Control", f"max-age={seconds}")

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
