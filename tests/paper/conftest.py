"""A study of few people, done once."""

import pytest
from small_study import inquiry

from spicewidgets.paper.documents import documents


@pytest.fixture(scope="session")
def studied(tmp_path_factory):
    """The findings, and how far it was on the way."""
    work = inquiry(folder=tmp_path_factory.mktemp("parts"))
    steps = list(work.run())
    return work.findings, steps


@pytest.fixture(scope="session")
def found(studied):
    return studied[0]


@pytest.fixture(scope="session")
def files(found):
    return documents(found)
