"""Reading a table as the options of a command say."""

import re
import sys
from collections.abc import Iterable, Mapping
from importlib import metadata

from .. import __version__
from ..core.data.choices import Choices, read_choices
from ..core.data.tables.report import Report
from ..core.data.tables.roles import join_names
from ..core.settings import SettingsError
from .options import COLUMNS

PACKAGES = ("numpy", "pandas", "scikit-learn", "scipy", "torch")


def versions(packages: Iterable[str] = PACKAGES) -> dict[str, str]:
    """Return the versions of the package, of Python, and of further packages."""
    own = {"spicewidgets": __version__, "python": sys.version.split()[0]}
    return own | {name: metadata.version(name) for name in packages}


def read_table(table: str, columns: Mapping[str, str], remedies: Mapping[str, str]) -> Choices:
    """Return a table of choices.

    Args:
        table: its path.
        columns: names of its columns, by the option that gives them.
        remedies: what to do about problems in it.

    Raises:
        SettingsError: in terms of options, for what keeps it from being read.
    """
    roles = {COLUMNS[option][0]: column for option, column in columns.items()}
    try:
        return read_choices(table, roles, remedies)
    except SettingsError as error:
        raise SettingsError([_as_option(problem) for problem in error.problems]) from None


def notes_of(report: Report) -> tuple[str, ...]:
    """List the stages of a table's trials, its problems, and their remedies."""
    stages = (f"A trial has two stages: {report.stages}",) if report.stages else ()
    found = (f"{it.words} ({it.where.words}): {it.remedies[it.taken]}." for it in report.problems)
    net = (f"Rewards are {report.net}.",) if report.net else ()
    notes = (*stages, *net, *found)
    left = report.columns_left
    return (*notes, f"Columns that were not used: {join_names(left)}.") if left else notes


def _as_option(problem: str) -> str:
    """Return a sentence about a table's roles, in terms of options."""
    option_of = {role: f"--{option.replace('_', '-')}" for option, (role, _) in COLUMNS.items()}
    return re.sub(
        r'roles=\{"(\w+)": "\.\.\."\}', lambda match: f"{option_of.get(match[1], match[0])} NAME", problem
    )
