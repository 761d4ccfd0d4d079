"""The loop in which an agent goes through trials: those of a task that it plays, or those of a given history.

Agents and tasks of this package run all sessions side by side. Anything else with the same few methods
(`new_sess`, `get_choice`, `update`, and `get_choice_probs` if there is one; `new_sess`, `step`) runs session
by session and gives the same record.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from inspect import signature
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..random import RandomState, children
from ..settings import SettingsError
from .agents import Agent, each_session
from .record import Floats, Record, concatenate_records
from .session import BanditSession

Parameters = dict[str, float]


class Trial(NamedTuple):
    """The arm chosen and the reward of each arm, in one session or each: the input of an agent's update."""

    choice: Any  # an int, or (n_sessions,)
    rewards: Floats  # (n_actions,) or (n_sessions, n_actions)
    inputs: Mapping[str, Any] = {}  # named arguments of `update`


def record_of(agent: Any, trials: Iterable[Trial], n_sessions: int, n_actions: int) -> Record:
    """Let an agent whose sessions have begun learn from trials, and record what it expects before each.

    Args:
        agent: anything with `update`; what else it tells (`q`, `get_choice_probs`, states) is recorded.
        trials: may be made on the way, from the agent's own choices.
        n_sessions: the sessions that the agent runs side by side.
        n_actions: the arms.
    """
    shape = (n_sessions, n_actions)
    expected, choices, rewards = [_expectations(agent, shape)], [], []
    for trial in trials:
        agent.update(trial.choice, trial.rewards, **trial.inputs)
        choices.append(np.reshape(trial.choice, n_sessions))
        rewards.append(np.array(trial.rewards, dtype=float).reshape(shape))
        expected.append(_expectations(agent, shape))
    betas = {
        state: np.broadcast_to(np.reshape(np.asarray(beta, dtype=float), (-1, 1, 1)), (n_sessions, 1, 1))
        for state, beta in getattr(agent, "_betas", {}).items()
    }
    names = [name for name in expected[-1][2] if all(name in states for _, _, states in expected)]
    return Record(
        np.reshape(choices, (len(choices), n_sessions)).astype(np.int64, copy=False).swapaxes(0, 1),
        np.reshape(rewards, (len(rewards), *shape)).swapaxes(0, 1),
        _sessions_first(probabilities for _, probabilities, _ in expected),
        _sessions_first(q for q, _, _ in expected),
        {name: _sessions_first(states[name] for _, _, states in expected) for name in names},
        betas,
    )


def _sessions_first(trials: Iterable[Floats]) -> Floats:
    """`(n_sessions, n_trials, n_actions)` of the arrays of some trials, as a view, which spares a copy."""
    return np.array(list(trials)).swapaxes(0, 1)


def play(agent: Any, environment: Any, n_trials: int, n_sessions: int = 1) -> Record:
    """Let an agent play sessions of a task that both have begun, and make one more choice after the last
    trial.
    """
    reward_probs: list[Any] = []
    offers: list[Any] = []
    n_rows = n_trials * getattr(environment, "n_stages", 1)

    def offer() -> None:
        """Show the agent the options of the coming choice, where the task does not offer all."""
        if (offered := getattr(environment, "offered", None)) is not None:
            agent.offered = offered
            offers.append(offered)

    def trials() -> Iterator[Trial]:
        for _ in range(n_rows):
            choice = agent.get_choice()
            probs = getattr(environment, "reward_probs", None)
            reward_probs.append(None if probs is None else np.array(probs, dtype=float))
            rewards = np.asarray(environment.step(choice), dtype=float)
            offer()
            yield Trial(choice, rewards)

    n_actions = _common_arms(agent, environment)
    offer()
    record = record_of(agent, trials(), n_sessions, n_actions)
    known = all(probs is not None for probs in reward_probs)
    shape = (n_rows, n_sessions, n_actions)
    return replace(
        record,
        final_choices=np.reshape(agent.get_choice(), n_sessions),
        reward_probs=np.reshape(reward_probs, shape).swapaxes(0, 1) if known else None,
        offered=np.reshape(offers, (n_rows + 1, n_sessions, n_actions)).swapaxes(0, 1) if offers else None,
    )


def play_sessions(
    agent: Any,
    environment: Any,
    n_trials: int,
    n_sessions: int,
    *,
    participants: Sequence[Any] | None = None,
    sample_parameters: bool = False,
    random_state: RandomState = None,
) -> tuple[Record, list[Parameters]]:
    """Begin sessions and let an agent play them.

    Args:
        agent: an agent, or a list with one per session.
        environment: the task.
        n_trials: of each session; one more choice follows the last. A trial has a row for each of its stages.
        n_sessions: how many; session s is the same however many there are.
        participants: label of each session's participant, whose part a fitted agent then takes.
        sample_parameters: draw the agent's parameters anew for each session.
        random_state: for all sessions. None leaves it to the agent's and the task's own `random_state`.

    Returns:
        The record, and the agent's parameters in each session. Agent and task are left at the start of a
        fresh session.
    """
    seeds = [None, None] if random_state is None else children(random_state, 2)
    agents = list(agent) if isinstance(agent, list | tuple) else None
    begin_agent: dict[str, Any] = {"random_state": seeds[1], "sample_parameters": sample_parameters}
    try:
        if agents is None and _side_by_side(agent) and _side_by_side(environment):
            environment.new_sess(random_state=seeds[0], n_sessions=n_sessions)
            roles = {} if participants is None else {"participant_id": list(participants)}
            agent.new_sess(n_sessions=n_sessions, **begin_agent, **roles)
            parameters = each_session(getattr(agent, "parameters", {}), n_sessions)
            return play(agent, environment, n_trials, n_sessions), parameters
        records, parameters = [], []
        for session, player in enumerate(agents or [agent] * n_sessions):
            roles = {} if participants is None else {"participant_id": participants[session]}
            environment.new_sess(**known_names(environment.new_sess, {"random_state": seeds[0]}))
            player.new_sess(**known_names(player.new_sess, begin_agent | roles))
            parameters.append(dict(getattr(player, "parameters", {})))
            records.append(play(player, environment, n_trials))
        return concatenate_records(records), parameters
    finally:
        for part in (*(agents or [agent]), environment):
            part.new_sess()


def run_experiment(
    agent: Any, environment: Any, n_trials: int, session_id: int = 0
) -> tuple[BanditSession, NDArray[np.int64], Floats]:
    """One session of an agent and a task as they stand: the session, the choices and the rewards.

    choices `(n_trials + 1,)` and rewards `(n_trials + 1, n_actions)`: the last choice is the target of the
    last trial; its reward is never drawn and reads -1.
    """
    record = play(agent, environment, n_trials)
    assert record.final_choices is not None
    (session,) = bandit_sessions(record, [0])
    rewards = record.rewards[0]
    return (
        session.set_session(session_id),
        np.append(record.choices[0], record.final_choices),
        np.concatenate([rewards, np.full((1, rewards.shape[-1]), -1.0)]),
    )


def bandit_sessions(record: Record, participants: Sequence[int] | NDArray[np.int64]) -> list[BanditSession]:
    """Return the sessions of a record, to read; with the code of each session's participant."""
    n_sessions, n_trials = record.choices.shape
    return [
        BanditSession(
            choices=record.choices[number],
            rewards=record.rewards[number],
            session=np.full(n_trials, number),
            n_trials=n_trials,
            reward_probs=None if record.reward_probs is None else record.reward_probs[number],
            participant=int(participants[number]),
        )
        for number in range(n_sessions)
    ]


def known_names(function: Callable[..., Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Those named arguments that a function knows: an agent of the user's own need not take all."""
    known = signature(function).parameters
    takes_all = any(parameter.kind is parameter.VAR_KEYWORD for parameter in known.values())
    return {name: value for name, value in arguments.items() if takes_all or name in known}


def _expectations(agent: Any, shape: tuple[int, int]) -> tuple[Floats, Floats, dict[str, Floats]]:
    """q, P and the states that hold a number for each arm, `(n_sessions, n_actions)`."""
    q = agent.q if hasattr(agent, "q") else np.full(shape, np.nan)
    if getattr(type(agent), "get_choice_probs", None) is Agent.get_choice_probs:
        probs = agent.probabilities_of(q)  # as it would, of logits that are known
    else:
        probs = agent.get_choice_probs() if hasattr(agent, "get_choice_probs") else np.full(shape, np.nan)
    states = {
        name: np.array(value, dtype=float).reshape(shape)
        for name, value in getattr(agent, "_state", {}).items()
        if np.size(value) == shape[0] * shape[1]
    }
    return np.array(q, dtype=float).reshape(shape), np.array(probs, dtype=float).reshape(shape), states


def _side_by_side(part: Any) -> bool:
    """Tell whether an agent or a task runs many sessions at once: it says so and `new_sess` takes their
    number.
    """
    return bool(getattr(part, "vectorised", False)) and "n_sessions" in signature(part.new_sess).parameters


def _common_arms(agent: Any, environment: Any) -> int:
    n_actions = arms_of(agent) or arms_of(environment)
    if n_actions is None:
        raise SettingsError(
            ["Agent or task must have `n_actions`, the number of arms; got none. Set it to 2, say."]
        )
    return n_actions


def arms_of(part: Any) -> int | None:
    """Return number of arms of an agent or a task; None where it does not say."""
    return getattr(part, "n_actions", getattr(part, "_n_actions", None))
