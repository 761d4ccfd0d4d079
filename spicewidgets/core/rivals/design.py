"""The design of a study: who plays how many trials of what, by settings or as in a table of choices."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from ..checks import number, raise_if_any
from ..data.dataset import DatasetRNN
from ..data.layout import MISSING
from ..data.simulated import create_dataset
from ..random import RandomState, Streams, children
from ..simulate.agents import Agent, softmax
from ..tasks import TASKS
from .declaration import Rival
from .model import AgentRival, Floats

NEAREST = 10  # seen outcomes of an option, nearest in time, among which its reward is drawn
MOST = 1_000_000  # choices of one simulated data set


@dataclass(frozen=True, eq=False)
class Design:
    """The participants, sessions and trials of a study, and its task.

    Attributes:
        task: with `new_sess` and `step`, for all sessions side by side.
        n_actions: number of options.
        people: index of the person of each session, `(n_sessions,)`.
        lengths: rows of each session, `(n_sessions,)`: its trials, times the stages that each has.
        offered: options on offer in each trial, `(n_sessions, n_trials + 1, n_actions)`; None where all are.
        ends: whether the choice after the last trial of a session is not known, as in a table.
    """

    task: Any
    n_actions: int
    people: tuple[int, ...]
    lengths: tuple[int, ...]
    offered: NDArray[np.bool_] | None = None
    ends: bool = False

    @classmethod
    def of_settings(cls, people: int, sessions: int, trials: int, task: Any) -> "Design":
        """So many people, each with so many sessions of so many trials of a task, which may have stages.

        Raises:
            SettingsError: where a number is none of 1 or more, or there are too many choices.
        """
        counts = {"people": people, "sessions": sessions, "trials": trials}
        raise_if_any(
            f"{name} must be a whole number, 1 or more; got {value!r}. Use for example {name}=10."
            for name, value in counts.items()
            if not (number(value) >= 1 and number(value) % 1 == 0)
        )
        raise_if_any(
            [
                f"people x sessions x trials must be at most {MOST:,}; got {people * sessions * trials:,}."
                " Take fewer."
                if people * sessions * trials > MOST
                else None
            ]
        )
        n_actions = int(getattr(task, "n_actions", 2))
        who = tuple(person for person in range(people) for _ in range(sessions))
        n_rows = int(trials) * int(getattr(task, "n_stages", 1))
        return cls(task, n_actions, who, (n_rows,) * len(who))

    @classmethod
    def of_choices(cls, dataset: DatasetRNN) -> "Design":
        """Return the design of some choices: their people, sessions, lengths, options on offer, and rewards.

        The rewards of an option are drawn from those that were seen for it at about the same time in the same
        session (`SeenRewards`); where trials have stages, what is on offer follows from the choices that are
        simulated (`SeenStages`).
        """
        observed, _ = dataset.compact()
        codes = np.unique(np.asarray(dataset.participant_ids), return_inverse=True)[1]
        kind, n, offered = TASKS[dataset.task], dataset.n_actions, None
        if observed.offered is not None and not kind.transitions:
            first = np.ones((len(observed), 1, n), bool)
            if kind.shows_offers:  # as an input of the first trial has it, unless that knows the choice alone
                known = np.asarray(observed.xs[:, :1, 2 * n : 3 * n]) > 0
                first = np.where(known.sum(-1, keepdims=True) > 1, known, first)
            offered = np.concatenate([first, np.asarray(observed.offered)], 1)
        shown = offered if kind.shows_offers else None
        return cls(
            SeenStages(observed) if kind.transitions else SeenRewards(observed, shown),
            dataset.n_actions,
            tuple(codes.tolist()),
            tuple(observed.lengths.tolist()),
            offered,
            not bool(observed.target_mask[torch.arange(len(observed)), observed.lengths - 1].any()),
        )

    @classmethod
    def resampled(cls, dataset: DatasetRNN, people: int, sessions: int, seed: int) -> "Design":
        """So many people, each with so many sessions that are drawn from those of some choices."""
        drawn = np.random.default_rng(seed).integers(dataset.n_sessions, size=people * sessions)
        rows = torch.from_numpy(drawn)
        part = dataset.take(rows, torch.arange(dataset.n_trials).expand(len(rows), -1))
        return cls.of_choices(part.recoded(np.repeat(np.arange(people), sessions).tolist(), None))

    @property
    def n_people(self) -> int:
        """Number of people."""
        return max(self.people) + 1

    @property
    def n_choices(self) -> int:
        """Number of trials of all sessions."""
        return sum(self.lengths)


def simulate_rival(rival: Rival, values: ArrayLike, design: Design, random_state: RandomState) -> DatasetRNN:
    """Choices of people who are a rival, with parameters of their own, in a design.

    Args:
        rival: what the people are.
        values: parameters of each person, `(n_people, n_numbers)`.
        design: who plays what.
        random_state: for the whole data set.
    """
    return simulate_agent(_Choosing(rival, values, design), design, random_state)


def simulate_agent(
    agent: Agent, design: Design, random_state: RandomState, labels: Sequence[Any] | None = None
) -> DatasetRNN:
    """Choices of an agent who takes every person's part in a design.

    Args:
        agent: who plays; all options are on offer to it, unless it knows better.
        design: who plays what.
        random_state: for the whole data set.
        labels: of the people, `(n_people,)`, as the agent knows them; their places when None.
    """
    task = deepcopy(design.task)  # a design is the same before and after it was played
    people = list(design.people) if labels is None else [labels[place] for place in design.people]
    data, _, _ = create_dataset(
        agent,
        task,
        -(-max(design.lengths) // getattr(task, "n_stages", 1)),
        len(design.people),
        participant=people,
        random_state=random_state,
    )
    if design.offered is not None:
        data.offered = torch.from_numpy(design.offered[:, 1:])
    lengths, trials = torch.tensor(design.lengths), torch.arange(data.n_trials)
    cut = data.take(torch.arange(len(data)), torch.where(trials < lengths[:, None], trials, -1))
    if design.ends:
        cut.ys[torch.arange(len(cut)), lengths - 1] = MISSING
    return cut


class _Choosing(AgentRival):
    """A rival that chooses among the options on offer."""

    vectorised: ClassVar[bool] = True

    def __init__(self, rival: Rival, values: ArrayLike, design: Design) -> None:
        self._offered, self._trial_number = design.offered, 0
        super().__init__(rival, values, design.n_actions)

    def _begin(self) -> dict[str, Any]:
        self._trial_number = 0
        return super()._begin()

    def update(self, choice: int | ArrayLike, reward: ArrayLike, **kwargs: Any) -> None:
        """As of every agent."""
        super().update(choice, reward, **kwargs)
        self._trial_number += 1

    def get_choice_probs(self) -> Floats:
        """P of each option on offer."""
        if self._offered is None or self._n_sessions != len(self._offered):
            return super().get_choice_probs()
        offered = self._offered[:, min(self._trial_number, self._offered.shape[1] - 1)]
        return self._public(softmax(np.where(offered, np.reshape(self.q, offered.shape), -np.inf)))


class SeenRewards:
    """A task whose rewards are drawn from those that a table shows.

    The reward of an option in a trial is one of the ten outcomes that were seen for it nearest to this trial
    in the same session. So it keeps probabilities that drift, turn around or differ between sessions, as far
    as they were seen, and sizes of rewards. An option that was never seen in a session has the rewards that
    were seen for it in others.

    Args:
        dataset: the choices, without missing trials in between.
        offered: options on offer in each trial, `(n_sessions, n_trials + 1, n_actions)`, where an agent is to
            see them.

    Raises:
        SettingsError: where another number of sessions is asked for than the table has.
    """

    vectorised = True

    def __init__(self, dataset: DatasetRNN, offered: NDArray[np.bool_] | None = None) -> None:
        self.n_actions, self.kind_of_task, self._offers = dataset.n_actions, dataset.task, offered
        rewards, choices = np.asarray(dataset.rewards, float), np.asarray(dataset.choices)
        others = np.arange(self.n_actions) != choices[..., None]
        self._shows_all = bool((~np.isnan(rewards) & others & (choices >= 0)[..., None]).any())
        self._outcomes = np.empty((*rewards.shape, NEAREST), np.float32)
        anywhere = [_spread(rewards[..., arm], rewards) for arm in range(self.n_actions)]
        for session in range(len(rewards)):
            for arm in range(self.n_actions):
                self._outcomes[session, :, arm] = _nearest(rewards[session, :, arm], anywhere[arm])
        self.new_sess(0)

    @property
    def offered(self) -> NDArray[np.bool_]:
        """The options of the coming choice, where these are shown."""
        if self._offers is None:
            raise AttributeError("All options are on offer, or who plays knows which are.")
        offered: NDArray[np.bool_] = self._offers[: self._n, min(self._trial, self._offers.shape[1] - 1)]
        return offered[0] if self._n == 1 else offered

    def new_sess(self, random_state: RandomState = None, n_sessions: int = 1) -> None:
        """Start the first sessions of the table anew, side by side."""
        raise_if_any(
            [
                f"The table has {len(self._outcomes)} sessions; got {n_sessions}. Simulate as many, or fewer."
                if n_sessions > len(self._outcomes)
                else None
            ]
        )
        self._n, self._trial = n_sessions, 0
        self._draw = Streams(children(random_state, n_sessions), self.n_actions)

    def step(self, choice: int | ArrayLike) -> Floats:
        """Return the reward of each option for `choice`, an option for each session; -1 where it is not
        shown.
        """
        trial = min(self._trial, self._outcomes.shape[1] - 1)
        place = (self._draw() * NEAREST).astype(int)
        drawn = np.take_along_axis(self._outcomes[: self._n, trial], place[..., None], -1)[..., 0]
        self._trial += 1
        shown = self._shows_all | (np.reshape(choice, (-1, 1)) == np.arange(self.n_actions))
        rewards: Floats = np.where(shown, drawn, MISSING).astype(float)
        return rewards[0] if self._n == 1 else rewards


class SeenStages(SeenRewards):
    """A task of two stages whose rewards are drawn from those that a table shows, and whose transitions are
    as the kind of task declares them. A step is a stage.

    Args:
        dataset: the choices, without missing rows in between.
    """

    def __init__(self, dataset: DatasetRNN) -> None:
        kind, options = TASKS[dataset.task], np.arange(dataset.n_actions)
        self.n_stages = len(kind.stages)
        self._first = np.isin(options, kind.options_of(0))
        self._states = np.stack([np.isin(options, group) for group in kind.groups_of(1)])
        self._reached = np.cumsum(kind.transitions, -1)
        super().__init__(dataset)

    @property
    def offered(self) -> NDArray[np.bool_]:
        """The options of the coming choice, `(n_options,)` or `(n_sessions, n_options)`."""
        return self._offered[0] if self._n == 1 else self._offered

    def new_sess(self, random_state: RandomState = None, n_sessions: int = 1) -> None:
        """Start the first sessions of the table anew, side by side."""
        super().new_sess(random_state, n_sessions)
        self._offered = np.tile(self._first, (n_sessions, 1))

    def step(self, choice: int | ArrayLike) -> Floats:
        """Return the reward of each option for `choice`, -1 but for that of the second stage."""
        if not self._offered[0, self._first].any():
            self._offered = np.tile(self._first, (self._n, 1))
            return super().step(choice)
        reached = self._draw()[:, :1] >= self._reached[np.reshape(choice, -1)]
        self._offered = self._states[reached.sum(-1)]
        self._trial += 1
        unseen = np.full((self._n, self.n_actions), MISSING)
        return unseen[0] if self._n == 1 else unseen


def _spread(own: Floats, every: Floats) -> Floats:
    """Ten values that stand for all that were seen of an option; of any option, where it never was."""
    seen = own[~np.isnan(own)]
    seen = seen if len(seen) else every[~np.isnan(every)]
    values: Floats = np.quantile(seen, (np.arange(NEAREST) + 0.5) / NEAREST, method="inverted_cdf")
    return values


def _nearest(outcomes: Floats, otherwise: Floats) -> Floats:
    """Return the seen outcomes nearest to each trial, `(n_trials, NEAREST)`."""
    seen = np.flatnonzero(~np.isnan(outcomes))
    if not len(seen):
        return np.broadcast_to(otherwise, (len(outcomes), NEAREST))
    gaps = np.abs(np.arange(len(outcomes))[:, None] - seen)
    nearest = np.argsort(gaps, 1, kind="stable")[:, :NEAREST]
    whole = nearest[:, np.arange(NEAREST) % nearest.shape[1]]  # fewer than ten are taken several times
    values: Floats = outcomes[seen[whole]]
    return values


def drawn_values(
    rival: Rival, n_actions: int, n_people: int, pool: Sequence[Sequence[float]] | Floats | None, seed: int
) -> Floats:
    """Parameters of simulated people, `(n_people, n_numbers)`.

    Args:
        rival: whose parameters.
        n_actions: number of options.
        n_people: how many people.
        pool: parameters of fitted people, of whom each simulated one is one: the fitted range, with what goes
            together in it. None draws from the declared prior, within the bounds.
        seed: of the draw.
    """
    rng = np.random.default_rng(seed)
    if pool is not None:
        table = np.asarray(pool, float)
        return table[rng.integers(len(table), size=n_people)]
    values = np.empty((n_people, len(rival.columns(n_actions))))
    for i, (_, parameter) in enumerate(rival.columns(n_actions)):
        drawn = parameter.from_scale(rng.normal(parameter.mean, parameter.sd, n_people))
        values[:, i] = np.clip(drawn, parameter.low, parameter.high)
    return values
