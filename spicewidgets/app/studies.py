"""Studies of what is on the page: done in parts, of which each is kept.

Importing this loads no torch.
"""

from collections.abc import Callable, Generator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..core.studies.ready import STUDIES
from ..core.studies.recovery_settings import most_jobs as most_jobs
from ..core.studies.source import OWN, Simulation, Source
from ..experiment.simulation import Simulated
from ..loading import later
from ..state.graph import ExperimentSnapshot, groups_of
from ..state.studies import LABELS
from .paper import Written, inquiry_of

if TYPE_CHECKING:
    from ..core.estimator import SpiceEstimator
    from ..core.progress import Progress
    from ..experiment import estimators
else:
    estimators = later("..experiment.estimators", __package__)

Trained = Callable[[], "SpiceEstimator"]


class PageStudy:
    """A study of the settings and choices on the page.

    Args:
        name: of the study, as in `STUDIES`.
        snapshot: the settings.
        data: the choices.
        trained: gives the estimator of the last result.

    Attributes:
        study: as it is declared.
        found: its result so far, for the panel; None before anything. It is replaced, never changed.
    """

    def __init__(self, name: str, snapshot: ExperimentSnapshot, data: Simulated, trained: Trained) -> None:
        self.name, self.snapshot, self.data = name, snapshot, data
        self.found: Any = None
        declared = STUDIES[name]
        settings = declared.settings_from(snapshot.group)
        self.study = declared(settings, source_of(snapshot, data, trained, declared.asks_equations))

    @property
    def done(self) -> int:
        """Number of parts that are done."""
        return len(self.study.parts)

    @property
    def total(self) -> int:
        """Number of parts; 0 while that is not known."""
        return len(self.study.names)

    @property
    def end_state(self) -> str:
        """Its state, once nothing of it is under way."""
        return self.study.end_state

    @property
    def outcome(self) -> str:
        """The result, in a sentence."""
        return self.end_state if self.found is None else self.study.describe()

    def take(self, before: "PageStudy") -> None:
        """Take over what an earlier study of the same choices has done."""
        own = self.study.groups()
        others = tuple(group for group in groups_of(self.name) if group not in own)
        if not self.snapshot.differs(before.snapshot, *others):
            self.study.take(before.study)

    def cut(self) -> None:
        """Note that it was stopped: the result is of the settings of what was done."""
        groups = self.study.groups()
        done = dict.fromkeys(groups, self.study.settings_done) if len(groups) == 1 else {}
        self.snapshot = replace(self.snapshot, studies={**self.snapshot.studies, **done})

    def steps(self) -> "Generator[Progress, None, None]":
        """Do what is left, part by part."""
        yield from self.study.steps()

    def look(self) -> None:
        """Make `found` of what is there."""
        if self.study.has_result:
            self.found = self.study.result()


def source_of(
    snapshot: ExperimentSnapshot, data: Simulated, trained: Trained, asks_equations: bool
) -> Source:
    """Return what a study is of.

    Args:
        snapshot: the settings.
        data: the choices.
        trained: gives the estimator of the last result.
        asks_equations: whether the study judges its equations and its network.
    """
    equations, network = OWN
    agents = {equations: lambda: trained().spice_agent, network: lambda: trained().rnn_agent}
    contents, schedule = snapshot.table.contents, schedule_of(data)
    return Source(
        data.dataset,
        None if contents is None else contents.choices,
        schedule,
        agents if asks_equations else {},
        {equations: lambda: estimators.estimator_of(snapshot)},
        LABELS,
        replace(simulation_of(snapshot), options=estimators.parameters_of(snapshot)),
        trained,
        partial(inquiry_of, snapshot, data, schedule),
        Written,
    )


def simulation_of(snapshot: ExperimentSnapshot) -> Simulation:
    """Return the design on the page, or that of the table which is used."""
    people, contents = snapshot.n_participants, snapshot.table.contents
    trials = float(snapshot.data.n_trials)
    if contents is not None:
        trials = float(np.asarray(contents.choices.dataset.lengths).mean())
    return Simulation(
        people,
        snapshot.n_sessions / people,
        trials,
        snapshot.task if snapshot.is_simulated else None,
        participant=snapshot.participant,
        model=snapshot.model.name,
    )


def schedule_of(data: Simulated) -> NDArray[np.float64] | None:
    """Return the task's reward probabilities, `(n_sessions, n_trials, n_actions)`; None of a table, and of a
    task that does not offer all options in every row, which is judged by next choices.
    """
    if data.agent is None or data.dataset.offered is not None:
        return None
    return np.stack([np.asarray(session.reward_probs, dtype=float) for session in data.sessions])
