"""A table made to do harm: names of people, groups and columns that are code to a spreadsheet, a terminal, a
browser, a file system or LaTeX. Every command takes them for names, or says what is wrong.
"""

import json
import re
from html.parser import HTMLParser
from io import BytesIO

import pandas as pd
import pytest
from click.testing import CliRunner
from small_study import table as small_table

from spicewidgets import read_choices
from spicewidgets.cli import main
from spicewidgets.core.data.tables.cells import visible
from spicewidgets.core.data.tables.limits import MOST_LETTERS
from spicewidgets.core.settings import SettingsError

NAMES = {
    "formula": "=cmd|' /C calc'!A0",
    "sum": "@SUM(1+1)*cmd|' /C calc'!A0",
    "terminal": "\x1b]0;owned\x07\x1b[2J\x1b[31mred",
    "turned": "\u202eeman\u202c",
    "path": "../../../../tmp/owned",
    "html": "\"'><x-evil onerror=alert(1)></x-evil><!--",
    "latex": r"\input{/etc/passwd}\immediate\write18{touch owned}%",
    "lines": "a\nb\r\nc\td",
    "half": "nul\x00bell\x07del\x7f\x9b31m",
    "quotes": '"; rm -rf / #',
}
GROUP = "+1+1</td><x-evil onerror=alert(1)>\x1b[5m"
COLUMN = "-2+3<x-evil onerror=alert(1)>\x1b[1m"
FORMULA = re.compile(r"[=+\-@\t\r]")
NUMBER = re.compile(r"-?(\d+\.?\d*(e[+-]?\d+)?|inf|nan)", re.IGNORECASE)


def hostile_table():
    frame = small_table()
    names = dict(zip(frame["participant"].unique(), NAMES.values(), strict=True))
    frame["participant"] = frame["participant"].map(names)
    frame["diagnosis"] = frame["diagnosis"].where(frame["diagnosis"] == "healthy", GROUP)
    return frame.rename(columns={"diagnosis": COLUMN})


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = (
        tmp_path_factory.mktemp("table") / f"choices {NAMES['terminal']} {NAMES['turned']} % $ # & {{}}.json"
    )
    hostile_table().to_json(path, orient="records")
    return path


def run(*arguments):
    return CliRunner().invoke(main, list(map(str, arguments)))


class Tags(HTMLParser):
    """The tags of a page, and what is done on events."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.events = set(), set()
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.events |= {(name, value) for name, value in attributes if name.startswith("on")}


def check_csv(content):
    """No cell is a formula, and none but numbers begin as one."""
    frame = pd.read_csv(BytesIO(content), dtype=str, keep_default_na=False, header=None)
    cells = frame.to_numpy().ravel()
    assert [cell for cell in cells if FORMULA.match(cell) and not NUMBER.fullmatch(cell)] == []


def check_shown(text):
    """Nothing in it moves a cursor or turns letters round."""
    assert visible(text) == text


def check_files(out):
    """What is written is what its names say, and lies where it should."""
    written = [path for path in out.rglob("*") if path.is_file()]
    for path in written:
        assert path.resolve().is_relative_to(out.resolve())
        if path.suffix == ".csv":
            check_csv(path.read_bytes())
        elif path.suffix in (".html", ".svg", ".md"):
            text = path.read_text()
            page = Tags(re.sub(r"\\.", "", text) if path.suffix == ".md" else text)  # Markdown's own escape
            assert "x-evil" not in page.tags, path
            assert page.events == set()
        if path.suffix in (".csv", ".html", ".md", ".tex", ".txt", ".svg", ".json"):
            check_shown(path.read_text())
    return {path.relative_to(out).as_posix() for path in written}


FEW = ("--rival", "random", "--rival", "choice-kernel")
COMMANDS = {
    "rivals": ("--data", ..., *FEW, "--folds", "2"),
    "falsify": ("--data", ..., "--rival", "random"),
    "recovery parameters": ("--data", ..., "--rival", "rescorla-wagner", "--datasets", "2"),
    "discover": ("--data", ..., "--epochs", "10", "--n-starts", "1", "--pooling", "group"),
    "report": (
        ...,
        "--model",
        "rescorla-wagner",
        "--rival",
        "random",
        "--folds",
        "2",
        "--repeats",
        "0",
        "--datasets",
        "0",
        "--no-stability",
    ),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_names_are_names_to_every_command(table, tmp_path, command):
    out = tmp_path / "out"
    options = [table if option is ... else option for option in COMMANDS[command]]
    result = run(*command.split(), *options, "--out", out)
    assert (result.exit_code, result.stderr) == (0, ""), (result.output, result.exception)
    check_shown(result.stdout)
    assert check_files(out)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_wrong_is_said_without_harm(name, tmp_path):
    path = tmp_path / "choices.json"
    path.write_text(json.dumps([{NAMES[name]: 1, "choice": at % 2, "reward": 1} for at in range(8)]))
    for options in (("--participant-column", NAMES[name]), ("--choice-column", NAMES[name])):
        result = run("rivals", "--data", path, "--rival", "random", *options)
        check_shown(result.output)
        assert result.exception is None or isinstance(result.exception, SystemExit)


def test_a_dataset_of_the_gallery_is_no_path():
    for name in NAMES.values():
        result = run("data", name)
        assert result.exit_code == 2
        check_shown(result.output)


@pytest.mark.parametrize("role", ["participant", "choice", "diagnosis"])
def test_a_cell_that_no_figure_can_show_is_refused_in_a_sentence(role):
    frame = small_table()
    frame[role] = frame[role].astype(object)
    frame.loc[7, role] = "x" * 10_000_000
    with pytest.raises(
        SettingsError, match=f"{role} may have up to {MOST_LETTERS:,} letters; one has 10,000,000"
    ):
        read_choices(frame, {"groups": ["diagnosis"]})


@pytest.mark.parametrize("notes", ["x" * 100_000, "9" * 1_000_000 + "x", "0," * 100_000, "=" * 100_000])
def test_a_cell_that_nothing_is_done_with_may_be_long(notes):
    """Nine thousand digits before a letter took a second, and a million would have taken hours."""
    frame = small_table().assign(notes="")
    frame.loc[7, "notes"] = notes
    assert read_choices(frame).dataset.n_participants == 10


def test_the_name_of_a_column_that_is_used_has_a_length():
    frame = small_table().rename(columns={"age": "x" * 100_000})
    with pytest.raises(SettingsError, match=f"may have up to {MOST_LETTERS:,} letters; one has 100,000"):
        read_choices(frame)  # an age, or the like
    frame["x" * 100_000] = "no number"
    assert read_choices(frame).dataset.n_participants == 10
