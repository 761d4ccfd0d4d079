"""A Rescorla-Wagner learner for each participant, all fitted at once: the simplest rival of the equations of
many people.

`classical.fit` fits any mechanisms of one participant, through the agent itself. Here the two numbers of the
plain learner are fitted to everybody side by side, with the slopes of the values written out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from ..data.dataset import DatasetRNN
from ..settings import Participant
from ..simulate.agents import make_agent
from ..simulate.cohort import Cohort
from ..simulate.parameters import with_values
from .classical import DAMPING, ENOUGH, MOST_STEPS, RESCORLA_WAGNER, STARTS
from .fisher import Floats

SHARES = (1.0, 0.5, 0.25, 0.125, 0.03)  # of a step: the best of them is taken


@dataclass(frozen=True, eq=False)
class FittedEach:
    """The most likely learning rate and inverse temperature of each participant.

    Attributes:
        participants: their labels.
        values: `(n_participants, 2)` alpha_reward and beta_reward; NaN of who has no choice that follows
            another.
        errors: their standard errors, the same shape; NaN at a bound, and where the choices do not tell,
            so that it would be wider than the bounds.
        nll: `(n_participants,)` -ln L of all choices of a participant, in nats.
        n_choices: `(n_participants,)` how many were counted.
    """

    participants: tuple[Any, ...]
    values: Floats
    errors: Floats
    nll: Floats
    n_choices: Any

    def learner(self, code: int) -> Participant:
        """The learner of a participant; the default one where nothing was fitted."""
        if not self.n_choices[code]:
            return Participant()
        return with_values(Participant(), dict(zip(RESCORLA_WAGNER, self.values[code].tolist(), strict=True)))

    def agent(self, dataset: DatasetRNN) -> Cohort:
        """An agent that goes through the sessions of the data set as their participants' learners."""
        members = [make_agent(self.learner(c), dataset.n_actions).parameters for c in range(len(self.nll))]
        return Cohort([members[code] for code in dataset.participant_ids.tolist()], dataset.n_actions)


def fit_each(dataset: DatasetRNN) -> FittedEach:
    """The learning rate and the inverse temperature under which each participant's choices are most likely.

    Fisher scoring for all at once, each from the best of 16 starts; what is still climbing after 50 steps is
    taken as it is. Errors are those of the expected information.

    >>> from spicewidgets import AgentQ, BanditsDrift, create_dataset
    >>> people = [label for label in ("ann", "bob") for _ in range(20)]
    >>> task = BanditsDrift(0.2)
    >>> dataset, _, _ = create_dataset(AgentQ(), task, 100, 40, participant=people, random_state=1)
    >>> fit_each(dataset).values.round(2)
    array([[0.2 , 3.22],
           [0.21, 2.91]])
    """
    data = _Data.of(dataset)
    low, high = _bounds()
    n = dataset.n_participants
    starts = np.array(list(product(*(STARTS[name] for name in RESCORLA_WAGNER))))
    nlls = np.stack([_look(data, np.tile(start, (n, 1)), slopes=False).nll for start in starts])
    best = starts[nlls.argmin(0)].astype(float)
    here = _look(data, best)
    for _ in range(MOST_STEPS):
        step = _steps(here, best, low, high)
        tries = np.clip(best + np.array(SHARES)[:, None, None] * step, low, high)
        reached = np.stack([_look(data, one, slopes=False).nll for one in tries])
        chosen = reached.argmin(0)
        better = reached.min(0) < here.nll - ENOUGH
        if not better.any():
            break
        best = np.where(better[:, None], tries[chosen, np.arange(n)], best)
        here = _look(data, best)
    nothing = data.n_choices == 0
    best[nothing] = np.nan
    return FittedEach(
        dataset.participants, best, _errors(here, best, low, high, nothing), here.nll, data.n_choices
    )


class _Data(NamedTuple):
    """Choices and rewards, with whom they are of.

    Attributes:
        choices: `(n_sessions, n_trials)`, 0 where none.
        rewards: of the choices, 0 where none, the same shape.
        learned: whether a trial was observed.
        following: the next choice; 0 where none.
        known: whether it is known.
        offered: `(n_sessions, n_trials, n_actions)` among which options; None for all.
        codes: `(n_sessions,)` of the participants.
        n_choices: `(n_participants,)`.
    """

    choices: Any
    rewards: Floats
    learned: Any
    following: Any
    known: Any
    offered: Any
    codes: Any
    n_choices: Any
    n_actions: int

    @classmethod
    def of(cls, dataset: DatasetRNN) -> "_Data":
        choices, known = np.asarray(dataset.choices), np.asarray(dataset.target_mask)
        codes = np.asarray(dataset.participant_ids).astype(int)
        return cls(
            np.maximum(choices, 0),
            np.nan_to_num(np.asarray(dataset.rewards_chosen, dtype=float)),
            np.asarray(dataset.mask),
            np.where(known, dataset.ys.numpy().argmax(-1), 0),
            known,
            None if dataset.offered is None else np.asarray(dataset.offered),
            codes,
            np.bincount(codes, known.sum(1), minlength=dataset.n_participants),
            dataset.n_actions,
        )

    def of_people(self, values: Floats) -> Floats:
        """Sums over the sessions of each participant."""
        sums: Floats = np.zeros((len(self.n_choices), *values.shape[1:]))
        np.add.at(sums, self.codes, values)
        return sums


class _Look(NamedTuple):
    """What the choices say at some numbers: `(n,)`, `(n, 2)` and `(n, 2, 2)`."""

    nll: Floats
    gradient: Floats
    information: Floats


def _look(data: _Data, vectors: Floats, slopes: bool = True) -> _Look:
    """What the choices say at a learning rate and an inverse temperature of each participant."""
    alpha, beta = vectors[data.codes].T
    n, rows = len(data.codes), np.arange(len(data.codes))
    value = np.full((n, data.n_actions), float(Participant().q0))
    slope = np.zeros_like(value)  # of the value in alpha
    nll, gradient, information = np.zeros(n), np.zeros((n, 2)), np.zeros((n, 2, 2))
    for t in range(data.choices.shape[1]):
        arm, learned, known = data.choices[:, t], data.learned[:, t], data.known[:, t]
        error = np.where(learned, data.rewards[:, t] - value[rows, arm], 0.0)
        slope[rows, arm] += np.where(learned, error - alpha * slope[rows, arm], 0.0)
        value[rows, arm] += alpha * error
        logits = beta[:, None] * value
        if data.offered is not None:
            logits = np.where(data.offered[:, t], logits, -np.inf)
        logits = logits - logits.max(1, keepdims=True)
        weights = np.exp(logits)
        total = weights.sum(1)
        chosen = data.following[:, t]
        nll += np.where(known, np.log(total) - logits[rows, chosen], 0.0)
        if slopes:
            p = weights / total[:, None]
            moves = np.stack([beta[:, None] * slope, value], axis=1)  # of the logits
            apart = moves - (moves * p[:, None]).sum(-1, keepdims=True)
            gradient += np.where(known[:, None], apart[rows, :, chosen], 0.0)
            spread = np.einsum("nia,nja,na->nij", apart, apart, p)
            information += np.where(known[:, None, None], spread, 0.0)
    return _Look(data.of_people(nll), data.of_people(gradient), data.of_people(information))


def _steps(here: _Look, best: Floats, low: Floats, high: Floats) -> Floats:
    """The way to the top of each participant's quadratic, in the numbers that are free to move."""
    gradient = np.nan_to_num(here.gradient)
    free = ~((best <= low) & (gradient < 0) | (best >= high) & (gradient > 0))
    both = free[:, :, None] & free[:, None, :]
    information = np.where(both, here.information, 0.0)
    scale = DAMPING * np.maximum(np.trace(information, axis1=1, axis2=2) / 2, 1e-12)
    damped = information + np.where(free, scale[:, None], 1.0)[:, :, None] * np.eye(2)
    steps = np.linalg.solve(damped, np.where(free, gradient, 0.0)[..., None])
    return np.asarray(steps[..., 0], dtype=np.float64)


def _errors(here: _Look, best: Floats, low: Floats, high: Floats, nothing: Any) -> Floats:
    """Standard errors of the numbers inside their bounds, as if one at its bound were known."""
    inside = (best > low) & (best < high) & ~nothing[:, None]
    both = inside[:, :, None] & inside[:, None, :]
    information = np.where(both, here.information, np.eye(2))
    singular = np.linalg.det(information) <= 1e-12
    inverse = np.linalg.inv(np.where(singular[:, None, None], np.eye(2), information))
    errors = np.sqrt(np.maximum(np.diagonal(inverse, axis1=1, axis2=2), 0.0))
    told = inside & ~singular[:, None] & (errors < high - low)
    return np.where(told, errors, np.nan)


def _bounds() -> tuple[Floats, Floats]:
    """Lowest and highest learning rate and inverse temperature."""
    declared: Mapping[str, Any] = {item.name: item.metadata for item in fields(Participant)}
    low = [float(declared[name]["low"]) for name in RESCORLA_WAGNER]
    high = [float(declared[name]["high"]) for name in RESCORLA_WAGNER]
    return np.array(low), np.array(high)
