"""The participant plays the task, for a snapshot of the settings: the whole data set, or, without torch and
in milliseconds, what a picture needs.

Knows nothing of models or runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..state.experiment import ExperimentSnapshot

if TYPE_CHECKING:
    from ..core.data.dataset import DatasetRNN
    from ..core.simulate.agents import AgentQ
    from ..core.simulate.session import BanditSession

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Simulated:
    """A simulated data set and who made it; or one of a participant of whom nothing is known.

    Attributes:
        dataset: all sessions.
        sessions: the same, to read, with the task's reward probabilities.
        agent: the participant; a `Cohort` where sessions or participants differ; None where it is not known.
        members: the parameters behind each session.
    """

    dataset: "DatasetRNN"
    sessions: "tuple[BanditSession, ...]"
    agent: "AgentQ | None"
    members: tuple[Mapping[str, Any], ...]


def _agent(snapshot: ExperimentSnapshot) -> "AgentQ":
    """Who plays: one participant, or a cohort where sessions or participants differ."""
    from ..core.simulate.agents import make_agent
    from ..core.simulate.cohort import Cohort, drawn

    person, data = snapshot.participant, snapshot.data
    agent = make_agent(person, snapshot.task.n_actions)
    if not person.variation:
        return agent
    n = data.n_participants if data.n_participants > 1 else data.n_sessions
    members = drawn(agent, person.variation, n, data.seed, one_rate=person.alpha_penalty is None)
    return Cohort([members[who] for who in people_of(snapshot)], snapshot.task.n_actions)


def people_of(snapshot: ExperimentSnapshot) -> list[int]:
    """The participant of each session; where there is only one, the number of the session."""
    data = snapshot.data
    if data.n_participants == 1:
        return list(range(data.n_sessions))
    return [session * data.n_participants // data.n_sessions for session in range(data.n_sessions)]


def agents_of(snapshot: ExperimentSnapshot) -> "dict[int, AgentQ]":
    """The participants who have equations, by label; with one participant, the one whom all sessions are
    around.
    """
    from ..core.simulate.agents import make_agent
    from ..core.simulate.cohort import Cohort

    mean = make_agent(snapshot.participant, snapshot.task.n_actions)
    if snapshot.data.n_participants == 1:
        return {0: mean}
    agent = _agent(snapshot)
    people = {who: session for session, who in enumerate(people_of(snapshot))}
    return {
        who: agent.member(session) if isinstance(agent, Cohort) else mean for who, session in people.items()
    }


def simulate(snapshot: ExperimentSnapshot) -> Simulated:
    """The data set of the settings: the same for the same settings."""
    from ..core.simulate.environments import make_environment
    from ..core.simulate.run import create_dataset

    data, agent = snapshot.data, _agent(snapshot)
    people: Any = "same" if data.n_participants == 1 else people_of(snapshot)
    dataset, sessions, members = create_dataset(
        agent,
        make_environment(snapshot.task),
        data.n_trials,
        data.n_sessions,
        participant=people,
        random_state=data.seed,
    )
    return Simulated(dataset, tuple(sessions), agent, tuple(members))


@dataclass(frozen=True, eq=False)
class Play:
    """Sessions as they were played: those of the data set that `simulate` makes.

    Attributes:
        choices: `(n_sessions, n_trials)`. rewards, reward_probs: `(n_sessions, n_trials, n_actions)`.
        probabilities, q, states: what the participant expects before each trial, and after the last, as in
            `Replay`: `(n_sessions, n_trials + 1, n_actions)`.
        betas: what multiplies a state in the logit, `(n_sessions, 1, 1)`.
        parameters: of the participant of each session, by name, `(n_sessions,)`.

    `play.session(3)` is one of them, without the first axis.
    """

    choices: NDArray[np.int64]
    rewards: Floats
    reward_probs: Floats
    probabilities: Floats
    q: Floats
    states: Mapping[str, Floats]
    betas: Mapping[str, Floats]
    parameters: Mapping[str, Any]

    @property
    def paid(self) -> Floats:
        """The reward of the chosen arm, shaped as the choices."""
        return np.take_along_axis(self.rewards, self.choices[..., None], -1)[..., 0]

    def session(self, number: int) -> "Play":
        """One session."""
        parts: dict[str, Any] = {
            name: {key: each[number] for key, each in value.items()}
            if isinstance(value, dict)
            else value[number]
            for name, value in vars(self).items()
        }
        return Play(**parts)


def play(snapshot: ExperimentSnapshot, n_sessions: int | None = None) -> Play:
    """The first sessions of the data set that `simulate` makes (all when None), without torch."""
    from ..core.random import children
    from ..core.simulate.environments import make_environment

    agent, task = _agent(snapshot), make_environment(snapshot.task)
    n = min(n_sessions or snapshot.data.n_sessions, snapshot.data.n_sessions)
    streams = children(snapshot.data.seed, 2)
    task.new_sess(random_state=streams[0], n_sessions=n)
    agent.new_sess(n_sessions=n, random_state=streams[1])
    before, during = [], []
    for _ in range(snapshot.data.n_trials):
        before.append(_expected(agent))
        choice = agent.get_choice()
        probs = task.reward_probs
        reward = task.step(choice)
        during.append({"choices": choice, "rewards": reward, "reward_probs": probs})
        agent.update(choice, reward)
    before.append(_expected(agent))
    n_actions = snapshot.task.n_actions
    shapes = {"choices": (-1, n)}

    def joined(rows: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            name: np.reshape([row[name] for row in rows], shapes.get(name, (-1, n, n_actions))).swapaxes(0, 1)
            for name in rows[0]
        }

    expected = joined(before)
    told = {name: expected.pop(name) for name in ("q", "probabilities")}
    betas = {name: np.broadcast_to(np.reshape(b, (-1, 1, 1)), (n, 1, 1)) for name, b in agent._betas.items()}
    members = {name: np.broadcast_to(value, n) for name, value in agent.parameters.items()}
    return Play(**joined(during), **told, states=expected, betas=betas, parameters=members)


def _expected(agent: "AgentQ") -> dict[str, Any]:
    return {"q": agent.q, "probabilities": agent.get_choice_probs(), **agent._state}


def preview(snapshot: ExperimentSnapshot, session: int = 0) -> Play:
    """One session of the data set that `simulate` makes, without torch and in milliseconds."""
    last = snapshot.data.n_sessions - 1
    return play(snapshot, min(session, last) + 1).session(min(session, last))
