"""What differs between the two widget generations, Colab, Voila and Jupyter."""

import sys
from types import ModuleType, SimpleNamespace

import ipywidgets as widgets
import pytest

from spicewidgets import compat


@pytest.fixture
def colab(monkeypatch):
    """As on Colab; tells how often the custom widget manager was switched on."""
    calls = []
    google, package = ModuleType("google"), ModuleType("google.colab")
    package.output = SimpleNamespace(enable_custom_widget_manager=lambda: calls.append(1))
    google.colab = package
    monkeypatch.setitem(sys.modules, "google", google)
    monkeypatch.setitem(sys.modules, "google.colab", package)
    monkeypatch.setattr(compat, "_manager_is_on", False)
    monkeypatch.delenv(compat.PLOTS, raising=False)
    return calls


@pytest.fixture
def elsewhere(monkeypatch):
    monkeypatch.delitem(sys.modules, "google.colab", raising=False)
    monkeypatch.delenv(compat.PLOTS, raising=False)


@pytest.mark.usefixtures("elsewhere")
def test_elsewhere_training_runs_beside_the_page():
    assert not compat.foreground()


def test_colab_trains_in_the_cell(colab):
    assert compat.foreground()


def test_on_colab_the_widget_manager_is_switched_on_once(colab):
    assert compat.plots_kind() == "bqplot"
    assert compat.plots_kind() == "bqplot"
    assert colab == [1]


def test_on_colab_without_a_manager_matplotlib_draws(colab):
    del sys.modules["google.colab"].output
    assert not compat.ensure_colab_manager()
    assert compat.plots_kind() == "matplotlib"


@pytest.mark.usefixtures("elsewhere")
def test_bqplot_draws_elsewhere_if_it_is_there(monkeypatch):
    assert compat.plots_kind() == "bqplot"
    monkeypatch.setattr(compat, "find_spec", lambda name: None)
    assert compat.plots_kind() == "matplotlib"


@pytest.mark.usefixtures("elsewhere")
def test_the_drawing_can_be_chosen(monkeypatch):
    monkeypatch.setenv(compat.PLOTS, " Matplotlib ")
    assert compat.plots_kind() == "matplotlib"
    monkeypatch.setenv(compat.PLOTS, "plotly")
    with pytest.raises(
        ValueError, match="SPICEWIDGETS_PLOTS must be one of bqplot, matplotlib; got 'plotly'"
    ):
        compat.plots_kind()


def test_a_tooltip_reaches_the_control():
    slider = widgets.IntSlider(**compat.tooltip("Trials (10 to 500)", min=10))
    name = "tooltip" if slider.has_trait("tooltip") else "description_tooltip"
    assert (getattr(slider, name), slider.min) == ("Trials (10 to 500)", 10)


@pytest.mark.parametrize(
    "value",
    [
        {"a.csv": {"metadata": {"name": "a.csv"}, "content": b"1,2"}},
        ({"name": "a.csv", "type": "text/csv", "size": 3, "content": memoryview(b"1,2")},),
    ],
    ids=["ipywidgets 7", "ipywidgets 8"],
)
def test_uploads_of_both_generations(value):
    assert compat.uploads(SimpleNamespace(value=value)) == [("a.csv", b"1,2")]


def test_uploads_can_be_cleared():
    upload = widgets.FileUpload()
    compat.clear_uploads(upload)
    assert compat.uploads(upload) == []
