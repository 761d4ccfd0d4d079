"""Choices of a two-step task as a data set, for tests."""

import numpy as np

import spicewidgets as sw
from spicewidgets.core.rivals.two_step import Hybrid


class FromNothing(Hybrid):
    """The hybrid whose values begin at 0, as those of equations do."""

    name = "from-nothing"
    states = {"value": 0.0, "first": 0.0}


def dataset_of(first, second, rewards):
    """Return a data set of trials `(n_sessions, n_trials)`: first options 0 and 1, second ones 2 to 5, and
    what these paid; -1 is a missing row. Of the last trial the second choice is known, its reward is not.
    """
    first, second, rewards = map(np.asarray, (first, second, rewards))
    rows = np.stack([first, second], -1).reshape(len(first), -1)
    paid = np.stack([np.full(first.shape, -1), rewards], -1).reshape(rows.shape)
    onehot = np.where(rows[..., None] < 0, -1, np.eye(6)[rows])
    seen = np.where(onehot == 1, paid[..., None], -1)
    people = np.broadcast_to(np.arange(len(rows))[:, None, None], (*rows.shape, 1))
    xs = np.concatenate([onehot, seen, people], -1)
    labels = [f"p{place}" for place in range(len(rows))]
    return sw.DatasetRNN(xs[:, :-1], onehot[:, 1:], task="two-step", participants=labels)


def by_chance(n_sessions, n_trials, seed):
    """Return choices of people who guess; each option pays as often as the others."""
    rng = np.random.default_rng(seed)
    shape = n_sessions, n_trials
    first = rng.integers(2, size=shape)
    state = np.where(rng.random(shape) < 0.7, first, 1 - first)
    return dataset_of(first, 2 + 2 * state + rng.integers(2, size=shape), rng.integers(2, size=shape))
