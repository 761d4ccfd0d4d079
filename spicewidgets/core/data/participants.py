"""Participants as indices 0, 1, ..., which is how models know them; their labels and codes stand beside."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..checks import raise_if_any
from .dataset import DatasetRNN


@dataclass(frozen=True)
class Participants:
    """The participants of a data set, in the order of their indices.

    Attributes:
        labels: what they are called.
        codes: what stands for them in the last column of the data set.
    """

    labels: tuple[Any, ...]
    codes: tuple[int, ...]


def index_participants(
    dataset: DatasetRNN, known: Participants | None = None, part: str = "validation"
) -> tuple[DatasetRNN, Participants]:
    """Return the data set with participants as indices in its last column, and who they are.

    Args:
        dataset: checked.
        known: the participants of the training data, whose indices are used; found in the data when None.
        part: what data of known participants are for, "validation" or "test".

    Raises:
        SettingsError: no model can read the columns, a session has several participants, a participant has
            no trial, or is not known.
    """
    raise_if_any(dataset.column_problems())
    raise_if_any([_mixed_problem(dataset)])
    labels = _labels(dataset, known)
    if known is None:
        raise_if_any([_unobserved_problem(dataset, labels)])
        code_of = {label: code for code, label in reversed(labels.items())}
        names = tuple(dict.fromkeys(labels.values()))
        known = Participants(names, tuple(code_of[label] for label in names))
    else:
        raise_if_any([_unknown(labels.values(), known, part)])
    place = {label: index for index, label in enumerate(known.labels)}
    indices = [place[labels[code]] for code in dataset.participant_ids.tolist()]
    return dataset.recoded(indices, known.labels), known


def _labels(dataset: DatasetRNN, known: Participants | None) -> dict[int, Any]:
    """Return the label of each code that is in the data set, by code from low to high."""
    codes = sorted(set(dataset.participant_ids.tolist()))
    if dataset.labelled:
        return {code: dataset.participants[code] for code in codes}
    labels = {} if known is None else dict(zip(known.codes, known.labels, strict=True))
    return {code: labels.get(code, code) for code in codes}


def _mixed_problem(dataset: DatasetRNN) -> str | None:
    mixed = ((dataset.xs[..., -1].round() != dataset.participant_ids[:, None]) & dataset.mask).any(1)
    if not bool(mixed.any()):
        return None
    return (
        f"Session {int(mixed.int().argmax())} has trials of more than one participant. Give every participant"
        " sessions of their own."
    )


def _unknown(labels: Iterable[Any], known: Participants, part: str) -> str | None:
    unknown = [label for label in dict.fromkeys(labels) if label not in known.labels]
    if not unknown:
        return None
    return (
        f"The {part} data have participants {unknown[:20]} whom the training data lack. Take sessions of"
        " participants that are trained on."
    )


def _unobserved_problem(dataset: DatasetRNN, labels: dict[int, Any]) -> str | None:
    codes, observed = dataset.participant_ids, dataset.mask.any(1)
    missing = sorted(set(codes.tolist()) - set(codes[observed].tolist()))
    if not missing or not bool(observed.any()):  # without any trial, there is more to say than this
        return None
    names = [labels[code] for code in missing]
    return f"No trial of the participants {names} was observed. Leave their sessions out."
