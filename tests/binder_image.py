"""Makes the Python of Binder's image, with the packages that it has: `python tests/binder_image.py FOLDER`.

They take minutes to download, so that `make test` does it once. Where the image has another Python than this
one, or there is no way to its build of torch, nothing is made, the reason is printed and the tests are
skipped.
"""

import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BASE = ["jupyterlab==4.*", "notebook==7.*"]  # what every image has, of which the launch makes use
READY = "ready"  # a file that is written when all is installed


def problem() -> str:
    """Why the image cannot be made with this Python, or nothing."""
    wanted = (ROOT / "binder" / "runtime.txt").read_text(encoding="utf-8").strip()
    own = f"python-{sys.version_info.major}.{sys.version_info.minor}"
    return "" if wanted == own else f"Binder's image has {wanted}, this is {own}."


def make(folder: Path) -> str:
    """Install the packages; returns why that was not possible, or nothing."""
    if reason := problem():
        return reason
    venv.create(folder, with_pip=True, clear=True)
    # An index that cannot be reached is passed over; what it alone has must then be on this machine.
    pip = [
        str(folder / "bin" / "python"),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--retries",
        "0",
        "--timeout",
        "20",
    ]
    for packages in (BASE, ["-r", "binder/requirements.txt"]):
        installed = subprocess.run([*pip, *packages], cwd=ROOT, capture_output=True, text=True, check=False)
        if "No matching distribution found for torch" in installed.stderr:
            return "There is no way from here to the build of torch that Binder's image has."
        if installed.returncode:
            return installed.stderr
    (folder / READY).touch()
    return ""


if __name__ == "__main__":
    print(make(Path(sys.argv[1]).resolve()) or "Binder's image is ready.")
