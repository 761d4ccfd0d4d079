"""The record of sessions: what was chosen, what it paid, and what an agent expected.

One form for all that goes through sessions: a participant who plays a task, an agent on a given history, and
equations written out term by term.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Record:
    """Sessions of one agent. Row t of what it expects stands before trial t, knowing the trials before; the
    last row follows the last trial.

    Attributes:
        choices: the arm chosen, from 0, `(n_sessions, n_trials)`; below 0 for a missing trial, at which
            nothing is learned.
        rewards: of each arm, `(n_sessions, n_trials, n_actions)`; -1 where it was not seen.
        probabilities: P of choosing each arm, `(n_sessions, n_trials + 1, n_actions)`; NaN for an agent that
            does not tell it.
        q: logit of each arm (its softmax is P), the same shape.
        states: each memory state, the same shape, by name.
        betas: what multiplies a state in the logit, `(n_sessions, 1, 1)`, by name; none for a state without.
        final_choices: the choice after the last trial, `(n_sessions,)`; None where the history ends with the
            last trial.
        reward_probs: the task's probability of a reward of each arm, `(n_sessions, n_trials, n_actions)`;
            None where it is not known.
        offered: whether each arm was on offer, of the shape of `probabilities`; None where all were.
    """

    choices: Ints
    rewards: Floats
    probabilities: Floats
    q: Floats
    states: Mapping[str, Floats] = field(default_factory=dict)
    betas: Mapping[str, Floats] = field(default_factory=dict)
    final_choices: Ints | None = None
    reward_probs: Floats | None = None
    offered: NDArray[np.bool_] | None = None

    @property
    def chosen_rewards(self) -> Floats:
        """The reward of the chosen arm, shaped as the choices; NaN for a missing trial."""
        arms = np.maximum(self.choices, 0)[..., None]
        rewards = np.take_along_axis(self.rewards, arms, -1)[..., 0]
        return np.where(self.choices >= 0, rewards, np.nan)

    def session(self, number: int) -> "Record":
        """One session, without the first axis."""
        return Record(**{name: _each(value, lambda part: part[number]) for name, value in _parts(self)})


def mean_nll(record: Record) -> Floats:
    """-ln P of the choices in nats, the mean of each session, `(n_sessions,)`.

    The first choice of a session, before which nothing was learned, is left out, and so are missing trials;
    the choice after the last trial counts where it is known.
    """
    chosen = record.choices[:, 1:]
    if record.final_choices is not None:
        chosen = np.column_stack([chosen, record.final_choices])
    p = record.probabilities[:, 1 : chosen.shape[1] + 1]
    p_chosen = np.take_along_axis(p, np.maximum(chosen, 0)[..., None], -1)[..., 0]
    nats = np.where(chosen >= 0, -np.log(np.maximum(p_chosen, 1e-300)), np.nan)
    mean: Floats = np.nanmean(nats, 1)
    return mean


def concatenate_records(records: Sequence[Record]) -> Record:
    """Return the sessions of some records one after the other, with the states that all of them have."""
    first = records[0]
    return replace(
        first,
        **{name: _concatenate([getattr(record, name) for record in records]) for name, _ in _parts(first)},
    )


def _parts(record: Record) -> list[tuple[str, Any]]:
    return [(item.name, getattr(record, item.name)) for item in fields(record)]


def _each(value: Any, change: Any) -> Any:
    """Return an array changed, or each array of a mapping; None stays None."""
    if isinstance(value, Mapping):
        return {name: change(part) for name, part in value.items()}
    return None if value is None else change(value)


def _concatenate(values: Sequence[Any]) -> Any:
    if isinstance(values[0], Mapping):
        names = [name for name in values[0] if all(name in each for each in values)]
        return {name: np.concatenate([each[name] for each in values]) for name in names}
    return None if any(value is None for value in values) else np.concatenate(values)
