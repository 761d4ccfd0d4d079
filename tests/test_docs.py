"""The documentation answers what is asked, a few clicks from its first page, and what is published agrees."""

import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml

import spicewidgets

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
TREE = re.compile(r"^```\{toctree\}\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?P<path>[^):#\s]+\.md)(?:#[^)]*)?\)")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SECTIONS = (
    "Summary",
    "Statement of need",
    "State of the field",
    "Software design",
    "Research impact statement",
    "AI usage disclosure",
)


def pages_after(page: Path) -> set[Path]:
    """The pages that a page leads to: those in its menu, and those that it links to."""
    text = page.read_text(encoding="utf-8")
    names = [
        name for tree in TREE.finditer(text) for name in tree["body"].split() if not name.startswith(":")
    ]
    names = [f"{name}.md" for name in names if not name.isdigit()] + [
        one["path"] for one in LINK.finditer(text)
    ]
    return {found for name in names if (found := (page.parent / name).resolve()).is_file()}


def clicks() -> dict[Path, int]:
    """How many clicks each page is away from the first one."""
    found, last = {DOCS / "index.md": 0}, {DOCS / "index.md"}
    while last:
        last = {page for one in last for page in pages_after(one)} - found.keys()
        found |= dict.fromkeys(last, max(found.values()) + 1)
    return found


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (
            "my subjects have different numbers of trials",
            ("## Different numbers of trials", "Nothing needs to be done"),
        ),
        ("what is a nat", ("## What is a nat?", "natural logarithm")),
        ("how do I add a learning rule", ("How do I add a learning rule?", "`Mechanism`")),
        ("can I use it on my cluster", ("# Use a cluster", "Dask")),
        ("how do I cite it", ("# Cite it", "CITATION.cff")),
        ("missing trials", ("## Missing trials", "stays in its place")),
        ("two groups", ("# Do two groups differ?", "mean of its own")),
        ("what is beta", ("## What is beta?", "inverse noise temperature")),
    ],
)
def test_a_question_is_answered_two_clicks_away(asked, words):
    near = [page for page, distance in clicks().items() if distance <= 2]
    answers = [page for page in near if all(one in page.read_text(encoding="utf-8") for one in words)]
    assert answers, asked


def test_every_page_can_be_reached():
    written = {page for page in DOCS.rglob("*.md") if page.parent.name != "made"}
    assert written == {page for page in clicks() if page.parent.name != "made"}


def test_what_is_published_says_the_same():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    described = json.loads((ROOT / "codemeta.json").read_text(encoding="utf-8"))
    authors = [one["name"] for one in PROJECT["authors"]]
    assert citation["version"] == described["version"] == spicewidgets.__version__
    assert citation["license"] == PROJECT["license"] == described["license"].rsplit("/", 1)[1]
    assert (
        [one["name"] for one in citation["authors"]]
        == [one["name"] for one in described["author"]]
        == authors
    )
    assert citation["repository-code"] == described["codeRepository"] == PROJECT["urls"]["Source"]
    assert described["description"] == PROJECT["description"]


def test_what_a_reviewer_of_the_journal_of_open_source_software_looks_for():
    """Its checklist, where a line can be tested: licence, install, example, tests, community, paper."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "MIT License" in (ROOT / "LICENSE").read_text(encoding="utf-8")
    for heading in ("## Install", "## A first result", "## Dependencies", "## Develop"):
        assert heading in readme
    assert "make test" in readme
    for name in ("CONTRIBUTING", "CODE_OF_CONDUCT", "SECURITY", "SUPPORT"):
        assert (ROOT / ".github" / f"{name}.md").is_file()
    paper = (ROOT / "paper" / "paper.md").read_text(encoding="utf-8")
    assert all(f"# {section}\n" in paper for section in SECTIONS)
    assert 750 <= len(paper.split("---", 2)[2].split()) <= 1750
    sources = (ROOT / "paper" / "paper.bib").read_text(encoding="utf-8")
    cited = set(re.findall(r"@([a-z]+\d{4})\b", paper))
    assert cited == set(re.findall(r"^@\w+\{(\w+),", sources, re.MULTILINE))
    assert sources.count("doi = ") == len(cited)
