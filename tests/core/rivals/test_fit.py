"""Fitted rivals: against independent fits and integrals, with gaps in the data, alone and in a group."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from scipy.special import logsumexp
from scipy.stats import norm

import spicewidgets as sw
from spicewidgets.core.judge.replay import nll_per_trial, replay
from spicewidgets.core.rivals.model import AgentRival
from spicewidgets.core.rivals.ready import RIVALS

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
import reference


def simulated(name, values, n_trials=100, each=3, seed=1, task=None):
    """Sessions of people with these parameters."""
    people = [person for person in range(len(values)) for _ in range(each)]
    agent = AgentRival(RIVALS[name], values)
    return sw.create_dataset(
        agent, task or sw.BanditsDrift(0.2), n_trials, len(people), participant=people, random_state=seed
    )[0]


@pytest.fixture(scope="module")
def learners():
    return simulated("rescorla-wagner", [[0.3, 3.0], [0.6, 1.5], [0.1, 6.0]])


def test_it_is_what_an_independent_fit_finds_for_each_person(learners):
    fit = sw.fit_rival("rescorla-wagner", learners)
    for person in range(3):
        mine = learners.participant_ids == person
        own = sw.DatasetRNN(learners.xs[mine], learners.ys[mine])
        own.xs[..., -1] = 0
        theirs = reference.fit_q(*reference.from_tensors(own.xs, own.ys))
        assert fit.values[person] == pytest.approx([theirs["alpha"], theirs["beta"]], rel=1e-3)
        assert fit.nll[person] == pytest.approx(theirs.nll * 300, abs=1e-5)
        assert fit.errors[person] == pytest.approx(theirs.errors, rel=1e-3)
    assert (fit.agreement > 0.5).all()
    assert fit.n_choices.tolist() == [300, 300, 300]
    np.testing.assert_allclose(fit.aic, 4 + 2 * fit.nll)
    np.testing.assert_allclose(fit.bic, 2 * np.log(300) + 2 * fit.nll)


def pearce_hall_nll(values, data):
    """-ln L of each choice, one trial after the other."""
    kappa, eta, beta = values
    total = 0.0
    for choices, rewards in zip(np.asarray(data.choices), np.asarray(data.rewards_chosen), strict=True):
        value, associability = [0.5, 0.5], [1.0, 1.0]
        for choice, reward, following in zip(choices[:-1], rewards[:-1], choices[1:], strict=True):
            surprise = reward - value[choice]
            value[choice] += kappa * associability[choice] * surprise
            associability[choice] += eta * (abs(surprise) - associability[choice])
            total += np.log1p(np.exp(-beta * (value[following] - value[1 - following])))
    return total


def test_a_plain_loop_and_scipy_find_no_better_values():
    data = simulated("pearce-hall", [[0.6, 0.4, 4.0]], 60, 4)
    data.ys[:, -1] = -1  # the loop knows no choice after the last trial
    fit = sw.fit_rival("pearce-hall", data)
    assert pearce_hall_nll(fit.values[0], data) == pytest.approx(fit.nll[0], abs=1e-9)
    ends = [
        minimize(pearce_hall_nll, start, (data,), "L-BFGS-B", bounds=[(0.001, 0.999)] * 2 + [(0.01, 50)])
        for start in ([0.5, 0.5, 3.0], [0.2, 0.8, 8.0], [0.9, 0.1, 1.0])
    ]
    assert fit.nll[0] <= min(end.fun for end in ends) + 1e-6


def test_the_errors_are_those_of_repeated_data():
    people = np.repeat([[0.4, 3.0]], 60, 0)
    fit = sw.fit_rival("rescorla-wagner", simulated("rescorla-wagner", people, 100, 3, seed=4))
    scatter = (fit.values.std(0, ddof=1), np.nanmean(fit.errors, 0))
    ratio = scatter[0] / scatter[1]
    assert ratio.min() > 0.75
    assert ratio.max() < 1.35
    assert abs(fit.values.mean(0) - people[0]).max() < 0.4


def test_intervals_stay_within_the_bounds_however_few_the_choices():
    """A learning rate near 0 with an error as large as itself: value less standard errors would be below."""
    data, _, _ = sw.create_dataset(sw.AgentQ(alpha_reward=0.05), sw.BanditsDrift(0.2), 40, 20, random_state=3)
    who = data.recoded(list(range(20)), None)
    fit = sw.fit_rival("rescorla-wagner", who)
    low, high = fit.intervals()
    known = np.isfinite(fit.errors)
    assert (fit.values - 1.96 * fit.errors)[known].min() < 0
    assert (low[known] <= fit.values[known]).all()
    assert (fit.values[known] <= high[known]).all()
    assert low[known].min() > 0
    assert high[:, 0][known[:, 0]].max() < 1
    assert np.isnan(low[np.isnan(fit.errors)]).all()
    parameter = fit.rival.parameters[0]
    row = int(np.flatnonzero(known[:, 0])[0])
    ends = parameter.to_scale([low[row, 0], fit.values[row, 0], high[row, 0]])
    assert ends[2] - ends[1] == pytest.approx(ends[1] - ends[0]) or ends[0] < -6.9 or ends[2] > 6.9


def test_no_corner_of_the_bounds_is_more_likely_than_the_fit():
    """Whoever follows rewards hardly at all may have a second top there."""
    data = simulated("rescorla-wagner", [[0.5, 0.3]] * 60, 60, 1)
    fit = sw.fit_rival("rescorla-wagner", data)
    for alpha in (0.001, 0.999):
        for beta in (0.01, 50.0):
            corner = AgentRival(fit.rival, [[alpha, beta]] * 60)
            nll = np.nansum(nll_per_trial(replay(corner, data).probabilities, data), 1)
            assert (fit.nll < nll + 1e-6).all()


def test_a_value_at_its_bound_has_no_error():
    contrary = simulated("rescorla-wagner", [[0.4, -3.0]], 100, 3)  # whoever avoids rewards
    frame = sw.fit_rival("rescorla-wagner", contrary).to_frame().set_index("parameter")
    assert frame.at["beta", "value"] == pytest.approx(0.01)
    assert frame.at["beta", "at_bound"]
    assert np.isnan(frame.at["beta", "error"])


def test_what_is_missing_or_not_on_offer_counts_for_nothing():
    whole = simulated("with-kernel", [[0.3, 3.0, 0.5, 1.0], [0.5, 2.0, 0.3, -1.0]], 40, 3)
    expected = sw.fit_rival("with-kernel", whole).nll
    longer = whole.take(torch.arange(6), torch.cat([torch.arange(40), torch.full((7,), -1)]).expand(6, -1))
    np.testing.assert_allclose(sw.fit_rival("with-kernel", longer).nll, expected, rtol=1e-12)
    gaps = torch.full((6, 45), -1)
    gaps[:, torch.arange(45) % 9 != 4] = torch.arange(40)
    assert gaps.unique().tolist() == list(range(-1, 40))
    np.testing.assert_allclose(
        sw.fit_rival("with-kernel", whole.take(torch.arange(6), gaps)).nll, expected, rtol=1e-12
    )


def test_options_not_on_offer_have_no_probability():
    data = simulated("random", [[]], 60, 2, task=None)
    three = torch.zeros(2, 60, 3)
    xs = torch.cat(
        [data.xs[..., :2], three[..., :1], data.xs[..., 2:4], three[..., :1] - 1, data.xs[..., 4:]], -1
    )
    ys = torch.cat([data.ys, three[..., :1]], -1)
    offered = torch.tensor([True, True, False]).expand(2, 60, 3)
    masked = sw.DatasetRNN(xs, ys, offered=offered)
    assert sw.fit_rival("random", masked).likelihood == pytest.approx(0.5)
    fit = sw.fit_rival("rescorla-wagner", masked)
    assert fit.nll[0] == pytest.approx(sw.fit_rival("rescorla-wagner", data).nll[0], abs=1e-4)
    assert (fit.predict(masked)[..., 2] == 0).all()


def test_sessions_of_unequal_length_are_all_counted(learners):
    lengths = torch.tensor([100, 60, 20] * 3)
    trials = torch.arange(100).expand(9, -1)
    cut = learners.take(torch.arange(9), torch.where(trials < lengths[:, None], trials, -1))
    fit = sw.fit_rival("rescorla-wagner", cut)
    assert fit.n_choices.tolist() == [180, 180, 180]
    p = fit.predict(cut)
    known = np.asarray(cut.target_mask)
    nll = -np.log((p * np.asarray(cut.ys)).sum(-1)[known]).sum()
    assert nll == pytest.approx(fit.nll.sum(), rel=1e-9)


def test_the_evidence_is_the_integral_over_the_prior():
    data = simulated("rescorla-wagner", [[0.4, 3.0]], 80, 2)
    rival = RIVALS["rescorla-wagner"]
    alpha, beta = rival.parameters
    grids = [np.linspace(it.mean - 3 * it.sd, it.mean + 3 * it.sd, 31) for it in (alpha, beta)]
    scales = np.stack(np.meshgrid(*grids, indexing="ij"), -1).reshape(-1, 2)
    values = np.column_stack([alpha.from_scale(scales[:, 0]), beta.from_scale(scales[:, 1])])
    sessions, people = torch.arange(2).repeat(len(values)), np.repeat(np.arange(len(values)), 2)
    each = data.take(sessions, torch.arange(80).expand(len(sessions), -1)).recoded(people.tolist(), None)
    p = sw.replay(AgentRival(rival, values), each).probabilities
    nll = nll_per_trial(p, each).sum(1).reshape(-1, 2).sum(1)
    prior = norm.logpdf(scales, [alpha.mean, beta.mean], [alpha.sd, beta.sd]).sum(1)
    area = np.prod([grid[1] - grid[0] for grid in grids])
    integral = logsumexp(prior - nll) + np.log(area)
    assert sw.fit_rival(rival, data, "prior").evidence[0] == pytest.approx(integral, abs=0.1)


def test_a_group_draws_its_people_together_and_predicts_them_better():
    rng = np.random.default_rng(3)
    scales = rng.normal([-0.8, 1.0], [0.4, 0.3], (30, 2))
    people = np.column_stack([1 / (1 + np.exp(-scales[:, 0])), np.exp(scales[:, 1])])
    train, test = (simulated("rescorla-wagner", people, 60, 1, seed) for seed in (1, 2))
    fits = {way: sw.fit_rival("rescorla-wagner", train, way) for way in ("likelihood", "prior", "group")}
    errors = {way: np.abs(fit.values - people).mean(0) for way, fit in fits.items()}
    assert (errors["group"] < 0.8 * errors["likelihood"]).all()
    group = fits["group"]
    assert group.mean == pytest.approx([-0.8, 1.0], abs=0.35)
    assert (group.spread < 1).all()
    assert group.evidence.sum() > fits["prior"].evidence.sum()
    assert np.isnan(fits["likelihood"].evidence).all()

    def surprise(fit):
        return -np.log((fit.predict(test) * np.asarray(test.ys)).sum(-1)).mean()

    assert surprise(group) < surprise(fits["likelihood"])


def test_the_same_seed_gives_the_same_bits_and_another_the_same_top(learners):
    one, same, other = (sw.fit_rival("two-rates", learners, random_state=seed) for seed in (0, 0, 5))
    np.testing.assert_array_equal(one.values, same.values)
    np.testing.assert_allclose(one.nll, other.nll, atol=1e-5)


def test_the_agent_plays_as_the_person_was_fitted(learners):
    fit = sw.fit_rival("rescorla-wagner", learners)
    alone = AgentRival(RIVALS["rescorla-wagner"], fit.values[[1]])
    session = learners.take(torch.tensor([3]), torch.arange(100)[None])
    assert session.participant_ids.tolist() == [1]
    np.testing.assert_array_equal(
        sw.replay(fit.agent, session).probabilities, sw.replay(alone, session).probabilities
    )


class Broken(sw.Rival):
    """What is wrong with it is set in each test."""

    name = "broken"
    parameters = (sw.Parameter.share("alpha", "a rate"),)
    states = {"value": 0.5}

    def update(self, p, state, trial):
        return {"value": state["value"] + p.alpha * trial.reward}

    def logits(self, p, state):
        return state["value"]


CHANGES = {
    "name": ({"name": ""}, "must have a name"),
    "twice": ({"parameters": Broken.parameters * 2}, "names of their own"),
    "bounds": ({"parameters": (sw.Parameter("a", "b", "share", 0.0, 1.0, 0.0, 1.0),)}, "low below high"),
    "states": ({"update": lambda self, p, state, trial: {}}, "must return the states"),
    "error": ({"update": lambda self, p, state, trial: p.beta}, "end with an error"),
    "shape": ({"logits": lambda self, p, state: torch.zeros(3, 2, 2)}, "Sum with keepdim"),
    "branch": (
        {"logits": lambda self, p, state: state["value"] if state["value"].max() > 0 else p.alpha},
        "cannot be compiled",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_wrong_with_a_rival_of_ones_own_is_a_sentence(learners, change):
    attributes, words = CHANGES[change]
    with pytest.raises(sw.SettingsError, match=words):
        sw.fit_rival(type("Changed", (Broken,), attributes), learners)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nobody",), "one of random, biased"),
        (("biased", "best"), "way must be one of likelihood"),
        ((int,), "subclass of Rival"),
    ],
)
def test_wrong_arguments_are_sentences(learners, arguments, words):
    with pytest.raises(sw.SettingsError, match=words):
        sw.fit_rival(arguments[0], learners, *arguments[1:])
    with pytest.raises(sw.SettingsError, match="n_starts"):
        sw.fit_rival("biased", learners, n_starts=0)
