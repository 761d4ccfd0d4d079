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
    assert f"## [{spicewidgets.__version__}] - {citation['date-released']}" in read("CHANGELOG.md")
    assert citation["version"] == described["version"] == spicewidgets.__version__
    assert citation["license"] == PROJECT["license"] == described["license"].rsplit("/", 1)[1]
    assert (
        [one["name"] for one in citation["authors"]]
        == [one["name"] for one in described["author"]]
        == authors
    )
    assert citation["repository-code"] == described["codeRepository"] == PROJECT["urls"]["Source"]
    assert described["description"] == PROJECT["description"]
    recipe = yaml.safe_load((ROOT / "conda" / "recipe.yaml").read_text(encoding="utf-8"))
    assert recipe["context"]["version"] == spicewidgets.__version__
    assert PROJECT["requires-python"] == f">={recipe['context']['python_min']}"
    assert recipe["about"]["summary"] == PROJECT["description"]
    assert recipe["about"]["homepage"] == recipe["about"]["repository"] == PROJECT["urls"]["Source"]
    needed = [one.replace(" ", "") for one in recipe["requirements"]["run"][1:]]
    names = {"matplotlib-base": "matplotlib", "pytorch": "torch"}  # conda-forge's, and PyPI's
    assert PROJECT["dependencies"] == [
        re.sub("^[a-z-]+", lambda name: names.get(name[0], name[0]), one) for one in needed
    ]


def read(path: str) -> str:
    """A file of the repository."""
    return (ROOT / path).read_text(encoding="utf-8")


def dependencies_told() -> bool:
    told = read("docs/how-to/install.md")
    return all(re.split(r"[<>=!]", one)[0] in told for one in PROJECT["dependencies"])


def public_names_documented() -> bool:
    return all(
        getattr(spicewidgets, name).__doc__ for name in spicewidgets.__all__ if not name.endswith("_CONFIG")
    )


def paper() -> str:
    return read("paper/paper.md")


def figures_told() -> bool:
    """Whether the paper says of real people what was measured."""
    found = json.loads(read("tests/benchmarks/results/real-people-runs-kept-apart.json"))
    (table,) = [part for part in found["parts"] if isinstance(part, dict)]
    (habit,) = [row for row in table["rows"] if row[0] == "habit, pooled"]
    likelihood, numbers = map(float, habit[1:3])
    told = (
        f"with {numbers:.0f} coefficients a person give choices in runs that were kept apart a likelihood of"
    )
    return f"{told} {likelihood:.3f} per choice" in " ".join(paper().split())


def references_complete() -> bool:
    sources = read("paper/paper.bib")
    cited = set(re.findall(r"@([a-z]+\d{4})\b", paper()))
    return cited == set(re.findall(r"^@\w+\{(\w+),", sources, re.MULTILINE)) and sources.count(
        "doi = "
    ) == len(cited)


def community_told() -> bool:
    files = ("CONTRIBUTING", "CODE_OF_CONDUCT", "SECURITY", "SUPPORT")
    return all((ROOT / ".github" / f"{name}.md").is_file() for name in files) and all(
        word in read(".github/SUPPORT.md") for word in ("open an issue", "Discussions", "CONTRIBUTING.md")
    )


# The checklist of its reviewers; other lines (authorship, scholarly effort, whether the repository
# is at its address, how well the paper is written) are for people to judge.
JOSS = {
    "License": lambda: "MIT License" in read("LICENSE") and PROJECT["license"] == "MIT",
    "Data sharing": lambda: (
        set(json.loads(read("spicewidgets/core/studies/reproduced.json"))) >= {"people", "reversal"}
    ),
    "Reproducibility": lambda: all(
        f"`{command}" in read("tests/benchmarks/RESULTS.md")
        for command in ("python tests/benchmarks/accuracy.py", "python tests/benchmarks/coverage.py")
    ),
    "Human and animal research": lambda: not [*(ROOT / "tests").rglob("*.csv.gz")],
    "Installation": lambda: "make app" in read("README.md") and "make app" in read("docs/how-to/install.md"),
    "Functionality": lambda: "print_spice_model" in read("README.md"),  # run by test_readme
    "Performance": lambda: (
        "{include} ../made/peer.txt" in read("docs/explanation/compared.md") and figures_told()
    ),
    "A statement of need": lambda: (
        all("# Statement of need\n" in text for text in (paper(),))
        and "It is for teaching" in read("README.md")
    ),
    "Installation instructions": dependencies_told,
    "Example usage": lambda: (
        "```python" in read("README.md") and "{code-cell}" in read("docs/tutorials/your-table.md")
    ),
    "Functionality documentation": public_names_documented,
    "Automated tests": lambda: "make test" in read("README.md") and "make test" in read(".ci/run"),
    "Community guidelines": community_told,
    "Summary and the other sections": lambda: all(f"# {section}\n" in paper() for section in SECTIONS),
    "Length of the paper": lambda: 750 <= len(paper().split("---", 2)[2].split()) <= 1750,
    "References": references_complete,
}


@pytest.mark.parametrize("line", JOSS)
def test_the_checklist_of_the_journal_of_open_source_software(line):
    assert JOSS[line]()
