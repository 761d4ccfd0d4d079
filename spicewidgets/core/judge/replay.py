"""Agents on a given history: what each expects, trial by trial, and how likely the choices are to it.

Every agent sees the same choices and rewards (teacher forcing), so that truth, RNN and SPICE can be laid over
each other. The agents themselves are not changed.
"""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike, NDArray

from ..data.dataset import DatasetRNN
from ..data.entry import as_dataset
from ..data.layout import offered_in
from ..mechanisms import ALPHA, BETA, BEYOND, PARAMETERS
from ..settings import SettingsError
from ..simulate.agents import Agent
from ..simulate.record import Floats, Ints, Record, concatenate_records
from ..simulate.run import Trial, known_names, record_of
from ..tasks import TASKS


def replay(agent: Agent, sessions: Any) -> Record:
    """Let an agent go through sessions in which all choices and rewards are given.

    Args:
        agent: any agent; a copy of it is used.
        sessions: a data set, a session, or an array or tensor `(n_trials, n_features)` or `(n_sessions,
            n_trials, n_features)`. At a missing trial nothing is learned.
    """
    dataset = as_dataset(sessions, agent._n_actions)
    observed, index = dataset.compact()
    agent = deepcopy(agent)
    if getattr(agent, "vectorised", False):
        record = _through(agent, observed)
    else:  # an agent of the user's own, written for one session at a time
        trials = torch.arange(observed.n_trials)[None]
        each = (observed.take(torch.tensor([session]), trials) for session in range(observed.n_sessions))
        record = concatenate_records([_through(agent, session) for session in each])
    place = np.concatenate([np.zeros((len(index), 1), dtype=int), np.asarray(index) + 1], 1)
    rows = np.arange(len(place))[:, None], place
    return Record(
        np.asarray(dataset.choices),
        _rewards(dataset),
        _among_offered(record.probabilities[rows], dataset),
        record.q[rows],
        {name: state[rows] for name, state in record.states.items()},
        record.betas,
        _final_choices(dataset),
    )


def _final_choices(dataset: DatasetRNN) -> Ints | None:
    """Return the choice after the last trial, where it is known of all sessions."""
    if not dataset.n_trials or not bool(dataset.target_mask[:, -1].all()):
        return None
    final: Ints = np.asarray(dataset.ys[:, -1].argmax(-1))
    return final


def _among_offered(probabilities: Floats, dataset: DatasetRNN) -> Floats:
    """P of the options that were on offer, which add up to 1; an option that was not has none."""
    if dataset.offered is None:
        return probabilities
    offered, known = np.asarray(dataset.offered), probabilities[:, 1:]
    first = offered_in(dataset.task, dataset.xs[:, :1, : dataset.n_actions])
    if first is not None:  # the state in which a session begins
        offered, known = np.concatenate([np.asarray(first), offered], axis=1), probabilities
    masked = np.where(offered, known, 0.0)
    total = masked.sum(axis=-1, keepdims=True)
    shared = np.where(
        total > 0, masked / np.where(total > 0, total, 1), offered / offered.sum(-1, keepdims=True)
    )
    return shared if first is not None else np.concatenate([probabilities[:, :1], shared], axis=1)


def _through(agent: Any, dataset: DatasetRNN) -> Record:
    """Return the agent through sessions without missing trials; what pads a shorter session counts as
    arm 0.
    """
    n, n_actions = dataset.n_sessions, dataset.n_actions
    choices, rewards = np.maximum(np.asarray(dataset.choices), 0), _rewards(dataset)
    labels = labels_of(agent, dataset)
    begin: dict[str, Any] = (
        {"participant_id": labels[0]} if n == 1 else {"participant_id": labels, "n_sessions": n}
    )
    inputs: dict[str, Floats] = {}
    if dataset.xs.shape[-1] > 2 * n_actions + 1:
        columns = dataset.xs.numpy().astype(float)
        inputs = {"block": columns[..., -3], "additional_inputs": columns[..., 2 * n_actions : -3]}
        begin["experiment_id"] = columns[:, 0, -2] if columns.shape[1] else np.zeros(n)
    agent.new_sess(**known_names(agent.new_sess, begin))
    inputs = known_names(agent.update, inputs)
    trials = (
        Trial(
            int(choices[0, t]) if n == 1 else choices[:, t],
            rewards[0, t] if n == 1 else rewards[:, t],
            {name: values[:, t] for name, values in inputs.items()},
        )
        for t in range(dataset.n_trials)
    )
    return record_of(agent, trials, n, n_actions)


def _rewards(dataset: DatasetRNN) -> Floats:
    """`(n_sessions, n_trials, n_actions)`; -1 where an outcome was not seen."""
    rewards: Floats = np.nan_to_num(np.asarray(dataset.rewards, dtype=float), nan=-1.0)
    return rewards


def labels_of(agent: Any, dataset: DatasetRNN) -> list[Any]:
    """Label of each session's participant, as the agent knows them."""
    codes = dataset.participant_ids.tolist()
    if dataset.labelled:
        labels = dataset.participants
        return [labels[code] for code in codes]
    label = getattr(agent, "label", None)
    return codes if label is None else [label(code) for code in codes]


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

    Returns:
        `((q, signals), choice_probs, agent)`: q and choice_probs `(n_trials, n_actions)` before each trial,
        signals by name, the same shape, over the trials that the session has (without its padding).
    """
    dataset = as_dataset(experiment, agent._n_actions)
    record = replay(agent, dataset)
    n = int(dataset.lengths[0])
    zeros = np.zeros((n, agent._n_actions))
    signals = {
        s: (record.states[s] * record.betas.get(s, 1.0))[0, :n] if s in record.states else zeros
        for s in additional_signals
    }
    return (record.q[0, :n], signals), record.probabilities[0, :n], agent


def nll_per_trial(probabilities: ArrayLike, dataset: DatasetRNN) -> Floats:
    """-ln P of each next choice in nats, `(n_sessions, n_trials)`; NaN where it is not known.

    Args:
        probabilities: those of a `Record`, or of the next choice after each trial, as `predict` returns them.
        dataset: the choices.
    """
    p = np.asarray(probabilities, dtype=float)
    p = p[:, 1:] if p.shape[1] == dataset.n_trials + 1 else p
    known = np.asarray(dataset.target_mask)
    chosen = np.where(known[..., None], dataset.ys.numpy(), 0).argmax(-1)
    picked = np.take_along_axis(p, chosen[..., None], -1)[..., 0]
    return np.where(known, -np.log(np.maximum(picked, 1e-300)), np.nan)


def stages_of(dataset: DatasetRNN) -> dict[str, NDArray[np.bool_]]:
    """Where the next choice is known and of each stage, `(n_sessions, n_trials)`, by the name of the stage;
    empty where trials have one stage only.
    """
    task = TASKS[dataset.task]
    stage = (
        np.array([*task.stage_of, -1])[np.asarray(dataset.ys.argmax(-1))] if len(task.stages) > 1 else None
    )
    known = np.asarray(dataset.target_mask)
    return {one.name: known & (stage == at) for at, one in enumerate(task.stages) if stage is not None}


def scores(
    agents: Mapping[str, Agent],
    dataset: Any,
    *,
    per_session: bool = False,
    reference: str | None = None,
    played: Mapping[str, Record] | None = None,
) -> pd.DataFrame:
    """Score each agent's predictions of the choices of a data set.

    Args:
        agents: by label, such as `{"groundtruth": agent, "rnn": ..., "spice": ...}`.
        dataset: sessions with their next choices: a data set, or rows as `replay` takes them.
        per_session: a row for each session and agent instead of one for each agent.
        reference: the agent to whose P the others' are compared; the first one when None.
        played: what `replay` gave for these agents and this dataset, by label, to spare doing it again.

    Returns:
        A frame with, for each agent, `nll` (nats per choice), `bic` (`k ln n - 2 ln L` with k
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
        dp = np.where(known[..., None], np.abs(probabilities - against)[:, 1:], np.nan)
        participants = labels_of(agents[label], dataset)
        if per_session:
            k = {person: n_parameters(agents[label], [person]) for person in dict.fromkeys(participants)}
            scored = _scores(nll, dp, [k[person] for person in participants])
        else:
            k_all = n_parameters(agents[label], participants)
            scored = _scores(nll.reshape(1, -1), dp.reshape(1, -1), [k_all])
        frames.append(scored.assign(agent=label))
    frame = pd.concat(frames, ignore_index=True)
    return (
        frame.set_index(["agent", "session"])
        if per_session
        else frame.drop(columns="session").set_index("agent")
    )


def _scores(nll: Floats, dp: Floats, n_parameters: list[int]) -> pd.DataFrame:
    """Return a row for each row of `nll` in which a choice is known."""
    n = np.isfinite(nll).sum(1)
    known = np.flatnonzero(n)
    k, n, nll, dp = np.array(n_parameters)[known], n[known], nll[known], dp[known].reshape(len(known), -1)
    mean = np.nanmean(nll, 1)
    return pd.DataFrame(
        {
            "session": known,
            "nll": mean,
            "bic": k * np.log(n) + 2 * n * mean,
            "trial_likelihood": np.exp(-mean),
            "max_dp": np.nanmax(dp, 1),
            "mean_dp": np.nanmean(dp, 1),
            "n_parameters": k,
            "n_choices": n,
        }
    )


def n_parameters(agent: Any, participants: Iterable[Any] = (None,)) -> int:
    """Free parameters of an agent.

    The terms and betas of the participants' equations, the weights of a network, the parameters of the
    participants of a rival, or the mechanisms in use of a classical agent.

    Args:
        agent: any agent.
        participants: labels; None stands for the first.
    """
    if (spice := getattr(agent, "spice_model", None)) is not None:
        places = {agent.code(label) for label in participants}
        return sum(spice.n_parameters(spice.participants[place]) for place in places)
    if (numbers := getattr(agent, "n_numbers", None)) is not None:
        return int(numbers) * len(set(participants))
    if (model := getattr(agent, "model", None)) is not None:
        return int(model.n_weights)
    values = {name: np.ravel(value)[0] for name, value in getattr(agent, "parameters", {}).items()}
    is_q_learner = "alpha_reward" in values and values.keys() <= PARAMETERS.keys()
    return len(_in_use(values)) if is_q_learner else len(values)


def _in_use(values: Mapping[str, Any]) -> set[str]:
    used = {ALPHA.name, BETA.name}
    for one in BEYOND:
        idle = {each.name for each in one.sizes if each.is_neutral(values)}
        used |= {each.name for each in one.all_parameters} - idle if one.is_in_use(values) else set()
    return used
