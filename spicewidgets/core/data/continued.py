"""Choices of a second table, whose sessions may go on where those of a first one end."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..tasks import TASKS
from .choices import Choices
from .coded import dataset_of
from .dataset import DatasetRNN
from .layout import MISSING
from .tables.layouts import LAYOUTS, NAMES, plain
from .tables.rows import Rows

Codes = NDArray[np.int64]


def match_sessions(before: Choices, after: Choices, sessions: str | None = None) -> Codes:
    """Find the session of one table that each session of another goes on with, as if both were one table.

    A session goes on with the last one of the same participant and session (of the same participant alone,
    where no number of a trial occurs twice in a participant, or where `sessions` is "carry_on"), unless its
    trials begin to count again.

    Args:
        before: the first table.
        after: the second, which has no other participants.
        sessions: "carry_on" or "start_anew" where that is decided already.

    Returns:
        The number of a session of `before` for each session of `after`, `(n_sessions,)`; -1 for one that
        begins anew. None is followed twice.
    """
    (trials, first, last), (more, begin, _) = _trials(before), _trials(after)
    layout = next((it for it in LAYOUTS if it.name == before.report.layout), None)
    told = "carry_on" in (sessions, layout and layout.remedies.get("sessions"))
    counted = bool(np.isfinite(trials).all() and np.isfinite(more).all())
    each = slice(None, None, max(len(TASKS[before.rows.task].stages), 1))  # a row is a stage
    pairs = [
        *zip(_people(before)[each], trials[each], strict=True),
        *zip(_people(after)[each], more[each], strict=True),
    ]
    by_person = told or (counted and len(set(pairs)) == len(pairs))
    names = [] if by_person else _session_columns(before, after)
    latest = {key: number for number, key in enumerate(_keys(before, first, names))}
    found = np.full(len(begin), -1)
    for number, key in enumerate(_keys(after, begin, names)):
        at = -1 if sessions == "start_anew" else latest.get(key, -1)
        if at >= 0 and (told or not counted or trials[last[at]] < more[begin[number]]):
            found[number] = latest.pop(key)
    return found


def going_on(before: Choices, after: Choices, follows: Codes) -> DatasetRNN:
    """Make a data set of the second table, in which what happened before a session is known.

    Options, participants and rewards are coded as in the first table. The targets are choices of the second
    table only; the first of a session that goes on is one of them.

    Args:
        before: the first table, which has all options and participants of the second.
        after: the second.
        follows: as `followed` returns it.
    """
    old, new = before.rows, _recode_trials(before, after)
    session = np.full(int(old.session.max()) + 2, -1)
    session[follows[follows >= 0]] = np.flatnonzero(follows >= 0)
    known = session[old.session] >= 0
    n_known = np.bincount(session[old.session[known]], minlength=len(follows))
    parts: dict[str, Any] = {
        name: np.concatenate([getattr(old, name)[known], getattr(new, name)])
        for name in ("arms", "rewards", "inputs", "ids")
    }
    if old.offered is not None or new.offered is not None:
        offered = [np.ones(it.rewards.shape, bool) if it.offered is None else it.offered for it in (old, new)]
        parts["offered"] = np.concatenate([offered[0][known], offered[1]])
    parts |= {
        "session": np.concatenate([session[old.session[known]], new.session]),
        "trial": np.concatenate([old.trial[known], new.trial + n_known[new.session]]),
    }
    dataset = dataset_of(replace(old, **parts), before.report.roles.inputs)
    trials = torch.arange(dataset.n_trials)
    learned = trials < torch.from_numpy(n_known)[:, None] - 1  # the last of them is followed by a new choice
    dataset.ys = torch.where(learned[..., None], MISSING, dataset.ys)
    return dataset


def _trials(choices: Choices) -> tuple[NDArray[np.float64], Codes, Codes]:
    """Return the number of each trial, NaN without one, and the first and last trial of each session."""
    name, n_trials = choices.report.roles.trial, len(choices.places)
    numbers = np.full(n_trials, np.nan)
    if name is not None:
        numbers = choices.table.column(name).numbers[choices.places]
    first = np.searchsorted(choices.rows.session, np.arange(int(choices.rows.session.max()) + 1))
    return numbers, first, np.append(first[1:], n_trials) - 1


def _people(choices: Choices) -> list[object]:
    return [choices.rows.participants[code] for code in choices.rows.ids[:, -1].astype(int)]


def _session_columns(before: Choices, after: Choices) -> list[str]:
    """Find the columns that tell sessions apart, also where each table has but one session of a person."""

    def one_each(choices: Choices, name: str) -> bool:
        codes = choices.table.column(name).codes[choices.places]
        pairs = np.unique(np.stack([choices.rows.session, codes]), axis=1)
        return bool(pairs.shape[1] == len(np.unique(pairs[0])))

    return [
        name
        for name in before.table.names
        if name in after.table.names
        and (name in before.report.roles.sessions or plain(name) in NAMES["sessions"])
        and one_each(before, name)
        and one_each(after, name)
    ]


def _keys(choices: Choices, first: Codes, names: Sequence[str]) -> list[tuple[object, ...]]:
    """List who made the choices of each session, and which session it is by these columns."""
    people, rows = _people(choices), choices.places[first]
    columns = [choices.table.column(name) for name in names]
    return [
        (people[at], *(column.text(row) for column in columns)) for at, row in zip(first, rows, strict=True)
    ]


def _recode_trials(before: Choices, after: Choices) -> Rows:
    """Return the trials of the second table in the codes of the first."""
    old, new = before.rows, after.rows
    arms = np.array([old.arm_labels.index(label) for label in new.arm_labels], dtype=np.int64)
    own, scale = after.report.rewards, before.report.rewards
    rewards = new.rewards
    if (own.offset, own.scale) != (scale.offset, scale.scale):
        rewards = (rewards * own.scale + own.offset - scale.offset) / scale.scale
    shape = (len(rewards), old.n_actions)
    wide, offered = np.full(shape, np.nan), None
    wide[:, arms] = rewards
    if new.offered is not None:
        offered = np.zeros(shape, bool)
        offered[:, arms] = new.offered
    code = {label: number for number, label in enumerate(old.participants)}
    ids = new.ids.copy()
    ids[:, -1] = [code[label] for label in _people(after)]
    arms = np.append(arms, -1)[new.arms]
    return replace(new, arms=arms, rewards=wide, ids=ids, offered=offered, n_actions=old.n_actions)
