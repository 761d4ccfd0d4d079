"""Finds what tests need of npm's registry, or fetches it into a folder beside this file.

Where there is neither the file nor npm, nor a way to the registry, there is None, and its tests are skipped.
"""

import os
import shutil
import subprocess
from contextlib import suppress
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / ".npm"


def axe() -> Path | None:
    """The script of axe-core, the checker of accessibility. AXE in the environment names another."""
    return found("AXE", "axe-core@4", "axe-core/axe.min.js")


def proxy() -> Path | None:
    """The command of JupyterHub's proxy. HUB_PROXY in the environment names another."""
    return found("HUB_PROXY", "configurable-http-proxy@5", ".bin/configurable-http-proxy")


@cache
def found(variable: str, package: str, file: str) -> Path | None:
    """Return a file of a package, which a variable of the environment may name instead."""
    folder = FOLDER / package
    path = Path(os.environ.get(variable) or folder / "node_modules" / file)
    if not path.exists() and shutil.which("npm"):
        folder.mkdir(exist_ok=True, parents=True)
        get = ["npm", "install", "--prefix", str(folder), "--no-save", "--ignore-scripts", package]
        with suppress(subprocess.TimeoutExpired):  # there may be no way to the registry
            subprocess.run(get, capture_output=True, check=False, timeout=30)
    return path if path.exists() else None


def front(source: Path) -> Path | None:
    """A folder with the packages that build the page's front, as its lock names them."""
    if (source / "node_modules" / "esbuild").exists():
        return source
    folder = FOLDER / "front"
    if not (folder / "node_modules" / "esbuild").exists() and shutil.which("npm"):
        folder.mkdir(exist_ok=True, parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(source / name, folder)
        get = ["npm", "ci", "--prefix", str(folder), "--ignore-scripts"]
        with suppress(subprocess.TimeoutExpired):
            subprocess.run(get, capture_output=True, check=False, timeout=30)
    return folder if (folder / "node_modules" / "esbuild").exists() else None
