"""Taking datasets apart and putting them together without losing a trial or mixing up participants."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ..settings import SettingsError

if TYPE_CHECKING:
    from .dataset import DatasetRNN

Device = torch.device | str | None


def split_data_along_timedim(
    dataset: "DatasetRNN", split_ratio: float, device: Device = None
) -> "tuple[DatasetRNN, DatasetRNN]":
    """The first `split_ratio` of each session for training, the rest for testing; no trial is lost.

    Each session is split by its own length and padded with missing trials. The test part begins as a session
    of its own: a model starts it from its initial state. `split_ratio=1` leaves the test set without trials.
    """
    if isinstance(split_ratio, bool) or not isinstance(split_ratio, int | float) or not 0 <= split_ratio <= 1:
        raise SettingsError(
            [f"split_ratio must be between 0 and 1; got {split_ratio!r}. Use 0.8 to train on the first 80 %."]
        )
    lengths = dataset.lengths
    cut = (lengths.double() * split_ratio + 1e-9).long()
    return _part(dataset, torch.zeros_like(cut), cut, device), _part(dataset, cut, lengths, device)


def split_data_along_sessiondim(
    dataset: "DatasetRNN", list_test_sessions: Sequence[int] | None = None, device: Device = None
) -> "tuple[DatasetRNN, DatasetRNN]":
    """Whole sessions for training, others for testing.

    list_test_sessions: which sessions of each participant are for testing, counted from 0 in the order of the
    dataset. None holds back the last fifth of every participant's sessions, at least one (none of a
    participant who has only one).
    """
    ids = dataset.participant_ids.tolist()
    place = [ids[:at].count(code) for at, code in enumerate(ids)]
    n_of = {code: ids.count(code) for code in set(ids)}
    if list_test_sessions is None:
        test = [
            at >= n_of[code] - max(n_of[code] // 5, n_of[code] > 1)
            for at, code in zip(place, ids, strict=True)
        ]
    else:
        most = max(n_of.values(), default=0)
        unknown = [number for number in list_test_sessions if number not in range(most)]
        if unknown:
            raise SettingsError(
                [
                    f"list_test_sessions must be sessions of a participant, 0 to {most - 1}; got {unknown}. "
                    "Count the sessions of each participant from 0."
                ]
            )
        test = [at in set(list_test_sessions) for at in place]
    held = torch.tensor(test, dtype=torch.bool)
    return _chosen(dataset, ~held, device), _chosen(dataset, held, device)


def concat(datasets: "Sequence[DatasetRNN]", participants: Sequence[Any] | None = None) -> "DatasetRNN":
    """Several datasets as one, with their participants kept apart; shorter sessions are padded.

    A participant label found in two datasets is one participant; participants without labels are new ones in
    every dataset.
    participants: one label per dataset instead, for all of its sessions.
    """
    datasets = list(datasets)
    problems = _unlike(datasets, participants)
    if problems:
        raise SettingsError(problems)
    codes: dict[Any, int] = {}
    longest = max(dataset.n_trials for dataset in datasets)
    parts = [
        _recoded(_padded(dataset, longest), _keys(dataset, number, participants), codes)
        for number, dataset in enumerate(datasets)
    ]
    truths = [part.truth_probs for part in parts if part.truth_probs is not None]
    return datasets[0]._like(
        torch.cat([part.xs for part in parts]),
        torch.cat([part.ys for part in parts]),
        torch.cat(truths) if len(truths) == len(parts) else None,
        [key[1] if key[0] == "label" else code for key, code in codes.items()],
    )


def _part(dataset: "DatasetRNN", start: Tensor, end: Tensor, device: Device) -> "DatasetRNN":
    """Trials `start` to `end` (before it) of each session, moved to the front."""
    n = int((end - start).max()) if len(dataset) else 0
    trials = start[:, None] + torch.arange(n, device=start.device)
    sessions = torch.arange(len(dataset), device=start.device)
    return dataset.take(sessions, torch.where(trials < end[:, None], trials, -1), device=device)


def _chosen(dataset: "DatasetRNN", which: Tensor, device: Device) -> "DatasetRNN":
    sessions = which.nonzero()[:, 0].to(dataset.xs.device)
    trials = torch.arange(dataset.n_trials, device=dataset.xs.device).expand(len(sessions), -1)
    return dataset.take(sessions, trials, device=device)


def _padded(dataset: "DatasetRNN", n_trials: int) -> "DatasetRNN":
    trials = torch.arange(n_trials, device=dataset.xs.device)
    sessions = torch.arange(len(dataset), device=dataset.xs.device)
    return dataset.take(sessions, torch.where(trials < dataset.n_trials, trials, -1).expand(len(dataset), -1))


def _keys(dataset: "DatasetRNN", number: int, participants: Sequence[Any] | None) -> list[tuple[Any, Any]]:
    """What makes a participant one and the same, for each code: its label, or the dataset and the code."""
    if participants is not None:
        return [("label", participants[number])] * dataset.n_participants
    if dataset.labelled:
        return [("label", label) for label in dataset.participants]
    return [(number, code) for code in dataset.participants]


def _recoded(part: "DatasetRNN", keys: list[tuple[Any, Any]], codes: dict[Any, int]) -> "DatasetRNN":
    ids = part.participant_ids
    for code, key in enumerate(keys):
        part.xs[ids == code, :, -1] = codes.setdefault(key, len(codes))
    return part


def _unlike(datasets: "list[DatasetRNN]", participants: Sequence[Any] | None) -> list[str]:
    if not datasets:
        return [
            "concat needs one dataset or more; got none. Give a list, for example `concat([first, second])`."
        ]
    found = []
    for what, values in (
        ("arms", {dataset.n_actions for dataset in datasets}),
        ("columns", {dataset.columns for dataset in datasets}),
    ):
        if len(values) > 1:
            told = " and ".join(map(str, sorted(values)))
            found.append(
                f"The datasets must have the same {what}; got {told}. Convert them in the same way first."
            )
    if participants is not None and len(participants) != len(datasets):
        found.append(
            f"participants must hold one label per dataset, {len(datasets)}; got {len(participants)}. "
            "Leave it out to keep each dataset's own."
        )
    return found
