"""What the page shows before its widgets are there is what they will show.

`python tests/test_opening.py` writes it.
"""

from spicewidgets.apps import explorer
from spicewidgets.cli.serve import TEMPLATES
from spicewidgets.panels.opening import opening

PATH = TEMPLATES / "voila" / "templates" / "spicewidgets" / "opening.html"


def written() -> str:
    app = explorer(start=False, plays=True)
    return opening(app.head, app.switch).replace('tabindex="0" ', "")


def test_the_page_opens_with_what_will_come():
    assert PATH.read_text(encoding="utf-8") == written()


def test_it_holds_no_scripts_and_nothing_that_can_be_pressed():
    text = PATH.read_text(encoding="utf-8")
    assert "onload" not in text
    assert "<button" not in text
    assert "tabindex" not in text


if __name__ == "__main__":
    PATH.write_text(written(), encoding="utf-8")
