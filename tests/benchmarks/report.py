"""Records what a benchmark found as data: a section of words and tables, in a file of `results/`.

    python tests/benchmarks/report.py

makes RESULTS.md of these files, as each script does that writes one. Sections stand in the order in which
they stood; a new one comes last.
"""

import argparse
import json
import os
import platform
import re
import shlex
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Self

from spicewidgets import __version__

RESULTS = Path(__file__).resolve().parent / "RESULTS.md"
FOLDER = RESULTS.with_name("results")
SENTENCE = 60  # letters; a cell that has more is none of figures
PREAMBLE = """\
# Results

The figures of the package as it is, made from the files in `results`, which the scripts here write: each
section says when, where, of which version and by which command. What older versions took is in the changelog.
"""


@dataclass(frozen=True)
class Table:
    """A table of a section; columns are right-aligned, but for the first and those of sentences."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    def __str__(self) -> str:
        figures = [all(len(row[at]) <= SENTENCE for row in self.rows) for at in range(1, len(self.head))]
        rule = ["---", *("---:" if it else "---" for it in figures)]
        return "\n".join("| " + " | ".join(cells) + " |" for cells in (self.head, rule, *self.rows))


@dataclass(frozen=True)
class Section:
    """What one command found.

    Attributes:
        heading: of the section.
        date, machine, version: when, where and of what.
        command: which has measured it.
        parts: words, which are Markdown, and tables.
    """

    heading: str
    date: str
    machine: str
    version: str
    command: str
    parts: Sequence[str | Table]

    @classmethod
    def load(cls, file: Path) -> Self:
        """Read a section."""
        values: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        parts = [part if isinstance(part, str) else Table(**part) for part in values.pop("parts")]
        return cls(**values, parts=parts)

    @property
    def file(self) -> Path:
        """Return where it is kept."""
        return FOLDER / ("-".join(re.findall(r"[a-z0-9]+", self.heading.lower())) + ".json")

    @property
    def tables(self) -> list[Table]:
        """Return its tables."""
        return [part for part in self.parts if isinstance(part, Table)]

    def __str__(self) -> str:
        made = f"{self.date}; {self.machine}; spicewidgets {self.version}."
        by = [f"By `{self.command}`."] if self.command else []
        return "\n\n".join([f"## {self.heading}", made, *map(str, self.parts), *by])

    def save(self) -> None:
        """Write it to its file."""
        self.file.write_text(f"{_json(asdict(self))}\n", encoding="utf-8")


def _json(value: Any, margin: str = "") -> str:
    """Return JSON in which each row of a table has a line of its own."""
    inner = f"{margin} "
    if isinstance(value, dict):
        lines = [f"{inner}{json.dumps(key)}: {_json(item, inner)}" for key, item in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{margin}}}"
    if isinstance(value, list | tuple) and any(isinstance(item, dict | list | tuple) for item in value):
        return "[\n" + ",\n".join(inner + _json(item, inner) for item in value) + f"\n{margin}]"
    return json.dumps(value, ensure_ascii=False)


def publish(heading: str, *parts: str | Table, write: bool = True) -> None:
    """Print a section and, with `write`, put it in place of the last one with this heading."""
    made = [part.strip() if isinstance(part, str) else part for part in parts]
    section = Section(heading, today(), machine(), version(), command(), made)
    print(section)
    if write:
        section.save()
        write_results()


def write_results() -> None:
    """Make RESULTS.md of all sections."""
    RESULTS.write_text(results_text(), encoding="utf-8")


def results_text() -> str:
    """Return all sections in the order of RESULTS.md."""
    order = re.findall(r"^## (.*)$", RESULTS.read_text(encoding="utf-8"), re.MULTILINE)
    sections = {it.heading: str(it) for it in map(Section.load, sorted(FOLDER.glob("*.json")))}
    known = [sections[heading] for heading in dict.fromkeys([*order, *sections]) if heading in sections]
    return "\n\n".join([PREAMBLE.strip(), *known]) + "\n"


def benchmark_parser(words: str | None) -> argparse.ArgumentParser:
    """Return a parser that shows a script's own words as they are, with the option that all have."""
    parser = argparse.ArgumentParser(description=words, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--no-write", action="store_true", help="print, and leave RESULTS.md as it is")
    return parser


def machine() -> str:
    """Return processor, cores, system and Python, in one line without any path or host name."""
    return f"{_processor()}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def version() -> str:
    """Return the version of the package, and the commit if this is a clone."""
    ask = ["git", "describe", "--always", "--dirty", "--exclude", "*"]
    told = subprocess.run(ask, cwd=FOLDER.parent, capture_output=True, text=True, check=False)
    return f"{__version__} ({told.stdout.strip()})" if told.returncode == 0 else __version__


def today() -> str:
    """Return the date."""
    return date.today().isoformat()


def spread(values: Sequence[float], unit: str = "") -> str:
    """Median and range of repeats: '1.24 s (1.20 to 1.31)'; a single value stands alone."""
    middle = f"{number(statistics.median(values))}{unit and ' ' + unit}"
    return middle if len(values) == 1 else f"{middle} ({number(min(values))} to {number(max(values))})"


def number(value: float) -> str:
    """Three digits that count, never in powers of ten."""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    return f"{value:,.{digits}f}"


def command(arguments: Sequence[str] | None = None) -> str:
    """Return the command line of this script, from the folder of the project; of paths elsewhere the name."""
    script, *options = sys.argv if arguments is None else arguments
    place = Path(script).resolve()
    root = RESULTS.parents[2]
    name = place.relative_to(root) if place.is_relative_to(root) else place.name
    return shlex.join(
        ["python", str(name), *(Path(it).name if it.startswith(("/", "..")) else it for it in options)]
    )


if __name__ == "__main__":
    write_results()
