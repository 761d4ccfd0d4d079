"""Share my point: with a class that is served so, a learner's numbers stand on the plot that all see."""

import json
from collections.abc import Callable, Sequence
from html import escape

import ipywidgets as widgets

from ..markup import Html
from .base import Panel, button, guard, row, with_label

# What is sent by the page itself (page.js), which alone knows the server.
PLOT = """<details class="sw-class"><summary>The class on one plot</summary>
<iframe src="class" title="The class on one plot" loading="lazy"></iframe></details>
<style>.sw-class iframe{width:100%;height:760px;border:1px solid var(--sw-line);border-radius:8px}
.sw-class summary{cursor:pointer;line-height:28px}</style>"""
ABOUT = (
    "Your learning rate α and precision β with their intervals, as a Rescorla-Wagner learner. A name only if"
    " you type one. They are forgotten when the class ends."
)


class SharePanel(Panel):
    """A button that shares a point, and one that takes it back.

    Args:
        point: computes it, as `app.classroom` does.
    """

    def __init__(self, point: Callable[[], Sequence[float]]) -> None:
        self.point, self._asked = point, 0
        self.name = with_label(widgets.Text, "Name, if you like", "Up to 20 letters; it is seen by all")
        self.name.layout.width = "360px"
        share = button("Share my point", ABOUT, self._share)
        back = button("Take it back", "Remove my point from the plot", self._take_back)
        self.carrier = widgets.HTML()
        super().__init__([row(share, back, self.name), self.carrier, widgets.HTML(PLOT)])

    @guard
    def _share(self) -> None:
        self._ask({"numbers": list(self.point()), "name": " ".join(self.name.value.split())})

    @guard
    def _take_back(self) -> None:
        self._ask({})

    def _ask(self, what: dict[str, object]) -> None:
        self._asked += 1
        sent = escape(json.dumps(what))
        self.carrier.value = Html(
            f'<p class="sw-share" role="status" data-asked="{self._asked}" data-sent="{sent}"></p>'
        )
