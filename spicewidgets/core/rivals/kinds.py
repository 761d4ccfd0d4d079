"""Participants of a kind of task: its standard rival, with the parameters that the kind declares."""

from typing import Any

import numpy as np

from ..data.dataset import DatasetRNN
from ..random import RandomState
from ..simulate.kinds import kind_of, make_task
from ..tasks import TaskKind
from .design import Design, simulate_rival
from .ready import ALL


def simulate_kind(
    kind: TaskKind | str,
    people: int | None = None,
    random_state: RandomState = None,
    task: Any = None,
    **learner: Any,
) -> DatasetRNN:
    """Simulate the choices of people in a kind of task.

    Args:
        kind: the kind, or its name. Its simulation says how many sessions and trials each person has.
        people: how many; as the simulation says when None.
        random_state: for the whole data set.
        task: to play; the one that the kind declares when None.
        learner: parameters of its rival, in place of the declared ones: a number, or one of each person.

    Returns:
        The data set, whose `truth_probs` are the P of the people.

    >>> simulate_kind("pairs", 3, random_state=1, beta=8.0)
    DatasetRNN(3 sessions, 200 trials, 4 arms, 3 participants)
    """
    kind = kind_of(kind)
    task, size, rival = task or make_task(kind), kind.simulation, ALL[kind.rival]
    assert size is not None
    design = Design.of_settings(people or size.people, size.sessions, size.trials, task)
    values = {**kind.learner, **learner}
    columns = [values[name] for name, _ in rival.columns(task.n_actions)]
    own = np.stack([np.broadcast_to(np.asarray(one, float), design.n_people) for one in columns], -1)
    return simulate_rival(rival, own, design, random_state)
