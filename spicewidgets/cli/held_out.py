"""Choices that were kept out of everything: how likely they are under equations, network and chance."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core.checks import raise_if_any
from ..core.data.choices import Choices
from ..core.data.continued import going_on, match_sessions
from ..core.data.dataset import DatasetRNN
from ..core.data.layout import guesses
from ..core.data.splits import split_data_along_timedim
from ..core.data.tables.rows import Rows
from ..core.estimator import SpiceEstimator
from ..core.judge.replay import nll_per_trial, stages_of
from ..core.rivals.fit import FittedRival
from ..core.settings import SettingsError

Floats = NDArray[np.float64]


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


def held_out(estimator: SpiceEstimator, test: DatasetRNN, rival: FittedRival | None = None) -> pd.DataFrame:
    """Tabulate the likelihood of the next choices of a test set.

    Args:
        estimator: fitted to other choices of the same participants.
        test: as `choices_to_predict` makes it, or `later_choices`.
        rival: fitted to the same choices as the estimator; None for none.

    Returns:
        A row each for the equations, the network, the rival and chance: `n_choices`, `nll` (the sum of -ln P
        over these choices, in nats), `likelihood` (exp(-nll / n_choices), the geometric mean of P), and
        `numbers_per_participant` (the terms and betas of an equation, on average; the weights of a network
        divided by the participants). With a rival, `ahead`: by how many nats a choice is more likely than
        under the rival, and `ahead_error`, its standard error over people. Of a task of several stages,
        likelihood and these also for each stage, with its name added (`likelihood_second_stage`).
    """
    rnn, spice = estimator.predict(test)
    counts = estimator.count_parameters()
    surprise = {"equations": nll_per_trial(spice, test), "network": nll_per_trial(rnn, test)}
    numbers = {
        "equations": float(np.mean(list(counts.values()))),
        "network": estimator.rnn_model_.n_weights / len(estimator.participants_),
        "chance": 0.0,
    }
    if rival is not None:
        surprise[rival.rival.name] = nll_per_trial(rival.predict(test), test)
        numbers[rival.rival.name] = float(len(rival.names))
    mask = test.target_mask
    surprise["chance"] = np.where(mask, guesses(mask, test.offered, test.n_actions), np.nan)
    by = None if rival is None else surprise[rival.rival.name]
    parts = {name.replace(" ", "_"): part for name, part in stages_of(test).items()}
    rows = [
        {"model": model, "n_choices": int(mask.sum()), "nll": float(np.nansum(nll))}
        | {"likelihood": _likelihood(nll), "numbers_per_participant": round(numbers[model], 2)}
        | ({} if by is None else _ahead(by - nll, test, ""))
        | {
            name: value
            for stage, part in parts.items()
            for name, value in _of_stage(np.where(part, nll, np.nan), by, test, stage).items()
        }
        for model, nll in surprise.items()
    ]
    return pd.DataFrame(rows)


def later_choices(dataset: DatasetRNN, share: float) -> tuple[DatasetRNN, DatasetRNN]:
    """Set the later choices of each session aside, to be predicted with what happened before them known.

    Args:
        dataset: the choices.
        share: of each session's trials that is learned from, 0 to 1.

    Returns:
        The earlier choices, and the sessions in which only the later ones are to be predicted.

    Raises:
        SettingsError: where there are no later choices.
    """
    train, test = split_data_along_timedim(dataset, share, carry_on=True)
    if not bool(test.target_mask.any()) or not bool(train.target_mask.any()):
        raise SettingsError(
            [
                "--by time needs sessions that are long enough to set later choices aside; got sessions of up"
                f" to {dataset.n_trials} trials with --train-share {share:g}. Leave out --by."
            ]
        )
    return train, test


def _of_stage(nll: Floats, by: Floats | None, test: DatasetRNN, stage: str) -> dict[str, float]:
    """Compute what is told of one stage: likelihood, and how far it is ahead of a rival."""
    own = {f"likelihood_{stage}": _likelihood(nll)}
    return own if by is None else own | _ahead(by - nll, test, f"_{stage}")


def _likelihood(nll: Floats) -> float:
    """Compute the geometric mean of P of choices whose -ln P is known."""
    return float(np.exp(-np.nanmean(nll))) if np.isfinite(nll).any() else float("nan")


def _ahead(gain: Floats, test: DatasetRNN, ending: str) -> dict[str, float]:
    """Compute the mean of a gain in nats per choice, and its standard error over people (of a ratio)."""
    people, known = np.asarray(test.participant_ids), np.isfinite(gain)
    sums = np.bincount(people, np.nansum(gain, axis=1))
    counts = np.bincount(people, known.sum(axis=1))
    seen, n = counts > 0, counts.sum()
    if not n:
        return {f"ahead{ending}": float("nan"), f"ahead_error{ending}": float("nan")}
    mean, m = sums.sum() / n, int(seen.sum())
    rest = (sums - mean * counts)[seen]
    error = np.sqrt((rest**2).sum() * m / (m - 1)) / n if m > 1 else np.nan
    return {f"ahead{ending}": float(mean), f"ahead_error{ending}": float(error)}
