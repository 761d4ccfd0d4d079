"""The options of `spicewidgets discover`, read from the settings, and the checked request that they make.

Every problem of every option is a sentence, and all problems are shown at once. Imports nothing heavy.
"""

import re
import shlex
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import Field, dataclass, fields, replace
from pathlib import Path
from typing import Any

import click

from ..core.models import MODELS
from ..core.settings import (
    Discovery,
    Participant,
    Settings,
    SettingsError,
    Task,
    Training,
    describe_bounds,
    setting,
)

EARLIER = 0.75  # share of each session's trials that is learned from where the later ones are held out
WIDTH = 92  # columns of running text


@contextmanager
def report_errors(ctx: click.Context, say: Callable[[str], str] = str) -> Iterator[None]:
    """Turn unusable input into sentences and exit code 2, and end quietly on Ctrl-C.

    Args:
        ctx: of the command.
        say: turns a sentence into the terms of the command line.
    """
    try:
        yield
    except SettingsError as error:
        for problem in error.problems:
            click.echo(f"Error: {say(problem)}", err=True)
        ctx.exit(2)
    except KeyboardInterrupt:
        raise click.Abort from None


@dataclass(frozen=True)
class DataOptions(Settings):
    """The size of the simulation, and the part of it that is held back."""

    trials: int = setting(100, "Trials of each simulated session.", unit="trials", low=1, high=100_000)
    sessions: int = setting(100, "Sessions to simulate.", unit="sessions", low=1, high=100_000)
    train_share: float = setting(
        1.0,
        "Share of each session's trials to fit to; the rest is a test, and steers nothing.",
        above=0,
        high=1,
    )
    validation_share: float = setting(
        0.0,
        "Share of these trials, the last of each session, that choose the epoch whose weights are kept.",
        low=0,
        high=0.9,
    )
    by: str | None = setting(
        None,
        "Hold out the later choices of each session, by time: how likely they are is told, beside the task's"
        " standard rival. They are the last quarter where --train-share does not say how many.",
        choices=("time",),
        optional=True,
    )
    seed: int = setting(0, "Seed of simulation, training and sampling; it is always printed.", low=0)


@dataclass(frozen=True)
class ModelOptions(Settings):
    """Which RNN is trained."""

    model: str = setting(
        "rescorla-wagner", "The RNN, and with it what its equations may contain.", choices=tuple(MODELS)
    )
    embedding_size: int | None = setting(
        None,
        "Numbers that stand for a participant in an embedding; the model's own when not given.",
        low=1,
        high=1024,
        optional=True,
    )


GROUPS: dict[str, type[Settings]] = {
    "Task": Task,
    "Participant": Participant,
    "Data": DataOptions,
    "Model": ModelOptions,
    "Training": Training,
    "Discovery": Discovery,
}
SIMULATED = ("Task", "Participant")  # with a table, nobody is simulated
RENAMED = {("Task", "kind"): "task", ("Discovery", "optimizer"): "sindy_optimizer"}
COLUMNS = {  # option: its role in the table, its help
    "participant_column": ("participant", "Table: column of the participant."),
    "session_column": ("sessions", "Table: column that tells a participant's sessions apart."),
    "choice_column": ("choice", "Table: column of the choice."),
    "second_choice_column": ("second_choice", "Table: column of the choice of a second stage."),
    "state_column": ("state", "Table: column of the state in which that was made."),
    "common_column": ("common", "Table: column that says whether a transition is common."),
    "stage_column": ("stage", "Table: column that says which of two stages a row is."),
    "reward_column": ("reward", "Table: column of the reward."),
}
OF_TABLES = {*COLUMNS, "remedy"}
OF_SIMULATIONS = {
    *(
        RENAMED.get((heading, item.name), item.name)
        for heading in SIMULATED
        for item in fields(GROUPS[heading])
    ),
    *("trials", "sessions"),
}


@dataclass(frozen=True)
class Request:
    """All that the user asked for, checked.

    Attributes:
        task: settings of the simulated task.
        participant: settings of the simulated participant.
        data: how much is simulated and kept back.
        model: which RNN is trained.
        training: settings of the training.
        discovery: settings of the equation discovery.
        table: path of a table of choices to read instead of a simulation.
        test_table: path of a table of choices that are only predicted.
        columns: the names of the table's columns, by the option that gives them.
        remedies: what to do about problems in the table.
        label: the participant whose equations are shown.
        seed: of simulation, training and sampling.
        out: the folder to write to.
        quiet: whether only the equations are printed.
        command: the command line that repeats this run.
        names_model: whether the model was named; if not, it is that of the kind of task.
    """

    task: Task
    participant: Participant
    data: DataOptions
    model: ModelOptions
    training: Training
    discovery: Discovery
    table: str | None
    test_table: str | None
    columns: Mapping[str, str]
    remedies: Mapping[str, str]
    label: str | None
    seed: int
    out: Path | None
    quiet: bool
    command: str
    names_model: bool = True


class NumberOrText(click.ParamType):  # type: ignore[type-arg,unused-ignore] # generic from click 8.2 on
    """A number where the text is one, else the text, so that the settings report all wrong values at once."""

    name = "number"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> object:
        """Return the value as an int, a float, or as it is."""
        if isinstance(value, str):
            for kind in (int, float):
                try:
                    return kind(value)
                except ValueError:
                    continue
        return value


class HeadedOption(click.Option):
    """An option that stands under a heading in the help.

    Args:
        name: of the option in Python, as `train_share` for `--train-share`.
        heading: in the help.
        help: its sentence in the help.
        **arguments: handed on to `click.Option`.
    """

    def __init__(self, name: str, heading: str, help: str, **arguments: Any) -> None:
        on, off = _flag(name), _flag(f"no_{name}")
        super().__init__([f"{on}/{off}" if arguments.get("default") is True else on], help=help, **arguments)
        self.heading = heading


class Command(click.Command):
    """A command whose help groups the options by heading."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, a section for each heading."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                sections.setdefault(getattr(parameter, "heading", "Output"), []).append(record)
        for heading, records in sections.items():
            with formatter.section(heading):
                formatter.write_dl(records, col_max=26)


def options() -> Iterator[HeadedOption]:
    """All options, in the order of the help."""
    for heading, kind in GROUPS.items():
        yield from (_option(heading, item) for item in fields(kind))
        if heading == "Data":
            words = (
                "Use this table, a row for each trial, instead of a simulation: CSV, TSV, Excel or Parquet, "
                "packed or not, its columns recognised where they are not named."
            )
            yield HeadedOption("data", heading, words, metavar="FILE")
            words = (
                "Table of other choices of the same participants, read as --data is: they steer nothing, and "
                "how likely they are under equations and network is told. A session of --data goes on in it."
            )
            yield HeadedOption("test_data", heading, words, metavar="FILE")
            for name, (_, words) in COLUMNS.items():
                yield HeadedOption(name, heading, words, metavar="COLUMN")
            words = "Table: what to do about a problem in it, such as sessions=carry_on; once for each."
            yield HeadedOption("remedy", heading, words, multiple=True, metavar="PROBLEM=REMEDY")
    words = "Table: show the equations of this participant; the first when not given."
    yield HeadedOption("participant", "Output", words, metavar="LABEL")
    words = "Folder for figures, equations, tables and models, made if need be; none are written without it."
    yield HeadedOption("out", "Output", words, metavar="DIR")
    yield HeadedOption("quiet", "Output", "Print the equations only.", is_flag=True)


def setting_options(heading: str) -> Iterator[HeadedOption]:
    """Yield the options of one group of settings."""
    yield from (_option(heading, item) for item in fields(GROUPS[heading]))


def _option(heading: str, item: Field[Any]) -> HeadedOption:
    name, declared = _name(heading, item.name), item.metadata
    if item.type is bool:
        words = f"{declared['help']} [default {'on' if item.default else 'off'}]"
        return HeadedOption(name, heading, words, is_flag=True, default=item.default)
    default = f"{item.default:g}" if isinstance(item.default, float) else item.default
    facts = [declared["unit"], describe_bounds(declared), "" if default is None else f"default {default}"]
    words = as_options(f"{declared['help']} [{'; '.join(filter(None, facts))}]", heading)
    kind: Any = str if declared["choices"] else NumberOrText()
    return HeadedOption(
        name, heading, words, default=item.default, type=kind, metavar="NAME" if kind is str else "NUMBER"
    )


def _name(heading: str, field: str) -> str:
    return RENAMED.get((heading, field), field)


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def options_of(changes: Mapping[str, Mapping[str, Any]]) -> str:
    """Write changed settings as options, by group and name.

    >>> options_of({"discovery": {"degree": 2}, "model": {"name": "choice"}})
    '--degree 2 --model choice'
    """
    words = []
    for group, values in changes.items():
        for field, value in values.items():
            name = "model" if group == "model" else _name(group.capitalize(), field)
            flag = _flag(f"no_{name}" if value is False else name)
            words.append(flag if isinstance(value, bool) else f"{flag} {value}")
    return " ".join(words) or "more epochs: --epochs"


def as_options(sentence: str, *headings: str) -> str:
    """Return a sentence about settings (of these headings, or of all), in terms of options.

    >>> as_options("sigma must be 0 or more; got -1. Set sigma=0.")
    '--sigma must be 0 or more; got -1. Set --sigma 0.'
    """
    for heading in headings or GROUPS:
        for item in fields(GROUPS[heading]):
            flag = _flag(_name(heading, item.name))
            sentence = re.sub(rf'(?<![\w-]){item.name}="?([\w.-]*\w)"?', rf"{flag} \1", sentence)
            named = rf"(?<![\w-]){item.name}\b" if "_" in item.name else rf"^{item.name}(?= must)"
            sentence = re.sub(named, flag, sentence)
    return sentence


def request_from(values: Mapping[str, Any], typed: Sequence[str]) -> Request:
    """Return the request that the options make.

    Args:
        values: the value of every option, by its name.
        typed: the names of the options that stood in the command line.

    Returns:
        The checked request; its output folder exists.

    Raises:
        SettingsError: with a sentence for every problem.
    """
    parts: dict[str, Any] = {}
    problems: list[str] = []
    for heading, kind in GROUPS.items():
        part = kind(**{item.name: values[_name(heading, item.name)] for item in fields(kind)})
        problems += [as_options(sentence, heading) for sentence in part.problems()]
        parts[heading.lower()] = part
    if values["by"] and "train_share" not in typed:
        parts["data"] = replace(parts["data"], train_share=EARLIER)
    problems += _out_of_place(values, typed)
    problems = problems or folder_problems(values["out"])
    if problems:
        raise SettingsError(problems)
    repeated = {name: values[name] for name in typed if name not in ("out", "quiet")}
    repeated["seed"] = parts["data"].seed
    columns, remedies = reading_of(values)
    return Request(
        **parts,
        table=values["data"],
        test_table=values["test_data"],
        columns=columns,
        remedies=remedies,
        label=values["participant"],
        seed=parts["data"].seed,
        out=Path(values["out"]) if values["out"] else None,
        quiet=values["quiet"],
        command=shlex.join(["spicewidgets", "discover", *spell_options(repeated)]),
        names_model="model" in typed,
    )


def _out_of_place(values: Mapping[str, Any], typed: Sequence[str]) -> list[str]:
    """Options that would do nothing here."""
    if values["data"]:
        wrong, why = OF_SIMULATIONS, "is for simulations, and --data names a table"
    else:
        wrong, why = (OF_TABLES | {"test_data", "participant"}, "is for tables, and no --data names one")
    twice = {"by"} if values["test_data"] else set()
    return [
        *useless_options(typed, wrong, why),
        *useless_options(typed, twice, "holds choices out, and --test-data names others"),
    ]


def typed_options(ctx: click.Context, values: Iterable[str]) -> tuple[str, ...]:
    """Name the options that stood in the command line."""
    source = click.core.ParameterSource.COMMANDLINE
    return tuple(name for name in values if ctx.get_parameter_source(name) is source)


def useless_options(typed: Iterable[str], useless: Collection[str], why: str) -> list[str]:
    """Return a sentence for each option that was typed and would do nothing.

    >>> useless_options(["data", "jobs"], {"jobs"}, "is for simulations")
    ['--jobs is for simulations. Leave out --jobs.']
    """
    return [f"{_flag(name)} {why}. Leave out {_flag(name)}." for name in typed if name in useless]


def folder_problems(out: str | None) -> list[str]:
    """Return the problems of the folder to write to; make it, before anything takes time."""
    if not out:
        return []
    try:
        Path(out).mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        return [f"--out must be a folder that can be made; got {out!r} ({why}). Choose another one."]
    return []


def spell_options(values: Mapping[str, Any]) -> Iterator[str]:
    """Yield the words by which options are typed; one with several values is typed for each.

    >>> list(spell_options({"train_share": 0.5, "refine": False, "rival": ("random", "biased")}))
    ['--train-share', '0.5', '--no-refine', '--rival', 'random', '--rival', 'biased']
    """
    for name, value in values.items():
        if isinstance(value, bool):
            yield _flag(name if value else f"no_{name}")
            continue
        for part in value if isinstance(value, tuple) else (value,):
            yield from (_flag(name), str(part))


def reading_of(values: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """Return how a table is read: the names of its columns, by their options, and remedies for problems."""
    columns = {name: values[name] for name in COLUMNS if values[name]}
    return columns, dict(remedy.partition("=")[::2] for remedy in values["remedy"])
