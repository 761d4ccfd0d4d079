"""Search: the path from a plain learner to an equation to which nothing is worth adding."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import ipywidgets as widgets
import numpy as np

from ..markup import Html, code_block, fold, table
from ..plots.series import ticks
from ..plots.small import INK, Axis, Line, chart
from .files import File, Offer
from .studies import StudyPanel
from .words import decimal

if TYPE_CHECKING:
    from ..core.search.result import SearchResult
    from ..core.search.search import PathStep

NOTHING = (
    "<p>Nothing was searched yet. The search begins with a Rescorla-Wagner learner, scores thousands of"
    " signals of what happened before each choice, and adds what is worth its penalty.</p>"
)
FOUND = "found.json"
SCRIPT = f"""from spicewidgets import FoundModel, fit_rival, held_out, read_choices

model = FoundModel.load("{FOUND}")  # saved by "as a model", or by spicewidgets search
print(model.to_frame())
choices = read_choices("choices.csv").dataset
print(fit_rival(model.rival, choices).to_frame())  # the same terms, fitted anew
print(held_out(choices, [model.rival, "rescorla-wagner"], n_folds=2).to_frame())
agent = model.fitted.agent  # plays any task of as many options
"""
ROOM = 0.08  # of a picture, above and below


class SearchPanel(StudyPanel):
    """What was added and what it brought, the equation, and what was tried in vain."""

    def body_parts(self) -> list[widgets.Widget]:
        """Lay out the path, its steps, the equation, and the rest."""
        self.path, self.steps, self.equation, self.rest = (widgets.HTML() for _ in range(4))
        return [self.path, self.steps, self.equation, self.rest]

    def describe_nothing(self) -> str:
        """Say what will be there."""
        return NOTHING

    def offers(self) -> Mapping[str, Offer]:
        """Name what can be saved."""
        return {
            **super().offers(),
            "as text": ("Path and equation as the command prints them", self._text),
            "as a model": ("The equation with everybody's parameters, for Python", self._model),
            "as a script": ("How to fit it to other choices, and let it play", lambda: code_block(SCRIPT)),
        }

    def show(self, found: "SearchResult") -> None:
        """Show the path below its answer."""
        taken = found.taken
        vain = [step for step in found.path if step not in taken]
        self.path.value = draw_path(found) if taken else ""
        self.steps.value = list_steps("Steps", taken) if taken else ""
        self.equation.value = code_block(found.equation) if found.equation else ""
        self.rest.value = fold(
            f"Tried in vain: {len(vain)}", list_steps("Tried in vain", vain) if vain else ""
        )

    def _text(self) -> File:
        return File("search.txt", f"{self.result().text}\n".encode(), "text/plain")

    def _model(self) -> File:
        model = self.result().model
        if model is None:
            raise ValueError("The search is not over yet. Go on with it first.")
        with TemporaryDirectory() as folder:
            path = Path(folder) / FOUND
            model.save(path)
            return File(FOUND, path.read_bytes(), "application/json")


def draw_path(found: "SearchResult") -> Html:
    """Draw how likely choices are that were in no score and no fit, step by step."""
    values = np.array([found.first, *(step.likelihood for step in found.taken)])
    room = ROOM * float(np.ptp(values)) or 0.01
    low, high = float(values.min()) - room, float(values.max()) + room
    n = len(values) - 1
    every = max(1, n // 8)
    return chart(
        "Likelihood after each step",
        Axis(-0.3, n + 0.3, {float(at): str(at) for at in range(0, n + 1, every)}),
        Axis(low, high, ticks(low, high, n=4)),
        [Line(np.arange(n + 1), values, INK)],
        note="of a choice that was in no score and no fit",
        x_title="step",
        words=f"It goes from {values[0]:.4f} to {values[-1]:.4f} in {n} steps.",
    )


def list_steps(caption: str, steps: "Sequence[PathStep]") -> Html:
    """List steps with what each brought, and what it had to bring."""
    rows = [
        (
            f"{step.action}: {step.term.words}",
            decimal(step.nats, 1),
            decimal(step.penalty, 1),
            decimal(step.apart, 1),
            decimal(step.likelihood, 4),
        )
        for step in steps
    ]
    return table(caption, ["Step", "Nats", "Penalty", "Nats, choices apart", "Likelihood"], rows)
