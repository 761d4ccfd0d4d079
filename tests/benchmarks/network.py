"""The structured network beside its own equations, on choices held out.

    python tests/benchmarks/network.py TABLE [--by session] [--folds 4] [--only 0 1] [--no-write]

By session the folds are those of `people.py`, by time those of `spicewidgets rivals --by time`. Without
--no-write, the section of RESULTS.md is written anew.
"""

import argparse
from time import process_time

import numpy as np
import torch
from people import folds_of
from report import machine, today, write_section

import spicewidgets as sw
from spicewidgets.core.judge.replay import nll_per_trial
from spicewidgets.core.rivals.folds import folds_of as rival_folds

HEADING = "The network beside its own equations"


def main() -> None:
    """Fit `habit`, pooled, to each part, and print how network and equations expect the other choices."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table")
    parser.add_argument("--by", choices=("session", "time"), default="session")
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--only", type=int, nargs="*")
    parser.add_argument("--no-write", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    data = sw.read_choices(arguments.table).dataset
    if arguments.by == "session":
        parts = folds_of(data, arguments.folds)
    else:
        parts = [(fold.train, fold.test) for fold in rival_folds(data, "time", arguments.folds)]
    size = len(data.participants)
    nats, counts, lines = np.zeros((2, size)), np.zeros(size), []
    for number in arguments.only or range(len(parts)):
        train, test = parts[number]
        began = process_time()
        estimator = sw.SpiceEstimator(
            sw.HabitRNN, sw.HABIT_CONFIG, n_actions=data.n_actions, random_state=1, pooling="group"
        ).fit(train)
        seconds, known = process_time() - began, np.asarray(test.target_mask)
        codes = test.participant_ids.numpy()
        counts += np.bincount(codes, known.sum(1), size)
        for row, p in zip(nats, estimator.predict(test), strict=True):
            row += np.bincount(codes, (np.nan_to_num(nll_per_trial(p, test)) * known).sum(1), size)
        network, equations = np.exp(-nats.sum(1) / counts.sum())
        ahead = (nats[1] - nats[0]).sum() / counts.sum()
        error = np.sqrt(np.square(nats[1] - nats[0] - ahead * counts).sum()) / counts.sum()
        lines.append(
            f"parts to {number + 1}: equations {equations:.4f}, network {network:.4f}, ahead"
            f" {ahead:+.5f} nats per choice (standard error over people {error:.5f}), {seconds:.0f} s"
        )
        print(lines[-1], flush=True)
    if not arguments.no_write:
        text = f"{today()}; {machine()}. {len(data.participants)} people, by {arguments.by}: {lines[-1]}."
        write_section(HEADING, text)


if __name__ == "__main__":
    main()
