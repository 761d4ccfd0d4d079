"""Rivals that have to be named: what they expect by hand, and that their parameters come back."""

import numpy as np
import pytest
from graded import GainsAndLosses, GoNoGo, Numbers, design_of

import spicewidgets as sw
from spicewidgets.core.rivals.design import simulate_rival
from spicewidgets.core.rivals.fit import ModeSearch
from spicewidgets.core.rivals.model import AgentRival
from spicewidgets.core.rivals.named import Kalman, Prospect
from spicewidgets.core.rivals.ready import ALL, RIVALS, rivals_for

NAMED = ("kalman", "prospect", "pavlovian-go")
DESIGNS = {
    "kalman": design_of(Numbers(), 15, 20, 10),
    "prospect": design_of(GainsAndLosses(), 15, 1, 200),
    "pavlovian-go": design_of(GoNoGo(), 15, 1, 240),
}
HARDLY_TOLD = ("lapse",)  # by so few choices


def expected(rival, values, trials, n_actions=2):
    agent = AgentRival(rival, [values], n_actions)
    for choice, reward in trials:
        agent.update(choice, np.where(np.arange(n_actions) == choice, reward, -1))
    return agent.get_choice_probs()


def test_they_are_compared_where_they_are_named_only():
    assert {*NAMED} <= {*ALL}
    assert not {*NAMED} & {*RIVALS, *rivals_for("two-step")}
    data, _, _ = sw.create_dataset(sw.AgentQ(), sw.BanditsDrift(0.2), 20, 2, random_state=1)
    assert sw.held_out(data, ["kalman", "random"], by="time", n_folds=2, way="prior").models == (
        "kalman",
        "random",
    )


def test_a_kalman_filter_is_drawn_to_what_it_does_not_know():
    """After a reward of 0.9: gain 1 / 1.5, mean 0.5 + 0.4 gain, variance 1 - gain."""
    mean, variance = 0.5 + 0.4 / 1.5, 1 - 1 / 1.5
    logits = [
        3 * m + 2 * np.sqrt(s) + 4 * m / np.sqrt(1 + variance) for m, s in ((mean, variance), (0.5, 1.0))
    ]
    p = expected(Kalman(noise=0.5), [3.0, 2.0, 4.0], [(0, 0.9)])
    np.testing.assert_allclose(p, np.exp(logits) / np.exp(logits).sum())


@pytest.mark.parametrize(("reward", "utility"), [(0.9, 0.8**0.5), (0.4, -2 * 0.2**0.5), (0.5, 0.0)])
def test_losses_weigh_more_than_gains(reward, utility):
    p = expected(Prospect(), [0.5, 0.5, 2.0, 3.0], [(1, reward)])
    assert np.log(p[1] / p[0]) == pytest.approx(3 * 0.5 * utility, abs=1e-3)


def test_what_a_cue_promises_draws_to_go():
    """Cue 1 has paid for no-go: that is valued, but the cue draws to go; some choices are by chance."""
    alpha, gain, bias, drawn, lapse = 0.5, 4.0, 0.3, 0.6, 0.1
    p = expected(ALL["pavlovian-go"], [alpha, gain, 2.0, bias, drawn, lapse], [(2, 1.0)], 8)
    value = alpha * gain
    go = 1 / (1 + np.exp(value - bias - drawn * value))
    assert p[3] / (p[2] + p[3]) == pytest.approx((1 - lapse) * go + lapse / 2)
    assert p[1] / (p[0] + p[1]) == pytest.approx((1 - lapse) / (1 + np.exp(-bias)) + lapse / 2)


@pytest.mark.parametrize("name", NAMED)
def test_parameters_come_back(name):
    study = sw.ParameterRecovery(name, DESIGNS[name], way="prior", n_datasets=1, random_state=21)
    for _ in study.run(n_jobs=1):
        pass
    for parameter, row in study.summary().iterrows():
        assert row["correlation"] > 0.6 or parameter in HARDLY_TOLD
        assert row["covered"] > 0.6


@pytest.mark.parametrize("name", NAMED)
def test_what_is_compiled_is_what_is_replayed(name):
    design = DESIGNS[name]
    rival = ALL[name]
    values = [[parameter.from_scale(parameter.mean) + 0.1 for parameter in rival.parameters]] * 15
    data = simulate_rival(rival, values, design, 2)
    p = sw.replay(AgentRival(rival, values, design.n_actions), data).probabilities[:, 1:]
    nll = np.nansum(np.where(data.target_mask, -np.log((p * data.ys.numpy()).sum(-1)), 0))
    row = [one.to_scale(value) for one, value in zip(rival.parameters, values[0], strict=True)]
    table = np.broadcast_to(row, (15, len(row)))
    assert ModeSearch(rival, data)(table[None]).nll.sum() == pytest.approx(nll)


def test_the_zero_of_prospect_is_that_of_the_table():
    """Outcomes of -1, 0 and 3 are -1/4 to 3/4 of the way; of choices without a table it is 0.5."""
    rows = [f"{t % 2},{t % 3 % 2 + 1},{(3, 0, -1)[t % 3]}" for t in range(40)]
    data = sw.read_choices("\n".join(["id,choice,reward", *rows]).encode()).dataset
    assert data.reward_zero == 0.25
    first, _ = sw.split_data_along_timedim(data, 0.5)
    assert sw.fit_rival("prospect", first, n_starts=1).rival.zero == 0.25
    assert sw.fit_rival(Prospect(0.4), data, n_starts=1).rival.zero == 0.4
    own, _, _ = sw.create_dataset(sw.AgentQ(), sw.BanditsFixed(), 20, 2, random_state=1)
    assert sw.fit_rival("prospect", own, n_starts=1).rival.zero is None
