"""The coach tries nothing, but where a test gives its way to try back."""

import pytest


@pytest.fixture(scope="module", autouse=True)
def coach_tries_nothing(no_trials):
    """For all tests of a file, and what these prepare."""
