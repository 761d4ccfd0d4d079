"""The report of what is on the page: everything that a study has to show, found part by part.

Importing this loads no torch.
"""

import sys
from collections.abc import Generator
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from io import BytesIO
from typing import TYPE_CHECKING, Any, ClassVar
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from ..experiment.script import script_of
from ..loading import later
from .studies import PageStudy, schedule_of

if TYPE_CHECKING:
    from ..core.progress import Progress
    from ..experiment import estimators
    from ..paper import card, documents, inquiry
    from ..paper.findings import Findings
else:
    card = later("..paper.card", __package__)
    documents = later("..paper.documents", __package__)
    inquiry = later("..paper.inquiry", __package__)
    estimators = later("..experiment.estimators", __package__)

PACKAGES = ("spicewidgets", "numpy", "pandas", "scipy", "torch", "pysindy")
WHOLE = 100  # parts of the work


@dataclass(frozen=True, eq=False)
class Written:
    """The parts of a report that can be written so far.

    Attributes:
        findings: what has been found.
        is_whole: whether all parts of the work were done.
    """

    findings: "Findings"
    is_whole: bool

    @cached_property
    def files(self) -> dict[str, bytes]:
        """The documents by name; `report.html` needs no other. Takes a few seconds, once."""
        return documents.documents(self.findings)

    @cached_property
    def claims(self) -> "tuple[card.Claim, ...]":
        """The interpretation card: claims, what could break them, and what came of that."""
        return card.claims(self.findings)

    @property
    def summary(self) -> str:
        """The report in a few sentences."""
        return str(documents.summary(self.findings))

    def to_zip(self) -> bytes:
        """All documents as one file, the same bytes for the same findings."""
        content = BytesIO()
        with ZipFile(content, "w") as archive:
            for name, data in self.files.items():
                archive.writestr(ZipInfo(name), data, ZIP_DEFLATED)
        return content.getvalue()


class ReportStudy(PageStudy):
    """Held-out choices, falsification, recovery and stability, one after the other, for the model on the page
    and all rivals.
    """

    name: ClassVar = "report"
    noun: ClassVar = "parts of the work"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.total = WHOLE
        self._inquiry: inquiry.Inquiry | None = None
        self._looked: Any = None  # at these findings, whole or not

    def take(self, before: PageStudy) -> None:
        """As in every study; a report is found in one go."""

    def steps(self) -> "Generator[Progress, None, None]":
        """Part by part."""
        self._inquiry = self._make_inquiry()
        for progress in self._inquiry.run():
            self.done = round(WHOLE * progress.done / max(progress.total, 1))
            yield progress

    def describe(self) -> str:
        """As in every study."""
        return self.ended

    @property
    def ended(self) -> str:
        """As in every study."""
        if self.done == self.total:
            return "The report can be saved."
        if self.found is None:
            return "Stopped before anything could be told."
        return f"Stopped after {self.done} % of the work; the report says what it lacks."

    def look(self) -> None:
        """As in every study."""
        found = None if self._inquiry is None else self._inquiry.findings
        whole = self.done == self.total
        if found is not None and self._looked != (id(found), whole):
            self._looked, self.found = (id(found), whole), Written(found, whole)

    def _make_inquiry(self) -> "inquiry.Inquiry":
        """Return the study of the choices on the page."""
        snapshot, table = self.snapshot, self.snapshot.table
        held = snapshot.group("rivals")
        name = snapshot.model.name if snapshot.model.own is None else "your model"
        several = snapshot.n_participants > 1
        plan = inquiry.Plan(
            models={f"{name} (SPICE)": estimators.estimator_of(snapshot)},
            by=held.by,
            folds=held.n_folds,
            way="group" if several and held.pooled else "prior",
            repeats=snapshot.group("falsify").n_repeats,
            seed=held.seed,
            seed_of_play=snapshot.group("falsify").seed,
            settings=snapshot.studies,
        )
        title, source = f"Choices of {table.name}", f"The choices are those of the table {table.name}."
        if table.contents is None:
            title = "A simulated participant"
            source = "The choices are those of a simulated participant, whose settings are in the script."
        return inquiry.Inquiry(
            self.data.dataset if table.contents is None else table.contents.choices,
            plan,
            title=title,
            source=source,
            settings={"model": name, "by": held.by, "folds": str(held.n_folds), "seed": str(held.seed)},
            script=script_of(snapshot),
            versions={"python": sys.version.split()[0]} | {one: metadata.version(one) for one in PACKAGES},
            schedule=schedule_of(self.data),
        )
