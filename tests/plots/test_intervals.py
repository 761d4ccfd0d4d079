"""The figure of intervals: strips in standard errors, on either screen."""

from math import inf, nan

import pytest

from spicewidgets.core.discover.resampled import Spread
from spicewidgets.plots.intervals import MOST, Intervals
from spicewidgets.views.intervals import PARAMETER, IntervalRow


def number(found=1.0, likelihood=0.1, true=1.05, spread=None, module="x", term=()):
    return IntervalRow(module, "" if module == "x" else "q0", term, true, found, likelihood, 0.9, spread)


SPREAD = Spread(1.0, 0.2, 0.8, 1.25, 0.75)


@pytest.mark.parametrize("kind", ["bqplot", "matplotlib"])
def test_distances_are_in_standard_errors(kind):
    figure = Intervals(kind)
    figure.draw([("a", number(spread=SPREAD)), ("b", number())], "words")
    assert figure.series["resamples 0"].x.tolist() == pytest.approx([-2, 2.5])
    assert figure.series["likelihood 0"].x.tolist() == pytest.approx([-1.6449, 1.6449], abs=1e-4)
    assert figure.series["truth 0"].x.tolist() == pytest.approx([0.5])
    assert figure.series["resamples 1"].empty
    assert figure.x_limits == (-3, 3)
    assert figure.subplots["strip 0"].title == "a: 1.000 (0.800 to 1.250)"
    assert figure.subplots["strip 0"].code == "kept 75 %"
    assert figure.subplots["strip 1"].title == "b: 1.000 (0.836 to 1.164)"
    assert figure.subplots["strip 1"].code == ""
    for name in ("png", "svg"):
        assert len(figure.download(name)) > 1000


def test_where_the_choices_tell_nothing_the_spread_is_the_unit():
    figure = Intervals()
    figure.draw([("a", number(likelihood=inf, spread=SPREAD))], "")
    assert figure.series["resamples 0"].x.tolist() == pytest.approx([-1, 1.25])
    assert figure.series["likelihood 0"].empty


def test_what_lies_far_away_is_drawn_at_the_end_of_the_axis():
    figure = Intervals()
    figure.draw([("a", number(true=50.0))], "")
    assert figure.x_limits == (-MOST, MOST)
    assert figure.series["truth 0"].x.tolist() == [MOST]


def test_zero_is_marked_where_it_is_in_sight():
    figure = Intervals()
    figure.draw([("a", number(found=0.2, true=0.2)), ("b", number())], "")
    assert figure.series["zero 0"].x.tolist() == pytest.approx([-2])
    assert figure.series["zero 1"].empty


def test_a_number_without_any_error_has_no_strip_and_a_row():
    figure = Intervals()
    figure.draw([("a", number()), ("out", number(found=0.0, likelihood=nan, true=0.0))], "words")
    assert list(figure.subplots) == ["strip 0"]
    figure.draw([("a", number(module=PARAMETER, spread=SPREAD))], "words")
    assert figure.subplots["strip 0"].code == ""  # a parameter is not kept or left out
    figure.draw([], "none")
    assert [subplot.visible for subplot in figure.subplots.values()] == [False]


def test_the_table_and_the_csv_name_each_number():
    figure = Intervals()
    figure.draw([("<a>", number(spread=SPREAD)), ("b", number(likelihood=nan, true=nan))], "words")
    assert figure.download("csv").decode().splitlines() == [
        "Coefficient,True,Found,Error by the likelihood,Error over resamples,Lowest,Highest,Kept",
        "<a>,1.05,1,0.1,0.2,0.8,1.25,0.75",
        "b,,1,,,,,",
    ]
    assert '<th scope="row">&lt;a&gt;</th><td>1.050</td>' in figure.table()
