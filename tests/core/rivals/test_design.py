"""Designs by settings and as in a table: who plays, how long, what is on offer, and what it pays."""

import numpy as np
import pytest
import torch
from staged import by_chance

import spicewidgets as sw
from spicewidgets.core.rivals.design import NEAREST, Design, SeenRewards, drawn_values, simulate_rival
from spicewidgets.core.rivals.ready import ALL, RIVALS

RW = RIVALS["rescorla-wagner"]


def data_of(task, n_sessions=40, n_trials=100, n_actions=2):
    who = np.repeat(np.arange(n_sessions // 2), 2).tolist()
    agent = sw.AgentQ(n_actions, beta_reward=1.0)
    return sw.create_dataset(agent, task, n_trials, n_sessions, participant=who, random_state=1)[0]


def test_a_design_by_settings_is_played_so():
    design = Design.of_settings(3, 2, 25, sw.BanditsDrift(0.2))
    data = simulate_rival(RW, [[0.2, 3.0]] * 3, design, 1)
    assert data.participant_ids.tolist() == [0, 0, 1, 1, 2, 2]
    assert data.lengths.tolist() == [25] * 6
    assert int(data.target_mask.sum()) == design.n_choices == 150
    again = simulate_rival(RW, [[0.2, 3.0]] * 3, design, 1)
    assert torch.equal(again.xs, data.xs)


def test_a_design_as_in_a_table_has_its_people_lengths_and_gaps():
    data = data_of(sw.BanditsDrift(0.2), 6, 30)
    lengths = torch.tensor([30, 20, 10, 30, 5, 9])
    trials = torch.where(torch.arange(30) < lengths[:, None], torch.arange(30), -1)
    trials[0, 7] = -1
    table = data.take(torch.arange(6), trials)
    table.ys[torch.arange(6), table.lengths - 1] = -1
    design = Design.of_choices(table)
    assert design.people == (0, 0, 1, 1, 2, 2)
    assert design.lengths == (29, 20, 10, 30, 5, 9)  # a missing trial changes nothing
    new = simulate_rival(RW, [[0.2, 3.0]] * 3, design, 1)
    assert new.lengths.tolist() == [29, 20, 10, 30, 5, 9]
    assert int(new.target_mask.sum()) == sum(design.lengths) - 6


def test_the_rewards_of_a_table_keep_what_changes_in_it():
    """Options swap their probabilities in the middle: so do the rewards that are drawn."""
    schedule = np.array([[0.9, 0.1]] * 50 + [[0.1, 0.9]] * 50)
    data = data_of(sw.BanditsSchedule(schedule))
    task = SeenRewards(data.compact()[0])
    totals = np.zeros((100, 2))
    for seed in range(5):
        task.new_sess(seed, 40)
        for trial in range(100):
            choice = np.arange(40) % 2
            rewards = task.step(choice)
            assert ((rewards == -1).sum(1) == 1).all()
            for arm in range(2):
                totals[trial, arm] += rewards[choice == arm, arm].mean() / 5
    for part, expected in ((slice(0, 40), [0.9, 0.1]), (slice(60, 100), [0.1, 0.9])):
        assert totals[part].mean(0) == pytest.approx(expected, abs=0.06)


def test_outcomes_of_all_options_are_shown_where_the_table_shows_them():
    data = data_of(sw.BanditsDrift(0.2, counterfactual=True), 4, 20)
    task = SeenRewards(data)
    task.new_sess(1, 4)
    assert (task.step([0, 1, 0, 1]) >= 0).all()


def test_an_option_that_was_never_taken_in_a_session_has_the_rewards_of_others():
    data = data_of(sw.BanditsFixed([1.0, 0.0]), 2, 10)
    data.xs[0, :, :4] = torch.tensor([1.0, 0.0, 1.0, -1.0])
    data.ys[0] = torch.tensor([1.0, 0.0])
    data.xs[1, :, :4] = torch.tensor([0.0, 1.0, -1.0, 0.5])
    task = SeenRewards(data)
    task.new_sess(1, 2)
    np.testing.assert_array_equal(task.step([1, 0]), [[-1, 0.5], [1, -1]])
    with pytest.raises(sw.SettingsError, match="has 2 sessions"):
        task.new_sess(1, 3)
    assert NEAREST == 10


def test_only_options_on_offer_are_chosen():
    task = sw.BanditsDrift(0.2, n_actions=3)
    data = data_of(task, 4, 30, 3)
    rng = np.random.default_rng(1)
    offered = torch.ones(4, 30, 3, dtype=torch.bool)
    for session in range(4):
        for trial in range(30):
            chosen = int(data.ys[session, trial].argmax())
            offered[session, trial, rng.choice([arm for arm in range(3) if arm != chosen])] = False
    masked = sw.DatasetRNN(data.xs, data.ys, offered=offered)
    new = simulate_rival(RW, [[0.3, 2.0]] * 2, Design.of_choices(masked), 1)
    assert torch.equal(new.offered, offered)
    assert not (new.ys[~offered] == 1).any()
    assert (new.truth_probs[~offered] == 0).all()
    np.testing.assert_allclose(new.truth_probs.sum(-1), 1, atol=1e-6)


def test_values_are_those_of_fitted_people_or_of_the_prior():
    pool = [[0.1, 2.0], [0.9, 5.0]]
    drawn = drawn_values(RW, 2, 50, pool, 1)
    assert {tuple(row) for row in drawn.tolist()} == {tuple(row) for row in pool}
    prior = drawn_values(RW, 2, 4000, None, 1)
    alpha, beta = RW.parameters
    assert np.median(prior[:, 0]) == pytest.approx(0.5, abs=0.03)
    assert np.log(prior[:, 1]).std() == pytest.approx(beta.sd, abs=0.05)
    assert alpha.low <= prior[:, 0].min()
    assert drawn_values(RIVALS["biased"], 4, 5, None, 1).shape == (5, 3)


@pytest.mark.parametrize("numbers", [(0, 1, 1), (1, 1.5, 1), (1, 1, "x"), (1000, 1000, 1000)])
def test_a_design_that_cannot_be_is_a_sentence(numbers):
    with pytest.raises(sw.SettingsError, match="must be"):
        Design.of_settings(*numbers, sw.BanditsDrift(0.2))


def test_a_table_of_stages_is_played_with_its_transitions_and_rewards():
    """Option 5 always pays, and the others never."""
    table = by_chance(20, 60, seed=2)
    second = table.xs[..., 6:12]
    second[second >= 0] = 0
    table.xs[..., 11][table.choices == 5] = 1
    design = Design.of_choices(table)
    assert design.lengths == (119,) * 20
    data = simulate_rival(ALL["model-based"], [[0.5, 6.0, 6.0, 0.0]] * 20, design, 1)
    assert data.task == "two-step"
    assert data.lengths.tolist() == list(design.lengths)
    options, paid = data.choices.numpy()[:, :118], data.rewards_chosen.numpy()[:, :118]
    first, second = options[:, ::2], options[:, 1::2]
    assert set(first.ravel()) == {0, 1}
    assert set(second.ravel()) == {2, 3, 4, 5}
    assert (paid[:, ::2] == -1).all()
    np.testing.assert_array_equal(paid[:, 1::2], second == 5)
    assert ((second >= 4) == first).mean() == pytest.approx(0.7, abs=0.05)
    assert (first[:, 20:] == 1).mean() > 0.75  # which leads there
