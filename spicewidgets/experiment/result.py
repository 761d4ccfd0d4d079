"""The result of a run. Importing this loads neither torch nor pysindy."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import log
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..core.built import BuiltModel
from ..core.discover.identified import missing_in
from ..core.discover.uncertainty import Uncertainty
from ..core.equations import SpiceModel, Term
from ..core.read.emergence import Emergence, Look, emergences
from ..core.read.translation import read_parameters
from ..core.simulate.declared import Player
from ..core.simulate.record import Record
from ..loading import later
from ..state.graph import ExperimentSnapshot
from .settle import describe_model, values_of
from .simulation import Simulated, simulate

if TYPE_CHECKING:
    import pandas as pd

    from ..core.data.choices import Choices
    from ..core.data.dataset import DatasetRNN
    from ..core.discover import known, likelihood as likelihoods, people as tables
    from ..core.discover.known import Known
    from ..core.discover.sparsity import SparsityPath
    from ..core.estimator import SpiceEstimator
    from ..core.read.update_function import Tabulated
    from ..core.rivals.fit import FittedRival
    from ..core.train.rnn import BaseRNN
    from . import estimators
else:
    known = later("..core.discover.known", __package__)
    likelihoods = later("..core.discover.likelihood", __package__)
    tables = later("..core.discover.people", __package__)
    estimators = later(".estimators", __package__)

Checkpoint = tuple[int, NDArray[np.float32]]  # an epoch and its weights, flat
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Recorded:
    """The recorded result of an earlier run, in place of its estimator.

    Attributes:
        tables: what its network does, for each module.
        paths: its sparsity paths, for each module.
        uncertainty: as `Result.uncertainty`.
        emergence: as `Result.emergence`.
        costs: nats that dropping each term would cost, by module and term, of the first participant.
    """

    tables: "Mapping[str, Tabulated]"
    paths: "Mapping[str, SparsityPath]"
    uncertainty: Mapping[Any, Uncertainty]
    emergence: Mapping[str, Emergence]
    costs: Mapping[tuple[str, Term], float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Result:
    """The result of a run. Nothing of it changes later: a new run makes a new one.

    Attributes:
        snapshot: the settings it was found for.
        estimator: with the trained RNN, and with equations unless `spice` is None; None for a run that was
            recorded earlier.
        spice, truth: the discovered and the true equations, in the same coordinates; None without.
        choices, rewards: the arm chosen and its reward, `(n_sessions, n_trials)`.
        outcomes: the reward of each arm, `(n_sessions, n_trials, n_actions)`; -1 where it was not seen.
        played: "truth", "rnn" and "spice" on all sessions, teacher-forced; where the choices are of a table,
            "classical" (the rival) in place of the truth.
        comparison, per_session: the scores of `core.judge.replay.scores`, pooled and for each session.
        terms: discovered beside true coefficients, for each participant, as `term_by_term` has them.
        history: a dictionary for each epoch.
        notes: what should be known of the fit, in sentences.
        checkpoints: weights at some epochs; none of a run that was recorded earlier.
        simulated: the sessions; None where they are not at hand.
        recorded: what there is in place of the estimator; None where there is one.
        rival: a Rescorla-Wagner learner for each participant of a table, where no truth is known; else None.
    """

    snapshot: ExperimentSnapshot
    estimator: "SpiceEstimator | None"
    spice: SpiceModel | None
    truth: SpiceModel | None
    choices: NDArray[np.int64]
    rewards: Floats
    outcomes: Floats
    played: Mapping[str, Record]
    comparison: "pd.DataFrame | None"
    per_session: "pd.DataFrame | None"
    terms: "Mapping[Any, pd.DataFrame]"
    history: tuple[dict[str, Any], ...]
    notes: tuple[str, ...] = ()
    checkpoints: tuple[Checkpoint, ...] = ()
    simulated: Simulated | None = None
    recorded: Recorded | None = None
    rival: "FittedRival | None" = None

    @cached_property
    def description(self) -> BuiltModel:
        """States and modules of the model; see `description_of`."""
        return description_of(self.snapshot)

    @cached_property
    def chance(self) -> float:
        """Loss of guesses among the options on offer, in nats per choice."""
        offers_all = self.snapshot.is_simulated and self.snapshot.task.declaration.offers_all
        return log(self.snapshot.n_actions) if offers_all else self.data.dataset.chance

    @cached_property
    def data(self) -> Simulated:
        """The sessions. Where they are not at hand they are simulated again, which loads torch."""
        return self.simulated or simulate(self.snapshot)

    @property
    def final_choices(self) -> NDArray[np.int64] | None:
        """The choice after the last trial of each session, `(n_sessions,)`; None where it is not known."""
        return next((one.final_choices for one in self.played.values()), None)

    @property
    def dataset(self) -> "DatasetRNN":
        """The data set."""
        return self.data.dataset

    @property
    def agent(self) -> Player | None:
        """The participant; None where it is not known."""
        return self.data.agent

    @cached_property
    def classical(self) -> dict[Any, dict[str, tuple[float, float]]]:
        """The classical parameters that the equations stand for: by participant and name, true and found;
        those that the choices identify, as `people` has them. Empty without a truth.
        """
        if self.spice is None or self.truth is None:
            return {}
        model, parameters = values_of(self.snapshot), {}
        for participant in self.spice.participants:
            true, found = (read_parameters(one, model, participant) for one in (self.truth, self.spice))
            missing = self.missing.get(participant, set())
            parameters[participant] = {
                name: (true[name], found[name]) for name in true if name in found and name not in missing
            }
        return parameters

    @cached_property
    def uncertainty(self) -> Mapping[Any, Uncertainty]:
        """Standard errors of the numbers of the equations, by participant, from the choices that these were
        tuned to; empty where there are none, and for equations that were not tuned. Loads torch unless they
        were recorded.
        """
        if self.recorded is not None:
            return self.recorded.uncertainty
        if self.spice is None or not self.snapshot.discovery.refine:
            return {}
        return known.uncertainty_of(self._told, self.spice, self.forward)

    @cached_property
    def _told(self) -> "Mapping[Any, Known]":
        """What the choices that were learned from tell of the coefficients, by participant."""
        assert self.spice is not None
        if self.estimator is None:
            likelihood = likelihoods.likelihood_of(self.spice, self.forward, self.dataset)
        else:
            likelihood = self.estimator._search.likelihood_of(self.spice)
        return known.known_by_choices(self.spice, likelihood)

    @cached_property
    def emergence(self) -> Mapping[str, Emergence]:
        """The first participant's equations and modules over the epochs of the training, by module: quick
        looks at the weights that were kept, and the equations that were found in the end. Loads torch unless
        they were recorded.
        """
        if self.recorded is not None:
            return self.recorded.emergence
        end, frames = self._end, list[tuple[int, Look]]()
        if self.estimator is not None:
            fitted, snapshot, like = self.estimator, self.snapshot, end[1] if end else None
            looks = ((n, estimators.glimpse(fitted, snapshot, kept, like)) for n, kept in self.checkpoints)
            frames = [(n, look) for n, look in looks if look is not None]
        if end is not None:
            frames = [*(frame for frame in frames if frame[0] < end[0]), end]
        return emergences(frames)

    @property
    def ending(self) -> Mapping[str, Emergence]:
        """The last epoch of `emergence`, which takes one look; all of it where that has been looked at."""
        if self.recorded is not None or "emergence" in vars(self):
            return self.emergence
        return emergences([] if self._end is None else [self._end])

    @cached_property
    def _end(self) -> tuple[int, Look] | None:
        """The last epoch, and the equations and modules there; None without equations."""
        if self.spice is None or not self.history:
            return None
        look = None if self.estimator is None else estimators.glimpse(self.estimator, self.snapshot)
        return self.history[-1]["epoch"], Look(self.spice, look.tables if look else {})

    @cached_property
    def people(self) -> "pd.DataFrame | None":
        """A row for each participant, as `core.discover.people` has it, with intervals; None without
        equations, and for a run that was recorded earlier.
        """
        if self.estimator is None or self.parameters is None:
            return None
        return tables.with_choices(self.estimator, self._table, self.parameters)

    @cached_property
    def parameters(self) -> "pd.DataFrame | None":
        """The parameters of `people` alone, which are there much sooner."""
        if self.estimator is None or self.spice is None:
            return None
        return tables.parameters_of_people(self.estimator, self._table, told=self._told)

    @cached_property
    def missing(self) -> Mapping[Any, set[str]]:
        """The parameters that the choices do not identify, by participant; none of a recorded run."""
        return {} if self.parameters is None else missing_in(self.parameters)

    @property
    def _table(self) -> "Choices | None":
        """The choices of a table of one's own; None of simulated ones."""
        contents = self.snapshot.table.contents
        return None if contents is None else contents.choices

    @property
    def forward(self) -> "BaseRNN":
        """A model that can carry the equations: the trained one, or one of its class for a recorded run."""
        if self.estimator is not None:
            return self.estimator.rnn_model_
        assert self.spice is not None
        return estimators.forward_of(self.snapshot, self.spice.participants)


def description_of(snapshot: ExperimentSnapshot) -> BuiltModel:
    """States and modules of the chosen model. Those of a class of the user's own load torch; what its code
    raises is passed on.
    """
    if snapshot.model.own is None:
        return describe_model(snapshot)
    return estimators.description_of_class(snapshot)
