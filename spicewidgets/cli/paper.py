"""`spicewidgets report`: its options and their checks."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import click

from ..core.models import READY
from ..core.settings import Participant, Task
from ..core.wording import join_words
from ..loading import load
from .options import (
    COLUMNS,
    OF_SIMULATIONS,
    OF_TABLES as COLUMNS_OF_TABLES,
    Command,
    HeadedOption,
    NumberOrText,
    as_options,
    folder_problems,
    report_errors,
    setting_options,
    typed_options,
    useless_options,
)
from .progress import ProgressBar
from .rivals import BY, NAMES, WAYS, refuse, table_options, unknown, whole

OF_TABLES, SIMULATED = ("habit", "forgetting"), ("rescorla-wagner",)  # models, where none is named


@dataclass(frozen=True)
class ReportRequest:
    """The user's choices, checked.

    Attributes:
        table: path of the table of choices; None for a simulated participant.
        columns, remedies: how it is read.
        task, participant: what is simulated.
        sessions, trials: how much.
        title: of the report; None for one of its own.
        models: whose equations are compared; those that predict best are told.
        rivals: names of the rivals.
        by, folds, way: of the comparison.
        repeats: times that models play a simulated task anew; 0 for no falsification.
        datasets: simulated data sets of each kind; 0 for none.
        stability: whether equations are found again in halves and at other prices.
        jobs: processes.
        seed: of all.
        out: the folder to write to.
        arguments: of the command line that repeats this run.
    """

    table: str | None
    columns: Mapping[str, str]
    remedies: Mapping[str, str]
    task: Task
    participant: Participant
    sessions: int
    trials: int
    title: str | None
    models: tuple[str, ...]
    rivals: tuple[str, ...]
    by: str
    folds: int
    way: str
    repeats: int
    datasets: int
    stability: bool
    jobs: int
    seed: int
    out: Path
    arguments: tuple[str, ...]


def _options() -> Iterator[click.Parameter]:
    yield click.Argument(["table"], metavar="[TABLE]", required=False)
    yield from table_options()
    for name, value, words in (
        ("sessions", 100, "Sessions to simulate."),
        ("trials", 100, "Trials of each."),
    ):
        words = f"Without a table: {words} [1 or more; default {value}]"
        yield HeadedOption(name, "Data", words, type=NumberOrText(), default=value, metavar="NUMBER")
    words = f"Compare the equations of this model; the best are told. [{', '.join(READY)}; default"
    words += f" {join_words(OF_TABLES)} with a table, else {SIMULATED[0]}]"
    yield HeadedOption("model", "Study", words, multiple=True, metavar="NAME")
    words = f"Compare only this rival; once for each. [{', '.join(NAMES)}; default all]"
    yield HeadedOption("rival", "Study", words, multiple=True, metavar="NAME")
    words = "What is predicted: other sessions of the same people, other people, or later choices."
    words += " [session, person or time; default session, and time where nobody has two]"
    yield HeadedOption("by", "Study", words, default="session", metavar="WAY")
    for name, value, least, words in (
        ("folds", 4, 2, "Parts that the choices are taken apart into."),
        ("repeats", 100, 0, "Times that models play a simulated task anew, 20 or more; 0 for no test."),
        (
            "datasets",
            1,
            0,
            "Rounds of simulated data sets, for recovery; 0 for none. Fewer than 20 sets decide no claim.",
        ),
        ("jobs", 1, 1, "Processes of the simulations."),
        ("seed", 0, 0, "Seed of all."),
    ):
        words = f"{words} [{least} or more; default {value}]"
        yield HeadedOption(name, "Study", words, type=NumberOrText(), default=value, metavar="NUMBER")
    words = "How rivals are fitted: under their group's prior, the declared prior, or by maximum likelihood."
    words += " [group, prior or likelihood; default group]"
    yield HeadedOption("way", "Study", words, default="group", metavar="WAY")
    words = "Find the equations again in halves of the choices and at other penalties of a term. [default on]"
    yield HeadedOption("stability", "Study", words, default=True, is_flag=True)
    yield from setting_options("Task")
    yield from setting_options("Participant")
    yield HeadedOption("title", "Output", "Title of the report.", metavar="WORDS")
    words = (
        "Folder for the report; simulations that a run has finished are taken from there. [default report]"
    )
    yield HeadedOption("out", "Output", words, default="report", metavar="DIR")


@click.command(cls=Command, params=list(_options()))
@click.pass_context
def report(ctx: click.Context, /, table: str | None, **values: Any) -> None:
    """Study the choices of a TABLE, or of a simulated participant, and write the report: methods and results
    as one HTML page, Markdown and LaTeX, with an interpretation card.

    Rivals, equations and networks predict choices that they did not learn from; the design is simulated, to
    see what it can tell; models are judged by what they do. Ctrl-C ends it: the report has what is finished.
    """
    with report_errors(ctx, as_options):
        request = _request(table, values, typed_options(ctx, values))
        with ProgressBar(1, hidden=not sys.stderr.isatty()) as progress:
            files: Any = load("spicewidgets.cli.paper_files")
            found = files.run_study(request, progress)
        click.echo(f"{files.text(found)} Seed {request.seed}.")
        names = files.write(found, request.out)
        click.echo(f"\nWritten to {request.out}: {', '.join(names)}.")


def _request(table: str | None, values: Mapping[str, Any], typed: Sequence[str]) -> ReportRequest:
    """Return the request that the options make.

    Raises:
        SettingsError: with a sentence for every problem.
    """
    task = Task(**{item.name: values["task" if item.name == "kind" else item.name] for item in fields(Task)})
    participant = Participant(**{item.name: values[item.name] for item in fields(Participant)})
    least = {"sessions": 1, "trials": 2, "folds": 2, "repeats": 0, "datasets": 0, "jobs": 1, "seed": 0}
    few = isinstance(values["repeats"], int) and 0 < values["repeats"] < 20
    refuse(
        [
            *(unknown(name, values[name], names) for name, names in (("by", BY), ("way", WAYS))),
            *(unknown("rival", name, NAMES) for name in values["rival"]),
            *(unknown("model", name, READY) for name in values["model"]),
            *(whole(name, values[name], low) for name, low in least.items()),
            f"--repeats must be 20 or more, or 0; got {values['repeats']}. Use --repeats 50."
            if few
            else None,
            *(as_options(problem, "Task") for problem in task.problems()),
            *(as_options(problem, "Participant") for problem in participant.problems()),
            *(
                useless_options(typed, OF_SIMULATIONS, "is for simulations, and a table is given")
                if table
                else useless_options(typed, COLUMNS_OF_TABLES, "is for tables, and none is given")
            ),
        ]
    )
    refuse(folder_problems(values["out"]))
    models = tuple(dict.fromkeys(values["model"])) or (OF_TABLES if table else SIMULATED)
    return ReportRequest(
        table=table,
        columns={name: values[name] for name in COLUMNS if values[name]},
        remedies=dict(remedy.partition("=")[::2] for remedy in values["remedy"]),
        task=task,
        participant=participant,
        models=models,
        rivals=tuple(dict.fromkeys(values["rival"])) or NAMES,
        out=Path(values["out"]),
        arguments=tuple(_arguments(table, values)),
        **{name: values[name] for name in (*least, "title", "by", "way", "stability")},
    )


def _arguments(table: str | None, values: Mapping[str, Any]) -> Iterator[str]:
    """Yield the command line that does the same again; where to, and in how many processes, is left to who
    does.
    """
    yield "report"
    if table is not None:
        yield table
    simulated = {
        "sessions",
        "trials",
        "task",
        *(item.name for kind in (Task, Participant) for item in fields(kind)),
    }
    for name, value in values.items():
        if name in ("out", "jobs") or (table is not None and name in simulated):
            continue
        flag = f"--{name.replace('_', '-')}"
        if isinstance(value, bool):
            yield from [flag] * value if name != "stability" else ["--no-stability"] * (not value)
            continue
        for part in value if isinstance(value, tuple) else (value,):
            if part is not None:
                yield from (flag, str(part))
