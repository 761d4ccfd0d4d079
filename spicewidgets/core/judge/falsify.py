"""Falsification: does what a fitted model does look like what people did?

A model can expect choices well and still not behave as people do, if all that it was compared with was as
wrong (Palminteri, Wyart & Koechlin 2017, Trends in Cognitive Sciences 21: 425). Where the task's schedule is
known, models play it anew: all sessions many times over, so that how their means scatter from time to time is
what chance does. Under the model, people are one time more like the others, so that p is exact (Dwass 1957,
Annals of Mathematical Statistics 28: 181). Where the schedule is not known, models are judged by people's
next choices: a schedule that is estimated from the choices themselves has a true model rejected.
"""

from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ..checks import raise_if_any
from ..data.dataset import DatasetRNN
from ..data.entry import as_dataset
from ..progress import map_progress, run_to_completion
from ..random import RandomState, children
from ..settings import SettingsError
from ..simulate.agents import Agent
from ..simulate.cohort import Cohort
from ..simulate.environments import Bandits
from ..simulate.record import Floats, concatenate_records
from ..simulate.run import play_sessions
from .behaviour import Measure, Played, means_of, measures
from .check import INTERVAL, Check, Falsification, as_family
from .next_choice import next_choice_checks
from .replay import labels_of

AT_ONCE = 500  # sessions that are played side by side, about
FEWEST = 20  # times that a model plays before anything is said of it


def play_anew(
    label: str,
    agent: Agent,
    dataset: DatasetRNN,
    schedule: Floats,
    n_repeats: int,
    random_state: RandomState,
) -> "Generator[tuple[int, Callable[[], tuple[Check, ...]]], None, tuple[Check, ...]]":
    """Judge a model by what it does in people's place; yields how many times it has played, and what gives
    the checks by these.

    Args:
        label: of the model.
        agent: the model.
        dataset: what people did; rewards 0 and 1, all options on offer.
        schedule: probability of a reward of each option, `(n_sessions, n_trials, n_actions)`.
        n_repeats: times that it plays.
        random_state: for all of it.
    """
    people = measures(Played.of(dataset, schedule))
    own = as_dataset(dataset, agent._n_actions)
    means: list[dict[str, Floats]] = []

    def judge() -> tuple[Check, ...]:
        return as_family([_check(label, one, [each.get(one.name) for each in means]) for one in people])

    streams = children(random_state, n_repeats)
    together = 1 if isinstance(agent, Cohort) else max(AT_ONCE // own.n_sessions, 1)
    for first in range(0, n_repeats, together):
        n_times = min(together, n_repeats - first)
        for number, played in enumerate(_playing(agent, own, schedule, n_times, streams[first]), first + 1):
            means.append(means_of(measures(played)))
            yield number, judge
    return judge()


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


class Repeat(NamedTuple):
    """The progress of a falsification.

    Attributes:
        agent: label of the model that is judged.
        done, total: parts of the work on all models: times played, or models.
        judge: gives the verdict on this model by what it has played so far; None where nothing is played.
    """

    agent: str
    done: int
    total: int
    judge: Callable[[], Falsification] | None = None


def falsify(
    agents: Mapping[str, Agent],
    dataset: DatasetRNN,
    schedule: ArrayLike | None = None,
    *,
    n_repeats: int = 100,
    random_state: RandomState = None,
) -> Falsification:
    """Judge whether fitted models behave as people did.

    With a schedule each model plays the task anew, many times, and is measured as people are: the learning
    curve, how often a choice is repeated after a reward and after none, what happens around reversals, and
    the effects of the last rewards and choices. Without one, each next choice of people is compared with what
    the model expects of it, given all that people really did and got, on like measures.

    Args:
        agents: by label, such as `{"equations": spice.spice_agent, "network": spice.rnn_agent}`.
        dataset: what people did; rewards 0 and 1 and all options on offer, where a schedule is given.
        schedule: probability of a reward of each option, `(n_trials, n_actions)` or `(n_sessions, n_trials,
            n_actions)`; None where it is not known, or hangs on the choices.
        n_repeats: times that each model plays all sessions, 20 or more; below 99 none of five measures can
            fail. Without a schedule nothing is played.
        random_state: for all that is played; each model plays by the same random numbers.

    Raises:
        SettingsError: with a sentence for what keeps the models from being judged.

    >>> import spicewidgets as sw
    >>> habit = sw.AgentQ(alpha_reward=0.3, beta_choice=1.5, alpha_choice=1.0)
    >>> data, _, _ = sw.create_dataset(habit, sw.BanditsFixed((0.7, 0.3)), 60, 20, random_state=1)
    >>> found = falsify({"no habit": sw.AgentQ(alpha_reward=0.3), "habit": habit}, data)
    >>> [(label, one.verdict) for label, one in found.judgements.items()]
    [('no habit', 'rejected'), ('habit', 'not rejected')]
    """
    return run_to_completion(
        falsifying(agents, dataset, schedule, n_repeats=n_repeats, random_state=random_state)
    )


def falsifying(
    agents: Mapping[str, Agent],
    dataset: DatasetRNN,
    schedule: ArrayLike | None = None,
    *,
    n_repeats: int = 100,
    random_state: RandomState = None,
) -> Generator[Repeat, None, Falsification]:
    """As `falsify`, with a record of each part of the work that is done; the result is its value."""
    raise_if_any(_problems(agents, dataset, schedule, n_repeats))
    checks: list[Check] = []
    n_people = len(np.unique(np.asarray(dataset.participant_ids)))
    if schedule is None:
        for done, (label, agent) in enumerate(agents.items(), 1):
            checks += next_choice_checks(label, agent, dataset)
            yield Repeat(label, done, len(agents))
        return Falsification(tuple(checks), n_people, 0)
    known = checked_schedule(schedule, dataset)
    seed = int(children(random_state, 1)[0].integers(2**31))
    for place, (label, agent) in enumerate(agents.items()):
        steps = play_anew(label, agent, dataset, known, n_repeats, seed)

        def to_repeat(
            step: tuple[int, Callable[[], tuple[Check, ...]]], label: str = label, place: int = place
        ) -> Repeat:
            done, judge = step
            verdict = partial(_judge, judge, n_people, done)
            return Repeat(label, place * n_repeats + done, len(agents) * n_repeats, verdict)

        checks += yield from map_progress(steps, to_repeat)
    return Falsification(tuple(checks), n_people, n_repeats)


def _judge(judge: Callable[[], tuple[Check, ...]], n_people: int, n_repeats: int) -> Falsification:
    return Falsification(judge(), n_people, n_repeats)


def _problems(
    agents: Mapping[str, Agent], dataset: DatasetRNN, schedule: ArrayLike | None, n_repeats: Any
) -> list[str]:
    problems = []
    if not agents:
        problems.append("falsify needs at least one agent; got none. Give {'equations': spice.spice_agent}.")
    if not (isinstance(n_repeats, int) and n_repeats >= FEWEST):
        problems.append(f"n_repeats must be a whole number, {FEWEST} or more; got {n_repeats!r}. Use 100.")
    rewards = np.asarray(dataset.rewards_chosen)
    rewards = rewards[np.isfinite(rewards)]
    if schedule is not None and not np.isin(rewards, (0, 1)).all():
        problems.append(
            "Only a task whose rewards are 0 and 1 can be played anew; these are from"
            f" {rewards.min():g} to {rewards.max():g}. Leave the schedule out to judge by next choices."
        )
    if schedule is not None and dataset.offered is not None:
        problems.append(
            "Only a task with all options on offer in every trial can be played anew; here some are not."
            " Leave the schedule out to judge by next choices."
        )
    return problems
