"""What `spicewidgets discover` does: simulate or read, train, discover."""

import warnings
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

import spicewidgets

from ..core.data.convert import convert_dataset
from ..core.data.dataset import DatasetRNN
from ..core.data.table import read_table
from ..core.equations import SpiceModel
from ..core.estimator import SpiceEstimator, SpiceWarning
from ..core.parameters import DISCOVERY
from ..core.read.translation import true_model
from ..core.settings import SettingsError
from ..core.simulate.agents import AgentQ, make_agent
from ..core.simulate.environments import make_environment
from ..core.simulate.run import create_dataset
from .options import COLUMNS, MODELS, Plan
from .progress import Progress


@dataclass(frozen=True)
class Found:
    """What came of it.

    Attributes:
        source: a sentence on where the data come from.
        agent, truth: the participant and their equations in the model's coordinates, if simulated.
        label: the participant whose equations are shown.
        notes: what should be known of the fit.
    """

    source: str
    dataset: DatasetRNN
    estimator: SpiceEstimator
    agent: AgentQ | None
    truth: SpiceModel | None
    label: Any
    notes: tuple[str, ...]

    @property
    def spice(self) -> SpiceModel:
        """The discovered equations."""
        return self.estimator.spice_model_

    @property
    def agents(self) -> Mapping[str, Any]:
        """Truth, where it is known, RNN and SPICE."""
        fitted = {"rnn": self.estimator.rnn_agent, "spice": self.estimator.spice_agent}
        return fitted if self.agent is None else {"groundtruth": self.agent, **fitted}


def discovered(plan: Plan, progress: Progress) -> Found:
    """Do what was asked for."""
    agent, dataset, source = _simulated(plan) if plan.table is None else _read(plan, plan.table)
    estimator = _estimator(plan, dataset)
    notes = _fit(estimator, dataset, progress)
    spice = estimator.spice_model_
    truth = None
    if agent is not None:
        betas = {state: spice.beta(state) for state in spice.betas}
        truth = true_model(agent, estimator.rnn_model_, estimator.spice_config, betas=betas)
    label = spice.participants[spice.index(plan.label)]
    return Found(source, dataset, estimator, agent, truth, label, notes)


def _simulated(plan: Plan) -> tuple[AgentQ, DatasetRNN, str]:
    agent = make_agent(plan.participant, plan.task.n_actions)
    n_trials, n_sessions = plan.data.trials, plan.data.sessions
    task = make_environment(plan.task)
    dataset, _, _ = create_dataset(agent, task, n_trials, n_sessions, random_state=plan.seed)
    kind = plan.task.kind
    kind = f"drift with sigma {plan.task.sigma:g} per trial" if kind == "drift" else kind
    source = f"Simulated {n_sessions} sessions of {n_trials} trials: {kind}, {plan.task.n_actions} arms"
    return agent, dataset, source


def _read(plan: Plan, table: str) -> tuple[None, DatasetRNN, str]:
    frame = read_table(table)
    columns = dict(plan.columns)
    who = columns.setdefault("participant_column", "participant" if "participant" in frame else "session")
    if who != "session" and "session" in frame:
        columns.setdefault("session_column", "session")
    named: dict[str, Any] = {COLUMNS[name][0]: column for name, column in columns.items()}
    dataset = convert_dataset(frame, **named)[0]
    people = [str(label) for label in dataset.participants]
    if plan.label is not None and plan.label not in people:
        raise SettingsError(
            [
                f"--participant must be one of the table's, {people[:20]}; got {plan.label!r}."
                " Choose one of these."
            ]
        )
    source = (
        f"Read {Path(table).name}: {dataset.n_sessions} sessions of up to {dataset.n_trials} trials,"
        f" {dataset.n_actions} arms, participants: {dataset.n_participants} (column {who})"
    )
    return None, dataset, source


def _estimator(plan: Plan, dataset: DatasetRNN) -> SpiceEstimator:
    rnn, config = (getattr(spicewidgets, name) for name in MODELS[plan.model.model])
    return SpiceEstimator(
        rnn,
        config,
        n_actions=dataset.n_actions,
        train_test_ratio=plan.data.train_share,
        embedding_size=plan.model.embedding_size,
        random_state=plan.seed,
        **asdict(plan.training),
        **{name: getattr(plan.discovery, field) for field, name in DISCOVERY.items()},
    )


def _fit(estimator: SpiceEstimator, dataset: DatasetRNN, progress: Progress) -> tuple[str, ...]:
    """Train and discover. Returns what should be known of it; Ctrl-C ends the training only."""
    records: Any = estimator.fit_records(dataset)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", SpiceWarning)
        try:
            for record in records:
                progress.show(record)
        except KeyboardInterrupt as interrupt:  # while the line was drawn: the fit has not seen it
            with suppress(StopIteration):
                records.throw(interrupt)
    if not estimator.history_:  # stopped before anything was learned
        raise click.Abort
    for told in caught:
        if not issubclass(told.category, SpiceWarning):
            warnings.warn_explicit(told.message, told.category, told.filename, told.lineno)
    notes = [str(told.message) for told in caught if issubclass(told.category, SpiceWarning)]
    if estimator.stopped_:
        notes.insert(0, f"Stopped at epoch {len(estimator.history_)}; what had been learned was kept.")
    return tuple(notes)
