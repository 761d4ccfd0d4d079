"""Studies of what is on the page: done in parts, of which each is kept.

Importing this loads no torch.
"""

from collections.abc import Callable, Generator
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..core.studies.ready import STUDIES
from ..core.studies.recovery_settings import most_jobs as most_jobs
from ..core.studies.source import OWN, Simulation, Source
from ..core.studies.study import Study
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
RECORDED = "A study recorded earlier, of the same settings."


class PageStudy:
    """A study of the settings and choices on the page.

    Args:
        name: of the study, as in `STUDIES`.
        snapshot: the settings.
        data: gives the choices.
        trained: gives the estimator of the last result.
        recorded: gives what its result is made of, where it was done earlier; None where it is done here.
    """

    def __init__(
        self,
        name: str,
        snapshot: ExperimentSnapshot,
        data: Callable[[], Simulated],
        trained: Trained,
        recorded: Callable[[], Any] | None = None,
    ) -> None:
        self.name, self.snapshot = name, snapshot
        self._data, self._trained, self._recorded = data, trained, recorded
        self._found: Any = None

    @cached_property
    def data(self) -> Simulated:
        """The choices."""
        return self._data()

    @cached_property
    def study(self) -> Study:
        """The study as it is declared; one that was recorded is read when somebody looks."""
        declared = STUDIES[self.name]
        source = source_of(self.snapshot, self.data, self._trained, declared.asks_equations)
        study = declared(declared.settings_from(self.snapshot.group), source)
        if self._recorded is not None:
            study.take_data(self._recorded())
        return study

    @property
    def is_recorded(self) -> bool:
        """Tell whether it was not done here."""
        return self._recorded is not None

    @property
    def found(self) -> Any:
        """Its result so far, for the panel; None before anything. It is replaced, never changed."""
        if self._found is None and self.is_recorded:
            self.look()
        return self._found

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
        return RECORDED if self.is_recorded else self.study.end_state

    @property
    def outcome(self) -> str:
        """The result, in a sentence."""
        return self.end_state if self._found is None else self.study.describe()

    def take(self, before: "PageStudy") -> None:
        """Take over what an earlier study of the same choices has done; what was recorded is done anew."""
        if before.is_recorded:
            return
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
            self._found = self.study.result()


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
