"""What the ready rivals expect: as the agents of the same name, as a library's regression, and by hand."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import spicewidgets as sw
from spicewidgets.core.rivals.model import AgentRival
from spicewidgets.core.rivals.ready import LAGS, RIVALS
from spicewidgets.core.studies.contract import check_rival

AGENTS = {
    "rescorla-wagner": ([0.3, 2.0], {"alpha_reward": 0.3, "beta_reward": 2.0}),
    "forgetting": ([0.3, 0.1, 2.0], {"alpha_reward": 0.3, "forget_rate": 0.1, "beta_reward": 2.0}),
    "two-rates": ([0.6, 0.2, 2.0], {"alpha_reward": 0.6, "alpha_penalty": 0.2, "beta_reward": 2.0}),
    "with-kernel": (
        [0.3, 2.0, 0.4, -1.5],
        {"alpha_reward": 0.3, "beta_reward": 2.0, "alpha_choice": 0.4, "beta_choice": -1.5},
    ),
    "choice-kernel": ([0.4, 1.5], {"beta_reward": 0.0, "alpha_choice": 0.4, "beta_choice": 1.5}),
    "counterfactual": (
        [0.3, 0.15, 2.0],
        {
            "alpha_reward": 0.3,
            "alpha_counterfactual_reward": 0.15,
            "alpha_counterfactual_penalty": 0.15,
            "beta_reward": 2.0,
        },
    ),
}


@pytest.mark.parametrize("counterfactual", [False, True])
@pytest.mark.parametrize("name", AGENTS)
def test_a_rival_expects_what_the_agent_of_its_kind_expects(name, counterfactual):
    values, arguments = AGENTS[name]
    task = sw.BanditsDrift(sigma=0.2, n_actions=3, counterfactual=counterfactual)
    data, _, _ = sw.create_dataset(sw.AgentQ(3), task, 50, 4, random_state=1)
    ours, theirs = (
        sw.replay(agent, data).probabilities
        for agent in (AgentRival(RIVALS[name], values, 3), sw.AgentQ(3, **arguments))
    )
    np.testing.assert_allclose(ours, theirs, atol=1e-12)


def after(name, values, trials, n_actions=2):
    """P after trials of (choice, reward), and before the first."""
    agent = AgentRival(RIVALS[name], values, n_actions)
    expected = [agent.get_choice_probs()]
    for choice, reward in trials:
        agent.update(choice, np.where(np.arange(n_actions) == choice, reward, -1))
        expected.append(agent.get_choice_probs())
    return np.array(expected)


def test_chance_is_chance():
    np.testing.assert_allclose(after("random", [], [(0, 1), (2, 0)], 3), 1 / 3)


def test_a_bias_is_there_from_the_first_trial_on():
    p = np.exp([0, 1.0, -0.5]) / np.exp([0, 1.0, -0.5]).sum()
    np.testing.assert_allclose(after("biased", [1.0, -0.5], [(0, 1)], 3), [p, p])


def test_win_stay_lose_shift_by_hand():
    expected = [[1 / 3] * 3, [0.2 / 3, 0.8 + 0.2 / 3, 0.2 / 3], [0.4 + 0.2 / 3, 0.2 / 3, 0.4 + 0.2 / 3]]
    np.testing.assert_allclose(after("win-stay-lose-shift", [0.2], [(1, 1), (1, 0)], 3), expected)


def test_pearce_hall_by_hand():
    """Value .5 + .4 * 1 * .5 = .7, associability 1 + .5 (.5 - 1) = .75; then .7 + .4 * .75 * -.7 = .49."""
    logit = 2 * (0.49 - 0.5)
    expected = 1 / (1 + np.exp(-logit))
    assert after("pearce-hall", [0.4, 0.5, 2.0], [(0, 1), (0, 0)])[-1, 0] == pytest.approx(expected)


@pytest.mark.parametrize("name", RIVALS)
def test_each_keeps_its_contract(name):
    check_rival(RIVALS[name])


def test_the_lagged_regression_is_a_librarys_logistic_regression():
    agent = sw.AgentQ(alpha_reward=0.5, beta_choice=0.5)
    data, _, _ = sw.create_dataset(agent, sw.BanditsDrift(0.2), 100, 20, random_state=2)
    fit = sw.fit_rival("lagged-regression", data)
    choice = np.asarray(data.choices)[..., None] * 2 - 1  # of the second option
    reward = choice * np.asarray(data.rewards_chosen)[..., None]
    columns = [
        np.pad(what, ((0, 0), (lag, 0), (0, 0)))[:, : what.shape[1]]
        for what in (choice, reward)
        for lag in range(LAGS)
    ]
    x = np.concatenate(columns, -1).reshape(-1, 2 * LAGS)
    theirs = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(x, data.ys[..., 1].reshape(-1))
    np.testing.assert_allclose(fit.values[0, :-1], theirs.coef_[0], atol=1e-4)
    assert fit.values[0, -1] == pytest.approx(theirs.intercept_[0], abs=1e-4)
    assert fit.agreement[0] == 1  # there is one top only
