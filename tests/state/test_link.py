"""Settings in an address: back exactly, short, and safe to read from anybody."""

import base64
import json
import zlib

import pytest

from spicewidgets.core.settings import SettingsError
from spicewidgets.state import PRESETS, Experiment
from spicewidgets.state.link import MOST_BYTES, MOST_CHARACTERS, from_link, open_link, to_link


def packed(content: bytes) -> str:
    return base64.urlsafe_b64encode(zlib.compress(content)).decode().rstrip("=")


def test_the_defaults_need_no_link():
    assert to_link(Experiment()) == ""
    assert from_link("") == {}


@pytest.mark.parametrize("preset", PRESETS)
def test_settings_come_back_exactly(preset):
    before, after = Experiment(preset), Experiment()
    before.task.sigma, before.comparison.zoom = 0.07, (3, 40)
    before.discovery.change("x_value_reward_chosen", without=((),))
    text = to_link(before)
    after.from_dict(from_link(text))
    assert after.to_dict() == before.to_dict()
    assert len(text) < 400


def test_the_panel_on_show_comes_back():
    before, after = Experiment(), Experiment()
    before.view = "library"
    open_link(after, to_link(before))
    assert after.view == "library"


@pytest.mark.parametrize("view", [b'"nowhere"', b"7", b'["library"]'])
def test_a_panel_that_is_not_known_is_passed_over(view):
    experiment = Experiment()
    open_link(experiment, packed(b'{"task": {"sigma": 0.1}, "view": %s}' % view))
    assert (experiment.view, experiment.task.sigma) == ("", 0.1)


@pytest.mark.parametrize(
    "text",
    [
        "no link",
        "%%%",
        "a",
        packed(b"[1]"),
        packed(b"not json"),
        packed(b"[" * 50_000),
        packed(json.dumps({"task": "x" * MOST_BYTES}).encode()),
        packed(b'{"task": {}}')[:-6],
        "A" * (MOST_CHARACTERS + 1),
    ],
)
def test_what_is_no_link_is_refused_in_a_sentence(text):
    with pytest.raises(SettingsError, match="Copy it again"):
        from_link(text)


def test_a_link_with_wrong_settings_changes_nothing():
    experiment = Experiment()
    with pytest.raises(SettingsError, match="sigma must be"):
        experiment.from_dict(from_link(packed(b'{"task": {"sigma": -1}}')))
    assert experiment.task.sigma == 0.2
