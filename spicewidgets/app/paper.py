"""The report of what is on the page: everything that a study has to show, found part by part.

Importing this loads no torch.
"""

import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from importlib import metadata
from io import BytesIO
from typing import TYPE_CHECKING, Protocol
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from ..core.studies.report import ReportSettings
from ..experiment.script import script_of
from ..experiment.simulation import Simulated
from ..loading import later
from ..state.graph import ExperimentSnapshot

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from ..experiment import estimators
    from ..paper import card, documents, inquiry
    from ..paper.findings import Findings
else:
    pd = later("pandas")
    card = later("..paper.card", __package__)
    documents = later("..paper.documents", __package__)
    inquiry = later("..paper.inquiry", __package__)
    estimators = later("..experiment.estimators", __package__)

PACKAGES = ("spicewidgets", "numpy", "pandas", "scipy", "torch", "pysindy")


class ReportFiles(Protocol):
    """A report as it is shown and saved: a sentence, claims, and documents by name."""

    @property
    def sentence(self) -> str:
        """The report in a few sentences."""

    @property
    def claims(self) -> "tuple[card.Claim, ...]":
        """The interpretation card: claims, what could break them, and what came of that."""

    @property
    def files(self) -> Mapping[str, bytes]:
        """The documents by name."""


class _Saved:
    """The ways in which every report is saved."""

    @property
    def text(self: ReportFiles) -> str:
        """The sentence."""
        return self.sentence

    def to_frame(self: ReportFiles) -> "pd.DataFrame":
        """Return a row for each claim."""
        return pd.DataFrame(map(asdict, self.claims))

    def to_zip(self: ReportFiles) -> bytes:
        """All documents as one file, the same bytes for the same findings."""
        content = BytesIO()
        with ZipFile(content, "w") as archive:
            for name, data in self.files.items():
                archive.writestr(ZipInfo(name), data, ZIP_DEFLATED)
        return content.getvalue()

    def keep(self: ReportFiles) -> "KeptReport":
        """Return the same without findings."""
        return KeptReport(self.sentence, self.claims, self.files)


@dataclass(frozen=True, eq=False)
class KeptReport(_Saved):
    """A report whose findings are not there any more."""

    sentence: str
    claims: "tuple[card.Claim, ...]"
    files: Mapping[str, bytes]


@dataclass(frozen=True, eq=False)
class Written(_Saved):
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
    def sentence(self) -> str:
        """The report in a few sentences."""
        n = len(self.findings.held_out.models)
        lacks = (
            f" Not all of it is done: {n} models are compared so far, and claims without their test say so."
        )
        return f"{documents.summary(self.findings)}{'' if self.is_whole else lacks}"


def inquiry_of(
    snapshot: ExperimentSnapshot, data: Simulated, schedule: "ArrayLike | None", settings: ReportSettings
) -> "inquiry.Inquiry":
    """Return the inquiry into the choices on the page, with their model and all rivals.

    Args:
        snapshot: the settings.
        data: the choices.
        schedule: the task's reward probabilities; None of a table.
        settings: of the studies that it is of.
    """
    table = snapshot.table
    held, played = (settings.groups[name] for name in ("rivals", "falsify"))
    name = snapshot.model.name if snapshot.model.own is None else "your model"
    several = snapshot.n_participants > 1
    plan = inquiry.Plan(
        models={f"{name} (SPICE)": estimators.estimator_of(snapshot)},
        by=held.by,
        folds=held.n_folds,
        way="group" if several and held.pooled else "prior",
        repeats=played.n_repeats,
        ceiling=held.ceiling,
        dimensions=held.dimensions and several,
        seed=held.seed,
        seed_of_play=played.seed,
        settings=settings.groups,
    )
    title, source = f"Choices of {table.name}", f"The choices are those of the table {table.name}."
    if table.contents is None:
        title = "A simulated participant"
        source = "The choices are those of a simulated participant, whose settings are in the script."
    return inquiry.Inquiry(
        data.dataset if table.contents is None else table.contents.choices,
        plan,
        title=title,
        source=source,
        settings={"model": name, "by": held.by, "folds": str(held.n_folds), "seed": str(held.seed)},
        script=script_of(snapshot),
        versions={"python": sys.version.split()[0]} | {one: metadata.version(one) for one in PACKAGES},
        schedule=schedule,
    )
