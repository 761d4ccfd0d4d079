"""Press the coach until it is silent: it ends, makes nothing worse, and changes only what it names."""

from itertools import pairwise

import pytest

from spicewidgets.app.runner import Runner
from spicewidgets.core.diagnose.trial import OTHER_DATA
from spicewidgets.core.diagnose.verdict import verdict_of
from spicewidgets.core.models import TEMPLATES
from spicewidgets.state import Experiment
from spicewidgets.state.presets import PRESETS
from spicewidgets.views.facts import facts_of

MOST_PRESSES = 6
# What the words of a remedy call a value.
WORDS = {"group": "pooled as a group", "evidence": "chosen by evidence", True: "refined"}
BUILT = {
    f"built {name}": {"model": {"name": "your own", "built": built.to_dict()}}
    for name, built in TEMPLATES.items()
}
BAD = {  # settings that something is wrong with
    "few choices": {"data": {"n_sessions": 5, "n_trials": 40}},
    "a threshold too high": {"data": {"n_sessions": 40, "n_trials": 60}, "discovery": {"threshold": 0.8}},
    "a small library": {
        "participant": {"alpha_reward": 0.6, "alpha_penalty": 0.05},
        "data": {"n_sessions": 100, "n_trials": 60},
    },
    "too few epochs": {
        "data": {"n_sessions": 40, "n_trials": 60},
        "training": {"optimizer": "adam", "n_starts": 1, "epochs": 60},
    },
    "slow": {"participant": {"alpha_reward": 0.02}, "data": {"n_sessions": 20}},
    "noisy": {"participant": {"beta_reward": 0.2}, "data": {"n_sessions": 10}},
    "one option": {
        "task": {"kind": "fixed"},
        "participant": {"beta_reward": 8},
        "data": {"n_sessions": 30},
    },
}
START = {**PRESETS, **BUILT, **BAD}
FAST = ("few choices", "a threshold too high", "a small library")


def press(settings):
    """Run the settings, and then the coach's first remedy again and again, while nothing gets worse; returns
    what was pressed, and the facts after each run.
    """
    experiment = Experiment()
    experiment.from_dict(settings)
    experiment.follow_library = False
    runner, action, pressed, facts, same_choices = Runner(experiment), "train", [], [], []
    while True:
        assert getattr(runner, {"continue": "continue_"}.get(action, action))()
        assert runner.wait(300)
        assert experiment.run.status == "done", experiment.run.message
        facts.append(facts_of(runner.result))
        offers = [one for one in runner.advice if one.remedy]
        assert not {(one.kind, one.remedy) for one in offers} & set(pressed)
        if not offers or len(pressed) > MOST_PRESSES:
            assert_never_worse(facts, same_choices)
            return pressed, facts
        offer, before = offers[0], experiment.to_dict()
        for group, changes in offer.changes.items():
            experiment.group(group).put(changes)
        assert_named(offer, before, experiment.to_dict())
        pressed.append((offer.kind, offer.remedy))
        same_choices.append(not offer.changes.keys() & OTHER_DATA)
        action = offer.action


def assert_named(offer, before, after):
    changed = {
        (group, name): value
        for group, values in after.items()
        if isinstance(values, dict)
        for name, value in values.items()
        if before[group][name] != value
    }
    assert set(changed) <= {(group, name) for group, values in offer.changes.items() for name in values}
    for value in changed.values():
        assert WORDS.get(value, f"{value:g}" if isinstance(value, float) else str(value)) in offer.remedy


def assert_never_worse(facts, same_choices):
    for (before, after), same in zip(pairwise(facts), same_choices, strict=True):
        assert verdict_of(after).rank >= verdict_of(before).rank
        if same:
            assert after.log_evidence > before.log_evidence - 1
        else:
            assert after.divergence / after.n_choices <= before.divergence / before.n_choices


@pytest.mark.filterwarnings("ignore::spicewidgets.SpiceWarning")
@pytest.mark.parametrize("name", FAST)
def test_the_coach_ends_and_makes_nothing_worse(name):
    pressed, _ = press(START[name])
    assert 1 <= len(pressed) <= MOST_PRESSES


@pytest.mark.filterwarnings("ignore::spicewidgets.SpiceWarning")
def test_five_participants_are_pooled():
    """Of each one's choices alone, some miss a term that is there."""
    pressed, facts = press({"data": {"n_participants": 5}})
    assert pressed == [("each alone", "Find again, with participants pooled as a group")]
    assert verdict_of(facts[-1]).kind == "same"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::spicewidgets.SpiceWarning")
@pytest.mark.parametrize("variation", [0.0, 0.3])
@pytest.mark.parametrize("n_participants", [1, 2, 5])
@pytest.mark.parametrize("name", START)
def test_from_everywhere(name, n_participants, variation):
    start = {group: dict(values) for group, values in START[name].items()}
    start.setdefault("data", {})["n_participants"] = n_participants
    start.setdefault("participant", {})["variation"] = variation
    pressed, _ = press(start)
    assert len(pressed) <= MOST_PRESSES
