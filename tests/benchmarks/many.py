"""Many people: from a table of a thousand to everybody's equations and numbers; a million rows read.

    python tests/benchmarks/many.py [--people 1000] [--trials 100] [--no-write]

The people are simulated here, learners whose learning rate and temperature are their own. Time is that of the
processor, so that a busy machine counts for nothing; memory is the peak of the process so far. Without
--no-write, the section of RESULTS.md is written anew.
"""

import io
import resource
import sys
import tempfile
from collections.abc import Callable, Iterator
from time import process_time
from typing import Any

import numpy as np
import pandas as pd
import torch
from report import Table, benchmark_parser, number, publish

import spicewidgets as sw

HEADING = "Many people: a table of a thousand"
ROWS = 1_000_000
WAYS: dict[str, dict[str, Any]] = {
    "pooled": {"pooling": "group"},
    "each person alone": {},
}


def simulated(n_people: int, n_trials: int) -> tuple[bytes, np.ndarray]:
    """A table in the layout of hBayesDM, and everybody's learning rate."""
    random = np.random.default_rng(1)
    alpha, beta = random.uniform(0.1, 0.7, n_people), random.uniform(2, 6, n_people)
    q, p = np.full((n_people, 2), 0.5), np.full((n_people, 2), 0.5)
    rows, who = [], np.arange(n_people)
    for trial in range(n_trials):
        p = np.clip(p + random.normal(0, 0.1, p.shape), 0, 1)
        choice = (random.random(n_people) < 1 / (1 + np.exp(-beta * (q[:, 1] - q[:, 0])))).astype(int)
        reward = (random.random(n_people) < p[who, choice]).astype(int)
        q[who, choice] += alpha * (reward - q[who, choice])
        rows.append(
            pd.DataFrame({"subjID": who, "trial": trial, "choice": choice + 1, "outcome": 2 * reward - 1})
        )
    text = pd.concat(rows).sort_values(["subjID", "trial"]).to_csv(sep="\t", index=False)
    return text.encode(), alpha


def peak() -> float:
    """The most memory so far, in MB."""
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size / 1e6 if sys.platform == "darwin" else size / 1e3


def timed(work: Callable[[], Any]) -> tuple[Any, str]:
    """What comes of it, and how long it took."""
    began = process_time()
    result = work()
    return result, f"{number(process_time() - began)} s"


def million() -> tuple[str, str]:
    """How long a million rows take to read."""
    text, _ = simulated(ROWS // 100, 100)
    choices, seconds = timed(lambda: sw.read_choices(io.BytesIO(text)))
    assert choices.report.used == ROWS
    return f"read {ROWS:,} rows", seconds


def measured(n_people: int, n_trials: int) -> Iterator[tuple[str, str, str]]:
    """Each step, its time, and the memory after it."""
    text, alpha = simulated(n_people, n_trials)
    choices, seconds = timed(lambda: sw.read_choices(text))
    dataset = choices.dataset
    yield "read the table", seconds, f"{peak():.0f} MB"
    for name, way in WAYS.items():
        spice = sw.SpiceEstimator(sw.ForgettingRNN, sw.FORGETTING_RNN_CONFIG, random_state=1, **way)
        records = spice.fit_records(dataset)
        ends = [process_time()]
        began = ends[0]
        for _ in records:
            ends.append(process_time())
        yield f"train the network ({name})", f"{number(ends[-1] - began)} s", f"{peak():.0f} MB"
        yield f"everybody's equations, {name}", f"{number(process_time() - ends[-1])} s", f"{peak():.0f} MB"
        people, seconds = timed(lambda spice=spice: sw.people(spice, choices))
        yield "a row for everybody, with intervals", seconds, f"{peak():.0f} MB"
        known = people["alpha_reward"].notna().to_numpy()
        close = np.corrcoef(people["alpha_reward"][known], alpha[known])[0, 1]
        yield (
            f"correlation with the true alpha, of {known.sum():,} whose alpha is identified",
            f"{close:.2f}",
            "",
        )
        trials, seconds = timed(lambda spice=spice: sw.regressors(spice.spice_agent, choices))
        yield "regressors of every trial", seconds, f"{peak():.0f} MB"
    with tempfile.TemporaryDirectory() as folder:
        _, seconds = timed(lambda: sw.write_events(trials, folder))
    yield "events of BIDS, a file for each person", seconds, f"{peak():.0f} MB"


def main() -> None:
    """Measure, print, and write the section."""
    parser = benchmark_parser(__doc__)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--trials", type=int, default=100)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rows = list(measured(arguments.people, arguments.trials))
    rows.append((*million(), f"{peak():.0f} MB"))
    words = (
        f"One thread. {arguments.people:,} simulated people of {arguments.trials} trials, `ForgettingRNN`."
        " Seconds of processor; the peak of memory so far."
    )
    publish(HEADING, words, Table(("step", "time", "memory"), rows), write=not arguments.no_write)


if __name__ == "__main__":
    main()
