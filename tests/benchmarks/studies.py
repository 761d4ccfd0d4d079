"""Measures the studies of the tutorial's preset as the page does them: seconds until something can be read
and until all is there, and how far the time left that is told is off.

    python tests/benchmarks/studies.py [--clock wall] [--only rivals,falsify] [--no-write]

Seconds of the processor are those of a machine that does nothing else; `--clock wall` has what the page says
on this one, as busy as it is.
"""

from collections.abc import Callable
from contextlib import nullcontext
from time import perf_counter, process_time

import numpy as np
import torch
from report import Table, benchmark_parser, publish

from spicewidgets.app import report as reporting
from spicewidgets.app.runner import Runner
from spicewidgets.app.studies import PageStudy
from spicewidgets.state import Experiment
from spicewidgets.state.run import RunState
from spicewidgets.state.studies import STUDIES

HEADING = "Studies: the first result, all of it, and the time left that is told"
CLOCKS: dict[str, Callable[[], float]] = {"processor": process_time, "wall": perf_counter}
NEAR = 0.5  # seconds by which every estimate may be off
HEAD = [
    "study",
    "first result",
    "all",
    "time left told from",
    "within a third, share of moments",
    "off, median",
    "off, worst",
]


def measure(name: str, runner: Runner, clock: Callable[[], float]) -> list[str]:
    """Do a study, and return its cells."""
    result = runner.result
    assert result is not None
    study = PageStudy(name, result.snapshot, lambda: result.data, lambda: result.estimator)
    run, began, first = RunState(), clock(), float("nan")
    reporter = reporting.Reporter(run, nullcontext())
    told: list[tuple[float, float]] = []
    run.observe(lambda _: told.append((clock() - began, run.seconds_left)), "revision")
    for progress in study.steps():
        reporter.study(progress._replace(seconds=clock() - began), study.look)
        if study.found is not None and np.isnan(first):
            first = clock() - began
    whole = clock() - began
    known = [(at, left) for at, left in told if left is not None]
    off = [max(abs(at + left - whole) - NEAR, 0) / (whole - at) for at, left in known if at < whole]
    cells = [f"{value:.1f} s" for value in (first, whole, known[0][0] if known else np.nan)]
    shares = (np.mean(np.array(off) <= 1 / 3), np.median(off), max(off)) if off else (np.nan,) * 3
    return [STUDIES[name].word, *cells, *(f"{100 * share:.0f} %" for share in shares)]


def main() -> None:
    """Measure all studies, and write the section."""
    parser = benchmark_parser(__doc__)
    parser.add_argument("--clock", choices=CLOCKS, default="processor")
    parser.add_argument("--only", default=",".join(STUDIES), help="some of them")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    clock = CLOCKS[arguments.clock]
    reporting.perf_counter = clock
    runner = Runner(Experiment("the tutorial"), foreground=True)
    runner.train(shown=False)
    rows = [measure(name, runner, clock) for name in arguments.only.split(",")]
    words = (
        f"The tutorial's preset, one thread, seconds by the clock of the {arguments.clock}. Off: how far the"
        f" time left that was told is from what was left, as a share of it, beyond {NEAR:g} s."
    )
    publish(HEADING, words, Table(HEAD, rows), write=not arguments.no_write)


if __name__ == "__main__":
    main()
