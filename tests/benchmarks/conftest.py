"""Lets the tests here import the scripts beside them, keeps pytest off those of another environment."""

import sys
from pathlib import Path

collect_ignore = ["peer_worker.py"]
sys.path.insert(0, str(Path(__file__).resolve().parent))
