"""Measures what an installation takes, into new environments: megabytes, packages, the processor's seconds.

    python tests/benchmarks/install.py [--no-write]

Packages that pip has in its cache are not downloaded anew. The tutorial is fitted twice, since bytecode that
is not there is written by the first fit.
"""

import os
import resource
import subprocess
import tempfile
import venv
from pathlib import Path

from report import Table, benchmark_parser, number, publish

HEADING = "What an installation takes"
ROOT = Path(__file__).parents[2]
WAYS = {  # extras, and pip's option
    "the page, as by `make app`": ("[voila]", "--no-compile"),
    "the page, bytecode of all packages written": ("[voila]", "--compile"),
    "without the page: Python, commands, panels": ("", "--no-compile"),
}


def seconds(*command: str) -> float:
    """Run a command; return the processor's seconds."""
    free = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    free["OMP_NUM_THREADS"] = "1"
    subprocess.run(command, check=True, env=free, stdout=subprocess.DEVNULL, cwd="/")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measured(extras: str, option: str) -> list[str]:
    """Return the cells of a way."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        scripts = Path(folder) / "bin"
        installed = seconds(f"{scripts}/python", "-m", "pip", "install", "-q", option, f"{ROOT}{extras}")
        files = [file.lstat() for file in Path(folder).rglob("*")]
        packages = len([*Path(folder).rglob("*.dist-info")])
        fits = [seconds(f"{scripts}/spicewidgets", "reproduce", "tutorial") for _ in range(2)]
    megabytes = sum(file.st_blocks for file in files) * 512 / 1e6
    return [f"{megabytes:,.0f} MB", str(packages), *(f"{number(one)} s" for one in (installed, *fits))]


def main() -> None:
    """Measure all ways, and write the section."""
    arguments = benchmark_parser(__doc__).parse_args()
    head = ["installed", "size", "packages", "installing", "first fit", "next fit"]
    rows = [[name, *measured(*way)] for name, way in WAYS.items()]
    words = "With the CPU build of torch. Seconds of the processor; packages are taken from pip's cache."
    publish(HEADING, words, Table(head, rows), write=not arguments.no_write)


if __name__ == "__main__":
    main()
