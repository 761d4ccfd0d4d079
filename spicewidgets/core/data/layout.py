"""The layout of `xs` and `ys` as plain functions of tensors: what it means, and what is wrong with it.

See core/data/dataset.py for the layout itself.
"""

import math
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..settings import SettingsError
from ..tasks import BANDIT_NAME, TASKS
from ..wording import join_words

MISSING = -1.0
# The columns of a data set as a table, which additional inputs cannot have as names.
TABLE_COLUMNS = {
    "session",
    "participant",
    "participant_code",
    "block",
    "experiment",
    "trial",
    "choice",
    "reward",
    "next_choice",
    "kind_of_task",
}
PER_ARM = re.compile(r"(choice|reward|next_offered)_\d+")
ON_OFFER = "on_offer"  # and a number: additional inputs of tasks whose models see what was on offer


class Arrays(NamedTuple):
    """The arrays of a data set, without the class around them.

    Attributes:
        xs: `(n_sessions, n_trials, n_features)`.
        ys: `(n_sessions, n_trials, n_actions)`.
        participants: the label of each participant code, or None where the codes are all there is.
        additional_inputs: names of the columns between the rewards and the block.
        offered: `(n_sessions, n_trials, n_actions)` bool, the options of the next choice, or None where
            all are on offer in every trial.
        task: the name of the kind of task.
    """

    xs: Tensor
    ys: Tensor
    participants: tuple[Any, ...] | None = None
    additional_inputs: tuple[str, ...] = ()
    offered: Tensor | None = None
    task: str = BANDIT_NAME


def as_sessions(name: str, values: Any) -> Tensor:
    """Values as float32 `(n_sessions, n_trials, n)`; one session alone becomes the first of one."""
    try:
        tensor = values if isinstance(values, Tensor) else torch.tensor(np.asarray(values, dtype=np.float32))
    except (TypeError, ValueError):
        problem = (
            f"{name} must be an array of numbers, (n_sessions, n_trials, n_columns); got something else."
        )
        raise SettingsError([f"{problem} Pad shorter sessions with -1."]) from None
    tensor = tensor.to(torch.float32)
    return tensor[None] if tensor.ndim == 2 else tensor


def onehot(values: Tensor) -> Tensor:
    """(..., n_actions) -> (...) bool: exactly one 1, else 0."""
    return ((values == 0) | (values == 1)).all(dim=-1) & (values.sum(dim=-1) == 1)


def choices_of(xs: Tensor, n_actions: int) -> Tensor:
    """(n_sessions, n_trials) the arm chosen, from 0; -1 for a missing trial."""
    choices = xs[..., :n_actions]
    return torch.where(onehot(choices), choices.argmax(dim=-1), -1)


def rewards_of(xs: Tensor, n_actions: int) -> Tensor:
    """(n_sessions, n_trials, n_actions) the reward of each arm; NaN where it was not seen."""
    choices, rewards = xs[..., :n_actions], xs[..., n_actions : 2 * n_actions]
    seen = (rewards != MISSING) | (choices == 1)
    return torch.where(seen & onehot(choices)[..., None], rewards, torch.nan)


def participant_codes(xs: Tensor, n_actions: int) -> Tensor:
    """(n_sessions,) the code of each session's participant: that of its first observed trial."""
    if not xs.shape[1]:
        return torch.zeros(len(xs), dtype=torch.int64)
    first = onehot(xs[..., :n_actions]).int().argmax(dim=1)
    return xs[torch.arange(len(xs)), first, -1].round().long()


def guesses(known: Tensor, offered: Tensor | None, n_actions: int) -> Tensor:
    """Compute -ln P of choices under guesses among the options on offer, in nats; 0 where none is known.

    Args:
        known: whether the choice is known, of any shape.
        offered: whether an option was on offer for it, `(..., n_actions)`; None where all were.
        n_actions: number of options.
    """
    n_offered = torch.full(known.shape, n_actions) if offered is None else offered.sum(-1)
    return torch.where(known, n_offered.double().log(), 0.0)


def chance(known: Tensor, offered: Tensor | None, n_actions: int) -> float:
    """Compute the loss of guesses among the options on offer, in nats per known choice."""
    n = int(known.sum())
    if offered is None or not n:
        return math.log(n_actions)
    return float(guesses(known, offered, n_actions).sum() / n)


def id_columns(features: int, n_actions: int) -> tuple[str, ...]:
    """Return the id columns that end a row: the participant alone, or block, experiment and participant."""
    return ("block", "experiment", "participant")[-n_ids(features, n_actions) :]


def taken(part: Tensor, sessions: Tensor, trials: Tensor) -> Tensor:
    """Trials `trials[i]` of session `sessions[i]`; trial -1 is a row of -1."""
    rows = part[sessions[:, None], trials.clamp(min=0)] if part.shape[1] else part.new_empty(*trials.shape, 1)
    return torch.where(trials[..., None] >= 0, rows, MISSING).expand(*trials.shape, part.shape[2])


def normalise_missing(xs: Tensor, ys: Tensor, n_ids: int) -> tuple[Tensor, Tensor]:
    """NaN written as missing, in the one way that the layout has for it.

    A NaN outcome of an arm not chosen is unseen; a NaN choice, or outcome of the choice, makes the trial
    missing. Ids that are NaN in missing trials are those of the session.
    """
    if bool(torch.isnan(ys).any()):
        ys = torch.where(torch.isnan(ys).any(dim=-1, keepdim=True), MISSING, ys)
    if not bool(torch.isnan(xs).any()):
        return xs, ys
    n = ys.shape[-1]
    choice, reward, rest = xs[..., :n], xs[..., n : 2 * n], xs[..., 2 * n :].clone()
    lost = ~onehot(choice) | (torch.isnan(reward) & (choice == 1)).any(dim=-1)
    data = torch.where(lost[..., None], MISSING, xs[..., : 2 * n].nan_to_num(nan=MISSING))
    first = (~lost).int().argmax(dim=1)
    ids = rest[torch.arange(len(rest)), first, -n_ids:].nan_to_num(nan=0.0)[:, None, :]
    filled = torch.cat(
        [torch.full_like(rest[..., :-n_ids], MISSING), ids.expand(-1, rest.shape[1], -1)], dim=-1
    )
    return torch.cat([data, torch.where(lost[..., None] & torch.isnan(rest), filled, rest)], dim=-1), ys


def layout_problems(xs: Tensor, ys: Tensor, truth_probs: Tensor | None, inputs: Sequence[str]) -> list[str]:
    """Return a sentence for everything that keeps these tensors from being a dataset."""
    if xs.ndim != 3 or ys.ndim != 3 or xs.shape[:2] != ys.shape[:2]:
        return [
            "xs and ys must have the shapes (n_sessions, n_trials, n_features) and (n_sessions, n_trials, "
            f"n_actions); got {tuple(xs.shape)} and {tuple(ys.shape)}. Give both the same trials."
        ]
    found = []
    features, arms = int(xs.shape[-1]), int(ys.shape[-1])
    n_inputs = features - 2 * arms - n_ids(features, arms)
    if inputs and len(inputs) != n_inputs:
        found.append(
            f"additional_inputs must name the {max(n_inputs, 0)} column(s) between rewards and block; "
            f"got {', '.join(inputs)}. Name each of them once."
        )
    if truth_probs is not None and truth_probs.shape != ys.shape:
        found.append(
            f"truth_probs must have the shape of ys, {tuple(ys.shape)}; got {tuple(truth_probs.shape)}. "
            "Give the P of each arm."
        )
    return found + name_problems(inputs)


def column_problems(xs: Tensor, ys: Tensor) -> list[str]:
    """Say what keeps a model from reading choices and rewards in these columns; they can be stored all the
    same, cut in windows and split.
    """
    features, arms = int(xs.shape[-1]), int(ys.shape[-1])
    if arms >= 2 and features >= 2 * arms + n_ids(features, arms):
        return []
    return [
        f"xs must have {2 * arms + 1} columns for {arms} arms (choice, reward, participant), or "
        f"{2 * arms + 3} or more ([inputs,] block, experiment, participant), and ys one for each of "
        f"2 or more arms; got {features} and {arms}. Add the columns that are missing."
    ]


def window_problems(sequence_length: Any, stride: Any, normalize_features: Any, features: int) -> list[str]:
    """Return a sentence for every wrong setting of windows and scaling."""
    found = []
    for name, value in (("sequence_length", sequence_length), ("stride", stride)):
        whole = name == "sequence_length" and (value is None or value == -1)
        if not whole and not (isinstance(value, int) and value > 0):
            found.append(f"{name} must be a whole number of trials, 1 or more; got {value!r}. Use 1.")
    columns = [] if normalize_features is None else np.atleast_1d(normalize_features).tolist()
    every = range(-features, features)
    wrong = [value for value in columns if value not in every]
    if wrong:
        found.append(
            f"normalize_features must be columns from 0 to {features - 1}; got {wrong}. "
            "See `dataset.columns` for their names."
        )
    return found


def value_problems(xs: Tensor, mask: Tensor, columns: Sequence[str]) -> list[str]:
    """Return a sentence if an observed trial holds a value that no model can use."""
    wrong = (~torch.isfinite(xs) & mask[..., None]).flatten(0, 1).any(dim=0)
    if not bool(wrong.any()):
        return []
    names = ", ".join(name for name, bad in zip(columns, wrong.tolist(), strict=True) if bad)
    advice = "Correct them, or make the choice missing."
    return [f"Trials with a choice must hold numbers only; got NaN or infinity in {names}. {advice}"]


def name_problems(names: Sequence[str]) -> list[str]:
    """Return the problems of additional inputs whose names clash with other columns."""
    wrong = sorted(
        {name for name in names if name in TABLE_COLUMNS or PER_ARM.fullmatch(name) or names.count(name) > 1}
    )
    if not wrong:
        return []
    return [
        "additional_inputs must have names of their own, not twice and not those of other columns; "
        f"got {', '.join(wrong)}. Rename the column(s), for example to {wrong[0]}_input."
    ]


def task_problems(task: str, n_actions: int) -> list[str]:
    """Return a sentence if there is no such kind of task, or if it has another number of options."""
    if task not in TASKS:
        return [f"task must be one of {join_words(TASKS, last='or')}; got {task!r:.60}. Choose one of these."]
    n_options = TASKS[task].n_options or n_actions
    if n_options == n_actions:
        return []
    return [
        f"The options of all stages of the task {task} must have a column each, {n_options}; got {n_actions}."
        " Number them through, stage by stage and state by state."
    ]


def offered_in(task: str, ys: Tensor) -> Tensor | None:
    """Return the options of the state in which each choice was made, all of them where it is not known.

    Args:
        task: the name of a kind of task.
        ys: the choices one-hot, `(n_sessions, n_trials, n_actions)`.

    Returns:
        A bool for each option, of the shape of `ys`; None of a task that has no states.
    """
    beside = TASKS[task].beside
    if not beside:
        return None
    together = torch.zeros(len(beside) + 1, len(beside), dtype=torch.bool, device=ys.device)
    for option, group in enumerate(beside):
        together[option, list(group)] = True
    together[-1] = True  # of a choice that is not known
    return together[choices_of(ys, len(beside))]


def with_offers(xs: Tensor, ys: Tensor, offered: Tensor | None) -> tuple[Tensor, tuple[str, ...]]:
    """Return inputs with what was on offer in each trial, after the rewards, and the names of these columns.

    Where the offer is not known, as in the first trial of a session, it is what was on offer whenever the
    option that was chosen was.

    Args:
        xs: as of a `DatasetRNN` whose sessions are whole.
        ys: its targets.
        offered: the options of the next choice; None where all are on offer in every trial.
    """
    n = int(ys.shape[-1])
    together = torch.eye(n, device=xs.device, dtype=torch.bool)
    now = together.new_ones(xs.shape[0], xs.shape[1], n)
    if offered is not None:
        each = offered.flatten(0, 1).float()
        apart = each.T @ (1 - each) > 0  # was one on offer without the other?
        together |= ~apart
        now[:, 1:] = offered[:, :-1]
        choices = choices_of(xs, n)
        unknown = ~onehot(torch.cat([torch.full_like(ys[:, :1], MISSING), ys[:, :-1]], 1)) & (choices >= 0)
        now[unknown] = together[choices[unknown]]
    rest = xs[..., 2 * n :]
    if rest.shape[-1] == 1:  # further inputs stand before a block and an experiment
        rest = torch.cat([torch.zeros_like(xs[..., :2]), rest], -1)
    return torch.cat([xs[..., : 2 * n], now.to(xs), rest], -1), tuple(
        f"{ON_OFFER}_{place}" for place in range(n)
    )


def offered_problems(offered: Tensor | None, ys: Tensor, task: str = BANDIT_NAME) -> list[str]:
    """Return a sentence if the options on offer contradict the choices, or are not those of one state."""
    if offered is None:
        return []
    if offered.shape != ys.shape:
        return [
            f"offered must have the shape of ys, {tuple(ys.shape)}; got {tuple(offered.shape)}. "
            "Say for each trial which options the next choice was made among."
        ]
    wrong = ((ys == 1) & ~offered).any(dim=-1) | ~offered.any(dim=-1)
    own = offered_in(task, ys)
    if own is not None and not bool(wrong.any()) and bool((others := (offered & ~own).any(dim=-1)).any()):
        return [
            f"Options on offer in a choice of the task {task} must be of one state; got others in"
            f" {int(others.sum())} trials. Leave `offered` out, and they are those of the choice's state."
        ]
    if not bool(wrong.any()):
        return []
    session, trial = wrong.nonzero()[0].tolist()
    return [
        "Every choice must be among the options on offer; the one after trial "
        f"{trial + 1} of session {session} is not, or had none on offer ({int(wrong.sum())} such trials). "
        "Correct `offered`, or make the choice missing."
    ]


def n_ids(features: int, n_actions: int) -> int:
    """Count the id columns that end a row: the participant alone, or block, experiment and participant."""
    return 1 if features == 2 * n_actions + 1 else 3
