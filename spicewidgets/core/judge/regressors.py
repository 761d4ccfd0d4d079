"""What an agent expects and learns in each trial, beside the rows of the table: for an analysis of brain, eye
or response times.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from ..data.choices import Choices
from ..data.dataset import DatasetRNN
from ..data.tables.cells import plain_text
from ..data.tables.layouts import EXPORT, MISSED, OWN
from ..models import VALUE
from ..simulate.agents import Agent
from ..simulate.record import Floats, Record
from ..tasks import TASKS
from .network_agents import AgentSpice
from .replay import labels_of, replay

REWARD = "c_reward"
TIMES = ("onset", "duration")


def regressors(agent: Agent, data: Choices | DatasetRNN) -> pd.DataFrame:
    r"""Values, prediction errors and P of every choice, trial by trial.

    The agent goes through the sessions with the choices and rewards that the data have.

    Args:
        agent: any agent, such as `estimator.spice_agent` (the equations of each person) or
            `estimator.rnn_agent` (the network).
        data: a table of choices, or a data set.

    Returns:
        A row for each row of the table, in its order, also for those that were left out, and for each stage
        of a trial; of a data set, a row for each trial of each session. Columns:

        - `row` (as a spreadsheet numbers it, from 2; of a data set from 0), `participant`, `session` and
          `trial` (from 0), `choice` (the option's label) and `reward` (as it is in the data set); `used`:
          "yes", "missed" for a trial without a choice, or "no" for a row that is no trial of the data set.
          Choice and reward are empty where they are missing, and in rows that are not used.
        - `stage` (1 or 2) and `state` (from 0, of the second one), of a task whose trials have two stages.
        - `p_choice`: P of the choice that was made, 0 to 1.
        - `value_chosen`: logit of that option, in nats; softmax over the options' logits is P.
        - `prediction_error`: reward minus the reward that the chosen option's value stands for, in units of
          the reward; NaN where the agent does not tell it, and in a stage that has no outcome. An equation
          does if it is linear in its own value and has the reward: what is expected is the reward that would
          leave the value where it is.
        - `update`: by how much the logit of the chosen option changed, in nats.
        - for each option `p_<label>` and `value_<label>`: P and logit before the choice.
        - `onset` and `duration`, where the table has such columns.

    >>> import spicewidgets as sw
    >>> table = b"id,choice,reward\nann,left,1\nann,right,0\nann,,\nann,left,1\n"
    >>> frame = regressors(sw.AgentQ(alpha_reward=0.5), sw.read_choices(table))
    >>> frame[["choice", "p_choice", "prediction_error"]].round(3).values.tolist()
    [['left', 0.5, 0.5], ['right', 0.321, -0.5], [None, nan, nan], ['left', 0.818, 0.25]]
    """
    if isinstance(data, Choices):
        return _of_table(agent, data)
    return _of_dataset(agent, data)


def _of_table(agent: Agent, choices: Choices) -> pd.DataFrame:
    rows, table = choices.rows, choices.table
    dataset = choices.dataset
    session = rows.session
    if (
        choices.report.layout == EXPORT.name
    ):  # the sessions of our own tables are in the order of their numbers
        numbers = table.column("session").numbers[choices.places]
        session = np.unique(numbers, return_inverse=True)[1]
    arms = rows.arms
    reward = np.take_along_axis(rows.rewards, np.maximum(arms, 0)[:, None], axis=1)[:, 0]
    frame = pd.DataFrame(
        {
            "participant": np.array(rows.participants, dtype=object)[rows.ids[:, -1].astype(int)],
            "session": session,
            "trial": rows.trial,
            "choice": _labels(rows.arm_labels)[arms],
            "reward": np.where(arms < 0, np.nan, reward),
            "used": np.where(arms < 0, MISSED, "yes"),
        }
        | _stages(rows.task, rows.trial, arms)
    )
    part = _tabulate_expectations(agent, dataset, (session, rows.trial), arms, rows.offered, rows.arm_labels)
    unused = np.setdiff1d(np.arange(len(table)), choices.places)
    places = np.concatenate([choices.places, unused])
    order = np.argsort(places, kind="stable")
    frame = pd.concat([frame, part], axis=1).reindex(range(len(places))).iloc[order].reset_index(drop=True)
    places, out = places[order], order >= len(choices.places)
    frame.insert(0, "row", table.numbers[places])
    frame["used"] = frame["used"].where(~out, "no")
    frame["participant"] = frame["participant"].where(~out, pd.Series(_people(choices)[places], dtype=object))
    for name in ("session", "trial"):
        frame[name] = frame[name].astype("Int64")
    for name in TIMES:
        if name in table.names:
            frame[name] = table.column(name).numbers[places]
    return _label(frame)


def _stages(task: str, trial: NDArray[np.int64], arms: NDArray[np.int64]) -> dict[str, Any]:
    """Return columns that say which stage and state each row is; none of a task of one stage.

    Args:
        task: the name of the kind of task.
        trial: `(n_rows,)` the place of each row in its session.
        arms: `(n_rows,)` the option that was chosen, -1 for none.
    """
    stages = TASKS[task].stages
    if len(stages) < 2:
        return {}
    state = [[at] * len(state) for stage in stages for at, state in enumerate(stage.states)]
    of_option = np.array([*(at for states in state for at in states), -1])
    stage = trial % len(stages)
    known = (arms >= 0) & (stage > 0)
    return {
        "stage": pd.array(stage + 1, dtype="Int64"),
        "state": pd.array(np.where(known, of_option[arms], np.nan), dtype="Int64"),
    }


def _people(choices: Choices) -> NDArray[Any]:
    """(n_rows,) whose row of the table it is; None where the table does not say."""
    name = choices.report.roles.participant
    if name is None:
        return np.full(len(choices.table), choices.rows.participants[0], dtype=object)
    column, is_own = choices.table.column(name), choices.report.layout in {it.name for it in OWN}
    labels = [plain_text(label) if is_own else label for label in column.labels]
    return column.per_row(np.array(labels, dtype=object), None)


def _of_dataset(agent: Agent, dataset: DatasetRNN) -> pd.DataFrame:
    lengths = np.asarray(dataset.lengths)
    session = np.repeat(np.arange(len(lengths)), lengths)
    trial = np.concatenate([np.arange(length) for length in lengths] or [np.arange(0)])
    arms = np.asarray(dataset.choices)[session, trial]
    options = dataset.arm_labels or tuple(range(dataset.n_actions))
    codes = np.asarray(dataset.participant_ids)
    frame = pd.DataFrame(
        {
            "row": np.arange(len(session)),
            "participant": np.array(dataset.participants, dtype=object)[codes[session]],
            "session": session,
            "trial": trial,
            "choice": _labels(options)[arms],
            "reward": np.asarray(dataset.rewards_chosen, dtype=float)[session, trial],
            "used": np.where(arms < 0, MISSED, "yes"),
        }
        | _stages(dataset.task, trial, arms)
    )
    part = _tabulate_expectations(agent, dataset, (session, trial), arms, None, options)
    return _label(pd.concat([frame, part], axis=1))


def _label(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with labels of any kind as they are, and None where there is no choice."""
    labels = {name: frame[name].astype(object) for name in ("participant", "choice")}
    return frame.assign(**{name: part.where(part.notna(), None) for name, part in labels.items()})


def _labels(options: Sequence[Any]) -> NDArray[Any]:
    """Labels by code; None for the code -1."""
    labels = np.empty(len(options) + 1, dtype=object)
    labels[:-1] = list(options)
    return labels


def _tabulate_expectations(
    agent: Agent,
    dataset: DatasetRNN,
    at: tuple[NDArray[np.int64], NDArray[np.int64]],
    arms: NDArray[np.int64],
    offered: NDArray[np.bool_] | None,
    options: Sequence[Any],
) -> pd.DataFrame:
    """Tabulate the agent's expectations and updates at some trials, given by session and trial.

    Args:
        agent: who expects.
        dataset: the sessions.
        at: the session and the trial of each row.
        arms: the option that was chosen in each row, -1 for none.
        offered: `(n_rows, n_actions)`, what was on offer; None where all was, or where the data set says it.
        options: their labels.
    """
    record = replay(agent, dataset)
    session, trial = at
    p, q = record.probabilities[session, trial], record.q[session, trial]
    if offered is not None:  # a data set does not say it of a session's first trial
        p = np.where(offered, p, 0.0)
        p = p / p.sum(axis=-1, keepdims=True)
    observed = np.asarray(dataset.mask)[session, trial]
    paid = observed & ~np.isin(arms, TASKS[dataset.task].unpaid)

    def of_choice(values: Floats, there: NDArray[np.bool_]) -> Floats:
        own = np.take_along_axis(values, np.maximum(arms, 0)[:, None], axis=1)[:, 0]
        return np.where(there, own, np.nan)

    errors = _prediction_errors(agent, dataset, record)
    columns: dict[str, Floats] = {
        "p_choice": of_choice(p, arms >= 0),
        "value_chosen": of_choice(q, arms >= 0),
        "prediction_error": of_choice(errors[session, trial], paid),
        "update": of_choice(record.q[session, trial + 1] - q, observed),
    }
    for number, label in enumerate(options):
        columns[f"p_{label}"] = p[:, number]
    for number, label in enumerate(options):
        columns[f"value_{label}"] = q[:, number]
    return pd.DataFrame(columns)


def _prediction_errors(agent: Any, dataset: DatasetRNN, record: Record) -> Floats:
    """`(n_sessions, n_trials, n_actions)`; NaN for options that the trial's outcome does not move."""
    if isinstance(agent, AgentSpice):
        return _of_equations(agent, dataset)
    if "alpha_reward" in getattr(agent, "parameters", {}) and VALUE in record.states:
        seen = (record.rewards != -1) | (record.choices[..., None] == np.arange(record.rewards.shape[-1]))
        error = record.rewards - record.states[VALUE][:, :-1]
        return np.where(seen & (record.choices >= 0)[..., None], error, np.nan)
    return np.full(record.rewards.shape, np.nan)


def _of_equations(agent: AgentSpice, dataset: DatasetRNN) -> Floats:
    """Return the prediction errors of all trials, from one pass of the agent's model."""
    compact, index = dataset.compact()
    codes = torch.tensor([agent.code(label) for label in labels_of(agent, dataset)])
    inputs = compact.recoded(codes.tolist(), None).xs.double().permute(1, 0, 2)
    model = agent.model
    model.record_transitions = True
    try:
        with torch.no_grad():
            model(inputs)
        transitions = {name: list(steps) for name, steps in model.transitions.items()}
    finally:
        model.record_transitions, model.transitions = False, {}
    n = dataset.n_actions
    actions, rewards = inputs[..., :n], inputs[..., n : 2 * n]
    errors = torch.full_like(actions, torch.nan)
    for name, steps in transitions.items():
        if len(steps) != len(inputs):  # called several times in a trial: there is no one error
            continue
        for trial, (value, _, signals) in enumerate(steps):
            error = _error(model, name, value, signals, rewards[trial], codes)
            own = actions[trial].bool() & torch.isfinite(error)
            errors[trial] = torch.where(own & torch.isnan(errors[trial]), error, errors[trial])
    place = np.asarray(index)
    found = errors.permute(1, 0, 2).numpy()[np.arange(len(place))[:, None], np.maximum(place, 0)]
    return np.where(np.asarray(dataset.mask)[..., None], found, np.nan)


def _error(
    model: Any,
    module: str,
    value: torch.Tensor,
    signals: Mapping[str, torch.Tensor],
    reward: torch.Tensor,
    codes: torch.Tensor,
) -> torch.Tensor:
    """Reward minus expected reward of one module in one trial; NaN where the module does not tell it.

    A module that is linear in its value leaves it where it is under one reward, which is the one that is
    expected: the value lies on the way from where reward 0 would bring it to where reward 1 would.
    """
    if module in model.submodules_eq and module.startswith(VALUE):  # a given Rescorla-Wagner update
        return reward - value
    equations = model.submodules_sindy.get(module)
    terms = () if equations is None else equations.terms
    if not any(REWARD in term for term in terms) or any(term.count(module) > 1 for term in terms):
        return torch.full_like(value, torch.nan)

    def rest(paid: torch.Tensor) -> torch.Tensor:
        at = {**signals, REWARD: paid}
        zero, one = (equations.evaluate(torch.full_like(value, v), at, codes) for v in (0.0, 1.0))
        resting: torch.Tensor = zero / (1 - (one - zero))
        return resting

    none = rest(torch.zeros_like(value))
    scale = rest(torch.ones_like(value)) - none
    paid = signals[REWARD].expand_as(value)
    error: torch.Tensor = (rest(paid) - value) / scale
    return torch.where(torch.isfinite(error), error, torch.nan)
