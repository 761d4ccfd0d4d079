"""An agent plays a task: one session, or a whole dataset of them.

Agents and tasks of this package run all sessions side by side. Anything else with the same few methods
(`new_sess`, `get_choice`, `update`, and `get_choice_probs` if there is one; `new_sess`, `step`) runs session
by session and gives the same kind of dataset.
"""

from collections.abc import Sequence
from inspect import signature
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from ..checks import number, refuse
from ..data.dataset import DatasetRNN
from ..random import RandomState, children
from .session import BanditSession

Floats = NDArray[np.float64]


class _Run(NamedTuple):
    """What happened in each session; NaN where agent or task do not tell their probabilities."""

    choices: NDArray[np.int64]  # (n_sessions, n_trials + 1)
    rewards: Floats  # (n_sessions, n_trials, n_actions)
    probs: Floats  # (n_sessions, n_trials + 1, n_actions): the agent's P of each choice
    reward_probs: Floats  # (n_sessions, n_trials, n_actions)


class _Players(NamedTuple):
    """Who plays: the code of each session, the codes' labels, and whom each session's agent is told to be."""

    codes: NDArray[np.int64]
    labels: list[Any] | None
    told: list[Any] | None


def create_dataset(
    agent: Any,
    environment: Any,
    n_trials: int,
    n_sessions: int,
    sequence_length: int | None = None,
    stride: int = 1,
    sample_parameters: bool = False,
    device: torch.device | str | None = None,
    verbose: bool = False,
    *,
    participant: str | Sequence[Any] | None = None,
    random_state: RandomState = None,
) -> tuple[DatasetRNN, list[BanditSession], list[dict[str, float]]]:
    """Simulate sessions: the dataset, the sessions to read, and each session's parameters.

    agent: an agent, or a list with one per session.
    sample_parameters: draw the agent's parameters anew for each session.
    participant: "same" makes all sessions those of participant 0, "per_session" gives each a participant of
    its own; or a list with the participant's label for each session, whose part a fitted agent then takes. By
    default a list of agents is "per_session" and one agent "same".
    random_state: for the whole dataset. None leaves it to the agent's and the task's own `random_state`.
    verbose: accepted for autospice's sake; there is nothing to tell.

    Each session has `n_trials` trials, and the choice after the last of them is known too.
    `dataset.truth_probs` holds the agent's P of each next choice. Agent and task are left at the start of a
    fresh session.

    >>> from spicewidgets import AgentQ, BanditsDrift
    >>> dataset, sessions, parameters = create_dataset(AgentQ(), BanditsDrift(0.2), 100, 10, random_state=42)
    >>> dataset
    DatasetRNN(10 sessions, 100 trials, 2 arms, 1 participant)
    >>> sessions[0][:3]
    BanditSession 0: 3 trials, 2 arms, participant 0
    trial choice reward
        0      0    0.0
        1      1    1.0
        2      0    1.0
    """
    agents = list(agent) if isinstance(agent, list | tuple) else None
    if participant is None:
        participant = "same" if agents is None else "per_session"
    participant = participant if isinstance(participant, str) else list(participant)
    _check(agents, agent, environment, n_trials, n_sessions, participant)
    players = _players(agent, participant, n_sessions)
    streams = [None, None] if random_state is None else children(random_state, 2)
    try:
        if agents is None and _side_by_side(agent) and _side_by_side(environment):
            runs, parameters = _batch(agent, environment, n_trials, players, sample_parameters, streams)
        else:
            each = agents or [agent] * n_sessions
            runs, parameters = _one_by_one(each, environment, n_trials, players, sample_parameters, streams)
    finally:
        for part in (*(agents or [agent]), environment):
            part.new_sess()
    dataset = _dataset(runs, players, sequence_length, stride, device)
    return dataset, _sessions(runs, players.codes), parameters


def run_experiment(
    agent: Any, environment: Any, n_trials: int, session_id: int = 0
) -> tuple[BanditSession, NDArray[np.int64], Floats]:
    """One session of an agent and a task as they stand: the session, the choices and the rewards.

    choices `(n_trials + 1,)` and rewards `(n_trials + 1, n_actions)`: the last choice is the target of the
    last trial; its reward is never drawn and reads -1.
    """
    run = _run(agent, environment, n_trials, 1)
    ids = np.zeros(1, dtype=np.int64)
    session = _sessions(run, ids)[0].set_session(session_id)
    return (
        session,
        run.choices[0],
        np.concatenate([run.rewards[0], np.full((1, run.rewards.shape[-1]), -1.0)]),
    )


def _players(agent: Any, participant: str | list[Any], n_sessions: int) -> _Players:
    if participant == "same":
        return _Players(np.zeros(n_sessions, dtype=np.int64), None, None)
    if participant == "per_session":
        known = _known(agent)
        labels = known[:n_sessions] if len(known) > 1 else None
        return _Players(np.arange(n_sessions), labels, labels or list(range(n_sessions)))
    codes: dict[Any, int] = {}
    numbers = [codes.setdefault(label, len(codes)) for label in participant]
    return _Players(np.array(numbers), list(codes), list(participant))


def _batch(
    agent: Any,
    environment: Any,
    n_trials: int,
    players: _Players,
    sample: bool,
    streams: Sequence[RandomState],
) -> tuple[_Run, list[dict[str, float]]]:
    n = len(players.codes)
    who = {} if players.told is None else {"participant_id": players.told}
    environment.new_sess(random_state=streams[0], n_sessions=n)
    agent.new_sess(sample_parameters=sample, n_sessions=n, random_state=streams[1], **who)
    told = {name: np.broadcast_to(value, n) for name, value in getattr(agent, "parameters", {}).items()}
    parameters = [{name: float(value[at]) for name, value in told.items()} for at in range(n)]
    return _run(agent, environment, n_trials, n), parameters


def _one_by_one(
    agents: Sequence[Any],
    environment: Any,
    n_trials: int,
    players: _Players,
    sample: bool,
    streams: Sequence[RandomState],
) -> tuple[_Run, list[dict[str, float]]]:
    runs, parameters = [], []
    for at, agent in enumerate(agents):
        who = {} if players.told is None else {"participant_id": players.told[at]}
        _begin(environment, random_state=streams[0])
        _begin(agent, sample_parameters=sample, random_state=streams[1], **who)
        parameters.append(dict(getattr(agent, "parameters", {})))
        runs.append(_run(agent, environment, n_trials, 1))
    return _Run(*(np.concatenate(part) for part in zip(*runs, strict=True))), parameters


def _run(agent: Any, environment: Any, n_trials: int, n_sessions: int) -> _Run:
    """`n_trials` trials and one more choice of sessions that have begun."""
    n_actions = _arms(agent)
    choices = np.empty((n_sessions, n_trials + 1), dtype=np.int64)
    rewards = np.empty((n_sessions, n_trials, n_actions))
    probs = np.full((n_sessions, n_trials + 1, n_actions), np.nan)
    reward_probs = np.full((n_sessions, n_trials, n_actions), np.nan)
    for trial in range(n_trials + 1):
        if hasattr(agent, "get_choice_probs"):
            probs[:, trial] = agent.get_choice_probs()
        choice = agent.get_choice()
        choices[:, trial] = choice
        if trial == n_trials:
            break
        if getattr(environment, "reward_probs", None) is not None:
            reward_probs[:, trial] = environment.reward_probs
        reward = np.asarray(environment.step(choice), dtype=float)
        rewards[:, trial] = reward
        agent.update(choice, reward)
    return _Run(choices, rewards, probs, reward_probs)


def _dataset(
    run: _Run,
    players: _Players,
    sequence_length: int | None,
    stride: int,
    device: torch.device | str | None,
) -> DatasetRNN:
    n_sessions, n_trials, n_actions = run.rewards.shape
    onehot = np.eye(n_actions)[run.choices]
    participant = np.broadcast_to(players.codes[:, None, None], (n_sessions, n_trials, 1))
    truth = run.probs[:, 1:]
    return DatasetRNN(
        np.concatenate([onehot[:, :-1], run.rewards, participant], axis=-1),
        onehot[:, 1:],
        sequence_length=sequence_length,
        stride=stride,
        device=device,
        participants=players.labels,
        truth_probs=None if np.isnan(truth).any() else truth,
    )


def _sessions(run: _Run, ids: NDArray[np.int64]) -> list[BanditSession]:
    n_sessions, n_trials, _ = run.rewards.shape
    known = not np.isnan(run.reward_probs).any()
    return [
        BanditSession(
            choices=run.choices[at, :-1],
            rewards=run.rewards[at],
            session=np.full(n_trials, at),
            n_trials=n_trials,
            reward_probs=run.reward_probs[at] if known else None,
            participant=int(ids[at]),
        )
        for at in range(n_sessions)
    ]


def _side_by_side(part: Any) -> bool:
    """Whether an agent or a task runs many sessions at once: it says so and `new_sess` takes their number."""
    return bool(getattr(part, "vectorised", False)) and "n_sessions" in signature(part.new_sess).parameters


def _begin(part: Any, **arguments: Any) -> None:
    """A fresh session, with those arguments that this `new_sess` knows."""
    known = signature(part.new_sess).parameters
    anything = any(parameter.kind is parameter.VAR_KEYWORD for parameter in known.values())
    part.new_sess(**{name: value for name, value in arguments.items() if anything or name in known})


def _arms(part: Any) -> Any:
    return getattr(part, "n_actions", getattr(part, "_n_actions", None))


def _known(agent: Any) -> list[Any]:
    """The participants that a fitted agent can be; none for others."""
    return list(agent.get_participant_ids()) if hasattr(agent, "get_participant_ids") else []


def _check(
    agents: list[Any] | None,
    agent: Any,
    environment: Any,
    n_trials: Any,
    n_sessions: Any,
    participant: str | list[Any],
) -> None:
    found = [
        f"{name} must be a whole number of 1 or more; got {value!r}. Use for example `{name}=100`."
        for name, value in (("n_trials", n_trials), ("n_sessions", n_sessions))
        if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < 1
    ]
    arms = {_arms(part) for part in (*([agent] if agents is None else agents), environment)} - {None}
    if len(arms) > 1:
        told = " and ".join(map(str, sorted({_arms(part) for part in (agents or [agent])} - {None})))
        found.append(
            "Agent and task must have the same number of arms; "
            f"got {told} of the agent and {_arms(environment)} of the task. Set the same `n_actions`."
        )
    if agents is not None and len(agents) != n_sessions:
        got = f"got {len(agents)}"
        found.append(f"A list of agents needs one per session, {n_sessions}; {got}. Or give one agent.")
    refuse(found + _participant_problems(participant, n_sessions, len(_known(agent))))


def _participant_problems(participant: str | list[Any], n_sessions: Any, n_known: int) -> list[str]:
    advice = "Give a list with the participant of each session."
    if isinstance(participant, list) and len(participant) != n_sessions:
        got = f"got {len(participant)}"
        return [f"participant must have a label for each session, {n_sessions}; {got}. {advice}"]
    if isinstance(participant, str) and participant not in ("same", "per_session"):
        return [f"participant must be same, per_session or a list; got {participant!r}. {advice}"]
    if participant == "per_session" and 1 < n_known < number(n_sessions):
        return [
            f"The agent knows {n_known} participants, one per session; got {n_sessions} sessions. {advice}"
        ]
    return []
