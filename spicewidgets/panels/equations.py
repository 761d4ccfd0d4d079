"""The equations: what was found, beside the truth."""

from collections.abc import Sequence
from html import escape
from math import isfinite
from typing import Any

import ipywidgets as widgets

from .base import Files, decimal, field, grid, guard, offer, pressed, refuse
from .stage import Stage

SYMBOLS = {
    "alpha_reward": "learning rate α",
    "alpha_penalty": "α after no reward",
    "beta_reward": "inverse temperature β",
    "q0": "first value q₀",
    "forget_rate": "forgetting",
    "beta_choice": "choice kernel β",
    "alpha_choice": "choice kernel α",
}
AGAIN = "Find the equations again, without training"
MOST = 30  # participants in the table of all


class EquationPanel(Stage):
    """What was found, beside the truth, term by term and in the classical parameters."""

    title = "Equation"
    about = "Each module has become one equation. A term by term look at what was found, beside what is true."

    def controls(self) -> list[Any]:
        """Whose equation, and the button that finds them again."""
        self.again = pressed("Find again", AGAIN, self._find)
        self.who = field(widgets.Dropdown, "Participant", "Whose equations are shown", options=[("0", 0)])
        self.who.observe(self.refresh, "value")
        self.parameters = widgets.HTML()
        return [self.who, self.parameters, self.again]

    def stage(self) -> list[Any]:
        """The table of terms, the equations in all forms, and all participants."""
        self.terms, self.words, self.everyone = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.files = Files(
            {
                "table as csv": ("All terms of all participants", self._csv),
                "LaTeX as tex": ("The equations as LaTeX", self._tex),
            }
        )
        return [self.terms, self.words, self.files, self.everyone]

    def watch(self) -> None:
        """New results, and what is stale."""
        self.experiment.run.observe(self.refresh, "result_revision")
        self.experiment.observe(self.refresh, ["blocked", "stale_because"])
        self.layout.observe(self.refresh, "display")  # errors are reckoned only where they are seen

    @guard
    def _find(self) -> None:
        self.runner.refit()

    def draw(self) -> None:
        """Discovered beside true, for one participant; then all of them."""
        refuse(self.again, self.experiment.blocked.get("refit", ""), AGAIN)
        self._say_stale("equation")
        result = self.runner.result
        found = None if result is None else result.spice
        self.files.layout.display = "none" if found is None else ""
        if result is None or found is None:
            self.terms.value = "<p>No equation yet: train first.</p>"
            self.words.value = self.everyone.value = self.parameters.value = ""
            return
        who = offer(self.who, found.participants)
        sure = result.uncertainty.get(who) if self.layout.display != "none" else None
        self.terms.value = terms_table(result, who, sure) + _untold(sure)
        self.parameters.value = _parameters(result, who, sure)
        self.words.value = _forms(found, who)
        self.everyone.value = _everyone(result)

    def _csv(self) -> tuple[str, bytes, str]:
        rows = ["participant,module,term,true,found"]
        result = self.runner.result
        for who in result.spice.participants:
            truth = {} if result.truth is None else result.truth.of_participant(who)
            for module, equation in result.spice.of_participant(who).items():
                for term, value in zip(equation.terms, equation.values, strict=True):
                    true = f"{truth[module].coefficient(*term):.10g}" if module in truth else ""
                    rows.append(f"{who},{module},{' '.join(term) or '1'},{true},{value:.10g}")
        return "equations.csv", "\n".join([*rows, ""]).encode(), "text/csv"

    def _tex(self) -> tuple[str, bytes, str]:
        return "equations.tex", _latex(self.runner.result.spice, self.who.value).encode(), "text/x-tex"


def terms_table(result: Any, who: Any = None, sure: Any = None) -> str:
    """Discovered beside true coefficients of a participant (the first when None), as an HTML table; with the
    standard errors of `sure`, where they are given.
    """
    found = result.spice
    if found is None:
        return ""
    who = found.participants[0] if who is None else who
    errors = {} if sure is None else _errors(found, who, sure)
    if who not in result.terms:
        told = "What was found. Nothing is known of the truth in this model"
        return _by_module(told, ("module", "term", "found"), _alone(found, who, errors))
    rows = [
        [
            module,
            term,
            decimal(row["true"], sign="+"),
            within(row["found"], errors.get((module, term)), sign="+"),
            decimal(row["difference"], sign="+"),
        ]
        for (module, term), row in result.terms[who].iterrows()
    ]
    caption = "Term by term" if len(found.participants) == 1 else f"Term by term: participant {who}"
    caption += ", ± standard error" if errors else ""
    return _by_module(caption, ("module", "term", "true", "found", "difference"), rows)


def _by_module(caption: str, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A table whose first column is the module; where there is only one, the caption names it."""
    modules = {row[0] for row in rows}
    if len(modules) != 1:
        return grid(caption, names, rows)
    return grid(f"{caption}: {modules.pop()}", names[1:], [row[1:] for row in rows])


def within(value: float, error: float | None, digits: int = 3, sign: str = "") -> str:
    """A number with its standard error, where there is one: "0.682 ± 0.011"."""
    if error is None or error != error:
        return decimal(value, digits, sign)
    return f"{decimal(value, digits, sign)} ± {decimal(error, digits) if isfinite(error) else 'any'}"


def _errors(found: Any, who: Any, sure: Any) -> dict[tuple[str, str], float]:
    """Standard errors by module and the text of the term, as the table of terms has them."""
    told = {(f"beta({state})", "1"): error for state, error in sure.betas.items()}
    for module, equation in found.of_participant(who).items():
        texts = zip(equation.terms, equation.coefficients, strict=True)
        errors = sure.coefficients.get(module, {})
        told |= {(module, text): errors[term] for term, text in texts if term in errors}
    return told


def _untold(sure: Any) -> str:
    """What the choices cannot tell, in sentences."""
    told = " ".join(sure.untold) if sure is not None else ""
    return f'<div class="sw-note">{escape(told)}</div>' if told else ""


def _alone(found: Any, who: Any, errors: Any) -> list[list[str]]:
    """Module, term and coefficient of a participant's equations."""
    return [
        [module, term, within(value, errors.get((module, term)), sign="+")]
        for module, equation in found.of_participant(who).items()
        for term, value in equation.coefficients.items()
    ]


def _parameters(result: Any, who: Any, sure: Any) -> str:
    """The classical parameters that the equations stand for, true beside found."""
    told = result.classical.get(who, {})
    errors = {} if sure is None else sure.parameters
    rows = [
        [SYMBOLS.get(name, name), decimal(true, 2), within(found, errors.get(name), 2)]
        for name, (true, found) in told.items()
    ]
    return grid("Read as a Q-learner", ("parameter", "true", "found"), rows) if rows else ""


def _forms(found: Any, who: Any) -> str:
    """The equations as mathematics, as text and as LaTeX; a click selects the whole of a text."""
    maths = "".join(equation.mathml() for equation in found.of_participant(who).values())
    texts = {"as text": found.text(who), "as LaTeX": _latex(found, who)}
    folded = "".join(
        f"<details><summary>{name} (a click selects all, to copy)</summary>"
        f'<pre tabindex="0">{escape(text)}</pre></details>'
        for name, text in texts.items()
    )
    return f'<div class="sw-scroll" tabindex="0" role="region" aria-label="Equations">{maths}</div>{folded}'


def _latex(found: Any, who: Any) -> str:
    return " \\\\\n".join(equation.latex() for equation in found.of_participant(who).values())


def _everyone(result: Any) -> str:
    """All participants side by side: found, and the truth below it."""
    people = result.spice.participants
    if len(people) == 1:
        return ""
    first = result.spice.of_participant(people[0])
    columns = [(module, term) for module, equation in first.items() for term in equation.terms]
    rows = []
    for who in people[:MOST]:
        for name, model in (("SPICE", result.spice), ("truth", result.truth)):
            if model is not None:
                equations = model.of_participant(who)
                cells = [decimal(equations[m].coefficient(*t), sign="+") for m, t in columns]
                rows.append([f"{who}, {name}", *cells])
    rest = f": the first {MOST} of {len(people)}; the csv file has all" if len(people) > MOST else ""
    return grid(f"All participants{rest}", ["participant", *(_short(m, t) for m, t in columns)], rows)


def _short(module: str, term: tuple[str, ...]) -> str:
    name = module.removeprefix("x_").replace("_", " ")
    factors = " × ".join("own value" if part == module else part for part in term) or "constant"
    return f"{name}: {factors}"
