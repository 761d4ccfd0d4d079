"""Next choices given what people really did and got: does a model expect them as often as they come?

Nothing of the task needs to be known. Before each choice a measure names an option to look for, by the past
alone, such as the one that was just chosen and paid. If the model is true, the sum of (1 if it was chosen,
else 0, less P) is a martingale, and over the root of the sum of P (1 - P) it is standard normal (Hall & Heyde
1980, Martingale Limit Theory and Its Application). Sums run over all people and sessions.
"""

from collections.abc import Iterator

import numpy as np
from scipy.stats import norm

from ..data.dataset import DatasetRNN
from ..data.entry import as_dataset
from ..settings import SettingsError
from ..simulate.agents import Agent
from ..simulate.record import Floats, Ints
from ..tasks import TASKS, TWO_STEP
from .check import INTERVAL, Bools, Check, as_family, over_points
from .replay import replay
from .staying import CELL_WORDS, last_first_choices

LAGS = (2, 3, 4)  # choices back; one back is "stay"
N_PARTS = 3  # of a session
MOST_EXACT = 1000  # choices, up to which the distribution of a count is exact
SURE = 1e-9  # P is at least so far from 0 and 1
NONE = -1  # no option to look for


def next_choice_checks(label: str, agent: Agent, dataset: DatasetRNN) -> tuple[Check, ...]:
    """Judge a model by people's next choices.

    Args:
        label: of the model.
        agent: the model; it must tell P (`get_choice_probs`).
        dataset: what people did; rewards on any scale, options that were not on offer, missing trials.

    Raises:
        SettingsError: where the agent does not tell P, or no next choice is known.
    """
    own = as_dataset(dataset, agent._n_actions)
    return checks_of(label, own, replay(agent, own).probabilities[:, 1:])


def checks_of(label: str, dataset: DatasetRNN, probabilities: Floats) -> tuple[Check, ...]:
    """Judge a model by what it expects of next choices.

    Args:
        label: of the model.
        dataset: what people did.
        probabilities: of each option in the next choice, `(n_sessions, n_trials, n_actions)`.

    Raises:
        SettingsError: as `next_choice_checks`.
    """
    known = np.asarray(dataset.target_mask)
    if not known.any():
        raise SettingsError(["No next choice is known. Give sessions of two or more trials."])
    if not np.isfinite(probabilities[known]).all():
        raise SettingsError(
            [f"{label} must tell P of each option to be judged; got NaN. Give it `get_choice_probs`."]
        )
    followed = np.where(known, dataset.ys.numpy().argmax(-1), NONE)
    _, people = np.unique(np.asarray(dataset.participant_ids), return_inverse=True)
    checks = []
    for name, words, points, options in _looked_for(dataset):
        options = np.where(known[..., None] & _on_offer(dataset, options), options, NONE)
        checks.append(_check((label, name, words), points, options, followed, probabilities, people))
    return as_family([check for check in checks if np.isfinite(check.people).any()])


def _looked_for(dataset: DatasetRNN) -> Iterator[tuple[str, str, tuple[str, ...], Ints]]:
    """Name, words, points and the option that each looks for after each trial, `(n_sessions, n_trials,
    n_points)`.
    """
    choices = np.asarray(dataset.choices)
    paid, above = _paid(dataset)
    unpaid = (choices >= 0) & np.isfinite(np.asarray(dataset.rewards_chosen)) & ~paid
    won = np.where(paid, choices, NONE)
    options = np.stack([won, np.where(unpaid, choices, NONE)], axis=-1)
    words = "share of choices that repeat the one before"
    yield "stay", words, (f"after a reward{above}", f"after no reward{above}"), options
    points = tuple(f"{lag} back" for lag in LAGS)
    words = f"share of choices of the option that was chosen and paid{above} so many choices back"
    yield "rewards", words, points, np.stack([_back(won, lag - 1) for lag in LAGS], axis=-1)
    words = "share of choices of the option that was chosen so many choices back"
    yield "choices", words, points, np.stack([_back(choices, lag - 1) for lag in LAGS], axis=-1)
    best, trials = _best_so_far(choices, paid, dataset.n_actions), np.arange(choices.shape[1])
    parts = np.array_split(trials, N_PARTS)
    points = tuple(f"after trials {part[0] + 1} to {part[-1] + 1}" for part in parts if len(part))
    each = [np.where(np.isin(trials, part), best, NONE) for part in parts if len(part)]
    yield "learning", "share of choices of the option that paid best so far", points, np.stack(each, axis=-1)
    if dataset.task == TWO_STEP.name:
        words = "share of first choices that are made again"
        options = last_first_choices(dataset.choices, dataset.rewards_chosen)
        yield "staying", words, tuple(map(", ".join, CELL_WORDS)), options


def _paid(dataset: DatasetRNN) -> tuple[Bools, str]:
    """Choices that paid more than the middle of all rewards, `(n_sessions, n_trials)`, and that in words
    where rewards are not 0 and 1.
    """
    rewards = np.asarray(dataset.rewards_chosen, dtype=float)
    rewards = np.where(np.isin(dataset.choices, TASKS[dataset.task].unpaid), np.nan, rewards)
    seen = rewards[np.isfinite(rewards)]
    middle = (min(seen.min(initial=0.0), 0.0) + seen.max(initial=0.0)) / 2
    return rewards > middle, "" if np.isin(seen, (0, 1)).all() else " above the middle"


def _back(options: Ints, n_trials: int) -> Ints:
    """Return the options of so many trials before."""
    moved = np.full_like(options, NONE)
    moved[:, n_trials:] = options[:, : options.shape[1] - n_trials]
    return moved


def _best_so_far(choices: Ints, paid: Bools, n_actions: int) -> Ints:
    """Return the option that paid most often so far, each counted as if it had paid once in two choices
    before.
    """
    chosen = choices[..., None] == np.arange(n_actions)
    shares = ((chosen & paid[..., None]).cumsum(axis=1) + 1) / (chosen.cumsum(axis=1) + 2)
    ordered = np.sort(shares, axis=-1)
    return np.where(ordered[..., -1] > ordered[..., -2], shares.argmax(axis=-1), NONE)


def _on_offer(dataset: DatasetRNN, options: Ints) -> Bools:
    """Tell whether an option to look for is on offer in the next trial, shaped as the options."""
    if dataset.offered is None:
        return options >= 0
    offered = np.take_along_axis(np.asarray(dataset.offered), np.maximum(options, 0), axis=-1)
    found: Bools = offered & (options >= 0)
    return found


def _check(
    names: tuple[str, str, str],
    points: tuple[str, ...],
    options: Ints,
    followed: Ints,
    probabilities: Floats,
    people: Ints,
) -> Check:
    """Shares observed and expected of every point."""
    looked = options >= 0
    n = looked.sum(axis=(0, 1))
    expected = np.take_along_axis(probabilities, np.maximum(options, 0), axis=-1)
    expected = np.where(looked, np.clip(expected, SURE, 1 - SURE), 0.0)
    hits = looked & (options == followed[..., None])
    p = np.array([_p(expected[looked[..., at], at], hits[..., at].sum()) for at in range(len(points))])
    with np.errstate(invalid="ignore", divide="ignore"):
        share, mean = hits.sum(axis=(0, 1)) / n, expected.sum(axis=(0, 1)) / n
        scatter = np.sqrt((expected * (1 - expected)).sum(axis=(0, 1))) / n
        half = INTERVAL * _error(hits.sum(axis=1) - share * looked.sum(axis=1), people) / n
    low, high = (np.clip(mean + sign * INTERVAL * scatter, 0, 1) for sign in (-1, 1))
    ends = np.clip(share - half, 0, 1), np.clip(share + half, 0, 1)
    return Check(*names, points, share, *ends, mean, low, high, scatter, over_points(p))


def _error(off: Floats, people: Ints) -> Floats:
    """Return standard error of a sum over people from what each is off, `(n_sessions, n_points)`; 0 of one
    alone.
    """
    n_people = int(people.max()) + 1
    each = np.zeros((n_people, off.shape[1]))
    np.add.at(each, people, off)
    error: Floats = np.sqrt((each**2).sum(axis=0) * n_people / max(n_people - 1, 1)) * (n_people > 1)
    return error


def _p(expected: Floats, count: int) -> float:
    """Two-sided p of a count of choices that come independently with the given probabilities; NaN of none.

    Exact up to `MOST_EXACT`, half of the count's own probability in each tail (Lancaster 1961), else normal.
    """
    if not len(expected):
        return np.nan
    if len(expected) > MOST_EXACT:
        z = (count - expected.sum()) / np.sqrt((expected * (1 - expected)).sum())
        return float(2 * norm.sf(abs(z)))
    masses = np.ones(1)
    for one in expected:
        masses = np.convolve(masses, (1 - one, one))
    tails = masses[:count].sum() + masses[count] / 2, masses[count + 1 :].sum() + masses[count] / 2
    return float(min(1.0, 2 * min(tails)))
