"""What all tests share: one thread, no display, and the same examples from hypothesis on every run."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch loads: the tests themselves run in parallel
os.environ["MPLBACKEND"] = "agg"

from hypothesis import settings

settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")
