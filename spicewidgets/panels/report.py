"""The report: what one may claim of the equations, what could break it, and all of it as documents."""

from collections.abc import Mapping

import ipywidgets as widgets

from ..app.paper import Written
from ..markup import Html, escape_text, message, region
from .controls import control
from .files import File, Offer
from .studies import StudyPanel

NOTHING = (
    "<p>Nothing is written yet. Write the report compares the equations with all rivals on held-out choices,"
    " lets them play the task anew, and recovers what such a design can tell; that takes minutes.</p>"
)
SIGNS = {"holds": "✓", "fails": "✗", "open": "?", "undecided": "?", "not tested": "–"}


class ReportPanel(StudyPanel):
    """Claims with their tests, and the report to be saved."""

    groups = ("rivals",)

    def settings(self) -> list[widgets.Widget]:
        """Lay out what is held out."""
        held = [control(self.experiment.group("rivals"), name) for name in ("by", "n_folds", "pooled")]
        words = (
            "For many people, spicewidgets report FILE does the same in a terminal, and goes on where it was"
            " stopped."
        )
        return [*held, widgets.HTML(message(words, "help"))]

    def offers(self) -> Mapping[str, Offer]:
        """Name the documents."""
        return {
            "report as html": ("One file, to read and to print", lambda: self._file("report.html")),
            "card as html": ("The interpretation card alone", lambda: self._file("card.html")),
            "all as zip": ("HTML, Markdown, LaTeX, figures, tables and the script", self._zip),
        }

    def describe_nothing(self) -> str:
        """Say what will be there."""
        return NOTHING

    def show(self, found: Written) -> None:
        """Show the claims."""
        self.table.value = _card(found)

    def _file(self, name: str) -> File:
        return File(name, self.result().files[name], "text/html")

    def _zip(self) -> File:
        return File("report.zip", self.result().to_zip(), "application/zip")


def _card(found: Written) -> Html:
    """Return the claims as a table: what is said, what could break it, what came of it."""
    head = "".join(f'<th scope="col">{words}</th>' for words in ("", "Claim", "Test", "Outcome"))
    rows = "".join(
        f'<tr><td title="{claim.verdict}">{SIGNS[claim.verdict]} {claim.verdict}</td>'
        f'<th scope="row">{escape_text(claim.words)}</th><td>{escape_text(claim.test)}</td>'
        f"<td>{escape_text(claim.outcome)}</td></tr>"
        for claim in found.claims
    )
    return region(
        "Interpretation card",
        Html(
            '<table class="sw-card"><caption class="sw-sr">Claims, the tests that could break them, and what'
            f" came of these</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        ),
    )
