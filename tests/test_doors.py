"""The notebooks that open the explorer and each panel; `python tests/test_doors.py` writes them.

A door has no outputs and nothing to fill in: on Colab, in JupyterLab and in Voila it is run as it is.
"""

import json
import tomllib
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from spicewidgets.cli.serve import EXTENSIONS, doors
from spicewidgets.panels import STAGES

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REPOSITORY = PROJECT["urls"]["Source"]
BADGE = "https://colab.research.google.com/assets/colab-badge.svg"
COLAB = REPOSITORY.replace("https://github.com", "https://colab.research.google.com/github") + "/blob/main"
BINDER = REPOSITORY.replace("https://github.com", "https://mybinder.org/v2/gh") + "/main"

INSTALL = f"""from importlib.util import find_spec

if find_spec("spicewidgets") is None:  # as on Colab
    %pip install --quiet git+{REPOSITORY}"""
APP = "from spicewidgets import {name}\n\n{name}()"
APPS = ("explorer", "play", "quiz")  # of their own; the others are panels of the explorer
PANEL = 'from spicewidgets.apps import panel\n\npanel("{name}")'


def door(name: str) -> dict:
    """A door's notebook."""
    title = "The explorer" if name == "explorer" else name.capitalize()
    badge = f"[![Open in Colab]({BADGE})]({COLAB}/notebooks/{name}.ipynb)"
    words = f"# {title}\n\n{badge}\n\nRun the cells below, and it opens."
    opened = (APP if name in APPS else PANEL).format(name=name)
    if name == "explorer":
        opened = opened.replace("explorer()", "explorer(plays=True)")
    return {
        "cells": [
            {"cell_type": "markdown", "id": "door", "metadata": {"tags": ["door"]}, "source": lines(words)},
            code("install", INSTALL),
            code("open", opened),
        ],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            "title": "spicewidgets" if name == "explorer" else f"spicewidgets: {name}",
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def code(name: str, source: str) -> dict:
    empty = {"execution_count": None, "metadata": {}, "outputs": []}
    return {"cell_type": "code", "id": name, "source": lines(source), **empty}


def lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def written(name: str) -> str:
    return json.dumps(door(name), indent=1, ensure_ascii=False) + "\n"


def test_there_is_a_door_to_the_explorer_and_to_each_panel():
    assert set(doors()) == {*APPS, *STAGES}


@pytest.mark.parametrize("name", sorted(doors()))
def test_a_door_is_as_it_is_written_here(name):
    path = doors()[name]
    assert path.read_text(encoding="utf-8") == written(name)
    nbformat.validate(nbformat.read(path, as_version=4))


@pytest.mark.parametrize("name", ["explorer", "task"])
def test_a_door_of_each_kind_opens(name, tmp_path, monkeypatch):
    """Others: tests/browser."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    notebook = nbformat.read(doors()[name], as_version=4)
    ran = NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    (output,) = [each for cell in ran.cells[1:] for each in cell.outputs]
    assert "application/vnd.jupyter.widget-view+json" in output["data"]


def test_the_badges_of_the_readme_are_of_the_same_repository():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"]({COLAB}/notebooks/explorer.ipynb)" in readme
    assert f"]({BINDER}?urlpath=voila%2Frender%2Fnotebooks%2Fexplorer.ipynb)" in readme


def test_binder_lets_the_same_front_ends_in_as_the_app():
    settings = json.loads((ROOT / "binder" / "voila.json").read_text(encoding="utf-8"))["VoilaConfiguration"]
    assert settings["extension_allowlist"] == list(EXTENSIONS)


if __name__ == "__main__":
    for each in (*APPS, *STAGES):
        (ROOT / "notebooks" / f"{each}.ipynb").write_text(written(each), encoding="utf-8")
