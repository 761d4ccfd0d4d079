"""What the README shows is run: its Python blocks in order, and the numbers that it says they print."""

import ast
import builtins
import contextlib
import io
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"(?<![\w.])-?\d+\.\d+")


def scripts() -> list[tuple[str, str | None]]:
    """Each Python block, with the text block after it (what it prints) if there is one."""
    blocks = [(found["language"], found["text"]) for found in BLOCK.finditer(README)]
    after = [*blocks[1:], ("", "")]
    return [
        (text, following if kind == "text" else None)
        for (language, text), (kind, following) in zip(blocks, after, strict=True)
        if language == "python"
    ]


@pytest.mark.seed(4)
@pytest.mark.parametrize(("script", "shown"), scripts())
def test_a_script_of_the_readme_runs_and_prints_what_is_shown(script, shown, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(script, "README.md", "exec"), {"__name__": "__main__"})
    if shown is not None:
        assert_same_text(printed.getvalue(), shown)


def names(code: str, context: type[ast.expr_context]) -> set[str]:
    """Names that code reads (`ast.Load`), or gives (`ast.Store`, imports included)."""
    nodes = list(ast.walk(ast.parse(code)))
    given = {one.id for one in nodes if isinstance(one, ast.Name) and isinstance(one.ctx, context)}
    if context is ast.Store:
        given |= {
            each.asname or each.name for one in nodes if isinstance(one, ast.ImportFrom) for each in one.names
        }
    return given


def test_a_line_that_goes_on_from_the_first_script_has_all_its_names():
    lines = re.findall(r"`([^`\n]*print\([^`\n]*)`", README)
    assert lines
    first = names(scripts()[0][0], ast.Store)
    for line in lines:
        assert names(line, ast.Load) - names(line, ast.Store) - first - set(dir(builtins)) == set(), line


def assert_same_text(printed: str, shown: str) -> None:
    """Words must be equal; decimals may differ in the last digits between machines."""
    assert NUMBER.sub("#", printed).split() == NUMBER.sub("#", shown).split()
    numbers = [float(number) for number in NUMBER.findall(shown)]
    assert [float(number) for number in NUMBER.findall(printed)] == pytest.approx(numbers, abs=0.02)


def test_it_is_one_screen_and_its_links_lead_to_files():
    assert len(README.splitlines()) <= 60
    assert README.count(".webp") == 1
    for link in re.findall(r'\]\((?!https:)([^)#]+)|src="([^"]+)"', README):
        assert (ROOT / "".join(link)).exists(), link
