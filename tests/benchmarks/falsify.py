"""Falsification: how often the truth is rejected, and how often a learner who lacks the kernel of people.

    python tests/benchmarks/falsify.py [--datasets 200] [--part truth] [--no-write]

People with a choice kernel, each with parameters of their own, do 100 trials of a task: drift .05, .1, .2 or
reversals, 2 or 4 options, 1 or 40 people. Judged without the schedule, by next choices: the true model, the
true kind fitted, and Rescorla-Wagner fitted. Judged with it, by playing anew: the true model and the true
kind fitted. And as it was before: playing anew in a schedule that is estimated from five trials around.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from report import machine, table, today, write_section
from scipy.special import expit

import spicewidgets as sw
from spicewidgets.core.judge.check import LEVEL, REJECTED, Judgement
from spicewidgets.core.judge.falsify import falsify
from spicewidgets.core.rivals.model import AgentRival
from spicewidgets.core.simulate.cohort import Cohort

HEADING = "Falsification: the truth and what it lacks"
TRIALS = 100
TASKS = ("drift .05", "drift .1", "drift .2", "reversal")
OPTIONS, PEOPLE = (2, 4), (1, 40)
CELLS = tuple(product(TASKS, OPTIONS, PEOPLE))
KERNELS = (0.25, 0.5, 1.0)  # mean weights of people's kernels, in log odds
TRUE, WITHOUT = "with-kernel", "rescorla-wagner"
WIDTH = 5.0  # trials, of the schedule that was estimated before
Judged = list[tuple[tuple[str, int, int], Judgement]]


class People(NamedTuple):
    """People, as two agents that do the same: one plays any number of times, one is replayed fast."""

    plays: AgentRival
    replays: Cohort
    data: sw.DatasetRNN
    schedule: np.ndarray


def people(cell: tuple[str, int, int], seed: int, kernel: float = 1.0) -> People:
    """People with parameters of their own, and their choices."""
    task, n_actions, n = cell
    rng = np.random.default_rng([seed, *cell[1:], TASKS.index(task)])
    values = {
        "alpha": expit(-0.5 + 0.8 * rng.standard_normal(n)),
        "beta": np.exp(1.1 + 0.4 * rng.standard_normal(n)),
        "alpha_choice": expit(0.8 * rng.standard_normal(n)),
        "beta_choice": kernel + 0.5 * kernel * rng.standard_normal(n),
    }
    names = [name for name, _ in sw.RIVALS[TRUE].columns(n_actions)]
    labels = tuple(f"p{place}" for place in range(n))
    rival = AgentRival(
        sw.RIVALS[TRUE],
        np.stack([values[name] for name in names], axis=1),
        n_actions,
        participants=labels,
        codes=tuple(range(n)),
    )
    own = {"alpha": "alpha_reward", "beta": "beta_reward"}
    each = [{own.get(name, name): values[name][place] for name in names} for place in range(n)]
    cohort = Cohort([sw.AgentQ(n_actions, **one).parameters for one in each], n_actions)
    bandits: Any = (
        sw.BanditsReversal(n_actions=n_actions)
        if task == "reversal"
        else sw.BanditsDrift(float(task.split()[1]), n_actions=n_actions)
    )
    data, sessions, _ = sw.create_dataset(cohort, bandits, TRIALS, n, participant=labels, random_state=rng)
    return People(rival, cohort, data, np.stack([session.reward_probs for session in sessions]))


def fitted(name: str, data: sw.DatasetRNN) -> Any:
    """A rival as the command fits it."""
    return sw.fit_rival(name, data, "group" if data.n_participants > 1 else "prior").agent


def estimated(data: sw.DatasetRNN) -> Any:
    """The schedule as it was estimated before 2026-11-30: what an option paid in trials near by."""
    rewards = np.asarray(data.rewards, dtype=float)
    seen, trials = np.isfinite(rewards), np.arange(data.n_trials)
    paid = np.where(seen, rewards, 0.0)
    weights = np.exp(-(((trials[:, None] - trials) / WIDTH) ** 2) / 2)
    mean = paid.sum(axis=(1, 2)) / np.maximum(seen.sum(axis=(1, 2)), 1)
    sums, counts = (np.einsum("ut,sta->sua", weights, part) for part in (paid, seen.astype(float)))
    return np.clip((sums + mean[:, None, None]) / (counts + 1), 0.0, 1.0)


def judged(n: int, seed: int, who: Callable[[People], Any], way: str = "next", kernel: float = 1.0) -> Judged:
    """So many data sets of every cell, judged in one way."""
    found: Judged = []
    for cell in CELLS:
        began = perf_counter()
        for number in range(n):
            own = people(cell, seed + number, kernel)
            schedule = {"next": None, "anew": own.schedule, "before": estimated(own.data)}[way]
            result = falsify({"it": who(own)}, own.data, schedule, random_state=seed + number)
            found.append((cell, result.judgements["it"]))
        print(f"{way}, {cell}: {perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    return found


def rejected(found: Judged, **cell: Any) -> list[bool]:
    """The verdicts of some cells."""
    names = ("task", "options", "people")
    return [
        one.verdict == REJECTED
        for where, one in found
        if all(where[names.index(name)] == value for name, value in cell.items())
    ]


def percent(hits: Sequence[bool]) -> str:
    return f"{100 * np.mean(hits):.1f} %" if len(hits) else ""


def by_cell(columns: Mapping[str, Judged]) -> str:
    """A row for each cell."""
    rows = []
    for task, options, n in CELLS:
        cell = {"task": task, "options": options, "people": n}
        shares = [percent(rejected(found, **cell)) for found in columns.values()]
        rows.append([f"{task}, {options} options, {n} {'people' if n > 1 else 'person'}", *shares])
    rows.append(["all", *(percent(rejected(found)) for found in columns.values())])
    return table(["data sets of", *columns], rows)


def by_measure(columns: Mapping[str, Judged]) -> str:
    """A row for each measure alone, of 1 person and of 40; and for any of them, as it was before."""
    rows = []
    for n in PEOPLE:
        for measure in ("stay", "rewards", "choices", "learning", "reversal"):
            shares = []
            for found in columns.values():
                checks = [one.check(measure) for where, one in found if where[2] == n]
                shares.append(percent([check.p <= LEVEL for check in checks if check is not None]))
            rows.append([f"{measure}, {n} {'people' if n > 1 else 'person'}", *shares])
        least = [
            percent([min(check.p for check in one.checks) <= LEVEL for where, one in found if where[2] == n])
            for found in columns.values()
        ]
        rows.append([f"any of them, {n} {'people' if n > 1 else 'person'}", *least])
    return table(["measure alone, p <= .05", *columns], rows)


def main() -> None:
    """Measure, print, and write the section."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--datasets", type=int, default=200, help="of each cell, for the true model")
    parser.add_argument("--fitted", type=int, default=25, help="of each cell, for fitted models")
    parser.add_argument("--anew", type=int, default=13, help="of each cell, for the true model played anew")
    parser.add_argument("--few", type=int, default=6, help="of each cell, for all else that is played anew")
    parser.add_argument("--seed", type=int, default=210_000, help="of the first data set")
    parser.add_argument("--no-write", action="store_true", help="print, and leave RESULTS.md as it is")
    a = parser.parse_args()

    def plays(own: People) -> Any:
        return own.plays

    def replays(own: People) -> Any:
        return own.replays

    def kind(name: str) -> Callable[[People], Any]:
        return lambda own: fitted(name, own.data)

    columns = {
        f"true, next choice ({a.datasets})": judged(a.datasets, a.seed, replays),
        f"fitted, next choice ({a.fitted})": judged(a.fitted, a.seed + 1000, kind(TRUE)),
        f"true, anew ({a.anew})": judged(a.anew, a.seed + 2000, plays, "anew"),
        f"fitted, anew ({a.few})": judged(a.few, a.seed + 3000, kind(TRUE), "anew"),
        f"true, before ({a.few})": judged(a.few, a.seed + 2000, plays, "before"),
    }
    n_power = max(a.fitted // 2, 1)
    power = {kernel: judged(n_power, a.seed + 4000, kind(WITHOUT), kernel=kernel) for kernel in KERNELS}
    rows = [
        [f"{kernel:g}", *(percent(rejected(found, people=n, options=k)) for n in PEOPLE for k in OPTIONS)]
        for kernel, found in power.items()
    ]
    head = (
        f"{today()}; {machine()}. `python tests/benchmarks/falsify.py`; seeds from {a.seed:,} on, on which"
        " nothing was chosen. People have a choice kernel (weight 1, standard deviation .5) and parameters of"
        f" their own, {TRIALS} trials each. In brackets: data sets of each cell. Before: played anew in a"
        " schedule that is estimated from five trials around."
    )
    lacking = (
        f"Fitted {WITHOUT}, which lacks the kernel, rejected by next choices, by the mean weight of the"
        f" kernel in people; {n_power * len(TASKS)} data sets each:"
    )
    parts = [
        head,
        "Models rejected at the 5 % level over all their measures (Holm), playing 100 times:",
        by_cell(columns),
        "Measures alone with p of .05 or less (before the correction; this is how a model failed before):",
        by_measure(columns),
        lacking,
        table(["weight", *(f"{n} people, {k} options" for n in PEOPLE for k in OPTIONS)], rows),
    ]
    text = "\n\n".join(parts)
    print(text)
    if not a.no_write:
        write_section(HEADING, text)


if __name__ == "__main__":
    main()
