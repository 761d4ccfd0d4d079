"""Playing anew: fitted models take each person's part in a task whose schedule is known.

Each model plays all sessions many times over; how its means scatter from time to time is what chance does.
Under the model, people are one time more like the others, so that p is exact (Dwass 1957, Annals of
Mathematical Statistics 28: 181). Of a task whose schedule is not known `next_choice.py` judges.
"""

from collections.abc import Generator
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from ..data.dataset import DatasetRNN
from ..data.entry import as_dataset
from ..random import RandomState, children
from ..settings import SettingsError
from ..simulate.agents import Agent
from ..simulate.cohort import Cohort
from ..simulate.environments import Bandits
from ..simulate.record import Floats, concatenate_records
from ..simulate.run import play_sessions
from .behaviour import Measure, Played, means_of, measures
from .check import INTERVAL, Check, as_family
from .replay import labels_of

AT_ONCE = 500  # sessions that are played side by side, about


def play_anew(
    label: str,
    agent: Agent,
    dataset: DatasetRNN,
    schedule: Floats,
    n_repeats: int,
    random_state: RandomState,
) -> Generator[int, None, tuple[Check, ...]]:
    """Judge a model by what it does in people's place; yields how many times it has played.

    Args:
        label: of the model.
        agent: the model.
        dataset: what people did; rewards 0 and 1, all options on offer.
        schedule: probability of a reward of each option, `(n_sessions, n_trials, n_actions)`.
        n_repeats: times that it plays.
        random_state: for all of it.
    """
    people = measures(Played.of(dataset, schedule))
    own, means = as_dataset(dataset, agent._n_actions), []
    streams = children(random_state, n_repeats)
    together = 1 if isinstance(agent, Cohort) else max(AT_ONCE // own.n_sessions, 1)
    for first in range(0, n_repeats, together):
        n_times = min(together, n_repeats - first)
        for number, played in enumerate(_playing(agent, own, schedule, n_times, streams[first]), first + 1):
            means.append(means_of(measures(played)))
            yield number
    return as_family([_check(label, one, [each.get(one.name) for each in means]) for one in people])


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
    agent: Agent, dataset: DatasetRNN, schedule: Floats, n_times: int, random_state: RandomState
) -> list[Played]:
    """Return the agent in each person's part, so many times side by side, in sessions as long as the
    person's, with the same trials missing.
    """
    people = Played.of(dataset)
    there, labels = people.choices >= 0, labels_of(agent, dataset) * n_times
    seen = np.isfinite(np.asarray(dataset.rewards)).sum(axis=-1)[there]
    others_seen = bool(seen.mean() > 1.5) if len(seen) else False
    n, every = n_times * dataset.n_sessions, np.tile(schedule, (n_times, 1, 1))
    at_once = n if getattr(agent, "vectorised", False) else 1  # an agent of the user's own plays one by one
    starts = range(0, n, at_once)
    records = [
        play_sessions(
            agent,
            _Task(every[first : first + at_once], others_seen),
            dataset.n_trials,
            at_once,
            participants=labels[first : first + at_once],
            random_state=stream,
        )[0]
        for first, stream in zip(starts, children(random_state, len(starts)), strict=True)
    ]
    record = concatenate_records(records)
    shape = (n_times, *there.shape)
    choices = np.where(there, record.choices.reshape(shape), -1)
    rewards = np.where(there, record.chosen_rewards.reshape(shape), np.nan)
    return [
        replace(people, choices=own, rewards=paid, schedule=schedule)
        for own, paid in zip(choices, rewards, strict=True)
    ]


def _check(label: str, measure: Measure, means: list[Floats | None]) -> Check:
    """Where people lie among the times that a model played."""
    blank = np.full(len(measure.points), np.nan)
    played = np.stack([blank if each is None else each for each in means])
    known = np.isfinite(measure.values)
    n = np.maximum(known.sum(axis=0), 1)
    people = np.where(known.any(axis=0), np.where(known, measure.values, 0.0).sum(axis=0) / n, np.nan)
    spread = np.sqrt(np.where(known, (measure.values - people) ** 2, 0.0).sum(axis=0) / np.maximum(n - 1, 1))
    half = INTERVAL * spread / np.sqrt(n)
    low, high = np.quantile(played, [0.025, 0.975], axis=0)
    every = np.vstack([people, played])
    there = np.isfinite(every).all(axis=0) & (every.std(axis=0) > 0)
    off = (every[:, there] - every[:, there].mean(axis=0)) / every[:, there].std(axis=0)
    far = np.abs(off).max(axis=1, initial=0.0)
    return Check(
        label,
        measure.name,
        measure.words,
        measure.points,
        people,
        people - half,
        people + half,
        played.mean(axis=0),
        low,
        high,
        np.where(there, played.std(axis=0, ddof=1), np.nan),
        p=float((far >= far[0]).mean()),
        least_p=1 / len(every),
    )


def checked_schedule(schedule: ArrayLike, dataset: DatasetRNN) -> Floats:
    """Return the schedule of every session, checked."""
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
