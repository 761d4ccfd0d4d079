"""`plot_loss`: the records of a training as lines between chance and the true agent."""

import math
import sys

import numpy as np
import pytest

from spicewidgets.core.train.training import Epoch
from spicewidgets.plots.loss import plot_loss
from spicewidgets.style import RNN, TRUTH


@pytest.fixture(autouse=True)
def without_pyplot(monkeypatch):
    monkeypatch.delitem(sys.modules, "matplotlib.pyplot", raising=False)


def history(phases="ssslll", validation=False, floor=0.5):
    names = {"s": "screen", "l": "lbfgs", "a": "adam"}
    records = []
    for at, phase in enumerate(phases, start=1):
        loss = 0.7 - 0.02 * at
        held_out = loss + 0.05 if validation and phase != "s" else None
        best = at if phase != "s" else 0
        records.append(Epoch(at, names[phase], loss, held_out, best, math.log(2), floor, None, 0.1 * at))
    return records


def lines(ax):
    return {drawn.get_label(): drawn for drawn in ax.get_lines() if not drawn.get_label().startswith("_")}


def test_training_and_screening_are_told_apart():
    _, ax = plot_loss(history())
    found = lines(ax)
    np.testing.assert_allclose(found["screening, first trials"].get_ydata()[:3], [0.68, 0.66, 0.64])
    assert np.isnan(found["screening, first trials"].get_ydata()[3:]).all()
    np.testing.assert_allclose(found["training"].get_ydata()[3:], [0.62, 0.60, 0.58])
    assert found["training"].get_color() == RNN.colour
    assert [text.get_text() for text in ax.texts] == ["screening", "L-BFGS"]


@pytest.mark.seed(64)
def test_chance_and_the_true_agent_are_named_with_their_numbers():
    _, ax = plot_loss(history())
    found = lines(ax)
    assert found["chance, ln 2 = 0.693"].get_ydata()[0] == pytest.approx(math.log(2))
    assert found["true agent, 0.500"].get_color() == TRUTH.colour
    assert ax.get_ylabel() == "Loss (nats per choice)"
    assert ax.get_xlabel() == "Epoch"


def test_without_a_known_truth_there_is_no_line_for_it():
    _, ax = plot_loss(history(floor=None))
    assert not [label for label in lines(ax) if "true agent" in label]


def test_validation_has_a_line_and_decides_on_the_mark():
    _, ax = plot_loss(history("aaaa", validation=True))
    found = lines(ax)
    np.testing.assert_allclose(found["validation"].get_ydata(), [0.73, 0.71, 0.69, 0.67])
    assert found["kept, epoch 4: 0.670"].get_xydata().tolist() == [[4, pytest.approx(0.67)]]


def test_a_warm_start_goes_on_to_the_right():
    _, ax = plot_loss(history("lll") + history("ll"))
    found = lines(ax)
    assert found["training"].get_xdata().tolist() == [1, 2, 3, 4, 5]
    assert "kept, epoch 5: 0.660" in found


def test_one_legend_inside_the_figure():
    figure, ax = plot_loss(history(validation=True))
    (legend,) = figure.legends
    assert len(legend.get_texts()) == len(lines(ax)) == 6
    figure.draw_without_rendering()
    assert legend.get_window_extent().x1 <= figure.bbox.x1


def test_a_diverged_run_is_drawn_as_far_as_it_is_a_number():
    records = history("aaa")
    records.append(Epoch(4, "adam", math.nan, None, 3, math.log(2), None, 0.1, 1.0))
    records.append(Epoch(5, "adam", 1e9, None, 3, math.log(2), None, 0.1, 1.0))
    _, ax = plot_loss(records)
    assert ax.get_ylim()[1] < 1.3


@pytest.mark.filterwarnings("error")
def test_one_epoch_is_drawn():
    figure, ax = plot_loss(history("s"))
    figure.draw_without_rendering()
    assert ax.get_xlim()[0] == 0.5


def test_saving_writes_the_file(tmp_path):
    plot_loss(history(), save=tmp_path / "loss.png")
    assert (tmp_path / "loss.png").read_bytes().startswith(b"\x89PNG")


def test_no_epochs_are_a_sentence():
    with pytest.raises(ValueError, match=r"plot_loss needs one or more epochs; got none\. Call fit\("):
        plot_loss([])
