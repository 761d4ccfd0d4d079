"""Real people: choices of runs that were kept apart, under equations and network.

    python tests/benchmarks/people.py TABLE [--folds 4] [--no-write]

TABLE is any table of choices with several runs for each person, such as that of Dezfouli et al. 2019 (PLOS
Computational Biology 15(6): e1006903). Fold i keeps every person's runs i, i + folds, ... apart, counted from
the second; the first run, in which the task is new, is always learned from. Nothing of them is seen before
the end. Without --no-write, the section of RESULTS.md is written anew.
"""

from time import process_time
from typing import Any

import numpy as np
import pandas as pd
import torch
from report import Table, benchmark_parser, publish

import spicewidgets as sw
from spicewidgets.cli.discovery import held_out
from spicewidgets.core.data.dataset import DatasetRNN

HEADING = "Real people: runs kept apart"
WAYS: dict[str, dict[str, Any]] = {
    "forgetting, each person alone, threshold": {"model": "forgetting", "selection": "threshold"},
    "forgetting, each person alone, evidence": {"model": "forgetting"},
    "forgetting, pooled": {"model": "forgetting", "pooling": "group"},
    "habit, pooled": {"model": "habit", "pooling": "group"},
}
MODELS = {
    "forgetting": (sw.ForgettingRNN, sw.FORGETTING_RNN_CONFIG),
    "habit": (sw.HabitRNN, sw.HABIT_CONFIG),
}


def folds_of(data: DatasetRNN, n_folds: int) -> list[tuple[DatasetRNN, DatasetRNN]]:
    """Sessions to learn from and sessions kept apart, for each fold."""
    most = int(np.bincount(data.participant_ids.numpy()).max())
    apart = [list(range(1 + fold, most, n_folds)) for fold in range(n_folds)]
    return [sw.split_data_along_sessiondim(data, sessions) for sessions in apart]


def scored(way: dict[str, Any], parts: list[tuple[DatasetRNN, DatasetRNN]]) -> tuple[pd.DataFrame, float]:
    """The sum of all folds, and seconds of processor for each."""
    arguments = dict(way)
    rnn, config = MODELS[arguments.pop("model")]
    began, total = process_time(), None
    for train, test in parts:
        estimator = sw.SpiceEstimator(rnn, config, n_actions=train.n_actions, random_state=1, **arguments)
        own = held_out(estimator.fit(train), test).set_index("model")
        total = own if total is None else total + own
    assert total is not None
    total["likelihood"] = np.exp(-total["nll"] / total["n_choices"])
    total["numbers_per_participant"] /= len(parts)
    return total, (process_time() - began) / len(parts)


def main() -> None:
    """Measure all ways, print them, and write the section."""
    parser = benchmark_parser(__doc__)
    parser.add_argument("table")
    parser.add_argument("--folds", type=int, default=4)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    choices = sw.read_choices(arguments.table)
    parts = folds_of(choices.dataset, arguments.folds)
    rows, n_choices = [], 0
    for name, way in WAYS.items():
        total, seconds = scored(way, parts)
        n_choices = int(total.loc["equations", "n_choices"])
        rows.append(
            (
                name,
                f"{total.loc['equations', 'likelihood']:.4f}",
                f"{total.loc['equations', 'numbers_per_participant']:.1f}",
                f"{total.loc['network', 'likelihood']:.4f}",
                f"{seconds:.0f} s",
            )
        )
        print(*rows[-1], sep=" | ", flush=True)
    head = ("model and way", "equations", "numbers a person", "network", "processor time of a fit")
    report = choices.report
    words = (
        f"{len(report.participants)} people, {choices.dataset.n_sessions} runs;"
        f" likelihood per choice of {n_choices:,} choices in runs kept apart ({arguments.folds} folds; every"
        " person's first run is always learned from), one thread. By chance: "
        f"{1 / choices.dataset.n_actions:.4f}."
    )
    publish(HEADING, words, Table(head, rows), write=not arguments.no_write)


if __name__ == "__main__":
    main()
