"""Who plays the task that the settings describe: a Q-learner, or the learner of its kind."""

from collections.abc import Mapping

from ..random import RandomState
from ..settings import Participant, Task
from ..simulate.agents import make_agent
from ..simulate.declared import DeclaredAgent, Learner, Player
from ..tasks import TWO_STEP
from .two_step import FromNothing

LEARNERS: Mapping[str, Learner] = {TWO_STEP.name: FromNothing()}
"""By the name of the kind of task; its parameters are those of `TaskKind.participant`."""


def make_participant(participant: Participant, task: Task, random_state: RandomState = None) -> Player:
    """Make the simulated participant that the settings describe, for their task."""
    specs = task.declaration.participant
    if not specs:
        return make_agent(participant, task.n_options, random_state)
    values = [getattr(participant.checked(), spec.name) for spec in specs]
    learner = LEARNERS[task.declaration.name]
    return DeclaredAgent(learner, specs, values, task.n_options, random_state=random_state)
