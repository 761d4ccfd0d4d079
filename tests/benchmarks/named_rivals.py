"""Rivals that have to be named: are their parameters given back, and are they told from Rescorla-Wagner?

    python tests/benchmarks/named_rivals.py [--datasets 4] [--jobs 1] [--no-write]

A Kalman filter with V, RU and V/TU in a bandit of numbers (Gershman 2018), prospect utility in a task of
gains and losses, Pavlovian go/no-go (Guitart-Masip et al. 2012); parameters drawn from the declared priors,
fitted in each way. The tasks are those of tests/graded.py.
"""

import os
import sys
from pathlib import Path
from time import perf_counter

from report import Table, benchmark_parser, publish
from rivals import run
from two_step_rivals import HEAD, matrix, recovered

import spicewidgets as sw

sys.path.insert(0, str(Path(__file__).parents[1]))

from graded import GainsAndLosses, GoNoGo, Numbers, design_of

HEADING = "Rivals that have to be named"
SEED = 19201
DESIGNS = {
    "kalman": (design_of(Numbers(), 25, 20, 10), "25 people x 20 blocks x 10 trials"),
    "prospect": (design_of(GainsAndLosses(), 25, 1, 200), "25 people x 200 trials"),
    "pavlovian-go": (design_of(GoNoGo(), 25, 1, 240, SEED), "25 people x 240 trials"),
}


def main() -> None:
    """Measure, print, and write the section."""
    parser = benchmark_parser(__doc__)
    parser.add_argument("--datasets", type=int, default=4)
    parser.add_argument("--jobs", type=int, default=1)
    arguments = parser.parse_args()
    load, began = os.getloadavg()[0], perf_counter()
    parts: list[str | Table] = [
        f"{arguments.jobs} processes; load of the machine {load:.1f} at first.",
        f"Parameters of rivals, true values drawn from the declared priors, {arguments.datasets} data sets of"
        f" {', '.join(f'{words} ({name})' for name, (_, words) in DESIGNS.items())}: correlation on the"
        " parameter's scale, root mean squared error in its units, and 95 % intervals that hold the truth.",
    ]
    rows = []
    for name, (design, _) in DESIGNS.items():
        rows += recovered([name], design, arguments.datasets, arguments.jobs, SEED)
    parts.append(Table(HEAD, rows))
    for name, (design, _) in DESIGNS.items():
        study = sw.ModelRecovery(
            design,
            (name, "rescorla-wagner", "random"),
            criterion="evidence",
            n_datasets=arguments.datasets,
            random_state=SEED + 1,
        )
        told = run(study, arguments.jobs)[0]
        parts += [
            f"Which is the best for a person by evidence (columns) where one was simulated (rows), {name}:",
            matrix(told.confusion()),
            "And by the sum over the people of a data set:",
            matrix(told.confusion("datasets")),
        ]
    parts.append(f"All that took {perf_counter() - began:.0f} s.")
    publish(HEADING, *parts, write=not arguments.no_write)


if __name__ == "__main__":
    main()
