"""`spicewidgets recovery`: its options and their checks."""

import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import click

from ..core.models import READY
from ..core.rivals.ready import RIVALS
from ..core.settings import Participant, Task
from ..loading import load
from .options import (
    COLUMNS,
    OF_SIMULATIONS,
    OF_TABLES,
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
from .rivals import NAMES, command_of, refuse, table_options, unknown, whole

WHAT = ("parameters", "rivals", "terms")
CRITERIA = ("bic", "aic", "evidence")
PARTICIPANT = tuple(item.name for item in fields(Participant))


@dataclass(frozen=True)
class RecoveryRequest:
    """The user's choices, checked.

    Attributes:
        what: "parameters", "rivals" or "terms".
        table: path of the table whose design is taken; None for a design by settings.
        columns, remedies: how the table is read.
        people, sessions, trials: of the design; sessions of each person.
        task: what is played.
        participant: whose terms are recovered.
        rivals: names of the rivals.
        criterion: by what the best rival is chosen.
        model: the model whose terms are recovered.
        sizes: numbers of sessions for which terms are recovered.
        datasets: simulated data sets, of each rival or size.
        jobs: processes.
        seed: of all.
        out: the folder of parts and tables.
        command: the command line that repeats this run.
    """

    what: str
    table: str | None
    columns: Mapping[str, str]
    remedies: Mapping[str, str]
    people: int
    sessions: int
    trials: int
    task: Task
    participant: Participant
    rivals: tuple[str, ...]
    criterion: str
    model: str
    sizes: tuple[int, ...]
    datasets: int
    jobs: int
    seed: int
    out: Path | None
    command: str


def _options() -> Iterator[click.Parameter]:
    yield click.Argument(["what"], metavar="[" + "|".join(WHAT) + "]", required=False)
    words = "Take people, sessions, lengths, rewards and the fitted range from this table of choices."
    yield HeadedOption("data", "Data", words, metavar="FILE")
    yield from table_options()
    for name, number, words in (
        ("people", 10, "People of a data set."),
        ("sessions", 1, "Sessions of each person; for terms, of the participant."),
        ("trials", 300, "Trials of each session."),
    ):
        words = f"{words} [1 or more; default {number}]"
        yield HeadedOption(name, "Design", words, type=NumberOrText(), default=number, metavar="NUMBER")
    yield from setting_options("Task")
    words = f"Recover the parameters of this rival, or tell these apart; once for each. [{', '.join(NAMES)}]"
    yield HeadedOption("rival", "Recovery", words, multiple=True, metavar="NAME")
    words = "By what a rival is the best. [bic, aic or evidence; default bic]"
    yield HeadedOption("criterion", "Recovery", words, default="bic", metavar="NAME")
    words = "Terms: the RNN, and with it what equations may contain. [default rescorla-wagner]"
    yield HeadedOption("model", "Recovery", words, default="rescorla-wagner", metavar="NAME")
    words = "Terms: numbers of sessions, such as 3,10,30,100; those of --sessions when not given."
    yield HeadedOption("sizes", "Recovery", words, metavar="NUMBERS")
    words = "Simulated data sets, of each rival or size. [1 or more; default 20]"
    yield HeadedOption("datasets", "Recovery", words, type=NumberOrText(), default=20, metavar="NUMBER")
    words = "Processes. [1 or more; default 1]"
    yield HeadedOption("jobs", "Recovery", words, type=NumberOrText(), default=1, metavar="NUMBER")
    words = "Seed of all. [0 or more; default 0]"
    yield HeadedOption("seed", "Recovery", words, type=NumberOrText(), default=0, metavar="NUMBER")
    yield from setting_options("Participant")
    words = "Folder for the tables and the finished parts; a run that was ended goes on from there."
    yield HeadedOption("out", "Output", words, metavar="DIR")


@click.command(cls=Command, params=list(_options()))
@click.pass_context
def recovery(ctx: click.Context, /, **values: Any) -> None:
    """Ask what a design can tell, by fits of simulated choices: a rival's parameters, which rival it was, or
    which terms an equation has.

    Ctrl-C ends it and shows what is finished. With --out, the same command goes on where it was ended.
    """
    with report_errors(ctx, as_options):
        request = _request(values, typed_options(ctx, values))
        with ProgressBar(1, hidden=not sys.stderr.isatty()) as progress:
            tables: Any = load("spicewidgets.cli.recovery_tables")
            study = tables.run_recovery(request, progress)
        click.echo("\n\n".join(tables.text(request, study)))
        if request.out is not None:
            names = tables.write(request, study, request.out)
            click.echo(f"\nWritten to {request.out}: {', '.join(names)}.")


def _request(values: Mapping[str, Any], typed: Sequence[str]) -> RecoveryRequest:
    """Return the request that the options make.

    Raises:
        SettingsError: with a sentence for every problem.
    """
    task = Task(**{item.name: values["task" if item.name == "kind" else item.name] for item in fields(Task)})
    participant = Participant(**{item.name: values[item.name] for item in fields(Participant)})
    sizes = str(values["sizes"]).split(",") if values["sizes"] is not None else [str(values["sessions"])]
    what = values["what"]
    one = what == "parameters" and len(values["rival"]) > 1
    refuse(
        [
            None if what in WHAT else f"Say what is recovered, {', '.join(WHAT)}; got {what!r}. Choose one.",
            f"--rival must be one rival for parameters; got {len(values['rival'])}. Name one."
            if one
            else None,
            *(whole(name, values[name], 1) for name in ("people", "sessions", "trials", "datasets", "jobs")),
            whole("seed", values["seed"], 0),
            *(
                None
                if size.strip().isdigit() and int(size) > 0
                else f"--sizes must be numbers of sessions; got {size.strip()!r}. Use --sizes 10,30,100."
                for size in sizes
                if values["sizes"] is not None
            ),
            *(unknown("rival", name, NAMES) for name in values["rival"]),
            *(
                f"--rival must be one with parameters; {name} has none. Name another one."
                for name in values["rival"]
                if what == "parameters" and name in RIVALS and not RIVALS[name].parameters
            ),
            unknown("criterion", values["criterion"], CRITERIA),
            unknown("model", values["model"], READY),
            *(as_options(problem, "Task") for problem in task.problems()),
            *(as_options(problem, "Participant") for problem in participant.problems()),
            *_useless(what, values, typed),
        ]
    )
    refuse(folder_problems(values["out"]))
    return RecoveryRequest(
        what=what,
        table=values["data"],
        columns={name: values[name] for name in COLUMNS if values[name]},
        remedies=dict(remedy.partition("=")[::2] for remedy in values["remedy"]),
        people=values["people"],
        sessions=values["sessions"],
        trials=values["trials"],
        task=task,
        participant=participant,
        rivals=tuple(dict.fromkeys(values["rival"])),
        criterion=values["criterion"],
        model=values["model"],
        sizes=tuple(int(size) for size in sizes),
        datasets=values["datasets"],
        jobs=values["jobs"],
        seed=values["seed"],
        out=Path(values["out"]) if values["out"] else None,
        command=command_of(f"recovery {what}", values, typed),
    )


def _useless(what: str, values: Mapping[str, Any], typed: Sequence[str]) -> Iterator[str]:
    """Yield a sentence for each option that would do nothing here."""
    rules: list[tuple[bool, Collection[str], str]] = [
        (what == "terms", {"data", "people", "rival"}, "is for parameters and rivals"),
        (what in ("parameters", "rivals"), {"model", "sizes", *PARTICIPANT}, "is for terms"),
        (what in ("parameters", "terms"), {"criterion"}, "is for rivals"),
        (bool(values["sizes"]), {"sessions"}, "says what --sizes says"),
        (bool(values["data"]), {"people", *OF_SIMULATIONS}, "is for simulations, and --data names a table"),
        (not values["data"], OF_TABLES, "is for tables, and no --data names one"),
    ]
    for applies, names, why in rules:
        yield from useless_options(typed if applies else (), names, why)
