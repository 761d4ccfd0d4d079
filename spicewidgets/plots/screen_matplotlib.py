"""The live drawing with matplotlib, for where bqplot cannot be: each panel is an SVG in an HTML widget, drawn
anew when something in it changed.

Text and frame take the colours of the Jupyter theme, so that the picture is read on dark pages too.
"""

from collections.abc import Mapping
from html import escape
from typing import Any

import ipywidgets as widgets

from ..style import GRID, INK, MUTED
from .printed import draw_panel, own_figure, saved
from .series import Floats, Panel, Series

DPI = 72.0  # of matplotlib's SVG
PIXELS = 620.0  # the width that text is sized for; the browser scales the picture to the page
LEFT, RIGHT, TOP, BOTTOM, AXIS = 46, 14, 8, 7, 26
THEME = {
    INK: "var(--jp-ui-font-color1, #222222)",
    MUTED: "var(--jp-ui-font-color2, #5f6368)",
    GRID: "var(--jp-border-color2, #e8eaed)",
}


class Screen:
    """Draws panels and series with matplotlib. `widgets` holds the widget of each panel."""

    def __init__(self) -> None:
        self.widgets: dict[str, Any] = {}
        self._panels: dict[str, Panel] = {}
        self._lowest: set[str] = set()
        self._series: dict[str, Series] = {}
        self._data: dict[str, tuple[Floats, Floats]] = {}
        self._x: tuple[float, float] = (0.0, 1.0)
        self._x_ticks: Mapping[float, str] = {}
        self._stale: set[str] = set()

    def add_panel(self, panel: Panel) -> None:
        """Make the widget of a panel."""
        self._panels[panel.key] = panel
        self.widgets[panel.key] = widgets.HTML(layout=widgets.Layout(width="100%", margin="0"))
        self._stale.add(panel.key)

    def lowest(self, panel: Panel, lowest: bool) -> None:
        """Whether the x axis stands below this panel."""
        (self._lowest.add if lowest else self._lowest.discard)(panel.key)
        self._stale.add(panel.key)

    def add(self, series: Series) -> None:
        """Take a series in."""
        self._series[series.key] = series

    def update(self, series: Series, x: Floats, y: Floats) -> None:
        """New data, or another visibility."""
        self._data[series.key] = x, y
        self._stale.add(series.panel)

    def scale(self, panel: Panel) -> None:
        """Another y range."""
        self._stale.add(panel.key)

    def scale_x(self, low: float, high: float, ticks: Mapping[float, str]) -> None:
        """Another x range in all panels."""
        self._x, self._x_ticks = (low, high), ticks
        self._stale |= set(self._panels)

    def flush(self, summary: str) -> None:
        """Draw the panels that changed."""
        for key in sorted(self._stale):
            panel = self._panels[key]
            if panel.visible:
                self.widgets[key].value = self._svg(panel, summary)
                self._stale.discard(key)

    def _svg(self, panel: Panel, summary: str) -> str:
        below = AXIS if panel.key in self._lowest else BOTTOM
        height = panel.height + TOP + below
        figure = own_figure(PIXELS / DPI, height / DPI)
        figure.patch.set_visible(False)
        box = (LEFT / PIXELS, below / height, (PIXELS - LEFT - RIGHT) / PIXELS, panel.height / height)
        ax = figure.add_axes(box)
        mine = [one for one in self._series.values() if one.panel == panel.key]
        draw_panel(ax, panel, mine, self._x, self._x_ticks if panel.key in self._lowest else {})
        ax.patch.set_visible(False)
        ax.tick_params(labelsize=12)
        drawing = saved(figure, "svg").decode()
        drawing = drawing[drawing.index("<svg") :]
        for colour, variable in THEME.items():
            drawing = drawing.replace(colour, variable)
        label = escape(f"{panel.title}. {summary}", quote=True)
        told = f'<svg role="img" aria-label="{label}" style="display:block;width:100%;height:auto"'
        return drawing.replace("<svg", told, 1)
