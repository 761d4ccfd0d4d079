"""Taking datasets apart and putting them together without losing a trial or mixing up participants."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ..checks import raise_if_any
from ..settings import SettingsError
from ..tasks import TASKS
from ..wording import join_words
from .dataset import DatasetRNN, Device
from .layout import MISSING


def split_data_along_timedim(
    dataset: DatasetRNN, split_ratio: float, device: Device = None, *, carry_on: bool = False
) -> tuple[DatasetRNN, DatasetRNN]:
    """Split each session: the first `split_ratio` for training, the rest for testing; no trial is lost.

    Each session is split by its own length, between two trials, all of whose stages stay together, and padded
    with missing trials.

    Args:
        dataset: the sessions.
        split_ratio: share of each session to train on, 0 to 1; 1 leaves the test set without trials.
        device: where the parts are; that of the data set when None.
        carry_on: whether a model that is scored on the test part knows what was learned before it. If so, the
            test part is the whole session, of which only the choices after the training part are targets. If
            not, it begins as a session of its own, in which a model starts from its initial state; a
            participant did not.

    Returns:
        Training and test part. They have no target in common; together they have all of them.

    Raises:
        SettingsError: where `split_ratio` is no share.
    """
    if isinstance(split_ratio, bool) or not isinstance(split_ratio, int | float) or not 0 <= split_ratio <= 1:
        raise SettingsError(
            [f"split_ratio must be between 0 and 1; got {split_ratio!r}. Use 0.8 to train on the first 80 %."]
        )
    lengths, n_stages = dataset.lengths, max(len(TASKS[dataset.task].stages), 1)
    whole = (lengths + n_stages - 1) // n_stages
    cut = (whole.double() * split_ratio + 1e-9).long() * n_stages
    if carry_on:  # the row before a trial is followed by its first choice
        cut = (cut - (n_stages - 1)).clamp(min=0)
    training = _part(dataset, torch.zeros_like(cut), cut, device)
    return training, _later(dataset, cut, device) if carry_on else _part(dataset, cut, lengths, device)


def split_data_along_sessiondim(
    dataset: DatasetRNN, list_test_sessions: Sequence[int] | None = None, device: Device = None
) -> tuple[DatasetRNN, DatasetRNN]:
    """Whole sessions for training, others for testing.

    Args:
        dataset: the sessions.
        list_test_sessions: which sessions of each participant are for testing, counted from 0 in the order of
            the data set. None holds back the last fifth of every participant's sessions, at least one (none
            of a participant who has only one).
        device: where the parts are; that of the data set when None.

    Returns:
        Training and test sessions.

    Raises:
        SettingsError: where no participant has such a session.
    """
    ids = dataset.participant_ids.tolist()
    places, n_of = _count_sessions(ids)
    if list_test_sessions is None:
        test = [
            place >= n_of[code] - max(n_of[code] // 5, n_of[code] > 1)
            for place, code in zip(places, ids, strict=True)
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
        test = [place in set(list_test_sessions) for place in places]
    held = torch.tensor(test, dtype=torch.bool)
    return _chosen(dataset, ~held, device), _chosen(dataset, held, device)


def concat(datasets: Sequence[DatasetRNN], participants: Sequence[Any] | None = None) -> DatasetRNN:
    """Several datasets as one, with their participants kept apart; shorter sessions are padded.

    A participant label that two data sets have is one participant; participants without labels are new ones
    in every data set.

    Args:
        datasets: one or more, with the same columns.
        participants: one label per data set instead, for all of its sessions.

    Raises:
        SettingsError: where the data sets do not go together.
    """
    datasets = list(datasets)
    raise_if_any(_unlike(datasets, participants))
    codes: dict[Any, int] = {}
    longest = max(dataset.n_trials for dataset in datasets)
    parts = []
    for number, dataset in enumerate(datasets):
        keys = _keys(dataset, number, participants)
        code_of = [codes.setdefault(key, len(codes)) for key in keys]
        part = _pad(dataset, longest)
        parts.append(part.recoded([code_of[code] for code in part.participant_ids.tolist()], None))
    first = datasets[0]
    joined = DatasetRNN(
        torch.cat([part.xs for part in parts]),
        torch.cat([part.ys for part in parts]),
        device=first.device,
        participants=[key[1] if key[0] == "label" else code for key, code in codes.items()],
        additional_inputs=first.additional_inputs,
        truth_probs=_concatenate([part.truth_probs for part in parts]),
        offered=_all_offered(parts),
        task=first.task,
    )
    joined.arm_labels, joined.reward_range = first.arm_labels, first.reward_range
    joined.reward_zero = first.reward_zero
    joined.groups = {
        name: {label: own for part in datasets for label, own in part.groups.get(name, {}).items()}
        for name in dict.fromkeys(name for part in datasets for name in part.groups)
    }
    return joined


def _concatenate(parts: Sequence[Tensor | None]) -> Tensor | None:
    tensors = [part for part in parts if part is not None]
    return torch.cat(tensors) if len(tensors) == len(parts) else None


def _all_offered(parts: Sequence[DatasetRNN]) -> Tensor | None:
    """Return the options on offer; all of them in the parts that do not say."""
    if all(part.offered is None for part in parts):
        return None
    full = [torch.ones_like(part.ys, dtype=torch.bool) for part in parts]
    return torch.cat([full[at] if part.offered is None else part.offered for at, part in enumerate(parts)])


def _part(dataset: DatasetRNN, start: Tensor, end: Tensor, device: Device) -> DatasetRNN:
    """Trials `start` to `end` (before it) of each session, moved to the front."""
    n = int((end - start).max()) if len(dataset) else 0
    trials = start[:, None] + torch.arange(n, device=start.device)
    sessions = torch.arange(len(dataset), device=start.device)
    return dataset.take(sessions, torch.where(trials < end[:, None], trials, -1), device=device)


def _later(dataset: DatasetRNN, start: Tensor, device: Device) -> DatasetRNN:
    """Return the whole sessions, with the targets of trial `start` and later ones only."""
    part = _part(dataset, torch.zeros_like(start), dataset.lengths, device)
    known = torch.arange(part.n_trials, device=part.xs.device) < start.to(part.xs.device)[:, None]
    part.ys = torch.where(known[..., None], MISSING, part.ys)
    return part


def _chosen(dataset: DatasetRNN, which: Tensor, device: Device) -> DatasetRNN:
    sessions = which.nonzero()[:, 0].to(dataset.xs.device)
    trials = torch.arange(dataset.n_trials, device=dataset.xs.device).expand(len(sessions), -1)
    return dataset.take(sessions, trials, device=device)


def _count_sessions(ids: list[int]) -> tuple[list[int], dict[int, int]]:
    """Return the place of each session among those of its participant, and how many each participant has."""
    n_of: dict[int, int] = {}
    places = []
    for code in ids:
        places.append(n_of.get(code, 0))
        n_of[code] = places[-1] + 1
    return places, n_of


def _pad(dataset: DatasetRNN, n_trials: int) -> DatasetRNN:
    trials = torch.arange(n_trials, device=dataset.xs.device)
    sessions = torch.arange(len(dataset), device=dataset.xs.device)
    return dataset.take(sessions, torch.where(trials < dataset.n_trials, trials, -1).expand(len(dataset), -1))


def _keys(dataset: DatasetRNN, number: int, participants: Sequence[Any] | None) -> list[tuple[Any, Any]]:
    """Return the identity of a participant for each code: its label, or the dataset and the code."""
    if participants is not None:
        return [("label", participants[number])] * dataset.n_participants
    if dataset.labelled:
        return [("label", label) for label in dataset.participants]
    return [(number, code) for code in dataset.participants]


def _unlike(datasets: list[DatasetRNN], participants: Sequence[Any] | None) -> list[str]:
    if not datasets:
        return [
            "concat needs one dataset or more; got none. Give a list, for example `concat([first, second])`."
        ]
    problems = []
    for name, values in (
        ("arms", {dataset.n_actions for dataset in datasets}),
        ("kind of task", {dataset.task for dataset in datasets}),
        ("columns", {dataset.columns for dataset in datasets}),
    ):
        if len(values) > 1:
            values_text = join_words(sorted(values))
            problems.append(
                f"The datasets must have the same {name}; got {values_text}."
                " Convert them in the same way first."
            )
    if participants is not None and len(participants) != len(datasets):
        problems.append(
            f"participants must hold one label per dataset, {len(datasets)}; got {len(participants)}. "
            "Leave it out to keep each dataset's own."
        )
    return problems
