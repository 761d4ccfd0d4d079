"""Agents on a given history: what each expects, trial by trial, and how likely the choices are to it.

Every agent sees the same choices and rewards (teacher forcing), so that truth, RNN and SPICE can be laid over
each other. The agents that are handed in are not changed. Knows nothing of drawing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from inspect import signature
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike, NDArray

from ..data.dataset import DatasetRNN
from ..data.entry import as_dataset
from ..settings import SettingsError
from ..simulate.agents import Agent

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Replay:
    """An agent on given sessions. Row t is what it expects before trial t, knowing the trials before; the
    last row follows the last trial.

    Attributes:
        probabilities: P of choosing each arm, `(n_sessions, n_trials + 1, n_actions)`.
        q: logit of each arm (its softmax is P), the same shape.
        states: each memory state, the same shape.
        betas: what multiplies a state in the logit, `(n_sessions, 1, 1)`; none for a state without one.
    """

    probabilities: Floats
    q: Floats
    states: Mapping[str, Floats]
    betas: Mapping[str, Floats]


def replay(agent: Agent, sessions: Any) -> Replay:
    """Let an agent go through sessions in which all choices and rewards are given.

    Args:
        agent: any agent; a copy of it is used.
        sessions: a data set, a session, or an array or tensor `(n_trials, n_features)` or `(n_sessions,
            n_trials, n_features)`. At a missing trial nothing is learned.
    """
    dataset = as_dataset(sessions, agent._n_actions)
    compact, index = dataset.compact()
    agent = deepcopy(agent)
    if getattr(agent, "vectorised", False):
        steps = list(_steps(agent, compact))
        betas = _betas(agent, compact.n_sessions)
    else:  # an agent of the user's own, written for one session at a time
        runs, each = [], []
        for s in range(compact.n_sessions):
            runs.append(
                list(_steps(agent, compact.take(torch.tensor([s]), torch.arange(compact.n_trials)[None])))
            )
            each.append(_betas(agent, 1))
        steps = [_joined(parts) for parts in zip(*runs, strict=True)]
        betas = {state: np.concatenate([one[state] for one in each]) for state in (each[0] if each else {})}
    after = np.concatenate([np.zeros((len(index), 1), dtype=int), np.asarray(index) + 1], 1)
    rows = np.arange(len(after))[:, None], after
    q = np.stack([step[0] for step in steps], 1)[rows]
    probabilities = np.stack([step[1] for step in steps], 1)[rows]
    states = {name: np.stack([step[2][name] for step in steps], 1)[rows] for name in steps[0][2]}
    return Replay(probabilities, q, states, betas)


Step = tuple[Floats, Floats, dict[str, Floats]]  # q, P and states, each (n_sessions, n_actions)


def _joined(parts: tuple[Step, ...]) -> Step:
    q, probabilities = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    return q, probabilities, {name: np.concatenate([part[2][name] for part in parts]) for name in parts[0][2]}


def _betas(agent: Any, n_sessions: int) -> dict[str, Floats]:
    return {
        state: np.broadcast_to(np.reshape(np.asarray(beta, dtype=float), (-1, 1, 1)), (n_sessions, 1, 1))
        for state, beta in getattr(agent, "_betas", {}).items()
    }


def _steps(agent: Any, dataset: DatasetRNN) -> Iterator[Step]:
    n, n_actions = dataset.n_sessions, dataset.n_actions
    choices = np.maximum(np.asarray(dataset.choices), 0)
    rewards = np.nan_to_num(np.asarray(dataset.rewards, dtype=float), nan=-1.0)
    ids = _ids(agent, dataset)
    began = {"participant_id": ids[0]} if n == 1 else {"participant_id": ids, "n_sessions": n}
    extra: dict[str, Floats] = {}
    if dataset.xs.shape[-1] > 2 * n_actions + 1:
        columns = dataset.xs.numpy().astype(float)
        extra = {"block": columns[..., -3], "additional_inputs": columns[..., 2 * n_actions : -3]}
        began["experiment_id"] = columns[:, 0, -2] if columns.shape[1] else np.zeros(n)
    _tolerant(agent.new_sess)(**began)
    update = _tolerant(agent.update)

    def now() -> Step:
        shape = (n, n_actions)
        states = {
            name: np.reshape(value, shape).astype(float)
            for name, value in getattr(agent, "_state", {}).items()
        }
        return np.reshape(agent.q, shape), np.reshape(agent.get_choice_probs(), shape), states

    yield now()
    for t in range(dataset.n_trials):
        choice = int(choices[0, t]) if n == 1 else choices[:, t]
        reward = rewards[0, t] if n == 1 else rewards[:, t]
        update(choice, reward, **{name: values[:, t] for name, values in extra.items()})
        yield now()


def _ids(agent: Any, dataset: DatasetRNN) -> list[Any]:
    """Label of each session's participant, as the agent knows them."""
    codes = dataset.participant_ids.tolist()
    if dataset.labelled:
        return [dataset.participants[code] for code in codes]
    known = getattr(agent, "label", None)
    return codes if known is None else [known(code) for code in codes]


def _tolerant(function: Any) -> Callable[..., None]:
    """The function, given those named arguments that it knows: a user's own agent need not take all."""
    known = signature(function).parameters
    takes_all = any(parameter.kind is parameter.VAR_KEYWORD for parameter in known.values())

    def call(*values: Any, **told: Any) -> None:
        function(*values, **{name: value for name, value in told.items() if takes_all or name in known})

    return call


def get_update_dynamics(
    experiment: Any,
    agent: Agent,
    additional_signals: Iterable[str] = ("x_value_reward", "x_learning_rate_reward", "x_value_choice"),
) -> tuple[tuple[Floats, dict[str, Floats]], Floats, Agent]:
    """One session through one agent, in the form of the tutorial.

    Args:
        experiment: a session, or its row of a data set, `(n_trials, n_features)`.
        agent: any agent; it is not changed.
        additional_signals: memory states to return, in units of the logit; 0 where the agent has no such
            state.

    Returns: `((q, signals), choice_probs, agent)`: q and choice_probs `(n_trials, n_actions)` before each
        trial, signals by name, the same shape, over the trials that the session has (without its padding).
    """
    dataset = as_dataset(experiment, agent._n_actions)
    played = replay(agent, dataset)
    n = int(dataset.lengths[0])
    zeros = np.zeros((n, agent._n_actions))
    signals = {
        s: (played.states[s] * played.betas.get(s, 1.0))[0, :n] if s in played.states else zeros
        for s in additional_signals
    }
    return (played.q[0, :n], signals), played.probabilities[0, :n], agent


def nll_per_trial(probabilities: ArrayLike, dataset: DatasetRNN) -> Floats:
    """-ln P of each next choice in nats, `(n_sessions, n_trials)`; NaN where it is not known.

    `probabilities` are those of a `Replay`, or of the next choice after each trial (as `predict` returns
    them).
    """
    p = np.asarray(probabilities, dtype=float)
    p = p[:, 1:] if p.shape[1] == dataset.n_trials + 1 else p
    known = np.asarray(dataset.target_mask)
    chosen = np.where(known[..., None], dataset.ys.numpy(), 0).argmax(-1)
    picked = np.take_along_axis(p, chosen[..., None], -1)[..., 0]
    return np.where(known, -np.log(np.maximum(picked, 1e-300)), np.nan)


def scores(
    agents: Mapping[str, Agent],
    dataset: Any,
    *,
    per_session: bool = False,
    reference: str | None = None,
    played: Mapping[str, Replay] | None = None,
) -> pd.DataFrame:
    """How well each agent expects the choices of a data set.

    Args:
        agents: by label, such as `{"groundtruth": agent, "rnn": ..., "spice": ...}`.
        dataset: sessions with their next choices: a data set, or rows as `replay` takes them.
        per_session: a row for each session and agent instead of one for each agent.
        reference: the agent to whose P the others' are compared; the first one when None.
        played: what `replay` gave for these agents and this dataset, by label, to spare doing it again.

    Returns: A frame with, for each agent, `nll` (nats per choice), `bic` (`k ln n - 2 ln L` with k
        parameters; Schwarz 1978), `trial_likelihood` (exp(-nll), the geometric mean of P), `max_dp` and
        `mean_dp` (largest and mean |P - P of the reference| over trials and arms), `n_parameters` and
        `n_choices`.
    """
    if not agents:
        raise SettingsError(
            ["scores needs at least one agent; got none. Give for example {'groundtruth': agent}."]
        )
    reference = next(iter(agents)) if reference is None else reference
    if reference not in agents:
        raise SettingsError(
            [f"reference must be one of the agents {list(agents)}; got {reference!r}. Choose one of these."]
        )
    dataset = as_dataset(dataset, agents[reference]._n_actions)
    if not bool(dataset.target_mask.any()):
        raise SettingsError(
            [
                "No next choice is known, so that there is nothing to score. Give sessions of two or more"
                " trials."
            ]
        )
    played = played or {label: replay(agent, dataset) for label, agent in agents.items()}
    against = played[reference].probabilities
    known = np.asarray(dataset.target_mask)
    frames = []
    for label in agents:
        probabilities = played[label].probabilities
        nll = nll_per_trial(probabilities, dataset)
        apart = np.where(known[..., None], np.abs(probabilities - against)[:, 1:], np.nan)
        who = _ids(agents[label], dataset)
        if per_session:
            each = {one: n_parameters(agents[label], [one]) for one in dict.fromkeys(who)}
            scored = _scores(nll, apart, [each[one] for one in who])
        else:
            scored = _scores(nll.reshape(1, -1), apart.reshape(1, -1), [n_parameters(agents[label], who)])
        frames.append(scored.assign(agent=label))
    frame = pd.concat(frames, ignore_index=True)
    return (
        frame.set_index(["agent", "session"])
        if per_session
        else frame.drop(columns="session").set_index("agent")
    )


def _scores(nll: Floats, apart: Floats, n_parameters: list[int]) -> pd.DataFrame:
    """A row for each row of `nll` in which a choice is known."""
    n = np.isfinite(nll).sum(1)
    there = np.flatnonzero(n)
    k, n, nll, apart = (
        np.array(n_parameters)[there],
        n[there],
        nll[there],
        apart[there].reshape(len(there), -1),
    )
    mean = np.nanmean(nll, 1)
    return pd.DataFrame(
        {
            "session": there,
            "nll": mean,
            "bic": k * np.log(n) + 2 * n * mean,
            "trial_likelihood": np.exp(-mean),
            "max_dp": np.nanmax(apart, 1),
            "mean_dp": np.nanmean(apart, 1),
            "n_parameters": k,
            "n_choices": n,
        }
    )


def n_parameters(agent: Any, participants: Iterable[Any] = (None,)) -> int:
    """Free parameters of an agent: the terms and betas of the equations of the given participants (labels;
    the first when not given), the weights of a network, the mechanisms in use of a classical agent.
    """
    if (spice := getattr(agent, "spice_model", None)) is not None:
        places = {agent.code(label) for label in participants}
        return sum(spice.n_parameters(spice.participants[place]) for place in places)
    if (model := getattr(agent, "model", None)) is not None:
        return int(model.n_weights)
    values = {name: np.ravel(value)[0] for name, value in getattr(agent, "parameters", {}).items()}
    return len(_in_use(values)) if "alpha_reward" in values else len(values)


def _in_use(values: Mapping[str, Any]) -> set[str]:
    used = {"alpha_reward", "beta_reward"}
    if values.get("alpha_penalty") not in (None, values.get("alpha_reward")):
        used.add("alpha_penalty")
    if values.get("beta_choice"):
        used |= {"beta_choice", "alpha_choice"}
    return used | {
        name for name in values if name.startswith(("forget", "alpha_counterfactual")) and values[name]
    }
