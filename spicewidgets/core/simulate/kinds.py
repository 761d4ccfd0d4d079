"""The tasks that kinds of tasks declare, to play."""

from typing import Any

from ..random import RandomState
from ..settings import SettingsError
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
