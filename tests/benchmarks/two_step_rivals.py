"""Rivals of the two-step task: are their parameters given back, and is it told which of them chose?

    python tests/benchmarks/two_step_rivals.py [--datasets 4] [--jobs 1] [--no-write]

People of a two-step task with walking reward probabilities (Daw et al. 2011), 25 x 200 trials a data set,
parameters drawn from the declared priors, fitted in each way: by maximum likelihood, under the prior, under
that of their group.
"""

import os
from collections.abc import Iterable
from time import perf_counter

import pandas as pd
from report import Table, benchmark_parser, publish
from rivals import run

import spicewidgets as sw
from spicewidgets.core.rivals.fit import WAYS
from spicewidgets.core.rivals.ready import rivals_for

HEADING = "Rivals of the two-step task"
SEED = 19101
PEOPLE, TRIALS = 25, 200
DESIGN = sw.Design.of_settings(PEOPLE, 1, TRIALS, sw.TwoStep())
RIVALS = rivals_for("two-step")
SHOWN = {"correlation": ".2f", "rmse": ".2f", "covered": ".0%"}
HEAD = ["parameter", *(f"{way}: {key}" for way in WAYS for key in SHOWN)]


def recovered(
    names: Iterable[str], design: sw.Design, n_datasets: int, jobs: int, seed: int = SEED
) -> list[list[str]]:
    """Return a row for each rival and parameter: correlation, and coverage of the intervals, by each way."""
    rows = []
    for name in names:
        ways = {}
        for way in WAYS:
            study = sw.ParameterRecovery(name, design, way=way, n_datasets=n_datasets, random_state=seed)
            ways[way] = run(study, jobs)[0].summary()
        for parameter in ways[WAYS[0]].index:
            own = [ways[way].loc[parameter] for way in WAYS]
            cells = [f"{row[key]:{form}}" for row in own for key, form in SHOWN.items()]
            rows.append([f"{name}: {parameter}", *cells])
    return rows


def matrix(frame: pd.DataFrame) -> Table:
    """Return a table of shares."""
    rows = [[name, *(f"{p:.2f}" for p in row)] for name, row in frame.iterrows()]
    return Table(["simulated", *frame.columns], rows)


def main() -> None:
    """Measure, print, and write the section."""
    parser = benchmark_parser(__doc__)
    parser.add_argument("--datasets", type=int, default=4)
    parser.add_argument("--jobs", type=int, default=1)
    arguments = parser.parse_args()
    load, began = os.getloadavg()[0], perf_counter()
    fitted = [name for name, rival in RIVALS.items() if rival.parameters]
    rows = recovered(fitted, DESIGN, arguments.datasets, arguments.jobs)
    n = arguments.datasets * PEOPLE
    parts = [
        f"{arguments.jobs} processes; load of the machine {load:.1f} at first.",
        f"Parameter recovery, {n} people x {TRIALS} trials of two stages, true values drawn from the declared"
        " priors: correlation on the parameter's scale, root mean squared error in its units, and 95 %"
        " intervals that hold the truth; by maximum likelihood, under the declared prior, and under that of"
        f" the {PEOPLE} people of a data set.",
        Table(HEAD, rows),
    ]
    for criterion in ("bic", "evidence"):
        study = sw.ModelRecovery(
            DESIGN, tuple(RIVALS), criterion=criterion, n_datasets=arguments.datasets, random_state=SEED + 1
        )
        told = run(study, arguments.jobs)[0]
        parts += [
            f"Which rival is the best for a person by {criterion} (columns) where one was simulated (rows),"
            f" of {n} people each:",
            matrix(told.confusion()),
            f"And by the sum over the {PEOPLE} people of a data set:",
            matrix(told.confusion("datasets")),
        ]
    parts.append(f"All that took {perf_counter() - began:.0f} s.")
    publish(HEADING, *parts, write=not arguments.no_write)


if __name__ == "__main__":
    main()
