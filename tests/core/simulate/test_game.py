"""A game that is played by hand is the data set that a simulation makes."""

import io

import numpy as np
import pandas as pd
import pytest

from spicewidgets import DatasetRNN, SettingsError, Task
from spicewidgets.core.data.entry import as_dataset
from spicewidgets.core.simulate.game import Game
from spicewidgets.core.simulate.kinds import make_environment


def played(n=10, **task):
    game = Game(Task(**task), n, random_state=5)
    rng = np.random.default_rng(1)
    paid = [game.choose(int(rng.integers(game.task.n_actions))) for _ in range(n)]
    return game, paid


def test_it_pays_what_the_task_pays():
    game, paid = played()
    task = make_environment(Task(), random_state=5)
    task.new_sess()
    for arm, reward, probs in zip(game.choices, paid, game.session().reward_probs, strict=True):
        assert np.array_equal(task.reward_probs, probs)
        assert task.step(arm)[arm] == reward
    assert game.total == sum(paid)
    assert set(paid) <= {0.0, 1.0}


@pytest.mark.parametrize("task", [{}, {"n_actions": 3, "counterfactual": True}, {"kind": "reversal"}])
def test_its_data_set_is_of_the_same_form_as_a_simulated_one(task):
    game, paid = played(**task)
    n = game.task.n_actions
    dataset = as_dataset(game.session(), n)
    assert isinstance(dataset, DatasetRNN)
    assert (dataset.n_sessions, dataset.n_trials, dataset.n_actions, dataset.n_participants) == (1, 10, n, 1)
    assert dataset.choices[0].tolist() == game.choices
    assert dataset.rewards_chosen[0].tolist() == paid
    assert dataset.ys[0, :-1].argmax(-1).tolist() == game.choices[1:]
    assert dataset.target_mask[0].tolist() == [True] * 9 + [False]


def test_it_comes_back_from_a_table():
    dataset = as_dataset(played()[0].session(), 2)
    text = dataset.to_frame().to_csv(index=False)
    again = DatasetRNN.from_frame(pd.read_csv(io.StringIO(text)))
    assert np.array_equal(again.xs, dataset.xs)
    assert np.array_equal(again.ys, dataset.ys)


def test_after_the_last_trial_it_is_over():
    game, _ = played(2)
    assert game.over
    with pytest.raises(SettingsError, match=r"All 2 trials have been played\. Begin a new game\."):
        game.choose(0)


@pytest.mark.parametrize("arm", [2, -1, True, 0.5, "1"])
def test_only_options_that_there_are_can_be_chosen(arm):
    game = Game()
    with pytest.raises(SettingsError, match="must be a number from 0 to 1"):
        game.choose(arm)
    assert game.choices == []


@pytest.mark.parametrize("n", [1, 1001, 2.0, True])
def test_games_are_neither_empty_nor_endless(n):
    with pytest.raises(SettingsError, match="from 2 to 1000"):
        Game(n_trials=n)
