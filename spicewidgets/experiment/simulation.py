"""The participant plays the task, for a snapshot of the settings: the whole data set, or, without torch and
in milliseconds, what a picture needs.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core.rivals.participants import make_participant
from ..core.settings import Task
from ..core.simulate.cohort import Cohort, draw_parameters
from ..core.simulate.declared import DeclaredAgent, Player
from ..core.simulate.kinds import make_environment
from ..core.simulate.record import Record
from ..core.simulate.run import play_sessions
from ..core.simulate.session import BanditSession
from ..loading import later
from ..state.data import Data
from ..state.graph import ExperimentSnapshot
from ..state.participant import Person
from ..state.table import Table

if TYPE_CHECKING:
    from ..core.data import simulated
    from ..core.data.dataset import DatasetRNN
else:
    simulated = later("..core.data.simulated", __package__)


FIRST = 8  # sessions that are played for a picture,
FIRST_OF_STAGES = 100  # and of a task of stages, where the picture is what participants do


@dataclass(frozen=True, eq=False)
class Simulated:
    """A simulated data set and who made it; or one of participants of whom nothing is known.

    Attributes:
        dataset: all sessions.
        sessions: the same, to read, with the task's reward probabilities.
        agent: the participant, or those of the sessions where they differ (of bandits a `Cohort`); None
            where it is not known.
        rivals: the evidence of rivals for these choices in nats, of those that were asked so far.
    """

    dataset: "DatasetRNN"
    sessions: tuple[BanditSession, ...]
    agent: Player | None
    rivals: dict[str, float] = field(default_factory=dict)


def _agent(task: Task, person: Person, data: Data) -> Player:
    """Return the player: one participant, or a cohort where sessions or participants differ."""
    agent = make_participant(person, task)
    if not person.variation:
        return agent
    n = data.n_participants if data.n_participants > 1 else data.n_sessions
    if isinstance(agent, DeclaredAgent):
        rows = agent.vary(person.variation, n, data.seed)
        return agent.of([rows[label] for label in _participants(data)])
    members = draw_parameters(agent, person.variation, n, data.seed, one_rate=person.alpha_penalty is None)
    return Cohort([members[label] for label in _participants(data)], task.n_options)


def people_of(snapshot: ExperimentSnapshot) -> list[Any]:
    """Return the participant of each session; where only one is simulated, the number of the session."""
    contents = snapshot.table.contents
    return list(_participants(snapshot.data)) if contents is None else contents.people


def _participants(data: Data) -> list[int]:
    if data.n_participants == 1:
        return list(range(data.n_sessions))
    return [session * data.n_participants // data.n_sessions for session in range(data.n_sessions)]


def agents_of(snapshot: ExperimentSnapshot) -> dict[int, Player]:
    """Return the participants who have equations, by label; with one participant, the one whom all sessions
    are around.
    """
    mean = make_participant(snapshot.participant, snapshot.task)
    if snapshot.data.n_participants == 1:
        return {0: mean}
    agent = _agent(snapshot.task, snapshot.participant, snapshot.data)
    last_session = {label: session for session, label in enumerate(people_of(snapshot))}
    return {
        label: agent.member(session) if isinstance(agent, Cohort | DeclaredAgent) else mean
        for label, session in last_session.items()
    }


def simulate(snapshot: ExperimentSnapshot) -> Simulated:
    """Return the data set of the settings, which is that of a table where one is used: the same for the same
    settings. Loads torch.
    """
    if not snapshot.is_simulated:
        return _of_table(snapshot.table)
    data, agent = snapshot.data, _agent(snapshot.task, snapshot.participant, snapshot.data)
    participants: Any = "same" if data.n_participants == 1 else people_of(snapshot)
    dataset, sessions, _ = simulated.create_dataset(
        agent,
        make_environment(snapshot.task),
        data.n_trials,
        data.n_sessions,
        participant=participants,
        random_state=data.seed,
    )
    return Simulated(dataset, tuple(sessions), agent)


def _of_table(table: Table) -> Simulated:
    """Return the choices of an open table."""
    assert table.contents is not None
    dataset: DatasetRNN = table.contents.choices.dataset
    choices = np.asarray(dataset.choices)
    rewards = np.nan_to_num(np.asarray(dataset.rewards, dtype=float), nan=-1.0)
    n_trials = choices.shape[1]
    sessions = (
        BanditSession(choices[at], rewards[at], np.full(n_trials, at), n_trials, participant=code)
        for at, code in enumerate(table.contents.codes)
    )
    return Simulated(dataset, tuple(sessions), None)


def play(snapshot: ExperimentSnapshot) -> Record:
    """Return the sessions of the data set that `simulate` makes, without torch."""
    return _play(snapshot.task, snapshot.participant, snapshot.data, snapshot.data.n_sessions)


def preview(snapshot: ExperimentSnapshot, session: int = 0) -> Record:
    """One session of the data set that `simulate` makes, without the axis of sessions; without torch, and in
    milliseconds. Panels that show the same session share one record, so that it is played once.
    """
    session = min(session, snapshot.data.n_sessions - 1)
    return _session(snapshot.task, snapshot.participant, snapshot.data, session)


def first_sessions(snapshot: ExperimentSnapshot, n: int = FIRST) -> Record:
    """At least so many of the first sessions of the data set that `simulate` makes, or all there are; as
    quick as one of them.
    """
    return _first(snapshot.task, snapshot.participant, snapshot.data, n)


def _first(task: Task, participant: Person, data: Data, n: int) -> Record:
    first = FIRST_OF_STAGES if task.declaration.stages else FIRST
    return _simulate(task, participant, data, min(max(n, first), data.n_sessions))


@lru_cache(maxsize=2)
def _session(task: Task, participant: Person, data: Data, session: int) -> Record:
    return _first(task, participant, data, session + 1).session(session)


@lru_cache(maxsize=2)
def _simulate(task: Task, participant: Person, data: Data, n: int) -> Record:
    return _play(task, participant, data, n)


def _play(task: Task, participant: Person, data: Data, n_sessions: int) -> Record:
    agent, environment = _agent(task, participant, data), make_environment(task)
    record, _ = play_sessions(agent, environment, data.n_trials, n_sessions, random_state=data.seed)
    return record
