"""Lets the tests here import the scripts beside them, keeps pytest off those of another environment."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
collect_ignore = [script.name for script in HERE.glob("*.py") if not script.name.startswith("test_")]
sys.path.insert(0, str(HERE))
