"""What all tests share: one thread, no display, and the same examples from hypothesis on every run."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch loads: the tests themselves run in parallel
os.environ["MPLBACKEND"] = "agg"

import sys

import pytest
from hypothesis import settings

settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")


@pytest.fixture(autouse=True)
def no_figures_left():
    """pyplot, once a test has loaded it, keeps the figures of all tests after it in this process."""
    yield
    if (pyplot := sys.modules.get("matplotlib.pyplot")) is not None:
        pyplot.close("all")
