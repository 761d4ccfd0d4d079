"""The form of the lessons and of the gallery: what opens them, what is hidden, what is not stored in them.

`tests/test_lessons.py` runs them. They are edited by hand, in any editor; `python tests/test_notebooks.py`
then takes away what the editor has added, outputs and all, and writes the first cells as the doors have them.
"""

import json
import re
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest

from spicewidgets.apps import explorer
from spicewidgets.panels import STAGES

FOLDER = Path(__file__).parents[1] / "notebooks"
LESSONS = sorted(FOLDER.glob("[0-9]*.ipynb"))
DOOR = json.loads((FOLDER / "explorer.ipynb").read_text(encoding="utf-8"))

NO_PROSE = re.compile(r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$]*\$|\]\([^)]*\)", re.DOTALL)  # code, maths, links
DECIMAL = re.compile(r"\d\.\d")
LINK = re.compile(r"\]\(([\w./-]+\.ipynb)\)")
STEP = re.compile(r"^## (\d)\. ", re.MULTILINE)
MOST_BYTES = 45_000
TITLE = "# @title "  # hides a cell's code on Colab, with "cellView"
HIDDEN = {"cellView": "form", "jupyter": {"source_hidden": True}}


def tidied(path: Path) -> str:
    """A notebook as it is to be kept."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    name = path.stem
    first, install = (dict(cell) for cell in DOOR["cells"][:2])
    badge = next(line for line in "".join(first["source"]).splitlines() if line.startswith("[!["))
    first["source"] = [badge.replace("notebooks/explorer.ipynb", f"notebooks/{name}.ipynb")]
    cells = [first, install, *notebook["cells"][2:]]
    title = notebook["metadata"].get("title", name)
    tidy = DOOR | {
        "cells": [without_outputs(cell) for cell in cells],
        "metadata": DOOR["metadata"] | {"title": title},
    }
    return json.dumps(tidy, indent=1, ensure_ascii=False) + "\n"


def without_outputs(cell: dict) -> dict:
    """A cell without outputs, and with the metadata that its kind has."""
    bare = {"cell_type": cell["cell_type"], "id": cell["id"], "source": cell["source"]}
    if cell["cell_type"] != "code":
        return bare | {"metadata": {"tags": ["door"]} if cell["id"] == "door" else {}}
    asks = "".join(cell["source"]).startswith(TITLE)
    return bare | {"execution_count": None, "metadata": HIDDEN if asks else {}, "outputs": []}


@pytest.fixture(params=LESSONS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def notebook(path):
    return nbformat.read(path, as_version=4)


def prose(notebook) -> str:
    return "\n\n".join(cell.source for cell in notebook.cells[2:] if cell.cell_type == "markdown")


@pytest.mark.seed(1, 2, 3)
def test_it_holds_no_outputs_and_begins_as_a_door(path, notebook):
    nbformat.validate(notebook)
    assert json.loads(path.read_text(encoding="utf-8")) == json.loads(tidied(path))
    assert notebook.cells[0].source.endswith(f"/notebooks/{path.name})")
    assert notebook.metadata.title.startswith("Lesson ")
    assert path.stat().st_size < MOST_BYTES


def test_it_says_what_is_learnt_goes_in_short_steps_and_leads_on(path, notebook):
    text = prose(notebook)
    (what,) = re.findall(r"\*\*What you will learn:\*\* (.+?)\n\n", text, re.DOTALL)
    assert what.count(". ") == 0
    assert what.endswith(".")
    steps = [int(step) for step in STEP.findall(text)]
    assert steps == list(range(1, len(steps) + 1))
    assert 4 <= len(steps) <= 8
    assert "**Next:**" in notebook.cells[-1].source


def test_its_links_lead_somewhere(notebook):
    links = LINK.findall(prose(notebook))
    assert links
    assert [link for link in links if not (FOLDER / link).is_file()] == []


def test_it_calls_views_and_buttons_what_they_are_called(notebook):
    text = prose(notebook)
    for words, link in re.findall(r"\[([^]]+)\]\(([\w-]+)\.ipynb\)", text):
        if link in STAGES:
            assert words in (link.capitalize(), STAGES[link].title)
    buttons = {one.description for one in explorer(start=False).settings.buttons}
    assert set(re.findall(r"explorer\.ipynb\)[^.*]*\*\*([^*]+)\*\*", text)) <= buttons


def test_its_questions_hide_their_code(notebook):
    asking = [cell for cell in notebook.cells if "Question(" in cell.source]
    assert asking
    assert notebook.cells[3].source.startswith(f"{TITLE}First a prediction")
    assert [cell.source.splitlines()[0] for cell in asking] == [
        f"{TITLE}Exercise {number}" for number in range(1, len(asking) + 1)
    ]


def test_no_number_in_the_text_is_written_by_hand(notebook):
    assert DECIMAL.findall(NO_PROSE.sub("", prose(notebook))) == []


def test_it_begins_with_a_prediction_and_folds_its_algebra(notebook):
    ids = [cell.id for cell in notebook.cells]
    assert ids[2:4] == ["title", "predict"]  # the first screen: what, how long, a live figure and a question
    assert re.search(r"^\d\d minutes\. You need: .+\.$", notebook.cells[2].source, re.MULTILINE)
    assert "Prediction(" in notebook.cells[3].source
    assert ids[-2:] == ["teacher", "next"]
    assert notebook.cells[-2].source.startswith("<details><summary>For who teaches</summary>")
    before = ids.index("exercises" if "exercises" in ids else "exercise-1")
    words = [
        word
        for cell in notebook.cells[2:before]
        if cell.cell_type == "markdown"
        for word in cell.source.split()
    ]
    assert len(words) < 1000


@pytest.mark.seed(107)
def test_each_lesson_leads_to_the_next():
    for lesson, following in pairwise(LESSONS):
        last = nbformat.read(lesson, as_version=4).cells[-1].source
        assert following.name in LINK.findall(last.split("**Next:**")[1])


if __name__ == "__main__":
    for each in LESSONS:
        each.write_text(tidied(each), encoding="utf-8")
