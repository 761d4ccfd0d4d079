"""Simulated data: an agent plays a task, and its sessions become a data set."""

import os
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from ..checks import number, raise_if_any
from ..random import RandomState
from ..settings import shorten
from ..simulate.record import Record
from ..simulate.run import Parameters, arms_of, bandit_sessions, play_sessions
from ..simulate.session import BanditSession
from ..tasks import BANDIT_NAME
from ..wording import join_words
from .dataset import DatasetRNN

BYTES = 128  # for each arm of a trial, while sessions are simulated and made a data set: 16 numbers or more


class _Roles(NamedTuple):
    """The player of each session.

    Attributes:
        codes: of each session's participant.
        labels: of the codes; None where the codes are all there is.
        participants: whom each session's agent is told to be; None where it is told nothing.
    """

    codes: NDArray[np.int64]
    labels: list[Any] | None
    participants: list[Any] | None


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
) -> tuple[DatasetRNN, list[BanditSession], list[Parameters]]:
    """Simulate sessions.

    Each session has `n_trials` trials, and the choice after the last of them is known too.
    `dataset.truth_probs` holds the agent's P of each next choice. Agent and task are left at the start of a
    fresh session.

    Args:
        agent: an agent, or a list with one per session.
        environment: the task.
        n_trials: trials of each session, 1 or more.
        n_sessions: sessions, 1 or more.
        sequence_length: cut the sessions into windows of so many trials; whole sessions when None.
        stride: trials from the start of a window to that of the next.
        sample_parameters: draw the agent's parameters anew for each session.
        device: where the data set's tensors are kept.
        verbose: accepted for compatibility with autospice; nothing is printed.
        participant: "same" makes all sessions those of participant 0, "per_session" gives each a participant
            of its own; or a list with the participant's label for each session, whose part a fitted agent
            then takes. By default a list of agents is "per_session" and one agent "same".
        random_state: for the whole data set. None leaves it to the agent's and the task's own `random_state`.

    Returns:
        The data set, the sessions to read, and the agent's parameters in each session.

    Raises:
        SettingsError: with a sentence for every argument that cannot be used.

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
    agents = list(agent) if isinstance(agent, list | tuple) else [agent]
    one_each = isinstance(agent, list | tuple)
    if participant is None:
        participant = "per_session" if one_each else "same"
    participant = participant if isinstance(participant, str) else list(participant)
    _check(agents, one_each, environment, n_trials, n_sessions, participant)
    roles = _roles(agent, participant, n_sessions)
    record, parameters = play_sessions(
        agent,
        environment,
        n_trials,
        n_sessions,
        participants=roles.participants,
        sample_parameters=sample_parameters,
        random_state=random_state,
    )
    task = getattr(environment, "kind_of_task", BANDIT_NAME)
    dataset = _dataset(record, roles, sequence_length, stride, device, task)
    return dataset, bandit_sessions(record, roles.codes), parameters


def _roles(agent: Any, participant: str | list[Any], n_sessions: int) -> _Roles:
    if participant == "same":
        return _Roles(np.zeros(n_sessions, dtype=np.int64), None, None)
    if participant == "per_session":
        known = _known_participants(agent)
        labels = known[:n_sessions] if len(known) > 1 else None
        return _Roles(np.arange(n_sessions), labels, labels or list(range(n_sessions)))
    code_of: dict[Any, int] = {}
    codes = [code_of.setdefault(label, len(code_of)) for label in participant]
    return _Roles(np.array(codes), list(code_of), list(participant))


def _dataset(
    record: Record,
    roles: _Roles,
    sequence_length: int | None,
    stride: int,
    device: torch.device | str | None,
    task: str,
) -> DatasetRNN:
    assert record.final_choices is not None
    n_sessions, n_trials, n_actions = record.rewards.shape
    onehot = np.eye(n_actions)[np.column_stack([record.choices, record.final_choices])]
    codes = np.broadcast_to(roles.codes[:, None, None], (n_sessions, n_trials, 1))
    truth = record.probabilities[:, 1:]
    return DatasetRNN(
        np.concatenate([onehot[:, :-1], record.rewards, codes], axis=-1),
        onehot[:, 1:],
        sequence_length=sequence_length,
        stride=stride,
        device=device,
        participants=roles.labels,
        truth_probs=None if np.isnan(truth).any() else truth,
        offered=None if record.offered is None else record.offered[:, 1:],
        task=task,
    )


def _known_participants(agent: Any) -> list[Any]:
    """Return the participants that a fitted agent can be; none for others."""
    return list(agent.get_participant_ids()) if hasattr(agent, "get_participant_ids") else []


def _check(
    agents: list[Any],
    one_each: bool,
    environment: Any,
    n_trials: Any,
    n_sessions: Any,
    participant: str | list[Any],
) -> None:
    problems = [
        f"{name} must be a whole number of 1 or more; got {shorten(value)}. Use for example `{name}=100`."
        for name, value in (("n_trials", n_trials), ("n_sessions", n_sessions))
        if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < 1
    ]
    arms = [{n for part in parts if (n := arms_of(part)) is not None} for parts in (agents, [environment])]
    if len(arms[0] | arms[1]) > 1:
        got = join_words(sorted(arms[0]))
        problems.append(
            "Agent and task must have the same number of arms; "
            f"got {got} of the agent and {arms_of(environment)} of the task. Set the same `n_actions`."
        )
    if one_each and len(agents) != n_sessions:
        got = f"got {len(agents)}"
        problems.append(f"A list of agents needs one per session, {n_sessions}; {got}. Or give one agent.")
    n_known = 0 if one_each else len(_known_participants(agents[0]))
    problems += _participant_problems(participant, n_sessions, n_known)
    raise_if_any(problems or [_too_large(n_trials, n_sessions, max(arms[0] | arms[1], default=2))])


def _too_large(n_trials: int, n_sessions: int, n_actions: int) -> str | None:
    """Return a problem if so many trials do not fit into this machine's memory."""
    needed, there = BYTES * int(n_trials) * int(n_sessions) * n_actions, _memory()
    if needed <= there:
        return None
    return (
        f"n_trials times n_sessions must fit into this machine's memory, {there / 1e9:,.0f} GB;"
        f" {n_trials:,} times {n_sessions:,} trials need more than {needed // 10**9:,} GB. Take fewer."
    )


def _memory() -> int:
    """Bytes of memory of this machine; a terabyte where it does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return 10**12


def _participant_problems(participant: str | list[Any], n_sessions: Any, n_known: int) -> list[str]:
    advice = "Give a list with the participant of each session."
    if isinstance(participant, list) and len(participant) != n_sessions:
        got = f"got {len(participant)}"
        return [f"participant must have a label for each session, {n_sessions}; {got}. {advice}"]
    if isinstance(participant, str) and participant not in ("same", "per_session"):
        return [f"participant must be same, per_session or a list; got {shorten(participant)}. {advice}"]
    if participant == "per_session" and 1 < n_known < number(n_sessions):
        return [
            f"The agent knows {n_known} participants, one per session; got {n_sessions} sessions. {advice}"
        ]
    return []
