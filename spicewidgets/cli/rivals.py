"""`spicewidgets rivals`: its options and their checks."""

import shlex
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from ..core.models import READY
from ..core.rivals.ready import RIVALS
from ..core.settings import SettingsError
from ..loading import load
from .options import (
    COLUMNS,
    Command,
    HeadedOption,
    NumberOrText,
    folder_problems,
    report_errors,
    typed_options,
)
from .progress import ProgressBar

BY, WAYS = ("session", "person", "time"), ("group", "prior", "likelihood")
NAMES = tuple(RIVALS)


@dataclass(frozen=True)
class RivalsRequest:
    """The user's choices, checked.

    Attributes:
        table: path of the table of choices.
        columns: names of its columns, by the option that gives them.
        remedies: what to do about problems in it.
        by: how the choices are taken apart.
        folds: how often.
        way: how rivals are fitted.
        models: ready models whose equations and networks are compared as well.
        rivals: names of the rivals.
        seed: of fits and intervals.
        out: the folder to write to.
        command: the command line that repeats this run.
    """

    table: str
    columns: Mapping[str, str]
    remedies: Mapping[str, str]
    by: str
    folds: int
    way: str
    models: tuple[str, ...]
    rivals: tuple[str, ...]
    seed: int
    out: Path | None
    command: str


def table_options() -> Iterator[HeadedOption]:
    """Yield the options that say how a table is read."""
    for name, (_, words) in COLUMNS.items():
        yield HeadedOption(name, "Data", words.removeprefix("Table: ").capitalize(), metavar="COLUMN")
    words = "What to do about a problem in the table, such as sessions=carry_on; once for each."
    yield HeadedOption("remedy", "Data", words, multiple=True, metavar="PROBLEM=REMEDY")


def _options() -> Iterator[HeadedOption]:
    words = "Table of choices, a row for each trial, read as by `spicewidgets discover`."
    yield HeadedOption("data", "Data", words, metavar="FILE")
    yield from table_options()
    words = "What is predicted: other sessions of the same people, other people, or later choices."
    words += " [session, person or time; default session, and time where nobody has two]"
    yield HeadedOption("by", "Comparison", words, default="session", metavar="WAY")
    words = "Parts that the choices are taken apart into. [2 or more; default 4]"
    yield HeadedOption("folds", "Comparison", words, type=NumberOrText(), default=4, metavar="NUMBER")
    words = "How rivals are fitted: under their group's prior, the declared prior, or by maximum likelihood."
    words += " [group, prior or likelihood; default group]"
    yield HeadedOption("way", "Comparison", words, default="group", metavar="WAY")
    words = f"Compare only this rival; once for each. [{', '.join(NAMES)}; default all]"
    yield HeadedOption("rival", "Comparison", words, multiple=True, metavar="NAME")
    words = f"Compare equations and network of this model, too; once for each. [{', '.join(READY)}]"
    yield HeadedOption("model", "Comparison", words, multiple=True, metavar="NAME")
    words = "Seed of starts, training and intervals. [0 or more; default 0]"
    yield HeadedOption("seed", "Comparison", words, type=NumberOrText(), default=0, metavar="NUMBER")
    words = "Folder for the tables, made if need be; none are written without it."
    yield HeadedOption("out", "Output", words, metavar="DIR")


@click.command(cls=Command, params=list(_options()))
@click.pass_context
def rivals(ctx: click.Context, /, **values: Any) -> None:
    """Compare classical models of choices, and equations and networks, by choices they did not learn from.

    Prints how likely held-out choices are under each, with an interval over people, beside AIC, BIC and
    evidence, and how many people follow each. With --out, all tables are written to a folder.
    """
    with report_errors(ctx):
        request = _request(values, typed_options(ctx, values))
        with ProgressBar(1, hidden=not sys.stderr.isatty()) as progress:
            tables: Any = load("spicewidgets.cli.rivals_tables")
            outcome = tables.compare_rivals(request, progress)
        click.echo("\n\n".join(tables.text(request, outcome)))
        if request.out is not None:
            names = tables.write(request, outcome, request.out)
            click.echo(f"\nWritten to {request.out}: {', '.join(names)}.")


def _request(values: Mapping[str, Any], typed: Sequence[str]) -> RivalsRequest:
    """Return the request that the options make.

    Raises:
        SettingsError: with a sentence for every problem.
    """
    known = {"by": BY, "way": WAYS}
    refuse(
        [
            None
            if values["data"]
            else "--data must name a table of choices; got none. Give for example --data choices.csv.",
            *(unknown(name, values[name], names) for name, names in known.items()),
            *(unknown("rival", name, NAMES) for name in values["rival"]),
            *(unknown("model", name, READY) for name in values["model"]),
            whole("folds", values["folds"], 2),
            whole("seed", values["seed"], 0),
        ]
    )
    refuse(folder_problems(values["out"]))
    return RivalsRequest(
        table=values["data"],
        columns={name: values[name] for name in COLUMNS if values[name]},
        remedies=dict(remedy.partition("=")[::2] for remedy in values["remedy"]),
        by=values["by"],
        folds=values["folds"],
        way=values["way"],
        models=tuple(dict.fromkeys(values["model"])),
        rivals=tuple(dict.fromkeys(values["rival"])) or NAMES,
        seed=values["seed"],
        out=Path(values["out"]) if values["out"] else None,
        command=command_of("rivals", values, typed),
    )


def refuse(problems: Iterable[str | None]) -> None:
    """As of `core/checks.py`, which would load numpy."""
    if sentences := [problem for problem in problems if problem]:
        raise SettingsError(sentences)


def command_of(name: str, values: Mapping[str, Any], typed: Iterable[str]) -> str:
    """Return the command line that does the same again: what was typed, and the seed; without --out."""
    words = ["spicewidgets", *name.split()]
    for option in dict.fromkeys((*typed, "seed")):
        value = values[option]
        for part in value if isinstance(value, tuple) else (value,):
            if option not in ("out", "what"):
                words += [f"--{option.replace('_', '-')}", str(part)]
    return shlex.join(words)


def unknown(name: str, value: object, known: Any) -> str | None:
    """Return the sentence for an option that has none of its values."""
    if value in known:
        return None
    return f"--{name} must be one of {', '.join(known)}; got {value!r}. Choose one of these."


def whole(name: str, value: object, least: int) -> str | None:
    """Return the sentence for an option that is no whole number, or too low."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= least:
        return None
    return f"--{name} must be a whole number, {least} or more; got {value!r}. Use --{name} {max(least, 4)}."
