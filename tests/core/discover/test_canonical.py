"""The freedoms of `canonical.py` are freedoms: no choice is more or less likely for them."""

import numpy as np
import pytest

import spicewidgets as sw
from spicewidgets.core.discover.canonical import (
    ModuleRole,
    constant_to_drop,
    in_scale,
    parts_of,
    rescale,
    ties_of,
)
from spicewidgets.core.discover.likelihood import Likelihood, ParameterId
from spicewidgets.core.equations import polynomial_terms
from spicewidgets.core.train.objective import Sessions

CHOSEN, OTHER, VALUE = "x_value_reward_chosen", "x_value_reward_not_chosen", "x_value_reward"


@pytest.fixture(scope="module")
def dataset():
    return sw.create_dataset(sw.AgentQ(alpha_reward=0.3), sw.BanditsDrift(sigma=0.2), 30, 9, random_state=2)[
        0
    ]


def likelihood(dataset, degree):
    terms = {
        CHOSEN: polynomial_terms((CHOSEN, "c_reward"), degree),
        OTHER: polynomial_terms((OTHER,), degree),
    }
    return Likelihood(sw.ParticipantEmbeddingRNN(2, n_participants=1), dataset, terms)


def parts(dataset):
    model = sw.ParticipantEmbeddingRNN(2, n_participants=1)
    return parts_of(model, sw.PARTICIPANT_EMBEDDING_RNN_CONFIG, Sessions.of(dataset).inputs)


def test_a_module_says_which_state_and_which_arms_it_moves(dataset):
    assert parts(dataset) == {CHOSEN: ModuleRole(VALUE, 0.5, True), OTHER: ModuleRole(VALUE, 0.5, False)}


@pytest.mark.parametrize("degree", [1, 2])
@pytest.mark.parametrize("factor", [0.3, 4.0, -1.5])
def test_a_stretched_state_with_a_smaller_beta_makes_the_same_choices(dataset, degree, factor):
    own = likelihood(dataset, degree)
    values = np.random.default_rng(1).uniform(-0.2, 0.4, len(own.numbers))
    values[-1] = 2.0
    stretched = rescale(own.numbers, values, parts(dataset), VALUE, factor)
    assert stretched[-1] == pytest.approx(2 / factor)
    np.testing.assert_allclose(own(stretched[None]).nll, own(values[None]).nll, rtol=1e-10)


def test_a_stretch_that_needs_a_term_which_is_no_candidate_is_none(dataset):
    numbers = [ParameterId(CHOSEN, (CHOSEN,)), ParameterId(CHOSEN, ("c_reward",)), ParameterId(VALUE, None)]
    assert rescale(numbers, np.array([0.5, 0.5, 2.0]), parts(dataset), VALUE, 2.0) is None


def test_the_scale_ties_reward_and_own_value_of_the_chosen_arm(dataset):
    numbers = likelihood(dataset, 1).numbers
    (tie,) = ties_of(numbers, parts(dataset))
    assert numbers[tie.beta] == ParameterId(VALUE, None)
    assert [numbers[i] for i in tie.others] == [ParameterId(CHOSEN, (CHOSEN,))]
    assert numbers[tie.drive] == ParameterId(CHOSEN, ("c_reward",))


def test_two_learning_rates_are_in_the_participants_own_scale(dataset):
    """X' = (1 - a) x + b r + (a - b) x r, with a start of 0.5, whatever the scale in which it was found."""
    own = likelihood(dataset, 2)
    place = {number: i for i, number in enumerate(own.numbers)}
    values = np.zeros(len(place))
    values[place[ParameterId(CHOSEN, (CHOSEN,))]] = 0.8
    values[place[ParameterId(CHOSEN, ("c_reward",))]] = 0.7
    values[place[ParameterId(CHOSEN, (CHOSEN, "c_reward"))]] = -0.5
    values[place[ParameterId(OTHER, (OTHER,))]] = 1.0
    values[place[ParameterId(VALUE, None)]] = 3.0
    (tie,) = ties_of(own.numbers, parts(dataset))
    for factor in (0.4, 2.5):
        elsewhere = rescale(own.numbers, values, parts(dataset), VALUE, factor)
        assert abs(elsewhere - values).max() > 0.1
        back = in_scale(own.numbers, elsewhere, parts(dataset), tie, fades=0.02)
        np.testing.assert_allclose(back, values, atol=1e-8)
        assert tie.drive_of(back) == pytest.approx(0.7)
    hardly = np.where(np.arange(len(values)) == tie.others[0], 0.99, values)
    assert in_scale(own.numbers, hardly, parts(dataset), tie, fades=0.02) is None


def test_the_constant_of_the_arm_not_chosen_goes_first(dataset):
    numbers = likelihood(dataset, 1).numbers
    chosen, other, weight = (
        numbers.index(ParameterId(*n)) for n in ((CHOSEN, ()), (OTHER, ()), (OTHER, (OTHER,)))
    )
    assert constant_to_drop(numbers, parts(dataset), chosen, [chosen, other, weight]) == other
    assert constant_to_drop(numbers, parts(dataset), chosen, [chosen, weight]) == chosen
    assert constant_to_drop(numbers, parts(dataset), weight, [other, weight]) == weight
