"""Intervals of people: the learners are the true models, profiles are exact, and the truth is covered."""

import numpy as np
import pytest
from scipy.stats import norm

import spicewidgets as sw
from spicewidgets.core.data.participants import index_participants
from spicewidgets.core.discover.group_intervals import averaged_of_group
from spicewidgets.core.discover.intervals import average_over_kinds, mix_distributions, profiles_of, top_of
from spicewidgets.core.discover.learners import (
    DIFFERENCE,
    DifferenceLikelihood,
    Kind,
    LearnerLikelihood,
    kinds_of,
    terms_of,
)
from spicewidgets.core.discover.likelihood import Likelihood
from spicewidgets.core.discover.maximum import Limits
from spicewidgets.core.models import READY
from spicewidgets.core.simulate.cohort import Cohort

CHOSEN, OTHER = "x_value_reward_chosen", "x_value_reward_not_chosen"
LIBRARY = {CHOSEN: ((), (CHOSEN,), ("c_reward",), (CHOSEN, "c_reward")), OTHER: ((), (OTHER,))}
N_PEOPLE, N_CHOICES, LEVEL = 40, 100, 0.9
TRUE = {
    "alpha_reward": lambda p: p["alpha_reward"],
    "alpha_penalty": lambda p: p["alpha_penalty"],
    "beta_reward": lambda p: p["beta_reward"],
    "forget_rate": lambda p: p["forget_rate"],
    DIFFERENCE: lambda p: p["alpha_reward"] - p["alpha_penalty"],
}


@pytest.fixture(scope="module")
def members():
    rng = np.random.default_rng(3)
    return [
        sw.AgentQ(
            alpha_reward=rng.uniform(0.3, 0.8),
            alpha_penalty=rng.uniform(0.1, 0.6),
            beta_reward=rng.uniform(2, 6),
            forget_rate=rng.uniform(0.05, 0.5),
        ).parameters
        for _ in range(N_PEOPLE)
    ]


@pytest.fixture(scope="module")
def likelihood(members):
    labels = [f"p{i:02d}" for i in range(N_PEOPLE)]
    options = {"participant": labels, "random_state": 4}
    data = sw.create_dataset(Cohort(members), sw.BanditsDrift(0.2), N_CHOICES, N_PEOPLE, **options)[0]
    return Likelihood(
        sw.ForgettingRNN(2).double().eval(), index_participants(data)[0], terms_of(tuple(LIBRARY))
    )


@pytest.mark.parametrize("name", ["rescorla-wagner", "forgetting", "learning-rate", "choice"])
def test_a_learner_has_the_coefficients_of_the_true_model(name):
    ready = READY[name]
    model, config = ready.rnn_class(2, n_participants=1), ready.config
    data = sw.create_dataset(sw.AgentQ(), sw.BanditsDrift(0.2), 5, 1, random_state=1)[0]
    agent = sw.AgentQ(
        alpha_reward=0.4,
        alpha_penalty=0.25,
        beta_reward=3.5,
        forget_rate=0.1 if name != "rescorla-wagner" else 0.0,
        alpha_choice=0.3,
        beta_choice=0.7 if name == "choice" else 0.0,
        q0=0.5 if name == "learning-rate" else 0.3,
    )
    modules = {module: (*terms_of((module,))[module],) for module in config.modules}
    kind = max(kinds_of(modules), key=lambda kind: len(kind.names))
    look = LearnerLikelihood(Likelihood(model, data, modules), model, kind)
    scales = {"share": lambda p: np.log(p / (1 - p)), "positive": np.log, "real": lambda p: p}
    at = np.array([scales[s.kind](agent.parameters[n]) for n, s in zip(kind.names, look.scales, strict=True)])
    betas = dict.fromkeys(model.betas, 3.5 if name == "learning-rate" else 1.0)
    truth = sw.true_model(agent, model, config, betas=betas)
    for number, value in zip(look.likelihood.numbers, look.natural(at), strict=True):
        if number.term is None:
            assert value == betas[number.module]
        else:
            assert value == pytest.approx(truth.equation(number.module).coefficient(*number.term), abs=1e-12)


def test_modules_and_inputs_that_no_learner_has_are_left_to_the_delta_method():
    assert kinds_of(LIBRARY)
    assert not kinds_of({**LIBRARY, "x_other": ((),)})
    assert not kinds_of({**LIBRARY, OTHER: ((), (OTHER,), ("c_reward_chosen",))})
    one = {CHOSEN: LIBRARY[CHOSEN][:3], OTHER: LIBRARY[OTHER]}
    assert {kind.names[0] for kind in kinds_of(one)} == {"alpha"}


def test_a_profile_is_the_likelihood_with_all_others_refitted(likelihood):
    own = likelihood.of_participants(range(4))
    look = LearnerLikelihood(own, sw.ForgettingRNN(2), Kind(("alpha", "beta_reward", "forget_rate")))
    top = top_of(look)
    profile = profiles_of(top, 1.64)["alpha"]
    for point, roots in zip(profile.at, profile.root, strict=True):
        for person in np.flatnonzero(np.isfinite(point)):
            values = top.values[None].copy()
            values[0, person, 0] = point[person]
            free = np.array([False, True, True])
            end = look.maximise(values, free=free, limits=Limits(enough=1e-8))
            lost = end.objective[0, person] - top.objective[person]
            lost += look.prior.penalty(values[0, person], ~free)
            assert roots[person] ** 2 / 2 == pytest.approx(lost, abs=0.02)


def test_a_difference_of_rates_has_the_likelihood_of_the_rates(likelihood):
    names = ("alpha_reward", "alpha_penalty", "beta_reward", "forget_rate")
    two = LearnerLikelihood(likelihood, sw.ForgettingRNN(2), Kind(names))
    values = np.random.default_rng(1).normal(0, 1, (N_PEOPLE, 4))
    other = DifferenceLikelihood(two)
    everything = np.ones(4, bool)
    expected = two(values[None]).nll + two.prior.penalty(values, everything)
    found = other(other.of(values)[None]).nll + other.prior.penalty(other.of(values), everything)
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_a_mixture_has_the_tails_of_its_parts():
    roots = np.array([-3.0, 0.0, 3.0])
    assert mix_distributions([(roots, roots)], np.ones(1), 0.9) == pytest.approx(
        (norm.ppf(0.05), norm.ppf(0.95)), abs=1e-2
    )
    low, high = mix_distributions([(roots + 1, roots), 0.0], np.array([1.0, 1.0]), 0.9)
    assert low == pytest.approx(1 + norm.ppf(0.1), abs=0.02)  # half of the mass of the normal part
    assert high == pytest.approx(1 + norm.ppf(0.9), abs=0.02)
    assert mix_distributions([(roots + 1, roots), 0.0], np.array([1.0, 99.0]), 0.9) == (0.0, 0.0)


@pytest.mark.parametrize("average", [average_over_kinds, averaged_of_group])
def test_the_truth_is_covered_as_often_as_is_said(average, members, likelihood):
    """40 people with two learning rates, of 100 choices each: where the delta method covers 50 to 70 %."""
    model = sw.ForgettingRNN(2)
    result = average(likelihood, model, kinds_of(LIBRARY), LEVEL)
    covered = []
    for name, true in TRUE.items():
        truth = np.array([true(member) for member in members])
        low, high = result.ends[name].T
        covered.append((low <= truth) & (truth <= high))
    assert 0.82 <= np.mean(covered) <= 0.98
    assert min(np.mean(one) for one in covered) > 0.72  # of 40, 90 % less 4 standard errors
