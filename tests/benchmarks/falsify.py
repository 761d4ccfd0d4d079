"""Falsification: how often the truth is rejected, and how often a learner who lacks the kernel of people.

    python tests/benchmarks/falsify.py [--part true ...] [--share 1.0] [--no-write]

People with a choice kernel, each with parameters of their own, do 100 trials of a task: drift .05, .1, .2 or
reversals, 2 or 4 options, 1 or 40 people. Judged without the schedule, by next choices: the true model, the
true kind fitted, and Rescorla-Wagner fitted. Judged with it, by playing anew: the true model and the true
kind fitted. And as it was before: playing anew in a schedule that is estimated from five trials around.

Parts are kept in a folder, so that some can be measured anew, or several at once; the section is written of
those that are there.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
import torch
from report import Table, benchmark_parser, publish
from scipy.special import expit

import spicewidgets as sw
from spicewidgets.core.judge.check import LEVEL, REJECTED, Judgement
from spicewidgets.core.judge.falsify import falsify
from spicewidgets.core.judge.next_choice import checks_of
from spicewidgets.core.judge.replay import replay
from spicewidgets.core.rivals.model import AgentRival
from spicewidgets.core.simulate.cohort import Cohort

HEADING = "Falsification: the truth, and what it lacks"
KEPT = Path(__file__).resolve().parent / ".falsify"
TRIALS = 100
TASKS = ("drift .05", "drift .1", "drift .2", "reversal")
OPTIONS, PEOPLE = (2, 4), (1, 40)
CELLS = tuple(product(TASKS, OPTIONS, PEOPLE))
TRUE, WITHOUT = "with-kernel", "rescorla-wagner"
WIDTH = 5.0  # trials, of the schedule that was estimated before
SEED = 210_000
MEASURES = ("stay", "rewards", "choices", "learning", "reversal")


class Part(NamedTuple):
    """What is judged, how, and how many data sets of 1 and of 40 people there are in each cell."""

    words: str
    who: str
    way: str
    n: tuple[int, int]
    seed: int
    kernel: float = 1.0


PARTS = {
    "true": Part("true, next choice", "true", "next", (200, 200), SEED),
    "fitted": Part("fitted, next choice", TRUE, "next", (13, 13), SEED + 1000),
    "true-anew": Part("true, anew", "true", "anew", (17, 8), SEED + 2000),
    "fitted-anew": Part("fitted, anew", TRUE, "anew", (17, 8), SEED + 3000),
    "before": Part("true, before", "true", "before", (17, 8), SEED + 2000),
    **{
        f"without-{kernel:g}": Part("", WITHOUT, "next", (10, 10), SEED + 4000, kernel)
        for kernel in (0.25, 0.5, 1.0)
    },
}


class People(NamedTuple):
    """People as two agents that do the same: one plays any number of times, one is replayed fast."""

    plays: AgentRival
    replays: Cohort
    data: sw.DatasetRNN
    schedule: np.ndarray


def people(cell: tuple[str, int, int], n: int, seed: int, kernel: float) -> People:
    """So many people with parameters of their own, and their choices."""
    task, n_actions, _ = cell
    rng = np.random.default_rng([seed, *cell[1:], TASKS.index(task)])
    values = {
        "alpha": expit(-0.5 + 0.8 * rng.standard_normal(n)),
        "beta": np.exp(1.1 + 0.4 * rng.standard_normal(n)),
        "alpha_choice": expit(0.8 * rng.standard_normal(n)),
        "beta_choice": kernel + 0.5 * kernel * rng.standard_normal(n),
    }
    names = [name for name, _ in sw.RIVALS[TRUE].columns(n_actions)]
    who = {"participants": tuple(f"p{place}" for place in range(n)), "codes": tuple(range(n))}
    table_of = np.stack([values[name] for name in names], axis=1)
    own = {"alpha": "alpha_reward", "beta": "beta_reward"}
    each = [{own.get(name, name): values[name][place] for name in names} for place in range(n)]
    cohort = Cohort([sw.AgentQ(n_actions, **one).parameters for one in each], n_actions)
    bandits: Any = (
        sw.BanditsReversal(n_actions=n_actions)
        if task == "reversal"
        else sw.BanditsDrift(float(task.split()[1]), n_actions=n_actions)
    )
    data, sessions, _ = sw.create_dataset(
        cohort, bandits, TRIALS, n, participant=who["participants"], random_state=rng
    )
    schedule = np.stack([session.reward_probs for session in sessions])
    return People(AgentRival(sw.RIVALS[TRUE], table_of, n_actions, **who), cohort, data, schedule)


def estimated(data: sw.DatasetRNN) -> np.ndarray:
    """The schedule as it was estimated before 2026-11-30: what an option paid in trials near by."""
    rewards = np.asarray(data.rewards, dtype=float)
    seen, trials = np.isfinite(rewards), np.arange(data.n_trials)
    paid = np.where(seen, rewards, 0.0)
    weights = np.exp(-(((trials[:, None] - trials) / WIDTH) ** 2) / 2)
    mean = paid.sum(axis=(1, 2)) / np.maximum(seen.sum(axis=(1, 2)), 1)
    sums, counts = (np.einsum("ut,sta->sua", weights, part) for part in (paid, seen.astype(float)))
    return np.clip((sums + mean[:, None, None]) / (counts + 1), 0.0, 1.0)


def judged_at_once(cell: tuple[str, int, int], n: int, part: Part) -> Iterator[Judgement]:
    """True models by next choices, all data sets played and replayed side by side."""
    own = people(cell, n * cell[2], part.seed, part.kernel)
    expected = replay(own.replays, own.data).probabilities[:, 1:]
    for first in range(0, n * cell[2], cell[2]):
        sessions = torch.arange(first, first + cell[2])
        data = own.data.take(sessions, torch.arange(TRIALS).expand(cell[2], -1))
        yield Judgement("it", checks_of("it", data, expected[first : first + cell[2]]))


def judged_in_turn(cell: tuple[str, int, int], n: int, part: Part) -> Iterator[Judgement]:
    """Data sets one by one, judged as `falsify` does."""
    for number in range(part.seed, part.seed + n):
        own = people(cell, cell[2], number, part.kernel)
        schedule = {"next": None, "anew": own.schedule, "before": estimated(own.data)}[part.way]
        way = "group" if cell[2] > 1 else "prior"
        agent = own.plays if part.who == "true" else sw.fit_rival(part.who, own.data, way).agent
        yield falsify({"it": agent}, own.data, schedule, random_state=number).judgements["it"]


def measure(name: str, share: float) -> None:
    """Measure a part, and keep it."""
    part, rows = PARTS[name], []
    judged = judged_at_once if (part.who, part.way) == ("true", "next") else judged_in_turn
    for cell in CELLS:
        began, n = perf_counter(), max(round(share * part.n[cell[2] > 1]), 1)
        for one in judged(cell, n, part):
            p = {check.measure: check.p for check in one.checks}
            rows.append({"cell": cell, "rejected": one.verdict == REJECTED, "p": p})
        print(f"{name}, {cell}: {perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    KEPT.mkdir(exist_ok=True)
    (KEPT / f"{name}.json").write_text(json.dumps(rows))


def percent(hits: Sequence[bool]) -> str:
    return f"{100 * np.mean(hits):.1f} % of {len(hits)}" if len(hits) else ""


def rejected(rows: list[dict[str, Any]], *wanted: Any) -> str:
    """Models rejected in the cells that have all that is wanted."""
    return percent([row["rejected"] for row in rows if set(wanted) <= set(row["cell"])])


def named(n: int) -> str:
    return f"{n} {'people' if n > 1 else 'person'}"


def parts_of(found: dict[str, list[dict[str, Any]]]) -> list[str | Table]:
    """The section, of the parts that are there."""
    columns = {part.words: found[name] for name, part in PARTS.items() if part.words and name in found}
    cells = []
    for task, options, n in CELLS:
        shares = [rejected(rows, task, options, n) for rows in columns.values()]
        cells.append([f"{task}, {options} options, {named(n)}", *shares])
    cells.append(["all", *(rejected(rows) for rows in columns.values())])
    alone = []
    for n in PEOPLE:
        own = [[row["p"] for row in rows if row["cell"][2] == n] for rows in columns.values()]
        for name in MEASURES:
            shares = [percent([p[name] <= LEVEL for p in each if name in p]) for each in own]
            alone.append([f"{name}, {named(n)}", *shares])
        any_of = [percent([min(p.values()) <= LEVEL for p in each]) for each in own]
        alone.append([f"any of them, {named(n)}", *any_of])
    power = [
        [f"{PARTS[name].kernel:g}", *(rejected(rows, options, n) for n in PEOPLE for options in OPTIONS)]
        for name, rows in found.items()
        if name.startswith("without")
    ]
    head = (
        f"Seeds from {SEED:,} on, on which nothing was chosen. People have a choice kernel (weight 1,"
        f" standard deviation .5) and parameters of their own; {TRIALS} trials each. Fitted: the true kind,"
        " under its group's prior, one person under the declared one. Before: played anew in a schedule that"
        " is estimated from five trials around."
    )
    return [
        head,
        "Models rejected at the 5 % level over all their measures (Holm); anew is 100 times:",
        Table(["data sets of", *columns], cells),
        "Measures alone with p of .05 or less, before the correction; before, a model failed by any of them:",
        Table(["measure", *columns], alone),
        f"Fitted {WITHOUT}, which lacks the kernel, rejected by next choices, by the kernel's mean weight:",
        Table(["weight", *(f"{named(n)}, {options} options" for n in PEOPLE for options in OPTIONS)], power),
    ]


def main() -> None:
    """Measure, print, and write the section."""
    parser = benchmark_parser(__doc__)
    parser.add_argument("--part", choices=PARTS, action="append", help="only this one; once for each")
    parser.add_argument("--share", type=float, default=1.0, help="of the data sets of each cell")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for name in arguments.part or PARTS:
        measure(name, arguments.share)
    kept = {name: KEPT / f"{name}.json" for name in PARTS}
    found = {name: json.loads(path.read_text()) for name, path in kept.items() if path.exists()}
    publish(HEADING, *parts_of(found), write=not arguments.no_write)


if __name__ == "__main__":
    main()
