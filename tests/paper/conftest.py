"""A study of few people, done once."""

import pytest
from small_study import inquiry

from spicewidgets.paper.documents import documents


@pytest.fixture(scope="session")
def found(tmp_path_factory):
    work = inquiry(folder=tmp_path_factory.mktemp("parts"))
    for _ in work.run():
        pass
    return work.findings


@pytest.fixture(scope="session")
def files(found):
    return documents(found)
