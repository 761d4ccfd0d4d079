"""The coach tries nothing, but in the files that test it: these have a fixture of the same name."""

import pytest


@pytest.fixture(scope="module", autouse=True)
def coach_tries_nothing(no_trials):
    """For all tests of a file, and what these prepare."""
