"""Commands that do a study. A command is a class, each of its options a field of it: the field has the name,
the default, what is allowed, and the sentence of the help. From the class come the options, their checks, the
request that the study gets, and the command line that does the same again. Imports nothing heavy.
"""

import shlex
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import Field, dataclass, field, fields, make_dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar, Self, get_args

import click

from ..core.rivals.ready import ALL
from ..core.settings import Settings, SettingsError, describe_bounds, describe_problem, setting
from ..core.studies.source import Source
from ..core.studies.study import Study
from ..loading import load
from .options import (
    COLUMNS,
    GROUPS,
    RENAMED,
    Command,
    HeadedOption,
    NumberOrText,
    as_options,
    folder_problems,
    reading_of,
    report_errors,
    setting_options,
    spell_options,
    typed_options,
    useless_options,
)
from .progress import ProgressBar

if TYPE_CHECKING:
    from ..core.data.choices import Choices

NAMES = tuple(ALL)
TABLE_WORDS = "Table of choices, a row for each trial, read as by `spicewidgets discover`."
UNREPEATED = ("out", "jobs")  # where to, and in how many processes, is left to who repeats it


def option(
    default: Any, help: str, heading: str = "Study", *, name: str = "", metavar: str = "", **declaration: Any
) -> Any:
    """Return a field that is an option of a command.

    Args:
        default: where it is not given. A tuple is of an option that may be given several times.
        help: its sentence.
        heading: in the help.
        name: of the option, where it is not that of the field.
        metavar: of an option that takes any text; numbers and names are checked.
        **declaration: as of `setting`: its bounds or choices.
    """
    declared: Field[Any] = setting(default, help, **declaration)
    return field(
        default=default,
        metadata=declared.metadata | {"heading": heading, "name": name, "metavar": metavar},
    )


def argument(default: Any, choices: tuple[str, ...] = (), *, metavar: str = "") -> Any:
    """Return a field that is an argument of a command: a word without a name."""
    declared: Field[Any] = option(default, "", metavar=metavar, choices=choices)
    return field(default=default, metadata=declared.metadata | {"heading": ""})


OUT_WORDS = "Folder for the results, made if need be; none are written without it."


@dataclass(frozen=True, kw_only=True)
class StudyRequest(Settings):
    """The user's choices, checked.

    Attributes:
        columns: names of the table's columns, by the option that gives them.
        remedies: what to do about problems in the table.
        arguments: the command line that does the same again, without where to.
        seed: of all that is drawn.
        out: the folder to write to.
    """

    about: ClassVar[str] = ""

    columns: Mapping[str, str] = field(default_factory=dict)
    remedies: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    seed: int = option(0, "Seed of all that is drawn.", low=0)
    out: Path | None = option(None, OUT_WORDS, "Output", metavar="DIR")

    @property
    def command(self) -> str:
        """The command line that does the same again."""
        return shlex.join(["spicewidgets", *self.arguments])

    def problems(self) -> list[str]:
        """Return a sentence for every option that cannot be used."""
        sentences: list[str] = []
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, Settings):
                sentences += [as_options(sentence, type(value).__name__) for sentence in value.problems()]
            elif "help" in item.metadata and not item.metadata["metavar"]:
                several = value if isinstance(value, tuple) else (value,)
                found = (describe_problem(item.name, one, item.type, item.metadata) for one in several)
                called = f"--{_name(item)}" if item.metadata["heading"] else item.name
                sentences += [called + sentence.removeprefix(item.name) for sentence in found if sentence]
        return sentences

    def find_misuses(self, typed: Collection[str]) -> Iterator[str]:
        """Yield a sentence for each option that does not go with the others; `typed` are those given."""
        yield from ()

    @classmethod
    def spell(cls, sentence: str) -> str:
        """Return a sentence about a field in terms of its option."""
        for item in fields(cls):
            if item.metadata.get("heading") and sentence.startswith(f"{item.name} must"):
                return f"--{_name(item)}{sentence.removeprefix(item.name)}"
        return as_options(sentence)

    @classmethod
    def of(cls, name: str, values: Mapping[str, Any], typed: Sequence[str]) -> Self:
        """Return the request that the options of a command make, and make its folder.

        Raises:
            SettingsError: with a sentence for every problem.
        """
        settings = {item.name: _value(item, values) for item in fields(cls) if _is_asked(item)}
        columns, remedies = reading_of(values)
        request = cls(
            columns=columns,
            remedies=remedies,
            arguments=tuple(_repeat(cls, name, values, typed)),
            **settings,
        )
        problems = [*request.problems(), *request.find_misuses(typed)]
        if problems := problems or folder_problems(values["out"]):
            raise SettingsError(problems)
        return request


@dataclass(frozen=True, kw_only=True)
class DeclaredRequest(StudyRequest):
    """The user's choices for a study that the core declares; its settings are further fields."""

    study: ClassVar[type[Study]]

    table: str | None = option("", TABLE_WORDS, "Table", name="data", metavar="FILE")

    @property
    def kind(self) -> type[Study]:
        """The study that is done."""
        return self.study

    @property
    def settings(self) -> Settings:
        """The settings of the study; those that a command does not have are as they were declared."""
        kind = self.kind.settings_class
        known = {item.name: getattr(self, item.name) for item in fields(kind) if hasattr(self, item.name)}
        return kind(**known)

    def source(self, choices: "Choices | None") -> Source:
        """Return what the study is of.

        Args:
            choices: the table; None where none is named.
        """
        return Source(None if choices is None else choices.dataset, choices)

    def find_misuses(self, typed: Collection[str]) -> Iterator[str]:
        """Yield a sentence for each option that does not go with the others."""
        yield from needs_table(self.table)
        names = {item.name: _name(item) for item in fields(self) if _is_asked(item)}
        for useless, why in self.study.misuses(self.settings):
            yield from useless_options(typed, {names[name] for name in useless}, why)


ABOUT = "Prints the answer, and the values that it stands on. With --out, all is written to a folder."


def declared_option(settings: type[Settings], name: str, **other: Any) -> Any:
    """Return the field that is an option for a setting of a study.

    Args:
        settings: of the study.
        name: of the setting.
        **other: what the command declares otherwise: its `default`, its bounds.
    """
    item = settings.__dataclass_fields__[name]
    own = {"heading": "Study", "name": name.removeprefix("n_"), "metavar": ""}
    declared: dict[str, Any] = {**own, **item.metadata}
    declared |= {"unit": ""} | declared.get("command", {}) | other
    return field(default=other.get("default", item.default), metadata=declared)


def declared_request(study: type[Study]) -> type[DeclaredRequest]:
    """Return the class of the requests of a study that the core declares."""
    kind = study.settings_class
    own = [
        (item.name, item.type, declared_option(kind, item.name))
        for item in fields(kind)
        if item.metadata.get("command") is not False and item.name != "seed"
    ]
    request: type[DeclaredRequest] = make_dataclass(
        f"{study.__name__}Request",
        own,
        bases=(DeclaredRequest,),
        namespace={"study": study, "about": f"{study.about}\n\n{ABOUT}"},
        frozen=True,
        kw_only=True,
    )
    return request


def declared_command(study: type[Study]) -> click.Command:
    """Return the command of a study that the core declares."""
    return study_command(study.name, declared_request(study), "spicewidgets.cli.studies")


def needs_table(table: str | None) -> Iterator[str]:
    """Yield the sentence for a table that is missing."""
    if not table:
        yield "--data must name a table of choices; got none. Give for example --data choices.csv."


def describe_misuses(
    typed: Iterable[str], rules: Iterable[tuple[bool, Collection[str], str]]
) -> Iterator[str]:
    """Yield a sentence for each option that was typed and would do nothing.

    Args:
        typed: options that were.
        rules: whether a rule applies, the options that are useless then, and why.
    """
    typed = tuple(typed)
    for applies, names, why in rules:
        yield from useless_options(typed if applies else (), names, why)


def study_command(name: str, request: type[StudyRequest], module: str) -> click.Command:
    """Return a command.

    Args:
        name: of it.
        request: its options.
        module: what does it, with `run(request, progress)`, `text(request, result)`, block by block, and
            `write(request, result, folder)`, which returns what it has written; it is loaded when it is
            needed.
    """

    def callback(**values: Any) -> None:
        ctx = click.get_current_context()
        with report_errors(ctx, request.spell):
            asked = request.of(name, values, typed_options(ctx, values))
            with ProgressBar(1, hidden=not sys.stderr.isatty()) as progress:
                study: ModuleType = load(module)
                result = study.run(asked, progress)
            click.echo("\n\n".join(study.text(asked, result)))
            if asked.out is not None:
                names = study.write(asked, result, asked.out)
                click.echo(f"\nWritten to {asked.out}: {', '.join(names)}.")

    return Command(name, callback=callback, params=list(_options(request)), help=request.about)


def _options(request: type[StudyRequest]) -> Iterator[click.Parameter]:
    """Yield all options of a command: first of the table, last those that all commands have."""
    own = {item.name: item for item in fields(request) if _is_asked(item)}
    common = [own.pop(item.name) for item in fields(StudyRequest) if _is_asked(item)]
    yield from _fields_as_options(item for item in own.values() if item.metadata.get("heading") == "Table")
    for name, (_, words) in COLUMNS.items():
        yield HeadedOption(name, "Table", words.removeprefix("Table: ").capitalize(), metavar="COLUMN")
    words = "What to do about a problem in the table, such as sessions=carry_on; once for each."
    yield HeadedOption("remedy", "Table", words, multiple=True, metavar="PROBLEM=REMEDY")
    rest = [item for item in own.values() if item.metadata.get("heading") != "Table"]
    yield from _fields_as_options([*rest, *common])


def _fields_as_options(items: Iterable[Field[Any]]) -> Iterator[click.Parameter]:
    for item in items:
        if isinstance(item.type, type) and issubclass(item.type, Settings):
            yield from setting_options(item.type.__name__)
        elif not item.metadata["heading"]:
            shown = item.metadata["metavar"] or "|".join(item.metadata["choices"])
            yield click.Argument([item.name], metavar=f"[{shown}]", required=False)
        else:
            yield _option(item)


def _option(item: Field[Any]) -> HeadedOption:
    """Return the option of a field."""
    declared, several = item.metadata, isinstance(item.default, tuple)
    arguments: dict[str, Any] = {"default": item.default}
    facts: list[str] = []
    if item.type is bool:
        arguments["is_flag"] = True
        facts = [f"default {'on' if item.default else 'off'}"]
    elif declared["metavar"]:
        arguments["metavar"] = declared["metavar"]
    else:
        kind = {} if declared["choices"] else {"type": NumberOrText()}
        arguments |= {"metavar": "NUMBER" if kind else "NAME"} | kind
        default = "" if item.default in (None, ()) else f"default {item.default}"
        facts = [describe_bounds(declared).removeprefix("one of "), default]
    if several:
        arguments |= {"multiple": True, "default": ()}
        facts = [*facts[:1], "once for each"]
    words = f"{declared['help']} [{'; '.join(filter(None, facts))}]" if any(facts) else declared["help"]
    return HeadedOption(_name(item), declared["heading"], words, **arguments)


def _is_asked(item: Field[Any]) -> bool:
    """Tell whether a field is an option, or settings whose fields are."""
    return "help" in item.metadata or (isinstance(item.type, type) and issubclass(item.type, Settings))


def _name(item: Field[Any]) -> str:
    return str(item.metadata["name"] or item.name)


def _value(item: Field[Any], values: Mapping[str, Any]) -> Any:
    """Return the value of a field."""
    if isinstance(item.type, type) and issubclass(item.type, Settings):
        group = item.type.__name__
        names = {one.name: RENAMED.get((group, one.name), one.name) for one in fields(GROUPS[group])}
        return item.type(**{field: values[name] for field, name in names.items()})
    value = values[_name(item)]
    if isinstance(value, tuple):
        return tuple(dict.fromkeys(value)) or item.default
    return Path(value) if value is not None and Path in (item.type, *get_args(item.type)) else value


def _repeat(
    request: type[StudyRequest], command: str, values: Mapping[str, Any], typed: Sequence[str]
) -> Iterator[str]:
    """Yield the words of the command line: what was typed, and the seed."""
    yield command
    arguments = [item.name for item in fields(request) if item.metadata.get("heading") == ""]
    yield from (str(values[name]) for name in arguments if values[name] is not None)
    repeated = {name: values[name] for name in (*typed, "seed") if name not in (*arguments, *UNREPEATED)}
    yield from spell_options(repeated)
