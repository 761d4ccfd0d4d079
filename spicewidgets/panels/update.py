"""The update function: how one trial moves a value, as a curve, for truth, RNN and SPICE."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import ipywidgets as widgets
import numpy as np

from ..core.equations import term_in_words
from ..core.wording import join_words
from ..experiment.result import Result
from ..markup import Html, message, table
from ..plots.modules import UpdateFigure
from ..views.looking import curves_of, likelihood, modules, replace_equation, with_coefficient, with_equation
from .base import Change, Choice, button, column, discard, guard, with_label
from .controls import value_slider
from .files import FigureBox
from .stage import PersonChoice, Stage, session_control
from .words import NO_EQUATION, decimal

if TYPE_CHECKING:
    from ..core.equations import Equation, SpiceModel, Term
    from ..core.read.update_function import Curves, Floats

STEP = 0.01  # of a slider
REACH = 1.0  # how far a slider moves a coefficient, to each side
WORDS = "Move this coefficient of the SPICE equation, and see its curve and what the choices say"


class UpdatePanel(Stage):
    """Next value against value, with the SPICE equation's numbers to move."""

    title = "Update function"
    about = (
        "What one trial makes of a value, for each outcome. Where a curve meets the diagonal, the value comes"
        " to rest."
    )

    def controls(self) -> list[widgets.Widget]:
        """Which module, whose, and the numbers of its equation."""
        self.module = Choice("Module", "Which update is drawn", self._choose)
        self.participant = PersonChoice(self.experiment, self.runner, "Whose curves are drawn", self._choose)
        self.numbers, self.likelihoods, self.others = column(), widgets.HTML(), widgets.HTML()
        self.back = button("As found", "The coefficients that were found", self._restore)
        self.fields: dict[Term, Coefficient] = {}
        self._result: Result | None = None
        self._model: SpiceModel | None = None  # the equations as they were moved
        self._curves: Curves | None = None  # of the module that is shown, as found
        self._found_nll: Floats | None = None  # under the equations that were found
        session = session_control(self.experiment, self.experiment.comparison)
        return [
            self.module,
            self.others,
            self.participant,
            self.numbers,
            self.back,
            self.likelihoods,
            session,
        ]

    def stage(self) -> list[widgets.Widget]:
        """Lay out the picture."""
        self.figure = UpdateFigure()
        return [FigureBox(self.figure)]

    def watch(self) -> None:
        """Observe new results, what is stale, and the session that is looked at."""
        self.experiment.run.observe(self.refresh, "result_revision")
        self.experiment.observe(self.refresh, "stale_because")
        self.experiment.comparison.observe(self._show_likelihood, "session")

    def draw(self) -> None:
        """Draw the curves of the chosen module; what was moved by hand stays until there is a new result."""
        self.show_stale("compare")
        result = self.runner.result
        if result is self._result and result is not None:
            return
        self._result, self._model = result, None if result is None else result.spice
        model = None if result is None else result.spice or result.truth
        drawable = result is not None and model is not None and bool(_with_curves(result))
        self.others.value = "" if result is None or not drawable else _without_curves(result)
        for part in (self.module, self.participant, self.numbers, self.back, self.figure.widget):
            part.layout.display = "" if drawable else "none"
        if result is None or model is None or not drawable:
            self.likelihoods.value = NO_EQUATION
            return
        self.module.offer(_with_curves(result))
        self.participant.offer(model.participants)
        self._found_nll = None if result.spice is None else likelihood(result, result.spice)
        self._draw_module(result)

    @guard
    def _choose(self) -> None:
        if self._result is not None:
            self._draw_module(self._result)

    def _draw_module(self, result: Result) -> None:
        self._curves = curves_of(result, self.module.value, self.participant.value)
        if self._model is not None:
            self._fill(self._model)
        self._redraw()

    def _equation(self, model: "SpiceModel") -> "Equation":
        return model.equation(self.module.value, self.participant.value)

    def _fill(self, model: "SpiceModel") -> None:
        """Show a field and a slider for each number of the equation."""
        equation, found = self._equation(model), self._equation(self.equations()[1])
        if tuple(self.fields) != equation.terms:
            old = self.numbers.children
            self.fields = {
                term: Coefficient(term_in_words(term, self.module.value), partial(self._move, term))
                for term in equation.terms
            }
            self.numbers.children = [field.box for field in self.fields.values()]
            discard(*old)
        for field, value, middle in zip(self.fields.values(), equation.values, found.values, strict=True):
            field.show(value, middle)

    @guard
    def _move(self, term: "Term", value: float) -> None:
        if not np.isfinite(value) or abs(value) > 1e6:
            raise ValueError(f"A coefficient must be a number from -1e6 to 1e6; got {value}. Type another.")
        if self._model is not None:
            equation = with_coefficient(self._equation(self._model), term, value)
            self._model = replace_equation(self._model, equation, self.participant.value)
            self._redraw()

    @guard
    def _restore(self) -> None:
        if self._result is not None and self._result.spice is not None:
            self._model = self._result.spice
            self._fill(self._model)
            self._redraw()

    def _redraw(self) -> None:
        """Draw the curve of the present equation, and its likelihood."""
        if self._result is None or self._curves is None:
            return
        is_moved = self._model is not None and self._model is not self._result.spice
        self.back.disabled = not is_moved
        curves = self._curves
        if self._model is not None and is_moved:
            curves = with_equation(curves, self._equation(self._model))
        self.figure.draw(curves)
        self._show_likelihood()

    @guard
    def _show_likelihood(self, _: Change | None = None) -> None:
        if self._result is None or self._model is None or self._found_nll is None:
            return
        found = present = self._found_nll
        if self._model is not self._result.spice:
            present = likelihood(self._result, self._model)
        session = min(self.experiment.comparison.session, len(found) - 1)
        self.likelihoods.value = _likelihoods(
            {
                f"Session {session}": (found[session], present[session]),
                f"Mean of {len(found)} sessions": (float(found.mean()), float(present.mean())),
            }
        )


class Coefficient:
    """A coefficient as a field and a slider, with one value; `changed` is called when either is moved."""

    def __init__(self, name: str, changed: Callable[[float], object]) -> None:
        self._changed, self._is_filling, self._value = changed, False, 0.0
        self.typed = with_label(widgets.FloatText, name, WORDS, step=STEP)
        self.slider = value_slider(widgets.FloatSlider, name, WORDS, step=STEP)
        self.box = column(self.typed, self.slider)
        for part in (self.typed, self.slider):
            part.observe(self._move, "value")

    def show(self, value: float, middle: float) -> None:
        """Another value; the slider reaches to both sides of the middle."""
        low, high, slider = middle - REACH, middle + REACH, self.slider
        self._is_filling = True
        slider.min, slider.max = min(low, slider.min), max(high, slider.max)
        slider.value = min(max(value, low), high)
        slider.min, slider.max = low, high
        self._value = value
        self.typed.value = round(value, 4)
        self._is_filling = False

    def _move(self, change: Change) -> None:
        by_slider = change["owner"] is self.slider
        if self._is_filling or abs(change["new"] - self._value) < (STEP / 2 if by_slider else 6e-5):
            return  # the page has only rounded the value
        self._is_filling, self._value = True, change["new"]
        if by_slider:
            self.typed.value = round(change["new"], 4)
        else:
            self.slider.value = min(max(change["new"], self.slider.min), self.slider.max)
        self._is_filling = False
        self._changed(change["new"])


def _with_curves(result: Result) -> tuple[str, ...]:
    """Return the modules that build on their own last value; of the others there is no curve."""
    own = {one.name: one.own_value for one in result.description.modules}
    return tuple(name for name in modules(result) if own.get(name, True))


def _without_curves(result: Result) -> Html:
    """Say which modules have no curve, and why."""
    others = [name for name in modules(result) if name not in _with_curves(result)]
    words = f"{join_words(others)} do not build on their own last value, so that they have no curve."
    return message(words if others else "", "help")


def _likelihoods(rows: dict[str, tuple[float, float]]) -> Html:
    """-ln P per choice, found and now."""
    cells = [
        (name, decimal(found, 4), decimal(present, 4), decimal(present - found, 4, "+"))
        for name, (found, present) in rows.items()
    ]
    return table("−ln P per choice (nats): lower fits better", ("over", "found", "now", "change"), cells)
