"""Live figures: marks are made once and change by traits, one message each; long lines are thinned without
losing a peak; axes stay calm; what is shown can be read as words, table and file.
"""

import csv
import io
import time
import xml.etree.ElementTree as ET

import ipywidgets as widgets
import numpy as np
import pytest
from hypothesis import given, strategies as st

from spicewidgets.plots.live import FORMATS, LiveFigure
from spicewidgets.plots.screen_bqplot import _as_in_javascript
from spicewidgets.plots.series import (
    LIMIT,
    Subplot,
    decimate,
    grown,
    log_ticks,
    settle,
    smooth,
    ticks,
    window,
)
from spicewidgets.plots.table import html_table
from spicewidgets.style import RNN, TRUTH, UNREWARDED, Style

KINDS = ("bqplot", "matplotlib")
values = st.lists(st.floats(-1e3, 1e3), min_size=3, max_size=400)


@pytest.fixture(params=KINDS)
def figure(request):
    return some_figure(request.param)


def some_figure(kind):
    made = LiveFigure(kind)
    made.add_subplot(Subplot("top", "Value <b>", code="v", height=100))
    made.add_subplot(Subplot("low", "Other", height=60, limits=(0.0, 1.0)))
    made.add("truth", "top", "line", TRUTH)
    made.add("rnn", "low", "line", RNN)
    made.add("missed", "low", "points", UNREWARDED)
    made.add("chance", "top", "level", Style("chance", "#7a7f85", "dashed", "circle"))
    made.add("phases", "top", "rules", Style("phase", "#7a7f85", "solid", "circle"), listed=False)
    made.set_x(0, 10)
    return made


def marks(figure):
    return [mark for widget in figure._screen.widgets.values() for mark in widget.marks]


@pytest.fixture
def messages(monkeypatch):
    """The widgets that sent their state, in order."""
    if int(widgets.__version__.split(".")[0]) < 8:
        pytest.skip("ipywidgets 7 sends nothing without a kernel")
    sent = []
    monkeypatch.setattr(widgets.Widget, "send_state", lambda self, key=None: sent.append(self))
    return sent


# Marks and messages


def test_marks_are_made_once_and_stay_the_same_objects():
    figure = some_figure("bqplot")
    before = marks(figure)
    for i in range(5):
        figure.set_lines({"truth": (None, np.arange(5.0) + i), "rnn": (None, np.full(3 + i, 0.5))})
        figure.set_levels({"chance": 0.1 * i})
        figure.set_rules("phases", range(i), "abcde"[:i])
        figure.add("truth", "top", "line", RNN)
    assert all(now is then for now, then in zip(marks(figure), before, strict=True))


def test_a_change_of_a_line_is_one_message(messages):
    figure = some_figure("bqplot")
    figure.set_lines({"rnn": (None, [0.2, 0.3])})
    messages.clear()
    figure.set_lines({"rnn": (None, [0.2, 0.3, 0.4])})
    assert messages == [figure._screen._marks["rnn"][0]]


def test_what_did_not_change_is_not_sent(messages):
    figure = some_figure("bqplot")
    data = {"truth": (None, [1.0, np.nan, 2.0]), "missed": ([1], [0.5])}
    figure.set_lines(data)
    messages.clear()
    figure.set_lines(data)
    assert messages == []


def test_a_batch_sends_each_mark_once(messages):
    figure = some_figure("bqplot")
    figure.set_lines({"truth": (None, [0.0, 1.0])})
    messages.clear()
    with figure.batch():
        for i in range(5):
            figure.set_lines({"truth": (None, [0.0, 0.5 + i / 10])})
    assert messages.count(figure._screen._marks["truth"][0]) == 1


def test_no_animation_and_no_toolbar():
    for widget in some_figure("bqplot")._screen.widgets.values():
        assert widget.animation_duration == 0
        assert not widget.has_trait("display_toolbar") or not widget.display_toolbar


def test_hidden_lines_keep_the_axis_and_their_place_in_the_legend():
    figure = some_figure("bqplot")
    figure.set_lines({"truth": (None, [0.0, 5.0])})
    limits = figure.subplots["top"].low, figure.subplots["top"].high
    figure.show({"truth": False})
    assert not figure._screen._marks["truth"][0].visible
    assert (figure.subplots["top"].low, figure.subplots["top"].high) == limits
    assert "sw-off" in figure._legend.value
    assert "Truth" in figure._legend.value
    figure.show({"truth": True})
    assert figure._screen._marks["truth"][0].visible
    assert "sw-off" not in figure._legend.value


def test_a_gap_at_the_end_is_not_sent():  # bqplot would place a label there
    figure = some_figure("bqplot")
    figure.set_lines({"truth": (None, [1.0, np.nan, 2.0, np.nan])})
    mark = figure._screen._marks["truth"][0]
    np.testing.assert_array_equal(mark.y, [1.0, np.nan, 2.0])
    figure.set_lines({"truth": (None, [np.nan, np.nan])})
    assert not mark.visible


def test_only_the_lowest_visible_panel_has_the_x_axis():
    figure = some_figure("bqplot")
    n_axes = lambda: [len(widget.axes) for widget in figure._screen.widgets.values()]  # noqa: E731
    assert n_axes() == [1, 2]
    figure.show_subplots({"low": False})
    assert n_axes() == [2, 1]
    assert figure._screen.widgets["low"].layout.display == "none"


def test_all_panels_share_the_x_axis_and_later_ones_get_its_ticks():
    figure = some_figure("bqplot")
    figure.add_subplot(Subplot("more", "More"))
    axes = [across for across, _ in figure._screen._axes.values()]
    assert len({id(axis.scale) for axis in axes}) == 1
    for axis in axes:
        assert axis.tick_values.tolist() == [0, 2, 4, 6, 8, 10]
    assert axes[-1].tick_labels == {str(at): str(at) for at in (0, 2, 4, 6, 8, 10)}


def test_the_sizes_are_fixed():
    figure = some_figure("bqplot")
    heights = [widget.layout.height for widget in figure._screen.widgets.values()]
    figure.set_lines({"truth": (None, np.linspace(-100, 100, 50))})
    assert [widget.layout.height for widget in figure._screen.widgets.values()] == heights
    assert all(widget.layout.min_width == "0" for widget in figure._screen.widgets.values())


# The other screen


def test_matplotlib_draws_only_the_panel_that_changed():
    figure = some_figure("matplotlib")
    before = {key: widget.value for key, widget in figure._screen.widgets.items()}
    figure.set_lines({"rnn": (None, [0.1, 0.9])})
    after = {key: widget.value for key, widget in figure._screen.widgets.items()}
    assert after["top"] == before["top"]
    assert after["low"] != before["low"]


def test_matplotlib_takes_the_colours_of_the_theme_and_is_named():
    figure = some_figure("matplotlib")
    figure.summary = 'a "quoted" <word>'
    figure.set_lines({"truth": (None, [0.0, 1.0])})
    drawn = figure._screen.widgets["top"].value
    assert 'role="img"' in drawn
    assert "Value &lt;b&gt;. a &quot;quoted&quot; &lt;word&gt;" in drawn
    assert "var(--jp-border-color2" in drawn
    assert "#e8eaed" not in drawn.replace("var(--jp-border-color2,#e8eaed)", "")


def test_markers_outside_the_view_are_not_drawn_by_matplotlib():
    figure = some_figure("matplotlib")
    figure.set_marks({"missed": ([1, 5, 9], [0.5, 0.5, 0.5])})
    figure.set_x(4, 6)
    assert figure._screen.widgets["low"].value.count('overflow="visible"') == 1


def test_an_unknown_kind_is_told():
    with pytest.raises(ValueError, match='kind must be "bqplot" or "matplotlib"; got \'plotly\''):
        LiveFigure("plotly")


# Thinning


@given(values, st.integers(5, 60))
def test_thinning_keeps_first_last_lowest_and_highest(y, limit):
    y = np.array(y)
    thin_x, thin_y = decimate(np.arange(len(y)), y, limit)
    assert len(thin_x) <= max(limit, 5)
    assert thin_y[[0, -1]].tolist() == y[[0, -1]].tolist()
    assert (thin_y.min(), thin_y.max()) == (y.min(), y.max())
    assert np.all(np.diff(thin_x) > 0)
    np.testing.assert_array_equal(thin_y, y[thin_x])


def test_thinning_keeps_each_peak_and_gap():
    y = np.zeros(10_000)
    y[[1234, 8765]] = 5, -5
    y[4000:4010] = np.nan
    x, thin = decimate(np.arange(10_000.0), y)
    assert len(x) <= LIMIT
    assert {1234.0, 8765.0} <= set(x)
    assert np.isnan(thin).any()


def test_a_long_line_is_thinned_on_its_way_to_the_screen_and_zoom_brings_the_rest():
    figure = some_figure("bqplot")
    figure.set_x(0, 9_999)
    figure.set_lines({"truth": (None, np.sin(np.arange(10_000.0)))})
    mark = figure._screen._marks["truth"][0]
    assert len(mark.x) <= LIMIT
    figure.set_x(5_000, 5_100)
    np.testing.assert_array_equal(mark.x, np.arange(4_999.0, 5_102.0))
    assert len(figure.series["truth"].x) == 10_000


def test_the_window_has_one_point_beyond_each_end():
    x, _ = window(np.arange(10.0), np.zeros(10), 3.5, 6.2)
    assert x.tolist() == [3, 4, 5, 6, 7]


# Axes


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 1, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (-3, 2, ["−3", "−2", "−1", "0", "1", "2"]),
        (0, 100, ["0", "20", "40", "60", "80", "100"]),
    ],
)
def test_ticks_are_round(low, high, expected):
    assert list(ticks(low, high).values()) == expected


def test_counts_have_whole_ticks():
    assert list(ticks(0, 3, whole=True)) == [0, 1, 2, 3]


def test_log_ticks_stand_at_the_logarithm_of_round_numbers():
    assert {word: round(10**at, 6) for at, word in log_ticks(-2, 1).items()} == {
        "0.01": 0.01,
        "0.1": 0.1,
        "1": 1.0,
        "10": 10.0,
    }
    assert "0.6" in log_ticks(np.log10(0.5), np.log10(0.75)).values()


@pytest.mark.parametrize("most", [2, 4, 7])
def test_a_low_panel_has_fewer_ticks_in_a_logarithm(most):
    for low, high in ((-1, 1), (-4, 3), (-2.2, -0.1), (-0.3, 0.0)):
        assert 1 <= len(log_ticks(low, high, most)) <= most + 1
    assert list(log_ticks(-4, 3, 4).values()) == ["0.0001", "0.01", "1", "100"]


@given(st.floats(-1e6, 1e6), st.floats(0, 1e6))
def test_limits_hold_the_data(low, span):
    found = settle((0.0, 1.0), low, low + span)
    slack = 1e-6 * max(abs(low), span, 1)
    assert found[0] <= low + slack
    assert found[1] >= low + span - slack
    assert found[0] < found[1]


def test_limits_stay_while_the_data_fit():
    now = settle((0.0, 1.0), 0.52, 1.38)
    assert settle(now, 0.55, 1.2) == now
    assert settle(now, 0.55, 0.62) != now


def test_a_growing_axis_grows_in_few_steps():
    steps = [grown(n) for n in range(1, 2001)]
    assert all(step >= n for n, step in enumerate(steps, 1))
    assert steps == sorted(steps)
    assert len(set(steps)) < 22


@pytest.mark.parametrize(("value", "spelt"), [(1.0, "1"), (-3.0, "-3"), (0.25, "0.25"), (1e-7, "1e-7")])
def test_numbers_are_spelt_as_in_javascript(value, spelt):
    assert _as_in_javascript(value) == spelt


def test_log_shows_the_logarithm_and_leaves_out_what_has_none():
    figure = some_figure("bqplot")
    figure.set_lines({"truth": (None, [0.1, 10.0, 0.0, 1.0])})
    figure.set_log("top", True)
    np.testing.assert_allclose(figure._screen._marks["truth"][0].y, [-1, 1, np.nan, 0])
    assert figure.subplots["top"].low <= -1
    figure.set_log("top", False)
    np.testing.assert_allclose(figure._screen._marks["truth"][0].y, [0.1, 10, 0, 1])


def test_smoothing_is_an_exponential_average_that_keeps_gaps():
    np.testing.assert_allclose(smooth(np.array([1.0, 0.0, np.nan, 0.0]), 0.5), [1, 0.5, np.nan, 0.25])
    np.testing.assert_array_equal(smooth(np.array([3.0, 1.0]), 0.0), [3, 1])


# Words, table, files


def test_titles_legend_and_summary_are_escaped(figure):
    figure.summary = "<script>"
    page = "".join(
        widget.value for widget in (*figure._titles.values(), figure._text, figure._legend, figure._x_label)
    )
    assert "Value &lt;b&gt;" in page
    assert "<script>" not in page


def test_the_table_has_caption_headers_and_at_most_so_many_rows(figure):
    figure.summary = "What is <seen>."
    figure.set_lines({"truth": (None, np.linspace(0, 1, 1000)), "rnn": (None, np.full(1000, 0.5))})
    table = ET.fromstring(figure.table(rows=100)).find("table")
    assert table.find("caption").text == "What is <seen>. Shown is 1 row in 10; the CSV file has all 1000."
    assert [head.text for head in table.find("thead/tr")] == ["Trial t", "Value <b>, Truth", "Other, RNN"]
    assert len(table.findall("tbody/tr")) == 100
    assert table.find("thead/tr/th").get("scope") == "col"
    assert [cell.text for cell in table.find("tbody/tr")] == ["0", "0.000", "0.500"]


def test_a_gap_is_an_empty_cell():
    assert "<td></td>" in html_table("", ["x", "y"], [[0.0, float("nan")]])


def test_the_csv_has_every_row_in_full(figure):
    y = np.random.default_rng(1).random(300)
    figure.set_lines({"truth": (None, y), "missed": ([7], [0.5])})
    head, *rows = csv.reader(io.StringIO(figure.download("csv").decode()))
    assert head == ["Trial t", "Value <b>, Truth", "Other, not rewarded"]
    np.testing.assert_allclose([float(row[1]) for row in rows], y, rtol=1e-9)
    assert [row[2] for row in rows if row[2]] == ["0.5"]


@pytest.mark.parametrize(("format", "begin"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_files(figure, format, begin):
    figure.set_lines({"truth": (None, [0.0, 1.0]), "missed": ([1], [0.5])})
    figure.set_levels({"chance": 0.7})
    figure.set_rules("phases", [2], ["Adam"])
    assert figure.download(format).startswith(begin)


def test_an_empty_figure_has_files_and_a_table_too(figure):
    for format in FORMATS:
        assert figure.download(format)
    assert "<tbody></tbody>" in figure.table()


def test_an_unknown_format_is_told(figure):
    with pytest.raises(ValueError, match="format must be one of png, svg, pdf, csv; got 'gif'"):
        figure.download("gif")


def test_x_and_y_of_different_lengths_are_told(figure):
    with pytest.raises(ValueError, match="two rows of numbers of one length"):
        figure.set_lines({"truth": ([1, 2], [1, 2, 3])})


def test_a_line_is_drawn_where_bqplot_is_not_with_its_gaps_dash_and_place():
    figure = some_figure("matplotlib")
    figure.set_lines({"rnn": ([0, 5, 6, 10], [0.0, 0.5, np.nan, 1.0])})
    drawn = figure._screen.widgets["low"].value
    assert 'd="M0.0 60.0L380.0 30.0M760.0 0.0"' in drawn  # of 760 across, 60 up
    assert "stroke-dasharray:6 3.5" in drawn
    assert RNN.colour in drawn
    figure.set_levels({"chance": 0.25})
    figure.set_rules("phases", [2.5], ["a"])
    drawn = figure._screen.widgets["top"].value
    assert 'd="M190.0 0V100"' in drawn
    assert "H760" in drawn


def test_a_slider_does_not_wait_for_the_picture():
    """A session of 300 trials is drawn anew in less than a tenth of the time that a move may take."""
    figure = some_figure("matplotlib")
    begun, n = time.process_time(), 20
    for at in range(n):
        figure.set_lines(
            {"truth": (None, np.sin(np.arange(300) + at)), "rnn": (None, np.linspace(0, 1, 300))}
        )
    assert (time.process_time() - begun) / n < 0.05
