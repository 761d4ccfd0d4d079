"""The choices that a study is of, what is known of them, and the design that data sets are simulated in.

Importing this loads nothing heavy.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...loading import later
from ..settings import Participant, Task

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike

    from ..data.choices import Choices
    from ..data.dataset import DatasetRNN
    from ..estimator import SpiceEstimator
    from ..simulate.agents import Agent
    from ..simulate.record import Floats
else:
    np = later("numpy")

OWN = ("SPICE", "RNN")  # what equations and network that are trained on the page are called


@dataclass(frozen=True, eq=False)
class Simulation:
    """The design that data sets are simulated in, and the participant, in studies of recovery.

    Attributes:
        people: how many there are.
        sessions: of each person; a mean.
        trials: of each session; a mean.
        task: its settings; None where rewards are drawn from those that the choices show.
        is_exact: whether a data set is just as large; else it has ten people at most, and its sessions are
            drawn from those of the choices.
        participant, model, options: whose equations are found, with which ready model, and further options of
            its estimator.
        sizes: numbers of sessions for which they are found; a ladder of sizes when empty.
    """

    people: int
    sessions: float
    trials: float
    task: Task | None = None
    is_exact: bool = False
    participant: Participant = field(default_factory=Participant)
    model: str = "rescorla-wagner"
    options: Mapping[str, Any] = field(default_factory=dict)
    sizes: tuple[int, ...] = ()

    @property
    def choices(self) -> float:
        """Of each person."""
        return self.sessions * self.trials


@dataclass(frozen=True, eq=False)
class Source:
    """The choices that a study is of, and what is known of them.

    Attributes:
        given: the choices; None where there is a design only.
        table: these as they were read, with what the table says people are; None of simulated ones.
        schedule: the task's reward probabilities, of each trial or of each trial of every session; None where
            they are not known.
        trained: gives the agents of what was fitted to these choices, by label; empty without.
        estimator: gives what was fitted to these choices; None without.
        untrained: gives estimators that are not fitted yet, by name; empty without.
        labels: what rivals are called; their names where nothing is said.
        design: what data sets are simulated from, of studies that do; None for all others.
        inquire, write: of a report: gives the inquiry that some settings ask for, and writes its findings,
            whole or not.
        folder: where parts that are done are kept, by studies that resume; None keeps them here only.
    """

    given: "DatasetRNN | None"
    table: "Choices | None" = None
    schedule: "ArrayLike | None" = None
    trained: "Mapping[str, Callable[[], Agent]]" = field(default_factory=dict)
    untrained: "Mapping[str, Callable[[], SpiceEstimator]]" = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    design: Simulation | None = None
    estimator: "Callable[[], SpiceEstimator] | None" = None
    inquire: Callable[[Any], Any] | None = None
    write: Callable[[Any, bool], Any] | None = None
    folder: Path | None = None

    @property
    def dataset(self) -> "DatasetRNN":
        """The choices."""
        assert self.given is not None
        return self.given

    @property
    def people(self) -> dict[str, int]:
        """The code in the choices of everybody who has some, by label."""
        labels = self.dataset.participants
        return {str(labels[code]): code for code in np.unique(np.asarray(self.dataset.participant_ids))}

    def sessions_of(self, person: str) -> "list[Floats]":
        """Return the sessions of a person, by label: of each trial that was answered the choice, from 0, and
        its reward, `(n_trials, 2)`; NaN for one that is not known.
        """
        data = self.dataset
        trials = np.stack([np.asarray(data.choices), np.asarray(data.rewards_chosen)], axis=-1)
        own = np.asarray(data.participant_ids) == self.people[person]
        return [session[session[:, 0] >= 0] for session in trials[own]]

    def label_of(self, rival: str) -> str:
        """Return what a rival is called."""
        return self.labels.get(rival, rival)
