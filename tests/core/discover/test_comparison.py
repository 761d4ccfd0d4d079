"""Whether a structure is the participant's does not depend on how either is written."""

import pytest

import spicewidgets as sw
from spicewidgets.core.discover.comparison import compare
from spicewidgets.core.discover.likelihood import ParameterId
from spicewidgets.core.equations import Equation, SpiceModel

CHOSEN, OTHER = "x_value_reward_chosen", "x_value_reward_not_chosen"
AGENT = sw.AgentQ(alpha_reward=0.3, forget_rate=0.2)
CONFIG = sw.FORGETTING_RNN_CONFIG


@pytest.fixture(scope="module")
def dataset():
    return sw.create_dataset(AGENT, sw.BanditsDrift(sigma=0.2), 100, 100, random_state=1)[0]


def compared(dataset, chosen, other):
    found = SpiceModel.of(
        Equation(CHOSEN, ((), (CHOSEN,), ("c_reward",)), chosen), Equation(OTHER, ((), (OTHER,)), other)
    )
    model = sw.ForgettingRNN(2)
    return compare(found, sw.true_model(AGENT, model, CONFIG), model, dataset, CONFIG)


@pytest.mark.parametrize(
    ("chosen", "other"),
    [
        ((-0.3, 0.7, 0.9), (0.1, 0.8)),  # the participant's own way
        ((-0.45, 0.7, 0.9), (0.0, 0.8)),  # the constant of the arms not chosen is 0
        ((0.0, 0.7, 0.9), (0.3, 0.8)),  # that of the chosen one is
    ],
)
def test_all_ways_to_write_the_participant_are_the_same_structure(dataset, chosen, other):
    comparison = compared(dataset, chosen, other)
    assert comparison.same
    assert comparison.cost < 1
    assert comparison.divergence < 5
    for module, values in ((CHOSEN, chosen), (OTHER, other)):
        assert comparison.truth.equation(module).values == pytest.approx(values, abs=0.05)


def test_a_missing_term_and_a_superfluous_one_are_named(dataset):
    missing = compared(dataset, (-0.3, 0.7, 0.9), (0.0, 0.0))
    assert missing.missing == (ParameterId(OTHER, (OTHER,)),)
    assert missing.divergence > 100
    learner = sw.AgentQ(alpha_reward=0.3)
    found = SpiceModel.of(
        Equation(CHOSEN, ((), (CHOSEN,), ("c_reward",), (CHOSEN, "c_reward")), (-0.3, 0.7, 0.9, 0.1))
    )
    model, config = sw.RescorlaWagnerRNN(2), sw.RESCORLA_WAGNER_CONFIG
    more = compare(found, sw.true_model(learner, model, config), model, dataset, config)
    assert more.superfluous == (ParameterId(CHOSEN, (CHOSEN, "c_reward")),)
    assert not more.missing
