"""Small charts as HTML: places are shares of the axes, and text is escaped."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from spicewidgets.plots.small import INK, MARKS, Axis, Line, chart, key
from spicewidgets.style import SPICE


def test_places_are_shares_of_the_axis():
    axis = Axis(-1, 3)
    assert axis.share([-1, 1, 3]).tolist() == [0, 0.5, 1]
    assert np.isnan(axis.share([-2, 4, np.nan])).all()
    assert axis.clip([-2, 4]).tolist() == [0, 1]
    assert Axis(100, 10_000, log=True).share([100, 1000, 10_000]).tolist() == pytest.approx([0, 0.5, 1])


def drawn(**more):
    line = Line([0, 1, 2, 3], [0, 0.5, np.nan, 1], SPICE, [0, 0.4, 0, 0.9], [0.1, 0.6, 1, 1], **more)
    x, y = Axis(0, 4, {0: "a<b", 4: "c"}), Axis(0, 1, {0.0: "0", 1.0: "100 %"})
    return chart("T & t", x, y, [line], rules={1.0: "here", 9.0: "beyond"}, level=0.5, words='"so"')


def test_a_gap_breaks_the_line_and_has_no_mark():
    html = drawn()
    path = re.search(r'<path d="(M0\.00[^"]*)" fill="none" stroke="#b1308f" stroke-width="2', html)[1]
    assert path == "M0.00 100.00L25.00 50.00M75.00 0.00"
    assert html.count('class="sw-mark"') == 3
    bars = re.search(r'<path d="([^"]*)" fill="none" stroke="#b1308f" stroke-width="1.2', html)[1]
    assert bars == "M0.00 100.00V90.00M25.00 60.00V40.00M75.00 10.00V0.00"
    assert "beyond" not in html
    assert "here" in html


def test_a_band_goes_there_and_back():
    html = drawn(banded=True)
    points = re.search(r'<polygon points="(.*?)"', html)[1].split(" ")
    assert points[0] == "0.00,90.00"
    assert points[-1] == "0.00,100.00"
    assert len(points) == 8


def test_it_is_well_formed_and_escaped():
    root = ElementTree.fromstring(str(drawn()))
    assert root.get("aria-label") == 'T & t. "so"'
    assert root.get("role") == "img"
    assert "a<b" in [span.text for span in root.iter("span")]
    ElementTree.fromstring(str(key([(SPICE, "dots"), (INK, "points")])))


def test_each_marker_has_a_mark():
    from spicewidgets.plots.table import MARKERS

    assert set(MARKERS) <= set(MARKS)
