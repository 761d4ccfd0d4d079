"""The facts that a story names follow from the choices; the case fools by fit, and not where nothing pays."""

import numpy as np
import pytest

from spicewidgets.app.story import CASE, MORE, case, facts_of
from spicewidgets.apps import explorer
from spicewidgets.state.story import FACTS


@pytest.fixture(scope="module")
def facts():
    return facts_of(explorer(start=False).runner.result, 0)


def test_every_fact_is_there(facts):
    assert {*facts.numbers, *case().numbers} == {*FACTS}


def test_facts_are_of_the_choices(facts):
    numbers = facts.numbers
    assert numbers["n"] == 10_000
    assert numbers["more"] == 30_000
    assert abs(numbers["alpha"] - 0.3) < 0.03
    assert numbers["alpha_low"] < numbers["alpha"] < numbers["alpha_high"]
    assert np.isclose(numbers["keep"] * numbers["now"], numbers["after"])
    assert np.isclose(numbers["now"] - numbers["fall"], numbers["after"])
    assert len(facts.choices) == len(facts.paid) == 12
    assert facts.choices[-1] == numbers["choice"] == numbers["chosen"] - 1


def test_the_case_fools():
    known = case()
    difference = (CASE - 1) * np.log(known.numbers["habit"] / known.numbers["forgetting"])
    assert abs(difference) < 0.5  # nats, of 119 choices: they fit equally well
    assert known.numbers["again"] == known.again.sum() == 17
    assert known.numbers["odds"] > 1000
    assert all(len(p) == 24 + MORE for p in known.same.values())
