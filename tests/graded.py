"""Tasks of numbers, of gains and losses, and of go and no-go, for tests of the rivals for these."""

import numpy as np

import spicewidgets as sw
from spicewidgets.core.random import generator


class Numbers:
    """Two options whose rewards are normal around means of their own, in each session anew."""

    vectorised, n_actions = True, 2

    def new_sess(self, random_state=None, n_sessions=1):
        self._rng, self._n = generator(random_state), n_sessions
        self._means = self._rng.normal(0.5, 0.1, (n_sessions, self.n_actions))

    def draw(self):
        return self._rng.normal(self._means, 0.1 * np.sqrt(0.1))

    def step(self, choice):
        chosen = np.reshape(choice, (-1, 1)) == np.arange(self.n_actions)
        rewards = np.where(chosen, self.draw(), -1.0)
        return rewards[0] if self._n == 1 else rewards


class GainsAndLosses(Numbers):
    """Four options with gains and losses of two sizes each, from 0 to 1 around 0.5; like Iowa's decks."""

    n_actions = 4
    GAINS = np.array([1.0, 1.0, 0.6, 0.6])
    LOSSES = np.array([0.0, 0.3, 0.2, 0.45])
    SHARES = np.array([0.4, 0.6, 0.35, 0.7])  # of losses

    def draw(self):
        lost = self._rng.random((self._n, self.n_actions)) < self.SHARES
        return np.where(lost, self.LOSSES, self.GAINS)


class GoNoGo(Numbers):
    """Four cues: go or no-go, to win or to avoid a loss; what is right is better in 80 of 100 trials."""

    n_actions = 8

    def draw(self):
        right = np.tile([[0, 1], [0, 1], [1, 0], [1, 0]], (1, 1)).ravel()  # go of two cues, no-go of two
        wins = np.repeat([True, False, True, False], 2)
        good = self._rng.random((self._n, self.n_actions)) < np.where(right, 0.8, 0.2)
        return np.where(good, np.where(wins, 1.0, 0.5), np.where(wins, 0.5, 0.0))


def design_of(task, people, sessions, trials, seed=1):
    """Return the design of so many people; of go and no-go with cues in random order."""
    design = sw.Design.of_settings(people, sessions, trials, task)
    if not isinstance(task, GoNoGo):
        return design
    cues = np.random.default_rng(seed).integers(4, size=(people * sessions, trials + 1))
    offered = np.arange(8) // 2 == cues[..., None]
    return sw.Design(task, 8, design.people, design.lengths, offered)
