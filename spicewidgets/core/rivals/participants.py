"""Who plays the task that the settings describe: a Q-learner, or the rival of its kind."""

from ..random import RandomState
from ..settings import Participant, Task
from ..simulate.agents import make_agent
from ..simulate.declared import DeclaredAgent, Player
from .ready import ALL


def make_participant(participant: Participant, task: Task, random_state: RandomState = None) -> Player:
    """Make the simulated participant that the settings describe, for their task."""
    kind = task.declaration
    if kind.is_of_q_learners:
        return make_agent(participant, task.n_options, random_state)
    values = [getattr(participant.checked(), spec.name) for spec in kind.participant]
    learner = ALL[kind.rival].participant()
    return DeclaredAgent(learner, kind.participant, values, task.n_options, random_state=random_state)
