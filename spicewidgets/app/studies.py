"""What takes long and is done in parts, of which each is kept.

A study is made for settings and yields how far it is. What it has found so far can be shown at any time, and
one of the same settings goes on where another was stopped. Importing this loads no torch.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..core.studies.study import OWN, Source, Study
from ..experiment.simulation import Simulated
from ..loading import later
from ..state.experiment import STUDIES, ExperimentSnapshot
from ..state.studies import LABELS

if TYPE_CHECKING:
    from ..core.estimator import SpiceEstimator
    from ..core.progress import Progress
    from ..experiment import estimators
else:
    estimators = later("..experiment.estimators", __package__)

Trained = Callable[[], "SpiceEstimator"]


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
    noun: ClassVar[str] = "data sets"  # its parts

    def __init__(self, snapshot: ExperimentSnapshot, data: Simulated, trained: Trained) -> None:
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

    def describe(self) -> str:
        """Return what was found, in a sentence."""
        return str(self.found.sentence)

    @property
    def outcome(self) -> str:
        """The result, in a sentence."""
        return self.ended if self.found is None else self.describe()

    @property
    def ended(self) -> str:
        """Its state, once nothing of it is under way."""
        if self.total and self.done == self.total:
            return f"Done: {self.total:,} {self.noun}."
        if not self.done:
            return "Stopped before anything was done."
        kept = f"{self.done:,} of {self.total:,} {self.noun}"
        return f"Stopped after {kept}; these were kept. Press again to go on."


class DeclaredStudy(PageStudy):
    """A study that `core/studies/ready.py` declares, of the choices on the page."""

    declared: ClassVar[type[Study]]

    @staticmethod
    def of(declared: type[Study]) -> type[PageStudy]:
        """Return the class for a study of the core."""
        own: dict[str, Any] = {"name": declared.name, "noun": declared.noun, "declared": declared}
        kind: type[PageStudy] = type(declared.__name__, (DeclaredStudy,), own)
        return kind

    def __init__(self, snapshot: ExperimentSnapshot, data: Simulated, trained: Trained) -> None:
        super().__init__(snapshot, data, trained)
        equations, network = OWN
        agents = {equations: lambda: trained().spice_agent, network: lambda: trained().rnn_agent}
        source = Source(
            data.dataset,
            None if snapshot.table.contents is None else snapshot.table.contents.choices,
            schedule_of(data),
            agents if self.declared.asks_equations else {},
            {OWN[0]: lambda: estimators.estimator_of(snapshot)},
            LABELS,
        )
        self.study = self.declared(snapshot.group(self.name), source)
        self.total = len(self.study.names)

    def take(self, before: PageStudy) -> None:
        """As in every study."""
        others = [group for group in STUDIES[self.name].groups if group != self.name]
        if isinstance(before, DeclaredStudy) and not self.snapshot.differs(before.snapshot, tuple(others)):
            self.study.take(before.study)

    def steps(self) -> "Generator[Progress, None, None]":
        """Do what is left, part by part."""
        yield from self.study.steps()
        self.done = len(self.study.parts)

    def look(self) -> None:
        """As in every study."""
        self.done = len(self.study.parts)
        if self.done:
            self.found = self.study.result()


def schedule_of(data: Simulated) -> NDArray[np.float64] | None:
    """Return the task's reward probabilities, `(n_sessions, n_trials, n_actions)`; None of a table."""
    if data.agent is None:
        return None
    return np.stack([np.asarray(session.reward_probs, dtype=float) for session in data.sessions])
