"""From checked rows to the tensors of a data set."""

from collections.abc import Sequence

import numpy as np

from .dataset import DatasetRNN, Device
from .tables.rows import Rows


def dataset_of(
    rows: Rows, inputs: Sequence[str] = (), device: Device = None, sequence_length: int | None = None
) -> DatasetRNN:
    """Return the data set of a table's rows. The target of a trial is the choice of the next one of its
    session.

    Args:
        rows: the rows.
        inputs: names of the additional inputs.
        device: where the tensors are.
        sequence_length: trials of a window; None keeps whole sessions.
    """
    n, missing = rows.n_actions, rows.missing[:, None]
    onehot = (rows.arms[:, None] == np.arange(n)).astype(float)
    row = np.concatenate(
        [
            np.where(missing, -1, onehot),
            np.where(missing | np.isnan(rows.rewards), -1, rows.rewards),
            rows.inputs,
            rows.ids,
        ],
        axis=1,
    )
    xs = rows.wide(row)
    n_ids = rows.ids.shape[1]
    xs[..., -n_ids:] = rows.wide(rows.ids)[:, :1]
    choices = rows.wide(np.where(rows.arms[:, None] < 0, -1, onehot))
    ys = np.full_like(choices, -1)
    ys[:, :-1] = np.where(rows.wide(missing, True)[:, :-1], -1, choices[:, 1:])
    offered = None
    if rows.offered is not None:
        offered = np.ones(ys.shape, dtype=bool)
        offered[:, :-1] = rows.wide(rows.offered, True)[:, 1:]
    dataset = DatasetRNN(
        xs,
        ys,
        sequence_length=sequence_length,
        device=device,
        participants=rows.participants,
        additional_inputs=inputs,
        offered=offered,
        task=rows.task,
    )
    dataset.arm_labels, dataset.reward_range = rows.arm_labels, rows.reward_range
    dataset.reward_zero = rows.reward_zero
    return dataset
