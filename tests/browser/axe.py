"""Finds axe-core, the checker of accessibility, or fetches it by npm into a folder beside this file."""

import os
import shutil
import subprocess
from contextlib import suppress
from functools import cache
from pathlib import Path

VERSION = "4"
FOLDER = Path(__file__).resolve().parent / ".axe"
SCRIPT = Path("node_modules") / "axe-core" / "axe.min.js"


@cache
def find() -> Path | None:
    """Its script, or None where there is neither the script nor npm. AXE in the environment names another."""
    known = Path(os.environ.get("AXE") or FOLDER / SCRIPT)
    if not known.exists() and shutil.which("npm"):
        FOLDER.mkdir(exist_ok=True)
        get = [
            "npm",
            "install",
            "--prefix",
            str(FOLDER),
            "--no-save",
            "--ignore-scripts",
            f"axe-core@{VERSION}",
        ]
        with suppress(subprocess.TimeoutExpired):  # there may be no way to the registry
            subprocess.run(get, capture_output=True, check=False, timeout=30)
    return known if known.exists() else None
