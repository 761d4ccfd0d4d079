"""Read: the numbers of the equation as the parameters of a Q-learner, and the way back."""

from collections.abc import Hashable

import ipywidgets as widgets

from ..core.equations import term_of
from ..experiment.result import Result
from ..markup import message
from ..state.participant import ParticipantState
from ..views.meaning import cost, is_loaded, person_of, try_parameters
from ..views.words import LETTERS, OF_KINDS
from .base import ROW, Change, block, button, by_hand, column, guard, row, with_label
from .controls import Control, control
from .stage import PersonChoice, Stage
from .translation_tables import (
    cost_in_words,
    cost_tables,
    freedoms_table,
    kind_table,
    steps_table,
    way_back_table,
)
from .words import NO_EQUATION

FINE = 0.001
COST_TIP = "Fit the equation with and without the term, and compare what is expected"


class TranslatePanel(Stage):
    """The steps from the equation to the parameters, the way back, and what the numbers are worth."""

    title = "Translate the equation"
    about = (
        "The equation is a learner in other words: its coefficients tell the parameters. Move one of a"
        " Q-learner's, and the equation follows."
    )

    def controls(self) -> list[widgets.Widget]:
        """Whose equation, and the parameters to move."""
        self._read: tuple[Result, Hashable] | None = None  # the result that is shown, and whose equation
        self.parameters = ParticipantState()
        self.participant = PersonChoice(self.experiment, self.runner, "Whose equation is read", self.refresh)
        self.knobs = {name: _in_fine_steps(control(self.parameters, name)) for name in LETTERS}
        back = "Set the parameters back to those of the equation that was found"
        self.back = button("Back to what was found", back, self._restore)
        self.parameters.observe(self._move, [*LETTERS])
        return [self.participant, *self.knobs.values(), self.back]

    def stage(self) -> list[widgets.Widget]:
        """Lay out the steps, the equation that the parameters make, the worth of a term, and the freedoms."""
        self.steps, self.moved, self.verdict, self.freedoms = (widgets.HTML() for _ in range(4))
        self.term = with_label(widgets.Dropdown, "Term", "Which term is left out", options=[("", None)])
        self.term.observe(self._choose_term, "value")
        self.term.layout.width = "auto"
        self.drop = button("What would it cost to drop it?", COST_TIP, self._drop)
        self.cost = column(row(self.term, self.drop, **ROW, width="100%"), self.verdict)
        return [self.steps, self.moved, self.cost, self.freedoms]

    def watch(self) -> None:
        """Observe new results, what is stale, and whether the panel is seen."""
        self.experiment.run.observe(self.refresh, "result_revision")
        self.experiment.observe(self.refresh, ["blocked", "stale_because"])
        self.layout.observe(self.refresh, "display")

    def draw(self) -> None:
        """Show all of it for the present result; the parameters stay where they were moved to."""
        result = self.runner.result
        if self.is_hidden:
            if self._read is None or self._read[0] is not result:  # what was moved goes with its result
                self._read = None
                self.parameters.reset()
            return
        self.show_stale("equation")
        block(self.drop, "A run is under way." if self.experiment.run.busy else "", COST_TIP)
        if result is None or result.spice is None:
            self._clear()
            return
        self.cost.layout.display = ""
        participant = self.participant.offer(result.spice.participants)
        if self._read is None or self._read[0] is not result or self._read[1] != participant:
            self._begin(result, participant)

    def _clear(self) -> None:
        self._read = None
        for part in (self.cost, self.participant, self.back, *self.knobs.values()):
            part.layout.display = "none"
        self.moved.value = self.freedoms.value = ""
        self.steps.value = NO_EQUATION

    def _begin(self, result: Result, participant: Hashable) -> None:
        """Show a result, or another participant of it, from the beginning."""
        self._read = (result, participant)
        of_kind = result.snapshot.choices_of in OF_KINDS
        self.steps.value = (kind_table if of_kind else steps_table)(result, participant)
        self.freedoms.value = "" if of_kind else freedoms_table(result, participant)
        terms = [
            (term_of(term, module), (module, term))
            for module, equation in self.equations()[1].of_participant(participant).items()
            for term, _ in equation.active
        ]
        self.term.options = terms or [("none", None)]
        self.term.value = terms[0][1] if terms else None
        self.drop.disabled = self.drop.disabled or not terms
        self.verdict.value = ""
        self._restore()

    @guard
    def _restore(self) -> None:
        """Set the parameters as they were found, and show only those there are."""
        if self._read is None:
            return
        is_q_learner = self._read[0].snapshot.choices_of not in OF_KINDS
        found = person_of(*self._read) if is_q_learner else {}
        for name, knob in self.knobs.items():
            knob.layout.display = "" if name in found else "none"
        self.back.layout.display = "" if found else "none"
        with self.filling():
            defaults = {name: self.parameters.default(name) for name in self.parameters.names()}
            self.parameters.put(defaults | found)
        self._move()

    @by_hand
    def _move(self, _: Change | None = None) -> None:
        """Show the equation of the parameters as they stand, beside the one that was found."""
        if self._read is None or self.parameters.problems:
            return
        names = [name for name in LETTERS if self.knobs[name].layout.display != "none"]
        if not names:
            self.moved.value = ""
            return
        values = {name: getattr(self.parameters, name) for name in names}
        (result, participant), attempt = self._read, try_parameters(*self._read, values)
        assert result.spice is not None
        self.moved.value = way_back_table(result.spice, attempt, participant)

    @guard
    def _choose_term(self, _: Change) -> None:
        self.verdict.value = ""

    @guard
    def _drop(self) -> None:
        if self._read is None or self.term.value is None:
            return
        words = "Fitting the equation with and without it …"
        words = words if is_loaded() else f"Loading torch, which takes a few seconds. {words}"
        self.verdict.value = message(words, role="status")
        try:
            of_term = cost(*self._read, *self.term.value)
        except BaseException:
            self.verdict.value = ""
            raise
        self.verdict.value = message(cost_in_words(of_term), role="status") + cost_tables(of_term)


def _in_fine_steps(knob: Control) -> Control:
    """Make a control in steps as fine as what is found: a page rounds what it shows to them."""
    for part in knob.children:
        if hasattr(part, "step"):
            part.step = FINE
    return knob
