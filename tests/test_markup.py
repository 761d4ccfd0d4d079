"""The HTML of panels and figures: text is escaped once, wherever it goes in."""

from base64 import b64decode

import pytest

from spicewidgets import markup
from spicewidgets.markup import Html

TEXT = "<b onclick='x()'>&\""
SAFE = "&lt;b onclick=&#x27;x()&#x27;&gt;&amp;&quot;"


@pytest.mark.parametrize(
    "html",
    [
        markup.message(TEXT),
        markup.alert(TEXT),
        markup.bullets([TEXT]),
        markup.fold(TEXT, TEXT),
        markup.code_block(TEXT),
        markup.region(TEXT, TEXT),
        markup.table(TEXT, [TEXT], [[TEXT], [1]]),
        markup.download_link(TEXT, b"", "text/csv", TEXT),
    ],
)
def test_text_is_escaped_between_tags_and_in_attributes(html):
    assert SAFE in html
    assert "<b " not in html


def test_html_is_not_escaped_again():
    inner = Html("<i>1</i>")
    assert inner in markup.table("", ["a", "b"], [["x", inner]])
    assert markup.fold("more", markup.message("Well.")).count("&lt;") == 0
    assert markup.bullets([inner]) == "<ul><li><i>1</i></li></ul>"


def test_where_there_is_nothing_to_say_there_is_no_box():
    assert markup.message("") == markup.alert("") == markup.bullets([]) == markup.fold("more", "") == ""


def test_the_first_cell_of_a_row_names_it():
    html = markup.table("Scores", ["agent", "NLL"], [["RNN", "0.53"]])
    assert '<tr><th scope="row">RNN</th><td>0.53</td></tr>' in html
    assert html.startswith('<div class="sw-scroll" tabindex="0" role="region" aria-label="Scores">')


def test_a_file_is_in_its_link():
    html = markup.download_link("a.csv", b"a,b\n", "text/csv", "Save a.csv")
    assert b64decode(html.split("base64,")[1].split('"')[0]) == b"a,b\n"
