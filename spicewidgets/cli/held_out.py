"""Choices that were kept out of everything: how likely they are under equations, network and chance."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ..core.checks import refuse
from ..core.data.dataset import DatasetRNN
from ..core.estimator import SpiceEstimator
from ..core.judge.replay import nll_per_trial

COLUMNS = ("model", "n_choices", "nll", "likelihood", "numbers_per_participant")


def check_held_out(test: DatasetRNN, train: DatasetRNN) -> None:
    """Check that what was learned from one data set can be asked about another.

    Args:
        test: the choices to predict.
        train: the choices to learn from.

    Raises:
        SettingsError: if the test data have other options, unknown participants, or no next choice.
    """
    refuse(_problems(test, train))


def _problems(test: DatasetRNN, train: DatasetRNN) -> Iterator[str]:
    options, known = list(test.arm_labels or ()), list(train.arm_labels or ())
    if options != known:
        yield (
            f"--test-data must have the options of --data, {known[:20]}; got {options[:20]}. Name the column"
            " of the choice with --choice-column, or take sessions in which all options are chosen."
        )
    strangers = [label for label in test.participants if label not in set(train.participants)]
    if strangers:
        yield (
            f"--test-data must have participants of --data; got {strangers[:20]}, who are not there. Leave"
            " their rows out, or add sessions of theirs to --data."
        )
    if not bool(test.target_mask.any()):
        yield "--test-data must have sessions of two or more trials; got none. Add such sessions."


def held_out(estimator: SpiceEstimator, test: DatasetRNN) -> pd.DataFrame:
    """Tabulate the likelihood of the next choices of a test set.

    Args:
        estimator: fitted to other choices of the same participants.
        test: checked by `check_held_out`.

    Returns:
        A row each for the equations, the network and chance: `n_choices`, `nll` (the sum of -ln P over these
        choices, in nats), `likelihood` (exp(-nll / n_choices), the geometric mean of P), and
        `numbers_per_participant` (the terms and betas of an equation, on average; the weights of a network
        divided by the participants).
    """
    rnn, spice = estimator.predict(test)
    offered = np.ones_like(rnn) if test.offered is None else np.asarray(test.offered, float)
    chance = offered / offered.sum(-1, keepdims=True)
    counts = estimator.count_parameters()
    numbers = {
        "equations": float(np.mean(list(counts.values()))),
        "network": estimator.rnn_model_.n_weights / len(estimator.participants_),
        "chance": 0.0,
    }
    rows = []
    for model, p in zip(numbers, (spice, rnn, chance), strict=True):
        nll = nll_per_trial(p, test)
        n, total = int(np.isfinite(nll).sum()), float(np.nansum(nll))
        rows.append((model, n, total, float(np.exp(-total / n)), round(numbers[model], 2)))
    return pd.DataFrame(rows, columns=list(COLUMNS))
