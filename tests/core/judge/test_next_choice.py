"""Models judged by next choices: by hand, on every kind of choices, and as seldom rejected as is said."""

import numpy as np
import pytest
from scipy import stats

import spicewidgets as sw
from spicewidgets.core.judge.check import NOT_REJECTED, REJECTED, over_points
from spicewidgets.core.judge.falsify import falsify
from spicewidgets.core.judge.next_choice import MOST_EXACT, _p
from spicewidgets.core.judge.replay import replay
from spicewidgets.core.judge.staying import Staying
from spicewidgets.core.rivals.model import AgentRival
from spicewidgets.core.rivals.ready import ALL
from spicewidgets.core.settings import SettingsError

KERNEL = sw.AgentQ(alpha_reward=0.3, beta_choice=1.0, alpha_choice=0.5)
PLAIN = sw.AgentQ(alpha_reward=0.3)


def choices_of(agent, n_people=40, n_trials=100, seed=1, **task):
    task = sw.BanditsDrift(0.1, n_actions=agent.n_actions, **task)
    return sw.create_dataset(agent, task, n_trials, n_people, participant="per_session", random_state=seed)[0]


def judged(agent, data):
    return falsify({"it": agent}, data).judgements["it"]


def test_it_is_observed_less_expected_over_the_root_of_its_variance():
    data = choices_of(KERNEL, n_people=3)
    check = judged(PLAIN, data).check("stay")
    p = replay(PLAIN, data).probabilities[:, 1:]
    choices, rewards = np.asarray(data.choices), np.asarray(data.rewards_chosen)
    again = np.asarray(data.ys.argmax(-1)) == choices
    expected = np.take_along_axis(p, choices[..., None], -1)[..., 0]
    for at, there in enumerate((rewards == 1, rewards == 0)):
        own = expected[there]
        assert check.people[at] == pytest.approx(again[there].mean())
        assert check.mean[at] == pytest.approx(own.mean())
        z = (again[there].sum() - own.sum()) / np.sqrt((own * (1 - own)).sum())
        assert check.apart[at] == pytest.approx(z)
    paid = rewards == 1
    alone = [_p(expected[there], again[there].sum()) for there in (paid, ~paid)]
    assert check.p == pytest.approx(over_points(np.array(alone)))


def test_an_option_is_looked_for_so_many_choices_back_and_by_what_it_paid():
    """Two people who choose 0 0 1 0 1, and a model that expects nothing: counted by hand."""
    choices, rewards = [0, 0, 1, 0, 1], [1, 0, 1, 0, 0]
    xs = np.full((2, 4, 5), -1.0)
    for trial in range(4):
        xs[:, trial] = [*np.eye(2)[choices[trial]], -1, -1, 0]
        xs[:, trial, 2 + choices[trial]] = rewards[trial]
    xs[1, :, -1] = 1
    ys = np.tile(np.eye(2)[choices[1:]], (2, 1, 1))
    one = judged(sw.AgentQ(beta_reward=0), sw.DatasetRNN(xs, ys))
    assert {check.measure: check.people.tolist() for check in one.checks} == {
        "stay": [0.5, 0.0],
        "rewards": [0.5, 1.0, 0.0],
        "choices": [2 / 3, 0.5, 0.0],
        "learning": [1.0, 0.0, 1.0],
    }


@pytest.mark.parametrize("n_actions", [2, 4])
def test_a_learner_without_the_kernel_of_people_is_rejected_and_the_true_one_is_not(n_actions):
    agent = sw.AgentQ(n_actions, alpha_reward=0.3, beta_choice=1.0, alpha_choice=0.5)
    data = choices_of(agent)
    assert judged(agent, data).verdict == NOT_REJECTED
    without = judged(sw.AgentQ(n_actions, alpha_reward=0.3), data)
    assert without.verdict == REJECTED
    assert {check.measure for check in without.failures} >= {"stay", "choices"}
    assert without.check("stay").people[1] > without.check("stay").mean[1]


def test_options_that_are_not_on_offer_are_neither_looked_for_nor_expected():
    choices = sw.load_choices("pairs")
    data = choices.dataset
    guess = judged(sw.AgentQ(4, beta_reward=0), data)
    assert all(check.mean[np.isfinite(check.mean)] == pytest.approx(0.5) for check in guess.checks)
    assert "above the middle" in guess.check("stay").points[0]  # its rewards are points
    assert guess.verdict == REJECTED


def test_an_impossible_choice_rejects_and_a_model_that_tells_no_p_is_refused():
    data = choices_of(PLAIN, n_people=2)
    sure = sw.AgentQ(beta_reward=1e4)
    assert judged(sure, data).verdict == REJECTED

    class Silent(sw.AgentQ):
        vectorised = True

        def get_choice_probs(self):
            return np.full_like(super().get_choice_probs(), np.nan)

    with pytest.raises(SettingsError, match="must tell P"):
        judged(Silent(), data)


def test_counts_are_exact_while_they_are_few_and_normal_after():
    p = np.full(20, 0.3)
    below, at = stats.binom.cdf(1, 20, 0.3), stats.binom.pmf(2, 20, 0.3)
    assert _p(p, 2) == pytest.approx(2 * (below + at / 2))
    assert np.isnan(_p(p[:0], 0))
    rng = np.random.default_rng(1)
    many = rng.uniform(0.05, 0.95, MOST_EXACT)
    count = round(many.sum()) + 30
    assert _p(many, count) == pytest.approx(_p(np.append(many, 1e-9), count), abs=0.002)


def test_the_true_model_is_rejected_as_seldom_as_is_said():
    """Of 120 people alone and 20 groups of ten: within what a binomial of 5 % gives but in 1 of 1,000 times.

    The verdict over all measures, and each measure alone.
    """
    alone = [judged(KERNEL, choices_of(KERNEL, 1, seed=7000 + seed)) for seed in range(120)]
    groups = [judged(KERNEL, choices_of(KERNEL, 10, 50, seed=8000 + seed)) for seed in range(20)]
    both = [*alone, *groups]
    rejected = sum(one.verdict == REJECTED for one in both)
    assert rejected <= stats.binom.ppf(0.999, len(both), 0.05)
    p = [check.p for one in both for check in one.checks]
    assert stats.binom.ppf(0.001, len(p), 0.03) <= np.sum(np.less_equal(p, 0.05))
    assert np.sum(np.less_equal(p, 0.05)) <= stats.binom.ppf(0.999, len(p), 0.06)


def test_the_four_bars_tell_a_learner_from_a_planner():
    """Who plans is expected to stay by the transition, too; who learned what followed is not."""
    values = {"model-free": [0.5, 0.5, 0.8, 5.0, 3.0, 0.3], "model-based": [0.5, 5.0, 3.0, 0.3]}
    agents = {name: AgentRival(ALL[name], own, 6) for name, own in values.items()}
    data, _, _ = sw.create_dataset(agents["model-free"], sw.TwoStep(), 150, 20, random_state=6)
    checks = {name: judged(agent, data).check("staying") for name, agent in agents.items()}
    assert checks["model-free"].p > 0.01
    assert checks["model-based"].p < 0.001
    np.testing.assert_allclose(checks["model-free"].people, Staying.of(data).bars()["pooled"])
    assert checks["model-free"].points[0] == "common, reward"
    assert "above the middle" not in judged(agents["model-free"], data).check("rewards").words
