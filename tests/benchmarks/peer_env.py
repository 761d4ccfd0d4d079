"""Makes the virtual environment in which the peer, autospice 0.2.0, runs today.

Its own requirements pin versions that no longer install together, so these pins come first and autospice is
added without its dependencies. Nothing else in this project uses this environment.

    python tests/benchmarks/peer_env.py [PATH]

PATH defaults to tests/benchmarks/.peer. On Linux pip takes torch with GPU support, gigabytes not needed here;
PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu offers the small one.
"""

import os
import subprocess
import sys
import venv
from pathlib import Path

PINS = ["numpy==1.26.4", "scikit-learn<1.4", "setuptools<80", "pysindy<2", "arviz==0.20.0"]
UNPINNED = ["dill", "optuna", "seaborn", "torch", "pandas", "matplotlib", "tqdm"]
PEER = "autospice==0.2.0"


def peer_python(path: str | Path | None = None) -> Path:
    """The interpreter of the environment at `path`, else at $SPICEWIDGETS_PEER, else beside this file."""
    home = Path(path or os.environ.get("SPICEWIDGETS_PEER") or Path(__file__).resolve().parent / ".peer")
    return home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def create(path: Path) -> None:
    """Make the environment at `path` and check that the peer imports in it."""
    venv.create(path, with_pip=True)
    python = str(peer_python(path))
    subprocess.run([python, "-m", "pip", "install", "--quiet", *PINS, *UNPINNED], check=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", PEER], check=True)
    subprocess.run([python, "-c", "import spice.estimator, spice.precoded"], check=True)


if __name__ == "__main__":
    if sys.version_info >= (3, 13):
        sys.exit("The peer needs Python 3.11 or 3.12 (numpy 1.26.4); run this script with one of them.")
    create(peer_python(sys.argv[1] if len(sys.argv) > 1 else None).parent.parent)
