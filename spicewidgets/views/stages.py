"""A session of a task of stages, as pictures show it: the trials of one stage, between whose options one
chooses there. A bandit's session is as it is.
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..core.settings import Task
from ..core.simulate.agents import softmax
from ..core.simulate.record import Floats, Record
from ..core.tasks import TASKS, TaskKind
from ..experiment.result import Result
from ..experiment.simulation import preview
from ..state.graph import ExperimentSnapshot

Ints = NDArray[np.int64]


def kind_of_choices(snapshot: ExperimentSnapshot) -> TaskKind:
    """Return the kind of task that the choices are of."""
    return TASKS[snapshot.choices_of]


def task_settings(snapshot: ExperimentSnapshot) -> tuple[str, ...]:
    """List the settings of the task that are of its kind: of bandits those that no other kind has."""
    others = {name for kind in TASKS.values() for name in kind.settings}
    own = snapshot.task.declaration.settings
    return ("kind", *own) if own else tuple(it.name for it in fields(Task) if it.name not in others)


class StageView(NamedTuple):
    """Sessions at one stage.

    Attributes:
        played: by label; P is among the options that are on offer with one another, whether they are or not.
        choices: `(..., n_trials)`, options counted from the first of the stage; -1 where none is known.
        rewards: of these choices; of a stage without an outcome, those at the end of its trials.
        arm: the option that is shown, counted likewise.
        options: their names.
        stage: which it is, from 0.
        n_stages: rows of a trial.
    """

    played: Mapping[str, Record]
    choices: Ints
    rewards: Floats
    arm: int
    options: tuple[str, ...]
    stage: int = 0
    n_stages: int = 1


def at_stage(
    snapshot: ExperimentSnapshot, played: Mapping[str, Record], choices: Ints, rewards: Floats, arm: int
) -> StageView:
    """Return sessions at the stage of an option.

    Args:
        snapshot: whose choices they are.
        played: by label, of all sessions or of one.
        choices: `(..., n_rows)`, a row a stage.
        rewards: of these choices.
        arm: an option of that stage.
    """
    kind, options = kind_of_choices(snapshot), snapshot.options
    if not kind.stages:
        return StageView(played, choices, rewards, arm, options)
    stage, n = kind.stage_of[arm], len(kind.stages)
    own = list(kind.options_of(stage))
    rows = np.asarray(choices)[..., stage::n]
    return StageView(
        {label: _rows_of(record, kind, stage, own) for label, record in played.items()},
        np.where(rows >= own[0], rows - own[0], -1),
        np.asarray(rewards)[..., stage if kind.stages[stage].has_outcome else n - 1 :: n],
        own.index(arm),
        tuple(options[option] for option in own),
        stage,
        n,
    )


def _rows_of(record: Record, kind: TaskKind, stage: int, own: list[int]) -> Record:
    """Keep the rows and options of a stage; what is of single choices stays."""
    n = len(kind.stages)

    def part(values: Floats) -> Floats:
        rows: Floats = np.asarray(values)[..., stage::n, :][..., own]
        return rows

    q = part(record.q)
    probabilities = np.full(q.shape, np.nan)
    for group in kind.groups_of(stage):
        at = [own.index(option) for option in group]
        probabilities[..., at] = softmax(q[..., at])
    states = {name: part(values) for name, values in record.states.items()}
    acting = {name: values for name, values in states.items() if np.any(values)}
    return replace(record, probabilities=probabilities, q=q, states=acting, reward_probs=None, offered=None)


def reward_chances(snapshot: ExperimentSnapshot, session: int) -> tuple[Floats, tuple[int, ...]]:
    """Return the reward probabilities of a simulated session, trial by trial, and the options that they are
    of: `(n_trials, n_paid_options)`.
    """
    kind, probs = kind_of_choices(snapshot), preview(snapshot, session).reward_probs
    assert probs is not None  # the tasks of the explorer know them
    paid = tuple(option for option in range(probs.shape[-1]) if option not in kind.unpaid)
    n = max(len(kind.stages), 1)
    return probs[n - 1 :: n, paid], paid


def task_transitions(snapshot: ExperimentSnapshot) -> tuple[tuple[float, ...], ...]:
    """Return P of each state of the second stage, for each option of the first, as it is simulated; of a
    table, as the kind of its task declares it.
    """
    kind = kind_of_choices(snapshot)
    if not snapshot.is_simulated or not kind.transitions:
        return kind.transitions
    common = snapshot.task.common
    return tuple(tuple(common if p == max(row) else 1 - common for p in row) for row in kind.transitions)


def names_of(result: Result) -> dict[str, str]:
    """Name the rival of a table, by its label among those who play."""
    return {} if result.rival is None else {"classical": result.rival.rival.label}


def name_of_row(snapshot: ExperimentSnapshot, row: int) -> str:
    """Name a row: its trial, and the stage where there are several."""
    stages = kind_of_choices(snapshot).stages
    if not stages:
        return f"Trial {row}"
    return f"Trial {row // len(stages)}, {stages[row % len(stages)].name}"


def has_outcome(snapshot: ExperimentSnapshot, row: int) -> bool:
    """Tell whether the choice of a row is followed by an outcome."""
    stages = kind_of_choices(snapshot).stages
    return not stages or stages[row % len(stages)].has_outcome
