"""A report of real people, made by one command: how long it takes, and its table of held-out choices.

    python tests/benchmarks/paper.py TABLE [--jobs 2] [--out DIR] [--no-write]

TABLE is any table of choices with several runs for each person, such as that of Dezfouli et al. 2019 (PLOS
Computational Biology 15(6): e1006903). The report is left in DIR. Without --no-write, the section of
RESULTS.md is written anew.
"""

import argparse
import os
import re
import resource
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from time import perf_counter

from report import machine, today, write_section

HEADING = "A report of real people"
RUN = "from spicewidgets.cli import main; main()"
SHOWN = re.compile(
    r"Table \d+\. (?=Likelihood of [\d,]+ held-out choices|Likelihood of held-out choices by|Claims, the)"
)


def tables_of(text: str) -> list[str]:
    """The tables of a report in Markdown that are shown here, with their captions."""
    blocks = text.split("\n\n")
    return [
        SHOWN.sub("", caption) + "\n\n" + table for caption, table in pairwise(blocks) if SHOWN.match(caption)
    ]


def main() -> None:
    """Make the report, print what it took, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table")
    parser.add_argument("--jobs", default="2")
    parser.add_argument("--out", default="out/report")
    parser.add_argument("--no-write", action="store_true")
    arguments = parser.parse_args()
    load, began = os.getloadavg()[0], perf_counter()
    command = ["report", arguments.table, "--jobs", arguments.jobs, "--out", arguments.out]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-c", RUN, *command], check=True, env=environment)
    wall, used = perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    out = Path(arguments.out)
    size = (out / "report.html").stat().st_size / 1e6
    text = "\n\n".join(
        [
            f"{today()}; {machine()}; load of the machine {load:.1f} at first, {os.getloadavg()[0]:.1f} at"
            f" last. `spicewidgets report {Path(arguments.table).name} --jobs {arguments.jobs}`:"
            f" {used.ru_utime + used.ru_stime:.0f} s of processor time in all processes, {wall:.0f} s by the"
            f" clock; at most {used.ru_maxrss / 1e6:.1f} GB in a process; report.html has {size:.1f} MB.",
            *tables_of((out / "report.md").read_text(encoding="utf-8")),
        ]
    )
    print(text)
    if not arguments.no_write:
        write_section(HEADING, text)


if __name__ == "__main__":
    main()
