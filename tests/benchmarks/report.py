"""Writes what a benchmark found: Markdown tables, each script's under its own heading of RESULTS.md."""

import os
import platform
import shlex
import statistics
import sys
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

RESULTS = Path(__file__).resolve().parent / "RESULTS.md"
PREAMBLE = """\
# Results

The figures of the package as it is, written by the scripts here: each section says when, where and by
which command. What older versions took is in the changelog.
"""


def machine() -> str:
    """Processor, cores, system and Python, in one line without any path or host name."""
    return f"{_processor()}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def today() -> str:
    return date.today().isoformat()


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; all columns but the first are right-aligned."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, rule, *rows))


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


def write_section(heading: str, text: str, path: Path = RESULTS) -> None:
    """Put `text` and the command under `## heading` of the file, in place of what stood there."""
    text = f"{text.strip()}\n\nBy `{command()}`."
    sections = path.read_text(encoding="utf-8").split("\n## ") if path.exists() else [PREAMBLE]
    section = f"{heading}\n\n{text.strip()}\n"
    places = [at for at, old in enumerate(sections) if at and old.split("\n", 1)[0] == heading]
    sections[places[0] if places else len(sections) : (places[0] if places else len(sections)) + 1] = [
        section
    ]
    path.write_text("\n\n## ".join(part.strip() for part in sections) + "\n", encoding="utf-8")
