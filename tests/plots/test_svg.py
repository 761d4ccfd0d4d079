"""Small pictures in text: they show what they are given, and nothing where there is nothing."""

import math
import re

import pytest

from spicewidgets.plots.svg import BAR, bar, small_loss


def history(*losses, floor=0.5):
    return [{"train_loss": loss, "chance": 0.7, "floor": floor} for loss in losses]


def heights(html):
    return [float(pair.split(",")[1]) for pair in re.search(r'points="(.*?)"', html).group(1).split()]


def test_a_loss_that_falls_goes_down_and_stays_above_the_true_participant():
    html = small_loss(history(0.7, 0.6, 0.52))
    drawn, floor = heights(html), float(re.search(r'y1="([\d.]+)"', html).group(1))
    assert drawn == sorted(drawn)
    assert drawn[-1] < floor


def test_a_long_loss_is_thinned_to_its_end():
    losses = [0.7 - 0.0001 * at for at in range(1000)]
    drawn = heights(small_loss(history(*losses, floor=None)))
    assert len(drawn) < 70
    assert drawn[-1] == max(drawn)


@pytest.mark.parametrize("losses", [(), (math.nan, math.inf)])
def test_without_a_loss_that_is_a_number_there_is_no_line(losses):
    assert "polyline" not in small_loss(history(*losses))


@pytest.mark.parametrize(("value", "left", "length"), [(0.5, BAR / 2, BAR / 4), (-2.0, 0.0, BAR / 2)])
def test_a_bar_begins_in_the_middle_and_ends_at_its_reach(value, left, length):
    html = bar(value, 1.0, "#000000")
    assert f'x="{left:.1f}"' in html
    assert f'width="{length:.1f}"' in html
