"""Be the participant: a bandit task played choice by choice."""

import numpy as np
from numpy.typing import NDArray

from ..checks import raise_if_any
from ..random import RandomState
from ..settings import SettingsError, Task, shorten
from .kinds import make_environment
from .session import BanditSession

MOST = 1000  # trials: more than anybody plays


class Game:
    """A session of a task that waits for each choice.

    Attributes:
        task: what is played.
        n_trials: how many choices there are.
        choices: the options chosen so far, from 0.
        rewards: what every option paid then, -1 where it was not seen; `(n_actions,)` each.
    """

    def __init__(
        self, task: Task | None = None, n_trials: int = 100, random_state: RandomState = None
    ) -> None:
        whole = isinstance(n_trials, int) and not isinstance(n_trials, bool)
        raise_if_any(
            [
                None
                if whole and 2 <= n_trials <= MOST
                else f"n_trials must be a whole number from 2 to {MOST}; got {shorten(n_trials)}. 100 are"
                " usual."
            ]
        )
        self.task, self.n_trials = task or Task(), n_trials
        self.choices: list[int] = []
        self.rewards: list[NDArray[np.float64]] = []
        self._probs: list[NDArray[np.float64]] = []
        self._environment = make_environment(self.task, random_state)
        self._environment.new_sess()

    @property
    def over(self) -> bool:
        """Tell whether all trials have been played."""
        return len(self.choices) >= self.n_trials

    @property
    def total(self) -> float:
        """The sum of all rewards."""
        return float(sum(paid[arm] for arm, paid in zip(self.choices, self.rewards, strict=True)))

    def choose(self, arm: int) -> float:
        """Make the next choice.

        Args:
            arm: the option, from 0.

        Returns:
            What it pays.

        Raises:
            SettingsError: when the game is over, and for an option that does not exist.
        """
        if self.over:
            raise SettingsError([f"All {self.n_trials} trials have been played. Begin a new game."])
        if isinstance(arm, bool) or not isinstance(arm, int) or not 0 <= arm < self.task.n_actions:
            last = self.task.n_actions - 1
            raise SettingsError(
                [f"The option must be a number from 0 to {last}; got {shorten(arm)}. Choose one."]
            )
        self._probs.append(np.array(self._environment.reward_probs))
        rewards = np.asarray(self._environment.step(arm), dtype=float)
        self.choices.append(arm)
        self.rewards.append(rewards)
        return float(rewards[arm])

    def session(self) -> BanditSession:
        """Return the trials so far as a session."""
        n, n_actions = len(self.choices), self.task.n_actions
        return BanditSession(
            choices=np.array(self.choices, dtype=np.int64),
            rewards=np.reshape(self.rewards, (n, n_actions)),
            session=np.zeros(n, dtype=np.int64),
            n_trials=n,
            reward_probs=np.reshape(self._probs, (n, n_actions)),
        )
