"""Choices that were kept out of everything: how likely they are under equations, network and chance."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ..core.checks import raise_if_any
from ..core.data.choices import Choices
from ..core.data.continued import going_on, match_sessions
from ..core.data.dataset import DatasetRNN
from ..core.data.tables.rows import Rows
from ..core.estimator import SpiceEstimator
from ..core.judge.replay import nll_per_trial
from ..core.settings import SettingsError

COLUMNS = ("model", "n_choices", "nll", "likelihood", "numbers_per_participant")


def choices_to_predict(train: Choices, test: Choices, sessions: str | None = None) -> tuple[DatasetRNN, str]:
    """Make the choices to predict, in sessions that go on where those that were learned from end, or anew.

    Args:
        train: the table to learn from.
        test: the table to predict.
        sessions: "carry_on" or "start_anew" where that was chosen; see `followed`.

    Returns:
        The choices, and a sentence that says which sessions go on.

    Raises:
        SettingsError: if the test data have other options, unknown participants, or no next choice.
    """
    raise_if_any(_problems(test.rows, train.rows))
    follows = match_sessions(train, test, sessions)
    dataset = going_on(train, test, follows)
    if not bool(dataset.target_mask.any()):
        raise SettingsError(
            ["--test-data must have sessions of two or more trials; got none. Add such sessions."]
        )
    on, n = int((follows >= 0).sum()), len(follows)
    words = f"Test data: {on:,} of {n:,} sessions go on where those of --data end, and so does learning"
    others = "start_anew" if on == n else "carry_on"
    return dataset, f"{words}; the others begin anew (--remedy sessions={others} for the other way)."


def _problems(test: Rows, train: Rows) -> Iterator[str]:
    options, known = list(test.arm_labels), list(train.arm_labels)
    if not set(options) <= set(known):
        yield (
            f"--test-data must have the options of --data, {known[:20]}; got {options[:20]}. Name the column"
            " of the choice with --choice-column, or leave out choices of other options."
        )
    strangers = [label for label in test.participants if label not in set(train.participants)]
    if strangers:
        yield (
            f"--test-data must have participants of --data; got {strangers[:20]}, who are not there. Leave"
            " their rows out, or add sessions of theirs to --data."
        )


def held_out(estimator: SpiceEstimator, test: DatasetRNN) -> pd.DataFrame:
    """Tabulate the likelihood of the next choices of a test set.

    Args:
        estimator: fitted to other choices of the same participants.
        test: as `choices_to_predict` makes it.

    Returns:
        A row each for the equations, the network and chance: `n_choices`, `nll` (the sum of -ln P over these
        choices, in nats), `likelihood` (exp(-nll / n_choices), the geometric mean of P), and
        `numbers_per_participant` (the terms and betas of an equation, on average; the weights of a network
        divided by the participants).
    """
    rnn, spice = estimator.predict(test)
    counts = estimator.count_parameters()
    numbers = {
        "equations": float(np.mean(list(counts.values()))),
        "network": estimator.rnn_model_.n_weights / len(estimator.participants_),
        "chance": 0.0,
    }
    rows = []
    n = int(test.target_mask.sum())
    nll = [float(np.nansum(nll_per_trial(p, test))) for p in (spice, rnn)]
    for model, total in zip(numbers, (*nll, n * test.chance), strict=True):
        rows.append((model, n, total, float(np.exp(-total / n)), round(numbers[model], 2)))
    return pd.DataFrame(rows, columns=list(COLUMNS))
