"""What a run makes: the model and the estimator of the settings, and the result.

Takes a frozen `ExperimentSnapshot` and calls the core. Importing this loads neither torch nor pysindy. Knows
nothing of threads or widgets.
"""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..core.settings import SettingsError
from ..core.simulate.record import Record
from ..core.train.built import PREDICTION_ERROR, SCALED
from ..state.experiment import ExperimentSnapshot
from ..state.model import YOUR_OWN
from .job import Kept
from .simulation import Simulated, agents_of, preview, simulate

if TYPE_CHECKING:
    import pandas as pd

    from ..core.config import SpiceConfig
    from ..core.data.dataset import DatasetRNN
    from ..core.discover.sparsity import SparsityPath
    from ..core.discover.uncertainty import Uncertainty
    from ..core.equations import SpiceModel
    from ..core.estimator import SpiceEstimator
    from ..core.read.emergence import Emergence
    from ..core.read.update_function import Tabulated
    from ..core.simulate.agents import AgentQ
    from ..core.train.built import BuiltModel
    from ..core.train.rnn import BaseRNN

__all__ = [
    "Result",
    "config_of",
    "description_of",
    "missing_of",
    "model_of",
    "preview",
    "result_of",
    "simulate",
    "source_of",
    "truth_for",
    "truth_of",
    "values_of",
]

PRECODED = {  # classes in core.precoded
    "rescorla-wagner": "RescorlaWagnerRNN",
    "forgetting": "ForgettingRNN",
    "learning-rate": "LearningRateRNN",
    "participant-embedding": "ParticipantEmbeddingRNN",
    "choice": "ChoiceRNN",
}
GLIMPSE = {"n_trials_off_policy": 25, "n_sessions_off_policy": 4}  # at most, of a look at the equations
ON_POLICY = 4  # sessions of the data that it takes, where its samples are the data's own
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Result:
    """What a run has found. Nothing of it changes later: a new run makes a new one.

    Attributes:
        snapshot: the settings it was found for.
        estimator: with the trained RNN, and with equations unless `spice` is None; None for a run that was
            recorded earlier.
        spice, truth: the discovered and the true equations, in the same coordinates; None without.
        choices, rewards: the arm chosen and its reward, `(n_sessions, n_trials)`.
        outcomes: the reward of each arm, `(n_sessions, n_trials, n_actions)`; -1 where it was not seen.
        played: "truth", "rnn" and "spice" on all sessions, teacher-forced; without the truth where it is not
            known.
        comparison, per_session: the scores of `core.replay.scores`, pooled and for each session.
        terms: discovered beside true coefficients, for each participant, as `term_by_term` has them.
        history: a dictionary for each epoch.
        notes: what should be known of the fit.
        tables, paths: of a run that was recorded earlier: what its network does and its sparsity path, for
            each module.
        kept: weights at some epochs; none of a run that was recorded earlier.
    """

    snapshot: ExperimentSnapshot
    estimator: "SpiceEstimator | None"
    spice: "SpiceModel | None"
    truth: "SpiceModel | None"
    choices: NDArray[np.int64]
    rewards: Floats
    outcomes: Floats
    played: Mapping[str, Record]
    comparison: "pd.DataFrame | None"
    per_session: "pd.DataFrame | None"
    terms: "Mapping[Any, pd.DataFrame]"
    history: tuple[dict[str, Any], ...]
    notes: tuple[str, ...] = ()
    tables: "Mapping[str, Tabulated]" = field(default_factory=dict)
    paths: "Mapping[str, SparsityPath]" = field(default_factory=dict)
    kept: tuple[Kept, ...] = ()

    @cached_property
    def description(self) -> "BuiltModel":
        """States and modules of the model; see `description_of`."""
        return description_of(self.snapshot)

    @cached_property
    def data(self) -> Simulated:
        """The simulated sessions. Where they are not at hand they are simulated again, which loads torch."""
        return simulate(self.snapshot)

    @property
    def dataset(self) -> "DatasetRNN":
        """The data set."""
        return self.data.dataset

    @property
    def agent(self) -> "AgentQ | None":
        """The participant; None where it is not known."""
        return self.data.agent

    @cached_property
    def classical(self) -> dict[Any, dict[str, tuple[float, float]]]:
        """The classical parameters that the equations stand for: by participant and name, true and found.
        Empty without a truth.
        """
        from ..core.read.translation import classical_parameters

        if self.spice is None or self.truth is None:
            return {}
        model, told = values_of(self.snapshot), {}
        for who in self.spice.participants:
            true, found = (classical_parameters(one, model, who) for one in (self.truth, self.spice))
            told[who] = {name: (true[name], found[name]) for name in true if name in found}
        return told

    @cached_property
    def uncertainty(self) -> "Mapping[Any, Uncertainty]":
        """Standard errors of the numbers of the equations, by participant, from the choices that these were
        tuned to; empty where there are none, and for equations that were not tuned. Loads torch unless they
        were recorded.
        """
        from ..core.discover.uncertainty import uncertainty

        if self.spice is None or not self.snapshot.discovery.refine:
            return {}
        dataset = self.dataset if self.estimator is None else self.estimator._dataset_
        return uncertainty(self.spice, self.forward, dataset)

    @cached_property
    def emergence(self) -> "Mapping[str, Emergence]":
        """The first participant's equations over the epochs of the training, by module: quick looks at the
        weights that were kept, and the equations that were found in the end. Loads torch unless they were
        recorded.
        """
        from ..core.read.emergence import emergences

        frames: list[tuple[int, Any]] = []
        if self.estimator is not None:
            looks = ((epoch, glimpse(self.estimator, self.snapshot, weights)) for epoch, weights in self.kept)
            frames = [(epoch, found) for epoch, found in looks if found is not None]
        if self.spice is not None and self.history:
            last = self.history[-1]["epoch"]
            frames = [*(frame for frame in frames if frame[0] < last), (last, self.spice)]
        return emergences(frames)

    @property
    def forward(self) -> "BaseRNN":
        """A model that can carry the equations: the trained one, or one of its class for a recorded run."""
        if self.estimator is not None:
            return self.estimator.rnn_model_
        from ..core.train.torch_stream import TorchStream

        assert self.spice is not None
        made = estimator_of(self.snapshot)
        return made._model(self.spice.participants, TorchStream(np.random.default_rng(0)))


def config_of(snapshot: ExperimentSnapshot) -> "SpiceConfig":
    """Config of the chosen model, with the inputs, terms and filters chosen for it. Loads no torch."""
    from ..core.config import SpiceConfig

    config: SpiceConfig = (
        snapshot.model.own[1] if snapshot.model.own is not None else _described(snapshot).config()
    )
    chosen = {m: library for m, library in snapshot.discovery.libraries if m in config.modules}
    if not chosen:
        return config
    inputs = {m: list(chosen[m].inputs) if m in chosen else list(config.terms(m)) for m in config.modules}
    filters = {m: chosen[m].filters if m in chosen else config.filters(m) for m in config.modules}
    rows = {m: [list(row) for row in found] for m, found in filters.items() if found}
    excluded = {m: chosen[m].without for m in chosen}
    return SpiceConfig(inputs, rows, config.controls, config.modules, excluded_terms=excluded)


def _described(snapshot: ExperimentSnapshot) -> "BuiltModel":
    """States and modules of a precoded or built model."""
    built = snapshot.model.description
    assert built is not None
    return built


def model_of(snapshot: ExperimentSnapshot) -> "tuple[type[BaseRNN], SpiceConfig]":
    """Class and config of the chosen model."""
    if snapshot.model.own is not None:
        return snapshot.model.own[0], config_of(snapshot)
    if snapshot.model.name == YOUR_OWN:
        from ..core.train.built_rnn import rnn_class

        return rnn_class(snapshot.model.built), config_of(snapshot)
    from ..core.train import precoded

    return getattr(precoded, PRECODED[snapshot.model.name]), config_of(snapshot)


def description_of(snapshot: ExperimentSnapshot) -> "BuiltModel":
    """States and modules of the chosen model. Those of a class of the user's own are read off a live model;
    what its code raises is passed on.
    """
    model = snapshot.model
    if model.own is None:
        return _described(snapshot)
    from ..core.estimator import SpiceEstimator
    from ..core.train.structure import describe
    from ..core.train.torch_stream import TorchStream

    made = SpiceEstimator(*model.own, n_actions=snapshot.task.n_actions, embedding_size=model.embedding_size)
    return describe(made._model((0, 1), TorchStream(np.random.default_rng(0))))


def source_of(built: "BuiltModel") -> str:
    """A built model as Python. Raises `SettingsError` where it cannot be used."""
    from ..core.train.built_source import source

    return source(built)


def missing_of(snapshot: ExperimentSnapshot) -> tuple[str, ...]:
    """What the built model cannot say of the participant, in sentences; empty for any other model. Loads no
    torch.
    """
    if snapshot.model.name != YOUR_OWN:
        return ()
    try:
        for who, agent in agents_of(snapshot).items():
            truth_for(who, agent, snapshot, None)
    except SettingsError as error:
        return error.problems
    return ()


def parameters_of(snapshot: ExperimentSnapshot) -> dict[str, Any]:
    """The settings of training and discovery under the estimator's names."""
    from ..core.parameters import DISCOVERY
    from ..core.settings import Training

    told = {item.name: getattr(snapshot.training, item.name) for item in fields(Training)}
    told |= {name: getattr(snapshot.discovery, own) for own, name in DISCOVERY.items()}
    return told | {"spice_refine": snapshot.discovery.refine}


def estimator_of(snapshot: ExperimentSnapshot) -> "SpiceEstimator":
    """The estimator that the settings describe."""
    from ..core.estimator import SpiceEstimator

    cls, config = model_of(snapshot)
    return SpiceEstimator(
        cls,
        config,
        n_actions=snapshot.task.n_actions,
        train_test_ratio=1 - snapshot.data.validation_share,
        embedding_size=snapshot.model.embedding_size,
        random_state=snapshot.data.seed,
        **parameters_of(snapshot),
    )


def discover_again(estimator: "SpiceEstimator", snapshot: ExperimentSnapshot) -> None:
    """Find the equations of a trained estimator again."""
    wanted = parameters_of(snapshot) | {"spice_config": model_of(snapshot)[1]}
    now = estimator.get_params(deep=False)
    estimator.discover(**{name: value for name, value in wanted.items() if now[name] != value})


def values_of(snapshot: ExperimentSnapshot) -> Any:
    """What the translation needs to know of a model, its first values, without loading it."""
    if snapshot.model.own is not None:
        return snapshot.model.own[0]
    states = _described(snapshot).states
    return type("Values", (), {"init_values": {state.name: state.initial for state in states}})


def truth_of(snapshot: ExperimentSnapshot, spice: "SpiceModel | None" = None) -> "SpiceModel | None":
    """The true equations in the model's coordinates, for each participant; None where nothing is known of the
    model's modules. With `spice`, in the stretch of its learned betas. Loads no torch.
    """
    from ..core.equations import SpiceModel

    each, agents = [], agents_of(snapshot)
    for who, agent in agents.items():
        betas = None if spice is None else {state: spice.beta(state, who) for state in spice.betas}
        try:
            each.append(truth_for(who, agent, snapshot, betas))
        except SettingsError:
            return None
    modules = {m: tuple(one.equations[m][0] for one in each) for m in each[0].equations}
    betas_of = {state: tuple(one.betas[state][0] for one in each) for state in each[0].betas}
    return SpiceModel(tuple(agents), modules, betas_of, each[0].given)


def truth_for(
    who: Any, agent: "AgentQ", snapshot: ExperimentSnapshot, betas: dict[str, float] | None
) -> "SpiceModel":
    """The true equations of one participant. Raises `SettingsError` where the model cannot express them."""
    from ..core.read.translation import true_model
    from ..core.read.truth import true_built

    config, model = config_of(snapshot), snapshot.model
    if model.name == YOUR_OWN:
        shown = snapshot.task.counterfactual
        return true_built(agent, model.built, config, counterfactual=shown, betas=betas, participant=who)
    if model.own is not None:
        return true_model(agent, model.own[0], config, betas=betas, participant=who)
    built = _described(snapshot)
    if betas is None:
        scaled = [state.name for state in built.states if state.choice == SCALED]
        betas = {name: float(agent._betas[name]) or 1.0 for name in scaled}  # any does for values that stay
    true = true_model(agent, values_of(snapshot), config, betas=betas, participant=who)
    return replace(true, given=tuple(m.name for m in built.in_order if m.kind == PREDICTION_ERROR))


def result_of(
    snapshot: ExperimentSnapshot,
    data: Simulated,
    estimator: "SpiceEstimator",
    history: Iterable[dict[str, Any]],
    notes: Iterable[str],
    *,
    known: Mapping[str, Any] | None = None,
    kept: tuple[Kept, ...] = (),
) -> Result:
    """All that is shown of a fit, with the weights that were kept. What `played` holds already, by name, is
    `known` and not replayed again.
    """
    from ..core.judge.replay import replay, scores
    from ..core.read.translation import term_by_term

    spice = getattr(estimator, "spice_model_", None)
    truth = None if data.agent is None else truth_of(snapshot, spice)
    agents: dict[str, Any] = {} if data.agent is None else {"truth": data.agent}
    agents["rnn"] = estimator.rnn_agent
    if spice is not None:
        agents["spice"] = estimator.spice_agent
    terms = {}
    if spice is not None and truth is not None:
        terms = {who: term_by_term(spice, truth, who) for who in spice.participants}
    played = dict(known or {})
    played |= {name: replay(agent, data.dataset) for name, agent in agents.items() if name not in played}
    pooled, each = (scores(agents, data.dataset, per_session=apart, played=played) for apart in (False, True))
    choices = np.stack([session.choices for session in data.sessions])
    rewards = np.stack([session.rewards for session in data.sessions])
    paid = np.take_along_axis(rewards, choices[..., None], -1)[..., 0]
    result = Result(
        snapshot,
        estimator,
        spice,
        truth,
        choices,
        paid,
        rewards,
        played,
        pooled,
        each,
        terms,
        tuple(history),
        tuple(notes),
        kept=kept,
    )
    result.__dict__["data"] = data
    return result


def found_again(
    last: Result, snapshot: ExperimentSnapshot, estimator: "SpiceEstimator", kept: tuple[Kept, ...]
) -> Result:
    """The result of equations that were found again for the RNN of another one. What is the same is not
    replayed again.
    """
    if last.estimator is None:
        return result_of(snapshot, last.data, estimator, last.history, last.notes, kept=kept)
    if estimator.spice_model_ == last.spice:
        result = replace(last, snapshot=snapshot, estimator=estimator)
        result.__dict__["data"] = last.data
        return result
    known = {name: last.played[name] for name in ("truth", "rnn")}
    return result_of(snapshot, last.data, estimator, last.history, last.notes, known=known, kept=kept)


def glimpse(
    estimator: "SpiceEstimator", snapshot: ExperimentSnapshot, weights: NDArray[np.float32] | None = None
) -> "SpiceModel | None":
    """The first participant's equations of the present weights, or of these, found quickly from few samples
    and not refined; None where they cannot be found.
    """
    from ..core.discover.discovery import discover
    from ..core.discover.sampling import sample
    from ..core.equations import SpiceModel
    from ..core.judge.network_agents import betas_of
    from ..core.train.objective import put

    few = replace(
        snapshot.discovery, **{name: min(getattr(snapshot.discovery, name), n) for name, n in GLIMPSE.items()}
    )
    model, participants = estimator.rnn_model_, estimator.participants_
    if weights is not None:
        model = deepcopy(model)
        put(weights, model)
    data = estimator._dataset_
    if 0 in (few.n_trials_off_policy, few.n_sessions_off_policy):
        data = data.first(ON_POLICY)
    try:
        samples = sample(model, data, few, snapshot.data.seed)
        found = discover(samples, estimator.spice_config, few, participants=participants, only=0)
    except SettingsError:
        return None
    betas = betas_of(model, np.arange(len(participants)))
    told = {state: tuple(np.ravel(values).tolist()) for state, values in betas.items()}
    return SpiceModel(participants, found.equations, told, tuple(model.submodules_eq))
