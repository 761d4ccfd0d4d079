"""A heavy import leaves the garbage collector as it found it."""

import gc
import sys

import pytest

from spicewidgets.loading import load


@pytest.fixture
def heavy(tmp_path, monkeypatch):
    """The name of a module that notes whether garbage was collected while it was imported, or that fails."""

    def make(last):
        (tmp_path / "heavy.py").write_text(f"import gc\ncollects = gc.isenabled()\n{last}\n")
        return "heavy"

    monkeypatch.syspath_prepend(tmp_path)
    yield make
    sys.modules.pop("heavy", None)
    gc.enable()


@pytest.mark.parametrize("before", [True, False])
def test_the_collector_rests_and_then_is_as_before(heavy, before):
    (gc.enable if before else gc.disable)()
    assert load(heavy("")).collects is False
    assert gc.isenabled() is before


def test_an_import_that_fails_leaves_it_as_it_was_too(heavy):
    with pytest.raises(ZeroDivisionError):
        load(heavy("1 / 0"))
    assert gc.isenabled()
