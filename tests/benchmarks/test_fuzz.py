"""A short part of `fuzz.py`, which says what it does: damaged and invented inputs are taken or refused in a
sentence. And that it would find what is wrong.
"""

import json

import fuzz
import pytest
from hypothesis import given, settings, strategies as st

from spicewidgets.core.settings import SettingsError

INVENTED = "lessons, invented"
NAMES = ("equations", "weights", "tables", "lessons", "settings", "addresses", "messages", INVENTED)
INPUTS = {"tables": 30, INVENTED: 100, "settings": 150, "addresses": 150, "messages": 5000}
KEYS = ["task", "data", "version", "settings", "title", "format", "participants", "equations"]
NAMED = st.sampled_from(KEYS) | st.text(max_size=5)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(NAMED, inner, max_size=5),
    max_leaves=20,
)


@pytest.fixture(scope="module")
def targets(tmp_path_factory):
    return {target.name: target for target in fuzz.targets(tmp_path_factory.mktemp("fuzz"))}


@pytest.mark.parametrize("name", NAMES)
def test_spoilt_inputs_are_taken_or_refused_in_a_sentence(targets, name):
    outcome = fuzz.run(targets[name], INPUTS.get(name, 300), seed=2)
    assert outcome.wrong == []
    assert outcome.inputs - outcome.taken > 0  # some are refused
    assert name != INVENTED or outcome.taken > outcome.inputs / 2  # and of these most are opened


def test_all_that_reads_is_tried(targets):
    assert tuple(targets) == NAMES
    assert sum(target.share for target in targets.values()) == pytest.approx(1)
    for target in targets.values():
        for sound in target.sound:
            value = json.loads(sound) if target.name == "settings" else sound
            assert fuzz.trial(target, value) == (True, "")


def fails(_):
    raise KeyError("task")


def hangs(_):
    while True:
        pass


def mumbles(_):
    raise SettingsError(["no"])


def grows(_):
    return bytes(2 * fuzz.MEMORY)


@pytest.mark.parametrize(
    ("read", "problem"),
    [(fails, "KeyError: 'task'"), (hangs, "TooLong"), (mumbles, "no sentence: 'no'"), (grows, "MemoryError")],
)
def test_it_finds_what_is_wrong(read, problem, monkeypatch):
    monkeypatch.setattr(fuzz, "SECONDS", 0.1)
    target = fuzz.Target("trial", [b"x"], read, fuzz.spoil_bytes, 1)
    ((found, _),) = fuzz.run(target, 1, seed=1).wrong
    assert found.startswith(problem)


@given(JSON)
@settings(deadline=2000)
def test_any_json_is_taken_or_refused_in_a_sentence(targets, data):
    content = json.dumps(data).encode()
    for name, value in (("equations", content), ("settings", data), ("lessons", content)):
        assert fuzz.trial(targets[name], value)[1] == ""
