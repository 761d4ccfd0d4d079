"""How many variables choices need."""

from dataclasses import replace
from functools import partial

import spicewidgets as sw
from spicewidgets.core.rivals import dimensions as curve
from spicewidgets.core.rivals.dimensions import TINY, Dimensions, dimensions
from spicewidgets.core.studies.comparison_study import ComparisonStudy, HeldOutSettings
from spicewidgets.core.studies.source import Source


def test_units_are_counted_until_one_is_not_worth_two_errors():
    found = Dimensions(0.5, (0.6, 0.7, 0.7), (0.2, 0.1, 0.001), (0.01, 0.01, 0.001))
    assert found.needed == 2
    assert found.sentence == "Choices need 2 variables or more. A further one gains 0.0010 ± 0.0010 nats."
    assert replace(found, gain=(0.01, 0.1, 0.1)).needed == 0
    assert replace(found, gain=(0.2, 0.1, 0.1)).sentence == "Choices need 3 variables or more."


def test_noise_needs_no_variable():
    people = list(range(8)) * 2
    noise, _, _ = sw.create_dataset(
        sw.AgentQ(beta_reward=0.0), sw.BanditsDrift(0.2), 40, 16, participant=people, random_state=2
    )
    found = dimensions(noise, most=2, settings=replace(TINY, n_networks=1, n_epochs=5))
    assert found.needed == 0
    assert all(0.45 < likelihood < 0.52 for likelihood in found.likelihood)


def test_the_curve_is_a_part_of_the_comparison_and_no_rival(monkeypatch):
    people = [person for person in range(8) for _ in range(2)]
    agent = sw.AgentQ(alpha_reward=0.4, beta_reward=5.0)
    data, _, _ = sw.create_dataset(agent, sw.BanditsDrift(0.2), 40, 16, participant=people, random_state=2)
    small = replace(TINY, n_networks=1, n_epochs=2)
    monkeypatch.setattr(curve, "tiny_networks", partial(curve.tiny_networks, small))
    settings = HeldOutSettings(n_folds=2, rivals=("random",), equations=False, dimensions=True)
    study = ComparisonStudy(settings, Source(data))
    for _ in study.steps():
        pass
    found = study.result()
    assert [row.name for row in found.rows] == ["random"]
    assert len(found.dimensions.gain) == len(study.tables()["dimensions"]) == 4
    assert found.dimensions.sentence in found.text
    before = replace(settings, dimensions=False)
    again = ComparisonStudy(before, Source(data))
    again.take(study)
    assert set(again.parts) == {"random"}  # what is done stays, whatever more was asked for
    assert ComparisonStudy.describe_obstacle(settings, 1, 4)
