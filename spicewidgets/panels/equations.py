"""The equations: what was found, number by number, beside the truth."""

from collections.abc import Hashable, Mapping, Sequence
from math import nan
from typing import TYPE_CHECKING

import ipywidgets as widgets
import pandas as pd

from ..app.played import TABLE
from ..core.equations import term_in_words
from ..experiment.result import Result
from ..markup import Html, code_block, fold, message, region, table
from ..views.intervals import (
    BETA,
    PARAMETER,
    IntervalRow,
    numbers,
    parameter_interval,
)
from ..views.meaning import cost, interval_of
from ..views.pressed import costs_of
from ..views.reading import code_of, sentences_of
from ..views.words import PARAMETERS, SHARE
from .base import block, button, column, guard, set_if_changed, with_label
from .files import File, Files, csv_file
from .sentence import SYMBOLS, WORDS, EquationSentence, Key, explanation
from .stage import PersonChoice, Stage
from .words import NO_EQUATION, between, decimal, with_error

if TYPE_CHECKING:
    from ..core.discover.uncertainty import Uncertainty
    from ..core.equations import SpiceModel, Term

AGAIN = "Find the equations again, without training"
DROP = "Fit the equation with and without its term, which takes a moment"
PYTHON = "Python"
WRITTEN = (WORDS, SYMBOLS, PYTHON)
MOST = 30  # participants in the table of all


class EquationPanel(Stage):
    """The discovered equation as a sentence whose coefficients can be pressed; beside the truth, term by term
    and in the classical parameters.
    """

    title = "Equation"
    about = (
        "Each module has become one equation. Press a coefficient: where it comes from, how sure it is,"
        " its worth."
    )

    def controls(self) -> list[widgets.Widget]:
        """Whose equation, how it is written, and the button that finds it again."""
        self.again = button("Find again", AGAIN, self._find)
        self.participant = PersonChoice(
            self.experiment, self.runner, "Whose equations are shown", self.refresh
        )
        self.written = with_label(
            widgets.ToggleButtons, "Written in", "How the equations are written", options=WRITTEN
        )
        self.written.style.button_width = "auto"
        self.written.observe(self.refresh, "value")
        return [self.participant, self.written, self.again]

    def stage(self) -> list[widgets.Widget]:
        """Lay out the equations, what is known of one number, the classical parameters, and tables."""
        self._dropped: dict[tuple[int, Hashable, Key], tuple[float, int]] = {}  # costs that were asked for
        self.sentence = EquationSentence(self._explain)
        self.code, self.explained = widgets.HTML(), widgets.HTML()
        self.drop = button("What would dropping it cost?", DROP, self._drop)
        self.drop.layout.display = "none"
        self.parameters, self.terms, self.forms, self.everyone = (widgets.HTML() for _ in range(4))
        self.files = Files(
            {
                "table as csv": ("All terms of all participants", self._csv),
                "LaTeX as tex": ("The equations as LaTeX", self._tex),
            }
        )
        about = column(self.sentence, self.code, self.explained, self.drop)
        return [about, self.parameters, self.terms, self.forms, self.files, self.everyone]

    def watch(self) -> None:
        """Observe new results, what is stale, and whether the panel is seen."""
        self.experiment.run.observe(self.refresh, "result_revision")
        self.experiment.observe(self.refresh, ["blocked", "stale_because"])
        self.layout.observe(self.refresh, "display")

    @guard
    def _find(self) -> None:
        self.runner.refit()

    def draw(self) -> None:
        """Show discovered beside true, for one participant; then all of them."""
        block(self.again, self.experiment.blocked.get("refit", ""), AGAIN)
        block(self.drop, "A run is under way." if self.experiment.run.busy else "", DROP)
        self.show_stale("equation")
        result = self.runner.result
        there = result is not None and result.spice is not None
        for part in (self.files, self.sentence):
            part.layout.display = "" if there else "none"
        if result is None or result.spice is None:
            self.terms.value = NO_EQUATION
            for part in (self.forms, self.everyone, self.parameters, self.code, self.explained):
                part.value = ""
            self.drop.layout.display = "none"
            return
        participant = self.participant.offer(result.spice.participants)
        errors = None if self.is_hidden else result.uncertainty.get(participant)
        unknown = message(" ".join(errors.untold) if errors is not None else "")
        self._write(result, participant, errors)
        self._explain()
        self.terms.value = terms_table(result, participant, errors) + unknown
        self.parameters.value = _parameters(result, participant, errors)
        self.forms.value = _forms(result.spice, participant)
        self.everyone.value = _everyone(result, result.spice)

    def _write(self, result: Result, participant: Hashable, errors: "Uncertainty | None") -> None:
        """Write the equations."""
        in_code = self.written.value == PYTHON
        self.sentence.layout.display = "none" if in_code else ""
        set_if_changed(self.code, code_block(code_of(result, participant)) if in_code else "")
        if not in_code:
            known = {} if self.is_hidden else _known(result, participant)
            self.sentence.show(sentences_of(result, participant, errors), known, self.written.value)

    @guard
    def _explain(self) -> None:
        """Show the details of the coefficient that was pressed."""
        result, key = self.runner.result, self.sentence.key
        if self.is_hidden or result is None or result.spice is None or key is None:
            return
        participant = self.participant.value
        costs = costs_of(result, participant)
        asked = self._dropped.get((id(result), participant, key))
        unknown = (costs is None or (key.module, key.term) not in costs.nats) and asked is None
        self.drop.layout.display = "" if unknown and key.module != BETA else "none"
        if self.written.value == PYTHON:
            set_if_changed(self.explained, "")
            return
        number = _known(result, participant)[key]
        set_if_changed(self.explained, explanation(result, participant, number, costs, asked))

    @guard
    def _drop(self) -> None:
        result, key = self.equations()[0], self.sentence.key
        if key is None:
            return
        worth = cost(result, self.participant.value, key.module, key.term)
        self._dropped[id(result), self.participant.value, key] = worth.nats, worth.n_choices
        self._explain()

    def _csv(self) -> File:
        result, spice = self.equations()
        rows = []
        for participant in spice.participants:
            truth = {} if result.truth is None else result.truth.of_participant(participant)
            for module, equation in spice.of_participant(participant).items():
                for term, value in zip(equation.terms, equation.values, strict=True):
                    true = f"{truth[module].coefficient(*term):.10g}" if module in truth else ""
                    rows.append([participant, module, " ".join(term) or "1", true, f"{value:.10g}"])
        return csv_file(
            "equations", pd.DataFrame(rows, columns=["participant", "module", "term", "true", "found"])
        )

    def _tex(self) -> File:
        latex = _latex(self.equations()[1], self.participant.value)
        return File("equations.tex", latex.encode(), "text/x-tex")


def terms_table(result: Result, participant: Hashable = None, errors: "Uncertainty | None" = None) -> str:
    """Discovered beside true coefficients of a participant.

    Args:
        result: of a run; there is no table where it has no equations.
        participant: the first when None.
        errors: standard errors, to be shown too.
    """
    spice = result.spice
    if spice is None:
        return ""
    participant = spice.participants[0] if participant is None else participant
    known = {} if errors is None else _errors(spice, participant, errors)
    if participant not in result.terms:
        rows = [
            [module, term, _coefficient(value, known.get((module, term)))]
            for module, equation in spice.of_participant(participant).items()
            for term, value in equation.coefficients.items()
        ]
        caption = "What was found. Nothing is known of the truth in this model"
        if not result.snapshot.is_simulated:
            is_own = result.snapshot.table.name == TABLE
            whose = "Nobody knows your equation" if is_own else "Who made these choices is not known"
            caption = f"What was found. {whose}"
        return _by_module(caption, ("module", "term", "found"), rows)
    rows = [
        [
            module,
            term,
            decimal(row["true"], sign="+") if row["true"] else "–",
            _coefficient(row["found"], known.get((module, term))),
            decimal(row["difference"], sign="+"),
        ]
        for (module, term), row in result.terms[participant].iterrows()
    ]
    caption = "Term by term" if len(spice.participants) == 1 else f"Term by term: participant {participant}"
    caption += ", ± standard error" if known else ""
    return _by_module(caption, ("module", "term", "true", "found", "difference"), rows)


def _coefficient(value: float, error: float | None) -> str:
    """Write a coefficient with its standard error; a term that is not in the equation has none."""
    return with_error(value, error, sign="+") if value else "dropped"


def _by_module(caption: str, names: Sequence[str], rows: Sequence[Sequence[str]]) -> Html:
    """Return a table whose first column is the module; where there is only one, the caption names it."""
    modules = {row[0] for row in rows}
    if len(modules) != 1:
        return table(caption, names, rows)
    return table(f"{caption}: {modules.pop()}", names[1:], [row[1:] for row in rows])


def _errors(
    spice: "SpiceModel", participant: Hashable, errors: "Uncertainty"
) -> Mapping[tuple[str, str], float]:
    """Return standard errors by module and the text of the term, as the table of terms has them."""
    known = {(f"beta({state})", "1"): error for state, error in errors.betas.items()}
    for module, equation in spice.of_participant(participant).items():
        texts = zip(equation.terms, equation.coefficients, strict=True)
        of_module = errors.coefficients.get(module, {})
        known |= {(module, text): of_module[term] for term, text in texts if term in of_module}
    return known


def _known(result: Result, participant: Hashable) -> Mapping[Key, IntervalRow]:
    """Return the details of each coefficient of the equations."""
    known = {}
    for one in numbers(result, None, participant):
        if one.module != PARAMETER:
            known[Key(one.module, (one.name,) if one.module == BETA else one.term)] = one
    return known


def _parameters(result: Result, participant: Hashable, errors: "Uncertainty | None") -> str:
    """Return the classical parameters that the equations stand for, true beside found."""
    classical = result.classical.get(participant, {})
    rows = [
        [
            PARAMETERS.get(name, name),
            decimal(found, 2),
            _ends(result, participant, name, errors),
            decimal(true, 2),
        ]
        for name, (true, found) in classical.items()
        if name != "alpha_penalty" or classical["alpha_reward"] != (true, found)  # one learning rate
    ]
    names = ("parameter", "found", f"{SHARE} interval", "true")
    return table("Read as a participant", names, rows) if rows else ""


def _ends(result: Result, participant: Hashable, name: str, errors: "Uncertainty | None") -> str:
    """Write the interval of a parameter, as People has it; by the delta method for a recorded run, which has
    no people. Empty where there is no error.
    """
    error = nan if errors is None else errors.parameters.get(name, nan)
    low, high = interval_of(result, participant, name)
    if low != low and result.people is None:
        low, high = parameter_interval(name, result.classical[participant][name][1], error)
    return between(low, high) if low == low else ""


def _forms(spice: "SpiceModel", participant: Hashable) -> Html:
    """Return the equations as mathematics, as text and as LaTeX; a click selects the whole of a text."""
    maths = Html("".join(equation.mathml() for equation in spice.of_participant(participant).values()))
    texts = {"as text": spice.text(participant), "as LaTeX": _latex(spice, participant)}
    details = [
        fold(f"{name} (a click selects all, to copy)", code_block(text)) for name, text in texts.items()
    ]
    return Html(region("Equations", maths) + "".join(details))


def _latex(spice: "SpiceModel", participant: Hashable) -> str:
    return " \\\\\n".join(equation.latex() for equation in spice.of_participant(participant).values())


def _everyone(result: Result, spice: "SpiceModel") -> str:
    """All participants side by side: found, and the truth below it; nothing where there is but one."""
    people = spice.participants
    if len(people) == 1:
        return ""
    first = spice.of_participant(people[0])
    columns = [(module, term) for module, equation in first.items() for term in equation.terms]
    rows = []
    for participant in people[:MOST]:
        for name, model in (("SPICE", spice), ("truth", result.truth)):
            if model is not None:
                equations = model.of_participant(participant)
                values = [equations[m].coefficient(*t) for m, t in columns]
                cells = [decimal(value, sign="+") if value else "–" for value in values]
                rows.append([f"{participant}, {name}", *cells])
    rest = f": the first {MOST} of {len(people)}; the csv file has all" if len(people) > MOST else ""
    return table(f"All participants{rest}", ["participant", *(_short(m, t) for m, t in columns)], rows)


def _short(module: str, term: "Term") -> str:
    name = module.removeprefix("x_").replace("_", " ")
    return f"{name}: {term_in_words(term, module)}"
