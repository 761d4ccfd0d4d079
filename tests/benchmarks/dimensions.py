"""Dimensions: how many variables tiny networks say that simulated choices need.

    python tests/benchmarks/dimensions.py [--seeds 20] [--first 3000] [--only forgetting] [--no-write]

With --keep DIR data sets that are done are kept there, so that several processes can share them; with --kept
no others are done.

Each learner is 40 people with four sessions of 100 choices of a drifting two-armed bandit; half of the
sessions is expected by networks that were trained on the others. The truth has a variable for each number
that it carries from trial to trial. A curve goes beyond it where a unit more than that gains over two
standard errors; it has to reach it where the true model, fitted to the same sessions under its group's prior,
gains so much over the network with a unit less.
"""

import pickle
from pathlib import Path
from time import process_time

import numpy as np
import torch
from report import Table, benchmark_parser, publish

import spicewidgets as sw
from spicewidgets.core.rivals.design import Design, simulate_rival
from spicewidgets.core.rivals.dimensions import ERRORS, Dimensions, dimensions_of, tiny_networks
from spicewidgets.core.rivals.held_out import held_out
from spicewidgets.core.rivals.ready import ALL

PEOPLE, SESSIONS, TRIALS = 40, 4, 100
TRUE = {"rescorla-wagner": 2, "forgetting": 2, "with-kernel": 3}  # the two choice traces move as one
# Means and spreads of the people's parameters, on the scale of each.
DRAWN = {
    "alpha": (-0.4, 0.5),
    "forget": (-1.4, 0.5),
    "beta": (np.log(5), 0.3),
    "alpha_choice": (-1.4, 0.5),
    "beta_choice": (2.0, 0.5),
}


def measure(name: str, seed: int) -> tuple[Dimensions, float, float]:
    """Return the curve, by how many standard errors the true model is ahead of a unit less, and its
    likelihood.
    """
    rng, rival = np.random.default_rng([seed, list(TRUE).index(name)]), ALL[name]
    columns = rival.columns(2)
    values = np.column_stack([one.from_scale(rng.normal(*DRAWN[key], PEOPLE)) for key, one in columns])
    design = Design.of_settings(PEOPLE, SESSIONS, TRIALS, sw.BanditsDrift(0.2))
    data = simulate_rival(rival, values, design, int(rng.integers(10**6)))
    networks = tiny_networks(random_state=seed)
    held = held_out(data, {**networks, "truth": name}, "session", n_folds=2)
    truth, less = held.nll[-1], held.nll[TRUE[name] - 2]
    found = dimensions_of(held.of_models(list(networks)))
    gain, n = less - truth, held.n_choices
    mean = gain.sum() / n.sum()
    error = np.sqrt(np.square(gain - mean * n).sum())
    return found, float(gain.sum() / error), float(np.exp(-truth.sum() / n.sum()))


def main() -> None:
    """Measure all learners, print them, and write the section."""
    parser = benchmark_parser(__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=3000)
    parser.add_argument("--only", choices=TRUE)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--kept", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rows, began = [], process_time()
    names = [arguments.only] if arguments.only else list(TRUE)
    for name in names:
        results = []
        for seed in range(arguments.first, arguments.first + arguments.seeds):
            file = None if arguments.keep is None else arguments.keep / f"{name}-{seed}.pkl"
            if file is not None and file.exists():
                results.append(pickle.loads(file.read_bytes()))
                continue
            if arguments.kept:
                continue
            results.append(measure(name, seed))
            if file is not None:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(pickle.dumps(results[-1]))
            print(name, seed, *results[-1], f"{process_time() - began:.0f} s", flush=True)
        needed = sorted(found.needed for found, *_ in results)
        told = [found.needed for found, ahead, _ in results if ahead > ERRORS]
        curves = np.mean([found.likelihood for found, *_ in results], 0)
        rows.append(
            (
                name,
                str(TRUE[name]),
                f"{sum(n <= TRUE[name] for n in needed)} of {len(needed)}",
                f"{sum(n >= TRUE[name] for n in told)} of {len(told)}",
                " ".join(map(str, needed)),
                " ".join(f"{one:.4f}" for one in curves),
                f"{np.mean([truth for *_, truth in results]):.4f}",
            )
        )
    head = ("learner", "variables", "not beyond", "reached, of those told", "found", "mean curve", "truth")
    assert __doc__ is not None
    about = __doc__.split("\n\n")[-1].strip()
    publish("Dimensions", about, Table(head, rows), write=not arguments.no_write)


if __name__ == "__main__":
    main()
