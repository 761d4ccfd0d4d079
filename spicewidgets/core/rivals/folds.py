"""Choices taken apart for cross-validation, in blocks: what is predicted is not what was learned from."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from ..data.dataset import DatasetRNN
from ..data.layout import MISSING
from ..settings import SettingsError

WAYS = ("session", "person", "time")


@dataclass(frozen=True)
class Fold:
    """One part of a cross-validation.

    Attributes:
        train: what is learned from.
        test: what is predicted; its targets and those of `train` have no choice in common.
        people: the code in the whole data set of each session's participant in `test`.
    """

    train: DatasetRNN
    test: DatasetRNN
    people: tuple[int, ...]


def folds_of(dataset: DatasetRNN, by: str = "session", n_folds: int = 4) -> list[Fold]:
    """Take choices apart in blocks, each of which is predicted once.

    Args:
        dataset: the choices; participants are indices.
        by: "session" predicts whole sessions of people of whom others were learned from; a person's only
            session is never predicted. "person" predicts people of whom nothing was learned: all people count
            as one participant, who has what they have in common. "time" predicts later choices in each
            session, in so many blocks, from those before the block, and knows what happened before it.
        n_folds: how often the choices are taken apart, 2 or more; with fewer people, or fewer sessions of a
            person, as often as these are.

    Raises:
        SettingsError: for another way, and where there is nothing to take apart.
    """
    if by not in WAYS:
        raise SettingsError([f"by must be one of {', '.join(WAYS)}; got {by!r}. Choose one of these."])
    if isinstance(n_folds, bool) or not isinstance(n_folds, int) or n_folds < 2:
        raise SettingsError([f"n_folds must be a whole number, 2 or more; got {n_folds!r}. Use 4."])
    folds = {"session": _by_session, "person": _by_person, "time": _by_time}[by](dataset, n_folds)
    folds = [fold for fold in folds if _knows(fold.train) and _knows(fold.test)]
    if len(folds) < (1 if by == "time" else 2):
        other = {"session": "time", "person": "session", "time": "session"}[by]
        raise SettingsError(
            [f"There is too little to take the choices apart by {by}; got {dataset!r}. Try by {other}."]
        )
    return folds


def way_for(dataset: DatasetRNN, by: str) -> tuple[str, str]:
    """Choose "time" in place of "session" where no person has a second session to predict.

    Returns:
        The way for `folds_of`, and a sentence if it is another than the one that was asked for.
    """
    counts = dataset.participant_ids[dataset.target_mask.any(1)].unique(return_counts=True)[1]
    if by != "session" or bool((counts > 1).any()):
        return by, ""
    return "time", "No person has a second session to predict, so later choices are predicted (by time)."


def describe_fewer_folds(by: str, n_folds: int, asked: int) -> str:
    """Say why choices are taken apart less often than was asked for; empty where they are not.

    >>> describe_fewer_folds("session", 2, 100)
    'Held out in 2 parts, not in 100: nobody has more sessions.'
    """
    why = {"session": "nobody has more sessions", "person": "there are no more people"}
    reason = why.get(by, "no session has more choices to predict")
    return f"Held out in {n_folds} parts, not in {asked}: {reason}." if n_folds < asked else ""


def _knows(dataset: DatasetRNN) -> bool:
    return bool(dataset.target_mask.any())


def _by_session(dataset: DatasetRNN, n_folds: int) -> list[Fold]:
    codes = dataset.participant_ids.numpy()
    own = codes[:, None] == codes
    place, count = np.tril(own, -1).sum(1), own.sum(1)
    folds = []
    for fold in range(min(n_folds, int(count.max()))):
        held = torch.from_numpy((place % n_folds == fold) & (count > 1))
        learned = dataset.target_mask.any(1) & ~held
        known = torch.isin(dataset.participant_ids, dataset.participant_ids[learned])
        people = tuple(dataset.participant_ids[held & known].tolist())
        folds.append(Fold(_sessions(dataset, ~held & known), _sessions(dataset, held & known), people))
    return folds


def _by_person(dataset: DatasetRNN, n_folds: int) -> list[Fold]:
    codes = dataset.participant_ids.numpy()
    place = np.searchsorted(np.unique(codes), codes)
    folds = []
    for fold in range(min(n_folds, int(place.max()) + 1)):
        held = torch.from_numpy(place % n_folds == fold)
        people = tuple(dataset.participant_ids[held].tolist())
        folds.append(Fold(_as_one(_sessions(dataset, ~held)), _as_one(_sessions(dataset, held)), people))
    return folds


def _by_time(dataset: DatasetRNN, n_folds: int) -> list[Fold]:
    cuts = [(dataset.lengths * part) // (n_folds + 1) for part in range(1, n_folds + 2)]
    folds = []
    for cut, end in pairwise(cuts):
        train, test = _until(dataset, cut), _until(dataset, end)
        test.ys[torch.arange(test.n_trials) < cut[:, None]] = MISSING
        folds.append(_among_known(dataset, train, test))
    return folds


def _until(dataset: DatasetRNN, cut: Tensor) -> DatasetRNN:
    """Return the trials of each session before one."""
    trials = torch.arange(int(cut.max())).expand(len(cut), -1)
    return dataset.take(torch.arange(len(cut)), torch.where(trials < cut[:, None], trials, -1))


def _among_known(dataset: DatasetRNN, train: DatasetRNN, test: DatasetRNN) -> Fold:
    """Without people of whom there is nothing to learn from."""
    codes = dataset.participant_ids
    known = torch.isin(codes, codes[train.target_mask.any(1)])
    people = tuple(codes[known].tolist())
    return Fold(_sessions(train, known), _sessions(test, known), people)


def _sessions(dataset: DatasetRNN, which: Tensor) -> DatasetRNN:
    sessions = which.nonzero()[:, 0]
    return dataset.take(sessions, torch.arange(dataset.n_trials).expand(len(sessions), -1))


def _as_one(dataset: DatasetRNN) -> DatasetRNN:
    return dataset.recoded([0] * dataset.n_sessions, ["everyone"])
