"""What choices look like without any model: the measures on which a model that plays can fail.

Each measure is a table of people and points, so that its mean has a band over people. The measures are those
that studies of learning report (e.g. Palminteri, Wyart & Koechlin 2017, Trends in Cognitive Sciences 21: 425;
lagged effects as in Lau & Glimcher 2005, Journal of the Experimental Analysis of Behavior 84: 555).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from ..data.dataset import DatasetRNN
from ..simulate.record import Floats, Ints

N_BINS = 6  # of a session, for the learning curve
N_LAGS = 4  # trials back
BEFORE, AFTER = 3, 8  # trials around a reversal
FEWEST_ROWS = 20  # of a person's logistic regression
MOST_STEPS, SMALL_STEP = 25, 1e-6  # of the search for its coefficients
EQUAL = 1e-9  # reward probabilities that differ by less are equal

Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Played:
    """Sessions as they were played, by people or by a model.

    Attributes:
        choices: `(n_sessions, n_trials)`, from 0; -1 where it is missing or the session is over.
        rewards: of the chosen option, the same shape; NaN where it is missing.
        people: place of each session's person, `(n_sessions,)`.
        n_people: how many there are.
        n_actions: number of options.
        schedule: probability of a reward of each option, `(n_sessions, n_trials, n_actions)`; None where it
            is not known.
    """

    choices: Ints
    rewards: Floats
    people: Ints
    n_people: int
    n_actions: int
    schedule: Floats | None = None

    @classmethod
    def of(cls, dataset: DatasetRNN, schedule: Floats | None = None) -> "Played":
        """Return the sessions of a data set."""
        codes = np.asarray(dataset.participant_ids)
        known, people = np.unique(codes, return_inverse=True)
        choices, rewards = np.asarray(dataset.choices), np.asarray(dataset.rewards_chosen, dtype=float)
        return cls(choices, rewards, people, len(known), dataset.n_actions, schedule)

    def per_person(self, values: Floats) -> Floats:
        """Means over a person's trials, `(n_people, n_points)`; NaN for a person without any.

        Args:
            values: `(n_sessions, n_trials, n_points)`; NaN where a trial does not count.
        """
        known = np.isfinite(values)
        shape = (self.n_people, values.shape[-1])
        sums, counts = np.zeros(shape), np.zeros(shape)
        np.add.at(sums, self.people, np.where(known, values, 0.0).sum(axis=1))
        np.add.at(counts, self.people, known.sum(axis=1))
        with np.errstate(invalid="ignore"):
            means: Floats = sums / counts
        return means


@dataclass(frozen=True)
class Measure:
    """One way to look at choices.

    Attributes:
        name: of the measure.
        words: what it tells, with its unit.
        points: what is measured, in words.
        values: of each person, `(n_people, n_points)`; NaN where it is not known.
    """

    name: str
    words: str
    points: tuple[str, ...]
    values: Floats


def measures(played: Played) -> tuple[Measure, ...]:
    """Every measure that the sessions allow.

    The learning curve is the share of choices of the better option where the task's schedule is known, and
    the mean reward where it is not. What happens around reversals needs the schedule as well.
    """
    found = [_learning(played), _stay(played), _reversals(played), *_measure_lags(played)]
    return tuple(measure for measure in found if np.isfinite(measure.values).any())


def _learning(played: Played) -> Measure:
    n_trials = played.choices.shape[1]
    bins = np.minimum(np.arange(n_trials) * N_BINS // max(n_trials, 1), N_BINS - 1)
    edges = [np.flatnonzero(bins == number) for number in range(N_BINS)]
    points = tuple(f"trials {part[0] + 1} to {part[-1] + 1}" for part in edges if len(part))
    if played.schedule is None:
        values, words = played.rewards, "mean reward of the choices"
    else:
        values, words = _better(played), "share of choices of the better option"
    spread = np.full((*values.shape, len(points)), np.nan)
    for number, part in enumerate(part for part in edges if len(part)):
        spread[:, part, number] = values[:, part]
    return Measure("learning", words, points, played.per_person(spread))


def _better(played: Played) -> Floats:
    """1 where the option most likely to pay was chosen, 0 where another was; NaN where several are so."""
    assert played.schedule is not None
    best = played.schedule.max(axis=-1, keepdims=True) - played.schedule < EQUAL
    chosen = np.take_along_axis(best, np.maximum(played.choices, 0)[..., None], axis=-1)[..., 0]
    counts = (played.choices >= 0) & (best.sum(axis=-1) == 1)
    return np.where(counts, chosen, np.nan)


def _stay(played: Played) -> Measure:
    before, after = played.choices[:, :-1], played.choices[:, 1:]
    known = (before >= 0) & (after >= 0) & np.isfinite(played.rewards[:, :-1])
    again = np.where(known, before == after, np.nan)
    paid = played.rewards[:, :-1] > 0.5
    values = np.stack([np.where(paid, again, np.nan), np.where(~paid, again, np.nan)], axis=-1)
    words = "share of choices that repeat the one before"
    return Measure("stay", words, ("after a reward", "after no reward"), played.per_person(values))


def _reversals(played: Played) -> Measure:
    """Return the option that was the better one, from some trials before it is that no more to some after."""
    points = (
        *(f"{at} trial{'s' * (at > 1)} before" for at in range(BEFORE, 0, -1)),
        *(f"{at} trial{'s' * (at > 1)} after" for at in range(1, AFTER + 1)),
    )
    n_sessions, n_trials = played.choices.shape
    values = np.full((n_sessions, n_trials, len(points)), np.nan)
    if played.schedule is not None:
        ordered = np.sort(played.schedule, axis=-1)
        clear = ordered[..., -1] - ordered[..., -2] > EQUAL
        best = np.where(clear, played.schedule.argmax(axis=-1), -1)
        turns = (best[:, 1:] != best[:, :-1]) & (best[:, 1:] >= 0) & (best[:, :-1] >= 0)
        sessions, trials = np.nonzero(turns)
        at = trials[:, None] + np.arange(1 - BEFORE, 1 + AFTER)
        there = (at >= 0) & (at < n_trials)
        own = np.where(there, played.choices[sessions[:, None], at.clip(0, n_trials - 1)], -1)
        values[sessions, trials] = np.where(own >= 0, own == best[sessions, trials][:, None], np.nan)
    words = "share of choices of the option that was the better one before the reversal"
    return Measure("reversal", words, points, played.per_person(values))


def _measure_lags(played: Played) -> tuple[Measure, Measure]:
    """Effects of earlier rewards and choices.

    They are a person's logistic regression of choosing an option, rather than another, on whether it was
    rewarded and whether it was chosen so many trials ago.
    """
    n_sessions = len(played.choices)
    known = np.repeat(played.choices >= 0, played.n_actions, axis=1)
    known[:, : played.n_actions] = False
    chosen = (played.choices[..., None] == np.arange(played.n_actions)).reshape(n_sessions, -1) & known
    lags = np.concatenate(_lags(played), axis=-1).reshape(n_sessions, -1, 2 * N_LAGS)
    coefficients = _regressions(lags, chosen, known, played.people, played.n_people)
    points = tuple(f"{lag} back" for lag in range(1, N_LAGS + 1))
    effect = "effect of a {} on the log odds of the option"
    return (
        Measure("rewards", effect.format("reward"), points, coefficients[:, :N_LAGS]),
        Measure("choices", effect.format("choice"), points, coefficients[:, N_LAGS:]),
    )


def _regressions(regressors: Floats, chosen: Bools, known: Bools, people: Ints, n_people: int) -> Floats:
    """Coefficients of a logistic regression for each person, `(n_people, n_regressors)`; NaN where there is
    too little. All are fitted side by side by Newton's method, with a penalty of half their sum of squares.

    Args:
        regressors: `(n_sessions, n_rows, n_regressors)`.
        chosen: outcomes, `(n_sessions, n_rows)`.
        known: the rows that count, the same shape.
        people: place of each session's person, `(n_sessions,)`.
        n_people: how many there are.
    """
    x = np.where(known[..., None], np.concatenate([regressors, np.ones((*chosen.shape, 1))], axis=-1), 0.0)
    k = x.shape[-1]
    penalty = np.append(np.ones(k - 1), 1e-9)  # of the intercept, as good as none
    found = np.zeros((n_people, k))
    for _ in range(MOST_STEPS):
        p = expit(np.einsum("srk,sk->sr", x, found[people]))
        slope, curvature = -penalty * found, np.tile(np.diag(penalty), (n_people, 1, 1))
        np.add.at(slope, people, np.einsum("srk,sr->sk", x, chosen - p))
        np.add.at(curvature, people, np.swapaxes(x * (p * (1 - p))[..., None], 1, 2) @ x)
        step = np.linalg.solve(curvature, slope[..., None])[..., 0]
        found += step
        if np.abs(step).max() < SMALL_STEP:
            break
    rows, times = np.zeros(n_people), np.zeros(n_people)
    np.add.at(rows, people, known.sum(axis=1))
    np.add.at(times, people, chosen.sum(axis=1))
    enough = (rows >= FEWEST_ROWS) & (times > 0) & (times < rows)
    return np.where(enough[:, None], found[:, :-1], np.nan)


def _lags(played: Played) -> tuple[Floats, Floats]:
    """Compute whether each option was rewarded, and whether it was chosen, so many trials ago, less the mean
    of the other options, `(n_sessions, n_trials, n_actions, n_lags)`; 0 where it is not known.
    """
    chosen = (played.choices[..., None] == np.arange(played.n_actions)).astype(float)
    rewarded = chosen * np.nan_to_num(played.rewards)[..., None]
    n = played.n_actions

    def lag_values(values: Floats) -> Floats:
        apart = (n * values - values.sum(axis=-1, keepdims=True)) / (n - 1)
        result = np.zeros((*values.shape, N_LAGS))
        for lag in range(1, N_LAGS + 1):
            result[:, lag:, :, lag - 1] = apart[:, :-lag] if lag < values.shape[1] else 0.0
        return result

    return lag_values(rewarded), lag_values(chosen)


def means_of(found: tuple[Measure, ...]) -> dict[str, Floats]:
    """Return the mean over people of each measure, by its name; NaN where nobody has a point."""
    means = {}
    for measure in found:
        known = np.isfinite(measure.values)
        with np.errstate(invalid="ignore"):
            means[measure.name] = np.where(known, measure.values, 0.0).sum(axis=0) / known.sum(axis=0)
    return means
