"""What `spicewidgets discover` does: simulate or read, train, discover, and predict what was held out."""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import suppress
from copy import copy
from dataclasses import asdict
from typing import Any

import click
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core.checks import raise_if_any
from ..core.data.choices import Choices
from ..core.data.continued import going_on, match_sessions
from ..core.data.dataset import DatasetRNN
from ..core.data.layout import MISSING, guesses
from ..core.data.simulated import create_dataset
from ..core.data.splits import split_data_along_timedim
from ..core.data.tables.rows import Rows
from ..core.diagnose.diagnosis import Diagnosis, diagnose
from ..core.estimator import SpiceEstimator, SpiceWarning
from ..core.judge.replay import nll_per_trial, stages_of
from ..core.models import MODELS, ReadyModel, model_for
from ..core.parameters import DISCOVERY
from ..core.read.translation import true_model
from ..core.rivals.fit import FittedRival, fit_rival
from ..core.rivals.participants import make_participant
from ..core.settings import SettingsError
from ..core.simulate.declared import Player
from ..core.simulate.kinds import make_environment
from ..core.tasks import BANDIT_NAME, TASKS
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
    agent: Player | None = None
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
        try:
            truth = true_model(agent, estimator.rnn_model_, estimator.spice_config, betas=betas)
        except SettingsError as error:
            notes += error.problems
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


def _diagnose(estimator: SpiceEstimator, agent: Player | None, progress: ProgressBar) -> Diagnosis:
    """Return the verdict, and what may do better. Ctrl-C ends the trials; a training that was stopped has
    none.
    """
    if not estimator.stopped_:
        progress.tell("Looking for what may do better ...")
        with suppress(KeyboardInterrupt):
            return diagnose(estimator, agent=agent)
    return diagnose(estimator, agent=agent, trials=False)


def _simulate(request: Request) -> tuple[Player, DatasetRNN, str]:
    agent = make_participant(request.participant, request.task)
    n_trials, n_sessions = request.data.trials, request.data.sessions
    task = make_environment(request.task)
    dataset, _, _ = create_dataset(agent, task, n_trials, n_sessions, random_state=request.seed)
    kind = request.task.kind
    kind = f"drift with sigma {request.task.sigma:g} per trial" if kind == "drift" else kind
    stages = len(request.task.declaration.stages)
    options = f"of {stages} stages" if stages else f"{len(request.task.options)} arms"
    source = f"Simulated {n_sessions} sessions of {n_trials} trials: {kind}, {options}"
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


Floats = NDArray[np.float64]


def choices_to_predict(train: Choices, test: Choices, sessions: str | None = None) -> tuple[DatasetRNN, str]:
    """Make the choices to predict, in sessions that go on where those that were learned from end, or anew.

    Args:
        train: the table to learn from.
        test: the table to predict.
        sessions: "carry_on" or "start_anew" where that was chosen; see `followed`.

    Returns:
        The choices, and a sentence that says which sessions go on.

    Raises:
        SettingsError: if the test data have other options, unknown participants, or no next choice.
    """
    raise_if_any(_problems(test.rows, train.rows))
    follows = match_sessions(train, test, sessions)
    dataset = going_on(train, test, follows)
    if not bool(dataset.target_mask.any()):
        raise SettingsError(
            ["--test-data must have sessions of two or more trials; got none. Add such sessions."]
        )
    on, n = int((follows >= 0).sum()), len(follows)
    words = f"Test data: {on:,} of {n:,} sessions go on where those of --data end, and so does learning"
    others = "start_anew" if on == n else "carry_on"
    return dataset, f"{words}; the others begin anew (--remedy sessions={others} for the other way)."


def _problems(test: Rows, train: Rows) -> Iterator[str]:
    options, known = list(test.arm_labels), list(train.arm_labels)
    if not set(options) <= set(known):
        yield (
            f"--test-data must have the options of --data, {known[:20]}; got {options[:20]}. Name the column"
            " of the choice with --choice-column, or leave out choices of other options."
        )
    strangers = [label for label in test.participants if label not in set(train.participants)]
    if strangers:
        yield (
            f"--test-data must have participants of --data; got {strangers[:20]}, who are not there. Leave"
            " their rows out, or add sessions of theirs to --data."
        )


def held_out(estimator: SpiceEstimator, test: DatasetRNN, rival: FittedRival | None = None) -> pd.DataFrame:
    """Tabulate the likelihood of the next choices of a test set.

    Args:
        estimator: fitted to other choices of the same participants.
        test: as `choices_to_predict` makes it, or `later_choices`.
        rival: fitted to the same choices as the estimator; None for none.

    Returns:
        A row each for the equations, the network, the rival and chance: `n_choices`, `nll` (the sum of -ln P
        over these choices, in nats), `likelihood` (exp(-nll / n_choices), the geometric mean of P), and
        `numbers_per_participant` (the terms and betas of an equation, on average; the weights of a network
        divided by the participants). With a rival, `ahead`: by how many nats a choice is more likely than
        under the rival, and `ahead_error`, its standard error over people. Of a task of several stages,
        likelihood and these also for each stage, with its name added (`likelihood_second_stage`).
    """
    rnn, spice = estimator.predict(test)
    counts = estimator.count_parameters()
    surprise = {"equations": nll_per_trial(spice, test), "network": nll_per_trial(rnn, test)}
    numbers = {
        "equations": float(np.mean(list(counts.values()))),
        "network": estimator.rnn_model_.n_weights / len(estimator.participants_),
    }
    if rival is not None:
        surprise[rival.rival.name] = nll_per_trial(rival.predict(test), test)
        numbers[rival.rival.name] = float(len(rival.names))
    return tabulate_nats(surprise, numbers, test, None if rival is None else rival.rival.name)


def tabulate_nats(
    surprise: Mapping[str, Floats], numbers: Mapping[str, float], test: DatasetRNN, than: str | None
) -> pd.DataFrame:
    """Tabulate the likelihood of choices under some models, and by chance.

    Args:
        surprise: of each model, -ln P of each next choice in nats, `(n_sessions, n_trials)`.
        numbers: of each, those of a person.
        test: the choices.
        than: the model that others are compared with; None for none.

    Returns:
        As of `held_out`.
    """
    mask = test.target_mask
    chance = np.where(mask, guesses(mask, test.offered, test.n_actions), np.nan)
    surprise, numbers = {**surprise, "chance": chance}, {**numbers, "chance": 0.0}
    by = None if than is None else surprise[than]
    parts = {name.replace(" ", "_"): part for name, part in stages_of(test).items()}
    rows = [
        {"model": model, "n_choices": int(mask.sum()), "nll": float(np.nansum(nll))}
        | {"likelihood": _likelihood(nll), "numbers_per_participant": round(numbers[model], 2)}
        | ({} if by is None else _ahead(by - nll, test, ""))
        | {
            name: value
            for stage, part in parts.items()
            for name, value in _of_stage(np.where(part, nll, np.nan), by, test, stage).items()
        }
        for model, nll in surprise.items()
    ]
    return pd.DataFrame(rows)


def later_choices(dataset: DatasetRNN, share: float) -> tuple[DatasetRNN, DatasetRNN]:
    """Set the later choices of each session aside, to be predicted with what happened before them known.

    Args:
        dataset: the choices.
        share: of each session's trials that is learned from, 0 to 1.

    Returns:
        The earlier choices, and the sessions in which only the later ones are to be predicted.

    Raises:
        SettingsError: where there are no later choices.
    """
    train, test = split_data_along_timedim(dataset, share, carry_on=True)
    if not bool(test.target_mask.any()) or not bool(train.target_mask.any()):
        raise SettingsError(
            [
                "--by time needs sessions that are long enough to set later choices aside; got sessions of up"
                f" to {dataset.n_trials} trials with --train-share {share:g}. Leave out --by."
            ]
        )
    return train, test


def _of_stage(nll: Floats, by: Floats | None, test: DatasetRNN, stage: str) -> dict[str, float]:
    """Compute what is told of one stage: likelihood, and how far it is ahead of a rival."""
    own = {f"likelihood_{stage}": _likelihood(nll)}
    return own if by is None else own | _ahead(by - nll, test, f"_{stage}")


def _likelihood(nll: Floats) -> float:
    """Compute the geometric mean of P of choices whose -ln P is known."""
    return float(np.exp(-np.nanmean(nll))) if np.isfinite(nll).any() else float("nan")


def _ahead(gain: Floats, test: DatasetRNN, ending: str) -> dict[str, float]:
    """Compute the mean of a gain in nats per choice, and its standard error over people (of a ratio)."""
    people, known = np.asarray(test.participant_ids), np.isfinite(gain)
    sums = np.bincount(people, np.nansum(gain, axis=1))
    counts = np.bincount(people, known.sum(axis=1))
    seen, n = counts > 0, counts.sum()
    if not n:
        return {f"ahead{ending}": float("nan"), f"ahead_error{ending}": float("nan")}
    mean, m = sums.sum() / n, int(seen.sum())
    rest = (sums - mean * counts)[seen]
    error = np.sqrt((rest**2).sum() * m / (m - 1)) / n if m > 1 else np.nan
    return {f"ahead{ending}": float(mean), f"ahead_error{ending}": float(error)}
