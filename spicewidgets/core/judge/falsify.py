"""Fitted models play the task anew: does what they do look like what people did?

A model can expect choices well and still not behave as people do, if all that it was compared with was as
wrong (Palminteri, Wyart & Koechlin 2017, Trends in Cognitive Sciences 21: 425). Each model takes each
person's part, in the person's own sessions, many times over. How its means scatter from time to time is what
chance does; people who lie beyond it are not described by the model.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..checks import refuse
from ..data.dataset import DatasetRNN
from ..data.entry import as_dataset
from ..progress import finished
from ..random import RandomState, children
from ..settings import SettingsError
from ..simulate.agents import Agent
from ..simulate.environments import Bandits
from ..simulate.record import Floats, concatenate_records
from ..simulate.run import play_sessions
from .behaviour import Measure, Played, means_of, measures
from .replay import labels_of

LEVEL = 0.95
SURPRISING = 0.05  # p, below which a model fails on a measure
WIDTH = 5.0  # trials, over which an unknown schedule is taken to hold still


class Repeat(NamedTuple):
    """The progress of a falsification.

    Attributes:
        agent: label of the model that plays.
        done, total: times that all models have played, and will.
    """

    agent: str
    done: int
    total: int


@dataclass(frozen=True)
class Check:
    """One model on one measure.

    Attributes:
        agent: label of the model.
        measure: name of the measure.
        words: what it tells.
        points: what is measured, in words.
        people: mean over people, `(n_points,)`, with its band over people in `people_low` and `people_high`
            (95 %).
        mean, low, high: of the model: its mean over all times, and the band within which 95 % of them lie.
        p: how often the model itself, on some point, lies as far from its mean as people do.
    """

    agent: str
    measure: str
    words: str
    points: tuple[str, ...]
    people: Floats
    people_low: Floats
    people_high: Floats
    mean: Floats
    low: Floats
    high: Floats
    p: float
    _apart: Floats

    @property
    def fails(self) -> bool:
        """Whether people lie beyond the model's interval."""
        return self.p <= SURPRISING

    @property
    def worst(self) -> int:
        """The point at which the model lies farthest from people, in units of its scatter."""
        return int(np.nanargmax(np.abs(self._apart)))

    @property
    def distance(self) -> float:
        """Distance of people from the model's mean at the worst point, in the model's standard deviations."""
        return float(np.abs(self._apart[self.worst]))

    @property
    def sentence(self) -> str:
        """The result, with its size at the worst point."""
        at = self.worst
        people, model = self.people[at], self.mean[at]
        sizes = f"{people:.2f} in people, {model:.2f} in {self.agent}"
        if self.fails:
            return f"{self.agent} fails on {self.words}: {self.points[at]} it is {sizes} (p = {self.p:.2g})."
        where = f"farthest apart {self.points[at]}, {sizes}"
        return f"{self.agent} holds on {self.words}: {where} (p = {self.p:.2g})."


@dataclass(frozen=True)
class Falsification:
    """Models that played, beside people.

    Attributes:
        checks: each model on each measure.
        n_people: how many people there are.
        n_repeats: how many times each model played.
        schedule_known: whether the task's reward probabilities were known; if not, they were estimated from
            what each option paid.
    """

    checks: tuple[Check, ...]
    n_people: int
    n_repeats: int
    schedule_known: bool

    @property
    def failures(self) -> tuple[Check, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if check.fails)

    @property
    def text(self) -> str:
        """A sentence for each check, the failures first."""
        rest = [check for check in self.checks if not check.fails]
        lines = [check.sentence for check in (*self.failures, *rest)]
        if not self.schedule_known:
            lines.append(
                "The task was not known: its reward probabilities were estimated from what each option paid."
            )
        return "\n".join(lines)

    def to_frame(self) -> pd.DataFrame:
        """A row for each point of each check."""
        return pd.DataFrame(
            [
                {
                    **{"agent": check.agent, "measure": check.measure, "point": point},
                    **{"people": check.people[i], "people_low": check.people_low[i]},
                    **{"people_high": check.people_high[i], "mean": check.mean[i], "low": check.low[i]},
                    **{"high": check.high[i], "p": check.p},
                }
                for check in self.checks
                for i, point in enumerate(check.points)
            ]
        )


def falsify(
    agents: Mapping[str, Agent],
    dataset: DatasetRNN,
    schedule: ArrayLike | None = None,
    *,
    n_repeats: int = 100,
    random_state: RandomState = None,
) -> Falsification:
    """Let fitted models play the task of a data set, and compare what they do with what people did.

    Measured are the learning curve, how often a choice is repeated after a reward and after none, what
    happens around reversals, and the effects of the last rewards and choices.

    Args:
        agents: by label, such as `{"equations": spice.spice_agent, "network": spice.rnn_agent}`.
        dataset: what people did; rewards 0 and 1.
        schedule: probability of a reward of each option, `(n_trials, n_actions)` or `(n_sessions, n_trials,
            n_actions)`. None estimates it: an option's own rewards in the session, those of near trials most.
            The share of better choices and reversals are then left out.
        n_repeats: times that each model plays all sessions, 20 or more.
        random_state: for all of it.

    Raises:
        SettingsError: with a sentence for what keeps the task from being played.

    >>> import spicewidgets as sw
    >>> habit = sw.AgentQ(alpha_reward=0.3, beta_choice=1.5, alpha_choice=1.0)
    >>> data, _, _ = sw.create_dataset(habit, sw.BanditsFixed((0.7, 0.3)), 60, 20, random_state=1)
    >>> schedule = np.tile([0.7, 0.3], (60, 1))
    >>> found = falsify({"no habit": sw.AgentQ(alpha_reward=0.3)}, data, schedule, random_state=1)
    >>> "stay" in [check.measure for check in found.failures]
    True
    """
    return finished(falsifying(agents, dataset, schedule, n_repeats=n_repeats, random_state=random_state))


def falsifying(
    agents: Mapping[str, Agent],
    dataset: DatasetRNN,
    schedule: ArrayLike | None = None,
    *,
    n_repeats: int = 100,
    random_state: RandomState = None,
) -> Generator[Repeat, None, Falsification]:
    """As `falsify`, with a record of each time that a model has played; the result is its value."""
    refuse(_problems(agents, dataset, n_repeats))
    known = None if schedule is None else _schedule(schedule, dataset)
    task = known if known is not None else estimated_schedule(dataset)
    people = measures(Played.of(dataset, known))
    streams = children(random_state, len(agents) * n_repeats)
    checks: list[Check] = []
    for place, (label, agent) in enumerate(agents.items()):
        own = as_dataset(dataset, agent._n_actions)
        means = []
        for number in range(n_repeats):
            stream = streams[place * n_repeats + number]
            means.append(means_of(measures(_playing(agent, task, own, known, stream))))
            yield Repeat(label, place * n_repeats + number + 1, len(streams))
        checks += [_check(label, measure, [each.get(measure.name) for each in means]) for measure in people]
    n_people = people[0].values.shape[0]
    return Falsification(tuple(checks), n_people, n_repeats, known is not None)


class _Task(Bandits):
    """Sessions that each have a schedule of their own, `(n_sessions, n_trials, n_actions)`."""

    vectorised = True

    def __init__(self, schedule: Floats, counterfactual: bool) -> None:
        self._schedule = schedule
        super().__init__(schedule.shape[-1], counterfactual)

    def _begin(self, generators: list[np.random.Generator]) -> Floats:
        self._trial = 0
        return self._schedule[: len(generators), 0]

    def _advance(self, probs: Floats, noise: Floats) -> Floats:
        self._trial = min(self._trial + 1, self._schedule.shape[1] - 1)
        return self._schedule[:, self._trial]


def _playing(
    agent: Agent, task: Floats, dataset: DatasetRNN, known: Floats | None, random_state: RandomState
) -> Played:
    """The agent in each person's part, in sessions as long as the person's, with the same trials missing."""
    people = Played.of(dataset)
    there, labels = people.choices >= 0, labels_of(agent, dataset)
    seen = np.isfinite(np.asarray(dataset.rewards)).sum(axis=-1)[there]
    others_seen = bool(seen.mean() > 1.5) if len(seen) else False
    n = dataset.n_sessions
    at_once = n if getattr(agent, "vectorised", False) else 1  # an agent of the user's own plays one by one
    records = [
        play_sessions(
            agent,
            _Task(task[first : first + at_once], others_seen),
            dataset.n_trials,
            at_once,
            participants=labels[first : first + at_once],
            random_state=stream,
        )[0]
        for first, stream in zip(
            range(0, n, at_once), children(random_state, max(n // at_once, 1)), strict=True
        )
    ]
    record = concatenate_records(records)
    choices = np.where(there, record.choices, -1)
    rewards = np.where(there, record.chosen_rewards, np.nan)
    return Played(choices, rewards, people.people, people.n_people, people.n_actions, known)


def estimated_schedule(dataset: DatasetRNN) -> Floats:
    """Estimate the probability that each option pays, from its rewards in trials near by, `(n_sessions,
    n_trials, n_actions)`.

    Weights fade with the distance as a normal curve of `WIDTH` trials. The mean of all rewards of the session
    counts as one trial more, so that an option that was hardly chosen is not taken for a sure one.
    """
    rewards = np.asarray(dataset.rewards, dtype=float)
    seen = np.isfinite(rewards)
    trials = np.arange(dataset.n_trials)
    weights = np.exp(-(((trials[:, None] - trials) / WIDTH) ** 2) / 2)
    mean = np.where(seen, rewards, 0).sum(axis=(1, 2)) / np.maximum(seen.sum(axis=(1, 2)), 1)
    sums = np.einsum("ut,sta->sua", weights, np.where(seen, rewards, 0.0))
    counts = np.einsum("ut,sta->sua", weights, seen.astype(float))
    schedule: Floats = np.clip((sums + mean[:, None, None]) / (counts + 1), 0.0, 1.0)
    return schedule


def _check(label: str, measure: Measure, means: list[Floats | None]) -> Check:
    """Where people lie among the times that a model played."""
    blank = np.full(len(measure.points), np.nan)
    played = np.stack([blank if each is None else each for each in means])
    known = np.isfinite(measure.values)
    n = np.maximum(known.sum(axis=0), 1)
    people = np.where(known.any(axis=0), np.where(known, measure.values, 0.0).sum(axis=0) / n, np.nan)
    scatter = np.sqrt(np.where(known, (measure.values - people) ** 2, 0.0).sum(axis=0) / np.maximum(n - 1, 1))
    half = 1.96 * scatter / np.sqrt(n)
    there = np.isfinite(played).all(axis=0) & np.isfinite(people)
    mean, sd = played.mean(axis=0), played.std(axis=0, ddof=1)
    unit = np.where(there & (sd > 0), sd, np.nan)
    apart = (people - mean) / unit
    own = np.nanmax(np.abs((played - mean) / unit), axis=1, initial=0.0)
    far = np.nanmax(np.abs(apart), initial=0.0)
    p = (1 + int((own >= far).sum())) / (1 + len(played))
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(played, [tail, 1 - tail], axis=0)
    return Check(
        label,
        measure.name,
        measure.words,
        measure.points,
        people,
        people - half,
        people + half,
        mean,
        low,
        high,
        float(p),
        np.where(np.isfinite(apart), apart, 0.0),
    )


def _schedule(schedule: ArrayLike, dataset: DatasetRNN) -> Floats:
    """The schedule of every session, checked."""
    values = np.asarray(schedule, dtype=float)
    shape = (dataset.n_sessions, dataset.n_trials, dataset.n_actions)
    if values.shape not in (shape, shape[1:]) or not ((values >= 0) & (values <= 1)).all():
        raise SettingsError(
            [
                f"schedule must hold probabilities, {shape[1:]} or {shape} (sessions, trials, options); got"
                f" the shape {values.shape}. Give a row for each trial of the longest session."
            ]
        )
    return np.broadcast_to(values, shape)


def _problems(agents: Mapping[str, Agent], dataset: DatasetRNN, n_repeats: Any) -> list[str]:
    problems = []
    if not agents:
        problems.append("falsify needs at least one agent; got none. Give {'equations': spice.spice_agent}.")
    if not (isinstance(n_repeats, int) and n_repeats >= 20):
        problems.append(f"n_repeats must be a whole number, 20 or more; got {n_repeats!r}. Use 100.")
    rewards = np.asarray(dataset.rewards_chosen)
    rewards = rewards[np.isfinite(rewards)]
    if not np.isin(rewards, (0, 1)).all():
        problems.append(
            "Only a task whose rewards are 0 and 1 can be played anew; these are from"
            f" {rewards.min():g} to {rewards.max():g}. Simulate with a task of your own and `create_dataset`."
        )
    if dataset.offered is not None:
        problems.append(
            "Only a task with all options on offer in every trial can be played anew; here some are not."
            " Simulate with a task of your own and `create_dataset`."
        )
    return problems
