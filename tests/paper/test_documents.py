"""The documents of a study: complete, escaped, the same bytes for the same study, and true to its numbers."""

import os
import re
import signal
from dataclasses import replace
from html.parser import HTMLParser
from importlib import import_module
from io import BytesIO, StringIO
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pandas as pd
import pytest
import small_study

from spicewidgets.cli import paper_files
from spicewidgets.core.equations import Equation
from spicewidgets.paper.blocks import Bullets, Code, Formulas, Heading, Paragraph, Picture, TableBlock
from spicewidgets.paper.card import claims
from spicewidgets.paper.documents import documents, report_blocks
from spicewidgets.paper.html import html
from spicewidgets.paper.latex import latex
from spicewidgets.paper.markdown import markdown
from spicewidgets.plots.paper import Range, ranges

VOID = {"meta", "link", "br", "path", "use", "rect", "image", "stop"}
NASTY = 'a <script>alert(1)</script> | *b* _c_ \\d $e$ 50% & #f {g} ~h ^i [j] `k` "l" --m'


class Tree(HTMLParser):
    """Which tags are open, which ids there are, and what is loaded from elsewhere."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.ids, self.loads, self.words = [], [], [], [], []

    def handle_starttag(self, tag, attributes):
        self.seen.append(tag)
        self.ids += [value for name, value in attributes if name == "id"]
        self.loads += [value for name, value in attributes if name in ("src", "href") and value[0] != "#"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.seen.append(tag)
        self.ids += [value for name, value in attributes if name == "id"]
        self.loads += [value for name, value in attributes if name in ("src", "href") and value[0] != "#"]

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def tree(page):
    parsed = Tree()
    parsed.feed(page)
    assert not parsed.open
    return parsed


def blocks():
    return (
        Heading(NASTY, 1),
        Heading(NASTY),
        Paragraph(NASTY),
        Bullets((NASTY, "1. not a number")),
        TableBlock(NASTY, ("first", NASTY), ((NASTY, NASTY), ("[x]", "-1")), note=NASTY, wordy=(1,)),
        Picture("one", NASTY, ranges(["a"], {"": [Range(1.0, 0.5, 1.5)]}, "x")),
        Formulas((Equation("x_1", ((), ("x_1",), ("c_a",)), (-0.3, 0.7, 0.2)),), {"x_1": 2.0}),
        Code("main(['``` | <b>'])\nsecond line"),
    )


def test_a_page_needs_nothing_else_and_nothing_in_it_is_code():
    page = html(NASTY, blocks())
    parsed = tree(page)
    assert "script" not in parsed.seen
    assert not [load for load in parsed.loads if not load.startswith("data:")]
    assert len(parsed.ids) == len(set(parsed.ids))
    assert page.count("alert(1)") == page.count("&lt;script&gt;alert(1)&lt;/script&gt;")
    assert NASTY in "".join(parsed.words)
    assert "@media print" in page
    assert '<svg role="img" aria-label="Figure 1. a &lt;script' in page


def test_markdown_says_text_as_it_is():
    text = markdown(blocks())
    assert "<script>" not in text
    table = [line for line in text.splitlines() if line.startswith("| ")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in table} == {3}
    assert "- 1\\. not a number" in text
    assert "![Figure 1." in text
    assert "](figures/one.svg)" in text
    assert "````text\nmain(['``` | <b>'])\nsecond line\n````" in text


def test_latex_is_well_formed():
    text = latex(NASTY, blocks())
    body = text[text.index(r"\begin{document}") :]
    plain = re.sub(r"\\[{}\\]", "", body)
    assert plain.count("{") == plain.count("}")
    opened = re.findall(r"\\begin\{(\w+\*?)\}", body)
    assert sorted(opened) == sorted(re.findall(r"\\end\{(\w+\*?)\}", body))
    assert not re.search(r"(?<!\\)[%#$]", body)
    table = body[body.index(r"\endhead") : body.index(r"\bottomrule")]
    rows = [row for row in table.split(r"\\")[:-1] if row.strip()]
    assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {1}
    assert r"\ensuremath{\beta}" in latex("", [Paragraph("β")])
    assert "\n[x]" not in body  # it would be an option of the line's end
    assert r"\includegraphics[width=\linewidth]{figures/one.pdf}" in body


def test_the_same_study_makes_the_same_bytes_and_changes_nothing_global(found, files):
    before = dict(matplotlib.rcParams)
    assert documents(found) == files
    assert dict(matplotlib.rcParams) == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="There is no fork here.")
def test_killed_as_it_is_written_each_file_is_the_earlier_or_the_new_one(files, tmp_path):
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"earlier")
    child = os.fork()
    if not child:
        replaced, replace = [], os.replace

        def kill_halfway(draft, target):
            if len(replaced) == len(files) // 2:
                os.kill(os.getpid(), signal.SIGKILL)
            replaced.append(replace(draft, target))

        try:
            paper_files.documents, os.replace = lambda found: files, kill_halfway
            paper_files.write(None, None, tmp_path)
        finally:
            os._exit(1)  # it was not killed
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    there = {name: (tmp_path / name).read_bytes() for name in files}
    new = [name for name in files if there[name] == files[name]]
    assert len(new) == len(files) // 2
    assert {there[name] for name in files if name not in new} == {b"earlier"}


def test_every_file_is_what_its_name_says(files):
    assert {"report.html", "card.html", "report.md", "report.tex", "repeat.py"} <= set(files)
    for name, content in files.items():
        if name.endswith(".svg"):
            ElementTree.fromstring(content)
        elif name.endswith(".pdf"):
            assert content.startswith(b"%PDF")
        elif name.endswith(".csv"):
            assert len(pd.read_csv(BytesIO(content)))
        elif name.endswith(".html"):
            tree(content.decode())
    shown = set(re.findall(r"figures/([\w-]+)\.svg", files["report.md"].decode()))
    assert shown == {name[8:-4] for name in files if name.endswith(".svg")}
    assert shown == set(re.findall(r"figures/([\w-]+)\.pdf", files["report.tex"].decode()))


def test_the_ten_points_are_there(files):
    words = " ".join(tree(files["report.html"].decode()).words)
    for point in (
        "Choices",
        "Models",
        "Fitting",
        "Recovery of parameters",
        "Recovery of models and terms",
        "Comparison by choices that were not learned from",
        "Falsification",
        "how people differ",
        "The simplest rival",
        "To do it again",
        "Interpretation card",
        "SHA-256",
        "protected",
        "omnibus risk",
        "P(best | simulated)",
        "P(simulated | best)",
    ):
        assert point in words
    assert "This was not done" not in words
    assert "nan" not in re.findall(r"[a-z]+", words.lower())


def test_its_numbers_are_those_of_the_study(found, files):
    page = tree(files["report.html"].decode())
    words = " ".join(page.words)
    frame = found.held_out.to_frame().set_index("model")
    for model, row in frame.iterrows():
        assert f"{row['likelihood']:.4f}" in words, model
        assert f"{row['low']:.3f} to {row['high']:.3f}" in words, model
    table = pd.read_csv(StringIO(files["tables/comparison.csv"].decode()), index_col="model")
    np.testing.assert_allclose(table["likelihood"], frame["likelihood"])
    people = pd.read_csv(StringIO(files["tables/people.csv"].decode()))
    healthy = people[(people["model"] == found.told) & (people["diagnosis"] == "healthy")]
    assert f"{np.exp(-healthy['nll'].sum() / healthy['n_choices'].sum()):.3f} (" in words
    for judged in found.falsification.judgements.values():
        assert judged.sentence in words
    assert found.report.sha256 in words
    row = found.terms.iloc[0]
    assert f"{row['low']:.3f} to {row['high']:.3f}" in words


def test_a_group_of_any_name_is_shown_as_it_is(files):
    words = "".join(tree(files["report.html"].decode()).words)
    assert small_study.NASTY in words
    assert b"<b>" not in files["report.html"]
    assert b"<b>" not in files["report.md"]


def test_what_was_not_done_is_said(found):

    bare = replace(found, falsification=None, parameters={}, models=None, equations=None)
    bare = replace(bare, not_played="Rewards are no 0 and 1.", sensitivity=pd.DataFrame())
    text = markdown(tuple(report_blocks(bare)))
    assert text.count("This was not done.") == 2
    assert "Rewards are no 0 and 1." in text
    assert "Not done: recovery of parameters, recovery of rivals, recovery of terms, falsification" in text
    assert "not tested" in text


def test_code_of_its_own_recomputes_what_the_report_says(files, found, tmp_path, monkeypatch):
    """The tables of the report are enough for it: none of its numbers differs."""
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "benchmarks")
    again = import_module("recompute")
    for name, content in files.items():
        if name.startswith("tables/") or name == "report.md":
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_bytes(content)
    small_study.table().to_csv(tmp_path / "table.csv", index=False)
    columns = {"participant": "participant", "session": "run", "choice": "choice", "reward": "reward"}
    data, report = again.read(str(tmp_path / "table.csv"), columns), again.opened(str(tmp_path))
    report = report._replace(settings={"by": "session", "folds": "2"})
    rows = [*again.of_choices(report, data), *again.of_comparison(report), *again.of_frequencies(report)]
    rows += [*again.of_groups(report), *again.of_terms(report)]
    assert len(rows) > 15
    assert [row for row in rows if row.differs] == []
    assert {one.kind for one in claims(found)} == set(report.claims["kind"])
