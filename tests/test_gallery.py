"""The gallery shows every notebook, with its words and a small picture."""

import json
from base64 import b64decode

import gallery
import nbformat

MOST_BYTES = 12_000  # of a picture
SIGNATURE = b"\x89PNG"


def test_it_is_as_it_is_written_from_the_notebooks():
    kept = json.loads(gallery.GALLERY.read_text(encoding="utf-8"))
    assert kept == json.loads(gallery.written(gallery.kept())), "Run `python tests/browser/gallery.py`."
    nbformat.validate(nbformat.from_dict(kept))


def test_every_notebook_has_a_picture():
    held = {name: b64decode(picture) for name, picture in gallery.kept().items()}
    others = {path.stem for path in gallery.FOLDER.glob("*.ipynb")} - {gallery.GALLERY.stem}
    assert {name.removesuffix(".png") for name in held} == others
    assert all(picture.startswith(SIGNATURE) and len(picture) < MOST_BYTES for picture in held.values())


def test_its_pictures_are_of_this_page_and_its_links_of_this_folder():
    text = "".join(gallery.source())
    for _, name, _, _ in gallery.entries():
        assert f"({name}.ipynb)" in text
        assert (gallery.FOLDER / f"{name}.ipynb").is_file()
    assert "http" not in text
