"""Writes the gallery, `notebooks/index.ipynb`: `python tests/browser/gallery.py [NAME ...]`.

A notebook without a picture, or one that is named, is opened as a page, and its picture taken. The words are
those of the notebooks and panels; `tests/test_gallery.py` holds the gallery against them.
"""

import base64
import io
import json
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

sys.path.insert(0, str(Path(__file__).parent))
import chromium
import servers

from spicewidgets.panels import STAGES, play, quiz

FOLDER = servers.ROOT / "notebooks"
GALLERY = FOLDER / "index.ipynb"
LEARN = re.compile(r"\*\*What you will learn:\*\* (.+?)\n\n", re.DOTALL)
PICTURE = re.compile(r"attachment:(\w+\.png)")
WIDTH, HEIGHT, COLOURS = 240, 130, 24
APPS = {
    "explorer": "All panels in one page: simulate, train, discover, compare, and see what follows from what.",
    "play": play.ABOUT,
    "quiz": quiz.ABOUT,
}


def lessons() -> list[Path]:
    return sorted(FOLDER.glob("[0-9]*.ipynb"))


def entries() -> Iterator[tuple[str, str, str, str]]:
    """Part, notebook, name and sentence of each notebook."""
    for path in lessons():
        notebook = nbformat.read(path, as_version=4)
        text = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
        words = " ".join(LEARN.search(text)[1].split())
        yield "Lessons", path.stem, notebook.metadata.title, words[0].upper() + words[1:]
    for name, words in APPS.items():
        yield "Apps", name, name.capitalize(), words
    for name, stage in STAGES.items():
        yield "The explorer's panels, one by one", name, stage.title, stage.about


def source() -> list[str]:
    """The gallery's Markdown, a text for each part."""
    parts: dict[str, list[str]] = {}
    for part, notebook, name, words in entries():
        picture = f"[![{name}](attachment:{notebook}.png)]({notebook}.ipynb)"
        row = f"| {picture} | **[{name}]({notebook}.ipynb)**<br>{words} |"
        parts.setdefault(part, []).append(row)
    first = "# All lessons and apps\n\nEach opens by a click on its name or its picture."
    return [
        first,
        *(f"## {part}\n\n| | |\n| --- | --- |\n" + "\n".join(rows) for part, rows in parts.items()),
    ]


def written(pictures: dict[str, str]) -> str:
    """The notebook, with the pictures as they are given, base64 by name."""
    door = json.loads((FOLDER / "explorer.ipynb").read_text(encoding="utf-8"))
    badge = re.search(r"\[!\[Open in Colab.*", "".join(door["cells"][0]["source"]))[0]
    first = door["cells"][0] | {"source": [badge.replace("explorer.ipynb", "index.ipynb")]}
    cells = [first]
    for number, text in enumerate(source()):
        names = [name for name in PICTURE.findall(text) if name in pictures]
        pictures_of_cell = {name: {"image/png": pictures[name]} for name in names}
        cell = {"cell_type": "markdown", "id": f"part-{number}", "metadata": {}}
        attached = {"attachments": pictures_of_cell} if pictures_of_cell else {}
        cells.append(cell | attached | {"source": text.splitlines(keepends=True)})
    title = {"title": "spicewidgets: all lessons and apps"}
    return (
        json.dumps(
            door | {"cells": cells, "metadata": door["metadata"] | title}, indent=1, ensure_ascii=False
        )
        + "\n"
    )


def stored_pictures() -> dict[str, str]:
    """The pictures that there are, base64 by name."""
    if not GALLERY.exists():
        return {}
    cells = json.loads(GALLERY.read_text(encoding="utf-8"))["cells"]
    return {name: data["image/png"] for cell in cells for name, data in cell.get("attachments", {}).items()}


def take(page: Page, url: str, notebook: str) -> str:
    """A small picture of the first figure of a notebook, base64."""
    page.goto(f"{url}voila/render/{notebook}.ipynb", timeout=120_000)
    if notebook[0].isdigit():
        picture = page.locator(".jp-OutputArea-output img").first
    else:
        expect(page.locator("main .sw-panel").first).to_be_visible(timeout=60_000)
        page.wait_for_timeout(3000)  # a picture has no word to wait for
        kinds = (".svg-figure, .sw-diagram", ".sw-stage", ".sw-panel")  # the first that there is
        candidates = [page.locator(kind).locator("visible=true") for kind in kinds]
        picture = next(each for each in candidates if each.count()).first
    picture.wait_for(timeout=60_000)
    image = Image.open(io.BytesIO(picture.screenshot())).convert("RGB")
    if image.height > image.width:  # a long page of words: its beginning can be read
        image = image.crop((0, 0, image.width, image.width * HEIGHT // WIDTH))
    image.thumbnail((WIDTH, HEIGHT))
    small = io.BytesIO()
    image.convert("P", palette=Image.Palette.ADAPTIVE, colors=COLOURS).save(small, "png", optimize=True)
    return base64.b64encode(small.getvalue()).decode()


def taken(names: list[str]) -> dict[str, str]:
    """A new picture of each of these notebooks."""
    pictures = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        servers.notebooks(Path(folder)) as url,
        sync_playwright() as driver,
    ):
        browser = driver.chromium.launch(executable_path=chromium.find(), args=["--disable-gpu"])
        for name in names:
            wide = name[0].isdigit()  # its figures are 800 pixels; those of a panel fit themselves
            page = browser.new_page(viewport={"width": 1000 if wide else 480, "height": 900})
            pictures[f"{name}.png"] = take(page, url, name)
            page.close()
        browser.close()
    return pictures


if __name__ == "__main__":
    there = stored_pictures()
    missing = [name for _, name, _, _ in entries() if f"{name}.png" not in there or name in sys.argv[1:]]
    GALLERY.write_text(written(there | (taken(missing) if missing else {})), encoding="utf-8")
