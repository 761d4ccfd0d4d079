"""Falsification: does what a fitted model does look like what people did?

A model can expect choices well and still not behave as people do, if all that it was compared with was as
wrong (Palminteri, Wyart & Koechlin 2017, Trends in Cognitive Sciences 21: 425). Where the task's schedule
is known, models play it anew; where it is not, they are judged by people's next choices: a schedule that is
estimated from the choices themselves has a true model rejected.
"""

from collections.abc import Generator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ..checks import raise_if_any
from ..data.dataset import DatasetRNN
from ..progress import map_progress, run_to_completion
from ..random import RandomState, children
from ..simulate.agents import Agent
from .anew import checked_schedule, play_anew
from .check import Check, Falsification
from .next_choice import next_choice_checks


class Repeat(NamedTuple):
    """The progress of a falsification.

    Attributes:
        agent: label of the model that is judged.
        done, total: parts of the work on all models: times played, or models.
    """

    agent: str
    done: int
    total: int


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

        def to_repeat(done: int, label: str = label, before: int = place * n_repeats) -> Repeat:
            return Repeat(label, before + done, len(agents) * n_repeats)

        checks += yield from map_progress(steps, to_repeat)
    return Falsification(tuple(checks), n_people, n_repeats)


def _problems(
    agents: Mapping[str, Agent], dataset: DatasetRNN, schedule: ArrayLike | None, n_repeats: Any
) -> list[str]:
    problems = []
    if not agents:
        problems.append("falsify needs at least one agent; got none. Give {'equations': spice.spice_agent}.")
    if not (isinstance(n_repeats, int) and n_repeats >= 20):
        problems.append(f"n_repeats must be a whole number, 20 or more; got {n_repeats!r}. Use 100.")
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
