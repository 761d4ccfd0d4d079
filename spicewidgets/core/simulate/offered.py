"""A bandit of which some options are on offer at a time: several bandits interleaved, or pairs of stimuli."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import raise_if_any
from ..random import RandomState, Streams, children
from ..settings import SettingsError
from ..wording import join_words
from .environments import Bandits, Floats, Payoff


class BanditsOffered(Bandits):
    """A task whose options are offered group by group; each trial draws one of the groups evenly.

    Groups that share no option are contexts, each with a bandit of its own; all pairs of some stimuli are
    choices between two of them.

    Args:
        task: how the options pay.
        groups: the options that are on offer together, from 0; each two or more.
        random_state: of the groups that are drawn, and of the task.

    >>> from spicewidgets import BanditsFixed
    >>> task = BanditsOffered(BanditsFixed((0.8, 0.2, 0.6, 0.4)), [(0, 1), (2, 3)], random_state=1)
    >>> task.offered.astype(int), task.step(0)
    (array([1, 1, 0, 0]), array([ 1., -1., -1., -1.]))
    """

    vectorised: ClassVar[bool] = True

    def __init__(
        self, task: Bandits, groups: Sequence[Sequence[int]], *, random_state: RandomState = None
    ) -> None:
        raise_if_any(_group_problems(groups, task.n_actions))
        super().__init__(task.n_actions, random_state=random_state)
        self._task = task
        self._groups = np.array([np.isin(np.arange(task.n_actions), group) for group in groups])
        self._offered = np.empty((0, task.n_actions), dtype=bool)

    @property
    def offered(self) -> NDArray[np.bool_]:
        """The options of the coming choice, `(n_actions,)` or `(n_sessions, n_actions)`."""
        if not len(self._offered):
            self.new_sess()
        offered: NDArray[np.bool_] = self._offered[0] if self._n_sessions == 1 else self._offered
        return offered.copy()

    @property
    def reward_probs(self) -> Floats:
        """As of the task, whether an option is on offer or not."""
        return self._task.reward_probs

    @reward_probs.setter
    def reward_probs(self, values: ArrayLike) -> None:
        self._task.reward_probs = values

    @property
    def payoffs(self) -> tuple[Payoff, ...]:
        """As of the task, whether an option is on offer or not."""
        return self._task.payoffs

    def new_sess(self, random_state: RandomState = None, n_sessions: int = 1) -> None:
        """Start one fresh session, or several side by side. `random_state` is for these sessions only."""
        self._n_sessions = n_sessions
        own, of_task = children(self._own_rng if random_state is None else random_state, 2)
        self._task.new_sess(random_state=of_task, n_sessions=n_sessions)
        self._noise = Streams(children(own, n_sessions), 1)
        self._draw_groups()

    def step(self, choice: int | ArrayLike) -> Floats:
        """Return the reward of each arm, -1 where it was not seen; another group is on offer then.

        Raises:
            SettingsError: for a choice that is not on offer.
        """
        offered = np.atleast_2d(self.offered)
        if not (self._chosen(choice) & offered).any(-1).all():
            raise SettingsError(
                ["A choice must be one of the options on offer; it is not. See `offered` of the task."]
            )
        rewards = self._task.step(choice)
        self._draw_groups()
        return rewards

    def _draw_groups(self) -> None:
        assert self._noise is not None
        self._offered = self._groups[(self._noise()[:, 0] * len(self._groups)).astype(int)]


def _group_problems(groups: Sequence[Sequence[int]], n_actions: int) -> list[str]:
    """Return a sentence for every group that cannot be offered."""
    if not len(groups):
        return [
            "groups must name the options that are on offer together; got none. Give [(0, 1), (2, 3)], say."
        ]
    wrong = [group for group in groups if len(set(group)) < 2 or not set(group) <= set(range(n_actions))]
    return [
        f"A group must have two or more options from 0 to {n_actions - 1}; got {join_words(group)}. Mend it."
        for group in wrong
    ]
