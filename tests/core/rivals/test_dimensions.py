"""How many variables choices need."""

from dataclasses import replace

import spicewidgets as sw
from spicewidgets.core.rivals.dimensions import TINY, Dimensions, dimensions


def test_units_are_counted_until_one_is_not_worth_two_errors():
    found = Dimensions(0.5, (0.6, 0.7, 0.7), (0.2, 0.1, 0.001), (0.01, 0.01, 0.001))
    assert found.needed == 2
    assert found.sentence == "Choices need 2 variables. A further one gains 0.0010 ± 0.0010 nats a choice."
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
