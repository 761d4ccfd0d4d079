"""What takes long and is done in parts, of which each is kept: rivals, recovery, falsification.

A study is made for settings and yields how far it is. What it has found so far can be shown at any time, and
one of the same settings goes on where another was stopped. Importing this loads no torch.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, ClassVar

from ..experiment.simulation import Simulated
from ..state.experiment import ExperimentSnapshot

if TYPE_CHECKING:
    from ..core.estimator import SpiceEstimator
    from ..core.progress import Progress


class PageStudy(ABC):
    """One study.

    Args:
        snapshot: the settings.
        data: the choices.
        trained: gives the estimator of the last result.

    Attributes:
        name: as in `experiment.STUDIES`.
        found: what it has found, for the panel; None before anything. It is replaced, never changed.
        done, total: parts of it; total is 0 while that is not known.
    """

    name: ClassVar[str]

    def __init__(
        self, snapshot: ExperimentSnapshot, data: Simulated, trained: "Callable[[], SpiceEstimator]"
    ) -> None:
        self.snapshot, self.data, self.trained = snapshot, data, trained
        self.found: Any = None
        self.done, self.total = 0, 0

    @abstractmethod
    def take(self, before: "PageStudy") -> None:
        """Take over what an earlier study of the same kind has done, as far as it is of the same settings."""

    @abstractmethod
    def steps(self) -> "Generator[Progress, None, None]":
        """Do what is left, part by part."""

    @abstractmethod
    def look(self) -> None:
        """Make `found` of what is there."""

    @property
    @abstractmethod
    def noun(self) -> str:
        """The plural of a part."""

    @property
    def outcome(self) -> str:
        """The result, in a sentence."""
        return self.ended

    @property
    def ended(self) -> str:
        """Its state, once nothing of it is under way."""
        if self.total and self.done == self.total:
            return f"Done: {self.total:,} {self.noun}."
        if not self.done:
            return "Stopped before anything was done."
        kept = f"{self.done:,} of {self.total:,} {self.noun}"
        return f"Stopped after {kept}; these were kept. Press again to go on."
