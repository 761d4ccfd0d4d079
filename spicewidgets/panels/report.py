"""The report: what one may claim of the equations, what could break it, and all of it as documents."""

import ipywidgets as widgets

from ..app.paper import Written
from ..markup import Html, escape_text, message, region
from .base import column, set_if_changed
from .controls import control
from .files import File, Files
from .stage import Stage
from .studies import StudyBox

NOTHING = (
    "<p>Nothing is written yet. Write the report compares the equations with all rivals on held-out choices,"
    " lets them play the task anew, and recovers what such a design can tell; that takes minutes.</p>"
)
SIGNS = {"holds": "✓", "fails": "✗", "open": "?", "undecided": "?", "not tested": "–"}


class ReportPanel(Stage):
    """Claims with their tests, and the report to be saved."""

    title = "Report: what may be claimed?"
    about = (
        "Methods and results of the choices on the page, with every number from the run: the claims that one"
        " may want to make, the tests that could break them, the simplest rival, and what was checked."
    )
    groups = ("rivals",)

    def controls(self) -> list[widgets.Widget]:
        """Lay out the buttons, and what is held out."""
        words = "Do all that a report needs; it can be stopped"
        self.study = StudyBox(self.experiment, self.runner, "report", "Write the report", words)
        settings = [control(self.experiment.group("rivals"), name) for name in ("by", "n_folds", "pooled")]
        help_text = message(
            "For many people, spicewidgets report FILE does the same in a terminal, and goes on where it was"
            " stopped.",
            "help",
        )
        return [self.study, *settings, widgets.HTML(help_text)]

    def stage(self) -> list[widgets.Widget]:
        """Lay out the summary, the card, and the documents."""
        self.words, self.card = widgets.HTML(NOTHING), widgets.HTML()
        self.files = Files(
            {
                "report as html": ("One file, to read and to print", lambda: self._file("report.html")),
                "card as html": ("The interpretation card alone", lambda: self._file("card.html")),
                "all as zip": ("HTML, Markdown, LaTeX, figures, tables and the script", self._zip),
            }
        )
        self.body = column(self.card, self.files)
        return [self.words, self.body]

    def watch(self) -> None:
        """Observe what has been found, and whether the panel is seen."""
        self.experiment.run.observe(self.refresh, "studied_revision")
        self.experiment.observe(self.refresh, "stale_because")
        self.layout.observe(self.refresh, "display")

    @property
    def found(self) -> Written | None:
        """The parts that can be written; None before."""
        study = self.runner.studies.get("report")
        return None if study is None else study.found

    def draw(self) -> None:
        """Show the summary and the claims."""
        if self.is_hidden:
            return
        self.show_stale("report")
        found = self.found
        self.body.layout.display = "none" if found is None else ""
        if found is None:
            set_if_changed(self.words, NOTHING)
            return
        lacks = "" if found.is_whole else " Not all of it is done: claims without their test say so."
        set_if_changed(self.words, Html(f"<p>{escape_text(found.summary)}{lacks}</p>"))
        set_if_changed(self.card, _card(found))

    def _written(self) -> Written:
        if self.found is None:
            raise ValueError("There is no report yet. Press Write the report first.")
        return self.found

    def _file(self, name: str) -> File:
        return File(name, self._written().files[name], "text/html")

    def _zip(self) -> File:
        return File("report.zip", self._written().to_zip(), "application/zip")


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
