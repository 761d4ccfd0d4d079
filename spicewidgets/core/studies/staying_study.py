"""The study of staying: is a first choice of a two-step task made again, and by what it led to?

Importing this loads nothing heavy.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ...loading import later
from ..progress import Progress
from ..settings import LEVEL, Settings, setting
from ..tasks import TWO_STEP
from .study import Study

if TYPE_CHECKING:
    import pandas as pd

    from ..judge import staying
    from ..judge.staying import Staying
else:
    staying = later("..judge.staying", __package__)


@dataclass(frozen=True)
class StayingSettings(Settings):
    """How sure the intervals are."""

    level: float = setting(LEVEL, "Probability with which an interval over people holds.", above=0, below=1)


@dataclass(frozen=True, eq=False)
class StayingResult:
    """How often people stay.

    Attributes:
        staying: in each cell.
        level: of the intervals, 0 to 1.
    """

    staying: "Staying"
    level: float

    @property
    def sentence(self) -> str:
        """The answer."""
        p = dict(zip(staying.CELLS, self.staying.bars(self.level)["p_stay"], strict=True))
        common, rare = (
            f"{p[which, True]:.1%} with a reward and {p[which, False]:.1%}" for which in (True, False)
        )
        together, half = self.staying.interaction(self.level)
        return (
            f"After a common transition {len(self.staying.people)} people stay in {common} without one,"
            f" after a rare one in {rare} without. What a reward adds after a common one, less what it adds"
            f" after a rare one, is {together:.3f} ({together - half:.3f} to {together + half:.3f}); it is 0"
            " without a plan."
        )

    @property
    def text(self) -> str:
        """The answer, the bars, and the coefficients of people in a few words."""
        table = self.staying.regression()
        named = list(staying.WEIGHTS)
        unknown = int(table[named[0]].isna().sum())
        summary = table[named].describe().loc[["mean", "std", "25%", "50%", "75%"]]
        blocks = [
            self.sentence,
            self.staying.bars(self.level).to_string(index=False, float_format="{:.3f}".format),
            f"Regression of staying, person by person ({len(table) - unknown} people; of {unknown} the"
            " coefficients are not identified):",
            summary.to_string(float_format="{:.3f}".format),
        ]
        return "\n\n".join(blocks)

    def to_frame(self) -> "pd.DataFrame":
        """Return a row for each person: coefficients, standard errors, and the number of trials."""
        return self.staying.regression()


class StayingStudy(Study):
    """All people at once, which is quick."""

    name = "staying"
    title = "Staying: is a first choice made again, by what it led to?"
    about = (
        "Staying is regressed on the last outcome, the last transition and their product, person by person."
        " A product is what planning leaves behind, an outcome alone is what habit leaves."
    )
    word = "Regress"
    tip = "Regress staying on outcome and transition"
    noun = "parts"
    tasks = (TWO_STEP.name,)
    settings_class: ClassVar = StayingSettings

    @property
    def names(self) -> Sequence[str]:
        """One part."""
        return ("all people",)

    def work(self, part: str) -> "Generator[Progress, None, Staying]":
        """Count trials."""
        yield Progress(0, 1, f"Counting trials of {part}", 0.0)
        return staying.Staying.of(self.source.dataset)

    def result(self) -> StayingResult:
        """Return how often people stay."""
        return StayingResult(self.finished[0], self.settings.level)

    def tables(self) -> "dict[str, pd.DataFrame]":
        """Return the coefficients of people, and the four bars."""
        result = self.result()
        return {"staying": result.to_frame(), "bars": result.staying.bars(result.level)}
