"""People who are pooled: numbers lie between their own estimates and the group's, and predict better."""

import numpy as np
import pytest

import spicewidgets as sw
from spicewidgets.core.discover.canonical import parts_of
from spicewidgets.core.discover.group import group_of
from spicewidgets.core.discover.group_means import design_of, with_group_means
from spicewidgets.core.discover.likelihood import Likelihood, ParameterId
from spicewidgets.core.discover.maximum import Prior, maximise
from spicewidgets.core.discover.pooling import Pool

CHOSEN, OTHER = "x_value_reward_chosen", "x_value_reward_not_chosen"
TERMS = {CHOSEN: ((), (CHOSEN,), ("c_reward",)), OTHER: ((), (OTHER,))}
N_PEOPLE = 24
BETAS = {"low": 1.5, "high": 4.0}  # of every second person
LABELS = ["low", "high"] * (N_PEOPLE // 2)


def last(generator):
    """What a generator returns."""
    while True:
        try:
            next(generator)
        except StopIteration as stop:
            return stop.value


@pytest.fixture(scope="module")
def people():
    """Learners with two betas, with 2 sessions of 40 trials each to learn from and 4 to be predicted."""
    agents = [sw.AgentQ(alpha_reward=0.3, forget_rate=0.3, beta_reward=BETAS[label]) for label in LABELS]

    def sessions(n, seed):
        who = [i for i in range(N_PEOPLE) for _ in range(n)]
        return sw.create_dataset(
            [agents[i] for i in who],
            sw.BanditsDrift(sigma=0.2),
            40,
            len(who),
            participant=who,
            random_state=seed,
        )[0]

    return sessions(2, 1), sessions(4, 2)


@pytest.fixture(scope="module")
def pool(people):
    train, _ = people
    model = sw.ForgettingRNN(2)
    likelihood = Likelihood(model, train, TERMS)
    return Pool(likelihood, parts_of(model, sw.FORGETTING_RNN_CONFIG, likelihood.inputs))


@pytest.fixture(scope="module")
def group(pool):
    return group_of(pool, last(pool.select()))


def test_the_group_has_the_terms_of_its_people(group):
    active = {number for number, there in zip(group.numbers, group.active[0], strict=True) if there}
    assert {
        ParameterId(CHOSEN, (CHOSEN,)),
        ParameterId(CHOSEN, ("c_reward",)),
        ParameterId(OTHER, (OTHER,)),
    } <= active
    assert ParameterId(OTHER, ()) not in active  # a number common to both arms cannot be told
    assert group.numbers_per_participant == len(active)


def test_its_mean_is_that_of_the_people_within_its_error(group):
    reward = group.numbers.index(ParameterId(CHOSEN, ("c_reward",)))
    truth = 0.3 * sum(BETAS.values()) / 2  # alpha times beta
    assert abs(group.mean[reward] - truth) < 3 * group.mean_error[reward]
    assert 0.1 < group.spread[reward] < 0.7


def test_pooled_numbers_predict_new_choices_better_than_those_of_each_alone(people, pool, group):
    train, test = people
    model = sw.ForgettingRNN(2)
    likelihood, new = Likelihood(model, train, TERMS), Likelihood(model, test, TERMS)
    start = np.tile([0.0, 0.5, 0.5, 0.0, 0.5], (N_PEOPLE, 1))
    alone = maximise(likelihood, start[None], np.ones(5, bool), Prior(np.zeros(5), np.full(5, 10.0))).values[
        0
    ]
    pooled = new(group.values).nll.sum() / new.n_choices.sum()
    assert pooled < new(alone).nll.sum() / new.n_choices.sum() - 0.005


def test_numbers_lie_between_the_persons_own_and_the_groups(group):
    active = group.active[0]
    assert ((group.shrinkage[:, active] >= 0) & (group.shrinkage[:, active] <= 1)).all()
    assert (np.abs(group.values[:, pool_own(group)]) < 1).all()
    assert (group.errors[:, active] > 0).all()


def pool_own(group):
    return [i for i, number in enumerate(group.numbers) if number.term == (number.module,)]


def test_a_higher_price_leaves_fewer_terms(pool, group):
    dear = group_of(pool, last(pool.select(price=50.0)), 50.0)
    assert dear.numbers_per_participant < group.numbers_per_participant
    assert (dear.costs >= dear.prices)[dear.active[0]].all()


def test_a_term_can_belong_to_some_only(pool):
    at = last(pool.iterate_to_rest(pool.start()))
    own = group_of(pool, pool.prune_individuals(at))
    assert own.active.sum() < N_PEOPLE * at.active.sum()
    assert (own.values[~own.active] == 0).all()


def test_labelled_groups_differ_where_their_people_do(pool, group):
    reward = group.numbers.index(ParameterId(CHOSEN, ("c_reward",)))
    at, means = with_group_means(pool, last(pool.select()), design_of({"beta": LABELS}))
    high = means.design.weights["beta", "high"] - means.design.weights["beta", "low"]
    apart = (high @ means.means)[reward]
    assert apart > 2 * np.sqrt(high @ means.covariance[:, reward, :, reward] @ high)
    shrunk = group.values[1::2, reward].mean() - group.values[::2, reward].mean()
    assert apart > shrunk > 0
    assert apart == pytest.approx(at.values[1::2, reward].mean() - at.values[::2, reward].mean(), rel=0.05)


def test_the_same_data_give_the_same_bits(pool, group):
    again = group_of(pool, last(pool.select()))
    np.testing.assert_array_equal(again.values, group.values)


def test_a_search_that_is_stopped_has_the_best_group_so_far(pool):
    pool = Pool(pool.likelihood, pool.parts)
    rounds = pool.select()
    seen = [next(rounds) for _ in range(4)]
    assert pool.reached is max(seen, key=lambda group: group.log_evidence)
    for at in rounds:
        alike = [group for group in seen if (group.active == at.active).all()]
        if (pool.reached.active == at.active).all():
            assert (
                pool.reached.log_evidence >= max([at, *alike], key=lambda one: one.log_evidence).log_evidence
            )
        seen.append(at)
    final = last(Pool(pool.likelihood, pool.parts).select())
    np.testing.assert_array_equal(pool.reached.values, final.values)


@pytest.fixture(scope="module")
def some_forget():
    """People of whom every second one does not forget: the term of the arm not chosen is theirs or not."""
    who = [i for i in range(20) for _ in range(3)]
    agents = [sw.AgentQ(alpha_reward=0.3, forget_rate=0.6 if i % 2 else 0.0) for i in who]
    task = sw.BanditsDrift(sigma=0.2)
    return sw.create_dataset(agents, task, 100, len(who), participant=who, random_state=1)[0]


def test_with_own_terms_a_person_may_lack_a_term_of_the_group(some_forget):
    reports = []
    estimator = sw.SpiceEstimator(
        sw.ChoiceRNN, sw.CHOICE_CONFIG, epochs=60, n_starts=2, pooling="group", random_state=1
    ).fit(some_forget)
    of_group = estimator.group_
    assert (of_group.active == of_group.active[0]).all()
    estimator.discover(pooling="own-terms", report=reports.append)
    own = estimator.group_.active
    assert reports[0].startswith("Pooling: ")
    assert own.sum() < of_group.active.sum()
    assert (own <= of_group.active).all()
    assert (own != own[0]).any()
    for code, label in enumerate(estimator.participants_):
        equations = estimator.spice_model_.of_participant(label).values()
        assert (
            sum(len(one.active) for one in equations)
            == own[code][~np.array([n.term is None for n in estimator.group_.numbers])].sum()
        )


def test_an_interrupt_keeps_the_best_group_there_is(some_forget):
    def stop(sentence):
        raise KeyboardInterrupt

    estimator = sw.SpiceEstimator(
        sw.ForgettingRNN, sw.FORGETTING_RNN_CONFIG, epochs=20, n_starts=1, pooling="group", random_state=1
    )
    for _ in estimator.fit_records(some_forget, report=stop):
        pass
    assert estimator.stopped_
    assert np.isfinite(estimator.group_.log_evidence)
    assert estimator.spice_model_.n_parameters(3) > 0
