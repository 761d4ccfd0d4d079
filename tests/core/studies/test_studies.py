"""What every declared study promises: over all there are."""

from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest

import spicewidgets as sw
from spicewidgets.cli.recovery import RecoveryRequest
from spicewidgets.cli.study import declared_request
from spicewidgets.core.settings import Task
from spicewidgets.core.studies.ready import OF_EVERY_TASK, STUDIES, settings_of_studies
from spicewidgets.core.studies.source import Simulation, Source
from spicewidgets.state.studies import STATES

OWN = [name for name, study in OF_EVERY_TASK.items() if study.has_command]  # done without more than choices
SMALL = {name: {"rivals": ("random", "biased")} for name in ("rivals", "falsify")}


@pytest.fixture(scope="module")
def source():
    """Three people with two sessions each; the first one has a label like a formula."""
    agents = [sw.AgentQ(alpha_reward=0.4)] * 6
    data, _, _ = sw.create_dataset(
        agents, sw.BanditsDrift(0.2), 30, 6, participant=["=a", "b", "c"] * 2, random_state=1
    )
    return Source(data)


def study_of(name, source, **changes):
    kind = STUDIES[name]
    return kind(replace(kind.settings_class(), **SMALL.get(name, {}) | changes), source)


def done(study):
    for _ in study.steps():
        pass
    return study


@pytest.mark.parametrize("name", OF_EVERY_TASK)
def test_it_is_declared_whole(name):
    study = STUDIES[name]
    assert study.name == name
    assert all(text.strip() for text in (study.title, study.about, study.word, study.tip, study.noun))
    assert name == "report" or study.settings_class().problems() == []
    assert study.groups()
    for group, kind in study.groups().items():
        state = STATES[group]()
        assert state.problems == []
        shown = set(state.names())
        for setting in shown:
            tags = state.tags(setting)
            assert tags["choices"] or tags["kind"] in ("bool", "int", "float")
        owner = STUDIES.get(group, study)  # a report has the settings of others
        request = declared_request(owner) if owner.has_command else RecoveryRequest
        asked = {item.name for item in fields(request)}
        assert {item.name for item in fields(kind)} <= shown | asked  # nothing that can be set nowhere


@pytest.mark.parametrize("name", OF_EVERY_TASK)
def test_its_settings_are_those_of_its_groups(name):
    study = STUDIES[name]
    groups = {group: kind() for group, kind in study.groups().items()}
    assert study.settings_from(groups.__getitem__) == replace(
        study.settings_class(), **({"groups": groups} if name == "report" else {})
    )


@pytest.mark.parametrize("name", OWN)
def test_what_is_stopped_is_kept_and_gone_on_with_to_the_same_result(name, source):
    whole, stopped, again = done(study_of(name, source)), study_of(name, source), study_of(name, source)
    steps = stopped.steps()
    while not stopped.parts:
        next(steps)
    steps.close()
    assert 0 < len(stopped.parts) < len(stopped.names)
    assert stopped.result().sentence
    again.take(stopped)
    shares = [(step.before / step.total, step.done / step.total) for step in again.steps()]
    assert all(0 < before <= share <= 1 for before, share in shares)
    assert shares == sorted(shares)
    assert all(again.parts[part] is value for part, value in stopped.parts.items())
    pd.testing.assert_frame_equal(again.result().to_frame(), whole.result().to_frame())
    for frame in whole.tables().values():
        assert len(frame)
    assert whole.result().text


@pytest.mark.parametrize(("name", "rivals"), [("parameters", ("biased",)), ("models", ("random", "biased"))])
def test_a_recovery_that_is_stopped_takes_over_fits_and_data_sets(name, rivals, source):
    kind = STUDIES[name]
    design = Simulation(people=3, sessions=1, trials=30, task=Task(), is_exact=True)
    settings = kind.settings_class(n_datasets=3, rivals=rivals)
    whole, stopped, again = (kind(settings, replace(source, design=design)) for _ in range(3))
    steps = stopped.steps()
    while not stopped.parts:
        next(steps)
    steps.close()
    assert 0 < len(stopped.parts) < len(stopped.names)
    again.take(stopped)
    assert again.fits == stopped.fits
    assert set(again.fits) == set(rivals)
    assert set(again.parts) == set(stopped.parts)
    found = done(again).result()
    pd.testing.assert_frame_equal(found.to_frame(), done(whole).result().to_frame())
    assert found.sentence in found.text
    more = kind(replace(settings, n_datasets=9), again.source)
    more.take(again)
    assert set(more.parts) == set(again.parts) < set(more.names)
    other = kind(replace(settings, seed=1), again.source)
    other.take(again)
    assert (other.parts, set(other.fits)) == ({}, set(rivals))


@pytest.mark.parametrize("name", OWN)
def test_other_settings_take_nothing_over_unless_they_ask_for_more_only(name, source):
    before = study_of(name, source)
    before.parts = dict.fromkeys(before.names, "done")
    other = study_of(name, source, seed=7)
    other.take(before)
    assert other.parts == {}
    for item in fields(before.settings):
        if item.metadata.get("extends"):
            more = study_of(name, source, **{item.name: not item.default})
            more.take(before)
            assert set(more.parts) == set(before.names) & set(more.names) != set()


def test_a_seed_goes_to_all_settings():
    seeds = {name: getattr(kind, "seed", None) for name, kind in settings_of_studies(5).items()}
    assert set(seeds) == set(STATES)
    assert set(seeds.values()) == {5, None}
    assert seeds["learners"] is None


def test_the_sessions_of_a_person_are_what_they_did_and_got(source):
    choices, rewards = np.asarray(source.dataset.choices), np.asarray(source.dataset.rewards_chosen)
    for at, person in enumerate(("=a", "b", "c")):
        first, second = source.sessions_of(person)
        np.testing.assert_array_equal(first, np.stack([choices[at], rewards[at]], axis=-1))
        np.testing.assert_array_equal(second[:, 0], choices[at + 3])
    assert list(source.people) == ["=a", "b", "c"]
