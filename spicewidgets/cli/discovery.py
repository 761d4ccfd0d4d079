"""What `spicewidgets discover` does: simulate or read, train, discover."""

import warnings
from collections.abc import Iterator
from contextlib import suppress
from copy import copy
from dataclasses import asdict
from typing import Any

import click
import numpy as np

from ..core.data.choices import Choices
from ..core.data.dataset import DatasetRNN
from ..core.data.layout import MISSING
from ..core.data.simulated import create_dataset
from ..core.diagnose.diagnosis import Diagnosis, diagnose
from ..core.estimator import SpiceEstimator, SpiceWarning
from ..core.models import MODELS, ReadyModel, model_for
from ..core.parameters import DISCOVERY
from ..core.read.translation import true_model
from ..core.rivals.fit import FittedRival, fit_rival
from ..core.settings import SettingsError
from ..core.simulate.agents import AgentQ, make_agent
from ..core.simulate.environments import make_environment
from ..core.tasks import BANDIT_NAME, TASKS
from .held_out import choices_to_predict, held_out, later_choices
from .options import Request
from .outcome import Outcome
from .progress import ProgressBar
from .reading import notes_of, read_table


def discover(request: Request, progress: ProgressBar) -> Outcome:
    """Simulate or read the data, train the model and discover its equations.

    Args:
        request: the checked options.
        progress: shows each epoch.

    Returns:
        The data, the fitted estimator and the true equations.

    Raises:
        SettingsError: if the table or one of its participants cannot be used.
        click.Abort: if the training was interrupted before anything was learned.
    """
    agent: AgentQ | None = None
    choices: Choices | None = None
    notes: tuple[str, ...] = ()
    if request.table is None:
        agent, dataset, source = _simulate(request)
    else:
        choices, source = _read(request, request.table)
        dataset, notes = choices.dataset, notes_of(choices.report)
    test: DatasetRNN | None = None
    if choices is not None and request.test_table is not None:
        test_choices, _ = _read(request, request.test_table)
        test, note = choices_to_predict(choices, test_choices, request.remedies.get("sessions"))
        notes += (*(f"Test data: {words}" for words in notes_of(test_choices.report)), note)
    model, words = _model_for(request, dataset.task)
    notes += words
    test, rival = _set_aside(request, dataset, progress) if request.data.by else (test, None)
    estimator = _estimator(request, model, dataset)
    notes += (*_fit(estimator, dataset, progress), *_outcomes(estimator, dataset))
    spice = estimator.spice_model_
    truth = None
    if agent is not None:
        betas = {state: spice.beta(state) for state in spice.betas}
        truth = true_model(agent, estimator.rnn_model_, estimator.spice_config, betas=betas)
    label = spice.participants[spice.index(request.label)]
    scored = None if test is None else held_out(estimator, test, rival)
    diagnosis = _diagnose(estimator, agent, progress)
    return Outcome(
        source, dataset, estimator, agent, truth, label, notes, choices, scored, diagnosis, model.name
    )


def _model_for(request: Request, task: str) -> tuple[ReadyModel, tuple[str, ...]]:
    """Return the model that is named, or that of the kind of task, with a sentence that says so.

    Raises:
        SettingsError: where the model that is named is for another kind of task.
    """
    kind = TASKS[task]
    if not request.names_model:
        words = () if task == BANDIT_NAME else (f"{kind.title}: the model {kind.model} is taken (--model).",)
        return MODELS[kind.model], words
    return model_for(request.model.model, task), ()


def _set_aside(
    request: Request, dataset: DatasetRNN, progress: ProgressBar
) -> tuple[DatasetRNN, FittedRival]:
    """Return the choices that are held out by time, and the standard rival, fitted to those before them."""
    train, test = later_choices(dataset, request.data.train_share)
    name = TASKS[dataset.task].rival
    progress.tell(f"Fitting the rival {name} ...")
    way = "group" if train.n_participants > 1 else "prior"
    return test, fit_rival(name, train, way, random_state=request.seed)


def _outcomes(estimator: SpiceEstimator, dataset: DatasetRNN) -> Iterator[str]:
    """Say whether the network's P depends on what options that were not chosen paid, where that is known."""
    n = dataset.n_actions
    other = (dataset.xs[..., :n] == 0) & ~dataset.rewards.isnan()
    if not bool(other.any()):
        return
    hidden = copy(dataset)
    hidden.xs = dataset.xs.clone()
    hidden.xs[..., n : 2 * n][other] = MISSING
    seen, unseen = (estimator.predict(one)[0] for one in (dataset, hidden))
    verb = "learns from the outcome of the option chosen alone"
    if not np.array_equal(seen, unseen, equal_nan=True):
        verb = "learns from the outcomes of all options"
    yield f"The model {verb}."


def _diagnose(estimator: SpiceEstimator, agent: AgentQ | None, progress: ProgressBar) -> Diagnosis:
    """Return the verdict, and what may do better. Ctrl-C ends the trials; a training that was stopped has
    none.
    """
    if not estimator.stopped_:
        progress.tell("Looking for what may do better ...")
        with suppress(KeyboardInterrupt):
            return diagnose(estimator, agent=agent)
    return diagnose(estimator, agent=agent, trials=False)


def _simulate(request: Request) -> tuple[AgentQ, DatasetRNN, str]:
    agent = make_agent(request.participant, request.task.n_actions)
    n_trials, n_sessions = request.data.trials, request.data.sessions
    task = make_environment(request.task)
    dataset, _, _ = create_dataset(agent, task, n_trials, n_sessions, random_state=request.seed)
    kind = request.task.kind
    kind = f"drift with sigma {request.task.sigma:g} per trial" if kind == "drift" else kind
    source = f"Simulated {n_sessions} sessions of {n_trials} trials: {kind}, {request.task.n_actions} arms"
    return agent, dataset, source


def _read(request: Request, table: str) -> tuple[Choices, str]:
    """Return a table, and a sentence on where it comes from."""
    choices = read_table(table, request.columns, request.remedies)
    dataset, report = choices.dataset, choices.report
    people = [str(label) for label in report.participants]
    if request.label is not None and request.label not in people:
        raise SettingsError(
            [
                f"--participant must be one of the table's, {people[:20]}; got {request.label!r}."
                " Choose one of these."
            ]
        )
    column = report.roles.participant
    task = TASKS[dataset.task]
    kind = f" of {len(task.stages)} stages" if task.stages else f", {dataset.n_actions} arms"
    source = (
        f"Read {report.name}: {dataset.n_sessions} sessions of up to {report.lengths[2]} trials{kind},"
        f" participants: {dataset.n_participants}"
        f" ({f'column {column}' if column else 'no column says who'})"
    )
    return choices, source


def _estimator(request: Request, model: ReadyModel, dataset: DatasetRNN) -> SpiceEstimator:
    return SpiceEstimator(
        model.rnn_class,
        model.config,
        n_actions=dataset.n_actions,
        train_test_ratio=request.data.train_share,
        validation_share=request.data.validation_share,
        embedding_size=request.model.embedding_size,
        random_state=request.seed,
        **asdict(request.training),
        **{name: getattr(request.discovery, field) for field, name in DISCOVERY.items()},
    )


def _fit(estimator: SpiceEstimator, dataset: DatasetRNN, progress: ProgressBar) -> tuple[str, ...]:
    """Train and discover; Ctrl-C ends the training only. Returns notes on the fit."""
    records: Any = estimator.fit_records(dataset, report=progress.tell)
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
    for warning in caught:
        if not issubclass(warning.category, SpiceWarning):
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
    notes = [str(warning.message) for warning in caught if issubclass(warning.category, SpiceWarning)]
    if estimator.stopped_:
        notes.insert(0, f"Stopped at epoch {len(estimator.history_)}; what had been learned was kept.")
    return tuple(notes)
