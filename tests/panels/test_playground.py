"""The page in one file as a widget of anywidget: its traits, and what it says where there is no anywidget."""

import re
import sys

import pytest

from spicewidgets.apps import playground
from spicewidgets.core.settings import SettingsError
from spicewidgets.panels.playground import playground_class


def test_its_traits_tell_of_settings_choices_and_equation():
    pytest.importorskip("anywidget")
    shown = playground({"alpha_reward": 0.6}, seed=3)
    assert shown.settings == {"alpha_reward": 0.6}
    assert shown.seed == 3
    state = shown.get_state()
    assert {"settings", "seed", "choices", "rewards", "bets", "rate", "equation", "terms"} <= set(state)
    assert "export default" in state["_esm"]
    assert ".sw-front{" in state["_css"]
    assert not re.search(r"^import ", state["_esm"], re.MULTILINE)  # nothing is fetched
    assert set(re.findall(r"https?://[^\"'` ]+", state["_esm"] + state["_css"])) == {
        "http://www.w3.org/2000/svg"
    }


def test_without_anywidget_it_says_what_to_install(monkeypatch):
    playground_class.cache_clear()
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(SettingsError, match="pip install anywidget"):
        playground()
    playground_class.cache_clear()
