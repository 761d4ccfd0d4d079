"""The update function: how one trial moves a value, as a curve, for truth, RNN and SPICE."""

from collections.abc import Callable
from functools import partial
from typing import Any

import ipywidgets as widgets
import numpy as np

from ..compat import tooltip
from ..lab import looking as views
from ..plots.modules import UpdateFigure
from .base import FULL, FigureBox, decimal, discard, field, grid, guard, offer, pressed
from .stage import Stage, session_control

STEP = 0.01  # of a slider
REACH = 1.0  # how far a slider moves a coefficient, to each side
WORDS = "Move this number of the SPICE equation, and see its curve and what the choices say"
BACK = "The numbers that were found"


class UpdatePanel(Stage):
    """Next value against value, with the SPICE equation's numbers to move."""

    title = "Update function"
    about = (
        "What one trial makes of a value, for each outcome. Where a curve meets the diagonal, the value comes"
        " to rest."
    )

    def controls(self) -> list[Any]:
        """Which module, whose, and the numbers of its equation."""
        self.module = field(widgets.Dropdown, "Module", "Which update is drawn", options=[("", "")])
        self.who = field(widgets.Dropdown, "Participant", "Whose curves are drawn", options=[("0", 0)])
        for one in (self.module, self.who):
            one.observe(self._chosen, "value")
        self.numbers, self.told = widgets.VBox(layout=widgets.Layout(**FULL)), widgets.HTML()
        self.back = pressed("As found", BACK, self._restore)
        self.fields: dict[tuple[str, ...], Any] = {}
        self._filling = False
        self._result: Any = None
        self._model: Any = None  # the equations as they were moved
        self._curves: Any = None  # of the module that is shown, as found
        self._found: Any = None  # the likelihood under the equations that were found
        session = session_control(self.experiment, self.experiment.comparison)
        return [self.module, self.who, self.numbers, self.back, self.told, session]

    def stage(self) -> list[Any]:
        """The picture."""
        self.figure = UpdateFigure()
        return [FigureBox(self.figure)]

    def watch(self) -> None:
        """New results, what is stale, and the session that is looked at."""
        self.experiment.run.observe(self.refresh, "result_revision")
        self.experiment.observe(self.refresh, "stale_because")
        self.experiment.comparison.observe(self._say_likelihood, "session")

    def draw(self) -> None:
        """The curves of the chosen module; what was moved by hand is kept until there is a new result."""
        self._say_stale("compare")
        result = self.runner.result
        if result is self._result and result is not None:
            return
        self._result, self._model = result, None if result is None else result.spice
        shown = result is not None and bool(views.modules(result))
        for part in (self.module, self.who, self.numbers, self.back, self.figure.widget):
            part.layout.display = "" if shown else "none"
        if not shown:
            self.told.value = "<p>No equation yet: train first.</p>"
            return
        self._filling = True
        offer(self.module, views.modules(result))
        offer(self.who, (result.spice or result.truth).participants)
        self._filling = False
        self._found = None if result.spice is None else views.likelihood(result, result.spice)
        self._draw_module()

    @guard
    def _chosen(self, _: Any) -> None:
        if not self._filling and self._result is not None:
            self._draw_module()

    def _draw_module(self) -> None:
        self._curves = views.curves_of(self._result, self.module.value, self.who.value)
        if self._model is not None:
            self._fill()
        self._redraw()

    @property
    def _equation(self) -> Any:
        return self._model.equation(self.module.value, self.who.value)

    def _fill(self) -> None:
        """A field and a slider for each number of the equation."""
        equation, found = self._equation, self._result.spice.equation(self.module.value, self.who.value)
        if tuple(self.fields) != equation.terms:
            gone = self.numbers.children
            self.fields = {
                term: _Number(self._named(term), partial(self._move, term)) for term in equation.terms
            }
            self.numbers.children = [one.box for one in self.fields.values()]
            discard(*gone)
        numbers = zip(self.fields.values(), equation.values, found.values, strict=True)
        for one, value, middle in numbers:
            one.show(value, middle)

    def _named(self, term: tuple[str, ...]) -> str:
        return " × ".join("its value" if name == self.module.value else name for name in term) or "constant"

    @guard
    def _move(self, term: tuple[str, ...], value: float) -> None:
        if not np.isfinite(value) or abs(value) > 1e6:
            raise ValueError(f"A coefficient must be a number from -1e6 to 1e6; got {value}. Type another.")
        moved = views.moved(self._equation, term, value)
        self._model = views.changed(self._model, moved, self.who.value)
        self._redraw()

    @guard
    def _restore(self) -> None:
        if self._result is not None and self._result.spice is not None:
            self._model = self._result.spice
            self._fill()
            self._redraw()

    def _redraw(self) -> None:
        """The curve of the equation as it stands, and what the choices say to it."""
        moved = self._model is not self._result.spice
        self.back.disabled = not moved
        drawn: Any = views.with_equation(self._curves, self._equation) if moved else self._curves
        self.figure.draw(drawn)
        self._say_likelihood()

    @guard
    def _say_likelihood(self, _: Any = None) -> None:
        if self._result is None or self._model is None:
            return
        same = self._model is self._result.spice
        now = self._found if same else views.likelihood(self._result, self._model)
        session = min(self.experiment.comparison.session, len(now) - 1)
        rows = {f"Session {session}": (self._found[session], now[session])}
        rows |= {f"Mean of {len(now)} sessions": (self._found.mean(), now.mean())}
        self.told.value = _likelihoods(rows)


class _Number:
    """A coefficient as a field and a slider, kept equal; `then` is called when either is moved."""

    def __init__(self, name: str, then: Callable[[float], Any]) -> None:
        self._then, self._quiet, self._value = then, False, 0.0
        self.typed = field(widgets.FloatText, name, WORDS, step=STEP)
        looks = {"layout": widgets.Layout(**FULL), **tooltip(WORDS)}
        self.slider = widgets.FloatSlider(step=STEP, readout=False, description=name, **looks)
        self.slider.add_class("sw-slider")
        self.box = widgets.VBox([self.typed, self.slider], layout=widgets.Layout(**FULL))
        for one in (self.typed, self.slider):
            one.observe(self._moved, "value")

    def show(self, value: float, middle: float) -> None:
        """Another value; the slider reaches to both sides of the middle."""
        low, high, slider = middle - REACH, middle + REACH, self.slider
        self._quiet = True
        slider.min, slider.max = min(low, slider.min), max(high, slider.max)
        slider.value = min(max(value, low), high)
        slider.min, slider.max = low, high
        self._value = value
        self.typed.value = round(value, 4)
        self._quiet = False

    def _moved(self, change: Any) -> None:
        slid = change["owner"] is self.slider
        if self._quiet or abs(change["new"] - self._value) < (STEP / 2 if slid else 6e-5):
            return  # the page has only rounded what it was told
        self._quiet, self._value = True, change["new"]
        if slid:
            self.typed.value = round(change["new"], 4)
        else:
            self.slider.value = min(max(change["new"], self.slider.min), self.slider.max)
        self._quiet = False
        self._then(change["new"])


def _likelihoods(rows: dict[str, tuple[float, float]]) -> str:
    """-ln P per choice, found and now."""
    cells = [
        (name, decimal(found, 4), decimal(now, 4), decimal(now - found, 4, "+"))
        for name, (found, now) in rows.items()
    ]
    return grid("−ln P per choice (nats): lower fits better", ("over", "found", "now", "change"), cells)
