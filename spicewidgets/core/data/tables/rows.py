"""The trials of a table as codes and numbers, checked: all that a data set is made of."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...simulate.session import BanditSession
from ...tasks import BANDIT_NAME, TASKS

Floats = NDArray[np.float64]
MOST_TRIALS = (
    50_000_000  # rows with padding: a session of 10^6 trials beside 10^6 short ones does not fit into memory
)


@dataclass(frozen=True, eq=False)
class Rows:
    """Trials, one after the other, of any number of sessions.

    Attributes:
        arms: `(n_rows,)` the option chosen, from 0; -1 where the choice is missing.
        rewards: `(n_rows, n_actions)` NaN where an outcome was not seen.
        inputs: `(n_rows, n_inputs)` additional inputs.
        ids: `(n_rows, 1)` the participant's code, or `(n_rows, 3)` block, experiment and participant.
        session: `(n_rows,)` the session's number, from 0.
        trial: `(n_rows,)` the place in the session, from 0.
        n_actions: number of options.
        arm_labels: what the table calls the options.
        participants: label of each participant's code.
        reward_range: lowest and highest reward as the table has them.
        reward_zero: what a reward of 0 in the table is here.
        offered: `(n_rows, n_actions)` bool, what was on offer; None where all options are in every trial.
        task: the name of the kind of task. A row is a stage of a trial.
    """

    arms: NDArray[np.int64]
    rewards: Floats
    inputs: Floats
    ids: Floats
    session: NDArray[np.int64]
    trial: NDArray[np.int64]
    n_actions: int
    arm_labels: tuple[Any, ...]
    participants: list[Any]
    reward_range: tuple[float, float]
    reward_zero: float
    offered: NDArray[np.bool_] | None = None
    task: str = BANDIT_NAME

    @property
    def missing(self) -> NDArray[np.bool_]:
        """(n_rows,) whether a trial lacks its choice, or what that paid, where its stage has an outcome."""
        own = np.take_along_axis(self.rewards, np.maximum(self.arms, 0)[:, None], axis=1)[:, 0]
        return (self.arms < 0) | (np.isnan(own) & ~np.isin(self.arms, TASKS[self.task].unpaid))

    def wide(self, values: NDArray[Any], fill: Any = -1) -> NDArray[Any]:
        """(n_rows, n) -> (n_sessions, n_trials, n), with `fill` after the end of shorter sessions."""
        shape = (int(self.session.max()) + 1, int(self.trial.max()) + 1, values.shape[1])
        wide = np.full(shape, fill, dtype=values.dtype)
        wide[self.session, self.trial] = values
        return wide

    def sessions(self) -> list[BanditSession]:
        """Return the sessions, to read."""
        order = np.argsort(self.session, kind="stable")
        ends = np.cumsum(np.bincount(self.session))[:-1]
        missing = self.missing[:, None]
        rewards = np.where(missing | np.isnan(self.rewards), -1, self.rewards)
        arms = np.where(missing[:, 0], -1, self.arms)
        return [
            BanditSession(
                choices=arms[places],
                rewards=rewards[places],
                session=np.full(len(places), number),
                n_trials=len(places),
                participant=int(self.ids[places[0], -1]),
            )
            for number, places in enumerate(np.split(order, ends))
        ]


def size_problem(session: NDArray[np.int64], trial: NDArray[np.int64]) -> str | None:
    """Return a sentence where the sessions, padded to the longest, would not fit into memory."""
    n_sessions, longest = int(session.max(initial=-1)) + 1, int(trial.max(initial=-1)) + 1
    if n_sessions * longest <= MOST_TRIALS:
        return None
    return (
        f"All sessions, padded to the longest, may have up to {MOST_TRIALS:,} trials; got {n_sessions:,} "
        f"sessions and up to {longest:,} trials in one. Split the long ones with df_session."
    )
