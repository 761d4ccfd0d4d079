"""A heavy import leaves the garbage collector as it found it."""

import gc
import importlib
import sys

import pytest

from spicewidgets.loading import is_loaded, later, load


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


def test_a_later_module_is_loaded_when_a_name_of_it_is_used(heavy):
    module = later(heavy("answer = 42"))
    assert not is_loaded("heavy")
    assert module.answer == 42
    assert is_loaded("heavy")
    assert module.collects is False


def test_a_later_module_that_fails_is_tried_again(heavy, tmp_path):
    module = later(heavy("1 / 0"))
    with pytest.raises(ZeroDivisionError):
        module.collects  # noqa: B018
    assert not is_loaded("heavy")
    (tmp_path / "heavy.py").write_text("collects = 'again, as it should be'")
    importlib.invalidate_caches()
    assert module.collects == "again, as it should be"
