"""Options that were not on offer get no probability: not in training, not in equations, not in replay."""

import numpy as np
import pytest
import table_layouts
import torch

from spicewidgets.cli.discovery import held_out as scores_of
from spicewidgets.core.data.choices import read_choices
from spicewidgets.core.data.dataset import DatasetRNN
from spicewidgets.core.data.gallery import load_choices
from spicewidgets.core.diagnose.diagnosis import diagnose
from spicewidgets.core.estimator import SpiceEstimator
from spicewidgets.core.judge.replay import nll_per_trial, replay
from spicewidgets.core.rivals.fit import fit_rival
from spicewidgets.core.rivals.held_out import held_out
from spicewidgets.core.simulate.agents import AgentQ
from spicewidgets.core.train.objective import Sessions, loss_of
from spicewidgets.core.train.precoded import RESCORLA_WAGNER_CONFIG, RescorlaWagnerRNN
from spicewidgets.plots.loss import plot_loss


@pytest.fixture(scope="module")
def dataset():
    return load_choices("pairs").dataset


def test_the_loss_is_that_of_a_choice_between_what_was_on_offer(dataset):
    """By hand: P = exp(q) / (sum of exp(q) over the options on offer)."""
    torch.manual_seed(0)
    model = RescorlaWagnerRNN(n_actions=4, n_participants=20).eval()
    sessions = Sessions.of(dataset)
    with torch.no_grad():
        logits = model(sessions.inputs)[0].exp() * sessions.offered
        p = (logits / logits.sum(-1, keepdim=True)).gather(-1, sessions.targets[..., None])[..., 0]
    known = sessions.weights > 0
    assert loss_of(model, sessions) == pytest.approx(float(-p[known].log().mean()), rel=1e-5)


def test_sessions_keep_the_options_of_their_trials(dataset):
    sessions = Sessions.of(dataset)
    index = torch.tensor([3, 1])
    assert torch.equal(sessions.take(index).offered, sessions.offered[:, index])
    assert torch.equal(sessions.first(5).offered, sessions.offered[:5])
    assert torch.equal(sessions.repeat(2).double().offered, sessions.offered.repeat(1, 2, 1))


def test_replay_gives_no_probability_to_what_was_not_on_offer(dataset):
    agent = AgentQ(n_actions=4, beta_reward=3.0)
    record = replay(agent, dataset)
    p = record.probabilities[:, 1:]
    offered = np.asarray(dataset.offered)
    assert (p[~offered] == 0).all()
    np.testing.assert_allclose(p.sum(-1), 1)
    odds = np.exp(record.q[:, 1:]) * offered
    np.testing.assert_allclose(p, odds / odds.sum(-1, keepdims=True))


def test_two_random_options_of_four_cost_ln_2_a_choice(dataset):
    nll = nll_per_trial(replay(AgentQ(n_actions=4, beta_reward=0.0), dataset).probabilities, dataset)
    assert np.nanmean(nll) == pytest.approx(np.log(2))
    assert fit_rival("rescorla-wagner", dataset).likelihood > 1 / 2


def test_a_fit_learns_and_refines_among_what_was_on_offer(dataset):
    part = dataset.first(4)
    part.xs[..., -1] = 0
    spice = SpiceEstimator(RescorlaWagnerRNN, RESCORLA_WAGNER_CONFIG, n_actions=4, epochs=60, random_state=1)
    spice.fit(part)
    assert spice.history_[-1].train_loss < np.log(2) < np.log(4)
    for p in spice.predict(part):
        assert (p[~np.asarray(part.offered)] == 0).all()
        assert np.nanmean(nll_per_trial(p, part)) < np.log(2)


def test_a_masked_choice_of_cpm_is_scored_among_two():
    choices = read_choices(table_layouts.cpm())
    nll = nll_per_trial(
        replay(AgentQ(n_actions=4, beta_reward=0.0), choices.dataset).probabilities, choices.dataset
    )
    assert np.nanmean(nll) == pytest.approx(np.log(2))


def test_chance_is_what_was_on_offer(dataset):
    assert (dataset.offered[dataset.target_mask].sum(-1) == 2).all()
    assert dataset.chance == pytest.approx(np.log(2))
    assert Sessions.of(dataset).chance(4) == pytest.approx(np.log(2))
    assert dataset.take(torch.arange(2), torch.zeros(2, 0, dtype=torch.int64)).chance == np.log(4)
    whole = DatasetRNN(dataset.xs, dataset.ys)
    assert whole.chance == np.log(4)
    some = dataset.offered.clone()
    some[:10] = True
    n = dataset.target_mask[:10].sum() / dataset.target_mask.sum()
    mixed = DatasetRNN(dataset.xs, dataset.ys, offered=some)
    assert mixed.chance == pytest.approx(float(n * np.log(4) + (1 - n) * np.log(2)))


def test_everything_that_tells_of_chance_knows_what_was_on_offer(dataset):
    estimator = SpiceEstimator(
        RescorlaWagnerRNN, RESCORLA_WAGNER_CONFIG, n_actions=4, epochs=5, n_starts=1, random_state=1
    ).fit(dataset)
    assert estimator.history_[-1].chance == pytest.approx(np.log(2))
    assert "where guessing has 0.500" in diagnose(estimator).verdict[0]
    frame = scores_of(estimator, dataset).set_index("model")
    assert frame.loc["chance", "likelihood"] == pytest.approx(0.5)
    with_random, without = (
        held_out(dataset, models, by="time", n_folds=2, way="likelihood")
        for models in (("random", "biased"), ("biased",))
    )
    assert with_random.likelihood[0] == pytest.approx(0.5)
    assert np.exp(-without.chance) == pytest.approx(0.5)
    labels = [str(line.get_label()) for line in plot_loss(estimator.history_)[1].lines]
    assert "chance, ln 2 = 0.693" in labels
