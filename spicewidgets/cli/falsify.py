"""`spicewidgets falsify`: its options and their checks."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from ..core.models import READY
from ..core.wording import join_words
from ..loading import load
from .options import (
    COLUMNS,
    Command,
    HeadedOption,
    NumberOrText,
    folder_problems,
    report_errors,
    typed_options,
    useless_options,
)
from .progress import ProgressBar
from .rivals import NAMES, WAYS, command_of, refuse, table_options, unknown, whole

USUAL = ("rescorla-wagner", "with-kernel")  # rivals, where neither a rival nor a model is named


@dataclass(frozen=True)
class FalsifyRequest:
    """The user's choices, checked.

    Attributes:
        table: path of the table of choices.
        columns, remedies: how it is read.
        rivals: names of the rivals that are judged.
        models: ready models whose equations and networks are judged as well.
        way: how rivals are fitted.
        schedule: file of the task's reward probabilities; None where they are not known.
        repeats: times that each plays the task anew where they are.
        seed: of all.
        out: the folder to write to.
        command: the command line that repeats this run.
    """

    table: str
    columns: Mapping[str, str]
    remedies: Mapping[str, str]
    rivals: tuple[str, ...]
    models: tuple[str, ...]
    way: str
    schedule: Path | None
    repeats: int
    seed: int
    out: Path | None
    command: str


def _options() -> Iterator[click.Parameter]:
    words = "Table of choices, a row for each trial, read as by `spicewidgets discover`."
    yield HeadedOption("data", "Data", words, metavar="FILE")
    yield from table_options()
    words = f"Judge this rival; once for each. [{', '.join(NAMES)}; default {join_words(USUAL)}]"
    yield HeadedOption("rival", "Falsification", words, multiple=True, metavar="NAME")
    words = f"Judge equations and network of this model, too; once for each. [{', '.join(READY)}]"
    yield HeadedOption("model", "Falsification", words, multiple=True, metavar="NAME")
    words = "How rivals are fitted: under their group's prior, the declared prior, or by maximum likelihood."
    words += " [group, prior or likelihood; default group]"
    yield HeadedOption("way", "Falsification", words, default="group", metavar="WAY")
    words = (
        "CSV file of reward probabilities, a column an option, a row a trial, of all sessions or of one after"
    )
    words += " the other. With it models play the task anew; without it next choices judge them."
    yield HeadedOption("schedule", "Falsification", words, metavar="FILE")
    words = "Times that each plays the task anew. [20 or more; default 100]"
    yield HeadedOption("repeats", "Falsification", words, type=NumberOrText(), default=100, metavar="NUMBER")
    words = "Seed of fits and of what is played. [0 or more; default 0]"
    yield HeadedOption("seed", "Falsification", words, type=NumberOrText(), default=0, metavar="NUMBER")
    words = "Folder for the table and the figure, made if need be; none are written without it."
    yield HeadedOption("out", "Output", words, metavar="DIR")


@click.command(cls=Command, params=list(_options()))
@click.pass_context
def falsify(ctx: click.Context, /, **values: Any) -> None:
    """Judge fitted models by what they do, and say where people behave otherwise.

    Each choice of people is compared with what a model expects of it after all that they really did and got;
    with --schedule models play the task anew. Prints a sentence for each model and measure, with its size.
    With --out, a table and a figure are written to a folder.
    """
    with report_errors(ctx):
        request = _request(values, typed_options(ctx, values))
        with ProgressBar(1, hidden=not sys.stderr.isatty()) as progress:
            files: Any = load("spicewidgets.cli.falsify_files")
            found = files.judge_models(request, progress)
        if found.n_people < 2 and request.way == "group":
            click.echo("One person has no group: rivals are fitted under the declared prior.\n")
        click.echo(f"{found.text}\n\nSeed {request.seed}.")
        if request.out is not None:
            names = files.write(request, found, request.out)
            click.echo(f"\nWritten to {request.out}: {', '.join(names)}.")


def _request(values: Mapping[str, Any], typed: Sequence[str]) -> FalsifyRequest:
    """Return the request that the options make.

    Raises:
        SettingsError: with a sentence for every problem.
    """
    refuse(
        [
            None
            if values["data"]
            else "--data must name a table of choices; got none. Give for example --data choices.csv.",
            unknown("way", values["way"], WAYS),
            *(unknown("rival", name, NAMES) for name in values["rival"]),
            *(unknown("model", name, READY) for name in values["model"]),
            whole("repeats", values["repeats"], 20),
            *useless_options(
                [] if values["schedule"] else typed,
                {"repeats"},
                "is for tasks that are played anew (--schedule)",
            ),
            whole("seed", values["seed"], 0),
        ]
    )
    refuse(folder_problems(values["out"]))
    rivals, models = (tuple(dict.fromkeys(values[name])) for name in ("rival", "model"))
    return FalsifyRequest(
        table=values["data"],
        columns={name: values[name] for name in COLUMNS if values[name]},
        remedies=dict(remedy.partition("=")[::2] for remedy in values["remedy"]),
        rivals=rivals if rivals or models else USUAL,
        models=models,
        schedule=Path(values["schedule"]) if values["schedule"] else None,
        out=Path(values["out"]) if values["out"] else None,
        command=command_of("falsify", values, typed),
        **{name: values[name] for name in ("way", "repeats", "seed")},
    )
