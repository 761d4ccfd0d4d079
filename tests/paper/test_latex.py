"""Text from data is text to LaTeX: read as LaTeX reads it, it is what it was, and does nothing."""

import re
import shutil
import subprocess

import pytest
from hypothesis import given, strategies as st

from spicewidgets.core.equations import Equation
from spicewidgets.paper.blocks import Bullets, Code, Formulas, Heading, Paragraph, TableBlock
from spicewidgets.paper.latex import GREEK, NAMED, latex, plain

WORDS = {
    "textbackslash": "\\",
    "textasciicircum": "^",
    "textasciitilde": "~",
    **{name[1:-2]: sign for sign, name in NAMED.items() if name.startswith("\\text")},
}
MATHEMATICS = {"-": "−", r"\leq": "≤", r"\geq": "≥", r"\to": "→"} | {
    rf"\{name}": sign for sign, name in GREEK.items()
}
TOKEN = re.compile(
    r"\\ensuremath\{(?P<mathematics>-|\\[a-z]+)\}|\\(?P<word>[a-zA-Z]+)\{\}|\\(?P<sign>[#$%&_{}])"
    r"|(?P<nothing>\{\})|\{(?P<bracket>\[)\}|(?P<letter>[^\\{}$&#^_%~\x00-\x1f\x7f])"
)
JOINED = {"--", "``", "''", ",,", "?`", "!`"}  # what fonts make one sign of
EVIL = (
    r"\input{/etc/passwd}", r"\immediate\write18{id}%", "^^5cinput^^7b/etc/passwd^^7d", r"\\[5pt]", "&&& %%",
    r"\end{document}", r"\catcode`\%=12", "?`!`<<>>,,''``---", "[x]*", "".join(map(chr, range(32, 127))),
)  # fmt: skip


def read(text):
    """What LaTeX shows; it fails where a sign would do something."""
    shown, at, before = "", 0, ""
    while at < len(text):
        token = TOKEN.match(text, at)
        assert token, text[at : at + 20]
        at, kind, value = token.end(), token.lastgroup, token[token.lastgroup]
        if kind == "letter":
            assert before + value not in JOINED
        before = value if kind == "letter" else ""
        shown += {"mathematics": MATHEMATICS, "word": WORDS}.get(kind, {}).get(
            value, value if kind != "nothing" else ""
        )
    return shown


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])))
def test_any_text_is_shown_as_it_is(text):
    assert read(plain(text)) == " ".join(text.split())


@pytest.mark.parametrize("text", EVIL)
def test_code_is_text(text):
    assert read(plain(text)) == " ".join(text.split())


def test_what_would_do_something_is_found():
    for text in ("50%", r"\input{a}", "a_b", "{", "$x$", "~", "--", r"\textbar", "\x1b"):
        with pytest.raises(AssertionError):
            read(text)


@pytest.mark.skipif(shutil.which("lualatex") is None, reason="There is no LaTeX here.")
def test_a_document_of_nothing_but_code_compiles(tmp_path):
    equation = Equation("x_1", ((), ("x_1",), ("c_a",)), (-0.3, 0.7, 0.2))
    blocks = [Heading("a", 1)]
    for text in EVIL:
        table = TableBlock(text, ("first", text), ((text, text), (text, "[x]")), note=text, wordy=(1,))
        blocks += [Heading(text), Paragraph(text), Bullets((text, text)), table, Code(f"{text}\n{text}")]
        blocks += [Formulas((equation,), {text: 2.0})]
    (tmp_path / "evil.tex").write_text(latex(EVIL[0], blocks))
    command = ["lualatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "evil.tex"]
    made = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace")
    assert made.returncode == 0, made.stdout[-2000:]
    assert (tmp_path / "evil.pdf").exists()
