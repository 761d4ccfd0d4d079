"""People beside each other: a row for each of them, with every number that was found and how sure it is."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from ..data.choices import Choices
from ..data.dataset import DatasetRNN
from ..equations import SpiceModel
from ..judge.replay import labels_of, nll_per_trial
from ..read.hybrid import HYBRID, is_two_step, told_by_structure
from ..read.translation import INSTEAD, HasInitValues, impossible, read_parameters
from ..settings import LEVEL, SettingsError
from ..train.objective import Sessions
from .estimated_intervals import EstimatedIntervals, intervals_of
from .identified import (
    bounds_of,
    by_convention,
    not_identified,
    own_values_given_group,
)
from .information import InformationMatrix, bounded_interval
from .known import Known, known_by_choices, known_given_group
from .likelihood import ParameterId, likelihood_of

if TYPE_CHECKING:
    from ..estimator import SpiceEstimator

Floats = NDArray[np.float64]


NO_INTERVALS, NOBODY = EstimatedIntervals({}, {}), Known((), np.empty(0), np.empty((0, 0)))


def people(
    estimator: "SpiceEstimator", data: Choices | DatasetRNN | None = None, *, level: float = LEVEL
) -> pd.DataFrame:
    """Return a row for each person whose equations were found.

    Args:
        estimator: fitted.
        data: the choices that likelihoods are of, and the people's groups, where a table has any; the choices
            that were learned from when None. People who were not learned from are left out.
        level: of the intervals: the probability with which they cover the truth, 0 to 1.

    Returns:
        Columns, in this order:

        - `participant`, and the table's own columns that tell a person's group;
        - `n_sessions`, `n_choices` (those that follow another), `likelihood_equations` and
          `likelihood_network` (geometric mean of P of these choices, 0 to 1), `n_numbers` (terms and betas);
        - the table's own numbers of a person, such as an age;
        - `no_q_learner` (`no_hybrid` of a two-step task), where somebody's equations are none: what they do
          instead, else empty. Classical parameters of such a person are NaN;
        - each coefficient that somebody has or may have, named `module: term`, each learned beta, `beta:
          state`, and each parameter of `classical_parameters` that the equations tell. A parameter that the
          choices do not identify (`identified.py`) is NaN with its interval: one that may be anything, one
          that is read by convention and off no term, such as q0 without a constant, and one whose interval
          of 95 % has no end. So is a coefficient of a term that a person lacks, as it was left out because
          the choices do not tell it; with pooling it is 0, as the group tells it from others. With pooling,
          identified means by the choices and the group;
        - after each of these numbers its interval, with ` low` and ` high` added to the name. That of a
          parameter is a Q-learner's, by profile likelihood, averaged over the kinds of Q-learner that the
          library can express, with the parameter's bounds, under a weak prior (`intervals.py`); with
          `pooling="group"` under the group's prior, whose mean and spread are not taken for known
          (`group_intervals.py`). It is widened to hold the value, where that lies outside. That of another
          coefficient, that of a term that a person lacks with them, is averaged over the sets of terms that
          the search visited, or given the group. Where the equations are likelier than any
          Q-learner by more than 10 nats, where the model has other modules or inputs than these, or where
          it cannot be compiled, it is value ± standard errors at the chosen terms (delta method), which
          does not reckon in that they were chosen; a rate's ends at 0 and 1, and an own value's with pooling
          is symmetric in artanh. An own value that is held at 1 has the interval that it would have if it
          were free, up to 1. It is unbounded for a coefficient that no choice tells, which is NaN itself.

    Raises:
        SettingsError: where a model that was loaded is given no data.
        NotFittedError: where there are no equations yet.

    >>> import spicewidgets as sw
    >>> choices = sw.load_choices("two-groups")
    >>> spice = sw.SpiceEstimator(sw.ForgettingRNN, sw.FORGETTING_RNN_CONFIG, pooling="group", random_state=1)
    >>> table = people(spice.fit(choices.dataset), choices)
    >>> table[["participant", "group"]].head(2).values.tolist()
    [['p01', 'control'], ['p02', 'patient']]
    """
    return with_choices(estimator, data, parameters_of_people(estimator, data, level=level))


def parameters_of_people(
    estimator: "SpiceEstimator",
    data: Choices | DatasetRNN | None = None,
    *,
    level: float = LEVEL,
    told: Mapping[Any, Known] | None = None,
) -> pd.DataFrame:
    """Return of `people` what the equations alone tell: `participant`, `no_q_learner`, coefficients and
    parameters with their intervals. It predicts no choice, which takes most of the time of `people`.

    Args:
        estimator: fitted.
        data: the choices, as in `people`.
        level: of the intervals, 0 to 1.
        told: what the choices that were learned from tell of everyone's coefficients, where that is at hand.
    """
    sessions = _sessions_of(estimator, _dataset(estimator, data))
    spice, model = estimator.spice_model_, estimator.rnn_model_
    if told is None:
        told = known_by_choices(spice, likelihood_of(spice, model, sessions))
    labels = _labels(estimator)
    known, free = _known(estimator, told)
    ends = intervals_of(estimator, sessions, level, {label: own.nll for label, own in told.items()})
    rows = [
        _numbers(spice.alone(one), model, known.get(one), free.get(one), level, ends.get(one, NO_INTERVALS))
        for one in labels
    ]
    table = pd.DataFrame({"participant": labels})
    instead = [str(row.pop(INSTEAD, "")) for row in rows]
    if any(instead):
        table["no_hybrid" if is_two_step(spice) else INSTEAD] = instead
    names = list(dict.fromkeys(name for row in rows for name in row))
    numbers = pd.DataFrame(rows, columns=_in_order(names))
    if hasattr(estimator, "group_"):
        numbers = _with_lacking_terms(numbers)
    return pd.concat([table, numbers], axis=1)


def with_choices(
    estimator: "SpiceEstimator", data: Choices | DatasetRNN | None, parameters: pd.DataFrame
) -> pd.DataFrame:
    """Return `people`: before its parameters what is known of each person and of the choices."""
    labels = _labels(estimator)
    parts = [parameters[["participant"]], _likelihoods(estimator, _dataset(estimator, data), labels)]
    if isinstance(data, Choices):
        parts = [parts[0], _of_table(data.groups, labels), parts[1], _of_table(data.covariates, labels)]
    return pd.concat([*parts, parameters.drop(columns="participant")], axis=1)


def _labels(estimator: "SpiceEstimator") -> list[Any]:
    """List the people whose equations were found."""
    spice = estimator.spice_model_
    return [label for code, label in enumerate(spice.participants) if spice.has_equations(code)]


def _with_lacking_terms(numbers: pd.DataFrame) -> pd.DataFrame:
    """Give terms that a person lacks, but the group has, the coefficient 0, within their intervals."""
    numbers = numbers.copy()
    for name in [name for name in numbers if ": " in name and not name.endswith((" low", " high"))]:
        lacks = numbers[name].isna()
        numbers.loc[lacks, name] = 0.0
        for end, bound in ((" low", np.minimum), (" high", np.maximum)):
            ends = numbers[f"{name}{end}"]
            numbers[f"{name}{end}"] = ends.where(~lacks, bound(ends, 0.0))
    return numbers


def _dataset(estimator: "SpiceEstimator", data: Choices | DatasetRNN | None) -> DatasetRNN:
    estimator._check_fitted("spice_agent", "rnn_agent")
    if data is None and not hasattr(estimator, "_dataset_"):
        raise SettingsError(
            ["people needs choices, which are not saved with a model. Give them: people(estimator, choices)."]
        )
    dataset = estimator._dataset_ if data is None else data
    dataset = dataset.dataset if isinstance(dataset, Choices) else dataset
    known = {str(label) for label in estimator.spice_agent.get_participant_ids()}
    own = [str(label) in known for label in labels_of(estimator.spice_agent, dataset)]
    if all(own) or len(estimator.participants_) == 1:  # a model of one person takes anyone for that one
        return dataset
    sessions = torch.tensor(own).nonzero()[:, 0]
    return dataset.take(sessions, torch.arange(dataset.n_trials).expand(len(sessions), -1))


def _of_table(own: pd.DataFrame, labels: list[Any]) -> pd.DataFrame:
    """Look up what a table says of some people, by column; nothing for a person whom it does not have."""
    known = own.set_axis(own.index.map(str))
    return known.loc[~known.index.duplicated()].reindex(list(map(str, labels))).reset_index(drop=True)


def _likelihoods(estimator: "SpiceEstimator", dataset: DatasetRNN, labels: list[Any]) -> pd.DataFrame:
    """Tabulate the number of each person's choices, and their likelihood."""
    nll = [nll_per_trial(p, dataset) for p in estimator.predict(dataset)]
    owner = np.array([str(label) for label in labels_of(estimator.spice_agent, dataset)])
    rows = []
    for label in labels:
        own = owner == str(label)
        rnn, spice = (
            float(np.exp(-np.nanmean(part[own]))) if np.isfinite(part[own]).any() else np.nan for part in nll
        )
        n_choices = int(np.isfinite(nll[0][own]).sum())
        rows.append((int(own.sum()), n_choices, spice, rnn, estimator.spice_model_.n_parameters(label)))
    columns = ["n_sessions", "n_choices", "likelihood_equations", "likelihood_network", "n_numbers"]
    return pd.DataFrame(rows, columns=columns)


def _numbers(
    spice: SpiceModel,
    model: HasInitValues,
    known: Known | None,
    free: Known | None,
    level: float,
    intervals: EstimatedIntervals,
) -> dict[str, float | str]:
    """Return a person's numbers with their intervals, by the names of the columns; and what the equations do
    where no Q-learner would.
    """
    numbers = {
        ParameterId(module, term).name: value
        for module, equation in spice.of_participant().items()
        for term, value in equation.active
    }
    numbers |= {ParameterId(state, None).name: spice.beta(state) for state in spice.betas}
    read = read_parameters(spice, model)
    errors = {} if known is None else _errors(known, spice, model)
    row: dict[str, float | str] = {}
    if (other := impossible(read, errors)) is not None:
        read, row[INSTEAD] = dict.fromkeys(read, np.nan), other.means
    found = numbers | read
    told = errors if free is None else _errors(free, spice, model)
    weights = [one.name for one in (free or known or NOBODY).numbers if one.term == (one.module,)]
    own = {name: found[name] for name in weights if name in found} if free is None else {}
    ends, sure = (
        own_values_given_group(own, errors, read, at) | {_name_any(key): pair for key, pair in part.items()}
        for at, part in ((level, intervals.ends), (LEVEL, intervals.sure))
    )
    if is_two_step(spice) and INSTEAD not in row:  # a quotient beyond its range by less than its error
        bounded = {name: float(np.clip(value, *HYBRID[name])) for name, value in read.items()}
        found, read = found | bounded, bounded
        ends, sure = told_by_structure(spice) | ends, told_by_structure(spice) | sure
    if known is not None and INSTEAD not in row:
        given = sure if free is None else {}
        found |= dict.fromkeys(not_identified(found, told, weights, by_convention(spice), given), np.nan)
    held = {name: told[name] for name in (*read, *weights) if name in told}
    for name, value in found.items():
        error = errors.get(name, held.get(name, np.nan))
        bounds = (-np.inf, 1.0) if name in weights and name not in errors else bounds_of(name)
        pair = ends.get(name) or bounded_interval(value, error, level, bounds)
        if known is not None and not _is_told(sure.get(name, pair), name in read):
            value = np.nan
        low, high = min(pair[0], value), max(pair[1], value)
        if name in read and value != value:
            low = high = np.nan
        row |= {name: value, f"{name} low": low, f"{name} high": high}
    for number, (low, high) in intervals.ends.items():
        if isinstance(number, ParameterId) and number.name not in found and low < high:
            name = number.name
            row |= {name: np.nan, f"{name} low": low, f"{name} high": high}
    return row


def _is_told(ends: tuple[float, float], is_parameter: bool) -> bool:
    """Tell whether an interval has ends; a coefficient that is held by convention has none to be asked."""
    return not np.isinf(ends).any() and not (is_parameter and np.isnan(ends).any())


def _name_any(key: str | ParameterId) -> str:
    return key.name if isinstance(key, ParameterId) else key


def _in_order(names: list[str]) -> list[str]:
    """Coefficients by module, then betas, then parameters."""

    def place(name: str) -> tuple[int, str]:
        module, colon, _ = name.partition(": ")
        return (2, "") if not colon else (1, "") if module == "beta" else (0, module)

    modules = list(dict.fromkeys(place(name)[1] for name in names))
    return sorted(names, key=lambda name: (place(name)[0], modules.index(place(name)[1])))


def _errors(known: Known, spice: SpiceModel, model: HasInitValues) -> dict[str, float]:
    """Return the standard error of each number and each parameter that rests on them."""
    told = InformationMatrix(known.information)
    errors = dict(zip((number.name for number in known.numbers), told.errors.tolist(), strict=True))
    return errors | {name: told.error(slope) for name, slope in known.slopes(spice, model).items()}


def _known(
    estimator: "SpiceEstimator", free: Mapping[Any, Known]
) -> tuple[dict[Any, Known], Mapping[Any, Known]]:
    """Compute the information about each person's coefficients, by label.

    Without a group, also the same with the weights of own values free.
    """
    if hasattr(estimator, "group_"):
        labels = estimator.participants_
        return {labels[code]: known for code, known in known_given_group(estimator.group_)}, {}
    held = {
        label: {ParameterId(it.module, it.term) for it in evidence.terms if it.active and it.error == 0}
        for label, evidence in getattr(estimator, "evidence_", {}).items()
    }
    return {label: known.without(held.get(label, ())) for label, known in free.items()}, free


def _sessions_of(estimator: "SpiceEstimator", dataset: DatasetRNN) -> DatasetRNN | Sessions:
    """Return the choices that were learned from; those that are given to a model that was loaded."""
    sessions: Sessions | None = getattr(estimator, "_sessions", None)
    if sessions is not None:
        return sessions
    codes = [estimator.rnn_agent.code(label) for label in labels_of(estimator.rnn_agent, dataset)]
    return dataset.recoded(codes, None)
