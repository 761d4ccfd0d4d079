"""A report of real people, made by one command: how long it takes, and its table of held-out choices.

    python tests/benchmarks/paper.py TABLE [--jobs 2] [--out DIR] [--no-write]

TABLE is any table of choices with several runs for each person, such as that of Dezfouli et al. 2019 (PLOS
Computational Biology 15(6): e1006903). The report is left in DIR. Without --no-write, the section of
RESULTS.md is written anew.
"""

import os
import re
import resource
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from time import perf_counter

from report import Table, benchmark_parser, publish

HEADING = "A report of real people"
RUN = "from spicewidgets.cli import main; main()"
SHOWN = re.compile(
    r"Table \d+\. (?=Likelihood of [\d,]+ held-out choices|Likelihood of held-out choices by|Claims, the)"
)


def tables_of(text: str) -> Iterator[str | Table]:
    """The tables of a report in Markdown that are shown here, with their captions."""
    for caption, table in pairwise(text.split("\n\n")):
        if SHOWN.match(caption):
            head, _, *rows = [re.split(r" *(?<!\\)\| *", line)[1:-1] for line in table.splitlines()]
            yield SHOWN.sub("", caption)
            yield Table(head, rows)


def main() -> None:
    """Make the report, print what it took, and write the section."""
    parser = benchmark_parser(__doc__)
    parser.add_argument("table")
    parser.add_argument("--jobs", default="2")
    parser.add_argument("--out", default="out/report")
    arguments = parser.parse_args()
    load, began = os.getloadavg()[0], perf_counter()
    command = ["report", arguments.table, "--jobs", arguments.jobs, "--out", arguments.out]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-c", RUN, *command], check=True, env=environment)
    wall, used = perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    out = Path(arguments.out)
    size = (out / "report.html").stat().st_size / 1e6
    publish(
        HEADING,
        f"Load of the machine {load:.1f} at first, {os.getloadavg()[0]:.1f} at last. `spicewidgets report"
        f" {Path(arguments.table).name} --jobs {arguments.jobs}`: {used.ru_utime + used.ru_stime:.0f} s of"
        f" processor time in all processes, {wall:.0f} s by the clock; at most {used.ru_maxrss / 1e6:.1f} GB"
        f" in a process; report.html has {size:.1f} MB.",
        *tables_of((out / "report.md").read_text(encoding="utf-8")),
        write=not arguments.no_write,
    )


if __name__ == "__main__":
    main()
