"""The equations: what was found, beside the truth."""

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING

import ipywidgets as widgets
import pandas as pd

from ..core.equations import term_in_words
from ..lab.result import Result
from ..lab.words import PARAMETERS
from ..markup import Html, code_block, folded, message, region, table
from .base import block, button, guard
from .files import File, Files, csv_file
from .stage import PersonChoice, Stage
from .words import NO_EQUATION, decimal, with_error

if TYPE_CHECKING:
    from ..core.discover.uncertainty import Uncertainty
    from ..core.equations import SpiceModel, Term

AGAIN = "Find the equations again, without training"
MOST = 30  # participants in the table of all


class EquationPanel(Stage):
    """What was found, beside the truth, term by term and in the classical parameters."""

    title = "Equation"
    about = "Each module has become one equation. A term by term look at what was found, beside what is true."

    def controls(self) -> list[widgets.Widget]:
        """Whose equation, and the button that finds them again."""
        self.again = button("Find again", AGAIN, self._find)
        self.participant = PersonChoice(
            self.experiment, self.runner, "Whose equations are shown", self.refresh
        )
        self.parameters = widgets.HTML()
        return [self.participant, self.parameters, self.again]

    def stage(self) -> list[widgets.Widget]:
        """The table of terms, the equations in all forms, and all participants."""
        self.terms, self.forms, self.everyone = (widgets.HTML() for _ in range(3))
        self.files = Files(
            {
                "table as csv": ("All terms of all participants", self._csv),
                "LaTeX as tex": ("The equations as LaTeX", self._tex),
            }
        )
        return [self.terms, self.forms, self.files, self.everyone]

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
        self.show_stale("equation")
        result = self.runner.result
        if result is None or result.spice is None:
            self.files.layout.display = "none"
            self.terms.value = NO_EQUATION
            self.forms.value = self.everyone.value = self.parameters.value = ""
            return
        self.files.layout.display = ""
        participant = self.participant.offer(result.spice.participants)
        errors = None if self.is_hidden else result.uncertainty.get(participant)
        unknown = message(" ".join(errors.untold) if errors is not None else "")
        self.terms.value = terms_table(result, participant, errors) + unknown
        self.parameters.value = _parameters(result, participant, errors)
        self.forms.value = _forms(result.spice, participant)
        self.everyone.value = _everyone(result, result.spice)

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
            [module, term, with_error(value, known.get((module, term)), sign="+")]
            for module, equation in spice.of_participant(participant).items()
            for term, value in equation.coefficients.items()
        ]
        caption = "What was found. Nothing is known of the truth in this model"
        if not result.snapshot.is_simulated:
            caption = "What was found. Who made these choices is not known"
        return _by_module(caption, ("module", "term", "found"), rows)
    rows = [
        [
            module,
            term,
            decimal(row["true"], sign="+"),
            with_error(row["found"], known.get((module, term)), sign="+"),
            decimal(row["difference"], sign="+"),
        ]
        for (module, term), row in result.terms[participant].iterrows()
    ]
    caption = "Term by term" if len(spice.participants) == 1 else f"Term by term: participant {participant}"
    caption += ", ± standard error" if known else ""
    return _by_module(caption, ("module", "term", "true", "found", "difference"), rows)


def _by_module(caption: str, names: Sequence[str], rows: Sequence[Sequence[str]]) -> Html:
    """A table whose first column is the module; where there is only one, the caption names it."""
    modules = {row[0] for row in rows}
    if len(modules) != 1:
        return table(caption, names, rows)
    return table(f"{caption}: {modules.pop()}", names[1:], [row[1:] for row in rows])


def _errors(
    spice: "SpiceModel", participant: Hashable, errors: "Uncertainty"
) -> Mapping[tuple[str, str], float]:
    """Standard errors by module and the text of the term, as the table of terms has them."""
    known = {(f"beta({state})", "1"): error for state, error in errors.betas.items()}
    for module, equation in spice.of_participant(participant).items():
        texts = zip(equation.terms, equation.coefficients, strict=True)
        of_module = errors.coefficients.get(module, {})
        known |= {(module, text): of_module[term] for term, text in texts if term in of_module}
    return known


def _parameters(result: Result, participant: Hashable, errors: "Uncertainty | None") -> str:
    """The classical parameters that the equations stand for, true beside found."""
    known = {} if errors is None else errors.parameters
    rows = [
        [PARAMETERS.get(name, name), decimal(true, 2), with_error(found, known.get(name), 2)]
        for name, (true, found) in result.classical.get(participant, {}).items()
    ]
    return table("Read as a Q-learner", ("parameter", "true", "found"), rows) if rows else ""


def _forms(spice: "SpiceModel", participant: Hashable) -> Html:
    """The equations as mathematics, as text and as LaTeX; a click selects the whole of a text."""
    maths = Html("".join(equation.mathml() for equation in spice.of_participant(participant).values()))
    texts = {"as text": spice.text(participant), "as LaTeX": _latex(spice, participant)}
    details = [
        folded(f"{name} (a click selects all, to copy)", code_block(text)) for name, text in texts.items()
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
                cells = [decimal(equations[m].coefficient(*t), sign="+") for m, t in columns]
                rows.append([f"{participant}, {name}", *cells])
    rest = f": the first {MOST} of {len(people)}; the csv file has all" if len(people) > MOST else ""
    return table(f"All participants{rest}", ["participant", *(_short(m, t) for m, t in columns)], rows)


def _short(module: str, term: "Term") -> str:
    name = module.removeprefix("x_").replace("_", " ")
    return f"{name}: {term_in_words(term, module)}"
