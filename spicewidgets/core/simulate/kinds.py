"""The tasks that kinds of tasks declare, to play: as they are declared, or as the settings describe one."""

from typing import Any

from ..random import RandomState
from ..settings import BANDITS, SettingsError, Task
from ..tasks import TASKS, TaskKind
from ..wording import join_words
from . import environments, graded, two_step
from .offered import BanditsOffered


def make_task(kind: TaskKind | str, random_state: RandomState = None, **settings: Any) -> Any:
    """Make a task to play of a kind, as the kind declares it.

    Args:
        kind: the kind, or its name.
        random_state: of the task.
        settings: of the environment, in place of the declared ones.

    Raises:
        SettingsError: for an unknown kind, or one without a simulation.

    >>> make_task("contexts", random_state=1).offered.astype(int)
    array([1, 1, 0, 0, 0, 0])
    """
    kind = kind_of(kind)
    if kind.simulation is None:
        raise SettingsError([f"The kind {kind.name} declares no task to play. Give it a `simulation`."])
    known = {**vars(environments), **vars(graded), **vars(two_step)}
    task = known[kind.simulation.class_name](
        **{**kind.simulation.settings, **settings}, random_state=random_state
    )
    if kind.simulation.groups:
        task = BanditsOffered(task, kind.simulation.groups, random_state=random_state)
    task.kind_of_task = kind.name
    return task


def make_environment(task: Task, random_state: RandomState = None) -> Any:
    """Make the task that the settings describe, of whichever kind."""
    if task.checked().kind in BANDITS:
        return environments.make_bandit(task, random_state)
    kind = task.declaration
    assert kind.simulation is not None
    own = {argument: getattr(task, name) for name, argument in kind.simulation.by.items()}
    return make_task(kind, random_state, **own)


def kind_of(kind: TaskKind | str) -> TaskKind:
    """Return a kind of task by its name, or as it is.

    Raises:
        SettingsError: for an unknown name.
    """
    if isinstance(kind, str) and kind not in TASKS:
        raise SettingsError(
            [f"kind must be one of {join_words(TASKS, last='or')}; got {kind!r:.60}. Choose one of these."]
        )
    return TASKS[kind] if isinstance(kind, str) else kind
