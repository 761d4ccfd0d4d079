"""What keeps learners apart: few of the server's variables reach a kernel, and each has an account.

Where the server is not root's, all kernels run under its account: WORKSHOP.md tells what each can read then.
"""

import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import IO

if sys.platform != "win32":  # where nothing is locked, and nothing of others removed
    import fcntl

PACKAGE = Path(__file__).parents[1]
# The names of variables that kernels need: of the system, of Python, of Jupyter, and ours, as the lesson's.
PASSED = (
    *("HOME", "LANG", "LANGUAGE", "LC_*", "LOGNAME", "PATH", "TMPDIR", "TZ", "USER"),
    *("LD_LIBRARY_PATH", "MPLBACKEND", "OMP_NUM_THREADS", "PYTHON*"),
    *("IPYTHONDIR", "JPY_PARENT_PID", "JPY_SESSION_NAME", "JUPYTER_*_DIR", "JUPYTER_PATH"),
    "SPICEWIDGETS_*",
)
FIRST_ACCOUNT = 55_000  # the user numbers that kernels have: no account of the system, none of the hub's
ACCOUNTS = 5_000
PREFIX = "spicewidgets-"  # of a server's folder
FILES = "files"  # the folder in a learner's
HELD = "held"  # the file in it that its server has locked


def select_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """Choose the variables that a kernel may know."""
    return {
        name: value
        for name, value in variables.items()
        if any(fnmatchcase(name, pattern) for pattern in PASSED)
    }


@cache
def separable() -> bool:
    """Tell whether each kernel can have an account: root starts it, and others may read what it runs."""
    needed = (PACKAGE, Path(sys.executable), Path(sys.prefix), Path(os.__file__))
    return os.name == "posix" and os.geteuid() == 0 and all(map(_open_to_all, needed))


def _open_to_all(path: Path) -> bool:
    readable = path.resolve().stat().st_mode & 0o004
    return bool(readable) and all(folder.stat().st_mode & 0o001 for folder in path.resolve().parents)


class ServerFolder:
    """A server's folder for temporary files, which no end of the server leaves behind for long.

    The server holds a lock on a file in it; what nobody holds is removed when the next server starts.

    Attributes:
        path: where it is.
    """

    def __init__(self, among: Path | None = None) -> None:
        among = among or Path(tempfile.gettempdir())
        self.remove_left(among)
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=among))
        self.path.chmod(0o711)  # kernels of other accounts pass through to their own
        self._held = _lock(self.path / HELD)
        self._accounts = secrets.randbelow(ACCOUNTS)  # another server may have its own

    @staticmethod
    def remove_left(among: Path) -> None:
        """Remove the folders whose servers have ended; others' folders stay."""
        if sys.platform == "win32":
            return
        for path in among.glob(f"{PREFIX}*"):
            with suppress(OSError):
                if path.is_symlink() or path.stat().st_uid != os.geteuid():
                    continue
                if held := _lock(path / HELD):
                    held.close()
                    shutil.rmtree(path)

    def learner(self) -> "Learner":
        """Make the folders of a kernel, and choose its account."""
        path = Path(tempfile.mkdtemp(prefix="learner-", dir=self.path))
        (path / FILES).mkdir()
        if not separable():
            return Learner(path)
        self._accounts += 1
        learner = Learner(path, FIRST_ACCOUNT + self._accounts % ACCOUNTS)
        learner.give(path, path / FILES)
        return learner

    def lend(self, path: str) -> str:
        """Copy a file to where kernels of all accounts can read it, and tell where."""
        copy = self.path / Path(path).name
        shutil.copyfile(path, copy)
        copy.chmod(0o644)
        return str(copy)

    def remove(self) -> None:
        """Remove it, with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._held:
            self._held.close()


@dataclass(frozen=True)
class Learner:
    """What a kernel has for itself.

    Attributes:
        path: its folder, with its connection's file.
        account: the number of the user that it runs as; None is the server's own.
    """

    path: Path
    account: int | None = None

    @property
    def files(self) -> Path:
        """The folder in which it works, empty at first."""
        return self.path / FILES

    def give(self, *paths: Path) -> None:
        """Let the files belong to it."""
        if self.account is not None:
            for path in paths:
                os.chown(path, self.account, self.account)

    def variables(self, variables: Mapping[str, str]) -> dict[str, str]:
        """Choose what it may know of the server's variables, with its own folders."""
        names = ("TMPDIR",) if self.account is None else ("TMPDIR", "HOME", "IPYTHONDIR")
        return select_variables(variables) | dict.fromkeys(names, str(self.files))

    def remove(self) -> None:
        """Remove its folder."""
        shutil.rmtree(self.path, ignore_errors=True)


def _lock(path: Path) -> IO[bytes] | None:
    """Lock the file until it is closed or this process ends; None if another process has."""
    file = path.open("ab")
    if sys.platform == "win32":
        return file
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file
