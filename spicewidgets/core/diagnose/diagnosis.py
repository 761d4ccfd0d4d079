"""`diagnose`: the verdict on a fitted estimator, and what may do better, in a script as in the page."""

import warnings
from collections.abc import Mapping
from contextlib import suppress
from copy import copy, deepcopy
from dataclasses import dataclass, replace
from functools import cache, partial
from types import MappingProxyType
from typing import Any

import numpy as np

from ..config import SpiceConfig
from ..data.dataset import DatasetRNN
from ..data.participants import index_participants
from ..discover.comparison import differences
from ..discover.held_apart import TuningGain
from ..discover.identified import missing_in
from ..discover.known import uncertainty
from ..discover.people import people
from ..discover.uncertainty import Uncertainty
from ..estimator import SpiceEstimator
from ..judge.replay import labels_of, replay, scores
from ..models import MODELS, READY
from ..parameters import DISCOVERY, settings_of
from ..read.translation import read_parameters, true_model
from ..rivals.fit import fit_rival
from ..rivals.ready import rivals_for
from ..settings import SettingsError, SpiceWarning
from ..simulate.agents import Agent
from ..simulate.declared import Player
from .facts import Facts, LeftOut
from .findings import Finding, findings_of
from .trial import keep_confirmed
from .verdict import verdict_of

MANY_CHOICES = 20_000  # beyond these, no rivals are fitted beside a diagnosis


@dataclass(frozen=True)
class Proposal:
    """Something that was noticed in a fit, and what may be done about it.

    Attributes:
        kind: what was noticed, in two or three words.
        words: the same in a sentence, with its numbers.
        remedy: what to do, which a trial has shown to help; empty where nothing is known to.
        parameters: what the remedy changes of the estimator, for `set_params`, or for `discover(...)` where
            `trains` is False.
        changes: the same by group of settings, as the command line and the page know them.
        trains: whether the network is trained anew.
        tried: what the trial came to.
    """

    kind: str
    words: str
    remedy: str
    parameters: Mapping[str, Any]
    changes: Mapping[str, Mapping[str, Any]]
    trains: bool
    tried: str


@dataclass(frozen=True)
class Diagnosis:
    """The verdict on a fit, its findings and their remedies.

    Attributes:
        verdict: sentences on what was tested, what came out, and what so many choices could have shown.
        findings: what was noticed, the most important first; empty for a healthy fit.
        n_choices: choices that the verdict rests on.
    """

    verdict: tuple[str, ...]
    findings: tuple[Proposal, ...]
    n_choices: int

    def __str__(self) -> str:
        lines = [" ".join(self.verdict)]
        for one in self.findings:
            rest = [one.words, one.remedy and f"{one.remedy}.", one.tried]
            lines.append(f"{one.kind[:1].upper()}{one.kind[1:]}. {' '.join(filter(None, rest))}")
        return "\n".join(lines)


def diagnose(
    estimator: SpiceEstimator, dataset: Any = None, *, agent: Agent | None = None, trials: bool = True
) -> Diagnosis:
    """Say what a fitted estimator's equations are worth, and what would do better.

    Args:
        estimator: with equations, fitted or loaded.
        dataset: choices to judge them by, a `DatasetRNN` or `(n_sessions, n_trials, n_features)`; those that
            it was fitted to when None.
        agent: who made the choices, where that is known and it is one participant: the equations are then
            compared with the truth.
        trials: whether each remedy is tried, which may take as long as a fit, and proposed only if it helps.
            The estimator itself is not changed. With other choices than those of the fit nothing is tried.

    Raises:
        NotFittedError: there are no equations.
        SettingsError: there are no choices, as after loading a model, or they cannot be used.

    Example:
        >>> import spicewidgets as sw
        >>> data = sw.create_dataset(sw.AgentQ(), sw.BanditsDrift(sigma=0.2), 50, 40, random_state=1)[0]
        >>> estimator = sw.SpiceEstimator(sw.RescorlaWagnerRNN, sw.RESCORLA_WAGNER_CONFIG, random_state=1)
        >>> sw.diagnose(estimator.fit(data)).n_choices
        1960
    """
    facts = facts_of(estimator, dataset, agent)
    if trials and dataset is None and facts.truth is None:
        facts = replace(facts, rivals=evidence_of_rivals(estimator._dataset_))
    findings = findings_of(facts)
    if trials and dataset is None:
        findings = tuple(keep_confirmed(facts, findings, partial(_try_remedy, estimator, agent)))
    elif trials:
        findings = tuple(finding.without_remedy() for finding in findings if finding.is_fault)
    return Diagnosis(verdict_of(facts).sentences, tuple(map(_proposal, findings)), facts.n_choices)


def standard_errors(estimator: SpiceEstimator, dataset: Any = None) -> dict[Any, Uncertainty]:
    """Return standard errors of all numbers of the equations, by participant's label.

    Those of parameters follow by the delta method. Intervals that reckon in bounds, skew and that the terms
    were chosen are in `people`, which also tells what is not identified. With `pooling="group"` errors are
    given the group: of the coefficients only.

    Args:
        estimator: with equations whose numbers were tuned to choices.
        dataset: the choices; those of the fit when None.

    Raises:
        NotFittedError: there are no equations.
        SettingsError: the numbers were not tuned, or there are no choices.
    """
    estimator._check_fitted("spice_model_")
    if not settings_of(estimator)[1].refine:
        raise SettingsError(
            [
                "standard_errors needs coefficients that were tuned to the choices; these are as SINDy found"
                " them. Call discover(spice_refine=True) first."
            ]
        )
    if hasattr(estimator, "group_"):
        return _errors_of_group(estimator)
    return uncertainty(estimator.spice_model_, estimator.rnn_model_, _choices(estimator, dataset))


def facts_of(estimator: SpiceEstimator, dataset: Any = None, agent: Agent | None = None) -> Facts:
    """Gather the facts that verdict and findings on an estimator are made from."""
    estimator._check_fitted("rnn_agent", "spice_agent")
    training, discovery = settings_of(estimator)
    own = _choices(estimator, dataset)
    spice, model, config = estimator.spice_model_, estimator.rnn_model_, estimator.spice_config
    agents: dict[str, Any] = {"rnn": estimator.rnn_agent, "spice": estimator.spice_agent}
    truth = None
    if isinstance(agent, Player) and len(spice.participants) == 1:
        betas = {state: spice.beta(state) for state in spice.betas}
        with suppress(SettingsError):  # who has no equation is unknown
            truth = true_model(agent, model, config, betas=betas, participant=spice.participants[0])
            agents["truth"] = agent
    played = {name: replay(one, own) for name, one in agents.items()}
    group = getattr(estimator, "group_", None)
    missing = cache(lambda: missing_in(people(estimator, None if dataset is None else own)))
    name = next((n for n, ready in READY.items() if ready.class_name == type(model).__name__), "")
    return Facts(
        history=[vars(record) for record in getattr(estimator, "history_", ())] if dataset is None else (),
        training=training,
        discovery=discovery,
        n_actions=estimator.n_actions,
        choices=np.asarray(own.choices),
        people=labels_of(estimator.spice_agent, own),
        spice=spice,
        truth=truth,
        played=played,
        scores=scores(agents, own, played=played),
        find_errors=(lambda: standard_errors(estimator, dataset)) if discovery.refine else dict,
        parameters=lambda label: read_parameters(spice, model, label),
        model=name,
        knows_people=hasattr(model, "participant_embedding"),
        are_own=dataset is None,
        find_differences=lambda label: differences(spice, truth, model, own, config, label),
        gains=gains_of(estimator) if dataset is None else {},
        group_evidence=None if group is None else group.log_evidence,
        made_by={} if truth is None or agent is None else agent.parameters,
        left_out=left_out_of(config, READY[name].config if name else None),
        chance=own.chance,
        missing=lambda label: missing().get(label, set()),
    )


def left_out_of(config: SpiceConfig, whole: SpiceConfig | None = None) -> tuple[LeftOut, ...]:
    """List the terms that a config excludes, but for those that the model's own config excludes, too."""
    return tuple(
        LeftOut(module, term, {"model": {"config": config.allowing(module, term)}})
        for module in config.modules
        for term in config.excluded(module)
        if whole is None or not whole.excludes(module, term)
    )


def evidence_of_rivals(dataset: DatasetRNN) -> Mapping[str, float]:
    """Weigh all ready rivals by `evidence_of_rival`; none for more than 20,000 choices, which take long."""
    if int(dataset.target_mask.sum()) > MANY_CHOICES:
        return {}
    return {name: evidence_of_rival(name, dataset) for name in rivals_for(dataset.task)}


def evidence_of_rival(name: str, dataset: DatasetRNN) -> float:
    """Fit a rival to each person alone, and weigh it by the Bayesian information criterion, in nats."""
    return float(-fit_rival(name, dataset).bic.sum() / 2)


def gains_of(estimator: SpiceEstimator) -> Mapping[Any, TuningGain]:
    """Return the gains of tuning; empty for a model that was loaded."""
    return MappingProxyType(getattr(estimator, "tuning_gains_", {}))


def _choices(estimator: SpiceEstimator, dataset: Any) -> DatasetRNN:
    """Return the choices to judge by, with participants as indices."""
    if dataset is not None:
        return index_participants(estimator._dataset(dataset, None), estimator._people, "test")[0]
    if not hasattr(estimator, "_dataset_"):
        raise SettingsError(
            [
                "The choices are not saved with a model; got none. Give a data set: diagnose(estimator,"
                " dataset)."
            ]
        )
    own: DatasetRNN = estimator._dataset_
    return own


def _errors_of_group(estimator: SpiceEstimator) -> dict[Any, Uncertainty]:
    group, spice = estimator.group_, estimator.spice_model_
    errors: dict[Any, Uncertainty] = {}
    for row, code in enumerate(group.participants):
        label = spice.participants[code]
        coefficients: dict[str, dict[Any, float]] = {module: {} for module in spice.equations}
        for place, number in enumerate(group.numbers):
            if number.term is not None and group.active[row, place]:
                coefficients[number.module][number.term] = float(group.errors[row, place])
        errors[label] = Uncertainty(coefficients, {}, {}, (), coefficients)
    return errors


def _try_remedy(estimator: SpiceEstimator, agent: Agent | None, finding: Finding) -> Facts | None:
    """Return the facts of the fit that a remedy leads to; None where it needs other data, or cannot be."""
    if finding.changes.keys() - {"training", "discovery", "model"}:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SpiceWarning)
            return facts_of(_remade(estimator, finding), agent=agent)
    except SettingsError:
        return None


def _remade(estimator: SpiceEstimator, finding: Finding) -> SpiceEstimator:
    parameters = _parameters(finding)
    other = copy(estimator)
    other._rng = deepcopy(estimator._rng)
    other.set_params(save_path_rnn=None, save_path_spice=None, verbose=False)
    if finding.action == "refit":
        other.discover(**parameters)
        return other
    other.set_params(**parameters, warm_start=finding.action == "continue")
    return other.fit_again()


def _parameters(finding: Finding) -> dict[str, Any]:
    """Return the settings that a finding changes, by the estimator's names."""
    parameters = dict(finding.changes.get("training", {}))
    parameters |= {DISCOVERY[name]: value for name, value in finding.changes.get("discovery", {}).items()}
    if (name := finding.changes.get("model", {}).get("name")) is not None:
        parameters |= {"rnn_class": MODELS[name].rnn_class, "spice_config": MODELS[name].config}
    if (config := finding.changes.get("model", {}).get("config")) is not None:
        parameters["spice_config"] = config
    return parameters


def _proposal(finding: Finding) -> Proposal:
    parameters = _parameters(finding) | ({"warm_start": True} if finding.action == "continue" else {})
    return Proposal(
        finding.kind,
        finding.words,
        finding.remedy,
        MappingProxyType(parameters),
        MappingProxyType(dict(finding.changes)),
        finding.action != "refit",
        finding.tried,
    )
