"""The equations: what was found, beside the truth."""

from html import escape
from typing import Any

import ipywidgets as widgets

from .base import control, guard, more
from .stage import Stage


class EquationPanel(Stage):
    """What was found, beside the truth; and how SINDy looks for it."""

    title = "6 · Equation"
    about = "SINDy finds the terms of each module's equation; their numbers are then tuned to the choices."

    def controls(self) -> list[Any]:
        """The discovery's settings, and the button that finds the equations again."""
        plan = self.experiment.discovery
        self.again = widgets.Button(description="Find again", tooltip="With these settings, without training")
        self.again.on_click(lambda _: self._find())
        rest = ("optimizer", "regularization", "refine", "n_trials_off_policy", "n_trials_same_action")
        first = [control(plan, name) for name in ("threshold", "degree")]
        return [self.again, *first, more([control(plan, name) for name in rest])]

    def stage(self) -> list[Any]:
        """The table of terms, and the equations as text and mathematics."""
        self.terms, self.words = widgets.HTML(), widgets.HTML()
        return [self.terms, self.words]

    def watch(self) -> None:
        """New results, and what is stale."""
        self.experiment.run.observe(self.refresh, "result_revision")
        self.experiment.observe(self.refresh, ["blocked", "stale_because"])

    @guard
    def _find(self) -> None:
        self.runner.refit()

    def draw(self) -> None:
        """Discovered beside true, term by term."""
        self.again.disabled = bool(self.experiment.blocked.get("refit"))
        self._say_stale("equation")
        result = self.runner.result
        if result is None or result.spice is None:
            self.terms.value = "<p>No equation yet: train first.</p>"
            self.words.value = ""
            return
        self.terms.value = "".join(_terms(who, frame) for who, frame in result.terms.items())
        equations = result.spice.of_participant().values()
        maths = "".join(equation.mathml() for equation in equations)
        latex = "\\n".join(equation.latex() for equation in equations)
        self.words.value = (
            f"{maths}<details><summary>as text</summary><pre>{escape(result.spice.text())}</pre></details>"
            f"<details><summary>as LaTeX</summary><pre>{escape(latex)}</pre></details>"
        )


def _terms(who: Any, frame: Any) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(module)}</code></td><td><code>{escape(term)}</code></td>"
        + "".join(f"<td>{row[name]:+.3f}</td>" for name in ("true", "found", "difference"))
        + "</tr>"
        for (module, term), row in frame.iterrows()
    )
    head = "".join(f"<th>{name}</th>" for name in ("module", "term", "true", "found", "difference"))
    return (
        f'<table class="sw-table"><caption>Participant {escape(str(who))}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )
