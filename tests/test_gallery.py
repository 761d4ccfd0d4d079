"""The gallery shows every notebook, with its words and a small picture."""

import json
from base64 import b64decode

import gallery
import nbformat

MOST_BYTES = 12_000  # of a picture
SIGNATURE = b"\x89PNG"


def test_it_is_as_it_is_written_from_the_notebooks():
    stored = json.loads(gallery.GALLERY.read_text(encoding="utf-8"))
    assert stored == json.loads(gallery.written(gallery.stored_pictures())), (
        "Run `python tests/browser/gallery.py`."
    )
    nbformat.validate(nbformat.from_dict(stored))


def test_every_notebook_has_a_picture():
    pictures = {name: b64decode(picture) for name, picture in gallery.stored_pictures().items()}
    others = {path.stem for path in gallery.FOLDER.glob("*.ipynb")} - {gallery.GALLERY.stem}
    assert {name.removesuffix(".png") for name in pictures} == others
    assert all(picture.startswith(SIGNATURE) and len(picture) < MOST_BYTES for picture in pictures.values())


def test_its_pictures_are_of_this_page_and_its_links_of_this_folder():
    text = "".join(gallery.source())
    for _, name, _, _ in gallery.entries():
        assert f"({name}.ipynb)" in text
        assert (gallery.FOLDER / f"{name}.ipynb").is_file()
    assert "http" not in text
