"""Pages of the reference, made from what declares them: commands, models, mechanisms, rivals, tasks, studies;
and those that stand elsewhere in the repository.
"""

import json
import re
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path

import click
from report import Section, Table

from spicewidgets.cli import main
from spicewidgets.core.mechanisms import MECHANISMS
from spicewidgets.core.models import MODELS
from spicewidgets.core.rivals.ready import ALL
from spicewidgets.core.studies.ready import STUDIES
from spicewidgets.core.tasks import TASKS
from spicewidgets.core.wording import join_words
from spicewidgets.front.page import LESSONS

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"\]\((?!https?:|#|mailto:)(?P<path>[^)#\s]+)(?P<anchor>#[^)\s]*)?\)")
COPIED = {
    "results": "tests/benchmarks/RESULTS.md",
    "changelog": "CHANGELOG.md",
    "contributing": ".github/CONTRIBUTING.md",
    "workshop": "binder/WORKSHOP.md",
}


def write(folder: Path) -> None:
    """Write all pages into a folder, each only where it has changed."""
    folder.mkdir(exist_ok=True)
    made = {
        "commands.md": _commands(),
        "models.md": _models(),
        "mechanisms.md": _mechanisms(),
        "rivals.md": _rivals(),
        "tasks.md": _tasks(),
        "studies.md": _studies(),
        "lessons.md": _lessons(),
        "peer.txt": _peer(),
        "install.txt": str(_section("What an installation takes").tables[0]),
        **{f"{name}.md": _copy(path) for name, path in COPIED.items()},
    }
    for name, text in made.items():
        page = folder / name
        if not page.exists() or page.read_text(encoding="utf-8") != text:
            page.write_text(text, encoding="utf-8")


def measured() -> dict[str, str]:
    """Return figures that pages name, as the benchmarks have recorded them."""
    habit = _row("Real people: runs kept apart", "habit, pooled")
    (search,) = re.findall(r"\*\*([\d.]+)\*\*", " ".join(filter(_is_words, _section("Search: people").parts)))
    return {
        "habit_equations": habit["equations"],
        "habit_network": habit["network"],
        "habit_numbers": f"{float(habit['numbers a person']):.0f}",
        "search_people": search,
    }


def _section(heading: str) -> Section:
    return Section.load(Section(heading, "", "", "", "", ()).file)


def _row(heading: str, name: str) -> dict[str, str]:
    """Return a row of a section's first table, by its heads."""
    table = _section(heading).tables[0]
    return next(dict(zip(table.head, row, strict=True)) for row in table.rows if row[0] == name)


def _is_words(part: str | Table) -> bool:
    return isinstance(part, str)


def _peer() -> str:
    """Return what was measured against the peer, without what was asked for."""
    section = _section("The compiled path against the peer")
    (table,) = section.tables
    rows = [row[:4] for row in table.rows if row[1]]
    return f"Measured in one run on {section.date} ({section.machine}), on one thread each:\n\n{Table(table.head[:4], rows)}\n"


def source_address() -> str:
    """Return the address of the repository's files."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return f"{project['urls']['Source']}/blob/main"


def _copy(path: str) -> str:
    """Return a page that stands in the repository, its links to files leading there."""
    folder, by_file = (ROOT / path).parent, {file: name for name, file in COPIED.items()}

    def link(match: re.Match[str]) -> str:
        file = (folder / match["path"]).resolve().relative_to(ROOT).as_posix()
        anchor = match["anchor"] or ""
        if file in by_file:
            return f"]({by_file[file]}.md{anchor})"
        return f"]({source_address()}/{file}{anchor})"

    text = (ROOT / path).read_text(encoding="utf-8")
    text = re.sub(r"^```mermaid\n.*?^```\n", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"^!\[[^\]]*\]\([^)]*\)\n", "", text, flags=re.MULTILINE)  # pictures stay there
    text = re.sub(r"^```python \S+$", "```python", text, flags=re.MULTILINE)
    return LINK.sub(link, text)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in lines)


def _page(title: str, words: str, *parts: str) -> str:
    return "\n\n".join([f"# {title}", words, *parts]) + "\n"


def _commands() -> str:
    return _page(
        "Commands",
        "What each command does, and its options. `spicewidgets COMMAND --help` says the same.",
        *_command("spicewidgets", main),
    )


def _command(name: str, command: click.Command) -> Iterable[str]:
    if isinstance(command, click.Group) and command is main:
        pass
    else:
        yield f"## {name}"
        yield " ".join((command.help or "").split("\b")[0].split())
        rows = [
            (
                ", ".join(f"`{one}`" for one in option.opts + option.secondary_opts),
                " ".join(option.help.split()),
            )
            for option in command.params
            if isinstance(option, click.Option) and option.help
        ]
        if rows:
            yield _table(("option", "meaning"), rows)
    if isinstance(command, click.Group):
        for each in sorted(command.commands):
            yield from _command(f"{name} {each}", command.commands[each])


def _lessons() -> str:
    """Return what each notebook teaches, with the page of those that stand without Python."""
    pages = {path.stem: name for name, path in LESSONS.items()}
    rows = []
    for path in sorted((ROOT / "notebooks").glob("0*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        words = "\n".join("".join(cell["source"]) for cell in cells)
        title = next(line for line in words.splitlines() if line.startswith("# Lesson"))
        page = "needs Python"
        if path.stem in pages:
            page = f'<a href="../lesson-{pages[path.stem]}.html">in this browser</a>'
        colab = re.search(r"https://colab[^)]*ipynb", words)
        notebook = f"[notebook]({source_address()}/notebooks/{path.name}), [in Colab]({colab and colab[0]})"
        rows.append((title.removeprefix("# ").strip(), page, notebook))
    return _page(
        "Lessons",
        f"{len(pages)} lessons are one file each that needs no Python: it simulates, trains a network and finds its"
        " equation in the browser, and asks what was understood. `spicewidgets page --lesson NAME` writes it. The"
        " notebooks go further; a table of one's own and the two-step task are in them alone."
        ' The <a href="../playground.html">playground</a> has no lesson.',
        _table(("lesson", "without Python", "with Python"), rows),
    )


def _models() -> str:
    parts = []
    for name, model in MODELS.items():
        parts += [f"## {name}", f"`{model.class_name}`. {model.about} For tasks of the kind {model.task}."]
        if model.built is not None:
            rows = [
                (f"`{one.name}`", f"`{one.state}`", one.arms, join_words(one.inputs) or "-")
                for one in model.built.modules
            ]
            parts.append(
                _table(("module", "moves the state", "of which options", "sees, beside its own value"), rows)
            )
    return _page(
        "Ready models",
        "Structured networks that can be named, on the command line and in the page. Their equations have one module each.",
        *parts,
    )


def _mechanisms() -> str:
    parts = []
    for one in MECHANISMS:
        parts += [
            f"## {one.name.capitalize()}",
            f"{one.words[0].upper()}{one.words[1:]}.",
            f"    {one.equation}",
        ]
        rows = [
            (f"`{each.name}`", each.letter, each.help, f"{each.low:g} to {each.high:g}", each.unit or "-")
            for each in one.parameters
        ]
        parts.append(_table(("parameter", "symbol", "meaning", "range", "unit"), rows))
    return _page(
        "Mechanisms of choice",
        "What a simulated participant may have. `_c` is the chosen option, `_u` every other one, r the reward.",
        *parts,
    )


def _rivals() -> str:
    parts = []
    for name, one in ALL.items():
        tasks = f" For tasks of the kind {join_words(one.tasks, last='or')}." if one.tasks else ""
        parts += [f"## {one.label}", f"`{name}`. {one.words}{tasks} Source: {one.source}."]
        if one.parameters:
            parts.append(_table(("parameter", "meaning"), [(f"`{p.name}`", p.words) for p in one.parameters]))
    return _page(
        "Rivals", "The models of the field that equations are compared with, by likelihood alone.", *parts
    )


def _tasks() -> str:
    parts = []
    for name, one in TASKS.items():
        parts += [
            f"## {one.title}",
            f"`{name}`. {one.words} Its model is `{one.model}`, its rival `{one.rival}`.",
        ]
        if one.stages:
            rows = [
                (stage.name, join_words([join_words(state, last="or") for state in stage.states], last="; "))
                for stage in one.stages
            ]
            parts.append(_table(("stage", "options of each state"), rows))
    return _page("Kinds of tasks", "How a trial is made up. A table is read as one of these.", *parts)


def _studies() -> str:
    parts: list[str] = []
    for title in dict.fromkeys(one.title for one in STUDIES.values()):
        own = {name: one for name, one in STUDIES.items() if one.title == title}
        about = next(iter(own.values())).about
        rows = [(f"`{name}`", one.word, f"{one.tip}.") for name, one in own.items()]
        parts += [f"## {title}", about, _table(("study", "button", "does"), rows)]
    return _page("Studies", "Questions that are asked of choices and of what was found in them.", *parts)
