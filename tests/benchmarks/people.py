"""Real people: choices of runs that were kept apart, under equations and network.

    python tests/benchmarks/people.py TABLE [--folds 4] [--by time] [--only WAY] [--no-write]

TABLE is any table of choices with several runs for each person, such as that of Dezfouli et al. 2019 (PLOS
Computational Biology 15(6): e1006903). Fold i keeps every person's runs i, i + folds, ... apart, counted from
the second; the first run, in which the task is new, is always learned from. With --by time, later choices of
each run are expected from earlier ones, as by `spicewidgets rivals --by time`. Nothing of them is seen before
the end. Without --no-write, the section of RESULTS.md is written anew.
"""

from time import process_time
from typing import Any

import numpy as np
import torch
from report import Table, benchmark_parser, publish

import spicewidgets as sw
from spicewidgets.core.data.dataset import DatasetRNN
from spicewidgets.core.data.participants import index_participants
from spicewidgets.core.judge.replay import nll_per_trial
from spicewidgets.core.rivals import folds

HEADINGS = {"run": "Real people: runs kept apart", "time": "Real people: later choices"}
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


def scored(way: dict[str, Any], parts: list[tuple[DatasetRNN, DatasetRNN]]) -> dict[str, Any]:
    """What all folds together have: likelihoods, by how much the network is ahead, numbers, seconds."""
    arguments = dict(way)
    rnn, config = MODELS[arguments.pop("model")]
    began, nats, n_choices, numbers = process_time(), np.zeros((2, 1)), np.zeros(1), []
    for train, test in parts:
        estimator = sw.SpiceEstimator(rnn, config, n_actions=train.n_actions, random_state=1, **arguments)
        estimator.fit(train)
        people, n = np.asarray(test.participant_ids), len(train.participants)
        sums = [np.nansum(nll_per_trial(p, test), 1) for p in estimator.predict(test)]
        nats = nats + np.stack([np.bincount(people, own, n) for own in sums])
        n_choices = n_choices + np.bincount(people, np.asarray(test.target_mask.sum(1)), n)
        numbers.append(np.mean(list(estimator.count_parameters().values())))
    network, equations = np.exp(-nats.sum(1) / n_choices.sum())
    ahead = nats[1] - nats[0]
    mean, m = ahead.sum() / n_choices.sum(), len(ahead)
    error = np.sqrt(((ahead - mean * n_choices) ** 2).sum() * m / (m - 1)) / n_choices.sum()
    seconds = (process_time() - began) / len(parts)
    return {
        "equations": f"{equations:.4f}",
        "numbers a person": f"{np.mean(numbers):.1f}",
        "network": f"{network:.4f}",
        "network ahead (standard error over people), nats per choice": f"{mean:+.4f} ({error:.4f})",
        "processor time of a fit": f"{seconds:.0f} s",
        "n_choices": int(n_choices.sum()),
    }


def main() -> None:
    """Measure all ways, print them, and write the section."""
    parser = benchmark_parser(__doc__)
    parser.add_argument("table")
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--by", choices=("run", "time"), default="run")
    parser.add_argument("--only", choices=tuple(WAYS), help="this way alone")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    choices = sw.read_choices(arguments.table)
    if arguments.by == "time":
        dataset, _ = index_participants(choices.dataset)
        parts = [(one.train, one.test) for one in folds.folds_of(dataset, "time", arguments.folds)]
    else:
        parts = folds_of(choices.dataset, arguments.folds)
    rows, n_choices, head = [], 0, ["model and way"]
    for name in [arguments.only] if arguments.only else WAYS:
        own = scored(WAYS[name], parts)
        n_choices, head = own.pop("n_choices"), ["model and way", *own]
        rows.append((name, *own.values()))
        print(*rows[-1], sep=" | ", flush=True)
    report = choices.report
    parted = {
        "run": "runs kept apart ({} folds; every person's first run is always learned from)",
        "time": "the later parts of runs, each expected from those before it ({} of them)",
    }
    words = (
        f"{len(report.participants)} people, {choices.dataset.n_sessions} runs; likelihood per choice of"
        f" {n_choices:,} choices in {parted[arguments.by].format(arguments.folds)}, one thread. By chance:"
        f" {1 / choices.dataset.n_actions:.4f}."
    )
    publish(HEADINGS[arguments.by], words, Table(head, rows), write=not arguments.no_write)


if __name__ == "__main__":
    main()
