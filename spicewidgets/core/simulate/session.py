"""One session of a bandit task as a person reads it: which arm was chosen, what it paid, trial by trial."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, repr=False)
class BanditSession:
    """Choices and rewards of one session; it prints as a table, and `session[10:20]` holds those trials only.

    choices: `(n_trials,)` whole numbers, -1 for a missing trial.
    rewards: `(n_trials, n_actions)`, -1 for an outcome that was not seen.
    session: `(n_trials,)`, the number of the session, repeated.
    reward_probs: `(n_trials, n_actions)`, the task's probabilities, where they are known.
    participant: code of the participant, as in the last column of the dataset.
    """

    choices: NDArray[np.int64]
    rewards: NDArray[np.float64]
    session: NDArray[np.int64]
    n_trials: int
    reward_probs: NDArray[np.float64] | None = None
    participant: int = 0

    @property
    def n_actions(self) -> int:
        """Number of arms."""
        return int(self.rewards.shape[-1])

    @property
    def xs(self) -> NDArray[np.float32]:
        """As in a dataset: choice one-hot, rewards, participant; `(n_trials, 2 * n_actions + 1)`."""
        seen = self.choices[:, None] >= 0
        onehot = np.where(seen, self.choices[:, None] == np.arange(self.n_actions), -1)
        participant = np.full((self.n_trials, 1), self.participant)
        return np.concatenate([onehot, np.where(seen, self.rewards, -1), participant], axis=1).astype(
            np.float32
        )

    def set_session(self, session: int) -> Self:
        """Return the same trials under another session number."""
        return replace(self, session=np.full(self.n_trials, session))

    def to_frame(self) -> "pd.DataFrame":
        """Return the columns trial, choice, reward (reward_0, reward_1 ... where more outcomes were seen)."""
        import pandas as pd  # as late as this, so that a page opens without it

        seen = self.choices >= 0
        arms = np.arange(self.n_actions)
        rewards = np.where((self.rewards != -1) | (self.choices[:, None] == arms), self.rewards, np.nan)
        columns: dict[str, Any] = {
            "trial": np.arange(self.n_trials),
            "choice": pd.array(self.choices, dtype="Int64"),
        }
        columns["choice"][~seen] = pd.NA
        if (np.isfinite(rewards).sum(axis=1) > 1).any():
            return pd.DataFrame(columns | {f"reward_{arm}": rewards[:, arm] for arm in arms})
        own = np.take_along_axis(rewards, np.maximum(self.choices, 0)[:, None], axis=1)[:, 0]
        return pd.DataFrame(columns | {"reward": np.where(seen, own, np.nan)})

    def __len__(self) -> int:
        return self.n_trials

    def __getitem__(self, trials: Any) -> Self:
        at = np.arange(self.n_trials)[trials].reshape(-1)
        probs = None if self.reward_probs is None else self.reward_probs[at]
        return replace(
            self,
            choices=self.choices[at],
            rewards=self.rewards[at],
            session=self.session[at],
            n_trials=len(at),
            reward_probs=probs,
        )

    def __repr__(self) -> str:
        number = int(self.session[0]) if self.n_trials else "none"
        head = f"BanditSession {number}: {self.n_trials} trials, {self.n_actions} arms, participant "
        frame = self.to_frame().astype(object)
        table = frame.where(frame.notna(), "").to_string(index=False, max_rows=20)
        return f"{head}{self.participant}\n{table}"
