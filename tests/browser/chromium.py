"""Finds a Chromium to test in, or installs one: `python tests/browser/chromium.py` prints where it is.

Debian's package as root, Playwright's own elsewhere. CHROMIUM in the environment names another one.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def find() -> str | None:
    """The path of a Chromium on this machine, if there is one."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if path:
        return path
    with sync_playwright() as playwright:
        downloaded = playwright.chromium.executable_path
    return downloaded if Path(downloaded).exists() else None


def install() -> None:
    """Get one; what the installers say goes to stderr."""
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        run = ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]
        subprocess.run(["apt-get", "update"], stdout=sys.stderr, check=False)
        if subprocess.run(run, stdout=sys.stderr, check=False).returncode == 0 and find():
            return
    run = [sys.executable, "-m", "playwright", "install", "--with-deps", "chromium"]
    if hasattr(os, "geteuid") and os.geteuid() != 0:
        run.remove("--with-deps")
    subprocess.run(run, stdout=sys.stderr, check=True)


if __name__ == "__main__":
    if find() is None:
        install()
    print(find() or sys.exit("No Chromium could be installed. Set CHROMIUM to the path of one."))
