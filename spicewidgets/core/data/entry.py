"""The door: whatever holds sessions becomes a checked `DatasetRNN`, once; everything inside trusts it."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..checks import raise_if_any
from ..settings import SettingsError
from ..simulate.session import BanditSession
from .dataset import DatasetRNN

LARGEST = 2**24  # whole numbers up to this are exact in float32


def as_dataset(data: Any, n_actions: int, targets: Any = None) -> DatasetRNN:
    """Return a checked data set from anything that holds sessions.

    Args:
        data: a `DatasetRNN` (returned as it is), a `BanditSession`, or an array or tensor `(n_trials,
            n_features)` or `(n_sessions, n_trials, n_features)`.
        n_actions: number of arms of the model that will take the data set.
        targets: next choices `(n_sessions, n_trials, n_actions)`; those in the rows themselves when None. A
            `DatasetRNN` has its own.

    Raises:
        SettingsError: with a sentence for what is wrong.
    """
    if isinstance(data, DatasetRNN):
        return _of_n_actions(data, n_actions)
    if targets is not None:
        dataset = DatasetRNN(as_numbers("data", data), as_numbers("targets", targets))
        return _of_n_actions(dataset, n_actions)
    xs = as_numbers("A session", data.xs if isinstance(data, BanditSession) else data)
    xs = xs[None] if xs.ndim == 2 else xs
    if xs.ndim != 3 or xs.shape[-1] < 2 * n_actions + 1:
        raise SettingsError(
            [
                f"A session is an array (n_trials, n_features) with {2 * n_actions + 1} or more features for"
                f" {n_actions} arms; got shape {tuple(xs.shape)}. Take a row of a data set, such as"
                " dataset.xs[0]."
            ]
        )
    return DatasetRNN(xs, next_choices(xs, n_actions))


def next_choices(xs: Tensor, n_actions: int) -> Tensor:
    """Return the choice of the following row, `(n_sessions, n_trials, n_actions)`; -1 after the last row."""
    ys = torch.full((*xs.shape[:2], n_actions), -1.0)
    ys[:, :-1] = xs[:, 1:, :n_actions]
    return ys


def as_numbers(name: str, values: Any) -> Tensor:
    """Values of any kind as a float32 tensor; `name` stands for them in the error.

    Raises:
        SettingsError: where they are no numbers, or where a participant's code is too large for float32.
    """
    if isinstance(values, Tensor):
        exact = values.detach().cpu()
    else:
        try:
            exact = torch.from_numpy(np.array(values, dtype=np.float64))
        except (TypeError, ValueError):
            text = repr(values)
            raise SettingsError(
                [
                    f"{name} must be numbers, (n_trials, n_features) or (n_sessions, n_trials, n_features);"
                    f" got {text if len(text) < 80 else type(values).__name__}. Make a data set of a table"
                    " with convert_dataset."
                ]
            ) from None
    last = torch.atleast_1d(exact)[..., -1:].double()
    merged = last[(last.abs() > LARGEST) & (last != last.float()) & last.isfinite()]
    if merged.numel():
        raise SettingsError(
            [
                f"Participants' numbers must be within {LARGEST:,}, beyond which 32 bits cannot tell all of"
                f" them apart; got {merged[0].item():.0f}. Number them from 0, or make a data set with"
                " convert_dataset, which keeps them as labels."
            ]
        )
    return exact.float()


def _of_n_actions(dataset: DatasetRNN, n_actions: int) -> DatasetRNN:
    raise_if_any(dataset.column_problems())
    if dataset.n_actions != n_actions:
        raise SettingsError(
            [
                f"The data set has {dataset.n_actions} arms; needed are {n_actions}. Set"
                f" n_actions={dataset.n_actions}, or take another data set."
            ]
        )
    raise_if_any(dataset.value_problems())  # its tensors may have been changed in place since it was made
    return dataset
