"""The study of uncertainty: equations are found again in sessions that are drawn anew.

Importing this loads nothing heavy.
"""

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar

from ...loading import later
from ..progress import Progress
from ..settings import HIGHEST_SEED, LEVEL, Settings, setting
from .source import OWN, Source
from .study import Study

if TYPE_CHECKING:
    from ..discover import resampled, resampling
else:
    resampled = later("..discover.resampled", __package__)
    resampling = later("..discover.resampling", __package__)


@dataclass(frozen=True)
class Resampling(Settings):
    """Resampled sessions, and how wide an interval is drawn."""

    n_resamples: int = setting(
        200,
        "How often the sessions are drawn anew, and the equations found in them.",
        unit="resamples",
        low=2,
        high=5000,
        label="Resamples",
        slider=(10, 1000, 10),
    )
    seed: int = setting(
        0,
        "Seed of the resamples: the same seed gives the same ones.",
        low=0,
        high=HIGHEST_SEED,
        label="Seed of the resamples",
        slider=(0, 999, 1),
    )
    level: float = setting(
        LEVEL,
        "Share of the resamples that an interval holds.",
        low=0.5,
        high=0.99,
        label="Interval",
        slider=(0.5, 0.99, 0.01),
        compare=False,
    )


class ResamplingStudy(Study):
    """Resample after resample of the sessions that the last equations were found in."""

    name = "uncertainty"
    title = "Uncertainty: how sure are these coefficients?"
    about = (
        "Other sessions of the same participant would give another equation. Resampling draws the sessions"
        " anew and finds the equation again in each draw: network, terms and coefficients."
    )
    word = "Resample"
    tip = "Draw the sessions anew, again and again, and find the equations in each"
    noun = "resamples"
    has_command = False
    is_further = False
    is_of_result = True
    asks_equations = True
    without_dropout = (
        "Resamples are fitted without dropout, which the network was trained with. Train without."
    )
    settings_class: ClassVar = Resampling

    def __init__(self, settings: Settings, source: Source) -> None:
        super().__init__(settings, source)
        self._of: tuple[Any, Any] = None, None  # the equations whose sessions are resampled, and their model

    @property
    def names(self) -> Sequence[Any]:
        """Numbers of the resamples."""
        return range(self.settings.n_resamples)

    @property
    def has_result(self) -> bool:
        """Tells whether there are two or more: one alone has no spread."""
        return len(self.parts) > 1

    def take(self, before: Study) -> None:
        """Take nothing over: resamples are of the equations that there are when they are drawn."""

    def steps(self) -> Generator[Progress, None, None]:
        """Find the equations of one resample after the other."""
        n, began = self.settings.n_resamples, monotonic()
        assert self.source.estimator is not None
        estimator = self.source.estimator()
        self._of = estimator.spice_model_, estimator.rnn_model_
        steps: Any = resampling.resamples(estimator, n, random_state=self.settings.seed)
        with closing(steps) as drawn:
            for at, equations in enumerate(drawn, 1):
                self.parts[at - 1] = equations
                yield Progress(at, n, f"Resample {at} of {n}", monotonic() - began)

    def result(self) -> Any:
        """Return the equations, and those of the resamples."""
        found, model = self._of
        return resampled.Resampled(found, tuple(self.parts.values()), model)

    def to_data(self) -> Any:
        """Return the equations, and those of the resamples."""
        return {"found": self._of[0], "parts": self.parts}

    def take_data(self, data: Any) -> None:
        """As in every study."""
        self._of = data["found"], self.source.untrained[OWN[0]]().rnn_class
        super().take_data(data["parts"])

    def describe(self) -> str:
        """Count the resamples."""
        return f"Found the equations of {len(self.parts)} resamples."

    @property
    def end_state(self) -> str:
        """Its state, once nothing of it is under way."""
        done, total = len(self.parts), len(self.names)
        if done == total:
            return self.describe()
        if not self.has_result:
            return "Stopped before there were two resamples to compare."
        return f"Stopped after {done} of {total} resamples; these were kept."

    @property
    def settings_done(self) -> Settings:
        """The settings of what was done, where it was stopped."""
        done: Settings = replace(self.settings, n_resamples=len(self.parts))
        return done

    @classmethod
    def describe_obstacle(cls, settings: Any, people: int, sessions: int) -> str:
        """Say why the sessions cannot be drawn anew."""
        if sessions >= 2 * people:
            return ""
        return (
            "Resampling draws sessions anew, so that each participant needs two or more; there are"
            f" {sessions} sessions of {people}. Train on more sessions."
        )
