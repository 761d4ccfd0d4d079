"""Pictures of a report: what is drawn, and that the same numbers make the same file."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from spicewidgets.plots.paper import (
    PaperPanel,
    Range,
    beside_people,
    matrix,
    pdf_of,
    ranges,
    scatters,
    sorted_people,
    svg_of,
)
from spicewidgets.style import SPICE

NAN = float("nan")
PEOPLE = (np.array([0.1, 0.2, 0.3]), np.array([0.0, 0.1, 0.2]), np.array([0.2, 0.3, 0.4]))
MODELS = {"equations": PEOPLE, "network": PEOPLE}
FIGURES = {
    "ranges": lambda: ranges(["a", "b"], {"x": [Range(1, 0, 2)] * 2, "y": [Range(1, NAN, NAN)] * 2}, "t"),
    "matrix": lambda: matrix(["a", "b"], [[0.9, 0.1], [NAN, NAN]], "simulated", "best"),
    "scatters": lambda: scatters([("a", [1, 2, NAN], [1, 3, 2]), ("b", [1], [NAN])], "true", "found"),
    "sorted": lambda: sorted_people({"network": [0.2, -0.1]}, "nats"),
    "beside": lambda: beside_people(
        [PaperPanel("t", "trials", ("1", "2", "3"), PEOPLE, MODELS)], {"equations": SPICE}
    ),
}


@pytest.mark.parametrize("name", FIGURES)
def test_the_same_numbers_make_the_same_file(name):
    one, other = FIGURES[name](), FIGURES[name]()
    text = svg_of(one, name)
    assert text == svg_of(other, name)
    assert pdf_of(one) == pdf_of(other)
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert ids
    assert all(one.startswith(f"{name}-") for one in ids)
    used = set(re.findall(r'(?:url\(#|href="#)([^")]+)', text))
    assert used <= set(ids)
    assert len(ElementTree.fromstring(text)) > 0


def test_rows_stand_in_their_order_with_their_intervals():
    figure = ranges(["first", "second"], {"": [Range(1, 0.5, 2), Range(3, NAN, NAN)]}, "t", rule=0.0)
    (ax,) = figure.axes
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["first", "second"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the first on top
    drawn = [list(line.get_xdata()) for line in ax.lines]
    assert [0.5, 2] in drawn
    assert [1] in drawn
    assert [3] in drawn


def test_a_dollar_begins_no_formula():
    name = "$\\no$ $"
    for figure in (
        ranges([name], {name: [Range(1, 0, 2)], "b": [Range(1, 0, 2)]}, "t"),
        matrix([name], [[1.0]], "x", "y"),
        scatters([(name, [1], [1])], "x", "y"),
        sorted_people({name: [1.0]}, "t"),
        beside_people([PaperPanel(name, "x", (name, name, name), PEOPLE, {name: PEOPLE})]),
    ):
        assert svg_of(figure, "one").startswith("<svg")


def test_what_is_seldom_has_no_number_in_the_matrix():
    (ax,) = FIGURES["matrix"]().axes
    assert [text.get_text() for text in ax.texts] == ["0.90", "0.10"]


def test_models_stand_beside_people_in_their_own_looks():
    figure = FIGURES["beside"]()
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["people", "equations", "network"]
    colours = {line.get_label(): line.get_color() for line in figure.legends[0].get_lines()}
    assert colours["equations"] == SPICE.colour
    assert len(set(colours.values())) == 3
