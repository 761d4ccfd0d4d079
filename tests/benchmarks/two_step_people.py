"""Real people in a two-step task: how well rivals predict them, and their staying beside what was published.

    python tests/benchmarks/two_step_people.py TABLE [--scores FILE] [--no-write]

TABLE is that of Zorowitz et al. 2023 (nivlab/sciops), or any of a two-step task. The last quarter of each
one's rows is predicted, history carried on, by rivals whose parameters are under their group's prior. With
the published coefficients (columns subject, Intercept, prev_outcome, prev_trans, prev_outcome:prev_trans)
those of `spicewidgets staying` are correlated.
"""

from time import perf_counter

import numpy as np
import pandas as pd
from report import Table, benchmark_parser, publish

import spicewidgets as sw
from spicewidgets.core.judge.replay import nll_per_trial, stages_of
from spicewidgets.core.judge.staying import WEIGHTS, Staying
from spicewidgets.core.rivals.ready import rivals_for

HEADING = "Rivals and staying of real people in a two-step task"
PUBLISHED = ("Intercept", "prev_outcome", "prev_trans", "prev_outcome:prev_trans")
LARGEST = 10  # size of a published coefficient, from which on it stands for none


def predicted(data: sw.DatasetRNN) -> list[list[str]]:
    """Return a row for each rival: P of held-out choices of each stage and of both, and the seconds."""
    train, test = sw.split_data_along_timedim(data, 0.75, carry_on=True)
    parts = {**stages_of(test), "both": np.asarray(test.target_mask)}
    rows = []
    for name in rivals_for(data.task):
        began = perf_counter()
        fit = sw.fit_rival(name, train, "group")
        nll = nll_per_trial(fit.predict(test), test)
        cells = [f"{np.exp(-nll[part].mean()):.4f}" for part in parts.values()]
        means = ", ".join(
            f"{name} {value:.2f}" for name, value in zip(fit.names, fit.values.mean(0), strict=True)
        )
        rows.append([name, *cells, f"{perf_counter() - began:.0f} s", means])
    counts = [f"{int(part.sum()):,}" for part in parts.values()]
    return [["choices", *counts, "", ""], *rows]


def regressed(data: sw.DatasetRNN, path: str) -> str:
    """Correlate the coefficients of staying with the published ones, in a sentence."""
    own = Staying.of(data).regression().set_index("participant")
    published = pd.read_csv(path).set_index("subject").loc[own.index, list(PUBLISHED)]
    finite = (published.abs() < LARGEST).all(axis=1)
    words = [
        f"{name} {np.corrcoef(own.loc[finite, name], published.loc[finite, column])[0, 1]:.6f}"
        for name, column in zip(WEIGHTS, PUBLISHED, strict=True)
    ]
    unknown = own[list(WEIGHTS)].isna().any(axis=1)
    return (
        f"Coefficients of staying beside the published ones, of {finite.sum()} people whose published ones"
        f" are below {LARGEST} in size: correlation {', '.join(words)}. Not identified here: {unknown.sum()}"
        f" people, {(unknown & ~finite).sum()} of them among the other {(~finite).sum()}."
    )


def main() -> None:
    """Measure, print, and write the section."""
    parser = benchmark_parser(__doc__)
    parser.add_argument("table")
    parser.add_argument("--scores")
    arguments = parser.parse_args()
    data = sw.read_choices(arguments.table).dataset
    bars = Staying.of(data).bars()
    rows = [[*map(str, row[:2]), *(f"{p:.3f}" for p in row[2:5]), f"{row[6]:.3f}"] for row in bars.to_numpy()]
    parts = [
        f"{data.n_participants} people; the last quarter of each one's rows, predicted: geometric mean of P.",
        Table(["rival", "first stage", "second stage", "both", "fit", "mean parameters"], predicted(data)),
        "P of staying, averaged over people with 95 % intervals, and of all trials together:",
        Table(["transition", "outcome", "people", "low", "high", "trials"], rows),
    ]
    if arguments.scores:
        parts.append(regressed(data, arguments.scores))
    publish(HEADING, *parts, write=not arguments.no_write)


if __name__ == "__main__":
    main()
